#!/bin/bash
# test_lint.sh - lint of what randomness breaks, without a data set, and of what is not a pipeline
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"

# warned COLUMN STAGE WORDS TEXT: exactly one finding has the words, at that column; --strict fails
warned() {
    expect 1 "^data column $1: $2: " "$DETPIPE" lint --strict "$4"
    tr -s '\n ' ' ' < out.txt | grep -q -- "$3" || { fail "lint does not say \"$3\" of $4"; cat out.txt; }
}
# silent WORDS TEXT: no finding has the words
silent() {
    "$DETPIPE" lint --all "$2" > out.txt 2>&1 || fail "lint $2"
    tr -s '\n ' ' ' < out.txt | grep -q -- "$1" && { fail "lint says \"$1\" of $2"; cat out.txt; }
}

# rows cut by place above an order that is another one each epoch
cut='cuts by place what'
warned 28 take "instead: put take before shuffle, or shuffle reshuffle_each_epoch=false" "range count=10 | shuffle | take count=8 | repeat count=2"
warned 28 skip "$cut shuffle" "range count=10 | shuffle | skip count=8 | repeat count=2" # the note on skip gives way
warned 28 split "instead: put split before shuffle" "range count=10 | shuffle | split sizes=0.8,0.2 part=1 | repeat count=2"
warned 28 split "$cut shuffle" "range count=10 | shuffle | split sizes=0.8,0.2 part=0 randomize=false"
warned 28 kfold "$cut shuffle" "range count=10 | shuffle | kfold folds=3 fold=0 part=train"
warned 35 split "before random_sampler, or random_sampler reshuffle_each_epoch=false" "range count=10 | random_sampler | split sizes=0.8,0.2 part=0"
warned 57 take "$cut weighted_random_sampler" "range count=3 | weighted_random_sampler weights=1,2,3 | take count=2"
warned 55 take "$cut subset_random_sampler" "range count=9 | subset_random_sampler indices=1,2,3 | take count=2"
warned 36 take "$cut pk_sampler" "synthetic | pk_sampler num_val=2 | take count=2"
warned 63 take "$cut distributed_sampler" "range count=9 | distributed_sampler num_shards=2 shard_id=0 | take count=2"
warned 28 subset_sampler "$cut shuffle" "range count=10 | shuffle | subset_sampler indices=1,2"
warned 28 sequential_sampler "$cut shuffle" "range count=10 | shuffle | sequential_sampler num_samples=5"
warned 49 take "$cut shuffle" "range count=10 | shuffle | batch batch_size=2 | take count=3"
warned 58 take "$cut shuffle" "range count=10 | concat with=\"range count=5 | shuffle\" | take count=3"
for text in "range count=10 | split sizes=0.8,0.2 part=0 | shuffle | repeat" "range count=10 | random_sampler reshuffle_each_epoch=false | take count=8" \
    "range count=10 | shuffle order=numpy reshuffle_each_epoch=false | take count=8" \
    "range count=10 | take count=8 | shuffle" "range count=10 | shuffle | take count=-1" "range count=10 | shuffle | skip count=0 | repeat" \
    "range count=10 | shuffle | repeat count=3 | take count=8" "range count=10 | shuffle | sequential_sampler" \
    "range count=9 | distributed_sampler num_shards=2 shard_id=0 shuffle=false | take count=2"; do
    silent "$cut" "$text"
done
for text in "range count=10 | shuffle order=jax | take count=8" "range count=10 | shuffle order=datasets | take count=8"; do
    silent "$cut" "$text" # made once
done
warned 57 take "$cut shuffle" "range count=10 | shuffle order=datasets buffer_size=4 | take count=8"
# Grain's shuffle, where it loses a row
lost='is not a permutation of 65537 rows in Grain: the last is never delivered'
warned 21 shuffle "$lost" "range count=65537 | shuffle order=grain"
warned 36 shuffle "$lost" "range count=65538 | skip count=1 | shuffle order=grain"
warned 21 shuffle 'is not a permutation of 65537 rows in TensorFlow' "range count=65537 | shuffle order=tf_index_shuffle"
for n in 2 17 257 32769 65536 65538 131073; do silent 'no permutation' "range count=$n | shuffle order=grain"; done
silent 'no permutation' "range count=65537 | shuffle"
# what lint says is so: the second epoch delivers what the first left out
[ "$("$DETPIPE" order "range count=10 | shuffle | take count=8 | repeat count=2")" = "3 2 0 1 9 5 4 7 | 8 9 4 2 5 3 0 1" ] || fail "take above shuffle"

