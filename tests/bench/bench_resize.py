#!/usr/bin/env python3
"""Time resize antialias=true and Pillow's Image.resize in turn: 500x375 RGB to 224x224, one thread, CPU time.

    bench_resize.py BUILD [ROUNDS]     (needs Pillow and NumPy)
"""
import statistics
import subprocess
import sys
import time

import numpy as np
import PIL
from PIL import Image

FILTERS = {'linear': Image.BILINEAR, 'cubic': Image.BICUBIC, 'lanczos': Image.LANCZOS, 'box': Image.BOX}
ROWS = 5
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 99
image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (375, 500, 3), dtype=np.uint8))

print(f'Pillow {PIL.__version__}, {rounds} rounds: us of an image, median (least)')
for name, which in FILTERS.items():
    program = subprocess.Popen([sys.argv[1] + '/tests/bench_resize', name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True, bufsize=1)
    ours, theirs = [], []
    for _ in range(rounds):
        program.stdin.write('\n')
        ours.append(float(program.stdout.readline()) / 1e3)
        start = time.thread_time()
        for _ in range(ROWS):
            image.resize((224, 224), which)
        theirs.append((time.thread_time() - start) * 1e6 / ROWS)
    program.stdin.close()
    program.wait()
    ratio = statistics.median(t / o for t, o in zip(theirs, ours))
    print(f'{name}: detpipe {statistics.median(ours):.0f} ({min(ours):.0f}), '
          f'Pillow {statistics.median(theirs):.0f} ({min(theirs):.0f}), {ratio:.2f} times')
