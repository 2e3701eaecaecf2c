#!/usr/bin/env python3
"""Write tests/golden/mindrecord with the installed MindSpore, and what it delivers of each: make_mindrecord.py [FOLDER]

FOLDER: fresh files are written there and mindrecord.txt is printed, for tests/io/test_live_mindrecord.sh."""
import contextlib
import hashlib
import json
import os
import pathlib
import sqlite3
import subprocess
import sys

import mindspore
import mindspore.dataset as ds
import numpy as np
from mindspore.mindrecord import FileWriter

golden = pathlib.Path(__file__).resolve().parent
folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else golden / 'mindrecord'
pictures = [golden / 'jpeg' / f'{name}.jpg' for name in '420 420b 422c 444d exif6 420e gray'.split()]
rng = np.random.RandomState(7)


def write(name, schema, rows, shards=1, page=1 << 15, index=()):
    writer = FileWriter(str(folder / name), shards)
    writer.set_header_size(1 << 14)
    writer.set_page_size(page)
    writer.add_schema(schema, name)
    if index:
        writer.add_index(list(index))
    writer.write_raw_data(rows)
    writer.commit()


def plain(value):
    if value.dtype.kind == 'U':
        return str(value).encode()
    return value.tobytes()


def delivered(name, columns, files=None, written=None):
    """The rows unshuffled: SHA-256 of each value's length (8 bytes) and bytes; NumPy drops zeros at the end of written ones."""
    sha, n = hashlib.sha256(), 0
    whole = ds.MindDataset(files or str(folder / name), shuffle=False)
    for row in whole.create_dict_iterator(output_numpy=True, num_epochs=1):
        for column in columns:
            value = plain(row[column])
            if written:
                assert row[column].item() == written[n][column].rstrip(b'\0')
                value = written[n][column]
            sha.update(len(value).to_bytes(8, 'little') + value)
        n += 1
    return f'{n} {sha.hexdigest()}'


def all_kinds(i):
    return {'array': (np.arange(6) * 977 * (i - 4) ** 3).astype('i4').reshape(2, 3), 'floats': rng.randn(4).astype('f4'), 'label': i * 7 % 5 - 1,
            'name': f'é{"x" * i}', 'real': float(rng.randn()), 'narrow': float(np.float32(rng.randn())), 'data': pictures[i].read_bytes()}


def tiny(path):
    """A file for tests/fuzz/fuzz_mindrecord.c, below its 4096 bytes: u16 bytes of the .mindrecord, that, its .db."""
    columns = {'a': {'type': 'int32', 'shape': [-1]}, 'data': {'type': 'bytes'}, 'n': {'type': 'int64'}, 's': {'type': 'string'}}
    packed = bytes([0, 0, 0, 2, 0x10, 5, 0x39, 0x30])
    blob = b''.join(len(b).to_bytes(8, 'big') + b for b in (packed, b'some bytes'))
    raw = b'\x82\xa1n\xd1\x30\x39\xa1s\xa2hi'
    blob, raw = (len(b).to_bytes(8, 'little') + b for b in (blob, raw))
    pages = [{'page_id': i, 'page_type': kind, 'page_type_id': 0, 'page_size': len(page), 'start_row_id': 0, 'end_row_id': 1 - i}
             for i, (kind, page) in enumerate((('BLOB_DATA', blob), ('RAW_DATA', raw)))]
    head = json.dumps({'header_size': 1024, 'page_size': 256, 'page': pages, 'schema': [{'blob_fields': ['a', 'data'], 'schema': columns}],
                       'shard_addresses': ['x'], 'shard_id': 0, 'version': '3.0'}, separators=(',', ':')).encode()
    record = (len(head).to_bytes(8, 'little') + head).ljust(1024, b'\0') + blob.ljust(256, b'\0') + raw
    index = folder / 'tiny.db'
    with contextlib.closing(sqlite3.connect(index)) as db:
        db.executescript('PRAGMA page_size = 512; CREATE TABLE INDEXES(ROW_ID INT, PAGE_ID_RAW INT, PAGE_OFFSET_RAW INT, PAGE_OFFSET_RAW_END INT, '
                         'ROW_GROUP_ID INT, PAGE_ID_BLOB INT, PAGE_OFFSET_BLOB INT, PAGE_OFFSET_BLOB_END INT); CREATE TABLE SHARD_NAME(NAME TEXT); '
                         f"INSERT INTO SHARD_NAME VALUES('x'); INSERT INTO INDEXES VALUES(0, 1, 0, {len(raw)}, 0, 0, 0, {len(blob)});")
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(len(record).to_bytes(2, 'little') + record + index.read_bytes())
    index.unlink()


folder.mkdir(exist_ok=True)
for old in folder.iterdir():
    old.unlink()
