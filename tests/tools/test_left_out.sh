#!/bin/bash
# test_left_out.sh - how many damaged pictures on_error=skip left out stands in what every command prints, and in the ledger
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"

mkdir -p data/a data/b
(cd "$SOURCE/tests/golden/jpeg" && cp 420.jpg 440.jpg cut.jpg "$work/data/a" && cp 444.jpg bits12.jpg cut-progressive.jpg "$work/data/b") || exit 1
stream="image_folder decode=true on_error=skip | resize size=8,8"
net='net: flatten | dense out_channels=2
loss: softmax_cross_entropy
optimizer: sgd learning_rate=0.1
steps: 3'
run() { printf 'data: %s | rescale rescale=1/255 | hwc2chw | batch batch_size=3 | repeat count=3\ntest: %s | rescale rescale=1/255 | hwc2chw | batch batch_size=2\n%s\n' "$1" "$1" "$net"; }
run "$stream" > skip.recipe
run "${stream/ on_error=skip/} | take count=1 | repeat count=3" > fail.recipe

said='^left out: 3 damaged records$'
json='"left_out":	?3'
expect 0 "$said" "$DETPIPE" check skip.recipe --data data
expect 0 "$json" "$DETPIPE" check skip.recipe --data data --json
expect 0 "$said" "$DETPIPE" digest "$stream" --data data
expect 0 "$json" "$DETPIPE" digest "$stream" --data data --json
expect 0 "$said" "$DETPIPE" verify skip.recipe --data data
expect 0 "$json" "$DETPIPE" verify skip.recipe --data data --json
expect 0 "$said" "$DETPIPE" verify "$stream | batch batch_size=3" --data data
expect 0 "$said" "$DETPIPE" train skip.recipe --data data --ledger a.ledger
expect 0 "$json" "$DETPIPE" train skip.recipe --data data --json
expect 0 "$said" "$DETPIPE" eval skip.recipe --data data
expect 0 "$json" "$DETPIPE" eval skip.recipe --data data --json
expect 0 "$said" "$DETPIPE" snapshot write "$stream" a.dps --data data
expect 0 '^left out: 3 damaged records of the first$' "$DETPIPE" diff "$stream" "snapshot file=$work/a.dps" --data data
expect 0 "$json" "$DETPIPE" diff "$stream" "$stream" --data data --json
grep -q '"left_out_of_second":	3' out.txt || fail "diff --json does not count the second stream's"

# of two streams joined
expect 0 '^left out: 6 damaged records$' "$DETPIPE" check "$stream | concat with=\"$stream\"" --data data

# the ledger says it; it is replayed; one of a run that left nothing out is as it always was
head -1 a.ledger | grep -q '"about":"run [0-9a-f]* seed 1, 3 left out"' || fail "the ledger does not say what was left out"
expect 0 '^left out: 3 damaged records of the second$' "$DETPIPE" diff a.ledger a.ledger
sed 's/learning_rate=0.1/learning_rate=0.2/' skip.recipe > other.recipe
expect 0 "$said" "$DETPIPE" train other.recipe --data data --ledger b.ledger
expect 1 'a.ledger: as it was recorded' "$DETPIPE" diff a.ledger b.ledger --replay skip.recipe,other.recipe --data data
rm data/*/cut*.jpg data/b/bits12.jpg
expect 3 "exists but is not this run's ledger" "$DETPIPE" train skip.recipe --data data --ledger a.ledger
for command in "check fail.recipe" "train fail.recipe --ledger c.ledger" "verify fail.recipe" "eval skip.recipe"; do
    # shellcheck disable=SC2086
    expect 0 . "$DETPIPE" $command --data data
    ! grep -q 'left out' out.txt || fail "$command leaves something out of sound pictures"
done
head -1 c.ledger | grep -q '"about":"run [0-9a-f]* seed 1"' || fail "a ledger without damage is another"

exit $failed
