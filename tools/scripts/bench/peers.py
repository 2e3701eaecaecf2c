#!/usr/bin/env python3
# peers.py - what a careful user would write instead: one peer, one task, one JSON line
# SPDX-License-Identifier: Apache-2.0
"""Times a task of `detpipe bench` as a careful user of NumPy, PyTorch or OpenCV writes it on whole batches, or
as a pipeline of a library (libraries.py; photographs: photos.py), by the same rules: the first epoch is not counted, every byte of every batch is
read as 64-bit words, and the process may use N CPUs.  A peer that is not installed gives an error and exit status 3."""
import argparse, json, os, queue, statistics, sys, threading, time

MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)


def records(folder, mapped=False):
    """uint8 [50000, 3073]: label, then planes; a list of mapped files when they are not to be loaded."""
    import numpy as np
    read = (lambda p: np.memmap(p, np.uint8, "r")) if mapped else (lambda p: np.fromfile(p, np.uint8))
    parts = [read(os.path.join(folder, f"data_batch_{i}.bin")).reshape(-1, 3073) for i in range(1, 6)]
    return parts if mapped else np.concatenate(parts)


def batches(order, size):
    return [order[i:i + size] for i in range(0, len(order) - size + 1, size)]


def size_of(a):
    return 32 if a.task == "resize227" else 128


def order_of(a, e):
    import numpy as np
    return np.arange(3200) if a.task == "resize227" else np.random.Generator(np.random.Philox(e)).permutation(50000)


def in_order(make, items, threads, ahead=2):
    """make(item) of each, on so many threads when there are more than one, each so many ahead of the caller."""
    if threads == 1:
        yield from map(make, items)
        return
    slots = [queue.Queue(ahead) for _ in range(threads)]

    def work(first):
        for i in range(first, len(items), threads):
            slots[first].put(make(items[i]))
    for first in range(threads):
        threading.Thread(target=work, args=(first,), daemon=True).start()
    for i in range(len(items)):
        yield slots[i % threads].get()


