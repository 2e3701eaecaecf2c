#!/bin/bash
# test_cache_runs.sh - DETPIPE_CACHE: blocks are fetched once, survive the server, and are never wrong
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
. "$SOURCE/tests/support/server.sh"
needs_libcurl

mkdir served
"$DETPIPE" snapshot write 'cifar10 strict=false usage=test | resize size=100' served/a.dps --block-size 150K --data "$fixture" > /dev/null
"$DETPIPE" snapshot seal served/a.dps > seal.txt
digest=$(sed -n 's/^digest=//p' seal.txt)
serve served
sum=$("$DETPIPE" digest 'snapshot file=served/a.dps | shuffle block=5 window=2')
export DETPIPE_REMOTE='timeout=1 tries=2 wait=0'
export DETPIPE_CACHE='folder=cache most=100'
runs=0
blocks=$("$DETPIPE" snapshot info served/a.dps | sed -n 's/^blocks *\([0-9]*\).*/\1/p')

# same [OPTIONS] of mode $1: the rows are those of the file
same() {
    address=http://127.0.0.1:$port/$1.$((++runs))/a.dps
    [ "$("$DETPIPE" digest "snapshot file=$address digest=$digest | shuffle block=5 window=2" "${@:2}" 2> err.txt)" = "$sum" ] ||
        { fail "$*: another digest"; cat err.txt; }
}
# what the last one asked for, in blocks (one request may be for several; those that open it are small)
fetched() {
    sed -n "s/^[0-9]* good.$runs a.dps bytes=\([0-9]*\)-\([0-9]*\) .*/\1 \2/p" served/log |
        awk -v size="$(stat -c %s served/a.dps)" -v blocks="$blocks" '{ n += $2 - $1 + 1 } END { printf "%.0f\n", blocks * n / size }'
}
asks() { # N: as many blocks as that
    [ "$(fetched)" = "$1" ] || fail "$(fetched) blocks were fetched, not $1"
}

# each block once, though a window of them is mixed; the next run asks for none, and needs no server for them
same good --threads 1
asks "$blocks"
[ "$(ls cache | grep -cv lock)" = "$blocks" ] || fail "not each of the $blocks blocks is kept: $(ls cache | wc -l)"
same good
asks 0
same late404@6
same late500@6 --threads 2

# whatever became of the blocks: the same rows, by the network, and then whole again
hurt() { # COMMAND for each block
    for block in cache/????????*; do eval "$1"; done
    same good
    asks "$blocks"
    same good
    asks "$2"
}
hurt 'printf x | dd of="$block" bs=1 seek=777 conv=notrunc 2> /dev/null' 0
hurt 'truncate -s -1 "$block"' 0
hurt 'truncate -s 0 "$block"' 0
hurt 'rm "$block"' 0
hurt 'rm "$block"; mkfifo "$block"' 0
hurt 'rm "$block"; ln -s ../served/a.dps "$block"' 0
[ "$("$DETPIPE" digest 'snapshot file=served/a.dps | shuffle block=5 window=2')" = "$sum" ] || fail "a link was written through"
hurt 'rm "$block"; mkdir "$block"' "$blocks"
rm -r cache
same good
asks "$blocks"

# two at once, and one that is killed in between, share it
rm -r cache
address=http://127.0.0.1:$port/good.$((++runs))/a.dps
for i in 1 2; do "$DETPIPE" digest "snapshot file=$address digest=$digest | shuffle block=5 window=2" > two$i.txt & two[i]=$!; done
for i in 1 2; do wait "${two[i]}"; [ "$(cat two$i.txt)" = "$sum" ] || fail "two at once: another digest"; done
same good
asks 0

# less than there is: within the bound, and the rows are the same
export DETPIPE_CACHE='folder=little most=1'
same good
same good
[ "$(du -sk --apparent-size little | cut -f1)" -le 1032 ] || fail "more is kept than most=1: $(du -sk little)"
[ "$(fetched)" -gt 0 ] && [ "$(fetched)" -lt "$blocks" ] || fail "of little room $(fetched) of $blocks blocks are fetched"

# no folder, no digest: nothing is kept, the rows are there; a wrong setting says so
DETPIPE_CACHE='folder=seal.txt' same good
asks "$blocks"
DETPIPE_CACHE='folder=none/none' same good
asks "$blocks"
expect 0 . env DETPIPE_CACHE=folder=undigested "$DETPIPE" digest "snapshot file=$address"
[ ! -e undigested ] || fail "without digest= a folder is made"
expect 2 "cache has no parameter 'mist'" env DETPIPE_CACHE='folder=x mist=3' "$DETPIPE" digest "snapshot file=$address digest=$digest"
exit $failed
