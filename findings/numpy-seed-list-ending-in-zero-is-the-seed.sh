#!/bin/bash
# numpy-seed-list-ending-in-zero-is-the-seed.sh
# SPDX-License-Identifier: Apache-2.0
# What: numpy 2.4.6, default_rng([seed, epoch]), or [seed, worker], beside default_rng(seed).
# Expected: streams that have nothing to do with each other.
# Seen: [seed, 0] is the stream of seed itself: zeros at the end, up to four numbers below 2**32 in all, do not
#   count; and [1, 2] is that of the number 1 + 2 * 2**32.  [seed, 1] is another one, and so is [0, seed].
# Why a surprise: a program that draws its initial weights from default_rng(seed) and its orders from
#   default_rng([seed, epoch]) has both from one stream in epoch 0, and in no other: a split of the rows by
#   default_rng(seed).permutation(n) is the order of the first epoch.
# Documented: the page "Parallel random number generation", section "Sequence of integer seeds", recommends
#   [worker, seed], and says that [seed, worker] works, with guarantees as those of spawn, only that a child of spawn
#   may collide with it.  Pull request #16551 (2020, merged) takes the zeros out of spawn's way and keeps them here,
#   for compatibility; in issue #27380 (2024, open), about an empty list, the padding is named, too.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6
env/bin/python - <<'PYTHON'
from numpy.random import default_rng

SEED = 42
plain = default_rng(SEED).permutation(8).tolist()
for name, seed in (
    ("[seed, 0]", [SEED, 0]),
    ("[seed, 0, 0, 0]", [SEED, 0, 0, 0]),
    ("[seed, 0, 0, 0, 0]", [SEED, 0, 0, 0, 0]),
    ("[seed, 1]", [SEED, 1]),
    ("[0, seed]", [0, SEED]),
):
    order = default_rng(seed).permutation(8).tolist()
    print(f"{name:18} {order} {'is that of seed' if order == plain else ''}")
    assert (order == plain) == (name in ("[seed, 0]", "[seed, 0, 0, 0]"))
assert default_rng([1, 2]).random() == default_rng(1 + 2 * 2**32).random()
PYTHON
