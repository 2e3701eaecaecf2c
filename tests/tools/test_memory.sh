#!/bin/bash
# test_memory.sh - one allocation fails: the same bytes as with memory, or status 3 and a line; never a verdict or half a result
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"

if [ -n "${SANITIZE:-}" ]; then
    echo "skipped: a sanitizer has an allocator of its own"
    exit 77
fi
if ! "$CC" -O2 -shared -fPIC "$SOURCE/tests/tools/no_memory.c" -o no_memory.so 2> /dev/null ||
    [ "$(LD_PRELOAD=$work/no_memory.so NO_MEMORY_COUNT=count "$DETPIPE" --version)" = "" ] || [ ! -s count ]; then
    echo "skipped: no library can be preloaded here (it needs glibc)"
    exit 77
fi
each=${NO_MEMORY_PLACES:-12} # places tried of each command; 0: all

# What two runs of a command may print differently: times, and names of their folders.
times() { sed -E 's/in [0-9.]+ s/in T s/; s/"seconds":\t[0-9.e-]+/"seconds":\tT/; s/detpipe-verify-[A-Za-z0-9]+/detpipe-verify-X/' "$@"; }

# try_at K ARGS...: allocation K of the command fails
try_at() {
    local k=$1 status left
    shift
    rm -rf made; mkdir made
    timeout 60 env LD_PRELOAD="$work/no_memory.so" NO_MEMORY_AT=$k "$DETPIPE" "$@" > out.txt 2> err.txt < /dev/null
    status=$?
    tries=$((tries + 1))
    left=$(ls -A made)
    if [ $status = 3 ] && [ "$(wc -l < err.txt)" -ge 1 ]; then
        [ -z "$(comm -23 <(echo "$left") <(echo "$files") | tr -d '\n')" ] || fail "allocation $k of detpipe $*: files are left: $left"
        return
    fi
    [ $status = "$wanted" ] && { cmp -s out.txt whole.txt || cmp -s <(times out.txt) <(times whole.txt); } && [ "$left" = "$files" ] && return
    fail "allocation $k of detpipe $*: status $status"
    diff <(times whole.txt) <(times out.txt) | head -4
    head -3 err.txt
}

tried=0 tries=0
# starve ARGS...: some allocations of `detpipe ARGS...` fail, one at a time
starve() {
    local n step
    rm -rf made count; mkdir made
    LD_PRELOAD=$work/no_memory.so NO_MEMORY_COUNT=$work/count "$DETPIPE" "$@" > whole.txt 2> err.txt < /dev/null
    wanted=$? files=$(ls -A made) n=$(cat count)
    [ "$n" -gt 0 ] && [ $wanted -lt 3 ] || { fail "detpipe $*: status $wanted, $n allocations"; cat err.txt; return; }
    step=$((each > 0 ? (n + each - 1) / each : 1))
    tried=$((tried + 1))
    for ((k = 1 + tried % step; k <= n; k += step)); do try_at $k "$@"; done
}

"$DETPIPE" train --steps 3 --ledger l > losses.txt
"$DETPIPE" train --steps 3 --seed 2 --ledger other --save w.safetensors > /dev/null
rows="synthetic num_records=20 | batch batch_size=5"
joined='range count=4 | zip with="range count=4 | shuffle | project columns=id | rename input_columns=id output_columns=x"'
"$DETPIPE" snapshot write "$rows" rows.dps > /dev/null
json=$SOURCE/tests/golden/serialized/aug.json
printf 'data: %s\n' "synthetic num_records=32 | rescale rescale=1/255 | hwc2chw | batch batch_size=8" > small.recipe
printf 'test: %s\n' "synthetic num_records=32 | rescale rescale=1/255 | hwc2chw | batch batch_size=8" >> small.recipe
printf 'net: flatten | dense out_channels=10\nloss: softmax_cross_entropy\noptimizer: sgd learning_rate=0.1\n' >> small.recipe

starve diff l l
starve diff l l --json
starve diff l other
starve diff l other --json
starve diff l other --html made/page.html
starve diff l other --replay synthetic_cnn
starve diff losses.txt losses.txt
starve diff rows.dps rows.dps
starve diff w.safetensors w.safetensors --json
starve diff "$rows" "$rows" --json
starve verify -- cat losses.txt
starve verify --json -- cat losses.txt
starve verify --loss 'loss ([0-9.]+)' -- cat losses.txt
starve verify "$rows"
starve verify small.recipe --json
starve verify --one-run none -- small.recipe
starve train small.recipe --save made/w.safetensors --ledger made/l --steps 2
starve train small.recipe --trace made/t.safetensors --steps 2 --json
starve eval small.recipe --json
starve check small.recipe
starve check small.recipe --json
starve check --sample 3 "synthetic num_records=9 | random_crop size=8 | random_horizontal_flip prob=0.5"
starve digest "$rows" --json
starve digest "$joined"
starve order "$joined"
starve where "$joined" --record 2
starve cat "$rows"
starve cat "$rows" --format npz --out made/a.npz
starve cat "synthetic num_records=9" --format png --out made/a.png
starve show "$rows" made/b.png
starve lint "$joined" --json
starve lint "$joined" --all
starve lint "$joined" --fix
starve lint "$json" --json
starve import "$json"
starve import "$json" --order mindspore
starve export "cifar10 dataset_dir=$fixture strict=false | shuffle | batch batch_size=4"
starve ckpt info w.safetensors
starve ckpt info w.safetensors --json
starve ckpt convert w.safetensors made/c.npz
starve snapshot write "$rows" made/s.dps
starve snapshot info rows.dps --json
starve snapshot check rows.dps
starve snapshot cat rows.dps
starve ops --json
starve ops lstm
starve stages --json
starve stages crop
starve selftest --json
echo "$tried commands, $tries allocations that failed"
exit $failed
