# _jax_ledger.py - the ledger of a training in JAX, written where its compiled functions are called
# SPDX-License-Identifier: Apache-2.0
"""detpipe.jax.Ledger.  What jax.jit and its kin (_TRANSFORMS) made is seen where it is called from outside of every other, and
so are lax.scan and its kin (_CALLS) and what was compiled ahead of time: what goes in and what comes out, by path, and the keys
that are made of a seed.  A step goes up to the next call of a function that takes gradients, or of one that was called before the
first of these (it makes batches); where none does, of one that gives back what it took.  Names, in causal order:

    random key             made by jax.random.key and PRNGKey
    random python|numpy    before the first call of a step, where it is not as at the step before
    start weight F/PATH    what F takes and gives back, in its first call
    input F/PATH           the same in later calls, where no function made it; and numbers
    random F/PATH          keys
    batch F/PATH           other arrays
    result F/PATH          what F gives back: the first number of a step is its loss
    made OP, made map/PATH what operators of arrays and jax.tree.map made between two calls: behind what the second one takes,
                           of more than _NAMED in one the rest together
    saved K                arrays that a function that saves is given (_saving.py)
    end V/PATH             at the end, what a variable V of the script holds that is like weights

What a function made and another one takes is the same array, and is recorded once.  Inside of a function nothing is seen, nor
are functions of jax.numpy that are called by themselves: what they make is, where a function or an operator takes it."""
from __future__ import annotations

import contextlib, ctypes, functools, hashlib, os, sys, threading, types, weakref
from typing import Iterable, Optional, Union

import jax, numpy as np
from jax.tree_util import keystr, tree_flatten_with_path

from ._recorder import Recorder, Watch, about as about_lines, of_the_script, rank, setting

try:
    from jax._src.array import ArrayImpl
except ImportError:
    ArrayImpl = None
try:
    from jax._src.core import trace_state_clean
except ImportError:
    def trace_state_clean():
        return True

_GRADIENTS = "grad", "value_and_grad", "jacfwd", "jacrev", "hessian"
_TRANSFORMS = ("jit", "pmap", "vmap", "shard_map", *_GRADIENTS)
_CALLS = (*((jax.lax, name) for name in ("scan", "fori_loop", "while_loop", "map", "cond", "switch", "associative_scan")),
          (jax, "vjp"), (jax, "jvp"), (jax, "linearize"))
_OPERATORS = ["__neg__", *(f"__{side}{name}__" for name in ("add", "sub", "mul", "truediv", "pow", "matmul") for side in ("", "r"))]
_NAMED = 256
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


def _is_outside():
    """Whether this is what the user's own program calls."""
    return not _inside and threading.current_thread() is threading.main_thread() and trace_state_clean()


def _ledger(values):
    """The ledger that sees a call with these values, or None: the call is in another one."""
    if not _ledgers or threading.current_thread() is not threading.main_thread():
        if _ledgers and isinstance(_ledgers[-1], Ledger):
            _ledgers[-1]._miss("calls of compiled functions on other threads")
        return None
    if not _is_outside() or any(isinstance(v, jax.core.Tracer) for v in jax.tree.leaves(values)):
        return None
    return _ledgers[-1]._begin()


def _codes(function):
    """What it is made of: equal for functions that one place of a program makes again and again."""
    out = []
    while function is not None:
        out.append(getattr(function, "__code__", type(function)))
        function = getattr(function, "__wrapped__", None) or getattr(function, "func", None)
    return tuple(out)


class _Function:
    """What jax.jit and its kin gave, which is called through it."""

    def __init__(self, function, trains=False, takes=()):
        functools.update_wrapper(self, function, updated=())  # its __dict__ may have a _function of another one
        self._function = function
        self._trains = trains or getattr(getattr(function, "__wrapped__", None), "_trains", False)  # whether it takes gradients
        self._codes = _codes(function) + tuple(code for one in takes for code in _codes(one))

    def __call__(self, *args, **kwargs):
        ledger = _ledger((args, kwargs))
        if ledger is None:
            for around in _inside if self._trains else ():
                around._trains = True
            return self._function(*args, **kwargs)
        ledger._guarded(ledger._before)(self, args, kwargs)
        with _inner(self):
            out = self._function(*args, **kwargs)
        ledger._guarded(ledger._after)(self, out)
        return out

    def __get__(self, owner, cls=None):
        return self if owner is None else types.MethodType(self, owner)

    def __getattr__(self, name):
        return getattr(self._function, name)


