#!/usr/bin/env python3
"""Write tests/golden/jpeg and png_kinds, small files of every kind, and what the real libraries make of them.

    make_pictures.py jpeg/ png_kinds/ LIBRARY... > pictures.txt   # pillow, opencv, mindspore, tensorflow, torchvision, dali, from PyPI

A line is "FILE DECODER CHANNELS HEIGHTxWIDTH SHA256", of the pixels, row after row; "refused" stands for the last two.
A folder that stands is left alone: another cjpeg may write other bytes.  Files are made with cjpeg and jpegtran of
libjpeg-turbo, and with Pillow.  Libraries that cannot be installed beside one another are run by themselves, and their
lines put together.

A progressive file that lacks scans is smoothed in another way by each version; detpipe does not smooth.  Its lines are
of the same coefficients as a baseline file, which jpegtran makes.
"""
import hashlib
import io
import os
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy as np
from PIL import Image

temporary = []
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
    with tempfile.NamedTemporaryFile('w', suffix='.scans', delete=False) as f:
        f.write(text)
    temporary.append(f.name)
    return ['-scans', f.name]


def louder(data, times):
    """Its quantization, some times as coarse, without the coefficients being less."""
    for m, a, b in segments(data):
        if m == 0xDB:
            data = data[:a + 5] + bytes(min(255, times * v) for v in data[a + 5:b]) + data[b:]
    return data


def png(pixels, *chunks, level=-1):
    def chunk(kind, data):
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    h, w, channels = pixels.shape
    head = struct.pack('>IIBBBBB', w, h, 8 * pixels.itemsize, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    rows = b''.join(b'\0' + row.astype(row.dtype.newbyteorder('>')).tobytes() for row in pixels)
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', head) + b''.join(chunk(*c) for c in chunks) + chunk(b'IDAT', zlib.compress(rows, level))
            + chunk(b'IEND', b''))


def png_files():
    rng = np.random.RandomState(11)
    rgb = rng.randint(0, 256, (23, 29, 3)).astype(np.uint8)
    deep = rng.randint(0, 65536, (23, 29, 4)).astype(np.uint16)
    gamma = {n: (b'gAMA', struct.pack('>I', n)) for n in (20000, 45455, 100000)}
    yield 'rgb', png(rgb)
    yield 'rgba', png(np.dstack([rgb, rgb[:, :, 1:2]]))
    yield 'gray', png(rgb[:, :, :1])
    yield 'gray-gamma', png(rgb[:, :, :1], gamma[45455])
    for n, chunk in gamma.items():
        yield 'rgb-gamma%d' % n, png(rgb, chunk)
    yield 'rgb-srgb', png(rgb, (b'sRGB', b'\0'))
    yield 'rgb-exif6', png(rgb, (b'eXIf', exif(6)[6:]))
    yield 'rgb16', png(deep[:, :, :3])
    yield 'rgba16', png(deep)
    yield 'rgb16-gamma', png(deep[:, :, :3], gamma[45455])
    yield 'gray16', png(deep[:, :, :1])
    yield 'gray16-alpha', png(deep[:, :, 1:3])


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
    yield 'cmyk-exif6', pillow(big['e'], 'CMYK', exif=exif(6))
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
    yield 'dc-only', cjpeg(p, '-progressive', *scans('0,1,2: 0-0, 0, 0;'))
    yield 'no-last-scan', cjpeg(p, *scans('0,1,2: 0-0, 0, 0; 0: 1-63, 0, 2; 1: 1-63, 0, 0; 2: 1-63, 0, 0; 0: 1-63, 2, 1;'))
    yield 'coarse', louder(whole, 2)
    for times in (8, 255):  # far beyond the range of pixels
        yield 'loud%d' % times, louder(whole, times)
    yield 'loud4-444', louder(cjpeg(p, '-sample', '1x1', '-quality', '60'), 4)
    yield 'loud4-gray', louder(cjpeg(gray), 4)
    yield 'loud8-progressive', louder(cjpeg(p, '-progressive'), 8)


