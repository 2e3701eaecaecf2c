# _torch_ledger.py - the ledger of a training in PyTorch, written by hooks
# SPDX-License-Identifier: Apache-2.0
"""detpipe.torch.Ledger.  A step is what happens up to the end of an optimizer's step; without optimizers, up to the first
forward pass behind a backward one; what is behind the last of these is a step as well.  Names, in causal order:

    start weight W, start buffer B    of each model, when it is first called ("before ..": of a later step, the first recorded)
    changed weight W                  since the last step, by somebody else than the optimizer; said where it is used next
    random torch|cuda                 states, before the first forward pass of a step
    random python|numpy               the same, where it is not as at the step before: many use neither, and seed neither
    rows                              numbers of the records that a DataLoader of torch delivered
    batch                             what the model is called with
    input M, output M                 of each module without modules in it, by call ("#2"); a loss function's as well.  What
                                      the first layer that is called by itself takes is the batch; an input that is an output, and
                                      unchanged, is "the output M"
    buffer B                          behind each call of a model; of one without gradients, where it is another
    loss                              what backward() is called on: of the first call the step's loss
    gradient W                        at the end of a backward pass that made it; when it is whole in that pass, where others
                                      may change it before: hooks of the weight, other processes
    given W                           the gradient that the optimizer gets (clipped, unscaled, reduced)
    rate G                            rate and the other numbers of group G
    state W/K, weight W               after the step
    saved K                           arrays that torch.save is given, or another function that saves (_saving.py)
    end weight W, end buffer B        at the end, where that is not what was recorded last
    layout N                          dtype, strides and device of N, before it, where they are not plain

The first model that is called names its own as it does; names of another begin with its type.

Which of the objects that nobody can reach are still there is the garbage collector's to know, and other in each run.  So what
is recorded is in use then: a model that is called, an optimizer whose step it is, a graph that goes backward; the rest is
recorded at the end, by the same names whether it is still there or has gone."""
from __future__ import annotations

import collections, functools, gc, hashlib, inspect, itertools, multiprocessing, os, sys, threading, types, weakref
from collections.abc import Mapping
from multiprocessing import util
from typing import Dict, Iterable, Optional, Tuple, Union

import torch
from torch._C import _functorch
from torch.fx import _symbolic_trace
from torch.nn.parameter import is_lazy
from torch.utils.data import get_worker_info
from torch.utils.data.dataloader import _BaseDataLoaderIter
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from ._recorder import Known, Recorder, Watch, about as about_lines, launched_rank, of_the_script, rank, setting

_MOST_LAST = 4096  # names of weights and buffers at the end: a step of a ledger has 1 MiB
_MOST_LAYOUTS = 1 << 16  # names whose layout is remembered: that of others is said each time
_MOST_LOADERS = 256  # in a step


def _setting():
    """What of the process and the machine may change a training's bits, a line each."""
    lines = [f"torch {torch.__version__}", f"{torch.get_num_threads()} threads", f"CPU {torch.backends.cpu.get_cpu_capability()}",
             f"deterministic algorithms {torch.are_deterministic_algorithms_enabled()}"]
    if torch.cuda.is_available():
        lines.append(f"cuda {torch.version.cuda} {torch.cuda.get_device_name()}, tf32 {torch.backends.cuda.matmul.allow_tf32}, "
                     f"cudnn benchmark {torch.backends.cudnn.benchmark}")
    return setting(*lines)


def _is_weight(parameter):
    """Whether it is a module's own, and has its elements."""
    return isinstance(parameter, torch.nn.Parameter) and not is_lazy(parameter)


def _is_leaf(module):
    return len(module._modules) == 0 or next(module.children(), None) is None


def _model(module):
    """The user's own, which others are around: theirs are not its names."""
    while isinstance(module, _WRAPPERS) or "_orig_mod" in module._modules:
        module = module._modules.get("_orig_mod") or module.module
    return module


class _Root:
    """A model.  met: the step in which it was first called, until its buffers are recorded; number: as those of weights;
    weights, buffers: by its own names."""

    def __init__(self, module, prefix, met, number):
        self.module, self.prefix, self.met, self.number = weakref.ref(module), prefix, met, number
        self.weights, self.buffers = {}, {}

    def buffer(self, name):
        if name not in self.buffers:
            self.buffers[name] = _Kept("buffer", self.prefix + name, (self.number, name), self, None)
        return self.buffers[name]


class _Kept:
    """A weight or a buffer.  number: of all, as they were met; digest: as it was recorded last; at: its version then, as changes in
    place count up, None: not recorded yet."""

    def __init__(self, what, name, number, root, met):
        self.what, self.name, self.number, self.root, self.met = what, name, number, root, met
        self.digest = self.at = self.tensor = self.hook = None
        self.stale = False  # it had a step that was not recorded


