#!/bin/bash
# test_snapshots.sh - detpipe snapshot as a user types it
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
snapshot() { "$DETPIPE" snapshot "$@"; }

expect 0 'usage: detpipe snapshot' snapshot --help
[ "$(snapshot --help | awk 'length > 80' | wc -l)" = 0 ] || fail "snapshot --help is over 80 columns wide"
expect 2 'an argument is missing' snapshot
expect 2 'an argument is missing' snapshot write
expect 2 'snapshot takes write SPEC OUT' snapshot write synthetic
expect 2 'snapshot takes write SPEC OUT' snapshot look x
expect 2 'there is no option --nothing' snapshot info x --nothing
expect 2 'takes a whole number' snapshot write synthetic x --shard-size 10X
expect 2 'takes a whole number' snapshot write synthetic x --shard-size 99999999999999G

# written, read, looked at
spec='cifar10 strict=false usage=test | shuffle | resize size=16 | rescale rescale=1/255 | batch batch_size=16 | repeat count=2'
expect 0 'rows +80 in 6 batches of up to 16' snapshot write "$spec" a.dps --data "$fixture" --seed 7 --compression lz4
grep -q 'read it with snapshot file=a.dps batched=true' out.txt || fail 'write does not say how to read'
[ "$("$DETPIPE" digest "$spec" --seed 7 --data "$fixture")" = "$("$DETPIPE" digest 'snapshot file=a.dps batched=true')" ] ||
    fail "the snapshot has another digest than the stream"
expect 0 '^seed +7$' snapshot info a.dps
expect 0 '"batches":[[:space:]]*6,' snapshot info a.dps --json
[ "$(snapshot info a.dps | awk 'length > 80' | wc -l)" = 0 ] || fail "snapshot info is over 80 columns wide"
expect 0 'every byte is as it was written' snapshot check a.dps
expect 0 '^row 0 record 79 +image [0-9a-f]{32} +label [0-9] +id' snapshot cat a.dps --batch 79
expect 2 'there is no batch 80' snapshot cat a.dps --batch 80
expect 0 'usage: detpipe cat' snapshot cat --help
expect 0 '^row 15 record' "$DETPIPE" cat 'snapshot file=a.dps batched=true'
expect 0 'rows +3$' snapshot write 'range count=10' few.dps --batches 3

# equal files from equal streams; differences are named
expect 0 . snapshot write "$spec" b.dps --data "$fixture" --seed 7 --compression lz4 --threads 3
cmp a.dps b.dps || fail "the same stream wrote two files"
expect 0 '^80 rows are equal, 0 are not$' snapshot diff a.dps b.dps
expect 0 . snapshot write "$spec" other.dps --data "$fixture" --seed 8
expect 1 'made with seeds 7 and 8' snapshot diff a.dps other.dps
expect 1 'column image, element 0: [-0-9.e]+ and [-0-9.e]+$' snapshot diff a.dps other.dps
expect 1 'column id int64\[\], and image float32\[16, 16, 3\]' snapshot diff few.dps a.dps
expect 0 . snapshot write 'range count=9' nine.dps
expect 1 '^3 rows and 9$' snapshot diff few.dps nine.dps

# shards
expect 0 'in [0-9]+ shards' snapshot write "$spec" s.dps --data "$fixture" --seed 7 --shard-size 64K --block-size 16K
[ "$(ls s.dps.*.00001 | wc -l)" = 1 ] || fail "there is no second shard"
expect 0 '^80 rows are equal' snapshot diff a.dps s.dps
mv s.dps.*.00001 kept
expect 3 'cannot open .*00001: No such file' snapshot check s.dps
expect 0 'shards' snapshot write "$spec" s.dps --data "$fixture" --seed 7 --shard-size 64K --block-size 16K --resume
cmp kept s.dps.*.00001 || fail "the shard that was written again is another"

# damage: found, named, passed over, repaired
cp a.dps whole.dps
at=$(($(stat -c %s a.dps) / 2))
printf '\377\377\377' | dd of=a.dps bs=1 seek=$at conv=notrunc status=none
expect 1 'block [0-9]+ \(records [0-9]+ to [0-9]+\) at byte [0-9]+' snapshot check a.dps
expect 3 'a.dps: ' "$DETPIPE" digest 'snapshot file=a.dps batched=true'
expect 0 '^[0-9a-f]{32}  [0-9]+ batches' "$DETPIPE" digest 'snapshot file=a.dps on_error=skip'
expect 3 'was written from another text' snapshot check a.dps --repair-from synthetic
expect 0 '^repaired: every byte' snapshot check a.dps --repair-from "$spec" --data "$fixture"
cmp a.dps whole.dps || fail "the repaired file is another"
head -c 1000 whole.dps > cut.dps
expect 3 'cut.dps is not complete' "$DETPIPE" digest 'snapshot file=cut.dps'
expect 1 'blocks [0-9]+ to [0-9]+: nothing says' snapshot check cut.dps
expect 0 'content +not known' snapshot info cut.dps
expect 0 '^repaired' snapshot check cut.dps --repair-from "$spec" --data "$fixture"
cmp cut.dps whole.dps || fail "the file that was cut is another"
printf 'x' | dd of=a.dps bs=1 seek=20 conv=notrunc status=none
expect 3 'the header is damaged' snapshot check a.dps
expect 3 'is not a snapshot' snapshot info out.txt
: > empty
expect 3 'empty is not a snapshot' snapshot info empty
expect 3 'No such file' snapshot info nothing
expect 3 'is not a regular file' snapshot info .
mkfifo pipe
expect 3 'is not a regular file' snapshot info pipe

