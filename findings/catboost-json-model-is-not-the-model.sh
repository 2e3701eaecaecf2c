#!/bin/bash
# catboost-json-model-is-not-the-model.sh
# SPDX-License-Identifier: Apache-2.0
# What: catboost 1.2.10, save_model(format="json") and load_model, beside its own format, cbm; one thread.
# Expected: the model that was saved, as from cbm.
# Seen: some 4 % of the leaves' values come back changed in their last place, and 16 % of the predictions differ.
# Why a surprise: JSON is chosen because it can be read and compared; its digest of predictions fails a test to the
#   bit that nothing else in the pipeline breaks.
# Documented: the pages of save_model and load_model on catboost.ai list json as a format to save and to load, and
#   "Export a model to JSON" says that the file can be applied later; none speaks of precision.  The docstring of
#   save_model in 1.2.10 does not list json at all.  Not found among CatBoost's issues (#2415 is about split
#   borders).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 catboost==1.2.10
env/bin/python -W ignore - <<'PYTHON'
import catboost
import numpy

generator = numpy.random.default_rng(1)
x = generator.normal(size=(64, 6)).astype("float32")
model = catboost.CatBoostRegressor(iterations=200, random_seed=1, verbose=0, allow_writing_files=False,
                                   thread_count=1).fit(x, x[:, 1] + x[:, 2] ** 2)
same = {}
for form in ("cbm", "json"):
    model.save_model("model", format=form)
    loaded = catboost.CatBoostRegressor()
    loaded.load_model("model", format=form)
    leaves, ours = loaded.get_leaf_values(), model.get_leaf_values()
    off = numpy.mean(leaves != ours)
    predictions = numpy.mean(loaded.predict(x) != model.predict(x))
    print(f"{form}: {off:.1%} of {len(ours)} leaves and {predictions:.1%} of the predictions differ;"
          f" bias {model.get_scale_and_bias()[1]!r}, loaded {loaded.get_scale_and_bias()[1]!r}")
    same[form] = off, predictions
assert same["cbm"] == (0, 0)
assert same["json"][0] > 0.01 and same["json"][1] > 0.01
PYTHON
