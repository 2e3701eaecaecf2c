#!/bin/bash
# test_llmc.sh - a C trainer of tokens: detpipe in the place of its loader has its losses, and more
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: a program needs the sanitizer's own flags to link"; exit 77; }
export TMPDIR=$work
tokens=$SOURCE/tests/golden/tokens

build() { # NAME OPTIONS...
    local name=$1
    shift
    "$CC" -std=c11 -O2 -Wall -Wextra -Werror "$SOURCE/examples/llmc/train.c" -o "$name" "$@" -lm || fail "$name does not build"
}
build plain
build fed -DDETPIPE -I"$SOURCE/include" "$LIBRARY" -lz -lpng -ljpeg -llz4 -lsqlite3 -lpthread
losses() { # NAME FILE: of 12 steps, more than two epochs
    "./$1" "$tokens/$2" > "$1.log" || fail "$1 does not train on $2"
    [ "$(grep -c '^step [0-9]* loss: [0-9]' "$1.log")" = 12 ] || fail "$1 prints no 12 losses"
}
losses plain llmc_1.bin
for file in llmc_1.bin llmc_7.bin bare.bin megatron.idx; do
    losses fed "$file"
    cmp plain.log fed.log || fail "other losses of $file"
done
export ORDER='shuffle order=llmc rule=batch_size:2'
losses fed llmc_1.bin
cp fed.log shuffled.log
losses fed megatron.idx
cmp shuffled.log fed.log || fail "another shuffle of another file"
! cmp -s plain.log fed.log || fail "the shuffle does nothing"
expect 0 '^REPRODUCED$' "$DETPIPE" verify --vary threads,locale,cwd,env,aslr,cpu -- ./fed "$tokens/llmc_1.bin"
exit $failed
