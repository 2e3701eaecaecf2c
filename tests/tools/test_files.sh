#!/bin/bash
# test_files.sh - what the commands write, and the data set that a checkpoint is of
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
golden=$SOURCE/tests/golden

tool() { expect "$1" "$2" "$DETPIPE" "${@:3}"; }

mkdir data
cp "$golden/cifar10/data_batch_1.bin" data/
cat > run.recipe <<'TEXT'
data: cifar10 dataset_dir=data strict=false usage=train | shuffle | rescale rescale=1/255 | hwc2chw | batch batch_size=2 | repeat
net: flatten | dense out_channels=10
loss: softmax_cross_entropy
optimizer: sgd learning_rate=0.01
steps: 4
seed: 1
TEXT
stream='synthetic num_records=4 | batch batch_size=2'
rows='synthetic num_records=8'

tool 0 . train run.recipe --save whole.safetensors --ledger a.ledger
tool 0 . train run.recipe --ledger b.ledger

# every writer: devices, FIFOs and folders stay; links stay, and what they name is replaced
each_writer() { # place status text
    tool "$2" "$3" train run.recipe --save "$1"
    tool "$2" "$3" train run.recipe --trace "$1"
    tool "$2" "$3" show "$stream" "$1"
    tool "$2" "$3" cat "$stream" --format npy --out "$1"
    tool "$2" "$3" diff a.ledger b.ledger --html "$1"
}
mkfifo fifo
each_writer fifo 3 'cannot write fifo: it is a FIFO, not a file'
[ -p fifo ] || fail "the FIFO is gone"
each_writer data 3 'it is a folder'
each_writer /dev/null 3 'it is a device'
[ -c /dev/null ] || fail "/dev/null is gone"
soon() { expect "$1" "$2" timeout 60 "$DETPIPE" "${@:3}"; }
mkfifo fifo.npz
ln -s /dev/null null.npz
soon 3 'cannot write fifo.npz: it is a FIFO' ckpt convert whole.safetensors fifo.npz
soon 3 'cannot write null.npz: it is a device' ckpt convert whole.safetensors null.npz
tool 0 . snapshot write "$rows" sound.dps
for place in fifo /dev/null; do
    soon 3 "cannot write $place: it is a " snapshot write "$stream" $place
    soon 3 "cannot write $place: it is a " train run.recipe --ledger $place
    soon 3 "cannot write $place: it is a " train run.recipe --save made.safetensors --identities $place
    soon 3 "cannot write $place: it is a " train run.recipe --load whole.safetensors --identities $place
    soon 3 "cannot write $place: it is a " snapshot write "$stream" made.dps --identities $place
    soon 3 "cannot write $place: it is a " snapshot check sound.dps --repair-from "$rows" --identities $place
done
[ -p fifo ] && [ -p fifo.npz ] && [ -L null.npz ] && [ -c /dev/null ] || fail "a FIFO, link or device is gone"
[ -z "$(ls | grep ^made)" ] || fail "$(ls | grep ^made): written although --identities was refused"
rm fifo.npz null.npz
mkdir far
echo old > far/target.safetensors
ln -s far/target.safetensors link.safetensors
tool 0 . train run.recipe --save link.safetensors
[ -L link.safetensors ] || fail "the link is gone"
cmp far/target.safetensors whole.safetensors || fail "the link's target is not what was saved"
[ "$(ls -A far)" = target.safetensors ] || fail "something is left beside the target"
tool 0 . ckpt convert whole.safetensors link.safetensors

# a link that stands where a temporary file of the tool might
echo victim > victim
for name in at.safetensors at.png at.npy at.html; do ln -s victim $name.tmp; done
"$DETPIPE" train run.recipe --save at.safetensors > /dev/null
"$DETPIPE" show "$stream" at.png > /dev/null
"$DETPIPE" cat "$stream" --format npy --out at.npy > /dev/null
"$DETPIPE" diff a.ledger b.ledger --html at.html > /dev/null
for name in at.safetensors at.png at.npy at.html; do
    [ -L $name.tmp ] || fail "$name.tmp, a link, is gone"
    [ -f $name ] && [ ! -L $name ] && [ -s $name ] || fail "$name was not written"
done
grep -qx victim victim || fail "a link beside the file that was written led to another file"
rm -f at.*

