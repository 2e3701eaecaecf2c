#!/bin/bash
# test_lint_scripts.sh - lint of Python scripts: what it finds (LINT_CASES), the diffs of --fix, notebooks, folders, and what is no script
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2> /dev/null || { echo "skipped: no python3, 3.9 or later"; exit 77; }
python3 -B "$SOURCE/tests/tools/lint_cases.py" "$SOURCE/bindings/python/detpipe" "$SOURCE/tests/tools/LINT_CASES" > cases.txt || { cat cases.txt; failed=1; }
[ "$(tail -1 cases.txt | cut -d' ' -f1)" -gt 120 ] || fail "cases: $(tail -1 cases.txt)"

# how it is printed, and the exit statuses
cat > train.py <<'PY'
"""Trains."""
from __future__ import annotations
import os
import numpy as np, torch
from glob import glob

torch.backends.cudnn.benchmark = True
if __name__ == "__main__":
    rng, rows = np.random.default_rng(), np.random.RandomState(seed=os.getpid())
    files = [f for f in glob("é/*.png")
             if len(f) > 3]
    net = torch.nn.Linear(2, 2)
    net(torch.tensor(files[0])).backward()
PY
expect 0 '^train.py:9: np.random.default_rng\(\): without a number it is seeded by the system' "$DETPIPE" lint train.py
grep -q '^    instead: a number, e.g. 1$' out.txt || fail "lint gives no remedy"
grep -q '^5 findings in 1 file, 13 lines, 9 calls$' out.txt || { fail "lint does not say what it read"; cat out.txt; }
expect 1 '5 findings' "$DETPIPE" lint --strict train.py
expect 1 '"warnings": 5' "$DETPIPE" lint --strict --json train.py
printf 'import numpy as np\nprint(np.zeros(3))\n' > quiet.py
expect 0 '^0 findings in 1 file, 2 lines, 2 calls$' "$DETPIPE" lint --strict quiet.py
printf 'import torch\nscaler = torch.autocast("cpu")\n' > open.py
expect 0 '^0 findings in 1 file, 2 lines, 1 call; 1 more cannot be told \(--all\)$' "$DETPIPE" lint --strict open.py
expect 0 '^open.py:2: torch.autocast' "$DETPIPE" lint --all open.py
printf 'from nowhere import *\nexec(open("x").read())\n' > dynamic.py
expect 0 '^not followed: dynamic.py:2: exec\(\)$' "$DETPIPE" lint dynamic.py
grep -qx 'not followed: dynamic.py:1: from nowhere import \*' out.txt || fail "a star import is not named"

# --fix: a diff that patch takes; lint is silent behind it, and a second one has nothing to do
cp train.py before.py
"$DETPIPE" lint --fix train.py > fix.diff || fail "lint --fix"
cmp -s train.py before.py || fail "lint --fix writes into the script"
patch -s -p1 < fix.diff || { fail "patch does not take the diff"; cat fix.diff; }
cat > wanted.py <<'PY'
"""Trains."""
from __future__ import annotations
import os
import numpy as np, torch
from glob import glob
torch.manual_seed(1)

torch.backends.cudnn.benchmark = False
if __name__ == "__main__":
    rng, rows = np.random.default_rng(1), np.random.RandomState(seed=1)
    files = [f for f in sorted(glob("é/*.png"))
             if len(f) > 3]
    net = torch.nn.Linear(2, 2)
    net(torch.tensor(files[0])).backward()
PY
diff wanted.py train.py || fail "what --fix makes"
expect 0 '^0 findings' "$DETPIPE" lint --strict train.py
[ -z "$("$DETPIPE" lint --fix train.py)" ] || fail "--fix of what is mended"
cat > late.py <<'PY'
import mindspore.dataset as ds
from mindspore import nn
import mindspore as ms
d = ds.Cifar10Dataset("x", num_parallel_workers=2)
d = d.map(ds.vision.RandomCrop(3), num_parallel_workers=4)
net = nn.Dense(2, 2)
ms.set_seed(1)
opt = nn.SGD(net.trainable_params(), 0.1)
PY
"$DETPIPE" lint --fix late.py | patch -s -p1 || fail "--fix of a late seed"
[ "$(sed -n 4p late.py)" = 'ms.set_seed(1)' ] || { fail "--fix puts the seed behind the imports"; cat late.py; }
[ "$(grep -c num_parallel_workers=1 late.py)" = 2 ] || { fail "--fix sets one worker"; cat late.py; }
expect 0 '^0 findings in 1 file, 9 lines, [0-9]* calls$' "$DETPIPE" lint --strict --all late.py

