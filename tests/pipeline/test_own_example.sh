#!/bin/bash
# test_own_example.sh - examples/own_reader.c: equal losses for every number of threads, its own errors
# SPDX-License-Identifier: Apache-2.0
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
fail() { printf 'FAILED: %s\n' "$*"; failed=1; }

awk 'BEGIN {for (i = 0; i < 42; i++) printf "%g,%g,%g,%d\n", i % 7 / 7, i % 5 / 5, i % 3 / 3, i % 10}' > "$work/a.csv"
for threads in 1 2 7; do
    "$OWN_READER" "$work/a.csv" 3 $threads > "$work/$threads" || fail "$threads threads: status $?"
done
[ "$(grep -c '^step [0-9]* loss 0x' "$work/1")" = 30 ] || fail "not 3 epochs of 10 batches: $(cat "$work/1")"
[ "$(sort -k4 -u "$work/1" | wc -l)" -gt 20 ] || fail "the losses do not move"
cmp "$work/1" "$work/2" && cmp "$work/1" "$work/7" || fail "losses depend on threads"

sed -i '18s/,[0-9]*$/,10/' "$work/a.csv"
"$OWN_READER" "$work/a.csv" 3 2 > /dev/null 2> "$work/said" && fail "a wrong class passed"
grep -qx 'own_reader: csv: record 17: class 10: there are 10' "$work/said" || fail "it said: $(cat "$work/said")"
exit $failed
