#!/bin/bash
# skorch-resumes-with-another-learning-rate.sh
# SPDX-License-Identifier: Apache-2.0
# What: skorch 1.4.0 with torch 2.15.0: fit() of six epochs, and of three, then three more by LoadInitState in a new
#   net: three policies of LRScheduler, Checkpoint(monitor=None) and TrainEndCheckpoint, LRScheduler before and behind
#   LoadInitState in the list of callbacks.  Nothing random but the weights, which are seeded.
# Expected: the rates of epochs 4 to 6, and the weights of the six epochs.
# Seen: with LRScheduler before LoadInitState none goes on: the schedule begins anew.  Behind it, StepLR is right,
#   MultiStepLR counts a milestone twice with TrainEndCheckpoint, and CosineAnnealingLR is off with Checkpoint.
# Why a surprise: weights, momentum and history come back and the loss falls on, with rates wrong by a factor of up to
#   ten; which factor depends on the order of a list.
# Documented: the docstring of LoadInitState (1.4.0) says that it "loads the model, optimizer, and history", to
#   "continue training from there"; neither it nor that of LRScheduler names the other, or an order.  Not found among
#   skorch's issues.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 torch==2.15.0 scikit-learn==1.9.1 skorch==1.4.0
env/bin/python -W ignore - <<'PYTHON'
import tempfile

import numpy
import torch
from skorch import NeuralNetRegressor
from skorch.callbacks import Callback, Checkpoint, LoadInitState, LRScheduler, TrainEndCheckpoint

x = numpy.random.default_rng(0).normal(size=(32, 3)).astype("float32")
y = x.sum(1, keepdims=True)


class Rates(Callback):
    def on_train_begin(self, net, **_):
        self.seen = []

    def on_batch_begin(self, net, **_):
        self.seen.append(round(net.optimizer_.param_groups[0]["lr"], 5))


def fitted(folder, epochs, kind, schedule_first, **policy):
    torch.manual_seed(0)
    checkpoint = kind(dirname=folder, **({"monitor": None} if kind is Checkpoint else {}))
    callbacks = [checkpoint, LoadInitState(checkpoint)]
    callbacks.insert(0 if schedule_first else 2, LRScheduler(**policy))
    rates = Rates()
    net = NeuralNetRegressor(torch.nn.Linear(3, 1), max_epochs=epochs, lr=0.1, optimizer=torch.optim.SGD,
                             optimizer__momentum=0.9, iterator_train__shuffle=False, train_split=None, verbose=0,
                             callbacks=[*callbacks, rates])
    net.fit(x, y)
    return rates.seen, net.module_.weight.detach().numpy()


policies = [{"policy": "StepLR", "step_size": 2, "gamma": 0.1}, {"policy": "CosineAnnealingLR", "T_max": 6},
            {"policy": "MultiStepLR", "milestones": [3, 5]}]
right = {("StepLR", Checkpoint), ("StepLR", TrainEndCheckpoint), ("CosineAnnealingLR", TrainEndCheckpoint),
         ("MultiStepLR", Checkpoint)}                      # behind LoadInitState; before it, none
for policy in policies:
    for kind in Checkpoint, TrainEndCheckpoint:
        for first in True, False:
            rates, weights = fitted(tempfile.mkdtemp(dir="."), 6, kind, first, **policy)
            folder = tempfile.mkdtemp(dir=".")
            fitted(folder, 3, kind, first, **policy)
            resumed, again = fitted(folder, 3, kind, first, **policy)
            print(f"{policy['policy']}, {kind.__name__}, LRScheduler {'before' if first else 'behind'} LoadInitState: "
                  f"{rates[3:]}, resumed {resumed}")
            same = resumed == rates[3:]
            assert same == numpy.array_equal(weights, again) == (not first and (policy["policy"], kind) in right)
PYTHON
