#!/bin/bash
# test_why.sh - verify --why: what the runs recorded is compared, whatever they printed.  Here a module `torch` of the test's
# own stands for PyTorch, and writes the ledgers that it is given; tests/bindings/test_torch.sh has the real one.
# SPDX-License-Identifier: Apache-2.0
set -u
. "$SOURCE/tests/support/expect.sh"
python=$(command -v python3) || { echo "skipped: no python3"; exit 77; }

# no Python, no PyTorch, no package
expect 3 'run 1: --why: no step was recorded: the command imported no framework' "$DETPIPE" verify --why -- sh -c 'echo loss: 2.5'
expect 3 'no step was recorded: the command imported no framework' "$DETPIPE" verify --why -- "$python" -c 'print("loss: 2.5")'
mkdir fake && echo 'version = 1' > fake/torch.py
expect 3 'no step was recorded: .*python.*pip install detpipe there' env PYTHONPATH="$work/fake" "$DETPIPE" verify --why -- "$python" -c 'import torch'

# a package that records: run N writes the ledger and the head of the name N in $work/given
mkdir fake/detpipe given && touch fake/detpipe/__init__.py
cat > fake/detpipe/_torch_ledger.py <<'P'
import os, shutil
def record(folder):
    number = folder.rsplit("run", 1)[1].split(".")[0]
    open(f"{os.environ['GIVEN']}/{number}.how", "w").write(os.environ["DETPIPE_WHY_HOW"])
    for kind in ("ledger", "head", "unseen"):
        name = f"{os.environ['GIVEN']}/{number}.{kind}"
        name = name if os.path.exists(name) else f"{os.environ['GIVEN']}/1.{kind}"
        if os.path.exists(name):
            shutil.copy(name, f"{folder}/0.{kind}")
P
export GIVEN=$work/given PYTHONPATH=$work/fake
recipe=$SOURCE/tools/recipes/synthetic_cnn.recipe
"$DETPIPE" train "$recipe" --steps 6 --ledger given/1.ledger > first.txt || fail "train"
printf 'torch 1\n1 threads\n' > given/1.head
true > given/1.unseen
why() { "$DETPIPE" verify --why "$@" -- "$python" -c 'import torch; print("loss: 2.5")'; }
expect 0 '^REPRODUCED$' why --output quiet
[ ! -s quiet/run1.err ] || fail "the run says more than its command: $(cat quiet/run1.err)"
grep -q '^ledgers: 1 compared, 6 steps, 30 entries$' out.txt || fail "the ledger is no evidence: $(cat out.txt)"
expect 0 '^REPRODUCED$' "$DETPIPE" verify --why -- "$python" -c 'import torch' # no loss is printed
expect 0 '^REPRODUCED$' why --runs 3 --strict

# who asks first whether the module is there, and imports it after a failure, is recorded
expect 0 '^REPRODUCED$' "$DETPIPE" verify --why -- "$python" -c 'import importlib.util
assert importlib.util.find_spec("torch") and importlib.util.find_spec("torch")
import torch'
cp fake/torch.py own.py && printf 'import os\nif os.environ.pop("FAIL", None):\n    raise ImportError("later")\n' > fake/torch.py
expect 0 '^REPRODUCED$' "$DETPIPE" verify --why -- env FAIL=1 "$python" -c 'try:
    import torch
except ImportError:
    import torch'
mv own.py fake/torch.py
# what is recorded in part says so
sed '/^def/a\    open(f"{folder}/note", "w").write("python: torch: no gradients\\n")' fake/detpipe/_torch_ledger.py > part.py
cp fake/detpipe/_torch_ledger.py whole.py && mv part.py fake/detpipe/_torch_ledger.py
expect 0 'not recorded: python: torch: no gradients' why
mv whole.py fake/detpipe/_torch_ledger.py

# what was not recorded is counted, from whichever run says more; a ledger that nobody closed is weak evidence
echo '3 passes without gradients' > given/1.unseen
printf '4 passes without gradients\n1 functions that torch.compile made\n' > given/2.unseen
expect 0 '^REPRODUCED$' why
grep -q '^not recorded: passes without gradients (4)$' out.txt && grep -q '^not recorded: functions that torch.compile made (1)$' out.txt || fail "$(cat out.txt)"
expect 0 '"what":[[:space:]]*"passes without gradients"' why --json
tr -d ' \n\t' < out.txt | grep -q '"ledgers":{"compared":1,"steps":6,"entries":30,"not_closed":0,"not_recorded":\[{"n":4,' || fail "$(cat out.txt)"
rm given/[12].unseen
expect 0 '^REPRODUCED \(weak evidence: 1 ledger was not closed\)$' why
expect 3 'weak evidence' why --strict
true > given/1.unseen

