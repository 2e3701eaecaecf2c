#!/usr/bin/env python3
"""Whether the installed MindSpore reads what `detpipe export` writes, and delivers the same.

    live_exports.py DETPIPE LIBRARY [GOLDEN]

The texts cover each stage that export knows.  Status 1 if one is refused there or differs.  GOLDEN gets a line of each that is
not: the digest of what was exported, and the text.
"""
import hashlib
import os
import subprocess
import sys
import tempfile

os.environ['GLOG_v'] = '4'
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'golden'))
import mindspore.dataset as ds

import live_mindspore
from detpipe_stream import Stream

SEED = 7
TAIL = ' | take count=5'
ONE_HOT = 'one_hot column=label num_classes=10 | type_cast column=label data_type=float32'
STAGES = (
    'resize size=20,31', 'resize size=20 interpolation=cubic', 'crop coordinates=1,2 size=9,8', 'center_crop size=20,40',
    'pad padding=1,2,3,4 fill_value=9,8,7', 'pad padding=3 padding_mode=reflect', 'horizontal_flip', 'vertical_flip', 'invert', 'equalize',
    'auto_contrast cutoff=3 ignore=7', 'rotate degree=33.5 resample=linear expand=true fill_value=1,2,3', 'gaussian_blur kernel_size=5,3 sigma=1.5',
    'adjust_gamma gamma=1.3', 'to_tensor', 'rescale rescale=0.3 shift=-1 | normalize mean=1,2,3 std=4,5,6 | hwc2chw', 'type_cast data_type=float32',
    'one_hot column=label num_classes=10', 'type_cast column=label data_type=int32 | batch batch_size=4 drop_remainder=true',
    'batch batch_size=4 | random_crop size=20 padding=3 order=mindspore | horizontal_flip | rescale rescale=0.3 shift=-1',
    'batch batch_size=4 | normalize mean=1,2,3 std=4,5,6 | resize size=20,31 | center_crop size=22,40 | vertical_flip',
    'batch batch_size=4 | adjust_gamma gamma=1.3 | rotate degree=33.5 resample=linear | one_hot column=label num_classes=10 | type_cast data_type=float32',
    f'{ONE_HOT} | batch batch_size=4 | mixup alpha=0.7 order=mindspore workers=2', f'rescale rescale=0.1 | {ONE_HOT} | batch batch_size=4 | mixup order=mindspore',
    f'{ONE_HOT} | batch batch_size=4 | random_horizontal_flip order=mindspore | cutmix layout=hwc prob=0.8 order=mindspore',
    f'hwc2chw | {ONE_HOT} | batch batch_size=4 | cutmix alpha=2 order=mindspore', 'batch batch_size=4 | random_resized_crop size=9 order=mindspore',
    'batch batch_size=4 drop_remainder=true | random_resize size=9 order=mindspore workers=2',
    'random_crop size=20 padding=3 order=mindspore', 'random_horizontal_flip order=mindspore', 'random_vertical_flip prob=0.3 order=mindspore',
    'random_resized_crop size=12,13 order=mindspore', 'cutout length=4 order=mindspore', 'random_rotation degrees=10,50.5 order=mindspore',
    'random_color_adjust brightness=0.5,1.5 hue=-0.1,0.2 order=mindspore', 'random_affine degrees=9 translate=0.1,0.2 shear=-9,9 order=mindspore',
    'random_color_adjust brightness=0.3 hue=0.1 order=mindspore', 'random_rotation degrees=20 order=mindspore', 'random_posterize order=mindspore', 'random_solarize threshold=9,200 order=mindspore', 'random_sharpness order=mindspore',
    'random_color order=mindspore', 'random_resize size=20,31 order=mindspore',
    'random_sampler num_samples=9 order=mindspore', 'subset_sampler indices=5,3,9', 'subset_random_sampler indices=5,3,9 order=mindspore',
    'weighted_random_sampler weights=1,2,3 num_samples=8 order=mindspore', 'sequential_sampler start_index=4 num_samples=6',
    'distributed_sampler num_shards=700 shard_id=3 order=mindspore rule=seed:5', 'pk_sampler num_val=2 order=mindspore',
    'take count=30 | shuffle buffer_size=7 order=mindspore', 'take count=9 | shuffle buffer_size=5 order=mindspore reshuffle_each_epoch=false | repeat count=2',
    'skip count=3 | take count=9 | repeat count=2', 'project columns=label', 'rename input_columns=label output_columns=class',
)


def main():
    detpipe, library = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    golden = open(sys.argv[3], 'w') if len(sys.argv) > 3 else None
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.mkdir('cifar10')
        live_mindspore.write_cifar('cifar10')
        for stage in STAGES:
            text = f'cifar10 dataset_dir=cifar10 usage=test strict=false | {stage}' + ('' if 'repeat' in stage or 'batch' in stage else TAIL)
            made = subprocess.run([detpipe, 'export', text], capture_output=True, text=True)
            with open('export.json', 'w') as f:
                f.write(made.stdout)
            ds.config.set_seed(SEED)
            theirs = live_mindspore.of_mindspore(lambda: ds.deserialize(json_filepath='export.json')) if made.returncode == 0 else made.stderr.strip()
            ours = list(Stream(library, f'{text} | repeat count={live_mindspore.PASSES}', SEED))
            what = theirs if isinstance(theirs, str) else live_mindspore.difference(theirs, ours)
            if what:
                wrong += 1
                print(f'{stage}: {what}')
            elif golden is not None:
                golden.write(f'{hashlib.sha256(made.stdout.encode()).hexdigest()} : {text}\n')
    print(f'{len(STAGES)} exports, {wrong} are refused there or differ')
    sys.exit(wrong > 0)


main()
