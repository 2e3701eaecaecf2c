# _recorder.py - what the ledgers of all frameworks share
# SPDX-License-Identifier: Apache-2.0
"""A framework is a file beside this one: a class Ledger(Recorder) that says when things are seen, record(folder), and a row
of the table in tools/proof/why.c.  Hooks give nothing back and raise nothing, so that they change no result; what they
cannot see is counted (Recorder.unseen)."""
from __future__ import annotations

import collections, contextlib, dataclasses, functools, itertools, multiprocessing, os, platform, random, sys, threading, weakref
from collections.abc import Iterable, Mapping
from multiprocessing import util
from numbers import Integral
from typing import Any, Callable, Dict, Optional, Union

import numpy as np

from . import _saving
from ._ledger import Ledger as LedgerByHand

_POOLS = ("multiprocessing.pool", "worker"), ("concurrent.futures.process", "_process_worker")  # what their processes run
ABOUT = "detpipe verify --why"
LEVELS = ("loss", "weights", "full")
_DEEPEST = 8  # of values in values
_PLAIN = int, float, str, bytes, type(None)  # no arrays, and there may be millions
_ENVIRONMENT = ("OMP_NUM_THREADS", "PYTHONHASHSEED", "CUBLAS_WORKSPACE_CONFIG", "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA",
                "TF_ENABLE_ONEDNN_OPTS", "TF_NUM_INTRAOP_THREADS", "XLA_FLAGS")


def setting(*framework: str) -> list:
    """What of the process and the machine may change a training's bits, a line each, with what the framework says."""
    return [f"python {platform.python_version()}", *framework, f"numpy {np.__version__}",
            *(f"{name}={os.environ.get(name, '')}" for name in _ENVIRONMENT)]


def _printable(text):
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in text)


def about(lines: Iterable[str]) -> str:
    """The same, as a ledger's head takes it."""
    return _printable(", ".join(lines))[:255]


def current_states() -> dict:
    """Those that a process has whatever its framework is, to be compared."""
    _, words, *rest = np.random.get_state()
    return {"python": random.getstate(), "numpy": (words.tobytes(), rest)}


def _as_put(name, state):
    return repr(state) if name == "python" else state[0] + repr(state[1]).encode()


def _how():
    """--why=weights,every=10,steps=6..8: the arguments of a Ledger."""
    out = {}
    for word in filter(None, os.environ.get("DETPIPE_WHY_HOW", "").split(",")):
        key, _, value = word.partition("=")
        if key == "every":
            out["every"] = int(value)
        elif key == "steps":
            first, last = value.split("..")
            out["steps"] = range(int(first), int(last) + 1)
        else:
            out["level"] = key
    return out


def rank() -> str:
    """What a launcher says; who does not know, is 0."""
    return launched_rank() or "0"


def launched_rank() -> Optional[str]:
    """None: no launcher says one, so no other process trains with this one."""
    return next((os.environ[name] for name in ("RANK", "OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "MV2_COMM_WORLD_RANK",
                                               "SLURM_PROCID", "HOROVOD_RANK") if os.environ.get(name, "").isdigit()), None)


def _is_of_a_pool():
    target = getattr(multiprocessing.current_process(), "_target", None)
    return (getattr(target, "__module__", None), getattr(target, "__name__", None)) in _POOLS


def path_of_rank(path: str, rank: int) -> str:
    """Each rank has a ledger of its own."""
    return path if rank == 0 else f"{path}.{rank}"


def of_the_script() -> list:
    """What its own variables hold, (name, value)."""
    return [(name, value) for name, value in list(vars(sys.modules["__main__"]).items()) if not name.startswith("__")]


