#!/bin/bash
# test_allclose.sh - the reference rule of two losses, in text, JSON and page: yes, no, or not tested and why; NaN in ledgers
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || export ASAN_OPTIONS=detect_leaks=0 # the commands are ours, too
export TMPDIR=$work
rule='allclose .*:'

# both ANSWER STATUS WORDS JSON RUN1 RUN2 [OPTIONS]: of two texts, by verify in text and in JSON, and by diff
both() {
    local answer=$1 status=$2 words=$3 json=$4 command='[ -e once ] && printf "$B" || printf "$A"; touch once'
    export A=$5 B=$6
    shift 6
    expect "$status" "$words" "$DETPIPE" verify "$@" -- sh -c "$command"
    grep -q "^$rule $answer\$" out.txt || { fail "verify: '$A' and '$B': not '$answer'"; cat out.txt; }
    rm -f once
    expect "$status" "^	\"allclose\":	$json" "$DETPIPE" verify --json "$@" -- sh -c "$command"
    [ "$json" != null ] || grep -q '"allclose_not_tested":	"' out.txt || fail "--json does not say why it was not tested"
    # shellcheck disable=SC2059
    printf "$A" > a.txt && printf "$B" > b.txt
    "$DETPIPE" diff a.txt b.txt > out.txt
    grep -q "^$rule $answer\$" out.txt || { fail "diff: '$A' and '$B': not '$answer'"; cat out.txt; }
    "$DETPIPE" diff --json a.txt b.txt > out.txt
    grep -q "^	\"allclose\":	$json" out.txt || { fail "diff --json: '$A' and '$B': not $json"; cat out.txt; }
}
full='2.3456789' next='1.2345678'
aside both yes 0 '^REPRODUCED$' true "loss: $full\nloss: $next\n" "loss: $full\nloss: $next\n"
aside both yes 0 '^REPRODUCED$' true "loss: $full\nloss: $next\n" "loss: $full\nloss: 1.2345679\n" --allclose
aside both no 1 '^NOT REPRODUCED$' false "loss: $full\nloss: $next\n" "loss: $full\nloss: 1.5\n" --allclose
aside both no 1 '^NOT REPRODUCED$' false "loss: $full\nloss: $next\n" "loss: $full\n" --allclose

# what was not printed is neither yes nor no
one='not tested: iteration 2 was not printed (the first that were: yes)'
aside both "$one" 0 '^REPRODUCED \(weak evidence: 1 loss\)$' null "loss: $full\n" "loss: $full\n"
aside expect 0 '"second_iteration_tested":	false' "$DETPIPE" verify --json -- echo loss: 2
aside both "$one" 3 '^NOTHING PROVED \(iteration 2 was not printed\)$' null "loss: $full\n" "loss: $full\n" --allclose
aside both "$one" 3 '^NOTHING PROVED \(iteration 2' null "train loss: $full val loss: $next\n" "train loss: $full val loss: $next\n" --allclose
aside both no 1 '^NOT REPRODUCED$' false "loss: $full\n" "loss: 9\n" --allclose

# NaN and infinity
none='not tested: no finite loss was printed in iterations 1 and 2'
aside both "$none" 3 '^NOTHING PROVED \(no finite loss\)$' null 'loss: nan\nloss: nan\n' 'loss: nan\nloss: nan\n'
aside both "$none" 3 '^NOTHING PROVED \(no finite loss' null 'loss: nan\nloss: nan\n' 'loss: nan\nloss: nan\n' --allclose
aside both "$none" 3 '^NOTHING PROVED \(no finite loss' null 'loss: inf\nloss: inf\n' 'loss: inf\nloss: inf\n' --allclose
aside both "$none" 1 '^NOT REPRODUCED$' null 'loss: nan\nloss: NaN\n' 'loss: nan\nloss: -nan\n'
aside both 'no: NaN is never close' 1 '^NOT REPRODUCED$' false "loss: $full\nloss: nan\n" "loss: $full\nloss: nan\n" --allclose
aside both 'no: NaN is never close' 0 '^REPRODUCED$' false "loss: $full\nloss: nan\n" "loss: $full\nloss: nan\n"
aside both 'no: NaN is never close' 1 '^NOT REPRODUCED$' false 'loss: nan\nloss: nan\n' "loss: nan\nloss: $next\n"
aside both no 1 '^NOT REPRODUCED$' false "loss: inf\nloss: $next\n" "loss: $full\nloss: $next\n" --allclose

