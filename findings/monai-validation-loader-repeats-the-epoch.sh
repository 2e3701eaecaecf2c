#!/bin/bash
# monai-validation-loader-repeats-the-epoch.sh
# SPDX-License-Identifier: Apache-2.0
# What: monai 1.6.1 with torch 2.15.0 behind torch.manual_seed(1): three epochs of a shuffled training loader; after
#   each a monai.data.DataLoader for the validation is made, as a function that evaluates does.  It is not read.
# Expected: another order and other random numbers in each epoch, as with torch.utils.data.DataLoader, from which it
#   inherits.
# Seen: every epoch has the order of the first, and torch.rand (so dropout, too) the same numbers: with num_workers=0,
#   its default, making the loader sets PyTorch's global generator back to where manual_seed had left it.  With
#   num_workers=1 it does not.
# Why a surprise: the run is reproducible and its losses look sound, but it sees one shuffle and one set of masks in all
#   of its epochs; the cause is a loader that shuffles nothing, in another function.
# Documented: the docstring of DataLoader (1.6.1) says that it handles MONAI's random objects "with appropriate random
#   state managements for deterministic behaviour", and nothing of PyTorch's generator.  Not found among MONAI's issues.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 torch==2.15.0 monai==1.6.1
env/bin/python -W ignore - <<'PYTHON'
import monai
import torch

ROWS = list(range(8))


def epochs(loader, **options):
    torch.manual_seed(1)
    train = monai.data.DataLoader(ROWS, batch_size=8, shuffle=True)
    seen = []
    for _ in range(3):
        seen.append((next(iter(train)).tolist(), torch.rand(1).item()))
        loader(ROWS, batch_size=8, **options)
    return seen


for name, seen, different in [("monai's loader", epochs(monai.data.DataLoader), 1),
                              ("with num_workers=1", epochs(monai.data.DataLoader, num_workers=1), 3),
                              ("torch's loader", epochs(torch.utils.data.DataLoader), 3)]:
    for epoch, (order, number) in enumerate(seen):
        print(f"{name}, epoch {epoch}: order {order}, torch.rand {number:.6f}")
    assert len({str(order) for order, _ in seen}) == different == len({number for _, number in seen})
PYTHON
