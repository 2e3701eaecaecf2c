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

    def epochs(n, seed, count):
        rows = grain.MapDataset.range(n).shuffle(seed=seed).repeat(EPOCHS)
        return [[rows[e * n + i] for i in range(count)] for e in range(EPOCHS)]

    for n in SIZES + (32768, 32769, 131073):  # of 65,537 it is no permutation
        for seed in SEEDS[1:] if n > 1000 else SEEDS:
            show(seed, n, 'shuffle order=grain', epochs(n, seed, n))
    for n in (2 ** 28 + 1, 2 ** 32 - 1, 2 ** 32 + 1, 10 ** 12, 2 ** 50 + 1):
        for seed in SEEDS:
            rows = ' | '.join(' '.join(map(str, e)) for e in epochs(n, seed, 20))
            print(f'seed={seed} epochs={EPOCHS} : range count={n} | shuffle order=grain | take count=20 : {rows}')


def datasets():
    import datasets

    for n in SIZES:
        data = datasets.Dataset.from_dict({'id': list(range(n))})
        for seed in SEEDS + WIDE if n < 1000 else SEEDS[1:] + WIDE[2:]:
            show(seed, n, 'shuffle order=datasets', [data.shuffle(seed=seed)[:]['id']] * EPOCHS)
            if n > 1:
                test = max(1, n // 3)
                parts = data.train_test_split(test_size=test, seed=seed)
                for part, name in enumerate(('test', 'train')):
                    show(seed, n, f'split sizes={test},{n - test} part={part} order=datasets', [parts[name][:]['id']] * EPOCHS)
    for n, b in ((1, 5), (2, 2), (31, 2), (31, 10), (31, 12), (31, 25), (31, 30), (31, 31), (31, 77), (2500, 1000), (20011, 333)):
        for seed in SEEDS + WIDE if n < 1000 else SEEDS[1:] + WIDE[2:]:
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
        for n in SIZES + (1625, 1626):
            for seed in (2 ** 32, 2 ** 40 + 3, 2 ** 63 - 1) if x64 else SEEDS:
                show(seed, n, 'shuffle order=jax', [real.random.permutation(real.random.key(seed), n).tolist()] * EPOCHS)


library = importlib.import_module(sys.argv[1].split('_')[0])
print(f'# {library.__name__} {library.__version__.split("+")[0]}, NumPy {importlib.import_module("numpy").__version__}: make_orders_of.py {sys.argv[1]}')
{'torch_dataloader': torch_dataloader, 'grain': grain, 'datasets': datasets, 'jax': jax}[sys.argv[1]]()
