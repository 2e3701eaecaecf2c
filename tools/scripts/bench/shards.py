#!/usr/bin/env python3
# shards.py - shards, tokens and weights beside the libraries of each format, in turn
# SPDX-License-Identifier: Apache-2.0
"""Writes the photographs of a folder (class folders of *.jpg) as archives, TFRecord and MindRecord files by their own
libraries, a file of tokens and a .pt file of 500 MB into a folder, then runs each task of `detpipe bench` and the same
of each library in turn, some rounds, and prints a table.  A ratio is detpipe's speed over the library's in the same
round: median (least to most).  Every byte is read.

    shards.py --detpipe build/detpipe --photos DIR [--rounds 5] [--seconds 2] [--threads 1,2]"""
import argparse, glob, json, os, statistics, subprocess, sys, tempfile, time

TASKS = {"shards": ("webdataset",), "shards_shuffled": ("webdataset",), "tfrecord": ("tf",), "tfrecord_shuffled": ("tf",),
         "mindrecord": ("mindspore",), "mindrecord_shuffled": ("mindspore",), "tokens": ("numpy",),
         "weights": ("torch", "torch_mmap", "safetensors")}
ROWS, LENGTH, BATCH = 10000, 1024, 64
QUIET = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "GLOG_v": "4"}


# ---- files ----

def photos(a):
    found = [sorted(glob.glob(os.path.join(a.photos, d, "*.jpg"))) for d in sorted(os.listdir(a.photos))]
    return [(open(path, "rb").read(), label) for label, paths in enumerate(filter(None, found)) for path in paths][:2000]


def names(a, file, pattern):
    with open(os.path.join(a.data, file), "w", encoding="utf-8") as f:
        f.writelines(os.path.basename(n) + "\n" for n in sorted(glob.glob(os.path.join(a.data, pattern))))


def make_main(a):
    import numpy as np, tensorflow as tf, torch, webdataset as wds
    from safetensors.torch import save_file
    feature, rows = tf.train.Feature, photos(a)
    with wds.ShardWriter(f"{a.data}/s-%03d.tar", maxcount=500, verbose=0) as sink:
        for i, (jpg, label) in enumerate(rows):
            sink.write({"__key__": f"{i:06d}", "jpg": jpg, "cls": label})
    for part in range(4):
        with tf.io.TFRecordWriter(f"{a.data}/t-{part}.tfrecord") as out:
            for jpg, label in rows[part * 500:(part + 1) * 500]:
                both = {"image": feature(bytes_list=tf.train.BytesList(value=[jpg])),
                        "label": feature(int64_list=tf.train.Int64List(value=[label]))}
                out.write(tf.train.Example(features=tf.train.Features(feature=both)).SerializeToString())
    names(a, "shards.txt", "s-*.tar")
    names(a, "tfrecord.txt", "t-*.tfrecord")
    np.random.default_rng(1).integers(0, 50257, 50_000_000).astype(np.uint16).tofile(f"{a.data}/tokens.bin")
    state = {f"layer{i}.weight": torch.randn(2_500_000) for i in range(50)}
    torch.save(state, f"{a.data}/weights.pt")
    save_file(state, f"{a.data}/weights.safetensors")


def make_mindspore(a):
    from mindspore.mindrecord import FileWriter
    writer = FileWriter(f"{a.data}/m.mindrecord", 4, overwrite=True)
    writer.add_schema({"image": {"type": "bytes"}, "label": {"type": "int32"}}, "photographs")
    writer.write_raw_data([{"image": jpg, "label": label} for jpg, label in photos(a)])
    writer.commit()
    names(a, "mindrecord.txt", "m.mindrecord[0-9]")


# ---- the libraries: a function that runs once and gives how much, and a version ----

