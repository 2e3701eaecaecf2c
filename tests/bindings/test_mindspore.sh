#!/bin/bash
# test_mindspore.sh - trainings in MindSpore, with that of `tools/dev peers`, or that of DETPIPE_MINDSPORE: detpipe.mindspore.Ledger, verify --why
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
source "$SOURCE/tests/bindings/peer.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: Python would need the sanitizer's library first"; exit 77; }
peer mindspore build-peers-mindspore DETPIPE_MINDSPORE
aside expect 0 'mindspore ledger: all as it should be' "$peer" "$SOURCE/tests/bindings/under_mindspore.py" "$DETPIPE"
aside expect 0 'mindspore forms: all as it should be' "$peer" "$SOURCE/tests/bindings/under_mindspore_forms.py" "$DETPIPE"
wait_for_asides
why() { "$DETPIPE" verify --why -- "$peer" "$SOURCE/tests/bindings/why_mindspore.py" "$@"; }
expect 0 '^REPRODUCED' why nothing graph
# nn.Dropout on the CPU draws from its sixth call on other numbers in each process, whatever the seeds are
expect 1 'NOT REPRODUCED' why dropout graph
tr '\n' ' ' < out.txt | grep -qE 'step ([6-9]|[1-9][0-9]), "output TrainOneStepCell". This module: what goes in is equal' || fail "graph: $(cat out.txt)"
expect 1 'NOT REPRODUCED' why dropout pynative
tr '\n' ' ' < out.txt | grep -qE 'step ([6-9]|[1-9][0-9]), "output 4 \(Dropout\)". This module: what goes in is equal' || fail "pynative: $(cat out.txt)"
exit $failed
