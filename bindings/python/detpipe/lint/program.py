# program.py - what only the whole program tells, and the findings of one
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from typing import NamedTuple

from .table import LIKELY, OPEN, SURE
from .calls import MAIN, NEVER, OFF
from .walk import Walker


class Finding(NamedTuple):
    path: str
    line: int
    column: int  # from 1
    where: str   # the line, or cell and line of a notebook
    step: str
    sure: str
    what: str
    why: str
    remedy: str
    source: object
    node: object
    fix: object


def keep_surest(findings, key, f):
    """Of what is found twice, the one that says more."""
    old = findings.get(key)
    if old is None or RANK.index(f.sure) < RANK.index(old.sure):
        findings[key] = f


RANK = (SURE, LIKELY, OPEN)

# How each stream is seeded: its name in words, the statement (with the module's own name), the module.
SEEDED_BY = {
    "python": ("Python's random", "{}.seed(1)", "random"),
    "numpy": ("NumPy's global generator", "{}.random.seed(1)", "numpy"),
    "torch": ("torch's generator", "{}.manual_seed(1)", "torch"),
    "tensorflow": ("TensorFlow's generator", "{}.random.set_seed(1)", "tensorflow"),
    "keras": ("Keras's generator", "{}.utils.set_random_seed(1)", "keras"),
    "mindspore": ("MindSpore's generator", "{}.set_seed(1)", "mindspore"),
    "mindspore.dataset": ("MindSpore's data sets", "{}.set_seed(1)", "mindspore"),
}
KINDS = {"init": "weights", "order": "order", "augment": "random data", "dropout": "network", "numbers": "seeds"}


def finding(place, step, sure, why, remedy, fix=None):
    source, node = place
    line = getattr(node, "lineno", 1)
    return Finding(source.path, line, getattr(node, "col_offset", 0) + 1, source.place(line), step, sure, source.segment(node), why,
                   remedy, source, node, fix)