# two whole runs save to one file at once: the file is one of the two, each run ends with a clear status
mkdir twice
for k in 1 2; do
    (cd twice && "$DETPIPE" train ../run.recipe --data .. --seed $k --save ../alone$k > /dev/null 2>&1)
    (cd twice && "$DETPIPE" train ../run.recipe --data .. --seed $k --save both > ../out$k 2> ../err$k; echo $? > ../status$k) &
done
wait
for k in 1 2; do
    [ "$(cat status$k)" = 0 ] || [ "$(cat status$k)$(wc -l < err$k)" = 31 ] || fail "run $k of two: $(cat status$k err$k)"
done
cmp -s twice/both alone1 || cmp -s twice/both alone2 || fail "two runs on one file: it is neither's"
[ "$(ls -A twice)" = both ] || fail "two runs on one file leave $(ls -A twice)"

# a file of the user's
echo notes > x.safetensors.tmp
tool 0 . train run.recipe --save x.safetensors
grep -qx notes x.safetensors.tmp || fail "x.safetensors.tmp was touched"
echo notes > v.tmp
tool 3 "v.tmp exists but is not detpipe's" snapshot write "$stream" v
grep -qx notes v.tmp || fail "v.tmp was touched"

# standard streams that are closed: what a command would print there goes into no file of its own
tool 0 . train run.recipe --steps 100 --ledger open.ledger --save open.safetensors
for closed in '>&-' '>&- 2>&-' '<&- >&-' '2>&-' '<&-' '<&- >&- 2>&-'; do
    rm -f x.ledger x.safetensors x.dps x.png
    eval "'$DETPIPE' train run.recipe --steps 100 --ledger x.ledger --save x.safetensors $closed" > out.txt 2>&1
    case $? in 3) [[ $closed = *'>&-'* ]] ;; 0) [[ $closed != *' >&-'* && $closed != '>&-'* ]] ;; *) false ;; esac || fail "train $closed: another status"
    cmp -s x.ledger open.ledger && cmp -s x.safetensors open.safetensors || fail "train $closed: other files"
    eval "'$DETPIPE' snapshot write '$stream' x.dps $closed" > out.txt 2>&1
    tool 0 . snapshot check x.dps
    eval "'$DETPIPE' show '$stream' x.png $closed" > out.txt 2>&1
    [ -s x.png ] || fail "show $closed: no picture"
done
expect 3 'printed nothing|cannot write to standard output' bash -c "'$DETPIPE' verify -- echo loss: 1 >&-"

# a limit on the size of files is a full disk's error
mkdir limited
(ulimit -f 16; cd limited && "$DETPIPE" train ../run.recipe --data .. --save w > /dev/null 2> ../said)
[ $? = 3 ] || fail "ulimit -f: not status 3"
grep -q 'File too large' said || fail "ulimit -f: $(cat said)"
[ -z "$(ls -A limited)" ] || fail "ulimit -f leaves $(ls -A limited)"

# the data set: a picture that no step reads is bad
mkdir -p pictures/c
cp "$golden/png/a/rgb8.png" pictures/c/0.png
head -c 60 "$golden/png/a/rgb16.png" > pictures/c/1.png
sed 's/^data: .*/data: png_folder dataset_dir=pictures | take count=1 | rescale rescale=1\/255 | hwc2chw | batch batch_size=1 | repeat/' run.recipe > pictures.recipe
tool 0 '4 steps done' train pictures.recipe
tool 3 'pictures/c/1.png' train pictures.recipe --save p
grep -q '^step' out.txt && fail "a step was done before the bad picture was found"
[ ! -e p ] || fail "p is there"

# a picture that no step reads is removed while the run waits for the reader of its steps: it was identified before
cp "$golden/png/a/rgb8.png" pictures/c/1.png
mkfifo picture_steps
"$DETPIPE" train pictures.recipe --steps 3000 --save kept.safetensors --save-every 500 > picture_steps 2> said &
trainer=$!
exec 3< picture_steps
read -r _ <&3; read -r _ <&3
rm pictures/c/1.png
tail -1 <&3 > last
exec 3<&-
wait $trainer || fail "a picture that no step reads was removed: $(cat said)"
grep -q '^3000 steps done' last && [ ! -s said ] && [ -s kept.safetensors ] && [ ! -e kept.safetensors.unidentified ] ||
    fail "a picture that no step reads was removed: $(cat said last)"
