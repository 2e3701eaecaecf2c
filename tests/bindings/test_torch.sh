#!/bin/bash
# test_torch.sh - the Python package under torch.utils.data, with the PyTorch of `tools/dev peers`, or that of DETPIPE_TORCH
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
source "$SOURCE/tests/bindings/peer.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: Python would need the sanitizer's library first"; exit 77; }
peer torch build-peers DETPIPE_TORCH
export FIXTURE=$fixture
expect 0 'torch: all as it should be' "$peer" "$SOURCE/tests/bindings/under_torch.py"
seed=${DETPIPE_TEST_SEED:-$(date +%s)}
cp out.txt first.txt
expect 0 'torch ledger: all as it should be' "$peer" "$SOURCE/tests/bindings/under_torch_ledger.py" \
    "$DETPIPE" "${DETPIPE_TEST_CASES:-40}" "$seed"
# nothing is changed in the training, and one digit of the losses is printed
why() { local fault=$1; shift; "$DETPIPE" verify --why -- "$peer" "$@" "$SOURCE/tests/bindings/why_train.py" $fault; }
named() { # WHAT IS SAID, FAULT AND HOW, OPTIONS OF PYTHON
    local said=$1
    shift
    expect 1 'NOT REPRODUCED' why "$@"
    tr '\n' ' ' < out.txt | grep -qF "Why (ledger of rank $said" || fail "verify --why of $1: $(cat out.txt)"
}
expect 0 '^REPRODUCED' why silent
expect 3 'no step was recorded: .*torch: it was imported, and nothing was computed with gradients' \
    "$DETPIPE" verify --why -- "$peer" -c 'import torch; print("loss 2.5")'
# a process that is given no environment trains where nobody sees it: it is counted, and alone it is no evidence
hidden="import subprocess, sys; subprocess.run([sys.executable, '$SOURCE/tests/bindings/why_train.py', 'silent'], env={}, check=True)"
expect 3 'no step was recorded: .*; processes that were not recorded .*: their environment lacks' \
    "$DETPIPE" verify --why -- "$peer" -c "$hidden"
# who leaves by _exit closes the ledger, and of who is killed it is said how far it was seen
leaving() { "$DETPIPE" verify --why -- sh -c "'$peer' -c 'from os import _exit, getpid, kill
import sys
sys.path.insert(0, \"$SOURCE/tests/bindings\")
import why_train
why_train.train()
$1'; true"; }
expect 0 '^REPRODUCED$' leaving '_exit(0)'
expect 0 '^REPRODUCED \(weak evidence: 1 ledger was not closed\)$' leaving 'kill(getpid(), 9)'
grep -q '^not recorded: what rank 0 did behind its 12 steps: killed, or left at once (1)$' out.txt || fail "killed: $(cat out.txt)"
named '0, run 1 and 2): step 1, "start weight c1.weight". The weights before the first step' seed
named '0, run 1 and 2): step 7, "rate 0". The optimizer' 'rate compile'
grep -q '^not recorded: functions that torch.compile made: what is inside them (2)$' out.txt || fail "compiled: $(cat out.txt)"
# two ranks: what differs first is said first, whichever rank it is of
ranks=(-m torch.distributed.run --nproc_per_node 2)
named '1, run 1 and 2): step 1, "random torch". The random numbers' 'rank ddp' "${ranks[@]}"
tr '\n' ' ' < out.txt | grep -q 'And then (ledger of rank 0, run 1 and 2): step 1, "given' || fail "no other rank: $(cat out.txt)"
grep -q '^ledgers: 2 compared, 24 steps' out.txt || fail "ledgers of ranks: $(cat out.txt)"
named '1, run 1 and 2): step 7, "rows". The order of the data' 'rank_order ddp' "${ranks[@]}"
# processes that nobody told a number have names by chance: none is compared with another's work
named '0-2, run 1 and 2): step 7, "rows". The order of the data' 'rank_order fork'
grep -q '^ledgers: 2 compared, 24 steps' out.txt && ! grep -q 'And then' out.txt || fail "ledgers of forks: $(cat out.txt)"
expect 0 'torch forms: all as it should be' "$peer" "$SOURCE/tests/bindings/under_torch_forms.py" "$DETPIPE"
expect 0 'torch why: all as it should be' "$peer" "$SOURCE/tests/bindings/under_torch_why.py" "$DETPIPE"
cat out.txt >> first.txt
[ $failed = 0 ] || { echo "DETPIPE_TEST_SEED=$seed"; exit 1; }
cp first.txt out.txt
! grep '^skipped' out.txt || exit 77
