#!/bin/bash
# test_mirror.sh - detpipe snapshot mirror: copies that are whole or not there, whatever the server, the disk, a kill do
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
. "$SOURCE/tests/support/server.sh"
needs_libcurl

mirror() { "$DETPIPE" snapshot mirror "$@"; }
text='cifar10 strict=false usage=test | shuffle | resize size=16'
mkdir served
write() { "$DETPIPE" snapshot write "$1" "served/$2" --data "$fixture" "${@:3}" > /dev/null || fail "write $2"; }
write "$text" a.dps --block-size 8K
write "$text" other.dps --block-size 8K --seed 2
write "$text" packed.dps --block-size 8K --compression lz4
write "$text" shards.dps --block-size 8K --shard-size 16K
"$DETPIPE" snapshot write png_folder served/vary.dps --block-size 1K --data "$SOURCE/tests/golden/png" > /dev/null 2>&1
write 'synthetic num_records=10000' large.dps --block-size 8K
for name in a other shards large; do "$DETPIPE" snapshot seal served/$name.dps > sealed.$name || fail "seal $name"; done
digest=$(sed -n 's/^digest=//p' sealed.a)
serve served
far=http://127.0.0.1:$port
export DETPIPE_REMOTE='timeout=1 tries=3 wait=0'

# same NAME FOLDER: that the copy has the files of NAME, and no other
same() {
    local file
    for file in served/"$1".dps*; do cmp "$file" "$2/${file#served/}" || fail "$2: the copy of $file is another"; done
    [ "$(ls -A "$2" | wc -l)" = "$(ls served/"$1".dps* | wc -l)" ] || fail "$2 holds $(ls -A "$2" | tr '\n' ' ')"
}

# every shape of it, from an address and from a file; again, when it is there
for name in a packed shards vary large; do
    expect 0 "^far.$name/$name.dps: every byte is as it was written\$" mirror "$far/good/$name.dps" far.$name
    same $name far.$name
    expect 0 'every byte' mirror served/$name.dps near.$name
    same $name near.$name
    rm served/log
    expect 0 'every byte' mirror "$far/good/$name.dps" far.$name
    same $name far.$name
    case $name in a | large) [ "$(wc -l < served/log)" -le 6 ] || fail "$name is copied again: $(cat served/log)" ;; esac
done
mirror "$far/good/a.dps" far.a --digest "$digest" > out.txt
printf '%s\n' 'far.a/a.dps: every byte is as it was written' '4 of 4 blocks are those of far.a/a.dps.seal' "digest=$digest" | cmp - out.txt || cat out.txt
expect 3 'is another snapshot: its digest is' mirror "$far/good/a.dps" none --digest 00
expect 3 'no.dps.seal|--digest needs' mirror "$far/good/packed.dps" none --digest "$digest"
[ ! -e none ] || fail "what is refused leaves a folder"

# the log of a copy: pieces of a MiB, however small the blocks are
rm served/log
expect 0 'every byte' mirror "$far/good/large.dps" pieces
[ "$(wc -l < served/log)" -lt 60 ] || fail "$(wc -l < served/log) transfers for 30 MB"

# what a server sends instead is an error that names the block; nothing has the name of the file, and a better one goes on
bad() { # MODE REQUESTS WORDS NAME: a mode that begins behind so many requests
    local mode=$1@$2.$((++runs))
    rm -rf bad
    expect 3 "$mode/$4.dps$3" mirror "$far/$mode/$4.dps" bad
    [ ! -e bad/$4.dps ] || fail "$1: $4.dps stands"
    expect 0 'every byte' mirror "$far/good/$4.dps" bad
    same $4 bad
}
runs=0
for name in a packed shards; do
    rm served/log
    expect 0 . "$DETPIPE" snapshot info "$far/good/$name.dps"
    opening=$(grep -vc ' 404 ' served/log)
    bad flip $opening ': block [0-9]+ \(records [0-9]+ to [0-9]+\) at byte [0-9]+: ' $name
    bad late404 $opening ': block [0-9]+ .*answered 404' $name
