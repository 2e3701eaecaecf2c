# _tensorflow_ledger.py - the ledger of a training in Keras on TensorFlow, written by hooks
# SPDX-License-Identifier: Apache-2.0
"""detpipe.keras.Ledger.  A step is one of fit or train_on_batch; a call of a tf.function of one's own that takes gradients and
assigns; or of a loop that runs eagerly: an optimizer's, or, where the weights are assigned without one, up to the next gradient of
a GradientTape.  Names, in causal order:

    start weight V          of each model, before its first step
    changed weight V        assigned since the last step, by somebody else than a step (a callback, an average of the weights,
                            a tf.Variable as well); not those of metrics and optimizers
    buffer V                assigned by a layer since the last step, in a loop of one's own
    random V                states of seed generators in the model, and TensorFlow's where it was seeded
    random generator N      of the N-th tf.random.Generator that a compiled step draws from, behind it
    batch                   what the step took
    batch F/A, input F/A    arrays and numbers that a tf.function F of one's own took
    result F                what F gives back: its first number is the loss
    output L, given V       of each layer without layers in it; the gradient that the optimizer gets: where a step runs
                            eagerly, as what is compiled has no such places (compile(run_eagerly=True) shows them)
    loss                    as Keras has it: the mean since the epoch began; in a loop of one's own what the gradient is of
    gradient V              of a GradientTape, in a loop of one's own
    rate                    the learning rate that the step took
    state V, weight V, buffer V
    saved K                 arrays that a function that saves is given (_saving.py), all variables of a model

The steps of a fit are compiled as they are without the hooks; its batches are seen by a last map of the tf.data set.  What is
assigned behind the last step is one more, with the weights of a function whose steps are not seen."""
from __future__ import annotations

import collections, contextlib, functools, os, threading, types
from collections.abc import Mapping
from typing import Any, Iterable, Optional, Union

import keras, numpy as np

if keras.backend.backend() != "tensorflow":  # which is not to be imported then
    raise ImportError(f"Keras runs on {keras.backend.backend()}: this is its ledger on tensorflow (detpipe.torch and detpipe.jax "
                      "have those of theirs)")

import tensorflow as tf
from keras.src.backend.common.stateless_scope import in_stateless_scope
from keras.src.backend.tensorflow import trainer as keras_trainer
from keras.src.metrics.metric import Metric
from keras.src.optimizers.base_optimizer import BaseOptimizer
from tensorflow.python.distribute import values as distributed
from tensorflow.python.eager import context
from tensorflow.python.eager.polymorphic_function.polymorphic_function import Function
from tensorflow.python.framework import config
from tensorflow.python.ops.resource_variable_ops import BaseResourceVariable, ResourceVariable
from tensorflow.python.trackable.base import Trackable

from ._recorder import Known, Recorder, Watch, about as about_lines, setting

COMPILED = "steps whose layers and gradients are compiled (model.compile(run_eagerly=True) shows them)"
DISTRIBUTED = [kind for kind in vars(distributed).values()
               if isinstance(kind, type) and issubclass(kind, distributed.DistributedVariable)]
ASSIGN = [(owner, name) for owner in (BaseResourceVariable, ResourceVariable, *DISTRIBUTED) for name in vars(owner)
          if name.startswith(("assign", "scatter_", "batch_scatter_update", "_strided_slice_assign"))]
FUNCTION = ("steps in a tf.function of one's own, but for the weights at the end (a step that runs eagerly, or put and step of a "
            "detpipe.Ledger, show each)")
INSIDE = "steps in a tf.function of one's own: what is inside them"
_NUMBERS = bool, int, float, complex, str
_open: list = []  # ledgers
_calls: list = []  # the tf.function that is called from outside of all others, and its arguments


def _setting():
    return setting(f"keras {keras.__version__}", f"tensorflow {tf.__version__}",
                   f"{tf.config.threading.get_intra_op_parallelism_threads()} threads (0: one a CPU), {os.cpu_count()} CPUs",
                   f"op determinism {config.is_op_determinism_enabled()}")