tool 3 'another data set' train pictures.recipe --steps 3001 --load kept.safetensors
cp "$golden/png/a/rgb8.png" pictures/c/1.png
tool 0 '^3001 steps done' train pictures.recipe --steps 3001 --load kept.safetensors

# labels that are called otherwise in test: than in data:
mkdir -p good/c other/d
cp "$golden/png/a/rgb8.png" good/c/0.png
cp "$golden/png/a/rgb8.png" other/d/0.png
with_test() { # DATA TEST
    sed "s/dataset_dir=pictures/dataset_dir=$1/" pictures.recipe
    echo "test: png_folder dataset_dir=$2 | rescale rescale=1/255 | hwc2chw | batch batch_size=1"
}
with_test good other > other.recipe
with_test good good > good.recipe
with_test gone good > gone.recipe
tool 3 'the classes of test: are not those of data:' eval other.recipe
tool 0 'loss' eval good.recipe
tool 0 'the classes of data: were not compared: ' eval gone.recipe

# a run that stops on its way keeps what it has
sed 's/ | repeat$//; s/^steps: .*/steps: 400/' run.recipe > short.recipe
tool 3 'short has step [0-9]*, the last whole one' train short.recipe --save short
tool 3 'the data ends' train short.recipe --load short

# the data set changes while the run stands at the end of its second step: the ledger's reader waits
mkfifo steps
"$DETPIPE" train run.recipe --steps 100000 --every 1 --save changed --save-every 2 > steps 2> said &
trainer=$!
exec 3< steps
read -r _ <&3; read -r _ <&3; read -r _ <&3
dd if="$golden/cifar10/data_batch_2.bin" of=data/data_batch_1.bin conv=notrunc 2> dd.txt
cat <&3 > /dev/null
exec 3<&-
wait $trainer
[ $? = 3 ] || fail "a data set that changed: not status 3"
grep -q 'data_batch_1.bin changed since it was opened' said || fail "the change: $(cat said)"
grep -q 'changed.unidentified has the weights of step' said || fail "the weights: $(cat said)"
tool 3 'data set changed under it' train run.recipe --steps 100000 --load changed.unidentified
sed "s/^init:.*//; s/^steps: .*/steps: 1/" run.recipe > again.recipe
echo 'weights: changed.unidentified' >> again.recipe
tool 0 '1 steps done' train again.recipe

