#!/bin/bash
# test_rules.sh - the house rules: symbols, globals, arrows, headers, lists
# SPDX-License-Identifier: Apache-2.0
set -u
cd "$SOURCE" || exit 1
failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

fail() { printf 'FAILED: %s\n' "$*"; failed=1; }

# Every external symbol starts with dp_.  (Sanitizers add their own.)
symbols() {
    local bad
    [ -z "$SANITIZE" ] || { echo "symbols: skipped under $SANITIZE"; return; }
    bad=$(nm --defined-only --extern-only "$LIBRARY" | awk 'NF == 3 && $3 !~ /^dp_/ {print $3}')
    [ -z "$bad" ] || fail "external symbols without dp_: $bad"
    nm --undefined-only "$LIBRARY" | grep cJSON && fail "the library calls cJSON, which knows no dp_options.alloc and no DP_ENOMEM"
    nm --defined-only --extern-only "$LIBRARY" | grep -q ' T dp_open$' || fail "nm shows no dp_open: the check is blind"
}

# No mutable global: nothing in .data or .bss, local or not.
globals() {
    local bad
    [ -z "$SANITIZE" ] || return
    # tables of pointers are constant once they are relocated (.data.rel.ro)
    bad=$(objdump -t "$LIBRARY" | awk '$0 ~ / O (\.data|\.bss|\*COM\*)/ && $0 !~ / O \.data\.rel\.ro/ {print $NF}')
    objdump -t "$LIBRARY" | grep -q ' O \.data\.rel\.ro.*dp_readers$' || fail "objdump shows no dp_readers: the check is blind"
    [ -z "$bad" ] || fail "mutable globals: $bad"
}