class Program(Walker):
    """A program walked and judged: `findings`, by file and line."""

    def __init__(self, files, root, source, whole):
        """whole: it is a program by itself, not a part of others."""
        super().__init__(files, root)
        self.run(source)
        self.findings = {}
        for pending in self.pending:
            self.judge_row(pending)
        if whole:
            for stream in SEEDED_BY:
                self.judge_stream(stream)
            self.judge_gpu()

    def keep(self, f):
        keep_surest(self.findings, (f.path, f.line, f.column, f.why.partition(" (")[0]), f)

    def judge_row(self, p):
        row = p.row if p.phase != OFF else p.row._replace(sure=OPEN)
        if row.when is not None and p.call is not None and not row.when(p.call):
            return
        why = row.why.replace("{chance}", getattr(p.chance, "what", ""))
        if p.used is not None and p.used.node is not p.place.node:
            why += f" (used in {p.used.source.at(p.used.node.lineno)}{self.other_file(p)})"
        if row.fix == ("wrap", "sorted") and p.used is None:
            return
        self.keep(finding(p.place, row.step, row.sure, why, row.remedy, row.fix))

    def other_file(self, p):
        return f" of {p.used.source.path}" if p.used.source is not p.place.source else ""

    # ---- seeds ----

    def judge_stream(self, stream):
        draws = [e for e in self.events if e.kind == "draw" and e.stream == stream and e.phase < NEVER and self.counts_as_draw(e)]
        seeds = [e for e in self.events if e.kind == "seed" and e.stream == stream]
        reached = [e for e in seeds if e.phase == MAIN]
        if not draws:
            return
        if stream == "tensorflow" and self.unseeded_keras():
            return
        name, statement, module = SEEDED_BY[stream]
        remedy = statement.format(module) + ", behind the imports"
        if not seeds:
            self.unseeded(stream, draws, name, remedy)
        elif not reached:
            self.keep(finding(seeds[0].place, "seeds", OPEN, f"nothing was seen to call this, and it alone seeds {name}",
                              "a call before the first draw"))
        elif all(e.when for e in reached):
            if not all(self.is_seeded_in_its_branch(draw, reached) for draw in draws):
                self.seeded_maybe(reached, name, remedy, stream)
        else:
            self.seeded_late(draws, reached, name, remedy, stream)

    def unseeded_keras(self):
        """Whose remedy seeds TensorFlow, too."""
        kinds = {e.kind for e in self.events if e.stream == "keras" and e.phase < NEVER}
        return "draw" in kinds and "seed" not in kinds and self.uses("train")

    def counts_as_draw(self, event):
        """Weights that are not trained are loaded: how they began is of no matter."""
        return event.detail != "init" or self.uses("train")

    def unseeded(self, stream, draws, name, remedy):
        first = next((e for e in draws if not e.when), draws[0])
        places = len({(e.place.source.path, e.place.node.lineno) for e in draws})
        notes = [f"{places - 1} more places draw from it"] * (places > 1) + \
            [f"in {self.main.source.path}"] * (first.place.source is not self.main.source)
        more = f" ({'; '.join(notes)})" if notes else ""
        sure = OPEN if not self.uses("train") else LIKELY if first.when or self.unfollowed_seeds() else SURE
        if stream == "keras" and any(e.kind == "seed" and e.stream == "tensorflow" for e in self.events):
            name, sure = "Keras's generator (of Keras 3, which tf.random.set_seed does not reach)", max(sure, LIKELY, key=RANK.index)
        self.keep(finding(first.place, KINDS[first.detail], sure, f"it draws from {name}, which nothing seeds{more}", remedy,
                          ("top", stream)))

    def unfollowed_seeds(self):
        return any("import *" in what for what, _, _ in self.unfollowed)

    def is_seeded_in_its_branch(self, draw, seeds):
        """Whether it is drawn only where one of these was run before."""
        before = self.events[:self.events.index(draw)]
        return any(seed in before and all(branch in draw.when for branch in seed.when) for seed in seeds)

    def seeded_maybe(self, seeds, name, remedy, stream):
        """In branches alone."""
        def opposite(a, b):
            return any(x[0] == y[0] and x[1] == y[1] and x[2] != y[2] for x in a.when for y in b.when
                       if isinstance(x, tuple) and isinstance(y, tuple))
        if any(opposite(a, b) for a in seeds for b in seeds):
            return
        why = [w for e in seeds for w in e.when if isinstance(w, tuple)]
        default = next((w for w in why if w[0] == "default"), None)
        if default is not None and default[3] is not None:
            self.keep(finding(seeds[0].place, "seeds", SURE, f"it seeds only if {default[3]} is given, which it is not by "
                              f"default ({name})", f"a default for {default[3]}, e.g. 1"))
        elif default is None:
            text = next((w[3] for w in why), "what was before it")
            self.keep(finding(seeds[0].place, "seeds", OPEN, f"it seeds only if {text} ({name})", remedy))

    def seeded_late(self, draws, seeds, name, remedy, stream):
        seed = next(e for e in seeds if not e.when)
        drawn = {id(e) for e in draws if not e.late} - self.seeds_drawn
        before = [e for e in self.events[:self.events.index(seeds[0])] if id(e) in drawn]
        if not before:
            return
        first = before[0]
        self.keep(finding(first.place, KINDS[first.detail], SURE if not first.when else LIKELY,
                          f"it draws from {name} before {seed.place.source.at(seed.place.node.lineno)} seeds it",
                          remedy, ("top", stream)))

    # ---- GPUs ----

    def judge_gpu(self):
        if not (self.uses("cuda") and self.uses("torch") and self.uses("train")) or self.uses("deterministic"):
            return
        place = self.flags["cuda"]
        if not self.uses("cudnn"):
            self.keep(finding(place, "network", LIKELY, "on a GPU convolutions and sums of gradients may have other bits in each run",
                              "torch.use_deterministic_algorithms(True), and CUBLAS_WORKSPACE_CONFIG=:4096:8 before the command"))
        else:
            self.keep(finding(place, "network", OPEN, "cudnn.deterministic reaches cuDNN alone: other sums on a GPU may have other bits",
                              "torch.use_deterministic_algorithms(True)"))