integers, floats = {'type': 'int64', 'shape': [-1]}, {'type': 'float64', 'shape': [-1, 2]}
write('kinds.mindrecord', {'array': {'type': 'int32', 'shape': [2, 3]}, 'floats': {'type': 'float32', 'shape': [4]}, 'label': {'type': 'int32'},
                           'name': {'type': 'string'}, 'real': {'type': 'float64'}, 'narrow': {'type': 'float32'}, 'data': {'type': 'bytes'}},
      [all_kinds(i) for i in range(7)], index=['label'])
write('shards', {'data': {'type': 'bytes'}, 'v': {'type': 'int64'}}, [{'data': bytes(range(i + 1)), 'v': i - 3} for i in range(10)], shards=4)
write('numbers', {'f': {'type': 'float64'}, 'id': {'type': 'int32'}, 't': {'type': 'string'}, 'v': {'type': 'int64'}},
      [{'f': 1 / 3 + i, 'id': -i, 't': 'é\n' * i, 'v': 2**63 * (i % 2) - 2**63 + i * (1 - i % 2)} for i in range(5)])
write('packed', {'a': integers}, [{'a': np.array([1, -200, 40000, -3000000000, 2**62, 0, -1, 127, 128, -129][:i], 'i8')} for i in range(1, 11)])
write('tokens', {'ids': integers, 'mask': {'type': 'int32', 'shape': [-1]}},
      [{'ids': rng.randint(0, 50000, 5 + i % 3), 'mask': np.ones(9, 'i4')} for i in range(20)])
write('reals', {'a': floats}, [{'a': rng.randn(i, 2)} for i in range(1, 4)])
empty = [{'a': b'', 'b': b'q'}, {'a': b'a', 'b': b''}, {'a': b'\0\0', 'b': b'\0'}]
write('empty', {'a': {'type': 'bytes'}, 'b': {'type': 'bytes'}}, empty)
write('pages', {'data': {'type': 'bytes'}, 'n': {'type': 'int32'}, 's': {'type': 'string'}},
      [{'data': bytes([i]) * (700 + i), 'n': i, 's': str(i) * 300} for i in range(120)], index=['n'])
write('wide', {'a': {'type': 'int32', 'shape': [6000]}}, [{'a': (np.arange(6000) % 300 - 100).astype('i4') * 10 ** (4 * i)} for i in range(2)])
same = [golden / 'jpeg' / f'{name}.jpg' for name in '420 422b 444e gray progressive'.split()]  # as shards/part-*.tar
write('same', {'image': {'type': 'bytes'}, 'label': {'type': 'int32'}}, [{'image': p.read_bytes(), 'label': i} for i, p in enumerate(same)])
lines = [f'# MindSpore {mindspore.__version__}: make_mindrecord.py',
         '# file rows SHA-256 of each value, its length in front, unshuffled : fields']
for name, columns in (('kinds.mindrecord', 'array data floats label name narrow real'), ('numbers', 'f t v'), ('packed', 'a'), ('tokens', 'ids mask'),
                      ('reals', 'a'), ('empty', 'a b'), ('pages', 'data n s'), ('wide', 'a')):
    lines.append(f'{name} {delivered(name, columns.split(), written=empty if name == "empty" else None)} : ' + ','.join(f'{c}:{c}' for c in columns.split()))
lines.append(f"shards{{0..3}} {delivered('shards0', ['data', 'v'])} : data:data,v:v")
lines.append(f"shards2::shards0 {delivered('', ['v', 'data'], [str(folder / 'shards2'), str(folder / 'shards0')])} : v:v,data:data part=true")
if len(sys.argv) > 1:
    print('\n'.join(lines))
else:
    tiny(golden.parent / 'fuzz' / 'corpus' / 'fuzz_mindrecord' / 'tiny')
    unsaid = golden / 'serialized' / 'unsaid'
    unsaid.mkdir(exist_ok=True)
    kinds = ds.MindDataset(str(folder / 'kinds.mindrecord'), ['label', 'real'], shuffle=False)
    ds.serialize(kinds.batch(2, drop_remainder=True).repeat(2), str(unsaid / 'mind_dataset.json'))
    os.chdir(golden)  # its path is written as it is given
    examples = ds.TFRecordDataset('shards/examples.tfrecord', columns_list=['image/class/label'], shuffle=False)
    ds.serialize(examples.batch(2), str(unsaid / 'tfrecord_dataset.json'))
    (golden / 'mindrecord.txt').write_text('\n'.join(lines) + '\n')
    names = sorted(p.name for p in folder.iterdir() if not p.name.startswith(('kinds', 'same')))
    subprocess.run(['tar', '--sort=name', '--owner=0', '--group=0', '--mode=644', '--mtime=@0', '-czf', folder / 'more.tar.gz', '-C', folder] + names, check=True)
    for name in names:
        (folder / name).unlink()
    for path in folder.iterdir():
        path.chmod(0o644)
