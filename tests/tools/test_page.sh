#!/bin/bash
# test_page.sh - the page of detpipe diff --html, in headless Chromium: what it shows, alone, light and dark
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
sed 's/^optimizer:.*/optimizer: momentum learning_rate=0.05,0.05 milestones=5,60 momentum=0.9/' "$SOURCE/tools/recipes/synthetic_cnn.recipe" > a.recipe
sed 's/0.05,0.05/0.05,0.04/' a.recipe > b.recipe
for run in a b; do "$DETPIPE" train $run.recipe --steps 8 --test-every 4 --ledger "$run<&>.ledger" > /dev/null || fail "train $run"; done
expect 1 'first difference: step 6, "weights"' "$DETPIPE" diff 'a<&>.ledger' 'b<&>.ledger' --html page.html
expect 0 '^EQUAL$' "$DETPIPE" diff 'a<&>.ledger' 'a<&>.ledger' --html equal.html
expect 2 'it needs ledgers' "$DETPIPE" diff a.recipe b.recipe --html x.html
expect 3 'cannot write /nonexistent/x.html' "$DETPIPE" diff 'a<&>.ledger' 'b<&>.ledger' --html /nonexistent/x.html
grep -qiE '<script|https?://|@import|src=' page.html && fail "the page is not alone"
grep -q 'Equal' equal.html || fail "equal.html does not say so"

chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || { echo "not tried: Chromium is not here"; exit $failed; }
browse() { timeout 120 "$chromium" --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" "$@" "file://$work/page.html" 2> chromium.log; }
browse --dump-dom > dom.html || { fail "Chromium does not open the page"; tail -3 chromium.log; exit 1; }
grep -q '<h1>Different</h1>' dom.html || fail "no verdict in the page"
grep -q 'a&lt;&amp;&gt;.ledger' dom.html || fail "a name is taken for markup"
[ "$(grep -o '<polyline' dom.html | wc -l)" = 2 ] || fail "the page has not two curves"
[ "$(grep -o '<circle class="[ab]"' dom.html | sort | uniq -c | xargs)" = '2 <circle class=a 2 <circle class=b' ] || fail "the page has not the two tests of each run"
[ "$(grep -o '<rect' dom.html | wc -l)" = 40 ] || fail "the page has not 8 steps of 5 entries"
[ "$(grep -o 'class="cell-other"' dom.html | wc -l)" = 7 ] || fail "not the weights of 3 steps and losses and gradients of 2 differ"
for scheme in 0 1; do
    browse --screenshot="$work/shot$scheme.png" --window-size=820,1000 --blink-settings=preferredColorScheme=$scheme > /dev/null || fail "no picture of the page"
    [ -s "shot$scheme.png" ] || fail "an empty picture"
done
cmp -s shot0.png shot1.png && fail "dark is as light"
exit $failed
