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
    """Trainings, each with a fault in the second of two; run(train, whether it has its fault) gives what one ends with."""

    def __init__(self, detpipe, ledger, run=lambda train, other: train(other)):
        self.detpipe, self.ledger, self.run, self.folder = detpipe, ledger, run, tempfile.mkdtemp()
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

    def _check(self, i, first, words, how, train):
        name, plain = f"{i}.{train.__name__}", self.run(train, 0)
        for version, other in (("sound.1", 0), ("sound.2", 0), ("fault.2", 1)):
            out = self._recorded(f"{name}.{version}", how, train, other)
            assert other or out == plain, f"the hooks change {name}"
        os.link(os.path.join(self.folder, f"{name}.sound.1"), os.path.join(self.folder, f"{name}.fault.1"))
        differ(self.detpipe, self.folder, f"{name}.sound", None, "")
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
