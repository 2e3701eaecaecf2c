# under_torch_why.py - the faults of why_train.py, each named; what a compiled, mixed, accumulated, checkpointed training shows,
# and that none of its bits is changed.  Every run is a process, forked from this one, which has imported torch.
# SPDX-License-Identifier: Apache-2.0
import shutil, sys
import why_train
from detpipe import _torch_ledger
from recording import Recordings

recordings = Recordings(sys.argv[1], _torch_ledger.record)
compared, expect, names, unseen = recordings.compared, recordings.expect, recordings.names, recordings.unseen

# fault: the first difference, and words of what is said of it
FAULTS = {
    "worker": ('step 1, "batch"', "same records have other contents"),
    "dropout": ('step 7, "output drop (Dropout)"', "its own random numbers"),
    "threads": ('step 1, "gradient', "The backward pass"),
    "index_put": ('"output agg (Race)"', "the order of its sums"),
    "layout": ('step 7, "layout input agg (Sum)"', "layout in memory"),
    "order": ('step 7, "rows"', "The order of the data"),
    "seed": ('step 1, "start weight c1.weight"', "before the seed was set?"),
    "draw": ('step 8, "random torch"', "more or fewer numbers were drawn"),
    "pixel": ('step 7, "batch"', "same records have other contents"),
    "rate": ('step 7, "rate 0"', "learning rate"),
    "gradient": ('step 7, "given c2.weight"', "Between the backward pass and the optimizer"),
}


def run(name, recorded=True, **arguments):
    return recordings.run(name, lambda: why_train.train(**arguments)[0], recorded=recorded)


def check_faults():
    run("plain")
    for fault, (first, words) in FAULTS.items():
        base = "plain"
        if fault in ("worker", "index_put"):
            base = fault + ".1"
            run(base, fault=fault)
        run(fault, fault=fault, second=True)
        status, text = compared(base, fault)
        expect(fault, status == 1 and "first difference: " in text and first in text and words in text, text[:600])
    for sound in ("none", "workers"):
        for i in range(2):
            run(f"{sound}.{i}", fault=sound, second=i == 1)
        status, text = compared(f"{sound}.0", f"{sound}.1")
        expect(sound, status == 0 and "12 in common" in text, text)


def check_hows(hows):
    """No bit is changed, two runs are equal, a fault is named, and what cannot be seen is said."""
    for how in hows:
        bits = run(f"{how}.bare", recorded=False, how=how)
        seen = [run(f"{how}.{i}", how=how) for i in range(2)]
        expect(f"{how}: its bits", seen == [bits, bits])
        status, text = compared(f"{how}.0", f"{how}.1")
        expect(f"{how}: two runs", status == 0, text)
        run(f"{how}.fault", how=how, fault="rate", second=True)
        step = 4 if how == "accumulate" else 7
        status, text = compared(f"{how}.0", f"{how}.fault")
        expect(f"{how}: its fault", f'first difference: step {step}, "rate 0"' in text, text[:600])
    first = {how: names(f"{how}.0") for how in hows}
    for how in hows:
        inside = "output c2 (Conv2d)" in first[how][1]
        expect(f"{how}: modules", inside == (how not in ("compile", "inductor")), first[how][1])
        expect(f"{how}: gradients", "given c1.weight" in first[how][1] and "weight f2.bias" in first[how][1], first[how][1])
        expect(f"{how}: unseen", ("functions that torch.compile made" in unseen(f"{how}.0")) == (how in ("compile", "inductor")),
               unseen(f"{how}.0"))
        expect(f"{how}: evaluation", "1 passes without gradients" in unseen(f"{how}.0"), unseen(f"{how}.0"))
    if "accumulate" in hows:
        expect("accumulate: both batches", "batch #2" in first["accumulate"][1] and len(first["accumulate"]) == 6)
    for how in set(hows) & {"checkpoint", "reentrant"}:
        expect(f"{how}: what is made once more", "output c2 (Conv2d) #2" in first[how][1] and "batch #2" not in first[how][1], first[how][1])
    if "amp" in hows:
        expect("amp: bfloat16", "layout output c2 (Conv2d)" in first["amp"][0], first["amp"][0])


check_faults()
compiler = shutil.which("c++") or shutil.which("g++")
if not compiler:
    print("skipped: inductor: no C++ compiler")
check_hows([how for how in why_train.HOW if how != "ddp" and (how != "inductor" or compiler)])
if not recordings.failed:
    print("torch why: all as it should be")
sys.exit(recordings.failed)
