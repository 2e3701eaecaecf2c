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
expect 3 'no step was recorded: .*Keras runs on torch: only on tensorflow' env KERAS_BACKEND=torch "$DETPIPE" verify --why -- "$peer" -c 'import keras'
exit $failed
