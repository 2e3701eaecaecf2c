#!/bin/bash
# tensorflow-function-takes-big-endian-for-little.sh
# SPDX-License-Identifier: Apache-2.0
# What: tensorflow-cpu 2.21.0: a NumPy array of big-endian numbers, as numpy.frombuffer(.., ">i4") gives them from IDX
#   files (MNIST), given to tf.constant, tf.gather and tf.data, eagerly and in a tf.function or a map.
# Expected: the numbers 1, 2, 300 each time.
# Seen: eagerly, and by from_tensor_slices, they are right.  The same line in a tf.function, or in the function of a
#   tf.data map, takes the bytes in the other order: 16777216, 33554432, 738263040.
# Why a surprise: a pipeline that is tried out eagerly is right, and changes its labels when @tf.function is put before
#   it.  Nothing is printed.
# Documented: tf.constant's page takes "a constant value (or list) of output type"; tf.function's page names no
#   difference of values.  TensorFlow's issue #55789 (of make_tensor_proto, open since 2022) has the cause.  Flax's
#   to_bytes (0.12.8) and pyarrow.Tensor (26.0.1) read such arrays so, too; tf.io.serialize_tensor, eagerly, does not.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 tensorflow-cpu==2.21.0
TF_CPP_MIN_LOG_LEVEL=3 env/bin/python -W ignore - 2> log <<'PYTHON' || { cat log; exit 1; }
import numpy as np
import tensorflow as tf

labels = np.frombuffer(bytes([0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 1, 44]), ">i4")


def constant():
    return tf.constant(labels)


def gather():
    return tf.gather(labels, tf.range(3))


right, swapped = [1, 2, 300], [16777216, 33554432, 738263040]
for call in constant, gather:
    eager, graph = call().numpy().tolist(), tf.function(call)().numpy().tolist()
    print(f"{call.__name__}: eagerly {eager}, in a tf.function {graph}")
    assert (eager, graph) == (right, swapped)
slices = [x.item() for x in tf.data.Dataset.from_tensor_slices(labels).as_numpy_iterator()]
mapped = [x.item() for x in tf.data.Dataset.range(3).map(lambda i: tf.gather(labels, i)).as_numpy_iterator()]
print(f"tf.data: from_tensor_slices {slices}, in a map {mapped}")
assert (slices, mapped) == (right, swapped)
PYTHON
