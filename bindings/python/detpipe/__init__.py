# detpipe - batches of a detpipe stream as NumPy arrays
# SPDX-License-Identifier: Apache-2.0
"""A data set as a function of (its bytes, a text, a seed):

    for batch in detpipe.Pipeline("cifar10 usage=train | shuffle | rescale rescale=1/255 | hwc2chw | batch batch_size=32"):
        train(batch["image"], batch["label"])

Arrays are the library's own memory, not copies, and may be written into; it is used again when the last of a batch's
arrays is gone."""
from __future__ import annotations

import contextlib, copy, os, threading
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple, Union

import numpy as np

from ._c import ffi, lib
from ._error import Error, _bytes, _count, _integer, _need
from ._ledger import Ledger

__version__: str = ffi.string(lib.dp_version()).decode()
__all__ = ["Error", "Ledger", "Pipeline"]

Error.__module__ = Ledger.__module__ = __name__
State = Union[bytes, str, Mapping[str, Any]]


def _state_bytes(state):
    """Of each form that load_state_dict takes."""
    if isinstance(state, Mapping):
        state = state.get("state")
    if isinstance(state, str):
        with contextlib.suppress(ValueError):
            state = bytes.fromhex(state)
    if not isinstance(state, (bytes, bytearray)) or len(state) != lib.DP_STATE_SIZE:
        raise ValueError("no state of detpipe: expected what state_dict() gave, or its 64 bytes")
    return bytes(state)


class _Batch:
    """A batch that somebody's arrays lie in; it goes back to its pipeline with the last of them."""

    def __init__(self, owner, pointer):
        self.owner, self.pointer = owner, pointer

    def __del__(self):
        self.owner.spare.append(self.pointer)


class _Column:
    """Keeps the batch as long as an array over it lives."""

    def __init__(self, batch, tensor):
        dtype = np.dtype(ffi.string(lib.dp_dtype_name(tensor.dtype)).decode())
        self.batch = batch
        self.__array_interface__ = {"version": 3, "typestr": dtype.str, "shape": tuple(tensor.shape[0:tensor.rank]),
                                    "data": (int(ffi.cast("uintptr_t", tensor.data)), False)}


def _cache_text(cache):
    """A folder, or (folder, bytes), as dp_options.cache has them."""
    folder, most = cache if isinstance(cache, tuple) else (cache, None)
    folder = os.path.abspath(os.path.expanduser(os.fspath(folder))).replace("\\", "\\\\").replace('"', '\\"')
    if most is not None and _integer("cache", most, 64) < 1 << 20:
        raise ValueError(f"cache: at least {1 << 20} bytes, not {most}")
    return f'folder="{folder}"' + (f" most={most >> 20}" if most is not None else "")


class _Handle:
    """The C handle and the batches that nobody uses; it is closed when neither a pipeline nor a batch is left."""

    def __init__(self, pointer):
        self.pointer, self.spare = pointer, []

    def __del__(self, close=lib.dp_close):  # the module's names may be gone at exit
        close(self.pointer)


