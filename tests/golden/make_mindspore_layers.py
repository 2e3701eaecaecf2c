#!/usr/bin/env python3
"""Print mindspore_layers.txt: Conv2dTranspose, LeakyReLU and global pooling of the installed MindSpore on the CPU.

Of each net the loss and the gradients of its weight and bias, float32 as bits.
"""
import os

os.environ['GLOG_v'] = '4'
import mindspore
import numpy as np
from mindspore import nn, ops

mindspore.set_context(mode=mindspore.PYNATIVE_MODE)
rng = np.random.default_rng(29)
CASES = (('same', 3, 2, 0, 1, 0.2, 'avg'), ('valid', (3, 2), 1, 0, 1, 0.01, 'max'), ('pad', 3, (2, 1), 1, 2, -0.5, 'avg'), ('same', 4, 1, 0, 1, 0.3, 'max'))


def bits(array):
    return ' '.join(f'{v:08x}' for v in np.ascontiguousarray(array, '<f4').view('<u4').ravel())


def words(size):
    return ','.join(str(v) for v in size) if isinstance(size, tuple) else size


print(f'# MindSpore {mindspore.__version__}: make_mindspore_layers.py; float32 as bits')
for mode, kernel, stride, padding, group, slope, pool in CASES:
    n, channels, out, height, width = 3, 4, 6, 5, 7
    convolution = nn.Conv2dTranspose(channels, out, kernel, stride, mode, padding, group=group, has_bias=True)
    for p in (convolution.weight, convolution.bias):
        p.set_data(mindspore.Tensor(rng.normal(0, 1, p.shape).astype(np.float32)))
    x, labels = rng.normal(0, 1, (n, channels, height, width)).astype(np.float32), rng.integers(0, out, n).astype(np.int32)
    relu, loss = nn.LeakyReLU(slope), nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction='mean')

    def forward(pixels):
        y = relu(convolution(pixels))
        return loss(ops.mean(y, (2, 3)) if pool == 'avg' else ops.amax(y, (2, 3)), mindspore.Tensor(labels))

    value, gradients = mindspore.value_and_grad(forward, None, (convolution.weight, convolution.bias))(mindspore.Tensor(x))
    text = f'conv2d_transpose out_channels={out} kernel_size={words(kernel)} stride={words(stride)} pad_mode={mode} group={group} has_bias=true'
    text += (f' padding={padding}' if mode == 'pad' else '') + f' | leaky_relu negative_slope={slope} | global_{pool}_pool | flatten'
    print(f'net shape={n},{channels},{height},{width} value={bits(value.asnumpy())} : {text}\ninput {bits(x)}\nlabels {" ".join(str(v) for v in labels)}')
    for p, g in zip((convolution.weight, convolution.bias), gradients):
        print(f'parameter {bits(p.asnumpy())}\ngrad {bits(g.asnumpy())}')