# a recipe of one step
expect 0 '^allclose .*: yes$' "$DETPIPE" verify --steps 2
expect 0 '^allclose .*: not tested: iteration 2 was not done .the first that were: yes.$' "$DETPIPE" verify --steps 1
expect 0 '"allclose":	null' "$DETPIPE" verify --steps 1 --json

# ledgers: LOSS:BITS for each step, the tensor "w" is one float of these bits
if [ -n "${SANITIZE:-}" ]; then
    echo "not tried: ledgers with NaN (a sanitizer's library needs its flags)"
    wait_for_asides
    exit $failed
fi
cat > write.c <<'C'
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "detpipe_ledger.h"
int main(int n, char **v)
{
    dp_ledger *l;
    int good = dp_ledger_open(&l, v[1], "nan", NULL, NULL) == DP_OK;
    for (int i = 2; good && i < n; i++) {
        char *bits;
        const double loss = strtod(v[i], &bits);
        uint32_t w = (uint32_t)strtoul(bits + 1, NULL, 16);
        const dp_tensor t = {.data = &w, .dtype = DP_F32, .rank = 1, .shape = {1}};
        good = dp_ledger_tensor(l, "weight w", &t, NULL) == DP_OK &&
               dp_ledger_step(l, (uint64_t)i - 1, loss, NULL) == DP_OK;
    }
    if (good)
        dp_ledger_close(l);
    return !good;
}
C
"$CC" -I"$SOURCE/include" write.c -o write "$LIBRARY" -Wl,-rpath,"$(dirname "$LIBRARY")" || fail "write.c is not compiled"
ledger() { local name=$1; shift; ./write "$name" "$@" || fail "no ledger $name"; }
two=40000000 nan=7fc00000 other_nan=7fc00001 negative_nan=ffc12345
ledger good 2.5:$two 2.25:$two
ledger loss_nan 2.5:$two nan:$two
ledger loss_nan_again 2.5:$two '-nan(0x123):'$two
ledger tensor_nan 2.5:$two 2.25:$nan
ledger tensor_nan_again 2.5:$two 2.25:$other_nan
ledger tensor_nan_negative 2.5:$two 2.25:$negative_nan
ledger all_nan nan:$two nan:$two
ledger one_step 2.5:$two

# differ A B NAME ALLCLOSE: step 2, and in it NAME, in text, JSON and page
differ() {
    expect 1 "first difference: step 2, \"$3\"" "$DETPIPE" diff "$1" "$2" --html page.html
    grep -q "^  $3 *DIFFERS" out.txt && grep -q '^DIFFERENT$' out.txt && grep -q "^$rule $4\$" out.txt || { fail "$1, $2"; cat out.txt; }
    grep -q '<h1>Different</h1>' page.html && grep -q "first difference: step 2, $3</h2>" page.html && grep -q ">$3</td><td class=\"other\">differs<" page.html &&
        grep -q "<p>$rule $4</p>" page.html || fail "$1, $2: the page does not say so"
    expect 1 '"equal":	false' "$DETPIPE" diff "$1" "$2" --json
    grep -q '"first_different_step":	2' out.txt && grep -q "\"cause\":	\"$3\"" out.txt || { fail "$1, $2: the JSON does not say so"; cat out.txt; }
}
differ good loss_nan loss 'no: NaN is never close'
differ loss_nan good loss 'no: NaN is never close'
grep -q '"allclose":	false' out.txt || fail "NaN is close in JSON"
differ good tensor_nan 'weight w' yes
differ tensor_nan good 'weight w' yes
expect 1 'the first that differs is of step 2, 2.25 and nan$' "$DETPIPE" diff good loss_nan

# every NaN is the same (detpipe_ledger.h), and a run of NaN alone proves no loss
expect 0 '^EQUAL$' "$DETPIPE" diff loss_nan loss_nan_again
grep -q "^$rule no: NaN is never close" out.txt || fail "two NaN are close"
expect 0 '^EQUAL$' "$DETPIPE" diff tensor_nan tensor_nan_again
expect 0 '"equal":	true' "$DETPIPE" diff tensor_nan tensor_nan_negative --json
expect 0 '^allclose .*: not tested: no finite loss was recorded' "$DETPIPE" diff all_nan all_nan --html page.html
grep -q '<p>allclose .*: not tested: no finite loss' page.html || fail "the page tested NaN"
expect 0 '"allclose":	null' "$DETPIPE" diff all_nan all_nan --json
expect 0 '^allclose .*: not tested: iteration 2 was not recorded' "$DETPIPE" diff one_step one_step
expect 0 '"allclose_not_tested":	"iteration 2' "$DETPIPE" diff one_step one_step --json
wait_for_asides
exit $failed