@contextlib.contextmanager
def _inner(function):
    _inside.append(function)
    try:
        yield
    finally:
        _inside.pop()


def _made_by(transform, trains):
    """jax.jit and its kin, also as a decorator with arguments."""
    @functools.wraps(transform)
    def make(*args, **kwargs):
        out = transform(*args, **kwargs)
        made = bool(args) or any(name in kwargs for name in ("fun", "f"))
        return _Function(out, trains) if made else lambda fun: _Function(out(fun), trains)
    return make


def _called_by(call, trains):
    """lax.scan and its kin, which call the functions that they are given."""
    @functools.wraps(call)
    def calls(*args, **kwargs):
        if not _ledgers or not _is_outside():
            for around in _inside if trains else ():
                around._trains = True
            return call(*args, **kwargs)
        return _Function(call, trains, [one for one in (*args, *kwargs.values()) if callable(one)])(*args, **kwargs)
    return calls


def _compiled(call):
    """Of what was compiled ahead of time."""
    @functools.wraps(call)
    def calls(self, *args, **kwargs):
        if not _ledgers or not _is_outside():
            return call(self, *args, **kwargs)
        if "_detpipe" not in vars(self):
            self._detpipe = _Function(functools.partial(call, self), takes=[self])
            self._detpipe.__name__ = "compiled"
        return self._detpipe(*args, **kwargs)
    return calls


def _operator(name, operate):
    @functools.wraps(operate)
    def operator(*args):
        out = operate(*args)
        if _ledgers and _is_outside():
            _take_made(name, out)
        return out
    return operator


def _mapped(tree_map):
    @functools.wraps(tree_map)
    def mapped(*args, **kwargs):
        if not _ledgers or not _is_outside():
            return tree_map(*args, **kwargs)
        with _inner(_Function(args[0] if args else kwargs["f"])):
            out = tree_map(*args, **kwargs)
        taken = {id(leaf) for tree in args[1:] for leaf in jax.tree.leaves(tree)}
        _take_made("map", out, taken)
        return out
    return mapped


def _take_made(name, out, taken=()):
    if isinstance(_ledgers[-1], Ledger):
        _ledgers[-1]._guarded(_ledgers[-1]._take_made)(name, out, taken)


def _key_made_by(make):
    @functools.wraps(make)
    def key(seed, *args, **kwargs):
        out, ledger = make(seed, *args, **kwargs), _ledger(seed)
        if ledger is not None:
            ledger._guarded(ledger._take_key)(out)
        return out
    return key


def _install():
    for name in _TRANSFORMS:
        if hasattr(jax, name):
            setattr(jax, name, _made_by(getattr(jax, name), name in _GRADIENTS))
    for owner, name in _CALLS:
        setattr(owner, name, _called_by(getattr(owner, name), owner is jax))
    for name in ("key", "PRNGKey"):
        setattr(jax.random, name, _key_made_by(getattr(jax.random, name)))
    for name in _OPERATORS if ArrayImpl is not None else ():
        setattr(ArrayImpl, name, _operator(name.strip("_").lstrip("r"), getattr(ArrayImpl, name)))
    for owner, name in ((jax.tree, "map"), (jax.tree_util, "tree_map")):
        setattr(owner, name, _mapped(getattr(owner, name)))
    jax.stages.Compiled.__call__ = _compiled(jax.stages.Compiled.__call__)


def _install_optax():
    optax = sys.modules.get("optax")
    if optax is not None and not isinstance(getattr(optax, "apply_updates", None), (_Function, type(None))):
        optax.apply_updates = _Function(optax.apply_updates)


_install()


def _text(path):
    try:
        return keystr(path, simple=True, separator="/")
    except TypeError:
        return keystr(path)


