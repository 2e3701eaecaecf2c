#!/usr/bin/env python3
# conv_accuracy.py - what the algorithms of conv2d, TensorFlow and PyTorch lose, on real data, as a table in docs/numerics.md
# SPDX-License-Identifier: Apache-2.0
"""Photographs of CIFAR-10 go through AlexNet, small_cnn and ResNet-20 (He's normal weights, seed 1) in PyTorch; each
kind of convolution of stride 1 that they have gets its own input, weights and gradient: what it makes of them, and its
gradients, are compared with binary64, in ulps of the largest number."""
import argparse, subprocess
import numpy as np, tensorflow as tf, torch
import torch.nn as nn
import torch.nn.functional as F

BEGIN, END = "<!-- written by tools/scripts/bench/conv_accuracy.py -->\n", "<!-- end of what tools/scripts/bench/conv_accuracy.py writes -->\n"


def alexnet():
    c = lambda i, o, k, **more: (nn.Conv2d(i, o, k, bias=False, **more), nn.ReLU())
    return nn.Sequential(*c(3, 96, 11, stride=4), nn.MaxPool2d(3, 2), *c(96, 256, 5, padding=2), nn.MaxPool2d(3, 2), *c(256, 384, 3, padding=1),
                         *c(384, 384, 3, padding=1), *c(384, 256, 3, padding=1), nn.MaxPool2d(3, 2), nn.Flatten(), nn.Linear(9216, 10))


def small_cnn():
    c = lambda i, o: (nn.Conv2d(i, o, 3, padding=1), nn.ReLU())
    return nn.Sequential(*c(3, 32), *c(32, 32), nn.MaxPool2d(2), *c(32, 64), *c(64, 64), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4096, 10))


class Block(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        c = lambda a, b, k, s: nn.Sequential(nn.Conv2d(a, b, k, s, k // 2, bias=False), nn.BatchNorm2d(b))
        self.main = nn.Sequential(c(i, o, 3, o // i), nn.ReLU(), c(o, o, 3, 1))
        self.skip = c(i, o, 1, 2) if o > i else nn.Identity()

    def forward(self, x):
        return F.relu(self.main(x) + self.skip(x))


def resnet20():
    blocks = [Block(i, o) for i, o in [(16, 16)] * 3 + [(16, 32)] + [(32, 32)] * 2 + [(32, 64)] + [(64, 64)] * 2]
    return nn.Sequential(nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), *blocks, nn.AvgPool2d(8), nn.Flatten(), nn.Linear(64, 10))


def photographs(file, n, size):
    rows = np.fromfile(file, np.uint8).reshape(-1, 3073)[:n]
    x = torch.tensor(rows[:, 1:].reshape(-1, 3, 32, 32).astype(np.float32)) / 255
    x = (x - torch.tensor([0.4914, 0.4822, 0.4465])[:, None, None]) / torch.tensor([0.2023, 0.1994, 0.2010])[:, None, None]
    return F.interpolate(x, size=(size, size), mode="bilinear"), torch.tensor(rows[:, 0].astype(np.int64))


def layers(net, x, labels):
    """(shape, x, w, dy) of each convolution of another shape."""
    seen = {}
    for m in net.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight)
            m.register_forward_hook(lambda m, i, o: (setattr(m, "x", i[0]), o.register_hook(lambda g: setattr(m, "dy", g))) and None)
    F.cross_entropy(net(x), labels).backward()
    for m in net.modules():
        if isinstance(m, nn.Conv2d) and m.stride == (1, 1) and m.kernel_size[0] > 1 and m.in_channels > 3:
            seen.setdefault((m.in_channels, m.out_channels, m.kernel_size[0], m.x.shape[2]), (m.x.detach(), m.weight.detach(), m.dy.detach()))
    return seen.items()


def by_torch(x, w, dy):
    pad = w.shape[2] // 2
    x, w = x.clone().requires_grad_(), w.clone().requires_grad_()
    y = F.conv2d(x, w, padding=pad)
    y.backward(dy)
    return [v.detach().double().numpy() for v in (y, x.grad, w.grad)]


def by_tensorflow(x, w, dy):
    x, dy = (tf.constant(v.numpy().transpose(0, 2, 3, 1)) for v in (x, dy))
    w = tf.constant(w.numpy().transpose(2, 3, 1, 0))
    with tf.GradientTape() as tape:
        tape.watch([x, w])
        y = tf.nn.conv2d(x, w, 1, "SAME")
    dx, dw = tape.gradient(y, [x, w], dy)
    return [v.numpy().transpose(order).astype(np.float64) for v, order in ((y, (0, 3, 1, 2)), (dx, (0, 3, 1, 2)), (dw, (3, 2, 0, 1)))]


def by_detpipe(program, x, w, dy, tile):
    last = lambda t: np.ascontiguousarray(t.numpy().transpose(0, 2, 3, 1))
    n, ic, h, width = x.shape
    oc, k = w.shape[0], w.shape[2]
    out = subprocess.run([program, *map(str, (n, h, width, ic, oc, k, tile))], check=True, capture_output=True,
                         input=last(x).tobytes() + np.ascontiguousarray(w.numpy()).tobytes() + last(dy).tobytes()).stdout
    v = np.frombuffer(out, np.float32).astype(np.float64)
    a, b = n * h * width * oc, n * h * width * ic
    return [v[:a].reshape(n, h, width, oc).transpose(0, 3, 1, 2), v[a:a + b].reshape(n, h, width, ic).transpose(0, 3, 1, 2), v[a + b:].reshape(oc, ic, k, k)]


def lost(made, exact):
    ulp = 2.0 ** (np.floor(np.log2(np.abs(exact).max())) - 23)
    error = np.abs(made - exact) / ulp
    return f"{np.median(error):.2f}/{np.quantile(error, 0.999):.1f}/{error.max():.1f}"


def rows(args):
    torch.manual_seed(1)
    for name, net, size in [("AlexNet", alexnet(), 227), ("small_cnn", small_cnn(), 32), ("ResNet-20", resnet20(), 32)]:
        for (ic, oc, k, side), (x, w, dy) in layers(net, *photographs(args.photographs, args.samples, size)):
            exact = by_torch(x.double(), w.double(), dy.double())
            others = [by_detpipe(args.program, x, w, dy, tile) for tile in (0, 2, 4) if tile < 4 or k == 3]
            others += [by_tensorflow(x, w, dy), by_torch(x, w, dy)]
            for i, what in enumerate(("y", "dx", "dw")):
                cells = [lost(o[i], exact[i]) for o in others]
                yield f"| {name} {ic}-{oc}, {k}x{k}, {side}x{side} | {what} | " + " | ".join(cells if k == 3 else cells[:2] + [""] + cells[2:]) + " |"


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--program", default="build/tests/conv_once")
    p.add_argument("--photographs", default="tests/golden/cifar10/data_batch_1.bin", help="records of CIFAR-10")
    p.add_argument("--samples", type=int, default=16)
    p.add_argument("--page", help="writes the table there, between its two marks")
    args = p.parse_args()
    table = f"TensorFlow {tf.__version__}, PyTorch {torch.__version__}, {args.samples} samples.\n\n"
    table += "| convolution | | direct | winograd | winograd4 | TensorFlow | PyTorch |\n|---|---|---|---|---|---|---|\n"
    table += "".join(r + "\n" for r in rows(args))
    print(table)
    if args.page:
        before, rest = open(args.page).read().split(BEGIN)
        open(args.page, "w").write(before + BEGIN + table + END + rest.split(END)[1])


main()
