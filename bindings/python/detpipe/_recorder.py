# _recorder.py - what the ledgers of all frameworks share
# SPDX-License-Identifier: Apache-2.0
"""A framework is a file beside this one: a class Ledger(Recorder) that says when things are seen, record(folder), and a row
of the table in tools/proof/why.c.  Hooks give nothing back, so that they change no result."""
from __future__ import annotations

import atexit, os, platform, random, sys
from collections.abc import Mapping
from typing import Any, Callable, Iterable, Optional, Union

import numpy as np

from ._ledger import Ledger as PlainLedger

LEVELS = ("loss", "weights", "full")
_ENVIRONMENT = ("OMP_NUM_THREADS", "PYTHONHASHSEED", "CUBLAS_WORKSPACE_CONFIG", "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA",
                "TF_ENABLE_ONEDNN_OPTS", "TF_NUM_INTRAOP_THREADS", "XLA_FLAGS")


def setting(*framework: str) -> list:
    """What of the process and the machine may change a training's bits, a line each, with what the framework says."""
    return [f"python {platform.python_version()}", *framework, f"numpy {np.__version__}",
            *(f"{name}={os.environ.get(name, '')}" for name in _ENVIRONMENT)]


def about(lines: Iterable[str]) -> str:
    """The same, as a ledger's head takes it."""
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in ", ".join(lines))[:255]


def current_states() -> dict:
    """Those that a process has whatever its framework is."""
    _, words, *rest = np.random.get_state()
    return {"python": repr(random.getstate()), "numpy": words.tobytes() + repr(rest).encode()}


def rank() -> str:
    return next((os.environ[name] for name in ("RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID")
                 if os.environ.get(name, "").isdigit()), "0")


class Watch:
    """For `detpipe verify --why`, from the import of a framework on: the ledger that is made when the process trains."""
    _made: dict = {}  # how many ledgers have a name: a process may train in two frameworks

    def __init__(self, folder: str, framework: str, lines: Callable[[], list]):
        self.folder, self.framework, self.lines = folder, framework, lines
        self.process, self.states, self.ledger = os.getpid(), current_states(), None

    def begin(self, make: Callable[..., "Recorder"], rank: str) -> "Recorder":
        """make: a class Ledger.  The ledger is closed at the end of the process."""
        name = rank + ("" if os.getpid() == self.process else f".{os.getpid()}")
        if self._made.setdefault(name, self.framework) != self.framework:
            name += f".{self.framework}"
        with open(os.path.join(self.folder, name + ".head"), "w", encoding="utf-8") as f:
            f.writelines(line + "\n" for line in self.lines())
        self.ledger = make(os.path.join(self.folder, name + ".ledger"), about="detpipe verify --why", random_states=self.states)
        atexit.register(self.ledger.close)
        return self.ledger

    def say(self, text: str) -> None:
        """A line that verify tells: what is not recorded, and why."""
        with open(os.path.join(self.folder, "note"), "a", encoding="utf-8") as f:
            f.write(f"{sys.executable}: {self.framework}: {' '.join(text.split())}\n")


class Recorder:
    """The ledger of a training, a step at a time.

    level: "loss"; "weights" (batches, gradients as they are given, weights); "full".  every: one step in so many is
    recorded; steps: only those of range(first, last + 1).  What cannot be seen is said in `unseen`."""

    def __init__(self, path: Union[str, "os.PathLike[str]"], level: str, every: int, steps: Optional[Iterable[int]], about: str,
                 random_states: Optional[dict]):
        if level not in LEVELS:
            raise ValueError(f"level={level!r}: expected one of {', '.join(LEVELS)}")
        if every < 1:
            raise ValueError(f"every={every}: expected 1 or more")
        self.ledger = PlainLedger(path, about)
        self.level, self.every, self.steps = LEVELS.index(level), every, None if steps is None else set(steps)
        self.unseen = set()
        self._random = current_states() if random_states is None else random_states
        self._patched, self._step, self._loss = [], 1, float("nan")

    def _due(self):
        return (self._step - 1) % self.every == 0 and (self.steps is None or self._step in self.steps)

    # ---- what is recorded ----

    def _is_tensor(self, value):
        """Whether _put_tensor is for it."""
        return False

    def _put_tensor(self, name, tensor):
        raise NotImplementedError

    def put(self, name: str, value: Any) -> None:
        """Anything, into the step that comes to be: a tensor, or what detpipe.Ledger.put takes, with tensors in it."""
        if self._is_tensor(value):
            self._put_tensor(name, value)
        elif isinstance(value, Mapping):
            for key, one in value.items():
                self.put(f"{name}/{key}", one)
        elif isinstance(value, (list, tuple)):
            for i, one in enumerate(value):
                self.put(f"{name}/{i}" if len(value) > 1 else name, one)
        elif hasattr(value, "__dict__") and not callable(value) and not hasattr(value, "__array__"):
            self.put(name, vars(value))
        else:
            try:
                self.ledger.put(name, value)
            except (TypeError, ValueError):
                self.unseen.add(f"{name}: {type(value).__name__}")

    def _put_random_states(self):
        """Those of python and numpy where they are not as at the step before: many use neither, and seed neither."""
        states = current_states()
        for name, state in states.items():
            if self._random[name] != state:
                self.ledger.put(f"random {name}", state)
        self._random = states

    def _end_step(self):
        if self._due():
            self.ledger.step(self._step, self._loss)
        self._step, self._loss = self._step + 1, float("nan")

    # ---- where it is seen ----

    def _patch(self, owner, name, recorded):
        """recorded(original, self, ...) in place of a method, until close."""
        original = getattr(owner, name)

        def method(*args, **kwargs):
            return recorded(original, *args, **kwargs)
        method.__doc__ = original.__doc__
        setattr(owner, name, method)
        self._patched.append((owner, name, method, original))

    def close(self) -> None:
        """Takes its hooks away.  A step that was not ended is dropped."""
        for owner, name, method, original in reversed(self._patched):
            if getattr(owner, name) is method:  # else somebody patched it after us, and still calls us
                setattr(owner, name, original)
        self._patched = []
        self.ledger.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()
