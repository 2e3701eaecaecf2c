#!/bin/bash
# test_live_mindspore.sh - random pipelines of the MindSpore that tools/dev peers installs, imported and compared with what
# it delivers; and exports, read by it; new pipelines each time
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
python=
for environment in build-peers-mindspore build-peers; do
    candidate=$SOURCE/$environment/bin/python
    [ -x "$candidate" ] && "$candidate" -c 'import importlib.util, sys; sys.exit(not importlib.util.find_spec("mindspore"))' && python=$candidate
done
[ -n "$python" ] || { echo "skipped: MindSpore is in no environment of tools/dev peers"; exit 77; }
seed=${DETPIPE_TEST_SEED:-$(date +%s)}
"$python" -W ignore "$SOURCE/tests/libraries/live_mindspore.py" "$DETPIPE" "$BUILD/libdetpipe.so" "${DETPIPE_TEST_CASES:-60}" "$seed"
"$python" -W ignore "$SOURCE/tests/libraries/live_exports.py" "$DETPIPE" "$BUILD/libdetpipe.so"
