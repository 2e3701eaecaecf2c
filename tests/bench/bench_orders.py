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


def datasets_orders():
    import datasets
    import numpy as np

    data = datasets.Dataset.from_dict({'id': np.arange(n)})
    yield f'datasets {datasets.__version__}', 'shuffle order=datasets', lambda: data.shuffle(seed=1, keep_in_memory=True)


def tf_orders():
    import tensorflow as tf

    def rows(buffer_size):
        return sum(int(batch[0]) for batch in tf.data.Dataset.range(n).shuffle(buffer_size, seed=1).batch(10000))

    yield f'tf.data {tf.__version__}', 'shuffle order=tf', lambda: rows(n)
    yield f'tf.data {tf.__version__}', 'shuffle buffer_size=1000 order=tf', lambda: rows(1000)


def webdataset_orders():
    from webdataset import filters

    det = filters.detshuffle(bufsize=1000, seed=1)
    yield 'webdataset', 'shuffle buffer_size=1000 order=webdataset rule=det', lambda: sum(1 for _ in det.run(iter(range(n))))


def streaming_orders():
    import numpy as np
    from streaming.base.shuffle import get_shuffle

    shards = np.array([10000] * (n // 10000) + [n % 10000] * (n % 10000 > 0))
    for how in 'py1e', 'py1s', 'py1br', 'py2s', 'naive':
        rule = 'rule=naive' if how == 'naive' else f'rule={how},shard_size:10000,nodes:1'
        yield 'streaming', f'shuffle order=streaming {rule}', lambda: get_shuffle(how, shards, 1, 1, 0, 4000000)


def ours(stage):
    out = subprocess.run([build + '/tests/bench_orders', str(n), '1', stage], capture_output=True, text=True, check=True).stdout
    shuffle, order = out.strip().split('\n')
    return tuple(float(line.rsplit(' x ', 2)[0].split()[-1]) for line in (shuffle, order))


for orders in (numpy_orders, torch_orders, jax_orders, sklearn_orders, datasets_orders, tf_orders, webdataset_orders, streaming_orders):
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
