#!/usr/bin/env python3
"""Write library_orders.txt: orders that the real PyTorch and NumPy wheels make.

    make_orders.py OUT_DIR          (needs torch and numpy; made with the versions that the file names)

Each line is a seed, a detpipe text, and three epochs of rows.
"""
import os
import sys

import numpy as np
import torch
from torch.utils.data import DistributedSampler, RandomSampler

EPOCHS = 3
SEEDS = (0, 1, 7, 5489, 4294967295, 2 ** 40 + 3)


def torch_random(n, seed, **how):
    g = torch.Generator()
    g.manual_seed(seed)
    sampler = RandomSampler(range(n), generator=g, **how)
    return [list(sampler) for _ in range(EPOCHS)]


def torch_randperm(n, seed):
    g = torch.Generator()
    g.manual_seed(seed)
    return [torch.randperm(n, generator=g).tolist() for _ in range(EPOCHS)]


def torch_distributed(n, seed, shards, rank, shuffle):
    sampler = DistributedSampler(range(n), shards, rank, shuffle=shuffle, seed=seed)
    epochs = []
    for e in range(EPOCHS):
        sampler.set_epoch(e)
        epochs.append(list(sampler))
    return epochs


def numpy_legacy(n, seed):
    r = np.random.RandomState(seed)
    return [r.permutation(n).tolist() for _ in range(EPOCHS)]


def numpy_generator(n, seed):
    r = np.random.default_rng(seed)
    return [r.permutation(n).tolist() for _ in range(EPOCHS)]


with open(os.path.join(sys.argv[1], 'library_orders.txt'), 'w') as f:
    f.write(f'# PyTorch {torch.__version__.split("+")[0]}, NumPy {np.__version__}: seed, detpipe text, rows of {EPOCHS} epochs; sums instead of rows: '
            'sum over i of (i + 1) * row[i]\n')

    def line(seed, n, stage, epochs):
        if n > 1000:
            rows = ['sum=%d' % sum((i + 1) * r for i, r in enumerate(e)) for e in epochs]
        else:
            rows = [' '.join(map(str, e)) for e in epochs]
        f.write(f'seed={seed} epochs={EPOCHS} : range count={n} | {stage} : {" | ".join(rows)}\n')

    for seed in SEEDS:
        for n in (1, 2, 5, 13, 100, 50000):
            line(seed, n, 'shuffle order=torch', torch_randperm(n, seed))
            line(seed, n, 'random_sampler order=torch', torch_random(n, seed))
            line(seed, n, 'shuffle order=numpy_generator', numpy_generator(n, seed))
            if seed < 2 ** 32:
                line(seed, n, 'shuffle order=numpy', numpy_legacy(n, seed))
        for n, k in ((5, 12), (13, 13), (20, 7), (10, 20)):
            line(seed, n, f'random_sampler num_samples={k} order=torch', torch_random(n, seed, num_samples=k))
        for n, k in ((5, 70), (13, 13), (300, 33)):
            line(seed, n, f'random_sampler replacement=true num_samples={k} order=torch', torch_random(n, seed, num_samples=k, replacement=True))
        for n, shards, rank in ((20, 3, 0), (20, 3, 2), (5, 8, 6), (13, 1, 0)):
            for shuffle in (True, False):
                line(seed, n, f'distributed_sampler num_shards={shards} shard_id={rank} shuffle={str(shuffle).lower()} order=torch',
                     torch_distributed(n, seed, shards, rank, shuffle))
