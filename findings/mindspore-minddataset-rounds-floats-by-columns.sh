#!/bin/bash
# mindspore-minddataset-rounds-floats-by-columns.sh
# SPDX-License-Identifier: Apache-2.0
# What: mindspore 2.10.0, MindDataset(columns_list=..., shuffle=False) over a MindRecord file that its FileWriter wrote,
#   a float64 column beside a column of bytes.
# Expected: the numbers that were written, whichever columns are asked for.
# Seen: with all columns they are exact; with columns_list=["x"] they have 15 digits: 0.3333333333333333 is
#   0.333333333333333. Where every column that is asked for is in the index (all numbers and texts are, unless add_index
#   says otherwise), the values come from the SQLite file beside the data, as text of 15 digits.
# Why a surprise: leaving out a column that is not used changes the others in the last bits; the training that begins
#   with them differs from its second step on.
# Documented: not in MindDataset's docstring (columns_list: "List of columns to be read"), nor in FileWriter.add_index's
#   (2.10.0). MindSpore's tracker, on Gitee and AtomGit, was not searched.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q mindspore==2.10.0
env/bin/python -W ignore - <<'PYTHON' 2> /dev/null
import mindspore.dataset as ds
from mindspore.mindrecord import FileWriter

written = [1 / 3 + i for i in range(100)]
writer = FileWriter("x.mindrecord")
writer.add_schema({"x": {"type": "float64"}, "data": {"type": "bytes"}}, "numbers")
writer.write_raw_data([{"x": x, "data": b"-"} for x in written])
writer.commit()


def read(columns):
    rows = ds.MindDataset("x.mindrecord", columns_list=columns, shuffle=False)
    return [float(row["x"]) for row in rows.create_dict_iterator(output_numpy=True, num_epochs=1)]


for columns in (None, ["x", "data"], ["x"]):
    values = read(columns)
    differ = sum(a != b for a, b in zip(values, written))
    print(f"columns_list={columns}: {differ} of 100 differ, the first is {values[0]!r}")
assert read(None) == written and read(["x", "data"]) == written
assert sum(a != b for a, b in zip(read(["x"]), written)) > 50 and read(["x"])[0] == 0.333333333333333
PYTHON
