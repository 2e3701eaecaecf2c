#!/bin/bash
# test_live_shards.sh - archives and TFRecord files that the installed libraries write anew: what they deliver of them
# SPDX-License-Identifier: Apache-2.0
set -euo pipefail
[ -z "${SANITIZE:-}" ] || { echo "skipped: the libraries take a minute, and the tests of the golden files see the same"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
missing=() ran=0
# compare ENVIRONMENT MODULES GENERATOR TEST: fresh files, then the test on them in place of the golden ones
compare() {
    local python=$SOURCE/$1/bin/python module
    for module in $2; do
        [ -x "$python" ] && "$python" -c "import importlib.util, sys; sys.exit(not importlib.util.find_spec('$module'))" ||
            { missing+=("$module"); return 0; }
    done
    TF_CPP_MIN_LOG_LEVEL=3 "$python" -B -W ignore "$SOURCE/tests/golden/$3" "$work" 2> "$work/said" || { cat "$work/said"; exit 1; }
    DETPIPE_SHARDS=$work "$BUILD/tests/$4"
    ran=$((ran + 1))
}
if command -v bsdtar > /dev/null; then
    compare build-peers "webdataset numpy" make_webdataset.py test_io_webdataset
else
    missing+=("bsdtar (libarchive-tools)")
fi
compare build-peers tensorflow make_tfrecord.py test_io_tfrecord
[ ${#missing[@]} = 0 ] || echo "not compared: not installed (tools/dev peers): ${missing[*]}"
[ "$ran" -gt 0 ] || { echo "skipped: none of the libraries is installed (tools/dev peers installs them)"; exit 77; }
