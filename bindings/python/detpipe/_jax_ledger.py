# _jax_ledger.py - the ledger of a training in JAX, written where its compiled functions are called
# SPDX-License-Identifier: Apache-2.0
"""detpipe.jax.Ledger.  What jax.jit, pmap, grad and value_and_grad made is seen where it is called from outside of every other:
what goes in and what comes out, by path, and the keys that are made of a seed.  A step goes up to the next call of a function
that gives back what it took (parameters, optimizer state).  Names, in causal order:

    random key             made by jax.random.key and PRNGKey
    random python|numpy    before the first call of a step, where it is not as at the step before
    start weight F/PATH    what F takes and gives back, in its first call
    input F/PATH           the same in later calls, where no function made it; and numbers
    random F/PATH          keys
    batch F/PATH           other arrays
    result F/PATH          what F gives back: the first number of a step is its loss
    saved K                arrays that a function that saves is given (_saving.py)

What a function made and another one takes is the same array, and is recorded once.  Inside of a function nothing is seen."""
from __future__ import annotations

import ctypes, functools, os, sys, threading, types, weakref
from collections.abc import Mapping
from typing import Iterable, Optional, Union

import jax, numpy as np
from jax.tree_util import keystr, tree_flatten_with_path

from ._recorder import Recorder, Watch, about as about_lines, rank, setting

try:
    from jax._src.core import trace_state_clean
except ImportError:
    def trace_state_clean():
        return True

_ledgers: list = []  # of those that are open, the last records
_inside: list = []  # the functions that run


def _setting():
    from jax import lib
    return setting(f"jax {jax.__version__}", f"jaxlib {lib.__version__}", f"{os.cpu_count()} CPUs",
                   f"x64 {jax.config.jax_enable_x64}", f"matmul precision {jax.config.jax_default_matmul_precision}",
                   f"threefry partitionable {jax.config.jax_threefry_partitionable}")


def record(folder: str) -> None:
    """For `detpipe verify --why`: from the first call of a compiled function on, a ledger of all that this process computes."""
    watch = Watch(folder, "jax", _setting)

    class Waiting:
        """Makes the ledger when it is needed."""

        def _begin(self):
            _ledgers.remove(self)
            try:
                return watch.begin(Ledger, str(jax.process_index()) if jax.process_count() > 1 else rank())
            except Exception as e:  # the training goes on
                watch.say(f"{type(e).__name__}: {e}")

    def in_child():
        _ledgers.clear()
        watch.leave()
        record(folder)
    _ledgers.append(Waiting())
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=in_child)


def _ledger(values):
    """The ledger that sees a call with these values, or None: the call is in another one."""
    if not _ledgers or threading.current_thread() is not threading.main_thread():
        if _ledgers and isinstance(_ledgers[-1], Ledger):
            _ledgers[-1]._miss("calls of compiled functions on other threads")
        return None
    if _inside or not trace_state_clean() or any(isinstance(v, jax.core.Tracer) for v in jax.tree.leaves(values)):
        return None
    return _ledgers[-1]._begin()


class _Function:
    """What jax.jit and its kin gave, which is called through it."""

    def __init__(self, function):
        functools.update_wrapper(self, function, updated=())  # its __dict__ may have a _function of another one
        self._function = function

    def __call__(self, *args, **kwargs):
        ledger = _ledger((args, kwargs))
        if ledger is None:
            return self._function(*args, **kwargs)
        ledger._guarded(ledger._before)(self, args, kwargs)
        _inside.append(self)
        try:
            out = self._function(*args, **kwargs)
        finally:
            _inside.pop()
        ledger._guarded(ledger._after)(self, args, out)
        return out

    def __get__(self, owner, cls=None):
        return self if owner is None else types.MethodType(self, owner)

    def __getattr__(self, name):
        return getattr(self._function, name)


def _made_by(transform):
    """jax.jit and its kin, also as a decorator with arguments."""
    @functools.wraps(transform)
    def make(*args, **kwargs):
        out = transform(*args, **kwargs)
        return _Function(out) if args or "fun" in kwargs else lambda fun: _Function(out(fun))
    return make


