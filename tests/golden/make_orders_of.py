#!/usr/bin/env python3
"""Print lines for library_orders.txt: orders that one real library makes.

    make_orders_of.py torch_dataloader | grain | datasets | jax     (needs that library)

Each line is a seed, a detpipe text, and three epochs of rows, as make_orders.py writes them.
"""
import importlib
import sys

EPOCHS = 3
SEEDS = (2, 1234, 4294967295)
WIDE = (2 ** 32, 2 ** 40 + 3, 2 ** 64 - 1)
SIZES = (1, 2, 3, 31, 50000, 65537)


def show(seed, n, stage, epochs):
    if n > 1000:
        rows = ['sum=%d' % sum((i + 1) * int(r) for i, r in enumerate(e)) for e in epochs]
    else:
        rows = [' '.join(str(int(r)) for r in e) for e in epochs]
    print(f'seed={seed} epochs={EPOCHS} : range count={n} | {stage} : {" | ".join(rows)}')


def torch_dataloader():
    import torch
    from torch.utils.data import DataLoader

    def epochs(n, **how):
        loader = DataLoader(range(n), shuffle=True, batch_size=min(n, 256), **how)
        return [torch.cat(list(loader)).tolist() for _ in range(EPOCHS)]

    for n in SIZES:
        for seed in SEEDS + WIDE:
            torch.manual_seed(seed)
            show(seed, n, 'shuffle order=torch_dataloader', epochs(n))
            g = torch.Generator()
            g.manual_seed(seed)
            show(seed, n, 'shuffle order=torch_dataloader_generator', epochs(n, generator=g))


def grain():
    import grain

    def epochs(n, seed):
        rows = grain.MapDataset.range(n).shuffle(seed=seed).repeat(EPOCHS)
        return [[rows[e * n + i] for i in range(n)] for e in range(EPOCHS)]

    for n in SIZES + (32769, 32768, 131072, 131073):
        for seed in SEEDS:
            show(seed, n, 'shuffle order=grain', epochs(n, seed))


def datasets():
    import datasets

    def rows(data):
        return data.with_format('numpy')['id'] if len(data) else []

    for n in SIZES:
        data = datasets.Dataset.from_dict({'id': list(range(n))})
        for seed in SEEDS + WIDE:
            show(seed, n, 'shuffle order=datasets', [rows(data.shuffle(seed=seed))] * EPOCHS)
            if n > 1:
                test = max(1, n // 3)
                parts = data.train_test_split(test_size=test, seed=seed)
                for part, name in enumerate(('test', 'train')):
                    show(seed, n, f'split sizes={test},{n - test} part={part} order=datasets', [rows(parts[name])] * EPOCHS)
    for n, b in ((1, 5), (2, 2), (31, 2), (31, 10), (31, 12), (31, 25), (31, 30), (31, 31), (31, 77), (2500, 1000), (50000, 1000), (65537, 333)):
        for seed in SEEDS + WIDE:
            stream = datasets.Dataset.from_dict({'id': list(range(n))}).to_iterable_dataset().shuffle(seed=seed, buffer_size=b)
            epochs = []
            for e in range(EPOCHS):
                stream.set_epoch(e)
                epochs.append([row['id'] for row in stream])
            show(seed, n, f'shuffle buffer_size={b} order=datasets', epochs)


def jax():
    import jax as real

    for x64 in (False, True):
        real.config.update('jax_enable_x64', x64)
        word = 'jax_x64' if x64 else 'jax'
        for n in SIZES + (1625, 1626):
            for seed in SEEDS + (2 ** 32, 2 ** 40 + 3, 2 ** 63 - 1):
                show(seed, n, f'shuffle order={word}', [real.random.permutation(real.random.key(seed), n).tolist()] * EPOCHS)


library = importlib.import_module(sys.argv[1].split('_')[0])
print(f'# {library.__name__} {library.__version__.split("+")[0]}, NumPy {importlib.import_module("numpy").__version__}: make_orders_of.py {sys.argv[1]}')
{'torch_dataloader': torch_dataloader, 'grain': grain, 'datasets': datasets, 'jax': jax}[sys.argv[1]]()
