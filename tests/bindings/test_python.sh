#!/bin/bash
# test_python.sh - the Python package: installed by pip into an environment of its own, then used
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: Python would need the sanitizer's library first"; exit 77; }
source "$SOURCE/tests/bindings/package.sh"
export FIXTURE=$fixture
text='cifar10 strict=false usage=train | shuffle | random_horizontal_flip | rescale rescale=1/255 | hwc2chw | batch batch_size=16'
"$DETPIPE" cat "$text" --data "$fixture" --format npy > first.npy || fail "detpipe cat"
digest() { "$DETPIPE" digest "$text" --data "$fixture" "$@" | cut -d' ' -f1; }
expect 0 'numpy: all as it should be' env/bin/python "$SOURCE/tests/bindings/stream.py" first.npy "$(digest)" "$(digest --batches 3)"
expect 0 'use: all as it should be' env/bin/python "$SOURCE/tests/bindings/use.py"
expect 0 'ledger: all as it should be' env/bin/python "$SOURCE/tests/bindings/ledger.py" "$DETPIPE"
printf 'import numpy as np\nmodel.fit(np.random.default_rng().random())\n' > train.py
expect 1 '^train.py:2: np.random.default_rng' env/bin/python -m detpipe.lint --strict train.py
expect 0 "^$("$DETPIPE" --version)\$" env/bin/detpipe --version

# verify --why of what no recorder knows: the ledgers by hand of a script are compared, those that nobody closes, too
cat > hand.py <<'P'
import os, sys
import numpy as np, detpipe
draws, w = np.random.default_rng(1), np.ones(3)
ledger = detpipe.Ledger("hand.ledger", f"run of {os.getpid()}")
for step in range(1, 5):
    x = draws.standard_normal((8, 3))
    ledger.put("batch", x)
    w -= (0.1 + 1e-9 * (step == 3 and "detpipe" in os.environ.get("TMPDIR", ""))) * (x.T @ (x @ w - 1)) / 8
    ledger.put("weight", w)
    ledger.step(step)
if sys.argv[1:]:
    ledger.close()
P
expect 0 '^REPRODUCED$' "$DETPIPE" verify --why -- env/bin/python hand.py
grep -q '^ledgers: 1 compared, 4 steps, 8 entries$' out.txt && [ ! -e hand.ledger ] || fail "a ledger by hand: $(cat out.txt)"
expect 1 '^Why .ledger of rank 0, run 1 and 2.: step 3, "weight". The backward pass or the' "$DETPIPE" verify --why --vary tmp -- env/bin/python hand.py closed
env/bin/python hand.py && [ -s hand.ledger ] || fail "without verify it is written where it was said"
expect 3 'no step was recorded: .*in NumPy or scikit-learn, a detpipe.Ledger records' "$DETPIPE" verify --why -- env/bin/python -c 'import numpy; print("loss 2.5")'

# without CMake, pip says so in one line
mkdir bare && for tool in cc gcc make; do ln -s "$(command -v $tool)" bare/; done
expect 1 'detpipe: cmake is missing$' env PATH="$work/bare" env/bin/python -m pip install --no-index --no-build-isolation --no-deps ./source/bindings/python
grep -q Traceback out.txt && fail "a traceback, where a line would do"
exit $failed
