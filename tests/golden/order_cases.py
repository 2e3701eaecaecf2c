"""Orders as the real libraries make them: what make_orders_of.py prints, and tests/libraries/live_orders.py compares.

A function for each `order=`, named so.  Of seeds and numbers of rows it gives (seed, detpipe text, rows of EPOCHS
epochs, or `raises ValueError`); each needs the library, and NumPy.
"""
import contextlib
import itertools
import os

EPOCHS = 3
NARROW = 2 ** 32  # of what takes seeds of 32 bits


def text(n, stage):
    """detpipe has no reader of no rows."""
    return f'range count={n} | {stage}' if n > 0 else f'range count=1 | skip count=1 | {stage}'


def made(call):
    """rows, or what the library raises"""
    try:
        return call()
    except (ValueError, RuntimeError, ArithmeticError, IndexError) as e:
        return f'raises {type(e).__name__}'


@contextlib.contextmanager
def environment(**variables):
    """what a launcher of several ranks says"""
    os.environ.update({name: str(value) for name, value in variables.items()})
    yield
    for name in variables:
        del os.environ[name]


def seeded(seed):
    import torch

    g = torch.Generator()
    g.manual_seed(seed)
    return g


def torch(seeds, sizes):
    import torch as real
    from torch.utils.data import DataLoader, DistributedSampler, RandomSampler, SubsetRandomSampler, WeightedRandomSampler

    def of_loader(sampler, **how):
        real.manual_seed(seed)
        loader = DataLoader(range(10 ** 7), sampler=sampler, batch_size=50, **how)
        return [[int(i) for batch in loader for i in batch] for _ in range(EPOCHS)]

    for seed in seeds:
        for n in sizes:
            g = seeded(seed)
            yield seed, text(n, 'shuffle order=torch'), [real.randperm(n, generator=g).tolist() for _ in range(EPOCHS)]
            for k in sorted({0, 1, 2, n // 3, n - 1} & set(range(n + 1))):
                fractions = (0.3, 0.3, 0.4) if k == 2 else (k / n, 1 - k / n) if n > 0 else (0.5, 0.5)
                for sizes_ in (k, n - k), fractions:
                    if sum(sizes_) > 1 and sizes_ == fractions:
                        continue
                    parts = real.utils.data.random_split(range(n), sizes_, generator=seeded(seed))
                    for j, part in enumerate(parts):
                        stage = f'split sizes={",".join(map(repr, sizes_))} part={j} order=torch'
                        yield seed, text(n, stage), [list(part.indices)] * EPOCHS
            for words, how in ('', {}), (' num_samples=9 replacement=true', dict(num_samples=9, replacement=True)):
                def epochs():
                    sampler = RandomSampler(range(n), generator=seeded(seed), **how)
                    return [list(sampler) for _ in range(EPOCHS)]
                yield seed, text(n, f'random_sampler{words} order=torch'), made(epochs)

                def of_global():
                    real.manual_seed(seed)
                    sampler = RandomSampler(range(n), **how)
                    return [list(sampler) for _ in range(EPOCHS)]
                yield seed, text(n, f'random_sampler{words} order=torch rule=global'), made(of_global)
            for how, words in ((dict(num_samples=n + 2), f'num_samples={n + 2}'),
                               (dict(num_samples=40, replacement=True), 'num_samples=40 replacement=true')):
                stage = f'random_sampler {words} order=torch rule=dataloader'
                yield seed, text(n, stage), made(lambda: of_loader(RandomSampler(range(n), **how)))
            for shards, rank in ((1, 0), (3, 2), (8, 7)):
                for words, how in (' drop_last=true', dict(drop_last=True)), ('', {}), (' shuffle=false', dict(shuffle=False)):
                    if seed < 2 ** 64 - NARROW:
                        sampler = DistributedSampler(range(n), shards, rank, seed=seed, **how)
                        epochs = []
                        for e in range(EPOCHS):
                            sampler.set_epoch(e)
                            epochs.append(list(sampler))
                        yield seed, text(n, f'distributed_sampler num_shards={shards} shard_id={rank}{words} order=torch'), epochs
            if 0 < n <= 1000:
                chosen = [(i * 7 + 3) % n for i in range(n)]
                words = f'subset_random_sampler indices={",".join(map(str, chosen))} order=torch'
                sampler = SubsetRandomSampler(chosen, generator=seeded(seed))
                yield seed, text(n, words), [list(sampler) for _ in range(EPOCHS)]
                yield seed, text(n, words + ' rule=dataloader'), of_loader(SubsetRandomSampler(chosen))
                yield from torch_weighted(real, WeightedRandomSampler, of_loader, seed, n)


def torch_weighted(real, sampler_of, of_loader, seed, n):
    weights = [(i * i % 11) / 4 for i in range(n)]
    weights[n // 2] = 1.25
    words = f'weighted_random_sampler weights={",".join(map(repr, weights))}'
    positive = sum(w > 0 for w in weights)
    for k, again in ((n + 3, True), (positive, False), (max(1, positive // 3), False)):
        stage = f'{words} num_samples={k} replacement={str(again).lower()} order=torch'
        sampler = sampler_of(weights, k, replacement=again, generator=seeded(seed))
        yield seed, text(n, stage), [list(sampler) for _ in range(EPOCHS)]
        yield seed, text(n, stage + ' rule=dataloader'), of_loader(sampler_of(weights, k, replacement=again))


def torch_lists(seeds, sizes):
    """long lists, which tests/pipeline/test_replayed_orders.c writes into files; not for the live test"""
    import torch as real
    from torch.utils.data import DataLoader, SubsetRandomSampler, WeightedRandomSampler

    def cases(words, sampler_of):
        sampler = sampler_of(generator=seeded(seed))
        yield seed, text(n, f'{words} order=torch'), [list(sampler) for _ in range(EPOCHS)]
        real.manual_seed(seed)
        loader = DataLoader(range(n), sampler=sampler_of(), batch_size=1000)
        yield seed, text(n, f'{words} order=torch rule=dataloader'), [real.cat(list(loader)).tolist() for _ in range(EPOCHS)]

    for seed in seeds:
        for n in (50000, 65537):
            chosen, weights = [(i * 7 + 3) % n for i in range(n)], [i * 7 % 97 for i in range(n)]
            yield from cases(f'subset_random_sampler indices=@i{n}.txt', lambda **g: SubsetRandomSampler(chosen, **g))
            for k, again in (n, True), (n // 3, False), (sum(w > 0 for w in weights), False):
                words = f'weighted_random_sampler weights=@w{n}.txt num_samples={k} replacement={str(again).lower()}'
                yield from cases(words, lambda **g: WeightedRandomSampler(weights, k, replacement=again, **g))


def torch_dataloader(seeds, sizes):
    """before, between: an initial weight and a validation loader, which draw from the global generator"""
    import torch as real
    from torch.utils.data import DataLoader

    def epochs(n, between=0, before=0, g=None, **how):
        real.manual_seed(seed)
        loader = DataLoader(range(n), shuffle=True, batch_size=256, generator=g, **how)
        other = DataLoader(range(3))
        real.rand(before)  # a word each
        passes = []
        for e in range(EPOCHS):
            for _ in range(between if e > 0 else 0):
                list(other)
            passes.append(real.cat(list(loader)).tolist())
        return passes

    lives = dict(num_workers=1, persistent_workers=True)
    for n in sizes:
        for seed in seeds:
            yield seed, text(n, 'shuffle order=torch_dataloader'), made(lambda: epochs(n))
            yield seed, text(n, 'shuffle order=torch_dataloader_generator'), made(lambda: epochs(n, g=seeded(seed)))
            yield seed, text(n, 'shuffle order=torch_dataloader rule=persistent_workers'), made(lambda: epochs(n, **lives))
            words = 'shuffle order=torch_dataloader_generator rule=persistent_workers'
            yield seed, text(n, words), made(lambda: epochs(n, g=seeded(seed), **lives))
            yield seed, text(n, 'shuffle order=torch_dataloader rule=before:7,between:4'), made(lambda: epochs(n, 2, 7))
            yield seed, text(n, 'shuffle order=torch_dataloader rule=between:2'), made(lambda: epochs(n, 1))


def torch_stateful_dataloader(seeds, sizes):
    import torch as real
    from torchdata.stateful_dataloader import StatefulDataLoader

    def epochs(n, g, **how):
        real.manual_seed(seed)
        loader = StatefulDataLoader(range(n), shuffle=True, batch_size=256, generator=g, **how)
        return [real.cat(list(loader)).tolist() for _ in range(EPOCHS)]

    ways = {'': {}, 'workers': dict(num_workers=2), 'workers,persistent_workers': dict(num_workers=1, persistent_workers=True)}
    for n in sizes:
        for seed in seeds:
            for words, how in ways.items():
                for g, word in ((None, ''), (seeded(seed), 'generator')):
                    rule = ','.join(filter(None, (words, word)))
                    stage = 'shuffle order=torch_stateful_dataloader' + (rule and ' rule=' + rule)
                    yield seed, text(n, stage), made(lambda: epochs(n, g, **how))


def numpy(seeds, sizes):
    import numpy as np

    for seed in seeds:
        for n in sizes if seed < NARROW else ():
            r = np.random.RandomState(seed)
            rows = np.arange(n)
            r.shuffle(rows)
            yield seed, text(n, 'shuffle order=numpy reshuffle_each_epoch=false'), [rows] * EPOCHS
            r = np.random.RandomState(seed)
            yield seed, text(n, 'shuffle order=numpy'), [r.permutation(n) for _ in range(EPOCHS)]
            yield from numpy_parts(seed, n, 'numpy', np.random.RandomState(seed).permutation(n))
            yield from numpy_choice(seed, n, 'numpy', np.random.RandomState, {})
            yield from numpy_weighted(seed, n, 'numpy', np.random.RandomState)


def numpy_generator(seeds, sizes):
    import numpy as np

    for seed in seeds:
        for n in sizes:
            rows = np.random.default_rng(seed).permuted(np.arange(n))
            yield seed, text(n, 'shuffle order=numpy_generator reshuffle_each_epoch=false'), [rows] * EPOCHS
            r = np.random.default_rng(seed)
            yield seed, text(n, 'shuffle order=numpy_generator'), [r.permutation(n) for _ in range(EPOCHS)]
            yield from numpy_parts(seed, n, 'numpy_generator', np.random.default_rng(seed).permutation(n))
            yield from numpy_choice(seed, n, 'numpy_generator', np.random.default_rng, {'rule=unshuffled': dict(shuffle=False)})
            yield from numpy_weighted(seed, n, 'numpy_generator', np.random.default_rng)


def numpy_parts(seed, n, order, rows):
    for k in {0, n // 3}:
        for part, cut in enumerate((rows[:k], rows[k:])):
            yield seed, text(n, f'split sizes={k},{n - k} part={part} order={order}'), [cut] * EPOCHS


def numpy_choice(seed, n, order, generator, rules):
    """above 10,000 rows the algorithm depends on k"""
    if n == 0:  # num_samples=0 means all
        yield seed, text(0, f'random_sampler order={order}'), [generator(seed).choice(0, 0, replace=False)] * EPOCHS
        for words, again in ('', False), ('replacement=true ', True):
            stage = f'random_sampler num_samples=5 {words}order={order}'
            yield seed, text(0, stage), made(lambda: [generator(seed).choice(0, 5, replace=again)] * EPOCHS)
    for k in sorted({1, n // 60, n // 50, n // 50 + 1, n // 30, n // 20 + 1, n - 1, n} - {0, -1}) if n > 0 else ():
        for rule, how in {'': {}, **rules}.items():
            r = generator(seed)
            stage = f'random_sampler num_samples={k} order={order} {rule}'.rstrip()
            yield seed, text(n, stage), [r.choice(n, k, replace=False, **how) for _ in range(EPOCHS)]
        r = generator(seed)
        yield seed, text(n, f'random_sampler num_samples={k + 5} replacement=true order={order}'), [r.choice(n, k + 5) for _ in range(EPOCHS)]


def numpy_weighted(seed, n, order, generator):
    """without replacement the rows of weight 0 never come, and there may be many rounds"""
    import numpy as np

    for power in (1, 6) if 0 < n <= 1000 else ():
        weights = np.array([(i * i % 11 + (i == 0)) ** power for i in range(n)], float)
        p = weights / weights.sum()
        positive = int((p > 0).sum())
        for k, again in {(n + 3, True), (positive, False), (max(1, positive // 2), False)}:
            r = generator(seed)
            words = f'weights={",".join(map(repr, p.tolist()))} num_samples={k} replacement={str(again).lower()}'
            yield seed, text(n, f'weighted_random_sampler {words} order={order}'), [r.choice(n, k, replace=again, p=p) for _ in range(EPOCHS)]


def numpy_probabilities(seeds, sizes):
    """many weights, which tests/pipeline/test_replayed_orders.c writes into files; not for the live test"""
    import numpy as np

    for seed in seeds:
        for n in (301, 50000, 65537):
            weights = np.arange(n) * 7 % 97
            p = weights / weights.sum()
            for order in ('numpy', 'numpy_generator') if seed < NARROW else ('numpy_generator',):
                for k, again in ((n + 3, True), (n // 3, False), (int((p > 0).sum()), False)):
                    r = np.random.RandomState(seed) if order == 'numpy' else np.random.default_rng(seed)
                    words = f'weights=@p{n}.txt num_samples={k} replacement={str(again).lower()}'
                    yield seed, text(n, f'weighted_random_sampler {words} order={order}'), [r.choice(n, k, replace=again, p=p) for _ in range(EPOCHS)]


def sklearn(seeds, sizes):
    """the label of a row of range is its number modulo 10"""
    from sklearn import utils
    from sklearn.model_selection import GroupKFold, KFold, RepeatedKFold, RepeatedStratifiedKFold, ShuffleSplit
    from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit, train_test_split
    import numpy as np

    def folds(n, splitter, stage):
        """a row's class, and its group, is its label"""
        def cases():
            for i, (train, test) in enumerate(splitter.split(rows, *[y, y] if '_column' in stage else [])):
                repetition, fold = divmod(i, k)
                if fold in (0, k - 1):
                    words = f'kfold folds={k} fold={fold} {stage} order=sklearn' + (f' repetition={repetition}' if repetition else '')
                    yield seed, text(n, words), [train] * EPOCHS
                    yield seed, text(n, words + ' part=test'), [test] * EPOCHS

        given = made(lambda: list(cases()))
        yield from [(seed, text(n, f'kfold folds={k} fold=0 {stage} order=sklearn'), given)] if isinstance(given, str) else given

    def stratified(n, chosen, before):
        """a class is a label; parts of two sizes, and split 2 of StratifiedShuffleSplit"""
        y = [i % 10 for i in chosen]
        for size in max(1, len(chosen) // 3), 0.07, 0.25, 0.5, 71:  # 7 / 71 * 71 is less than 7
            if size > len(chosen) and size >= 1:
                continue
            words = f'{size},{len(chosen) - size}' if size >= 1 else f'{size},{1 - size!r}'
            given = made(lambda: train_test_split(chosen, test_size=size, random_state=seed, stratify=y))
            for part in 0, 1:
                epochs = given if isinstance(given, str) else [given[1 - part]] * EPOCHS
                yield seed, text(n, f'{before}split sizes={words} part={part} class_column=label order=sklearn'), epochs
            if not isinstance(given, str):
                *_, (train, test) = StratifiedShuffleSplit(3, test_size=size, random_state=seed).split(chosen, y)
                words += ' part=0 class_column=label order=sklearn rule=repeat:2'
                yield seed, text(n, f'{before}split sizes={words}'), [[chosen[i] for i in test]] * EPOCHS

    for seed in seeds:
        for n in sizes if seed < NARROW else ():
            rows = np.arange(n)
            y = rows % 10
            yield from stratified(n, rows.tolist(), '')
            if n > 30:
                uneven = [i for i in range(n) if i % 10 < 1 + i % 7][:200]
                yield from stratified(n, uneven, f'subset_sampler indices={",".join(map(str, uneven))} | ')
            yield seed, text(n, 'shuffle order=sklearn'), [utils.shuffle(rows, random_state=seed)] * EPOCHS
            for size in max(1, n // 3), 0.07, 0.25:
                if size > n and size >= 1:
                    continue
                words = f'{size},{n - size}' if size >= 1 else f'{size},{1 - size!r}'
                given = made(lambda: train_test_split(rows, test_size=size, random_state=seed))
                for part in 0, 1:  # train_test_split has the test part behind
                    epochs = given if isinstance(given, str) else [given[1 - part]] * EPOCHS
                    yield seed, text(n, f'split sizes={words} part={part} order=sklearn'), epochs
                *_, (train, test) = ShuffleSplit(3, test_size=size, random_state=seed).split(rows) if n > 1 else [(None, None)]
                epochs = given if isinstance(given, str) else [test] * EPOCHS
                yield seed, text(n, f'split sizes={words} part=0 order=sklearn rule=repeat:2'), epochs
            for k in (2, 3, 5, 7) if n > 2 else (2,):
                yield from folds(n, KFold(k, shuffle=True, random_state=seed), '')
                yield from folds(n, KFold(k), 'randomize=false')
                by = 'group_column=label '
                yield from folds(n, GroupKFold(k, shuffle=True, random_state=seed), by)
                yield from folds(n, GroupKFold(k), by + 'randomize=false')
                some = [i for i in range(n) if i % 10 <= i // 10 % 10] if n < 1000 else []  # groups of various sizes
                groups = np.array(some, int) % 10
                for fold, (train, test) in enumerate(GroupKFold(k).split(groups, groups=groups) if k <= len(set(groups)) else ()):
                    words = f'subset_sampler indices={",".join(map(str, some))} | kfold folds={k} fold={fold} part=test {by}randomize=false'
                    yield seed, text(n, words + ' order=sklearn'), [[some[i] for i in test]] * EPOCHS
                if k == 3:
                    yield from folds(n, RepeatedKFold(n_splits=k, n_repeats=3, random_state=seed), '')
                by = 'class_column=label'
                if k <= (n + 9) // 10 and n < 1000:
                    mixed = [i * 7 % n for i in range(n)]  # classes appear in another order
                    for train, test in StratifiedKFold(k, shuffle=True, random_state=seed).split(y, [i % 10 for i in mixed]):
                        pass
                    words = f'subset_sampler indices={",".join(map(str, mixed))} | kfold folds={k} fold={k - 1} part=test {by} order=sklearn'
                    yield seed, text(n, words), [[mixed[i] for i in test]] * EPOCHS
                yield from folds(n, StratifiedKFold(k, shuffle=True, random_state=seed), by)
                yield from folds(n, StratifiedKFold(k), by + ' randomize=false')
                if k == 2:
                    yield from folds(n, RepeatedStratifiedKFold(n_splits=k, n_repeats=2, random_state=seed), by)


def sklearn_lists(seeds, sizes):
    """folds by class and by group of rows of a long list (torch_lists); not for the live test"""
    from sklearn.model_selection import GroupKFold, StratifiedKFold

    for seed in seeds:
        for n in (50000, 65537) if seed < NARROW else ():
            chosen = [(i * 7 + 3) % n for i in range(n)]
            y = [i % 10 for i in chosen]
            for splitter, words in ((GroupKFold(3), 'group_column=label randomize=false'), (GroupKFold(3, shuffle=True, random_state=seed), 'group_column=label'),
                                    (StratifiedKFold(3), 'class_column=label randomize=false'), (StratifiedKFold(3, shuffle=True, random_state=seed), 'class_column=label')):
                for fold, (_, test) in enumerate(splitter.split(y, y, groups=y)):
                    stage = f'subset_sampler indices=@i{n}.txt | kfold folds=3 fold={fold} part=test {words} order=sklearn'
                    yield seed, text(n, stage), [[chosen[i] for i in test]] * EPOCHS


def grain(seeds, sizes):
    import grain as real

    def epochs(n, count):
        rows = real.MapDataset.range(n).shuffle(seed=seed).repeat(EPOCHS)
        return [[rows[e * n + i] for i in range(count)] for e in range(EPOCHS)]

    for seed in seeds:
        for n in sizes if seed < NARROW else ():
            yield seed, text(n, 'shuffle order=grain'), epochs(n, n)
        for n in (2 ** 28 + 1, 2 ** 32 - 1, 2 ** 32 + 1, 10 ** 12, 2 ** 50 + 1) if seed < NARROW else ():
            yield seed, text(n, 'shuffle order=grain | take count=20'), epochs(n, 20)


def datasets(seeds, sizes):
    import datasets as real

    for n in sizes:
        data = real.Dataset.from_dict({'id': list(range(n))})
        label = real.Features({'id': real.Value('int64'), 'label': real.ClassLabel(num_classes=10)})
        classes = real.Dataset.from_dict({'id': list(range(n)), 'label': [i % 10 for i in range(n)]}, features=label)
        for seed in seeds:
            yield seed, text(n, 'shuffle order=datasets'), [data.shuffle(seed=seed)[:]['id']] * EPOCHS
            for test in max(1, n // 3), 0.07, 0.5:
                if test > n and test >= 1:
                    continue
                parts = made(lambda: data.train_test_split(test_size=test, seed=seed))
                sizes_ = f'{test},{n - test}' if test >= 1 else f'{test},{1 - test!r}'
                strata = made(lambda: classes.train_test_split(test_size=test, seed=seed, stratify_by_column='label'))
                for part, name in enumerate(('test', 'train')):
                    for split, column in (parts, ''), (strata, 'class_column=label '):
                        epochs = split if isinstance(split, str) else [split[name][:]['id']] * EPOCHS
                        yield seed, text(n, f'split sizes={sizes_} part={part} {column}order=datasets'), epochs
            for b in (2, 10, 25, 31, 77, 333, 1000) if n < 30000 else (333,):
                yield seed, text(n, f'shuffle buffer_size={b} order=datasets'), made(lambda: datasets_stream(data, seed, b))
            for b, shards in ((2, 2), (25, 3), (77, 10), (333, 11), (1000, 37)) if n < 30000 else ((1000, 37),):
                rows = made(lambda: datasets_stream(data, seed, b, num_shards=shards))
                yield seed, text(n, f'shuffle buffer_size={b} order=datasets rule=shards:{shards}'), rows


def datasets_stream(data, seed, b, **how):
    stream = data.to_iterable_dataset(**how).shuffle(seed=seed, buffer_size=b)
    epochs = []
    for e in range(EPOCHS):
        stream.set_epoch(e)
        epochs.append([row['id'] for row in stream])
    return epochs


def jax(seeds, sizes):
    import jax as real

    for x64 in (False, True):
        real.config.update('jax_enable_x64', x64)
        for seed in seeds:
            for n in sizes + (1625, 1626) if (seed >= NARROW) == x64 and seed < 2 ** 63 else ():
                for rule, partitionable in ('', True), (' rule=unpartitionable', False):
                    real.config.update('jax_threefry_partitionable', partitionable)
                    rows = real.random.permutation(real.random.key(seed), n).tolist()
                    yield seed, text(n, 'shuffle order=jax' + rule), [rows] * EPOCHS
            for n in (300000, 3000001) if (seed >= NARROW) == x64 and seed in seeds[:4] and seed < 2 ** 63 else ():
                real.config.update('jax_threefry_partitionable', True)
                rows = real.random.permutation(real.random.key(seed), n)
                for first in 0, n // 2, n - 30:
                    skip = f'skip count={first} | ' if first > 0 else ''
                    yield seed, text(n, f'shuffle order=jax | {skip}take count=30'), [rows[first:first + 30].tolist()] * EPOCHS


def tf_index_shuffle(seeds, sizes):
    import tensorflow as real
    from tensorflow.random.experimental import index_shuffle

    def rows(n, second, count):
        of = [real.constant(seed, real.uint64), real.constant(second % 2 ** 64, real.uint64)]
        return index_shuffle(real.range(count, dtype=real.int64), real.stack(of), real.constant(n - 1, real.int64)).numpy()

    for seed in seeds:
        for n in sizes:
            for second in (0, 5, 2 ** 32 - 1):
                if n > 0:  # without rows there is no index to ask for
                    words = 'shuffle order=tf_index_shuffle' + (f' rule=second:{second}' if second else '')
                    yield seed, text(n, words), [rows(n, second + e, n) for e in range(EPOCHS)]
        for n in (2 ** 28 + 1, 2 ** 32 - 1, 2 ** 32 + 1, 10 ** 12, 2 ** 50 + 1):
            yield seed, text(n, 'shuffle order=tf_index_shuffle | take count=20'), [rows(n, e, 20) for e in range(EPOCHS)]


def tf(seeds, sizes):
    import tensorflow as real

    def rows_of(rows):  # batches are read faster
        return [int(r) for batch in rows.batch(1000).as_numpy_iterator() for r in batch]

    def epochs(rows, n):
        return [rows_of(rows) for _ in range(n)]

    for seed in seeds if max(seeds) < 2 ** 63 else [s for s in seeds if s < 2 ** 63]:
        for n in sizes:
            rows = real.data.Dataset.range(n)
            for b in {max(n, 1), 2, 7, 1000}:
                if b == 1 and n > 1 or b in (2, 7) and n > 60000:
                    continue
                words = 'shuffle' + ('' if b == max(n, 1) else f' buffer_size={b}') + ' order=tf'
                real.random.set_seed(None)
                yield seed, text(n, words), epochs(rows.shuffle(b, seed=seed), EPOCHS)
                again = rows.shuffle(b, seed=seed).repeat(EPOCHS)
                flat = rows_of(again)
                yield seed, text(n, words), [flat[e * n:e * n + n] for e in range(EPOCHS)]
                yield seed, text(n, words + ' reshuffle_each_epoch=false'), epochs(rows.shuffle(b, seed=seed, reshuffle_each_iteration=False), EPOCHS)
                real.random.set_seed(77)
                yield seed, text(n, words + ' rule=global:77'), epochs(rows.shuffle(b, seed=seed), EPOCHS)
                real.random.set_seed(seed)
                first, second = rows.shuffle(b), rows.shuffle(b)
                yield seed, text(n, words + ' rule=unseeded:0'), epochs(first, EPOCHS)
                yield seed, text(n, words + ' rule=unseeded:1'), epochs(second, EPOCHS)


def webdataset(seeds, sizes):
    from webdataset import filters

    for seed in seeds:
        for n in sizes if seed < 2 ** 64 - EPOCHS else ():
            for b in {n, 2, 7, 99, 1000}:
                for initial in {100, 1, 13}:
                    rule = [] if initial == 100 else [f'initial:{initial}']
                    words = 'shuffle' + ('' if b == n else f' buffer_size={b}') + ' order=webdataset'
                    det = filters.detshuffle(bufsize=b, initial=initial, seed=seed)
                    yield (seed, text(n, f'{words} rule={",".join(["det"] + rule)}'), [list(det.run(iter(range(n)))) for _ in range(EPOCHS)])
                    stage = filters.shuffle(b, initial=initial, seed=seed)
                    yield (seed, text(n, words + (f' rule={rule[0]}' if rule else '')), [list(stage(iter(range(n)))) for _ in range(EPOCHS)])


def written(folder, n, size):
    """n rows in shards of `size`: a row is 8 bytes and its place in the shard 4"""
    import numpy as np
    from streaming import MDSWriter

    with MDSWriter(out=folder, columns={'id': 'int64'}, size_limit=10 ** 9) as out:
        for i in range(n):
            out.write({'id': np.int64(i)})
            if i % size == size - 1 and i < n - 1:
                out.flush_shard()
                out._reset_cache()


def streaming(seeds, sizes):
    """the library's own functions, whatever the data; of a few rows a real StreamingDataset"""
    import tempfile

    import numpy as np
    from streaming import StreamingDataset
    from streaming.base.partition import get_partitions
    from streaming.base.shuffle import get_shuffle

    for seed in seeds:
        for n in sizes if seed < 2 ** 64 - NARROW else ():
            for how in 'py1e', 'py1s', 'py1br', 'py2s', 'naive':
                for nodes in {1, 2, 5} & set(range(1, n)) if n > 1 else {1} & {n}:
                    rows = n - n % nodes
                    for size in {max(1, rows // 7), max(1, rows // 3 - 1), rows, max(1, rows // 97)} if how != 'naive' else {rows}:
                        block = 40 if rows < 200 else 5000
                        shards = np.array([size] * (rows // size) + [rows % size] * (rows % size > 0))
                        given = get_partitions('relaxed', rows, nodes, 1, 1, 1, 1).reshape(-1)
                        epochs = [get_shuffle(how, shards, nodes, seed, e, block)[given].tolist() for e in range(EPOCHS)]
                        if n == 31 and nodes == 1 and how != 'naive':
                            with tempfile.TemporaryDirectory() as folder:
                                written(folder, n, size)
                                data = StreamingDataset(local=folder, shuffle=True, shuffle_algo=how, shuffle_seed=seed, batch_size=1,
                                                        num_canonical_nodes=1, shuffle_block_size=block)
                                assert [[row['id'] for row in data] for _ in range(EPOCHS)] == epochs
                        rule = f'{how},shard_size:{size},nodes:{nodes},block_size:{block}'
                        yield seed, text(rows, f'shuffle order=streaming rule={rule}'), epochs


def chunked(folder, n, size):
    """n rows in LitData's chunks of `size`"""
    from litdata.streaming import Cache

    cache = Cache(folder, chunk_size=size)
    for i in range(n):
        cache[i] = i
    cache.done()
    cache.merge()


def litdata_rows(folder, seed, window, workers, batch):
    import litdata as real

    data = real.StreamingDataset(folder, shuffle=True, seed=seed, item_shuffle_window=window)
    loader = real.StreamingDataLoader(data, batch_size=batch, num_workers=workers)
    return [[int(i) for rows in loader for i in rows] for _ in range(EPOCHS)]


def litdata(seeds, sizes):
    import tempfile

    for n in sizes:
        for size in ({max(1, n // 5), max(1, n // 2 - 1), n} if n < 10000 else {n // 5}) if n > 0 else ():
            with tempfile.TemporaryDirectory() as folder:
                chunked(folder, n, size)
                for seed in (s for s in seeds[:4 if n < 10000 else 1] if s < NARROW):
                    for window, workers, batch in ((256, 0, 1), (7, 0, 4), (0, 0, 1), (0, 2, 3), (16, 3, 8)):
                        rule = f'chunk_size:{size}' + ('' if window == 256 else f',window:{window}')
                        rule += f',workers:{workers},batch_size:{batch}' if workers > 0 else ''
                        yield seed, text(n, f'shuffle order=litdata rule={rule}'), litdata_rows(folder, seed, window, workers, batch)


def litdata_ranks(seeds, sizes):
    """ranks are what the environment says; as many workers as two are enough"""
    import tempfile

    import litdata as real

    how = ((2, 0, 1, False, None), (3, 0, 4, True, None), (3, 2, 3, True, False), (1, 0, 7, True, True), (1, 2, 3, True, True), (4, 3, 2, True, None))
    for n in sizes:
        for size in ({max(1, n // 5), max(1, n // 2 - 1)} if n < 10000 else {n // 5}) if n > 0 else ():
            with tempfile.TemporaryDirectory() as folder:
                chunked(folder, n, size)
                for seed in (s for s in seeds[:4 if n < 10000 else 1] if s < NARROW):
                    for ranks, workers, batch, loaded, drop in how:
                        for rank in {0, ranks // 2, ranks - 1}:
                            with environment(WORLD_SIZE=ranks, GLOBAL_RANK=rank):
                                data = real.StreamingDataset(folder, shuffle=True, seed=seed)
                            loader = real.StreamingDataLoader(data, batch_size=batch, num_workers=workers, drop_last=drop) if loaded else data
                            epochs = [[int(i) for rows in loader for i in (rows if loaded else [rows])] for _ in range(EPOCHS)]
                            rule = f'chunk_size:{size},ranks:{ranks},rank:{rank}'
                            rule += f',workers:{max(1, workers)},batch_size:{batch}' if loaded else ''
                            rule += {None: '', True: ',drop_last', False: ',keep_last'}[drop]
                            yield seed, text(n, f'shuffle order=litdata rule={rule}'), epochs


def litdata_machines(seeds, sizes):
    """the first epoch has other numbers of rows than the later ones; each again and again, as detpipe's epochs have them"""
    import tempfile

    import litdata as real

    for n in sizes:
        for size in ({max(1, n // 5), max(1, n // 9)} if n < 10000 else {n // 9}) if n > 0 else ():
            with tempfile.TemporaryDirectory() as folder:
                chunked(folder, n, size)
                for seed in (s for s in seeds[:4 if n < 10000 else 1] if s < NARROW):
                    for machines, ranks, workers, batch, drop in (2, 4, 2, 3, True), (3, 3, 0, 2, False), (2, 6, 0, 1, True), (4, 8, 3, 2, False):
                        for rank in {0, ranks // 2, ranks - 1}:
                            with environment(WORLD_SIZE=ranks, GLOBAL_RANK=rank, NNODES=machines):
                                data = real.StreamingDataset(folder, shuffle=True, seed=seed)
                            loader = real.StreamingDataLoader(data, batch_size=batch, num_workers=workers, drop_last=drop)
                            first, *later = ([int(i) for rows in loader for i in rows] for _ in range(1 + EPOCHS))
                            rule = f'chunk_size:{size},ranks:{ranks},rank:{rank},machines:{machines},workers:{max(1, workers)},batch_size:{batch}'
                            rule += ',drop_last' if drop else ',keep_last'
                            yield seed, text(n, f'shuffle order=litdata rule={rule},first_epoch'), [first] * EPOCHS
                            yield seed, text(n, f'shuffle order=litdata rule={rule},later_epochs'), later


def datasets_readers(seeds, sizes):
    """workers of a DataLoader, ranks, and rows that come one by one"""
    import datasets as real
    from datasets.distributed import split_dataset_by_node
    from torch.utils.data import DataLoader

    def stream(rows, shards, mapped, b, rank, ranks, strategy):
        data = real.Dataset.from_dict({'id': list(range(rows))}).to_iterable_dataset(num_shards=shards)
        mixed = (data.map(lambda row: row) if mapped else data).shuffle(seed=seed, buffer_size=b)
        return split_dataset_by_node(mixed, rank, ranks, **({'strategy': strategy} if strategy else {})) if ranks > 1 else mixed

    def epochs(stream, workers, batch):
        loader = DataLoader(stream, batch_size=batch, num_workers=workers, collate_fn=lambda rows: rows) if workers > 0 else None
        passes = []
        for e in range(EPOCHS):
            stream.set_epoch(e)
            passes.append([int(row['id']) for row in stream] if loader is None else [int(row['id']) for rows in loader for row in rows])
        return passes

    ways = ((12, 1, 0, None, 77), (12, 3, 0, None, 25), (12, 5, 0, None, 40), (12, 5, 0, 'shards', 31), (6, 4, 0, 'examples', 7), (1, 2, 0, None, 10))
    loaded = ((12, 1, 1, None, 60), (7, 1, 2, None, 30), (23, 1, 2, None, 50), (12, 3, 2, None, 20), (12, 5, 2, None, 20))
    for seed in seeds:
        for n in sizes if seed < 2 ** 63 else ():
            for shards, ranks, workers, strategy, b in ways + (loaded if n < 300 or n > 10000 else ()):
                if n > 10000 and b not in (7, 25, 31, 50, 77):
                    continue
                counts = {n if ranks == 1 else n - n % shards}  # of shards of two sizes a rank has now more rows, now fewer
                counts |= {n} if strategy == 'examples' or n < shards else set()
                for rows, mapped in itertools.product(counts, (seed % 2 == 1,) if workers > 0 else (False, True)):
                    rule = f'shards:{shards}' + (f',workers:{workers},batch_size:3' if workers else '') + (',mapped' if mapped else '')
                    rule += {None: '', 'shards': ',by_shards', 'examples': ',by_rows'}[strategy]
                    for rank in {0, ranks - 1}:
                        given = made(lambda: epochs(stream(rows, shards, mapped, b, rank, ranks, strategy), workers, 3))
                        at = f',ranks:{ranks},rank:{rank}' if ranks > 1 else ''
                        yield seed, text(rows, f'shuffle buffer_size={b} order=datasets rule={rule}{at}'), given


def shards_of_tar(folder, n, size):
    """n samples in archives of `size`"""
    import io
    import tarfile

    names = []
    for begin in range(0, n, size):
        names.append(f'{folder}/{begin:09}.tar')
        with tarfile.open(names[-1], 'w') as out:
            for i in range(begin, min(n, begin + size)):
                info = tarfile.TarInfo(f'{i:09}.txt')
                info.size = len(str(i))
                out.addfile(info, io.BytesIO(str(i).encode()))
    return names


def webdataset_shards(seeds, sizes):
    """WebDataset's own pipeline over archives: shards, ranks, workers; ranks are what the environment says"""
    import tempfile

    import webdataset as real
    from torch.utils.data import DataLoader

    def epochs(names, how, b, det, workers, persistent):
        data = real.WebDataset(names, seed=seed, nodesplitter=real.split_by_node, **how)
        if b > 0:
            data = data.compose(real.detshuffle(b, seed=seed)) if det else data.shuffle(b, seed=seed)
        loader = data
        if workers > 0:
            loader = DataLoader(data, batch_size=4, num_workers=workers, collate_fn=list, persistent_workers=persistent)
        for _ in range(EPOCHS):
            yield [int(r['txt']) for batch in loader for r in (batch if workers > 0 else [batch])]

    hows = ((0, 0, 30, True, 1, 0, 0), (10, 1, 7, True, 2, 0, 0), (3, 0, 0, False, 1, 0, 0), (100, 1, 0, False, 3, 0, 0), (2, 1, 50, False, 1, 0, 0),
            (100, 1, 9, True, 1, 2, 0), (100, 1, 9, True, 1, 2, 1), (5, 0, 0, False, 2, 2, 0))
    for seed in seeds:
        for n in sizes if seed < 2 ** 64 - EPOCHS else ():
            for size in {max(1, n // 13), max(1, n // 7)} if 0 < n < 4000 else (n // 7,) if n > 0 else ():
                with tempfile.TemporaryDirectory() as folder:
                    names = shards_of_tar(folder, n, size)
                    for k, shard_det, b, det, ranks, workers, persistent in hows:
                        rule = f'shard_size:{size}' + (f',shard_shuffle:{k}' if k else '') + (',shard_det' if k and shard_det else '')
                        rule += ',in_shards' if b == 0 else ',det' if det else ''
                        rule += f',workers:{workers},batch_size:4' if workers else ''
                        rule += ',persistent_workers' if persistent else ''
                        given = {}
                        for rank in sorted({0, ranks - 1}):
                            with environment(RANK=rank, WORLD_SIZE=ranks):
                                given[rank] = made(lambda: list(epochs(names, dict(shardshuffle=k, detshuffle=bool(shard_det)), b, det, workers, bool(persistent))))
                        fails = [rows for rows in given.values() if isinstance(rows, str)]  # one rank, and so the run
                        for rank, rows in given.items():
                            at = f',ranks:{ranks},rank:{rank}' if ranks > 1 else ''
                            words = f'shuffle order=webdataset{f" buffer_size={b}" if b else ""} rule={rule}{at}'
                            yield seed, text(n, words), fails[0] if fails else rows


def streaming_ranks(seeds, sizes):
    """machines, ranks, and nodes that do not divide the rows: by the library's own functions"""
    import numpy as np
    from streaming.base.partition import get_partitions
    from streaming.base.shuffle import get_shuffle

    ways = ((1, 1, 64, 0), (1, 1, 7, 3), (2, 2, 2, 0), (2, 4, 2, 0), (3, 6, 6, 2), (4, 8, 2, 2), (6, 6, 2, 0), (3, 9, 1, 1), (1, 5, 1, 0))
    for seed in seeds:
        for n in sizes if seed < 2 ** 64 - NARROW else ():
            for machines, ranks, nodes, workers in ways:
                for i, how in enumerate(('py1e', 'py1s', 'py1br', 'py2s', 'naive')):
                    if n > 10000 and ranks not in (1, 4):
                        continue
                    size, block = max(1, n // 7), 40 if n < 200 else 5000
                    shards = np.array([size] * (n // size) + [n % size] * (n % size > 0))
                    parts = made(lambda: get_partitions('relaxed', n, nodes, machines, ranks // machines, max(1, workers), 3))
                    for rank in {0, ranks // 2, ranks - 1}:
                        epochs = parts
                        if not isinstance(parts, str):
                            given = parts[rank // (ranks // machines), rank % (ranks // machines)].transpose(1, 0, 2).reshape(-1)
                            given = given[given != -1]
                            epochs = made(lambda: [get_shuffle(how, shards, nodes, seed, e, block)[given].tolist() for e in range(EPOCHS)])
                        rule = f'{how},shard_size:{size},nodes:{nodes},block_size:{block}'
                        rule += f',machines:{machines},ranks:{ranks},rank:{rank}' if ranks > 1 else ''
                        yield seed, text(n, f'shuffle order=streaming rule={rule}'), epochs
