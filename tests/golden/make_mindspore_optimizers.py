#!/usr/bin/env python3
"""Print mindspore_optimizers.txt: what optimizers of the installed MindSpore make of parameters whose gradients are given.

Of each: a line of detpipe's text and the names of the parameters; their values, the gradients of each step (one line a
step), the values after the last one, float32 as bits, the parameters one behind the other.
"""
import mindspore
import numpy as np
from mindspore import Parameter, Tensor, nn

NAMES, SIZE, STEPS = ('fc.weight', 'bn.gamma', 'beta_head.weight'), 8, 6
OPTIMIZERS = (
    ('sgd learning_rate=0.05 weight_decay=0.1 rule=mindspore', lambda p: nn.SGD(p, 0.05, weight_decay=0.1)),
    ('momentum learning_rate=0.05 momentum=0.9 weight_decay=0.1 rule=mindspore', lambda p: nn.Momentum(p, 0.05, 0.9, weight_decay=0.1)),
    ('adam learning_rate=0.001 rule=mindspore', lambda p: nn.Adam(p, 0.001)),
    ('adam learning_rate=0.01 beta1=0.8 beta2=0.95 eps=0.001 rule=mindspore', lambda p: nn.Adam(p, 0.01, 0.8, 0.95, 1e-3)),
    ('adam learning_rate=0.01 eps=0.001 weight_decay=0.1 rule=mindspore', lambda p: nn.Adam(p, 0.01, eps=1e-3, weight_decay=0.1)),
    ('adamw learning_rate=0.001 eps=1e-6 weight_decay=0.1 rule=mindspore', lambda p: nn.AdamWeightDecay(p, 0.001, weight_decay=0.1)),
    ('adamw learning_rate=0.01 beta1=0.8 beta2=0.95 eps=0.001 weight_decay=0 rule=mindspore', lambda p: nn.AdamWeightDecay(p, 0.01, 0.8, 0.95, 1e-3)),
)


def bits(arrays):
    return ' '.join(f'{v:08x}' for v in np.concatenate(arrays).astype('<f4').view('<u4'))


print(f'# MindSpore {mindspore.__version__}, its CPU: make_mindspore_optimizers.py; compared with a tolerance, as fma is not used there')
rng = np.random.Generator(np.random.Philox(28))
for text, make in OPTIMIZERS:
    start = [rng.uniform(-1, 1, SIZE).astype(np.float32) for _ in NAMES]
    parameters = [Parameter(Tensor(s), name=n) for n, s in zip(NAMES, start)]
    optimizer = make(parameters)
    print(f'names={",".join(NAMES)} n={SIZE} steps={STEPS} : {text}\nbefore {bits(start)}')
    for _ in range(STEPS):  # small ones, beside which eps counts
        gradients = [(rng.uniform(-1, 1, SIZE) * 10.0 ** rng.integers(-5, 1, SIZE)).astype(np.float32) for _ in NAMES]
        print(f'gradient {bits(gradients)}')
        optimizer(tuple(Tensor(g) for g in gradients))
    print(f'after {bits([p.asnumpy() for p in parameters])}')