# batches left out of every epoch; rows only in a note
warned 49 skip 'leaves out the first batches of every epoch, not of the run instead: skip behind repeat' "range count=10 | shuffle | batch batch_size=2 | skip count=2 | repeat"
silent 'leaves out the first' "range count=10 | shuffle | batch batch_size=2 | repeat | skip count=2"
expect 0 'leaves out the first rows of every epoch' "$DETPIPE" lint --all "range count=10 | skip count=2 | repeat"
expect 0 '"warnings":	0' "$DETPIPE" lint --json "range count=10 | skip count=2 | repeat"

# epochs that repeat the first
again='has in every epoch the order of the first'
warned 18 shuffle "$again instead: reshuffle_each_epoch=true" "range count=10 | shuffle reshuffle_each_epoch=false | repeat count=2"
warned 18 shuffle "$again instead: order=native" "range count=10 | shuffle order=sklearn | batch batch_size=2 | repeat"
warned 18 shuffle "$again" "range count=10 | shuffle order=webdataset rule=initial:3 | repeat"
warned 18 shuffle "$again" "range count=10 | shuffle order=webdataset rule=det,shard_size:2,workers:2,batch_size:3 | repeat"
warned 18 random_sampler "$again" "range count=10 | random_sampler reshuffle_each_epoch=false | skip count=0 | repeat"
warned 17 weighted_random_sampler "$again instead: order=native" "range count=3 | weighted_random_sampler weights=1,2,3 order=mindspore | repeat"
warned 13 random_color_adjust 'has in every epoch the random numbers of the first instead: iterator=one' \
    "synthetic | random_color_adjust brightness=0.5,1.5 order=mindspore iterator=new | repeat count=2"
for text in "range count=10 | shuffle | repeat count=2" "range count=3 | weighted_random_sampler weights=1,2,3 | repeat" "range count=10 | shuffle order=webdataset rule=shard_size:2,shard_shuffle:9,shard_det,in_shards | repeat" \
    "range count=10 | shuffle order=webdataset rule=det,shard_size:2,workers:2,batch_size:3,persistent_workers | repeat" "range count=10 | shuffle reshuffle_each_epoch=false" \
    "range count=10 | shuffle reshuffle_each_epoch=false | repeat count=1" "range count=10 | repeat count=2 | shuffle reshuffle_each_epoch=false" \
    "range count=10 | shuffle reshuffle_each_epoch=false | split sizes=0.5,0.5 part=0 | repeat count=2"; do
    silent 'has in every epoch' "$text"
done
[ "$("$DETPIPE" order "range count=5 | shuffle order=sklearn | repeat count=2")" = "$("$DETPIPE" order "range count=5 | shuffle order=sklearn") | $("$DETPIPE" order "range count=5 | shuffle order=sklearn")" ] || fail "sklearn's order changes"

# zip: another order on one side, other lengths
other() { echo "range count=$1${2:-} | project columns=id | rename input_columns=id output_columns=x"; }
apart='columns of different rows meet instead: zip first, then'
warned 28 zip "$apart shuffle" "range count=10 | shuffle | zip with=\"$(other 10)\""
warned 28 zip "$apart shuffle" "range count=10 | shuffle | zip with=\"$(other 10 ' | shuffle')\""
warned 18 zip "$apart random_sampler" "range count=10 | zip with=\"$(other 10 ' | random_sampler')\""
warned 40 zip "$apart shuffle" "range count=10 | shuffle order=torch | zip with=\"$(other 10 ' | shuffle order=numpy')\""
silent "$apart" "range count=10 | shuffle order=torch | zip with=\"$(other 10 ' | shuffle order=torch')\""
silent "$apart" "range count=10 | zip with=\"$(other 10)\" | shuffle"
warned 18 zip 'joins streams of 10 and of 9: what the longer has more is lost instead: take count=9' "range count=10 | zip with=\"$(other 9)\""
silent 'joins streams' "range count=10 | zip with=\"$(other 10)\""
silent 'joins streams' "range count=10 | zip with=\"$(other 5) | repeat\""

# a recipe's test: line, JSON, and --fix, which leaves nothing of the kind
cat > cut.recipe <<'TEXT'
data: synthetic num_records=64 | split sizes=0.5,0.5 part=0 | batch batch_size=8
test: synthetic num_records=64 | shuffle | split sizes=0.5,0.5 part=1 | batch batch_size=8
TEXT
expect 1 '^test column 38: split: cuts by place' "$DETPIPE" lint --strict cut.recipe
expect 1 '"where":	"test"' "$DETPIPE" lint --strict --json cut.recipe
fixed=$("$DETPIPE" lint --fix "range count=10 | shuffle | take count=8 | repeat count=2") || fail "lint --fix"
[ -z "$("$DETPIPE" lint --all --strict "$fixed")" ] || fail "lint is not silent on $fixed"