class _Loaders:
    """Which records the DataLoaders of torch gave, from their first batch on: of each loader the last batch counts, as
    evaluation has many; of another thread's nobody knows when it is asked."""

    def __init__(self):
        self._last, self._numbers = {}, itertools.count()
        self._originals = _BaseDataLoaderIter._next_index, _BaseDataLoaderIter.__next__
        next_index, next_batch = self._originals

        @functools.wraps(next_index)
        def asked(loader):
            """Workers are asked ahead; batches come in the order in which they were asked for."""
            index = next_index(loader)
            if "_detpipe_asked" in loader.__dict__ or getattr(loader, "_send_idx", 0) == 0:  # else its first are unknown
                loader.__dict__.setdefault("_detpipe_asked", collections.deque()).append(index)
            return index

        @functools.wraps(next_batch)
        def given(loader):
            batch = next_batch(loader)
            known = loader.__dict__.get("_detpipe_asked")
            rows = known.popleft() if known else None
            if isinstance(rows, list) and all(isinstance(row, int) for row in rows):
                number = loader.__dict__.setdefault("_detpipe_number", next(self._numbers))
                self._last[number] = threading.get_ident(), rows
                if len(self._last) > _MOST_LOADERS:
                    del self._last[next(iter(self._last))]
            return batch
        self._patched = asked, given
        _BaseDataLoaderIter._next_index, _BaseDataLoaderIter.__next__ = asked, given

    def take(self):
        last, self._last = self._last, {}
        return [rows for thread, rows in last.values() if thread == threading.get_ident()]

    def detach(self):
        if (_BaseDataLoaderIter._next_index, _BaseDataLoaderIter.__next__) == self._patched:
            _BaseDataLoaderIter._next_index, _BaseDataLoaderIter.__next__ = self._originals


def record(folder: str) -> None:
    """For `detpipe verify --why`: from the first pass with gradients on, a ledger of all that this process trains."""
    watch, loaders, met = Watch(folder, "torch", _setting), _Loaders(), Known()
    backward = torch.autograd.backward

    def begin(*called):
        restore()
        try:
            ledger = watch.begin(functools.partial(Ledger, loaders=loaders), _rank())
            gc.collect()
            for module in (*called, *(module for module, _ in met.items())):
                ledger._put_starts(ledger._meet(module))
            return ledger
        except Exception as e:  # the training goes on
            watch.say(f"{type(e).__name__}: {e}")

    def at_module(module, inputs):
        if _is_traced() or get_worker_info() is not None:
            return
        if not torch.is_grad_enabled():
            met[module] = True
            return
        ledger = begin(module)
        if ledger is not None:
            ledger._guarded(ledger._before_module)(module, inputs)

    def at_step(optimizer, args, kwargs):
        ledger = None if _is_traced() else begin()
        return None if ledger is None else ledger._at_step(optimizer, args, kwargs)

    @functools.wraps(backward)
    def at_backward(*args, **kwargs):
        if not _is_traced():
            begin()
        return (backward if _is_traced() else torch.autograd.backward)(*args, **kwargs)

    def restore():
        for hook in hooks:
            hook.remove()
        if torch.autograd.backward is at_backward:
            torch.autograd.backward = backward

    def at_end():
        if watch.ledger is None and multiprocessing.parent_process() is None and "torch.distributed.run" not in sys.modules:
            watch.say("it was imported, and nothing was computed with gradients" +
                      (" but inside of what torch.compile made" if _compiled_frames() > 0 else ""))

    def in_child():
        restore()
        loaders.detach()
        watch.leave()
        record(folder)
    hooks = [torch.nn.modules.module.register_module_forward_pre_hook(at_module), register_optimizer_step_pre_hook(at_step)]
    torch.autograd.backward = at_backward
    util.Finalize(None, at_end, exitpriority=0)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=in_child)


def _is_traced():
    """Whether somebody looks at what is called, for a graph that should have nothing of a recorder."""
    return torch.compiler.is_compiling() or torch._C._is_tracing() or _is_fx_tracing()


def _is_distributed():
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def _rank():
    return str(torch.distributed.get_rank()) if _is_distributed() else rank()


# NumPy's name of a dtype's bits, and whether they are of another dtype, which is said in the layout
_BITS = {torch.bool: ("bool", False), torch.bfloat16: ("uint16", True), torch.complex64: ("uint64", True),
         **{getattr(torch, name): (name, False) for name in ("uint8", "int8", "int16", "int32", "int64", "float16", "float32",
                                                             "float64")},
         **{getattr(torch, name): ("uint8", True) for name in dir(torch) if name.startswith("float8_")}}
