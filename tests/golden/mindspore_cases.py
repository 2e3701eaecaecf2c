"""Single operations of MindSpore and what detpipe calls them: the cases of make_mindspore_cases.py and live_mindspore.py.

A case is (name of the input, text, operation).  Inputs are made of the photographs of mindspore_images.bin, repeated
beyond 32 lines: "u8:33x45x3" as they are; "f32:.." times 0.37 less 11.5; "nan:.." that with NaN and infinity among it.
"""
import os

import numpy as np
import mindspore.dataset.vision as v
from mindspore.dataset.vision import Inter

HERE = os.path.dirname(os.path.abspath(__file__))
MODES = {'linear': Inter.LINEAR, 'nearest': Inter.NEAREST, 'cubic': Inter.CUBIC, 'area': Inter.AREA, 'pilcubic': Inter.PILCUBIC}


def photographs():
    records = np.fromfile(os.path.join(HERE, 'mindspore_images.bin'), np.uint8).reshape(-1, 3073)
    return records[:, 1:].reshape(-1, 32, 32, 3)


def make_input(name, photograph):
    """Input `name` of one photograph."""
    kind, _, shape = name.partition(':')
    h, w, c = (int(n) for n in shape.split('x'))
    image = np.ascontiguousarray(np.tile(photograph, (h // 32 + 1, w // 32 + 1, 1))[:h, :w, :c])
    if kind == 'u8':
        return image
    values = image.astype(np.float32) * np.float32(0.37) - np.float32(11.5)
    if kind == 'nan':
        at = np.arange(values.size).reshape(values.shape)
        values[at % 37 == 5] = np.nan
        values[at % 41 == 7] = np.inf
    return values


def plain(array):
    """Its bytes, with one NaN for all."""
    if array.dtype == np.float32:
        array = np.where(np.isnan(array), np.float32('nan'), array)
    return np.ascontiguousarray(array).tobytes()


def commas(numbers):
    return ','.join(str(n) for n in numbers)


def colours(rng):
    """A colour operation."""
    kind = rng.randrange(10)
    if kind < 5:
        name = ('brightness', 'contrast', 'saturation', 'sharpness', 'hue')[kind]
        factor = round(rng.uniform(-0.5, 0.5) if name == 'hue' else rng.choice((0, 0.5, 1.5, rng.uniform(0, 3))), 3)
        return f'adjust_{name} {name}_factor={factor}', getattr(v, 'Adjust' + name.title())(factor)
    if kind == 5:
        gamma, gain = round(rng.uniform(0, 3), 2), round(rng.choice((1, rng.uniform(0, 3))), 2)
        return f'adjust_gamma gamma={gamma} gain={gain}', v.AdjustGamma(gamma, gain)
    if kind == 6:
        cutoff, ignore = rng.choice((0, 1, 5, 33, 49)), sorted(rng.sample(range(256), rng.randrange(4)))
        text = f'auto_contrast cutoff={cutoff}' + (f' ignore={commas(ignore)}' if ignore else '')
        return text, v.AutoContrast(float(cutoff), ignore or None)
    if kind == 7:
        bits = rng.randrange(9)
        return f'posterize bits={bits}', v.Posterize(bits)
    if kind == 8:
        low, high = sorted(rng.sample(range(256), 2))
        return f'solarize threshold={low},{high}', v.Solarize((low, high))
    return 'equalize', v.Equalize()


def turned(rng):
    """Rotate takes its angle modulo 360, which leaves what RandomRotation drew alone."""
    degree = rng.choice((rng.randrange(-720, 720), round(rng.uniform(-400, 400), 2)))
    mode, expand, fill = rng.choice(('linear', 'nearest')), rng.random() < 0.7, [rng.randrange(256) for _ in range(3)]
    text = f'rotate degree={degree % 360!r} resample={mode} expand={str(expand).lower()} fill_value={commas(fill[::-1])}'
    return text, v.Rotate(degree, MODES[mode], expand, fill_value=tuple(fill))


def blurred(rng):
    size = [rng.choice((1, 3, 5, 7, 9, 11)) for _ in range(2)]
    sigma = [round(rng.uniform(0.1, 4), 2) for _ in range(rng.randrange(3))]
    text = f'gaussian_blur kernel_size={commas(size)}' + (f' sigma={commas(sigma)}' if sigma else '')
    return text, v.GaussianBlur(tuple(size), tuple(sigma if len(sigma) == 2 else 2 * sigma) or None)


def resized(rng, kind, shape):
    h, w = shape[:2]
    mode = rng.choice([m for m in MODES if m != 'pilcubic' or (kind == 'u8' and shape[2] == 3)])
    size = rng.choice(((h // 2 or 1, w // 2 or 1), (h // 3 or 1, w // 5 or 1), (rng.randrange(1, 70), rng.randrange(1, 70)), (rng.randrange(1, 70),)))
    if mode == 'area' and len(size) == 1:
        size *= 2
    return f'resize size={commas(size)} interpolation={mode}', v.Resize(size if len(size) == 2 else size[0], MODES[mode])


def case(rng):
    """A case by the numbers of rng."""
    kind = rng.choice(('u8', 'u8', 'u8', 'u8', 'f32', 'nan'))
    shape = [rng.choice((1, 2, 3, 7, 16, 31, 32, 33, 45, 64, 70, 101)) for _ in range(2)] + [3]
    if kind != 'u8':
        shape[2] = rng.choice((1, 3))
    make = (lambda: resized(rng, kind, shape)) if kind != 'u8' else rng.choice((
        lambda: colours(rng), lambda: colours(rng), lambda: turned(rng), lambda: blurred(rng), lambda: resized(rng, kind, shape)))
    text, operation = make()
    return f'{kind}:{shape[0]}x{shape[1]}x{shape[2]}', text, operation
