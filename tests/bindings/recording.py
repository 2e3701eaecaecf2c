# recording.py - what tests of verify --why share: a training in a process of its own, recorded or not, and what is compared
# SPDX-License-Identifier: Apache-2.0
import contextlib, json, os, subprocess, sys, tempfile, traceback
from multiprocessing import util


class Recordings:
    """Of trainings that give the bits they end with.  A process is forked from this one, which has imported the framework."""

    def __init__(self, diff, record):
        self.diff, self.record, self.folder, self.failed = diff, record, tempfile.mkdtemp(), False

    def run(self, name, train, *args, recorded=True, **kwargs):
        """The bits that it ends with."""
        out = os.path.join(self.folder, name)
        os.mkdir(out)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                if recorded:
                    self.record(out)
                with open(os.path.join(out, "bits"), "wb") as f:
                    f.write(train(*args, **kwargs))
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                with contextlib.suppress(Exception):
                    util._run_finalizers()
                sys.stderr.flush()
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0, f"{name} failed"
        with open(os.path.join(out, "bits"), "rb") as f:
            return f.read()

    def text(self, name, file):
        path = os.path.join(self.folder, name, file)
        if not os.path.exists(path):
            return ""
        with open(path) as f:
            return f.read()

    def unseen(self, name):
        return self.text(name, "0.unseen")

    def names(self, name):
        """Of each step."""
        return [list(json.loads(line)["tensors"]) for line in self.text(name, "0.ledger").splitlines()[1:]]

    def compared(self, a, b):
        done = subprocess.run([self.diff, "diff", *(os.path.join(self.folder, name, "0.ledger") for name in (a, b))],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, " ".join(done.stdout.split())

    def expect(self, what, good, seen=""):
        if not good:
            self.failed = True
            print(f"FAILED: {what}\n{seen}")
