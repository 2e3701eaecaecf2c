# under_keras.py - detpipe.keras.Ledger: faults of a training, each named by `detpipe diff`; and no bit of it changed
# SPDX-License-Identifier: Apache-2.0
import gc, os, sys, tempfile, threading
from differ import differ, names
from why_keras import keras, np, tf, train
from detpipe.keras import Ledger

gc.freeze()  # else clear_session looks at all that was imported, each time
diff, folder = sys.argv[1], tempfile.mkdtemp()


def begin():
    keras.backend.clear_session()
    keras.utils.set_random_seed(9)


def recorded(name, *args, level="full", **kwargs):
    """The bits of a training, and what its ledger did not see."""
    begin()
    with Ledger(os.path.join(folder, name), level=level) as ledger:
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


def named(fault, expected, sentence, sound="compiled", **how):
    """The fault is in the second of two; the first, which is recorded already, has none."""
    name = f"{fault}.{sound}"
    recorded(f"{name}.2", fault, 2, **how)
    os.link(os.path.join(folder, sound), os.path.join(folder, f"{name}.1"))
    differ(diff, folder, name, expected, sentence)


def check_callback():
    begin()
    train(None, 1, callbacks=[Ledger(os.path.join(folder, "callback"))])
    with open(os.path.join(folder, "callback")) as a, open(os.path.join(folder, "compiled")) as b:
        assert a.readlines()[1:] == b.readlines()[1:], "as a callback it records something else"


class Ahead(keras.callbacks.Callback):
    """Batches of a tf.data set.  A step behind the first, which starts that, begins when at least five more are made."""
    def __init__(self):
        super().__init__()
        self.made, self.more = 0, threading.Condition()

    def images(self):
        for i in range(12):
            with self.more:
                self.made = i + 1
                self.more.notify()
            yield np.full((2, 3), i, np.float32), np.float32([1, 2])

    def on_train_batch_begin(self, batch, logs=None):
        with self.more:
            assert batch == 0 or self.more.wait_for(lambda: self.made >= min(12, batch + 6), 60), "tf.data makes no batches ahead"


def check_ahead():
    """tf.data makes batches before they are asked for; each belongs to the step that takes it."""
    ahead = Ahead()
    data = tf.data.Dataset.from_generator(ahead.images, output_signature=(tf.TensorSpec((2, 3)), tf.TensorSpec((2,))))
    net = keras.Sequential([keras.layers.Dense(1)])
    net.compile("sgd", "mse")
    with Ledger(os.path.join(folder, "ahead")):
        net.fit(data.prefetch(8), verbose=0, callbacks=[ahead])
    steps = names(os.path.join(folder, "ahead"))
    assert len(steps) >= 12 and all("batch/0" in step and "batch/0 #2" not in step for step in steps[:12]), steps
    assert not any("batch" in name or "weight" in name for step in steps[12:] for name in step), steps[12:]


def small():
    net = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, name="dense"), keras.layers.BatchNormalization(name="norm")],
                           name="net")
    net.compile(keras.optimizers.SGD(1e-2), "mse")
    return net


def average(fault, other, step):
    """Six steps; an average of the weights is kept in a second model, which is not trained, and a metric is of anything."""
    net, kept, metric = small(), small(), keras.metrics.Mean()
    for i in range(6):
        step(net)
        old = 0.9 + 1e-6 * other if fault == "average" and i == 2 else 0.9
        kept.set_weights([old * a + (1 - old) * b for a, b in zip(kept.get_weights(), net.get_weights())])
        metric.update_state(other)


def of_keras(net):
    net.train_on_batch(np.ones((4, 6), "float32"), np.ones((4, 4), "float32"))


def of_tape(net):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(net(tf.ones((4, 6)), training=True) ** 2 + net.layers[0].kernel[0])
    net.optimizer.apply(tape.gradient(loss, net.trainable_variables), net.trainable_variables)


def compared(name, train, expected, sentence):
    """What the second of two ledgers did not see."""
    for i in (1, 2):
        begin()
        with Ledger(os.path.join(folder, f"{name}.{i}")) as ledger:
            train(i)
    differ(diff, folder, name, expected, sentence)
    return ledger.unseen


def check_averages():
    """Averages of the weights are seen in models that are not trained, and metrics, which may be of times, are not."""
    for step in (of_keras, of_tape):
        unseen = compared(f"sound.{step.__name__}", lambda i: average("nothing", i, step), None, "")
        assert not any("failure" in what for what in unseen), unseen
        compared(f"average.{step.__name__}", lambda i: average("average", i, step), 'step 4, "changed weight net/dense/kernel"',
                 "by somebody else than the optimizer")
    assert "buffer net/norm/moving_mean" in names(os.path.join(folder, "sound.of_tape.1"))[1]


def check_functions():
    """Of a tf.function's steps it is said what is not seen."""
    def train(rate):
        net, step = small(), tf.function(of_tape)
        net.optimizer.learning_rate = rate
        net.optimizer.build(net.trainable_variables)
        for _ in range(3):
            step(net)
    unseen = compared("function", lambda i: train(0.1), None, "")
    assert list(unseen) == ["steps in a tf.function of one's own: what is inside them"], unseen
    assert "weight net/dense/kernel" in names(os.path.join(folder, "function.1"))[2]
    compared("function.fault", lambda i: train(0.1 * i), 'step 1, "rate"', "The optimizer's numbers")


def check_weights():
    """The level "weights" changes no bit, leaves out states, and names the same faults."""
    bits, _ = recorded("weights", None, 1, level="weights")
    assert bits == plain(None, 1), "the level weights changes the training"
    step = names(os.path.join(folder, "weights"))[2]
    assert "weight net/conv/kernel" in step and "batch/0" in step and not any(name.startswith("state") for name in step), step
    named("order", 'step 1, "batch/0"', "The data", "weights", level="weights")
    named("weight", 'step 3, "changed weight net/last/bias"', "by somebody else than the optimizer", "weights",
          level="weights")


check_bits()
check_callback()
check_ahead()
check_averages()
check_functions()
check_weights()
named("nothing", None, "")
named("seed", 'step 1, "start weight net/conv/kernel"', "before the seed was set?")
named("order", 'step 1, "batch/0"', "The data")
named("dropout", 'step 3, "random seed_generator/seed_generator_state"', "The random numbers")
named("rate", 'step 3, "rate"', "The optimizer's numbers")
named("weight", 'step 3, "changed weight net/last/bias"', "by somebody else than the optimizer")
named("end", 'step 13, "changed weight net/last/bias"', "by somebody else than the optimizer")
named("gradient", 'step 3, "given net/conv/kernel"', "The backward pass, or what was done to its gradients since", "eager", eagerly=True)
print("keras ledger: all as it should be")
