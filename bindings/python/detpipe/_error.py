# _error.py - what the library refuses, and what is refused before it is asked
# SPDX-License-Identifier: Apache-2.0
import operator

from ._c import ffi, lib


class Error(Exception):
    """What the library said.  status: its dp_status, below 0 (status_name: in words); column: where in the text, from 1,
    or 0; record: which one, or -1."""

    def __init__(self, message: str, status: int = 0, column: int = 0, record: int = -1):
        super().__init__(message)
        self.status, self.column, self.record = status, column, record

    @property
    def status_name(self) -> str:
        return ffi.string(lib.dp_status_name(self.status)).decode()


def _need(status, err):
    if status != lib.DP_OK:
        raise Error(ffi.string(err.message).decode(errors="replace"), err.status, err.column, err.record)


def _count(length):
    """len() has no infinity."""
    if length == float("inf"):
        raise TypeError("the stream has no end: leave repeat out, or give it a count")
    return length


def _bytes(name, text):
    """For C, where a NUL ends a text."""
    if "\0" in text:
        raise ValueError(f"{name} has a NUL at character {text.index(chr(0)) + 1}")
    return text.encode(errors="surrogateescape")


def _integer(name, value, bits):
    value = operator.index(value)
    if not 0 <= value < 2**bits:
        raise ValueError(f"{name}={value}: expected 0 to 2^{bits} - 1")
    return value