def record(folder: str) -> None:
    """For `detpipe verify --why`: from the first fit on, a ledger of all that this process trains."""
    watch = Watch(folder, "keras", _setting)
    watch.begin_at(Ledger, (keras_trainer.TensorFlowTrainer, "fit"), (keras_trainer.TensorFlowTrainer, "train_on_batch"),
                   (BaseOptimizer, "apply"), (tf.GradientTape, "__enter__"), (tf.GradientTape, "gradient"))


def _name_of(variable):
    return variable.path if isinstance(variable, keras.Variable) else variable.name


def _is_seed(variable):
    return _name_of(variable).endswith("seed_generator_state")


def _install():
    """Marks the variables of metrics, which may be of times, and of optimizers: they are not weights."""
    add, track = Metric.add_variable, BaseOptimizer._track_variable

    @functools.wraps(add)
    def add_variable(*args, **kwargs):
        variable = add(*args, **kwargs)
        variable._detpipe_no_weight = True
        return variable

    @functools.wraps(track)
    def track_variable(self, variable):
        variable._detpipe_no_weight = True
        return track(self, variable)
    Metric.add_variable, BaseOptimizer._track_variable = add_variable, track_variable


def _install_calls():
    call = Function.__call__

    @functools.wraps(call)
    def called(function, *args, **kwargs):
        if _calls or not tf.executing_eagerly() or threading.current_thread() is not threading.main_thread():
            return call(function, *args, **kwargs)
        _calls.append((function, args, kwargs))
        try:
            for ledger in list(_open):
                ledger._guarded(ledger._before_function)(function)
            out = call(function, *args, **kwargs)
            for ledger in list(_open):
                ledger._guarded(ledger._after_function)(function, out)
            return out
        finally:
            _calls.pop()
    Function.__call__ = called


_install()
_install_calls()


