#!/usr/bin/env python3
"""How well orders mix, and what they ask for: docs/orders.md has the table.

    bench_mixing.py BUILD [ROWS]      (a million rows in 100 classes, sorted by class: the worst case)

chi2: of the classes in batches of 256, the mean chi-square over its degrees of freedom.  1 is a perfect shuffle,
as far above it as classes come in lumps; 2560 is the sorted file.  classes: that such a batch has, of 100.
open: the most rows that have to be kept, that each block (shard) be fetched once: of all blocks between the first
and the last of their rows; of a buffer its rows.
"""
import subprocess
import sys

build, rows = sys.argv[1], int((sys.argv[2:] + [10 ** 6])[0])
CLASSES, BATCH = 100, 256
TEXTS = [  # order, rows of a block; 0 = rows come in turn, and the buffer is what is kept
    ('shuffle', 1),
    ('shuffle block=256 window=16', 256),
    ('shuffle block=256 window=64', 256),
    ('shuffle block=256 window=256', 256),
    ('shuffle block=1024 window=16', 1024),
    ('shuffle block=1024 window=64', 1024),
    ('shuffle order=streaming rule=py1e,shard_size:1024', 1024),
    ('shuffle order=streaming rule=py1e,shard_size:1024,nodes:1,block_size:65536', 1024),
    ('shuffle order=streaming rule=py1e,shard_size:1024,nodes:1,block_size:16384', 1024),
    ('shuffle order=streaming rule=py1e,shard_size:256,nodes:1,block_size:65536', 256),
    ('shuffle order=streaming rule=py1e,shard_size:256,nodes:1,block_size:16384', 256),
    ('shuffle buffer_size=65536 order=webdataset rule=shard_size:1024,shard_shuffle:1000', 0),
    ('shuffle buffer_size=16384 order=webdataset rule=shard_size:1024,shard_shuffle:1000', 0),
    ('shuffle buffer_size=65536 order=webdataset rule=shard_size:256,shard_shuffle:4000', 0),
    ('shuffle buffer_size=16384 order=webdataset rule=shard_size:256,shard_shuffle:4000', 0),
]


def order_of(text):
    out = subprocess.run([f'{build}/detpipe', 'order', f'range count={rows} | {text}'],
                         check=True, capture_output=True, text=True).stdout
    return [int(row) for row in out.split()]


def mixing(order):
    expected, chi2, classes, n = BATCH / CLASSES, 0.0, 0, 0
    for first in range(0, len(order) - BATCH + 1, BATCH):
        count = [0] * CLASSES
        for row in order[first:first + BATCH]:
            count[row * CLASSES // rows] += 1
        chi2 += sum((c - expected) ** 2 for c in count) / expected / (CLASSES - 1)
        classes += sum(c > 0 for c in count)
        n += 1
    return chi2 / n, classes / n


def most_open(order, block):
    first, last = {}, {}
    for place, row in enumerate(order):
        first.setdefault(row // block, place)
        last[row // block] = place
    steps = sorted([(p, 1) for p in first.values()] + [(p + 1, -1) for p in last.values()])
    held = most = 0
    for _, step in steps:
        held += step
        most = max(most, held)
    return most * block


for text, block in TEXTS:
    order = order_of(text)
    assert sorted(order) == list(range(rows)), text
    held = most_open(order, block) if block > 1 else rows if block else int(text.split('buffer_size=')[1].split()[0])
    print('%-84s chi2 %7.2f  classes %5.1f  open %8d' % (text, *mixing(order), held), flush=True)
