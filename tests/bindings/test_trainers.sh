#!/bin/bash
# test_trainers.sh - the callbacks for Lightning and for Hugging Face's Trainer, with those of `tools/dev peers`, or of DETPIPE_TRAINERS
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
source "$SOURCE/tests/bindings/peer.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: Python would need the sanitizer's library first"; exit 77; }
peer lightning,transformers build-peers DETPIPE_TRAINERS
for framework in lightning transformers; do
    expect 0 "$framework ledger: all as it should be" "$peer" "$SOURCE/tests/bindings/under_trainers.py" "$DETPIPE" $framework
done
# without a changed line: transformers asks whether torch is there before it imports it
expect 0 '^REPRODUCED' "$DETPIPE" verify --why -- "$peer" "$SOURCE/tests/trainers/live/train_transformers.py" sound
grep -q '^ledgers: 1 compared, 16 steps' out.txt || fail "no ledger of transformers: $(cat out.txt)"
expect 0 '^REPRODUCED' "$DETPIPE" verify --why -- "$peer" "$SOURCE/tests/trainers/live/train_lightning.py" sound
grep -q '^ledgers: 1 compared, 20 steps' out.txt || fail "no ledger of Lightning: $(cat out.txt)"
exit $failed
