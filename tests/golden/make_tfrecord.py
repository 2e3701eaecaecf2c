#!/usr/bin/env python3
"""Write tests/golden/shards/*tfrecord*, and tests/golden/tfrecord.txt: what TensorFlow delivers of them.

    make_tfrecord.py                  (needs tensorflow)
    make_tfrecord.py DIR              the same into another folder, for a live test

A line "file TEXT fields=TEXT" names files and fields as detpipe is given them; then comes a line for each record, the
bytes of each column in hexadecimal (of long ones a SHA-256), or "error".
"""
import glob
import hashlib
import os
import shutil
import struct
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = sys.argv[1] if len(sys.argv) > 1 else HERE
SHARDS = os.path.join(TARGET, "shards")
JPEGS = ["420.jpg", "422b.jpg", "444e.jpg", "gray.jpg", "progressive.jpg", "exif6.jpg"]
TYPES = {"int64": tf.int64, "float32": tf.float32}


def feature(value):
    if isinstance(value, bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
    if isinstance(value[0], float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=value))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=value))


def example(i):
    with open(os.path.join(HERE, "jpeg", JPEGS[i % len(JPEGS)]), "rb") as f:
        picture = f.read()
    values = {"image/encoded": picture, "image/class/label": [(7 * i) % 10], "box": [0.5 * i, -1e-40, 3e38, float(i)],
              "ids": [-i, 2**63 - 1 - i, -2**63 + i], "name": b"x" * i, "none": [0.0, float("nan"), float("inf"), -0.0]}
    message = tf.train.Example(features=tf.train.Features(feature={k: feature(v) for k, v in values.items()}))
    return message.SerializeToString(deterministic=True)


def same(i):
    """What the archives part-*.tar of make_webdataset.py hold."""
    with open(os.path.join(HERE, "jpeg", JPEGS[i]), "rb") as f:
        values = {"jpg": feature(f.read()), "cls": feature([i])}
    return tf.train.Example(features=tf.train.Features(feature=values)).SerializeToString(deterministic=True)


def write(name, records, options=None):
    with tf.io.TFRecordWriter(f"{SHARDS}/{name}", options) as out:
        for record in records:
            out.write(record)


def field(number, content):
    return bytes([number << 3 | 2, len(content)]) + content


def entry(name, kind, values):
    return field(1, field(1, name) + field(2, field(kind, values)))


def odd():
    """What the library's serializer does not write, and its parser takes."""
    floats = b"".join(b"\x0d" + struct.pack("<f", x) for x in (1.5, -2.0))
    plain = entry(b"a", 3, b"\x08\x07") + entry(b"f", 2, floats)
    yield field(1, plain)                                                        # elements that are not packed
    yield field(1, entry(b"a", 3, b"\x0a\x01\x07")) + field(1, entry(b"f", 2, floats))  # Features in two parts
    yield b"\x98\x06\x05" + field(1, plain) + b"\xa5\x06abcd" + field(9, b"hello")       # fields that nobody knows


def show(array):
    data = array.item() if array.dtype == object else array.astype(array.dtype.newbyteorder("<")).tobytes()
    return data.hex() if len(data) <= 40 else "sha256:" + hashlib.sha256(data).hexdigest()


def deliver(files, fields, compression=None):
    lines = [f"file {files} fields={fields}"]
    columns, wanted = {}, {}
    for text in fields.split(","):
        column, part, kind, *sizes = (text + ":bytes").split(":")[:3] + text.split(":")[3:]
        columns[column] = part
        wanted[part] = tf.io.FixedLenFeature([int(n) for n in sizes], TYPES.get(kind, tf.string))
    paths = sorted(glob.glob(f"{SHARDS}/{files.replace('{00000..00002}', '*')}"))
    try:
        for record in tf.data.TFRecordDataset(paths, compression):
            values = tf.io.parse_single_example(record, wanted)
            lines.append(" ".join(f"{c}={show(np.asarray(values[p].numpy(), dtype=object if wanted[p].dtype == tf.string else None))}"
                                  for c, p in columns.items()))
    except (tf.errors.InvalidArgumentError, tf.errors.DataLossError):
        lines.append("error")
    return lines


def main():
    os.makedirs(SHARDS, exist_ok=True)
    for path in glob.glob(f"{SHARDS}/*tfrecord*"):
        os.remove(path)
    write("examples.tfrecord", [example(i) for i in range(6)])
    for k in range(3):
        write(f"part.tfrecord-{k:05d}-of-00003", [example(i) for i in range(2 * k, 2 * k + 2)])
    write("packed.tfrecord.gz", [example(i) for i in range(3)], "GZIP")
    with open(f"{SHARDS}/joined.tfrecord", "wb") as out:
        for k in (2, 0):
            with open(f"{SHARDS}/part.tfrecord-{k:05d}-of-00003", "rb") as f:
                shutil.copyfileobj(f, out)
    write("odd.tfrecord", odd())
    write("same.tfrecord", [same(i) for i in range(5)])
    all_fields = ("image:image/encoded:picture,label:image/class/label:int64,box:box:float32:4,ids:ids:int64:3,name:name,"
                  "none:none:float32:2:2")
    with open(f"{TARGET}/tfrecord.txt", "w", encoding="ascii") as out:
        print(f"# what TensorFlow {tf.__version__} delivers of shards/, by make_tfrecord.py", file=out)
        for lines in (deliver("examples.tfrecord", all_fields),
                      deliver("part.tfrecord-{00000..00002}-of-00003", all_fields),
                      deliver("packed.tfrecord.gz", all_fields, "GZIP"),
                      deliver("joined.tfrecord", all_fields),
                      deliver("odd.tfrecord", "a:a:int64,f:f:float32:2"),
                      deliver("examples.tfrecord", "x:box:float32:3"),
                      deliver("examples.tfrecord", "x:box:int64:4"),
                      deliver("examples.tfrecord", "x:label:int64"),
                      deliver("examples.tfrecord", "x:ids:int64")):
            print("\n".join(lines), file=out)


main()
