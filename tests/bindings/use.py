# use.py - what test_python.sh asserts of handles: threads, processes, copies, states, arguments
# SPDX-License-Identifier: Apache-2.0
import copy, faulthandler, json, multiprocessing, os, pathlib, pickle, shutil, signal, subprocess, sys, tempfile, threading
import detpipe
from stream import refused

TEXT = "range count=24 | shuffle | batch batch_size=4"
faulthandler.dump_traceback_later(300, exit=True)  # a hang is a failure, with its place


def ids(stream):
    return [batch["id"].tolist() for batch in stream]


def share(stream, threads):
    """Each thread's batches."""
    seen = [[] for _ in range(threads)]
    pool = [threading.Thread(target=lambda own=own: own.extend(ids(stream))) for own in seen]
    for thread in pool:
        thread.start()
    for thread in pool:
        thread.join()
    return sum(seen, [])


def in_child(stream, answers):
    answers.put((stream.tell(), ids(stream)))


def check_threads():
    for text in (TEXT, "range count=4000 | shuffle | batch batch_size=2"):
        whole = ids(detpipe.Pipeline(text))
        for threads in (2, 4):
            for settings in ({}, {"threads": 1, "prefetch": 0}):
                for _ in range(10):
                    seen = share(detpipe.Pipeline(text, **settings), threads)
                    assert sorted(seen) == sorted(whole), f"{threads} threads: another set of batches"
    stream = detpipe.Pipeline(TEXT + " | repeat")
    steps = [lambda: next(stream), stream.state_dict, lambda: stream.seek(5), stream.tell, lambda: stream.digest(1)]
    pool = [threading.Thread(target=lambda step=step: [step() for _ in range(200)]) for step in steps]
    for thread in pool:
        thread.start()
    for thread in pool:
        thread.join()
    with stream._use():  # a signal's handler runs in the thread that it interrupts
        stream.state_dict()


def check_shapes():
    """Rows that are not in batches have their own shapes."""
    stream = detpipe.Pipeline("snapshot file=../snapshot/varies.dps", root=os.environ["FIXTURE"])
    rows = list(stream)
    assert [row["image"].shape for row in rows] == [(1, 1, 3), (3, 2, 3), (2, 5, 3), (1, 1, 3), (4, 1, 3), (2, 5, 3)]
    assert rows[4]["image"][3, 0].tolist() == [(4 * 37 + k * k * 11) % 256 for k in range(9, 12)]
    refused("column image has rows of uint8[1, 1, 3] to uint8[4, 5, 3]",
            lambda: detpipe.Pipeline(stream.text + " | batch batch_size=2", root=os.environ["FIXTURE"]))


def check_cache():
    """What is read of an address lies in the folder, and in that of a copy."""
    server = pathlib.Path(__file__).parents[1] / "io" / "hostile_server.py"
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(pathlib.Path(os.environ["FIXTURE"], "../snapshot/varies.dps"), folder)
        with subprocess.Popen([sys.executable, server, folder], stdout=subprocess.PIPE, text=True) as running:
            root = f"http://127.0.0.1:{running.stdout.readline().strip()}/good"
            kept = pathlib.Path(folder, 'in "quotes"')
            here = detpipe.Pipeline("snapshot file=varies.dps", root=folder).digest()
            there = detpipe.Pipeline("snapshot file=varies.dps", root=root, cache=(kept, 1 << 20))
            assert there.digest() == here and len(list(kept.iterdir())) > 1, list(kept.iterdir())
            shutil.rmtree(kept)
            copy.copy(there)
            assert len(list(kept.iterdir())) > 1
            running.terminate()
    for cache, error in (((folder, 5), ValueError), ((folder, "1"), TypeError), (5, TypeError)):
        try:
            detpipe.Pipeline(TEXT, cache=cache)
        except error:
            continue
        raise AssertionError(f"cache={cache} is taken")


