#!/bin/bash
# mindspore-filewriter-deals-rows-by-chance.sh
# SPDX-License-Identifier: Apache-2.0
# What: mindspore 2.10.0, mindrecord.FileWriter("a", 4): ten rows by one write_raw_data, on four files; ten processes.
# Expected: the same files each time, as each has the same rows.
# Seen: how many rows each file gets changes from run to run: 3 3 2 2, 2 3 3 2, 2 2 3 3, ... The rows stay in order over
#   all files, and each file has two or three.
# Why a surprise: the files of a data set that is built twice by one script are others, so their checksums say that the
#   data changed; who reads some of the files (a list of them, or one file for each worker) gets other rows. No seed
#   is taken.
# Documented: FileWriter's docstring (2.10.0) says that shard_num files are generated, nothing of which rows they get.
#   MindSpore's tracker, on Gitee and AtomGit, was not searched.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q mindspore==2.10.0
cat > write.py <<'PYTHON'
import sqlite3
import sys

from mindspore.mindrecord import FileWriter

name = sys.argv[1]
writer = FileWriter(name, 4)
writer.set_header_size(1 << 14)
writer.set_page_size(1 << 15)
writer.add_schema({"v": {"type": "int64"}}, "ten rows")
writer.write_raw_data([{"v": i} for i in range(10)])
writer.commit()
counts = [sqlite3.connect(f"{name}{i}.db").execute("select count(*) from INDEXES").fetchone()[0] for i in range(4)]
assert sum(counts) == 10
print(*counts)
PYTHON
for i in $(seq 10); do
    env/bin/python -W ignore write.py "run$i-" 2> /dev/null
done > counts.txt
sort counts.txt | uniq -c | sort -rn
[ "$(wc -l < counts.txt)" = 10 ] && [ "$(sort -u counts.txt | wc -l)" -gt 1 ]
