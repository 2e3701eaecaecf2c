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
"$CC" -O2 -D_GNU_SOURCE "$SOURCE/tests/tools/starve.c" -o starve || exit 1
# seconds go by as they are asked for: no run of verify waits for the next one
printf '#include <time.h>\ntime_t time(time_t *t) { static time_t n; n++; if (t) *t = n; return n; }\n' | "$CC" -shared -fPIC -xc - -o ticks.so || exit 1
export TMPDIR=$work/tmp PRELOAD=$work/no_memory.so:$work/ticks.so
mkdir made tmp

# starve ARGS...: each allocation of `detpipe ARGS...` fails, one at a time; of more than `most` so many.  0: all, of every command
most=${NO_MEMORY_PLACES:-150} tried=0 places=0 tries=0
starve() {
    local n done
    ./starve "$most" "$DETPIPE" "$@" > said.txt || { fail "detpipe $*"; head -n 12 said.txt; cat err.txt; return; }
    read -r n done < said.txt
    tried=$((tried + 1)) places=$((places + n)) tries=$((tries + done))
    [ "$n" = "$done" ] || echo "of $n allocations of detpipe $*: $done"
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
starve verify --file out -- sh -c 'mkdir -p out/deep; echo a > out/deep/x; cat losses.txt'
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
echo "$tried commands, $places allocations, $tries of them failed once"
exit $failed
