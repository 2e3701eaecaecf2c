# _torch_ledger.py - the ledger of a training in PyTorch, written by hooks
# SPDX-License-Identifier: Apache-2.0
"""detpipe.torch.Ledger.  A step is what happens up to the end of an optimizer's step.  Names, in causal order:

    start weight W, start buffer B    once, before the first forward pass
    changed weight W                  since the last step, by somebody else than the optimizer
    random torch|cuda                 states, before the first forward pass of a step
    random python|numpy               the same, where it is not as at the step before: many use neither, and seed neither
    rows                              numbers of the records that a DataLoader of torch delivered
    batch                             what the model is called with
    input M, output M                 of each module without modules in it, by call ("#2"); a loss function's as well
    loss                              what backward() is called on: of the first call the step's loss
    gradient W                        when it is whole in a backward pass
    given W                           the gradient that the optimizer gets (clipped, unscaled, reduced)
    rate G                            rate and the other numbers of group G
    state W/K, weight W, buffer B     after the step
    layout N                          dtype, strides and device of N, where they are not plain

Hooks give nothing back, so they change no result."""
from __future__ import annotations

import atexit, collections, os, platform, random, threading
from collections.abc import Mapping
from typing import Any, Iterable, Optional, Union

import numpy as np
import torch
from torch.utils.data.dataloader import _BaseDataLoaderIter
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from ._ledger import Ledger as PlainLedger

LEVELS = ("loss", "weights", "full")


def _setting():
    """What of the process and the machine may change a training's bits, a line each."""
    yield from (f"python {platform.python_version()}", f"torch {torch.__version__}", f"numpy {np.__version__}",
                f"{torch.get_num_threads()} threads", f"CPU {torch.backends.cpu.get_cpu_capability()}",
                f"deterministic algorithms {torch.are_deterministic_algorithms_enabled()}")
    if torch.cuda.is_available():
        yield (f"cuda {torch.version.cuda} {torch.cuda.get_device_name()}, tf32 {torch.backends.cuda.matmul.allow_tf32}, "
               f"cudnn benchmark {torch.backends.cudnn.benchmark}")
    for name in ("OMP_NUM_THREADS", "PYTHONHASHSEED", "CUBLAS_WORKSPACE_CONFIG", "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA"):
        yield f"{name}={os.environ.get(name, '')}"


def about() -> str:
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in ", ".join(_setting()))[:255]


def _random_states():
    _, words, *rest = np.random.get_state()
    return [("python", repr(random.getstate())), ("numpy", words.tobytes() + repr(rest).encode())]


def _is_leaf(module):
    return next(module.children(), None) is None


def record(folder: str) -> None:
    """For `detpipe verify --why`: from the first forward pass on, a ledger of all that this process trains."""
    from torch.utils.data import get_worker_info
    process, begun, states = os.getpid(), [], dict(_random_states())

    def begin(module, inputs):
        if begun or not torch.is_grad_enabled() or get_worker_info() is not None:
            return
        begun.append(True)
        name = _rank() + ("" if os.getpid() == process else f".{os.getpid()}")
        with open(os.path.join(folder, name + ".head"), "w", encoding="utf-8") as f:
            f.writelines(line + "\n" for line in _setting())
        ledger = Ledger(os.path.join(folder, name + ".ledger"), about="detpipe verify --why", random_states=states)
        hook.remove()
        atexit.register(ledger.close)
        ledger._before_module(module, inputs)
    hook = torch.nn.modules.module.register_module_forward_pre_hook(begin)


def _rank():
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return str(torch.distributed.get_rank())
    return next((os.environ[name] for name in ("RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID")
                 if os.environ.get(name, "").isdigit()), "0")


