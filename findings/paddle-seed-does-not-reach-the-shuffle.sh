#!/bin/bash
# paddle-seed-does-not-reach-the-shuffle.sh
# SPDX-License-Identifier: Apache-2.0
# What: paddlepaddle 3.3.1 on the CPU, paddle.io.DataLoader(shuffle=True) and paddle.io.random_split behind
#   paddle.seed(1), each in two processes.
# Expected: the same order in both, as torch.manual_seed gives it for PyTorch's classes of these names.
# Seen: the split is the same, the order of the loader is another one in each process: RandomSampler draws from NumPy's
#   global generator, random_split from Paddle's.  numpy.random.seed(1) holds the order.
# Why a surprise: of two functions of one module that deal out rows, the seed of the framework reaches one.
# Documented: the text on RandomSampler (3.3.1) names no generator where none is given; its example seeds NumPy, for its
#   pictures.  That on random_split names the one of manual_seed().  Not found among PaddlePaddle's issues.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q paddlepaddle==3.3.1 numpy==2.4.6 setuptools
cat > orders.py <<'PYTHON'
import sys
import numpy, paddle


class Rows(paddle.io.Dataset):
    def __getitem__(self, i):
        return numpy.int64(i)

    def __len__(self):
        return 100


paddle.seed(1)
if sys.argv[1] == "numpy":
    numpy.random.seed(1)
if sys.argv[1] == "split":
    print(list(paddle.io.random_split(Rows(), [50, 50])[0].indices))
else:
    print([int(batch[0]) for batch in paddle.io.DataLoader(Rows(), batch_size=1, shuffle=True)])
PYTHON
for what in split loader numpy; do
    for i in 1 2; do env/bin/python -W ignore orders.py $what 2> log || { cat log; exit 1; }; done > seen
    echo "$what: $(sort -u seen | wc -l) orders in two processes"
    [ "$(sort -u seen | wc -l)" = "$([ $what = loader ] && echo 2 || echo 1)" ]
done
