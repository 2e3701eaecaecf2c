#!/bin/bash
# test_tiny_gpt.sh - one text in three layouts of tokens trains tiny_gpt with equal losses: threads, CPUs, ranks, resumed
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"

# words that a generator draws, the same everywhere: 24,000 bytes, each a token
awk 'BEGIN {
    split("the of a to and in model token learns reads bits order every equal run loss small text. then, ", word, " ")
    for (state = 1; length(text) < 24000; state = state * 48271 % 2147483647)
        text = text word[state % 19 + 1] (state % 97 ? " " : "\n")
    printf "%s", substr(text, 1, 24000)
}' > text
[ "$(wc -c < text)" = 24000 ] || fail "the text has $(wc -c < text) bytes"

# number BYTES N...: each in so many bytes, the least significant first
number() {
    local bytes=$1 n i
    shift
    for n; do
        for ((i = 0; i < bytes; i++)); do printf "\\x$(printf %x $((n >> 8 * i & 255)))"; done
    done
}
zeros() { head -c "$1" /dev/zero; }
pairs() { LC_ALL=C sed -z 's/./&\x00/g' "$1"; } # bytes as uint16

# nanoGPT's, llm.c's, Megatron's (three documents of uint16)
mkdir bare llmc megatron
for part in train val; do
    if [ $part = train ]; then head -c 20000 text; else tail -c 4000 text; fi > $part.text
    n=$(wc -c < $part.text)
    pairs $part.text > bare/$part.bin
    { number 4 20240520 1 "$n"; zeros 1012; cat bare/$part.bin; } > llmc/$part.bin
    { printf 'MMIDIDX\0\0'; number 8 1; number 1 8; number 8 3 4; number 4 1000 1 $((n - 1001))
      number 8 0 2000 2002; number 8 0 1 2 3; } > megatron/$part.idx
    cp bare/$part.bin megatron
done
[ "$(wc -c < bare/train.bin)" = 40000 ] || fail "train.bin has $(wc -c < bare/train.bin) bytes"

# it learns, and what it prints does not depend on the layout
"$DETPIPE" train tiny_gpt --data bare --threads 1 > out.txt || fail "tiny_gpt"
first=$(sed -n 's/^step  *1  loss \([0-9.]*\).*/\1/p' out.txt) last=$(sed -n 's/^step  *20  loss \([0-9.]*\).*/\1/p' out.txt)
awk -v a="$first" -v b="$last" 'BEGIN { exit !(a > 5.4 && a < 5.7 && b < 3.6) }' || fail "tiny_gpt learns nothing: $first, $last"
"$DETPIPE" train tiny_gpt --data bare --threads 1 --steps 8 --save alone.safetensors > alone.txt || fail "tiny_gpt"
cp "$SOURCE/tools/recipes/tiny_gpt.recipe" by_name.recipe
sed 's/\(train\|val\)\.bin/\1.idx/' by_name.recipe > by_index.recipe
same() { # WHAT: what was just trained is the run above; its last line has a digest of the weights
    cmp -s alone.txt out.txt || { fail "$1: other losses or weights"; diff alone.txt out.txt | head -4; }
}
expect 0 '^8 steps done' "$DETPIPE" train by_name.recipe --data llmc --steps 8
same "llm.c's file"
expect 0 '^8 steps done' "$DETPIPE" train by_index.recipe --data megatron --steps 8
same "Megatron's file"
for threads in 2 3 8; do
    expect 0 '^8 steps done' "$DETPIPE" train tiny_gpt --data bare --steps 8 --threads $threads
    same "$threads threads"
done
levels=$(DETPIPE_CPU=? "$DETPIPE" train tiny_gpt --data bare 2>&1 | sed -n 's/.*machine (\(.*\)): use.*/\1/p')
[ -n "$levels" ] || fail "the instruction sets of this machine are unknown"
for level in $levels; do
    expect 0 '^8 steps done' env DETPIPE_CPU=$level "$DETPIPE" train tiny_gpt --data bare --steps 8
    same "$level"
