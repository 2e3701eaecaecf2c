#!/bin/bash
# test_addresses.sh - every reader of files by address: the digest of the file at hand; a file that changes, or whose
# changes would not be seen
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
. "$SOURCE/tests/support/server.sh"
needs_libcurl

golden=$SOURCE/tests/golden
mkdir served
cp "$golden"/shards/* "$golden"/tokens/* "$golden"/arrays/*.np? "$golden"/idx/* served
cp "$golden"/mindrecord/kinds.mindrecord* served
tar -C "$fixture" -czf served/cifar.tar.gz .
printf 'part-001.tar\r\npart-000.tar\n' > served/list.txt
serve served
far=http://127.0.0.1:$port/good

# same READER PARAMETER FILE REST: by its name below a root that is an address, and by the address itself
same() {
    local here there file=$3
    here=$("$DETPIPE" digest "$1 $2=$3 $4" --data served 2> err.txt) || { fail "$1 $2=$3"; cat err.txt; return; }
    there=$("$DETPIPE" digest "$1 $2=$3 $4" --data "$far" --threads 3 2>&1)
    [ "$there" = "$here" ] || { fail "$1 $2=$3: another digest below an address"; printf '%s\n' "$there"; }
    case $file in @*) file=@$far/${file#@} ;; *) file=$far/$file ;; esac
    there=$("$DETPIPE" digest "$1 $2=$file $4" --data served 2>&1)
    [ "$there" = "$here" ] || { fail "$1 $2=$file: another digest by its address"; printf '%s\n' "$there"; }
}
example='fields=image:image/encoded:picture,label:image/class/label:int64,name:name'
for file in 'part-{000..002}.tar' @list.txt; do same webdataset file "$file" 'fields=c:cls'; done
same webdataset file packed.tar.gz 'fields=c:cls;txt2;txt:bytes'
for file in 'part.tfrecord-{00000..00002}-of-00003' packed.tfrecord.gz; do same tfrecord file "$file" "$example"; done
same mindrecord file kinds.mindrecord ''
for file in llmc_1.bin bare.bin megatron.idx; do same tokens file "$file" 'length=8'; done
same tokens file megatron.idx 'length=8 order=megatron'
for i in {000..259}; do cp served/llmc_1.bin served/many-$i.bin; done # more than stay open
same tokens file 'many-{000..259}.bin' 'length=8'
same npy file image.npy ''
for file in stored.npz deflated.npz; do same npz file "$file" ''; done
same records file bare.bin 'fields=a:uint16:4,b:uint16 header=2 | shuffle'
same idx images images-idx3-ubyte.gz 'labels=labels-idx1-ubyte'
same cifar10 dataset_dir cifar.tar.gz 'strict=false'

# what goes wrong names the address; a server has to say a version, as an ETag or a time, which has to stay
runs=0
export DETPIPE_REMOTE='timeout=1 tries=3 wait=0'
bad() { # MODE WORDS READER FILE REST
    expect 3 "$2" "$DETPIPE" digest "$3 file=http://127.0.0.1:$port/$1.$((++runs))/$4 $5" --threads 1
    grep -q "127.0.0.1:$port/$1.*/${4%%[.\{]*}" out.txt ||
        { fail "$1 $4: the message does not name the address"; cat out.txt; }
}
numbers='fields=a:uint16:4 header=2'
for each in "records bare.bin $numbers" 'tokens llmc_1.bin length=8' 'webdataset part-000.tar fields=c:cls' \
    "tfrecord examples.tfrecord $example" 'mindrecord kinds.mindrecord' 'npy image.npy' 'npz stored.npz'; do
    read -r reader file rest <<< "$each"
    bad 404 'cannot open .* 404 \(not found\)' "$reader" "$file" "$rest"
    bad noversion 'gives no ETag and no Last-Modified: a change would not be seen' "$reader" "$file" "$rest"
done
same() { # MODE READER FILE REST
    local there=http://127.0.0.1:$port/$1.$((++runs))
    [ "$("$DETPIPE" digest "$2 file=$3 $4" --data served)" = "$("$DETPIPE" digest "$2 file=$3 $4" --data "$there" 2>&1)" ] ||
        fail "$1 $3: another digest"
}
same dated records bare.bin "$numbers"
same busy records bare.bin "$numbers"
# larger than the page that is read at open
python3 - served << 'TEXT'
import io, struct, sys, tarfile
far = sys.argv[1] + "/far"
data = bytes(i * i // 251 % 251 for i in range(300000))
open(far + ".bin", "wb").write(data)
with tarfile.open(far + ".tar", "w") as tar:
    for i in range(3):
        info = tarfile.TarInfo(f"{i}.bin")
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
head = b"{'descr': '|u1', 'fortran_order': False, 'shape': (300, 1000), }"
head += b" " * (117 - len(head)) + b"\n"
open(far + ".npy", "wb").write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + data)
TEXT
records='fields=a:uint8:1000'
for each in "records far.bin $records" "records far.bin $records | shuffle" 'tokens far.bin length=1000' 'tokens far.bin length=100 | shuffle' \
    'webdataset far.tar fields=c:bin:bytes' 'webdataset far.tar fields=c:bin:bytes | shuffle' 'npy far.npy' 'npy far.npy | shuffle'; do
    read -r reader file rest <<< "$each"
    for threads in 1 4; do
        [ "$("$DETPIPE" digest "$reader file=$file $rest" --data served)" = "$("$DETPIPE" digest "$reader file=$file $rest" --data "$far" --threads $threads 2>&1)" ] ||
            fail "$each: another digest, $threads threads"
    done
