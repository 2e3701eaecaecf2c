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

# a package that records: run N writes the ledger and the head of the name N in $work/given, and those of another process, N-2
mkdir fake/detpipe given && touch fake/detpipe/__init__.py
cat > fake/detpipe/_torch_ledger.py <<'P'
import os, shutil
def record(folder):
    number = folder.rsplit("run", 1)[1].split(".")[0]
    open(f"{os.environ['GIVEN']}/{number}.how", "w").write(os.environ["DETPIPE_WHY_HOW"])
    for kind in ("ledger", "head", "unseen", "-2.ledger", "-2.head", "-2.unseen"):
        kind = kind if kind[0] == "-" else "." + kind
        name = f"{os.environ['GIVEN']}/{number}{kind}"
        name = name if os.path.exists(name) else f"{os.environ['GIVEN']}/1{kind}"
        if os.path.exists(name):
            shutil.copy(name, f"{folder}/0{kind}")
P
export GIVEN=$work/given PYTHONPATH=$work/fake
recipe=$SOURCE/tools/recipes/synthetic_cnn.recipe
"$DETPIPE" train "$recipe" --steps 6 --ledger given/1.ledger > first.txt || fail "train"
printf 'torch 1\n1 threads\n' > given/1.head
true > given/1.unseen
sed 's/learning_rate=0.01/learning_rate=0.01,0.02 milestones=3,20/' "$recipe" > other.recipe
"$DETPIPE" train other.recipe --steps 6 --ledger other.ledger > second.txt || fail "train"
why() { "$DETPIPE" verify --why "$@" -- "$python" -c 'import torch; print("loss: 2.5")'; }
# where the runs differ: something is varied, so that one run more finds that it was this, and not some 30
other() { why --vary tmp "$@"; }

# What follows waits more than it works, as no run begins in the second in which the last one ended: each beside the others,
# with a package and ledgers of its own.
own() {
    cp -r "$work/fake" "$work/given" .
    export GIVEN=$PWD/given PYTHONPATH=$PWD/fake
}

plain() {
    own
    expect 0 '^REPRODUCED$' why --runs 3 --strict --output quiet
    [ ! -s quiet/run1.err ] || fail "the run says more than its command: $(cat quiet/run1.err)"
    grep -q '^ledgers: 1 compared, 6 steps, 30 entries$' out.txt || fail "the ledger is no evidence: $(cat out.txt)"
}

# who asks first whether the module is there, and imports it after a failure, is recorded; no loss is printed
late_imports() {
    own
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
    mv part.py fake/detpipe/_torch_ledger.py
    expect 0 'not recorded: python: torch: no gradients' why
}

# what was not recorded is counted, from whichever run says more; a hook that failed, or a ledger that nobody closed, is weak evidence
not_recorded() {
    own
    echo '3 passes without gradients' > given/1.unseen
    printf '4 passes without gradients\n1 functions that torch.compile made\n' > given/2.unseen
    expect 0 '^REPRODUCED$' why
    grep -q '^not recorded: passes without gradients (4)$' out.txt && grep -q '^not recorded: functions that torch.compile made (1)$' out.txt || fail "$(cat out.txt)"
    expect 0 '"what":[[:space:]]*"passes without gradients"' why --json
    tr -d ' \n\t' < out.txt | grep -q '"ledgers":{"compared":1,"steps":6,"entries":30,"not_closed":0,"not_recorded":\[{"n":4,' || fail "$(cat out.txt)"
    printf '2 failures to record (TypeError: x)\n1 failures to record (RuntimeError: y)\n' > given/2.unseen
    expect 0 '^REPRODUCED \(weak evidence: 3 failures to record\)$' why
    expect 3 'weak evidence' why --strict
    echo '1 processes that were not recorded (python3 x.py): why' > given/2.unseen
    expect 0 '^REPRODUCED \(weak evidence: 1 process that was not recorded\)$' why
    rm given/[12].unseen
    expect 0 '^REPRODUCED \(weak evidence: 1 ledger was not closed\)$' why
    grep -q '^not recorded: what rank 0 did behind its 6 steps: killed, or left at once (1)$' out.txt || fail "a killed process: $(cat out.txt)"
    expect 3 'weak evidence' why --strict
}