# Includes follow the arrows (docs/design.md).
arrows() {
    local folder allowed file line target bad
    for folder in base io transforms compute pipeline mpi tools; do
        case $folder in
            base)              allowed="base" ;;
            mpi)               allowed="base" ;;
            io|transforms)     allowed="base $folder" ;;
            compute)           allowed="base compute" ;;
            pipeline)          allowed="base io transforms pipeline" ;;
            tools)             allowed="tools base" ;;  # beside base the public headers alone: the tool proves the API
        esac
        while IFS=: read -r file line; do
            target=${line#*\"}; target=${target%%\"*}
            case $target in detpipe.h|detpipe_base.h|detpipe_net.h|detpipe_snapshot.h|detpipe_ops.h|detpipe_group.h|detpipe_ledger.h) continue ;; esac
            bad=1
            for ok in $allowed; do [ "${target%%/*}" = "$ok" ] && bad=0; done
            [ $bad = 0 ] || fail "$file includes $target, which $folder may not see"
        done < <(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "$folder" --include='*.[ch]' | sed -E 's/^([^:]*):[0-9]+:/\1:/')
    done
    if grep -nE 'include "(base|io|transforms|compute|pipeline|mpi|tools)/' include/*.h $(find examples -name "*.[ch]"); then fail "a public header or example includes an inner one"; fi
}

# Each public header compiles alone as C11 and C++17.
headers() {
    local h
    for h in include/*.h; do
        printf '#include "%s"\nint main(void) { return 0; }\n' "$(basename "$h")" > "$work/h.c"
        cp "$work/h.c" "$work/h.cpp"
        "$CC" -std=c11 -Wall -Wextra -Wpedantic -Werror -Iinclude -c "$work/h.c" -o "$work/h.o" || fail "$h is no C11"
        if command -v g++ >/dev/null; then
            g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -Iinclude -c "$work/h.cpp" -o "$work/h.o" || fail "$h is no C++17"
        else
            echo "headers: C++17 skipped, there is no g++"
        fi
    done
}

# Rows are sorted, and each has a golden line and its file.
rows_of() { sed -nE "s/^$2\(([a-z0-9_]+).*/\1/p" "$1"; }
lists() {
    local def macro golden prefix name
    while read -r def macro golden prefix; do
        [ -n "$(rows_of "$def" "$macro")" ] || fail "$def: no $macro row is seen"
        rows_of "$def" "$macro" | LC_ALL=C sort -c || fail "$def: the $macro rows are not sorted"
        for name in $(rows_of "$def" "$macro"); do
            [ -f "$prefix$name.c" ] || fail "$def: $name has no $prefix$name.c"
            [ "$golden" = - ] || grep -Eq "(^|[ :|\"=])$name( |\"|\$)" <(sed 's/^[^:]* : /: /' "tests/golden/$golden" | grep -v '^#') ||
                fail "$def: $name has no line in tests/golden/$golden"
        done
    done <<'LISTS'
io/list.def DP_READER stages.txt io/
transforms/list.def DP_TRANSFORM stages.txt transforms/
pipeline/order/list.def DP_ORDER stages.txt pipeline/order/
compute/list.def DP_LAYER nets.txt compute/layers/
compute/ops/list.def DP_OPERATOR ops.txt compute/ops/
compute/list.def DP_LOSS nets.txt compute/losses/
compute/list.def DP_OPTIMIZER nets.txt compute/optimizers/
compute/list.def DP_INITIALIZER nets.txt compute/initializers/
tools/commands.def DP_COMMAND - tools/cmd_
LISTS
    for name in $(rows_of tools/commands.def DP_COMMAND); do
        grep -q "detpipe $name\|\$DETPIPE\" $name" tests/tools/*.sh || fail "tools/commands.def: $name is in no test of tests/tools"
    done
}

# Tabs, blanks at line ends, lines over 100 columns, work left open.
text() {
    local files
    files=$(find base io transforms compute pipeline mpi tools include tests examples cmake \( -name '*.[ch]' -o -name '*.def' -o -name '*.sh' \) | sort)
    # shellcheck disable=SC2086
    if grep -nP '\t' $files | grep -vE '^tests/(house|tools)/'; then fail "tabs"; fi
    # shellcheck disable=SC2086
    if grep -nE ' +$' $files; then fail "blanks at the end of a line"; fi
    # shellcheck disable=SC2086
    if grep -nE '^.{101,}' $files | grep -vE '\.sh:|"'; then fail "lines over 100 columns (a long text in quotes is allowed)"; fi
    # shellcheck disable=SC2086
    if grep -nE '\b(TODO|FIXME|XXX)\b' $files | grep -vE 'mktemp|XXXXXX|tests/house'; then fail "work left open"; fi
    # memory.c ends the tool where there is none; in these two NULL is looked at, as they have to tidy up first
    if grep -nE '[^a-z_](malloc|calloc|realloc|strn?dup|asprintf|getline|open_memstream)\(' tools/*.c | grep -vE '^tools/(memory|output|cmd_verify|bench_[a-z]+)\.c:|:[0-9]+: \*'; then
        fail "the tool takes memory by tools/memory.h (xmalloc, xcalloc, ...)"
    fi
    for f in $files; do
        case $f in *.[ch]) head -5 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || fail "$f has no licence line at its head" ;; esac
    done
}

# The README is the product, in one screen: a loop that stands in examples/trainer.c as it is shown, and
# digests that this build prints; docs/ladder.md shows all of them.
readme() {
    local example shown
    [ "$(wc -l < README.md)" -le 80 ] || fail "README.md has more than 80 lines: the rest belongs to docs/"
    shown=$(sed -n '/^```c$/,/^```$/p' README.md | sed '1d;$d' | sed 's/^./    &/')
    example=$(cat examples/trainer.c)
    [ -n "$shown" ] || fail "README.md shows no example"
    [[ $example == *"$shown"* ]] || fail "README.md shows other lines than examples/trainer.c has"
    "$DETPIPE" verify | grep -oE '^  [a-z0-9 ]+ +[0-9a-f]{32}' > "$work/printed"
    [ "$(wc -l < "$work/printed")" = 8 ] || fail "detpipe verify does not print eight rungs"
    while read -r line; do
        grep -qF "$line" docs/ladder.md || fail "docs/ladder.md shows another run: it has no '$line'"
    done < "$work/printed"
    grep -qx "    $(grep -v '^#' tests/golden/conformance.txt)" docs/numerics.md || fail "docs/numerics.md has another conformance hash"
}

# Each file that a page links to is there.
links() {
    local page target
    while IFS=: read -r page target; do
        [ -e "$(dirname "$page")/$target" ] || fail "$page links to $target, which is not there"
    done < <(grep -oHP '\]\((?!https?:)[^)# ]+' README.md CONTRIBUTING.md docs/*.md | sed 's/:\](/:/')
}

for rule in symbols globals arrows headers lists text readme links; do
    echo "== $rule"
    $rule
done
exit $failed
