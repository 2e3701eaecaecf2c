#!/usr/bin/env python3
"""make_optimizers.py mindspore|torch [FROM]: what the installed library's optimizers make of parameters whose gradients are given.

Prints mindspore_optimizers.txt or torch_optimizers.txt, from the optimizer numbered FROM on.  Of each: a line of detpipe's
text and the names of the parameters; their values, the gradients of each step (one line a step), the values after the last
one, float32 as bits, the parameters one behind the other.
"""
import sys

import numpy as np

NAMES, STEPS = ('fc.weight', 'bn.gamma', 'beta_head.weight'), 6
GROUPS = 'groups="group names=*.gamma weight_decay=0 | group names=beta* learning_rate=0.002"'


def mindspore():
    import mindspore
    from mindspore import Parameter, Tensor, nn

    def groups(p):
        return [{'params': p[1:2], 'weight_decay': 0.0}, {'params': p[2:], 'lr': 0.002}, {'params': p[:1]}, {'order_params': p}]

    def run(make, start, gradients):
        parameters = [Parameter(Tensor(s), name=n) for n, s in zip(NAMES, start)]
        optimizer = make(parameters)
        for g in gradients:
            optimizer(tuple(Tensor(v) for v in g))
        return [p.asnumpy() for p in parameters]

    return f'MindSpore {mindspore.__version__}', run, (
        ('sgd learning_rate=0.05 weight_decay=0.1 rule=mindspore', lambda p: nn.SGD(p, 0.05, weight_decay=0.1)),
        ('momentum learning_rate=0.05 momentum=0.9 weight_decay=0.1 rule=mindspore', lambda p: nn.Momentum(p, 0.05, 0.9, weight_decay=0.1)),
        ('adam learning_rate=0.001 rule=mindspore', lambda p: nn.Adam(p, 0.001)),
        ('adam learning_rate=0.01 beta1=0.8 beta2=0.95 eps=0.001 rule=mindspore', lambda p: nn.Adam(p, 0.01, 0.8, 0.95, 1e-3)),
        ('adam learning_rate=0.01 eps=0.001 weight_decay=0.1 rule=mindspore', lambda p: nn.Adam(p, 0.01, eps=1e-3, weight_decay=0.1)),
        ('adamw learning_rate=0.001 eps=1e-6 weight_decay=0.1 rule=mindspore', lambda p: nn.AdamWeightDecay(p, 0.001, weight_decay=0.1)),
        ('adamw learning_rate=0.01 beta1=0.8 beta2=0.95 eps=0.001 weight_decay=0 rule=mindspore', lambda p: nn.AdamWeightDecay(p, 0.01, 0.8, 0.95, 1e-3)),
        ('rmsprop learning_rate=0.01 alpha=0.9 eps=1e-10 rule=mindspore', lambda p: nn.RMSProp(p, 0.01)),
        ('rmsprop learning_rate=0.01 alpha=0.8 eps=0.001 momentum=0.7 weight_decay=0.1 rule=mindspore',
         lambda p: nn.RMSProp(p, 0.01, 0.8, 0.7, 1e-3, weight_decay=0.1)),
        (f'momentum learning_rate=0.05 momentum=0.9 weight_decay=0.1 {GROUPS}', lambda p: nn.Momentum(groups(p), 0.05, 0.9, weight_decay=0.1)),
        (f'adam learning_rate=0.01 eps=0.001 weight_decay=0.1 rule=mindspore {GROUPS}', lambda p: nn.Adam(groups(p), 0.01, eps=1e-3, weight_decay=0.1)),
        (f'rmsprop learning_rate=0.01 alpha=0.9 eps=1e-10 momentum=0.5 weight_decay=0.1 rule=mindspore {GROUPS}',
         lambda p: nn.RMSProp(groups(p), 0.01, momentum=0.5, weight_decay=0.1)),
        ('rmsprop learning_rate=0.01 alpha=0.9 eps=1e-10 centered=true rule=mindspore', lambda p: nn.RMSProp(p, 0.01, centered=True)),
        ('rmsprop learning_rate=0.01 alpha=0.8 eps=0.001 momentum=0.7 weight_decay=0.1 centered=true rule=mindspore',
         lambda p: nn.RMSProp(p, 0.01, 0.8, 0.7, 1e-3, centered=True, weight_decay=0.1)))


