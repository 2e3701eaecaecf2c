# _ledger.py - the record of a run, for any trainer in Python
# SPDX-License-Identifier: Apache-2.0
"""detpipe.Ledger: digests of what each step took and made, for `detpipe diff` to name the first that differs."""
from __future__ import annotations

import contextlib, dataclasses, functools, os, struct, threading
from typing import Any, Callable, Iterator, Mapping, Optional, Union

import numpy as np

from ._c import ffi, lib
from ._error import _bytes, _integer, _need

MOST_NAME = 127  # characters
_codes = {ffi.string(lib.dp_dtype_name(code)).decode(): code for code in range(1, 13)}
_array = ffi.typeof("dp_tensor[]")
_tensors = [struct.Struct(f"Pii{rank}q{64 - 8 * rank}x") for rank in range(9)]  # dp_tensor, by its rank


@functools.lru_cache(maxsize=1 << 16)  # the same in each step
def _name(text):
    """As a ledger takes it: printable ASCII but " and \\; a long one keeps its end, where names of layers differ."""
    text = "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in text)
    return (text if len(text) <= MOST_NAME else ".." + text[2 - MOST_NAME:]).encode()


def _digest_of_bytes(kind, data):
    whole, digest = kind.encode() + b"\0" + data, ffi.new("uint8_t[16]")
    lib.dp_digest(whole, len(whole), digest)
    return bytes(digest)


_digest_of_text = functools.lru_cache(maxsize=1 << 12)(_digest_of_bytes)  # a short one is said again in each step


def _tensor(dtype, shape, address):
    """The bytes of a dp_tensor, which cffi fills field by field in three times the time."""
    return _tensors[len(shape)].pack(address, _codes[dtype], len(shape), *shape)


