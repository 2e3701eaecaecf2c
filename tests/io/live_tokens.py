#!/usr/bin/env python3
"""Compare windows of tokens with those of Megatron's GPTDataset: test_live_tokens.sh runs it.

    live_tokens.py DETPIPE CASES SEED       (needs megatron-core and torch)

Data sets of random documents and types are written by Megatron's builder; its windows, kept as .npy arrays, and the
stream of `tokens` must have one digest.  Status 1 where they differ.
"""
import os
import random
import subprocess
import sys
import tempfile

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'golden'))
import make_tokens


def digest(detpipe, text, threads):
    command = [detpipe, 'digest', text, '--threads', str(threads)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def check(detpipe, rng):
    dtype = rng.choice(list(make_tokens.DType)).name
    lengths = [rng.choice((0, 1, 2, rng.randrange(300))) for _ in range(rng.randrange(1, 60))] + [3]
    n, length = sum(lengths), rng.choice((2, 3, 7, 64))
    length = max(2, min(length, n - 1))
    text = [rng.randrange(128) for _ in range(n)]
    make_tokens.megatron_file('x', getattr(numpy, dtype), make_tokens.cut(text, lengths))
    seed, num_samples = rng.randrange(2 ** 32), rng.choice((0, rng.randrange(1, 4 * n // length + 2)))
    orders = [('', numpy.array([text[i:i + length + 1] for i in range(0, n - length, length)], dtype='<i4'))]
    if not dtype.startswith('float'):  # which GPTDataset does not take
        split, part = rng.choice((('1', 0), ('969,30,1', 0), ('5,3,2', 0), ('5,3,2', 1), ('0.3,0.7', 1)))
        words = f'order=megatron seed={seed} num_samples={num_samples} split={split} part={part}'
        windows = make_tokens.samples('x', seed, length, num_samples, split, part)
        if windows is not None and len(windows) > 0:
            orders.append((words, windows))
    for words, windows in orders:
        numpy.save('input.npy', windows[:, :-1])
        numpy.save('label.npy', windows[:, 1:])
        ours = digest(detpipe, f'tokens file=x.idx length={length} {words} | project columns=input,label', rng.choice((1, 2, 7)))
        real = digest(detpipe, 'npy file=input.npy,label.npy columns=input,label | project columns=input,label', 1)
        if ours != real:
            print(f'{dtype}, lengths {lengths}, length={length} {words}: other windows')
            return False
    return True


def main(detpipe, cases, seed):
    rng = random.Random(int(seed))
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        wrong = sum(not check(detpipe, rng) for _ in range(int(cases)))
    print(f'tokens: {cases} data sets of megatron-core {make_tokens.megatron.core.__version__}, {wrong} differ')
    return wrong > 0


sys.exit(main(*sys.argv[1:]))
