# under_torch.py - the stream under torch.utils.data
# SPDX-License-Identifier: Apache-2.0
import contextlib, copy, faulthandler, json, os, pathlib, pickle, shutil, subprocess, sys, tempfile, warnings
import numpy as np, torch
from torch.utils.data import DataLoader, Subset, random_split
import detpipe
from detpipe.torch import Dataset
from stream import TEXT as PICTURES, refused

try:
    from torchdata.stateful_dataloader import StatefulDataLoader
except ImportError:
    StatefulDataLoader = None

root = os.environ["FIXTURE"]
TEXT = "range count=24 | shuffle | batch batch_size=4"
EPOCHS = [[[17, 2, 3, 11], [18, 22, 14, 23], [8, 4, 12, 9], [5, 0, 10, 7], [1, 6, 16, 19], [13, 20, 21, 15]]]
SHORT = "range count=12 | shuffle | batch batch_size=4"
SHORT_EPOCHS = [[[3, 4, 8, 1], [0, 2, 6, 11], [5, 9, 10, 7]], [[1, 6, 10, 9], [7, 3, 5, 4], [0, 2, 11, 8]]]
faulthandler.dump_traceback_later(600, exit=True)  # a hang is a failure, with its place


def ids(batches):
    return [batch["id"].tolist() for batch in batches]


def loader_of(data, workers=0, kind=DataLoader, **settings):
    return kind(data, batch_size=None, num_workers=workers, **settings)


def after(loader, n):
    """Its iterator, n batches delivered."""
    batches = iter(loader)
    for _ in range(n):
        next(batches)
    return batches


def epochs_of(text, n):
    """What the library itself delivers, by epoch."""
    seen = ids(detpipe.Pipeline(f"{text} | repeat count={n}"))
    length = len(detpipe.Pipeline(text))
    return [seen[i * length:(i + 1) * length] for i in range(n)]


@contextlib.contextmanager
def warned(times):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        yield
    seen = [str(one.message) for one in seen if "set_epoch" in str(one.message)]
    assert len(seen) == times, seen


def check_bytes():
    """The same bytes with 0 to 3 workers."""
    expected = [b["image"].copy() for b in detpipe.Pipeline(PICTURES, root=root)]
    for workers in (0, 1, 2, 3):
        seen = [b["image"].numpy().copy() for b in loader_of(Dataset(PICTURES, root=root, threads=1), workers)]
        assert len(seen) == 7 and all(np.array_equal(a, b) for a, b in zip(expected, seen)), f"{workers} workers: another order"
    batch = next(iter(loader_of(Dataset(PICTURES, root=root))))
    assert isinstance(batch, dict) and batch["label"].dtype == torch.int64 and batch["image"].dtype == torch.float32


def check_epochs():
    """set_epoch reaches workers however they were started, and those that live on."""
    global EPOCHS
    assert epochs_of(TEXT, 1) == EPOCHS and epochs_of(SHORT, 2) == SHORT_EPOCHS
    EPOCHS = epochs_of(TEXT, 4)
    for method, persistent in (("fork", True), ("fork", False), ("spawn", True), ("forkserver", True)):
        data = Dataset(SHORT)
        loader = loader_of(data, 2, persistent_workers=persistent, multiprocessing_context=method)
        for epoch in (0, 1, 1, 0):
            data.set_epoch(epoch)
            assert ids(loader) == SHORT_EPOCHS[epoch], f"{method}, epoch {epoch}"
    data, loader = Dataset(TEXT), loader_of(Dataset(TEXT))
    for epoch in (1, 0, 3):
        loader.dataset.set_epoch(epoch)
        assert ids(loader) == EPOCHS[epoch] and len(loader) == 6
    refused("epoch=-1: expected 0 to", lambda: data.set_epoch(-1))
    refused("no epochs", lambda: Dataset(TEXT + " | repeat").set_epoch(1))
    refused("no end", lambda: len(Dataset(TEXT + " | repeat")))


