#!/usr/bin/env python3
"""Write tests/golden/arrays: NumPy's own files of arrays, whose element k (in C order) is a function of k: make_arrays.py"""
import io
import pathlib
import struct
import zipfile

import numpy as np

folder = pathlib.Path(__file__).parent / 'arrays'
folder.mkdir(exist_ok=True)


def counted(shape, dtype, factor=7, modulus=251, start=0):
    n = int(np.prod(shape))
    return (np.arange(n) * factor % modulus + start).astype(dtype).reshape(shape)


def wide(path, members):
    """A ZIP file whose directory says every size and place in ZIP64's words."""
    out, rows = io.BytesIO(), b''
    for name, bytes_ in members:
        at, crc, name = out.tell(), zipfile.crc32(bytes_), name.encode()
        out.write(struct.pack('<IHHHHHIIIHH', 0x04034b50, 45, 0, 0, 0, 0x21, crc, 0xffffffff, 0xffffffff, len(name), 20)
                  + name + struct.pack('<HHQQ', 1, 16, len(bytes_), len(bytes_)) + bytes_)
        rows += (struct.pack('<IHHHHHHIIIHHHHHII', 0x02014b50, 45, 45, 0, 0, 0, 0x21, crc, 0xffffffff, 0xffffffff, len(name), 32, 0, 0, 0, 0,
                             0xffffffff) + name + struct.pack('<HHI', 0xcafe, 0, 1)[:4] + struct.pack('<HHQQQ', 1, 24, len(bytes_), len(bytes_), at))
    directory, n = out.tell(), len(members)
    out.write(rows)
    end = out.tell()
    out.write(struct.pack('<IQHHIIQQQQ', 0x06064b50, 44, 45, 45, 0, 0, n, n, len(rows), directory))
    out.write(struct.pack('<IIQI', 0x07064b50, 0, end, 1))
    out.write(struct.pack('<IHHHHIIH', 0x06054b50, 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0))
    (folder / path).write_bytes(out.getvalue())


def saved(array, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version)
    return out.getvalue()


image, label = counted((6, 4, 5, 3), 'u1'), np.array([3, 0, 2, 9, 1, 2])
plain = {'image': image, 'label': label}
for name, array in {
        **plain, 'big_endian': counted((6, 2, 3), '>f4', start=-0.5), 'int16': counted((6, 2), '<i2', 977, 30011, -15000),
        'bool': counted((6, 3), 'u1', 1, 2).astype('?'), 'half': counted((6, 2), '<f2'), 'long': counted((6,), '>u8', 3, 1000),
        'negative': np.array([1, -1, 2, 3, 4, 5]), 'no_rows': np.zeros((0, 4), '<f4'), 'no_elements': np.zeros((3, 0), '<f4'),
        'scalar': np.float32(3), 'fortran': np.asfortranarray(image), 'objects': np.array([1, None, 'a'], object), 'texts': np.array(['a', 'bc']),
        'complex': np.ones(3, 'c8'), 'fields': np.zeros(3, [('a', '<i4'), ('b', '<f4')])}.items():
    np.save(folder / f'{name}.npy', array)
(folder / 'version2.npy').write_bytes(saved(image, (2, 0)))
(folder / 'version3.npy').write_bytes(saved(image, (3, 0)))
(folder / 'two_arrays.npy').write_bytes(saved(image) + saved(label))
(folder / 'bool_2.npy').write_bytes(saved(np.array([[True, False], [True, True]]))[:-1] + b'\2')
np.savez(folder / 'stored.npz', **plain)
np.savez_compressed(folder / 'deflated.npz', half=counted((6, 2), '<f2'), **plain)
np.savez(folder / 'two_sets.npz', x_train=image, y_train=label, x_test=image[:2])
wide('wide.npz', [(f'{name}.npy', saved(array)) for name, array in plain.items()])