def check_copies():
    whole = ids(detpipe.Pipeline(TEXT, seed=3))
    stream = detpipe.Pipeline(TEXT, seed=3, threads=1)
    next(stream)
    for other in (copy.copy(stream), copy.deepcopy(stream), pickle.loads(pickle.dumps(stream))):
        assert other.tell() == 1 and (other.text, other.seed) == (stream.text, 3) and ids(other) == whole[1:]
    assert stream.tell() == 1
    for method in ("spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        answers = context.Queue()
        child = context.Process(target=in_child, args=(stream, answers))
        child.start()
        assert answers.get(timeout=120) == (1, whole[1:]), method
        child.join()
    assert ids(stream) == whole[1:]


def check_fork():
    """The child is refused, though a thread that did not come along had the lock; the parent goes on."""
    stream = detpipe.Pipeline(TEXT)
    next(stream)
    held, leave = threading.Event(), threading.Event()

    def hold():
        with stream._use():
            held.set()
            leave.wait()
    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        refused("opened before fork()", lambda: next(stream))
        refused("opened before fork()", lambda: stream.seek(0))
        assert copy.copy(stream).tell() == 1  # it opens one of its own
        stream.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, "the forked child"
    leave.set()
    holder.join()
    assert len(ids(stream)) == 5


def check_states():
    stream = detpipe.Pipeline(TEXT)
    next(stream)
    state = json.loads(json.dumps(stream.state_dict()))
    digits = state["state"]
    for form in (state, digits, bytes.fromhex(digits), bytearray.fromhex(digits), {"state": bytes.fromhex(digits)}):
        other = detpipe.Pipeline(TEXT)
        other.load_state_dict(form)
        assert other.tell() == 1 and ids(other) == ids(detpipe.Pipeline(TEXT))[1:]
    for form in ({}, {"state": 1}, "zz" * 64, digits[:-2], None, 7, {"epoch_state": digits}):
        refused("no state of detpipe", lambda: other.load_state_dict(form))
    error = refused("seed", lambda: detpipe.Pipeline(TEXT, seed=2).load_state_dict(state))
    assert error.status < 0 and error.status_name == "does not belong" and error.record == -1


def check_changed_file():
    """A state is of what was opened: when it was overwritten in place, the file is named."""
    text = "records file=r fields=a:uint8:20 | shuffle | batch batch_size=2"
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "r")
        file.write_bytes(bytes(range(200)))
        before = detpipe.Pipeline(text, root=folder).state_dict()
        stream = detpipe.Pipeline(text, root=folder)
        next(stream)
        file.write_bytes(bytes(range(1, 201)))
        for call in (stream.state_dict, lambda: stream.load_state_dict(before)):
            error = refused("changed since it was opened", call)
            assert f"{folder}/r " in str(error), error
        refused("another data set", lambda: detpipe.Pipeline(text, root=folder).load_state_dict(before))


class Unpickled:
    """A spawned process's answer, an error too."""

    def __init__(self, stream):
        self.pickle = pickle.dumps(stream)

    def __call__(self, answers):
        try:
            answers.put(ids_of_a(pickle.loads(self.pickle)))
        except detpipe.Error as error:
            answers.put(str(error))


def ids_of_a(stream):
    return [batch["a"].tolist() for batch in stream]


def check_copies_of_changed_files():
    """A copy reads what its pipeline read: what is opened is looked at, and read where only the content can tell."""
    text = "records file=r fields=a:uint8:20 | shuffle | batch batch_size=2"
    same, other = bytes(range(200)), bytes(range(1, 201))
    ways = (copy.copy, copy.deepcopy, lambda stream: pickle.loads(pickle.dumps(stream)), lambda stream: stream.digest())
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "r")

        def opened(identified):
            if file.exists():
                file.unlink()
            file.write_bytes(same)
            stream = detpipe.Pipeline(text, root=folder)
            if identified:
                stream.state_dict()
            next(stream)
            return stream, pickle.dumps(stream)

        def replace(content):
            pathlib.Path(folder, "aside").write_bytes(content)
            os.replace(pathlib.Path(folder, "aside"), file)

        for identified in (False, True):
            stream, kept = opened(identified)
            file.write_bytes(other)  # in place
            for way in ways:
                assert f"{folder}/r changed since it was opened" in str(refused("", lambda: way(stream)))
            error = refused("another" if identified else "dataset_digest()", lambda: pickle.loads(kept))
            assert "records file=r" in str(error) and error.status_name == "does not belong", error
            stream, kept = opened(identified)
            replace(other)  # the stream reads on in what it opened, a copy cannot
            for way in ways + (lambda _: pickle.loads(kept),):
                refused("not those that were opened", lambda: way(stream))
            assert len(ids_of_a(stream)) == 4
            stream, kept = opened(identified)
            replace(same)
            if identified:
                assert ids_of_a(pickle.loads(kept)) == ids_of_a(copy.copy(stream)) == ids_of_a(stream)
            else:
                refused("dataset_digest()", lambda: pickle.loads(kept))
        stream, kept = opened(False)
        context = multiprocessing.get_context("spawn")
        answers, ask = context.Queue(), Unpickled(stream)
        for content, expected in ((None, ids_of_a(copy.copy(stream))), (other, "not those that were opened")):
            if content is not None:
                file.write_bytes(content)
            child = context.Process(target=ask, args=(answers,))
            child.start()
            answer = answers.get(timeout=120)
            assert answer == expected or expected in answer, answer
            child.join()


