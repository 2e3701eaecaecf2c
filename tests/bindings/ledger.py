# ledger.py - what test_python.sh asserts of detpipe.Ledger, with the `detpipe diff` that is given
# SPDX-License-Identifier: Apache-2.0
import dataclasses, gc, json, os, subprocess, sys, tempfile
import numpy as np
import detpipe
from detpipe._recorder import Recorder
from stream import refused

diff = sys.argv[1]
folder = tempfile.mkdtemp()


def path(name):
    return os.path.join(folder, name)


def steps_of(name):
    """The tensors of each line of a ledger."""
    with open(path(name)) as f:
        return [json.loads(line)["tensors"] for line in f.readlines()[1:]]


def put_all(name, *values):
    """The digest of each value, recorded as "x" in a step of its own."""
    with detpipe.Ledger(path(name)) as ledger:
        for i, value in enumerate(values):
            ledger.put("x", value)
            ledger.step(i + 1, 0.5)
    return [step["x"] for step in steps_of(name)]


def check_arrays():
    a = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    one = put_all("a", a, np.asfortranarray(a), a[::1], a.astype(">f4"), a.transpose(2, 1, 0).copy().transpose(2, 1, 0))
    assert len(set(one)) == 1, "the order in memory counts"
    others = put_all("b", a, a.reshape(3, 2, 4), a.astype(np.float64), a.astype(np.int32), -a, a[:1], np.zeros((0, 3), np.float32),
                     np.zeros((3, 0), np.float32), np.float32(1), np.float64(1), a.astype(np.complex64), a.astype("V4"))
    assert len(set(others)) == len(others), "two that are not alike are one"
    nan = np.array([np.nan], np.float32)
    odd = np.array([0x7FC12345], np.uint32).view(np.float32)
    assert len(set(put_all("nan", nan, odd, -nan))) == 1, "every NaN is the same"
    assert len(set(put_all("zero", np.float32([0.0]), np.float32([-0.0])))) == 2


def check_values():
    values = [None, True, False, 0, 1, 1.0, "1", b"1", "", 2.5, [], {}, ()]
    digests = put_all("c", *values)
    assert len(set(digests)) == len(digests) - 2, digests  # the last three are empty, all alike

    @dataclasses.dataclass
    class Batch:
        image: np.ndarray
        label: list
    with detpipe.Ledger(path("d")) as ledger:
        ledger.put("batch", Batch(np.ones(3), [np.int64(1), {"deep": None}]))
        ledger.put("again", 1)
        ledger.put("again", 1)
        ledger.put('odd "\\\n name' + "x" * 200, 1)
        ledger.put("objects", np.array([1, "two"], object))
        ledger.step(1)
    names = list(steps_of("d")[0])
    assert names[:5] == ["batch/image", "batch/label/0", "batch/label/1/deep", "again", "again #2"], names
    assert names[5].startswith("..") and len(names[5]) == 127 and names[6:] == ["objects/0", "objects/1"], names


def check_together():
    """What is put together is in its place among the rest, and the same; the temporary arrays of it live as long."""
    def put(ledger):
        ledger.put("text", "a")
        for i in (3, 300_001, 7):
            ledger.put("large", {"x": np.arange(i, dtype=np.float32) + 1, "of": i})
        ledger.put_bytes("bytes", "kind", b"123")
        ledger.put("large", [np.ones((200, 1001)).T, 5])
    digests = []
    with detpipe.Ledger(path("i")) as ledger:
        put(ledger)
        ledger.step(1)
        with ledger.together():
            with ledger.together():
                put(ledger)
            two = np.float32([1, 2])
            ledger.put_memory("more", "float32", two.shape, two.ctypes.data, two, digests.append)
            assert not digests
        assert len(digests) == 1
        ledger.step(2)
    one, two = steps_of("i")
    assert two.pop("more") == digests[0].hex() and list(one.items()) == list(two.items()), (one, two)


def check_ends():
    ledger = detpipe.Ledger(path("e"), "first")
    ledger.step(1, 0.25)
    refused("e", lambda: detpipe.Ledger(path("e"), "first"))  # somebody writes it
    ledger.put("x", 1)
    ledger.close()
    ledger.close()
    refused("closed", lambda: ledger.put("x", 1))
    refused("closed", lambda: ledger.step(2))
    refused("not this run's", lambda: detpipe.Ledger(path("e"), "second"))
    refused("nowhere", lambda: detpipe.Ledger(path("nowhere/e")))
    refused("NUL", lambda: detpipe.Ledger(path("e\0f")))
    with detpipe.Ledger(path("e"), "first") as more:  # it goes on; what was not ended is gone
        refused("step=-1", lambda: more.step(-1))
        more.put("x", 2)
        more.step(2)
    assert [list(step) for step in steps_of("e")] == [[], ["x"]]
    del more
    forgotten = detpipe.Ledger(path("f"))
    forgotten.step(1)
    del forgotten
    gc.collect()
    detpipe.Ledger(path("f")).close()


def check_recorder():
    """What the ledgers of all frameworks take."""
    for words, how in (("expected one of", {"level": "all"}), ("a whole number", {"every": 0}), ("a whole number", {"every": 1.5}),
                       ("numbers of steps", {"steps": 5}), ("numbers of steps", {"steps": "6..8"})):
        given = {"level": "full", "every": 1, "steps": None, **how}
        refused(words, lambda: Recorder(path("j"), about="", random_states=None, **given))


def check_diff():
    for name, other in (("g", 0.0), ("h", 1e-6)):
        with detpipe.Ledger(path(name)) as ledger:
            for step in range(1, 6):
                ledger.put("rows", [step, step + 1])
                ledger.put("batch", {"image": np.full((2, 2), step, np.float32)})
                ledger.put("gradient w", np.float32([step + (other if step == 4 else 0)]))
                ledger.put("weight w", np.float32([step + (other if step >= 4 else 0)]))
                ledger.step(step, 1 / step)
    done = subprocess.run([diff, "diff", path("g"), path("h")], stdout=subprocess.PIPE, text=True)
    assert done.returncode == 1 and 'step 4, "gradient w"' in done.stdout, done.stdout


check_arrays()
check_values()
check_together()
check_ends()
check_recorder()
check_diff()
print("ledger: all as it should be")
