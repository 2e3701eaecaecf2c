#!/bin/bash
# test_ranks.sh - detpipe train and verify under mpirun: equal bits, a kill, another number of ranks, unlike ranks
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
[ -z "$SANITIZE" ] || { echo "skipped under $SANITIZE: MPI leaks"; exit 77; }
if ! command -v mpirun > /dev/null || ! ldd "$DETPIPE" | grep -q libmpi; then
    expect 2 'built without MPI' env OMPI_COMM_WORLD_SIZE=2 "$DETPIPE" train --steps 1
    [ $failed = 0 ] && { echo "skipped: there is no Open MPI"; exit 77; }
    exit 1
fi
root=
[ "$(id -u)" != 0 ] || root=--allow-run-as-root
ranks() { local n=$1; shift; mpirun -n "$n" --oversubscribe --bind-to none $root "$@"; }

# the bits of one process, whatever there is of ranks, threads, leaves
cat > small.recipe <<'E2'
data: cifar10 strict=false usage=train | shuffle | random_crop size=32 padding=4 | rescale rescale=1/255 | hwc2chw | batch batch_size=14 | repeat
net: conv2d out_channels=6 kernel_size=3 has_bias=true | batch_norm | relu | max_pool kernel_size=2 stride=2
  | flatten | dropout p=0.3 seed=1 | dense out_channels=700 | relu | dense out_channels=10
loss: softmax_cross_entropy leaf_size=2
optimizer: adam learning_rate=0.001 clip_norm=1
seed: 4
steps: 12
E2
"$DETPIPE" train small.recipe --data "$fixture" --threads 1 --save alone.safetensors > alone.txt || fail "alone"
for n in 1 2 3 4 8 16; do
    expect 0 'steps done' ranks $n "$DETPIPE" train small.recipe --data "$fixture" --threads $((n % 3 + 1)) --save $n.safetensors
    cmp -s alone.txt out.txt || fail "$n ranks print other losses"
    cmp -s alone.safetensors $n.safetensors || fail "$n ranks have other weights"
done
sed 's/batch_norm | //' small.recipe > plain.recipe
sed 's/clip_norm=1/clip_norm=1 accumulate=4/' plain.recipe > four.recipe
"$DETPIPE" train plain.recipe --data "$fixture" --threads 2 > alone.txt || fail "plain"
expect 0 'steps done' ranks 2 "$DETPIPE" train four.recipe --data "$fixture" --threads 1
cmp -s alone.txt out.txt || fail "four small batches on two ranks print other losses"
expect 0 '^REPRODUCED$' "$DETPIPE" verify small.recipe --data "$fixture" --ranks 1,2,4 --steps 3
grep -q 'ranks=4' out.txt || fail "verify does not name its ranks"
expect 1 'lowest rung that differs is "weights"' "$DETPIPE" verify --ranks 2,2,3 --steps 2 --inject weight
expect 2 'not .1,x' "$DETPIPE" verify --ranks 1,x
expect 2 'not .0' "$DETPIPE" verify --ranks 0
expect 2 'not .1,,2' "$DETPIPE" verify --ranks 1,,2
expect 3 'mpirun' env PATH=/nonexistent "$DETPIPE" verify --ranks 1,2 --steps 1

# killed at a step, and resumed by another number of ranks
mkfifo pipe
mpirun -n 3 --oversubscribe --bind-to none $root "$DETPIPE" train small.recipe --data "$fixture" --steps 100000 --threads 1 --save part.safetensors --save-every 5 > pipe 2> killed.err &
launcher=$!
while read -r word step rest; do
    if [ "$word $step" = "step 7" ]; then
        kill -9 "$(pgrep -P $launcher -f detpipe | tail -1)"
        break
    fi
done < pipe
wait $launcher && fail "a killed rank is not a failure"
grep -q 'rank [0-2].*signal 9' killed.err || fail "nobody says which rank died: $(cat killed.err)"
"$DETPIPE" ckpt info part.safetensors > /dev/null || fail "no whole checkpoint after a kill"
at=$(head -c 400 part.safetensors | grep -aoE '"global_step":"[0-9]+' | grep -oE '[0-9]+$')
"$DETPIPE" train small.recipe --data "$fixture" --threads 1 --steps $((at + 4)) --save alone.safetensors > /dev/null
expect 0 "^$((at + 4)) steps done" ranks 4 "$DETPIPE" train small.recipe --data "$fixture" --threads 1 --steps $((at + 4)) --load part.safetensors --save elastic.safetensors
cmp -s alone.safetensors elastic.safetensors || fail "another number of ranks goes on with other bits"

