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
sed 's/out_channels=32 kernel_size=3/& algorithm=auto/' "$SOURCE/tools/recipes/synthetic_cnn.recipe" > tiles.recipe
ledger tiles.ledger tiles.recipe
ledger all.ledger --ledger-tensors
grep -q '"gradient conv1.weight":"[0-9a-f]*"' all.ledger || fail "--ledger-tensors names no gradient"
grep -q '"rows":"[0-9a-f]*","image":.*"output relu1":.*"gradient fc2":.*"gradient conv1.weight":.*"weight conv1.weight":' all.ledger ||
    fail "--ledger-tensors is not in the order of a step"

# accumulate=: the loss, the parameters' gradients and the weights are the whole batch's; layers tell of its last part
sed 's/momentum=0.9/& accumulate=4/' "$SOURCE/tools/recipes/synthetic_cnn.recipe" > four.recipe
ledger four.ledger four.recipe --ledger-tensors
whole() { grep -oE '"(loss|rows|image|gradient [a-z0-9]+\.[a-z]+|gradients|weight [^"]*|weights)":"[^"]*"' "$1"; }
outputs() { grep -oE '"output [^"]*":"[^"]*"' "$1"; }
cmp -s <(whole all.ledger) <(whole four.ledger) || fail "accumulate= changes what a ledger has of the whole batch"
[ "$(whole four.ledger | grep -c 'gradient conv1.weight')" = 6 ] || fail "the ledger of accumulate= lacks gradients"
cmp -s <(outputs all.ledger) <(outputs four.ledger) && fail "the outputs of accumulate= are not the last small batch's"

# --replay: the operation and the element
expect 1 '26 tensors before it are equal' diff_of a.ledger rate.ledger --replay synthetic_cnn,rate.recipe
expect 1 'weight conv1.weight: 432 of 432 elements differ, by at most [0-9.e-]+ \([0-9]+ ulp\)' diff_of a.ledger rate.ledger --replay synthetic_cnn,rate.recipe
expect 1 "the optimizer's update of conv1.weight" diff_of a.ledger rate.ledger --replay synthetic_cnn,rate.recipe
expect 1 DIFFERENT diff_of a.ledger rate.ledger --replay synthetic_cnn,rate.recipe --html again.html
grep -q '^<pre>replay of step 1$' again.html || fail "the page lacks the replay"
grep -q 'the optimizer.s update of conv1.weight' again.html || fail "the page lacks the operation"
expect 1 DIFFERENT diff_of a.ledger rate.ledger --html first.html
grep -q '<pre>' first.html && fail "the page has a replay that nobody asked for"
expect 1 '"tensor":	"weight conv1.weight"' diff_of a.ledger rate.ledger --replay synthetic_cnn,rate.recipe --json
expect 1 'first operation whose result differs: the pipeline: column rows' diff_of a.ledger seed.ledger --replay synthetic_cnn
expect 1 'the pipeline: column image of the batch' diff_of a.ledger pixels.ledger --replay synthetic_cnn,pixels.recipe
expect 1 'the forward pass of relu1, or of conv1, in whose place it works' diff_of a.ledger init.ledger --replay synthetic_cnn,init.recipe
expect 1 'first operation whose result differs: the forward pass of relu2' diff_of a.ledger tiles.ledger --replay synthetic_cnn,tiles.recipe
expect 2 'synthetic_cnn is not the recipe of rate.ledger' diff_of a.ledger rate.ledger --replay synthetic_cnn
expect 0 '^EQUAL$' diff_of a.ledger b.ledger --replay synthetic_cnn
# a run that differs later, from a checkpoint before it; and two runs that should be one
"$DETPIPE" train --steps 2 --save 2.safetensors > /dev/null
expect 2 'is not from before step 1' diff_of a.ledger rate.ledger --replay synthetic_cnn,rate.recipe --load 2.safetensors
for run in p q; do
    sed "s/learning_rate=[0-9.]*/learning_rate=0.01,0.0$([ $run = p ] && echo 1 || echo 2) milestones=4,20/" "$SOURCE/tools/recipes/synthetic_cnn.recipe" > $run.recipe
    ledger $run.ledger $run.recipe
    "$DETPIPE" train $run.recipe --steps 3 --save $run.safetensors > /dev/null
