# why_keras.py - a training in Keras without a line about detpipe: with the fault that is named, from step 3 on
# SPDX-License-Identifier: Apache-2.0
import os, sys
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import keras, numpy as np, tensorflow as tf


class Net(keras.Sequential):
    scaled = 1.0  # of gradients, where the step runs eagerly

    def train_step(self, data):
        apply = self.optimizer.apply_gradients
        self.optimizer.apply_gradients = lambda pairs: apply([(g * self.scaled, v) for g, v in pairs])
        try:
            return super().train_step(data)
        finally:
            self.optimizer.apply_gradients = apply


class Fault(keras.callbacks.Callback):
    def __init__(self, kind, other):
        super().__init__()
        self.kind, self.other = kind, other

    def on_train_end(self, logs=None):
        if self.kind == "end":
            self.model.get_layer("last").bias.assign_add([1e-7 * self.other] * 4)

    def on_train_batch_begin(self, batch, logs=None):
        net = self.model
        if batch != 2:
            return
        if self.kind == "dropout":
            net.get_layer("drop").seed_generator.state.assign([self.other % 10007, 1])
        if self.kind == "rate":
            net.optimizer.learning_rate = 1e-2 * (1 + 1e-6 * self.other)
        if self.kind == "weight":
            net.get_layer("last").bias.assign_add([1e-7 * self.other] * 4)
        if self.kind == "gradient":
            net.scaled = 1 + 1e-6 * self.other


def train(fault, other, eagerly=False, callbacks=(), by_hand=False):
    """other: a number that is unlike in each run."""
    keras.utils.set_random_seed(other % 10007 if fault == "seed" else 1)
    data = np.random.default_rng(2)
    images, labels = data.normal(size=(48, 8, 8, 3)).astype("float32"), np.arange(48) % 4
    if fault == "order":
        order = np.random.default_rng(other).permutation(48)
        images, labels = images[order], labels[order]
    net = Net([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, name="conv"), keras.layers.BatchNormalization(name="norm"),
               keras.layers.Flatten(), keras.layers.Dropout(0.3, name="drop"), keras.layers.Dense(4, name="last")], name="net")
    measure = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    net.compile(keras.optimizers.Adam(1e-2), measure, run_eagerly=eagerly)
    if not by_hand:
        net.fit(images, labels, batch_size=8, epochs=2, verbose=2, callbacks=[Fault(fault, other), *callbacks],
                validation_data=(images[:16], labels[:16]))
    for start in range(0, 24, 8) if by_hand else ():
        x, y = images[start:start + 8], labels[start:start + 8]
        net.train_on_batch(x, y)
        with tf.GradientTape() as tape:
            loss = measure(y, net(x, training=True))
        net.optimizer.apply_gradients(zip(tape.gradient(loss, net.trainable_weights), net.trainable_weights))
    return [np.asarray(v).tobytes() for v in net.variables + net.optimizer.variables]


if __name__ == "__main__":
    train(sys.argv[1], os.getpid())
