#!/bin/bash
# test_live_weights.sh - files of weights that the PyTorch of tools/dev peers writes now, with new numbers each time
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
python=$SOURCE/build-peers/bin/python
[ -x "$python" ] && "$python" -c 'import torch, safetensors.torch' 2> /dev/null ||
    { echo "skipped: no PyTorch and safetensors in build-peers (tools/dev peers installs them)"; exit 77; }
seed=${DETPIPE_TEST_SEED:-$(date +%s)}
echo "DETPIPE_TEST_SEED=$seed"
env -u OPENBLAS_CORETYPE "$python" -B -W ignore "$SOURCE/tests/golden/make_torch_files.py" files "$seed" ||
    fail "make_torch_files.py"
n=0
for file in files/*.pt; do
    case $file in
        */refused_*) expect 3 "^detpipe: $file: " "$DETPIPE" ckpt info "$file" ;;
        */nothing.pt | */net*.pt) ;;
        *) expect 0 '^[1-9][0-9]* tensors are equal, 0 are not$' "$DETPIPE" ckpt diff "$file" "${file%.pt}.safetensors"
           n=$((n + 1)) ;;
    esac
done
expect 0 'f.safetensors is written' "$DETPIPE" ckpt convert files/floats.pt f.safetensors --to float32
expect 0 '^6 tensors are equal, 0 are not$' "$DETPIPE" ckpt diff f.safetensors files/floats_float32.safetensors
[ $n -ge 15 ] || fail "only $n files were compared"
exit $failed
