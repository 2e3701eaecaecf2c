# under_mindspore.py - detpipe.mindspore.Ledger: faults of a training, each named by `detpipe diff`; and no bit of it changed
# SPDX-License-Identifier: Apache-2.0
import os, random, sys, tempfile
import numpy as np
from detpipe.mindspore import Ledger
from differ import differ, names
from why_mindspore import mindspore, train

diff, folder = sys.argv[1], tempfile.mkdtemp()


def recorded(name, *args, level="full", **kwargs):
    """The bits of a training, and what its ledger did not see."""
    random.seed(9), np.random.seed(9)
    with Ledger(os.path.join(folder, name), level=level) as ledger:
        return train(*args, **kwargs), ledger.unseen


def check_bits():
    """The same weights and states with the hooks and without; and nothing that went wrong in a hook."""
    places = [(mindspore.nn.Cell, "__call__"), (mindspore.Parameter, "set_data")]
    before = [getattr(owner, name) for owner, name in places]
    for mode in ("graph", "pynative", "jit"):
        bits, unseen = recorded(mode, None, 1, mode)
        assert bits == train(None, 1, mode), f"the hooks change the training: {mode}"
        assert not any("failure" in what for what in unseen), unseen
        assert any("compiled" in what for what in unseen) == (mode != "pynative"), unseen
        with open(os.path.join(folder, mode)) as f:
            assert len(f.readlines()) == 14, f"{mode}: 12 steps, and what is behind them"
    assert [getattr(owner, name) for owner, name in places] == before, "hooks are left behind"


def check_callback():
    train(None, 1, "graph", callbacks=[Ledger(os.path.join(folder, "callback"))])
    with open(os.path.join(folder, "callback")) as f:
        assert len(f.readlines()) == 14


def named(fault, expected, sentence, mode, level="full"):
    name = f"{fault}.{mode}.{level}"
    for i in (1, 2):
        recorded(f"{name}.{i}", fault, i, mode, level=level)
    differ(diff, folder, name, expected, sentence)


def check_weights():
    """The level "weights" changes no bit, leaves out cells and states, and names the same faults."""
    bits, _ = recorded("weights", None, 1, "pynative", level="weights")
    assert bits == train(None, 1, "pynative"), "the level weights changes the training"
    step = names(os.path.join(folder, "weights"))[2]
    kinds = {name.split()[0].split("/")[0] for name in step}
    assert {"batch", "given", "weight"} <= kinds and "state" not in kinds, step
    assert not any("Conv2d" in name for name in step), step
    named("random", 'step 1, "batch/0"', "The data", "graph", "weights")
    named("weight", 'step 3, "changed weight 5.bias"', "by somebody else than the optimizer", "pynative", "weights")


check_bits()
check_callback()
check_weights()
for mode in ("graph", "pynative"):
    named("nothing", None, "", mode)
    named("seed", 'step 1, "start weight', "before the seed was set?", mode)
    named("order", 'step 1, "random python"', "The random numbers", mode)
    named("random", 'step 1, "batch/0"', "The data", mode)
    named("workers", 'step 1, "batch/0"', "The data", mode)
named("weight", 'step 3, "changed weight 5.bias"', "by somebody else than the optimizer", "pynative")
print("mindspore ledger: all as it should be")
