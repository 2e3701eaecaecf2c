#!/bin/bash
# numpy-flips-depend-on-the-batch.sh
# SPDX-License-Identifier: Apache-2.0
# What: numpy 2.4.6, Generator.integers of twelve numbers from one seed, all at once and in calls of three, by dtype.
# Expected: the same twelve, as for random(), normal() and integers() of int64.
# Seen: they differ for bool, int8, uint8, int16 and uint16 (from the fourth on): a draw of 32 bits is cut into several
#   numbers, and what is left of it at the end of a call is thrown away.
# Why a surprise: flips and labels drawn in batches, integers(0, 2, batch, dtype=bool), are others for another batch
#   size, or after a resume in the middle of a batch, under one seed and one order of rows.  Without the type they are
#   not: a dtype that was given to save memory decides.
# Documented: the docstring of Generator.integers (2.4.6) calls dtype the desired type of the result and says nothing
#   of the stream.  Not found among NumPy's issues.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6
env/bin/python - <<'PYTHON'
import numpy

differ = []
for name in ("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"):
    draw = lambda generator, count: generator.integers(0, 2, count, dtype=name).astype(int).tolist()
    whole, parts = numpy.random.default_rng(1), numpy.random.default_rng(1)
    at_once, in_threes = draw(whole, 12), sum((draw(parts, 3) for _ in range(4)), [])
    print(f"{name:6} at once {at_once} in threes {in_threes}")
    assert at_once[:3] == in_threes[:3]
    if at_once != in_threes:
        differ.append(name)
print("differ:", *differ)
assert differ == ["bool", "int8", "uint8", "int16", "uint16"]
for name in ("random", "standard_normal"):
    whole, parts = (getattr(numpy.random.default_rng(1), name) for _ in range(2))
    assert whole(12).tolist() == sum((parts(3).tolist() for _ in range(4)), [])
PYTHON