def _leaves(value):
    """(path, array or number) of all that is in it."""
    return [(_text(path), leaf) for path, leaf in tree_flatten_with_path(value)[0]]


def _kinds(value):
    return [(leaf.shape, str(leaf.dtype)) for leaf in jax.tree.leaves(value) if hasattr(leaf, "dtype") and hasattr(leaf, "shape")]


def _parts(value, depth, path=()):
    """(path, kinds of its arrays) of itself, and of its elements, and theirs; an array by itself counts at the top alone, as
    one in others is like many."""
    kinds = _kinds(value)
    if len(path) < 2 or len(kinds) > 1:
        yield path, kinds
    if depth > 0 and len(kinds) > 0 and not hasattr(value, "dtype"):
        for key, one in tree_flatten_with_path(value, is_leaf=lambda one: one is not value)[0]:
            yield from _parts(one, depth - 1, (*path, _text(key)))


def _given_back(args, out):
    """Paths of what stands in the output as it does in the arguments, as to its arrays, of which one at least is of floats;
    and these."""
    made, found = [kinds for _, kinds in _parts(out, 2)], {}
    for path, kinds in _parts(args, 4):
        if (path and kinds in made and any(len(shape) > 0 and "float" in dtype for shape, dtype in kinds) and
                not any(path[:len(one)] == one for one in found)):
            found[path] = kinds
    return ["/".join(path) for path in found], list(found.values())


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
        self._made, self._latest = {}, {}  # by identity, arrays that functions gave and that are recorded; of each name the last
        self._slots = {}  # of functions of the same codes, who they are
        self._returning = {}  # of a function, the paths of what it takes and gives back
        self._weights = []  # kinds of what functions took and gave back
        self._keys = []
        self._between, self._more = [], None  # digests of what was made since the last call; of what is more than _NAMED
        self._numpy = False  # whether weights are NumPy's
        self._gradients = self._trained = False  # whether a function takes gradients, and was called in this step
        self._called, self._leading = set(), set()  # whose next call is of the next step; who was called before all gradients
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
        elif not callable(leaf):
            self._miss(f"arguments of the type {type(leaf).__name__}")

    def _take_key(self, key):
        """It is of the step of the next call."""
        self._keys.append(self._copy(key))
        self._remember(f"random key {len(self._keys)}", key)

    def _remember(self, name, leaf):
        if isinstance(leaf, jax.Array):
            self._made[id(leaf)], self._latest[name] = (weakref.ref(leaf), name), id(leaf)

    def _is_made(self, leaf):
        """Not of those that an update was to take the place of."""
        known, name = self._made.get(id(leaf), (lambda: None, ""))
        return known() is leaf and self._latest[name] == id(leaf)

    def _take_made(self, name, out, taken):
        """Of operators, between two calls."""
        if self.level == 0:
            return
        for path, leaf in _leaves(out):
            if isinstance(leaf, jax.Array) and not isinstance(leaf, jax.core.Tracer) and id(leaf) not in taken:
                self._take_digest(f"made {name}/{path}" if path else f"made {name}", self._digest_of(leaf))

    def _digest_of(self, leaf):
        plain = self._plain(leaf)
        if isinstance(plain, jax.Array) and self.ledger.has_code(plain.dtype.name, plain.shape):
            return self.ledger.digest_of(plain.dtype.name, plain.shape, plain.unsafe_buffer_pointer())
        parts = plain if isinstance(plain, list) else [np.asarray(plain)]
        return hashlib.md5(b"".join(repr((p.dtype, p.shape)).encode() + p.tobytes() for p in parts)).digest()

    def _take_digest(self, name, digest):
        if len(self._between) < _NAMED:
            self._between.append((name, digest))
        else:
            self._more = hashlib.md5((self._more or b"") + digest).digest()

    def _put_between(self):
        if self._more is not None:
            self._between.append((f"made by more than {_NAMED} operators", self._more))
        for name, digest in self._between if self._due() else ():
            self.ledger.put_digest(name, digest)
        self._between, self._more = [], None

    # ---- when ----

    def _begin_step(self):
        if self._due() and self.level > 0:
            for key in self._keys:
                self.ledger.put("random key", key)
            if not self._begun:
                self._put_random_states()
        self._keys, self._begun = [], True

    def _slot(self, function):
        """Who it is: another one where both live, the same where one was made anew for each call."""
        known = self._slots.setdefault(function._codes, [])
        for i, ref in enumerate(known):
            if ref() in (None, function):
                known[i] = weakref.ref(function)
                return function._codes, i
        known.append(weakref.ref(function))
        return function._codes, len(known) - 1

    def _before(self, function, args, kwargs):
        slot = self._slot(function)
        if slot in self._called or (self._trained and slot in self._leading):
            self._end_step()
        self._left_out.pop(slot, None)
        self._begin_step()
        given = {**{str(i): arg for i, arg in enumerate(args)}, **kwargs}
        self._call, self._waiting = (slot, given), []
        if not self._due() or self.level == 0:
            self._between, self._more = [], None
            return
        for path, leaf in _leaves(given):
            self._numpy |= isinstance(leaf, np.ndarray) and self._is_returned(path, slot)
            if self._is_made(leaf):
                continue
            if slot in self._returning:
                self._put_leaf(self._kind(leaf, path, slot, "input ") + f"{function.__name__}/{path}", leaf)
            else:  # what it gives back is known behind the call
                self._waiting.append((path, leaf, self._copy(leaf)))
        if slot in self._returning:
            self._put_between()

    def _kind(self, leaf, path, slot, returned):
        if _is_key(leaf):
            return "random "
        if not hasattr(leaf, "dtype"):
            return "input "
        return returned if self._is_returned(path, slot) else "batch "

    def _is_returned(self, path, slot):
        return any(path == one or path.startswith(one + "/") for one in self._returning.get(slot, ()))
    def _after(self, function, out):
        slot, given = self._call
        if slot not in self._returning:
            paths, kinds = _given_back(given, out)
            self._returning[slot] = paths or (list(given) if function._trains else [])
            self._weights += [one for one in kinds if one not in self._weights]
            for path, leaf, copy in self._waiting:
                self._put_leaf(self._kind(leaf, path, slot, "start weight ") + f"{function.__name__}/{path}", copy)
            self._put_between()
        steps = function._trains or (self._returning[slot] and not self._gradients)
        self._gradients, self._trained = self._gradients or function._trains, self._trained or function._trains
        if steps:
            self._called.add(slot)
        if not self._gradients:
            self._leading.add(slot)
        made = [(f"result {function.__name__}/{path}".rstrip("/"), leaf) for path, leaf in _leaves(out)]
        if self._due():
            for name, leaf in made:
                self._take_loss(leaf)
                if self.level > 0:
                    self._put_leaf(name, leaf)
                self._remember(name, leaf)
        elif self.level > 0 and (steps or self._returning[slot]):
            self._left_out[slot] = [(name, leaf) for name, leaf in made if isinstance(leaf, jax.Array)]

    def _take_loss(self, leaf):
        if self._loss != self._loss and getattr(leaf, "shape", None) == () and "float" in str(leaf.dtype):
            self._loss = float(leaf)

    def _end_step(self):
        super()._end_step()
        self._called, self._trained, self._begun = set(), False, False
        self._made = {i: known for i, known in self._made.items() if known[0]() is not None}

    def _put_ends(self):
        """What became of weights behind the last call (an update that was dropped), where a variable of the script holds them."""
        ends = [(name, value) for name, value in of_the_script() if _kinds(value) in self._weights]
        for path, leaf in _leaves(dict(ends)) if self.level > 0 else ():
            if not (isinstance(leaf, jax.Array) and leaf.is_deleted()):
                self._put_leaf(f"end {path}", leaf)
        self._numpy = self._numpy and not ends

    def _detach(self):
        super()._detach()
        if self in _ledgers:
            _ledgers.remove(self)

    def _put_rest(self):
        if self._begun or self._keys:
            self._begin_step()
        self._put_between()
        self._guarded(self._put_ends)()
        if self._numpy:
            self._miss("weights that NumPy changed behind the last step")
        self._left_out = {slot: [(name, leaf) for name, leaf in made if not leaf.is_deleted()]
                          for slot, made in self._left_out.items()}
