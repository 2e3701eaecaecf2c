#!/bin/bash
# test_change.sh - train --load --change: what is kept, what may be another one, what is noted and refused
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
train() { "$DETPIPE" train "$@" --threads 2; }
changed() { sed "$1" one.recipe > "$2.recipe"; cmp -s one.recipe "$2.recipe" && fail "$1 changes nothing"; }
# of step $2 in ledger $1: what stands under the name $3
entry() { grep "^{\"step\":$2," "$1" | grep -oE "\"$3\":\"[0-9a-f]+\""; }

cat > one.recipe <<'E2'
data: synthetic num_records=96 seed=1 | shuffle | random_crop size=32 padding=2 | rescale rescale=1/255 | hwc2chw
  | batch batch_size=16 | repeat
net: conv2d out_channels=4 kernel_size=3 stride=2 | batch_norm | relu | flatten | dropout p=0.2 seed=1 | dense out_channels=10
loss: softmax_cross_entropy
optimizer: momentum learning_rate=0.01 momentum=0.9
steps: 10
E2
train one.recipe --steps 4 --save four.safetensors > /dev/null || fail "four steps"

# another optimizer: the run whose learning rate is the other one from step 5 on
changed 's/learning_rate=0.01/learning_rate=0.02/' faster
changed 's/learning_rate=0.01/learning_rate=0.01,0.02 milestones=4,100/' oracle
train oracle.recipe | sed 1,4d > expected.txt
expect 3 'four.safetensors is of a run with another optimizer' train faster.recipe --load four.safetensors
grep -q -- '--change optimizer goes on' out.txt || fail "nobody names --change: $(cat out.txt)"
expect 0 '^10 steps done' train faster.recipe --load four.safetensors --change optimizer --save ten.safetensors --ledger ten.ledger
grep -v changed out.txt | cmp -s expected.txt - || fail "moments, steps or place were not kept"
grep -qE 'changed from step 4:[0-9a-f]{32}:optimizer$' out.txt || fail "it is not said: $(cat out.txt)"
grep -aoqE ' from=4:[0-9a-f]{32}:optimizer"' ten.safetensors || fail "the checkpoint does not note the change"
grep -qE '"about":"run [0-9a-f]{32} seed 1, from 4:[0-9a-f]{32}:optimizer"' ten.ledger || fail "the ledger does not note it"

# in two parts it is the same run; without --change from then on, and its ledger goes on
train faster.recipe --load four.safetensors --change optimizer --steps 7 --save seven.safetensors --ledger parts.ledger > /dev/null 2>&1
expect 0 '^10 steps done' train faster.recipe --load seven.safetensors --save again.safetensors --ledger parts.ledger
cmp -s ten.safetensors again.safetensors || fail "the changed run in two parts is another one"
cmp -s ten.ledger parts.ledger || fail "its ledger is another one"
expect 3 'another optimizer' train one.recipe --load seven.safetensors
# of both texts: what came before the change counts
changed 's/learning_rate=0.01/learning_rate=0.03/' third
train third.recipe --steps 4 --save other.safetensors > /dev/null
train faster.recipe --load other.safetensors --change optimizer --ledger other.ledger > /dev/null 2>&1
[ "$(head -1 other.ledger | cut -c1-80)" != "$(head -1 ten.ledger | cut -c1-80)" ] || fail "two runs have one name"
# a second change is noted on top of the first
expect 0 '^10 steps done' train one.recipe --load seven.safetensors --change optimizer,steps --save back.safetensors
grep -aoqE ' from=7:[0-9a-f]{32}:optimizer"' back.safetensors || fail "the second change is not noted"
# diff --replay goes on from it, too
expect 0 '^EQUAL' "$DETPIPE" diff ten.ledger parts.ledger
# nothing is another one: nothing is noted
expect 0 '^10 steps done' train one.recipe --load four.safetensors --change optimizer,data,batch --save plain.safetensors
train one.recipe --save straight.safetensors > /dev/null
cmp -s plain.safetensors straight.safetensors || fail "--change without a change changes something"

# other data, from the same batch on
changed 's/padding=2/padding=3/' wider
train wider.recipe --ledger wider.ledger > /dev/null
expect 3 'belongs to another text' train wider.recipe --load four.safetensors
grep -q -- '--change data goes on' out.txt || fail "nobody names --change data: $(cat out.txt)"
expect 3 'belongs to another text' train wider.recipe --load four.safetensors --change optimizer,batch
expect 0 '^10 steps done' train wider.recipe --load four.safetensors --change data --ledger data.ledger
for step in 5 10; do
    [ -n "$(entry data.ledger $step batch)" ] && [ "$(entry data.ledger $step batch)" = "$(entry wider.ledger $step batch)" ] || fail "step $step has other data"
done

# other batches, from the next row on: after 4 of 16 rows the ninth of 8; in the second epoch, too
changed 's/batch_size=16/batch_size=8/' small
train small.recipe --steps 24 --ledger small.ledger > /dev/null
expect 3 'belongs to another text' train small.recipe --load four.safetensors --change data
grep -q -- '--change batch goes on' out.txt || fail "nobody names --change batch: $(cat out.txt)"
expect 0 '^12 steps done' train small.recipe --load four.safetensors --change batch --steps 12 --ledger batch.ledger --save twelve.safetensors
for step in 5 12; do
    [ "$(entry batch.ledger $step batch)" = "$(entry small.ledger $((step + 4)) batch)" ] || fail "step $step has other rows"
done
train small.recipe --load four.safetensors --change batch --steps 9 --save nine.safetensors > /dev/null 2>&1
expect 0 '^12 steps done' train small.recipe --load nine.safetensors --steps 12 --save parts.safetensors
cmp -s twelve.safetensors parts.safetensors || fail "other batches in two parts are another run"
train one.recipe --steps 8 --save eight.safetensors > /dev/null
expect 0 '^9 steps done' train small.recipe --load eight.safetensors --change batch --steps 9 --ledger epoch.ledger
[ "$(entry epoch.ledger 9 batch)" = "$(entry small.ledger 17 batch)" ] || fail "the second epoch has other rows"
changed 's/batch_size=16/batch_size=48/' large
expect 3 'has taken 64 rows of an epoch, and no batch of 48 rows begins behind them' train large.recipe --load four.safetensors --change batch

# refused whatever is asked
changed 's/out_channels=4/out_channels=4 has_bias=false/; s/relu/tanh/' net
expect 3 'another net, loss, optimizer, init or seed' train net.recipe --load four.safetensors --change optimizer,steps,data,batch
changed 's/momentum learning_rate=0.01 momentum=0.9/adam learning_rate=0.01/' adam
expect 3 "not this net's: missing moments2" train adam.recipe --load four.safetensors --change optimizer
expect 2 "takes optimizer,steps,data,batch, not 'net'" train one.recipe --load four.safetensors --change optimizer,net
expect 2 'change.*load' train one.recipe --change optimizer
exit $failed