# held against the seal that lies beside it, if there is one
cp whole.dps sealed.dps
expect 0 '^sealed.dps: every byte is as it was written$' snapshot check sealed.dps
[ "$(wc -l < out.txt)" = 1 ] || { fail "check says more than that, without a seal"; cat out.txt; }
expect 3 '--digest needs sealed.dps.seal' snapshot check sealed.dps --digest 00
expect 0 . snapshot seal sealed.dps
digest=$(sed -n 's/^digest=//p' out.txt)
n=$(snapshot info sealed.dps | sed -n 's/^blocks *\([0-9]*\) .*/\1/p')
expect 0 "^$n of $n blocks are those of sealed.dps.seal\$" snapshot check sealed.dps
grep -q "^digest=$digest\$" out.txt || fail "check does not name the seal's digest"
expect 0 'every byte' snapshot check sealed.dps --digest "$digest"
expect 3 "is another snapshot: its digest is $digest, not 00" snapshot check sealed.dps --digest 00
cp sealed.dps.seal kept.seal
printf '\1' | dd of=sealed.dps.seal bs=1 seek=70 conv=notrunc status=none # the first block's
expect 1 'block 0 .*: it is another than its seal says' snapshot check sealed.dps
grep -q "^$((n - 1)) of $n blocks" out.txt || fail "check counts a block that is another"
expect 3 'block 0 is another in sealed.dps.seal' snapshot check sealed.dps --repair-from "$spec" --data "$fixture"
cmp sealed.dps whole.dps || fail "a block that its seal does not know was written"
printf '\1' | dd of=sealed.dps.seal bs=1 seek=40 conv=notrunc status=none # the header's
expect 3 'sealed.dps.seal is not the seal of this snapshot' snapshot check sealed.dps
cp kept.seal sealed.dps.seal
printf '\377\377\377' | dd of=sealed.dps bs=1 seek=$at conv=notrunc status=none
expect 1 "^$((n - 1)) of $n blocks" snapshot check sealed.dps
expect 0 "^$n of $n blocks" snapshot check sealed.dps --repair-from "$spec" --data "$fixture"
rm sealed.dps.seal
mkdir sealed.dps.seal
expect 3 'sealed.dps.seal is not a regular file' snapshot check sealed.dps

# stopped and resumed
head -c 30000 whole.dps > r.dps.tmp
expect 0 . snapshot write "$spec" r.dps --data "$fixture" --seed 7 --compression lz4 --resume
cmp r.dps whole.dps || fail "--resume gave other bytes"
[ ! -e r.dps.tmp ] || fail "r.dps.tmp stays"
expect 0 . snapshot write "$spec" r.dps --data "$fixture" --seed 7 --compression lz4 --resume # it stands already
cmp r.dps whole.dps || fail "--resume of what stands gave other bytes"
head -c 30000 whole.dps > r.dps.tmp
expect 3 'is of another stream or other options' snapshot write "$spec" r.dps --data "$fixture" --seed 8 --compression lz4 --resume

# places that cannot be written; the old file stays
expect 3 'cannot write ./nowhere/x.tmp: No such file' snapshot write synthetic ./nowhere/x
expect 3 'cannot write .: it is a folder' snapshot write synthetic .
expect 2 'OUT is a file' snapshot write synthetic -
expect 2 'endless' snapshot write 'synthetic | repeat' x.dps
expect 2 'column 13: there is no stage' snapshot write 'synthetic | shufle' x.dps
expect 2 'no compression' snapshot write synthetic x.dps --compression zip
expect 3 'File too large' bash -c "trap '' XFSZ; ulimit -f 20; exec '$DETPIPE' snapshot write '$spec' r.dps --data '$fixture' --seed 9"
cmp r.dps whole.dps || fail "a failed write touched the old file"
expect 0 . snapshot write "$spec" r.dps --data "$fixture" --seed 9 --resume
expect 0 'every byte' snapshot check r.dps
if [ "$(id -u)" != 0 ]; then
    mkdir closed && chmod a-w closed
    expect 3 'Permission denied' snapshot write synthetic closed/x
fi

# names that need quotes
expect 0 . snapshot write 'range count=3' 'a "b" | c\d.dps'
grep -qF 'read it with snapshot file="a \"b\" | c\\d.dps"' out.txt || fail 'the text to read it is not quoted'
expect 0 'every byte' snapshot check 'a "b" | c\d.dps'
expect 0 '^row 0 record 2' snapshot cat 'a "b" | c\d.dps' --batch 2
expect 0 '3 rows are equal' snapshot diff 'a "b" | c\d.dps' few.dps

exit $failed
