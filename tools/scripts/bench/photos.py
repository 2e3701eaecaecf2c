# photos.py - what people feed a net with photographs by, each as its guide writes the fastest form of a task
# SPDX-License-Identifier: Apache-2.0
"""Each takes the arguments of peers.py and gives what peers.py runs: a function from the number of an epoch to its
batches, and a version.  The peers do not agree on pixels (decoders and resampling differ); the work is the same:
photos: shuffled, a random crop of 8 to 100 % of the area brought to 224, flipped, normalized; photos_eval: in order, the
shorter side 256, the middle 224, normalized; decode: in order, pixels alone."""
import glob, math, os, random
from importlib.metadata import version

from peers import in_order

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
PIXEL_MEAN, PIXEL_STD = [255 * v for v in MEAN], [255 * v for v in STD]
BATCH, SIDE, SHORTER, AREA, RATIO = 64, 224, 256, (0.08, 1.0), (3 / 4, 4 / 3)
ALL = ("photos", "photos_eval", "decode")


def files(a):
    """(path, label) of the JPEG files of class folders."""
    found = [sorted(glob.glob(os.path.join(a.data, folder, "*.jpg"))) for folder in sorted(os.listdir(a.data))]
    if not any(found):
        raise OSError(f"{a.data} has no class folder with *.jpg")
    return [(path, label) for label, paths in enumerate(found) for path in paths]


def box(numbers, width, height):
    """left, top, width, height of a crop; all of the picture when ten attempts do not fit."""
    for _ in range(10):
        area, ratio = numbers.uniform(*AREA) * width * height, math.exp(numbers.uniform(*map(math.log, RATIO)))
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < w <= width and 0 < h <= height:
            return numbers.randint(0, width - w), numbers.randint(0, height - h), w, h
    return 0, 0, width, height


def shorter(width, height):
    return round(width * SHORTER / min(width, height)), round(height * SHORTER / min(width, height))


def by_hand(a, load):
    """Batches of load(path, numbers), which gives planes, or pixels for decode, on so many threads."""
    import numpy as np
    found = files(a)

    def epoch(e):
        order = list(range(len(found)))
        if a.task == "photos":
            random.Random(e).shuffle(order)
        loaded = in_order(lambda i: load(found[i][0], random.Random(e << 32 | i)), order, a.threads, 32)
        if a.task == "decode":
            yield from (([pixels], [0]) for pixels in loaded)
            return
        for _ in range(len(order) // BATCH):
            yield np.stack([next(loaded) for _ in range(BATCH)]), np.zeros(BATCH, np.int32)
    return epoch


def planes(image):
    import numpy as np
    scale, shift = (np.float32(v).reshape(3, 1, 1) for v in ([1 / v for v in PIXEL_STD], [m / s for m, s in zip(MEAN, STD)]))
    return image.transpose(2, 0, 1) * scale - shift


def pillow_stream(a):
    import numpy as np, PIL
    from PIL import Image, ImageOps

    def load(path, numbers):
        image = Image.open(path).convert("RGB")
        if a.task == "photos":
            left, top, w, h = box(numbers, *image.size)
            image = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, (left, top, left + w, top + h))
            image = ImageOps.mirror(image) if numbers.random() < 0.5 else image
        elif a.task == "photos_eval":
            image = image.resize(shorter(*image.size), Image.Resampling.BILINEAR)
            left, top = (image.width - SIDE) // 2, (image.height - SIDE) // 2
            image = image.crop((left, top, left + SIDE, top + SIDE))
        return np.asarray(image) if a.task == "decode" else planes(np.asarray(image))
    return by_hand(a, load), "Pillow " + PIL.__version__


