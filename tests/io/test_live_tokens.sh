#!/bin/bash
# test_live_tokens.sh - windows of tokens beside Megatron's, which tools/dev peers installs: new data sets each time
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
[ -z "${SANITIZE:-}" ] || { echo "skipped: the library takes minutes, and the sanitizers see nothing of it"; exit 77; }
seed=${DETPIPE_TEST_SEED:-$(date +%s)}
python=$SOURCE/build-peers/bin/python
[ -x "$python" ] && "$python" -c "import importlib.util, sys; sys.exit(not importlib.util.find_spec('megatron'))" ||
    { echo "skipped: megatron-core is not installed (tools/dev peers installs it)"; exit 77; }
echo "DETPIPE_TEST_SEED=$seed"
"$python" -B -W ignore "$SOURCE/tests/io/live_tokens.py" "$DETPIPE" "${DETPIPE_TEST_CASES:-40}" "$seed"
