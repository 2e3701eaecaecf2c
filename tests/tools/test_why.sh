#!/bin/bash
# test_why.sh - verify --why: what the runs recorded is compared, whatever they printed.  Here a module `torch` of the test's
# own stands for PyTorch, and writes the ledgers that it is given; tests/bindings/test_torch.sh has the real one.
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
python=$(command -v python3) || { echo "skipped: no python3"; exit 77; }

# no Python, no PyTorch, no package
expect 3 'run 1: --why: no step was recorded: the command imported no PyTorch' "$DETPIPE" verify --why -- sh -c 'echo loss: 2.5'
expect 3 'no step was recorded: the command imported no PyTorch' "$DETPIPE" verify --why -- "$python" -c 'print("loss: 2.5")'
mkdir fake && echo 'version = 1' > fake/torch.py
expect 3 'no step was recorded: .*python.*pip install detpipe there' env PYTHONPATH="$work/fake" "$DETPIPE" verify --why -- "$python" -c 'import torch'

# a package that records: run N writes the ledger and the head of the name N in $work/given
mkdir fake/detpipe given && touch fake/detpipe/__init__.py
cat > fake/detpipe/_torch_ledger.py <<'P'
import os, shutil
def record(folder):
    number = folder.rsplit("run", 1)[1].split(".")[0]
    for kind in ("ledger", "head"):
        name = f"{os.environ['GIVEN']}/{number}.{kind}"
        shutil.copy(name if os.path.exists(name) else f"{os.environ['GIVEN']}/1.{kind}", f"{folder}/0.{kind}")
P
export GIVEN=$work/given PYTHONPATH=$work/fake
recipe=$SOURCE/tools/recipes/synthetic_cnn.recipe
"$DETPIPE" train "$recipe" --steps 6 --ledger given/1.ledger > first.txt || fail "train"
printf 'torch 1\n1 threads\n' > given/1.head
why() { "$DETPIPE" verify --why "$@" -- "$python" -c 'import torch; print("loss: 2.5")'; }
expect 0 '^REPRODUCED$' why --output quiet
[ ! -s quiet/run1.err ] || fail "the run says more than its command: $(cat quiet/run1.err)"
grep -q 'files: 1 compared' out.txt || fail "the ledger is no evidence: $(cat out.txt)"
expect 0 '^REPRODUCED$' "$DETPIPE" verify --why -- "$python" -c 'import torch' # no loss is printed
expect 0 '^REPRODUCED$' why --runs 3 --strict

# equal losses, other weights
sed 's/learning_rate=0.01/learning_rate=0.01,0.02 milestones=3,20/' "$recipe" > other.recipe
"$DETPIPE" train other.recipe --steps 6 --ledger given/2.ledger > second.txt || fail "train"
expect 1 '^NOT REPRODUCED' why
grep -q 'Why (ledger of rank 0, run 1 and 2): step 4, "weights". The optimizer' <(tr '\n' ' ' < out.txt) || fail "no cause: $(cat out.txt)"
expect 1 'step 4, .*weights' why --json
# what was unlike in the process, which is no difference by itself
rm given/2.ledger
printf 'torch 1\n2 threads\n' > given/2.head
expect 0 '2 threads \(run 1: 1 threads\)' why
# another's sitecustomize, and PYTHONPATH, as they were
echo 'print("loss: 3.5")' > fake/sitecustomize.py
expect 0 'losses: 2 of "loss"' why
expect 0 "^REPRODUCED" "$DETPIPE" verify --why --loss 'path ([0-9])' -- "$python" -c 'import sys, torch; print("path", sum("why" in p for p in sys.path))'
grep -q '^ *1 *0 *0 *equal' out.txt || fail "the folder of --why is in sys.path: $(cat out.txt)"
exit $failed
