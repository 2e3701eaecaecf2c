#!/bin/bash
# keras-seeded-layer-repeats-draws-in-parallel-map.sh
# SPDX-License-Identifier: Apache-2.0
# What: keras 3.15.1 on tensorflow-cpu 2.21.0: RandomTranslation(seed=1) in a tf.data map over 20,000 times one picture,
#   with num_parallel_calls=4 and without; the state of the layer as it was made, set_random_seed(1), five passes.
# Expected: five times the same pictures: map is deterministic by default, and the layer has a seed.
# Seen: with num_parallel_calls each pass has others.  Beyond the order: two elements of a pass get one draw, as the
#   layer reads its counter and moves it on in two steps.  Without it the passes are equal, and no draw comes twice.
# Why a surprise: neither the seed nor map's deterministic=True says so; the draws that repeat are seen in no loss.
# Documented: the layer's docstring (3.15.1): "This layer is safe to use inside a tf.data or grain pipeline"; seed is
#   "used for random number generation".  TensorFlow's guide has stateful random operations in map as its example of
#   what enable_op_determinism() is for; it makes map serial.  TensorFlow's issue #34909 is about its own generators.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 tensorflow-cpu==2.21.0 keras==3.15.1
TF_CPP_MIN_LOG_LEVEL=3 env/bin/python -W ignore - 2> log <<'PYTHON' || { cat log; exit 1; }
import keras
import numpy as np
import tensorflow as tf

picture = np.random.default_rng(1).random((4, 4, 1), dtype=np.float32)


def one_pass(calls):
    keras.utils.set_random_seed(1)
    layer = keras.layers.RandomTranslation(0.5, 0.5, seed=1)
    pictures = tf.data.Dataset.from_tensors(picture).repeat(20000)
    return [row.numpy().tobytes() for row in pictures.map(lambda x: layer(x, training=True), num_parallel_calls=calls)]


for calls in None, 4:
    passes = [one_pass(calls) for _ in range(5)]
    different = len({hash(tuple(rows)) for rows in passes})
    twice = [len(rows) - len(set(rows)) for rows in passes]
    print(f"num_parallel_calls={calls}: {different} of 5 passes differ, draws that came before: {twice}")
    assert (different, sum(twice) > 0) == ((1, False) if calls is None else (5, True))
PYTHON
