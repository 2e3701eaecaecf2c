# build.sh - conformance_hash for a compiler, its options and a machine; sourced
# SPDX-License-Identifier: Apache-2.0

# As CMakeLists.txt has them; what is given to conformance_build comes before and cannot undo them.
NUMERIC_FLAGS="-ffp-contract=off -fno-fast-math -fno-unsafe-math-optimizations -fno-associative-math -fno-reciprocal-math -fno-math-errno"

PUBLISHED=$(grep -v '^#' "${BASH_SOURCE%/*}/../golden/conformance.txt") # a line a part, and the total

total_of() { sed -n 's/^total *//p' <<< "$1"; } # HASHES

# The lines of HASHES that are not the published ones.
differing() { diff <(echo "$PUBLISHED") <(echo "$1") | sed -n 's/^> //p'; }

CORE="base lang libraries compute" # the rooms that nets and operators are made of

conformance_sources() { # ROOT: the core without checkpoints, packed files and pictures (no zlib, liblz4, libpng, libjpeg and cjson for cross compilers)
    # shellcheck disable=SC2086
    (cd "$1" && find $CORE -name '*.c' ! -name checkpoint.c ! -name weights.c ! -path '*/pack/*' ! -path '*/picture/*' | sed "s|^|$1/|")
    echo "$1/tests/cross/conformance_hash.c"
}

# conformance_build OUT ROOT CC FLAGS...: objects beside OUT; 1 and the compiler's words when it fails.  OTHER=OUT2 EDITED=FILE:
# ROOT is OUT2's but for FILE, so what does not read it is OUT2's object.
conformance_build() {
    local out=$1 root=$2 cc=$3
    shift 3
    rm -rf "$out.o" # a source that is gone leaves no object
    mkdir -p "$out.o"
    conformance_sources "$root" | CC=$cc FLAGS="$*" ROOT=$root OUT=$out OTHER=${OTHER:-} EDITED=${EDITED:-} xargs -P "$(nproc)" -I{} sh -c '
        object=$(echo {} | sed "s|^$ROOT/||" | tr / _).o
        [ -z "$OTHER" ] || grep -q "/$EDITED\b" "$OTHER.o/$object.d" || exec cp "$OTHER.o/$object" "$OUT.o"
        case $CC:{} in
            *-linux-gnu-*) isa= ;;
            *base/xxh3_avx2.c|*base/blake_avx2.c) isa="-mavx2" ;;
            *base/xxh3_avx512.c|*base/blake_avx512.c) isa="-mavx512f" ;;
            *base/crc32c_sse42.c) isa="-msse4.2" ;;
            *kernels/avx2.c) isa="-mavx2 -mfma" ;;
            *kernels/avx512.c) isa="-mavx512f -mavx512vl -mavx2 -mfma" ;;
            *) isa= ;;
        esac
        $CC -std=c11 -D_GNU_SOURCE -w -I"$ROOT" -I"$ROOT/include" $XXHASH $FLAGS $isa -MMD -MF "$OUT.o/$object.d" -c {} -o "$OUT.o/$object"
    ' > "$out.log" 2>&1 && "$cc" $LINK "$out.o"/*.o -lpthread -lm -o "$out" >> "$out.log" 2>&1 || { cat "$out.log"; return 1; }
}
