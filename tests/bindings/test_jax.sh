#!/bin/bash
# test_jax.sh - trainings in JAX, with that of `tools/dev peers`, or that of DETPIPE_JAX: detpipe.jax.Ledger, verify --why
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
source "$SOURCE/tests/bindings/peer.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: Python would need the sanitizer's library first"; exit 77; }
peer jax build-peers DETPIPE_JAX
aside expect 0 'jax forms: all as it should be' "$peer" "$SOURCE/tests/bindings/under_jax_forms.py" "$DETPIPE"
expect 0 'jax ledger: all as it should be' "$peer" "$SOURCE/tests/bindings/under_jax.py" "$DETPIPE"
wait_for_asides
expect 0 '^REPRODUCED' "$DETPIPE" verify --why -- "$peer" "$SOURCE/tests/bindings/why_jax.py" nothing
expect 1 'NOT REPRODUCED' "$DETPIPE" verify --why -- "$peer" "$SOURCE/tests/bindings/why_jax.py" order
tr '\n' ' ' < out.txt | grep -qF 'step 1, "batch train_step/2". The data' || fail "verify --why: $(cat out.txt)"
exit $failed
