#!/bin/bash
# datasets-numpy-format-halves-floats-in-lists.sh
# SPDX-License-Identifier: Apache-2.0
# What: datasets 5.2.0, with_format("numpy") of a data set with a column of float64 and one of lists of float64.
# Expected: float64 in both: the features say so, the file holds it, and integers in lists stay int64.
# Seen: the number alone is float64; the same number in a list is float32: 16777217 is 16777216 there, and a time in
#   seconds loses its fraction and up to a minute.  There is no error and no warning.
# Why a surprise: the type depends on the column's shape, not on its type, and the pipeline's numbers are not the
#   file's; NumPy is the one of the formats whose user expects float64.
# Documented: not in the docstring of with_format (5.2.0), nor in the guide "Use with NumPy" as published (4.8.4).
#   Issue #5517, open since 2023, reports it; pull request #8639, open, would add it and dtype=None to the guide.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 datasets==5.2.0
env/bin/python -W ignore - <<'PYTHON'
import datasets
import numpy

number, time = 16777217.0, 1700000001.25
rows = datasets.Dataset.from_dict({"alone": [number], "listed": [[number, time]], "whole": [[2**40]]})
print(rows.features)
row = rows.with_format("numpy")[0]
print("alone: ", repr(row["alone"]))
print("listed:", repr(row["listed"]), [float(v) for v in row["listed"]])
print("whole: ", repr(row["whole"]))
assert row["alone"].dtype == numpy.float64 and row["alone"] == number
assert row["listed"].dtype == numpy.float32 and row["listed"][0] == 16777216 and float(row["listed"][1]) != time
assert row["whole"].dtype == numpy.int64
given = rows.with_format("numpy", dtype=numpy.float64)[0]["listed"]
assert given.tolist() == [number, time]
print("with dtype=float64 they are exact:", given.tolist())
PYTHON
