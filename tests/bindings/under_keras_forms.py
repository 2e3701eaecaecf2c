# under_keras_forms.py - detpipe.keras.Ledger of trainings that keep results for themselves, or have loops of their own: no bit
# of them is changed, two are equal, and what is other in the second of two is named.  A form gives what it ends with.
# SPDX-License-Identifier: Apache-2.0
import gc, json, os, pickle, sys
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import keras, numpy as np, tensorflow as tf
import joblib, scipy.io
from detpipe.keras import Ledger
from differ import Forms
from numpy import save as save_array  # before a ledger is made

tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
gc.freeze()  # else clear_session looks at all that was imported, each time
STEPS = 3
x, y = np.ones((4, 6), "float32"), np.ones((4, 2), "float32")
OPTIMIZER = "what it made of them is not"
ELSE = "by somebody else than the optimizer"
SAVED = "What was saved"
PRINTED = "What was printed"


def run(train, other):
    keras.backend.clear_session()
    keras.utils.set_random_seed(9)
    return train(other)


forms = Forms(sys.argv[1], Ledger, run)
form = forms.form


def net_of(cls=keras.Sequential, **how):
    net = cls([keras.Input((6,)), keras.layers.Dense(2, kernel_initializer=keras.initializers.GlorotUniform(1), name="dense")],
              name="net")
    net.compile(keras.optimizers.SGD(1e-2), "mse", **how)
    return net


def bits(variables):
    return [np.asarray(variable).tobytes() for variable in variables]


def unseen_assign(variable, value):
    """By an operator that no hook sees."""
    tf.raw_ops.AssignVariableOp(resource=variable.handle, value=tf.constant(np.asarray(value), variable.dtype))


def unseen_change(variable, change):
    tf.raw_ops.AssignSubVariableOp(resource=variable.handle, value=change)


# ---- what is saved ----

def saving(name):
    """A training that keeps an average of its weights in NumPy, and a model that no step trains, and saves them."""
    def add(save):
        def train(other):
            w, kept = tf.Variable(tf.ones((6, 2)), name="w"), net_of()
            average = w.numpy()
            for step in range(STEPS):
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean((x @ w - y) ** 2)
                w.assign_sub(0.1 * tape.gradient(loss, w))
                old = 0.9 + 1e-5 * (other and step == STEPS - 1)
                average = (old * average + (1 - old) * w.numpy()).astype("float32")
            unseen_assign(kept.layers[0].kernel.value, average)
            path = os.path.join(forms.folder, "saved")
            save(path, average, kept)
            files = [f for f in (path, path + ".npy", path + ".npz") if os.path.isfile(f)]
            return [open(f, "rb").read() for f in files]
        train.__name__ = save.__name__
        forms.all.append((f'step {STEPS + 1}, "{name}"', SAVED if name != "printed" else PRINTED, {}, train))
        return save
    return add


@saving("saved")
def numpy_save(path, average, kept):
    save_array(path + ".npy", average)


@saving("saved/kernel")
def numpy_savez(path, average, kept):
    np.savez(path, kernel=average)


@saving("saved/arr_0")
def numpy_savez_of_a_list(path, average, kept):
    np.savez_compressed(path, average.tolist())


@saving("saved")
def numpy_savetxt(path, average, kept):
    np.savetxt(path, average)


@saving("printed")
def printed(path, average, kept):
    print(average[0])


@saving("printed")
def formatted(path, average, kept):
    with open(path, "w") as f:
        f.write(f"{average}")


@saving("saved/average")
def json_dump(path, average, kept):
    with open(path, "w") as f:
        json.dump({"average": average.tolist(), "times": [0.1]}, f)


@saving("saved")
def array_dump(path, average, kept):
    average.dump(path)


@saving("saved/weights/0")
def pickle_dump(path, average, kept):
    with open(path, "wb") as f:
        pickle.dump({"about": "an average", "weights": [average]}, f)


@saving("saved/a")
def joblib_dump(path, average, kept):
    joblib.dump({"a": average}, path)


@saving("saved/a")
def scipy_savemat(path, average, kept):
    scipy.io.savemat(path + ".mat", {"a": average})


@saving("saved/kernel")
def safetensors_numpy(path, average, kept):
    from safetensors.numpy import save_file  # imported when the ledger is open
    save_file({"kernel": average}, path)


@saving("saved/kernel")
def safetensors_tensorflow(path, average, kept):
    from safetensors.tensorflow import save_file
    save_file({"kernel": tf.constant(average)}, path)


@saving("saved/kernel")
def hdf5(path, average, kept):
    import h5py
    with h5py.File(path, "w") as f:
        f.create_dataset("kernel", data=average)


@saving("saved/net/dense/kernel")
def keras_save(path, average, kept):
    kept.save(path + ".keras")


@saving("saved/net/dense/kernel")
def keras_save_weights(path, average, kept):
    kept.save_weights(path + ".weights.h5")


