#!/usr/bin/env python3
"""Write tests/golden/jpeg, small JPEG files of every kind, and tests/golden/jpeg.txt: what the real libraries make of them.

    make_jpegs.py jpeg/ > jpeg.txt       # needs cjpeg of libjpeg-turbo, and Pillow, OpenCV and MindSpore from PyPI

A line is "FILE DECODER CHANNELS HEIGHTxWIDTH SHA256", of the pixels, row after row; "refused" stands for the last two.
With the folder made already it is left alone: another cjpeg may write other bytes.
"""
import hashlib
import io
import os
import subprocess
import sys

import cv2
import mindspore
import mindspore.dataset.vision as vision
import numpy as np
import PIL
from PIL import Image

out = sys.argv[1]
SIZES = {'': (37, 43), 'b': (19, 17), 'c': (5, 3), 'd': (1, 1), 'e': (16, 33)}


def picture(h, w):
    """Edges, slopes and noise, in colours that differ in all three."""
    rng = np.random.RandomState(h * 100 + w)
    y, x = np.mgrid[0:h, 0:w]
    planes = [128 + 90 * np.sin(y / 5.0 + x / 9.0), 255.0 * ((x // 5 + y // 7) % 2), 255.0 * x / max(1, w - 1)]
    return np.clip(np.stack(planes, 2) + rng.normal(0, 22, (h, w, 3)), 0, 255).astype(np.uint8)


def cjpeg(pixels, *options):
    head = b'P%d %d %d 255\n' % (6 if pixels.ndim == 3 else 5, pixels.shape[1], pixels.shape[0])
    return subprocess.run(['cjpeg', '-quality', '90', *options], input=head + pixels.tobytes(), stdout=subprocess.PIPE, check=True).stdout


def segments(data):
    """(marker, first byte, behind the last) of each segment before the pixels."""
    at, found = 2, []
    while data[at + 1] != 0xDA:
        size = 2 + int.from_bytes(data[at + 2:at + 4], 'big')
        found.append((data[at + 1], at, at + size))
        at += size
    return found


def changed(data, marker, place, value):
    """One byte of a segment is another."""
    at = next(a for m, a, _ in segments(data) if m == marker)
    return data[:at + place] + bytes([value]) + data[at + place + 1:]


def without(data, marker):
    for m, a, b in reversed(segments(data)):
        if m == marker:
            data = data[:a] + data[b:]
    return data


def pillow(pixels, mode, **options):
    f = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(f, 'JPEG', **{'quality': 90, **options})
    return f.getvalue()


def exif(orientation):
    e = Image.Exif()
    e[0x0112] = orientation
    return e.tobytes()


def scans(text):
    with open(os.path.join(out, 'scans.tmp'), 'w') as f:
        f.write(text)
    return ['-scans', f.name]


def files():
    big = {name: picture(*size) for name, size in SIZES.items()}
    p = big['']
    gray = p[:, :, 1].copy()
    for name, pixels in big.items():
        for kind, sample in (('420', '2x2'), ('422', '2x1'), ('444', '1x1')):
            yield kind + name, cjpeg(pixels, '-sample', sample)
    for kind, sample in (('440', '1x2'), ('411', '4x1'), ('410', '4x2'), ('441', '1x4'), ('3x1', '3x1'), ('mixed-h', '2x2,2x1,2x1'),
                         ('mixed-v', '2x2,1x2,1x2')):
        yield kind, cjpeg(p, '-sample', sample)
    yield 'quality100', cjpeg(p, '-quality', '100')
    yield 'quality25', cjpeg(p, '-quality', '25')
    yield 'quality1', cjpeg(p, '-quality', '1')
    yield 'progressive', cjpeg(p, '-progressive')
    yield 'progressive-444', cjpeg(p, '-progressive', '-sample', '1x1')
    yield 'optimized', cjpeg(p, '-optimize')
    yield 'restart1', cjpeg(p, '-restart', '1B')
    yield 'restart-row', cjpeg(p, '-restart', '1')
    yield 'arithmetic', cjpeg(p, '-arithmetic')
    yield 'scans', cjpeg(p, *scans('0; 1; 2;'))
    yield 'gray', cjpeg(gray)
    yield 'gray-2x2', cjpeg(gray, '-sample', '2x2')
    yield 'adobe-rgb', cjpeg(p, '-rgb')
    adobe = pillow(p, 'CMYK')
    ycck = changed(adobe, 0xEE, 15, 2)
    for kind, data in (('cmyk', adobe), ('ycck', ycck)):
        yield kind + '-adobe', data
    yield 'cmyk', without(adobe, 0xEE)
    for orientation in range(1, 9):
        yield 'exif%d' % orientation, pillow(big['e'], 'RGB', exif=exif(orientation))
    yield 'exif-b6', pillow(big['b'], 'RGB', exif=exif(6), subsampling=0)
    yield 'exif9', pillow(big['c'], 'RGB', exif=exif(9))
    whole = cjpeg(p)
    yield 'trailing', whole + b'more bytes'
    yield 'no-end', whole[:-2]
    yield 'no-end-progressive', cjpeg(p, '-progressive')[:-2]
    yield 'cut', whole[:-200]
    yield 'cut-progressive', cjpeg(p, '-progressive')[:-400]
    yield 'flipped', whole[:-150] + bytes([whole[-150] ^ 0x10]) + whole[-149:]
    lost = cjpeg(p, '-restart', '1')
    at = lost.index(b'\xff\xd1')
    yield 'lost-restart', lost[:at] + lost[at + 2:]
    yield 'bits12', changed(whole, 0xC0, 4, 12)
    at = next(a for m, a, _ in segments(whole) if m == 0xC0)
    yield 'lossless', whole[:at + 1] + b'\xc3' + whole[at + 2:]


def digest(pixels, channels):
    if pixels is None or pixels.dtype != np.uint8:
        return 'refused'
    pixels = np.ascontiguousarray(pixels)
    return '%dx%d %s' % (*pixels.shape[:2], hashlib.sha256(pixels.tobytes()).hexdigest())


def as_pillow(path, channels):
    return np.asarray(Image.open(path).convert('RGB' if channels == 3 else 'L'))


def as_opencv(path, channels):
    if 'cut-progressive' in path:
        return None  # smoothed otherwise by each version
    return cv2.imread(path, cv2.IMREAD_COLOR_RGB if channels == 3 else cv2.IMREAD_GRAYSCALE)


def as_mindspore(path, channels):
    return vision.Decode()(np.fromfile(path, np.uint8)) if channels == 3 else None


def main():
    if not os.path.exists(out):
        os.makedirs(out)
        for name, data in files():
            with open(os.path.join(out, name + '.jpg'), 'wb') as f:
                f.write(data)
        os.remove(os.path.join(out, 'scans.tmp'))
    print('# make_jpegs.py, with Pillow %s, OpenCV %s, MindSpore %s' % (PIL.__version__, cv2.__version__, mindspore.__version__))
    for name in sorted(n for n in os.listdir(out) if n.endswith('.jpg')):
        for decoder, decode in (('mindspore', as_mindspore), ('pillow', as_pillow), ('opencv', as_opencv)):
            for channels in (3, 1):
                if decoder == 'mindspore' and channels == 1:
                    continue
                try:
                    pixels = decode(os.path.join(out, name), channels)
                except (OSError, RuntimeError, ValueError):
                    pixels = None
                print(name, decoder, channels, digest(pixels, channels))


main()
