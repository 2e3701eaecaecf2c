#!/usr/bin/env python3
"""Lines of initial_weights.txt: SHA-256 of the parameters that a library makes of random nets.

    make_initial_weights.py CASE [CASES [SEED]] >> initial_weights.txt

CASE is a function of initial_cases.py, whose name begins with the library's; what is rare stands before the CASES (60)
nets of SEED (1).
"""
import importlib.metadata
import random
import sys

import initial_cases

case = sys.argv[1]
library = case.split('_')[0]
n, start = (int(v) for v in (sys.argv[2:4] + ['60', '1'][len(sys.argv) - 2:]))
rng = random.Random(start)
print(f'# {library} {importlib.metadata.version(library)}, seed {start}')
for rare in getattr(initial_cases, f'{case}_rare', list)():
    print(initial_cases.line(library, rare))
for _ in range(n):
    print(initial_cases.line(library, getattr(initial_cases, case)(rng)))
