#!/usr/bin/env python3
"""Print mindspore_batches.txt: what random operations of the installed MindSpore make of batches of the 40 test photographs.

    make_mindspore_batches.py SEED CASES [few]
"""
import hashlib
import os
import random
import sys

os.environ['GLOG_v'] = '4'
import mindspore
import numpy as np

import mindspore_cases as cases

PASSES = 2
rng, n, few = random.Random(int(sys.argv[1])), int(sys.argv[2]), sys.argv[3:] == ['few']
records = np.fromfile(os.path.join(cases.HERE, 'cifar10', 'test_batch.bin'), np.uint8).reshape(-1, 3073)
rows, labels = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), records[:, 0].astype(np.uint32)
print(f'# MindSpore {mindspore.__version__}: make_mindspore_batches.py {" ".join(sys.argv[1:])}; seed, sha256 of the images and labels of each pass, text')
for i in range(n):
    seed, workers, shape, batch, text, before, operations = cases.batch_case(rng, i, few)
    passes = cases.batch_rows(rows, labels, seed, workers, shape, batch, before, operations, PASSES)
    digests = ','.join(hashlib.sha256(b''.join(image.tobytes() + label.tobytes() for image, label in p)).hexdigest() for p in passes)
    print(f'seed={seed} passes={digests} : cifar10 usage=test strict=false | crop coordinates=0,0 size={shape[0]},{shape[1]}{text}')
