# _mindspore_ledger.py - the ledger of a training in MindSpore, written by hooks
# SPDX-License-Identifier: Apache-2.0
"""detpipe.mindspore.Ledger.  A step ends with the outermost call behind which an optimizer's global_step is another: of a
TrainOneStepCell, of a function of mindspore.jit, or of the optimizer itself; without optimizers, up to the first outermost call
before which parameters that gradients are of were changed.  Names, in causal order:

    start weight P             once, before the first call of the cell that has it
    changed weight P           set_data (load_param_into_net) since the last step, of any parameter
    random python|numpy        where it is not as at the step before
    random mindspore|dataset   the seeds of set_seed and of dataset.config, where they are others than at the step before
    random generator           the state of the default generator, likewise: many seed and use none
    batch                      what the iterators of data sets delivered
    input C, output C          of each cell without cells in it, in PYNATIVE_MODE; of the outermost one in both modes
    loss                       the first number that an outermost cell gave
    given P                    the gradients that an optimizer gets, where it is called by itself
    rate, state P, weight P    after the step
    buffer P                   parameters of the cells that the optimizer has not
    saved K                    arrays that save_checkpoint is given, or another function that saves (_saving.py)

What is behind the last step is one more, with all parameters ("end weight P").  Graph mode compiles what is inside of the
outermost cell or function: it is run as it is without the hooks, and not seen."""
from __future__ import annotations

import functools, hashlib, os, threading, weakref
from typing import Any, Iterable, Optional, Union

import mindspore, numpy as np
from mindspore import dataset, nn
from mindspore.common.generator import default_generator
from mindspore.dataset.engine.iterators import Iterator
from mindspore.ops.composite import base
from mindspore.train import Callback

from ._recorder import Known, Recorder, Watch, about as about_lines, setting

try:
    from mindspore.graph.api import _JitExecutor
except ImportError:
    from mindspore.common.api import _JitExecutor  # type: ignore[no-redef]

COMPILED = "steps whose cells and gradients are compiled (set_context(mode=PYNATIVE_MODE) shows them)"
_optimizers: list = []  # those that were made, as weak references
_weights = Known()  # parameters that gradients are of


def _setting():
    mode = "graph" if mindspore.get_context("mode") == mindspore.GRAPH_MODE else "pynative"
    return setting(f"mindspore {mindspore.__version__}", f"{mode} mode", f"device {mindspore.get_context('device_target')}",
                   f"deterministic {mindspore.get_context('deterministic')}", f"{os.cpu_count()} CPUs",
                   f"{dataset.config.get_num_parallel_workers()} workers of data sets")


def record(folder: str) -> None:
    """For `detpipe verify --why`: from the first batch or call of a cell on, a ledger of all that this process trains."""
    watch = Watch(folder, "mindspore", _setting)
    watch.begin_at(Ledger, (nn.Cell, "__call__"), (_JitExecutor, "__call__"), (Iterator, "__next__"))


def _install():
    made = nn.Optimizer.__init__

    def __init__(self, *args, **kwargs):
        made(self, *args, **kwargs)
        _optimizers.append(weakref.ref(self))
    __init__.__wrapped__ = made
    nn.Optimizer.__init__ = __init__
    for kind in (base.GradOperation, base._Grad):
        kind.__call__ = _of_weights(kind.__call__)


def _of_weights(take):
    @functools.wraps(take)
    def gradient(self, fn, weights=None, *args, **kwargs):
        for one in weights if isinstance(weights, (list, tuple)) else (weights,):
            if isinstance(one, mindspore.Parameter):
                _weights[one] = True
        return take(self, fn, weights, *args, **kwargs)
    return gradient


_install()


def _generator():
    return default_generator._seed.asnumpy().tobytes() + default_generator._offset.asnumpy().tobytes()


