# under_jax.py - detpipe.jax.Ledger: faults of a training, each named by `detpipe diff`; and no bit of it changed
# SPDX-License-Identifier: Apache-2.0
import os, sys, tempfile
from detpipe.jax import Ledger
from differ import differ, names
from why_jax import jax, train, train_step

diff, folder = sys.argv[1], tempfile.mkdtemp()


def recorded(name, *args, level="full", **kwargs):
    """The bits of a training, and what its ledger did not see."""
    jax.clear_caches()
    with Ledger(os.path.join(folder, name), level=level) as ledger:
        bits = train(*args, **kwargs)
    return bits, ledger.unseen


def check_bits(forms):
    for form in forms:
        jax.clear_caches()
        plain = train(None, 1, form)
        bits, unseen = recorded(form, None, 1, form)
        assert bits == plain, f"the ledger changes the training: {form}"
        assert not unseen, unseen
        with open(os.path.join(folder, form)) as f:
            assert len(f.readlines()) == 1 + 6, form


def named(fault, expected, sentence, **how):
    name = f"{fault}.{how.get('level', 'full')}"
    for i in (1, 2):
        recorded(f"{name}.{i}", fault, i, **how)
    differ(diff, folder, name, expected, sentence)


def check_weights():
    """The level "weights" is all that JAX shows: its functions have no inside."""
    jax.clear_caches()
    plain = train(None, 1)
    bits, _ = recorded("weights", None, 1, level="weights")
    assert bits == plain, "the level weights changes the training"
    assert names(os.path.join(folder, "weights")) == names(os.path.join(folder, "whole"))
    named("order", 'step 1, "batch train_step/2"', "The data", level="weights")
    named("rate", 'step 3, "input train_step/5"', "What goes into this module or function", level="weights")


def check_forms():
    """Functions stay what they are: methods, decorators with arguments, what jax asks of them."""
    class Model:
        @jax.jit(static_argnums=0)
        def twice(self, x):
            return 2 * x
    with Ledger(os.path.join(folder, "forms")) as ledger:
        assert Model().twice(3.0) == 6 and train_step.__name__ == "train_step" and hasattr(train_step, "lower")
        assert jax.grad(jax.grad(lambda x: x ** 3))(1.0) == 6 and jax.jit(jax.vmap(jax.jit(lambda x: x + 1)))(jax.numpy.ones(2)).sum() == 4
    assert ledger.unseen == {"arguments of the type Model": 1}, ledger.unseen


try:
    import optax
    check_bits(("whole", "split"))
except ImportError:
    print("skipped: no optax: the loop with its updates")
    check_bits(("whole",))
check_forms()
check_weights()
named("nothing", None, "")
named("seed", 'step 1, "random key"', "The random numbers")
named("order", 'step 1, "batch train_step/2"', "The data")
named("dropout", 'step 3, "random key"', "The random numbers")
named("callback", 'step 3, "result train_step/0/first"', "This function: what goes in is equal")
named("rate", 'step 3, "input train_step/5"', "What goes into this module or function")
print("jax ledger: all as it should be")
