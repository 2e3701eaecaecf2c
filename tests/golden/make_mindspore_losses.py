#!/usr/bin/env python3
"""Print mindspore_more_losses.txt: losses of the installed MindSpore on the CPU, their values and gradients, float32 as bits."""
import os

os.environ['GLOG_v'] = '4'
import mindspore
import numpy as np
from mindspore import nn

mindspore.set_context(mode=mindspore.PYNATIVE_MODE)
rng = np.random.default_rng(28)


def bits(array):
    return ' '.join(f'{v:08x}' for v in np.ascontiguousarray(array, '<f4').view('<u4').ravel())


def case(stage, loss, logits, labels, target):
    value, gradient = mindspore.value_and_grad(loss)(mindspore.Tensor(logits), mindspore.Tensor(target))
    n, classes = logits.shape
    print(f'loss n={n} classes={classes} value={bits(value.asnumpy())} stage={stage}\nlogits {bits(logits)}\n'
          f'labels {" ".join(str(v) for v in labels)}\ngrad {bits(gradient.asnumpy())}')


print(f'# MindSpore {mindspore.__version__}: make_mindspore_losses.py; float32 as bits')
for n, classes in ((1, 2), (5, 3), (7, 10), (32, 17)):
    logits, labels = rng.normal(0, 3, (n, classes)).astype(np.float32), rng.integers(0, classes, n).astype(np.int32)
    case('mse', nn.MSELoss(), logits, labels, np.eye(classes, dtype=np.float32)[labels])
    log_shares = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    case('nll', nn.NLLLoss(), log_shares, labels, labels)
    for smoothing in (0.1, 0.37):
        case(f'softmax_cross_entropy,label_smoothing={smoothing}', nn.CrossEntropyLoss(label_smoothing=smoothing), logits, labels, labels)
