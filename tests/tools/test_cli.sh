#!/bin/bash
# test_cli.sh - the tool as a user meets it: answers, exit statuses, bad input
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"

# help and versions
expect 2 'usage: detpipe COMMAND' "$DETPIPE"
expect 0 'usage: detpipe COMMAND' "$DETPIPE" --help
# each command once, under the group of its row
groups() {
    sed -nE 's/^DP_COMMAND\(([a-z]+), ([a-z]+), .*/\2 \1/p' "$SOURCE/tools/commands/commands.def" | LC_ALL=C sort > rows
    "$DETPIPE" --help | awk '/^[a-z]+( |:).*/ {sub(":", ""); group = $1} /^  [a-z]+ / {print group, $1}' | LC_ALL=C sort | cmp - rows ||
        fail "detpipe --help groups the commands otherwise than tools/commands/commands.def"
}
aside groups
expect 0 '^detpipe [0-9]' "$DETPIPE" --version
expect 2 "there is no command 'nothing' .detpipe --help lists them" "$DETPIPE" nothing
expect 2 "there is no command 'verfy': did you mean verify[?] .det" "$DETPIPE" verfy
expect 2 'verify: there is no option --los: did you mean --loss[?] .det' "$DETPIPE" verify --los x -- true
expect 2 "there is no stage 'cfar10': did you mean cifar10[?] .det" "$DETPIPE" stages cfar10
expect 2 'train: there is no option --setps: did you mean --steps[?] .det' "$DETPIPE" train --setps=3
expect 2 "there is no operator 'conv2': did you mean conv2d[?] .det" "$DETPIPE" ops conv2
expect 2 "there is no command 'verfy': did you mean verify[?] .det" "$DETPIPE" help verfy
for command in verify train check digest stages selftest; do
    expect 0 "usage: detpipe $command" "$DETPIPE" "$command" --help
    expect 0 "usage: detpipe $command" "$DETPIPE" help "$command"
    expect 2 'there is no option --nothing' "$DETPIPE" "$command" --nothing
done
for text in "--help" "verify --help" "train --help" "check --help" "digest --help" "stages --help" "stages" "selftest --help" "check" "eval --help" "verify --steps 2" "verify --steps 2 --inject ftz" "stages crop"; do
    # shellcheck disable=SC2086
    if [ "$("$DETPIPE" $text | awk 'length > 80' | wc -l)" != 0 ]; then echo "FAILED: $text is over 80 columns wide"; failed=1; fi
done

# verify
expect 0 '^REPRODUCED$' "$DETPIPE" verify --steps 3
expect 0 '^REPRODUCED$' "$DETPIPE" verify --steps 2 --vary threads,prefetch,cpu
expect 0 '^REPRODUCED$' "$DETPIPE" verify "synthetic num_records=20 | random_crop size=8"
expect 1 'lowest rung that differs is "numerics"' "$DETPIPE" verify --steps 2 --inject ftz
expect 1 'lowest rung that differs is "order"' "$DETPIPE" verify --steps 2 --inject record
expect 1 'lowest rung that differs is "order"' "$DETPIPE" verify --steps 2 --inject seed
expect 1 'lowest rung that differs is "pixels"' "$DETPIPE" verify --steps 2 --inject pixel
expect 1 'lowest rung that differs is "weights"' "$DETPIPE" verify --steps 2 --inject weight
expect 1 'lowest rung that differs is "pixels"' "$DETPIPE" verify "synthetic | batch batch_size=4" --inject pixel
expect 2 '--inject takes ftz' "$DETPIPE" verify --inject gremlin
expect 2 'needs a recipe with a net' "$DETPIPE" verify "synthetic" --inject weight
expect 2 'needs batches of two rows' "$DETPIPE" verify "synthetic" --inject record
expect 2 '--vary takes a list' "$DETPIPE" verify --vary weather
expect 2 "is not a recipe, a file or a pipeline text" "$DETPIPE" verify nothing
expect 2 'column 13: there is no stage .shufle.: did you mean shuffle' "$DETPIPE" verify "synthetic | shufle"
expect 2 'one word too many' "$DETPIPE" verify synthetic "|" shuffle
expect 2 'takes a whole number' "$DETPIPE" verify --steps many
expect 2 'needs a value' "$DETPIPE" verify --steps
expect 3 'data-dir|data_batch' "$DETPIPE" verify cifar10_cnn --data "$work"
expect 3 'data_batch_1.bin has 60 records: expected 10000' "$DETPIPE" verify cifar10_cnn --data "$fixture"
expect 3 'cannot read the folder' "$DETPIPE" verify cifar10_cnn --data /nonexistent
"$DETPIPE" verify --steps 2 --json > out.json && grep -q '"reproduced":	true' out.json || { echo "FAILED: verify --json"; failed=1; }

