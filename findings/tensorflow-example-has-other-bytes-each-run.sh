#!/bin/bash
# tensorflow-example-has-other-bytes-each-run.sh
# SPDX-License-Identifier: Apache-2.0
# What: tensorflow-cpu 2.21.0 with protobuf 7.36.2, one tf.train.Example of eight features, written by TFRecordWriter
#   in eight processes, as the guide to TFRecord does it.
# Expected: one file.
# Seen: the features of the record stand in another order from process to process (protobuf's map is ordered by a hash
#   that the addresses of the process seed); within a process they stay.  SerializeToString(deterministic=True) sorts.
# Why a surprise: a data set converted twice has other bytes, checksums and digests, so that a cache keyed by content
#   or a release's list of checksums does not hold; no seed and no PYTHONHASHSEED changes it.
# Documented: protobuf's encoding guide says that the order of a map is not defined; TensorFlow's guide to TFRecord does
#   not.  Reported as tensorflow#3640 of 0.9.0, closed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q tensorflow-cpu==2.21.0 protobuf==7.36.2 numpy==2.4.6
cat > write.py <<'PYTHON'
import hashlib, sys
import tensorflow as tf

features = {name: tf.train.Feature(int64_list=tf.train.Int64List(value=[i]))
            for i, name in enumerate(("image", "label", "height", "width", "name", "depth", "key", "id"))}
example = tf.train.Example(features=tf.train.Features(feature=features))
assert example.SerializeToString() == example.SerializeToString()
with tf.io.TFRecordWriter("rows.tfrecord") as writer:
    writer.write(example.SerializeToString())
with open("rows.tfrecord", "rb") as f:
    print(hashlib.sha256(f.read()).hexdigest(), hashlib.sha256(example.SerializeToString(deterministic=True)).hexdigest())
PYTHON
for i in 1 2 3 4 5 6 7 8; do
    PYTHONHASHSEED=0 TF_CPP_MIN_LOG_LEVEL=3 env/bin/python write.py 2> log || { cat log; exit 1; }
done > seen
files=$(cut -d' ' -f1 seen | sort -u | wc -l) sorted=$(cut -d' ' -f2 seen | sort -u | wc -l)
echo "eight processes: $files files, $sorted with deterministic=True"
[ "$files" -gt 1 ] && [ "$sorted" = 1 ]
