#!/bin/bash
# xgboost-reads-big-endian-arrays-as-little-endian.sh
# SPDX-License-Identifier: Apache-2.0
# What: xgboost 3.2.0, DMatrix of a NumPy array whose bytes are big-endian, as numpy.frombuffer gives them from
#   IDX files (MNIST), FITS or old binary archives.  NumPy computes with such arrays as with any other.
# Expected: the numbers of the array, or an error that names its type, as for other types it does not take.
# Seen: no word; each feature and label is the number that its bytes are in the other order: the label 1 is
#   16777216, the feature 1.5 is 6.9e-41.  LightGBM 4.7.0 takes the same array rightly.
# Why a surprise: the training goes on with a data set that nobody has, and looks only like a bad model.
# Documented: not in the docstring of DMatrix (3.2.0), nor in "Supported Python data structures", which lists
#   numpy.ndarray as supported.  Issue #12433 (2026-08) reports it; pull request #12434, merged after 3.2.0, mends
#   it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 xgboost-cpu==3.2.0 lightgbm==4.7.0 scikit-learn==1.9.1
env/bin/python -W ignore - <<'PYTHON'
import lightgbm
import numpy
import xgboost

labels = numpy.frombuffer(bytes([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2]), ">i4")
features = numpy.array([[1.5, 2.0], [3.0, 4.0], [5.0, 6.0]], ">f4")
assert labels.tolist() == [1, 0, 2] and features.sum() == 21.5
matrix = xgboost.DMatrix(features, labels)
held = matrix.get_data().toarray()
print("features given", features.tolist())
print("features held ", held.tolist())
print("labels given  ", labels.tolist())
print("labels held   ", matrix.get_label().tolist())
assert matrix.get_label().tolist() == [16777216, 0, 33554432]
assert numpy.array_equal(held, features.view("<f4").astype("<f4"))

x = numpy.random.default_rng(1).normal(size=(200, 3)).astype("<f4")
fit = lambda rows: lightgbm.train({"verbose": -1}, lightgbm.Dataset(rows, x[:, 0]), 5).predict(x)
assert numpy.array_equal(fit(x), fit(x.astype(">f4")))
print("LightGBM: the same model from both byte orders")
PYTHON