# a ledger without a step is no evidence, and hides nothing
no_step() {
    own
    mv given/1.ledger whole.ledger && head -1 whole.ledger > given/1.ledger
    expect 3 'no step was recorded: .*no optimizer made a step .*a detpipe.Ledger records by put and step; .*the files.; ledger without a step .of rank 0. .1.' why
    mv given/1.unseen closed
    expect 3 'no step was recorded: what trained was killed, or left at once, before the end of a step; ledger without a step' why
    mv closed given/1.unseen
    mv whole.ledger given/1.ledger && head -1 given/1.ledger > given/2.ledger
    expect 3 'run 2: --why: no step was recorded' why
    head -3 given/1.ledger > given/2.ledger
    expect 1 '6 steps and 2: those of both are equal' other
    tr '\n' ' ' < out.txt | grep -q 'equal. One of the runs goes on longer, with step 3:' || fail "why it goes on: $(cat out.txt)"
    grep -q '^ledgers: 1 compared, 2 steps, 10 entries$' out.txt || fail "steps of one run are counted: $(cat out.txt)"
    cp given/2.ledger given/4.ledger
    expect 1 '^Closer .ledger of rank 0, all of steps 1 on, run 3 and 4.: ' other --why=loss
    rm given/2.ledger && cp given/1.ledger given/2-2.ledger && cp given/1.unseen given/2-2.unseen
    expect 1 '^Why .ledger of rank 0-2, run 1 and 2.: only run 2 wrote it$' other
}

# every framework has its row; one that is imported and not recorded says so, whatever the others did
frameworks() {
    own
    local framework
    for framework in keras jax mindspore; do echo 'version = 1' > fake/$framework.py; done
    expect 0 'not recorded: .*python' "$DETPIPE" verify --why -- "$python" -c 'import torch, keras, jax, mindspore'
    for framework in keras jax mindspore; do
        tr -s '\n ' '  ' < out.txt | grep -q "$framework: No module named 'detpipe._${framework}_ledger' (pip install detpipe there)" ||
            fail "it does not say that $framework is not recorded: $(cat out.txt)"
        sed "s|/0{kind}|/$framework{kind}|" fake/detpipe/_torch_ledger.py > fake/detpipe/_${framework}_ledger.py
    done
    expect 0 '^REPRODUCED$' "$DETPIPE" verify --why -- "$python" -c 'import keras, jax, mindspore'
    ! grep -q 'not recorded' out.txt && grep -q '^ledgers: 3 compared' out.txt || fail "each has a recorder: $(cat out.txt)"

    expect 0 '^REPRODUCED' why --html page.html --why=full
    grep -q '<h1>Equal</h1>' page.html || fail "no page of equal runs"
    expect 3 'cannot write /nonexistent/x.html' why --html /nonexistent/x.html
}

# equal losses, other weights
other_weights() {
    own
    cp "$work/other.ledger" given/2.ledger
    expect 1 '^NOT REPRODUCED' other --html page.html
    grep -q 'Why (ledger of rank 0, run 1 and 2): step 4, "weights". The optimizer' <(tr '\n' ' ' < out.txt) || fail "no cause: $(cat out.txt)"
    grep -q '^Cause: tmp' out.txt || fail "no ledgers in the search for the cause: $(cat out.txt)"
    ! grep -q Closer out.txt || fail "everything was recorded: $(cat out.txt)"
    # a page of it, as diff writes it
    grep -q '<h1>Different</h1>' page.html && grep -q 'weights' page.html || fail "no page of what differs"
    rm page.html
    expect 1 'step 4, .*weights' other --json --html page.html
    grep -q '"verdict"' out.txt && [ -s page.html ] || fail "JSON and a page"
    expect 2 'add --why' "$DETPIPE" verify --html page.html -- echo 'loss: 1.5'
}