class Ledger(Recorder, Callback):
    """The record of a training, where `import detpipe.mindspore` stands before the optimizer is made:

        model.train(10, data, callbacks=[detpipe.mindspore.Ledger("run.ledger")])

        with detpipe.mindspore.Ledger("run.ledger"):
            train()

    As a callback it ends with the training."""

    def __init__(self, path: Union[str, "os.PathLike[str]"], level: str = "full", every: int = 1,
                 steps: Optional[Iterable[int]] = None, about: Optional[str] = None, random_states: Optional[dict] = None):
        super().__init__(path, level, every, steps, about_lines(_setting()) if about is None else about, random_states)
        self._depth, self._seen_gradients, self._seen_batch = 0, False, False
        self._batches, self._steps_of, self._roots, self._names = [], {}, [], {}
        self._known, self._changed = Known(), {}
        self._by_hand, self._moved = Known(), Known()  # digests of weights that no optimizer has; those that were changed
        self._states = {"generator": _generator()}  # nobody may seed it, nor use it
        self._patch(nn.Cell, "__call__", self._call)
        self._patch(_JitExecutor, "__call__", self._call)
        self._patch(Iterator, "__next__", self._next)
        self._patch(mindspore.Parameter, "set_data", self._set_data)
        for optimizer in self._optimizers():
            self._steps_of[id(optimizer)] = self._step_of(optimizer)

    # ---- what is recorded ----

    def _is_tensor(self, value):
        return isinstance(value, (mindspore.Tensor, np.ndarray))

    def _put_tensor(self, name, tensor):
        if isinstance(tensor, np.ndarray):
            self.ledger.put(name, tensor)
        elif tensor.dtype == mindspore.bfloat16:
            self.ledger.put(name, tensor.float().asnumpy())
        else:
            self.ledger.put(name, tensor.asnumpy())

    def _put_random_states(self):
        super()._put_random_states()
        states = {"mindspore": repr(mindspore.get_seed()), "dataset": repr(dataset.config.get_seed()), "generator": _generator()}
        for name, state in states.items():
            if self._states.get(name) != state:
                self.ledger.put(f"random {name}", state)
        self._states = states

    # ---- what things are called ----

    @staticmethod
    def _optimizers():
        return [one for one in (known() for known in _optimizers) if one is not None]

    @staticmethod
    def _step_of(optimizer):
        return int(optimizer.global_step.asnumpy().reshape(-1)[0])

    def _name(self, root):
        """Its cells, by the names that it gives them, the first time that it is seen."""
        for name, cell in root.cells_and_names():
            self._names.setdefault(id(cell), f"{name} ({type(cell).__name__})" if name else type(cell).__name__)
        self._roots.append(root)

    # ---- when ----

    def _next(self, original, iterator):
        batch = original(iterator)
        if threading.current_thread() is threading.main_thread():
            self._batches.append(batch)
        return batch

    def _set_data(self, original, parameter, *args, **kwargs):
        out = original(parameter, *args, **kwargs)
        if self._depth == 0:
            self._changed[id(parameter)] = parameter
        return out

    def _call(self, original, cell, *args, **kwargs):
        if threading.current_thread() is not threading.main_thread():
            return original(cell, *args, **kwargs)
        outermost = self._depth == 0
        self._guarded(self._before)(cell, args, outermost)
        self._depth += 1
        try:
            out = original(cell, *args, **kwargs)
        finally:
            self._depth -= 1
        self._guarded(self._after)(cell, out, outermost)
        return out

    def _is_recorded(self, cell, outermost):
        if not self._due() or self.level == 0 or not isinstance(cell, nn.Cell) or isinstance(cell, nn.Optimizer):
            return False
        return outermost or (self.level == 2 and not cell._cells and id(cell) in self._names)

    def _before(self, cell, args, outermost):
        if outermost and isinstance(cell, nn.Cell) and id(cell) not in self._names:
            self._name(cell)
        if outermost:
            self._end_by_hand()
            self._begin(cell)
        if isinstance(cell, nn.Optimizer) and (outermost or self._due()):
            self._before_optimizer(cell, args)
        elif self._is_recorded(cell, outermost):
            self.put(f"input {self._names[id(cell)]}", args)

    def _begin(self, cell):
        if not self._due() or self.level == 0:
            self._batches.clear()
            return
        for parameter in cell.get_parameters() if isinstance(cell, nn.Cell) else ():
            if self._known.get(parameter) is None:
                self._known[parameter] = True
                self._changed.pop(id(parameter), None)
                self._put_tensor(f"start weight {parameter.name}", parameter)
        if not self._begun:
            self._put_before()
            self._put_random_states()
        self._begun = True
        for batch in self._batches:
            self._seen_batch = True
            self.put("batch", batch)
        self._batches.clear()

    def _end_by_hand(self):
        """Where weights that no optimizer has are others than at the last call, that was a step."""
        if self.level == 0:
            return
        held = {id(p) for o in self._optimizers() for p in o.parameters}
        weights = [weight for weight, _ in _weights.items() if id(weight) not in held]
        moved = False
        for weight in weights:
            last, digest = self._by_hand.get(weight), self._digest_of(weight)
            self._by_hand[weight] = digest
            if last not in (None, digest):
                self._put_start_of(weight, last)
                self._moved[weight] = moved = True
        if not moved:
            return
        weights = [weight for weight, _ in self._moved.items()]
        for weight in weights:
            self._changed.pop(id(weight), None)
        self._put_made("weights", [(f"weight {weight.name}", weight) for weight in weights])
        self._end_step()
        self._begun = self._seen_gradients = self._seen_batch = False

    def _put_start_of(self, weight, digest):
        """Of one whose cell was not called, as all is in a function that is compiled."""
        if self._known.get(weight) is None and self._due():
            self._known[weight] = True
            self.ledger.put_digest(f"start weight {weight.name}", digest)

    @staticmethod
    def _digest_of(weight):
        elements = weight.float() if weight.dtype == mindspore.bfloat16 else weight
        return hashlib.md5(elements.asnumpy().tobytes()).digest()

    def _put_before(self):
        own = {id(p) for o in self._optimizers() for p in o.get_parameters()} - {id(p) for o in self._optimizers() for p in o.parameters}
        for key, parameter in self._changed.items() if self.level > 0 else ():
            if key not in own:  # rates and states are behind the step
                self._put_tensor(f"changed weight {parameter.name}", parameter)
        self._changed = {}

    def _before_optimizer(self, optimizer, args):
        if not self._due() or self.level == 0:
            return
        self._seen_gradients = True
        for parameter, gradient in zip(optimizer.parameters, args[0] if args else ()):
            if gradient is not None:
                self._put_tensor(f"given {parameter.name}", gradient)

    def _after(self, cell, out, outermost):
        if self._is_recorded(cell, outermost):
            self.put(f"output {self._names[id(cell)]}", out)
        if not outermost:
            return
        self._take_loss(out)
        moved = [o for o in self._optimizers() if self._steps_of.get(id(o), 0) != self._step_of(o)]
        if moved:
            self._finish(moved)

    def _take_loss(self, out):
        for value in out if isinstance(out, (tuple, list)) else (out,):
            if self._loss != self._loss and isinstance(value, mindspore.Tensor) and value.size == 1 and value.is_floating_point():
                self._loss = float(value.asnumpy().reshape(-1)[0])

    def _finish(self, optimizers):
        steps = max(self._step_of(o) - self._steps_of.get(id(o), 0) for o in optimizers)
        if steps > 1:
            self._miss(f"steps that end inside of a call (of {steps})")
        if self.level > 0:
            self._put_steps(optimizers)
        for optimizer in optimizers:
            self._steps_of[id(optimizer)] = self._step_of(optimizer)
        self._end_step()
        self._begun = self._seen_gradients = self._seen_batch = False

    def _put_steps(self, optimizers):
        if self._due() and not self._seen_gradients:
            self._miss(COMPILED)
        if self._due() and not self._seen_batch:
            self._miss("steps whose batches came from no iterator of a data set (sink mode, arrays of one's own)")
        kinds = {}  # of each parameter, by its name: None, it is not recorded
        for optimizer in optimizers:
            weights = {id(p) for p in optimizer.parameters}
            for parameter in optimizer.get_parameters():
                kind = "rate" if parameter.name == "learning_rate" else "state" if self.level == 2 else None
                kinds[parameter.name] = None if id(parameter) in weights else kind, parameter
        for optimizer in optimizers:
            for parameter in optimizer.parameters:
                kinds.pop(parameter.name, None)
                kinds[parameter.name] = "weight", parameter
        for root in self._roots:
            for parameter in root.get_parameters():
                kinds.setdefault(parameter.name, ("buffer", parameter))
        made = [(f"{kind} {name}", parameter) for name, (kind, parameter) in kinds.items() if kind is not None]
        self._put_made(tuple(kinds), made)
        self._left_out[tuple(kinds)] = made  # an operator changes a parameter unseen

    # ---- what is behind the last step ----

    def _put_rest(self):
        self._end_by_hand()
        self._put_before()
        if not self._left_out and self.level > 0:  # there was no optimizer
            self._left_out["cells"] = [(f"weight {p.name}", p) for root in self._roots for p in root.get_parameters()]

    def _state_of(self, value):
        return {p.name: p for p in value.get_parameters()} if isinstance(value, nn.Cell) else None

    # ---- its end ----

    def on_train_end(self, run_context: Any) -> None:
        self.close()
