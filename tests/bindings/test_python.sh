#!/bin/bash
# test_python.sh - the Python package: installed by pip into an environment of its own, then used
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: Python would need the sanitizer's library first"; exit 77; }
python=
for candidate in /usr/bin/python3 python3; do
    "$candidate" -c 'import cffi, numpy, setuptools, wheel, venv' 2> /dev/null && python=$candidate && break
done
[ -n "$python" ] || { echo "skipped: no python3 with cffi, numpy, setuptools, wheel and venv"; exit 77; }
"$python" -m venv --system-site-packages env || { echo "skipped: $python makes no environment"; exit 77; }
# a copy: nothing is left in the source tree
mkdir source && (cd "$SOURCE" && tar cf - CMakeLists.txt LICENSE archive base bindings cmake compute docs examples include io lang ledger libraries mpi pipeline tools transforms) | tar xf - -C source
env/bin/python -m pip install -q --no-index --no-build-isolation --no-deps ./source/bindings/python > pip.log 2>&1 || { echo "FAILED: pip install"; tail -20 pip.log; exit 1; }
export FIXTURE=$fixture
text='cifar10 strict=false usage=train | shuffle | random_horizontal_flip | rescale rescale=1/255 | hwc2chw | batch batch_size=16'
"$DETPIPE" cat "$text" --data "$fixture" --format npy > first.npy || fail "detpipe cat"
digest() { "$DETPIPE" digest "$text" --data "$fixture" "$@" | cut -d' ' -f1; }
expect 0 'numpy: all as it should be' env/bin/python "$SOURCE/tests/bindings/stream.py" first.npy "$(digest)" "$(digest --batches 3)"
expect 0 'use: all as it should be' env/bin/python "$SOURCE/tests/bindings/use.py"

# without CMake, pip says so in one line
mkdir bare && for tool in cc gcc make; do ln -s "$(command -v $tool)" bare/; done
expect 1 'detpipe: cmake is missing$' env PATH="$work/bare" env/bin/python -m pip install --no-index --no-build-isolation --no-deps ./source/bindings/python
grep -q Traceback out.txt && fail "a traceback, where a line would do"

# with PyTorch: the environment of `tools/dev peers`, or that of DETPIPE_TORCH
torch=${DETPIPE_TORCH:-$SOURCE/build-peers}/bin/python
if [ -x "$torch" ] && "$torch" -c 'import torch, cffi' 2> /dev/null; then
    site=$(env/bin/python -c 'import sysconfig; print(sysconfig.get_paths()["platlib"])')
    mkdir site && cp -r "$site"/detpipe site/
    expect 0 'torch: all as it should be' env PYTHONPATH="$work/site" "$torch" "$SOURCE/tests/bindings/under_torch.py"
    grep '^not tried' out.txt
else
    echo "not tried: no PyTorch and cffi in build-peers (tools/dev peers installs them; DETPIPE_TORCH names another environment):"
    awk -F '[ (]' 'name { print "not tried: " name (gsub(/^ *"""|"""$/, "") ? ": " $0 : ""); name = "" } /^def check_/ { name = $2 }' "$SOURCE/tests/bindings/under_torch.py"
fi
exit $failed
