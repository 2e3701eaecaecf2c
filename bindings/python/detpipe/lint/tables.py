# tables.py - the rows of every framework, by the name of the call
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any, Callable, NamedTuple, Optional

from . import rows_jax, rows_mindspore, rows_python, rows_tensorflow, rows_torch
from .table import LIKELY, SURE, Row, Table, one_name

STREAMS = ("python", "numpy", "torch", "tensorflow", "keras", "mindspore", "mindspore.dataset")

FRAMEWORKS = (rows_python, rows_torch, rows_mindspore, rows_tensorflow, rows_jax)


def _rows(name):
    return [row for framework in FRAMEWORKS for row in getattr(framework, name, ())]


SEEDS, DRAWS, ROWS, FLAGS = (Table(_rows(name)) for name in ("SEEDS", "DRAWS", "ROWS", "FLAGS"))
UNORDERED, CHANCE = Table(_rows("UNORDERED")), Table(_rows("CHANCE"))


def known(path):
    return any(t.knows(path) for t in (SEEDS, DRAWS, ROWS, FLAGS, UNORDERED, CHANCE))


# ---- rows of what is not a single call ----

SET_ORDER = Row("", "order", LIKELY, "the order of a set changes with the hashes of its elements: of strings in every process",
                "sorted(...) makes one order of it", fix=("wrap", "sorted"))
_SEED = "a seed by chance is another in each run: {chance}"
SEED_BY_CHANCE = {True: Row("", "seeds", SURE, _SEED, "a constant, e.g. 1", fix=("seed", "1")),
                  False: Row("", "seeds", LIKELY, _SEED + ", in one branch", "a constant in every branch, e.g. 1")}
_NOTHING = "without a number it is seeded by the system, another way in each run"
SEED_OF_NOTHING = {True: Row("", "seeds", SURE, _NOTHING + "{chance}", "a constant, e.g. 1", fix=("seed", "1")),
                   False: Row("", "seeds", LIKELY, _NOTHING + " (in one branch)", "a constant in every branch, e.g. 1")}
HYPER_ROW = Row("", "hyperparameters", LIKELY, "a hyperparameter by chance is another in each run: {chance}", "a constant")
ENDS_BY_CHANCE = Row("", "hyperparameters", LIKELY, "how many steps are made is another number in each run: {chance}",
                     "a number of steps")
KEY_IN_LOOP = Row("", "seeds", LIKELY, "the key was made before the loop: each turn gets the same numbers",
                  "key = jax.random.fold_in(key, step), or jax.random.split in the loop")
KEY_TWICE = Row("", "seeds", LIKELY, "the key was used before: both calls get the same numbers",
                "key, subkey = jax.random.split(key), and each key once")
