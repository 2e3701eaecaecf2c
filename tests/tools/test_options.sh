#!/bin/bash
# test_options.sh - every option of every command: values that cannot be are refused, and so is what does nothing
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"

stream='synthetic num_records=4 | batch batch_size=2'
cat > run.recipe <<'TEXT'
data: synthetic num_records=8 | rescale rescale=1/255 | hwc2chw | batch batch_size=4 | repeat
test: synthetic num_records=8 | rescale rescale=1/255 | hwc2chw | batch batch_size=4
net: flatten | dense out_channels=10
loss: softmax_cross_entropy
optimizer: sgd learning_rate=0.01
steps: 2
TEXT
ln -s "$SOURCE/tests/golden/cifar10" cifar10
"$DETPIPE" train run.recipe --ledger a.ledger > /dev/null
"$DETPIPE" train run.recipe --ledger b.ledger --seed 2 > /dev/null
"$DETPIPE" snapshot write "$stream" whole.dps > /dev/null
printf 'loss 1.2345678\nloss 1.1345678\n' > losses.txt
echo '{"op_type": "Batch"}' > serialized.json

# line COMMAND OPTION: the words of a command in which the option does something, in the array `words`
line() {
    case $1,$2 in
        bench,*)              words=(bench --task raw --seconds 0 --data cifar10) ;;
        cat,column|cat,out)   words=(cat "$stream" --format npy) ;;
        cat,row)              words=(cat "$stream" --format png --out row.png) ;;
        check,*|eval,*|train,identities) words=("$1" run.recipe); [ "$1" = train ] && words+=(--save saved) ;;
        ckpt,*)               words=(ckpt info saved) ;;
        diff,html|diff,replay) words=(diff a.ledger b.ledger) ;;
        diff,load)            words=(diff a.ledger b.ledger --replay run.recipe) ;;
        diff,strict)          words=(diff losses.txt losses.txt) ;;
        diff,*)               words=(diff "$stream" "$stream") ;;
        import,*)             words=(import serialized.json) ;;
        lint,at)              words=(lint "$stream" --fix) ;;
        ops,*|selftest,*|stages,*) words=("$1") ;;
        show,*)               words=(show "$stream" shown.png) ;;
        snapshot,repair-from|snapshot,digest) words=(snapshot check whole.dps) ;;
        snapshot,json)        words=(snapshot info whole.dps) ;;
        snapshot,*)           words=(snapshot write "$stream" written.dps) ;;
        train,save-every)     words=(train run.recipe --save saved) ;;
        train,ledger-tensors) words=(train run.recipe --ledger l) ;;
        train,*)              words=(train run.recipe) ;;
        verify,*)             words=(verify "$stream") ;;
        where,*)              words=(where "$stream" --record 0) ;;
        *)                    words=("$1" "$stream") ;;
    esac
}

# refused WORDS...: status 2 or 3, and a line that says why
refused() {
    "$DETPIPE" "$@" > out.txt 2> err.txt < /dev/null
    local status=$?
    { [ $status = 2 ] || [ $status = 3 ]; } && grep -q '^detpipe: ' err.txt && return
    fail "status $status: detpipe $*"
    head -3 err.txt
}

impossible=$work/nowhere/at/all
tried=0
for command in $(sed -nE 's/^DP_COMMAND\(([a-z]+),.*/\1/p' "$SOURCE/tools/commands/commands.def"); do
    while read -r option kind; do
        line "$command" "$option"
        case $command,$option,$kind in
            verify,one-run,*|verify,output,*|verify,loss,*|verify,file,*) continue ;; # of verify -- COMMAND, or its own child
            *,data,DIR|*,FILE) bad=("$impossible" /dev/full) ;;
            *,cache,*) bad=("$impossible" /dev/full "$impossible,1G" '' ,1G .,1 .,x .,-1G .,1GB .,99999999999G) ;;
            *,N|*,BYTES) bad=(-1 x 18446744073709551616 '' 1.5) ;;
            *,*,-) bad=() ; refused "${words[@]}" "--$option=x" ;;
            *) bad=(nonsense) ;;
        esac
        for value in "${bad[@]}"; do
            refused "${words[@]}" "--$option" "$value"
            tried=$((tried + 1))
        done
    done < <("$DETPIPE" "$command" --help | sed -nE '/--help/d; s/^  --([a-z-]+) ([A-Z][][A-Za-z,]*) .*/\1 \2/p; t; s/^  --([a-z-]+) .*/\1 -/p')
done
[ $tried -gt 150 ] || fail "$tried values were tried"
[ -c /dev/full ] || fail "/dev/full is gone"

# what does nothing beside the rest of the line
nothing() { expect 2 'does nothing here' "$DETPIPE" "$@"; }
nothing bench --task alexnet --data cifar10
nothing bench --task skip --data cifar10 --digests
nothing cat "$stream" --row 1
nothing cat "$stream" --format npz --out x.npz --column label
nothing check run.recipe --sample 0 --json
nothing ckpt convert saved saved.npz --json
for option in --html=x --replay=run.recipe --strict; do nothing diff "$stream" "$stream" $option; done
for option in --data=. --threads=2 --prefetch=1; do
    nothing diff losses.txt losses.txt $option
    nothing diff a.ledger b.ledger $option
    nothing snapshot info whole.dps $option
done
nothing digest "$stream" --each --json
nothing eval run.recipe --identities ids
nothing lint "$stream" --at 1,1
for option in --strict --all --json; do nothing lint "$stream" --fix $option; done
for option in --compression=lz4 --block-size=4096 --shard-size=1M --batches=1 --resume --seed=2; do
    nothing snapshot check whole.dps $option
done
nothing snapshot info whole.dps --repair-from "$stream"
nothing snapshot info whole.dps --digest x
nothing snapshot check whole.dps --json
nothing snapshot check whole.dps --identities ids
nothing train run.recipe --identities ids
nothing train run.recipe --ledger-tensors
nothing train run.recipe --save-every 1
for command in check digest cat show order where; do
    "$DETPIPE" $command --help | grep -q -- --identities && fail "$command has --identities, and asks for no identity"
done

# and what does something
expect 0 . "$DETPIPE" train run.recipe --save saved --identities ids
expect 0 . "$DETPIPE" snapshot check whole.dps --repair-from "$stream" --threads 1 --data .
"$DETPIPE" cat "$stream" --format=png --out x.png --row 1 || fail "--row 1 of --format=png"
expect 0 . "$DETPIPE" diff "$stream" "$stream" --threads 1 --data "$work"
exit $failed
