# tree.py LEAVES RANKS... - what a rank sends a step, as docs/scaling.md has it; nothing is run
# SPDX-License-Identifier: Apache-2.0
# Of ResNet-20: 272,000 weights, 1,500 numbers of biases, batch_norm and loss.  tests/compute/test_tree_cost.c holds the
# same formula against what ranks send.
import sys

WEIGHTS, SMALL = 272000, 1500


def subtrees(leaves, ranks, rank):  # aligned runs of leaves, as long as can be
    at, end, n = leaves * rank // ranks, leaves * (rank + 1) // ranks, 0
    while at < end:
        step = 1
        while at % (2 * step) == 0 and at + 2 * step <= end:
            step *= 2
        at, n = at + step, n + 1
    return n


leaves = int(sys.argv[1])
print("| leaves | ranks | subtrees a rank, mean (most) | MB of gradients | MB of small sums | messages |\n|---|---|---|---|---|---|")
for ranks in map(int, sys.argv[2:]):
    parts = [subtrees(leaves, ranks, r) for r in range(ranks)]
    s = sum(parts) / ranks
    print(f"| {leaves:,} | {ranks:,} | {s:.3g} ({max(parts)}) | {4 * WEIGHTS * (s + 1) * (ranks - 1) / ranks / 1e6:.2f} "
          f"| {8 * SMALL * s * (ranks - 1) / 1e6:.2f} | {(s + 1) * (ranks - 1):,.0f} |")