# a notebook: cells and lines; IPython's own lines are none of Python
cat > book.ipynb <<'JSON'
{"cells": [{"cell_type": "markdown", "source": ["# no code"]},
 {"cell_type": "code", "source": ["%matplotlib inline\n", "!pip install x\n", "import numpy as np"]},
 {"cell_type": "code", "source": ["%%bash\n", "rm -rf x"]},
 {"cell_type": "code", "source": "x = np.random.rand(3)\nmodel.fit(x)"}]}
JSON
expect 0 '^book.ipynb: cell 4 line 1: np.random.rand\(3\): it draws from NumPy' "$DETPIPE" lint book.ipynb
printf '{"cells": [{"cell_type": "markdown"}, {"cell_type": "code", "source": "import torch\\ntorch.seed()"}]}' > second.ipynb
expect 0 '^second.ipynb: cell 2 line 2: torch.seed' "$DETPIPE" lint second.ipynb
"$DETPIPE" lint --fix book.ipynb | patch -s -p1 || fail "--fix of a notebook that no program laid out"
grep -q '"source": \["%matplotlib inline.n", "!pip install x.n", "import numpy as np.n", "np.random.seed(1)"\]},$' book.ipynb || { fail "--fix of a notebook"; cat book.ipynb; }
grep -q '"source": "x = np.random.rand(3).nmodel.fit(x)"}\]}$' book.ipynb || fail "what --fix does not mend stays as it was"

# a diff has the bytes of the file: ends of lines, a mark, its coding, a form feed, no end of the last line
is_mended() { # NAME WANTED: as printf has them
    cp "$1" before.txt
    "$DETPIPE" lint --fix "$1" | patch -s -p1 --binary || fail "patch does not take the diff of $1"
    printf "$2" | cmp -s - "$1" || { fail "what --fix makes of $1"; od -c "$1"; }
}
printf 'import torch\r\ntorch.seed(id(1))\r\ntorch.manual_seed(id(1))\r\n' > crlf.py
is_mended crlf.py 'import torch\r\ntorch.seed(id(1))\r\ntorch.manual_seed(1)\r\n'
printf '\357\273\277import torch\ntorch.manual_seed(id(1))' > mark.py
is_mended mark.py '\357\273\277import torch\ntorch.manual_seed(1)'
printf '# coding: latin-1\nimport torch\n\f\nx = "\351"\ntorch.manual_seed(id(x))' > latin.py
is_mended latin.py '# coding: latin-1\nimport torch\n\f\nx = "\351"\ntorch.manual_seed(1)'
printf 'import torch\r\ntorch.manual_seed(id(1))\n' > mixed.py
expect 0 '^detpipe: lint: mixed.py: --fix: its lines end in several ways: 1 finding to mend by hand$' "$DETPIPE" lint --fix mixed.py
printf 'import torch\nl = torch.nn.Linear(2, 2)\nimport os\nl.backward()\n' > between.py
is_mended between.py 'import torch\ntorch.manual_seed(1)\nl = torch.nn.Linear(2, 2)\nimport os\nl.backward()\n'

# a notebook as Jupyter writes it: a diff of its cells; a cell that is no Python does not hide the others
cat > write.py <<'PY'
import json
code = lambda text: {"cell_type": "code", "metadata": {}, "outputs": [], "source": text.splitlines(True)}
cells = [{"cell_type": "markdown", "metadata": {}, "source": ["# é?"]}, code("%matplotlib inline\nfiles = !ls\nimport numpy as np"),
         code("%%time\nprint?\nfor f in [1]: # why?\n    r = np.random.default_rng()\nx = 'é', np.random.RandomState()"), code("x = ("),
         code("model.fit(np.random.rand(3))\n")]
text = json.dumps({"cells": cells, "metadata": {"kernelspec": {"language": "python"}}, "nbformat": 4}, indent=1, ensure_ascii=False)
with open("jupyter.ipynb", "w") as f:
    f.write(text + "\n")
