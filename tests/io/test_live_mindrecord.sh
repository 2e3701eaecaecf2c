#!/bin/bash
# test_live_mindrecord.sh - fresh files of the installed MindSpore (tools/dev peers): the same values out of both
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
python=
for environment in build-peers-mindspore build-peers; do
    candidate=$SOURCE/$environment/bin/python
    [ -x "$candidate" ] && "$candidate" -c 'import importlib.util, sys; sys.exit(not importlib.util.find_spec("mindspore"))' && python=$candidate
done
[ -n "$python" ] || { echo "skipped: MindSpore is in no environment of tools/dev peers"; exit 77; }
"$python" "$SOURCE/tests/golden/make_mindrecord.py" "$work/fresh" > fresh.txt 2> log.txt || { cat log.txt; exit 1; }
grep -v '^#' fresh.txt > lines.txt
[ "$(wc -l < lines.txt)" -ge 10 ] || fail "make_mindrecord.py wrote $(wc -l < lines.txt) lines"
"$BUILD/tests/test_io_mindrecord" "$work/fresh" lines.txt || fail "other values than MindSpore's"
exit $failed
