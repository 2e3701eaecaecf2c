#!/bin/bash
# polars-shuffle-with-a-seed-keeps-rows-together.sh
# SPDX-License-Identifier: Apache-2.0
# What: polars 2.1.0, pl.all().shuffle() of two equal columns, and shuffle() and sample(3) of two groups of equal size
#   (over, group_by), with seed=1 and, behind pl.set_random_seed(1), without.
# Expected: the same kind of shuffle with and without a seed.
# Seen: without a seed the columns, and the groups, are shuffled each by itself.  With seed=1 all columns have one
#   order, and so have all groups of one size: the same places are drawn from each.
# Why a surprise: giving a seed changes what is drawn, not only that it repeats.  A permutation test made repeatable by
#   a seed keeps the rows it should break; a split by class draws the same places of every class.
# Documented: the docstring of Expr.shuffle (2.1.0): "Note this is shuffled independently of any other column or
#   Expression. If you want each row to stay the same use df.sample(shuffle=True)"; seed is the "seed for the random
#   number generator".  Not found among polars' issues.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q polars==2.1.0
env/bin/python -W ignore - <<'PYTHON'
import polars as pl

columns = pl.DataFrame({"a": range(100), "b": range(100)})
groups = pl.DataFrame({"group": [0] * 50 + [1] * 50, "place": list(range(50)) * 2})


def halves(column):
    return column[:50].to_list() == column[50:].to_list()


for seed in 1, None:
    pl.set_random_seed(1)
    together = columns.select(pl.all().shuffle(seed))
    over = groups.select(pl.col("place").shuffle(seed).over("group"))["place"]
    drawn = groups.group_by("group", maintain_order=True).agg(pl.col("place").sample(3, seed=seed))["place"].to_list()
    print(f"seed={seed}: rows {together.rows()[:4]}, groups' order equal {halves(over)}, drawn of each {drawn}")
    assert sorted(together["a"]) == list(range(100)) != together["a"].to_list()
    same = [together["a"].equals(together["b"]), halves(over), drawn[0] == drawn[1]]
    assert same == [seed == 1] * 3
PYTHON