PY
python3 write.py
expect 0 '^not read: jupyter.ipynb: cell 4 line 1: .* never closed: this is not Python 3$' "$DETPIPE" lint jupyter.ipynb
grep -q '^3 findings in 1 file' out.txt || { fail "the other cells of a notebook"; cat out.txt; }
cp jupyter.ipynb before.ipynb
"$DETPIPE" lint --fix jupyter.ipynb | patch -s -p1 || fail "patch does not take the diff of a notebook"
diff before.ipynb jupyter.ipynb > book.diff
grep '^>' book.diff > added.txt
cat > wanted.txt <<'TXT'
>     "import numpy as np\n",
>     "np.random.seed(1)"
>     "    r = np.random.default_rng(1)\n",
>     "x = 'é', np.random.RandomState(1)"
TXT
diff wanted.txt added.txt || { fail "what --fix makes of a notebook"; cat book.diff; }
expect 0 '^0 findings in 1 file' "$DETPIPE" lint --strict jupyter.ipynb
printf '{"cells": [], "metadata": {"kernelspec": {"language": "R"}}}' > r.ipynb
expect 2 '^detpipe: lint: r.ipynb: it is of R, not of Python$' "$DETPIPE" lint r.ipynb

# a folder: programs with what they import, once each; links that run in circles, folders of others, and what is no script
mkdir -p project/lib project/.venv project/__pycache__ project/empty
printf 'import random\ndef draw():\n    return random.random()\n' > project/lib/numbers_of.py
printf 'from lib.numbers_of import draw\nmodel.fit(draw())\n' > project/a.py
printf 'import random\nfrom lib.numbers_of import draw\nrandom.seed(1)\nmodel.fit(draw())\n' > project/b.py
printf 'import random\nmodel.fit(random.random())\n' | tee project/.venv/x.py > project/__pycache__/x.py
ln -s .. project/lib/loop
expect 0 '^project/lib/numbers_of.py:3: random.random\(\): it draws from' "$DETPIPE" lint project
tr -s '\n ' ' ' < out.txt | grep -q 'which nothing seeds (in project/a.py)' || { fail "the program of a finding"; cat out.txt; }
grep -q '^1 finding in 3 files, ' out.txt || { fail "the files of a folder"; cat out.txt; }
expect 2 'lint: project/empty: there is no Python script or notebook in it$' "$DETPIPE" lint project/empty

# nothing that lies beside a script is imported or run
mkdir trap
for name in ast json argparse sitecustomize torch; do printf 'open("ran", "w")\n' > trap/$name.py; done
printf 'import torch\nopen("ran", "w")\n' > trap/train.py
tool=$(realpath "$DETPIPE")
cd trap && PYTHONPATH=. expect 0 '^0 findings in 2 files' "$tool" lint train.py && cd ..
[ ! -e trap/ran ] || fail "lint ran what lies beside the script"

