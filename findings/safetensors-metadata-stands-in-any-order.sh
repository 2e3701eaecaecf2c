#!/bin/bash
# safetensors-metadata-stands-in-any-order.sh
# SPDX-License-Identifier: Apache-2.0
# What: safetensors 0.8.0 with numpy 2.4.6, numpy.save of one array, with eight pairs of metadata and with one, eight
#   times in one process.
# Expected: the same bytes each time.
# Seen: with eight pairs the file is another one at each call: they stand in the order of a hash map of its own.
# Why a surprise: the names of the tensors are sorted so that equal weights are an equal file; a checkpoint with
#   metadata (the step, the precision, the trainer's settings) is not, so two equal runs have other files and checksums.
# Documented: the format says nothing of the order.  Reported as safetensors#584, open.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q safetensors==0.8.0 numpy==2.4.6
env/bin/python - <<'PYTHON'
import numpy
from safetensors.numpy import load, save

weights = {"weight": numpy.arange(6, dtype=numpy.float32)}
for pairs in (1, 8):
    files = {save(weights, {f"key {i}": "value" for i in range(pairs)}) for _ in range(8)}
    assert all(numpy.array_equal(load(file)["weight"], weights["weight"]) for file in files)
    print(f"{pairs} pairs of metadata, saved eight times: {len(files)} files")
    assert (len(files) > 1) == (pairs > 1)
PYTHON
