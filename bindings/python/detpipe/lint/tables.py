# tables.py - the rows of every framework, by the name of the call
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any, Callable, NamedTuple, Optional

from . import rows_jax, rows_mindspore, rows_python, rows_tensorflow, rows_torch
from .table import LIKELY, OPEN, SURE, Row, Table, one_name

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
SEED_IN_LOOP = Row("", "seeds", LIKELY, "it seeds anew in each turn of the loop: every epoch draws the same numbers",
                   "a seed before the loop", lambda c: c.program.uses("train"))
SEED_OF_RECORDS = Row("", "seeds", OPEN, "it seeds anew for each record: all draw the same numbers", "a seed from the row's number")

# ---- data sets: reproducible, and wrong all the same ----

CUT = Row("", "order", LIKELY, "it cuts by place what is shuffled anew in each epoch: rows held out come into training",
          "cut first, then shuffle; in tf.data also shuffle(..., reshuffle_each_iteration=False)")
CACHED = Row("", "order", LIKELY, "behind a cache each epoch has the order of the first", "cache first, then shuffle")
CACHED_NUMBERS = Row("", "random data", LIKELY, "behind a cache each epoch has the random numbers of the first",
                     "cache first, then map")
ZIPPED = Row("", "order", OPEN, "each of them is shuffled by itself: values of different rows meet", "zip, then shuffle")
SKIP_IN_EPOCH = Row("", "order", LIKELY, "it leaves out the first rows of every epoch, not of the run", "skip behind repeat")
NEW_ITERATOR = Row("", "order", LIKELY,
                   "a new iterator begins at the seed again: each epoch has the order and the random numbers of the first",
                   "one iterator for all epochs, before the loop: create_tuple_iterator(num_epochs=n)",
                   lambda c: any(e.kind == "seed" and e.stream == "mindspore.dataset" for e in c.program.events))
STREAM_AGAIN = Row("", "order", OPEN, "without set_epoch each epoch of a stream has the order of the first",
                   "dataset.set_epoch(epoch) at the head of each epoch", lambda c: not c.program.mentions("set_epoch"))
