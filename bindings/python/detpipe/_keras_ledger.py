# _keras_ledger.py - the ledger of a training in Keras on TensorFlow, written by hooks
# SPDX-License-Identifier: Apache-2.0
"""detpipe.keras.Ledger.  A step is one of fit or train_on_batch, or an optimizer's in a loop of one's own that runs eagerly.
Names, in causal order:

    start weight V          of each model, before its first step
    changed weight V        assigned since the last step, by somebody else than a step (a callback, an average of the weights);
                            not those of metrics and optimizers
    buffer V                assigned by a layer since the last step, in a loop of one's own
    random V                states of seed generators in the model, and TensorFlow's where it was seeded
    batch                   what the step took
    output L, given V       of each layer without layers in it; the gradient that the optimizer gets: where a step runs
                            eagerly, as what is compiled has no such places (compile(run_eagerly=True) shows them)
    loss                    as Keras has it: the mean since the epoch began
    rate                    the learning rate that the step took
    state V, weight V, buffer V

The steps of a fit are compiled as they are without the hooks; its batches are seen by a last map of the tf.data set.  What is
assigned behind the last step is one more, with the weights that a tf.function of one's own trained."""
from __future__ import annotations

import collections, functools, os
from typing import Any, Iterable, Optional, Union

import keras, numpy as np

if keras.backend.backend() != "tensorflow":  # which is not to be imported then
    raise ImportError(f"Keras runs on {keras.backend.backend()}: only on tensorflow it is recorded")

import tensorflow as tf
from keras.src.backend.tensorflow import trainer as keras_trainer
from keras.src.metrics.metric import Metric
from keras.src.optimizers.base_optimizer import BaseOptimizer
from tensorflow.python.eager import context
from tensorflow.python.framework import config

from ._recorder import Recorder, Watch, about as about_lines, setting

COMPILED = "steps whose layers and gradients are compiled (model.compile(run_eagerly=True) shows them)"
FUNCTION = ("steps in a tf.function of one's own, but for the weights at the end (a step that runs eagerly, or put and step of a "
            "detpipe.Ledger, show each)")


def _setting():
    return setting(f"keras {keras.__version__}", f"tensorflow {tf.__version__}",
                   f"{tf.config.threading.get_intra_op_parallelism_threads()} threads (0: one a CPU), {os.cpu_count()} CPUs",
                   f"op determinism {config.is_op_determinism_enabled()}")


def record(folder: str) -> None:
    """For `detpipe verify --why`: from the first fit on, a ledger of all that this process trains."""
    watch = Watch(folder, "keras", _setting)
    watch.begin_at(Ledger, (keras_trainer.TensorFlowTrainer, "fit"), (keras_trainer.TensorFlowTrainer, "train_on_batch"),
                   (BaseOptimizer, "apply"))


def _is_seed(variable):
    return variable.path.endswith("seed_generator_state")


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


