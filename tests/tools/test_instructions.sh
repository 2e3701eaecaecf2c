#!/bin/bash
# test_instructions.sh - the instructions of small tasks: a guard against slower code that no noise reaches
# SPDX-License-Identifier: Apache-2.0
#
# callgrind counts what a step of synthetic_cnn and the batches of small streams execute (AVX2, one thread).  More than
# 3 % over tests/golden/instructions.txt fails.  Faster, or more on purpose?  DETPIPE_WRITE_GOLDEN=1 writes the counts.
set -u
golden=$SOURCE/tests/golden/instructions.txt
failed=0
skip() { echo "skipped: $*"; exit 77; }
[ -z "${SANITIZE:-}" ] || skip "sanitizers count for themselves"
grep -qw avx2 /proc/cpuinfo || skip "the count is of the AVX2 kernels"
command -v valgrind > /dev/null || skip "valgrind is not here"
readelf -p .comment "$DETPIPE" | grep -q 'GCC: (Debian 12\.2' && ! readelf -p .comment "$DETPIPE" | grep -q clang ||
    skip "the count is of gcc 12.2's code"
grep -q '^CMAKE_BUILD_TYPE:STRING=Release$' "$(dirname "$DETPIPE")/CMakeCache.txt" || skip "the count is of a release build"

out=$(mktemp)
new=$(mktemp)
trap 'rm -f "$out" "$new"' EXIT

# count NAME FUNCTION ARGS...: the instructions within the function, in `detpipe ARGS...`
count() {
    local name=$1 function=$2 count most
    shift 2
    DETPIPE_CPU=avx2 valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect="$function" \
        "$DETPIPE" "$@" --threads 1 --prefetch 0 > /dev/null 2> "$out" || { cat "$out"; exit 1; }
    count=$(sed -n 's/.*Collected : *\([0-9]*\)$/\1/p' "$out")
    [ -n "$count" ] && [ "$count" -gt 10000 ] || { echo "FAILED: no count of $name"; cat "$out"; exit 1; }
    printf '%s %s\n' "$name" "$count" >> "$new"
    most=$(($(sed -n "s/^$name //p" "$golden") * 103 / 100))
    echo "$name: $count instructions, at most $most"
    [ -n "${DETPIPE_WRITE_GOLDEN:-}" ] || [ "$count" -le "$most" ] || { echo "FAILED: more than 3 % over $golden"; failed=1; }
}

data="cifar10 strict=false usage=train"
floats="rescale rescale=1/255 | normalize mean=0.4914,0.4822,0.4465 std=0.2023,0.1994,0.2010 | hwc2chw"
stream() { count "$1" dp_batch_fill digest "$2" --data "$SOURCE/tests/golden/cifar10"; }
count step dp_net_step train synthetic_cnn --steps 1
stream raw "$data | shuffle | batch batch_size=20 | repeat count=4"
stream aug "$data | shuffle | random_crop size=32 padding=4 | random_horizontal_flip | $floats | batch batch_size=20 | repeat count=4"
stream resize227 "$data | take count=8 | resize size=227,227 | $floats | batch batch_size=4"
stream snapshot "snapshot file=../snapshot/batches.dps | batch batch_size=4 | repeat count=20"
if [ -n "${DETPIPE_WRITE_GOLDEN:-}" ]; then
    { echo "# instructions of small tasks: AVX2, one thread, gcc 12.2, release build (test_instructions.sh)"; cat "$new"; } > "$golden"
fi
exit $failed
