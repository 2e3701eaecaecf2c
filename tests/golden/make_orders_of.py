#!/usr/bin/env python3
"""Print the lines that library_orders.txt lacks: orders that one real library makes (needs that library).

    make_orders_of.py ORDER [PACKAGE ..]     a function of order_cases.py; packages whose versions are named

Each line is a seed, a detpipe text, and three epochs of rows, as make_orders.py writes them, or what the library raises.
"""
import importlib.metadata
import os
import re
import sys

import order_cases

SEEDS = (1234, 3000000019, 2 ** 40 + 3, 2 ** 63 - 25)
SIZES = (0, 1, 2, 31, 50000, 65537)


def shown(text, epoch):
    if len(epoch) > 100:
        return 'sum=%d' % sum((i + 1) * int(r) for i, r in enumerate(epoch))
    return ' '.join(str(int(r)) for r in epoch)


def main():
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'library_orders.txt')) as f:
        there = {line[:line.index(' :', line.index(' : ') + 3)] for line in f if not line.startswith('#')}
    versions = [f'{p} {importlib.metadata.version(p)}' for p in sys.argv[2:] + ['numpy']]
    print(f'# {", ".join(versions)}: make_orders_of.py {" ".join(sys.argv[1:])}')
    for seed, text, epochs in getattr(order_cases, sys.argv[1])(SEEDS, SIZES):
        if max(map(int, re.findall('count=([0-9]+)', text))) >= 50000 and SEEDS.index(seed) % 2 == 1:
            continue  # the test reads every row
        line = f'seed={seed} epochs={order_cases.EPOCHS} : {text}'
        if line not in there:
            there.add(line)
            print(line, ':', epochs if isinstance(epochs, str) else ' | '.join(shown(text, e) for e in epochs))


main()
