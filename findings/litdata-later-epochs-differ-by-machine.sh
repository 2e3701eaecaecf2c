#!/bin/bash
# litdata-later-epochs-differ-by-machine.sh
# SPDX-License-Identifier: Apache-2.0
# What: litdata 0.2.76: StreamingDataset(shuffle=True, drop_last=True) of 1,100 rows in chunks of 100 on four machines
#   of one rank each (NNODES=4, WORLD_SIZE=4), three epochs; and the same on one machine of four ranks.
# Expected: 275 rows for each rank in each epoch, none of them twice.
# Seen: so it is on one machine, and in the first epoch of four.  From the second epoch on the ranks of the four have
#   300, 400, 400 and 300 rows, 1,400 together: all rows of a chunk that two machines shared in the first epoch come
#   twice, 300 of 1,100.
# Why a surprise: with collective communication a rank that has a batch more than the others waits for ever; a
#   fourth of the rows weighs double.
# Documented: drop_last "drops the last items to ensure that all processes/workers return the same amount of data", and
#   is on by itself where there are several ranks.  The later epochs are those of "intra node shuffling", of which
#   pull request #19296 of Lightning-AI/pytorch-lightning (merged) says that it makes the second epoch faster.  No issue
#   was found.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.1.3 litdata==0.2.76
env/bin/python -W ignore - <<'PYTHON'
import os

import litdata
from litdata.streaming import Cache

RANKS = 4
cache = Cache("chunks", chunk_size=100)
for i in range(1100):
    cache[i] = i
cache.done()
cache.merge()
for machines in (1, RANKS):
    epochs = []
    for rank in range(RANKS):
        os.environ.update(WORLD_SIZE=str(RANKS), GLOBAL_RANK=str(rank), NNODES=str(machines))
        data = litdata.StreamingDataset("chunks", shuffle=True, drop_last=True, seed=42)
        epochs.append([[int(row) for row in data] for _ in range(3)])
    for e, ranks in enumerate(zip(*epochs)):
        lengths, rows = [len(rank) for rank in ranks], {row for rank in ranks for row in rank}
        print(f"{machines} machines, epoch {e + 1}: {lengths} rows, {len(rows)} different ones")
        assert lengths == ([300, 400, 400, 300] if machines > 1 and e > 0 else [275] * RANKS)
PYTHON
