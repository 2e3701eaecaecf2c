#!/bin/bash
# paddle-takes-uint16-for-bfloat16.sh
# SPDX-License-Identifier: Apache-2.0
# What: paddlepaddle 3.3.1 on the CPU: a NumPy array of uint16 (depth, thermal and X-ray pictures of 16 bits; tokens)
#   goes through paddle.to_tensor and paddle.io.DataLoader, and a bfloat16 tensor goes to NumPy.
# Expected: the numbers 1, 2 and 300 in some type, or an error, as for uint32 and uint64.
# Seen: the 16 bits of each number are taken for those of a bfloat16: 1 is 9.2e-41, 300 is 3.2e-38.  tolist() and
#   numpy() show 1, 2, 300, for they go back the same way: the bfloat16 numbers 1, 2, 3 are 16256, 16384 and 16448 in
#   NumPy.
# Why a surprise: the loader delivers a black picture without a word, and a look at it by numpy() or tolist() shows the
#   right one.
# Documented: the docstring of to_tensor (3.3.1) says "Keep dtype" of an array of NumPy; neither uint16 nor bfloat16 is
#   among the types that it lists.  Issue #34927 (2021, closed) met it in cast, and names the table that has uint16 for
#   bfloat16.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q paddlepaddle==3.3.1 numpy==2.4.6 setuptools
env/bin/python -W ignore - 2> log <<'PYTHON' || { cat log; exit 1; }
import numpy
import paddle

numbers = numpy.array([1, 2, 300], "uint16")


class Rows(paddle.io.Dataset):
    def __getitem__(self, i):
        return numbers

    def __len__(self):
        return 1


def told(what, tensor):
    values = tensor.astype("float32").flatten()
    print(f"{what}: {str(tensor.dtype)}, as float32 {values.tolist()}, times 10 {(values * 10).tolist()}, "
          f"tolist() {tensor.flatten().tolist()}")
    assert tensor.dtype == paddle.bfloat16 and float(values.max()) < 1e-37
    assert tensor.flatten().tolist() == tensor.flatten().numpy().tolist() == [1, 2, 300]


told("to_tensor", paddle.to_tensor(numbers))
told("DataLoader", next(iter(paddle.io.DataLoader(Rows(), batch_size=1)))[0])
back = paddle.to_tensor([1.0, 2.0, 3.0], dtype="bfloat16").numpy()
print("bfloat16 1, 2, 3 to NumPy:", back.dtype, back.tolist())
assert back.dtype == numpy.uint16 and back.tolist() == [0x3F80, 0x4000, 0x4040]
for other in "uint32", "uint64":
    try:
        paddle.to_tensor(numbers.astype(other))
        raise SystemExit(f"{other} was taken")
    except ValueError:
        print(f"{other}: refused")
PYTHON
