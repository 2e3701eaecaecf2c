#!/usr/bin/env python3
"""Print lines of mindspore_transforms.txt for fresh cases of the installed MindSpore: make_mindspore_cases.py SEED CASES [CHANNELS]

CHANNELS: those of the images, joined by commas.
"""
import hashlib
import random
import sys

import mindspore

import mindspore_cases as cases

rng, n = random.Random(int(sys.argv[1])), int(sys.argv[2])
channels = [int(c) for c in sys.argv[3].split(',')] if len(sys.argv) > 3 else None
photographs = cases.photographs()
print(f'# MindSpore {mindspore.__version__}: make_mindspore_cases.py {" ".join(sys.argv[1:])}; every NaN is the same one')
while n > 0:
    name, text, operation = cases.case(rng, channels)
    try:
        made = [operation(cases.make_input(name, p)) for p in photographs]
    except RuntimeError:  # out of its range
        continue
    digest = hashlib.sha256(b''.join(cases.plain(m) for m in made)).hexdigest()
    print(f'in={name} dtype={made[0].dtype} shape={cases.commas((len(made),) + made[0].shape)} sha256={digest} : {text}')
    n -= 1
