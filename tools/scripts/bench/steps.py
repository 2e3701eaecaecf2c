#!/usr/bin/env python3
# steps.py - a training step of the nets of `detpipe bench` as other frameworks do it
# SPDX-License-Identifier: Apache-2.0
"""Times steps of one peer and prints a JSON line for each line of its input, the first when it is ready: so compare.py
starts all peers, which takes each of them many seconds, and asks them in turn.  Binary32, SGD with momentum 0.9, one batch that
stays in memory, as each guide writes the fastest form; the process may use N CPUs.  The nets are those of
tools/commands/cmd_bench.c and of the recipe cifar10_resnet20."""
import argparse, json, os, statistics, sys, time

ALL = ("alexnet", "small_cnn", "resnet20")
BATCH = {"alexnet": 32, "small_cnn": 128, "resnet20": 128}
SIDE = {"alexnet": 227, "small_cnn": 32, "resnet20": 32}


class Net:
    """Layers in order: (kind, numbers, inputs), an input being the number of the layer before, -1 the images."""

    def __init__(self, side):
        self.layers, self.shapes = [], {-1: (3, side)}  # channels, places of a side

    def put(self, kind, numbers, inputs, shape):
        self.layers.append((kind, numbers, inputs))
        self.shapes[len(self.layers) - 1] = shape
        return len(self.layers) - 1

    def conv(self, x, out, kernel, stride=1, same=True, bias=False):
        channels, side = self.shapes[x]
        pad = kernel // 2 if same else 0
        return self.put("conv", (channels, out, kernel, stride, pad, bias), (x,), (out, (side + 2 * pad - kernel) // stride + 1))

    def pool(self, x, kernel, stride):
        channels, side = self.shapes[x]
        return self.put("pool", (kernel, stride), (x,), (channels, (side - kernel) // stride + 1))

    def dense(self, x, out):
        channels, side = self.shapes[x]
        return self.put("dense", (channels * side * side, out), (x,), (out, 1))

    def relu(self, x):
        return self.put("relu", (), (x,), self.shapes[x])

    def norm(self, x):
        return self.put("norm", self.shapes[x][:1], (x,), self.shapes[x])

    def add(self, x, y):
        return self.put("add", (), (x, y), self.shapes[x])

    def mean(self, x):
        return self.put("mean", (), (x,), (self.shapes[x][0], 1))

    def flat(self, x):
        return self.put("flat", (), (x,), self.shapes[x])


def alexnet(n):
    x = n.pool(n.relu(n.conv(-1, 96, 11, 4, same=False)), 3, 2)
    x = n.pool(n.relu(n.conv(x, 256, 5)), 3, 2)
    for out in (384, 384, 256):
        x = n.relu(n.conv(x, out, 3))
    x = n.flat(n.pool(x, 3, 2))
    for out in (4096, 4096):
        x = n.relu(n.dense(x, out))
    n.dense(x, 10)


def small_cnn(n):
    x = -1
    for out in (32, 64):
        x = n.relu(n.conv(x, out, 3, bias=True))
        x = n.pool(n.relu(n.conv(x, out, 3, bias=True)), 2, 2)
    n.dense(n.relu(n.dense(n.flat(x), 256)), 10)


def resnet20(n):
    x = n.relu(n.norm(n.conv(-1, 16, 3)))
    for out in (16, 32, 64):
        for block in range(3):
            stride = 2 if out > 16 and block == 0 else 1
            y = n.norm(n.conv(n.relu(n.norm(n.conv(x, out, 3, stride))), out, 3))
            x = n.relu(n.add(y, n.norm(n.conv(x, out, 1, stride)) if stride == 2 else x))
    n.dense(n.mean(x), 10)


def net_of(task):
    net = Net(SIDE[task])
    globals()[task](net)
    return net.layers


def batch_of(task):
    """Images with channels first, labels."""
    import numpy as np
    numbers, n = np.random.Generator(np.random.Philox(1)), BATCH[task]
    return numbers.standard_normal((n, 3, SIDE[task], SIDE[task]), np.float32), numbers.integers(0, 10, n)


def torch_step(a, channels_last=False, compiled=False):
    import torch
    from torch import nn
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    layers = net_of(a.task)
    make = {"conv": lambda c, out, kernel, stride, pad, bias: nn.Conv2d(c, out, kernel, stride, pad, bias=bias),
            "pool": nn.MaxPool2d, "dense": nn.Linear, "relu": nn.ReLU, "norm": nn.BatchNorm2d, "flat": nn.Flatten,
            "mean": lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())}

    class Layers(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList(make.get(kind, nn.Identity)(*numbers) for kind, numbers, _ in layers)

        def forward(self, x):
            seen = {-1: x}
            for i, layer in enumerate(self.layers):
                inputs = [seen[k] for k in layers[i][2]]
                seen[i] = inputs[0] + inputs[1] if len(inputs) == 2 else layer(inputs[0])
            return seen[len(layers) - 1]

    net, (x, y) = Layers(), (torch.from_numpy(v) for v in batch_of(a.task))
    if channels_last:
        net, x = net.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
    optimizer, criterion = torch.optim.SGD(net.parameters(), lr=0.002, momentum=0.9, fused=True), nn.CrossEntropyLoss()
    loss_of = torch.compile(lambda: criterion(net(x), y)) if compiled else lambda: criterion(net(x), y)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of()
        loss.backward()
        optimizer.step()
        return loss.item()
    form = " channels last" * channels_last + " compiled" * compiled
    return step, "PyTorch " + torch.__version__.split("+")[0] + form


def tf_step(a):
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(a.threads)
    tf.config.threading.set_inter_op_parallelism_threads(a.threads)
    tf.keras.utils.set_random_seed(1)
    k = tf.keras.layers
    make = {"conv": lambda c, out, kernel, stride, pad, bias: k.Conv2D(out, kernel, stride, "same" if pad else "valid", use_bias=bias),
            "pool": k.MaxPool2D, "dense": lambda c, out: k.Dense(out), "relu": k.ReLU, "flat": k.Flatten, "add": k.Add,
            "norm": lambda c: k.BatchNormalization(momentum=0.9, epsilon=1e-5), "mean": k.GlobalAveragePooling2D}
    x, y = batch_of(a.task)
    x, y = tf.constant(x.transpose(0, 2, 3, 1)), tf.constant(y)
    seen = {-1: tf.keras.Input(x.shape[1:], batch_size=x.shape[0])}
    for i, (kind, numbers, inputs) in enumerate(net_of(a.task)):
        given = [seen[n] for n in inputs]
        seen[i] = make[kind](*numbers)(given if len(given) == 2 else given[0])
    net, optimizer = tf.keras.Model(seen[-1], seen[i]), tf.keras.optimizers.SGD(0.002, 0.9)
    optimizer.build(net.trainable_variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            logits = net(x, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))
        optimizer.apply(tape.gradient(loss, net.trainable_variables), net.trainable_variables)
        return loss
    return lambda: float(step()), "TensorFlow " + tf.__version__


PEERS = {"tf": tf_step, "torch": torch_step, "torch_last": lambda a: torch_step(a, channels_last=True),
         "torch_compiled": lambda a: torch_step(a, channels_last=True, compiled=True)}


def measure(a, step):
    """Milliseconds of steps of alexnet, images a second of the others."""
    values, start = [], time.monotonic()
    while len(values) < 3 or time.monotonic() - start < a.seconds:
        begin = time.monotonic()
        if not step() < 1e30:
            raise ValueError("the loss is not finite")
        spent = time.monotonic() - begin
        values.append(1e3 * spent if a.task == "alexnet" else BATCH[a.task] / spent)
    return values


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--peer", choices=list(PEERS), required=True)
    p.add_argument("--task", choices=ALL, required=True)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--seconds", type=float, default=1, help="of each time, at least")
    a = p.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-a.threads:])
    os.environ.update(OMP_NUM_THREADS=str(a.threads), TF_CPP_MIN_LOG_LEVEL="3")
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints
    line = {"peer": a.peer, "task": a.task, "threads": a.threads}
    try:
        step, line["version"] = PEERS[a.peer](a)
        for _ in range(3):  # compilers, memory
            step()
    except Exception as e:  # whatever a framework says: the table shows that it gives no figure
        line["error"] = f"{type(e).__name__}: {e}"[:200]
    print(json.dumps(line), file=out, flush=True)
    while "error" not in line and sys.stdin.readline():
        values = measure(a, step)
        line.update({"step_ms" if a.task == "alexnet" else "images_per_s": statistics.median(values),
                     "min": min(values), "max": max(values), "runs": len(values), "note": "load %.1f" % os.getloadavg()[0]})
        print(json.dumps(line), file=out, flush=True)
    return 3 if "error" in line else 0


if __name__ == "__main__":
    sys.exit(main())