def total(data):
    import numpy as np
    return int(np.frombuffer(data, np.uint64, len(data) // 8).sum()) & 1


def count(rows):
    n = 0
    for image in rows:
        total(image)
        n += 1
        if n == ROWS:
            break
    return n


def webdataset(a):
    import webdataset as wds
    data = wds.WebDataset(sorted(glob.glob(f"{a.data}/s-*.tar")), shardshuffle=False, empty_check=False)
    data = (data.shuffle(1000) if "shuffled" in a.task else data).to_tuple("jpg", "cls")
    loader = wds.WebLoader(data, num_workers=a.threads, batch_size=None) if a.threads > 1 else data
    return lambda: count(row[0] for row in loader), "webdataset " + wds.__version__


def tf(a):
    import tensorflow as tf
    tf.config.threading.set_inter_op_parallelism_threads(a.threads)
    tf.config.threading.set_intra_op_parallelism_threads(a.threads)
    what = {"image": tf.io.FixedLenFeature([], tf.string), "label": tf.io.FixedLenFeature([], tf.int64)}
    data = tf.data.TFRecordDataset(sorted(glob.glob(f"{a.data}/t-*.tfrecord")))
    data = data.shuffle(2000) if "shuffled" in a.task else data
    data = data.map(lambda r: tf.io.parse_single_example(r, what), num_parallel_calls=a.threads).prefetch(a.threads - 1)
    return lambda: count(row["image"] for row in data.as_numpy_iterator()), "tf.data " + tf.__version__


def mindspore(a):
    import mindspore, mindspore.dataset as ds
    files = [f"{a.data}/m.mindrecord{i}" for i in range(4)]
    data = ds.MindDataset(files, shuffle="shuffled" in a.task, num_parallel_workers=a.threads)
    iterate = lambda: data.create_dict_iterator(output_numpy=True, num_epochs=1)
    return lambda: count(row["image"].tobytes() for row in iterate()), "mindspore " + mindspore.__version__


def numpy(a):
    """As nanoGPT's get_batch."""
    import numpy as np
    data, rng = np.memmap(f"{a.data}/tokens.bin", dtype=np.uint16, mode="r"), np.random.default_rng(1)

    def run():
        for _ in range(16384 // BATCH):
            at = rng.integers(0, len(data) - LENGTH, BATCH)
            total(np.stack([data[i:i + LENGTH].astype(np.int32) for i in at]).reshape(-1))
            total(np.stack([data[i + 1:i + 1 + LENGTH].astype(np.int32) for i in at]).reshape(-1))
        return 16384
    return run, "numpy.memmap " + np.__version__


def of_weights(load, version):
    def run():
        tensors = load()
        return sum(t.numel() * t.element_size() + (int(t.view(__import__("torch").int64).sum()) & 0) for t in tensors.values()) / 1e6
    return run, version


def torch(a):
    import torch
    torch.set_num_threads(a.threads)
    return of_weights(lambda: torch.load(f"{a.data}/weights.pt", mmap=a.peer == "torch_mmap"),
                      f"torch.load{'(mmap=True)' if a.peer == 'torch_mmap' else ''} {torch.__version__}")


def safetensors(a):
    import safetensors, safetensors.torch, torch
    torch.set_num_threads(a.threads)
    return of_weights(lambda: safetensors.torch.load_file(f"{a.data}/weights.safetensors"), "safetensors " + safetensors.__version__)


PEERS = {"webdataset": webdataset, "tf": tf, "mindspore": mindspore, "numpy": numpy, "torch": torch, "torch_mmap": torch,
         "safetensors": safetensors}


def peer(a):
    a.threads = int(a.threads)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:a.threads])
    run, version = PEERS[a.peer](a)
    run()
    rates, start = [], time.perf_counter()
    while len(rates) < 3 or time.perf_counter() < start + a.seconds:
        begin = time.perf_counter()
        rates.append(run() / (time.perf_counter() - begin))
    print(json.dumps({"version": version, "rate": statistics.median(rates)}))


# ---- in turn ----

def last_line(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env=QUIET)
    try:
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        return {"error": (done.stderr.strip().splitlines() or ["nothing was printed"])[-1]}


def python_of(a, name):
    return a.python_mindspore if name == "mindspore" else a.python


def compare(a, task, threads):
    ours, theirs, versions = [], {}, {}
    for _ in range(a.rounds):
        line = last_line([a.detpipe, "bench", "--task", task, "--data", a.data, "--threads", str(threads), "--seconds", str(a.seconds)])
        ours.append(line.get("rows_per_s", line.get("mb_per_s")) or sys.exit(f"shards.py: {task}: {line}"))
        for name in TASKS[task]:
            line = last_line([python_of(a, name), "-W", "ignore", __file__, "--peer", name, "--task", task, "--data", a.data,
                              "--threads", str(threads), "--seconds", str(a.seconds)])
            versions[name] = line.get("version", f"{name}: {line.get('error')}")
            theirs.setdefault(name, []).append(line.get("rate"))
    for name, rates in theirs.items():
        there = [(o, t) for o, t in zip(ours, rates) if t]
        ratios = [o / t for o, t in there]
        cell = "{:,.0f} | {:.2f} ({:.2f} to {:.2f})".format(statistics.median(t for _, t in there), statistics.median(ratios),
                                                          min(ratios), max(ratios)) if there else "not here |"
        print(f"| {task} | {threads} | {statistics.median(ours):,.0f} | {versions[name]} | {cell} |", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--detpipe", default="build/detpipe", help="the program")
    p.add_argument("--photos", help="class folders of *.jpg: the first 2,000 are taken")
    p.add_argument("--data", help="where the files are, or are written; default: a folder that is removed")
    p.add_argument("--python", default="build-peers/bin/python")
    p.add_argument("--python-mindspore", default="build-peers-mindspore/bin/python")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=int, default=2)
    p.add_argument("--threads", default="1,2")
    p.add_argument("--tasks", default=",".join(TASKS))
    p.add_argument("--peer", help=argparse.SUPPRESS)
    p.add_argument("--task", help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.peer:
        return make_main(a) if a.peer == "make" else make_mindspore(a) if a.peer == "make_mindspore" else peer(a)
    with tempfile.TemporaryDirectory() as room:
        a.data = a.data or room
        for name in ("make_mindspore", "make"):
            if not glob.glob(os.path.join(a.data, "m.mindrecord0" if name == "make_mindspore" else "weights.pt")):
                subprocess.run([python_of(a, name.replace("make_", "")), "-W", "ignore", __file__, "--peer", name, "--data", a.data,
                                "--photos", a.photos or sys.exit("shards.py: --photos DIR")], check=True, stdout=subprocess.DEVNULL,
                               env=QUIET)
        print("| task | threads | detpipe, rows or MB a second | library | its | ratio |\n|---|---|---|---|---|---|")
        for task in a.tasks.split(","):
            for threads in map(int, a.threads.split(",")):
                compare(a, task, threads)


main()
