# detpipe - batches of a detpipe stream as NumPy arrays
# SPDX-License-Identifier: Apache-2.0
"""A data set as a function of (its bytes, a text, a seed):

    for batch in detpipe.Pipeline("cifar10 usage=train | shuffle | rescale rescale=1/255 | hwc2chw | batch batch_size=32"):
        train(batch["image"], batch["label"])

Arrays are the library's own memory, not copies, and may be written into; it is used again when the last of a batch's
arrays is gone."""
import numpy as np

from ._c import ffi, lib

__version__ = ffi.string(lib.dp_version()).decode()


class Error(Exception):
    """What the library said; .column is where in the text, from 1, or 0; .record the record, or -1."""

    def __init__(self, err):
        super().__init__(ffi.string(err.message).decode(errors="replace"))
        self.status, self.column, self.record = err.status, err.column, err.record


def _need(status, err):
    if status != lib.DP_OK:
        raise Error(err)


def _count(length):
    """len() has no infinity."""
    if length == float("inf"):
        raise TypeError("the stream has no end: leave repeat out, or give it a count")
    return length


class _Batch:
    """A batch that somebody's arrays lie in; it goes back to its pipeline with the last of them."""

    def __init__(self, owner, handle):
        self.owner, self.handle = owner, handle

    def __del__(self):
        if self.handle is not None:
            self.owner.spare.append(self.handle)


class _Column:
    """Keeps the batch as long as an array over it lives."""

    def __init__(self, batch, tensor):
        dtype = np.dtype(ffi.string(lib.dp_dtype_name(tensor.dtype)).decode())
        self.batch = batch
        self.__array_interface__ = {"version": 3, "typestr": dtype.str, "shape": tuple(tensor.shape[0:tensor.rank]),
                                    "data": (int(ffi.cast("uintptr_t", tensor.data)), False)}


class _Handle:
    """The C handle and the batches that nobody uses; it is closed when neither a pipeline nor a batch is left."""

    def __init__(self, pointer):
        self.pointer, self.spare = pointer, []

    def __del__(self):
        lib.dp_close(self.pointer)


class Pipeline:
    """An iterator over batches: dicts of arrays, by column.  root: where relative paths begin; threads: 0 is one a CPU;
    neither changes a byte of what is delivered."""

    def __init__(self, text, seed=1, root=None, threads=0, prefetch=2, memory=0):
        err, out = ffi.new("dp_error *"), ffi.new("dp_pipeline **")
        place = ffi.new("char[]", str(root).encode()) if root is not None else ffi.NULL
        options = ffi.new("dp_options *", {"size": ffi.sizeof("dp_options"), "root": place, "threads": threads,
                                           "prefetch": prefetch, "memory": memory})
        _need(lib.dp_open(out, text.encode(), seed, options, err), err)
        self._handle = _Handle(out[0])
        self.columns = []
        while (name := lib.dp_column_name(out[0], len(self.columns))) != ffi.NULL:
            self.columns.append(ffi.string(name).decode())

    @property
    def text(self):
        """The canonical text, with every parameter."""
        return ffi.string(lib.dp_spec(self._handle.pointer)).decode()

    @property
    def fingerprint(self):
        digest = ffi.new("uint8_t[16]")
        lib.dp_fingerprint(self._handle.pointer, digest)
        return bytes(digest).hex()

    def __iter__(self):
        return self

    def __next__(self):
        err, handle = ffi.new("dp_error *"), ffi.new("dp_batch **")
        handle[0] = self._handle.spare.pop() if self._handle.spare else ffi.NULL
        status = lib.dp_next(self._handle.pointer, handle, err)
        if status == lib.DP_END:
            raise StopIteration
        _need(status, err)
        batch = _Batch(self._handle, handle[0])
        return {name: np.asarray(_Column(batch, lib.dp_batch_get(handle[0], name.encode()))) for name in self.columns}

    @property
    def length(self):
        """Batches in all; float("inf") of a stream without end."""
        length = lib.dp_length(self._handle.pointer)
        return float("inf") if length == 2**64 - 1 else length

    def __len__(self):
        return _count(self.length)

    def tell(self):
        """The number of the next batch."""
        return lib.dp_tell(self._handle.pointer)

    def seek(self, batch):
        """Arithmetic: no record is read."""
        err = ffi.new("dp_error *")
        _need(lib.dp_seek(self._handle.pointer, batch, err), err)

    def state_dict(self):
        """A position that another process, machine or thread count can go on from."""
        err, state = ffi.new("dp_error *"), ffi.new("dp_state *")
        _need(lib.dp_get_state(self._handle.pointer, state, err), err)
        return {"state": bytes(state.bytes)}

    def load_state_dict(self, state):
        err, own = ffi.new("dp_error *"), ffi.new("dp_state *")
        if len(state["state"]) != lib.DP_STATE_SIZE:
            raise ValueError("no state of detpipe")
        own.bytes = list(state["state"])
        _need(lib.dp_set_state(self._handle.pointer, own, err), err)