def torch():
    import torch
    from torch import optim

    def groups(p):
        return [{'params': p[1:2], 'weight_decay': 0.0}, {'params': p[2:], 'lr': 0.002}, {'params': p[:1]}]

    def run(make, start, gradients):
        parameters = [torch.nn.Parameter(torch.tensor(s)) for s in start]
        optimizer = make(parameters)
        for g in gradients:
            for p, v in zip(parameters, g):
                p.grad = torch.tensor(v)
            optimizer.step()
        return [p.detach().numpy() for p in parameters]

    return f'PyTorch {torch.__version__}', run, (
        ('sgd learning_rate=0.05 weight_decay=0.1', lambda p: optim.SGD(p, 0.05, weight_decay=0.1)),
        ('momentum learning_rate=0.05 momentum=0.9 weight_decay=0.1 use_nesterov=true',
         lambda p: optim.SGD(p, 0.05, 0.9, weight_decay=0.1, nesterov=True)),
        ('adam learning_rate=0.01 beta1=0.8 beta2=0.95 eps=0.001 weight_decay=0.1', lambda p: optim.Adam(p, 0.01, (0.8, 0.95), 1e-3, 0.1)),
        ('adamw learning_rate=0.01 weight_decay=0.1', lambda p: optim.AdamW(p, 0.01, weight_decay=0.1)),
        ('rmsprop learning_rate=0.01', lambda p: optim.RMSprop(p)),
        ('rmsprop learning_rate=0.01 alpha=0.8 eps=0.001 momentum=0.7 weight_decay=0.1', lambda p: optim.RMSprop(p, 0.01, 0.8, 1e-3, 0.1, 0.7)),
        (f'sgd learning_rate=0.05 weight_decay=0.1 {GROUPS}', lambda p: optim.SGD(groups(p), 0.05, weight_decay=0.1)),
        (f'adamw learning_rate=0.01 weight_decay=0.1 {GROUPS}', lambda p: optim.AdamW(groups(p), 0.01, weight_decay=0.1)),
        (f'rmsprop learning_rate=0.01 momentum=0.5 weight_decay=0.1 {GROUPS}', lambda p: optim.RMSprop(groups(p), 0.01, weight_decay=0.1, momentum=0.5)),
        ('momentum learning_rate=0.05 momentum=0.9 groups="group names=fc* momentum=0.5 | group names=bn* use_nesterov=true"',
         lambda p: optim.SGD([{'params': p[:1], 'momentum': 0.5}, {'params': p[1:2], 'nesterov': True}, {'params': p[2:]}], 0.05, 0.9)),
        ('rmsprop learning_rate=0.01 centered=true', lambda p: optim.RMSprop(p, centered=True)),
        (f'rmsprop learning_rate=0.01 alpha=0.8 eps=0.001 momentum=0.7 weight_decay=0.1 centered=true {GROUPS}',
         lambda p: optim.RMSprop(groups(p), 0.01, 0.8, 1e-3, 0.1, 0.7, True)))


def bits(arrays):
    return ' '.join(f'{v:08x}' for v in np.concatenate(arrays).astype('<f4').view('<u4'))


def main():
    name, run, optimizers = {'mindspore': mindspore, 'torch': torch}[sys.argv[1]]()
    print(f'# {name}, its CPU: make_optimizers.py; compared with a tolerance, as fma is not used there')
    rng = np.random.Generator(np.random.Philox(28))
    for number, (text, make) in enumerate(optimizers):
        size = 16 if 'rmsprop' in text else 8  # vectors of 8 for two threads: what is left is another formula
        start = [rng.uniform(-1, 1, size).astype(np.float32) for _ in NAMES]
        gradients = [[(rng.uniform(-1, 1, size) * 10.0 ** rng.integers(-5, 1, size)).astype(np.float32)  # small ones, beside which eps counts
                      for _ in NAMES] for _ in range(STEPS)]
        if number < int((sys.argv + ['0'])[2]):
            continue
        print(f'names={",".join(NAMES)} n={size} steps={STEPS} : {text}\nbefore {bits(start)}')
        for g in gradients:
            print(f'gradient {bits(g)}')
        print(f'after {bits(run(make, start, gradients))}')


main()