done
bad changed 'record [0-9]+ of .* the file is another than when it was opened \(ETag\)' records far.bin "$records"
bad longer 'record [0-9]+ of .* another length than when it was opened' records far.bin "$records"
bad otherbytes 'record [0-9]+ of .* other bytes than it was asked for' records far.bin "$records"
bad late404 'record [0-9]+ of .* answered 404' records far.bin "$records"
bad cut 'record [0-9]+ of .* sent less than it said' records far.bin "$records"
bad changed 'token .* of .* another than when it was opened' tokens far.bin length=1000
bad changed 'another than when it was opened' webdataset far.tar fields=c:bin:bytes
bad changed 'another than when it was opened' npy far.npy ''

# what one server has not, has otherwise or cuts is asked of the next, by every reader; which then is asked first
for mode in late404 changed half; do
    for each in "records far.bin $records" 'tokens far.bin length=100 | shuffle' 'webdataset far.tar fields=c:bin:bytes | shuffle' 'npy far.npy | shuffle'; do
        read -r reader file rest <<< "$each"
        run=$mode.$((++runs))
        printf '%s\n' '# in turn' "${far%/*}/$run/ ${far%/*}/404/" "${far%/*}/$run/ $far.$runs/" > mirrors
        rm served/log
        [ "$("$DETPIPE" digest "$reader file=$file $rest" --data served)" = "$(DETPIPE_REMOTE='tries=1 mirrors=mirrors' "$DETPIPE" digest "$reader file=$file $rest" --data "${far%/*}/$run" 2>&1)" ] ||
            fail "$each: a mirror of $mode gives another digest"
        [ "$(grep -c " $run " served/log)" -le 14 ] || fail "$each: what a mirror has is asked of the first one all the time"
    done
done
run=late404.$((++runs))
echo "${far%/*}/$run/ ${far%/*}/404/" > mirrors
DETPIPE_REMOTE='mirrors=mirrors' expect 3 "record [0-9]+ of .*$run/far.bin cannot be read: .*answered 404" "$DETPIPE" digest "records file=${far%/*}/$run/far.bin $records"
for line in "$far/ mirror" "$far $far/" "$far/" "ftp://a/ $far/"; do
    printf "%s\n" "# a comment" "" "$line" > mirrors
    DETPIPE_REMOTE='mirrors=mirrors' expect 2 'mirrors, line 3: a mirror is ADDRESS/ MIRROR/' "$DETPIPE" digest "records file=$far/far.bin $records"
done
for line in "$far/ http://me:hush@a/" "$far/ http://a/?hush/"; do
    echo "$line" > mirrors
    DETPIPE_REMOTE='mirrors=mirrors' expect 2 'put .* into a file' "$DETPIPE" digest "records file=$far/far.bin $records"
    grep -q hush out.txt && fail "a message has a secret of mirrors="
done
rm mirrors
DETPIPE_REMOTE='mirrors=mirrors' expect 3 'mirrors' "$DETPIPE" digest "records file=$far/far.bin $records"

# what was cut before the file's length was known does not begin what comes of a longer one
head -c 60000 served/far.bin > served/page.bin
[ "$("$DETPIPE" digest "records file=served/page.bin $records")" = "$("$DETPIPE" digest "records file=${far%/*}/grown.1/page.bin $records" 2>&1)" ] ||
    fail "a file that grew while it was opened is delivered in part"

# each byte once, however many records there are: neighbours come as one range
rm served/log
run=good.$((++runs))
expect 0 . "$DETPIPE" digest "records file=http://127.0.0.1:$port/$run/far.bin $records | shuffle | batch batch_size=10 | repeat count=2" --threads 1
[ "$(sed -n 's/.*bytes=\([0-9]*\)-\([0-9]*\) .*/\1 \2/p' served/log | awk '{ n += $2 - $1 + 1 } END { print n }')" = 300000 ] ||
    { fail "not each byte comes once"; cat served/log; }

expect 3 'cannot open .*none.txt: .* 404' "$DETPIPE" digest "webdataset file=@$far/none.txt"
expect 3 'is an address: a folder is read where it lies' "$DETPIPE" digest 'png_folder' --data "$far"
expect 2 's3://a/b.tar is not a file, and not an address that is read' "$DETPIPE" digest 'webdataset file=s3://a/b.tar'
exit $failed
