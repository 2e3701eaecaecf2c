#!/usr/bin/env python3
"""Write tests/golden/png: small PNG files of every kind, and the pixels that they stand for.

    make_pngs.py OUT_DIR

Encoded here by the PNG specification (third edition), filter 0 and 1, with zlib; expected.bin holds the 8-bit RGB of every
file in the order of class folders and names, by the rules of io/png_folder.c.  No PNG library is involved.
"""
import os
import struct
import sys
import zlib

import numpy as np

H, W = 5, 7
out = sys.argv[1]
rng = np.random.RandomState(7)
expected = []


def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def packed(row, depth):
    """Samples of a row, most significant bits first."""
    if depth == 16:
        return b''.join(struct.pack('>H', int(v)) for v in row)
    bits = ''.join(format(int(v), f'0{depth}b') for v in row)
    bits += '0' * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def scanlines(pixels, depth):
    """Rows of <h,w,channels>, every second one with filter 1 (Sub)."""
    h, w, c = pixels.shape
    step = max(1, c * depth // 8)
    data = b''
    for y in range(h):
        raw = packed(pixels[y].reshape(-1), depth)
        if y % 2 == 0:
            data += b'\x00' + raw
        else:
            data += b'\x01' + bytes((raw[i] - (raw[i - step] if i >= step else 0)) & 255 for i in range(len(raw)))
    return data


ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def write(folder, name, color, depth, pixels, rgb, extra=b'', interlaced=False):
    os.makedirs(os.path.join(out, folder), exist_ok=True)
    if interlaced:
        data = b''.join(scanlines(p, depth) for y, x, dy, dx in ADAM7 for p in [pixels[y::dy, x::dx]] if p.size)
    else:
        data = scanlines(pixels, depth)
    with open(os.path.join(out, folder, name), 'wb') as f:
        f.write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', W, H, depth, color, 0, 0, int(interlaced)))
                + extra + chunk(b'IDAT', zlib.compress(data)) + chunk(b'IEND', b''))
    expected.append((folder, name, np.broadcast_to(rgb, (H, W, 3)).astype(np.uint8)))


def draw(c, depth):
    return rng.randint(0, 1 << depth, (H, W, c))


p = draw(3, 8)
write('a', 'rgb8.png', 2, 8, p, p)
p = draw(3, 16)
write('a', 'rgb16.png', 2, 16, p, p >> 8)
p = draw(4, 8)
write('a', 'rgba8.png', 6, 8, p, p[..., :3])
p = draw(4, 16)
write('a', 'rgba16.png', 6, 16, p, p[..., :3] >> 8)
p = draw(3, 8)
write('a', 'interlaced.png', 2, 8, p, p, interlaced=True)
for depth in (1, 2, 4, 8):
    p = draw(1, depth)
    write('b', f'gray{depth}.png', 0, depth, p, p * 255 // ((1 << depth) - 1))
p = draw(1, 16)
write('b', 'gray16.png', 0, 16, p, p >> 8)
p = draw(2, 8)
write('b', 'gray_alpha8.png', 4, 8, p, p[..., :1])
palette = rng.randint(0, 256, (16, 3))
for depth in (1, 4, 8):
    p = rng.randint(0, min(16, 1 << depth), (H, W, 1))
    write('c', f'palette{depth}.png', 3, depth, p, palette[p[..., 0]],
          chunk(b'PLTE', palette[:min(16, 1 << depth)].astype(np.uint8).tobytes()) + chunk(b'tRNS', bytes([0, 128])))
with open(os.path.join(out, 'expected.bin'), 'wb') as f:
    for _, _, rgb in sorted(expected, key=lambda e: (e[0].encode(), e[1].encode())):
        f.write(rgb.tobytes())
