#!/bin/bash
# test_containers.sh - the same records whatever they come in; archives, pickles and IDX files that are not what they say
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
digest() { "$DETPIPE" digest "$@" 2>&1; }
# refused PATTERN SPEC [OPTIONS]: with exit status 3, one line that has the pattern
refused() {
    "$DETPIPE" digest "${@:2}" > out.txt 2>&1
    [ $? = 3 ] && grep -Eq "$1" out.txt || { fail "$2: expected '$1'"; sed 's/^/  | /' out.txt | head -3; }
}

# CIFAR-10: binary and python version, folder and archive, whatever the order in the archive
mkdir cifar-10-batches-bin
cp "$fixture"/*.bin cifar-10-batches-bin/
tar czf bin.tar.gz cifar-10-batches-bin
tar czf turned.tar.gz cifar-10-batches-bin/test_batch.bin cifar-10-batches-bin/data_batch_2.bin cifar-10-batches-bin/data_batch_1.bin
tar cf plain.tar -C cifar-10-batches-bin data_batch_1.bin data_batch_2.bin test_batch.bin
for usage in train test all; do
    expected=$(digest "cifar10 strict=false usage=$usage" --data "$fixture")
    for container in . cifar-10-batches-bin bin.tar.gz turned.tar.gz plain.tar; do
        got=$(digest "cifar10 dataset_dir=$container strict=false usage=$usage")
        [ "$got" = "$expected" ] || fail "$container, $usage: $got, not $expected"
    done
done
python=$fixture/cifar-10-batches-py
tar czf python.tar.gz -C "$fixture" cifar-10-batches-py
for pair in train:20 test:10; do
    usage=${pair%:*}
    expected=$(digest "cifar10 strict=false usage=$usage | take count=${pair#*:} | project columns=image,label" --data "$fixture")
    for container in "$python" python.tar.gz; do
        got=$(digest "cifar10 dataset_dir=$container strict=false usage=$usage | project columns=image,label")
        [ "$got" = "$expected" ] || fail "$container, $usage: $got, not $expected"
    done
done

# archives that are damaged, or too large when unpacked
head -c 1000 bin.tar.gz > cut.tar.gz
refused 'cut.tar.gz is truncated: the gzip data end early' "cifar10 dataset_dir=cut.tar.gz strict=false"
cp bin.tar.gz turned_byte.tar.gz
byte=$(od -An -tu1 -j50000 -N1 bin.tar.gz)
# shellcheck disable=SC2059  # the format is the byte, in octal
printf "\\$(printf %03o $((255 - byte)))" | dd of=turned_byte.tar.gz bs=1 seek=50000 conv=notrunc 2> /dev/null
refused 'is not a whole gzip file' "cifar10 dataset_dir=turned_byte.tar.gz strict=false"
head -c 5000 plain.tar > cut.tar
refused 'ends in the middle of data_batch_1.bin' "cifar10 dataset_dir=cut.tar strict=false"
cp plain.tar wrong.tar
printf 'x' | dd of=wrong.tar bs=1 seek=3 conv=notrunc 2> /dev/null
printf '<html>' > small.tar
refused 'small.tar is not a tar archive \(it is .*HTML.*\): the header at byte 0 is wrong' "cifar10 dataset_dir=small.tar strict=false"
: > empty.tar
refused 'empty.tar is not a tar archive.*: the header at byte 0 is wrong' "cifar10 dataset_dir=empty.tar strict=false"
refused 'wrong.tar is not a tar archive: the header at byte 0' "cifar10 dataset_dir=wrong.tar strict=false"
tar czf empty.tar.gz -T /dev/null
refused 'has no \*batch\*.bin file' "cifar10 dataset_dir=empty.tar.gz strict=false"
for i in $(seq 70); do : > "f$i"; done
tar czf many.tar.gz f[0-9]*
refused 'many.tar.gz has more than 64 files' "cifar10 dataset_dir=many.tar.gz strict=false"
head -c 1100000000 /dev/zero | gzip -1 > bomb.tar.gz
refused 'bomb.tar.gz holds more than 1073741824 bytes' "cifar10 dataset_dir=bomb.tar.gz strict=false"
rm bomb.tar.gz

# pickles: nothing is executed, and what is not a data set is said
mkdir py
printf '\200\002cos\nsystem\nU\020touch pickle_ran\205R.' > py/data_batch_1
refused "byte 13: names os.system, which is not part of numpy's arrays: nothing is executed" "cifar10 dataset_dir=py strict=false usage=train"
[ ! -e pickle_ran ] || fail "a pickle was executed"
printf '\200\002}.' > py/data_batch_1
refused "data_batch_1: the dictionary has no 'data'" "cifar10 dataset_dir=py strict=false usage=train"
printf '\200\002].' > py/data_batch_1
refused "data_batch_1: the pickle is not a dictionary with 'data'" "cifar10 dataset_dir=py strict=false usage=train"
printf '\200\002c_codecs\nencode\nU\001xU\005utf-7\206R.' > py/data_batch_1
refused "a call of a codec other than latin1" "cifar10 dataset_dir=py strict=false usage=train"
printf 'hello' > py/data_batch_1
refused 'not a pickle of version 2' "cifar10 dataset_dir=py strict=false usage=train"
size=$(stat -c %s "$python/data_batch_1")
for n in 1 2 5 100 240 400 5000 $((size - 1)); do
    head -c "$n" "$python/data_batch_1" > py/data_batch_1
    refused 'data_batch_1: byte [0-9]+: ' "cifar10 dataset_dir=py strict=false usage=train"
done
sed 's/labels/lavels/' "$python/data_batch_1" > py/data_batch_1
refused "data_batch_1: the dictionary has no 'labels'" "cifar10 dataset_dir=py strict=false usage=train"

# pickles as Python 3 writes them: protocols 2 to 5, numpy 1 and 2, labels as lists, arrays and numpy's numbers
expected() { digest "cifar10 strict=false usage=train | take count=$1 | project columns=image,label" --data "$fixture"; }
equal() {
    [ "$(digest "cifar10 dataset_dir=$1 strict=false usage=train | project columns=image,label")" = "$2" ] || fail "$1: other rows"
}
two=$(expected 2)
for numpy in 1 2; do
    for protocol in 2 3 4 5; do
        equal "$fixture/pickles/numpy${numpy}_protocol$protocol" "$two"
    done
done
mkdir packed
gzip -c "$python/data_batch_1" > packed/data_batch_1
equal packed "$(expected 20)"
if /usr/bin/python3 -c 'import numpy' 2> /dev/null; then
    /usr/bin/python3 "$SOURCE/tests/golden/make_pickle_kinds.py" kinds "$fixture/data_batch_1.bin" || fail "make_pickle_kinds.py"
    for kind in kinds/good_*; do
        equal "$kind" "$(expected 20)"
    done
    while read -r kind why; do
        refused "data_batch_1: $why" "cifar10 dataset_dir=kinds/$kind strict=false usage=train"
    done <<'TEXT'
int64_data 'data' is int64\[20, 3072\]: expected uint8
hwc_data 'data' is uint8\[20, 32, 32, 3\]: expected uint8\[N, 3072\]
fortran_2 'data' is an array that is not in C order
fortran_5 'data' is an array that is not in C order
objects_4 'data' is an array of Python objects
list_data 'data' is not a numpy array
no_labels the dictionary has no 'labels'
float_labels 'labels' is float64\[20\]: expected whole numbers
few_labels 'labels' has 19 numbers: expected 20
text_labels 'labels' is an array of texts or of records
out_of_band byte [0-9]*: the array lies outside of the file
protocol_0 byte 0: this is not a pickle of version 2 or later
TEXT
    refused "record 7 of data_batch_1 has no label" "cifar10 dataset_dir=kinds/high_label strict=false usage=train"
else
    echo "skipped: pickles of this machine's Python (there is no python3-numpy)"
fi

# IDX: images, labels and what contradicts its header
be() { printf "\\$(printf %o $(($1 >> 24 & 255)))\\$(printf %o $(($1 >> 16 & 255)))\\$(printf %o $(($1 >> 8 & 255)))\\$(printf %o $(($1 & 255)))"; }
{ printf '\0\0\010\003'; be 4; be 3; be 2; printf 'abcdefghijklmnopqrstuvwx'; } > images
{ printf '\0\0\010\001'; be 4; printf '\001\011\0\003'; } > labels
gzip -k images labels
spec="images=images labels=labels"
expected=$(digest "idx $spec")
[ "${expected#*  }" = "4 batches" ] || fail "idx: $expected"
[ "$(digest "idx images=images.gz labels=labels.gz")" = "$expected" ] || fail "idx .gz is not the plain file"
"$DETPIPE" cat "idx $spec" --batch 2 | grep -q 'image 109 110 111 112 113 114  label 0  id 2$' || fail "idx: record 2"
refused 'record 1 of .*labels has label 9: expected 0 to 8' "idx $spec num_classes=9"
head -c 20 images > short
refused 'short has 4 bytes of elements: its header says uint8\[4, 3, 2\]' "idx images=short labels=labels"
refused 'holds uint8\[4, 3, 2\]: a row of integers is expected' "idx images=images labels=images"
# the real thing: Debian's package dataset-fashion-mnist
fashion=/usr/share/datasets/fashion-mnist
if [ -f $fashion/t10k-images-idx3-ubyte.gz ]; then
    [ "$(digest "idx images=$fashion/t10k-images-idx3-ubyte.gz labels=$fashion/t10k-labels-idx1-ubyte.gz")" = \
        "41d5a2a1b13bee84fd0e96fd0ee89d55  10000 batches" ] || fail "idx: Fashion-MNIST has another digest"
    "$DETPIPE" cat "idx images=$fashion/train-images-idx3-ubyte.gz labels=$fashion/train-labels-idx1-ubyte.gz" --batch 59999 |
        grep -q "label 5  id 59999$" || fail "idx: the last record of Fashion-MNIST"
else
    echo "skipped: Fashion-MNIST (there is no $fashion: install dataset-fashion-mnist)"
fi
{ printf '\0\0\010\001'; be 3; printf '\001\002\003'; } > few
refused '4 images, but 3 labels' "idx images=images labels=few"
printf '\0\0\010\003' > header
refused 'ends in its header' "idx images=header"
printf 'P5 hello' > noidx
refused 'is not an IDX file' "idx images=noidx"
printf '<!DOCTYPE html><title>404' > page
refused 'is not an IDX file of 1 to 4 dimensions \(it is an HTML page' "idx images=page"
{ printf '\0\0\015\002'; be 2; be 1; printf '\077\200\0\0\100\0\0\0'; } > floats
"$DETPIPE" cat "idx images=floats" --batch 1 | grep -q 'image 2  id 1$' || fail "idx: big-endian floats"

# --data names the archive itself
[ "$(digest "cifar10 strict=false" --data bin.tar.gz)" = "$(digest "cifar10 strict=false" --data "$fixture")" ] || fail "--data bin.tar.gz"

refused '^  --data bin.tar.gz is a file: only cifar10 and cifar100 read an archive of theirs, unpack others$' "png_folder" --data bin.tar.gz
refused 'cannot read the folder bin.tar.gz: Not a directory \(it is gzip: unpack it first\)$' "png_folder dataset_dir=bin.tar.gz"
printf 'PK\003\004%0600d' 0 > x.zip
refused 'x.zip is not a tar archive \(it is a ZIP archive\): the header' "cifar10 dataset_dir=x.zip"
refused '^  --data bin.tar.gz is a file: ' "idx images=train" --data bin.tar.gz

# files of another kind say what they are, in every reader
mkdir html html-py
printf '<!DOCTYPE html>\n<title>404</title>\n' > html/data_batch_1.bin
cp html/data_batch_1.bin html-py/data_batch_1
tar czf html.tar.gz -C html data_batch_1.bin
for spec in "cifar10 dataset_dir=html strict=false" "cifar10 dataset_dir=html.tar.gz strict=false" \
    "cifar10 dataset_dir=html-py strict=false" "records file=html/data_batch_1.bin fields=a:uint8:8" \
    "idx images=html/data_batch_1.bin" "png_folder list=html/data_batch_1.bin" "snapshot file=html/data_batch_1.bin"; do
    refused ' \(it is an HTML page, not the file: the download failed\)' "$spec"
done

# check says which folder has which label, what is left out, and that zip's streams are of other lengths
mkdir -p pets/cat/more pets/zebra
cp "$SOURCE/tests/golden/png/a/rgb8.png" pets/cat/0.png
cp pets/cat/0.png pets/zebra/
cp pets/cat/0.png pets/zebra/1.PNG
: > pets/cat/1.jpg
: > pets/cat/.2.png
: > pets/x.png
"$DETPIPE" check "png_folder classes=cat,dog,zebra | batch batch_size=2" --data pets > out.txt 2>&1 || fail "check of png_folder"
grep -E '^(note|warning)' out.txt > notes.txt
cat > wanted.txt <<'TEXT'
note: png_folder: label 0 is cat: 1 pictures
warning: png_folder: 3 files and folders in cat are hidden or not .png: left out
note: png_folder: label 2 is zebra: 2 pictures
warning: png_folder: 1 files beside the class folders are left out
TEXT
diff wanted.txt notes.txt || fail "check of png_folder: other notes"
"$DETPIPE" check --json "png_folder classes=cat,dog,zebra | batch batch_size=2" --data pets > out.json || fail "check --json of png_folder"
grep '"notes"' out.json | grep -Eo '"(warning: )?png_folder: [^"]*"' | sed 's/^"png/"note: png/; s/"//g' > notes.txt
diff wanted.txt notes.txt || fail "check --json of png_folder: other notes"
# other commands print what is left out alone
"$DETPIPE" digest "png_folder classes=cat,dog,zebra" --data pets 2>&1 > digest.txt | sed 's/^  //' > notes.txt
grep '^warning' wanted.txt | diff - notes.txt || fail "digest of png_folder: other warnings"
# a name of a folder is not a line of its own
mkdir "pets/a
note: b"
"$DETPIPE" check "png_folder" --data pets | grep -q '^note: png_folder: label 0 is a?note: b: 0 pictures$' || fail "a new line in a folder's name"
"$DETPIPE" check "range count=40 | project columns=id | zip with=\"range count=39 | project columns=label\"" > out.txt 2>&1
grep -q '^warning: zip: 40 and 39 rows: the last 1 of the longer are left out$' out.txt || fail "check of zip: no note"
"$DETPIPE" check "range count=40" | grep -E '^(note|warning)' && fail "check of range: a note"

# records: the same photographs as fields of a file
expected=$(digest "cifar10 strict=false usage=test | project columns=label" --data "$fixture")
got=$(digest "records file=test_batch.bin fields=label:uint8,_:uint8:3072 | type_cast column=label data_type=uint32 | project columns=label" --data "$fixture")
[ "$got" = "$expected" ] || fail "records: $got, not $expected"
printf 'HD\001\002\003\004\005\006\007\010\011\012\013\014' > r
"$DETPIPE" cat "records file=r fields=a:uint16,b:uint8,c:uint8:3 header=2" --batch 1 | grep -q 'a 2055  b 9  c 10 11 12  id 1$' || fail "records, little"
"$DETPIPE" cat "records file=r fields=a:uint16,b:uint8,c:uint8:3 header=2 byte_order=big" --batch 1 | grep -q 'a 1800  b 9' || fail "records, big"
refused 'has 14 bytes: expected 0 and records of 3' "records file=r fields=a:uint8:3"
refused 'has 14 bytes: expected 15' "records file=r fields=a:uint8 header=15"
exit $failed