class Watch:
    """For `detpipe verify --why`, from the import of a framework on: the ledger that is made when the process trains."""
    _made: dict = {}  # name: framework; a process may train in two

    def __init__(self, folder: str, framework: str, lines: Callable[[], list]):
        self.folder, self.framework, self.lines = folder, framework, lines
        self.states, self.ledger, self.end = current_states(), None, None

    def begin(self, make: Callable[..., "Recorder"], rank: str) -> "Recorder":
        """make: a class Ledger.  The ledger is closed at the end of the process."""
        path = self._free_path(rank)
        with open(path + ".head", "w", encoding="utf-8") as f:
            f.writelines(line + "\n" for line in self.lines())
        self.ledger = make(path + ".ledger", about=ABOUT, random_states=self.states, **_how())
        if _is_of_a_pool():
            self.ledger._miss("which process of a pool gets which work: it may be by chance")
        self.end = util.Finalize(None, self._close, args=(path,), exitpriority=0)  # processes of multiprocessing run no atexit
        self._see_exit()
        return self.ledger

    def _see_exit(self):
        """os._exit runs no Finalize."""
        leave = os._exit

        @functools.wraps(leave)
        def end(*args, **kwargs):
            with contextlib.suppress(Exception):
                self.end()  # of this process, once
            leave(*args, **kwargs)
        _saving.put_in_place({id(leave): end})

    def _free_path(self, rank):
        """Named by the rank, and by its number among those that a process of multiprocessing started; of several, which one is
        the first may be by chance: tools/proof/pairs.h knows which is which."""
        name = ".".join([rank, *(str(i) for i in multiprocessing.current_process()._identity)])
        if self._made.setdefault(name, self.framework) != self.framework:
            name += f".{self.framework}"
        for i in itertools.count(1):
            path = os.path.join(self.folder, name if i == 1 else f"{name}-{i}")
            with contextlib.suppress(FileExistsError):
                open(path + ".head", "x").close()
                return path

    def _close(self, path):
        self.ledger.close()
        if self.ledger.spoiled is not None:
            self.say(self.ledger.spoiled)
            os.remove(path + ".ledger")
        with open(path + ".unseen", "w", encoding="utf-8") as f:
            f.writelines(f"{n} {_printable(what)}\n" for what, n in self.ledger.unseen.items())

    def leave(self) -> None:
        """In a child by fork: what is recorded is its parent's."""
        if self.ledger is not None:
            self.end.cancel()
            self.ledger._detach()
        self._made.clear()

    def begin_at(self, make: Callable[..., "Recorder"], *places: tuple) -> None:
        """The ledger begins with the first call of one of these, (owner, its function's name)."""
        originals = [(owner, name, getattr(owner, name)) for owner, name in places]

        def restore():
            for owner, name, original in originals:
                setattr(owner, name, original)

        def begin():
            restore()
            try:
                self.begin(make, rank())
            except Exception as e:  # the training goes on
                self.say(f"{type(e).__name__}: {e}")

        def in_child():
            if self.ledger is None:
                restore()
            self.leave()
            Watch(self.folder, self.framework, self.lines).begin_at(make, *places)

        for owner, name, original in originals:
            @functools.wraps(original)
            def first(*args, _call=(owner, name), **kwargs):
                begin()
                return getattr(*_call)(*args, **kwargs)
            setattr(owner, name, first)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=in_child)

    def say(self, text: str) -> None:
        """A line that verify tells: what is not recorded, and why."""
        with open(os.path.join(self.folder, "note"), "a", encoding="utf-8") as f:
            f.write(f"{sys.executable}: {self.framework}: {' '.join(text.split())}\n")


class ByHand:
    """A detpipe.Ledger of the script's own, as the Watch of its process sees it."""
    spoiled = None

    def __init__(self, ledger: LedgerByHand, path: str):
        self._ledger, self._path = ledger, path
        self.unseen: Dict[str, int] = {}

    @classmethod
    def place(cls, ledger: LedgerByHand) -> tuple:
        """Where it is written for verify, and what it is about: equal in both runs."""
        watch = Watch(os.environ["DETPIPE_WHY"], "detpipe.Ledger", setting)
        return watch.begin(lambda path, **_: cls(ledger, path), rank())._path, ABOUT

    def _miss(self, what):
        self.unseen[what] = 1

    def close(self) -> None:
        self._ledger.close()


class _Ledger(LedgerByHand):
    """A recorder's, whose place the recorder knows."""
    _is_by_hand = False