def _key_made_by(make):
    @functools.wraps(make)
    def key(seed, *args, **kwargs):
        out, ledger = make(seed, *args, **kwargs), _ledger(seed)
        if ledger is not None:
            ledger._guarded(ledger._take_key)(out)
        return out
    return key


def _install():
    for name in ("jit", "pmap", "grad", "value_and_grad"):
        setattr(jax, name, _made_by(getattr(jax, name)))
    for name in ("key", "PRNGKey"):
        setattr(jax.random, name, _key_made_by(getattr(jax.random, name)))


def _install_optax():
    optax = sys.modules.get("optax")
    if optax is not None and not isinstance(getattr(optax, "apply_updates", None), (_Function, type(None))):
        optax.apply_updates = _Function(optax.apply_updates)


_install()


def _leaves(name, value):
    """(name, array or number) of all that is in it."""
    for path, leaf in tree_flatten_with_path(value)[0]:
        try:
            text = keystr(path, simple=True, separator="/")
        except TypeError:
            text = keystr(path)
        yield f"{name}/{text}" if text else name, leaf


def _kinds(value):
    return [(leaf.shape, str(leaf.dtype)) for leaf in jax.tree.leaves(value) if hasattr(leaf, "dtype") and hasattr(leaf, "shape")]


def _parts(out, depth=2):
    """What stands in an output by itself: itself, and its elements, and theirs."""
    yield _kinds(out)
    if depth > 0 and isinstance(out, (tuple, list, Mapping)):
        for one in out.values() if isinstance(out, Mapping) else out:
            yield from _parts(one, depth - 1)


def _gives_back(value, parts):
    """Whether an argument stands in the output, as to its arrays, of which one at least is of floats."""
    kinds = _kinds(value)
    return kinds in parts and any(len(shape) > 0 and "float" in dtype for shape, dtype in kinds)


def _is_key(leaf):
    dtype = getattr(leaf, "dtype", None)
    return dtype is not None and (jax.dtypes.issubdtype(dtype, jax.dtypes.prng_key) or
                                  (dtype == np.uint32 and leaf.shape[-1:] == (2,)))


