# why_mindspore.py - a training in MindSpore without a line about detpipe: why_mindspore.py FAULT graph|pynative|jit
# SPDX-License-Identifier: Apache-2.0
import os, sys
import mindspore, numpy as np
from mindspore import dataset, nn
from mindspore.dataset import vision


def network(dropout):
    layers = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(p=0.3) if dropout else nn.ReLU(), nn.Dense(256, 4)]
    return nn.SequentialCell(layers).set_train()


def data_of(fault, other):
    images = np.random.default_rng(2).normal(size=(48, 8, 8, 3)).astype("float32")
    data = dataset.NumpySlicesDataset((images, (np.arange(48) % 4).astype("int32")), ["x", "y"], shuffle=fault == "order")
    workers = 1 + other % 2 if fault == "workers" else 1
    if fault == "random":
        data = data.map(lambda x: (x + np.random.default_rng(other).normal(size=x.shape)).astype("float32"), ["x"], num_parallel_workers=1)
    if fault == "workers":
        data = data.map(vision.RandomCrop(8, 2), ["x"], num_parallel_workers=workers)
    return data.map(vision.HWC2CHW(), ["x"]).batch(8, drop_remainder=True)


def train(fault, other, mode, callbacks=()):
    """other: a number that is unlike in each run."""
    mindspore.set_context(mode=mindspore.GRAPH_MODE if mode == "graph" else mindspore.PYNATIVE_MODE)
    mindspore.set_seed(other % 10007 if fault == "seed" else 1)
    net, measure = network(fault == "dropout"), nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
    if fault == "order":
        dataset.config.set_seed(other % 10007)
    optimizer, data = nn.Adam(net.trainable_params(), 1e-2), data_of(fault, other)
    if mode == "graph":
        model = mindspore.Model(net, measure, optimizer)
        model.train(4 if fault == "dropout" else 2, data, callbacks=[mindspore.train.LossMonitor(1), *callbacks], dataset_sink_mode=False)
    else:
        loop(net, measure, optimizer, data, mode, other if fault == "weight" else 0, 4 if fault == "dropout" else 2)
    return [p.asnumpy().tobytes() for p in [*net.get_parameters(), *optimizer.get_parameters()]]


def loop(net, measure, optimizer, data, mode, other, epochs):
    def forward(x, y):
        return measure(net(x), y)
    gradient = mindspore.value_and_grad(forward, None, optimizer.parameters)

    def step(x, y):
        loss, gradients = gradient(x, y)
        optimizer(gradients)
        return loss
    step = mindspore.jit(step) if mode == "jit" else step
    for epoch in range(epochs):
        for i, (x, y) in enumerate(data.create_tuple_iterator(num_epochs=1)):
            if other and epoch == 0 and i == 2:
                net[5].bias.set_data(net[5].bias + other * 1e-6)
            print(f"step {6 * epoch + i + 1} loss {float(step(x, y).asnumpy()):.2f}")


if __name__ == "__main__":
    train(sys.argv[1], os.getpid(), sys.argv[2])
