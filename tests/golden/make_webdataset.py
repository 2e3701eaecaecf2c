#!/usr/bin/env python3
"""Write tests/golden/shards/*.tar by several programs, and tests/golden/webdataset.txt: what WebDataset delivers of them.

    make_webdataset.py                (needs webdataset, numpy, GNU tar, bsdtar)
    make_webdataset.py DIR            the same into another folder, for a live test

A line "file TEXT" names archives as WebDataset is given them; then comes a line for each sample, its key and the
bytes of each field in hexadecimal (of long ones a SHA-256), or "error".
"""
import glob
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import warnings

import numpy as np
import webdataset as wds

HERE = os.path.dirname(os.path.abspath(__file__))
TARGET = sys.argv[1] if len(sys.argv) > 1 else HERE
SHARDS = os.path.join(TARGET, "shards")
LONG = "a-folder-with-a-name-that-is-long/" * 4
JPEGS = ["420.jpg", "422b.jpg", "444e.jpg", "gray.jpg", "progressive.jpg", "exif6.jpg"]


def picture(i):
    with open(os.path.join(HERE, "jpeg", JPEGS[i % len(JPEGS)]), "rb") as f:
        return f.read()


def by_webdataset():
    """Its own writer, one archive and three."""
    with wds.TarWriter(f"{SHARDS}/writer.tar") as sink:
        for i in range(5):
            sink.write({"__key__": f"train/{i:04d}", "jpg": picture(i), "cls": (7 * i) % 10,
                        "json": {"i": i, "text": "x" * i}, "npy": np.arange(6, dtype=np.float32).reshape(2, 3) * i})
    with wds.ShardWriter(f"{SHARDS}/part-%03d.tar", maxcount=2, verbose=0) as sink:
        for i in range(5):
            sink.write({"__key__": f"{i:04d}", "jpg": picture(i), "cls": i})


# What programs are given to pack: names of all lengths, fields that are near and far from their key.
NAMES = ["0/a.txt", "0/a.cls", "0/b.TXT", "0/b.cls", "c.d.txt", "c.cls", LONG + "e.txt", LONG + "e.cls",
         "f" * 95 + ".txt", "f" * 95 + ".cls", "g" * 150 + ".txt", "g" * 150 + ".cls", "h/" + "i" * 98 + ".txt",
         "h/" + "i" * 98 + ".cls", "0/a.txt2", "été/ü.txt", "été/ü.cls", "j k.txt", "j k.cls", "zero.txt", "zero.cls"]


def make_files(folder):
    for i, name in enumerate(NAMES):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(b"" if name == "zero.txt" else f"{i}".encode() * (1 + 137 * (i % 5)))
    os.symlink("0/a.txt", os.path.join(folder, "link.txt"))
    os.link(os.path.join(folder, "0/a.txt"), os.path.join(folder, "hard.txt"))


def by_programs():
    """GNU tar and bsdtar, in each format of theirs that can hold the names."""
    with tempfile.TemporaryDirectory() as folder:
        make_files(folder)
        short = [n for n in NAMES if len(n.encode()) < 100]
        ustar = [n for n in NAMES if len(os.path.basename(n).encode()) < 100]
        runs = [("gnu", NAMES, ["tar", "--format=gnu", "--blocking-factor=1"]),
                ("pax", NAMES, ["tar", "--format=pax", "--blocking-factor=1"]),
                ("ustar", ustar, ["tar", "--format=ustar", "--blocking-factor=1"]),
                ("v7", short, ["tar", "--format=v7", "--blocking-factor=1"]),
                ("oldgnu", NAMES, ["tar", "--format=oldgnu"]),
                ("bsd", NAMES, ["bsdtar", "--format=pax"]),
                ("bsd-restricted", NAMES, ["bsdtar"]),
                ("bsd-gnu", NAMES, ["bsdtar", "--format=gnutar"])]
        for name, names, command in runs:
            subprocess.run([*command, "-cf", f"{SHARDS}/{name}.tar", "-C", folder, *names, "link.txt", "hard.txt"],
                           check=True, stderr=subprocess.DEVNULL)
        subprocess.run(["tar", "--blocking-factor=1", "--sort=name", "-cf", f"{SHARDS}/folders.tar", "-C", folder, "."],
                       check=True)
        subprocess.run(["tar", "--blocking-factor=1", "-czf", f"{SHARDS}/packed.tar.gz", "-C", folder, *short],
                       check=True)


def archive(name, members, format=tarfile.USTAR_FORMAT, **more):
    with tarfile.open(f"{SHARDS}/{name}.tar", "w", format=format, **more) as tar:
        for i, member in enumerate(members):
            info = tarfile.TarInfo(member)
            data = f"{i}".encode()
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def by_tarfile():
    """Python's, and names that the library has rules for."""
    names = [n for n in NAMES if len(n.encode()) < 200]
    archive("python-gnu", names, tarfile.GNU_FORMAT)
    archive("python-pax", names, tarfile.PAX_FORMAT, pax_headers={"comment": "of all files"})
    archive("names", ["a.txt", "a.cls", "__meta__.txt", "__meta__/b.txt", "__m__", "b/__meta__/c.txt", "nodot", "x/nodot",
                      "x.y/nodot", ".hidden.txt", "d/.hidden.txt", "d/e/.h", "x.y/.h.txt", "x.y/z.txt", "./f.txt",
                      "f.txt", "g..txt", "h.", "i.a.b.c", "I.txt", "i.txt", "a.txt", "a.b/c.txt", "a.b/c.d/e.f.g",
                      "__x.txt", "j.txt", "j.Seg.PNG", "__y__z.txt"])
    archive("twice", ["a.txt", "b.txt", "b.cls", "b.TXT", "c.txt"])
    archive("own-name", ["a.txt", "b.__key__"])
    archive("back", ["a.txt", "a.cls", "b.txt", "b.cls", "a.txt", "a.cls"])
    archive("nothing", [])


def show(value):
    return value.hex() if len(value) <= 40 else "sha256:" + hashlib.sha256(value).hexdigest()


def quote(text):
    return "".join(c if "!" <= c <= "~" and c != "%" else "".join(f"%{b:02X}" for b in c.encode()) for c in text)


def deliver(text):
    lines = [f"file {text}"]
    try:
        for sample in wds.WebDataset(f"{SHARDS}/{text}", shardshuffle=False, empty_check=False):
            fields = " ".join(f"{k}={show(v)}" for k, v in sorted(sample.items()) if not k.startswith("__"))
            lines.append(f"{quote(sample['__key__'])} {fields}")
    except ValueError:
        lines.append("error")
    return lines


def main():
    warnings.simplefilter("ignore")
    os.makedirs(SHARDS, exist_ok=True)
    for path in glob.glob(f"{SHARDS}/*.tar*"):
        os.remove(path)
    by_webdataset()
    by_programs()
    by_tarfile()
    texts = sorted(n for n in os.listdir(SHARDS) if ".tar" in n and not n.startswith("part-"))
    texts += ["part-{000..002}.tar", "part-{002..000}.tar"]
    versions = ", ".join([f"webdataset {wds.__version__}", f"Python {sys.version.split()[0]}",
                          *(subprocess.run([p, "--version"], capture_output=True, text=True, check=True)
                            .stdout.splitlines()[0].split(" - ")[0] for p in ("tar", "bsdtar"))])
    with open(f"{TARGET}/webdataset.txt", "w", encoding="ascii") as out:
        print(f"# what WebDataset delivers of shards/, by make_webdataset.py: {versions}", file=out)
        for text in texts:
            print("\n".join(deliver(text)), file=out)


main()
