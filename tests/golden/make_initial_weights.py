#!/usr/bin/env python3
"""Lines of initial_weights.txt: SHA-256 of the parameters that a library makes of random nets.

    make_initial_weights.py LIBRARY [CASES [SEED]] >> initial_weights.txt

LIBRARY is a function of initial_cases.py; what is rare stands before the CASES (60) nets of SEED (1).
"""
import importlib.metadata
import random
import sys

import initial_cases

library = sys.argv[1]
n, start = (int(v) for v in (sys.argv[2:4] + ['60', '1'][len(sys.argv) - 2:]))
rng = random.Random(start)
print(f'# {library} {importlib.metadata.version(library)}, seed {start}')
for case in getattr(initial_cases, f'{library}_rare', list)():
    print(initial_cases.line(library, case))
for _ in range(n):
    print(initial_cases.line(library, getattr(initial_cases, library)(rng)))
