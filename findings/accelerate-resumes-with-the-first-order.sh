#!/bin/bash
# accelerate-resumes-with-the-first-order.sh
# SPDX-License-Identifier: Apache-2.0
# What: accelerate 1.15.0 with torch 2.15.0, one process: two epochs over eight shuffled rows, Accelerator.save_state,
#   two more; and save_state's folder given to load_state in a run made alike, two epochs.  By
#   DataLoaderConfiguration(use_seedable_sampler=..).
# Expected: the orders of epochs 3 and 4, as with use_seedable_sampler=False, where the generator is restored.
# Seen: with use_seedable_sampler=True the resumed run begins with the orders of epochs 1 and 2 once more.  The order
#   is a function of the seed and of how often the loader was read; the latter is not in the state.
# Why a surprise: it is the switch for reproducible runs that takes the order from the state.  A run that is resumed
#   after each epoch has one order in all of them.
# Documented: the docstring of DataLoaderConfiguration (1.15.0): use_seedable_sampler "ensures training results are
#   fully reproducable using a different sampling technique"; nothing of a state.  The loader's set_epoch mends it.
#   Accelerate's issue #3996 reports it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 torch==2.15.0 accelerate==1.15.0
env/bin/python -W ignore - <<'PYTHON'
import torch
from accelerate import Accelerator
from accelerate.utils import DataLoaderConfiguration, set_seed


def start(seedable):
    set_seed(1)
    accelerator = Accelerator(cpu=True, dataloader_config=DataLoaderConfiguration(use_seedable_sampler=seedable))
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    loader = torch.utils.data.DataLoader(torch.arange(8), shuffle=True)
    loader, model, optimizer = accelerator.prepare(loader, model, optimizer)
    return accelerator, loader


def epochs(loader):
    return [[row.item() for row in loader] for _ in range(2)]


for seedable in False, True:
    accelerator, loader = start(seedable)
    before = epochs(loader)
    accelerator.save_state(f"state-{seedable}")
    after = epochs(loader)
    accelerator, loader = start(seedable)
    accelerator.load_state(f"state-{seedable}")
    resumed = epochs(loader)
    print(f"use_seedable_sampler={seedable}\n  epochs 1, 2: {before}\n  epochs 3, 4: {after}\n  resumed:     {resumed}")
    assert before != after and resumed == (before if seedable else after)

accelerator, loader = start(True)
accelerator.load_state("state-True")
loader.set_epoch(2)
assert epochs(loader) == after
PYTHON
