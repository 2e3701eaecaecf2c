#!/bin/bash
# test_best.sh - train --test-every: the tests are those of eval, the best is saved, a run stops, in two parts as well
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
train() { "$DETPIPE" train one.recipe --steps 60 "$@"; }

cat > one.recipe <<'E2'
data: synthetic num_records=96 seed=1 | shuffle | random_crop size=32 padding=4 | rescale rescale=1/255 | hwc2chw
  | batch batch_size=16 | repeat
test: synthetic num_records=150 seed=1 | skip count=96 | rescale rescale=1/255 | hwc2chw | batch batch_size=40
net: conv2d out_channels=8 kernel_size=3 stride=2 | batch_norm | relu | flatten | dropout p=0.2 seed=1 | dense out_channels=10
loss: softmax_cross_entropy
optimizer: momentum learning_rate=0.05 momentum=0.9
E2
train --threads 1 --save plain.safetensors > plain.txt || fail "plain"

# a test changes nothing of the training, and says what eval says
train --threads 2 --test-every 4 --save-best best.safetensors --plot one.png > tested.txt || fail "tested"
grep -v ^test tested.txt | cmp -s - plain.txt || fail "tests change a training"
[ "$(grep -c ^test tested.txt)" = 15 ] || fail "not every fourth step is tested"
best=$(grep 'best so far$' tested.txt | tail -1)
least=$(grep ^test tested.txt | awk '{print $4}' | sort -g | head -1)
[ "$(awk '{print $4}' <<< "$best")" = "$least" ] || fail "$best is not the best: $least"
"$DETPIPE" eval one.recipe --load best.safetensors > eval.txt
read -r accuracy loss <<< "$(sed -E 's/.*accuracy ([0-9.]+), loss ([0-9.]+)$/\1 \2/' eval.txt)"
[[ "$best" == *"accuracy $accuracy  best so far" ]] || fail "eval says $accuracy of: $best"
[ "$(awk '{printf "%.6g", $4}' <<< "$best")" = "$loss" ] || fail "eval says $loss of: $best"
grep -aq "\"global_step\":\"$(awk '{print $2}' <<< "$best")\"" best.safetensors || fail "another step was saved"

# threads change nothing, not the picture either
train --threads 3 --test-every 4 --save-best threads.safetensors --plot three.png > threads.txt
cmp -s tested.txt threads.txt && cmp -s best.safetensors threads.safetensors && cmp -s one.png three.png || fail "threads change a test"
[ "$(head -c 4 one.png | tail -c 3)" = PNG ] || fail "that is no picture"
train --plot none.png > none.txt
cmp -s one.png none.png && fail "tests are not in the picture"

# a ledger has the tests, behind their steps
train --test-every 4 --ledger one.ledger > /dev/null
for step in 4 60; do
    loss=$(awk -v s=$step '$1 == "test" && $2 == s {print $4}' tested.txt)
    [ "$(grep "^{\"step\":$step," one.ledger | sed -E 's/.*"test":"([^"]*)".*/\1/' | xargs printf '%.9g')" = "$loss" ] || fail "the ledger has not the test of step $step"
done
[ "$(grep -c '"test":"' one.ledger)" = 15 ] || fail "the ledger has other tests"

# a run that stops, whole and in parts; what is known of the best goes on with it
train --test-every 2 --patience 2 --save-best whole.best --save whole.safetensors > whole.txt || fail "whole"
stop=$(grep -oE '^stopped behind step [0-9]+' whole.txt | grep -oE '[0-9]+$')
[ -n "$stop" ] && [ "$stop" -lt 60 ] || fail "it does not stop"
grep -q "^$stop steps done" whole.txt || fail "it goes on behind its stop"
"$DETPIPE" train one.recipe --steps $((stop - 1)) --test-every 2 --patience 2 --save-best parts.best --save part.safetensors > first.txt
train --load part.safetensors --test-every 2 --patience 2 --save-best parts.best --save parts.safetensors > second.txt
{ grep -v done first.txt; cat second.txt; } | cmp -s - whole.txt || fail "in parts it stops elsewhere"
cmp -s whole.safetensors parts.safetensors && cmp -s whole.best parts.best || fail "in parts it has other checkpoints"
expect 0 "^stopped behind step $stop" train --load whole.safetensors --test-every 2 --patience 2
expect 0 "^60 steps done" train --load whole.safetensors --test-every 2
expect 0 '^\{"stopped":'"$stop"',"best_step":[0-9]+\}$' train --test-every 2 --patience 2 --json
grep -qE '^\{"step":2,"test_loss":[0-9.]+,"test_accuracy":[0-9.]+,"best":true\}$' out.txt || fail "no test in JSON"

# tests that are not better count in a row alone
expected=$(train --test-every 3 | awk '/^test/ { if (/best/) m = 0; else if (++m == 4) { print $2; exit } }')
all=$(train --test-every 3 | awk '/^test/ && !/best/ && ++m == 4 { print $2; exit }')
[ -n "$expected" ] && [ "$expected" != "$all" ] || fail "this run shows no patience"
expect 0 "^stopped behind step $expected:" train --test-every 3 --patience 4

# targets are neither right nor wrong
sed '/^\(data\|test\):/s/ rescale/ one_hot column=label num_classes=10 | type_cast column=label data_type=float32 | rescale/
    s/^loss: .*/loss: mse/' one.recipe > targets.recipe
expect 0 '^step .* accuracy -  learning rate' "$DETPIPE" train targets.recipe --steps 2 --test-every 2 --save targets.safetensors
grep -q '^test .* accuracy -  best so far$' out.txt || fail "an accuracy of targets"
expect 0 '^54 samples, 540 targets, loss ' "$DETPIPE" eval targets.recipe --load targets.safetensors
expect 0 '"labels":540,"correct":null,"accuracy":null,' "$DETPIPE" eval targets.recipe --load targets.safetensors --json
expect 0 '"test_accuracy":null,' "$DETPIPE" train targets.recipe --steps 2 --test-every 2 --json

# what cannot be
expect 2 'save-best.*test-every' train --save-best x.safetensors
expect 2 'patience.*test-every' train --patience 2
expect 2 'need two files' train --test-every 2 --save x.safetensors --save-best x.safetensors
expect 2 'writes .png, not x.jpg' train --plot x.jpg
expect 0 'no step was tested: --test-every 61, and 60 steps' train --test-every 61 --save-best x.safetensors
grep -v ^test: one.recipe > no.recipe
expect 2 'has no test: line' "$DETPIPE" train no.recipe --test-every 2
sed '/^test:/s/$/ | repeat/' one.recipe > endless.recipe
expect 2 'the test data never end: leave repeat out' "$DETPIPE" train endless.recipe --test-every 2
for option in save-best plot; do
    expect 3 '/nonexistent/x.png.*: No such file' train --test-every 2 --$option /nonexistent/x.png
    ! grep -q '^step' out.txt || fail "--$option /nonexistent/x.png is heard of after a step"
done
exit $failed
