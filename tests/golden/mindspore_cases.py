"""Single operations of MindSpore and what detpipe calls them: the cases of make_mindspore_cases.py and live_mindspore.py.

A case is (name of the input, text, operation).  Inputs are made of the photographs of mindspore_images.bin, repeated
beyond 32 lines and 3 channels: "u8:33x45x3" as they are; "f32:.." times 0.37 less 11.5; "nan:.." that with NaN and infinity among it.
"""
import os

import numpy as np
import mindspore
import mindspore.dataset as ds
import mindspore.dataset.vision as v
from mindspore.dataset import transforms
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
    image = np.ascontiguousarray(np.tile(photograph, (h // 32 + 1, w // 32 + 1, c // 3 + 1))[:h, :w, :c])
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


def case(rng, channels=None):
    """A case by the numbers of rng; channels: how many there may be, 3 (of floats 1, too) by itself."""
    kind = rng.choice(('u8', 'u8', 'u8', 'u8', 'f32', 'nan'))
    shape = [rng.choice((1, 2, 3, 7, 16, 31, 32, 33, 45, 64, 70, 101)) for _ in range(2)] + [3]
    if channels or kind != 'u8':
        shape[2] = rng.choice(channels or (1, 3))
    make = (lambda: resized(rng, kind, shape)) if kind != 'u8' else rng.choice((
        lambda: colours(rng), lambda: colours(rng), lambda: turned(rng), lambda: blurred(rng), lambda: resized(rng, kind, shape)))
    text, operation = make()
    return f'{kind}:{shape[0]}x{shape[1]}x{shape[2]}', text, operation


def between(rng, low, high):
    return tuple(sorted(round(rng.uniform(low, high), 2) for _ in range(2)))


def jitter(rng):
    """RandomColorAdjust: some of its four ranges."""
    given = {k: between(rng, 0, 2) for k in ('brightness', 'contrast', 'saturation') if rng.random() < 0.6}
    if rng.random() < 0.6:
        given['hue'] = between(rng, -0.5, 0.5)
    return 'random_color_adjust' + ''.join(f' {k}={commas(r)}' for k, r in given.items()), v.RandomColorAdjust(**given)


def affine(rng, sheared=True):
    degrees, scale, fill = between(rng, -180, 180), between(rng, 0.5, 1.5), [rng.randrange(256) for _ in range(3)]
    translate, shear, mode = between(rng, -0.4, 0.4) + between(rng, -0.4, 0.4), between(rng, -30, 30) + between(rng, -30, 30), rng.choice(('linear', 'nearest'))
    text = (f'random_affine degrees={commas(degrees)} translate={commas(translate)} scale={commas(scale)} resample={mode} '
            f'fill_value={commas(fill)}' + (f' shear={commas(shear)}' if sheared else ''))
    return text, v.RandomAffine(degrees, translate, scale, shear if sheared else None, MODES[mode], tuple(fill))


def unsheared(rng):
    """The tangent of a shear is that of the C library, glibc's another one since 2.41."""
    return affine(rng, False)


def rotated(operation):
    """Of a range that begins below 0 MindSpore makes one above, with other roundings; import has them from its JSON."""
    data = ds.NumpySlicesDataset([[0]], ['image'], shuffle=False).map(operation, ['image'])
    return ds.serialize(data)['operations'][0]['tensor_op_params']['degrees']


def rotation(rng):
    degrees, mode, fill = between(rng, -180, 180), rng.choice(('linear', 'nearest')), [rng.randrange(256) for _ in range(3)]
    operation = v.RandomRotation(degrees, MODES[mode], fill_value=tuple(fill))
    return f'random_rotation degrees={commas(rotated(operation))} resample={mode} fill_value={commas(fill[::-1])}', operation


def chance(name, operation):
    def make(rng):
        prob = round(rng.random(), 2)
        return f'{name} prob={prob}', operation(prob)
    return make


def ranged(name, parameter, operation, low, high, whole=False):
    def make(rng):
        pair = tuple(sorted(rng.randrange(low, high + 1) for _ in range(2))) if whole else between(rng, low, high)
        return f'{name} {parameter}={commas(pair)}', operation(pair)
    return make


def middle(rng):
    """RandomResizedCrop, of which no attempt may fit."""
    size, attempts, ratio = [rng.randrange(1, 40) for _ in range(2)], rng.randrange(1, 4), between(rng, 0.2, 5)
    scale, mode = between(rng, 0.3, 1), rng.choice(('linear', 'nearest', 'cubic'))
    return (f'random_resized_crop size={commas(size)} scale={commas(scale)} ratio={commas(ratio)} interpolation={mode} max_attempts={attempts}',
            v.RandomResizedCrop(tuple(size), scale, ratio, MODES[mode], attempts))


def sized(rng):
    size = [rng.randrange(1, 60) for _ in range(2)]
    return f'random_resize size={commas(size)}', v.RandomResize(tuple(size))


RANDOM = (
    rotation, jitter, jitter, affine, middle, sized,
    ranged('random_posterize', 'bits', v.RandomPosterize, 1, 8, True), ranged('random_solarize', 'threshold', v.RandomSolarize, 0, 255, True),
    ranged('random_sharpness', 'degrees', v.RandomSharpness, 0, 3), ranged('random_color', 'degrees', v.RandomColor, 0, 3),
    chance('random_invert', v.RandomInvert), chance('random_equalize', v.RandomEqualize),
    chance('random_auto_contrast cutoff=3 ignore=7', lambda p: v.RandomAutoContrast(3.0, [7], p)),
    chance('random_adjust_sharpness degree=1.7', lambda p: v.RandomAdjustSharpness(1.7, p)),
    chance('random_horizontal_flip', v.RandomHorizontalFlip), chance('random_vertical_flip', v.RandomVerticalFlip),
)


def pixels(rng):
    fill, mode = [rng.randrange(256) for _ in range(3)], rng.choice(('linear', 'nearest'))
    return f'interpolation={mode} fill_value={commas(fill)}', MODES[mode], tuple(fill)


def auto_augment(rng):
    policy, (text, mode, fill) = rng.choice(('imagenet', 'cifar10', 'svhn')), pixels(rng)
    return f'auto_augment policy={policy} {text}', v.AutoAugment(v.AutoAugmentPolicy[policy.upper()], mode, fill)


def rand_augment(rng):
    bins, n, (text, mode, fill) = rng.choice((2, 31, rng.randrange(2, 60))), rng.randrange(1, 9), pixels(rng)
    m = rng.randrange(1, bins)
    return f'rand_augment num_ops={n} magnitude={m} num_magnitude_bins={bins} {text}', v.RandAugment(n, m, bins, mode, fill)


def trivial_augment_wide(rng):
    bins, (text, mode, fill) = rng.choice((2, 31, rng.randrange(2, 60))), pixels(rng)
    return f'trivial_augment_wide num_magnitude_bins={bins} {text}', v.TrivialAugmentWide(bins, mode, fill)


def uniform_augment(rng):
    """{order} stands for the words of what it holds."""
    made = [rng.choice(HELD)(rng) for _ in range(rng.randrange(2, 8))]
    n = rng.randrange(1, len(made) + 1)
    return (f'uniform_augment transforms="{" | ".join(text for text, _ in made)}" num_ops={n}',
            v.UniformAugment([operation for _, operation in made], n))


def held(name, parameter, operation, low, high, **given):
    made = ranged(name, parameter, operation, low, high, **given)
    return lambda rng: (lambda text, o: (text + ' {order}', o))(*made(rng))


HELD = (
    held('random_sharpness', 'degrees', v.RandomSharpness, 0, 3), held('random_color', 'degrees', v.RandomColor, 0, 3),
    held('random_posterize', 'bits', v.RandomPosterize, 1, 8, whole=True), colours,
    lambda rng: ('horizontal_flip', v.HorizontalFlip()), lambda rng: ('invert', v.Invert()),
)
AUGMENT = (auto_augment, rand_augment, trivial_augment_wide, uniform_augment)


SHAPES = ((32, 32), (31, 32), (7, 29), (32, 9), (20, 17))


def random_case(rng, number, known=RANDOM, shapes=SHAPES):
    """A chain of random operations: seed, workers, shape, text, operations.  The first ones are one operation each."""
    kinds = [known[number]] if number < len(known) else [rng.choice(known) for _ in range(rng.randrange(1, 4))]
    seed, workers = rng.choice((0, 1, 11, 42, rng.getrandbits(32), 4294967290)), rng.choice((1, 2))
    shape = rng.choice(shapes)
    made = [kind(rng) for kind in kinds]
    order = f'order=mindspore workers={workers}'
    text = ' | '.join(f'{text} {order}' for text, _ in made).replace('{order}', order)
    return seed, workers, shape, text, [operation for _, operation in made]


def random_rows(rows, seed, workers, shape, operations, passes):
    """What MindSpore makes of pictures, pass by pass, cut to the shape."""
    ds.config.set_seed(seed)
    cut = np.ascontiguousarray(rows[:, :shape[0], :shape[1]])
    data = ds.NumpySlicesDataset(cut, ['image'], shuffle=False).map(operations, ['image'], num_parallel_workers=workers)
    iterator = data.create_tuple_iterator(num_epochs=passes, output_numpy=True)
    return [[image for (image,) in iterator] for _ in range(passes)]


def mixed_up(rng, layout):
    alpha = round(rng.choice((1, rng.uniform(0.4, 4))), 2)
    if rng.random() < 0.5:
        return f'mixup alpha={alpha}', v.MixUpBatch(alpha)
    prob = round(rng.choice((1, rng.random())), 2)
    kind = v.ImageBatchFormat.NHWC if layout == 'hwc' else v.ImageBatchFormat.NCHW
    return f'cutmix alpha={alpha} prob={prob} layout={layout}', v.CutMixBatch(kind, alpha, prob)


def cropped(rng):
    size = [rng.randrange(3, 8) for _ in range(2)]
    return f'random_crop size={commas(size)} padding=1', v.RandomCrop(tuple(size), 1)


BATCHED = (chance('random_horizontal_flip', v.RandomHorizontalFlip), middle, sized, cropped)


def batch_case(rng, number, few=False):
    """Random operations on batches of the test photographs: seed, workers, shape, batch, text, data set of them as random_rows has it.

    few: float64, and sides of a pixel or two, which are mixed."""
    seed, workers, size, drop = rng.choice((0, 1, rng.getrandbits(32), 4294967290)), rng.choice((1, 2)), rng.randrange(1, 12), rng.random() < 0.5
    shape, layout = rng.choice(((32, 32), (31, 17), (7, 29))), rng.choice(('hwc', 'chw'))
    if few:
        shape, number = [rng.choice((1, 2, 9)) for _ in range(2)], 2 * number
    made = [rng.choice(BATCHED)(rng)] if number % 2 else [mixed_up(rng, layout)]
    if number % 2 and layout == 'hwc' and rng.random() < 0.5:
        made.append(mixed_up(rng, layout))
    before = [('rescale rescale=0.017 shift=-1.5', v.Rescale(0.017, -1.5))] if rng.random() < 0.5 else []
    before += [('hwc2chw', v.HWC2CHW())] if layout == 'chw' and number % 2 == 0 else []
    before += [('type_cast data_type=float64', transforms.TypeCast(mindspore.float64))] if few and rng.random() < 0.6 else []
    text = ''.join(f' | {name}' for name, _ in before) + ' | one_hot column=label num_classes=10 | type_cast column=label data_type=float32'
    text += f' | batch batch_size={size} drop_remainder={str(drop).lower()}' + ''.join(f' | {name} order=mindspore workers={workers}' for name, _ in made)
    return seed, workers, shape, (size, drop), text, [o for _, o in before], [o for _, o in made]


def batch_rows(rows, labels, seed, workers, shape, batch, before, operations, passes):
    """What MindSpore makes of batches, pass by pass: pairs of images and labels."""
    ds.config.set_seed(seed)
    cut = np.ascontiguousarray(rows[:, :shape[0], :shape[1]])
    data = ds.NumpySlicesDataset((cut, labels), ['image', 'label'], shuffle=False)
    data = data.map(before, ['image']) if before else data
    data = data.map([transforms.OneHot(10), transforms.TypeCast(mindspore.float32)], ['label']).batch(*batch)
    for operation in operations:
        columns = ['image', 'label'] if type(operation).__name__.endswith('Batch') else ['image']
        data = data.map(operation, columns, num_parallel_workers=workers)
    iterator = data.create_tuple_iterator(num_epochs=passes, output_numpy=True)
    return [[tuple(pair) for pair in iterator] for _ in range(passes)]