def check_lists():
    """A list in a file is part of the text: a copy takes the same numbers, and no others."""
    text = "range count=9 | subset_sampler indices=@rows | batch batch_size=2"
    with tempfile.TemporaryDirectory() as folder:
        rows = pathlib.Path(folder, "rows")
        rows.write_text("3\n1\n4\n")
        stream = detpipe.Pipeline(text, root=folder)
        assert ids(stream) == [[3, 1], [4]]
        state = detpipe.Pipeline(text, root=folder).state_dict()
        assert ids(pickle.loads(pickle.dumps(detpipe.Pipeline(text, root=folder)))) == [[3, 1], [4]]
        rows.write_text("3\n1\n5\n")
        refused("rows holds other numbers", lambda: copy.copy(stream))
        refused("belongs to another text", lambda: detpipe.Pipeline(text, root=folder).load_state_dict(state))


def check_arguments():
    refused("the text has a NUL at character 14", lambda: detpipe.Pipeline("range count=8\0junk"))
    refused("root has a NUL", lambda: detpipe.Pipeline(TEXT, root="a\0b"))
    refused("seed=-1: expected 0 to 2^64", lambda: detpipe.Pipeline(TEXT, seed=-1))
    refused("threads=-1", lambda: detpipe.Pipeline(TEXT, threads=-1))
    refused("prefetch=4294967296", lambda: detpipe.Pipeline(TEXT, prefetch=2**32))
    refused("batch=-1", lambda: detpipe.Pipeline(TEXT).seek(-1))
    refused("", lambda: detpipe.Pipeline(TEXT).seek(7))
    refused("", lambda: detpipe.Pipeline(TEXT, seed=1.5))
    os.environ["HOME"] = os.environ["FIXTURE"]
    name = "cifar10 strict=false usage=train | batch batch_size=4"
    whole = detpipe.Pipeline(name, root=os.environ["FIXTURE"]).digest()
    for home in ("~", "~/", pathlib.Path("~")):
        assert detpipe.Pipeline(name, root=home).digest() == whole
    error = refused("there is no stage", lambda: detpipe.Pipeline("range count=8 | no_such"))
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.status, again.column, again.record) == (str(error), error.status, 17, -1)
    assert error.status_name == "bad text"


def check_handles():
    with detpipe.Pipeline(TEXT, seed=5) as stream:
        batch = next(stream)
        kept = batch["id"].copy()
        assert "range count=24" in repr(stream) and "seed=5" in repr(stream) and "batch 1 of 6" in repr(stream)
    assert "closed" in repr(stream) and stream.text and len(stream) == 6
    for call in (lambda: next(stream), stream.tell, stream.state_dict, lambda: stream.seek(0), lambda: pickle.dumps(stream)):
        refused("the pipeline is closed", call)
    stream.close()
    assert (batch["id"] == kept).all(), "an array is gone with its pipeline"
    refused("there are 0 batches", detpipe.Pipeline("range count=3 | batch batch_size=4 drop_remainder=true").digest)
    refused("there are 6 batches to digest, not 7", lambda: detpipe.Pipeline(TEXT).digest(7))
    refused("no end", detpipe.Pipeline(TEXT + " | repeat").digest)
    assert detpipe.Pipeline(TEXT + " | repeat").digest(6) == detpipe.Pipeline(TEXT).digest()
    assert detpipe.Pipeline(TEXT).dataset_digest() == detpipe.Pipeline("range count=24", seed=9).dataset_digest()


def check_exit():
    """Handles that live until the interpreter ends, one that never opened, and an array whose pipeline is gone.  A module
    that was imported earlier outlives the names of one that came later."""
    program = f"""
import json, copy, sys, detpipe
stream = detpipe.Pipeline({TEXT!r} + " | repeat")
other = copy.deepcopy(stream)
array = next(detpipe.Pipeline({TEXT!r}))["id"]
batch = next(stream)
try:
    detpipe.Pipeline("no_such")
except detpipe.Error as error:
    kept = error
json.kept = [stream, batch, array]
sys.kept = [json, detpipe]
del stream, other, array, batch
"""
    done = subprocess.run([sys.executable, "-X", "dev", "-c", program], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == done.stderr == "", done.stderr


if __name__ == "__main__":
    for check in (check_threads, check_shapes, check_cache, check_copies, check_fork, check_states, check_changed_file,
                  check_copies_of_changed_files, check_lists, check_arguments, check_handles, check_exit):
        check()
    typed = pathlib.Path(detpipe.__file__).with_name("py.typed")
    assert typed.exists() and detpipe.Pipeline.__next__.__annotations__["return"]
    print("use: all as it should be")