done
expect 1 'first operation whose result differs: the optimizer.s update of conv1.weight' diff_of p.ledger q.ledger --replay p.recipe,q.recipe --load p.safetensors,q.safetensors
cp out.txt loaded.txt
expect 1 'q.ledger: as it was recorded' diff_of p.ledger q.ledger --replay p.recipe,q.recipe
cmp out.txt loaded.txt || fail "a replay from a checkpoint differs from one from the start"
expect 3 'the data ends after 3 of 5 steps' "$DETPIPE" train --steps 5 <(sed 's/| repeat$/| take count=3/' "$SOURCE/tools/recipes/synthetic_cnn.recipe")
expect 2 'needs --replay' diff_of a.ledger rate.ledger --load 2.safetensors
{ cat "$SOURCE/tools/recipes/synthetic_cnn.recipe"; echo "weights: $PWD/2.safetensors"; } > two.recipe
{ cat "$SOURCE/tools/recipes/synthetic_cnn.recipe"; echo "weights: $PWD/whole.safetensors"; } > six.recipe
ledger two.ledger two.recipe
ledger six.ledger six.recipe
expect 1 'six.ledger: not as it was recorded, from step 1 on' diff_of two.ledger six.ledger --replay two.recipe
expect 1 'The re-run matches two.ledger: the other run was disturbed' diff_of two.ledger six.ledger --replay two.recipe
expect 1 'The re-run matches neither ledger' diff_of two.ledger six.ledger --replay synthetic_cnn

# all tensors of a step in a file
"$DETPIPE" train --steps 3 --trace x.safetensors > /dev/null
"$DETPIPE" train --steps 3 --trace y.safetensors --threads 1 > /dev/null
"$DETPIPE" train --steps 3 --trace z.safetensors rate.recipe > /dev/null
cmp x.safetensors y.safetensors || fail "--trace differs with the number of threads"
expect 0 '^34 tensors are equal, 0 are not$' diff_of x.safetensors y.safetensors
expect 1 '^output relu1: [0-9]+ of 524288 elements differ' diff_of x.safetensors z.safetensors
expect 3 'cannot write nowhere/t.safetensors' "$DETPIPE" train --steps 1 --trace nowhere/t.safetensors
expect 2 'train: --trace writes .safetensors or .npz, not t$' "$DETPIPE" train --trace t
! grep -q '^step' out.txt || fail "--trace t was refused when the steps were done"
expect 2 'no step is left for --trace: 3 of 3 are done' "$DETPIPE" train --steps 3 --load part.safetensors --trace t.safetensors

# damage, a torn end, and what cannot be compared
sed '3s/"loss":"./"loss":"9/' a.ledger > damaged.ledger
expect 3 'damaged.ledger: line 3 is damaged' diff_of a.ledger damaged.ledger
head -c -9 a.ledger > torn.ledger
expect 1 'last line of torn.ledger is torn' diff_of a.ledger torn.ledger
head -1 a.ledger > head.ledger
expect 3 'head.ledger has no step' diff_of a.ledger head.ledger
{ head -1 a.ledger; sed -n 7p a.ledger; } > last.ledger
{ head -1 a.ledger; sed -n 2p a.ledger; } > first.ledger
expect 3 'no step in common: nothing was compared' diff_of first.ledger last.ledger
expect 2 'not of one kind' diff_of a.ledger whole.safetensors
expect 3 'cannot read nosuch: No such file' diff_of a.ledger nosuch
expect 2 'are not of one kind' diff_of a.ledger .