@saving("saved/1 average:0")
def checkpoint(path, average, kept):
    tf.train.Checkpoint(kept=tf.Variable(average, name="average")).save(path + ".ckpt")


@saving("saved/1 average:0")
def saved_model(path, average, kept):
    module = tf.Module()
    module.kept = tf.Variable(average, name="average")
    tf.saved_model.save(module, path + ".model")


@form('step 4, "saved/sgd_1/net_dense_bias_momentum"', SAVED)
def saved_optimizer(other):
    """What is changed in it behind the last step."""
    net = net_of()
    net.compile(keras.optimizers.SGD(1e-2, 0.9), "mse")
    for step in range(STEPS):
        net.train_on_batch(x, y)
    momentum = net.optimizer.variables[-1]
    unseen_assign(momentum.value, momentum.numpy() + 1e-5 * other)
    net.save(os.path.join(forms.folder, "saved_optimizer.keras"))
    return bits(net.variables + net.optimizer.variables)


# ---- averages in a tf.Variable ----

@form('step 3, "changed weight average:0"', ELSE)
def average_in_a_variable(other):
    net = net_of()
    average = tf.Variable(net.layers[0].kernel, name="average")
    for step in range(STEPS):
        net.train_on_batch(x, y)
        old = 0.9 + 1e-5 * (other and step == 1)
        average.assign(old * average + (1 - old) * net.layers[0].kernel)
    return bits([average, *net.variables])


@form('step 3, "changed weight average:0"', ELSE)
def average_of_replicas(other):
    strategy = tf.distribute.MirroredStrategy(["/cpu:0", "/cpu:1"])
    with strategy.scope():
        net = net_of()
        average = tf.Variable(np.asarray(net.layers[0].kernel), name="average")
    for step in range(STEPS):
        net.train_on_batch(x, y)
        old = 0.9 + 1e-5 * (other and step == 1)
        average.assign(old * average + (1 - old) * net.layers[0].kernel)
    return bits([average, *net.variables])


class Averaging(keras.Sequential):
    """Keeps it inside of its compiled step."""
    def train_step(self, data):
        logs = super().train_step(data)
        self.average[0].assign(self.old * self.average[0] + (1 - self.old) * self.layers[0].kernel)
        return logs


@form(f'step {STEPS + 1}, "changed weight average:0"', ELSE)
def average_inside(other):
    net = net_of(Averaging)
    net.average, net.old = (tf.Variable(net.layers[0].kernel, name="average"),), 0.9 + 1e-5 * other
    for step in range(STEPS):
        net.train_on_batch(x, y)
    return bits([net.average[0], *net.variables])


@form('step 2, "changed weight net/dense/kernel"', ELSE)
def average_of_the_optimizer(other):
    """It gives its average to the model at the end, by tf.Variables."""
    net = net_of()
    net.compile(keras.optimizers.SGD(1e-2, use_ema=True, ema_momentum=0.9), "mse")
    net.train_on_batch(x, y)
    if other:
        unseen_assign(net.optimizer._model_variables_moving_average[0].value, np.full((6, 2), 1e-5))
    net.optimizer.finalize_variable_values(net.trainable_variables)
    return bits(net.variables)


# ---- loops without an optimizer of Keras ----

@tf.custom_gradient
def scaled(value, factor):
    """Its gradient alone is scaled."""
    return tf.identity(value), lambda up: (up * factor, None)


def loop(fault, other, assign=lambda variable, change: variable.assign_sub(change), wrap=lambda step: step, at=1):
    w, b, average = (tf.Variable(value, name=name) for name, value in (("w", tf.ones((6, 2))), ("b", tf.zeros(2)),
                                                                       ("average", tf.ones((6, 2)))))

    @wrap
    def step(factor, rate, old):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ scaled(w, factor) + b - y) ** 2)
        for variable, gradient in zip((w, b), tape.gradient(loss, [w, b])):
            assign(variable, rate * gradient)
        average.assign(old * average + (1 - old) * w)
        return loss
    for i in range(STEPS):
        by = {name: tf.constant(value + 1e-5 * (other and i == at and name == fault))
              for name, value in (("factor", 1.0), ("rate", 0.1), ("old", 0.9))}
        step(**by)
    return bits([w, b, average])


@form('step 2, "gradient w:0"', "The backward pass")
def gradient_of_a_loop(other):
    return loop("factor", other)


@form('step 2, "weight w:0"', OPTIMIZER)
def rate_of_a_loop(other):
    return loop("rate", other)


@form('step 2, "buffer average:0"', "What modules keep beside their weights")
def average_of_a_loop(other):
    return loop("old", other)


@form('step 1, "gradient w:0 #2"', "The backward pass")
def operator_of_a_loop(other):
    """No hook sees the assignments: all is one step, and what the gradients show."""
    return loop("factor", other, lambda variable, change: unseen_assign(variable, variable - change))


# ---- tf.functions of one's own ----

FUNCTION = "What goes into this module or function"


