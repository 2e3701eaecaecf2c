#!/bin/bash
# test_weights.sh - files of weights of other programs, from what they wrote to a net that trains on
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
export TMPDIR=$work
golden=$SOURCE/tests/golden
pt=$golden/pt

tool() { expect "$1" "$2" "$DETPIPE" "${@:3}"; }
names() { "$DETPIPE" ckpt info "$1" | sed '$d' | awk '{print $1}' | tr '\n' ' '; }

# PyTorch's files are what its own library of .safetensors says of them
tool 0 '^PyTorch: 9 tensors, 228 bytes of data$' ckpt info "$pt/state_dict.pt"
tool 0 '"format":	"PyTorch"' ckpt info "$pt/legacy.pt" --json
tool 0 '^12 tensors are equal, 0 are not$' ckpt diff "$pt/views.pt" "$pt/views.safetensors"
tool 1 '^0 tensors are equal, 39 are not$' ckpt diff "$pt/nested.pt" "$pt/state_dict.pt"
tool 3 'refused_counter.pt: byte 341: names collections.Counter' ckpt info "$pt/refused_counter.pt"

# --to float32: to the bit what PyTorch makes of every small float, and of the edges of float64
tool 0 'f.safetensors is written' ckpt convert "$pt/floats.pt" f.safetensors --to float32
tool 0 '^6 tensors are equal, 0 are not$' ckpt diff f.safetensors "$pt/floats_float32.safetensors"
tool 0 'f.safetensors is written' ckpt convert "$pt/floats.safetensors" f.safetensors --to float32
tool 0 '^6 tensors are equal, 0 are not$' ckpt diff f.safetensors "$pt/floats_float32.safetensors"
tool 2 "^detpipe: --to takes float32, not 'int8'" ckpt convert "$pt/floats.pt" f.safetensors --to int8
tool 2 'float8_e4m3fn is float8_e4m3fn: .npz has no such type' ckpt convert "$pt/floats.pt" f.npz

# diff shows the numbers of each width
for type in float8_e4m3fn float16 bfloat16; do
    expect 1 "^    first at 1: 2 \(0x[0-9a-f]+\) and 2.25 \(0x[0-9a-f]+\)$" \
        "$DETPIPE" ckpt diff "$pt/narrow.safetensors" "$pt/narrow_other.safetensors"
    grep -q "^$type: 2 of 3 elements differ, by at most 1 (" out.txt || { fail "$type"; cat out.txt; }
done

# --select and --rename
tool 0 'm.safetensors is written' ckpt convert "$pt/nested.pt" m.safetensors --select 'model.*' --rename 'model.*=*'
tool 0 '^9 tensors are equal, 0 are not$' ckpt diff m.safetensors "$pt/state_dict.pt"
tool 0 'm.safetensors is written' ckpt convert "$pt/state_dict.pt" m.safetensors --rename '*=_orig_mod.module.*'
tool 0 'n.safetensors is written' ckpt convert m.safetensors n.safetensors \
    --rename '_orig_mod.*=*' --rename 'module.*=*' --rename 'bn1.weight=bn1.gamma' --select '*.weight' --select '_orig_mod.module.fc.*'
[ "$(names n.safetensors)" = 'conv1.weight bn1.gamma fc.weight fc.bias ' ] || fail "renamed: $(names n.safetensors)"
tool 0 'c.safetensors is written' ckpt convert "$golden/ckpt/train_cell.ckpt" c.safetensors --select 'conv.*' \
    --select 'bn.*' --select 'fc.*' --rename '*.gamma=*.weight' --rename '*.moving_mean=*.running_mean'
[ "$(names c.safetensors)" = 'conv.weight conv.bias bn.weight bn.beta fc.weight fc.bias bn.running_mean bn.moving_variance ' ] ||
    fail "renamed: $(names c.safetensors)"
