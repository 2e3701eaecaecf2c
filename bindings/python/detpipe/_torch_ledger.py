# _torch_ledger.py - the ledger of a training in PyTorch, written by hooks
# SPDX-License-Identifier: Apache-2.0
"""detpipe.torch.Ledger.  A step is what happens up to the end of an optimizer's step.  Names, in causal order:

    start weight W, start buffer B    once, before the first forward pass ("before ..": of a later step, the first recorded)
    changed weight W                  since the last step, by somebody else than the optimizer
    random torch|cuda                 states, before the first forward pass of a step
    random python|numpy               the same, where it is not as at the step before: many use neither, and seed neither
    rows                              numbers of the records that a DataLoader of torch delivered
    batch                             what the model is called with
    input M, output M                 of each module without modules in it, by call ("#2"); a loss function's as well.  An
                                      input that is an output, and unchanged, is recorded as "the output M"
    loss                              what backward() is called on: of the first call the step's loss
    gradient W                        when it is whole in a backward pass
    given W                           the gradient that the optimizer gets (clipped, unscaled, reduced)
    rate G                            rate and the other numbers of group G
    state W/K, weight W, buffer B     after the step
    layout N                          dtype, strides and device of N, before it, where they are not plain"""
from __future__ import annotations

import collections, multiprocessing, os, sys, threading, weakref
from multiprocessing import util
from typing import Dict, Iterable, Optional, Union

import torch
from torch.utils.data import get_worker_info
from torch.utils.data.dataloader import _BaseDataLoaderIter
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from ._recorder import Recorder, Watch, about as about_lines, rank, setting


def _setting():
    """What of the process and the machine may change a training's bits, a line each."""
    lines = [f"torch {torch.__version__}", f"{torch.get_num_threads()} threads", f"CPU {torch.backends.cpu.get_cpu_capability()}",
             f"deterministic algorithms {torch.are_deterministic_algorithms_enabled()}"]
    if torch.cuda.is_available():
        lines.append(f"cuda {torch.version.cuda} {torch.cuda.get_device_name()}, tf32 {torch.backends.cuda.matmul.allow_tf32}, "
                     f"cudnn benchmark {torch.backends.cudnn.benchmark}")
    return setting(*lines)


def _is_leaf(module):
    return next(module.children(), None) is None


def _model(module):
    """The user's own, which others are around: theirs are not its names."""
    while isinstance(module, _WRAPPERS) or "_orig_mod" in module._modules:
        module = module._modules.get("_orig_mod") or module.module
    return module


def record(folder: str) -> None:
    """For `detpipe verify --why`: from the first forward pass on, a ledger of all that this process trains."""
    watch = Watch(folder, "torch", _setting)

    def begin(module, inputs):
        if torch.compiler.is_compiling() or not torch.is_grad_enabled() or get_worker_info() is not None:
            return
        hook.remove()
        watch.begin(Ledger, _rank())._before_module(module, inputs)

    def at_end():
        if watch.ledger is None and multiprocessing.parent_process() is None and "torch.distributed.run" not in sys.modules:
            watch.say("it was imported, and no module was called with gradients")

    def in_child():
        hook.remove()
        watch.leave()
        record(folder)
    hook = torch.nn.modules.module.register_module_forward_pre_hook(begin)
    util.Finalize(None, at_end, exitpriority=0)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=in_child)


def _rank():
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return str(torch.distributed.get_rank())
    return rank()


# NumPy's name of a dtype's bits, and whether they are of another dtype, which is said in the layout
_BITS = {torch.bool: ("bool", False), torch.bfloat16: ("uint16", True), torch.complex64: ("uint64", True),
         **{getattr(torch, name): (name, False) for name in ("uint8", "int8", "int16", "int32", "int64", "float16", "float32",
                                                             "float64")},
         **{getattr(torch, name): ("uint8", True) for name in dir(torch) if name.startswith("float8_")}}