# a recipe of one's own on the fixture
cat > mine.recipe <<'RECIPE'
# a comment
data: cifar10 strict=false usage=train | shuffle | rescale rescale=1/255 | hwc2chw
  | batch batch_size=10 | repeat
net: flatten | dense out_channels=10
loss: softmax_cross_entropy
optimizer: sgd learning_rate=0.1
steps: 4
RECIPE
expect 0 '^REPRODUCED$' "$DETPIPE" verify mine.recipe --data "$fixture" --vary threads,prefetch,cpu
expect 0 '^REPRODUCED$' bash -c '"$DETPIPE" verify <(cat mine.recipe) --data "$0"' "$fixture"
expect 0 'fingerprint: [0-9a-f]{32}' "$DETPIPE" check mine.recipe --data "$fixture"
expect 0 'step 1-[0-9]+ +0.1$' "$DETPIPE" check mine.recipe --data "$fixture"
for bad in 'nothing: 5' ' data: synthetic' 'data synthetic'; do
    printf '%s\n' "$bad" > bad.recipe
    expect 2 'bad.recipe: line 1' "$DETPIPE" check bad.recipe
done
printf 'net: relu\n' > bad.recipe
expect 2 'there is no data: line' "$DETPIPE" check bad.recipe
printf 'data: synthetic\nnet: relu\n' > bad.recipe
expect 2 'there is no loss: line' "$DETPIPE" check bad.recipe
printf 'data: synthetic\ndata: synthetic\n' > bad.recipe
expect 2 'line 2: data is given twice' "$DETPIPE" check bad.recipe
printf 'data: synthetic\nsteps: x\n' > bad.recipe
expect 2 "steps is a whole number" "$DETPIPE" check bad.recipe
printf 'data: syn\0thetic\n' > bad.recipe
expect 2 'byte 10 is NUL' "$DETPIPE" check bad.recipe
: > empty.recipe
expect 2 'there is no data: line' "$DETPIPE" check empty.recipe
expect 2 'is a folder' "$DETPIPE" check "$work"