class Ledger(Recorder):
    """The record of a training, where `import detpipe.jax` stands before the functions are made:

        with detpipe.jax.Ledger("run.ledger"):
            train()

    Its end is the last step's."""

    def __init__(self, path: Union[str, "os.PathLike[str]"], level: str = "full", every: int = 1,
                 steps: Optional[Iterable[int]] = None, about: Optional[str] = None, random_states: Optional[dict] = None):
        super().__init__(path, level, every, steps, about_lines(_setting()) if about is None else about, random_states)
        self._made = {}  # by identity, the arrays that functions gave and that are recorded
        self._returning = {}  # of a function, the places of the arguments that it gives back
        self._keys = []
        self._called = set()  # functions that gave back what they took, in this step
        _ledgers.append(self)

    def _begin(self):
        _install_optax()
        return self

    # ---- what is recorded ----

    def _is_tensor(self, value):
        return isinstance(value, (jax.Array, np.ndarray, np.generic))

    def _put_tensor(self, name, tensor):
        if isinstance(tensor, jax.Array):
            tensor = self._plain(tensor)
        if isinstance(tensor, jax.Array) and self.ledger.has_code(tensor.dtype.name, tensor.shape):
            self.ledger.put_memory(name, tensor.dtype.name, tensor.shape, tensor.unsafe_buffer_pointer(), tensor)
        elif isinstance(tensor, list):
            for shard in tensor:
                self.ledger.put(name, shard)
        else:
            self.ledger.put(name, np.array(tensor))

    @staticmethod
    def _plain(array):
        """Without a reference to its memory, which would keep XLA from using it again where it is donated."""
        if jax.dtypes.issubdtype(array.dtype, jax.dtypes.prng_key):
            array = jax.random.key_data(array)
        if not array.is_fully_addressable:
            return [np.array(shard.data) for shard in array.addressable_shards]
        array.block_until_ready()
        on_host = len(array.devices()) == 1 and next(iter(array.devices())).platform == "cpu"
        return array if on_host and array.size > 0 else np.array(array)

    def _copy(self, leaf):
        """Of what may be gone behind the call."""
        plain = self._plain(leaf) if isinstance(leaf, jax.Array) else leaf
        if not isinstance(plain, jax.Array):
            return np.array(plain) if isinstance(plain, np.ndarray) else plain
        memory = (ctypes.c_char * plain.nbytes).from_address(plain.unsafe_buffer_pointer())
        return np.frombuffer(memory, np.uint8).copy().view(plain.dtype).reshape(plain.shape)

    def _put_leaf(self, name, leaf):
        if self._is_tensor(leaf) or isinstance(leaf, (bool, int, float, complex, str)):
            self.put(name, leaf)
        else:
            self._miss(f"arguments of the type {type(leaf).__name__}")

    def _take_key(self, key):
        """It is of the step of the next call."""
        self._keys.append(self._copy(key))
        self._remember(key)

    def _remember(self, out):
        for leaf in jax.tree.leaves(out):
            if isinstance(leaf, jax.Array):
                self._made[id(leaf)] = weakref.ref(leaf)

    def _is_made(self, leaf):
        known = self._made.get(id(leaf))
        return known is not None and known() is leaf

    # ---- when ----

    def _begin_step(self):
        if self._due() and self.level > 0:
            for key in self._keys:
                self.ledger.put("random key", key)
            if not self._begun:
                self._put_random_states()
        self._keys, self._begun = [], True

    def _before(self, function, args, kwargs):
        if function in self._called:
            self._end_step()
        self._left_out.pop(function, None)
        self._begin_step()
        self._waiting = []
        if not self._due() or self.level == 0:
            return
        for i, arg in [*enumerate(args), *kwargs.items()]:
            for path, leaf in _leaves(f"{function.__name__}/{i}", arg):
                if self._is_made(leaf):
                    continue
                if function in self._returning:
                    self._put_leaf(self._kind(leaf, i, function, "input ") + path, leaf)
                else:  # what it gives back is known behind the call
                    self._waiting.append((i, path, leaf, self._copy(leaf)))

    def _kind(self, leaf, i, function, returned):
        if _is_key(leaf):
            return "random "
        if not hasattr(leaf, "dtype"):
            return "input "
        return returned if i in self._returning[function] else "batch "

    def _after(self, function, args, out):
        if function not in self._returning:
            parts = list(_parts(out))
            self._returning[function] = {i for i, arg in enumerate(args) if _gives_back(arg, parts)}
        if self._returning[function]:
            self._called.add(function)
        for i, path, leaf, copy in self._waiting:
            self._put_leaf(self._kind(leaf, i, function, "start weight ") + path, copy)
        made = list(_leaves(f"result {function.__name__}", out))
        if self._due():
            for path, leaf in made:
                self._take_loss(leaf)
                if self.level > 0:
                    self._put_leaf(path, leaf)
            self._remember(out)
        elif self.level > 0 and self._returning[function]:
            self._left_out[function] = [(path, leaf) for path, leaf in made if isinstance(leaf, jax.Array)]

    def _take_loss(self, leaf):
        if self._loss != self._loss and getattr(leaf, "shape", None) == () and "float" in str(leaf.dtype):
            self._loss = float(leaf)

    def _end_step(self):
        super()._end_step()
        self._called, self._begun = set(), False
        self._made = {i: known for i, known in self._made.items() if known() is not None}

    def _detach(self):
        super()._detach()
        if self in _ledgers:
            _ledgers.remove(self)

    def _put_rest(self):
        if self._begun or self._keys:
            self._begin_step()
        self._left_out = {function: [(path, leaf) for path, leaf in made if not leaf.is_deleted()]
                          for function, made in self._left_out.items()}