_PLAIN = torch.Tensor, torch.nn.Parameter
_TAKES_ANY = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
_is_fx_tracing = getattr(_symbolic_trace, "is_fx_symbolic_tracing", None) or _symbolic_trace.is_fx_tracing
_WRAPPERS = torch.nn.parallel.DistributedDataParallel, torch.nn.DataParallel


class Ledger(Recorder):
    """The record of a training, without a changed line in it but these:

        with detpipe.torch.Ledger("run.ledger", model, optimizer):
            train()

    model: whose modules are recorded, None = all that are called; optimizer: whose steps count, None = all.  level:
    "loss"; "weights" (batches, gradients as they are given, weights); "full".  every: one step in so many is recorded;
    steps: only those of range(first, last + 1).  `unseen` counts what it could not see, in words."""

    def __init__(self, path: Union[str, "os.PathLike[str]"], model: Optional[torch.nn.Module] = None,
                 optimizer: Optional[torch.optim.Optimizer] = None, level: str = "full", every: int = 1,
                 steps: Optional[Iterable[int]] = None, about: Optional[str] = None, random_states: Optional[dict] = None,
                 loaders: Optional[_Loaders] = None):
        super().__init__(path, level, every, steps, about_lines(_setting()) if about is None else about, random_states)
        self.optimizer, self.model, self._without, self._optimizers, self._passing = optimizer, model, Known(), Known(), None
        self._own = None if model is None else {id(m) for m in model.modules()}
        self._loaders = _Loaders() if loaders is None else loaders
        self._names, self._types, self._hooks = Known(), collections.Counter(), []
        self._made = Known()  # outputs of modules in this step
        self._weights, self._numbers, self._is_first = Known(self._lose), itertools.count(), True
        self._root_of: Dict[int, _Root] = {}  # by identity
        self._gone: Dict[tuple, Tuple[str, bytes]] = {}  # weights and buffers whose model is gone, where they were others then
        self._others = 0  # a sum of those that are behind the first _MOST_LAST
        self._layouts, self._nameless, self._by_hand, self._stepped, self._thread = {}, 0, None, False, None
        self._depth, self._backward_runs, self._ended = 0, False, {}
        self._functional: Dict[str, dict] = {}  # of each prefix, shapes of the weights that torch.func gave the model
        self._gradients: Optional[list] = None  # that are recorded at the end of the backward pass that runs: (known, weight)
        self._backwards, self._frames = 0, _compiled_frames()
        self._lock = threading.RLock()
        self._attach()
        if model is not None:
            self._guarded(self._meet)(model)

    @property
    def unseen(self) -> Dict[str, int]:
        """What was there and is not recorded, and how often."""
        out, frames = super().unseen, _compiled_frames() - self._frames
        if frames > 0:
            out["functions that torch.compile made: what is inside them"] = frames
        if self._without:
            names = ", ".join([name for _, name in self._without.items()][:3]) + (", .." if len(self._without) > 3 else "")
            out[f"parameters of the optimizer that never had a gradient ({names})"] = len(self._without)
        return out

    # ---- what is recorded ----

    def _is_tensor(self, value):
        return isinstance(value, torch.Tensor)

    def _put_tensor(self, name, tensor, then=None):
        """then: called with its digest, where it is not in parts."""
        if not _is_whole(tensor):
            parts = self._parts(tensor)
            if parts is None:
                self._miss(f"tensors of the type {type(tensor).__name__}")
            for part, values in parts or ():
                self._put_tensor(f"{name} {part}".rstrip(), values)
            return
        bits, other = _BITS.get(tensor.dtype, (None, True))
        tensor = _unwrapped(tensor)
        if _is_rare(tensor):
            self._put_rare(name, tensor)
            return
        try:
            if other or not tensor.is_cpu or not tensor.is_contiguous() or name in self._layouts:
                self._put_layout(name, tensor)
                tensor = _in_memory_order(tensor)
            self.ledger.put_memory(name, bits, tensor.shape, tensor.data_ptr(), tensor, then)
        except RuntimeError:  # vmap's, fake ones
            self._miss("tensors without memory of their own")

    def _digest_of(self, tensor):
        """What _put_tensor gives; None: it has none for the whole of it."""
        if not _is_whole(tensor) or _is_rare(tensor):
            return None
        try:
            tensor = _in_memory_order(tensor)
            return self.ledger.digest_of(_BITS[tensor.dtype][0], tensor.shape, tensor.data_ptr())
        except RuntimeError:  # meta ones have no memory
            return None

    def _put_kept(self, when, kept, tensor, at):
        kept.digest, kept.at, kept.stale = None, at, False
        self._put_tensor(f"{when} {kept.what} {kept.name}".lstrip(), tensor, functools.partial(setattr, kept, "digest"))
        self._gone.pop(kept.number, None)

    def _put_rare(self, name, tensor):
        tensor = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous()
        data = tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        self.ledger.put_bytes(name, f"{tensor.dtype} {tuple(tensor.shape)}", data)

    def _put_layout(self, name, tensor):
        """Said where it is not as it was, at first plain."""
        layout = f"{tensor.dtype} {tensor.stride()} {tensor.device.type}" if not _is_plain(tensor) else None
        if self._layouts.get(name) != layout:
            self.ledger.put("layout " + name, layout)
        if name in self._layouts or len(self._layouts) < _MOST_LAYOUTS:
            self._layouts[name] = layout

    @staticmethod
    def _parts(tensor):
        """Plain tensors that are all of this one; None: nobody knows them."""
        if type(tensor) not in _PLAIN:
            if not hasattr(tensor, "__tensor_flatten__"):
                return [("", tensor.as_subclass(torch.Tensor))] if tensor.layout is torch.strided else None
            return [(name, getattr(tensor, name)) for name in tensor.__tensor_flatten__()[0]]
        if tensor.is_quantized:
            if tensor.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric):
                return [("integers", tensor.int_repr()), ("scales", torch.tensor([tensor.q_scale(), tensor.q_zero_point()]))]
            return [("integers", tensor.int_repr()), ("scales", tensor.q_per_channel_scales()),
                    ("zeros", tensor.q_per_channel_zero_points())]
        tensor = tensor.detach()
        if tensor.layout == torch.sparse_coo:
            return [("indices", tensor._indices()), ("values", tensor._values())]
        if tensor.layout in (torch.sparse_csr, torch.sparse_bsr):
            return [("rows", tensor.crow_indices()), ("columns", tensor.col_indices()), ("values", tensor.values())]
        if tensor.layout in (torch.sparse_csc, torch.sparse_bsc):
            return [("columns", tensor.ccol_indices()), ("rows", tensor.row_indices()), ("values", tensor.values())]
        return None

    def _put_random_states(self):
        super()._put_random_states()
        self._put_tensor("random torch", torch.random.get_rng_state())
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            self._put_tensor("random cuda", torch.cuda.get_rng_state())

    # ---- what things are called ----

    def _meet(self, module):
        """Called from outside of all others: its modules and weights get names, when it is new."""
        if self._names.get(module) is None:
            own = _model(module)
            if self._names.get(own) is None:
                self._name(own)
            self._names[module] = self._names.get(module) or (type(module).__name__, self._names.get(own)[1])
        return self._names.get(module)[1]

    def _name(self, module):
        root = _Root(module, self._prefix(module), self._step, next(self._numbers))
        self._names[module] = root.prefix[:-1] or type(module).__name__, root
        self._watch_ends(next(kind for kind in type(module).__mro__ if "__del__" in vars(kind)))
        self._root_of[id(module)] = root
        self._name_parts(root)

    def _name_parts(self, root):
        for name, part in root.module().named_modules():
            if self._names.get(part) is None:
                self._names[part] = f"{root.prefix}{name} ({type(part).__name__})", root
            if isinstance(part, torch.jit.ScriptModule):
                self._miss("modules of torch.jit: what is inside them")
        self._know_those_of(root)

    def _prefix(self, root):
        """The first model with weights has none; the n-th of another's type is "Type n", and none is called as a part of the
        first.  What keeps nothing (a loss function, made anew in each step) has no number."""
        kind, weights = type(root).__name__, next(root.parameters(), None) is not None
        if self._is_first and weights:
            self._is_first = False
            self._types.update({kind, *(name for name, _ in root.named_children())})
            return ""
        if _is_leaf(root) and not weights and next(root.buffers(), None) is None:
            return f"{kind}."
        self._types[kind] += 1
        return f"{kind}." if self._types[kind] == 1 else f"{kind} {self._types[kind]}."

    def _living(self):
        return [root for root in list(self._root_of.values()) if root.module() is not None]

    def _know_those_of(self, root):
        """Its weights that are new: all of them, or what took the place of others since."""
        for name, parameter in root.module().named_parameters():
            if _is_weight(parameter):
                if self._weights.get(parameter) is None:
                    self._know(parameter, root.prefix + name, root)
                root.weights[name] = self._weights.get(parameter)

    def _know(self, parameter, name, root=None):
        known = self._weights[parameter] = _Kept("weight", name, (next(self._numbers), ""), root, self._step)
        if parameter.requires_grad and parameter.is_leaf and self.level == 2:
            self._guarded(self._watch)(known, parameter)

    def _watch(self, known, parameter):
        see = self._guarded(self._put_gradient)

        def gradient(p):
            """It reads and calls little: what it needs of the interpreter is in no cache in the midst of a backward pass."""
            waiting = self._gradients
            if waiting is None or torch.compiler.is_compiling() or p._backward_hooks or len(p._post_accumulate_grad_hooks) > 1:
                see(known, p)
            else:
                waiting.append((known, p))
        known.hook = parameter.register_post_accumulate_grad_hook(gradient)

    def _put_gradient(self, known, parameter):
        if self._begun and self._due():
            if parameter.grad is not None:
                self._put_tensor(f"gradient {known.name}", parameter.grad)
            else:
                self._miss("gradients that were gone at the end of their backward pass")

    def _put_gradients(self):
        """Those that wait, together."""
        waiting, self._gradients = self._gradients, None
        with self.ledger.together():
            for known, parameter in waiting or ():
                self._put_gradient(known, parameter)

    def _know_all(self, optimizer):
        """What no module was called for yet has no name."""
        given = [p for group in optimizer.param_groups for p in group["params"]]
        if any(self._weights.get(p) is None for p in given):
            for root in self._living():
                self._know_those_of(root)
            for parameter in (p for p in given if self._weights.get(p) is None):
                self._nameless += 1
                self._know(parameter, f"parameter {self._nameless}")

    def _parameters(self, optimizer):
        """Those that are known, each with its name."""
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                known = self._weights.get(parameter)
                if known is not None:
                    yield known.name, parameter

    def _name_of(self, module):
        return self._names.get(module, (type(module).__name__,))[0]

    # ---- when ----

    _is_traced = staticmethod(_is_traced)

    def _is_here(self, trains=True):
        """Whether this is the thread that trains: the first that does, and behind its end the next one."""
        here = threading.current_thread()
        if here is self._thread:
            return True
        if trains and (self._thread is None or not self._thread.is_alive()):
            self._thread = here
        return self._thread is None or self._thread is here

    def _attach(self):
        hooks = torch.nn.modules.module
        self._hooks += [hooks.register_module_forward_pre_hook(self._guarded(self._before_module)),
                        hooks.register_module_forward_hook(self._guarded(self._after_module), always_call=True),
                        register_optimizer_step_pre_hook(self._at_step),
                        register_optimizer_step_post_hook(self._guarded(self._after_step))]
        self._patch(torch.autograd, "backward", self._backward)
        self._watch_ends(torch.nn.Module)

    def _is_seen(self):
        return self._due() and self.level > 0

    def _begin(self):
        """Once a step, before its first forward pass."""
        if self._begun:
            return
        self._begun = True
        if self._is_seen():
            self._put_random_states()

    def _put_starts(self, root):
        """What a model begins with that is called."""
        if not self._is_seen() or root.module() is None:
            return
        weights = list(root.module().parameters())
        if any(self._weights.get(one) is None and _is_weight(one) for one in weights):  # a head that took the place of another
            self._name_parts(root)
        self._put_changes(weights)
        self._put_functional(root)
        if root.met is not None:
            self._put_buffers(root, self._when(root.met))
            root.met = None

    def _put_changes(self, weights):
        """Of weights in use those that were not recorded yet, or that somebody else than the optimizer changed since."""
        for parameter in weights if self._is_seen() else ():
            known = self._weights.get(parameter)
            if known is not None and known.at != _version(parameter):
                self._put_kept(self._when(known.met) if known.at is None else "changed", known, parameter, _version(parameter))

    def _put_functional(self, root):
        """Weights that torch.func gives the model for this call."""
        if isinstance(next(root.module().parameters(), None), (torch.nn.Parameter, type(None))):
            return
        given = {name: _unwrapped(one) for name, one in root.module().named_parameters()}
        when = "start" if root.prefix not in self._functional else "changed"
        self._functional[root.prefix] = {name: one.shape for name, one in given.items()}
        for name, one in given.items():
            self._put_tensor(f"{when} weight {root.prefix}{name}", one)

    def _put_functional_ends(self):
        """What became of them behind the last call, where a variable of the script holds it."""
        for prefix, shapes in self._functional.items():
            for _, value in of_the_script():
                if isinstance(value, Mapping) and shapes == {name: getattr(one, "shape", None) for name, one in value.items()}:
                    for name, one in value.items():
                        self._put_tensor(f"end weight {prefix}{name}", one)

    def _put_buffers(self, root, when="", trains=True):
        """Of each call that trains, as changes by `.data` and batch_norm's count nothing."""
        with self.ledger.together():
            for name, buffer in root.module().named_buffers():
                if not is_lazy(buffer):
                    kept, version = root.buffer(name), _version(buffer)
                    if when or trains or kept.at != version or kept.tensor() is not buffer:
                        self._put_kept(when, kept, buffer, version)
                        kept.tensor = weakref.ref(buffer)

    def _when(self, met):
        return "start" if met == self._step else "before"

    def _before_module(self, module, inputs):
        if not self._is_here(torch.is_grad_enabled()):
            self._miss("calls of modules on other threads")
            return
        if self._depth == 0 and not torch.is_grad_enabled():
            self._without_gradients(module)
            return
        with self._lock:
            leaf = _is_leaf(module)
            is_outermost = self._depth == 0 and (self._own is None or id(module) in self._own)
            is_batch = is_outermost and self._before_model(module, inputs, leaf)
            self._depth += 1
            if self._due() and self.level == 2 and leaf and not is_batch:
                self._put_arguments(f"input {self._name_of(module)}", module, inputs)

    def _put_arguments(self, name, module, inputs):
        version, made = self._made.get(inputs[0], (None, "")) if len(inputs) == 1 else (None, "")
        if version is not None and inputs[0]._version == version:  # its elements are in the ledger
            self.ledger.put(name, "the " + made)
        else:
            self.put(name, inputs)
        keywords = {} if _takes_no_more(module, inputs) else _keywords()
        if keywords is None:
            self._miss("arguments by keyword of calls of modules")
        elif keywords:
            self.put(name, keywords)

    def _put_output(self, name, output):
        self.put(name, output)
        if isinstance(output, torch.Tensor) and not output.is_inference():
            self._made[output] = output._version, name

    def _without_gradients(self, module):
        """Evaluation, a teacher: not recorded; each pass counts once, by its outermost module."""
        if self._passing is None:
            self._passing = module
            self._miss("passes without gradients")
            if self._own is None or id(module) in self._own:
                self._put_starts(self._meet(module))

    def _before_model(self, module, inputs, leaf):
        """Whether what it takes is the batch: of a layer that is called by itself, if it is the first of the step."""
        if self._backward_runs:  # what a checkpoint makes once more
            return False
        self._end_by_hand(module)
        is_batch = not leaf or (not self._begun and next(module.parameters(), None) is not None)
        self._put_starts(self._meet(module))
        self._begin()
        rows = self._loaders.take()
        if self._is_seen():
            for numbers in rows:
                self.ledger.put("rows", repr(numbers))
            if is_batch:
                self._put_arguments("batch", module, inputs)
        return is_batch

    def _after_module(self, module, inputs, output):
        if not self._is_here(torch.is_grad_enabled()):
            return
        if self._depth == 0:
            if module is self._passing:
                self._passing = None
                self._put_behind(module, False)
            return
        with self._lock:
            self._depth -= 1
            if self._due() and self.level == 2 and _is_leaf(module):
                self._put_output(f"output {self._name_of(module)}", output)
            if self._depth == 0:
                self._put_behind(module, True)
            if self._depth == 0 and _functorch.peek_interpreter_stack() is not None:
                self._backwards += 1
                self._miss("gradients that torch.func makes")

    def _put_behind(self, module, trains):
        """The call of a model."""
        _, root = self._names.get(module, ("", None))
        if root is not None and root.module() is not None and self._is_seen() and not self._backward_runs:
            self._put_buffers(root, trains=trains)

    def _backward(self, original, tensors, *args, **kwargs):
        if not self._is_here():
            return original(tensors, *args, **kwargs)
        self._guarded(self._put_loss)(tensors)
        if self._backward_runs:  # a checkpoint's, in another one
            return original(tensors, *args, **kwargs)
        self._backward_runs, self._gradients = True, None if _is_distributed() or launched_rank() else []
        try:
            return original(tensors, *args, **kwargs)
        finally:
            self._backward_runs = False
            self._guarded(self._put_gradients)()

    def _put_loss(self, tensors):
        if self._is_first:
            self._end_by_hand()
        if self._nameless and any(known.root is None and known.at not in (None, _version(one)) for one, known in self._weights.items()):
            self._put_changes(_leaves_of(tensors))
        self._begin()
        self._backwards += 1
        if isinstance(tensors, torch.Tensor) and tensors.numel() == 1 and self._backwards == 1:
            self._loss = float(tensors.detach())
        elif self._due():
            self.put(f"loss #{self._backwards}", tensors)

    def _at_step(self, optimizer, args, kwargs):
        """A closure makes the gradients inside of the step (Lightning, LBFGS): they are there behind it."""
        if self._is_traced():
            return None
        if not self._is_here():
            self._miss("steps of optimizers on other threads")
            self.spoiled = "several threads train: which of them comes first is by chance"
            return None
        see = self._guarded(self._before_step)
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if closure is None:
            return see(optimizer)

        def seen():
            out = closure()
            see(optimizer)
            return out
        given = {**kwargs, "closure": seen} if "closure" in kwargs else kwargs
        return (args if "closure" in kwargs else (args[0], seen, *args[2:])), given

    def _before_step(self, optimizer):
        if self.optimizer is not None and optimizer is not self.optimizer:
            return
        self._begin()
        if self._gradients:  # a hook calls the optimizer
            self._put_gradients()
        self._know_all(optimizer)
        parameters = list(self._parameters(optimizer))
        self._put_changes(parameter for _, parameter in parameters)
        self._count_without(optimizer, parameters)
        if not self._is_seen():
            return
        with self._lock, self.ledger.together():
            for name, parameter in parameters:
                if parameter.grad is not None:
                    self._put_tensor(f"given {name}", parameter.grad)
            for i, group in enumerate(optimizer.param_groups):
                numbers = {k: v for k, v in group.items() if k != "params" and not callable(v)}
                self.ledger.put(f"rate {i}", repr(sorted((k, float(v) if isinstance(v, torch.Tensor) else v)
                                                         for k, v in numbers.items() if v is not None)))

    def _count_without(self, optimizer, parameters):
        """Parameters that have had no gradient so far."""
        new = self._optimizers.get(optimizer) is None
        self._optimizers[optimizer] = self._stepped = True
        for name, parameter in parameters if new or len(self._without) else ():
            if parameter.grad is not None:
                self._without.pop(parameter)
            elif new:
                self._without[parameter] = name

    def _after_step(self, optimizer, args, kwargs):
        if self._is_here() and (self.optimizer is None or optimizer is self.optimizer):
            self._finish(list(self._parameters(optimizer)), optimizer.state)

    def _end_by_hand(self, module=None):
        """Where nobody has an optimizer, or something else than its step changes the weights, as what is compiled does.
        module: one that is called, whose weights are those of the step."""
        if self._stepped or self._backwards == 0:
            return
        if self._by_hand is None:
            gc.collect()
            self._by_hand = not any(issubclass(type(one), torch.optim.Optimizer) for one in gc.get_objects())
        known = [(self._weights.get(one), one) for one in module.parameters()] if module is not None else []
        known = [(one, parameter) for one, parameter in known if one is not None and one.at is not None]
        if self._by_hand or any(one.at != _version(parameter) for one, parameter in known):
            if self._is_first and not self._weights:
                self._miss("weights that neither a module nor an optimizer has")
            self._finish([(one.name, parameter) for one, parameter in known], {})

    def _finish(self, parameters, state):
        """The step ends, with these weights."""
        with self._lock:
            try:
                with self.ledger.together():
                    self._put_weights(parameters, state)
            finally:
                for _, parameter in parameters:
                    known = self._weights.get(parameter)
                    if known.at is not None:
                        known.at = _version(parameter)
                self._begun, self._depth, self._backwards, self._made = False, 0, 0, Known()
                self._end_step()

    def _put_weights(self, parameters, state):
        for name, parameter in parameters if self._due() and self.level == 2 else ():
            for key, value in state.get(parameter, {}).items():
                self.put(f"state {name}/{key}", value)
        for _, parameter in parameters:
            known = self._weights.get(parameter)
            if self._is_seen():
                self._put_kept("", known, parameter, known.at)
            else:
                known.stale = True

    # ---- what is behind the last step ----

    def _state_of(self, value):
        return value.state_dict() if isinstance(value, torch.nn.Module) else None

    def _watch_ends(self, kind):
        """Of models of a class: who has trained one in a function leaves nothing of it for the end.  A class that has a
        __del__ of its own need not call that of all modules."""
        if kind in self._ended:
            return
        before, see = kind.__dict__.get("__del__"), self._guarded(self._at_end_of)

        def at_end(module):
            root = self._root_of.pop(id(module), None)
            if root is not None:
                see(root, module)
            if before is not None:
                before(module)

        def forget():
            if kind.__dict__.get("__del__") is at_end:
                if before is None:
                    del kind.__del__
                else:
                    kind.__del__ = before
        self._ended[kind], kind.__del__ = forget, at_end

    def _at_end_of(self, root, module):
        if not (torch.cuda.is_available() and torch.cuda.is_current_stream_capturing()):
            for kept, tensor in self._tensors_of(root, module):
                self._guarded(self._keep_last)(kept, tensor)

    def _keep_last(self, kept, tensor):
        digest = self._digest_of(tensor)
        if digest is None and kept.stale:
            self._miss("last values of weights that were gone at the end")
        elif digest not in (None, kept.digest):
            self._end_with(kept, digest)

    def _end_with(self, kept, digest):
        """Of many models a sum remains, which is the same in whatever order they go."""
        name = f"{kept.what} {kept.name}"
        if kept.number[0] < _MOST_LAST:
            self._gone[kept.number] = name, digest
        else:
            one = hashlib.blake2b(name.encode() + digest, digest_size=16).digest()
            self._others = (self._others + int.from_bytes(one, "little")) % (1 << 128)

    def _lose(self, kept):
        """What has no model has no end that can be seen."""
        if kept.root is None and kept.stale:
            self._miss("last values of weights that were gone at the end")

    def _tensors_of(self, root, module):
        """With what is known of them, which is another model's of weights that it has, too."""
        yield from ((root.weights[name], one) for name, one in module.named_parameters() if name in root.weights)
        for name, one in module.named_buffers():
            if not is_lazy(one):
                yield root.buffer(name), one

    def _put_last(self):
        """Of each weight and buffer the last, where another one is recorded: in a step that was left out, or by `.data`
        and NumPy, whose changes count nothing."""
        last = {known.number: (known, parameter) for parameter, known in self._weights.items()}
        for root in self._living():
            last.update((kept.number, (kept, tensor)) for kept, tensor in self._tensors_of(root, root.module()))
        for _, (kept, tensor) in sorted(last.items()):
            self._guarded(self._put_one_last)(kept, tensor)
        for _, (name, digest) in sorted(self._gone.items()):
            self._guarded(self.ledger.put_digest)(f"end {name}", digest)
        if self._others != 0:
            self.ledger.put_digest(f"end of weights behind the first {_MOST_LAST}", self._others.to_bytes(16, "little"))

    def _put_one_last(self, kept, tensor):
        digest = self._digest_of(tensor)
        if digest is None:
            self._put_tensor(f"end {kept.what} {kept.name}", tensor)
        elif kept.digest != digest:
            self._end_with(kept, digest)

    def _put_rest(self):
        if self._is_first:
            self._end_by_hand()
        self._put_last()
        self._guarded(self._put_functional_ends)()

    # ---- its end ----

    def _detach(self):
        for hook in (*self._hooks, *(known.hook for _, known in self._weights.items() if known.hook is not None)):
            hook.remove()
        self._hooks = []
        for forget in self._ended.values():
            forget()
        self._loaders.detach()
        super()._detach()