def numpy_kernel(a):
    """A function from (number, rows) of a batch to its images and labels."""
    import numpy as np
    data = records(a.data)
    labels, planes = data[:, 0].astype(np.int32), data[:, 1:].reshape(-1, 3, 32, 32)
    scale = (1 / (255 * np.float32(STD))).reshape(3, 1, 1)
    shift = (np.float32(MEAN) / np.float32(STD)).reshape(3, 1, 1)
    if a.task == "raw":
        images = np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
    elif a.task == "aug":
        padded = np.pad(planes, ((0, 0), (0, 0), (4, 4), (4, 4)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (32, 32), (2, 3))

    def make(item):
        step, rows = item
        if a.task == "raw":
            return images[rows], labels[rows]
        random = np.random.Generator(np.random.Philox(step))
        top, left = random.integers(0, 9, (2, len(rows)))
        crops = windows[rows, :, top, left]
        flip = random.random(len(rows)) < 0.5
        crops[flip] = crops[flip, :, :, ::-1]
        out = np.multiply(crops, scale, dtype=np.float32)
        out -= shift
        return out, labels[rows]
    return make


def numpy_stream(a):
    import numpy as np
    make = numpy_kernel(a)
    return (lambda e: in_order(make, list(enumerate(batches(order_of(a, e), 128))), a.threads)), "numpy " + np.__version__


def torch_stream(a):
    import numpy as np, torch
    torch.set_num_threads(a.threads)
    data = torch.from_numpy(records(a.data))
    labels, planes = data[:, 0].int(), data[:, 1:].reshape(-1, 3, 32, 32).contiguous()
    mean, std = (torch.tensor(v).reshape(3, 1, 1) for v in (MEAN, STD))
    if a.task == "raw":
        planes = planes.permute(0, 2, 3, 1).contiguous()
    elif a.task == "aug":
        windows = torch.nn.functional.pad(planes, (4, 4, 4, 4)).unfold(2, 32, 1).unfold(3, 32, 1)

    def make(rows, g):
        if a.task == "raw":
            return planes.index_select(0, rows), labels.index_select(0, rows)
        if a.task == "resize227":
            out = torch.nn.functional.interpolate(planes[rows].float(), size=227, mode="bilinear", align_corners=False)
        else:
            top, left = torch.randint(0, 9, (2, len(rows)), generator=g)
            out = windows[rows, :, top, left]
            flip = torch.rand(len(rows), generator=g) < 0.5
            out = torch.where(flip[:, None, None, None], out.flip(3), out).float()
        return out.mul_(1 / 255).sub_(mean).div_(std), labels[rows]

    def epoch(e):
        g = torch.Generator().manual_seed(e)
        size = 32 if a.task == "resize227" else 128
        order = torch.arange(3200) if a.task == "resize227" else torch.randperm(50000, generator=g)
        for rows in batches(order, size):
            yield tuple(t.numpy() for t in make(rows, g))
    return epoch, "torch " + torch.__version__


def opencv_stream(a):
    import cv2, numpy as np
    cv2.setNumThreads(a.threads)
    data = records(a.data)[:3200]
    images = np.ascontiguousarray(data[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
    params = cv2.dnn.Image2BlobParams()
    params.size, params.mean = (227, 227), [255 * m for m in MEAN]
    params.scalefactor = [1 / (255 * s) for s in STD]

    def make(rows):
        return cv2.dnn.blobFromImagesWithParams(list(images[rows]), params), data[rows, 0].astype(np.int32)
    return lambda e: in_order(make, batches(np.arange(3200), 32), 1), "opencv " + cv2.__version__


def numpy_skip(a):
    """One opening: mapped files, the epoch's order, the batch of step 312."""
    import numpy as np
    parts = records(a.data, mapped=True)
    rows = np.random.Generator(np.random.Philox(0)).permutation(50000)[312 * 128:313 * 128]
    data = np.stack([parts[r // 10000][r % 10000] for r in rows])
    return np.ascontiguousarray(data[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)), data[:, 0].astype(np.int32)


def library(name):
    """Of libraries.py, which needs this file."""
    def stream(a):
        import libraries
        return getattr(libraries, name + "_stream")(a)
    return stream


ALL, WHOLE = ("raw", "aug", "resize227"), ("raw", "aug")
PEERS = {"numpy": (numpy_stream, (*WHOLE, "skip")), "torch": (torch_stream, ALL), "opencv": (opencv_stream, ("resize227",)),
         "torch_loader": (library("torch_loader"), WHOLE), "grain": (library("grain"), WHOLE), "spdl": (library("spdl"), WHOLE),
         "dali": (library("dali"), ALL), "tf": (library("tf"), ALL), "mindspore": (library("mindspore"), ALL)}


def peer_of(a):
    """The stream of a peer, for the task; ValueError when it does not do that."""
    import photos
    make, tasks = (photos.PEERS if a.task in photos.ALL else PEERS).get(a.peer, (None, ()))
    if a.task not in tasks:
        raise ValueError(f"{a.peer} does not do {a.task}")
    return make


def read(batch):
    import numpy as np
    total = 0
    for t in batch:
        whole = np.ascontiguousarray(t).reshape(-1).view(np.uint8)
        total += int(whole[:len(whole) // 8 * 8].view(np.uint64).sum())
    return len(batch[1]) if total >= 0 else 0


def time_epochs(a, epoch):
    rates, start = [], None
    while start is None or len(rates) < 3 or time.monotonic() - start < a.seconds:
        begin = time.monotonic()
        images = sum(read(b) for b in epoch(len(rates)))
        rate = images / (time.monotonic() - begin)
        if start is None:
            start = time.monotonic()
        else:
            rates.append(rate)
    return rates


def time_openings(a):
    import numpy as np
    times = []
    for _ in range(20):
        begin = time.monotonic()
        read(numpy_skip(a))
        times.append(1e3 * (time.monotonic() - begin))
    return times[1:], "numpy " + np.__version__


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--peer", choices=[*PEERS, "pillow"], required=True)
    p.add_argument("--task", choices=(*ALL, "skip", "photos", "photos_eval", "decode"), required=True)
    p.add_argument("--data", required=True, help="folder with data_batch_1..5.bin; of photographs: of class folders")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--seconds", type=float, default=10)
    a = p.parse_args()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-a.threads:])
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = str(a.threads)
    line = {"peer": a.peer, "task": a.task, "threads": a.threads}
    try:
        make = peer_of(a)
        if a.task == "skip":
            values, line["version"] = time_openings(a)
        else:
            epoch, line["version"] = make(a)
            values = time_epochs(a, epoch)
        unit = "step_ms" if a.task == "skip" else "images_per_s"
        line.update({unit: statistics.median(values), "min": min(values), "max": max(values), "runs": len(values)})
    except (ImportError, OSError, ValueError) as e:
        line["error"] = f"{type(e).__name__}: {e}"
    line["note"] = "load %.1f" % os.getloadavg()[0]
    print(json.dumps(line))
    return 3 if "error" in line else 0


if __name__ == "__main__":
    sys.exit(main())