# ranks that are not alike, and one that cannot begin
sed 's/seed: 4/seed: 5/' small.recipe > other.recipe
expect 3 'rank 1 has another data set, pipeline, seed' ranks 1 "$DETPIPE" train small.recipe --data "$fixture" : -n 1 "$DETPIPE" train other.recipe --data "$fixture"
sed 's/out_channels=700/out_channels=701/' small.recipe > other.recipe
expect 3 'rank 1 has another net' ranks 1 "$DETPIPE" train small.recipe --data "$fixture" : -n 1 "$DETPIPE" train other.recipe --data "$fixture"
alike=(train small.recipe --data "$fixture" --threads 1)
"$DETPIPE" "${alike[@]}" --steps 3 --save three.safetensors > alone.txt
expect 3 'rank 1 has another data set, pipeline, seed or number of steps' ranks 1 "$DETPIPE" "${alike[@]}" --steps 3 : -n 1 "$DETPIPE" "${alike[@]}" --steps 4
expect 3 'rank 1 has another step, or other weights' ranks 1 "$DETPIPE" "${alike[@]}" --steps 5 : -n 1 "$DETPIPE" "${alike[@]}" --steps 5 --load three.safetensors
expect 0 '^3 steps done' ranks 1 "$DETPIPE" "${alike[@]}" --steps 3 : -n 1 env DETPIPE_CPU=scalar "$DETPIPE" "${alike[@]}" --steps 3
cmp -s alone.txt out.txt || fail "ranks of other instruction sets print other losses"
for option in save ledger; do
    expect 3 '/nonexistent/x.*: No such file' ranks 2 "$DETPIPE" "${alike[@]}" --steps 3 --$option /nonexistent/x
    ! grep -q '^step' out.txt || fail "--$option /nonexistent/x is heard of after a step"
