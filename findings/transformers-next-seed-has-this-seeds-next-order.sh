#!/bin/bash
# transformers-next-seed-has-this-seeds-next-order.sh
# SPDX-License-Identifier: Apache-2.0
# What: transformers 5.24.0 with accelerate 1.15.0 and torch 2.15.0: the order in which Trainer delivers a data set,
#   by TrainingArguments(seed=42) and seed=43, nothing else set.  (2 GB are installed: some minutes.)
# Expected: orders that have nothing to do with each other.
# Seen: seed 43's first epoch has the order of seed 42's second, its second that of 42's third, and so on: the order
#   of an epoch is drawn from seed + epoch.
# Why a surprise: people repeat a training with seeds 42, 43, 44 to have independent runs; of ten epochs nine have
#   the same orders, shifted by one.
# Documented: the docstring of TrainingArguments (5.24.0) says that seed is set at the beginning of the training and
#   that data samplers use it unless data_seed is set; that of accelerate's SeedableRandomSampler (1.15.0), that it
#   relies on the "initial seed as well as the current iteration".  That they are added stands in the code alone.
#   Not found among the two libraries' issues.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 torch==2.15.0 transformers==5.24.0 accelerate==1.15.0
env/bin/python -W ignore - <<'PYTHON'
import tempfile

import torch
import transformers


def orders(seed):
    seen = []

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.zeros(1))

        def forward(self, x):
            seen.extend(x.tolist())
            return {"loss": (self.weight * x.float().mean()).sum()}

    with tempfile.TemporaryDirectory() as folder:
        arguments = transformers.TrainingArguments(
            folder, seed=seed, num_train_epochs=3, per_device_train_batch_size=4, report_to="none",
            save_strategy="no", use_cpu=True, disable_tqdm=True, remove_unused_columns=False)
        transformers.Trainer(Model(), arguments, train_dataset=[{"x": row} for row in range(12)]).train()
    return [seen[12 * epoch:12 * epoch + 12] for epoch in range(3)]


first, second = orders(42), orders(43)
for seed, order in ((42, first), (43, second)):
    for epoch, rows in enumerate(order, 1):
        print(f"seed {seed}, epoch {epoch}:", rows)
assert first[0] != first[1] and second[:2] == first[1:]
PYTHON