_install()


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
        self._only, self._started, self._closed = model, set(), False
        self._running = self._optimizing = None
        self._changed, self._inside, self._rate, self._calls = {}, {}, None, 0
        self._batches, self._awaited = collections.deque(), 0  # tf.data makes batches ahead: those of this step
        trainer = keras_trainer.TensorFlowTrainer
        self._patch(trainer, "fit", self._fit)
        self._patch(trainer, "make_train_function", self._make_train_function)
        self._patch(keras_trainer.TFEpochIterator, "_get_iterator", self._get_iterator)
        self._patch(keras_trainer.TFEpochIterator, "__init__", self._make_iterator)
        self._patch(keras.layers.Layer, "__call__", self._call)
        self._patch(BaseOptimizer, "apply", self._apply)
        self._patch(keras.Variable, "assign", self._assign)
        self._fits = []  # of each fit that runs, the iterator over its batches

    # ---- what is recorded ----

    def _is_tensor(self, value):
        return isinstance(value, (tf.Tensor, tf.Variable, keras.Variable, tf.SparseTensor, tf.RaggedTensor, tf.IndexedSlices))

    def _put_tensor(self, name, tensor):
        if isinstance(tensor, keras.Variable):
            tensor = tensor.value
        for part in tf.nest.flatten(tensor, expand_composites=True):
            self.ledger.put(name, np.asarray(part))

    def _put_random_states(self, variables):
        super()._put_random_states()
        for variable in filter(_is_seed, variables):
            self._put_tensor(f"random {variable.path}", variable)
        if context.global_seed() is not None:
            self.ledger.put("random tensorflow", repr((context.global_seed(), context.context()._rng.getstate())))

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
            if self._closed or self._only not in (None, trainer):
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
        self._put_changed()
        self._put_random_states(trainer.variables)
        self._rate = self._rate_of(trainer.optimizer)

    def _put_changed(self):
        for kind, variable in self._changed.values():
            self._put_tensor(f"{kind} {variable.path}", variable)
        self._changed = {}

    def _start(self, variables):
        for variable in variables:
            if id(variable) not in self._started and not _is_seed(variable):
                self._put_tensor(f"start weight {variable.path}", variable)
                self._changed.pop(id(variable), None)
            self._started.add(id(variable))

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
        if self._due():
            if not trainer.run_eagerly:
                self._miss(COMPILED)
            if trainer.steps_per_execution > 1:
                self._miss(f"steps that end inside of an execution (steps_per_execution={trainer.steps_per_execution})")
            if isinstance(logs, dict) and "loss" in logs:
                self._loss = float(logs["loss"])
            if self.level > 0:
                self._put_made(trainer.optimizer, trainer.variables)
        self._end_step()

    def _put_made(self, optimizer, variables):
        if self._rate is not None:
            self.ledger.put("rate", self._rate)
        for variable in optimizer.variables if optimizer is not None and self.level == 2 else ():
            self._put_tensor(f"state {variable.path}", variable)
        for variable in variables:
            if not _is_seed(variable):
                self._put_tensor(f"{'weight' if variable.trainable else 'buffer'} {variable.path}", variable)

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
            if self._running is None and self._optimizing is None and not self._fits:
                self._guarded(self._trace)(optimizer, trainable_variables)
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

    def _trace(self, optimizer, variables):
        self._miss(FUNCTION)
        for variable in optimizer._trainable_variables if variables is None else variables:
            self._inside[id(variable)] = ("weight", variable)

    def _before_apply(self, optimizer, grads, variables):
        if not self._due() or self.level == 0:
            return
        if self._running is None:
            self._start(variables)
            self._put_changed()
            super()._put_random_states()
            self._rate = self._rate_of(optimizer)
        for variable, gradient in zip(variables, grads):
            if gradient is not None:
                self._put_tensor(f"given {variable.path}", gradient)

    def _after_apply(self, optimizer, variables):
        if self._running is not None:
            return
        self._miss("batches and outputs of a loop of one's own")
        if self._due() and self.level > 0:
            self._put_made(optimizer, variables)
        self._end_step()

    def _assign(self, original, variable, value):
        out = original(variable, value)
        if self._running is None and self._optimizing is None and tf.executing_eagerly() and self._is_weight(variable):
            self._changed[id(variable)] = ("buffer" if self._calls else "changed weight", variable)
        return out

    @staticmethod
    def _is_weight(variable):
        return not _is_seed(variable) and not hasattr(variable, "_detpipe_no_weight")

    # ---- its end ----

    def on_train_end(self, logs: Any = None) -> None:
        self.close()

    def _put_rest(self):
        self._changed.update(self._inside)
        if self._changed and self._due() and self.level > 0:
            self._put_changed()
            self._end_step()

    def close(self) -> None:
        if not self._closed:
            self._guarded(self._put_rest)()
        self._closed = True
        super().close()
