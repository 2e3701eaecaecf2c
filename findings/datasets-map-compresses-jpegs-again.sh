#!/bin/bash
# datasets-map-compresses-jpegs-again.sh
# SPDX-License-Identifier: Apache-2.0
# What: datasets 5.2.0 with Pillow 13.0.0, a column of pictures whose bytes are JPEG files (as in Parquet), and map()
#   with a function that looks at the picture and adds a column of its own, say its width.
# Expected: the pictures as they were: the function does not return them.
# Seen: the column is written anew, as JPEG of Pillow's default quality, 75: file size and pixels are others.  A
#   function that does not look at the picture, or is given it by input_columns=, leaves the bytes alone; so does any
#   where the pictures are files on disk, named by their path.
# Why a surprise: adding a column of sizes, hashes or labels changes the training data by one generation of JPEG, and
#   whether it does depends on a read access and on where the bytes lie.
# Documented: the docstring of map (5.2.0) says that a returned dict updates the row, and that columns are overwritten
#   if they have a returned name; that of Image and the guide "Process image data" say nothing of compression.  Only
#   image_to_bytes, a function within, says that a picture is stored by its native compression.  Not found among the
#   issues of datasets.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 datasets==5.2.0 pillow==13.0.0
env/bin/python -W ignore - <<'PYTHON'
import io

import datasets
import numpy
from PIL import Image

datasets.disable_progress_bars()
pixels = numpy.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=numpy.uint8)
written = io.BytesIO()
Image.fromarray(pixels).save(written, "JPEG", quality=95)
with open("picture.jpg", "wb") as file:
    file.write(written.getvalue())


def made(picture):
    return datasets.Dataset.from_dict({"image": [picture]}, features=datasets.Features({"image": datasets.Image()}))


def seen(rows):
    stored = rows.cast_column("image", datasets.Image(decode=False))[0]["image"]["bytes"]
    return numpy.asarray(rows[0]["image"]).astype(int), len(stored or b"")


width = lambda row: {"width": row["image"].width}
bytes_in_rows, path_in_rows = made({"bytes": written.getvalue(), "path": None}), made("picture.jpg")
first, size = seen(bytes_in_rows)
results = {}
for name, rows in (
    ("bytes, constant added", bytes_in_rows.map(lambda row: {"width": 32})),
    ("bytes, width added", bytes_in_rows.map(width)),
    ("path, width added", path_in_rows.map(width)),
):
    now, now_size = seen(rows)
    results[name] = abs(now - first).max(), now_size
    print(f"{name:22}: pixels differ by up to {results[name][0]}; {size} bytes were given, {now_size} are in the rows")
again = io.BytesIO()
Image.open(io.BytesIO(written.getvalue())).save(again, "JPEG")
assert results["bytes, constant added"] == (0, size) and results["path, width added"] == (0, 0)
assert results["bytes, width added"][0] > 8 and results["bytes, width added"][1] == len(again.getvalue()) < size
PYTHON
