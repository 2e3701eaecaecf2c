#!/bin/bash
# test_diff.sh - detpipe diff: ledgers and the cause of what differs, weights, snapshots, printed losses
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
ledger() { local name=$1; shift; "$DETPIPE" train --steps 6 --ledger "$name" "$@" > /dev/null || fail "train --ledger $name"; }
diff_of() { "$DETPIPE" diff "$@"; }

# equal for every number of threads, with a part that was run again, and after a resume
ledger a.ledger --save whole.safetensors
ledger b.ledger --threads 1
expect 0 '^EQUAL$' diff_of a.ledger b.ledger
"$DETPIPE" train --steps 4 --ledger c.ledger > /dev/null
"$DETPIPE" train --steps 3 --save part.safetensors > /dev/null
expect 1 '^2 steps are in a.ledger alone' diff_of a.ledger c.ledger
"$DETPIPE" train --steps 6 --load part.safetensors --ledger c.ledger > /dev/null
expect 0 '6 in common' diff_of a.ledger c.ledger

# the cause: in the step where they part, the first thing that differs
ledger seed.ledger --seed 9
expect 1 'first difference: step 1, "rows"' diff_of a.ledger seed.ledger
expect 1 'about: "run ' diff_of a.ledger seed.ledger
sed 's/learning_rate=[0-9.]*/learning_rate=0.03/' "$SOURCE/tools/recipes/synthetic_cnn.recipe" > rate.recipe
ledger rate.ledger rate.recipe
expect 1 'first difference: step 1, "weights"' diff_of a.ledger rate.ledger
expect 1 'The optimizer' diff_of a.ledger rate.ledger
sed 's/rescale=1\/255/rescale=1\/254/' "$SOURCE/tools/recipes/synthetic_cnn.recipe" > pixels.recipe
cmp -s pixels.recipe "$SOURCE/tools/recipes/synthetic_cnn.recipe" && fail "synthetic_cnn has no rescale=1/255"
ledger pixels.ledger pixels.recipe
expect 1 'first difference: step 1, "batch"' diff_of a.ledger pixels.ledger
expect 1 'rows +equal' diff_of a.ledger pixels.ledger
sed 's/^init:.*/init: weight=zeros bias=zeros/' "$SOURCE/tools/recipes/synthetic_cnn.recipe" > init.recipe
ledger init.ledger init.recipe
expect 1 'first difference: step 1, "loss"' diff_of a.ledger init.ledger
expect 1 '"cause":	"loss"' diff_of a.ledger init.ledger --json
ledger all.ledger --ledger-tensors
grep -q '"gradient conv1.weight":"[0-9a-f]*"' all.ledger || fail "--ledger-tensors names no gradient"

# damage, a torn end, and what cannot be compared
sed '3s/"loss":"./"loss":"9/' a.ledger > damaged.ledger
expect 3 'damaged.ledger: line 3 is damaged' diff_of a.ledger damaged.ledger
head -c -9 a.ledger > torn.ledger
expect 1 'last line of torn.ledger is torn' diff_of a.ledger torn.ledger
head -1 a.ledger > head.ledger
expect 3 'head.ledger has no step' diff_of a.ledger head.ledger
{ head -1 a.ledger; sed -n 7p a.ledger; } > last.ledger
{ head -1 a.ledger; sed -n 2p a.ledger; } > first.ledger
expect 2 'no step in common' diff_of first.ledger last.ledger
expect 2 'not of one kind' diff_of a.ledger whole.safetensors
expect 3 'nosuch cannot be read' diff_of a.ledger nosuch
expect 2 'something is missing' diff_of a.ledger
expect 3 'no ledger of this run' "$DETPIPE" train --steps 6 --seed 3 --ledger a.ledger
expect 2 'needs --ledger' "$DETPIPE" train --ledger-tensors

# the other kinds
expect 0 'are equal, 0 are not' diff_of whole.safetensors whole.safetensors
expect 1 'are equal, [1-9][0-9]* are not' diff_of whole.safetensors part.safetensors
expect 0 . diff_of "$SOURCE/tests/golden/snapshot/rows.dps" "$SOURCE/tests/golden/snapshot/rows.dps"
"$DETPIPE" train --steps 3 > one.txt
"$DETPIPE" train --steps 3 --seed 4 > two.txt
expect 0 '^EQUAL$' diff_of one.txt one.txt
expect 1 'first difference: loss 1: ' diff_of one.txt two.txt
expect 3 'has no loss' diff_of one.txt "$SOURCE/LICENSE"
exit $failed