# folders: a ledger of each rank, by name; the one that parts first is told whole, and what is not compared is counted
mkdir one two empty
expect 3 'no ledger of one name: nothing was compared' diff_of empty empty
for rank in '' .1 .2; do cp a.ledger one/run.ledger$rank; cp b.ledger two/run.ledger$rank; done
expect 0 '^one, two: 3 ledgers of one name, 3 compared, 0 different, 0 in one folder alone$' diff_of one two
grep -q '^  run.ledger.2 .*equal, 6 steps with' out.txt && [ "$(tail -1 out.txt)" = EQUAL ] || { fail "folders of equal ledgers"; cat out.txt; }
cp seed.ledger two/run.ledger.2
cp rate.ledger two/run.ledger.1
mkfifo one/fifo
mkdir two/more
expect 1 '^  run.ledger.1 .*DIFFERS from step 1, "weights"' diff_of one two
grep -q '^  run.ledger.2 .*DIFFERS from step 1, "rows"' out.txt && grep -q '^one/run.ledger.2: 6 steps' out.txt &&
    grep -q '^in one, not compared as they are not ledgers: 1$' out.txt && grep -q '^in two, .*: 1$' out.txt || { fail "the rank that parts first"; cat out.txt; }
expect 1 '"others":	2' diff_of one two --json
expect 2 '--html' diff_of one two --html folders.html
cp a.ledger two/run.ledger.1
rm two/run.ledger.2
expect 1 '^  run.ledger.2 .*in one alone' diff_of one two
[ "$(tail -1 out.txt)" = DIFFERENT ] || fail "a ledger of one folder alone"
cp head.ledger two/run.ledger.2
expect 3 '^  run.ledger.2 .*not compared' diff_of one two
[ "$(tail -1 out.txt)" = 'NOTHING PROVED' ] || fail "a ledger without a step beside equal ones"
expect 2 'an argument is missing' diff_of a.ledger
expect 3 "exists but is not this run's ledger" "$DETPIPE" train --steps 6 --seed 3 --ledger a.ledger
expect 2 'needs --ledger' "$DETPIPE" train --ledger-tensors

# the other kinds
expect 0 'are equal, 0 are not' diff_of whole.safetensors whole.safetensors
expect 1 'are equal, [1-9][0-9]* are not' diff_of whole.safetensors part.safetensors
expect 0 . diff_of "$SOURCE/tests/golden/snapshot/rows.dps" "$SOURCE/tests/golden/snapshot/rows.dps"
"$DETPIPE" train --steps 3 > one.txt
"$DETPIPE" train --steps 3 --seed 4 > two.txt
expect 0 '^EQUAL$' diff_of one.txt one.txt
expect 1 'first difference: "loss", line 1: [0-9.]+ \(step 1\) and [0-9.]+ \(step 1\)' diff_of one.txt two.txt
expect 1 'first difference: "loss", line 1: [0-9.]+ \(step 1\) and [0-9.]+ \(step 1\)' diff_of <(cat one.txt) <(cat two.txt)
expect 0 '^EQUAL \(weak evidence: 5 digits\)$' diff_of <(for i in $(seq 20000); do echo "loss: $i"; done) <(seq -f 'loss: %.0f' 20000)
dash() { cat one.txt | "$DETPIPE" diff - "$@"; }
expect 0 '^EQUAL$' dash one.txt
expect 3 '/dev/null is not a ledger' dash /dev/null
expect 0 '^10000 rows are equal, 0 are not$' diff_of 'synthetic | batch batch_size=32' 'synthetic | batch batch_size=32 drop_remainder=false'
expect 1 '^row 0, column image, element 0: [0-9]+ and [0-9]+$' diff_of 'synthetic | shuffle' 'synthetic num_records=10000'
expect 1 '^row 20 is the last of the second stream$' diff_of 'synthetic | batch batch_size=10' 'synthetic | take count=20 | batch batch_size=10'
expect 1 'column image uint8\[' diff_of 'synthetic | batch batch_size=8' 'synthetic | rescale rescale=2 | batch batch_size=8'
expect 2 'both streams are endless' diff_of synthetic_cnn rate.recipe
expect 2 "there is no stage 'shufle'" diff_of 'synthetic | shufle' 'synthetic | shuffle'
expect 3 'has no loss' diff_of one.txt "$SOURCE/LICENSE"
exit $failed
