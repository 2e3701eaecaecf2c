#!/bin/bash
# datasets-to-json-writes-ten-decimals.sh
# SPDX-License-Identifier: Apache-2.0
# What: datasets 5.2.0 with pandas 3.1.1, Dataset.to_json of float64 and load_dataset("json") of the file, beside
#   to_csv and to_parquet.
# Expected: the numbers, as to_parquet and to_csv keep them; Python's json writes all digits, too.
# Seen: ten digits behind the point: 1/3 comes back as 0.3333333333, 4e-11 as 0, and two probabilities that differ
#   by 1e-11 are equal.  There is no warning.  double_precision=15, the highest, writes 15 decimals.
# Why a surprise: JSON Lines is the format in which scores, log-probabilities and learning rates are passed on; the
#   loss of digits goes by the point, so that small numbers lose all of them.
# Documented: the docstring of to_json (5.2.0) says that further arguments are passed to pandas.DataFrame.to_json,
#   whose docstring has double_precision=10; it names lines and orient as its defaults, and no precision.  For pandas
#   alone issue #62072 (2025, open) reports it; not found among the issues of datasets.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 datasets==5.2.0 pandas==3.1.1
env/bin/python -W ignore - <<'PYTHON'
import datasets

datasets.disable_progress_bars()
numbers = [1 / 3, 4e-11, 0.25 + 1e-11, 1e-5, 1e300]
rows = datasets.Dataset.from_dict({"number": numbers})
rows.to_json("rows.jsonl")
rows.to_json("rows15.jsonl", double_precision=15)
rows.to_csv("rows.csv")
rows.to_parquet("rows.parquet")
read = {}
for name, form in (("rows.jsonl", "json"), ("rows15.jsonl", "json"), ("rows.csv", "csv"), ("rows.parquet", "parquet")):
    read[name] = list(datasets.load_dataset(form, data_files=name, split="train", cache_dir="cache")["number"])
    print(f"{name:13}", read[name])
assert read["rows.csv"] == read["rows.parquet"] == numbers
assert read["rows.jsonl"] == [0.3333333333, 0.0, 0.25, 1e-5, 1e300]
assert read["rows15.jsonl"][0] == 0.333333333333333
PYTHON
