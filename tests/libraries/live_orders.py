#!/usr/bin/env python3
"""Compare orders of detpipe with those of the real libraries, on fresh seeds: not part of any test run.

    live_orders.py DETPIPE ORDER [CASES [SEED]]

ORDER is a function of tests/golden/order_cases.py and needs its library (tools/dev peers).  SEED makes the same cases
again; without it the time does.  What the library raises must be refused.  Prints each case that differs; status 1 if one does, 0 if CASES (300) do not.
"""
import os
import random
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'golden'))
import order_cases


def delivered(detpipe, seed, text):
    command = [detpipe, 'order', text, '--seed', str(seed), '--epochs', str(order_cases.EPOCHS)]
    ran = subprocess.run(command, capture_output=True, text=True)
    if 'the stream is empty' in ran.stderr:
        return [[]] * order_cases.EPOCHS
    if ran.returncode != 0:
        return ran.stderr.strip()
    return [[int(r) for r in epoch.split()] for epoch in ran.stdout.strip('\n').split('|')]


def fresh_cases(order, rng):
    """JAX compiles for every size, so it has more seeds of each; of others each row goes through a worker, so they have fewer rows"""
    seeds_of, most = 40 if order == 'jax' else 2, 1000 if order in ('litdata', 'litdata_ranks', 'webdataset_shards') else 5000
    while True:
        seeds = tuple(rng.getrandbits(rng.choice((4, 31, 32, 40, 63, 64))) for _ in range(seeds_of))
        yield from getattr(order_cases, order)(seeds, (rng.randrange(1, 8), rng.randrange(8, 200), rng.randrange(200, most)))


def main():
    detpipe, order = sys.argv[1:3]
    n = int(sys.argv[3]) if len(sys.argv) > 3 else 300
    start = int(sys.argv[4]) if len(sys.argv) > 4 else time.time_ns() % 10 ** 9
    differ = 0
    for i, (seed, text, epochs) in enumerate(fresh_cases(order, random.Random(start))):
        if i == n:
            break
        got = delivered(detpipe, seed, text)
        if isinstance(epochs, str):
            same = isinstance(got, str)
        else:
            same = got == [[int(r) for r in e] for e in epochs]
        if not same:
            differ += 1
            print(f'{order}, seed {seed}: {text[:300]}\n  library: {str(epochs)[:300]}\n  detpipe: {str(got)[:300]}')
    print(f'{order}: {n} cases of seed {start}, {differ} differ')
    sys.exit(differ > 0)


main()
