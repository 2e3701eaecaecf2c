#!/bin/bash
# test_rules.sh - the house rules: symbols, globals, arrows, headers, lists
# SPDX-License-Identifier: Apache-2.0
set -u
export LC_ALL=C  # columns are bytes, and names are sorted as such, whoever looks
cd "$SOURCE" || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
: > "$work/failures"

fail() { printf 'FAILED: %s\n' "$*" | tee -a "$work/failures"; }

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

# Every handle that the tool opens is bound by the machine's memory: cli_options in tools/cli/cli.c begins all options.
bounds() {
    local bad
    bad=$(grep -nE 'dp_options [a-z]+ = \{|dp_[a-z_]*open\(.*, NULL, &?err' $(find tools -name '*.c'))
    [ -z "$bad" ] || fail "options that do not begin with cli_options(): $bad"
}

# Some machines (riscv64) swap no less than a word without another library.
words() {
    local bad
    bad=$(grep -nE '_Atomic (bool|u?int8_t|u?int16_t|char)|atomic_(bool|flag|char)' -r base lang libraries io transforms pipeline compute archive ledger --include='*.[ch]')
    [ -z "$bad" ] || fail "atomics of less than a word: $bad"
}

# In the tool 0 is "go on" (tools/cli/cli.h): a status below 0 would be a failure that is taken for success, or the other way.
go_on() {
    local bad
    bad=$(grep -nE '\bstatus (<|>=) 0|\bstatus = -1|-1, or\b' -r tools --include='*.[ch]' | grep -v waitpid)
    [ -z "$bad" ] || fail "in tools/ 0 is \"go on\": $bad"
}

