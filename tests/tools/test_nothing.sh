#!/bin/bash
# test_nothing.sh - what was not there is no proof: empty streams, streams shorter than asked, files with nothing in common
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"

none="range count=12 | batch batch_size=16 drop_remainder=true"
other="range count=11 | batch batch_size=16 drop_remainder=true"
two="synthetic num_records=20 | batch batch_size=10"
net='net: flatten | dense out_channels=10
loss: softmax_cross_entropy
optimizer: sgd learning_rate=0.1'
images() { echo "synthetic num_records=$1 | rescale rescale=1/255 | hwc2chw | batch batch_size=8"; }

# empty streams, by every command that reads one
for text in "$none" "synthetic | skip count=10000" "synthetic num_records=20 | filter values=99"; do
    expect 3 'verify: the stream is empty' "$DETPIPE" verify "$text"
    expect 3 'verify: the stream is empty' "$DETPIPE" verify "$text" --json
    expect 3 'digest: the stream is empty' "$DETPIPE" digest "$text"
    expect 3 'both are empty: nothing was compared' "$DETPIPE" diff "$text" "$text"
    expect 3 '"equal":	false' "$DETPIPE" diff "$text" "$text" --json
    expect 3 'snapshot: the stream is empty' "$DETPIPE" snapshot write "$text" nothing.dps
    [ -e nothing.dps ] && fail "a snapshot of nothing is written"
    for command in order "where --record 0" cat; do
        # shellcheck disable=SC2086
        expect 3 'the stream is empty: there is nothing to see' "$DETPIPE" $command "$text"
    done
done
expect 3 'both are empty' "$DETPIPE" diff "$none" "$other"
expect 1 'the first stream is empty' "$DETPIPE" diff "$none" "range count=40 | batch batch_size=16"
expect 1 'the second stream is empty' "$DETPIPE" diff "range count=40 | batch batch_size=16" "$none"
expect 3 'digest: the stream is empty' "$DETPIPE" digest "$two" --skip 2
[ -z "$("$DETPIPE" digest "$none" 2> /dev/null)" ] || fail "the digest of nothing is printed"
for test in "$(images 4) drop_remainder=true" "$(images 64) | skip count=8"; do
    printf 'data: %s\ntest: %s\n%s\n' "$(images 64)" "$test" "$net" > empty.recipe
    expect 3 'eval: the stream is empty' "$DETPIPE" eval empty.recipe
done

# shorter than asked: what is there is shown, and is not a yes
expect 3 'verify: asked 500 batches, the data end after 2' "$DETPIPE" verify "$two" --steps 500
grep -q '^NOT SHOWN$' out.txt && grep -q '^bits (every rung): equal$' out.txt || fail "verify does not say what it saw"
expect 3 '"reproduced":	false' "$DETPIPE" verify "$two" --steps 500 --json
grep -q '"steps":	2' out.txt && grep -q '"steps_asked":	500' out.txt || fail "verify --json does not count"
expect 0 '^REPRODUCED$' "$DETPIPE" verify "$two" --steps 2
expect 0 '^REPRODUCED$' "$DETPIPE" verify "synthetic num_records=9 | batch batch_size=9"
expect 1 '^NOT REPRODUCED$' "$DETPIPE" verify "$two" --steps 500 --inject pixel
expect 2 'steps takes 1 and more' "$DETPIPE" verify "$two" --steps 0
printf 'data: %s\n%s\nsteps: 5\n' "$(images 16)" "$net" > short.recipe
expect 3 'verify: asked 5 steps, the data end after 2' "$DETPIPE" verify short.recipe
expect 3 'the data ends after 2 of 5 steps' "$DETPIPE" train short.recipe
printf 'data: %s\n%s\n' "$(images 8)" "$net" > one.recipe
expect 3 'asked 2 steps, the data end after 1' "$DETPIPE" verify one.recipe
printf 'data: %s\nsteps: 5\n' "$two" > stream.recipe
expect 3 'asked 5 batches, the data end after 2' "$DETPIPE" verify stream.recipe
expect 3 'digest: asked 3 batches, the data end after 2' "$DETPIPE" digest "$two" --batches 3
expect 0 '  2 batches$' "$DETPIPE" digest "$two" --batches 2
expect 3 'asked 2 batches, the data end after 1' "$DETPIPE" digest "$two" --batches 2 --skip 1
expect 3 'snapshot: asked 3 batches, the data end after 2' "$DETPIPE" snapshot write "$two" long.dps --batches 3
[ -e long.dps ] && fail "a snapshot of less than was asked is written"
expect 0 'rows +20 in 2 batches' "$DETPIPE" snapshot write "$two" two.dps --batches 2

expect 2 'batches takes 1 and more' "$DETPIPE" digest "$two" --batches 0
expect 2 "vary '' varies nothing" "$DETPIPE" verify "$two" --vary ''

# evidence is counted, in text and in JSON
expect 0 '"rows_equal":	20' "$DETPIPE" diff "$two" "$two" --json
grep -q '"batches_compared":	2' out.txt || fail "diff --json of streams counts no batches"
expect 1 '"first_difference":	"row 0, column ' "$DETPIPE" diff "$two" "synthetic num_records=20 | shuffle | batch batch_size=10" --json
expect 0 '"kind":	"snapshot"' "$DETPIPE" snapshot diff two.dps two.dps --json
expect 0 '"rows_equal":	20' "$DETPIPE" diff two.dps two.dps --json

