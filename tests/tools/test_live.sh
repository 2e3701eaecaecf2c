#!/bin/bash
# test_live.sh - verify without an option on real frameworks, each sound and with one fault (tests/trainers/live)
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: the frameworks take minutes, and the sanitizers see nothing of them"; exit 77; }
export TMPDIR=$work
tried=0

# live FRAMEWORK MODULE [ENVIRONMENT]: both verdicts of tests/trainers/live/train_FRAMEWORK.py
live() {
    local framework=$1 module=$2 python=$SOURCE/${3:-build-peers}/bin/python script=$SOURCE/tests/trainers/live/train_$1.py
    if ! [ -x "$python" ] || ! "$python" -c "import importlib.util as u, sys; sys.exit(not u.find_spec('$module'))"; then
        echo "not tried: $framework (tools/dev peers installs it in ${3:-build-peers})"
        return
    fi
    expect 0 '^REPRODUCED' "$DETPIPE" verify -- "$python" -B "$script" sound
    expect 1 '^NOT REPRODUCED' "$DETPIPE" verify -- "$python" -B "$script" fault
    tried=$((tried + 1))
}
live torch torch
live keras keras
live lightning lightning
live transformers transformers
live xgboost xgboost
live lightgbm lightgbm
live mindspore mindspore build-peers-mindspore
echo "$tried of 7 frameworks were tried"
[ $tried != 0 ] || { echo "skipped: none of them is installed"; exit 77; }
exit $failed
