#!/usr/bin/env python3
"""Print lines for pillow.txt: what Pillow's Image.resize makes of noise, as SHA-256.

    make_pillow.py true | pillow13     (needs Pillow: up to 12.3, or 13)

A line is a size, a box (top, left, height, width; the image is cropped first), the size that it is brought to, a filter,
and the digest of the images of 1, 2, 3 and 4 channels one behind the other.  Every second case is black and white.
"""
import hashlib
import sys

import numpy as np
import PIL
from PIL import Image

FILTERS = {'nearest': Image.NEAREST, 'box': Image.BOX, 'linear': Image.BILINEAR, 'hamming': Image.HAMMING,
           'cubic': Image.BICUBIC, 'lanczos': Image.LANCZOS}
CASES = [  # height, width, box, height, width
    (375, 500, None, 224, 224),
    (500, 333, None, 224, 224),
    (333, 500, (17, 101, 251, 189), 224, 224),
    (500, 333, (3, 2, 497, 120), 224, 224),
    (32, 32, None, 224, 224),
    (100, 75, None, 256, 192),
    (1, 1, None, 5, 9),
    (1, 37, None, 3, 11),
    (37, 1, None, 11, 3),
    (2, 3, None, 31, 29),
    (211, 7, None, 3, 101),
    (7, 211, None, 101, 3),
    (97, 89, None, 1, 1),
    (300, 5, None, 1, 5),
    (5, 300, None, 5, 1),
    (64, 64, None, 32, 32),
    (63, 65, None, 32, 31),
    (61, 67, None, 61, 13),
    (61, 67, None, 13, 67),
    (45, 3, None, 46, 2),
    (450, 2, None, 3, 4),
    (60, 50, None, 20, 30),  # just not tall enough for Pillow 13 to begin with the columns
    (29, 31, (28, 30, 1, 1), 7, 5),
    (29, 31, (0, 0, 29, 31), 30, 32),
    (29, 31, (11, 0, 18, 4), 3, 3),
    (29, 31, (5, 9, 24, 22), 8, 21),
]
MOST = max(h * w for h, w, _, _, _ in CASES) * 4


def noise():
    state, out = 1, bytearray(MOST)
    for i in range(MOST):
        state = (state * 1664525 + 1013904223) & 0xffffffff
        out[i] = state >> 24
    return np.frombuffer(bytes(out), np.uint8)


def main(word):
    if (int(PIL.__version__.split('.')[0]) >= 13) != (word == 'pillow13'):
        sys.exit(f'Pillow {PIL.__version__} is not what antialias={word} stands for')
    pixels = noise()
    for i, (h, w, box, oh, ow) in enumerate(CASES):
        top, left, bh, bw = box or (0, 0, h, w)
        for name, which in FILTERS.items():
            sha = hashlib.sha256()
            for c in 1, 2, 3, 4:
                a = pixels[:h * w * c].reshape(h, w, c)
                a = np.where(a > 127, 255, 0).astype(np.uint8) if i % 2 else a
                image = Image.fromarray(a if c > 1 else a[:, :, 0]).crop((left, top, left + bw, top + bh))
                sha.update(image.resize((ow, oh), which).tobytes())
            print(f'antialias={word} in={h},{w} box={top},{left},{bh},{bw} size={oh},{ow} interpolation={name} '
                  f'sha256={sha.hexdigest()}')


main(sys.argv[1])
