#!/usr/bin/env python3
"""Print mindspore_pictures.txt: what random operations of the installed MindSpore make of pictures of various sizes, those
of jpeg/various.csv, in its order."""
import hashlib
import os
import shutil
import tempfile

os.environ["GLOG_v"] = "4"
import mindspore
import mindspore.dataset as ds
import mindspore.dataset.vision as v
from mindspore.dataset.transforms import RandomApply

HERE = os.path.dirname(os.path.abspath(__file__))
PASSES = 2
O = ' order=mindspore workers=%d'
SMALL = ('random_resized_crop size=9' + O, lambda: v.RandomResizedCrop(9))
# text (%d: workers), operations behind Decode; None: no Decode
CASES = [
    ('random_crop size=3' + O, lambda: [v.RandomCrop(3)]),
    ('random_crop size=24,20 padding=2 pad_if_needed=true' + O, lambda: [v.RandomCrop((24, 20), 2, pad_if_needed=True)]),
    (SMALL[0], lambda: [SMALL[1]()]),
    (SMALL[0] + ' scale=0.01,0.05 max_attempts=3' + f' | random_horizontal_flip{O}',
     lambda: [v.RandomResizedCrop(9, (0.01, 0.05), max_attempts=3), v.RandomHorizontalFlip()]),
    (SMALL[0] + ' scale=0.9,1 ratio=3,4 interpolation=cubic',
     lambda: [v.RandomResizedCrop(9, (0.9, 1), (3, 4), v.Inter.BICUBIC)]),
    (f'random_vertical_flip{O} | random_crop size=5,3{O} padding=1 | {SMALL[0]}',
     lambda: [v.RandomVerticalFlip(), v.RandomCrop((5, 3), 1), SMALL[1]()]),
    (f'resize size=24 | random_crop size=20 pad_if_needed=true{O}', lambda: [v.Resize(24), v.RandomCrop(20, pad_if_needed=True)]),
    (f'random_rotation degrees=20{O} | center_crop size=11', lambda: [v.RandomRotation(20), v.CenterCrop(11)]),
    (f'cutout length=2 num_patches=2{O} | center_crop size=11', lambda: [v.CutOut(2, 2), v.CenterCrop(11)]),
    (f'random_apply transforms="random_vertical_flip{O} | random_horizontal_flip{O}" prob=0.6{O} | {SMALL[0]}',
     lambda: [RandomApply([v.RandomVerticalFlip(), v.RandomHorizontalFlip()], 0.6), SMALL[1]()]),
    (f'random_color_adjust brightness=0.5,1.5{O} | {SMALL[0]}', lambda: [v.RandomColorAdjust((0.5, 1.5)), SMALL[1]()]),
]


def folder():
    made = tempfile.mkdtemp()
    with open(os.path.join(HERE, 'jpeg', 'various.csv'), encoding='ascii') as f:
        for i, line in enumerate(f):
            name, label = line.strip().split(',')
            os.makedirs(os.path.join(made, label), exist_ok=True)
            shutil.copy(os.path.join(HERE, 'jpeg', name), os.path.join(made, label, f'{i:02}.jpg'))
    return made


def passes(data):
    iterator = data.create_tuple_iterator(num_epochs=PASSES, output_numpy=True)
    return ','.join(hashlib.sha256(b''.join(row[0].tobytes() for row in iterator)).hexdigest() for _ in range(PASSES))


def main():
    root = folder()
    print(f'# MindSpore {mindspore.__version__}: make_mindspore_pictures.py; seed, sha256 of the images of each pass, text')
    for i, (text, make) in enumerate(CASES):
        for seed, workers, shuffle in ((0, 1, False), (7, 2, True), (i + 100, 2, False)):
            ds.config.set_seed(seed)
            data = ds.ImageFolderDataset(root, shuffle=shuffle).map([v.Decode(), *make()], ['image'], num_parallel_workers=workers)
            order = ' | random_sampler order=mindspore' if shuffle else ''
            stages = text.replace('%d', str(workers))
            print(f'seed={seed} passes={passes(data)} : image_folder list=various.csv{order} | decode | {stages}')
    for seed, workers in ((0, 1), (7, 2)):
        ds.config.set_seed(seed)
        data = ds.ImageFolderDataset(root, shuffle=True).map([v.RandomCropDecodeResize(12)], ['image'], num_parallel_workers=workers)
        print(f'seed={seed} passes={passes(data)} : image_folder list=various.csv | random_sampler order=mindspore | decode edges=library | '
              f'random_resized_crop size=12{O % workers}')
    shutil.rmtree(root)


if __name__ == '__main__':
    main()
