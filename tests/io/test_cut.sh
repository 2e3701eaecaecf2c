#!/bin/bash
# test_cut.sh - a network that is cut for ten seconds in mid-epoch; a local cache on a disk that is full, or read-only
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
. "$SOURCE/tests/support/server.sh"
needs_libcurl
PATH=$PATH:/usr/sbin:/sbin
command -v ip > /dev/null && [ "$(id -u)" = 0 ] && unshare -n -m ip link set lo up 2> /dev/null ||
    { echo "skipped: only root makes namespaces, with ip (Debian: iproute2), where the system permits them"; exit 77; }

mkdir served
"$DETPIPE" snapshot write 'cifar10 strict=false usage=test | resize size=100' served/a.dps --block-size 150K --data "$fixture" > /dev/null
digest=$("$DETPIPE" snapshot seal served/a.dps | sed -n 's/^digest=//p')
sum=$("$DETPIPE" digest 'snapshot file=served/a.dps')

# its answers are held back until there is no network
cut() {
    local pids=() client
    ip link set lo up
    serve served
    DETPIPE_REMOTE='timeout=2 connect=2 tries=60 wait=1' "$DETPIPE" digest "snapshot file=http://127.0.0.1:$port/gate/a.dps" > cut.txt 2> cut.err &
    client=$!
    until grep -q ' 0 - -$' served/log 2> /dev/null; do read -r -t 0.05 <> pause; done
    ip link set lo down
    touch served/go
    read -r -t 10 <> pause
    kill -0 $client || fail "no network for ten seconds: it has ended: $(cat cut.err)"
    ip link set lo up
    wait $client
    [ "$(cat cut.txt)" = "$sum" ] || fail "no network for ten seconds: $(cat cut.txt cut.err)"
    kill "${pids[@]}"
    exit $failed
}

# blocks for which there is no room are not kept; those that are there are read
disks() {
    local pids=() address kept i
    ip link set lo up
    serve served
    address=http://127.0.0.1:$port/good.1/a.dps
    cached() { "$DETPIPE" digest "snapshot file=$address digest=$digest" --cache "$1" 2> err.txt; }
    mkdir full whole
    mount -t tmpfs -o size=300k none full || { echo "not tried: full and read-only disks (the system permits no mounts)"; kill "${pids[@]}"; exit 0; }
    for i in 1 2; do [ "$(cached full)" = "$sum" ] || fail "a full disk: $(cat err.txt)"; done
    kept=$(ls full | grep -cE '^[0-9a-f]{64}$')
    [ "$kept" -ge 1 ] && ! ls full | grep -q tmp || fail "a full disk holds $(ls full)"
    [ "$(cached whole)" = "$sum" ] || fail "a new folder: $(cat err.txt)"
    mount --bind whole whole && mount -o remount,bind,ro whole
    touch whole/x 2> /dev/null && fail "the disk is not read-only: the check is blind"
    rm served/log
    [ "$(cached whole)" = "$sum" ] || fail "a read-only disk: $(cat err.txt)"
    [ "$(grep -c a.dps served/log)" -le 4 ] || fail "what a read-only disk has is asked for: $(cat served/log)"
    mkdir empty
    mount --bind empty empty && mount -o remount,bind,ro empty
    [ "$(cached empty)" = "$sum" ] || fail "an empty read-only disk: $(cat err.txt)"
    kill "${pids[@]}"
    exit $failed
}
mkfifo pause
export digest sum failed room SOURCE DETPIPE
export -f serve fail cut disks
unshare -n bash -c cut || failed=1
rm -f served/log
unshare -n -m bash -c disks || failed=1
exit $failed