class Ledger:
    """The ledger `path` of a run, a line of digests a step, appended whole (docs/ledger.md):

        with detpipe.Ledger("run.ledger", "lenet, seed 1") as ledger:
            for step, (images, labels) in enumerate(batches, 1):
                ledger.put("batch", {"image": images, "label": labels})
                ...
                ledger.put("gradient", gradients)
                ledger.put("weight", weights)
                ledger.step(step, loss)

    `detpipe diff A B` of the ledgers of two runs names the first step and the first name that differ: put things in the
    order in which they come to be.  A file that is there goes on if `about` is the same, else it is refused.  Threads may
    share a ledger; processes may not.  Under `detpipe verify --why` it is written for verify, which compares it, and not
    to `path`."""
    _is_by_hand = True

    def __init__(self, path: Union[str, "os.PathLike[str]"], about: str = "a training in Python"):
        out, err = ffi.new("dp_ledger **"), ffi.new("dp_error *")
        self._lock, self._pointer = threading.RLock(), None
        if self._is_by_hand and "DETPIPE_WHY" in os.environ:
            from ._recorder import ByHand  # which imports this
            path, about = ByHand.place(self)
        path = _bytes("path", os.fspath(os.path.expanduser(path)))
        _need(lib.dp_ledger_open(out, path, _bytes("about", about), ffi.NULL, err), err)
        self._pointer, self._names = out[0], {}
        self._waiting: Optional[list] = None  # inside of together: (name, digest or None, then)
        self._tensors, self._owners = [], []  # whose digests these lack
        self._error, self._digest = err, ffi.new("uint8_t[1][16]")  # under the lock
        self._bytes = ffi.buffer(self._digest)

    def _open(self):
        if self._pointer is None:
            raise ValueError("the ledger is closed")
        return self._pointer

    def _new_name(self, name):
        """The n-th of a name in a step is "name #n"."""
        name = _name(name)
        n = self._names[name] = self._names.get(name, 0) + 1
        return name if n == 1 else _name(f"{name.decode()} #{n}")

    def _need(self, status):
        if status != lib.DP_OK:
            _need(status, self._error)

    def digest_of(self, dtype: str, shape: Any, address: int) -> bytes:
        """Of elements in C order at an address, of a dtype and shape that has_code says yes to."""
        with self._lock:
            tensor = ffi.from_buffer(_array, _tensor(dtype, shape, address))
            self._need(lib.dp_tensor_digests(tensor, 1, 1, self._digest, self._error))
            return self._bytes[:]

    def put_digest(self, name: str, digest: bytes) -> None:
        """What digest_of gave."""
        with self._lock:
            if self._waiting is not None:
                self._waiting.append((self._new_name(name), digest, None))
            else:
                self._need(lib.dp_ledger_digest(self._open(), self._new_name(name), digest, self._error))

    def put_memory(self, name: str, dtype: str, shape: Any, address: int, owner: Any,
                   then: Optional[Callable[[bytes], None]] = None) -> None:
        """The elements that digest_of takes, which owner holds; then: called with their digest."""
        with self._lock:
            if self._waiting is not None:
                self._waiting.append((self._new_name(name), None, then))
                self._tensors.append(_tensor(dtype, shape, address))
                self._owners.append(owner)
            else:
                digest = self.digest_of(dtype, shape, address)
                self.put_digest(name, digest)
                if then is not None:
                    then(digest)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is put inside is digested at the end, by several threads: nothing changes it before."""
        with self._lock:
            outermost = self._waiting is None
            if outermost:
                self._waiting = []
            try:
                yield
            finally:
                if outermost:
                    self._put_waiting()

    def _put_waiting(self):
        waiting, tensors, owners = self._waiting, self._tensors, self._owners
        self._waiting, self._tensors, self._owners = None, [], []
        digests = ffi.new("uint8_t[][16]", len(tensors))
        self._need(lib.dp_tensor_digests(ffi.from_buffer(_array, b"".join(tensors)), len(tensors), 0, digests, self._error))
        made, at, ledger = ffi.buffer(digests), 0, self._open()
        for name, digest, then in waiting:
            if digest is None:
                digest, at = made[at:at + 16], at + 16
            self._need(lib.dp_ledger_digest(ledger, name, digest, self._error))
            if then is not None:
                then(digest)

    @staticmethod
    def has_code(dtype: str, shape: Any) -> bool:
        """Whether the library knows the dtype, by NumPy's name; others count by name, shape and bytes."""
        return dtype in _codes and len(shape) <= 8

    def put_bytes(self, name: str, kind: str, data: bytes) -> None:
        """Bytes that are a `kind`, which counts as well."""
        with self._lock:
            self._open()
            self.put_digest(name, (_digest_of_text if len(data) <= MOST_NAME else _digest_of_bytes)(kind, data))

    def _put_array(self, name, array):
        array = np.asarray(array, order="C")
        if array.dtype.byteorder == ">":
            array = array.astype(array.dtype.newbyteorder("<"))
        if self.has_code(array.dtype.name, array.shape):
            self.put_memory(name, array.dtype.name, array.shape, array.ctypes.data, array)
        elif array.dtype.hasobject and array.ndim > 0:
            self.put(name, array.tolist())
        elif array.dtype.hasobject:
            raise TypeError(f"{name}: a {type(array.item()).__name__} is not an array, number or text")
        else:
            self.put_bytes(name, f"{array.dtype} {array.shape}", array.tobytes())

    def put(self, name: str, value: Any) -> None:
        """An array, or anything that NumPy makes one of; a number, text, None; or of a mapping, list, tuple or dataclass
        each value, under "name/key".  A name that comes again in a step is "name #2"."""
        if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
            self.put_bytes(name, type(value).__name__, value if isinstance(value, bytes) else repr(value).encode())
        elif isinstance(value, Mapping):
            self._put_all(name, value.items())
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            self._put_all(name, ((f.name, getattr(value, f.name)) for f in dataclasses.fields(value)))
        elif isinstance(value, (list, tuple)):
            self._put_all(name, enumerate(value))
        else:
            self._put_array(name, value)

    def _put_all(self, name, items):
        count = 0
        for key, value in items:
            self.put(f"{name}/{key}", value)
            count += 1
        if count == 0:
            self.put_bytes(name, "empty", b"")

    def has_more(self) -> bool:
        """Whether something was put since the last step."""
        return bool(self._names)

    def step(self, step: int, loss: float = float("nan")) -> None:
        """Ends the step: its line is in the file now.  A step may come again (a run that was resumed): the last counts."""
        with self._lock:
            self._names = {}
            self._need(lib.dp_ledger_step(self._open(), _integer("step", step, 64), float(loss), self._error))

    def close(self) -> None:
        """A step that was not ended is dropped.  OSError: lines may not be on the disk."""
        with self._lock:
            pointer, self._pointer = self._pointer, None
            if pointer is not None and lib.dp_ledger_close(pointer) != lib.DP_OK:
                raise OSError(ffi.errno, "the ledger may not be on the disk")

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def __del__(self):
        pointer, self._pointer = getattr(self, "_pointer", None), None
        if pointer is not None and lib is not None:
            lib.dp_ledger_close(pointer)
