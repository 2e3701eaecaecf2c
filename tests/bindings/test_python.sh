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

# without CMake, pip says so in one line
mkdir bare && for tool in cc gcc make; do ln -s "$(command -v $tool)" bare/; done
expect 1 'detpipe: cmake is missing$' env PATH="$work/bare" env/bin/python -m pip install --no-index --no-build-isolation --no-deps ./source/bindings/python
grep -q Traceback out.txt && fail "a traceback, where a line would do"
exit $failed
