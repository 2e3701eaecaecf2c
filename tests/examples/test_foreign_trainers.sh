#!/bin/bash
# test_foreign_trainers.sh - libfann, liblinear and a plain C trainer, fed by detpipe: verified, and caught when careless
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: a program needs the sanitizer's own flags to link"; exit 77; }
export TMPDIR=$work
data='synthetic num_records=512'
photographs='cifar10 strict=false usage=train'
have_header() { echo "#include <$1>" | "$CC" -E -x c - > /dev/null 2>&1; }

build() { # NAME LIBRARIES...
    local name=$1
    shift
    "$CC" -std=c11 -O2 -Wall -Wextra -Werror -I"$SOURCE/include" "$SOURCE/examples/$name/train.c" -o "$name" \
        "$LIBRARY" -lz -lpng -ljpeg -llz4 -lsqlite3 -lpthread -lm "$@" || fail "$name does not build"
}
both() { # NAME WORDS OPTIONS...: careful it is reproduced, careless it is not, and WORDS say why
    local name=$1 words=$2
    shift 2
    expect 0 '^REPRODUCED$' "$DETPIPE" verify --vary threads,locale,cwd,env,aslr,cpu -- "./$name" "$data"
    (cd "$fixture" && "$work/$name" "$photographs" | grep -q loss) || fail "$name does not train on photographs"
    expect 1 '^NOT REPRODUCED$' "$DETPIPE" verify "$@" -- "./$name" "$data" careless
    grep -qE "$words" <(tr '\n' ' ' < out.txt) || { fail "$name careless: nothing says '$words'"; cat out.txt; }
}
build plain && both plain 'Cause: threads' --vary threads,env
if have_header fann.h; then build fann -lfann && both fann 'Iteration 1 differs already'; else echo "not tried: fann.h is not here (libfann-dev)"; fi
if have_header linear.h; then build liblinear -llinear && both liblinear 'Iteration 1 differs already'; else echo "not tried: linear.h is not here (liblinear-dev)"; fi
exit $failed
