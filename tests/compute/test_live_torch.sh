#!/bin/bash
# test_live_torch.sh - operators and nets beside the PyTorch that tools/dev peers installs, with new numbers each time
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
python=$SOURCE/build-peers/bin/python
[ -x "$python" ] && "$python" -c 'import torch, torchvision' 2> /dev/null ||
    { echo "skipped: no PyTorch and torchvision in build-peers (tools/dev peers installs them)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seed=${DETPIPE_TEST_SEED:-$(date +%s)}
echo "DETPIPE_TEST_SEED=$seed"
"$python" "$SOURCE/tests/golden/make_ops.py" "$work" "$seed"
"$python" "$SOURCE/tests/golden/make_nets.py" "$work" "$seed"
"$TORCH" "$work"