done
bad late500 2 ': block 0 .*answered 500' a
bad cut 2 ': block 0 .*sent less than it said' a
bad silent 2 ': block 0 .*too few bytes within timeout=' a
bad changed 2 ': block 0 .*another than when it was opened' a
bad longer 2 ': block 0 .*another length' a
bad seal403 1 '.seal: the server answered 403' a
rm -rf bad
expect 3 'is another snapshot: its digest is' mirror "$far/older/a.dps" bad --digest "$digest"
expect 0 'every byte' mirror "$far/older/a.dps" bad # whose digest nobody asked for
cmp served/other.dps bad/a.dps || fail "older: another file than the one that was sent"
expect 3 'bad/a.dps is there, and is not that of http.*good/a.dps: move it away' mirror "$far/good/a.dps" bad
cmp served/other.dps bad/a.dps || fail "a file that stood there was replaced"
for seed in {1..20}; do
    rm -rf bad
    mirror "$far/mutate.$seed/a.dps" bad --digest "$digest" > out.txt 2>&1
    case $? in
        0) same a bad ;;
        3) [ ! -e bad/a.dps ] || fail "mutate.$seed: an error and a file" ;;
        *) fail "mutate.$seed: neither a copy nor an error"; cat out.txt ;;
    esac
done

# goes on where it was stopped: by the server, and by SIGKILL
expect 3 'block [0-9]+ .*answered 404' mirror "$far/hole/large.dps" resumed
rm served/log
expect 0 'every byte' mirror "$far/good/large.dps" resumed
same large resumed
[ "$(grep -c ' bytes=[0-9]*-' served/log)" -lt 30 ] || fail "a copy that goes on asks for all of it again"
rm served/log
DETPIPE_REMOTE='timeout=600' "$DETPIPE" snapshot mirror "$far/stall/large.dps" killed > out.txt 2>&1 &
copying=$!
until grep -q ' 0 - -$' served/log 2> /dev/null; do kill -0 $copying || { fail "the copy ended, and was to wait"; break; }; done
expect 3 'is being written by another process' mirror "$far/good/large.dps" killed
kill -9 $copying
wait $copying 2> /dev/null
[ ! -e killed/large.dps ] && [ "$(stat -c %s killed/large.dps.tmp)" -gt 8000000 ] || fail "killed: $(ls -l killed)"
printf '\1' | dd of=killed/large.dps.tmp bs=1 seek=7000000 conv=notrunc status=none # what the disk did to it meanwhile
expect 0 'every byte' mirror "$far/good/large.dps" killed
same large killed
cp served/other.dps killed/a.dps.tmp
expect 3 'killed/a.dps.tmp is of another stream or other options: remove it$' mirror "$far/good/a.dps" killed

# what stands there and is hurt is made good; what is somebody else's stays
printf '\1' | dd of=far.a/a.dps bs=1 seek=9000 conv=notrunc status=none
expect 0 'every byte' mirror "$far/good/a.dps" far.a
same a far.a
printf '\1' | dd of=far.a/a.dps.seal bs=1 seek=70 conv=notrunc status=none
expect 3 'far.a/a.dps.seal is there, and is not that of' mirror "$far/good/a.dps" far.a
echo mine > far.packed/shards.dps
expect 3 'shards.dps is there, and is not that of' mirror served/shards.dps far.packed
[ "$(cat far.packed/shards.dps)" = mine ] || fail "another's file is replaced"
expect 2 'snapshot takes .*mirror FILE DIR' mirror served/a.dps
expect 3 'cannot make the folder no/where: No such file' mirror served/a.dps no/where
expect 3 'cannot make the folder served/other.dps: File exists' mirror served/a.dps served/other.dps
expect 3 'answered 404|does not end in the name' mirror "$far/good/" none
head -c 9000 served/a.dps > served/cut.dps
expect 3 'cut.dps is not complete' mirror "$far/good/cut.dps" none

# a full disk: an error that says so, and a copy that goes on when there is room
full() {
    mkdir disk
    mount -t tmpfs -o size=4m none disk || exit 1
    expect 3 'cannot write disk/large.dps.tmp: No space left on device .*the next call goes on from it' mirror "$far/good/large.dps" disk
    [ "$(ls disk)" = large.dps.tmp ] || fail "a full disk: $(ls disk)"
    mount -o remount,size=80m disk
    expect 0 'every byte' mirror "$far/good/large.dps" disk
    same large disk
    exit $failed
}
if unshare -m true 2> /dev/null; then
    export -f full mirror expect fail same
    export failed far
    unshare -m bash -c full || failed=1
else
    echo "not tried: a mirror on a full disk (the system permits no mounts)"
fi
exit $failed
