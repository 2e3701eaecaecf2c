#!/usr/bin/env python3
"""Write 20 records of the CIFAR-10 fixture as pickles of every kind that this Python and numpy write, and of some that are none.

    make_pickle_kinds.py OUT_DIR data_batch_1.bin            for the test: OUT_DIR/good_KIND/data_batch_1, OUT_DIR/FAULT/data_batch_1
    make_pickle_kinds.py --golden OUT_DIR data_batch_1.bin   two records each: OUT_DIR/numpyN_protocolP/data_batch_1

tests/golden/cifar10/pickles is of CPython 3.11.7 with numpy 1.26.4 and 2.4.6.
"""
import os
import pickle
import sys

import numpy as np


def write(out, kind, value, protocol, **more):
    os.makedirs(os.path.join(out, kind), exist_ok=True)
    with open(os.path.join(out, kind, 'data_batch_1'), 'wb') as f:
        pickle.dump(value, f, protocol=protocol, **more)


def read(path, n):
    with open(path, 'rb') as f:
        r = np.frombuffer(f.read(n * 3073), np.uint8).reshape(n, 3073)
    return np.ascontiguousarray(r[:, 1:]), [int(v) for v in r[:, 0]]


def full(data, labels, key=lambda k: k.encode()):
    return {key('batch_label'): b'training batch 1 of 5', key('labels'): labels, key('data'): data,
            key('filenames'): [b'a.png', b'b\xe4.png', b''], key('mean'): 0.5, key('seed'): 2 ** 40, key('none'): None}


if sys.argv[1] == '--golden':
    out, path = sys.argv[2:]
    data, labels = read(path, 2)
    for protocol in range(2, 6):
        write(out, f'numpy{np.__version__[0]}_protocol{protocol}', full(data, np.array(labels)), protocol)
    sys.exit()

out, path = sys.argv[1:]
data, labels = read(path, 20)
kinds = {'list': labels, 'tuple': tuple(labels), 'int64': np.array(labels), 'uint8': np.array(labels, np.uint8),
         'big': np.array(labels, '>i4'), 'column': np.array(labels, np.int16).reshape(-1, 1), 'numbers': list(np.array(labels, np.int32))}
for protocol in range(2, 6):
    for kind, value in kinds.items():
        write(out, f'good_{kind}_{protocol}', full(data, value), protocol)
    write(out, f'good_text_keys_{protocol}', full(data, labels, str), protocol)
    write(out, f'good_planes_{protocol}', full(data.reshape(-1, 3, 32, 32), labels), protocol)
write(out, 'int64_data', full(data.astype(np.int64), labels), 4)
write(out, 'hwc_data', full(np.ascontiguousarray(data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)), labels), 4)
for protocol in (2, 5):
    write(out, f'fortran_{protocol}', full(np.asfortranarray(data), labels), protocol)
write(out, 'objects_4', full(data.astype(object), labels), 4)
write(out, 'list_data', full([1, 2, 3], labels), 4)
write(out, 'no_labels', {'data': data}, 4)
write(out, 'float_labels', full(data, np.array(labels, float)), 4)
write(out, 'few_labels', full(data, labels[1:]), 4)
write(out, 'text_labels', full(data, np.array(['cat'] * 20)), 4)
write(out, 'out_of_band', full(data, labels), 5, buffer_callback=lambda _: None)
write(out, 'protocol_0', full(data, labels), 0)
write(out, 'high_label', full(data, labels[:7] + [256] + labels[8:]), 4)
