#!/bin/bash
# xgboost-continued-training-repeats-its-subsamples.sh
# SPDX-License-Identifier: Apache-2.0
# What: xgboost 3.2.0, 5 rounds, the model saved, and 5 more rounds from the file in a new process (xgb_model=),
#   with subsample=0.5 and a seed, one thread; beside 10 rounds in one call.
# Expected: the same model, as it is without subsample; or else fresh subsamples.
# Seen: rounds 6 to 10 draw the very subsamples of rounds 1 to 5 once more: the draws begin anew with the seed.
#   seed_per_iteration=True, said to take the number of the round, does not help: the rounds are numbered from 0 again.
#   (eta is 0 here, so that no tree changes what the next one sees, and equal subsamples give equal trees.)
# Why a surprise: a run that resumes from its checkpoint is another one, of half as many different subsamples.
# Documented: the docstring of train() (3.2.0) says of xgb_model "to be loaded before training (allows training
#   continuation)"; the page of parameters says of seed_per_iteration "seed PRNG determnisticly via iterator
#   number".  Issue #10324 (2024, open) reports that a resumed training with subsample is another one.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 xgboost-cpu==3.2.0
cat > trees.py <<'PYTHON'
import sys

import numpy
import xgboost

rounds, start, keep, *more = sys.argv[1:]
generator = numpy.random.default_rng(1)
x = generator.normal(size=(300, 6))
data = xgboost.DMatrix(x, (x[:, 0] + generator.normal(size=300) > 0).astype(int))
options = {"objective": "binary:logistic", "seed": 1, "nthread": 1, "eta": 0, **dict(word.split("=") for word in more)}
model = xgboost.train(options, data, int(rounds), xgb_model=start or None)
model.save_model(keep)
print("\n".join(tree.replace("\n", " ") for tree in model.get_dump(with_stats=True)))
PYTHON
trees() { env/bin/python -W ignore trees.py "$@"; }

for more in subsample=0.5 'subsample=0.5 seed_per_iteration=true'; do
    # shellcheck disable=SC2086
    { trees 10 '' whole.json $more > whole; trees 5 '' half.json $more > half; trees 5 half.json both.json $more > both; }
    echo "$more: of rounds 6 to 10, so many are rounds 1 to 5 again:" \
        "in one call $(comm -12 <(head -5 whole | sort) <(tail -5 whole | sort) | wc -l)," \
        "continued $(comm -12 <(head -5 both | sort) <(tail -5 both | sort) | wc -l)"
    [ "$(sort -u whole | wc -l)" = 10 ]
    cmp <(head -5 both) <(tail -5 both)
    cmp <(head -5 both) <(head -5 whole)
done
