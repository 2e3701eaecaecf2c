#!/bin/bash
# test_torch.sh - the Python package under torch.utils.data, with the PyTorch of `tools/dev peers`, or that of DETPIPE_TORCH
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: Python would need the sanitizer's library first"; exit 77; }
torch=${DETPIPE_TORCH:-$SOURCE/build-peers}/bin/python
checks() { sed -n 's/^def \(check_[a-z_]*\).*/\1/p' "$SOURCE/tests/bindings/under_torch.py" | tr '\n' ' '; }
if ! [ -x "$torch" ] || ! "$torch" -c 'import torch, cffi' 2> /dev/null; then
    echo "skipped: no PyTorch and cffi in build-peers (tools/dev peers; DETPIPE_TORCH names another environment): $(checks)"
    exit 77
fi
source "$SOURCE/tests/bindings/package.sh"
site=$(env/bin/python -c 'import sysconfig; print(sysconfig.get_paths()["platlib"])')
mkdir site && cp -r "$site"/detpipe site/
export FIXTURE=$fixture
expect 0 'torch: all as it should be' env PYTHONPATH="$work/site" "$torch" "$SOURCE/tests/bindings/under_torch.py"
seed=${DETPIPE_TEST_SEED:-$(date +%s)}
cp out.txt first.txt
expect 0 'torch ledger: all as it should be' env PYTHONPATH="$work/site" "$torch" "$SOURCE/tests/bindings/under_torch_ledger.py" \
    "$DETPIPE" "${DETPIPE_TEST_CASES:-40}" "$seed"
# nothing is changed in the training, and one digit of the losses is printed
why() { env PYTHONPATH="$work/site" "$DETPIPE" verify --why -- "$torch" "$SOURCE/tests/bindings/why_train.py" "$1"; }
named() {
    expect 1 'NOT REPRODUCED' why "$1"
    tr '\n' ' ' < out.txt | grep -qF "Why (ledger of rank 0, run 1 and 2): $2" || fail "verify --why of $1: $(cat out.txt)"
}
for sound in nothing silent workers; do expect 0 '^REPRODUCED' why $sound; done
named seed 'step 1, "start weight 0.weight". The weights before the first step'
named order 'step 9, "rows". The order of the data'
named dropout 'step 9, "random torch". The random numbers'
named gradient 'step 12, "given 0.weight". Between the backward pass and the optimizer'
[ $failed = 0 ] || { echo "DETPIPE_TEST_SEED=$seed"; exit 1; }
cp first.txt out.txt
! grep '^skipped' out.txt || exit 77