class Ledger(Recorder, keras.callbacks.Callback):
    """The record of a training, without a changed line in it but one of these:

        model.fit(x, y, callbacks=[detpipe.keras.Ledger("run.ledger")])

        with detpipe.keras.Ledger("run.ledger", model):
            train()

    model: whose steps are recorded, None = all.  It is made before fit, and as a callback it ends with it."""

    def __init__(self, path: Union[str, "os.PathLike[str]"], model: Optional[keras.Model] = None, level: str = "full",
                 every: int = 1, steps: Optional[Iterable[int]] = None, about: Optional[str] = None,
                 random_states: Optional[dict] = None):
        keras.callbacks.Callback.__init__(self)
        Recorder.__init__(self, path, level, every, steps, about_lines(_setting()) if about is None else about, random_states)
        self._only, self._started = model, Known()
        self._owners = Known()  # Keras's own variable of a tf.Variable
        self._trained, self._optimizes = {}, False  # by identity, what the gradients of this step are of; whether Keras's does
        self._running = self._optimizing = None
        self._changed, self._inside, self._rate, self._calls, self._assigns = {}, {}, None, 0, 0
        self._batches, self._awaited = collections.deque(), 0  # tf.data makes batches ahead: those of this step
        trainer = keras_trainer.TensorFlowTrainer
        self._patch(trainer, "fit", self._fit)
        self._patch(trainer, "make_train_function", self._make_train_function)
        self._patch(keras_trainer.TFEpochIterator, "_get_iterator", self._get_iterator)
        self._patch(keras_trainer.TFEpochIterator, "__init__", self._make_iterator)
        self._patch(keras.layers.Layer, "__call__", self._call)
        self._patch(BaseOptimizer, "apply", self._apply)
        self._patch(keras.Variable, "assign", self._assign)
        for owner, name in ASSIGN:
            self._patch(owner, name, self._assign_tensorflow)
        self._patch(tf.GradientTape, "gradient", self._gradient)
        self._fits = []  # of each fit that runs, the iterator over its batches
        self._functions, self._given_to = Known(), None  # tf.functions that take gradients; whose arguments are in this step
        self._compiled = None  # the tf.function that a step of fit is
        self._generators = Known()  # of each tf.function: how often it was traced, states of those that it draws from
        _open.append(self)

    # ---- what is recorded ----

    def _is_tensor(self, value):
        return isinstance(value, (tf.Tensor, tf.Variable, keras.Variable, tf.SparseTensor, tf.RaggedTensor, tf.IndexedSlices,
                                  distributed.DistributedValues))

    def _put_tensor(self, name, tensor):
        if isinstance(tensor, keras.Variable):
            tensor = tensor.value
        if isinstance(tensor, distributed.DistributedValues):
            tensor = list(tensor.values)  # of each replica
        for part in tf.nest.flatten(tensor, expand_composites=True):
            self.ledger.put(name, np.asarray(part))

    def _put_random_states(self, variables):
        super()._put_random_states()
        for variable in filter(_is_seed, variables):
            self._put_tensor(f"random {variable.path}", variable)
        if context.global_seed() is not None:
            self.ledger.put("random tensorflow", repr((context.global_seed(), context.context()._rng.getstate())))

    def _put_generators(self, function):
        """Which they are is known behind its call; those of tf.data are ahead of it by chance."""
        times, states = self._generators.get(function) or (0, ())
        if times != function.experimental_get_tracing_count():
            drawn = [one for made in function._list_all_concrete_functions() for one in made.variables if one.name.startswith("StateVar")]
            times, states = function.experimental_get_tracing_count(), tuple({id(one): one for one in drawn}.values())
            self._generators[function] = times, states
        for number, state in enumerate(states, 1):
            self._put_tensor(f"random generator {number}", state)

    # ---- a step of fit ----

    def _fit(self, original, trainer, *args, **kwargs):
        self._fits.append(None)
        try:
            return original(trainer, *args, **kwargs)
        finally:
            self._fits.pop()

    def _make_iterator(self, original, iterator, *args, **kwargs):
        """The first that a fit makes is for its training."""
        original(iterator, *args, **kwargs)
        if self._fits and self._fits[-1] is None:
            self._fits[-1] = iterator

    def _get_iterator(self, original, iterator):
        dataset = original(iterator)
        if not self._fits or self._fits[-1] is not iterator or self.level == 0:
            return dataset
        if not isinstance(dataset, tf.data.Dataset):
            self._miss("batches that tf.distribute shares out")
            return dataset
        self._batches = collections.deque()  # what another iterator took ahead is not of this one
        return dataset.map(self._tee(self._batches))

    @staticmethod
    def _tee(batches):
        def element(*parts):
            parts = parts[0] if len(parts) == 1 else parts

            def take(*leaves):
                batches.append(tf.nest.pack_sequence_as(parts, leaves, expand_composites=True) if len(leaves) > 1 else leaves[0])
                return np.int64(0)
            taken = tf.py_function(take, tf.nest.flatten(parts, expand_composites=True), tf.int64)
            with tf.control_dependencies([taken]):
                return tf.nest.map_structure(tf.identity, parts, expand_composites=True)
        return element

    def _make_train_function(self, original, trainer, *args, **kwargs):
        original(trainer, *args, **kwargs)
        function = trainer.train_function
        if getattr(function, "_detpipe", None) is self:
            return

        def recorded(iterator):
            if self._ends or self._only not in (None, trainer):
                return function(iterator)
            return self._run(function, trainer, iterator)
        recorded._detpipe = self
        trainer.train_function = recorded

    def _run(self, function, trainer, iterator):
        self._awaited = trainer.steps_per_execution
        self._guarded(self._before)(trainer)
        if not isinstance(iterator, (tf.data.Iterator, tf.distribute.DistributedIterator)):
            iterator = self._given(iterator)
        self._running = trainer
        try:
            logs = function(iterator)
        finally:
            self._running = None
        self._guarded(self._after)(trainer, logs)
        return logs

    def _given(self, iterator):
        self._batches = collections.deque()
        for batch in iterator:
            self._batches.append(batch)
            yield batch

    def _before(self, trainer):
        if not self._due() or self.level == 0:
            return
        self._start(trainer.variables)
        self._put_before()
        self._put_random_states(trainer.variables)
        self._rate = self._rate_of(trainer.optimizer)

    def _put_before(self):
        self._end_by_hand()
        for kind, variable in self._changed.values() if self.level > 0 else ():
            self._put_tensor(f"{kind} {_name_of(variable)}", variable)
        self._changed = {}

    def _start(self, variables):
        for variable in variables:
            if self._started.get(variable) is None and not _is_seed(variable):
                self._put_tensor(f"start weight {_name_of(variable)}", variable)
                self._changed.pop(id(variable), None)
            self._started[variable] = True
            if isinstance(variable, keras.Variable):
                self._owners[variable.value] = variable

    def _rate_of(self, optimizer):
        return None if optimizer is None else np.asarray(keras.ops.convert_to_numpy(optimizer.learning_rate))

    def _put_batches(self):
        while self._batches and self._awaited > 0:
            batch = self._batches.popleft()
            self._awaited -= 1
            if self._due() and self.level > 0:
                self.put("batch", batch)

    def _after(self, trainer, logs):
        self._put_batches()
        if self._due() and self.level > 0 and self._compiled is not None:
            self._put_generators(self._compiled)
        if self._due():
            if not trainer.run_eagerly:
                self._miss(COMPILED)
            if trainer.steps_per_execution > 1:
                self._miss(f"steps that end inside of an execution (steps_per_execution={trainer.steps_per_execution})")
            if isinstance(logs, dict) and "loss" in logs:
                self._loss = float(logs["loss"])
        if self.level > 0:
            self._put_step(trainer.optimizer, trainer.variables)
        self._end_step()

    def _put_step(self, optimizer, variables):
        self._put_update(optimizer, [(f"{'weight' if variable.trainable else 'buffer'} {_name_of(variable)}", variable)
                                     for variable in variables if not _is_seed(variable)])

    def _put_update(self, optimizer, made):
        if self._due() and self._rate is not None:
            self.ledger.put("rate", self._rate)
        for variable in optimizer.variables if optimizer is not None and self.level == 2 and self._due() else ():
            self._put_tensor(f"state {variable.path}", variable)
        self._put_made(tuple(id(variable) for _, variable in made), made)

    # ---- what runs eagerly ----

    def _call(self, original, layer, *args, **kwargs):
        self._calls += 1
        try:
            output = original(layer, *args, **kwargs)
        finally:
            self._calls -= 1
        if self._running is not None and self.level == 2 and self._due() and tf.executing_eagerly():
            self._guarded(self._put_output)(layer, output)
        return output

    def _put_output(self, layer, output):
        self._put_batches()
        if not layer._layers:
            self.put(f"output {layer.path} ({type(layer).__name__})", output)

    def _apply(self, original, optimizer, grads, trainable_variables=None):
        if self._optimizing is not None or not tf.executing_eagerly():
            if self._optimizing is None and self._running is None and _calls:
                self._function().optimizer = optimizer
            with self._assigning():
                return original(optimizer, grads, trainable_variables)
        self._optimizing = optimizer
        try:
            variables = list(optimizer._trainable_variables if trainable_variables is None else trainable_variables)
            grads = list(grads)
            self._guarded(self._before_apply)(optimizer, grads, variables)
            original(optimizer, grads, trainable_variables)
            self._guarded(self._after_apply)(optimizer, variables)
        finally:
            self._optimizing = None

    def _gradient(self, original, tape, target, sources, *args, **kwargs):
        out = original(tape, target, sources, *args, **kwargs)
        if self._running is None and self._optimizing is None and self._is_here():
            pairs = list(zip(tf.nest.flatten(sources), tf.nest.flatten(out)))
            pairs = [(v, g) for v, g in pairs if isinstance(v, (tf.Variable, keras.Variable))]
            self._guarded(self._take_gradient if tf.executing_eagerly() else self._take_gradient_inside)(target, pairs)
        return out

    # ---- a tf.function of one's own ----

    def _function(self):
        """What is known of the one that is called.  variables: by identity, what it takes gradients of and assigns; assigned:
        those that it assigns; optimizer: which does."""
        function = _calls[0][0]
        if self._functions.get(function) is None:
            self._functions[function] = types.SimpleNamespace(variables={}, assigned=set(), optimizer=None)
        return self._functions.get(function)

    def _take_gradient_inside(self, target, pairs):
        """Once, when it is made."""
        of_these = {id(variable): ("weight", variable) for variable, _ in pairs}
        self._inside.update(of_these)
        if not _calls:
            self._miss(FUNCTION)
            return
        self._function().variables.update(of_these)
        with tf.init_scope():
            if tf.executing_eagerly():
                self._before_function(_calls[0][0])

    def _before_function(self, function):
        known = self._functions.get(function)
        if known is None or self._running is not None or self._given_to is function:
            return
        self._begin_own([one for kind, one in known.variables.values() if kind == "weight"])
        self._given_to = function
        if not self._due() or self.level == 0:
            return
        _, args, kwargs = _calls[0]
        for key, value in {**{str(i): one for i, one in enumerate(args)}, **kwargs}.items():
            is_number = isinstance(value, _NUMBERS) or getattr(value, "shape", None) == ()
            self._put_value(f"{'input' if is_number else 'batch'} {function.__name__}/{key}", value)

    def _put_value(self, name, value):
        """Of a function, which takes and gives other things than tensors, too."""
        if self._is_tensor(value) or isinstance(value, (np.ndarray, np.generic, *_NUMBERS)):
            self._put(name, value, 0)
        elif isinstance(value, (Mapping, list, tuple)):
            for key, one in value.items() if isinstance(value, Mapping) else enumerate(value):
                self._put_value(f"{name}/{key}", one)
        elif value is not None and not callable(value):
            self._miss(f"arguments and results of functions of the type {type(value).__name__}")

    def _after_function(self, function, out):
        known, self._given_to = self._functions.get(function), None
        if self._running is not None:
            self._compiled = function
        if known is None or self._running is not None:
            return
        if self._due() and self.level > 0:
            self._put_generators(function)
        if self._due() and self.level == 2:
            self._put_value(f"result {function.__name__}", out)
        for one in tf.nest.flatten(out):
            if self._loss != self._loss and isinstance(one, tf.Tensor) and one.shape.rank == 0 and one.dtype.is_floating:
                self._loss = float(one)
        if known.optimizer is None and known.assigned.isdisjoint(key for key, (kind, _) in known.variables.items() if kind == "weight"):
            self._miss(FUNCTION)  # it gives its gradients back, or an operator assigns
            return
        self._miss(INSIDE)
        for key in known.variables:
            self._inside.pop(key, None)
        self._rate = None if known.optimizer is None else self._rate_of(known.optimizer)
        if self.level > 0:
            made = [(f"{kind} {_name_of(variable)}", variable) for kind, variable in known.variables.values()]
            self._put_update(known.optimizer, sorted(made, key=lambda one: not one[0].startswith("weight")))
        self._end_own()

    def _take_gradient(self, target, pairs):
        self._begin_own([variable for variable, _ in pairs])
        self._trained.update((id(variable), variable) for variable, _ in pairs)
        if self._loss != self._loss and isinstance(target, tf.Tensor) and target.shape.num_elements() == 1:
            self._loss = float(target)
        for variable, gradient in pairs if self._due() and self.level == 2 else ():
            if gradient is not None:
                self._put_tensor(f"gradient {_name_of(variable)}", gradient)

    def _begin_own(self, variables):
        """Of a step of a loop of one's own."""
        self._end_by_hand()
        if self._due() and self.level > 0:
            self._start(variables)
            self._put_before()
            if not self._begun:
                super()._put_random_states()
        self._begun = True

    def _end_by_hand(self):
        """Where there is no optimizer, and what the last gradients were of was assigned: that was a step."""
        if self._optimizes or self._trained.keys().isdisjoint(self._changed):
            return
        made = [(f"{'weight' if key in self._trained else 'buffer'} {_name_of(variable)}", variable)
                for key, (_, variable) in self._changed.items()]
        self._changed = {}
        self._miss("batches and outputs of a loop of one's own")
        if self.level > 0:
            self._put_made(tuple(self._trained), made)
        self._end_own()

    def _end_own(self):
        self._end_step()
        self._begun, self._trained = False, {}

    def _before_apply(self, optimizer, grads, variables):
        if self._running is None:
            self._optimizes = True
            self._begin_own(variables)
        if not self._due() or self.level == 0:
            return
        if self._running is None:
            self._rate = self._rate_of(optimizer)
        for variable, gradient in zip(variables, grads):
            if gradient is not None:
                self._put_tensor(f"given {variable.path}", gradient)

    def _after_apply(self, optimizer, variables):
        if self._running is not None:
            return
        self._miss("batches and outputs of a loop of one's own")
        if self.level > 0:
            self._put_step(optimizer, variables)
        self._end_own()

    def _assign(self, original, variable, value):
        with self._assigning():
            out = original(variable, value)
        self._guarded(self._take_assigned)(variable)
        return out

    @contextlib.contextmanager
    def _assigning(self):
        """Keras does it, whose own variable counts."""
        self._assigns += 1
        try:
            yield
        finally:
            self._assigns -= 1

    def _assign_tensorflow(self, original, variable, *args, **kwargs):
        with self._assigning() if isinstance(variable, distributed.DistributedVariable) else contextlib.nullcontext():
            out = original(variable, *args, **kwargs)
        if self._assigns == 0:
            self._guarded(self._take_assigned)(self._owners.get(variable, variable))
        return out

    def _take_assigned(self, variable):
        if self._optimizing is not None or in_stateless_scope() or not self._is_here() or not self._is_weight(variable):
            return
        if not tf.executing_eagerly():
            self._take_assigned_inside(variable)
        elif self._running is None:
            self._changed[id(variable)] = ("buffer" if self._calls else "changed weight", variable)

    def _take_assigned_inside(self, variable):
        """Of a function: its value at the end is seen, unless each step shows it."""
        shown = self._running.variables if self._running is not None else ()
        if all(variable is not one and variable is not one.value for one in shown):
            one = "buffer" if self._calls else "changed weight", variable
            self._inside.setdefault(id(variable), one)
            if self._running is None and _calls:
                known = self._function()
                known.variables.setdefault(id(variable), one)
                known.assigned.add(id(variable))

    @staticmethod
    def _is_weight(variable):
        return not _is_seed(variable) and not hasattr(variable, "_detpipe_no_weight")

    # ---- its end ----

    def _detach(self):
        if self in _open:
            _open.remove(self)
        super()._detach()

    def on_train_end(self, logs: Any = None) -> None:
        self.close()

    def _put_rest(self):
        self._end_by_hand()  # its step is of what was seen of it
        self._changed.update(sorted(self._inside.items(), key=lambda one: one[1][0] != "weight"))
        self._put_before()
        if self._trained and self.level > 0:  # an operator of one's own may have changed them
            self._left_out["trained"] = [(f"weight {_name_of(variable)}", variable) for variable in self._trained.values()]

    def _state_of(self, value):
        if isinstance(value, keras.layers.Layer):
            optimizer = getattr(value, "optimizer", None)
            return {variable.path: variable for variable in [*value.variables, *getattr(optimizer, "variables", ())]}
        if isinstance(value, Trackable):
            found = tf.train.TrackableView(value).descendants()
            return {f"{i} {_name_of(one)}": one for i, one in enumerate(found) if isinstance(one, (tf.Variable, keras.Variable))}
        return None