# a text needs no data set; its mistakes are found all the same
expect 1 '^data column 21: split: cuts by place' "$DETPIPE" lint --strict "cifar10 | shuffle | split sizes=0.5,0.5 part=0"
grep -q 'the data set is not here (--data DIR): the texts alone are looked at' out.txt || fail "lint does not say that there is no data set"
expect 2 "column 11: there is no stage 'shufle'" "$DETPIPE" lint "cifar10 | shufle"
expect 2 'column 26: ' "$DETPIPE" lint "cifar10 | shuffle | take nothing=5"
expect 0 '^png_folder .* \| center_crop size=8$' "$DETPIPE" lint --fix "png_folder | shuffle | random_crop size=8"
expect 0 '^net column 11: dropout' "$DETPIPE" lint <(printf 'data: cifar10 | hwc2chw | batch batch_size=2\nnet: flatten | dropout p=0.5\nloss: softmax_cross_entropy\noptimizer: sgd learning_rate=1\n')
expect 3 'cannot read the folder' "$DETPIPE" lint "cifar10 | shuffle" --data /nonexistent

# what is not a recipe: a line that says what it is, and what to do
is() { # PATTERN FILE
    for command in check verify digest train; do expect 2 "$2 is $1" "$DETPIPE" $command "$2"; done
}
printf '# trains\nimport torch\n' > train.py
is 'a Python script: .*`detpipe verify -- python3 train.py` runs it twice' train.py
printf '#!/usr/bin/env bash\nmake\n' > run
is 'a script: .*`detpipe verify -- ./run`' run
printf 'make\n' > run.sh
is 'a shell script: .*`detpipe verify -- sh run.sh`' run.sh
printf '#!/bin/bash\nmake\n' > run.sh
is 'a shell script: .*`detpipe verify -- bash run.sh`' run.sh
chmod +x run.sh
is 'a shell script: .*`detpipe verify -- ./run.sh`' run.sh
expect 2 "is a command: .*.detpipe verify -- bash run.sh. runs it" "$DETPIPE" verify 'bash run.sh'
expect 2 "is a command: .*.detpipe verify -- ./run.sh --lr=1. runs it" "$DETPIPE" verify './run.sh --lr=1'
printf '// a comment\nint main(void) { return 0; }\n' > t.c
is 'a C program' t.c
cp "$DETPIPE" program
is 'a program: .*`detpipe verify -- ./program`' program
# a command without the "--", with words behind it
expect 2 'train.py is a Python script: .*`detpipe verify -- python3 train.py`' "$DETPIPE" verify train.py --epochs 3
expect 2 './program is a program: .*`detpipe verify -- ./program`' "$DETPIPE" verify ./program 3
expect 2 'bash is a program: .*`detpipe verify -- bash ...`' "$DETPIPE" verify bash run.sh --epochs 3
cp "$SOURCE/tests/golden/snapshot/rows.dps" rows.dps
is 'a snapshot, not a recipe' rows.dps
cp "$SOURCE/tests/golden/torch_ops.npz" t.npz
is 'a zip archive' t.npz
cp "$SOURCE/tests/golden/ckpt/plain.safetensors" t.safetensors
is 'a .safetensors file' t.safetensors
printf '{}' > t.json
expect 2 't.json is JSON' "$DETPIPE" check t.json
printf '<!DOCTYPE html>' > t.html
is 'HTML or XML' t.html
printf '\377\376d\0a\0t\0a\0:\0' > wide.recipe
is 'UTF-16, not a recipe: save it as UTF-8' wide.recipe
printf '#!/bin/sh\ndata: range count=3\n' > odd.py # a recipe is one, whatever it is called
expect 0 '  3 batches$' "$DETPIPE" digest odd.py

# a byte order mark; a text that is too long
printf '\357\273\277data: range count=3\n' > mark.recipe
expect 0 '  3 batches$' "$DETPIPE" digest mark.recipe
expect 0 '^REPRODUCED$' "$DETPIPE" verify mark.recipe
{ printf 'data: range count=9 | subset_sampler indices=0'; for i in $(seq 40000); do printf ',%d' $((i % 9)); done; echo; } > long.recipe
expect 2 'at most 65536 bytes, this one has 80040' "$DETPIPE" digest long.recipe
exit $failed
