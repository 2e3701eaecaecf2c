#!/bin/bash
# test_wheel.sh - the wheel: what it needs of a system, and that it works in an environment with nothing but PyPI's cffi and NumPy
# SPDX-License-Identifier: Apache-2.0
set -u
source "$SOURCE/tests/support/expect.sh"
[ -z "${SANITIZE:-}" ] || { echo "skipped: Python would need the sanitizer's library first"; exit 77; }
python3 -m venv env 2> /dev/null || { echo "skipped: python3 makes no environment"; exit 77; }
env/bin/python -m pip install -q cffi numpy > pip.log 2>&1 || { echo "skipped: PyPI cannot be reached: $(tail -1 pip.log)"; exit 77; }

mkdir source && (cd "$SOURCE" && tar cf - --exclude='./build*' --exclude=./.git .) | tar xf - -C source
source/tools/dev wheel > wheel.log 2>&1 || { echo "FAILED: tools/dev wheel"; tail -20 wheel.log; exit 1; }
wheel=$(ls source/build-wheel/dist/*.whl)
[[ $(basename "$wheel") =~ ^detpipe-[0-9.]+-cp39-abi3-manylinux_[0-9]+_[0-9]+_$(uname -m)\.whl$ ]] || fail "the wheel is called $wheel"
tag=$(basename "$wheel" .whl | cut -d- -f5)
expect 0 "\"${tag%%.*}\"" env PATH="$work/source/build-wheel/env/bin:$PATH" source/build-wheel/env/bin/python -m auditwheel show "$wheel"
expect 0 '^Root-Is-Purelib: false$' unzip -p "$wheel" 'detpipe-*.dist-info/WHEEL'
for name in LICENSE LICENSES.libraries; do unzip -p "$wheel" "detpipe-*.dist-info/*$name" | grep -q Copyright || fail "no $name in the wheel"; done

# away from the source; every library is the wheel's own, or one that manylinux counts on
mv source/build-wheel/dist/*.whl . && rm -rf source
env/bin/python -m pip install -q --no-index --no-deps ./*.whl > pip.log 2>&1 || { fail "pip install"; cat pip.log; }
site=$(env/bin/python -c 'import sysconfig; print(sysconfig.get_paths()["platlib"])')
libraries=("$site"/detpipe/_c*.so "$site"/detpipe/tool "$site"/detpipe.libs/*.so*)
[ -f "$site/detpipe/_c.abi3.so" ] || fail "no module of the limited API"
for library in "${libraries[@]}"; do
    for needed in $(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
        case $needed in
            libc.so.6|libm.so.6|libpthread.so.0|libz.so.1|ld-linux*) ;;
            *) [ -f "$site/detpipe.libs/$needed" ] || fail "$(basename "$library") needs $needed of the system" ;;
        esac
    done
done
for user in _c.abi3.so tool; do
    ldd "$site/detpipe/$user" > ldd.txt
    for name in libpng libjpeg liblz4 libsqlite3; do grep -q "$name.*=> $(realpath "$site")/" ldd.txt || { fail "$user: $name is the system's"; cat ldd.txt; }; done
done
compgen -G "$site/detpipe.libs/libmpi*" > /dev/null && fail "an MPI in the wheel, beside the user's own"

# the command: a newcomer has it on the path and nothing else, no compiler and no checkout
newcomer() { env -i PATH="$work/env/bin" "$@"; }
expect 0 "^detpipe $(env/bin/python -c 'import detpipe; print(detpipe.__version__)')\$" newcomer detpipe --version
expect 0 '^REPRODUCED$' newcomer detpipe verify
printf 'import numpy as np\nmodel.fit(np.random.default_rng().random())\n' > train.py
expect 1 '^train.py:2: np.random.default_rng' newcomer detpipe lint --strict train.py
printf 'print("loss", 1)\n' > bare.py
expect 3 '^detpipe: verify: run 1: --why: no step was recorded: the command imported no framework' newcomer detpipe verify --why -- python bare.py

export FIXTURE=$fixture
expect 0 'use: all as it should be' env/bin/python "$SOURCE/tests/bindings/use.py"
"$DETPIPE" snapshot write 'range count=2000 | shuffle | batch batch_size=100' rows.snap > write.log 2>&1 || { fail "detpipe snapshot write"; cat write.log; }
mkdir -p pictures/a && env/bin/python - <<'PROGRAM' || fail "a PNG file and a snapshot, by libpng and lz4 of the wheel"
import struct, zlib, detpipe
chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
rows = b"".join(b"\0" + bytes(range(12 * y, 12 * y + 12)) for y in range(4))
with open("pictures/a/0.png", "wb") as f:
    f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) +
            chunk(b"IEND", b""))
assert next(detpipe.Pipeline("png_folder dataset_dir=pictures"))["image"].ravel().tolist() == list(range(48))
shuffled, kept = detpipe.Pipeline("range count=2000 | shuffle | batch batch_size=100"), detpipe.Pipeline("snapshot file=rows.snap batched=true")
assert kept.digest() == shuffled.digest() and kept.fingerprint == shuffled.fingerprint
PROGRAM
exit $failed
