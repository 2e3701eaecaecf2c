#!/bin/bash
# test_live_initial_weights.sh - initial weights beside the libraries that tools/dev peers installs, new nets each time
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cases=${DETPIPE_TEST_CASES:-60} # of each library
seed=${DETPIPE_TEST_SEED:-$(date +%s)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ran=0
echo "DETPIPE_TEST_SEED=$seed"
# compare ENVIRONMENT CASE: if the environment has its library
compare() {
    local python=$SOURCE/$1/bin/python
    [ -x "$python" ] && "$python" -c "import importlib.util, sys; sys.exit(not importlib.util.find_spec('${2%%_*}'))" || return 0
    "$python" -W ignore "$SOURCE/tests/golden/make_initial_weights.py" "$2" "$cases" "$seed" > "$work/lines.txt"
    [ "$(grep -c '^library=' "$work/lines.txt")" -ge "$cases" ] || { echo "FAILED: $2 made no $cases nets"; exit 1; }
    echo "$1: $2"
    "$BUILD/tests/test_compute_initial_weights" "$work/lines.txt"
    ran=$((ran + 1))
}
for environment in build-peers-mindspore build-peers; do
    compare "$environment" mindspore
    compare "$environment" mindspore_default
done
for case in torch torch_named torch_transposed; do
    compare build-peers "$case"
done
[ "$ran" -gt 0 ] || { echo "skipped: none of the libraries is in build-peers (tools/dev peers installs them)"; exit 77; }