# train: straight, in two parts, and what cannot be
expect 0 '^4 steps done, parameters [0-9a-f]{32}$' "$DETPIPE" train mine.recipe --data "$fixture" --save straight.safetensors
straight=$(tail -1 out.txt)
expect 0 '^2 steps done' "$DETPIPE" train mine.recipe --data "$fixture" --steps 2 --save part.safetensors
expect 0 "^$straight\$" "$DETPIPE" train mine.recipe --data "$fixture" --load part.safetensors --save whole.safetensors
cmp -s straight.safetensors whole.safetensors || { echo "FAILED: a resumed run has other weights"; failed=1; }
sed 's/ | hwc2chw//; s/^net: /net: input layout=nhwc | /' mine.recipe > pixels.recipe
cmp -s pixels.recipe mine.recipe && { echo "FAILED: mine.recipe has no hwc2chw"; failed=1; }
losses() { "$DETPIPE" train "$1" --data "$fixture"; }
losses mine.recipe > planes.txt && losses pixels.recipe > pixels.txt && cmp planes.txt pixels.txt || { echo "FAILED: input layout=nhwc changes a run"; failed=1; }
sed 's/learning_rate=[0-9.]*/learning_rate=0.011/' mine.recipe > other.recipe
expect 3 'is of a run with another optimizer' "$DETPIPE" train other.recipe --data "$fixture" --load part.safetensors
expect 3 'another net, loss, optimizer, init or seed' "$DETPIPE" train mine.recipe --data "$fixture" --seed 77 --load part.safetensors
sed 's/shuffle/shuffle | skip count=1/' mine.recipe > other.recipe
cmp -s other.recipe mine.recipe && { echo "FAILED: mine.recipe has no shuffle"; failed=1; }
expect 3 'belongs to another text' "$DETPIPE" train other.recipe --data "$fixture" --load part.safetensors
mkdir -p weighted; cp "$fixture"/*.bin part.safetensors weighted/; { cat mine.recipe; echo 'weights: part.safetensors'; } > other.recipe
expect 0 '^step +1 .*$' "$DETPIPE" train other.recipe --data weighted --steps 1
mkdir -p changed; cp "$fixture"/*.bin changed/; printf '\377' | dd of=changed/data_batch_1.bin bs=1 seek=99 conv=notrunc 2> /dev/null
expect 3 'belongs to another data set' "$DETPIPE" train mine.recipe --data changed --load part.safetensors
expect 3 "not this net's: missing" "$DETPIPE" train --load straight.safetensors
expect 3 'cannot write' "$DETPIPE" train --steps 1 --save /nonexistent/x.safetensors
"$DETPIPE" train --steps 1 --save /nonexistent/x.safetensors 2>/dev/null | grep -q step && { echo "FAILED: trained before saying that nothing can be saved"; failed=1; }
expect 2 'has no net' "$DETPIPE" train synthetic
expect 0 '"loss_hex":"0x' "$DETPIPE" train --steps 1 --json
for none in --every --save-every --test-every --patience; do expect 2 "train: $none takes 1 and more" "$DETPIPE" train "$none" 0; done
expect 2 "optimizer,steps,data,batch, not ''" "$DETPIPE" train --load straight.safetensors --change ''

# eval: the recipe's test data, whole, with weights or without
expect 2 'mine.recipe has no test: line' "$DETPIPE" eval mine.recipe --data "$fixture"
{ cat mine.recipe; echo 'test: cifar10 strict=false usage=test | rescale rescale=1/255 | hwc2chw | batch batch_size=7'; } > tested.recipe
expect 0 '^40 samples, [0-9]+ correct, accuracy 0\.[0-9]{4}, loss [0-9.]+$' "$DETPIPE" eval tested.recipe --data "$fixture" --load straight.safetensors
whole=$(cat out.txt)
expect 0 "^$whole\$" "$DETPIPE" eval tested.recipe --data "$fixture" --load straight.safetensors --threads 1
"$DETPIPE" eval tested.recipe --data "$fixture" | grep -qF "$whole" && { echo "FAILED: eval without weights is eval with them"; failed=1; }
expect 0 '"samples":40,"labels":40,"correct":' "$DETPIPE" eval tested.recipe --data "$fixture" --json
expect 3 "not this net's" "$DETPIPE" eval --load straight.safetensors
sed 's/batch_size=7/batch_size=7 | repeat/' tested.recipe > endless.recipe
expect 2 'never end: leave repeat out' "$DETPIPE" eval endless.recipe --data "$fixture"

# digest
expect 0 '^[0-9a-f]{32}  10 batches$' "$DETPIPE" digest "cifar10 strict=false usage=train | batch batch_size=10" --data "$fixture"
whole=$(cat out.txt)
expect 0 "^$whole\$" "$DETPIPE" digest "cifar10 strict=false usage=train | batch batch_size=10" --data "$fixture" --threads 7 --prefetch 5
expect 0 'batch 9$' "$DETPIPE" digest "cifar10 strict=false usage=train | batch batch_size=10" --data "$fixture" --each
expect 2 'the stream is endless' "$DETPIPE" digest "synthetic | repeat"
expect 2 'the stream is endless: .*--batches N' "$DETPIPE" snapshot write "synthetic | repeat" endless.snap
expect 0 '  3 batches$' "$DETPIPE" digest "synthetic | repeat" --batches 3 --skip 100000
expect 2 'past the end' "$DETPIPE" digest "synthetic num_records=5" --skip 6
expect 2 'an argument is missing' "$DETPIPE" digest
expect 0 '"seed":	18446744073709551615' "$DETPIPE" digest synthetic --batches 1 --seed 18446744073709551615 --json
expect 2 'takes a whole number' "$DETPIPE" digest synthetic --seed 18446744073709551616

# bench
expect 0 '"task": "small_cnn", "threads": 1, "images_per_s": [0-9.]+, .*"runs": [0-9]+' "$DETPIPE" bench --task small_cnn --seconds 0
expect 2 'takes raw, aug, resize227, skip, photos, photos_snapshot, photos_eval, decode, shards, shards_shuffled, tfrecord, tfrecord_shuffled, mindrecord, mindrecord_shuffled, tokens, weights, alexnet, small_cnn or resnet20, not resnet' "$DETPIPE" bench --task resnet
expect 0 '"task": "resnet20", "threads": 1, "images_per_s": [0-9.]+, .*"runs": [0-9]+' "$DETPIPE" bench --task resnet20 --seconds 0 --algorithm winograd4
expect 2 'algorithm=winograd4 cannot compute this: kernel_size is not 3' "$DETPIPE" bench --task alexnet --seconds 0 --algorithm winograd4
expect 2 'algorithm=fast is not one of direct,winograd,winograd4,auto' "$DETPIPE" bench --task small_cnn --seconds 0 --algorithm fast
expect 2 'algorithm does nothing here' "$DETPIPE" bench --task tokens --algorithm direct
expect 3 'data DIR names the folder' "$DETPIPE" bench --task raw
expect 2 'threads takes 1 to 1024' "$DETPIPE" bench --task small_cnn --threads 0

# ckpt
ckpt="$SOURCE/tests/golden/ckpt"
expect 0 '^bf16 +bfloat16\[6\] +[0-9a-f]{32}$' "$DETPIPE" ckpt info "$ckpt/plain.ckpt"
expect 0 '"format":	"safetensors"' "$DETPIPE" ckpt info "$ckpt/crc.safetensors" --json
expect 0 '^19 tensors are equal, 0 are not$' "$DETPIPE" ckpt diff "$ckpt/plain.ckpt" "$ckpt/sliced_1k_crc.ckpt"
expect 1 'bn.gamma: only in .*train_cell.ckpt$|global_step: only in' "$DETPIPE" ckpt diff "$ckpt/net_only.ckpt" "$ckpt/train_cell.ckpt"
expect 0 'out.npz is written' "$DETPIPE" ckpt convert "$ckpt/crc.safetensors" out.npz
expect 0 '^18 tensors are equal' "$DETPIPE" ckpt diff out.npz "$ckpt/plain.safetensors"
expect 2 'bf16 is bfloat16: .npz has no such type' "$DETPIPE" ckpt convert "$ckpt/plain.ckpt" no.npz
expect 2 'safetensors and .npz files can be written' "$DETPIPE" ckpt convert "$ckpt/plain.ckpt" no.ckpt
expect 2 'takes info FILE, convert IN OUT or diff A B' "$DETPIPE" ckpt info "$ckpt/plain.ckpt" more
expect 2 'takes info FILE, convert IN OUT or diff A B' "$DETPIPE" ckpt show "$ckpt/plain.ckpt"
expect 3 'no .pt, .safetensors, .npz or .ckpt file' "$DETPIPE" ckpt info "$SOURCE/README.md"
expect 3 'cannot open nothing.npz' "$DETPIPE" ckpt info nothing.npz
[ -e no.npz ] && { echo "FAILED: a file that could not be converted is left"; failed=1; }
# a recipe whose weights come from a file
cat > weights.recipe <<'TEXT'
data: synthetic num_records=64 | rescale rescale=1/255 | hwc2chw | batch batch_size=8
net: flatten | dense out_channels=10
loss: softmax_cross_entropy
optimizer: sgd learning_rate=0.1
weights: weights.npz
TEXT
grep -v '^weights' weights.recipe > plain.recipe
expect 0 'steps done' "$DETPIPE" train plain.recipe --steps 1 --seed 5 --save five.safetensors
expect 0 'is written' "$DETPIPE" ckpt convert five.safetensors weights.npz
expect 0 '^REPRODUCED$' "$DETPIPE" verify weights.recipe
cp out.npz weights.npz
expect 3 'missing fc1.weight' "$DETPIPE" verify weights.recipe

# stages, selftest
expect 0 '^  cifar10 ' "$DETPIPE" stages
expect 0 'coordinates=' "$DETPIPE" stages crop
expect 2 "there is no stage 'nothing'" "$DETPIPE" stages nothing
# ops
expect 0 '^layer_norm \(LayerNorm,LayerNormGrad\)' "$DETPIPE" ops
expect 0 '^  begin_norm_axis=1' "$DETPIPE" ops layer_norm
expect 0 '"hash":	"[0-9a-f]{32}"' "$DETPIPE" ops lstm --json
expect 2 "there is no operator 'nothing'" "$DETPIPE" ops nothing
for line in DynamicGRUV2 DynamicRNN LayerNorm NLLLoss BNTrainingReduce, BNTrainingUpdateGrad BNTrainingReduceGrad Conv2DBackFilter Conv3DBackFilter HcomAllreduce \
            MaxPool3dGrad ReduceAllD ReduceAnyD ReduceMaxD ReduceMeanD ReduceMinD ReduceProdD ReduceSumD RoiAlignGrad SquareSum StridedSliceGrad; do
    expect 0 "[(,]$line" "$DETPIPE" ops
done
expect 0 'kernels +equal to the specification' "$DETPIPE" selftest
expect 0 '"kernels":	true' "$DETPIPE" selftest --json
expect 2 'DETPIPE_CPU=pdp11' env DETPIPE_CPU=pdp11 "$DETPIPE" verify

# pipes, colours, full disks, another directory
if [ -e /dev/full ]; then
    "$DETPIPE" stages > /dev/full 2> err.txt
    [ $? = 3 ] && grep -q 'cannot write to standard output' err.txt || { echo "FAILED: a full disk on stdout"; failed=1; }
fi
"$DETPIPE" verify --steps 2 | grep -q $'\033' && { echo "FAILED: colour in a pipe"; failed=1; }
if script -qec true /dev/null < /dev/null > /dev/null 2>&1; then
    script -qec "$DETPIPE verify --steps 2" /dev/null < /dev/null | grep -q $'\033\[1;32mREPRODUCED' || { echo "FAILED: no colour on a terminal"; failed=1; }
    NO_COLOR=1 script -qec "$DETPIPE verify --steps 2" /dev/null < /dev/null | grep -q $'\033\[1;32m' && { echo "FAILED: colour with NO_COLOR"; failed=1; }
else
    echo "skipped: colours on a terminal (no script command or no pseudo-terminal here)"
fi
a=$(cd / && "$DETPIPE" verify --steps 2 | grep bits) ; b=$(LC_ALL=C.UTF-8 "$DETPIPE" verify --steps 2 | grep bits)
[ "$a" = "$b" ] || { echo "FAILED: the directory or the locale changes bits"; failed=1; }

# the real CIFAR-10
if [ -n "${DETPIPE_CIFAR10:-}" ]; then
    expect 0 '^REPRODUCED$' "$DETPIPE" verify cifar10_cnn --data "$DETPIPE_CIFAR10" --steps 5
    expect 0 '^REPRODUCED$' "$DETPIPE" verify cifar10_cnn --data "$DETPIPE_CIFAR10" --steps 3 --vary threads,prefetch,cpu
    if [ -n "${SANITIZE:-}" ]; then
        echo "skipped: fix_randomness under a sanitizer (minutes)"
    else
        # MindSpore's own losses of the reference run, within 1e-4 of each, by either algorithm
        sed 's/out_channels=[0-9]* kernel_size=[35]/& algorithm=winograd/g' "$SOURCE/tools/recipes/fix_randomness.recipe" > winograd.recipe
        [ "$(grep -o algorithm=winograd winograd.recipe | wc -l)" = 4 ] || { echo "FAILED: winograd.recipe has no four layers of winograd"; failed=1; }
        for recipe in fix_randomness winograd.recipe; do
            "$DETPIPE" train "$recipe" --data "$DETPIPE_CIFAR10" --steps 3 > out.txt ||
                { echo "FAILED: train $recipe"; failed=1; }
            awk 'BEGIN { split("2.3455408 2.3500540 2.3198526", theirs) }
                 $1 == "step" { d = $4 / theirs[$2] - 1; if (d < -1e-4 || d > 1e-4) exit 1; n++ }
                 END { exit n != 3 }' out.txt || { echo "FAILED: the losses of $recipe"; cat out.txt; failed=1; }
        done
        # one step: the second run makes its fused multiply-adds of binary64, a minute or two of two cores
        expect 0 '^REPRODUCED$' "$DETPIPE" verify fix_randomness --data "$DETPIPE_CIFAR10" --vary threads,prefetch,cpu --steps 1
    fi
    for fault in ftz:numerics record:order seed:order pixel:pixels weight:weights; do
        expect 1 "lowest rung that differs is \"${fault#*:}\"" "$DETPIPE" verify cifar10_cnn --data "$DETPIPE_CIFAR10" --steps 2 --inject "${fault%:*}"
    done
else
    echo "skipped: DETPIPE_CIFAR10 does not name the real CIFAR-10"
fi
exit $failed
