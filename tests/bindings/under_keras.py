# under_keras.py - detpipe.keras.Ledger: faults of a training, each named by `detpipe diff`; and no bit of it changed
# SPDX-License-Identifier: Apache-2.0
import os, sys, tempfile
from differ import differ
from why_keras import keras, train
from detpipe.keras import Ledger

diff, folder = sys.argv[1], tempfile.mkdtemp()


def begin():
    keras.backend.clear_session()
    keras.utils.set_random_seed(9)


def recorded(name, *args, **kwargs):
    """The bits of a training, and what its ledger did not see."""
    begin()
    with Ledger(os.path.join(folder, name)) as ledger:
        return train(*args, **kwargs), ledger.unseen


def plain(*args, **kwargs):
    begin()
    return train(*args, **kwargs)


def check_bits():
    """The same weights, states and seeds with the hooks and without; and nothing that went wrong in a hook."""
    places = [(keras.layers.Layer, "__call__"), (keras.Model, "fit"), (keras.Variable, "assign")]
    before = [getattr(owner, name) for owner, name in places]
    for name, how in (("compiled", {}), ("eager", {"eagerly": True}), ("hand", {"by_hand": True})):
        bits, unseen = recorded(name, None, 1, **how)
        assert bits == plain(None, 1, **how), f"the hooks change the training: {name}"
        assert not any("failure" in what for what in unseen), unseen
        assert any("compiled" in what for what in unseen) == (name != "eager"), unseen
    assert [getattr(owner, name) for owner, name in places] == before, "hooks are left behind"


def named(fault, expected, sentence, **how):
    for i in (1, 2):
        recorded(f"{fault}.{i}", fault, i, **how)
    differ(diff, folder, fault, expected, sentence)


def check_callback():
    begin()
    train(None, 1, callbacks=[Ledger(os.path.join(folder, "callback"))])
    with open(os.path.join(folder, "callback")) as a, open(os.path.join(folder, "compiled")) as b:
        assert a.readlines()[1:] == b.readlines()[1:], "as a callback it records something else"


check_bits()
check_callback()
named("nothing", None, "")
named("seed", 'step 1, "start weight net/conv/kernel"', "before the seed was set?")
named("order", 'step 1, "batch/0"', "The data")
named("dropout", 'step 3, "random seed_generator/seed_generator_state"', "The random numbers")
named("rate", 'step 3, "rate"', "The optimizer's numbers")
named("weight", 'step 3, "changed weight net/last/bias"', "by somebody else than the optimizer")
named("gradient", 'step 3, "given net/conv/kernel"', "The backward pass, or what was done to its gradients since", eagerly=True)
print("keras ledger: all as it should be")