class Pipeline:
    """An iterator over batches: dicts of arrays, by column, whose first dimension is the rows of the batch.  Of a text
    without batch it gives rows, each in its own shape.

    text: the stages; seed: with the data set, all that decides the bytes.  root: where relative paths begin ("~" is the
    home folder); threads: 0 is one a CPU; prefetch: batches made ahead; memory: most bytes that it may take, 0 is no
    limit; cache: a folder for what is read of addresses (docs/remote.md), or that and the most bytes of it, (folder,
    bytes); None is what DETPIPE_CACHE says.  None of them changes a byte of what is delivered.

    Error: the text, a file or a record is wrong.  ValueError, TypeError: an argument is.  Several threads may share a
    pipeline: each batch is delivered to one of them.  After fork() a child opens one of its own.

    A copy or a pickle is a pipeline of its own at the same place, over the same data, or an Error: files that were
    changed or replaced since are refused by their sizes and times, which costs no reading.  Once the identity was taken
    (dataset_digest, state_dict, load_state_dict) the content decides where these differ, as on another machine."""

    columns: List[str]
    length: Union[int, float]
    """Batches in all; float("inf") of a stream without end."""
    text: str
    """The canonical text, with every parameter."""
    seed: int
    fingerprint: str
    """32 hexadecimal digits: the canonical text and the stages' revisions."""

    def __init__(self, text: str, seed: int = 1, root: Union[str, "os.PathLike[str]", None] = None, threads: int = 0,
                 prefetch: int = 2, memory: int = 0,
                 cache: Union[str, "os.PathLike[str]", Tuple[Union[str, "os.PathLike[str]"], int], None] = None):
        self._lock, self._handle, self._process, self._digest = threading.RLock(), None, os.getpid(), None
        err, out = ffi.new("dp_error *"), ffi.new("dp_pipeline **")
        place = ffi.NULL
        if root is not None:
            root = os.path.expanduser(os.fspath(root))
            place = ffi.new("char[]", _bytes("root", root))
        kept = ffi.NULL if cache is None else ffi.new("char[]", _bytes("cache", _cache_text(cache)))
        options = ffi.new("dp_options *", {
            "size": ffi.sizeof("dp_options"), "root": place, "threads": _integer("threads", threads, 32),
            "prefetch": _integer("prefetch", prefetch, 32), "memory": _integer("memory", memory, 64),
            "cache": kept})
        self.seed = _integer("seed", seed, 64)
        _need(lib.dp_open(out, _bytes("the text", text), self.seed, options, err), err)
        self._handle = _Handle(out[0])
        self._describe(out[0])
        self._arguments = {"text": self.text, "seed": self.seed, "root": root, "threads": threads, "prefetch": prefetch,
                           "memory": memory, "cache": cache}

    def _describe(self, pointer):
        self.columns = []
        while (name := lib.dp_column_name(pointer, len(self.columns))) != ffi.NULL:
            self.columns.append(ffi.string(name).decode())
        length, digest = lib.dp_length(pointer), ffi.new("uint8_t[16]")
        self.length = float("inf") if length == 2**64 - 1 else length
        self.text = ffi.string(lib.dp_spec(pointer)).decode(errors="surrogateescape")
        lib.dp_fingerprint(pointer, digest)
        self.fingerprint = bytes(digest).hex()

    @contextlib.contextmanager
    def _use(self):
        """The handle, which is for one thread at a time.  A forked child takes no lock, whose owner may not have come
        along: the library refuses it."""
        with self._lock if os.getpid() == self._process else contextlib.nullcontext():
            if self._handle is None:
                raise ValueError("the pipeline is closed")
            yield self._handle

    def __iter__(self) -> Iterator[Dict[str, np.ndarray]]:
        return self

    def __next__(self) -> Dict[str, np.ndarray]:
        batch = self._next_batch()
        if batch is None:
            raise StopIteration
        return self._arrays(batch)

    def _next_batch(self):
        err, out = ffi.new("dp_error *"), ffi.new("dp_batch **")
        with self._use() as handle:
            out[0] = handle.spare.pop() if handle.spare else ffi.NULL
            status = lib.dp_next(handle.pointer, out, err)
            if status == lib.DP_END:
                return None
            _need(status, err)
            return _Batch(handle, out[0])

    def _arrays(self, batch):
        return {name: np.asarray(_Column(batch, lib.dp_batch_get(batch.pointer, name.encode()))) for name in self.columns}

    def _at(self, number):
        """The batch of that number, whatever another thread asks for meanwhile."""
        with self._use():
            self.seek(number)
            return next(self)

    def _records(self, number):
        """Which records make a batch: nothing is read."""
        err, counts = ffi.new("dp_error *"), ffi.new("size_t[2]")
        with self._use() as handle:
            _need(lib.dp_records(handle.pointer, number, ffi.NULL, 0, counts, counts + 1, err), err)
            capacity = counts[0] * counts[1]
            records = ffi.new("int64_t[]", capacity)
            _need(lib.dp_records(handle.pointer, number, records, capacity, counts, counts + 1, err), err)
        return list(records)

    def _draws(self, number):
        """Whether random transforms draw for that batch."""
        with self._use() as handle:
            return lib.dp_draws(handle.pointer, number, 0, ffi.NULL, 0) > 0

    def __len__(self) -> int:
        return _count(self.length)

    def tell(self) -> int:
        """The number of the next batch."""
        with self._use() as handle:
            return lib.dp_tell(handle.pointer)

    def seek(self, batch: int) -> None:
        """Arithmetic: no record is read.  len() is the stream's end; past it is an Error."""
        err = ffi.new("dp_error *")
        with self._use() as handle:
            _need(lib.dp_seek(handle.pointer, _integer("batch", batch, 64), err), err)

    def state_dict(self) -> Dict[str, str]:
        """A position that another process, machine or thread count can go on from: 128 hexadecimal digits under "state",
        for json, torch.save and all else.  The first call reads the data set once, for its identity."""
        err, state = ffi.new("dp_error *"), ffi.new("dp_state *")
        with self._use() as handle:
            _need(lib.dp_get_state(handle.pointer, state, err), err)
            self.dataset_digest()
        return {"state": bytes(state.bytes).hex()}

    def _state_at(self, number):
        """The state of that place, whatever another thread asks for meanwhile."""
        with self._use():
            self.seek(number)
            return self.state_dict()

    def load_state_dict(self, state: State) -> None:
        """Takes what state_dict() gave, its digits alone, or the 64 bytes of docs/state.md.  Error: it belongs to another
        text, seed or data set; the pipeline stays where it is."""
        err, own = ffi.new("dp_error *"), ffi.new("dp_state *")
        own.bytes = list(_state_bytes(state))
        with self._use() as handle:
            _need(lib.dp_set_state(handle.pointer, own, err), err)
            self.dataset_digest()

    def digest(self, batches: Optional[int] = None) -> str:
        """32 hexadecimal digits over the first batches, or all: what `detpipe digest TEXT [--batches N]` prints.  They are
        read anew, by a handle of its own: the position stays.  ValueError: there are not so many, or none."""
        wanted = _count(self.length) if batches is None else _integer("batches", batches, 64)
        if not 0 < wanted <= self.length:
            raise ValueError(f"there are {self.length} batches to digest" + ("" if batches is None else f", not {wanted}"))
        both = ffi.new("uint8_t[32]")
        with copy.copy(self) as fresh:
            fresh.seek(0)
            for _ in range(wanted):
                batch = fresh._next_batch()
                lib.dp_batch_digest(batch.pointer, both + 16)
                lib.dp_digest(both + 16, 16, both + 16)
                lib.dp_digest(both, 32, both)
        return bytes(both)[:16].hex()

    def dataset_digest(self) -> str:
        """32 hexadecimal digits: the identity of the data set, over every record; they are read once."""
        err, digest = ffi.new("dp_error *"), ffi.new("uint8_t[16]")
        with self._use() as handle:
            _need(lib.dp_dataset_digest(handle.pointer, digest, err), err)
        self._digest = bytes(digest).hex()
        return self._digest

    def _data(self):
        """What another pipeline must read to be over the same data: the stamp of the files, the digest if it is known."""
        err, stamp = ffi.new("dp_error *"), ffi.new("uint64_t *")
        with self._use() as handle:
            _need(lib.dp_dataset_stamp(handle.pointer, stamp, err), err)
            return stamp[0], self._digest

    def _expect(self, data):
        """Error: this is over other data than the pipeline that said so."""
        stamp, digest = data
        if self._data()[0] == stamp or (digest is not None and self.dataset_digest() == digest):
            return
        raise Error(f"the files of {self.text!r} are not those that were opened before: they changed or were replaced, or lie "
                    "elsewhere" + (" (dataset_digest(), called before a copy or pickle is made, lets the content decide)"
                                   if digest is None else ", and their content is another"), lib.DP_ESTATE)

    def close(self) -> None:
        """Ends it; more calls than one do no harm.  Arrays that are kept stay as they are, and with them the memory."""
        with self._lock if os.getpid() == self._process else contextlib.nullcontext():
            self._handle = None

    def __enter__(self) -> "Pipeline":
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        place = "closed" if self._handle is None else f"batch {self.tell()} of {self.length}"
        return f"<detpipe.Pipeline {self.text!r} seed={self.seed}, {place}>"

    def __getstate__(self) -> Dict[str, Any]:
        with self._use():
            return {"arguments": self._arguments, "data": self._data(), "at": self.tell()}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__init__(**state["arguments"])  # type: ignore[misc]
        self._expect(state["data"])
        self.seek(state["at"])