def check_positions():
    """set_epoch and load_state_dict, in the loop of docs/from-pytorch.md, at every place of two epochs."""
    for done in range(12):
        first = Dataset(TEXT)
        for epoch in range(done // 6 + 1):
            first.set_epoch(epoch)
            after(loader_of(first), 6 if epoch < done // 6 else done % 6)
        state = json.loads(json.dumps(first.state_dict()))
        for workers in (0, 2):
            second = Dataset(TEXT)
            second.load_state_dict(state)
            assert (second.epoch, second.start) == divmod(done, 6), done
            seen = []
            for epoch in range(second.epoch, 3):
                second.set_epoch(epoch)
                seen += ids(loader_of(second, workers))
            assert seen == sum(EPOCHS[:3], [])[done:], f"{done} batches done, {workers} workers"
    data = Dataset(TEXT)
    data.set_epoch(2)
    assert data.state_dict() == stated(12)
    data.load_state_dict(stated(9))
    data.set_epoch(1)
    data.set_epoch(1)  # named twice before a batch is the same as once
    assert (data.epoch, data.start) == (1, 3) and ids(loader_of(data)) == EPOCHS[1][3:]
    data.set_epoch(1)  # the pass is over: from its beginning
    assert ids(loader_of(data)) == EPOCHS[1] and data.state_dict() == stated(12)
    refused("another text", lambda: data.load_state_dict(detpipe.Pipeline(TEXT).state_dict()))
    endless = Dataset(TEXT + " | repeat")
    endless.load_state_dict(stated(7))
    assert ids(after_and(endless, 2)) == [EPOCHS[1][1], EPOCHS[1][2]]
    assert endless.state_dict() == stated(9)


def stated(at):
    stream = detpipe.Pipeline(TEXT + " | repeat")
    stream.seek(at)
    return stream.state_dict()


def after_and(data, n):
    batches = iter(loader_of(data))
    return [next(batches) for _ in range(n)]


def check_second_passes():
    """An epoch that nobody named again: a warning a pass, and what was loaded is for the first of them alone."""
    for workers, settings in ((0, {}), (2, {}), (2, {"persistent_workers": True})):
        data = Dataset(TEXT)
        data.load_state_dict(stated(9))
        loader = loader_of(data, workers, **settings)
        with warned(0 if workers else 2):  # the workers' own go to stderr
            passes = [ids(loader) for _ in range(3)]
        assert passes == [EPOCHS[1][3:], EPOCHS[1], EPOCHS[1]], f"{workers} workers {settings}"
        data.load_state_dict(stated(9))
        assert [ids(loader) for _ in range(2)] == [EPOCHS[1][3:], EPOCHS[1]], f"{workers} workers {settings}, again"
    for text, times in ((TEXT, 1), (PICTURES, 1), ("range count=24 | batch batch_size=4", 0), (TEXT + " | repeat count=2", 1),
                        ("synthetic num_records=8 | random_horizontal_flip | batch batch_size=4", 1)):
        loader = loader_of(Dataset(text, root=root))
        with warned(times):
            ids(loader), ids(loader)
        with warned(0):
            loader.dataset.set_epoch(0)
            ids(loader)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loader = loader_of(Dataset(TEXT), 1)
        ids(loader)
        refused("again", lambda: ids(loader))


def program(text):
    """What it prints on stderr, in an interpreter of its own that ends by itself."""
    begin = f"""
from torch.utils.data import DataLoader
from detpipe.torch import Dataset
data = Dataset({TEXT!r})
"""
    done = subprocess.run([sys.executable, "-c", begin + text], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and done.stdout == "", done.stderr
    return done.stderr


def check_warnings_of_workers():
    """A worker that delivers an epoch again says so on stderr; where set_epoch names the next one, nothing does."""
    for settings in ("", ", persistent_workers=True"):
        for name, warns in (("", True), ("data.set_epoch(epoch)", False)):
            said = program(f"""
loader = DataLoader(data, batch_size=None, num_workers=1{settings})
for epoch in range(2):
    {name}
    list(loader)
""")
            assert ("set_epoch" in said) == warns, f"{settings} {name}: {said}"


def check_exit():
    """A Dataset and loaders that live until the interpreter ends, in the middle of a pass: nothing is said."""
    for workers in (0, 1):
        said = program(f"""
loader = DataLoader(data, batch_size=None, num_workers={workers})
batches = iter(loader)
first = next(batches)
""")
        assert said == "", f"{workers} workers: {said}"


def check_whose_state():
    """Under a DataLoader with workers this process does not know what was delivered."""
    data = Dataset(TEXT)
    batches = after(loader_of(data, 2), 3)
    refused("StatefulDataLoader", data.state_dict)
    del batches
    refused("StatefulDataLoader", data.state_dict)
    data.set_epoch(2)
    assert data.state_dict() == stated(12)
    after(loader_of(data), 1)
    assert data.state_dict() == stated(13)
    after(loader_of(data, 1), 1)
    refused("StatefulDataLoader", data.state_dict)


def check_stateful():
    """A StatefulDataLoader resumes where it was, with 0 to 3 workers; another number of workers is refused."""
    if StatefulDataLoader is None:
        print("skipped: no torchdata (tools/dev peers): check_stateful")
        return
    for workers in (0, 1, 2, 3):
        for done in (0, 1, 3, 5, 6, 8):
            data = Dataset(TEXT)
            loader = loader_of(data, workers, StatefulDataLoader)
            for epoch in range(done // 6 + (done % 6 > 0)):
                data.set_epoch(epoch)
                batches = after(loader, min(6, done - 6 * epoch))
            if done == 6:
                assert next(batches, None) is None
            state = pickle.loads(pickle.dumps(loader.state_dict()))
            for persistent in ((False, True) if workers else (False,)):
                data = Dataset(TEXT)
                loader = loader_of(data, workers, StatefulDataLoader, persistent_workers=persistent)
                loader.load_state_dict(state)
                seen = []
                for epoch in range(done // 6, 3):
                    data.set_epoch(epoch)
                    seen += ids(loader)
                assert seen == sum(EPOCHS[:3], [])[done:], f"{workers} workers, {done} batches done: {seen}"
    states = {}
    for workers in (0, 1, 2):
        loader = loader_of(Dataset(TEXT), workers, StatefulDataLoader)
        after(loader, 3)
        states[workers] = loader.state_dict()
    for before, now in ((1, 2), (2, 1), (0, 1), (2, 0)):
        loader = loader_of(Dataset(TEXT), now, StatefulDataLoader)
        loader.load_state_dict(states[before])
        refused("the same number" if before and now else "expected for", lambda: ids(loader))
    worker = {"epoch_state": stated(0)["state"], "next": 3, "worker": 1, "num_workers": 2}
    for state in (worker, {**worker, "num_workers": 0}, {"epoch_state": worker["epoch_state"]}):
        refused("here it is num_workers=0", lambda: Dataset(TEXT).load_state_dict(state))
    refused("no state of detpipe", lambda: detpipe.Pipeline(TEXT).load_state_dict(worker))


def check_misuse():
    """A batch_size that is not None, Subset and random_split are refused."""
    for settings in ({}, {"batch_size": 128}, {"num_workers": 1}, {"batch_size": 2, "drop_last": True}):
        refused("batch_size=None", lambda: next(iter(DataLoader(Dataset(TEXT), **settings))))
    for part in (Subset(Dataset(TEXT), [0, 1]), random_split(Dataset(TEXT), [3, 3])[0]):
        for settings in ({"batch_size": None}, {}):
            refused("split, take, skip", lambda: next(iter(DataLoader(part, **settings))))
    empty = Dataset("range count=3 | batch batch_size=4 drop_remainder=true")
    assert ids(loader_of(empty)) == [] and (empty.epoch, empty.start) == (0, 0)


def check_copies():
    """Copies, pickles and spawned workers go on at a position of their own."""
    data = Dataset(TEXT)
    data.set_epoch(1)
    after(loader_of(data), 2)
    for other in (copy.deepcopy(data), pickle.loads(pickle.dumps(data))):
        assert other.state_dict() == data.state_dict() == stated(8) and other.epoch == 1
        other.set_epoch(3)  # its own
        assert data.epoch == 1 and ids(loader_of(other, 1)) == EPOCHS[3]
    assert ids(loader_of(data, 1, multiprocessing_context="spawn")) == EPOCHS[1], "spawned once it was used"
    assert "range count=24" in repr(data) and "seed=7" in repr(Dataset(TEXT, seed=7)) and "epoch 1" in repr(data)


def check_changed_files():
    """All passes and workers read the data that were there when the Dataset was made."""
    text = "records file=r fields=a:uint8:20 | batch batch_size=2"
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "r")
        for identified in (False, True):
            for workers, method in ((0, None), (2, "fork"), (1, "spawn")):
                file.write_bytes(bytes(200))
                data = Dataset(text, root=folder)
                if identified:
                    assert data.dataset_digest() == detpipe.Pipeline(text, root=folder).dataset_digest()
                loader = loader_of(copy.deepcopy(data), workers, multiprocessing_context=method)
                assert len(list(loader)) == 5
                os.replace(shutil.copy(file, file.with_name("aside")), file)
                loader = loader_of(copy.deepcopy(data), workers, multiprocessing_context=method)
                if identified:
                    assert len(list(loader)) == 5
                else:
                    refused("dataset_digest()", lambda: list(loader))
                file.write_bytes(bytes(199) + b"1")
                loader = loader_of(copy.deepcopy(data), workers, multiprocessing_context=method)
                refused("content is another" if identified else "not those that were opened", lambda: list(loader))


def main():
    warnings.filterwarnings("ignore", "This DataLoader will create")  # more workers than there are CPUs
    for check in (check_bytes, check_epochs, check_positions, check_second_passes, check_warnings_of_workers, check_exit,
                  check_whose_state, check_stateful, check_misuse, check_copies,
                  check_changed_files):
        check()
    print("torch: all as it should be")


if __name__ == "__main__":
    main()
