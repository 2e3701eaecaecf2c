# libraries.py - the data pipelines of libraries, each as its guide writes the fastest form of a task
# SPDX-License-Identifier: Apache-2.0
"""Each takes the arguments of peers.py and gives what peers.py runs: a function from the number of an epoch
to its batches, and a version.  Those that map a function of the user's over records are given the NumPy one
of peers.py, over whole batches."""
import os
from importlib.metadata import version

from peers import MEAN, STD, batches, numpy_kernel, order_of, records, size_of

PIXEL_MEAN, PIXEL_STD = [255 * v for v in MEAN], [255 * v for v in STD]


def torch_loader_stream(a):
    import torch
    torch.set_num_threads(1)
    make, workers = numpy_kernel(a), a.threads if a.threads > 1 else 0

    class Batches(torch.utils.data.Dataset):
        def __getitem__(self, rows):
            import numpy as np
            image, label = make((rows[0], np.asarray(rows)))
            return torch.from_numpy(image), torch.from_numpy(label)
    sampler = torch.utils.data.BatchSampler(torch.utils.data.RandomSampler(range(50000)), size_of(a), drop_last=True)
    loader = torch.utils.data.DataLoader(Batches(), sampler=sampler, batch_size=None, num_workers=workers,
                                         persistent_workers=workers > 0)
    return lambda e: ((i.numpy(), l.numpy()) for i, l in loader), "torch DataLoader " + torch.__version__


def grain_stream(a):
    import grain
    make, size = numpy_kernel(a), size_of(a)
    threads = a.threads if a.threads > 1 else 0

    def epoch(e):
        d = grain.MapDataset.range(50000).seed(e).shuffle().batch(size, drop_remainder=True)
        d = d.map_with_index(lambda i, rows: make((i, rows)))
        return iter(d.to_iter_dataset(grain.ReadOptions(threads, 4 if threads else 0)))
    return epoch, "grain " + version("grain")


def spdl_stream(a):
    from spdl.pipeline import PipelineBuilder
    make = numpy_kernel(a)

    def epoch(e):
        built = (PipelineBuilder().add_source(list(enumerate(batches(order_of(a, e), size_of(a)))))
                 .pipe(make, concurrency=a.threads, output_order="input").add_sink(4).build(num_threads=a.threads))
        with built.auto_stop():
            yield from built.get_iterator()
    return epoch, "spdl " + version("spdl")


def dali_stream(a):
    import numpy as np
    from nvidia.dali import fn, pipeline_def, types
    data, size = records(a.data), size_of(a)
    labels, images = data[:, 0].astype(np.int32), data[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    images = np.pad(images, ((0, 0), (4, 4), (4, 4), (0, 0))) if a.task == "aug" else np.ascontiguousarray(images)
    steps, orders = len(order_of(a, 0)) // size, {}

    def source(info):
        e, step = divmod(info.iteration, steps)
        if e not in orders:
            orders.clear()
            orders[e] = order_of(a, e)
        rows = orders[e][step * size:(step + 1) * size]
        return images[rows], labels[rows]

    @pipeline_def(batch_size=size, num_threads=a.threads, device_id=None, seed=1)
    def graph():
        image, label = fn.external_source(source, num_outputs=2, batch=True, batch_info=True, layout=["HWC", ""])
        how = dict(mean=PIXEL_MEAN, std=PIXEL_STD, dtype=types.FLOAT, output_layout="CHW")
        if a.task == "aug":
            eighths = [i / 8 for i in range(9)]
            how.update(crop=(32, 32), mirror=fn.random.coin_flip(), crop_pos_x=fn.random.uniform(values=eighths),
                       crop_pos_y=fn.random.uniform(values=eighths))
        if a.task == "resize227":
            image = fn.resize(image, size=(227, 227), interp_type=types.INTERP_LINEAR, antialias=False)
        return (image if a.task == "raw" else fn.crop_mirror_normalize(image, **how)), label
    built = graph()
    built.build()

    def epoch(e):
        for _ in range(steps):
            image, label = built.run()
            yield image.as_array(), label.as_array()
    return epoch, "dali " + version("nvidia-dali-cuda120")


def tf_stream(a):
    import numpy as np
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(a.threads)
    tf.config.threading.set_inter_op_parallelism_threads(a.threads)
    data = records(a.data)[:3200 if a.task == "resize227" else 50000]
    images = np.ascontiguousarray(data[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
    d = tf.data.Dataset.from_tensor_slices((images, data[:, 0].astype(np.int32)))

    def finish(image, label):
        return tf.transpose((tf.cast(image, tf.float32) - PIXEL_MEAN) / PIXEL_STD, (2, 0, 1)), label

    def augment(image, label):
        image = tf.image.random_crop(tf.pad(image, ((4, 4), (4, 4), (0, 0))), (32, 32, 3))
        return finish(tf.image.random_flip_left_right(image), label)
    if a.task != "resize227":
        d = d.shuffle(50000, reshuffle_each_iteration=True)
    if a.task == "aug":
        d = d.map(augment, num_parallel_calls=a.threads)
    elif a.task == "resize227":
        d = d.map(lambda i, l: finish(tf.image.resize(i, (227, 227)), l), num_parallel_calls=a.threads)
    d = d.batch(size_of(a), drop_remainder=True).prefetch(tf.data.AUTOTUNE)
    how = tf.data.Options()
    how.threading.private_threadpool_size = a.threads
    d = d.with_options(how)
    return lambda e: d.as_numpy_iterator(), "tf.data " + tf.__version__


def mindspore_stream(a):
    os.environ["GLOG_v"] = "3"
    import mindspore.dataset as ds
    import mindspore.dataset.vision as vision
    order = dict(shuffle=False, num_samples=3200) if a.task == "resize227" else dict(shuffle=True)
    d = ds.Cifar10Dataset(a.data, usage="train", num_parallel_workers=a.threads, **order)
    ops = {"raw": [], "aug": [vision.RandomCrop(32, [4] * 4), vision.RandomHorizontalFlip()],
           "resize227": [vision.Resize((227, 227))]}[a.task]
    if ops:
        ops += [vision.Rescale(1 / 255, 0.0), vision.Normalize(MEAN, STD), vision.HWC2CHW()]
        d = d.map(ops, "image", num_parallel_workers=a.threads)
    d = d.batch(size_of(a), drop_remainder=True, num_parallel_workers=a.threads)
    epochs = d.create_tuple_iterator(num_epochs=-1, output_numpy=True)
    return lambda e: iter(epochs), "mindspore " + version("mindspore")
