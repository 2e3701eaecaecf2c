#!/bin/bash
# test_far_ranks.sh - ranks whose data lie elsewhere: what each reads, who has others, a block that is bad for one of them
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
. "$SOURCE/tests/support/server.sh"
[ -z "$SANITIZE" ] || { echo "skipped under $SANITIZE: MPI leaks"; exit 77; }
command -v mpirun > /dev/null && ldd "$DETPIPE" | grep -q libmpi || { echo "skipped: there is no Open MPI"; exit 77; }
needs_libcurl
root=
[ "$(id -u)" != 0 ] || root=--allow-run-as-root
ranks() { local n=$1; shift; mpirun -n "$n" --oversubscribe --bind-to none $root "$@"; }

mkdir served
text='cifar10 strict=false usage=train | resize size=8'
"$DETPIPE" snapshot write "$text" served/a.dps --data "$fixture" --block-size 200 > /dev/null || fail write # a record each
"$DETPIPE" snapshot write "$text | random_crop size=8 padding=1" served/other.dps --data "$fixture" --block-size 200 > /dev/null || fail write
"$DETPIPE" snapshot seal served/other.dps > /dev/null
"$DETPIPE" snapshot seal served/a.dps > seal.txt
digest=$(sed -n 's/^digest=//p' seal.txt)
records=$("$DETPIPE" snapshot info served/a.dps | sed -n 's/^rows *\([0-9]*\).*/\1/p')
[ "$("$DETPIPE" snapshot info served/a.dps | sed -n 's/^blocks *\([0-9]*\) .*/\1/p')" = "$records" ] || fail "blocks of more than a record"
serve served
far=http://127.0.0.1:$port

# recipe FOLDER [PARAMETERS]
recipe() {
    cat << E2
data: snapshot file=$1/a.dps${2:+ $2} | shuffle | rescale rescale=1/255 | hwc2chw | batch batch_size=16 | repeat
net: conv2d out_channels=4 kernel_size=3 | relu | flatten | dense out_channels=10
loss: softmax_cross_entropy leaf_size=4
optimizer: momentum learning_rate=0.01 momentum=0.9
seed: 4
E2
}
recipe served > here.recipe
recipe "$far/good" > far.recipe
steps=$((records / 16))
"$DETPIPE" train here.recipe --steps "$steps" --threads 1 > alone.txt || fail alone

# each rank asks for its own rows and no others: together they ask for each block once, whatever their number
for n in 1 2 4; do
    rm -f served/log
    expect 0 "^$steps steps done" ranks $n "$DETPIPE" train far.recipe --steps "$steps" --threads 1 --prefetch 0
    cmp -s alone.txt out.txt || { fail "$n ranks that read from afar print other losses"; diff alone.txt out.txt | head -4; }
    # blocks are the answers of more than 200 and less than 400 bytes
    awk '{ split($4, r, /[=-]/); size = r[3] - r[2] + 1 } size > 200 && size < 400 { print $1, $4 }' served/log > blocks
    all=$(wc -l < blocks)
    [ "$all" -le $((steps * 16 + 3 * n)) ] && [ "$all" -ge $((steps * 16)) ] || fail "$n ranks ask for $all blocks; there are $((steps * 16)) rows in their batches"
    most=$(cut -d' ' -f1 blocks | sort | uniq -c | sort -rn | awk 'NR == 1 { print $1 }')
    [ "$most" -le $((steps * 16 / n + 3)) ] || fail "one of $n ranks asks for $most blocks of $((steps * 16))"
done

# a rank with other data: another file by the same name, another digest of it, none of it
recipe "$far/older" > older.recipe
expect 3 'rank 1 has another data set, pipeline, seed' ranks 1 "$DETPIPE" train far.recipe --steps 3 : -n 1 "$DETPIPE" train older.recipe --steps 3
recipe "$far/older" "digest=$digest" > lied.recipe
recipe "$far/good" "digest=$digest" > sealed.recipe
expect 3 'older/a.dps is another snapshot: its digest is' ranks 1 "$DETPIPE" train sealed.recipe --steps 3 : -n 1 "$DETPIPE" train lied.recipe --steps 3
grep -q 'rank 1 of 2 ends the run' out.txt || { fail "nobody names the rank that is lied to"; cat out.txt; }
grep -q 'MPI: rank 1 of 2 cannot go on, and has said why' out.txt || { fail "rank 0 does not name rank 1"; cat out.txt; }
recipe "$far/404" > none.recipe
expect 3 'MPI: rank 2 of 3 cannot go on, and has said why' ranks 2 "$DETPIPE" train far.recipe --steps 3 : -n 1 "$DETPIPE" train none.recipe --steps 3
[ "$(grep -c 'rank 2 of 3 cannot go on' out.txt)" = 2 ] || { fail "not both other ranks name rank 2"; cat out.txt; }

# a record that is bad is read by one rank alone: it names it, all others name that rank, and the last whole step is kept
cp served/a.dps hurt.dps
row=$("$DETPIPE" order "snapshot file=served/a.dps | shuffle | batch batch_size=16" --seed 4 --batches 3 | tr -d '[]' | tr ' ' '\n' | sed -n 41p) # of the third batch, the first of rank 2 of 4
python3 - "$row" << 'E2'
import struct
import sys
with open("hurt.dps", "r+b") as file:
    data = file.read()
    head, index = struct.unpack("<I", data[12:16])[0], struct.unpack("<Q", data[-56:-48])[0]
    blocks = struct.unpack("<Q", data[-48:-40])[0]
    file.seek(head + (index - head) // blocks * int(sys.argv[1]) + 60)
    file.write(bytes(b ^ 255 for b in data[file.tell():file.tell() + 4]))
E2
expect 1 "^block $row .*a record is damaged" "$DETPIPE" snapshot check hurt.dps
sed 's,served/a.dps,hurt.dps,' here.recipe > hurt.recipe
expect 3 "hurt.dps: record $row .*is damaged" ranks 4 "$DETPIPE" train hurt.recipe --steps 6 --threads 1 --save hurt.safetensors
[ "$(grep -c "record $row" out.txt)" = 1 ] && [ "$(grep -c 'MPI: rank 2 of 4 cannot go on, and has said why' out.txt)" = 3 ] || { fail "a bad record: one rank finds it, three name that rank"; cat out.txt; }
grep -q 'hurt.safetensors has step 2, the last whole one' out.txt || { fail "a bad record: nothing is kept"; cat out.txt; }
expect 0 '^6 steps done' ranks 2 "$DETPIPE" train here.recipe --steps 6 --load hurt.safetensors --change data
exit $failed
