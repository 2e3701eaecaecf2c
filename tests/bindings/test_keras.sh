#!/bin/bash
# test_keras.sh - trainings in Keras, with the TensorFlow of `tools/dev peers`, or that of DETPIPE_KERAS: detpipe.keras.Ledger, verify --why
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
source "$SOURCE/tests/bindings/peer.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: Python would need the sanitizer's library first"; exit 77; }
peer keras build-peers DETPIPE_KERAS
export TF_CPP_MIN_LOG_LEVEL=3
aside expect 0 'keras ledger: all as it should be' "$peer" "$SOURCE/tests/bindings/under_keras.py" "$DETPIPE"
aside expect 0 'keras forms: all as it should be' "$peer" "$SOURCE/tests/bindings/under_keras_forms.py" "$DETPIPE"
wait_for_asides
expect 0 '^REPRODUCED' "$DETPIPE" verify --why -- "$peer" "$SOURCE/tests/bindings/why_keras.py" nothing
expect 1 'NOT REPRODUCED' "$DETPIPE" verify --why -- "$peer" "$SOURCE/tests/bindings/why_keras.py" order
tr '\n' ' ' < out.txt | grep -qF 'step 1, "batch/0". The data' || fail "verify --why: $(cat out.txt)"
# a step by hand whose method that assigns is looked up before it takes its first gradient
by_hand='import tensorflow as tf
w = tf.Variable(tf.ones((3, 1)))
@tf.function
def step():
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.ones((2, 3)) @ w) ** 2)
    w.assign_sub(0.1 * tape.gradient(loss, w))
for _ in range(3):
    step()'
expect 0 '^ledgers: 1 compared, 3 steps' "$DETPIPE" verify --why -- "$peer" -c "$by_hand"
# on other frameworks it is recorded as these are
unseeded='import keras, numpy as np
net = keras.Sequential([keras.Input((6,)), keras.layers.Dense(2)])
net.compile("sgd", "mse")
net.fit(np.ones((8, 6)), np.ones((8, 2)), batch_size=4, verbose=0)'
for backend in torch jax; do
    expect 1 'NOT REPRODUCED' env KERAS_BACKEND=$backend "$DETPIPE" verify --why -- "$peer" -c "$unseeded"
    grep -q '^ledgers: 1 compared, 2 steps' out.txt && ! grep -q 'not recorded: .*keras' out.txt || fail "on $backend: $(cat out.txt)"
done
expect 3 'no step was recorded: .*Keras runs on numpy: only on tensorflow, torch and jax' env KERAS_BACKEND=numpy "$DETPIPE" verify --why -- "$peer" -c 'import keras'
exit $failed