class Ledger:
    """The record of a training, without a changed line in it but these:

        with detpipe.torch.Ledger("run.ledger", model, optimizer):
            train()

    model: whose modules are recorded, None = all that are called; optimizer: whose steps count, None = all.  level:
    "loss"; "weights" (batches, gradients as they are given, weights); "full".  every: one step in so many is recorded;
    steps: only those of range(first, last + 1).  What cannot be seen is said in `unseen`: a compiled model has no modules
    that are called."""

    def __init__(self, path: Union[str, "os.PathLike[str]"], model: Optional[torch.nn.Module] = None,
                 optimizer: Optional[torch.optim.Optimizer] = None, level: str = "full", every: int = 1,
                 steps: Optional[Iterable[int]] = None, about: Optional[str] = None, random_states: Optional[dict] = None):
        if level not in LEVELS:
            raise ValueError(f"level={level!r}: expected one of {', '.join(LEVELS)}")
        if every < 1:
            raise ValueError(f"every={every}: expected 1 or more")
        self.ledger = PlainLedger(path, globals()["about"]() if about is None else about)
        self.level, self.every, self.steps = LEVELS.index(level), every, None if steps is None else set(steps)
        self.optimizer, self.model, self.unseen = optimizer, model, set()
        self._own = None if model is None else {id(m) for m in model.modules()}
        self._names, self._roots, self._hooks, self._patched, self._rows = {}, {}, [], [], []
        self._random = dict(_random_states()) if random_states is None else random_states
        self._versions = {}  # of weights behind the optimizer's step: changes in place count up
        self._step, self._depth, self._begun, self._started = 1, 0, False, False
        self._loss, self._backwards = float("nan"), 0
        self._lock = threading.RLock()
        if model is not None:
            self._name(model)
        self._attach()

    # ---- what is recorded ----

    def _due(self):
        return (self._step - 1) % self.every == 0 and (self.steps is None or self._step in self.steps)

    def put(self, name: str, value: Any) -> None:
        """Anything, into the step that comes to be: a tensor, or what detpipe.Ledger.put takes, with tensors in it."""
        if isinstance(value, torch.Tensor):
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

    def _put_tensor(self, name, tensor):
        tensor = tensor.detach()
        if tensor.layout != torch.strided or tensor.is_quantized:
            for part, values in self._parts(tensor):
                self._put_tensor(f"{name} {part}", values)
            return
        dtype, shape = str(tensor.dtype)[6:], tuple(tensor.shape)
        plain = tensor.is_contiguous() and tensor.device.type == "cpu"
        if not plain:
            self.ledger.put("layout " + name, f"{tensor.stride()} {tensor.device.type}")
            tensor = tensor.resolve_conj().resolve_neg().cpu().contiguous()
        if self.ledger.has_code(dtype, shape):
            self.ledger.put_memory(name, dtype, shape, tensor.data_ptr())
        else:
            data = tensor.reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
            self.ledger.put_bytes(name, f"{dtype} {shape}", data)

    @staticmethod
    def _parts(tensor):
        if tensor.is_quantized:
            return [("integers", tensor.int_repr()), ("scales", torch.tensor([tensor.q_scale(), tensor.q_zero_point()]))]
        if tensor.layout == torch.sparse_coo:
            tensor = tensor if tensor.is_coalesced() else tensor.coalesce()
            return [("indices", tensor.indices()), ("values", tensor.values())]
        if tensor.layout in (torch.sparse_csr, torch.sparse_bsr):
            return [("rows", tensor.crow_indices()), ("columns", tensor.col_indices()), ("values", tensor.values())]
        return [("dense", tensor.to_dense())]

    def _put_random_states(self):
        states = dict(_random_states())
        for name, state in states.items():
            if self._random[name] != state:
                self.ledger.put(f"random {name}", state)
        self._random = states
        self._put_tensor("random torch", torch.random.get_rng_state())
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            self._put_tensor("random cuda", torch.cuda.get_rng_state())

    # ---- what things are called ----

    def _name(self, root):
        """Its modules and parameters, by the names that it gives them, the first time that it is seen."""
        for name, module in root.named_modules():
            self._names.setdefault(id(module), f"{name} ({type(module).__name__})" if name else type(module).__name__)
        for name, parameter in root.named_parameters():
            if id(parameter) not in self._names:
                self._names[id(parameter)] = name
                self._watch(name, parameter)
        self._roots.setdefault(id(root), root)

    def _name_of(self, module):
        return self._names.get(id(module), type(module).__name__)

    def _watch(self, name, parameter):
        if parameter.requires_grad and parameter.is_leaf and self.level == 2:
            def gradient(p, name=name):
                if self._begun and self._due():
                    self._put_tensor(f"gradient {name}", p.grad)
            self._hooks.append(parameter.register_post_accumulate_grad_hook(gradient))

    def _parameters(self, optimizer):
        n = 0
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                n += 1
                yield self._names.get(id(parameter), f"parameter {n}"), parameter

    # ---- when ----

    def _attach(self):
        hooks = torch.nn.modules.module
        self._hooks += [hooks.register_module_forward_pre_hook(self._before_module),
                        hooks.register_module_forward_hook(self._after_module, always_call=True),
                        register_optimizer_step_pre_hook(self._before_step),
                        register_optimizer_step_post_hook(self._after_step)]
        self._patch(torch.Tensor, "backward", self._backward)
        self._patch(_BaseDataLoaderIter, "_next_index", self._next_index)
        self._patch(_BaseDataLoaderIter, "__next__", self._next_batch)

    def _patch(self, owner, name, recorded):
        """recorded(original, self, ...) in place of a method, until close."""
        original = getattr(owner, name)

        def method(*args, **kwargs):
            return recorded(original, *args, **kwargs)
        method.__doc__ = original.__doc__
        setattr(owner, name, method)
        self._patched.append((owner, name, method, original))

    @staticmethod
    def _next_index(original, loader):
        """Workers are asked ahead; batches come in the order in which they were asked for."""
        index = original(loader)
        loader.__dict__.setdefault("_detpipe_asked", collections.deque()).append(index)
        return index

    def _next_batch(self, original, loader):
        batch = original(loader)
        asked = loader.__dict__.get("_detpipe_asked")
        rows = asked.popleft() if asked else None
        if isinstance(rows, list) and all(isinstance(row, int) for row in rows):
            self._rows.append(rows)
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
            for name, parameter in module.named_parameters():
                self._put_tensor(f"start weight {name}", parameter)
            for name, buffer in module.named_buffers():
                self._put_tensor(f"start buffer {name}", buffer)
        for name, parameter, version in self._versions.values():
            if parameter._version != version:
                self._put_tensor(f"changed weight {name}", parameter)
        self._put_random_states()

    def _seen(self, module):
        """Whether a call is of the training, and recorded."""
        return torch.is_grad_enabled() and threading.current_thread() is threading.main_thread()

    def _before_module(self, module, inputs):
        if not self._seen(module):
            self._rows.clear()
            return
        with self._lock:
            self._depth += 1
            leaf = _is_leaf(module)
            if self._depth == 1 and (self._own is None or id(module) in self._own):
                self._before_model(module, inputs, leaf)
            if self._due() and self.level == 2 and leaf:
                self.put(f"input {self._name_of(module)}", inputs)

    def _before_model(self, module, inputs, leaf):
        if id(module) not in self._names:
            self._name(module)
        self._begin(module)
        if self._due() and self.level > 0:
            for rows in self._rows:
                self.ledger.put("rows", repr(rows))
            if not leaf:
                self.put("batch", inputs)
        self._rows.clear()

    def _after_module(self, module, inputs, output):
        if not self._seen(module):
            return
        with self._lock:
            self._depth = max(self._depth - 1, 0)
            if self._due() and self.level == 2 and _is_leaf(module):
                self.put(f"output {self._name_of(module)}", output)

    def _backward(self, original, tensor, *args, **kwargs):
        self._backwards += 1
        if tensor.numel() == 1 and self._backwards == 1:
            self._loss = float(tensor.detach())
        elif self._due():
            self.put(f"loss #{self._backwards}", tensor)
        return original(tensor, *args, **kwargs)

    def _before_step(self, optimizer, args, kwargs):
        if (self.optimizer is not None and optimizer is not self.optimizer) or not self._due() or self.level == 0:
            return
        with self._lock:
            for name, parameter in self._parameters(optimizer):
                if parameter.grad is not None:
                    self._put_tensor(f"given {name}", parameter.grad)
            for i, group in enumerate(optimizer.param_groups):
                numbers = {k: v for k, v in group.items() if k != "params" and not callable(v)}
                self.ledger.put(f"rate {i}", repr(sorted((k, float(v) if isinstance(v, torch.Tensor) else v)
                                                         for k, v in numbers.items() if v is not None)))

    def _after_step(self, optimizer, args, kwargs):
        if self.optimizer is not None and optimizer is not self.optimizer:
            return
        with self._lock:
            if self._due():
                if self.level > 0:
                    self._put_made(optimizer)
                self.ledger.step(self._step, self._loss)
            for name, parameter in self._parameters(optimizer):
                self._versions[id(parameter)] = name, parameter, parameter._version
            self._step += 1
            self._begun, self._depth, self._loss, self._backwards = False, 0, float("nan"), 0

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

    def close(self) -> None:
        """Takes its hooks away.  A step that was not ended is dropped."""
        for hook in self._hooks:
            hook.remove()
        for owner, name, method, original in reversed(self._patched):
            if getattr(owner, name) is method:  # else somebody patched it after us, and still calls us
                setattr(owner, name, original)
        self._hooks, self._patched = [], []
        self.ledger.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()
