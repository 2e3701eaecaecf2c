# table.py - what a row of the tables is, and how the rows of a call are found
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import Any, Callable, NamedTuple, Optional

from .values import Chance, Const, UNKNOWN, Value, first, options

SURE, LIKELY, OPEN = "sure", "likely", "cannot tell"


class Row(NamedTuple):
    """A construct.  calls: dotted names, alternatives of the last word by |, a * at its end for any end; "*.word" is a
    method of anything.  when: a test of the call (None: always).  step: of the guide.  fix: see fix.py."""
    calls: str
    step: str
    sure: str
    why: str
    remedy: str
    when: Optional[Callable[["Call"], bool]] = None
    fix: Any = None


class Seed(NamedTuple):
    """A call that seeds: which streams, where its seed stands."""
    calls: str
    streams: str
    at: int = 0
    keyword: str = "seed"
    when: Optional[Callable[["Call"], bool]] = None


class Draw(NamedTuple):
    """A call that draws from a global stream.  kind: init (weights), order, augment, dropout, numbers.  late: what it makes
    draws when it is used, so a seed behind it is in time."""
    calls: str
    stream: str
    kind: str
    when: Optional[Callable[["Call"], bool]] = None
    late: bool = False


class Call:
    """A call as rows see it."""
    def __init__(self, path, node, args, keywords, star, program):
        self.path, self.node, self.args, self.keywords, self.star, self.program = path, node, args, keywords, star, program
        self.dropped = program.dropped is node
        self.inside = getattr(program.frame.node, "name", "")

    @property
    def chance(self):
        return next(filter(None, map(by_chance, [*self.args, *self.keywords.values()])), None)

    @property
    def first(self):
        return self.args[0] if self.args else UNKNOWN

    def is_key(self, name):
        """An item of a mapping is set: this one."""
        return isinstance(self.first, Const) and self.first.value == name

    def arg(self, at, keyword):
        """The argument at this place (None: by keyword alone); None if it is not given."""
        if keyword in self.keywords:
            return self.keywords[keyword]
        if at is not None and at < len(self.args):
            return self.args[at]
        return None


# ---- tests of a call ----

def _all(*tests):
    return lambda call: all(t(call) for t in tests)


def lacks(*names, at=None):
    """None of the keywords is given, nor an argument at this place; a None is as if it were not."""
    def test(call):
        if call.star:
            return False
        values = [call.keywords.get(n) for n in names] + ([call.args[at]] if at is not None and at < len(call.args) else [])
        return all(v is None or (isinstance(v, Const) and v.value is None) for v in values)
    return test


def is_true(keyword, at=None):
    def test(call):
        value = call.arg(at, keyword)
        return value is not None and any(isinstance(o, Const) and bool(o.value) for o in options(value))
    return test


def is_false(keyword, at=None):
    def test(call):
        value = call.arg(at, keyword)
        return isinstance(value, Const) and value.value is False
    return test


def not_false(keyword, at=None):
    """Left out, True, or not to be told."""
    return lambda call: not call.star and not is_false(keyword, at)(call)


def is_one_of(keyword, at, words):
    def test(call):
        value = call.arg(at, keyword)
        return value is not None and any(isinstance(o, Const) and o.value in words for o in options(value))
    return test


def first_is(*values):
    """The first argument, or what is assigned, is one of these constants."""
    return lambda call: any(isinstance(o, Const) and type(o.value) in map(type, values) and o.value in values
                            for o in options(call.first))


def above(keyword, at, n):
    def test(call):
        value = call.arg(at, keyword)
        return value is not None and any(isinstance(o, Const) and isinstance(o.value, (int, float)) and o.value > n
                                         for o in options(value))
    return test


def on_gpu(call):
    return call.program.uses("cuda") and not call.program.uses("deterministic")


def gradient_on_gpu(call):
    """Of PyTorch, which counts only where something is trained with it."""
    return on_gpu(call) and call.program.uses("torch") and call.program.uses("train")


both = _all


def by_chance(value: Optional[Value]):
    return first(value, Chance) if value is not None else None


# ---- finding rows ----

class Table:
    """Rows by the last word of their calls."""
    def __init__(self, rows):
        self.words, self.starts = {}, []
        for row in rows:
            for calls in row.calls.split():
                parent, _, words = calls.rpartition(".")
                assert "|" not in parent, f"alternatives are of the last word: {calls}"
                for word in words.split("|"):
                    if word.endswith("*"):
                        self.starts.append((parent, word[:-1], row))
                    else:
                        self.words.setdefault(word, []).append((parent, row))

    def find(self, path):
        parent, _, word = path.rpartition(".")
        for wanted, row in self.words.get(word, ()):
            if wanted in (parent, "*"):
                yield row
        for wanted, start, row in self.starts:
            if wanted == parent and word.startswith(start):
                yield row

    def knows(self, path):
        return next(self.find(path), None) is not None


# One name for what a library offers under several.
ALIASES = {
    "tensorflow.keras": "keras", "tensorflow.python.keras": "keras", "tf_keras": "keras", "keras.src": "keras",
    "tensorflow.compat.v1": "tensorflow", "tensorflow.compat.v2": "tensorflow",
    "pytorch_lightning": "lightning", "lightning.pytorch": "lightning", "lightning.fabric": "lightning",
    "lightning_fabric": "lightning", "lightning.lite": "lightning",
    "torchvision.transforms.v2": "torchvision.transforms", "torchvision.transforms.transforms": "torchvision.transforms",
    "torch.utils.data.dataloader": "torch.utils.data", "torch.utils.data.sampler": "torch.utils.data",
    "torch.utils.data.distributed": "torch.utils.data", "torch.utils.data.dataset": "torch.utils.data",
    "torch.nn.modules": "torch.nn", "torch.random": "torch", "torch.cuda.random": "torch.cuda",
    "mindspore.common.set_seed": "mindspore.set_seed", "mindspore.common.seed": "mindspore",
    "mindspore.train.serialization": "mindspore", "mindspore.common": "mindspore", "mindspore.train.Model": "mindspore.Model",
    "mindspore.train.callback": "mindspore", "mindspore.train": "mindspore", "mindspore.context": "mindspore",
    "mindspore.dataset.vision.c_transforms": "mindspore.dataset.vision",
    "mindspore.dataset.vision.py_transforms": "mindspore.dataset.vision",
    "mindspore.dataset.transforms.vision": "mindspore.dataset.vision",
    "mindspore.dataset.transforms.vision.c_transforms": "mindspore.dataset.vision",
    "mindspore.dataset.engine.datasets": "mindspore.dataset",
    "transformers.trainer_utils": "transformers", "accelerate.utils": "accelerate", "jax.experimental.stax": "jax.stax",
    "gym": "gymnasium", "numpy.random.mtrand": "numpy.random", "jax.numpy": "jax.numpy", "os.path.glob": "glob",
}


def one_name(path):
    """The dotted name under which the tables have it."""
    head = path
    while head:
        if head in ALIASES:
            return one_name(ALIASES[head] + path[len(head):]) if ALIASES[head] != head else path
        head = head.rpartition(".")[0]
    return path
