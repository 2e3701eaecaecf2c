"""What detpipe diff says of two recordings of a training: what the tests of frameworks share."""
import json, os, subprocess


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
