#!/bin/bash
# test_live_photos.sh - photographs beside the libraries that tools/dev peers installs: one digest of all, new pictures each time
# SPDX-License-Identifier: Apache-2.0
#
# DETPIPE_PHOTOS names class folders of JPEG to take in place of those that are made.
set -euo pipefail
[ -z "${SANITIZE:-}" ] || { echo "skipped: the libraries take minutes, and the sanitizers see nothing of them"; exit 77; }
seed=${DETPIPE_TEST_SEED:-$(date +%s)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
missing=() ran=0
script=$SOURCE/tests/io/live_photos.py
# compare ENVIRONMENT MODULE LIBRARY
compare() {
    local python=$SOURCE/$1/bin/python
    [ -x "$python" ] && "$python" -c "import importlib.util, sys; sys.exit(not importlib.util.find_spec('$2'))" ||
        { missing+=("$3"); return 0; }
    [ -n "${DETPIPE_PHOTOS:-}" ] || [ -d "$work/photos" ] ||
        "$python" -B "$script" make "$work/photos" "${DETPIPE_TEST_CASES:-150}" "$seed"
    "$python" -B -W ignore "$script" compare "$DETPIPE" "${DETPIPE_PHOTOS:-$work/photos}" "$3"
    ran=$((ran + 1))
}
echo "DETPIPE_TEST_SEED=$seed"
compare build-peers PIL pillow
compare build-peers cv2 opencv
compare build-peers torchvision torchvision
compare build-peers tensorflow tensorflow
compare build-peers nvidia.dali dali
compare build-peers-mindspore mindspore mindspore
[ ${#missing[@]} = 0 ] || echo "not compared: not installed (tools/dev peers): ${missing[*]}"
[ "$ran" -gt 0 ] || { echo "skipped: none of the libraries is installed (tools/dev peers installs them)"; exit 77; }
