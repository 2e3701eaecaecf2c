#!/usr/bin/env python3
"""Write the mindspore_*.txt files from golden outputs of the real MindSpore.

    make_mindspore.py GOLDENS_DIR OUT_DIR

GOLDENS_DIR holds transforms.txt, orders.txt, pipelines.txt and train.txt with their .npy files.  Only the cases that
use detpipe's stages are taken; each operation is rewritten in detpipe's words, nothing else is changed.
"""
import os
import re
import sys

import numpy as np

goldens, out = sys.argv[1:3]


def words(line):
    return dict(re.findall(r'(\w+)=(\S+)', line))


def lines(name):
    with open(os.path.join(goldens, name)) as f:
        return [line.rstrip('\n') for line in f if not line.startswith('#')]


def commas(text):
    return text.replace('/', ',')


MODES = ('constant', 'edge', 'reflect', 'symmetric')


def stage(op):
    """One operation in detpipe's words, or None when detpipe does not have it (yet)."""
    name, _, rest = op.partition(':')
    args = rest.split(',') if rest else []
    named = dict(a.split('=') for a in args if '=' in a)
    plain = [a for a in args if '=' not in a]
    if name == 'crop':
        return f'crop coordinates={commas(plain[0])} size={commas(plain[1])}'
    if name == 'centercrop':
        return f'center_crop size={commas(plain[0])}'
    if name == 'pad':
        return (f'pad padding={commas(plain[0])} fill_value={commas(named.get("fill", "0"))} '
                f'padding_mode={named.get("mode", "constant")}')
    if name == 'rescale':
        return f'rescale rescale={plain[0]} shift={plain[1]}'
    if name == 'normalize':
        hwc = 'false' if named.get('hwc', '1') in ('0', 'False') else 'true'
        return f'normalize mean={commas(named["mean"])} std={commas(named["std"])} is_hwc={hwc}'
    if name == 'typecast':
        return f'type_cast data_type={plain[0]}'
    if name == 'onehot':
        return f'one_hot num_classes={plain[0]} smoothing_rate={named.get("smooth", "0")}'
    if name == 'resize':
        mode = named.get('interp', 'linear')
        return f'resize size={commas(plain[0])} interpolation={mode}' if mode != 'pilcubic' else None
    return {'hwc2chw': 'hwc2chw', 'hflip': 'horizontal_flip', 'vflip': 'vertical_flip'}.get(name)


def transforms():
    with open(os.path.join(out, 'mindspore_transforms.txt'), 'w') as f:
        f.write('# MindSpore 2.10.0: one operation chain on 8 records; sha256 over the raw little-endian output of all 8\n')
        for line in lines('transforms.txt'):
            w = words(line)
            if 'case' not in w:
                continue
            chain = [stage(op) for op in w['op'].split('+')]
            if None in chain:
                continue
            f.write(f'in={w["in"]} dtype={w["dtype"]} shape={w["shape"]} sha256={w["sha256"]} : {" | ".join(chain)}\n')
    images = np.load(os.path.join(goldens, 'transforms', 'in_u8.npy'))
    labels = np.load(os.path.join(goldens, 'transforms', 'in_label.npy'))
    with open(os.path.join(out, 'mindspore_images.bin'), 'wb') as f:
        for image, label in zip(images, labels):
            f.write(bytes([int(label)]) + image.tobytes())


def orders():
    plain = re.compile(r'rows:\d+,shuffle=0(;(repeat|skip|take|batch):\d+(,drop=1)?)*$')
    with open(os.path.join(out, 'mindspore_orders.txt'), 'w') as f:
        f.write('# MindSpore 2.10.0: rows of the first pass, one [..] group a batch\n')
        for line in lines('orders.txt'):
            head, _, rows = line.partition(' : ')
            pipe = words(head)['pipe']
            if not plain.match(pipe):
                continue
            spec = [f'synthetic num_records={re.match("rows:([0-9]+)", pipe).group(1)}']
            for part in pipe.split(';')[1:]:
                name, _, args = part.partition(':')
                if name == 'batch':
                    size, _, drop = args.partition(',')
                    spec.append(f'batch batch_size={size} drop_remainder={"true" if drop else "false"}')
                else:
                    spec.append(f'{name} count={args}')
            f.write(f'{" | ".join(spec)} : {rows.split(" | ")[0].strip()}\n')


def epochs():
    with open(os.path.join(out, 'mindspore_epochs.txt'), 'w') as f:
        f.write('# MindSpore 2.10.0: CIFAR-10 train in file order, label to int32, Resize((227, 227)) or none, Rescale(1/255, 0), Normalize, HWC2CHW, '
                'batch 32 without remainder\n')
        for line in lines('pipelines.txt'):
            w = words(line)
            if w['name'] in ('noresize_noshuffle', 'ref_noshuffle'):
                which = f'batch={w["batch"]}' if 'batch' in w else 'epoch'
                resize = 'none' if w['name'] == 'noresize_noshuffle' else '227'
                f.write(f'resize={resize} {which} image={w["sha256"]} label={w["labels_sha256"]}\n')


def bits(array):
    return ' '.join(f'{v:08x}' for v in np.ascontiguousarray(array, '<f4').view('<u4').ravel())


def load(name):
    return np.load(os.path.join(goldens, 'train', name + '.npy'))


def losses():
    with open(os.path.join(out, 'mindspore_losses.txt'), 'w') as f:
        f.write('# MindSpore 2.10.0, float32 as bits\n')
        for line in lines('train.txt'):
            w = words(line)
            if 'loss' in w:
                k = w['loss']
                f.write(f'loss n={w["n"]} classes={w["classes"]} value={w["value"]}\nlogits {bits(load(f"loss{k}_logits"))}\n'
                        f'labels {" ".join(str(int(v)) for v in load(f"loss{k}_labels"))}\ngrad {bits(load(f"loss{k}_grad"))}\n')
            elif w['nesterov'] == '0':  # MindSpore's CPU ignores nesterov
                k, steps = w['momentum'], int(w['steps'])
                w0, grads, after = load(f'mom{k}_w0'), load(f'mom{k}_grads'), load(f'mom{k}_w')
                f.write(f'momentum n={w0.size} steps={steps} lr={w["lr"]} m={w["m"]} weight_decay={w["weight_decay"]}\n'
                        f'w0 {bits(w0)}\ngrads {bits(grads)}\nw {bits(after)}\n')


def initial_weights():
    with open(os.path.join(out, 'mindspore_init.txt'), 'w') as f:
        f.write('# MindSpore 2.10.0, seed 1: the reference AlexNet, then single initializers in one process; sha256 of float32\n')
        for line in lines('alexnet_init.txt'):
            w = words(line)
            f.write(f'param={w["param"]} shape={w["shape"]} sha256={w["sha256"]}\n')
        for line in lines('init.txt'):
            w = words(line.replace('init=', 'initializer='))
            f.write(f'order={w["order"]} initializer={w["initializer"]} dtype={w["dtype"]} shape={w["shape"]} sha256={w["sha256"]}\n')


transforms()
initial_weights()
orders()
epochs()
losses()