# processes without a rank have names by chance: what they recorded says which is which
processes() {
    own
    cp "$work/other.ledger" given/1-2.ledger && true > given/1-2.unseen
    cp "$work/other.ledger" given/2.ledger && cp given/1.ledger given/2-2.ledger
    printf 'torch 1\n2 threads\n' > given/1-2.head && printf 'torch 1\n2 threads\n' > given/2.head
    printf 'torch 1\n3 threads\n' > given/2-2.head
    expect 0 '^REPRODUCED$' why
    grep -q '^ledgers: 2 compared, 12 steps, 60 entries$' out.txt || fail "not compared: $(cat out.txt)"
    # so does each say how it was: 0-2 of run 2 is 0 of run 1
    grep -q '^ *3 threads (run 1: 1 threads)$' out.txt && ! grep -q '2 threads' out.txt || fail "heads of others are compared: $(cat out.txt)"
    sed 's/learning_rate=0.01/learning_rate=0.01,0.03 milestones=5,20/' "$recipe" > third.recipe
    "$DETPIPE" train third.recipe --steps 6 --ledger given/third > third.txt && mv given/third given/2-2.ledger || fail "train"
    expect 1 '^NOT REPRODUCED' other
    tr '\n' ' ' < out.txt | grep -q 'Why (ledger of rank 0, run 1 and 2): step 6, "weights"' || fail "another's work: $(cat out.txt)"
    grep -q '^Cause: tmp' out.txt && ! grep -q 'And then' out.txt || fail "another's work: $(cat out.txt)"
}

# less is recorded, and both runs once more with everything where they part
narrow() {
    own
    cp "$work/other.ledger" given/2.ledger
    expect 1 'NOT REPRODUCED' other --why=weights,every=3
    tr '\n' ' ' < out.txt | grep -q 'Closer: run 3 and 4, which recorded all of steps 4 to 4, are equal there' || fail "$(cat out.txt)"
    for i in 1 2; do [ "$(cat given/$i.how)" = weights,every=3,steps=1..18446744073709551615 ] || fail "run $i: $(cat given/$i.how)"; done
    for i in 3 4; do [ "$(cat given/$i.how)" = full,every=1,steps=4..4 ] || fail "run $i: $(cat given/$i.how)"; done
    cp given/2.ledger given/4.ledger
    expect 1 '"closer":[[:space:]]*"Closer [(]ledger of rank 0, all of steps 4 to 4, run 3 and 4[)]: step 4, .*weights.*The' other --why=weights --json
    expect 1 'NOT REPRODUCED' other --why=loss,steps=2..5
    grep -q 'Closer (ledger of rank 0, all of steps 1 to' out.txt || fail "equal losses are no equal weights: $(cat out.txt)"
    for bad in most every=0 steps=5..4 steps=0 every= loss,steps=x; do expect 2 'expected loss, weights or full' why --why=$bad; done
}

# what was unlike in the process, which is no difference by itself
as_it_was() {
    own
    printf 'torch 1\n2 threads\n' > given/2.head
    expect 0 '2 threads \(run 1: 1 threads\)' why
    # another's sitecustomize, and PYTHONPATH, as they were
    echo 'print("loss: 3.5")' > fake/sitecustomize.py
    expect 0 'losses: 2 of "loss"' why
    expect 0 "^REPRODUCED" "$DETPIPE" verify --why --loss 'path ([0-9])' -- "$python" -c 'import sys, torch; print("path", sum("why" in p for p in sys.path))'
    grep -q '^ *1 *0 *0 *equal' out.txt || fail "the folder of --why is in sys.path: $(cat out.txt)"
}

# what no ledger has, and a run writes by itself
files() {
    own
    local writes='import os, torch
open("same.bin", "wb").write(b"1"); open("other.bin", "wb").write(os.urandom(8)); os.makedirs("logs", exist_ok=True)
open(f"logs/{os.getpid()}", "w").write(str(os.getpid()))'
    expect 0 '^not compared: what run 2 wrote otherwise than run 1: other.bin \(--file compares it\)$' "$DETPIPE" verify --why -- "$python" -c "$writes"
    tail -1 out.txt | grep -q '^REPRODUCED$' || fail "$(cat out.txt)"
    expect 0 '"files_written_otherwise":' "$DETPIPE" verify --why --json -- "$python" -c "$writes"
    tr -d ' \n\t' < out.txt | grep -q '"files_written_otherwise":\["other.bin"\]' || fail "$(cat out.txt)"
    expect 0 '^REPRODUCED' "$DETPIPE" verify -- "$python" -c "$writes; print('loss: 1.2345678'); print('loss: 2.2345678')"
    ! grep -q 'not compared' out.txt || fail "what was not asked for: $(cat out.txt)"
}

for part in plain files late_imports not_recorded no_step frameworks other_weights processes narrow as_it_was; do aside $part; done
wait_for_asides
exit $failed
