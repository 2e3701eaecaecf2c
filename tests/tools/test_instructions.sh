#!/bin/bash
# test_instructions.sh - the instructions of one small training step: a guard against slower code that no noise reaches
# SPDX-License-Identifier: Apache-2.0
#
# callgrind counts what a step of synthetic_cnn executes (AVX2 kernels, one thread).  More than 3 % over
# tests/golden/instructions.txt fails.  Faster, or more on purpose?  DETPIPE_WRITE_GOLDEN=1 writes the new count.
set -u
golden=$SOURCE/tests/golden/instructions.txt
skip() { echo "skipped: $*"; exit 77; }
[ -z "${SANITIZE:-}" ] || skip "sanitizers count for themselves"
grep -qw avx2 /proc/cpuinfo || skip "the count is of the AVX2 kernels"
command -v valgrind > /dev/null || skip "valgrind is not here"
readelf -p .comment "$DETPIPE" | grep -q 'GCC: (Debian 12\.2' && ! readelf -p .comment "$DETPIPE" | grep -q clang ||
    skip "the count is of gcc 12.2's code"
grep -q '^CMAKE_BUILD_TYPE:STRING=Release$' "$(dirname "$DETPIPE")/CMakeCache.txt" || skip "the count is of a release build"

out=$(mktemp)
trap 'rm -f "$out"' EXIT
DETPIPE_CPU=avx2 valgrind --tool=callgrind --callgrind-out-file=/dev/null --toggle-collect=dp_net_step \
    "$DETPIPE" train synthetic_cnn --steps 1 --threads 1 --prefetch 0 > /dev/null 2> "$out" || { cat "$out"; exit 1; }
count=$(sed -n 's/.*Collected : *\([0-9]*\)$/\1/p' "$out")
[ -n "$count" ] && [ "$count" -gt 1000000 ] || { echo "FAILED: no count"; cat "$out"; exit 1; }
if [ -n "${DETPIPE_WRITE_GOLDEN:-}" ]; then
    printf '# instructions of one step of synthetic_cnn, AVX2 kernels, one thread, gcc 12.2, release build (test_instructions.sh)\n%s\n' "$count" > "$golden"
fi
most=$(($(grep -v '^#' "$golden") * 103 / 100))
echo "$count instructions a step, at most $most"
[ "$count" -le "$most" ] || { echo "FAILED: more than 3 % over $golden"; exit 1; }
