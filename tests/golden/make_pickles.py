#!/usr/bin/env python3
"""Write small python versions of the CIFAR-10 fixture.

    make_pickles.py MAKE_CIFAR10.py FIXTURE_DIR

data_batch_1: the first 20 records, opcode for opcode as Python 2 wrote the official files (by the script that builds the
whole data set); test_batch: 10 records, by this Python's own pickle, protocol 4.
"""
import importlib.util
import os
import pickle
import sys

import numpy as np

spec = importlib.util.spec_from_file_location('make_cifar10', sys.argv[1])
maker = importlib.util.module_from_spec(spec)
spec.loader.exec_module(maker)
fixture = sys.argv[2]
out = os.path.join(fixture, 'cifar-10-batches-py')


def records(name, n):
    with open(os.path.join(fixture, name), 'rb') as f:
        return np.frombuffer(f.read(n * 3073), np.uint8).reshape(n, 3073)


r = records('data_batch_1.bin', 20)
with open(os.path.join(out, 'data_batch_1'), 'wb') as f:
    f.write(maker.pickled('training batch 1 of 5', [row.tobytes() for row in r]))
r = records('test_batch.bin', 10)
with open(os.path.join(out, 'test_batch'), 'wb') as f:
    pickle.dump({'data': np.ascontiguousarray(r[:, 1:]), 'labels': [int(v) for v in r[:, 0]]}, f, protocol=4)
