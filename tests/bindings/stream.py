# stream.py - what test_python.sh asserts of the package
# SPDX-License-Identifier: Apache-2.0
import os, sys
import numpy as np
import detpipe

TEXT = "cifar10 strict=false usage=train | shuffle | random_horizontal_flip | rescale rescale=1/255 | hwc2chw | batch batch_size=16"
root = os.environ["FIXTURE"]


def refused(words, call):
    try:
        call()
    except (detpipe.Error, ValueError, TypeError, RuntimeError, AssertionError, Warning) as error:
        assert words in str(error), f"'{error}' lacks '{words}'"
        return error
    raise AssertionError(f"nothing said '{words}'")


def open_stream(text=TEXT, **arguments):
    return detpipe.Pipeline(text, root=root, **arguments)


def main():
    # the bytes that the tool writes for the same batch
    assert np.array_equal(next(open_stream())["image"], np.load(sys.argv[1])), "another first batch than detpipe cat's"

    stream = open_stream()
    assert stream.columns == ["image", "label", "id"] and len(stream) == 7 and stream.tell() == 0
    batches = list(stream)
    assert [len(b["id"]) for b in batches] == [16] * 6 + [4] and batches[0]["image"].shape == (16, 3, 32, 32)
    assert sorted(np.concatenate([b["id"] for b in batches])) == list(range(100))

    # threads change nothing; arrays that are kept stay as they are while others come and go
    kept = [{name: column.copy() for name, column in b.items()} for b in batches]
    for threads in (1, 3):
        for mine, other in zip(kept, open_stream(threads=threads)):
            assert all(np.array_equal(mine[name], other[name]) for name in mine)
    assert all(np.array_equal(a[name], b[name]) for a, b in zip(kept, batches) for name in a)

    # no copy: the library's memory, used again once the last array of a batch is gone
    first = batches[0]["image"]
    assert first.base is not None and first.flags.writeable
    endless = open_stream(TEXT + " | repeat")
    for _, batch in zip(range(100), endless):
        pass
    assert len(endless._handle.spare) <= 2, "batches are not used again"
    refused("no end", lambda: len(endless))

    # positions
    stream.seek(3)
    assert np.array_equal(next(stream)["image"], kept[3]["image"])
    state = stream.state_dict()
    again = open_stream(threads=1, prefetch=0)
    again.load_state_dict(state)
    assert again.tell() == 4 and np.array_equal(next(again)["id"], kept[4]["id"])
    refused("another text", lambda: open_stream("cifar10 strict=false | batch batch_size=2").load_state_dict(state))
    refused("no state", lambda: again.load_state_dict({"state": b"x"}))
    assert open_stream(stream.text).fingerprint == stream.fingerprint
    assert open_stream().digest() == sys.argv[2] and open_stream().digest(3) == sys.argv[3], "another digest than the tool's"

    # what is wrong
    assert refused("there is no stage", lambda: detpipe.Pipeline("cifar10 | no_such")).column > 0
    refused("", lambda: detpipe.Pipeline("cifar10", root="/nonexistent"))
    del stream, endless  # arrays outlive their pipeline
    assert np.array_equal(first, kept[0]["image"])
    print("numpy: all as it should be")


if __name__ == "__main__":
    main()
