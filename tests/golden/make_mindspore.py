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


BOOL = {'0': 'false', '1': 'true'}


def stage(op):
    """One operation in detpipe's words."""
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
        return f'resize size={commas(plain[0])} interpolation={mode}'
    if name in ('brightness', 'contrast', 'saturation', 'hue', 'sharpness'):
        return f'adjust_{name} {name}_factor={plain[0]}'
    if name == 'gamma':
        return f'adjust_gamma gamma={plain[0]} gain={named.get("gain", 1)}'
    if name == 'autocontrast':
        return f'auto_contrast cutoff={named.get("cutoff", 0)}'
    if name == 'posterize':
        return f'posterize bits={plain[0]}'
    if name == 'solarize':
        return f'solarize threshold={commas(plain[0])}'
    if name == 'convertcolor':
        return f'convert_color convert_mode={plain[0][6:].lower()}'
    if name == 'rotate':
        fill = ','.join(reversed(named.get('fill', '0').split('/')))  # MindSpore takes it for blue, green, red
        return f'rotate degree={plain[0]} resample={named.get("interp", "nearest")} expand={BOOL[named.get("expand", "0")]} fill_value={fill}'
    if name == 'gaussianblur':
        return f'gaussian_blur kernel_size={commas(plain[0])} sigma={commas(plain[1]) if len(plain) > 1 else 0}'
    if name == 'erase':
        return f'erase top={plain[0]} left={plain[1]} height={plain[2]} width={plain[3]} value={commas(named["fill"])}'
    return {'hwc2chw': 'hwc2chw', 'hflip': 'horizontal_flip', 'vflip': 'vertical_flip', 'totensor': 'to_tensor'}.get(name, name)


def transforms():
    with open(os.path.join(out, 'mindspore_transforms.txt'), 'w') as f:
        f.write('# MindSpore 2.10.0: one operation chain on 8 records; sha256 over the raw little-endian output of all 8\n')
        for line in lines('transforms.txt'):
            w = words(line)
            if 'case' not in w:
                continue
            chain = [stage(op) for op in w['op'].split('+')]
            f.write(f'in={w["in"]} dtype={w["dtype"]} shape={w["shape"]} sha256={w["sha256"]} : {" | ".join(chain)}\n')
    images = np.load(os.path.join(goldens, 'transforms', 'in_u8.npy'))
    labels = np.load(os.path.join(goldens, 'transforms', 'in_label.npy'))
    with open(os.path.join(out, 'mindspore_images.bin'), 'wb') as f:
        for image, label in zip(images, labels):
            f.write(bytes([int(label)]) + image.tobytes())


def split_top(text, separator):
    """Parts of a text, cut where no brace is open."""
    parts, depth = [''], 0
    for c in text:
        depth += (c == '{') - (c == '}')
        if c == separator and depth == 0:
            parts.append('')
        else:
            parts[-1] += c
    return parts


def call(text):
    """name:arg,key=value -> name, [arg], {key: value}"""
    name, _, rest = text.partition(':')
    args = rest.split(',') if rest else []
    return name, [a for a in args if '=' not in a], dict(a.split('=') for a in args if '=' in a)


def sampler(name, k):
    """A sampler in detpipe's words; what is left out has the same default in both."""
    num = f' num_samples={k["num"]}' if 'num' in k else ''
    if name == 'seq':
        return f'sequential_sampler start_index={k.get("start", 0)}{num}'
    if name in ('subset', 'subsetrandom'):
        kind = 'subset_sampler' if name == 'subset' else 'subset_random_sampler'
        return f'{kind} indices={commas(k["ids"])}{num}' + (' order=mindspore' if name == 'subsetrandom' else '')
    if name == 'random':
        return (f'random_sampler replacement={BOOL[k.get("rep", "0")]}{num} '
                f'reshuffle_each_epoch={BOOL[k.get("reshuffle", "1")]} order=mindspore')
    if name == 'weighted':
        return f'weighted_random_sampler weights={commas(k["w"])}{num} replacement={BOOL[k.get("rep", "1")]} order=mindspore'
    if name == 'dist':
        return (f'distributed_sampler num_shards={k["shards"]} shard_id={k["id"]} shuffle={BOOL[k.get("shuffle", "1")]}'
                f'{num} offset={k.get("offset", -1)} order=mindspore')
    return f'pk_sampler num_val={k["val"]} shuffle={BOOL[k.get("shuffle", "0")]}{num} order=mindspore'


def reader_sampler(k):
    """What the reader's own arguments stand for."""
    if k.get('shuffle', '1') == '0' and 'num_shards' not in k:
        return sampler('seq', {'num': k.get('num_samples', '0')})
    if 'num_shards' in k:
        return sampler('dist', dict(shards=k['num_shards'], id=k['shard_id'], shuffle=k.get('shuffle', '1'), num=k.get('num_samples', '0')))
    return sampler('random', {'rep': '1', 'num': k['num_samples']} if 'num_samples' in k else {})