# what cannot be read: one line
not_read() { # WORDS FILE
    expect 2 "^detpipe: lint: $2: $1" "$DETPIPE" lint "$2"
    [ "$(wc -l < out.txt)" = 1 ] || { fail "more than a line on $2"; cat out.txt; }
}
printf 'def f(:\n' > bad.py; not_read 'line 1: .*: this is not Python 3$' bad.py
printf 'import os\n\0' > zero.py; not_read 'it has a NUL byte' zero.py
printf '\377\376x=1\n' > wide.py; not_read 'it is not text in UTF-8' wide.py
printf '# coding: nonsense\nx = 1\n' > coding.py; not_read 'it is not text in UTF-8, or in the coding that it names' coding.py
python3 -c 'print("x = " + "(" * 5000 + ")" * 5000)' > deep.py; not_read '' deep.py
python3 -c 'print("x = " + "1 + " * 200000 + "1")' > sum.py; not_read 'it nests too deep' sum.py
python3 -c 'print("x = a" + ".b" * 4000)' > names.py; not_read 'it nests too deep' names.py
python3 -c 'print("x = \"" + "a" * 10000000 + "\"")' > long.py; not_read 'it has more than 1 MiB' long.py
printf '{"cells": 3' > json.ipynb; not_read 'it is not a notebook' json.ipynb
printf '{"cells": [{"cell_type": "code", "source": [1, "x ="]}, 7, null]}' > odd.ipynb; not_read 'cell 1 line 1: ' odd.ipynb
printf '{"cells": {"0": {}}}' > object.ipynb; not_read 'it is not a notebook' object.ipynb
not_read 'there is no such file$' nothing.py
expect 2 '"why": "line 1: .*not Python 3"' "$DETPIPE" lint --json bad.py
printf '{"cells": [{"cell_type": "code", "source": 7}]}' > number.ipynb
expect 0 '^0 findings' "$DETPIPE" lint number.ipynb
printf '{"cells": [{"cell_type": "code", "source": ["!pip install x \\\\\\n", "  y\\n", "import torch\\n", "torch.seed()"]}]}' > pip.ipynb
expect 0 '^pip.ipynb: cell 1 line 4: torch.seed' "$DETPIPE" lint pip.ipynb
python3 -c 'print("[" * 100000)' > nested.ipynb; not_read 'it (nests too deep|is not a notebook)' nested.ipynb
printf 'x = "\033[2J"(\n' > escape.py; not_read 'line 1' escape.py
grep -q $'\033' out.txt && fail "lint prints what commands a terminal"
name=$(printf 'a\033[2J\n+b.py'); printf 'import torch\ntorch.manual_seed(id(1))\n' > "$name"
expect 0 '^a.\[2J.\+b.py:2: torch' "$DETPIPE" lint "$name"
expect 0 'its name cannot stand in a diff: 1 finding to mend by hand$' "$DETPIPE" lint --fix "$name"
grep -q $'\033' out.txt && fail "lint prints what commands a terminal"
ln -s self.py self.py; expect 2 'self.py' "$DETPIPE" lint self.py
python3 - <<'PY' > calls.py
print("\n".join(f"def f{i}(x):\n    return f{(i * 7) % 400}(f{(i * 3) % 400}(x))" for i in range(400)) + "\nf1(f2(3))\nexec('x')")
PY
expect 0 'not followed: calls.py:80[0-9]: exec' "$DETPIPE" lint calls.py
mkdir mixed && cp bad.py zero.py quiet.py mixed/
expect 0 '^not read: mixed/bad.py: line 1' "$DETPIPE" lint mixed
grep -q '^0 findings in 1 file, ' out.txt || fail "what is left of a folder"
mkfifo pipe.py; not_read 'it is not a file$' pipe.py # whatever cannot be read here is a script by its name
if [ "$(id -u)" != 0 ]; then
    cp quiet.py closed.py && chmod 000 closed.py && not_read 'Permission denied' closed.py
fi

# options of pipelines; a recipe with a script's name; no Python
expect 2 '^detpipe: lint: --data, --seed and --at are for pipelines; train.py is not one$' "$DETPIPE" lint --seed 3 train.py
printf 'import torch\ntorch.manual_seed(id(1))\n' > named
expect 0 '^named:2: torch.manual_seed' "$DETPIPE" lint named # a script, whatever it is called
expect 2 '^detpipe: /dev/fd/[0-9]* is a Python script, and no file: save it; .* `detpipe lint FILE.py` reads it$' "$DETPIPE" lint <(cat named)
# several: programs first, as in a folder; what cannot be read is named, and the others are read
printf 'from part import draw\nimport numpy as np\nnp.random.seed(1)\ndraw()\n' > whole.py
printf 'import numpy as np\ndef draw():\n    return np.random.rand()\n' > part.py
expect 0 '^0 findings in 2 files, ' "$DETPIPE" lint --strict part.py whole.py
expect 1 '^named:2: torch.manual_seed' "$DETPIPE" lint --strict quiet.py named bad.py nothing.py
grep -q '^not read: bad.py: line 1' out.txt && grep -q '^not read: nothing.py: there is no such file$' out.txt || fail "what of several cannot be read: $(cat out.txt)"
expect 2 '^detpipe: lint: nothing.py: there is no such file$' "$DETPIPE" lint bad.py nothing.py
expect 2 '^detpipe: lint: recipe is not a script, notebook or folder: of several' "$DETPIPE" lint quiet.py recipe
printf '# a recipe\ndata: range count=3 | shuffle\n' > recipe.py
expect 0 '' "$DETPIPE" lint recipe.py
grep -q findings out.txt && fail "a recipe is read as a script"
expect 3 '^detpipe: lint: scripts are read by python3, which cannot be run: No such file or directory$' env PATH=/nonexistent "$tool" lint train.py
exit $failed