class Known:
    """What is known of objects, by their identity, as long as they live.  at_end: called with what was known of one."""

    def __init__(self, at_end: Optional[Callable[[Any], None]] = None):
        self._of, self._at_end = {}, at_end

    def __setitem__(self, one, value):
        key = id(one)

        def forget(ref):
            if self._of.get(key, (None,))[0] is ref:
                del self._of[key]
                if self._at_end is not None:
                    self._at_end(value)
        self._of[key] = weakref.ref(one, forget), value

    def get(self, one, otherwise=None):
        ref, value = self._of.get(id(one), (None, None))
        return value if ref is not None and ref() is one else otherwise

    def pop(self, one):
        self._of.pop(id(one), None)

    def items(self):
        return [(one, value) for one, value in ((ref(), value) for ref, value in list(self._of.values())) if one is not None]

    def __len__(self):
        return len(self._of)


def _numbers(steps):
    """As what one may be looked for in; None: all."""
    if steps is None or isinstance(steps, range):
        return steps
    numbers = set(steps) if isinstance(steps, Iterable) else {None}
    if not all(isinstance(one, Integral) for one in numbers):
        raise ValueError(f"steps={steps!r}: expected numbers of steps, e.g. range(6, 9)")
    return numbers


class Recorder:
    """The ledger of a training, a step at a time.

    level: "loss"; "weights" (batches, gradients as they are given, weights); "full".  every: one step in so many is
    recorded; steps: only those of range(first, last + 1).  Whatever they leave out, what is saved is recorded ("saved K"),
    and the weights at the end."""

    def __init__(self, path: Union[str, "os.PathLike[str]"], level: str, every: int, steps: Optional[Iterable[int]], about: str,
                 random_states: Optional[dict]):
        if level not in LEVELS:
            raise ValueError(f"level={level!r}: expected one of {', '.join(LEVELS)}")
        if not isinstance(every, Integral) or every < 1:
            raise ValueError(f"every={every!r}: expected a whole number, 1 or more")
        self.steps = _numbers(steps)
        self.ledger = _Ledger(path, about)
        self.level, self.every = LEVELS.index(level), every
        self._unseen: collections.Counter = collections.Counter()
        self._random = current_states() if random_states is None else random_states
        self._patched, self._step, self._loss = [], 1, float("nan")
        self._begun, self._ends, self._left_out = False, False, {}  # what models have made since their last step that is recorded
        self.spoiled: Optional[str] = None  # why it is no evidence
        _saving.see(self)

    def _due(self):
        return self._ends or ((self._step - 1) % self.every == 0 and (self.steps is None or self._step in self.steps))

    # ---- what is recorded ----

    def _is_tensor(self, value):
        """Whether _put_tensor is for it."""
        return False

    def _put_tensor(self, name, tensor):
        raise NotImplementedError

    def put(self, name: str, value: Any) -> None:
        """Anything, into the step that comes to be: a tensor, or what detpipe.Ledger.put takes, with tensors in it."""
        self._put(name, value, 0)

    def _put(self, name, value, depth):
        if self._is_tensor(value):
            self._put_tensor(name, value)
        elif depth == _DEEPEST:
            self._miss(f"values deeper than {_DEEPEST} in others")
        elif isinstance(value, Mapping):
            self._put_all(name, value.items(), depth)
        elif isinstance(value, (list, tuple)):
            self._put_all(name, enumerate(value) if len(value) > 1 else [(None, one) for one in value], depth)
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            self._put_all(name, [(f.name, getattr(value, f.name)) for f in dataclasses.fields(value)], depth)
        elif hasattr(value, "__dict__") and not callable(value) and not hasattr(value, "__array__"):
            self._put_all(name, vars(value).items(), depth)
        else:
            try:
                self.ledger.put(name, value)
            except (TypeError, ValueError):  # also of what has no elements (a KerasTensor)
                self._miss(f"values of the type {type(value).__name__}")

    def _put_all(self, name, items, depth):
        for key, value in items:
            self._put(name if key is None else f"{name}/{key}", value, depth + 1)

    def _miss(self, what):
        """What is there and is not recorded, in words that are the same each time."""
        self._unseen[what] += 1

    @property
    def unseen(self) -> Dict[str, int]:
        """What was there and is not recorded, and how often."""
        return dict(self._unseen)

    def _put_random_states(self):
        """Those of python and numpy where they are not as at the step before: many use neither, and seed neither."""
        states = current_states()
        for name, state in states.items():
            if self._random[name] != state:
                self.ledger.put(f"random {name}", _as_put(name, state))
        self._random = states

    def _put_made(self, key, made):
        """What the step of a model made, (name, tensor) of each: where it is the last, at the end."""
        self._left_out.pop(key, None)
        if self._due():
            for name, tensor in made:
                self._put_tensor(name, tensor)
        else:
            self._left_out[key] = made

    def _end_step(self):
        if self._due() or self.ledger.has_more():
            self.ledger.step(self._step, self._loss)
        self._step, self._loss = self._step + 1, float("nan")

    # ---- what is saved ----

    def _is_here(self, trains=True):
        """Whether this is the thread that trains."""
        return threading.current_thread() is threading.main_thread()

    def _see_saved(self, how, saved):
        """how: "saved" or "printed"."""
        if self.level > 0 and self._is_here(False):
            self._guarded(self._put_all_saved)(how, saved)
        elif self.level > 0:
            self._miss(f"what is {how} on other threads")

    def _put_all_saved(self, how, saved):
        if self._due():
            self._put_before()
        self._put_saved(how, saved(), 0, {})

    def _put_before(self):
        """What was changed since the last step, by somebody else than a step."""

    def _state_of(self, value):
        """A framework's own object, as a mapping; None: it is another's."""
        return None

    def _put_saved(self, name, value, depth, seen):
        """The arrays alone: names of files and times are not results.  seen: values that are gone into, by identity, and how
        deep they were: objects that know each other are not walked by all ways that there are."""
        if self._is_tensor(value):
            self._put_tensor(name, value)
        elif isinstance(value, np.ndarray):
            self.ledger.put(name, value)
        elif depth < seen.get(id(value), (_DEEPEST,))[0]:
            seen[id(value)] = depth, value
            for key, one in self._inside_of(value):
                if not isinstance(one, _PLAIN):
                    self._put_saved(f"{name}/{key}", one, depth + 1, seen)

    def _inside_of(self, value):
        state = self._state_of(value)
        if state is not None or isinstance(value, Mapping):
            return list((value if state is None else state).items())
        if isinstance(value, (list, tuple)):
            return list(enumerate(value))
        return [] if isinstance(value, type) or callable(value) else list(getattr(value, "__dict__", {}).items())

    # ---- where it is seen ----

    @staticmethod
    def _is_traced():
        """Whether a compiler runs this to see what it does, for a graph that should have nothing of it."""
        return False

    def _guarded(self, see):
        """A hook: a failure to record does not fail the training."""
        @functools.wraps(see)
        def hook(*args, **kwargs):
            if self._is_traced():
                return
            try:
                see(*args, **kwargs)
            except Exception as e:
                self._miss(f"failures to record ({type(e).__name__}: {e})")
        return hook

    def _patch(self, owner, name, recorded):
        """recorded(original, self, ...) in place of a method, until close."""
        original = getattr(owner, name)

        @functools.wraps(original)
        def method(*args, **kwargs):
            return original(*args, **kwargs) if self._is_traced() else recorded(original, *args, **kwargs)
        setattr(owner, name, method)
        self._patched.append((owner, name, method, original))

    def _detach(self):
        """Takes its hooks away."""
        _saving.leave(self)
        for owner, name, method, original in reversed(self._patched):
            if getattr(owner, name) is method:  # else somebody patched it after us, and still calls us
                setattr(owner, name, original)
        self._patched = []

    def _put_rest(self):
        """What is behind the last step is one more."""
        self._put_before()

    def _put_end(self):
        self._put_rest()
        for made in self._left_out.values():
            for name, tensor in made:
                self._put_tensor(f"end {name}", tensor)
        if self._begun or self.ledger.has_more():
            self._end_step()

    def close(self) -> None:
        """Takes its hooks away.  What is behind the last step is one more."""
        if not self._ends:
            self._ends = True
            self._guarded(self._put_end)()
            self._detach()
            self.ledger.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()
