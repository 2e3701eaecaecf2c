#!/bin/bash
# test_live.sh - verify without an option on real frameworks, each sound and with one fault (tests/trainers/live)
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: the frameworks take minutes, and the sanitizers see nothing of them"; exit 77; }
export TMPDIR=$work
live=$SOURCE/tests/trainers/live
missing=()

# installed FRAMEWORK [ENVIRONMENT]: `python` is the one that has it; else it is missing
installed() {
    python=$SOURCE/${2:-build-peers}/bin/python
    [ -x "$python" ] && "$python" -c "import importlib.util as u, sys; sys.exit(not u.find_spec('$1'))" && return
    missing+=("$1")
    return 1
}
# both SCRIPT: sound and with its fault
both() {
    expect 0 '^REPRODUCED' "$DETPIPE" verify -- "$python" -B "$live/$1" sound
    expect 1 '^NOT REPRODUCED' "$DETPIPE" verify -- "$python" -B "$live/$1" fault
}

for framework in torch keras lightning transformers xgboost lightgbm; do
    ! installed $framework || both train_$framework.py
done
! installed mindspore build-peers-mindspore || both train_mindspore.py

if installed torch; then
    both workers_torch.py
    # a real race, of index_put_ on two threads: it is named, and the same on one thread is sound
    race=("$python" -B "$live/race_torch.py")
    expect 0 '^REPRODUCED' "$DETPIPE" verify -- "${race[@]}" 1
    if [ "$(nproc)" -gt 1 ]; then
        expect 1 '^Cause: a race of threads' "$DETPIPE" verify --causes --runs 8 -- "${race[@]}" 2
    else
        echo "not tried: a race of PyTorch's threads (there is one CPU)"
    fi
else
    unset 'missing[-1]' # named above
fi
[ $failed = 0 ] || exit 1
[ ${#missing[@]} != 0 ] || exit 0
echo "not installed (tools/dev peers): ${missing[*]}; the others are as they should be"
[ -z "${DETPIPE_ALL_PEERS:-}" ] || { fail "DETPIPE_ALL_PEERS asks for all frameworks"; exit 1; }
echo "skipped: not all frameworks (DETPIPE_ALL_PEERS=1 makes that a failure)"
exit 77
