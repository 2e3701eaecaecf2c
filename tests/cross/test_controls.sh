#!/bin/bash
# test_controls.sh - the published hashes for every instruction set and thread count, and what must break them
# SPDX-License-Identifier: Apache-2.0
#
# A suite that cannot fail proves nothing: each control is a build or an order that detpipe-fp/1
# forbids, made from a copy of the sources whose guards (the canary, the refusals of base/number/num.h, the
# floating-point environment) are taken out; its hash must be another one.
set -u
[ -z "${SANITIZE:-}" ] || { echo "skipped: the controls under a sanitizer (they are builds of their own)"; exit 77; }
. "$SOURCE/tests/cross/build.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
XXHASH='' LINK=''
export XXHASH

fail() { echo "FAILED: $*"; failed=1; }

if [ -n "${DETPIPE_WRITE_GOLDEN:-}" ]; then
    golden=$SOURCE/tests/golden/conformance.txt
    seen=$("$HASH") || { echo "FAILED: $seen"; exit 1; }
    sed -i '1q' "$golden" && echo "$seen" >> "$golden"
    sed -i "s/^    $(total_of "$PUBLISHED")\$/    $(total_of "$seen")/" "$SOURCE/docs/numerics.md"
    echo "skipped: the hashes were written into $golden, and their total into docs/numerics.md"
    exit 77
fi

# ---- it holds ----
levels=$(DETPIPE_CPU=? "$HASH" | sed -n 's/.*machine (\(.*\)): use.*/\1/p')
[ -n "$levels" ] || fail "the instruction sets of this machine are unknown"
for level in $levels; do
    for threads in 1 2 3 5 8; do
        seen=$(DETPIPE_CPU=$level "$HASH" $threads)
        [ "$seen" = "$PUBLISHED" ] || fail "$level, $threads threads: $(differing "$seen")"
    done
done
for environment in ftz upward; do
    seen=$("$HASH" 2 $environment)
    [ "$seen" = "$PUBLISHED" ] || fail "a caller with $environment: $(differing "$seen")"
done
echo "equal: $levels, each with 1 2 3 5 8 threads; under a caller's ftz and upward rounding"

# ---- it breaks ----
tree=$work/tree
mkdir "$tree" "$tree/tests"
for room in $CORE include; do cp -r "$SOURCE/$room" "$tree"; done
cp -r "$SOURCE/tests/cross" "$tree/tests"

# edit FILE SED...: a control whose edit changes nothing is not a control
edit() {
    local file=$1
    shift
    cp "$file" "$file.before"
    sed -i "$@" "$file"
    cmp -s "$file" "$file.before" && { fail "$file: the edit \"$*\" finds nothing"; return 1; }
    rm "$file.before"
}
edit "$tree/base/number/num.h" -e '/__FAST_MATH__/,/#endif/d' -e '/^_Static_assert(FLT_EVAL_METHOD/,/;$/d'
edit "$tree/base/fp.c" 's/^    return status;$/    return DP_OK;/'
edit "$tree/base/fp.c" -e 's/^    control_set(control_default);$//'

# breaks NAME HASHES: whole, with another total
breaks() {
    [[ $(total_of "$2") =~ ^[0-9a-f]{32}$ ]] && [ "$(total_of "$2")" != "$(total_of "$PUBLISHED")" ] || fail "$1 does not break the hash: $2"
}

# control NAME "FLAGS" "ARGUMENTS" [FILE SED...]
control() {
    local name=$1 flags=$2 arguments=$3 root=$tree other='' edited='' seen
    shift 3
    if [ $# -gt 0 ]; then
        root=$work/$name-tree other=$work/none edited=$1
        cp -r "$tree" "$root"
        edit "$root/$1" "${@:2}" || return
    fi
    # shellcheck disable=SC2086
    OTHER=$other EDITED=$edited conformance_build "$work/$name" "$root" "${CC:-cc}" -O1 $flags || { fail "$name does not compile"; return; }
    # shellcheck disable=SC2086
    seen=$(DETPIPE_CPU=scalar "$work/$name" 1 $arguments)
    case $name in
        none) [ "$seen" = "$PUBLISHED" ] || fail "without guards: $(differing "$seen")" ;;
        *) breaks "$name" "$seen" ;;
    esac
    printf '%-12s %s, %s lines are others\n' "$name" "$(total_of "$seen")" "$(differing "$seen" | wc -l)"
}

N=$NUMERIC_FLAGS
control none          "$N" ""
cp "$work/none" "$work/guards-off"
for environment in ftz upward; do
    seen=$(DETPIPE_CPU=scalar "$work/guards-off" 1 $environment)
    breaks "$environment" "$seen"
    printf '%-12s %s\n' "$environment" "$(total_of "$seen")"
done
control extra_sum     "$N" "" compute/kernels/template.h -e '/ tile_of(const int/,/^}/{s/vf acc\[MR\]\[NV\];/vf acc[MR][NV], odd[MR][NV];/;s/acc\[i\]\[j\] = v_zero();/acc[i][j] = odd[i][j] = v_zero();/;s/acc\[i\]\[j\] = v_fma(x, b\[j\], acc\[i\]\[j\]);/*(k % 2 ? \&odd[i][j] : \&acc[i][j]) = v_fma(x, b[j], k % 2 ? odd[i][j] : acc[i][j]);/;s/v_store(out\[i\] + j \* VL, acc\[i\]\[j\]);/v_store(out[i] + j * VL, v_fma(v_set1(1.0f), odd[i][j], acc[i][j]));/}'
control swapped_k     "$N" "" compute/kernels/template.h -e '/ tile_of(const int/,/^}/{s/rows\[i\]\[k\]/rows[i][r->run - 1 - k]/;s/v_load(panel + j \* VL)/v_load(panel + (r->run - 1 - 2 * k) * NR + j * VL)/}'
control other_line    "$N" "" compute/kernels/filtering.h 's/v_add(v_add(x\[0\], x\[1\]), x\[2\])/v_add(x[0], v_add(x[1], x[2]))/'
control other_pair    "$N" "" compute/kernels/filtering.h 's/v_add(y\[0\], v_add(x\[4\], x\[5\]))/v_add(v_add(y[0], x[4]), x[5])/'
control other_chain   "$N" "" compute/kernels/kernels.h 's/DP_FILTERING_CHAIN 32/DP_FILTERING_CHAIN 64/'
control rows_first    "$N" "" compute/kernels/filtering.h -e 's/v_load(in\[r \* p + s\] + from)/v_load(in[s * p + r] + from)/' -e 's/v_store(out\[r \* q + s\] + to/v_store(out[s * q + r] + to/'
control other_exp     "$N" "" base/number/elementary.h 's/dp_fma32(q, r \* r, r)/dp_fma32(r, dp_fma32(q, r, 0.0f), r)/'
control other_leaf    "$N" "" tests/cross/conformance_hash.c 's/leaf_size=4/leaf_size=2/'
control mul_then_add  "$N" "" base/number/num.h '/^static inline float dp_fma32/,/^}/s/^{$/{ if (c == c) { volatile float p = a * b; return p + c; }/'
control fast_math     "-Ofast -ffast-math" ""
if [ "$(uname -m)" = x86_64 ]; then
    control contraction   "-O2 -ffp-contract=fast -mfma" ""
    "${CC:-cc}" --version | grep -q clang && echo "skipped: x87 (clang has no -mfpmath=387 for x86-64)" ||
        control x87       "$N -mfpmath=387" ""
else
    echo "skipped: contraction and x87 are controls of x86-64"
fi
exit $failed
