#!/bin/bash
# test_lists.sh - lists in files, as every command takes them: relative to --data, bound to their numbers
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"

mkdir data
printf '3\n1\n4\n1\n5\n9\n2\n6\n' > data/rows.txt
rows="range count=10 | subset_sampler indices=@rows.txt"
expect 0 '^3 1 4 1 5 9 2 6$' "$DETPIPE" order "$rows" --data data
expect 3 'cannot open rows.txt: No such file' "$DETPIPE" order "$rows"
expect 0 'indices=@rows.txt#[0-9a-f]{32}' "$DETPIPE" check "$rows" --data data
pinned=$(grep -oE '@rows.txt#[0-9a-f]{32}' out.txt)
expect 0 '^3 1 4 1 5 9 2 6$' "$DETPIPE" order "range count=10 | subset_sampler indices=$pinned" --data data
"$DETPIPE" lint "$rows" --data data > out.txt 2>&1 && [ ! -s out.txt ] || fail "lint of a list in a file: $(cat out.txt)"
expect 0 '3 1 4 1' "$DETPIPE" order 'range count=2 | concat with="range count=10 | subset_sampler indices=@rows.txt" | skip count=2' --data data

# no list in a file goes into MindSpore's JSON
expect 1 'a list in a file has no counterpart in MindSpore.s JSON: write its numbers out' \
    "$DETPIPE" export "cifar10 strict=false | subset_sampler indices=@$PWD/data/rows.txt" --data "$fixture"

# a recipe: proved, trained in two parts, recorded; all of it is of these numbers
printf '5\n1\n1\n0.5\n2\n1\n1\n1\n' > data/weights.txt
{
    echo 'data: synthetic num_records=8 | weighted_random_sampler weights=@weights.txt order=torch | rescale rescale=1/255 | hwc2chw | batch batch_size=4 | repeat'
    echo 'net: flatten | dense out_channels=10'
    echo 'loss: softmax_cross_entropy'
    echo 'optimizer: momentum learning_rate=@rates momentum=0.9 milestones=@steps'
    echo 'steps: 4'
} > r.recipe
echo 0.1,0.01 > data/rates
echo 2,4 > data/steps
expect 0 'REPRODUCED' "$DETPIPE" verify r.recipe --data data
expect 0 '^4 steps done' "$DETPIPE" train r.recipe --data data --save whole.safetensors --ledger whole.jsonl
expect 0 '^2 steps done' "$DETPIPE" train r.recipe --data data --steps 2 --save part.safetensors
expect 0 '^4 steps done' "$DETPIPE" train r.recipe --data data --load part.safetensors --save again.safetensors
cmp -s whole.safetensors again.safetensors || fail "a run in two parts has other weights"
"$DETPIPE" snapshot write "$rows" rows.dps --data data > /dev/null || fail "snapshot write"
expect 0 '8 rows are equal, 0 are not' "$DETPIPE" diff "snapshot file=$PWD/rows.dps" "$rows" --data data

printf '5\n1\n1\n0.5\n2\n1\n1\n1.5\n' > data/weights.txt
expect 3 'belongs to another text' "$DETPIPE" train r.recipe --data data --load part.safetensors
printf '5\n1\n1\n0.5\n2\n1\n1\n1\n' > data/weights.txt
echo 0.1,0.02 > data/rates
expect 3 'is of a run with another optimizer' "$DETPIPE" train r.recipe --data data --load part.safetensors
echo '3 1 4 1 5 9 2 7' > data/rows.txt
expect 1 'row 7, column id, element 0: 6 and 7' "$DETPIPE" diff "snapshot file=$PWD/rows.dps" "$rows" --data data
expect 3 'rows.txt holds other numbers' "$DETPIPE" order "range count=10 | subset_sampler indices=$pinned" --data data
exit $failed
