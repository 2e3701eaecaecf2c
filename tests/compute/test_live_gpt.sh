#!/bin/bash
# test_live_gpt.sh - the first losses of tiny_gpt beside the PyTorch that tools/dev peers installs, on new numbers each time
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
python=$SOURCE/build-peers/bin/python
[ -x "$python" ] && "$python" -c 'import torch' 2> /dev/null ||
    { echo "skipped: no PyTorch in build-peers (tools/dev peers installs it)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seed=${DETPIPE_TEST_SEED:-$(date +%s)}
echo "DETPIPE_TEST_SEED=$seed"
PYTHONPATH=$SOURCE/tests/golden "$python" "$SOURCE/tests/compute/gpt_twin.py" "$DETPIPE" "$SOURCE/tools/recipes/tiny_gpt.recipe" "$work" "$seed"