def opencv_stream(a):
    import cv2
    cv2.setNumThreads(1)

    def load(path, numbers):
        image = cv2.imread(path, cv2.IMREAD_COLOR_RGB)
        if a.task == "photos":
            left, top, w, h = box(numbers, image.shape[1], image.shape[0])
            image = cv2.resize(image[top:top + h, left:left + w], (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
            image = cv2.flip(image, 1) if numbers.random() < 0.5 else image
        elif a.task == "photos_eval":
            image = cv2.resize(image, shorter(image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR)
            top, left = (image.shape[0] - SIDE) // 2, (image.shape[1] - SIDE) // 2
            image = image[top:top + SIDE, left:left + SIDE]
        return image if a.task == "decode" else planes(image)
    return by_hand(a, load), "OpenCV " + cv2.__version__


def torch_stream(a):
    import torch, torchvision
    import torchvision.transforms.v2.functional as F
    from torchvision.io import ImageReadMode, decode_jpeg, read_file
    torch.set_num_threads(1)

    def load(path, numbers):
        image = decode_jpeg(read_file(path), mode=ImageReadMode.RGB)
        if a.task == "decode":
            return image.numpy()
        if a.task == "photos":
            left, top, w, h = box(numbers, image.shape[2], image.shape[1])
            image = F.resized_crop(image, top, left, h, w, [SIDE, SIDE], antialias=True)
            image = F.horizontal_flip(image) if numbers.random() < 0.5 else image
        else:
            image = F.center_crop(F.resize(image, [SHORTER], antialias=True), [SIDE, SIDE])
        return F.normalize(image.float().div_(255), MEAN, STD, inplace=True).numpy()
    return by_hand(a, load), "torchvision " + torchvision.__version__


def torch_loader_stream(a):
    import torch, torchvision
    from torchvision import datasets, transforms as t
    torch.set_num_threads(1)
    first = [t.RandomResizedCrop(SIDE), t.RandomHorizontalFlip()] if a.task == "photos" else [t.Resize(SHORTER), t.CenterCrop(SIDE)]
    images = datasets.ImageFolder(a.data, t.Compose([*first, t.ToTensor(), t.Normalize(MEAN, STD)]))
    workers = a.threads if a.threads > 1 else 0
    loader = torch.utils.data.DataLoader(images, BATCH, shuffle=a.task == "photos", drop_last=True, num_workers=workers,
                                         persistent_workers=workers > 0)
    return lambda e: ((i.numpy(), l.numpy()) for i, l in loader), "torch DataLoader, torchvision " + torchvision.__version__


def tf_stream(a):
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(a.threads)
    tf.config.threading.set_inter_op_parallelism_threads(a.threads)
    found = files(a)

    def cropped(data, shape):
        begin, size, _ = tf.image.sample_distorted_bounding_box(
            shape, tf.zeros([1, 0, 4]), area_range=AREA, aspect_ratio_range=RATIO, max_attempts=10,
            use_image_if_no_bounding_boxes=True)
        image = tf.image.decode_and_crop_jpeg(data, tf.concat([begin[:2], size[:2]], 0), channels=3)
        return tf.image.random_flip_left_right(tf.image.resize(image, (SIDE, SIDE)))

    def middle(data, shape):
        scale = SHORTER / tf.minimum(shape[0], shape[1])
        size = tf.cast(tf.round(tf.cast(shape[:2], tf.float64) * scale), tf.int32)
        return tf.image.resize_with_crop_or_pad(tf.image.resize(tf.image.decode_jpeg(data, channels=3), size), SIDE, SIDE)

    def load(path, label):
        data = tf.io.read_file(path)
        image = (cropped if a.task == "photos" else middle)(data, tf.image.extract_jpeg_shape(data))
        return tf.transpose((image - PIXEL_MEAN) / PIXEL_STD, (2, 0, 1)), label
    d = tf.data.Dataset.from_tensor_slices(tuple(map(list, zip(*found))))
    if a.task == "photos":
        d = d.shuffle(len(found), seed=1)
    how = tf.data.Options()
    how.threading.private_threadpool_size = a.threads
    d = d.map(load, num_parallel_calls=a.threads).batch(BATCH, drop_remainder=True).prefetch(2).with_options(how)
    return lambda e: d.as_numpy_iterator(), "tf.data " + tf.__version__


def mindspore_stream(a):
    os.environ["GLOG_v"] = "3"
    import mindspore.dataset as ds
    import mindspore.dataset.vision as vision
    first = ([vision.RandomCropDecodeResize(SIDE, AREA, RATIO), vision.RandomHorizontalFlip()] if a.task == "photos"
             else [vision.Decode(), vision.Resize(SHORTER), vision.CenterCrop(SIDE)])
    d = ds.ImageFolderDataset(a.data, num_parallel_workers=a.threads, shuffle=a.task == "photos", extensions=[".jpg"])
    d = d.map([*first, vision.Normalize(PIXEL_MEAN, PIXEL_STD), vision.HWC2CHW()], "image", num_parallel_workers=a.threads)
    epochs = d.batch(BATCH, True, num_parallel_workers=1).create_tuple_iterator(num_epochs=-1, output_numpy=True)
    return lambda e: iter(epochs), "mindspore " + version("mindspore")


def dali_stream(a):
    from nvidia.dali import fn, pipeline_def, types

    @pipeline_def(batch_size=BATCH, num_threads=a.threads, device_id=None, seed=1, prefetch_queue_depth=2)
    def graph():
        data, label = fn.readers.file(file_root=a.data, random_shuffle=a.task == "photos", initial_fill=2000, name="files")
        how = dict(mean=PIXEL_MEAN, std=PIXEL_STD, output_layout="CHW", crop=(SIDE, SIDE))
        if a.task == "photos":
            image = fn.decoders.image_random_crop(data, device="cpu", random_area=list(AREA), random_aspect_ratio=list(RATIO))
            image = fn.resize(image, size=[SIDE, SIDE], interp_type=types.INTERP_LINEAR)
            how["mirror"] = fn.random.coin_flip()
        else:
            image = fn.resize(fn.decoders.image(data, device="cpu"), resize_shorter=SHORTER, interp_type=types.INTERP_LINEAR)
        return fn.crop_mirror_normalize(image, **how), label
    built = graph()
    built.build()

    def epoch(e):
        for _ in range(built.epoch_size("files") // BATCH):
            image, label = built.run()
            yield image.as_array(), label.as_array()
    return epoch, "dali " + version("nvidia-dali-cuda120")


WHOLE = ("photos", "photos_eval")
PEERS = {"opencv": (opencv_stream, ALL), "torch": (torch_stream, ALL), "pillow": (pillow_stream, ALL),
         "torch_loader": (torch_loader_stream, WHOLE), "tf": (tf_stream, WHOLE), "mindspore": (mindspore_stream, WHOLE),
         "dali": (dali_stream, WHOLE)}
