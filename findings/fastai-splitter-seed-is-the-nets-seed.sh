#!/bin/bash
# fastai-splitter-seed-is-the-nets-seed.sh
# SPDX-License-Identifier: Apache-2.0
# What: fastai 2.8.12 with torch 2.15.0: RandomSplitter(seed=42), RandomSubsetSplitter(.., seed=42) and
#   TrainTestSplitter(random_state=42) beside each other, called after torch.manual_seed(1), (2) and (3); then the
#   weights of a new layer.  (2 GB are installed: some minutes.)
# Expected: one split, which is what its seed is for, and weights that follow the run's own seed.
# Seen: after the first two splitters each run has the same weights, whatever its seed: a splitter's seed is given to
#   torch.manual_seed and stays there.  After the third, which is scikit-learn's, they follow the run's seed.
# Why a surprise: a fixed split and three seeds are how people measure what the seed changes; here the three runs begin
#   with one net and draw one order and one dropout.
# Documented: the docstrings say that the items are split randomly, and name no side effect.  Not found among fastai's
#   issues.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 torch==2.15.0 torchvision==0.29.2 fastai==2.8.12 fastcore==2.2.41
env/bin/python -W ignore - <<'PYTHON'
import torch
from fastai.data.transforms import RandomSplitter, RandomSubsetSplitter, TrainTestSplitter

splitters = {
    "RandomSplitter": RandomSplitter(seed=42),
    "RandomSubsetSplitter": RandomSubsetSplitter(0.5, 0.2, seed=42),
    "TrainTestSplitter": TrainTestSplitter(random_state=42),
}
weights = {}
for name, splitter in splitters.items():
    splits = set()
    weights[name] = set()
    for seed in (1, 2, 3):
        torch.manual_seed(seed)
        train, valid = splitter(list(range(20)))
        layer = torch.nn.Linear(3, 1)
        splits.add((tuple(train), tuple(valid)))
        weights[name].add(tuple(layer.weight[0].tolist()))
        print(f"{name}, torch.manual_seed({seed}): weights", *(f"{w:.6f}" for w in layer.weight[0].tolist()))
    assert len(splits) == 1
assert [len(w) for w in weights.values()] == [1, 1, 3]
PYTHON
