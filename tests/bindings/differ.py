"""What detpipe diff says of two recordings of a training: what the tests of frameworks share."""
import json, os, subprocess, sys, tempfile


def differ(detpipe, folder, name, expected, sentence):
    """NAME.1 and NAME.2: the first difference is `expected`, explained by the sentence; None: there is none."""
    done = subprocess.run([detpipe, "diff", *(os.path.join(folder, f"{name}.{i}") for i in (1, 2))], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    text = " ".join(done.stdout.split())
    assert done.returncode == (1 if expected else 0), text
    assert expected is None or (f"first difference: {expected}" in text and sentence in text), f"{name}: {text}"


def names(path):
    """Of each step that a ledger has."""
    with open(path) as f:
        return [list(json.loads(line)["tensors"]) for line in f.readlines()[1:]]


class Forms:
    """Trainings, each with a fault in the second of two; run(train, whether it has its fault) gives what one ends with.  Those
    of one `family` are alike without it."""

    def __init__(self, detpipe, ledger, run=lambda train, other: train(other)):
        self.detpipe, self.ledger, self.run, self.folder = detpipe, ledger, run, tempfile.mkdtemp()
        self.sound = {}  # of each family
        self.all = []  # the first difference, words of what is said of it, how the ledger is made, the training

    def form(self, first, words, **how):
        def add(train):
            self.all.append((first, words, how, train))
            return train
        return add

    def _recorded(self, name, how, train, other):
        with self.ledger(os.path.join(self.folder, name), **how) as ledger:
            out = self.run(train, other)
        assert not any("failure" in what for what in ledger.unseen), ledger.unseen
        return out

    def _sound(self, name, how, train):
        plain = self.run(train, 0)
        for version in (1, 2):
            assert self._recorded(f"{name}.{version}", how, train, 0) == plain, f"the hooks change {name}"
        differ(self.detpipe, self.folder, name, None, "")
        return name

    def _check(self, i, first, words, how, train):
        name, family = f"{i}.{train.__name__}", (getattr(train, "family", i), str(how))
        if family not in self.sound:
            self.sound[family] = self._sound(f"{name}.sound", how, train)
        self._recorded(f"{name}.fault.2", how, train, 1)
        os.link(os.path.join(self.folder, f"{self.sound[family]}.1"), os.path.join(self.folder, f"{name}.fault.1"))
        differ(self.detpipe, self.folder, f"{name}.fault", first, words)

    def check(self, title, chosen):
        """All of them, or those that are chosen by name; ends the process."""
        failures = 0
        for i, one in enumerate(self.all):
            if chosen and one[3].__name__ not in chosen:
                continue
            try:
                self._check(i, *one)
            except AssertionError as e:
                failures += 1
                print("FAILED:", one[3].__name__, e)
        if failures == 0:
            print(f"{title}: all as it should be")
        sys.exit(failures > 0)
