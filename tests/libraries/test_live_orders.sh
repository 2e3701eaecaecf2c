#!/bin/bash
# test_live_orders.sh - orders beside the libraries that tools/dev peers installs, with new seeds and sizes each time
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
cases=${DETPIPE_TEST_CASES:-300} # of each order
seed=${DETPIPE_TEST_SEED:-$(date +%s)}
ran=0
echo "DETPIPE_TEST_SEED=$seed"
# compare ENVIRONMENT MODULE ORDER ..: the orders, if the environment has the module
compare() {
    local python=$SOURCE/$1/bin/python module=$2
    shift 2
    [ -x "$python" ] && "$python" -c "import importlib.util, sys; sys.exit(not importlib.util.find_spec('$module'))" || return 0
    for order in "$@"; do
        TF_CPP_MIN_LOG_LEVEL=3 "$python" -W ignore "$SOURCE/tests/libraries/live_orders.py" "$DETPIPE" "$order" "$cases" "$seed"
        ran=$((ran + 1))
    done
}
compare build-peers torchdata torch torch_dataloader torch_stateful_dataloader
compare build-peers sklearn numpy numpy_generator sklearn
compare build-peers datasets datasets datasets_readers
compare build-peers grain grain
compare build-peers jax jax
compare build-peers tensorflow tf tf_index_shuffle
compare build-peers webdataset webdataset webdataset_shards
compare build-peers-streaming streaming streaming streaming_ranks
compare build-peers-streaming litdata litdata litdata_ranks
[ "$ran" -gt 0 ] || { echo "skipped: none of the libraries is in build-peers (tools/dev peers installs them)"; exit 77; }
