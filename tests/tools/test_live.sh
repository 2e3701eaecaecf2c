#!/bin/bash
# test_live.sh - verify without an option on real frameworks, each sound and with one fault (tests/trainers/live)
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: the frameworks take minutes, and the sanitizers see nothing of them"; exit 77; }
export TMPDIR=$work
missing=()

# live FRAMEWORK MODULE [ENVIRONMENT]: both verdicts of tests/trainers/live/train_FRAMEWORK.py
live() {
    local framework=$1 module=$2 python=$SOURCE/${3:-build-peers}/bin/python script=$SOURCE/tests/trainers/live/train_$1.py
    if ! [ -x "$python" ] || ! "$python" -c "import importlib.util as u, sys; sys.exit(not u.find_spec('$module'))"; then
        missing+=("$framework")
        return
    fi
    expect 0 '^REPRODUCED' "$DETPIPE" verify -- "$python" -B "$script" sound
    expect 1 '^NOT REPRODUCED' "$DETPIPE" verify -- "$python" -B "$script" fault
}
live torch torch
# a real race, of index_put_ on two threads: it is named, and the same on one thread is sound
if [ ${#missing[@]} = 0 ] && [ "$(nproc)" -gt 1 ]; then
    race=("$SOURCE/build-peers/bin/python" -B "$SOURCE/tests/trainers/live/race_torch.py")
    expect 1 '^Cause: a race of threads' "$DETPIPE" verify --causes --runs 8 -- "${race[@]}" 2
    expect 0 '^REPRODUCED' "$DETPIPE" verify -- "${race[@]}" 1
fi
live keras keras
live lightning lightning
live transformers transformers
live xgboost xgboost
live lightgbm lightgbm
live mindspore mindspore build-peers-mindspore
[ $failed = 0 ] || exit 1
[ ${#missing[@]} = 0 ] || { echo "skipped: not installed (tools/dev peers): ${missing[*]}; the others are as they should be"; exit 77; }
