#!/usr/bin/env python3
"""Compare the pictures of detpipe with those of a real library, as one digest of all: test_live_photos.sh runs it.

    live_photos.py make FOLDER COUNT SEED           # photographs of COUNT kinds: sizes, sampling, quality, EXIF, gray, ...
    live_photos.py compare DETPIPE FOLDER LIBRARY   # a row of `decoder=`, which must be installed

The library decodes each JPEG of the class folders in FOLDER, and a PNG of its pixels is written beside them; the stream
of those, which no JPEG decoder touches, must have the digest of the stream that detpipe decodes, with 1, 2 and 7 threads,
from the middle, and out of a snapshot of the files.  Status 1 where they differ.
"""
import os
import random
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image
from PIL.Image import Transpose

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'golden'))
import make_pictures


STORED = [Transpose.FLIP_LEFT_RIGHT, Transpose.ROTATE_180, Transpose.FLIP_TOP_BOTTOM, Transpose.TRANSPOSE, Transpose.ROTATE_90,
          Transpose.TRANSVERSE, Transpose.ROTATE_270]


def photograph(rng, h, w):
    """A sky with a sun, hills one behind the other, things with soft edges, and the noise of a sensor."""
    y, x = np.mgrid[0:h, 0:w] / max(h, w)

    def colour():
        return np.array([rng.uniform(0, 255) for _ in range(3)])

    def put(pixels, inside, what):
        inside = np.clip(inside * max(h, w) / 3, 0, 1)[:, :, None]
        return pixels * (1 - inside) + what * inside

    pixels = colour() * (1 - y[:, :, None]) + colour() * y[:, :, None]
    pixels = put(pixels, rng.uniform(0.02, 0.1) - np.hypot(y - rng.uniform(0, 0.4), x - rng.uniform(0, 1)), np.array([255, 250, 220]))
    for layer in range(4):
        ridge = 0.25 + 0.15 * layer + sum(rng.uniform(0, 0.05) * np.sin(rng.uniform(3, 40) * x + rng.uniform(0, 6)) for _ in range(3))
        pixels = put(pixels, y - ridge, colour() * rng.uniform(0.3, 1) * (1.2 - y[:, :, None]))
    for _ in range(rng.randrange(9)):
        pixels = put(pixels, rng.uniform(0.01, 0.08) - np.hypot(y - rng.uniform(0.3, 1), x - rng.uniform(0, 1)), colour())
    pixels += np.random.RandomState(rng.getrandbits(31)).normal(0, rng.uniform(0, 5), (h, w, 3))
    return np.clip(pixels, 0, 255).astype(np.uint8)


def make(folder, count, seed):
    for i in range(count):
        rng = random.Random(seed * 1000003 + i)
        picture = Image.fromarray(photograph(rng, rng.randint(1, 400), rng.randint(1, 400)))
        mode = rng.choice(('RGB', 'RGB', 'RGB', 'RGB', 'L', 'CMYK'))
        how = {'quality': rng.choice((1, 30, 75, 90, 95, 100)), 'subsampling': rng.randrange(3),
               'progressive': rng.random() < 0.2, 'optimize': rng.random() < 0.2}
        if rng.random() < 0.3:  # it is upright once it is turned
            orientation = rng.randint(1, 8)
            how['exif'] = make_pictures.exif(orientation)
            picture = picture.transpose(STORED[orientation - 2]) if orientation > 1 else picture
        if rng.random() < 0.2:
            how['restart_marker_blocks'] = rng.randint(1, 9)
        place = os.path.join(folder, rng.choice('abc'))
        os.makedirs(place, exist_ok=True)
        picture.convert(mode).save(os.path.join(place, '%05d.jpg' % i), 'JPEG', **how)


def digest(detpipe, text, data, *options):
    ran = subprocess.run([detpipe, 'digest', text, '--data', data, *options], capture_output=True, text=True)
    return ran.stdout.split()[0] if ran.returncode == 0 else ran.stderr.strip()


def decode_all(folder, out, library):
    version, decode = getattr(make_pictures, library + '_decoder')()
    n = 0
    for place, _, names in os.walk(folder):
        for name in names:
            target = os.path.join(out, os.path.relpath(place, folder))
            os.makedirs(target, exist_ok=True)
            with open(os.path.join(target, os.path.splitext(name)[0] + '.png'), 'wb') as f:
                f.write(make_pictures.png(decode(os.path.join(place, name), 3), level=1))
            n += 1
    return version, n


def compare(detpipe, folder, library):
    with tempfile.TemporaryDirectory() as work:
        version, n = decode_all(folder, os.path.join(work, 'theirs'), library)
        snapshot = os.path.join(work, 'files.dps')
        subprocess.run([detpipe, 'snapshot', 'write', 'image_folder', snapshot, '--data', folder], check=True, capture_output=True)
        middle = ('--skip', str(n // 2))
        wanted = [digest(detpipe, 'image_folder decode=true | shuffle', os.path.join(work, 'theirs'), *o) for o in ((), middle)]
        text = 'image_folder | shuffle | decode decoder=' + library
        found = [(digest(detpipe, text, folder, *o, '--threads', t), wanted[o != ()], ' '.join(('threads', t) + o))
                 for t in ('1', '2', '7') for o in ((), middle)]
        text = text.replace('image_folder', 'snapshot file=' + snapshot)
        found.append((digest(detpipe, text, folder), wanted[0], 'a snapshot'))
    for seen, want, what in found:
        if seen != want:
            sys.exit('%s %s, %d pictures, %s: %s, not %s' % (library, version, n, what, seen, want))
    print('%s %s: %d pictures, one digest: %s' % (library, version, n, wanted[0]))


def main():
    if sys.argv[1] == 'make':
        make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        compare(*sys.argv[2:])


main()
