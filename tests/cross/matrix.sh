#!/bin/bash
# matrix.sh - the conformance hashes of every compiler, optimisation level, instruction set, thread
# count and machine that is here: a table (tools/dev matrix)
# SPDX-License-Identifier: Apache-2.0
set -u
cd "$(dirname "$0")/../.."
. tests/cross/build.sh
work=build-matrix
failed=0
mkdir -p "$work/include"
cp /usr/include/xxhash.h "$work/include/"
export XXHASH="-I$PWD/$work/include"

row() { printf '%-14s %-5s %-8s %-24s %-10s %s\n' "$@"; }

# cell NAME CC OPTION MACHINE RUNNER "LEVELS" "THREADS" [FLAGS...]
cell() {
    local name=$1 cc=$2 option=$3 machine=$4 runner=$5 levels=$6 threads=$7 level n seen verdict=equal
    shift 7
    if ! command -v "$cc" > /dev/null; then
        row "${cc##*-}" "$option" "$machine" "" "" "not here: $cc"
        return
    fi
    conformance_build "$work/$name$option" "$PWD" "$cc" "$option" $NUMERIC_FLAGS "$@" || { failed=1; row "${cc##*-}" "$option" "$machine" "" "" "DOES NOT COMPILE"; return; }
    for level in $levels; do
        for n in $threads; do
            # shellcheck disable=SC2086
            seen=$(DETPIPE_CPU=$level $runner "$work/$name$option" "$n")
            [ "$seen" = "$PUBLISHED" ] || { verdict="DIFFERS: $level, $n threads: $(differing "$seen")"; failed=1; }
        done
    done
    row "${cc##*-} $("$cc" -dumpversion)" "$option" "$machine" \
        "$levels" "$(echo $threads | tr ' ' ,)" "$verdict"
}

echo "total $(total_of "$PUBLISHED"), and $(($(wc -l <<< "$PUBLISHED") - 1)) parts"
row compiler "" machine "instruction sets" threads "the hashes are"
here=$(uname -m)
case $here in x86_64) levels="scalar sse2 avx2 avx512" ;; aarch64) levels="scalar neon" ;; *) levels=scalar ;; esac
grep -qw avx512vl /proc/cpuinfo || levels=${levels% avx512}
grep -qw avx2 /proc/cpuinfo || levels=${levels% avx2}
export LINK=''
for option in -O0 -O1 -O2 -O3; do cell gcc gcc $option "$here" "" "$levels" "1 2 3 5 8"; done
for option in -O0 -O1 -O2 -O3; do cell clang clang $option "$here" "" "$levels" "1 2 3 5 8"; done
# What was never set: a pattern on the stack, and another in what malloc gives.
cell gcc-pattern gcc -O2 "$here" "env MALLOC_PERTURB_=165" "$levels" "1 3" -ftrivial-auto-var-init=pattern
cell clang-pattern clang -O2 "$here" "env MALLOC_PERTURB_=90" "$levels" "1 3" -ftrivial-auto-var-init=pattern
LINK=-static
cell aarch64 aarch64-linux-gnu-gcc -O2 aarch64 qemu-aarch64 "scalar neon" "1 3"
cell riscv64 riscv64-linux-gnu-gcc -O2 riscv64 qemu-riscv64 scalar "1 3"
cell ppc64 powerpc64-linux-gnu-gcc -O2 ppc64be qemu-ppc64 scalar "1 3"
cell s390x s390x-linux-gnu-gcc -O2 s390x qemu-s390x scalar "1 3" -fexcess-precision=fast  # there, standard computes float in double
exit $failed
