#!/usr/bin/env python3
"""Print mindspore_random.txt: what random operations of the installed MindSpore make of the 40 test photographs.

    make_mindspore_random.py SEED CASES [augment|affine]

augment: mindspore_augment.txt, AutoAugment and its like; affine: lines of RandomAffine alone, behind these.
"""
import hashlib
import os
import random
import sys

import mindspore
import numpy as np

import mindspore_cases as cases

PASSES = 2
KINDS = {'augment': (cases.AUGMENT, cases.SHAPES + ((1, 1), (3, 2), (2, 5))), 'affine': ((cases.unsheared,), cases.SHAPES)}
known = KINDS.get(sys.argv[-1], (cases.RANDOM, cases.SHAPES))
rng = random.Random(int(sys.argv[1]))
records = np.fromfile(os.path.join(cases.HERE, 'cifar10', 'test_batch.bin'), np.uint8).reshape(-1, 3073)
rows = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
asked = ' '.join(sys.argv[1:])
print(f'# MindSpore {mindspore.__version__}: make_mindspore_random.py {asked}; seed, sha256 of the images of each pass, text')
for i in range(int(sys.argv[2])):
    seed, workers, shape, text, operations = cases.random_case(rng, i, *known)
    passes = cases.random_rows(rows, seed, workers, shape, operations, PASSES)
    digests = ','.join(hashlib.sha256(b''.join(image.tobytes() for image in p)).hexdigest() for p in passes)
    cut = f'crop coordinates=0,0 size={shape[0]},{shape[1]}'
    print(f'seed={seed} passes={digests} : cifar10 usage=test strict=false | {cut} | {text}')
