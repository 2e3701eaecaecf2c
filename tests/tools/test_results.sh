#!/bin/bash
# test_results.sh - detpipe verify --file: files that a command writes are compared, and what differs first in them is named
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || export ASAN_OPTIONS=detect_leaks=0 # the commands are ours, too
export TMPDIR=$work/tmp
mkdir tmp
verify() { "$DETPIPE" verify "$@"; }
clean() { rm -rf tmp/* ./*.bin ./*.csv ./*.npz ./*.safetensors ./*.pt out; }
# What the commands below make their files differ by: 1 in runs that are as run 1, 2 under --vary tmp.
export USUAL=$TMPDIR
count='[ "$TMPDIR" = "$USUAL" ] && n=1 || n=2;'

# A trainer that prints how far it is, and whose result is a file.
vectors() {
    local -x TMPDIR=$PWD
    local prints='echo "Vocab size: 71291"; printf "Alpha: 0.024975  Progress: 0.10%%\r"; "$FAULTY"'
    expect 2 'or compare the files that it writes .vectors.bin. with --file PATTERN' verify -- sh -c "$prints none > vectors.bin"
    expect 2 'or compare the files that it writes with --file PATTERN' verify -- echo 'Vocab size: 71291'
    expect 0 '^REPRODUCED$' verify --strict --file vectors.bin -- sh -c "$prints none > vectors.bin"
    grep -q '^losses: none printed$' out.txt || fail "a loss in what has none"
    expect 1 'vectors.bin DIFFERS' verify --runs 4 --file vectors.bin -- sh -c "$prints race > vectors.bin"
    grep -q 'Cause: a race of threads' out.txt || fail "a race that a file shows is not named"
}
[ -n "${SANITIZE:-}" ] || aside vectors

# Bytes: equal, other, longer, empty.  A command need not print a loss.
expect 0 '^REPRODUCED$' verify --file w.bin -- sh -c 'echo same > w.bin'
grep -q '^losses: none printed$' out.txt && grep -q '^files: 1 compared, 5 bytes$' out.txt || fail "files are not evidence: $(cat out.txt)"
[ -z "$(ls tmp)" ] || fail "equal files stay in TMPDIR"
expect 1 '^    w.bin DIFFERS: from byte 4 on$' verify --vary tmp --file w.bin -- sh -c "$count"' echo abc $n > w.bin'
grep -q '^NOT REPRODUCED$' out.txt || fail "files that differ are reproduced"
clean
expect 1 'w.bin DIFFERS: the first 3 bytes are equal, 3 and 4 bytes' verify --vary tmp --file w.bin -- sh -c "$count"' [ $n = 1 ] && printf abc > w.bin || printf abcd > w.bin'
clean
expect 3 'w.bin: empty in both runs: no evidence' verify --file w.bin -- sh -c ': > w.bin'
grep -q '^NOTHING PROVED' out.txt || fail "empty files are evidence"
expect 1 'w.bin DIFFERS: the first 0 bytes are equal, 0 and 3 bytes' verify --vary tmp --file w.bin -- sh -c "$count"' : > w.bin; [ $n = 1 ] || printf abc > w.bin'
clean

# Weak losses and equal files; equal losses and other files.
expect 0 '^REPRODUCED \(weak evidence: 1 loss, 2 digits\)$' verify -- sh -c 'echo loss: 1.5'
expect 0 '^REPRODUCED$' verify --strict --file w.bin -- sh -c 'echo loss: 1.5; echo a > w.bin'
grep -q '1 of "loss"; 1 compared, 2 digits' out.txt || fail "the losses' digits are not said"
expect 1 '^    w.bin DIFFERS' verify --vary tmp --file w.bin -- sh -c "$count"' echo loss: 1.5; echo $n > w.bin'
grep -q 'digits (1 losses, as printed): equal' out.txt || fail "equal losses are not said to be equal"
expect 1 'digits .as printed.: not equal' verify --file w.bin -- sh -c 'echo loss: $$; echo a > w.bin'
clean

# What no run wrote, and what one run wrote.
echo old > left.bin
expect 2 "run 1 wrote none of the 1 files that match 'left.bin': they were there before" verify --file left.bin -- sh -c 'echo loss: 1'
expect 2 "no file matches '\*.none' after run 1" verify --file '*.none' -- sh -c 'echo loss: 1'
expect 2 "no file matches 'b.none'" verify --file w.bin,b.none -- sh -c 'echo a > w.bin'
expect 0 'left.bin: was there before and no run wrote it: no evidence' verify --file '*.bin' -- sh -c 'echo a > w.bin'
grep -q '^files: 1 compared, 2 bytes$' out.txt || fail "a file from before is counted"
expect 1 'only.bin: only run 1 wrote it$' verify --vary tmp --file '*.bin' -- sh -c "$count"' echo a > w.bin; rm -f only.bin; [ $n -gt 1 ] || echo 1 > only.bin'
clean
expect 1 'w.bin: only run 1 wrote it, the other found it there and left it' verify --file w.bin -- sh -c '[ -e w.bin ] || echo a > w.bin'
clean
expect 1 'w.bin: only run 2 wrote it$' verify --vary tmp --file '*.bin' -- sh -c "$count"' echo > v.bin; [ $n = 1 ] || echo a > w.bin'
clean

# Patterns: several, folders, links, names in byte order; no file.
expect 0 '^files: 3 compared, 6 bytes$' verify --file 'out,*.csv' --file w.bin -- sh -c 'mkdir -p out/deep; echo a > out/deep/x; echo b > m.csv; echo c > w.bin'
clean
expect 0 '^files: 1 compared, 2 bytes$' verify --file '*.bin' --file 'w.*' -- sh -c 'echo c > w.bin'
clean
expect 1 'out/B DIFFERS' verify --vary tmp --file out -- sh -c "$count"' mkdir -p out; for f in a B b; do echo $n > out/$f; done'
[ "$(grep -o '^    out/[aBb]' out.txt | tr -d '\n ')" = out/Bout/aout/b ] || fail "names are not in byte order"
clean
expect 0 '^files: 1 compared, 5 bytes$' verify --file link.bin -- sh -c 'echo real > real.bin; ln -sf real.bin link.bin'
clean
expect 0 '^files: 2 compared, 4 bytes$' verify --file out -- sh -c 'mkdir -p out/deep; ln -sfn .. out/deep/up; ln -sf self out/self; ln -sf nothing out/none; echo a > out/a; echo b > out/deep/b'
clean
expect 3 'pipe.bin is not a file: a device, a FIFO or a socket' verify --file '*.bin' -- sh -c '[ -p pipe.bin ] || mkfifo pipe.bin'
clean
expect 0 '^files: 1 compared' verify --output out --file '*' -- sh -c 'echo a > w.bin'
! grep -q '^    out/' out.txt || fail "verify's own files are compared"
[ "$(cat out/run1.files/*-w.bin)" = a ] || fail "no copy of run 1's file"
clean
expect 2 "file '' names no file" verify --file '' -- echo loss: 1
expect 2 'leave out --allclose or --file' verify --allclose --file x -- echo loss: 1
expect 1 'w.bin DIFFERS: where is not known: it is larger than --max-output' verify --vary tmp --max-output 1K --file w.bin -- sh -c "$count"' head -c 2000 /dev/zero > w.bin; echo $n >> w.bin'
clean
expect 1 'm.\?.bin DIFFERS' verify --vary tmp --file '*.bin' -- sh -c "$count"' echo $n > "$(printf "m.\033.bin")"'
clean

# Tables: line, column, cells.
table() { printf 'epoch,"lo,ss",acc\n1,2.5,0.1\n2,%s,0.2\n' "$1"; }
table 1.5 > one; table 1.25 > two; { table 1.5; echo 3,1,1; } > longer
expect 1 'm.csv DIFFERS: line 3, column 2 \("lo,ss"\): 1.5 and 1.25$' verify --vary tmp --file m.csv -- sh -c "$count"' [ $n = 1 ] && cp one m.csv || cp two m.csv'
clean
expect 1 "m.csv DIFFERS: line 4 is in the other's alone" verify --vary tmp --file m.csv -- sh -c "$count"' [ $n = 1 ] && cp one m.csv || cp longer m.csv'
clean

# Tensors: two trainings of other seeds; the first tensor and its first element, as `ckpt diff` has them.
mkdir made
"$DETPIPE" train --steps 1 --seed 1 --save made/1.safetensors > /dev/null && "$DETPIPE" train --steps 1 --seed 2 --save made/2.safetensors > /dev/null
for format in safetensors npz; do
    [ -e made/2.$format ] || for seed in 1 2; do "$DETPIPE" ckpt convert made/$seed.safetensors made/$seed.$format > /dev/null || fail "no $format"; done
    "$DETPIPE" ckpt diff made/1.$format made/2.$format > diff.txt
    first=$(sed -n '1s/, by at most.*//p;2s/^    //p' diff.txt | paste -sd , | sed 's/,first/, first/')
    expect 1 "^    w.$format DIFFERS: tensor " verify --vary tmp --file w.$format -- sh -c "$count cp made/\$n.$format w.$format"
    grep -qF "w.$format DIFFERS: tensor $first" out.txt || { fail "$format: another difference than $first"; cat out.txt; }
    clean
    expect 0 '^REPRODUCED$' verify --file w.$format -- cp made/1.$format w.$format
    clean
done
expect 0 '^files: 1 compared' verify --file w.safetensors -- "$DETPIPE" train --steps 1 --save w.safetensors
clean

# Equal tensors in files that are not: the metadata in another order, as safetensors 0.8.0 writes it.
weights() { # METADATA
    local head="{\"__metadata__\":{$1},\"w\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}"
    # shellcheck disable=SC2059
    printf "\\x$(printf %x ${#head})\\0\\0\\0\\0\\0\\0\\0%s7" "$head"
}
weights '"a":"1","b":"2"' > made/a.safetensors
weights '"b":"2","a":"1"' > made/b.safetensors
expect 1 '^    m.safetensors DIFFERS: all tensors are equal; from byte 26 on$' verify --vary tmp --file m.safetensors -- sh -c "$count"' [ $n = 1 ] && cp made/a.safetensors m.safetensors || cp made/b.safetensors m.safetensors'
clean

# ZIP files as torch.save writes them: the folder of the file's own name and dates are not content, members are.
if python3 -c 'import zipfile' 2> /dev/null; then
    python3 - << 'E2' || fail "no ZIP files"
import zipfile
def write(path, top, year, second):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as z:
        for name, data in (("data.pkl", b"pickle"), ("data/0", b"\0" * 40 + second)):
            z.writestr(zipfile.ZipInfo(top + "/" + name, (year, 1, 1, 0, 0, 0)), data)
write("made/a", "run1", 1990, b"w"), write("made/b", "run22", 2000, b"w"), write("made/c", "run1", 1990, b"v"), write("made/d", "run1", 1990, b"vv")
E2
    expect 0 '^REPRODUCED$' verify --vary tmp --file m.pt -- sh -c "$count"' [ $n = 1 ] && cp made/a m.pt || cp made/b m.pt'
    clean
    expect 1 'm.pt DIFFERS: member data/0 from its byte 40 on$' verify --vary tmp --file m.pt -- sh -c "$count"' [ $n = 1 ] && cp made/a m.pt || cp made/c m.pt'
    clean
    expect 1 'm.pt DIFFERS: member data/0 of 41 and 42 bytes$' verify --vary tmp --file m.pt -- sh -c "$count"' [ $n = 1 ] && cp made/a m.pt || cp made/d m.pt'
    clean
    # any damage of one file: a verdict that it differs, unless the byte is not content (a date, a folder's name)
    size=$(stat -c %s made/a)
    for at in 0 4 8 14 18 22 26 28 40 $((size - 22)) $((size - 12)) $((size - 10)) $((size - 6)) $((size - 2)); do
        cp made/a made/e
        printf '\377' | dd of=made/e bs=1 seek=$at conv=notrunc 2> /dev/null
        verify --vary tmp --file m.pt -- sh -c "$count"' [ $n = 1 ] && cp made/a m.pt || cp made/e m.pt' > out.txt 2>&1
        [ $? -le 1 ] || { fail "a ZIP file with another byte $at"; cat out.txt; }
        clean
    done
else
    echo "not tried: ZIP files of torch.save's form (there is no python3)"
fi

# The cause, where files alone show the difference: a loss of 4 decimals hides it.
if [ -z "${SANITIZE:-}" ]; then
    hides='"$FAULTY" threads > w.bin; sed "s/\(\.[0-9]\{4\}\).*/\1/" w.bin'
    expect 0 '^REPRODUCED .weak evidence: 5 digits.$' verify --vary env,threads -- sh -c "$hides"
    expect 3 '^REPRODUCED .weak evidence: 5 digits.$' verify --strict --vary env,threads -- sh -c "$hides"
    expect 3 '"weakness":	"5 digits"' verify --strict --json --vary env,threads -- sh -c "$hides"
    grep -q '"reproduced":	false' out.txt || fail "--strict --json: four decimals are a proof"
    expect 1 'Cause: threads' verify --vary env,threads --file w.bin -- sh -c "$hides"
    expect 0 '^REPRODUCED' verify --vary env,threads --file w.bin -- sh -c "${hides/threads/none}"
    clean
fi

# Another working directory: files beside links, and through a link to a folder.
mkdir deep
expect 0 '^files: 2 compared, 4 bytes$' verify --vary cwd --file w.bin,deep -- sh -c 'echo a > w.bin; echo b > deep/x'
rm w.bin deep/x
expect 1 'Cause: cwd' verify --vary cwd --file w.bin,deep -- sh -c 'echo a > w.bin; pwd > deep/x'
clean

# JSON: every file, with its digests.
expect 1 '"verdict":	"NOT REPRODUCED"' verify --vary tmp --json --file '*.bin' -- sh -c "$count"' echo a > same.bin; echo $n > w.bin'
python3 - << 'E3' || fail "the JSON: $(cat out.txt)"
import json
j = json.load(open("out.txt"))
same, other = j["files"]
assert same["name"] == "same.bin" and same["equal"] and same["bytes"] == 2 and same["digests"][0] == same["digests"][1] != ""
assert other["name"] == "w.bin" and not other["equal"] and other["digests"][0] != other["digests"][1]
assert other["first_difference"] == "from byte 0 on"
assert j["evidence"]["files"] == 2 and j["evidence"]["bytes_of_files"] == 4 and j["reproduced"] is False
E3
clean
wait_for_asides
exit $failed