done

# resumed, from one layout to another
expect 0 '^3 steps done' "$DETPIPE" train tiny_gpt --data bare --steps 3 --save part.safetensors
expect 0 '^8 steps done' "$DETPIPE" train tiny_gpt --data llmc --steps 8 --threads 2 --load part.safetensors
resumed() { cmp -s <(tail -6 alone.txt) out.txt || fail "$1, resumed: other losses or weights"; }
resumed "llm.c's file"

# verify proves it, and fails where it must
for layout in bare llmc megatron; do
    [ $layout = megatron ] && what=by_index.recipe || what=tiny_gpt
    expect 0 '^REPRODUCED$' "$DETPIPE" verify $what --data $layout --vary threads,prefetch,cpu --steps 5
done
for fault in pixel:pixels record:order seed:order weight:weights; do
    expect 1 "lowest rung that differs is \"${fault#*:}\"" "$DETPIPE" verify tiny_gpt --data bare --steps 2 --inject "${fault%:*}"
done
mkdir changed
pairs <(tr e a < train.text) > changed/train.bin
expect 0 '^8 steps done' "$DETPIPE" train tiny_gpt --data changed --steps 8
cmp -s alone.txt out.txt && fail "another text trains with the same losses"
expect 3 'data set' "$DETPIPE" train tiny_gpt --data changed --load part.safetensors

# measured by labels, one a token; tokens that the net has no row for
expect 0 '^124 samples, 3968 labels, [0-9]+ correct, accuracy 0\.[0-9]{4}, loss [0-9.]+$' "$DETPIPE" eval tiny_gpt --data bare --load alone.safetensors
score=$(cat out.txt)
sed '/^net:/!s/val.bin/val.idx/' by_index.recipe > index.recipe
expect 0 "^$score\$" "$DETPIPE" eval index.recipe --data megatron --load alone.safetensors
expect 0 '"samples":124,"labels":3968,"correct":' "$DETPIPE" eval tiny_gpt --data llmc --load alone.safetensors --json
printf '\0\1' | dd of=changed/train.bin bs=2 seek=77 conv=notrunc 2> dd.txt
expect 3 'train.bin.*77.*256|77.*train.bin' "$DETPIPE" train tiny_gpt --data changed
expect 2 'batches of tokens: end data with batch' "$DETPIPE" train <(sed 's/ | shuffle | batch.*repeat//' by_name.recipe) --data bare
expect 2 'image \(or input\) and label' "$DETPIPE" train <(sed 's/^data: .*/data: range count=9 | batch batch_size=3/' by_name.recipe)
expect 2 'inject pixel needs the column image' "$DETPIPE" verify "range count=20 | batch batch_size=5" --inject pixel

# ranks
if [ -n "${SANITIZE:-}" ]; then
    echo "ranks are not tried under $SANITIZE: MPI leaks"
elif ! command -v mpirun > /dev/null || ! ldd "$DETPIPE" | grep -q libmpi; then
    echo "ranks are not tried: there is no Open MPI"
else
    root=
    [ "$(id -u)" != 0 ] || root=--allow-run-as-root
    for n in 2 3 4; do
        expect 0 '^8 steps done' mpirun -n $n --oversubscribe --bind-to none $root "$DETPIPE" train tiny_gpt --data bare --steps 8 --threads 1
        same "$n ranks"
    done
    expect 0 '^8 steps done' mpirun -n 2 --oversubscribe --bind-to none $root "$DETPIPE" train tiny_gpt --data bare --steps 8 --threads 2 --load part.safetensors
    resumed "2 ranks"
    expect 0 '^REPRODUCED$' "$DETPIPE" verify by_index.recipe --data megatron --ranks 1,2,4 --steps 3
fi
exit $failed
