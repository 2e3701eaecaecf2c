# streams.py - data sets that are made step by step, and what their order breaks
# SPDX-License-Identifier: Apache-2.0
"""tf.data, MindSpore's data sets and Hugging Face's streams.  Reproducible and wrong all the same: parts that are cut by
their place behind a shuffle, whose rows change sides from epoch to epoch (seen with TensorFlow 2.21, MindSpore 2.10 and
datasets 5: rows held out come into training); streams that zip joins in two orders; epochs that repeat the first."""
from __future__ import annotations

import ast, re

from . import tables
from .rows_mindspore import shuffles
from .table import Call, first_is, is_false, is_true, not_false
from .values import Const, Data, Items, Method, options

READS = re.compile(r"(?P<tensorflow>tensorflow\.data\.(Dataset\.(from_\w+|list_files|range)|\w+Dataset)|tensorflow_datasets\.load|"
                   r"keras\.utils\.\w+_dataset_from_directory)$|(?P<mindspore>mindspore\.dataset\.\w+Dataset)$|"
                   r"(?P<datasets>datasets\.load_dataset)$")
STEPS = {"map", "batch", "shuffle", "repeat", "prefetch", "cache", "take", "skip", "filter", "interleave", "with_options",
         "unbatch", "project", "rename", "padded_batch", "apply", "enumerate"}
ITERATORS = ("create_tuple_iterator", "create_dict_iterator")
GOES_ON = re.compile(r"step|start|resum|iter|consumed|done|global|offset|trained", re.I)


class Streams:
    """The walker's part for data sets."""

    def made(self, func, path, node, args, keywords, star, value):
        """The data set that a call gives; value, if it gives none."""
        owner = func.owner if isinstance(func, Method) and isinstance(func.owner, Data) else None
        call = Call(path, node, args, keywords, star, self)
        if owner is None:
            return self.read(call, value)
        word = path.rpartition(".")[2]
        if word in ITERATORS:
            self.iterates(owner, call.node)
        elif word == "split" and owner.library == "mindspore":
            return self.split(owner, call)
        elif word in STEPS:
            new = Data(owner.path, owner.library, (*owner.steps, call), owner.root)
            self.judge_step(owner, word, call)
            return new
        return value

    def read(self, call, value):
        found = READS.match(call.path)
        if call.path in ("builtins.enumerate", "builtins.iter", "tqdm.tqdm"):
            self.iterates(call.first, call.node)
        if call.path.endswith("Dataset.zip") or call.path == "mindspore.dataset.zip":
            self.zips(call)
        elif found is not None and (found.lastgroup != "datasets" or is_true("streaming")(call)):
            return Data(call.path + "()", found.lastgroup, (call,))
        elif call.path == "?.shuffle" and call.args and "tensorflow" in self.libraries and "datasets" not in self.libraries:
            return Data("tensorflow.data.Dataset()", "tensorflow", (call,))
        return value

    # ---- what each step says ----

    def judge_step(self, owner, word, call):
        mixed = mixing(owner)
        if word in ("take", "skip") and mixed is not None and call.args:
            self.cut(owner, word, call, mixed)
        if word == "shuffle" and owner.library == "datasets":
            self.pend(tables.STREAM_AGAIN, call, self.place(call.node))
        if word == "cache":
            self.keeps(owner, call, mixed)
        if word == "repeat" and not first_is(1)(call):
            for step in owner.steps:
                if step.path.endswith(".skip") and step.args and not isinstance(step.first, Const) and \
                        GOES_ON.search(ast.dump(step.node.args[0])):
                    self.pend(tables.SKIP_IN_EPOCH, step, self.place(step.node), used=self.place(call.node))

    def cut(self, owner, word, call, mixed):
        """take(n) and skip(n) of one data set, the same n: its two parts."""
        count = call.first.value if isinstance(call.first, Const) else ast.dump(call.node.args[0])
        other = self.cuts.setdefault((id(owner.root), str(count)), {})
        other[word] = self.place(call.node)
        if len(other) == 2 and (owner.library != "datasets" or self.mentions("set_epoch")):
            self.pend(tables.CUT, call, self.place(call.node), used=self.place(mixed.node))

    def split(self, owner, call):
        mixed, sizes = mixing(owner), call.arg(0, "sizes")
        if mixed is not None:
            self.pend(tables.CUT, call, self.place(call.node), used=self.place(mixed.node))
        parts = len(sizes.items) if isinstance(sizes, Items) else 0
        return Items([Data(owner.path, owner.library, (*owner.steps, call)) for _ in range(parts)])

    def keeps(self, owner, call, mixed):
        if mixed is not None and owner.library == "tensorflow":
            self.pend(tables.CACHED, call, self.place(call.node), used=self.place(mixed.node))
        for step in owner.steps:
            if id(step.node) in self.augmenting and owner.library == "tensorflow":
                self.pend(tables.CACHED_NUMBERS, call, self.place(call.node), used=self.place(step.node))

    def zips(self, call):
        """Each shuffled by itself, and not by one seed."""
        parts = [i for a in call.args for i in (a.items if isinstance(a, Items) else [a])]
        mixed = [next((m for o in options(p) if isinstance(o, Data) and (m := mixing(o, True)) is not None), None) for p in parts]
        alike = {ast.dump(m.node.args[0]) if m.node.args else "" for m in mixed if m is not None and m.arg(1, "seed") is not None}
        if sum(m is not None for m in mixed) > 1 and not (len(alike) == 1 and all(m.arg(1, "seed") is not None for m in mixed if m)):
            self.pend(tables.ZIPPED, call, self.place(call.node))

    def iterates(self, value, node):
        """A new iterator in each epoch: with a seed, MindSpore begins anew in each."""
        for o in options(value):
            if isinstance(o, Data) and o.library == "mindspore" and self.by_epochs() and (
                    mixing(o) is not None or any(id(s.node) in self.augmenting for s in o.steps)):
                self.pend(tables.NEW_ITERATOR, Call("", node, [], {}, False, self), self.place(node))

    # ---- loops ----

    def by_epochs(self):
        """Whether this is in a loop over epochs or steps, of this function or of one that called it."""
        return any(loop.epochs for f in self.frames for loop in f.loops)

    def mentions(self, name):
        return any(name in m.source.mentioned for m in self.modules.values())


def mixing(data, fixed=False):
    """The step that puts the rows in another order in each epoch (fixed: or in one by chance); None."""
    found = None
    for step in data.steps:
        word = step.path.rpartition(".")[2]
        if word == "cache" and data.library == "tensorflow" and not fixed:
            found = None
        elif word == "shuffle":
            found = step if fixed or not is_false("reshuffle_each_iteration", 2)(step) else None
        elif step.path.startswith("mindspore.dataset.") and word.endswith("Dataset") and shuffles(step):
            found = step
        elif word == "list_files" and not_false("shuffle", 1)(step):
            found = step
        elif word.endswith("_dataset_from_directory") and not_false("shuffle")(step):
            found = step
    return found
