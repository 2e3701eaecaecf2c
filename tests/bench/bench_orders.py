#!/usr/bin/env python3
"""Time orders here and in their libraries in turn: an epoch of ROWS rows, CPU time of one thread.

    taskset -c 0 bench_orders.py BUILD [ROWS [ROUNDS]]     (a library that is not here is left out)
"""
import statistics
import subprocess
import sys
import time

build, n, rounds = sys.argv[1], int((sys.argv[2:] + [10 ** 7])[0]), int((sys.argv[3:] + [5])[0])


def numpy_orders():
    import numpy as np

    yield f'numpy {np.__version__}', 'shuffle order=numpy', lambda: np.random.RandomState(1).permutation(n)
    yield f'numpy {np.__version__}', 'shuffle order=numpy_generator', lambda: np.random.default_rng(1).permutation(n)
    yield f'numpy {np.__version__}', 'random_sampler order=numpy_generator', lambda: np.random.default_rng(1).choice(n, n, replace=False)


def torch_orders():
    import torch

    g = torch.Generator()
    yield f'torch {torch.__version__}', 'shuffle order=torch', lambda: torch.randperm(n, generator=g.manual_seed(1))


def jax_orders():
    import jax

    permute = jax.jit(jax.random.permutation, static_argnums=1)
    yield f'jax {jax.__version__}', 'shuffle order=jax', lambda: permute(jax.random.key(1), n).block_until_ready()


def sklearn_orders():
    import numpy as np
    import sklearn
    from sklearn.utils import shuffle

    rows = np.arange(n)
    yield f'scikit-learn {sklearn.__version__}', 'shuffle order=sklearn', lambda: shuffle(rows, random_state=1)


def ours(stage):
    out = subprocess.run([build + '/tests/bench_orders', str(n), '1', stage], capture_output=True, text=True, check=True).stdout
    shuffle, order = out.strip().split('\n')
    return tuple(float(line[56:].split()[0]) for line in (shuffle, order))


for orders in (numpy_orders, torch_orders, jax_orders, sklearn_orders):
    try:
        cases = list(orders())
    except ImportError:
        continue
    for name, stage, call in cases:
        call()
        shuffle, here, there = [], [], []
        for _ in range(rounds):
            a, b = ours(stage)
            start = time.process_time()
            call()
            there.append(time.process_time() - start)
            shuffle.append(a)
            here.append(b)
        times = [f'{statistics.median(t):.3f} ({min(t):.3f})' for t in (shuffle, here, there)]
        print(f'{stage}: shuffle {times[0]}, here {times[1]}, {name} {times[2]}')