def order_stages(pipe):
    """A pipeline of the goldens in detpipe's words."""
    head, *rest = split_top(pipe, ';')
    kind, _, children = head.partition(':')
    if kind in ('zip', 'concat'):
        children = [child[1:-1] for child in split_top(children, ',')]
        columns = [['project columns=label', f'rename input_columns=label output_columns=c{i}'][:2 if kind == 'zip' else 1]
                   for i in range(len(children))]
        stages = order_stages(children[0]) + columns[0]
        for child, column in zip(children[1:], columns[1:]):
            text = ' | '.join(order_stages(child) + column).replace('\\', '\\\\').replace('"', '\\"')
            stages.append(f'{kind} with="{text}"')
    else:
        _, plain, k = call(head)
        classes = {'mod3': 3, 'tri': 'tri'}.get(k.get('labels'), 10)
        reader = f'range count={plain[0]} num_classes={classes}'
        if classes == 'tri':  # (i*i + i/3) % 5, which the test writes as a data set
            reader = f'cifar10 dataset_dir=tri{plain[0]} usage=train strict=false'
        stages = [reader, reader_sampler(k)]
    for part in rest:
        name, plain, k = call(part)
        if name == 'use':
            stages[1:] = [sampler(plain[0], k)]
        elif name == 'add':
            stages.append(sampler(plain[0], k))
        elif name == 'split':
            stages.append(f'split sizes={commas(plain[0])} part={k["part"]} randomize={BOOL[k.get("rand", "1")]} order=mindspore')
        elif name == 'shuffle':
            stages.append(f'shuffle buffer_size={plain[0]} order=mindspore')
        elif name == 'batch':
            stages.append(f'batch batch_size={plain[0]} drop_remainder={BOOL[k.get("drop", "0")]}')
        else:
            stages.append(f'{name} count={plain[0]}')
    return stages


def orders():
    with open(os.path.join(out, 'mindspore_orders.txt'), 'w') as f:
        f.write('# MindSpore 2.10.0: seed, detpipe text (folder triN: N records with the labels (i*i + i/3) % 5), rows of every pass;\n'
                '# passes separated by |, one [..] group a batch, + joins zipped columns\n')
        for name in ('orders.txt', 'orders_big.txt'):
            for line in lines(name):
                head, _, rows = line.partition(' : ')
                w = words(head)
                f.write(f'seed={w["seed"]} epochs={w["epochs"]} : {" | ".join(order_stages(w["pipe"]))} : {rows}\n')


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


REFERENCE = ['type_cast column=label data_type=int32', 'rescale rescale=1/255',
             'normalize mean=0.4914,0.4822,0.4465 std=0.2023,0.1994,0.2010', 'hwc2chw']


def random_op(op, workers):
    name, plain, k = call(op)
    own = f'order=mindspore workers={workers}'
    if name == 'randomcrop':
        pad = f' padding={commas(k["pad"])}' if 'pad' in k else ''
        fill = f' fill_value={k["fill"]}' if 'fill' in k else ''
        return f'random_crop size={commas(plain[0])}{pad}{fill} {own}'
    kind = {'randomhflip': 'random_horizontal_flip', 'randomvflip': 'random_vertical_flip'}[name]
    return f'{kind} prob={plain[0]} {own}'


def stream(w):
    """The text behind a line of pipelines.txt, and the first batch of its pass."""
    name, shuffled = w['name'], ['random_sampler order=mindspore']
    if name == 'aug':
        ops = [random_op(op, w['workers']) for op in w['ops'].split('+')]
        return [f'sequential_sampler num_samples={w["rows"]}'] + ops + ['batch batch_size=32', 'repeat count=2'], \
            (int(w['epoch']) - 1) * int(w['rows']) // 32
    tail = ['batch batch_size=32 drop_remainder=true']
    if name.startswith('aug_shuffle'):
        crop = [random_op('randomcrop:32,pad=4', 1), random_op('randomhflip:0.5', 1)]
        return shuffled + crop + REFERENCE + tail, 0
    if name.startswith('ref_shuffle'):
        return shuffled + ['resize size=227,227'] + REFERENCE + tail, 0
    return shuffled + REFERENCE + tail, 0


def streams():
    with open(os.path.join(out, 'mindspore_streams.txt'), 'w') as f:
        f.write('# MindSpore 2.10.0 on CIFAR-10 train: sha256 of a batch, or of `batches` batches from one on; seed and text\n')
        for line in lines('pipelines.txt'):
            w = words(line)
            if w['name'].endswith('_noshuffle'):
                continue
            stages, first = stream(w)
            n = 1 if 'batch' in w else int(w.get('batches', int(w.get('rows', 0)) // 32))
            seed = w.get('seed') or re.search(r'seed(\d+)', w['name']).group(1)
            f.write(f'seed={seed} batch={first + int(w.get("batch", 0))} batches={n} image={w["sha256"]} label={w.get("labels_sha256", "-")}'
                    f' : cifar10 usage=train | {" | ".join(stages)}\n')
    with open(os.path.join(out, 'mindspore_draws.txt'), 'w') as f:
        f.write('# MindSpore 2.10.0: left,top,flip of RandomCrop(32, 4) and RandomHorizontalFlip(0.5) for every row of two passes of 256\n')
        for line in lines('aug_draws.txt'):
            f.write(line + '\n')


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
streams()