def _version(tensor):
    return 0 if tensor.is_inference() else tensor._version


def _leaves_of(tensors):
    """What the graphs of these begin with."""
    seen, todo = set(), [one.grad_fn for one in (tensors if isinstance(tensors, (list, tuple)) else [tensors])]
    while todo:
        node = todo.pop()
        if node is not None and node not in seen:
            seen.add(node)
            todo += [before for before, _ in node.next_functions]
            if hasattr(node, "variable"):
                yield node.variable


def _takes_no_more(module, inputs):
    """Whether these are all arguments that its forward has: to look for more is slow."""
    forward = module.forward
    if type(forward) is not types.MethodType:
        return False
    code = getattr(forward, "__code__", None)
    return code is not None and code.co_argcount + code.co_kwonlyargcount == 1 + len(inputs) and not code.co_flags & _TAKES_ANY


def _keywords():
    """Those of the call of a module, whose hooks for all modules are given the others alone; None: not found."""
    frame = sys._getframe(2)
    for _ in range(6):
        if frame is not None and frame.f_code.co_name in ("inner", "_call_impl") and "kwargs" in frame.f_locals:
            return frame.f_locals["kwargs"]
        frame = frame and frame.f_back
    return None


def _unwrapped(tensor):
    """What a transform of torch.func looks at."""
    while _functorch.is_functorch_wrapped_tensor(tensor):
        tensor = _functorch.get_unwrapped(tensor)
    return tensor


def _is_whole(tensor):
    """Whether it is none of several tensors' parts."""
    return type(tensor) in _PLAIN and tensor.layout is torch.strided and not tensor.is_quantized


def _is_rare(tensor):
    """Whether its elements are none of the library's, or not as they stand in memory."""
    return tensor.dtype not in _BITS or tensor.dtype.is_complex or tensor.is_neg() or tensor.dim() > 8


def _in_memory_order(tensor):
    """On the CPU, in the order of its memory, which needs no copy there."""
    tensor = tensor.detach().cpu()
    if tensor.is_contiguous():
        return tensor
    return tensor.permute(sorted(range(tensor.dim()), key=lambda i: -tensor.stride(i))).contiguous()


def _is_plain(tensor):
    return not _BITS[tensor.dtype][1] and tensor.is_contiguous() and tensor.device.type == "cpu"


def _compiled_frames():
    """How many functions torch.compile has made so far in this process."""
    made = sys.modules.get("torch._dynamo.utils")
    return made.counters["frames"]["ok"] if made is not None else 0