def digest(pixels):
    if pixels is None or pixels.dtype != np.uint8:
        return 'refused'
    pixels = np.ascontiguousarray(pixels)
    return '%dx%d %s' % (*pixels.shape[:2], hashlib.sha256(pixels.tobytes()).hexdigest())


def pillow_decoder():
    import PIL

    def decode(path, channels):
        if path.endswith('gray16.png'):
            return None  # white wherever it is above 255: detpipe refuses it
        return np.asarray(Image.open(path).convert('RGB' if channels == 3 else 'L'))
    return PIL.__version__, decode


def opencv_decoder():
    import cv2

    def decode(path, channels):
        if 'cut-progressive' in path:
            return None  # smoothed otherwise by each version
        return cv2.imread(path, cv2.IMREAD_COLOR_RGB if channels == 3 else cv2.IMREAD_GRAYSCALE)
    return cv2.__version__, decode


def mindspore_decoder():
    import mindspore
    from mindspore.dataset import vision
    return mindspore.__version__, lambda path, channels: vision.Decode()(np.fromfile(path, np.uint8))


def tensorflow_decoder():
    os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
    import tensorflow as tf

    def decode(path, channels):
        kind = tf.io.decode_png if path.endswith('.png') else tf.io.decode_jpeg
        try:
            return kind(tf.io.read_file(path), channels=channels).numpy()
        except tf.errors.InvalidArgumentError:
            return None
    return tf.__version__, decode


def torchvision_decoder():
    import torchvision
    from torchvision.io import ImageReadMode, read_image

    def decode(path, channels):
        return np.moveaxis(read_image(path, ImageReadMode.RGB if channels == 3 else ImageReadMode.GRAY).numpy(), 0, 2)
    return torchvision.__version__, decode


def dali_decoder():
    from nvidia import dali

    def decode(path, channels):
        @dali.pipeline_def(batch_size=1, num_threads=1, device_id=None)
        def pipeline():
            data = dali.fn.external_source(source=lambda: [np.fromfile(path, np.uint8)], device='cpu')
            return dali.fn.decoders.image(data, device='cpu', output_type=dali.types.RGB if channels == 3 else dali.types.GRAY)
        if path.endswith('.png') and '16' in path:
            return None  # rounded, not the upper bytes: detpipe has no such rule
        p = pipeline()
        p.build()
        return p.run()[0].at(0)
    return dali.__version__, decode


def without_smoothing(path):
    if not any(name in path for name in ('dc-only', 'no-last-scan')):
        return path
    plain = os.path.join(tempfile.gettempdir(), 'plain.jpg')
    temporary.append(plain)
    subprocess.run(['jpegtran', '-outfile', plain, path], check=True)
    return plain


def write(folder, suffix, pictures):
    if os.path.exists(folder):
        return
    os.makedirs(folder)
    for name, data in pictures:
        with open(os.path.join(folder, name + suffix), 'wb') as f:
            f.write(data)


def main():
    out, png_out, libraries = sys.argv[1], sys.argv[2], sys.argv[3:]
    write(out, '.jpg', files())
    write(png_out, '.png', png_files())
    for library in libraries:
        version, decode = globals()[library + '_decoder']()
        print('# make_pictures.py, with %s %s' % (library, version))
        for folder in (out, png_out):
            for name in sorted(n for n in os.listdir(folder) if n.endswith(('.jpg', '.png'))):
                for channels in (3, 1):
                    if library == 'mindspore' and (channels == 1 or name.startswith('loud')):
                        continue  # Decode makes colours, and its libjpeg has no SIMD code
                    try:
                        pixels = decode(without_smoothing(os.path.join(folder, name)), channels)
                    except (OSError, RuntimeError, ValueError):
                        pixels = None
                    print(name, library, channels, digest(pixels), flush=True)
    for name in set(temporary):
        os.remove(name)


if __name__ == '__main__':
    main()
