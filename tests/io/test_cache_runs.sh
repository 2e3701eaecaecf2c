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
# what the last one asked for, in blocks (one request may be for several); pages of 64 KiB open it
fetched() {
    sed -n "s/^[0-9]* good.$runs a.dps bytes=\([0-9]*\)-\([0-9]*\) .*/\1 \2/p" served/log |
        awk -v size="$(stat -c %s served/a.dps)" -v blocks="$blocks" '$1 % 65536 { n += $2 - $1 + 1 } END { printf "%.0f\n", blocks * n / size }'
}
asks() { # N: as many blocks as that
    [ "$(fetched)" = "$1" ] || fail "$(fetched) blocks were fetched, not $1"
}

# each block once, though a window of them is mixed; the next run asks for none, and needs no server for them
same good --threads 1
asks "$blocks"
kept=$((blocks + 5)) # first and last page of the snapshot, the seal, and what is known of the two files
[ "$(ls cache | grep -cv lock)" = "$kept" ] || fail "not each of the $blocks blocks is kept: $(ls cache | wc -l)"
same good
asks 0
same late404@3
same late500@3 --threads 2

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

# --cache is that variable, in a folder of any name; its size is in bytes
DETPIPE_CACHE= same good --cache 'of its, own,2M' --threads 2
[ "$(du -sk --apparent-size 'of its, own' | cut -f1)" -le 2056 ] || fail "more is kept than --cache says: $(du -sk 'of its, own')"
DETPIPE_CACHE='folder=none/none' same good --cache option
DETPIPE_CACHE='folder=none/none' same good --cache option
asks 0
[ ! -e none ] || fail "--cache does not go before DETPIPE_CACHE"
for wrong in '' ,2M x,3 x,1Y x,99999999999999999999; do expect 2 '--cache' "$DETPIPE" digest 'range count=3' --cache "$wrong"; done

# no folder, no digest: nothing is kept, the rows are there; a wrong setting says so
DETPIPE_CACHE='folder=seal.txt' same good
asks "$blocks"
DETPIPE_CACHE='folder=none/none' same good
asks "$blocks"

# another file under the version that it had (this server says one ETag always): what is kept of the old one is passed by
# once, with a warning; one that is damaged itself is an error that says that it was
export DETPIPE_CACHE='folder=stale most=100'
"$DETPIPE" snapshot write 'cifar10 strict=false usage=test | resize size=100' served/new.dps --seed 2 --block-size 150K --data "$fixture" > /dev/null
[ "$(stat -c %s served/new.dps)" = "$(stat -c %s served/a.dps)" ] || fail "new.dps has another size: the check is blind"
mv served/a.dps old.dps
address=http://127.0.0.1:$port/good.$((++runs))/a.dps
stale() { "$DETPIPE" digest "snapshot file=$address" 2> err.txt; }
cp old.dps served/a.dps
[ "$(stale)" = "$("$DETPIPE" digest 'snapshot file=old.dps')" ] || { fail "stale: another digest"; cat err.txt; }
cp served/new.dps served/a.dps
[ "$(stale)" = "$("$DETPIPE" digest 'snapshot file=served/new.dps')" ] || { fail "a file that changed under its ETag cannot be read"; cat err.txt; }
grep -q "warning: the local cache is passed by: .*$address" err.txt || { fail "it is not said that the cache is passed by"; cat err.txt; }
[ "$(stale)" = "$("$DETPIPE" digest 'snapshot file=served/new.dps')" ] || { fail "stale, again: another digest"; cat err.txt; }
[ ! -s err.txt ] || { fail "what was asked for past the cache is not kept"; cat err.txt; }
head -c -40 served/new.dps > served/a.dps
head -c 40 /dev/zero >> served/a.dps
rm -r stale
cp served/a.dps damaged.dps
cp old.dps served/a.dps
stale > /dev/null
cp damaged.dps served/a.dps
stale && fail "a damaged file is read"
grep -q "not complete.*(past the local cache, too)" err.txt || { fail "it is not said that the cache was passed by"; cat err.txt; }
mv old.dps served/a.dps

# without digest= what is kept goes by the file's version: a run goes on with it, and begins with it, where no server
# answers any more; so do readers of other files
cp "$SOURCE"/tests/golden/shards/part-00*.tar served
export DETPIPE_CACHE='folder=pinned most=100'
stops=http://127.0.0.1:$port/dies.$((++runs)) # every mode is good but those that hostile_server.py knows
plain() { "$DETPIPE" digest "snapshot file=a.dps${2:-} | shuffle block=5 window=2" --data "$1" 2> err.txt; }
archive() { "$DETPIPE" digest 'webdataset file=part-{000..002}.tar fields=c:cls | shuffle' --data "$1" 2> err.txt; }
archives=$(archive served)
[ "$(plain "$stops")" = "$sum" ] || { fail "without digest=: another digest"; cat err.txt; }
[ "$(plain "$stops" " digest=$digest")" = "$sum" ] || { fail "with digest=: another digest"; cat err.txt; }
[ "$(archive "$stops")" = "$archives" ] || { fail "archives: another digest"; cat err.txt; }
kill "${pids[0]}"
wait "${pids[0]}" 2> /dev/null
for text in '' " digest=$digest"; do
    [ "$(plain "$stops" "$text")" = "$sum" ] || { fail "no server,$text: another digest"; cat err.txt; }
    grep -q "warning: $stops/a.dps: .*: what was kept of it is read" err.txt || { fail "it is not said that the server is away"; cat err.txt; }
done
[ "$(archive "$stops")" = "$archives" ] || { fail "no server, archives: another digest"; cat err.txt; }
[ "$(grep -c warning err.txt)" = 1 ] || { fail "each archive is complained of"; cat err.txt; }
for block in pinned/????????*; do printf x | dd of="$block" bs=1 seek=7 conv=notrunc 2> /dev/null; done
expect 3 'cannot open .*/a.dps' "$DETPIPE" digest 'snapshot file=a.dps' --data "$stops"
serve served
expect 2 "cache has no parameter 'mist'" env DETPIPE_CACHE='folder=x mist=3' "$DETPIPE" digest "snapshot file=$address digest=$digest"
exit $failed
