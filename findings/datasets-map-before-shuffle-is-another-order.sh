#!/bin/bash
# datasets-map-before-shuffle-is-another-order.sh
# SPDX-License-Identifier: Apache-2.0
# What: datasets 5.2.0, IterableDataset.shuffle(seed=1, buffer_size=25) of 60 rows, behind a map or a filter that
#   changes nothing.
# Expected: the same order: the seed, the rows and the buffer are the same.
# Seen: another order; 11 of 60 rows stay in their places.  A map behind the shuffle, select_columns or with_format
#   before it do not change the order.
# Why a surprise: a clean-up step that is added or taken out above the shuffle makes every later run another run.
#   From the rows alone it reaches the buffer in tables of a tenth of its size; behind a map, one row at a time, so
#   the buffer is full at other rows.
# Documented: the docstring of shuffle (5.2.0) says that the buffer is filled with buffer_size elements and that the
#   seed samples from it; it tells nothing of what stands before.  Not found among the issues of datasets.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 datasets==5.2.0
env/bin/python -W ignore - <<'PYTHON'
import datasets

rows = datasets.Dataset.from_dict({"id": list(range(60))})


def order(before=lambda stream: stream, behind=lambda stream: stream):
    stream = before(rows.to_iterable_dataset()).shuffle(seed=1, buffer_size=25)
    return [row["id"] for row in behind(stream)]


plain = order()
mapped = order(lambda stream: stream.map(lambda row: row))
print("plain ", plain[:12])
print("mapped", mapped[:12], sum(a == b for a, b in zip(plain, mapped)), "of 60 rows in the same place")
assert sorted(plain) == sorted(mapped) == list(range(60))
assert plain != mapped
assert mapped == order(lambda stream: stream.filter(lambda row: True))
assert plain == order(behind=lambda stream: stream.map(lambda row: row))
assert plain == order(lambda stream: stream.select_columns(["id"])) == order(lambda stream: stream.with_format("numpy"))
PYTHON