rm c.safetensors
refused() { tool 2 "$1" ckpt convert "$golden/ckpt/train_cell.ckpt" c.safetensors "${@:2}"; }
refused '^detpipe: --rename: bn.gamma and bn.beta would both be bn.gamma' --rename bn.beta=bn.gamma
refused '^detpipe: --rename: conv.weight and conv.bias would both be c' --rename 'conv.*=c'
refused '^detpipe: --rename module.\*=\*: no tensor has such a name' --rename 'module.*=*'
refused 'moments=m: no tensor has such a name' --rename moments=m
refused '^detpipe: --select x\*: .*train_cell.ckpt has no such tensor' --select 'bn.*' --select 'x*'
refused "^detpipe: --rename takes FROM=TO, each with one '\*' at most, not 'bn'" --rename bn
refused "not 'bn.beta=\*'" --rename 'bn.beta=*'
refused "not '\*b\*=a'" --rename '*b*=a'
refused "not '=a'" --rename =a
refused "^detpipe: --select takes a name with one '\*' at most, not '\*\*'" --select '**'
[ ! -e c.safetensors ] || fail "a refused conversion wrote a file"
tool 2 'ckpt: --rename does nothing here: it needs convert' ckpt info "$pt/state_dict.pt" --rename a=b
tool 2 'ckpt: --to does nothing here: it needs convert' ckpt diff "$pt/state_dict.pt" "$pt/legacy.pt" --to float32

# a net takes its weights from PyTorch's file, with the losses of the same weights from another format
cat > net.recipe <<'TEXT'
data: synthetic num_records=8 | resize size=4,4 | rescale rescale=1/255 | hwc2chw | batch batch_size=4 | repeat
net: flatten | dense out_channels=10
loss: softmax_cross_entropy
optimizer: sgd learning_rate=0.01
weights: FILE
steps: 3
seed: 1
TEXT
losses() { sed "s|FILE|$1|" net.recipe > run.recipe && "$DETPIPE" train run.recipe > "$2" 2>&1; }
losses "$pt/net.pt" torch || fail "weights: of net.pt: $(cat torch)"
"$DETPIPE" ckpt convert "$pt/net.pt" net.npz > /dev/null
losses "$PWD/net.npz" numpy || fail "weights: of net.npz: $(cat numpy)"
cmp torch numpy || fail "another format gives other losses"
grep -q loss torch || fail "nothing was trained: $(cat torch)"
losses "$pt/net_bfloat16.pt" torch && fail "bfloat16 weights were taken for float32"
grep -q 'another type: fc1.weight is bfloat16' torch || fail "bfloat16: $(cat torch)"
"$DETPIPE" ckpt convert "$pt/net_bfloat16.pt" wide.safetensors --to float32 > /dev/null
losses "$PWD/wide.safetensors" torch || fail "bfloat16 that was cast: $(cat torch)"

# verify names the tensor of a .pt file that differs, and the member where none does
export USUAL=$TMPDIR
other() { # PATTERN FILE: what run 1 writes is state_dict.pt, under --vary tmp FILE
    rm -f m.pt
    tool 1 "$1" verify --vary tmp --file m.pt -- \
        sh -c "[ \"\$TMPDIR\" = \"\$USUAL\" ] && cp '$pt/state_dict.pt' m.pt || cp '$2' m.pt"
}
other '^    m.pt DIFFERS: tensor fc.bias: 1 of 3 elements differ, first at 1: ' "$pt/other.pt"
other '^    m.pt DIFFERS: all tensors are equal; members? ' "$pt/repacked.pt"
rm m.pt

cp "$pt/kinds.pt" weights.pt
tool 0 '"task": "weights", "threads": 1, "mb_per_s": [0-9.e+-]+, .*"runs": [0-9]+' bench --task weights --seconds 0 --data .
tool 3 'cannot open ./none/weights.pt' bench --task weights --data ./none
tool 2 'bench: --digests does nothing here' bench --task weights --digests
exit $failed