@form('step 2, "input step/rate"', FUNCTION)
def compiled_loop(other):
    return loop("rate", other, wrap=tf.function(jit_compile=True))


@form('step 2, "input step/old"', FUNCTION)
def compiled_average(other):
    return loop("old", other, wrap=tf.function)


@form('step 1, "input step/rate #2"', FUNCTION)
def compiled_operator(other):
    """No hook sees the assignments: all is one step."""
    return loop("rate", other, unseen_change, tf.function)


def loop_of_batches(fault, other, optimizer=True):
    """A loop as Keras's guides have it."""
    net, rate = net_of(), tf.Variable(1e-2, name="rate")
    sgd, rows = net.optimizer, [[0, 1, 2, 3]] * STEPS
    rows = rows[:1] + [[1, 0, 2, 3]] + rows[2:] if other and fault == "order" else rows
    noise = tf.Variable(0.0, name="noise")

    @tf.function
    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((net(x, training=True) + noise - y) ** 2)
        gradients = tape.gradient(loss, net.trainable_weights)
        if optimizer:
            sgd.apply_gradients(zip(gradients, net.trainable_weights))
            return loss
        return loss, gradients
    data = np.arange(24, dtype="float32").reshape(4, 6) / 24
    for i in range(STEPS):
        at = other and i == 1
        if at and fault == "rate":
            sgd.learning_rate.assign(1e-2 + 1e-6)
        if at and fault == "forward":
            unseen_assign(noise, 1e-5)
        if at and fault == "weight":
            net.layers[0].bias.assign_add([1e-5, 0])
        out = train_step(data[rows[i]], y[rows[i]])
        if not optimizer:
            sgd.apply_gradients(zip(out[1], net.trainable_weights))
    return bits(net.variables + sgd.variables)


for fault, first, words in (("order", "batch train_step/0", "The data"), ("rate", "rate", "learning rate"),
                            ("forward", "result train_step", "This function"), ("weight", "changed weight net/dense/bias", ELSE)):
    forms.all.append((f'step 2, "{first}"', words, {}, lambda other, fault=fault: loop_of_batches(fault, other)))
    forms.all[-1][3].__name__ = f"function_{fault}"


@form('step 2, "batch train_step/0"', "The data")
def gradients_of_a_function(other):
    """It gives them back."""
    return loop_of_batches("order", other, optimizer=False)


# ---- steps that are left out ----

def left_out(train):
    for how in ({"every": 10}, {"steps": range(1, 2)}):
        forms.all.append(('step 4, "end weight net/dense/kernel"', "What a model ends with", how, train))


@left_out
def last_weights(other):
    net = net_of(jit_compile=True)
    for step in range(STEPS):
        net.optimizer.learning_rate = 1e-2 * (1 + 1e-4 * (other and step == STEPS - 1))
        net.train_on_batch(x, y)
    return bits(net.variables)


@form('step 3, "weight w:0"', "The backward pass or the optimizer", every=10)
def last_weights_of_a_loop(other):
    return loop("rate", other, at=2)


@form('step 3, "saved/w"', SAVED, every=10)
def saved_between(other):
    net = net_of()
    for step in range(STEPS):
        net.train_on_batch(x, y)
        if step == 1:
            np.savez(os.path.join(forms.folder, "between"), w=net.layers[0].kernel.numpy() + 1e-5 * other)
    return bits(net.variables)


# ---- generators of TensorFlow ----

GENERATOR = "the generator was in another state before this step"


@form('step 1, "random generator 1"', GENERATOR)
def generator_in_a_function(other):
    w, draws = tf.Variable(tf.ones((6, 2)), name="w"), tf.random.Generator.from_seed(1 + other)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(((x + draws.normal((4, 6))) @ w - y) ** 2)
        w.assign_sub(0.1 * tape.gradient(loss, w))
    for _ in range(STEPS):
        step()
    return bits([w])


class Noise(keras.layers.Layer):
    def __init__(self, seed):
        super().__init__()
        self.draws = tf.random.Generator.from_seed(seed)

    def call(self, values):
        return values + self.draws.normal(tf.shape(values))


@form('step 1, "random generator 1"', GENERATOR)
def generator_in_a_layer(other):
    net = keras.Sequential([keras.Input((6,)), Noise(1 + other), keras.layers.Dense(2, name="dense")])
    net.compile("sgd", "mse")
    net.fit(x, y, batch_size=2, verbose=0)
    return bits(net.variables)


@form('step 1, "batch/0"', "The data")
def generator_of_the_data(other):
    """How far it is ahead is by chance, and no difference."""
    draws = tf.random.Generator.from_seed(1 + other)
    data = tf.data.Dataset.from_tensor_slices((np.repeat(x, 8, 0), np.repeat(y, 8, 0))).map(
        lambda a, b: (a + draws.normal((6,)), b)).batch(4).prefetch(2)
    net = net_of()
    net.fit(data, verbose=0)
    return bits(net.variables)


forms.check("keras forms", sys.argv[2:])
