# _saving.py - arrays that a training writes to files, by whatever library
# SPDX-License-Identifier: Apache-2.0
"""What a training keeps for itself (an average of the weights in NumPy, a model that no step trains) is a result once it is
saved or printed.  A row of _SAVERS is a function that does; what it is given goes to the ledgers that are open, before it is
written.
Functions of modules that are not imported yet are seen from their import on."""
from __future__ import annotations

import contextlib, functools, operator, sys, threading
from collections.abc import Mapping
from typing import Any, Callable, Dict

import numpy as np


def _argument(place, name):
    return lambda *args, **kwargs: args[place] if len(args) > place else kwargs.get(name)


def _arrays(file, *args, **kwargs):
    """Of savez: numbers and lists become arrays there."""
    return {key: np.asanyarray(value) for key, value in {**{f"arr_{i}": a for i, a in enumerate(args)}, **kwargs}.items()}


def _array(fname, array, *args, **kwargs):
    return np.asanyarray(array)


def _dataset(group, name=None, shape=None, dtype=None, data=None, **kwargs):
    return {str(name or "dataset"): data}


def _tables(value, *args, **kwargs):
    """Of JSON: lists of lists of numbers, as a list by itself may be of times."""
    if isinstance(value, Mapping):
        return {key: _tables(one) for key, one in value.items()}
    if not isinstance(value, (list, tuple)):
        return None
    if value and all(isinstance(row, (list, tuple)) and any(isinstance(one, (float, list)) for one in row) for row in value):
        with contextlib.suppress(ValueError, TypeError):  # rows of several lengths
            return np.array(value, np.float64)
    return [_tables(one) for one in value]


_first, _second = _argument(0, "obj"), _argument(1, "arr")
_tensors = {name: _argument(0, "tensors") for name in ("save", "save_file")}
# module: {function: what it saves, of its arguments}
_SAVERS: Dict[str, Dict[str, Callable]] = {
    "numpy": {"save": lambda *args, **kwargs: np.asanyarray(_second(*args, **kwargs)), "savetxt": _array, "savez": _arrays,
              "savez_compressed": _arrays},
    "numpy.core.arrayprint": {"_array2string": _argument(0, "a")},
    "numpy._core.arrayprint": {"_array2string": _argument(0, "a")},
    "pickle": {"dump": _first},
    "json": {"dump": _tables, "dumps": _tables},
    "joblib": {"dump": _argument(0, "value")},
    "cloudpickle": {"dump": _first},
    "scipy.io": {"savemat": _argument(1, "mdict")},
    "h5py": {"Group.create_dataset": _dataset},
    "safetensors.numpy": _tensors,
    "safetensors.tensorflow": _tensors,
    "safetensors.flax": _tensors,
    "safetensors.torch": {**_tensors, "save_model": _argument(0, "model")},
    "torch": {"save": _first},
    "keras.src.saving.saving_api": {"save_model": _argument(0, "model"), "save_weights": _argument(0, "model")},
    "tensorflow.python.checkpoint.checkpoint": {"TrackableSaver.save": lambda saver, *args, **kwargs: saver._graph_view.root},
    "tensorflow.python.saved_model.save": {"save": _first},
    "mindspore.train.serialization": {"save_checkpoint": _argument(0, "save_obj")},
}
_PRINTED = "_array2string"
_open: list = []  # ledgers
_inside = threading.local()  # a function that saves by others: what it was given counts


def _seen(how, saved, args, kwargs):
    """To whom it is a result."""
    for ledger in list(_open):
        ledger._see_saved(how, functools.partial(saved, *args, **kwargs))


def _recorded(original, saved):
    how = "printed" if original.__name__ == _PRINTED else "saved"

    @functools.wraps(original)
    def save(*args, **kwargs):
        outermost, _inside.saver = getattr(_inside, "saver", None) is None, original
        try:
            if outermost:
                _seen(how, saved, args, kwargs)
            return original(*args, **kwargs)
        finally:
            if outermost:
                _inside.saver = None
    return save


def _hook(name):
    """The functions of a module that is imported, for put_in_place."""
    module, instead = sys.modules[name], {}
    for path, saved in _SAVERS.pop(name).items():
        owner, _, last = path.rpartition(".")
        with contextlib.suppress(AttributeError):  # another version of the library
            original = operator.attrgetter(path)(module)
            if owner:
                setattr(operator.attrgetter(owner)(module), last, _recorded(original, saved))
            else:
                instead[id(original)] = _recorded(original, saved)
    return instead


def put_in_place(instead: dict) -> None:
    """Functions by the identity of those that they take the place of: in each module, as many took them by their names."""
    for module in list(sys.modules.values()):
        with contextlib.suppress(AttributeError):  # vars() would load what is lazy
            names = object.__getattribute__(module, "__dict__")
            names.update({name: instead[id(value)] for name, value in list(names.items()) if id(value) in instead})


class _AtImport:
    """Of the modules that are not imported yet, a finder like those of sys.meta_path."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if name not in _SAVERS:
            return None
        others = (finder for finder in sys.meta_path if finder is not _AtImport and hasattr(finder, "find_spec"))
        spec = next(filter(None, (finder.find_spec(name, path, target) for finder in others)), None)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            if name in _SAVERS and module.__name__ == name:  # a loader may be of many
                put_in_place(_hook(name))
        spec.loader.exec_module = exec_module
        return spec


def _install():
    sys.meta_path.insert(0, _AtImport)
    instead: dict = {}
    for name in [name for name in _SAVERS if name in sys.modules]:
        instead.update(_hook(name))
    put_in_place(instead)


def see(ledger: Any) -> None:
    """From here on up to leave: ledger._see_saved("saved" or "printed", function that gives what is)."""
    if _AtImport not in sys.meta_path:
        _install()
    _open.append(ledger)


def leave(ledger: Any) -> None:
    if ledger in _open:
        _open.remove(ledger)
