#!/bin/bash
# test_trainer.sh - the trainer of the README: killed at any moment, it goes on with the same bits
# SPDX-License-Identifier: Apache-2.0
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
steps=12

"$TRAINER" "$work/straight" $steps > "$work/straight.log" || { echo "FAILED: the straight run"; exit 1; }
for kill_after in 1 2 3 5 8 11; do
    rm -f "$work/killed" "$work/killed.tmp"
    : > "$work/killed.log"
    # kill -9 as soon as that many steps were printed, then once more right after the first step of the next start
    for limit in "$kill_after" 1; do
        "$TRAINER" "$work/killed" $steps > "$work/part.log" &
        pid=$!
        while kill -0 $pid 2>/dev/null && [ "$(wc -l < "$work/part.log")" -lt "$limit" ]; do :; done
        kill -9 $pid 2>/dev/null
        wait $pid 2>/dev/null
        cat "$work/part.log" >> "$work/killed.log"
    done
    "$TRAINER" "$work/killed" $steps > "$work/part.log" || { echo "FAILED: resuming after $kill_after"; exit 1; }
    cat "$work/part.log" >> "$work/killed.log"
    cmp "$work/straight" "$work/killed" || { echo "FAILED: other weights after a kill at step $kill_after"; exit 1; }
    # a step that was printed but not saved is printed again: with the same loss
    sort -u -k2,2n -k4,4 "$work/killed.log" | cmp - "$work/straight.log" || { echo "FAILED: other losses after a kill at step $kill_after"; exit 1; }
done
echo "6 runs killed twice each: equal losses, equal weights"
