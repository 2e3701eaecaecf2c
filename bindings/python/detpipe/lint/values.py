# values.py - what is known of a value without running anything
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations


class Value:
    """Of which nothing is known."""
    def __repr__(self):
        return type(self).__name__


UNKNOWN = Value()


class Const(Value):
    """A constant; `arg`: it is only the default of this option, e.g. --seed."""
    def __init__(self, value, arg=None):
        self.value, self.arg = value, arg


class Lib(Value):
    """Something of a library by its dotted name; "torch.Generator()" is what that call gives, "?.fit" the attribute of
    something unknown."""
    def __init__(self, path):
        self.path = path


class Chance(Value):
    """Another value in each run; `what`: in words; `draw`: the event that drew it, where one did."""
    def __init__(self, what, draw=None):
        self.what, self.draw = what, draw


class Set(Value):
    """A set, whose order changes with the hashes of its elements; `origin`: the place of the call or literal."""
    def __init__(self, origin):
        self.origin = origin


class Unordered(Value):
    """A sequence in an order by chance; `origin`: where it came from; `row`: of the tables, says why."""
    def __init__(self, origin, row):
        self.origin, self.row = origin, row


class Key(Value):
    """A key of JAX; `used`: where something was drawn with it, and what held there."""
    def __init__(self):
        self.used = []


class Items(Value):
    """A list or tuple whose elements are known."""
    def __init__(self, items):
        self.items = items


class Dict(Value):
    """A mapping whose keys are constants, as far as it was seen; `open`: it may have others."""
    def __init__(self, items, open=False):
        self.items, self.open = items, open


class Func(Value):
    """A function of the program, bound to `me` where it is a method; `options`: parameters that the command line gives."""
    def __init__(self, node, scope, module, defaults, me=None, options=()):
        self.node, self.scope, self.module, self.defaults, self.me = node, scope, module, defaults, me
        self.options = dict(options)

    def bound(self, me):
        return Func(self.node, self.scope, self.module, self.defaults, me, self.options)


class Class(Value):
    def __init__(self, node, module, bases, scope):
        self.node, self.module, self.bases, self.scope = node, module, bases, scope

    def line(self):
        """The class and those of the program that it comes from, each once, depth first."""
        seen, waiting = set(), [self]
        while waiting:
            kind = waiting.pop()
            if kind not in seen:
                seen.add(kind)
                yield kind
                waiting += [b for b in reversed(kind.bases) if isinstance(b, Class)]

    def find(self, name):
        """An attribute, of the class or of one of its bases; None."""
        return next((kind.scope.names[name] for kind in self.line() if name in kind.scope.names), None)

    def library(self):
        """The dotted names of the libraries' classes that it comes from."""
        return [b.path for kind in self.line() for b in kind.bases if isinstance(b, Lib)]


class Obj(Value):
    """An instance of a class of the program, or (None) a bag of attributes such as parsed arguments."""
    def __init__(self, kind=None):
        self.kind, self.attributes = kind, {}


class Method(Lib):
    """One of a library's object that is followed itself (an argument parser)."""
    def __init__(self, path, owner):
        super().__init__(path)
        self.owner = owner


class Data(Lib):
    """A data set of a library; `steps`: the calls that made it, the reader first; `root`: the reader's."""
    def __init__(self, path, library, steps, root=None):
        super().__init__(path)
        self.library, self.steps, self.root = library, steps, root or self


class Super(Value):
    """super() in a method of `kind`."""
    def __init__(self, kind, me):
        self.kind, self.me = kind, me


class Parser(Value):
    """argparse's, and the defaults of what it was told."""
    def __init__(self):
        self.parsed = Obj()


class Module(Value):
    """A file of the program that was read; `scope` is empty until it is walked."""
    def __init__(self, source):
        self.source, self.scope, self.walked = source, Scope(), False


class Choice(Value):
    """One of several, depending on what cannot be told."""
    def __init__(self, options):
        self.options = options


def options(value):
    return value.options if isinstance(value, Choice) else [value]


def either(*values):
    """Of which nobody knows which; at most four are kept."""
    kept = []
    for value in (o for v in values for o in options(v)):
        if not any(value is k or (isinstance(value, Lib) and isinstance(k, Lib) and value.path == k.path and
                                  getattr(value, "steps", None) is getattr(k, "steps", None)) or
                   (isinstance(value, Const) and isinstance(k, Const) and type(value.value) is type(k.value) and
                    value.value == k.value) for k in kept):
            kept.append(value)
    return kept[0] if len(kept) == 1 else Choice(kept[:4])


def first(value, kind):
    """The option of this kind; None."""
    return next((o for o in options(value) if isinstance(o, kind)), None)


class Scope:
    """Names of a function, a module or a branch; `parent`: where else to look."""
    def __init__(self, parent=None, branch=False):
        self.names, self.parent, self.branch, self.globals = {}, parent, branch, set()

    def get(self, name):
        scope = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def merge(self, branches):
        """Takes over what branches of this scope set, each of which may be the one that is run."""
        for name in {n for b in branches for n in b.names}:
            old = self.get(name)
            values = [b.names.get(name, old) for b in branches]
            self.names[name] = either(*(v for v in values if v is not None))
