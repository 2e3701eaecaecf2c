#!/bin/bash
# sklearn-svmlight-file-loses-the-last-bit.sh
# SPDX-License-Identifier: Apache-2.0
# What: scikit-learn 1.9.1, dump_svmlight_file and load_svmlight_file of float64 (LIBSVM's format, which XGBoost,
#   LightGBM and liblinear read, too).
# Expected: the numbers that were written, as from numpy.savetxt (19 digits) or pandas.to_csv (the shortest that is
#   exact).
# Seen: about a quarter of the values and labels come back changed, by some units in the last place: 16
#   significant digits are written, and binary64 needs 17.
# Why a surprise: a data set that was written and read once has another identity and trains another model; the
#   first epochs agree to many digits, so the cause is looked for in the training.
# Documented: not in the docstring of dump_svmlight_file (1.9.1), which says that the format is text and stores no
#   zeros.  Pull request #938 (2012, merged) set out to "preserve double precision values"; the loss of now was not
#   found among scikit-learn's issues.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 scikit-learn==1.9.1
env/bin/python -W ignore - <<'PYTHON'
import io

import numpy
from sklearn.datasets import dump_svmlight_file, load_svmlight_file

generator = numpy.random.default_rng(1)
x, y = generator.random((200, 5)), generator.random(200)
with open("data.svm", "wb") as file:
    dump_svmlight_file(x, y, file)
read, labels = load_svmlight_file("data.svm")
changed = numpy.mean(read.toarray() != x), numpy.mean(labels != y)
units = numpy.abs(read.toarray() - x) / numpy.spacing(x)
print(open("data.svm").readline().strip())
print(f"changed: {changed[0]:.1%} of the values, {changed[1]:.1%} of the labels, by {units.max():.0f} units at most")
assert 0.15 < changed[0] < 0.4 and 0.15 < changed[1] < 0.4 and units.max() >= 1
text = io.StringIO()
numpy.savetxt(text, x)
text.seek(0)
assert numpy.array_equal(numpy.loadtxt(text), x)
print("numpy.savetxt: nothing changed")
PYTHON