# files of tensors: none, one, two
tensors() { # NAME...: each one float
    local header='' at=0 name
    for name; do header+="${header:+,}\"$name\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[$at,$((at += 4))]}"; done
    header="{$header}"
    # shellcheck disable=SC2059
    printf "\\x$(printf %02x ${#header})\0\0\0\0\0\0\0%s" "$header"
    for name; do printf '\0\0\200\77'; done
}
tensors > none.safetensors; tensors a > a.safetensors; tensors a b > ab.safetensors
expect 0 '^1 tensors are equal, 0 are not$' "$DETPIPE" diff a.safetensors a.safetensors
expect 0 '"tensors_equal":	1' "$DETPIPE" diff a.safetensors a.safetensors --json
expect 1 '"different":	\["b"\]' "$DETPIPE" ckpt diff a.safetensors ab.safetensors --json
expect 1 '^b: only in ab.safetensors$' "$DETPIPE" ckpt diff a.safetensors ab.safetensors
expect 3 'none.safetensors holds no tensor' "$DETPIPE" ckpt info none.safetensors
expect 3 'none.safetensors holds no tensor' "$DETPIPE" ckpt convert none.safetensors none.npz
[ -e none.npz ] && fail "a file of no tensor is written"
expect 3 'no tensor' "$DETPIPE" diff none.safetensors none.safetensors

# ledgers: as many steps in each, and one in common; names that one has alone; nothing but NaN
"$DETPIPE" train --steps 3 --ledger l123 > /dev/null
"$DETPIPE" train --steps 3 --ledger more --ledger-tensors > /dev/null
head -3 l123 > l12
sed 2d l123 > l23
head -2 l123 > l1
expect 0 '^EQUAL$' "$DETPIPE" diff l12 l12
grep -q '2 in common, with 10 entries in both' out.txt || fail "diff does not count the entries of ledgers"
expect 0 '"entries_in_common":	10' "$DETPIPE" diff l12 l12 --json
expect 1 '^DIFFERENT$' "$DETPIPE" diff l12 l23
expect 1 '"steps_alone":	\[1, 1\]' "$DETPIPE" diff l12 l23 --json
expect 3 'no step in common: nothing was compared' "$DETPIPE" diff l1 l23
expect 1 'they recorded other' "$DETPIPE" diff l123 more
grep -q 'entries of common steps are in more alone' out.txt || fail "diff does not count the entries of one ledger alone"
expect 1 'in the first alone' "$DETPIPE" diff more l123
cat > nan.c <<'C'
#include <math.h>
#include "detpipe_ledger.h"
int main(int n, char **v)
{
    dp_ledger *l;
    return n != 2 || dp_ledger_open(&l, v[1], "nan", NULL, NULL) != DP_OK ||
           dp_ledger_step(l, 1, NAN, NULL) != DP_OK || (dp_ledger_close(l), 0);
}
C
if [ -n "${SANITIZE:-}" ]; then
    echo "skipped: a ledger of NaN (a sanitizer's library needs its flags)"
else
    "$CC" -I"$SOURCE/include" nan.c -o nan "$LIBRARY" -Wl,-rpath,"$(dirname "$LIBRARY")" && ./nan nan.ledger || fail "no ledger of NaN"
    expect 3 'no digest and no finite loss in common: nothing was compared' "$DETPIPE" diff nan.ledger nan.ledger
fi

# a pipe that nobody reads any more
"$DETPIPE" digest "synthetic | batch batch_size=1" --each 2> err.txt | head -1 > /dev/null
[ "${PIPESTATUS[0]}" = 141 ] && [ ! -s err.txt ] || fail "a closed pipe does not end the tool silently"

# a snapshot of no row, written by the library
cat > empty.c <<'C'
#include "detpipe_snapshot.h"
int main(int n, char **v)
{
    dp_pipeline *p;
    return n != 2 || dp_open(&p, "range count=3 | skip count=3", 1, NULL, NULL) != DP_OK ||
           dp_snapshot_write(p, v[1], NULL, NULL) != DP_OK || (dp_close(p), 0);
}
C
if [ -z "${SANITIZE:-}" ]; then
    "$CC" -I"$SOURCE/include" empty.c -o empty "$LIBRARY" -Wl,-rpath,"$(dirname "$LIBRARY")" -llz4 -lpng -ljpeg -lsqlite3 -lz -lm -pthread && ./empty empty.dps || fail "no snapshot of nothing"
    expect 3 'empty.dps holds no row' "$DETPIPE" snapshot info empty.dps
    expect 3 'both are empty' "$DETPIPE" snapshot diff empty.dps empty.dps
fi

# a line of a net each doubles what it takes: refused by name before any of it is taken, past what
# the machine has (of 8 x 3 x 32 x 32 floats twice, doubled until they are more) as past all limits
doubling() {
    printf 'data: %s\nloss: softmax_cross_entropy\noptimizer: sgd learning_rate=0.1\nnet: relu name=a0' "$(images 64)"
    for i in $(seq "$1"); do printf ' | relu | concat from=a%s name=a%s' $((i - 1)) "$i"; done
    echo ' | flatten'
}
pages=$(getconf _PHYS_PAGES) size=$(getconf PAGESIZE) n=0
while [ $((196608 << n)) -lt $((pages * size)) ]; do n=$((n + 1)); done
for n in "$n" 40; do
    doubling "$n" > doubling.recipe
    for command in verify train; do
        expect 3 '(concat|relu)[0-9]+: the net up to it would take more than' "$DETPIPE" "$command" doubling.recipe
    done
done
exit $failed
