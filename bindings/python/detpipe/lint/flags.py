# flags.py - rows that say nothing by themselves
# SPDX-License-Identifier: Apache-2.0
from typing import Callable, NamedTuple, Optional


class Flag(NamedTuple):
    """A call that tells something of the whole program: it trains, uses a GPU, asks for determinism."""
    calls: str
    flags: tuple
    when: Optional[Callable] = None


class Source(NamedTuple):
    """A call whose value is another in each run; `what`: in words."""
    calls: str
    what: str