# a signal at each call that writes: the whole file is there, no temporary one, and the tool ends by it
interrupted() { # name command...
    local name=$1 at number
    shift
    mkdir held
    for at in 1 2 3; do
        for number in 1 2 15; do
            INTERRUPT_AT=$at INTERRUPT_BY=$number LD_PRELOAD=$work/interrupt.so "$DETPIPE" "$@" > /dev/null 2>&1
            [ $? = $((128 + number)) ] || fail "signal $number at call $at of $*: another status"
            [ "$(ls -A held)" = "$name" ] || fail "signal $number at call $at of $*: $(ls -A held)"
            rm -f held/*
        done
    done
    rmdir held
}

# a signal at each call of a snapshot: nothing or the whole one is there, and to go on makes it whole
snapshot_interrupted() {
    local at number found status
    for number in 1 2 15; do
        for ((at = 1; ; at++)); do
            mkdir held
            INTERRUPT_AT=$at INTERRUPT_BY=$number LD_PRELOAD=$work/interrupt.so "$DETPIPE" snapshot write "$1" held/x --block-size 4096 > /dev/null 2>&1
            status=$? found=$(ls -A held)
            [ $status = 0 ] && break
            [ $status = $((128 + number)) ] || fail "signal $number at call $at of snapshot write: status $status"
            [[ $found = x.tmp ]] || cmp -s held/x whole.dps || fail "signal $number at call $at of snapshot write: $found"
            tool 0 . snapshot write "$1" held/x --block-size 4096 --resume
            cmp -s held/x whole.dps && [ "$(ls -A held)" = x ] || fail "signal $number at call $at of snapshot write: it does not go on"
            rm -r held
        done
        [ $at -gt 6 ] || fail "a snapshot is written by $((at - 1)) calls"
        rm -r held
    done
}

# while damaged blocks are made anew: the rest stays, and to repair again makes it whole
repair_interrupted() {
    local at number status
    for number in 1 2 15; do
        for ((at = 1; ; at++)); do
            cp damaged.dps held.dps
            INTERRUPT_AT=$at INTERRUPT_BY=$number LD_PRELOAD=$work/interrupt.so "$DETPIPE" snapshot check held.dps --repair-from "$1" > /dev/null 2>&1
            status=$?
            [ $status = 0 ] && break
            [ $status = $((128 + number)) ] || fail "signal $number at call $at of snapshot check: status $status"
            tool 0 'as it was written' snapshot check held.dps --repair-from "$1"
            cmp -s held.dps whole.dps || fail "signal $number at call $at of snapshot check: it does not go on"
        done
        [ $at -gt 2 ] || fail "a snapshot is repaired by $((at - 1)) calls"
    done
}
# the same at allocations: before anything is written nothing is there, and nothing unfinished ever
moments() { # PLACES NAMES COMMAND...: so many of them; what may be there, each as in whole/
    local places=$1 names=$2 n k name status number signals=(1 2 15)
    shift 2
    rm -rf held whole; mkdir held
    LD_PRELOAD=$work/no_memory.so:$work/interrupt.so NO_MEMORY_COUNT=$work/count "$DETPIPE" "$@" > out.txt 2>&1 || { fail "$*"; cat out.txt; return; }
    n=$(cat count)
    mv held whole
    for ((i = 0; i < places; i++)); do
        mkdir held
        k=$((1 + i * n / places))
        LD_PRELOAD=$work/no_memory.so:$work/interrupt.so NO_MEMORY_AT=$k NO_MEMORY_SIGNAL=${signals[i % 3]} "$DETPIPE" "$@" > /dev/null 2>&1
        status=$? number=${signals[i % 3]}
        [ $status = $((128 + number)) ] || [ "$status $(ls -A held)" = "0 $(ls -A whole)" ] || # threads allocate, too: there may be one less
            fail "signal $number at allocation $k of $n of $*: status $status, $(ls -A held)"
        for name in $(ls -A held); do
            case $name in
                x.tmp) [[ $1 = snapshot ]] ;;
                l) [ -z "$(comm -23 <(sort held/l) <(sort whole/l))" ] ;;
                w) tool 0 . ckpt info held/w ;;
                *) [[ " $names " = *" $name "* ]] && cmp -s held/$name whole/$name ;;
            esac || fail "signal $number at allocation $k of $n of $*: held/$name"
        done
        rm -r held
    done
}
if [ -n "$SANITIZE" ]; then
    echo "signals: skipped under $SANITIZE, nothing can be loaded before it"
elif "$CC" -D_GNU_SOURCE -shared -fPIC -o interrupt.so "$SOURCE/tests/tools/interrupt.c"; then
    interrupted x train again.recipe --save held/x
    FSYNC_FAILS=1 LD_PRELOAD=$work/interrupt.so expect 3 'the ledger l may not be on the disk: Input/output error' "$DETPIPE" train again.recipe --ledger l
    interrupted x.npz ckpt convert whole.safetensors held/x.npz
    interrupted x.npy cat "$stream" --format npy --out held/x.npy
    interrupted x.html diff a.ledger b.ledger --html held/x.html
    interrupted x.png show "$stream" held/x.png
    tool 0 . snapshot write "$rows" whole.dps --block-size 4096
    snapshot_interrupted "$rows"
    cp whole.dps damaged.dps
    for place in 5000 9000 20000; do printf x | dd of=damaged.dps bs=1 seek=$place conv=notrunc 2> dd.txt; done
    tool 1 'are damaged' snapshot check damaged.dps
    repair_interrupted "$rows"
    if "$CC" -O2 -shared -fPIC -o no_memory.so "$SOURCE/tests/tools/no_memory.c"; then
        moments 40 x show "$stream" held/x
        moments 20 x cat "$stream" --format npy --out held/x
        moments 20 x diff a.ledger b.ledger --html held/x
        moments 20 x.npz ckpt convert whole.safetensors held/x.npz
        moments 20 x snapshot write "$rows" held/x
        moments 20 '' digest "cifar10 dataset_dir=data strict=false | batch batch_size=2"
        moments 40 "t.npz ids" train again.recipe --steps 4 --save held/w --save-every 1 --ledger held/l --trace held/t.npz --identities held/ids
    else
        fail "no_memory.c is not compiled"
    fi
else
    fail "interrupt.c is not compiled"
fi

[ -z "$(find . -name '.*.tmp')" ] || fail "left: $(find . -name '.*.tmp')"
exit $failed
