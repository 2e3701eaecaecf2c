#!/bin/bash
# sklearn-stratified-split-depends-on-class-names.sh
# SPDX-License-Identifier: Apache-2.0
# What: scikit-learn 1.9.1, train_test_split(stratify=y, random_state=1), and the same with one class renamed.
# Expected: the same rows in the test set; a name is no datum, and StratifiedKFold's folds do not change.
# Seen: other rows.  The classes are taken in the order of their sorted names and draw from one generator in turn,
#   so "cat" becoming "puma" hands each class the draws of another.
# Why a surprise: a label file that is translated, cased otherwise or coded in numbers moves rows from the training
#   set to the test set under the same seed: results before and after cannot be compared, and weights trained before
#   are tested on rows that they have seen.
# Documented: the docstrings of train_test_split and StratifiedShuffleSplit (1.9.1) promise "reproducible output
#   across multiple function calls" and say nothing of names.  That of StratifiedKFold does: it is to "be invariant
#   to class label", relabelling should not change the indices.  Not found among scikit-learn's issues.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 scikit-learn==1.9.1
env/bin/python -W ignore - <<'PYTHON'
import numpy
from sklearn.model_selection import StratifiedKFold, train_test_split

rows = numpy.arange(60)
before = numpy.array(["cat", "dog", "owl"])[rows % 3]
after = numpy.where(before == "cat", "puma", before)
test = [sorted(map(int, train_test_split(rows, stratify=names, random_state=1)[1])) for names in (before, after)]
folds = [[list(fold) for _, fold in StratifiedKFold(3, shuffle=True, random_state=1).split(rows, names)]
         for names in (before, after)]
print("test set, cat: ", test[0])
print("test set, puma:", test[1])
print(f"in both: {len(set(test[0]) & set(test[1]))} of {len(test[0])}; StratifiedKFold the same: {folds[0] == folds[1]}")
assert test[0] != test[1] and folds[0] == folds[1]
PYTHON
