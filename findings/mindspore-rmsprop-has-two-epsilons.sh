#!/bin/bash
# mindspore-rmsprop-has-two-epsilons.sh
# SPDX-License-Identifier: Apache-2.0
# What: mindspore 2.10.0 on the CPU, nn.RMSProp(learning_rate=0.1, decay=0.9, epsilon=0.5) of one parameter, whose
#   elements all are 0.5 and have the gradient 0.25: eight steps, for 15 elements and for 1000.
# Expected: all elements stay equal, as they have the same numbers at each step.
# Seen: of 15 elements the first 8 and the last 7 are two numbers from the first step on (0.482782 and 0.4789181). The
#   first are moved by 0.1 g / (sqrt(v) + epsilon), the others by 0.1 g / sqrt(v + epsilon), v being the mean square.
#   Of 1000 elements all are equal for five steps; from the sixth on 8 of them, from 496 on, are others.
# Why a surprise: the formula depends on where an element stands: the vectors of eight numbers have one, what is left of
#   a thread's part has the other, and the parts change after five steps, when the kernel has timed itself. So a
#   training with RMSProp is another one for other shapes and for other numbers of threads; with the default epsilon,
#   1e-10, it shows where the mean square is as small.
# Documented: nn.RMSProp (2.10.0) gives the formula with sqrt(v + epsilon) alone. MindSpore's tracker, on Gitee and
#   AtomGit, was not searched.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q mindspore==2.10.0
cat > steps.py <<'PYTHON'
import numpy as np
from mindspore import Parameter, Tensor, nn

kinds = {}
for n in (15, 1000):
    weights = Parameter(Tensor(np.full(n, 0.5, np.float32)), name="w")
    gradient = Tensor(np.full(n, 0.25, np.float32))
    optimizer = nn.RMSProp([weights], learning_rate=0.1, decay=0.9, epsilon=0.5)
    for step in range(1, 9):
        optimizer((gradient,))
        values, counts = np.unique(weights.asnumpy(), return_counts=True)
        kinds[n, step] = len(values)
        print(n, "elements, step", step, *(f"{v:.7g} ({c} times)" for v, c in zip(values, counts)))

first = 0.9 + 0.1 * 0.25**2  # the mean square begins at 1
one, other = 0.5 - 0.025 / (first**0.5 + 0.5), 0.5 - 0.025 / (first + 0.5) ** 0.5
print(f"epsilon beside the root: {one:.7g}, under it: {other:.7g}")
assert kinds[15, 1] == 2
assert max(kinds[1000, step] for step in range(1, 6)) == 1
PYTHON
env/bin/python -W ignore steps.py 2> /dev/null
