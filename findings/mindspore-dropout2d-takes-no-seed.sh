#!/bin/bash
# mindspore-dropout2d-takes-no-seed.sh
# SPDX-License-Identifier: Apache-2.0
# What: mindspore 2.10.0 on the CPU: nn.Dropout1d, nn.Dropout2d and nn.Dropout3d (64 channels, p=0.5), each made and
#   called behind mindspore.set_seed(1), three times in one process; nn.Dropout beside them.
# Expected: one mask, three times: set_seed(1) begins the counts of seeds anew.  nn.Dropout gives it, and all four do in
#   GRAPH_MODE.
# Seen: in PYNATIVE_MODE, the default, the three have three masks: the seed does not reach their operators there.
# Why a surprise: a net with Dropout2d between its convolutions has another loss in each run from step 1 on, whatever is
#   seeded; the same net in GRAPH_MODE, or with Dropout in its place, repeats its first steps.
# Documented: the docstrings of Dropout2d and ops.dropout2d (2.10.0) name no seed, no mode and no exception.
#   MindSpore's issues on Gitee and AtomGit were not searched.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q mindspore==2.10.0 numpy==1.26.4
env/bin/python -W ignore - 2> log <<'PYTHON' || { cat log; exit 1; }
import mindspore
from mindspore import nn, ops

layers = {"Dropout": (1, 64), "Dropout1d": (1, 64, 2), "Dropout2d": (1, 64, 2, 2), "Dropout3d": (1, 64, 2, 2, 2)}
for mode in "PYNATIVE_MODE", "GRAPH_MODE":
    mindspore.set_context(mode=getattr(mindspore, mode))
    for name, shape in layers.items():
        masks = set()
        for _ in range(3):
            mindspore.set_seed(1)
            layer = getattr(nn, name)(p=0.5).set_train()
            channels = layer(ops.ones(shape, mindspore.float32)).asnumpy().reshape(64, -1)[:, 0]
            masks.add("".join("1" if value else "0" for value in channels))
        print(f"{mode}, {name}: {len(masks)} masks of three behind set_seed(1)")
        assert len(masks) == (1 if name == "Dropout" or mode == "GRAPH_MODE" else 3)
PYTHON