# Includes follow the arrows (docs/design.md): each room, and the rooms it may see beside itself.
rooms() {
    cat <<'ROOMS'
base/number:
base: base/number
base/random: base base/number
base/pack: base base/number
base/picture: base base/number
lang: base base/number
libraries: base base/number base/random
archive: base base/number base/pack lang
ledger: base base/number
io: base base/number base/pack base/random lang io/remote
io/remote: base base/number base/pack lang
io/arrays: base base/number base/pack lang io
io/pictures: base base/number base/pack base/picture lang io
io/cifar: base base/number base/pack lang io
io/snapshot: base base/number base/pack lang io io/remote
io/shards: base base/number base/pack base/picture lang io io/pictures io/remote
io/tokens: base base/number base/random lang libraries io io/remote io/shards
transforms/shared: base base/number base/random base/picture lang libraries
transforms/pass: base base/number transforms/shared
transforms: base base/number base/random base/picture lang transforms/shared transforms/pass
pipeline/order: base base/number base/random lang libraries io
pipeline: base base/number base/random base/picture lang libraries io transforms/shared transforms/pass transforms pipeline/order
pipeline/snapshot: base base/number base/pack lang io io/remote io/snapshot pipeline
compute/kernels: base base/number
compute/sums: base base/number compute/kernels
compute/math: base base/number lang compute/kernels compute/sums
compute/reference: base base/number base/random compute/kernels compute/math
compute/layers: base base/number base/random lang compute/kernels compute/sums compute/math
compute/losses: base base/number lang compute/kernels compute/sums compute/math
compute/optimizers: base base/number lang compute/kernels
compute/initializers: base base/number lang libraries
compute: lang compute/layers compute/losses compute/optimizers compute/initializers
compute/net: base base/number base/random lang libraries archive compute compute/kernels compute/sums compute/math compute/layers compute/losses compute/optimizers compute/initializers
compute/ops: base base/number base/random lang compute/kernels compute/sums compute/math
mpi:
tools/cli: base base/number lang
tools/run: base lang tools/cli
tools/losses: base tools/cli
tools/compare: base tools/cli tools/run tools/losses
tools/results: base base/pack tools/cli tools/compare
tools/mindspore: base lang tools/cli tools/run
tools/proof: base tools/cli tools/run tools/losses tools/compare tools/results
tools/commands: base tools/cli tools/run tools/losses tools/compare tools/results tools/mindspore tools/proof
ROOMS
}
includes() { # file folder: what the files of a library or of the tool include, a line each
    grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^"]*/' archive base compute io lang ledger libraries mpi pipeline tools transforms --include='*.[ch]' |
        sed -E 's|^([^:]*):[0-9]+:[^"]*"([^"]*)/[^/"]*".*|\1 \2|'
}
arrows() {
    rooms | sed 's/:/ /' > "$work/rooms"
    includes > "$work/includes"
    awk 'NR == FNR { for (i = 1; i <= NF; i++) sees[$1, $i]; next }
         { room = $1; sub(/\/[^\/]*$/, "", room) }
         !((room, $2) in sees) { print $1 " includes a file of " $2 ", which " room " may not see" }' \
        "$work/rooms" "$work/includes" > "$work/strays"
    [ ! -s "$work/strays" ] || fail "includes against the arrows: $(cat "$work/strays")"
    [ "$(wc -l < "$work/includes")" -gt 500 ] || fail "few includes are seen: the check is blind"
    awk '{for (i = 2; i <= NF; i++) print $1, $i}' "$work/rooms" | tsort > /dev/null 2> "$work/circle" || fail "the rooms stand in a circle: $(tr '\n' ' ' < "$work/circle")"
    if grep -nE 'include "(archive|base|compute|io|lang|ledger|libraries|mpi|pipeline|tools|transforms)/' include/*.h $(find examples -name "*.[ch]"); then fail "a public header or example includes an inner one"; fi
}

# A name of a type stands in one header.
types() {
    local twice
    find archive base compute include io lang ledger libraries mpi pipeline transforms tools -name '*.h' -exec sed -nE \
        -e 's/^typedef (struct|enum|union) ([a-z0-9_]+) \{.*/\2/p' -e 's/^(struct|enum|union) ([a-z0-9_]+) \{/\2/p' {} + > "$work/names"
    [ "$(wc -l < "$work/names")" -gt 100 ] || fail "few types are seen: the check is blind"
    twice=$(sort "$work/names" | uniq -d)
    [ -z "$twice" ] || fail "types with two definitions: $twice"
}

# A function takes at most eight parameters: what travels together is a struct.
signatures() { # parameters file function, of every definition that is laid out by clang-format
    find archive base compute io lang ledger libraries mpi pipeline transforms tools -name '*.[ch]' -exec awk '
        /^\{/ && head ~ /\)$/ {
            name = head; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name)
            sub(/^[^(]*\(/, "", head); sub(/\)$/, "", head)
            while (gsub(/\([^()]*\)/, "", head)) ;
            print gsub(/,/, "", head) + 1, FILENAME, name
        }
        /^[a-z ]/ { head = (/^ / ? head : "") $0; next }
        { head = "" }' {} +
}
parameters() {
    signatures > "$work/signatures"
    [ "$(wc -l < "$work/signatures")" -gt 1500 ] || fail "few functions are seen: the check is blind"
    while read -r n file name; do
        [ "$n" -le 8 ] || fail "$file: $name has $n parameters: more than 8"
    done < "$work/signatures"
}

# A shared function stands in the header of its source (or, of safetensors_header.c, in safetensors.h), in the one named after the room (net.h), or in a public one.
declarations() {
    signatures | awk '$3 ~ /^dp_/ && $2 ~ /\.c$/ && $2 !~ /^tools\// {print $2, $3}' | sort -u > "$work/defined"
    find archive base compute include io lang ledger libraries mpi pipeline transforms -name '*.h' -exec grep -noE '\bdp_[a-z0-9_]+\(' /dev/null {} + |
        sed -E 's/^([^:]*):[0-9]+:(dp_[a-z0-9_]+)\(/\2 \1/' | sort -u > "$work/declared"
    [ "$(wc -l < "$work/defined")" -gt 400 ] || fail "few shared functions are seen: the check is blind"
    awk 'NR == FNR { headers[$1] = headers[$1] " " $2 " "; next }
         {
             room = $1; sub(/\/[^\/]*$/, "", room); name = room; sub(/.*\//, "", name)
             own = $1; sub(/\.c$/, ".h", own); part = own; sub(/_[^_\/]*\.h$/, ".h", part)
             h = headers[$2]
             if (h !~ /include\// && !index(h, " " own " ") && !index(h, " " part " ") && !index(h, " " room "/" name ".h "))
                 print $1 ": " $2 " is declared in" (h == "" ? " no header" : h)
         }' "$work/declared" "$work/defined" > "$work/strays"
    [ ! -s "$work/strays" ] || fail "shared functions without a place in the header of their source: $(cat "$work/strays")"
}

# Each public header compiles alone as C11 and C++17.
headers() {
    local h
    for h in include/*.h; do
        printf '#include "%s"\nint main(void) { return 0; }\n' "$(basename "$h")" > "$work/h.c"
        cp "$work/h.c" "$work/h.cpp"
        "$CC" -std=c11 -Wall -Wextra -Wpedantic -Werror -Iinclude -c "$work/h.c" -o "$work/h.o" || fail "$h is not C11"
        if command -v g++ >/dev/null; then
            g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror -Iinclude -c "$work/h.cpp" -o "$work/h.o" || fail "$h is not C++17"
        else
            echo "headers: C++17 skipped, there is no g++"
        fi
    done
}

# Rows are sorted, and each has a golden line and its file.
rows_of() { sed -nE "s/^ *$2\(([a-z0-9_]+).*/\1/p" "$1"; }
lists() {
    local def macro golden prefix missing
    while read -r def macro golden prefix; do
        rows_of "$def" "$macro" > "$work/rows"
        [ -s "$work/rows" ] || fail "$def: no $macro row is seen"
        sort -c "$work/rows" || fail "$def: the $macro rows are not sorted"
        find "${prefix%/*}" -name "${prefix##*/}*.c" | sed "s|.*/${prefix##*/}||; s|\.c$||" | sort | uniq -u > "$work/sources"
        missing=$(join -v1 "$work/rows" "$work/sources")
        [ -z "$missing" ] || fail "$def: rows without a file ${prefix}NAME.c, or with two: $missing"
        [ "$golden" = - ] && continue
        sed 's/^[^:]* : /: /; /^#/d' "tests/golden/$golden" | grep -oP '(?<![^ :|"=])[a-z0-9_]+(?=[ "]|$)' | sort -u > "$work/shown"
        missing=$(join -v1 "$work/rows" "$work/shown")
        [ -z "$missing" ] || fail "$def: rows without a line in tests/golden/$golden: $missing"
    done <<'LISTS'
io/list.def DP_READER stages.txt io/
transforms/list.def DP_TRANSFORM stages.txt transforms/
pipeline/order/list.def DP_ORDER stages.txt pipeline/order/
compute/list.def DP_LAYER nets.txt compute/layers/
compute/ops/list.def DP_OPERATOR ops.txt compute/ops/
compute/list.def DP_LOSS nets.txt compute/losses/
compute/list.def DP_OPTIMIZER nets.txt compute/optimizers/
compute/list.def DP_INITIALIZER nets.txt compute/initializers/
tools/commands/commands.def DP_COMMAND - tools/commands/cmd_
LISTS
    rows_of libraries/list.def ROW > "$work/libraries"
    [ "$(wc -l < "$work/libraries")" -ge 5 ] || fail "libraries/list.def: few rows are seen: the check is blind"
    while read -r name; do
        [ -e "libraries/$name.c" ] || fail "libraries/list.def: $name has no libraries/$name.c"
    done < "$work/libraries"
    for name in $(rows_of tools/commands/commands.def DP_COMMAND); do
        grep -q "detpipe $name\|\$DETPIPE\" $name" tests/tools/*.sh || fail "tools/commands/commands.def: $name is in no test of tests/tools"
    done
}

# Each row has its line in NEWS, and a test: its name stands in tests/, but for the lines that the build writes itself.
rows_in_tests() {
    local def macro name
    find tests -type f ! -path 'tests/fuzz/*' ! -path 'tests/support/*' ! -path 'tests/language/*' ! -path 'tests/golden/README.md' \
        ! -path 'tests/golden/stages.txt' ! -path 'tests/golden/nets.txt' ! -path 'tests/golden/ops.txt' ! -path 'tests/golden/conformance.txt' \
        ! -path 'tests/cross/conformance_hash.c' -exec cat {} + | tr -c 'a-z0-9_\n' '\n' | sed 's/^test_//' | sort -u > "$work/tested"
    [ "$(wc -l < "$work/tested")" -gt 1000 ] || fail "few words of tests are seen: the check is blind"
    tr -c 'a-z0-9_' '\n' < NEWS | sort -u > "$work/news"
    while read -r def macro; do
        [ -n "$(rows_of "$def" "$macro")" ] || echo "$def: no $macro row is seen: the check is blind"
        rows_of "$def" "$macro" | sort | join -v1 - "$work/tested" | sed "s|.*|$def: & is in no test of tests/|"
        rows_of "$def" "$macro" | sort | join -v1 - "$work/news" | sed "s|.*|$def: & is not in NEWS|"
    done > "$work/missing" <<'ROWS'
io/list.def DP_READER
transforms/list.def DP_TRANSFORM
pipeline/order/list.def DP_ORDER
compute/list.def DP_LAYER
compute/list.def DP_LOSS
compute/list.def DP_OPTIMIZER
compute/list.def DP_INITIALIZER
compute/ops/list.def DP_OPERATOR
libraries/list.def ROW
tools/commands/commands.def DP_COMMAND
ROWS
    [ ! -s "$work/missing" ] || fail "rows without a test or a line: $(cat "$work/missing")"
}

# Each row has its row in the page of its kind: its name in bold or as code. (A page is read as one line: spans may be broken.)
rows_in_pages() {
    local def macro page name
    while read -r def macro page; do
        tr '\n' ' ' < "$page" | grep -oE '\*\*[^*]+\*\*|`[^`]+`' > "$work/spans"
        for name in $(rows_of "$def" "$macro"); do
            grep -qw -- "$name" "$work/spans" || fail "$def: $name has no row in $page"
        done
    done <<'PAGES'
io/list.def DP_READER docs/files.md
transforms/list.def DP_TRANSFORM docs/transforms.md
pipeline/order/list.def DP_ORDER docs/orders.md
compute/list.def DP_LAYER docs/numerics.md
compute/list.def DP_LOSS docs/numerics.md
compute/list.def DP_OPTIMIZER docs/numerics.md
compute/list.def DP_INITIALIZER docs/numerics.md
compute/ops/list.def DP_OPERATOR docs/numerics.md
PAGES
    rows_of libraries/list.def ROW | while read -r name; do
        grep -q "order=$name\b" docs/orders.md || echo "libraries/list.def: $name has no order=$name in docs/orders.md"
    done > "$work/missing"
    for name in $(rows_of tools/commands/commands.def DP_COMMAND); do
        grep -q "detpipe $name\b" README.md docs/*.md || echo "tools/commands/commands.def: $name is in no page of docs/"
    done >> "$work/missing"
    [ ! -s "$work/missing" ] || fail "rows without a page: $(cat "$work/missing")"
}

# Tabs, blanks at line ends, lines over 100 columns, work left open.
text() {
    local files
    files=$(find archive base compute io lang ledger libraries mpi pipeline transforms tools include tests examples cmake \( -name '*.[ch]' -o -name '*.def' -o -name '*.sh' \) | sort)
    # shellcheck disable=SC2086
    if grep -nP '\t' $files | grep -vE '^tests/(house|tools)/'; then fail "tabs"; fi
    # shellcheck disable=SC2086
    if grep -nE ' +$' $files; then fail "blanks at the end of a line"; fi
    # shellcheck disable=SC2086
    if grep -nE '^.{101,}' $files | grep -vE '\.sh:|"'; then fail "lines over 100 columns (a long text in quotes is allowed)"; fi
    # shellcheck disable=SC2086
    if grep -nE '\b(TODO|FIXME|XXX)\b' $files | grep -vE 'mktemp|XXXXXX|tests/house'; then fail "work left open"; fi
    # shellcheck disable=SC2046
    if grep -nE '"[^"]*\b(is|are) no [a-z]' $(find archive base compute io lang ledger libraries mpi pipeline tools transforms -name '*.c') | grep -viE 'there (is|are) no|no longer|no more'; then
        fail "a message says \"is no ...\": plain English is \"is not a ...\""
    fi
    # memory.c ends the tool where there is none; in these two NULL is looked at, as they have to tidy up first
    if grep -nE '[^a-z_](malloc|calloc|realloc|strn?dup|asprintf|getline|open_memstream)\(' $(find tools -name '*.c') | grep -vE '^tools/([a-z]+/)?(memory|output|cmd_verify|bench_[a-z]+)\.c:|:[0-9]+: \*'; then
        fail "the tool takes memory by tools/cli/memory.h (xmalloc, xcalloc, ...)"
    fi
    # shellcheck disable=SC2086
    awk 'FNR <= 5 && /SPDX-License-Identifier: Apache-2.0/ {print FILENAME}' $files | sort -u > "$work/licensed"
    files=$(printf '%s\n' "$files" | grep '\.[ch]$' | sort | comm -23 - "$work/licensed")
    [ -z "$files" ] || fail "files without a licence line at their head: $files"
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
    grep -qx "    $(sed -n 's/^total *//p' tests/golden/conformance.txt)" docs/numerics.md || fail "docs/numerics.md has another conformance hash"
}

# No line of a page is over 120 columns, so that it can be read in a terminal and in a diff; the tables of
# docs/performance.md are written by programs.
columns() {
    local pages
    pages=$(find README.md CONTRIBUTING.md NEWS docs bindings tests \( -name '*.md' -o -name NEWS \) | sort)
    # shellcheck disable=SC2086
    if grep -nE '^.{121,}' $pages | grep -v '^docs/performance.md:[0-9]*:|'; then fail "a page has a line over 120 columns"; fi
}

# FILE, a tab, and a line of what its comments, or the page, say besides commands and program text.
comments_of() { # FILE...
    awk '
        FNR == 1 { inside = 0 }
        FILENAME ~ /\.(c|h|def)$/ {
            for (line = $0; line != "";) {
                if (!inside) { at = index(line, "/*"); if (!at) break; line = substr(line, at + 2); inside = 1 }
                at = index(line, "*/")
                print FILENAME "\t" (at ? substr(line, 1, at - 1) : line)
                line = at ? substr(line, at + 2) : ""
                inside = !at
            }
            next
        }
        FILENAME ~ /\.md$/ ? !/^    / : /^ *#/ { print FILENAME "\t" $0 }' "$@"
}

# Each file that a comment or a page names is there: from the root, beside it, or, without a folder, anywhere.
# (NAME stands for a row; api.md is made at install; llm.c is a program; headers may be the system's.)
named() {
    local file name strays
    local -A names=()
    git ls-files > "$work/files" 2> /dev/null || find . -type f | sed 's,^\./,,' > "$work/files"
    while read -r name; do names[$name]=1; done < <(sed 's,.*/,,' "$work/files")
    grep -E '\.(c|h|def|sh|md|cmake)$' "$work/files" | grep -vE '^(findings|debian|build[^/]*|tests/golden|tests/fuzz/corpus|shared)/' |
        tr '\n' '\0' > "$work/named"
    xargs -0 bash -c "$(declare -f comments_of); comments_of \"\$@\"" - < "$work/named" > "$work/comments"
    strays=$(grep -E $'\t.*(\\bDESIGN\\b|\\b[Ss]ection [0-9])' "$work/comments")
    [ -z "$strays" ] || fail "comments name a section of a document that is not here: $strays"
    cut -f2- "$work/comments" | grep -noE '[A-Za-z0-9_][A-Za-z0-9_./-]*\.(c|h|sh|md|def|cmake)\b' | tr ':' '\t' |
        awk -F '\t' 'NR == FNR { file[NR] = $1; next } { print file[$1] "\t" $2 }' "$work/comments" - | sort -u > "$work/said"
    while read -r file name; do
        case $name in *NAME*|api.md|llm.c) continue ;; esac
        if [ -e "$name" ] || [ -e "${file%"${file##*/}"}$name" ] || [ -e "/usr/include/$name" ]; then continue; fi
        [[ $name != */* && ${names[$name]:-} ]] || fail "$file names $name, which is not there"
    done < "$work/said"
    [ "$(wc -l < "$work/said")" -gt 300 ] || fail "few names are seen in comments and pages: the check is blind"
}

# Each file that a page links to is there.
links() {
    local page target
    while IFS=: read -r page target; do
        [ -e "$(dirname "$page")/$target" ] || fail "$page links to $target, which is not there"
    done < <(grep -oHP '\]\((?!https?:)[^)# ]+' README.md CONTRIBUTING.md docs/*.md | sed 's/:\](/:/')
}

# Each case of tests/tools/CASES has the test that it names.
cases() {
    local line words file n=0
    while IFS= read -r line; do
        words=${line##* :: } file=${line% :: *}
        file=${file##* :: } n=$((n + 1))
        grep -qF -- "$words" "$file" || fail "tests/tools/CASES: nothing holds '${line%% ::*}': $file has no '$words'"
    done < <(grep ' :: ' tests/tools/CASES)
    [ $n -gt 150 ] || fail "only $n cases were seen: the check is blind"
}

# Each sentence that verify explains a difference with has its cure: a row of docs/not-reproduced.md, which says how it begins;
# and each row is the beginning of one.
cures() {
    local sentence row name n=0
    literals() { tr '\n' ' ' | sed 's/" *"//g' | grep -oE '"[A-Z][^"\\%]*' | tr -d '"'; }
    {
        sed -n '/^} known\[\] = {/,$p' tools/compare/comparison.c | literals
        sed -n '/^static const char \*explanation/,/^static void print_digits/p' tools/proof/verify_report.c | literals
        sed -n '/^void leftovers_text/,/^}/p' tools/proof/leftovers.c | literals
    } > "$work/sentences"
    sed -n 's/^| \([A-Z][^|]*\) |.*/\1/p' docs/not-reproduced.md > "$work/rows"
    while IFS= read -r sentence; do
        n=$((n + 1))
        while IFS= read -r row; do [[ $sentence == "$row"* ]] && continue 2; done < "$work/rows"
        fail "docs/not-reproduced.md has no cure for: $sentence"
    done < "$work/sentences"
    [ $n -gt 40 ] || fail "only $n sentences were seen: the check is blind"
    while IFS= read -r row; do
        while IFS= read -r sentence; do [[ $sentence == "$row"* ]] && continue 2; done < "$work/sentences"
        fail "docs/not-reproduced.md has a cure for what is never said: $row"
    done < "$work/rows"
    # causes: of what was varied or held fast, and the others
    sed -n '/ perturb_words\[\] = {/,/^};/p; / perturb_pins\[\] = {/,/^};/p' tools/proof/perturb.c | sed -n 's/^    {"\([^"]*\)".*/\1/p' > "$work/names"
    [ "$(wc -l < "$work/names")" -gt 15 ] || fail "few causes were seen: the check is blind"
    while IFS= read -r name; do
        grep -qE "^- \*\*([^*]*, )?$name[,*]" docs/not-reproduced.md || fail "docs/not-reproduced.md has no remedy for the cause: $name"
    done < "$work/names"
    grep -ohE '"Cause: [a-z0-9][^%".,:]*' tools/proof/*.c | tr -d '"' > "$work/names"
    [ "$(wc -l < "$work/names")" -ge 4 ] || fail "few causes were seen: the check is blind"
    while IFS= read -r name; do
        grep -qF "\`$name\`" docs/not-reproduced.md || fail "docs/not-reproduced.md does not have: $name"
    done < "$work/names"
}

# Not a rule: lines of each room, and of its tests (of a part of a room: of the C tests that include its headers).
lines() { find "$@" -type f \( -name '*.[ch]' -o -name '*.def' -o -name 'test_*.sh' \) -exec cat {} + 2> /dev/null | wc -l; }
ratios() {
    local room tests
    for room in $({ rooms | sed 's/[:/].*//'; rooms | sed 's/:.*//'; } | sort -u); do
        case $room in
            */*) tests=$(grep -rlE "include \"$room/[^/]*\"" tests --include='*.c' | xargs -r cat | wc -l) ;;
            *) tests=$(lines "tests/$room") ;;
        esac
        awk -v room="$room" -v n="$(lines "$room")" -v t="$tests" \
            'BEGIN { printf "%-22s %6d lines, tests %6d (%.2f)\n", room, n, t, t / (n + !n) }'
    done
}

for rule in symbols globals bounds words go_on arrows types parameters declarations headers lists rows_in_tests rows_in_pages text readme columns named links cases cures ratios; do
    echo "== $rule"
    $rule
done
[ ! -s "$work/failures" ] || { echo "== failed"; cat "$work/failures"; exit 1; }
