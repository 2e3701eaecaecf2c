#!/bin/bash
# test_servers.sh - snapshots by address: from servers that are slow, wrong, cut, redirected, other than before
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
. "$SOURCE/tests/support/server.sh"
needs_libcurl

text='cifar10 strict=false usage=test | shuffle | resize size=16'
write() { "$DETPIPE" snapshot write "$@" --data "$fixture"; }
mkdir served
write "$text" served/a.dps --block-size 8K > /dev/null
write "$text" served/other.dps --block-size 8K --seed 2 > /dev/null
write "$text" served/packed.dps --block-size 8K --compression lz4 > /dev/null
write "$text" served/shards.dps --block-size 8K --shard-size 16K > /dev/null
"$DETPIPE" snapshot write png_folder served/vary.dps --block-size 1K --data "$SOURCE/tests/golden/png" > /dev/null 2>&1
expect 0 . "$DETPIPE" snapshot seal served/other.dps
expect 0 '^digest=[0-9a-f]{64}$' "$DETPIPE" snapshot seal served/a.dps
digest=$(sed -n 's/^digest=//p' out.txt)
[ "$(b2sum -l 256 < served/a.dps.seal)" = "$digest  -" ] || fail "the digest is not that of b2sum -l 256"
expect 0 "^digest +$digest\$" "$DETPIPE" snapshot info served/a.dps
expect 0 "\"digest\":[[:space:]]*\"$digest\"" "$DETPIPE" snapshot info served/a.dps --json
serve served
runs=0
url() { address=http://127.0.0.1:$port/$1.$((++runs))/a.dps; }
url good

# the same bytes as from the file, whatever the shape of it, in any order; the whole is checked
for name in a packed shards vary; do
    for rest in '' ' | shuffle'; do
        [ "$("$DETPIPE" digest "snapshot file=served/$name.dps$rest")" = "$("$DETPIPE" digest "snapshot file=$name.dps$rest" --data "http://127.0.0.1:$port/good")" ] ||
            fail "$name.dps$rest has another digest by its address"
    done
done
expect 0 'every byte is as it was written' "$DETPIPE" snapshot check "$address"
grep -q '^4 of 4 blocks are those of http.*/a.dps.seal$' out.txt || { fail "check does not say what its seal says"; cat out.txt; }
expect 0 "^digest +$digest\$" "$DETPIPE" snapshot info "$address"
expect 0 'every byte' "$DETPIPE" snapshot check "$address" --digest "$digest"
expect 3 'is an address: seal the file where it lies' "$DETPIPE" snapshot seal "$address"
expect 3 'is an address: a snapshot is written to a file' write "$text" "$address"
expect 0 . "$DETPIPE" digest "snapshot file=file://localhost$work/served/a%2edps"
expect 2 'names no file of this machine' "$DETPIPE" digest "snapshot file=file://elsewhere/a.dps"

# one connection for all that one transfer at a time brings, each block once
rm served/log
url good
DETPIPE_REMOTE=transfers=1 expect 0 . "$DETPIPE" digest "snapshot file=$address" --threads 1
[ "$(cut -d' ' -f1 served/log | sort -u | wc -l)" = 1 ] || fail "the connection is not kept"
[ "$(cut -d' ' -f4 served/log | sort | uniq -d | wc -l)" = 0 ] || fail "a range was asked for twice"

# of many small blocks, too, each is asked for once, whatever the order of their rows, and in no later epoch
write 'range count=110000' served/many.dps --block-size 1K > /dev/null
url good
expect 0 . "$DETPIPE" digest "snapshot file=many.dps | shuffle | repeat count=2" --data "${address%/*}"
[ "$(grep -c 'many.dps' served/log)" -gt 1024 ] || fail "many.dps has too few blocks: the check is blind"
[ "$(grep many.dps served/log | cut -d' ' -f4 | sort | uniq -d | wc -l)" = 0 ] || fail "of many blocks one was asked for twice"

# the order is known: what comes next is asked for before it is wanted, by one thread, too
write "$text" served/small.dps --block-size 1K > /dev/null
for n in 4 24; do # more than eight, as they are small
    url gather$n
    [ "$("$DETPIPE" digest "snapshot file=small.dps | shuffle | batch batch_size=2" --data "${address%/*}" --threads 1 --prefetch 0 2> err.txt)" = \
        "$("$DETPIPE" digest "snapshot file=served/small.dps | shuffle | batch batch_size=2")" ] || { fail "$n blocks are not asked for at once"; cat err.txt; }
done

# a large block comes alone until it begins to come: the first batch waits for it, and others would share its way
"$DETPIPE" snapshot write 'synthetic num_records=1000' served/large.dps --block-size 512K > /dev/null
url alone@2
[ "$("$DETPIPE" digest "snapshot file=large.dps | shuffle block=100 window=1" --data "${address%/*}" 2> err.txt)" = \
    "$("$DETPIPE" digest "snapshot file=served/large.dps | shuffle block=100 window=1")" ] || { fail "another block is asked for beside the first"; cat err.txt; }

# no network, and no library of it, where no address is named
LD_DEBUG=libs "$DETPIPE" digest 'snapshot file=served/a.dps' 2>&1 | grep -q libcurl && fail "a local file loads libcurl"
url good
LD_DEBUG=libs "$DETPIPE" digest "snapshot file=$address" 2>&1 | grep -q libcurl || fail "LD_DEBUG shows no libcurl: the check is blind"

# what goes wrong: at open, in mid-epoch, and what another try mends
sum=$("$DETPIPE" digest 'snapshot file=served/a.dps')
export DETPIPE_REMOTE='timeout=1 tries=3 wait=0'
bad() { # STATUS MODE WORDS [REST]
    url "$2"
    expect "$1" "$3" "$DETPIPE" digest "snapshot file=$address${4:-}"
    [ "$1" = 0 ] || grep -q "127.0.0.1:$port/$2" out.txt || fail "$2: the message does not name the address"
}
same() { # MODE [REST]
    url "$1"
    [ "$("$DETPIPE" digest "snapshot file=$address${2:-}" 2> err.txt)" = "$sum" ] || { fail "$1${2:-}: another digest"; cat err.txt; }
}
bad 3 404 'cannot open .* 404 \(not found\)'
bad 3 401 'answered 401'
bad 3 403 'answered 403'
bad 3 416 'answered 416'
bad 3 500 'answered 500'
bad 3 loop 'redirects'
bad 3 tofile 'a redirect to what is not http or https'
bad 3 noranges 'gives no ranges of bytes'
bad 3 nosize 'does not say which bytes'
bad 3 packed 'Content-Encoding'
bad 3 late404 'block 0 \(records 0 to 9\) at byte 317: the server answered 404'
bad 3 late500 'block 0 .* answered 500'
bad 3 late503 'block 0 .* answered 503'
bad 3 silent 'block 0 .* too few bytes within timeout= of dp_options.remote'
bad 3 cut 'block [0-9] .* sent less than it said'
bad 3 longer 'block 0 .* another length than when it was opened'
bad 3 otherbytes 'block 0 .* other bytes than it was asked for'
bad 3 changed 'block 0 .* another than when it was opened'
bad 3 flip 'block 0 \(records 0 to 9\) at byte 317: its stored bytes are not those that were written'
bad 3 stops 'block 0 .*(no answer|nothing|connect)'
serve served
DETPIPE_REMOTE='within=2 timeout=30' bad 3 trickle 'block 0 .*not all bytes came within within= of dp_options.remote'
same busy
same hold
DETPIPE_REMOTE='wait=3600 within=60' bad 3 hold 'answered 503' # it would have to wait for longer
same mute
same half
same moved
python3 - << 'TEXT' || fail "what was cut is not resumed where it ended"
import re
ranges = [tuple(map(int, r)) for r in re.findall(r" half\.\d+ a\.dps bytes=(\d+)-(\d+) 206", open("served/log").read())]
large = [(first, last) for first, last in ranges if first > 0 and last + 1 - first > 4096]  # of these half came (hostile_server.py)
came = sorted([(first, first + (last + 1 - first) // 2) for first, last in large])
ends = {end for _, end in came}
resumed = [first for first, _ in ranges if first in ends]
assert large and len(resumed) >= len(large), (ranges, came)
assert all(a[1] <= b[0] for a, b in zip(came, came[1:])), came  # nothing comes twice
TEXT
expect 3 'Could not|refused|connect' "$DETPIPE" digest 'snapshot file=http://127.0.0.1:1/a.dps'
grep -q -- --data out.txt && fail "an address that cannot be opened has a hint at --data"
expect 3 '--data DIR names the folder' "$DETPIPE" digest 'snapshot file=none.dps'

# the digest of the text: nobody can serve another file, and a new ETag of the same bytes is no harm
same good " digest=$digest"
same changed " digest=$digest"
bad 3 older 'is another snapshot: its digest is' " digest=$digest"
bad 3 flip 'block 0 ' " digest=$digest"
expect 2 'digest= is 64 hexadecimal digits' "$DETPIPE" digest 'snapshot file=served/a.dps digest=00'
cp served/a.dps forged.dps
cp served/a.dps.seal forged.dps.seal
expect 0 . "$DETPIPE" digest "snapshot file=forged.dps digest=$digest"
printf '\1' | dd of=forged.dps.seal bs=1 seek=100 conv=notrunc status=none
expect 3 'is another snapshot' "$DETPIPE" digest "snapshot file=forged.dps digest=$digest"
cp served/other.dps forged.dps
expect 3 'is not the seal of this snapshot' "$DETPIPE" digest "snapshot file=forged.dps digest=$digest"

# a seal that is not there is none; any other answer is no answer, and a check says which
for mode in seal404 seal410; do
    url $mode
    expect 0 'every byte is as it was written' "$DETPIPE" snapshot check "$address"
    grep -q 'a.dps.seal' out.txt && fail "$mode: a seal is found"
done
for status in 403 500; do
    url seal$status
    expect 3 "a.dps.seal: the server answered $status" "$DETPIPE" snapshot check "$address"
    bad 3 seal$status "a.dps.seal: the server answered $status" " digest=$digest"
done

# whatever an answer has instead of what it should have: the rows of the file, or an error
for seed in {1..25}; do
    for rest in '' " digest=$digest"; do
        address=http://127.0.0.1:$port/mutate.$seed${#rest}/a.dps
        "$DETPIPE" digest "snapshot file=$address$rest" > out.txt 2>&1
        case $? in
            0) [ "$(cat out.txt)" = "$sum" ] || { fail "mutate.$seed$rest: other rows"; cat out.txt; } ;;
            3) mutated=$((${mutated:-0} + 1)) ;;
            *) fail "mutate.$seed$rest: neither rows nor an error"; cat out.txt ;;
        esac
    done
done
[ "${mutated:-0}" -gt 15 ] || fail "only ${mutated:-0} of 50 answers that were changed are errors: the check is blind"

# mirrors: the next one has what this one has not, has otherwise, or does not send
for mode in 404 late404 late500 silent cut longer changed flip older; do same $mode " mirrors=http://127.0.0.1:$port/good/a.dps digest=$digest"; done
for mode in 404 late404 flip; do same $mode " mirrors=served/a.dps"; done
same good ' mirrors=served/other.dps,served/none.dps'
url good
expect 0 'served/other.dps is another snapshot than' "$DETPIPE" check "snapshot file=$address mirrors=served/other.dps"
bad 3 404 'cannot open .*404' ' mirrors=served/none.dps'
bad 3 flip 'flip.*block 0' " mirrors=http://127.0.0.1:$port/flip.$runs/a.dps"
cp served/a.dps hurt.dps
printf '\377\377' | dd of=hurt.dps bs=1 seek=20000 conv=notrunc status=none
[ "$("$DETPIPE" digest 'snapshot file=hurt.dps mirrors=served/a.dps')" = "$sum" ] || fail "a local mirror does not mend"

# secrets: in files, in no message, sent to this host alone
printf 'Authorization: Bearer hush\n# a comment\n\nX-Other: 1\n' > headers
printf 'X-Amz-Signature=hush\n' > query
rm served/log
url good
DETPIPE_REMOTE='headers=headers query=query' expect 0 . "$DETPIPE" digest "snapshot file=$address"
grep -q ' Bearer hush X-Amz-Signature=hush$' served/log || { fail "headers or query are not sent"; head -3 served/log; }
url moved
DETPIPE_REMOTE='headers=headers query=query' expect 3 'a redirect that is not followed' "$DETPIPE" digest "snapshot file=$address"
grep -q hush out.txt && fail "a secret is in a message"
url 403
DETPIPE_REMOTE='headers=headers query=query' expect 3 403 "$DETPIPE" digest "snapshot file=$address"
grep -q hush out.txt && fail "a secret is in a message"
url expired
DETPIPE_REMOTE='query=query' expect 3 'answered that the signature has expired' "$DETPIPE" digest "snapshot file=$address"
grep -q hush out.txt && fail "a secret is in a message"

# an address of each file's own, as `aws s3 presign` prints them
url good
rm served/log
printf '%s?Signature=%s\n' "$address.seal" seal "$address" file "${address%/*}/other.dps" other > queries
DETPIPE_REMOTE='query=queries' expect 0 . "$DETPIPE" digest "snapshot file=$address digest=$digest"
[ "$(cut -d' ' -f3,7 served/log | sort -u | tr '\n' ' ')" = 'a.dps Signature=file a.dps.seal Signature=seal ' ] ||
    { fail "queries of each file are not sent"; cut -d' ' -f3,7 served/log | sort -u; }
printf 'Signature=hush\n' >> queries
DETPIPE_REMOTE='query=queries' expect 2 'queries: a query is one line' "$DETPIPE" digest "snapshot file=$address"
grep -q hush out.txt && fail "a secret is in a message"
for address in "http://me:hush@127.0.0.1:$port/good/a.dps" "http://127.0.0.1:$port/good/a.dps?key=hush"; do
    expect 2 'put (a line|what stands)' "$DETPIPE" digest "snapshot file=$address | shuffle"
    grep -q hush out.txt && fail "a secret is shown"
done
for address in s3://me:hush@bucket/a.dps HTTP://127.0.0.1/a.dps?key=hush; do # what is no address here is a file's name
    expect 3 'cannot open .*://.*\*\*\*' "$DETPIPE" digest "snapshot file=$address"
    grep -q hush out.txt && fail "a secret is shown"
done
url good
printf '# a comment\n\nhush\n' > headers
DETPIPE_REMOTE=headers=headers expect 2 'headers, line 3: a header is NAME: VALUE' "$DETPIPE" digest "snapshot file=$address"
grep -q hush out.txt && fail "a line of the headers is shown"
DETPIPE_REMOTE=headers=none expect 3 'none' "$DETPIPE" digest "snapshot file=$address"
DETPIPE_REMOTE=timout=1 expect 2 "has no parameter 'timout'" "$DETPIPE" digest "snapshot file=$address"
DETPIPE_REMOTE=tries=0 expect 2 'tries' "$DETPIPE" digest "snapshot file=$address"

# TLS: a certificate that nobody knows is refused, by whatever name; one that ca= names is not
if command -v openssl > /dev/null && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -keyout key.pem -out certificate.pem > /dev/null 2>&1; then
    plain=$port
    serve served certificate.pem key.pem
    expect 3 'certificate|SSL' "$DETPIPE" digest "snapshot file=https://localhost:$port/good/a.dps"
    DETPIPE_REMOTE=ca=certificate.pem expect 3 'https stays it' "$DETPIPE" digest "snapshot file=https://localhost:$port/downgrade/a.dps"
    DETPIPE_REMOTE=ca=certificate.pem expect 0 "^${sum%% *}" "$DETPIPE" digest "snapshot file=https://localhost:$port/good/a.dps"
    DETPIPE_REMOTE=ca=certificate.pem expect 3 'certificate|SSL' "$DETPIPE" digest "snapshot file=https://127.0.0.1:$port/good/a.dps"
    port=$plain
else
    echo "not tried: TLS, as there is no openssl"
fi

# nginx as it is, with HTTP/2
if nginx=$(PATH=$PATH:/usr/sbin command -v nginx) && [ -e certificate.pem ]; then
    free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
    port=$(free)
    mkdir nginx
    cat > nginx/nginx.conf <<CONF
daemon off; master_process off; pid $work/nginx/pid; error_log $work/nginx/error; events {}
http { log_format protocol "\$server_protocol"; access_log $work/nginx/protocol protocol;
  client_body_temp_path $work/nginx; proxy_temp_path $work/nginx; fastcgi_temp_path $work/nginx; uwsgi_temp_path $work/nginx; scgi_temp_path $work/nginx;
  server { listen 127.0.0.1:$port ssl http2; ssl_certificate $work/certificate.pem; ssl_certificate_key $work/key.pem; root $work/served; } }
CONF
    "$nginx" -p "$work/nginx" -c "$work/nginx/nginx.conf" > nginx/log 2>&1 &
    pids+=($!)
    DETPIPE_REMOTE='ca=certificate.pem tries=20 wait=1' expect 0 "^${sum%% *}" "$DETPIPE" digest "snapshot file=https://localhost:$port/a.dps digest=$digest" --threads 4
    # by one connection, transfers end while others go on, and are begun again
    [ "$(DETPIPE_REMOTE=ca=certificate.pem "$DETPIPE" digest "snapshot file=many.dps | shuffle" --data "https://localhost:$port" 2> err.txt)" = \
        "$("$DETPIPE" digest "snapshot file=served/many.dps | shuffle")" ] || { fail "many blocks by one connection"; cat err.txt; }
    [ "$(sort -u nginx/protocol)" = HTTP/2.0 ] || { fail "nginx was not asked by HTTP/2"; cat nginx/log nginx/error | tail -3; }
else
    echo "not tried: nginx, as there is none (Debian: nginx-light), or no openssl"
fi
exit $failed