_PLAIN = torch.Tensor, torch.nn.Parameter
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
                 steps: Optional[Iterable[int]] = None, about: Optional[str] = None, random_states: Optional[dict] = None):
        super().__init__(path, level, every, steps, about_lines(_setting()) if about is None else about, random_states)
        self.optimizer, self.model, self._without, self._optimizers, self._passing = optimizer, model, {}, {}, None
        self._own = None if model is None else {id(m) for m in model.modules()}
        self._names, self._roots, self._hooks, self._rows = {}, {}, [], {}
        self._made = {}  # outputs of modules in this step: weak, so that none lives longer than it would
        self._layouts, self._versions = {}, {}  # versions of weights behind the optimizer's step: changes in place count up
        self._depth, self._begun, self._started, self._backward_runs = 0, False, False, False
        self._backwards, self._frames = 0, _compiled_frames()
        self._lock = threading.RLock()
        if model is not None:
            self._name(model)
        self._attach()

    @property
    def unseen(self) -> Dict[str, int]:
        """What was there and is not recorded, and how often."""
        out, frames = super().unseen, _compiled_frames() - self._frames
        if frames > 0:
            out["functions that torch.compile made: what is inside them"] = frames
        if self._without:
            names = ", ".join(list(self._without.values())[:3]) + (", .." if len(self._without) > 3 else "")
            out[f"parameters of the optimizer that never had a gradient ({names})"] = len(self._without)
        return out

    # ---- what is recorded ----

    def _is_tensor(self, value):
        return isinstance(value, torch.Tensor)

    def _put_tensor(self, name, tensor):
        if type(tensor) not in _PLAIN or tensor.layout is not torch.strided or tensor.is_quantized:
            parts = self._parts(tensor)
            if parts is None:
                self._miss(f"tensors of the type {type(tensor).__name__}")
            for part, values in parts or ():
                self._put_tensor(f"{name} {part}".rstrip(), values)
            return
        bits, other = _BITS.get(tensor.dtype, (None, True))
        if bits is None or tensor.is_complex() or tensor.is_neg() or tensor.dim() > 8:
            self._put_rare(name, tensor)
            return
        try:
            if other or not tensor.is_contiguous() or tensor.device.type != "cpu" or name in self._layouts:
                tensor = self._put_layout(name, tensor)
            self.ledger.put_memory(name, bits, tensor.shape, tensor.data_ptr())
        except RuntimeError:  # vmap's, fake ones
            self._miss("tensors without memory of their own")

    def _put_rare(self, name, tensor):
        tensor = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous()
        data = tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        self.ledger.put_bytes(name, f"{tensor.dtype} {tuple(tensor.shape)}", data)

    def _put_layout(self, name, tensor):
        """Said where it is not as it was, at first plain; then the tensor in the order of its memory, which needs no copy."""
        layout = f"{tensor.dtype} {tensor.stride()} {tensor.device.type}" if not _is_plain(tensor) else None
        if self._layouts.get(name) != layout:
            self.ledger.put("layout " + name, layout)
        self._layouts[name] = layout
        tensor = tensor.detach().cpu()
        if not tensor.is_contiguous():
            tensor = tensor.permute(sorted(range(tensor.dim()), key=lambda i: -tensor.stride(i))).contiguous()
        return tensor

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

    def _name(self, root):
        """Its modules and parameters, by the names that it gives them, the first time that it is seen."""
        self._names[id(root)] = type(root).__name__
        root = _model(root)
        for name, module in root.named_modules():
            self._names.setdefault(id(module), f"{name} ({type(module).__name__})" if name else type(module).__name__)
            if isinstance(module, torch.jit.ScriptModule):
                self._miss("modules of torch.jit: what is inside them")
        for name, parameter in root.named_parameters():
            if id(parameter) not in self._names:
                self._names[id(parameter)] = name
                self._watch(name, parameter)
        self._roots.setdefault(id(root), root)

    def _name_of(self, module):
        return self._names.get(id(module), type(module).__name__)

    def _watch(self, name, parameter):
        if parameter.requires_grad and parameter.is_leaf and self.level == 2:
            def gradient(p):
                if self._begun and self._due():
                    self._put_tensor(f"gradient {name}", p.grad)
            self._hooks.append(parameter.register_post_accumulate_grad_hook(self._guarded(gradient)))

    def _parameters(self, optimizer):
        n = 0
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                n += 1
                yield self._names.get(id(parameter), f"parameter {n}"), parameter

    # ---- when ----

    @staticmethod
    def _is_traced():
        return torch.compiler.is_compiling()

    def _attach(self):
        hooks = torch.nn.modules.module
        self._hooks += [hooks.register_module_forward_pre_hook(self._guarded(self._before_module)),
                        hooks.register_module_forward_hook(self._guarded(self._after_module), always_call=True),
                        register_optimizer_step_pre_hook(self._at_step),
                        register_optimizer_step_post_hook(self._guarded(self._after_step))]
        self._patch(torch.autograd, "backward", self._backward)
        self._patch(_BaseDataLoaderIter, "_next_index", self._next_index)
        self._patch(_BaseDataLoaderIter, "__next__", self._next_batch)

    @staticmethod
    def _next_index(original, loader):
        """Workers are asked ahead; batches come in the order in which they were asked for."""
        index = original(loader)
        loader.__dict__.setdefault("_detpipe_asked", collections.deque()).append(index)
        return index

    def _next_batch(self, original, loader):
        """Of each loader the last batch counts: evaluation has many."""
        batch = original(loader)
        asked = loader.__dict__.get("_detpipe_asked")
        rows = asked.popleft() if asked else None
        if isinstance(rows, list) and all(isinstance(row, int) for row in rows):
            self._rows[id(loader)] = rows
        return batch

    def _begin(self, module):
        """Before the first forward pass of a step."""
        if self._begun:
            return
        self._begun = True
        if not self._due() or self.level == 0:
            return
        if not self._started:
            self._started = True
            when = "start" if self._step == 1 else "before"
            for name, parameter in _model(module).named_parameters():
                self._put_tensor(f"{when} weight {name}", parameter)
            for name, buffer in _model(module).named_buffers():
                self._put_tensor(f"{when} buffer {name}", buffer)
        for name, parameter, version in self._versions.values():
            if parameter._version != version:
                self._put_tensor(f"changed weight {name}", parameter)
        self._put_random_states()

    def _before_module(self, module, inputs):
        if threading.current_thread() is not threading.main_thread():
            self._miss("calls of modules on other threads")
            return
        if self._depth == 0 and not torch.is_grad_enabled():
            self._without_gradients(module)
            return
        with self._lock:
            self._depth += 1
            leaf = _is_leaf(module)
            if self._depth == 1 and (self._own is None or id(module) in self._own):
                self._before_model(module, inputs, leaf)
            if self._due() and self.level == 2 and leaf:
                self._put_arguments(f"input {self._name_of(module)}", inputs)

    def _put_arguments(self, name, inputs):
        if len(inputs) == 1 and self._is_made(inputs[0]):
            self.ledger.put(name, "the " + self._made[id(inputs[0])][2])
        else:
            self.put(name, inputs)
        keywords = _keywords()
        if keywords is None:
            self._miss("arguments by keyword of calls of modules")
        else:
            self.put(name, keywords)

    def _is_made(self, tensor):
        """Whether a module of this step gave it and it was not changed since: its elements are in the ledger."""
        made, version, _ = self._made.get(id(tensor), (None, 0, ""))
        return made is not None and made() is tensor and tensor._version == version

    def _put_output(self, name, output):
        self.put(name, output)
        if isinstance(output, torch.Tensor) and not output.is_inference():
            self._made[id(output)] = weakref.ref(output), output._version, name

    def _without_gradients(self, module):
        """Evaluation, a teacher: not recorded; each pass counts once, by its outermost module."""
        if self._passing is None:
            self._passing = module
            self._miss("passes without gradients")

    def _before_model(self, module, inputs, leaf):
        if id(module) not in self._names:
            self._name(module)
        self._begin(module)
        if self._backward_runs:  # what a checkpoint makes once more
            return
        if self._due() and self.level > 0:
            for rows in self._rows.values():
                self.ledger.put("rows", repr(rows))
            if not leaf:
                self._put_arguments("batch", inputs)
        self._rows.clear()

    def _after_module(self, module, inputs, output):
        if threading.current_thread() is not threading.main_thread():
            return
        if self._depth == 0:
            self._passing = None if module is self._passing else self._passing
            return
        with self._lock:
            self._depth -= 1
            if self._due() and self.level == 2 and _is_leaf(module):
                self._put_output(f"output {self._name_of(module)}", output)

    def _backward(self, original, tensors, *args, **kwargs):
        self._guarded(self._put_loss)(tensors)
        self._backward_runs = True
        try:
            return original(tensors, *args, **kwargs)
        finally:
            self._backward_runs = False

    def _put_loss(self, tensors):
        self._backwards += 1
        if isinstance(tensors, torch.Tensor) and tensors.numel() == 1 and self._backwards == 1:
            self._loss = float(tensors.detach())
        elif self._due():
            self.put(f"loss #{self._backwards}", tensors)

    def _at_step(self, optimizer, args, kwargs):
        """A closure makes the gradients inside of the step (Lightning, LBFGS): they are there behind it."""
        see = self._guarded(self._before_step)
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if closure is None or self._is_traced():
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
        self._count_without(optimizer)
        if not self._due() or self.level == 0:
            return
        with self._lock:
            for name, parameter in self._parameters(optimizer):
                if parameter.grad is not None:
                    self._put_tensor(f"given {name}", parameter.grad)
            for i, group in enumerate(optimizer.param_groups):
                numbers = {k: v for k, v in group.items() if k != "params" and not callable(v)}
                self.ledger.put(f"rate {i}", repr(sorted((k, float(v) if isinstance(v, torch.Tensor) else v)
                                                         for k, v in numbers.items() if v is not None)))

    def _count_without(self, optimizer):
        """Parameters that have had no gradient so far."""
        new = id(optimizer) not in self._optimizers
        self._optimizers[id(optimizer)] = optimizer
        for name, parameter in self._parameters(optimizer) if new or self._without else ():
            if parameter.grad is not None:
                self._without.pop(id(parameter), None)
            elif new:
                self._without[id(parameter)] = name

    def _after_step(self, optimizer, args, kwargs):
        if self.optimizer is not None and optimizer is not self.optimizer:
            return
        with self._lock:
            try:
                if self._due() and self.level > 0:
                    self._put_made(optimizer)
            finally:
                for name, parameter in self._parameters(optimizer):
                    self._versions[id(parameter)] = name, parameter, parameter._version
                self._begun, self._depth, self._backwards = False, 0, 0
                self._made.clear()
                self._end_step()

    def _put_made(self, optimizer):
        for name, parameter in self._parameters(optimizer):
            if self.level == 2:
                for key, value in optimizer.state.get(parameter, {}).items():
                    self.put(f"state {name}/{key}", value)
            self._put_tensor(f"weight {name}", parameter)
        for root in self._roots.values():
            for name, buffer in root.named_buffers():
                self._put_tensor(f"buffer {name}", buffer)

    # ---- its end ----

    def _detach(self):
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        super()._detach()

    def close(self) -> None:
        """Takes its hooks away.  A step that was not ended is dropped, and counts as unseen."""
        if self._hooks and self._begun:
            self._miss("passes with gradients behind the last step of an optimizer")
        super().close()


def _keywords():
    """Those of the call of a module, whose hooks for all modules are given the others alone; None: not found."""
    frame = sys._getframe(2)
    for _ in range(6):
        if frame is not None and frame.f_code.co_name in ("inner", "_call_impl") and "kwargs" in frame.f_locals:
            return frame.f_locals["kwargs"]
        frame = frame and frame.f_back
    return None


def _is_plain(tensor):
    return not _BITS[tensor.dtype][1] and tensor.is_contiguous() and tensor.device.type == "cpu"


def _compiled_frames():
    """How many functions torch.compile has made so far in this process."""
    made = sys.modules.get("torch._dynamo.utils")
    return made.counters["frames"]["ok"] if made is not None else 0