done
cp -r "$fixture" damaged
printf '\310' | dd of=damaged/data_batch_1.bin bs=3073 seek=7 conv=notrunc 2> dd.txt
expect 3 'record 7 of data_batch_1.bin has label 200' ranks 1 "$DETPIPE" "${alike[@]}" --steps 3 : -n 1 "$DETPIPE" train small.recipe --data damaged --threads 1 --steps 3
version=$("$DETPIPE" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+')
sed "s/$version/9.9.9/g" "$DETPIPE" > other
chmod +x other
expect 3 'rank 1 has another build' ranks 1 "$DETPIPE" train small.recipe --data "$fixture" : -n 1 ./other train small.recipe --data "$fixture"
expect 3 'rank 2 of 3 ends the run' ranks 2 "$DETPIPE" train small.recipe --data "$fixture" : -n 1 "$DETPIPE" train small.recipe --data /nonexistent
expect 3 'the other ranks have not joined' mpirun -n 1 $root "$DETPIPE" train --rank-timeout 2 : -n 1 sleep 1000
expect 3 'the other ranks have not joined' mpirun -n 1 --oversubscribe $root "$DETPIPE" train --rank-timeout 2 : -n 1 sh -c '"$DETPIPE" digest "range count=20 | batch batch_size=5"; exec sleep 1000'
grep -q '^48a29764cfb25705eedc67911c4cc58f  4 batches$' out.txt || fail "the rank that ran digest has no digest"
expect 3 'rank 1 has another data set, pipeline, seed' mpirun -n 1 --oversubscribe $root "$DETPIPE" train --steps 2 : -n 1 "$DETPIPE" eval

# a disk that is full: one line says so, and nothing half is left
full() {
    mkdir disk
    mount -t tmpfs -o size=16k none disk || exit 1
    for option in save ledger; do
        head -c 16384 /dev/zero > disk/all 2> dd.txt
        expect 3 'No space left on device|the disk is full' ranks 2 "$DETPIPE" "${alike[@]}" --steps 2 --$option disk/x
        grep -q 'rank 0 of 2 ends the run' out.txt || { fail "--$option on a full disk"; cat out.txt; }
        [ $option != save ] || [ "$(ls disk)" = all ] || fail "--save on a full disk leaves $(ls disk)"
    done
    exit $failed
}
if unshare -m true 2> /dev/null; then
    export -f full ranks expect fail
    export root failed small="${alike[*]}"
    unshare -m bash -c 'alike=($small); full' || failed=1
else
    echo "not tried: ranks on a full disk (the system permits no mounts)"
fi

# mpirun without an input, without an output; without both it takes what its ranks print for signals (Open MPI 4.1)
for closed in '<&-' '>&-' '<&- >&-'; do
    rm -f closed.safetensors
    eval "ranks 2 \"\$DETPIPE\" \"\${alike[@]}\" --steps 3 --save closed.safetensors $closed" > /dev/null 2> closed.err
    status=$?
    if [ $status = 0 ] || [ -e closed.safetensors ]; then
        cmp -s three.safetensors closed.safetensors || fail "mpirun $closed: other weights, or none"
    fi
    [ $status = 0 ] || [ "$closed" = '<&- >&-' ] || { fail "mpirun $closed: status $status"; cat closed.err; }
    [ "$(ls | grep -c '^closed.safetensors')" -le 1 ] || fail "mpirun $closed: $(ls closed*) are left"
done

# a rank that is stopped, at a step; it goes on, or each of the others says which it is
cat > numbered << 'E2'
#!/bin/bash
echo $$ > pid.$OMPI_COMM_WORLD_RANK
exec "$DETPIPE" "$@" 2> err.$OMPI_COMM_WORLD_RANK
E2
chmod +x numbered
stop_at_7() { # RANK RANKS OPTIONS...; `launcher` is the job, whose steps come from descriptor 7
    local victim=$1 n=$2 word step rest
    shift 2
    mpirun -n "$n" --oversubscribe --bind-to none $root ./numbered train small.recipe --data "$fixture" --threads 1 "$@" > pipe 2> launcher.err &
    launcher=$!
    exec 7< pipe
    while read -r word step rest <&7; do
        [ "$word $step" != "step 7" ] || break
    done
    kill -STOP "$(cat pid.$victim)"
    until [[ $(ps -o state= -p "$(cat pid.$victim)") = T* ]]; do kill -0 $launcher || { fail "rank $victim has ended, and was to be stopped"; break; }; done
}
stop_at_7 1 2 --steps 12 --save goes_on.safetensors
kill -CONT "$(cat pid.1)"
cat <&7 > /dev/null
wait $launcher || fail "a rank that was stopped and goes on: $(cat err.0 err.1 launcher.err)"
cmp -s <("$DETPIPE" ckpt info 4.safetensors) <("$DETPIPE" ckpt info goes_on.safetensors) || fail "a rank that was stopped and goes on: other weights"
stop_at_7 1 3 --steps 100000 --save lost.safetensors --rank-timeout 8
cat <&7 > /dev/null
wait $launcher
[ $? = 3 ] || fail "a rank that is stopped: not status 3"
for r in 0 2; do
    grep -q "MPI: rank 1 of 3 not heard of for 8 seconds: stopped, hanging, or at work for longer (--rank-timeout)" err.$r ||
        fail "rank 1 of 3 is stopped: rank $r says $(cat err.$r)"
done
at=$(grep -oE 'lost.safetensors has step [0-9]+, the last whole one' err.0 | grep -oE '[0-9]+')
[ "${at:-0}" -ge 7 ] || fail "a rank that is stopped: nothing is saved: $(cat err.0)"
expect 0 "^$((at + 2)) steps done" "$DETPIPE" train small.recipe --data "$fixture" --steps $((at + 2)) --load lost.safetensors --save on.safetensors
"$DETPIPE" train small.recipe --data "$fixture" --steps $((at + 2)) --save whole.safetensors > /dev/null
cmp -s on.safetensors whole.safetensors || fail "a rank that is stopped: what was saved is not step $at"
expect 2 'rank-timeout does nothing here' "$DETPIPE" train --rank-timeout 3
expect 2 'save-every does nothing here: it needs --save' "$DETPIPE" train --save-every 3
exit $failed
