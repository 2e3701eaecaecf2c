# under_mindspore.py - detpipe.mindspore.Ledger: faults of a training, each named by `detpipe diff`; and no bit of it changed
# SPDX-License-Identifier: Apache-2.0
import os, random, subprocess, sys, tempfile
import numpy as np
from detpipe.mindspore import Ledger
from why_mindspore import mindspore, train

diff, folder = sys.argv[1], tempfile.mkdtemp()


def recorded(name, *args, **kwargs):
    """The bits of a training, and what its ledger did not see."""
    random.seed(9), np.random.seed(9)
    with Ledger(os.path.join(folder, name)) as ledger:
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
            assert len(f.readlines()) == 13, f"{mode}: 12 steps"
    assert [getattr(owner, name) for owner, name in places] == before, "hooks are left behind"


def check_callback():
    train(None, 1, "graph", callbacks=[Ledger(os.path.join(folder, "callback"))])
    with open(os.path.join(folder, "callback")) as f:
        assert len(f.readlines()) == 13


def named(fault, expected, sentence, mode):
    for i in (1, 2):
        recorded(f"{fault}.{mode}.{i}", fault, i, mode)
    done = subprocess.run([diff, "diff", *(os.path.join(folder, f"{fault}.{mode}.{i}") for i in (1, 2))], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    text = " ".join(done.stdout.split())
    assert done.returncode == (1 if expected else 0), text
    assert expected is None or (f"first difference: {expected}" in text and sentence in text), f"{fault}: {text}"


check_bits()
check_callback()
for mode in ("graph", "pynative"):
    named("nothing", None, "", mode)
    named("seed", 'step 1, "start weight', "before the seed was set?", mode)
    named("order", 'step 1, "random python"', "The random numbers", mode)
    named("random", 'step 1, "batch/0"', "The data", mode)
    named("workers", 'step 1, "batch/0"', "The data", mode)
named("weight", 'step 3, "changed weight 5.bias"', "by somebody else than the optimizer", "pynative")
print("mindspore ledger: all as it should be")