# a ledger without a step is no evidence, and hides nothing
mv given/1.ledger whole.ledger && head -1 whole.ledger > given/1.ledger
expect 3 'no step was recorded: .*no optimizer made a step; ledger without a step .of rank 0. .1.' why
mv whole.ledger given/1.ledger && head -1 given/1.ledger > given/2.ledger
expect 3 'run 2: --why: no step was recorded' why
head -3 given/1.ledger > given/2.ledger
expect 1 '6 steps and 2: those of both are equal' why
grep -q '^ledgers: 1 compared, 2 steps, 10 entries$' out.txt || fail "steps of one run are counted: $(cat out.txt)"
rm given/2.ledger

# every framework has its row; one that is imported and not recorded says so, whatever the others did
for framework in keras jax mindspore; do
    echo 'version = 1' > fake/$framework.py
    expect 0 'not recorded: .*python' "$DETPIPE" verify --why -- "$python" -c "import torch, $framework"
    tr -s '\n ' '  ' < out.txt | grep -q "$framework: No module named 'detpipe._${framework}_ledger' (pip install detpipe there)" ||
        fail "it does not say that $framework is not recorded: $(cat out.txt)"
    cp fake/detpipe/_torch_ledger.py fake/detpipe/_${framework}_ledger.py
    expect 0 '^REPRODUCED$' "$DETPIPE" verify --why -- "$python" -c "import $framework"
    ! grep -q 'not recorded' out.txt || fail "$framework has a recorder"
done

expect 0 '^REPRODUCED' why --html page.html
grep -q '<h1>Equal</h1>' page.html || fail "no page of equal runs"

# equal losses, other weights
sed 's/learning_rate=0.01/learning_rate=0.01,0.02 milestones=3,20/' "$recipe" > other.recipe
"$DETPIPE" train other.recipe --steps 6 --ledger given/2.ledger > second.txt || fail "train"
expect 1 '^NOT REPRODUCED' why
grep -q 'Why (ledger of rank 0, run 1 and 2): step 4, "weights". The optimizer' <(tr '\n' ' ' < out.txt) || fail "no cause: $(cat out.txt)"
expect 1 'step 4, .*weights' why --json
# a page of it, as diff writes it
expect 1 '^NOT REPRODUCED' why --html page.html
grep -q '<h1>Different</h1>' page.html && grep -q 'weights' page.html || fail "no page of what differs"
expect 1 '"verdict"' why --json --html page.html
expect 3 'cannot write /nonexistent/x.html' why --html /nonexistent/x.html
expect 2 'add --why' "$DETPIPE" verify --html page.html -- echo 'loss: 1.5'
# less is recorded, and both runs once more with everything where they part
expect 1 'NOT REPRODUCED' why --why=weights,every=3
tr '\n' ' ' < out.txt | grep -q 'Closer: run 3 and 4, which recorded all of steps 4 to 4, are equal there' || fail "$(cat out.txt)"
for i in 1 2; do [ "$(cat given/$i.how)" = weights,every=3,steps=1..18446744073709551615 ] || fail "run $i: $(cat given/$i.how)"; done
for i in 3 4; do [ "$(cat given/$i.how)" = full,every=1,steps=4..4 ] || fail "run $i: $(cat given/$i.how)"; done
cp given/2.ledger given/4.ledger
expect 1 'NOT REPRODUCED' why --why=weights
tr '\n' ' ' < out.txt | grep -q 'Closer (ledger of rank 0, all of steps 4 to 4, run 3 and 4): step 4, "weights". The' || fail "$(cat out.txt)"
expect 1 'NOT REPRODUCED' why --why=loss
grep -q 'Closer (ledger of rank 0, all of steps 1 to' out.txt || fail "equal losses are no equal weights: $(cat out.txt)"
expect 1 '"closer":[[:space:]]*"Closer \(' why --why=loss,steps=2..5 --json
expect 1 'NOT REPRODUCED' why --why=full
! grep -q Closer out.txt || fail "everything was recorded: $(cat out.txt)"
rm given/4.ledger
for bad in most every=0 steps=5..4 steps=0 every= loss,steps=x; do expect 2 'expected loss, weights or full' why --why=$bad; done
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
