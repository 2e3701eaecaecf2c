# package.sh - sourced behind expect.sh: the Python package, installed by pip into the environment env; without Python, a skip
# SPDX-License-Identifier: Apache-2.0
python=
for candidate in /usr/bin/python3 python3; do
    "$candidate" -c 'import cffi, numpy, setuptools, wheel, venv' 2> /dev/null && python=$candidate && break
done
[ -n "$python" ] || { echo "skipped: no python3 with cffi, numpy, setuptools, wheel and venv"; exit 77; }
"$python" -m venv --system-site-packages env || { echo "skipped: $python makes no environment"; exit 77; }
# a copy: nothing is left in the source tree
mkdir source && (cd "$SOURCE" && tar cf - CMakeLists.txt LICENSE archive base bindings cmake compute docs examples include io lang ledger libraries mpi pipeline tools transforms) | tar xf - -C source
# its wheel is built once for all tests of equal sources: they wait for the one that builds it
wheels=$BUILD/wheel-$(cd source && find . -type f | LC_ALL=C sort | xargs -d '\n' b2sum | b2sum | cut -c1-32)
(
    flock 9
    if ! ls "$wheels"/*.whl > /dev/null 2>&1; then
        rm -rf "$BUILD"/wheel-*
        env/bin/python -m pip wheel -q --no-index --no-build-isolation --no-deps -w wheels ./source/bindings/python && mv wheels "$wheels"
    fi
) 9> "$BUILD/wheel.lock" > pip.log 2>&1 && env/bin/python -m pip install -q --no-index --no-deps "$wheels"/*.whl >> pip.log 2>&1 || {
    echo "FAILED: pip install"; tail -20 pip.log; exit 1; }
