#!/bin/bash
# safetensors-writes-a-transposed-matrix-scrambled.sh
# SPDX-License-Identifier: Apache-2.0
# What: safetensors 0.8.0, numpy.save_file of a transposed array and of every second element of one.
# Expected: the array, as from numpy.save; or an error, as safetensors.torch gives for a tensor that is not
#   contiguous.
# Seen: the shape is the array's, and the numbers are those that lie in memory from its first on: a transposed
#   matrix is scrambled, and a[::2] holds elements that are not in it.  Version 0.7.0 was right for both.
# Why a surprise: weights are transposed whenever they go from Keras or Flax (in, out) to PyTorch or MindSpore
#   (out, in); the converted file loads without a word, and computes something else.
# Documented: the docstring of save_file (0.8.0) says that tensors "need to be contiguous and dense", which a
#   transposed array is in NumPy's words (F_CONTIGUOUS), and a[::2] is not; nothing is refused.  Issue #825 reports
#   it as a regression of 0.8.0 (open; so are pull requests #826 and #829 that mend it).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 safetensors==0.8.0
env/bin/python -W ignore - <<'PYTHON'
import subprocess
import sys

TEST = """
import numpy, safetensors.numpy
matrix, row = numpy.arange(6).reshape(2, 3).T, numpy.arange(6)
safetensors.numpy.save_file({"transposed": matrix, "second": row[::2]}, "weights")
read = safetensors.numpy.load_file("weights")
print(read["transposed"].tolist() == matrix.tolist(), read["second"].tolist() == row[::2].tolist(),
      "wrote", matrix.tolist(), row[::2].tolist(), "read", read["transposed"].tolist(), read["second"].tolist())
"""


def tried():
    return subprocess.run([sys.executable, "-c", TEST], capture_output=True, text=True, check=True).stdout.strip()


new = tried()
print("0.8.0:", new)
subprocess.run([sys.executable, "-m", "pip", "install", "-q", "safetensors==0.7.0"], check=True)
old = tried()
print("0.7.0:", old)
assert new.startswith("False False") and old.startswith("True True")
PYTHON
