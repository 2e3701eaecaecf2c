# walk.py - follows a program from its first line, without running it
# SPDX-License-Identifier: Apache-2.0
"""Values are what values.py can say of them.  A branch whose condition is known is taken; otherwise both are walked and
what they set is merged.  Calls of the program's own functions are walked with their arguments, loops once."""
from __future__ import annotations

import ast, builtins, operator, os, re, sys
from typing import NamedTuple

from . import tables
from .calls import HYPER, LATER, MAIN, NEVER, OFF, Calls
from .source import find_module
from .values import (UNKNOWN, Choice, Class, Const, Chance, Data, Dict, Func, Items, Key, Lib, Method, Module, Obj, Parser, Scope,
                     Set, Super, Unordered, either, first, options)

MOST_STEPS, MOST_DEPTH = 100_000, 40
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
             ast.Mod: operator.mod, ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le,
             ast.Gt: operator.gt, ast.GtE: operator.ge, ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
             ast.Is: operator.is_, ast.IsNot: operator.is_not}
BUILTINS = set(dir(builtins))
# Classes that call nothing of those that come from them but these methods and what has underscores.
QUIET_BASES = {"builtins.object", "abc.ABC", "torch.nn.Module", "torch.utils.data.Dataset", "torch.utils.data.IterableDataset",
               "mindspore.nn.Cell", "keras.layers.Layer"}
CALLED_BY_BASES = {"forward", "construct", "call", "build"}


class Place(NamedTuple):
    source: object
    node: ast.AST


class Event(NamedTuple):
    """Something that happened at a place.  when: under which conditions nobody can decide."""
    kind: str
    stream: str
    place: Place
    when: tuple
    phase: int
    detail: object = None
    late: bool = False


class Frame:
    def __init__(self, module, scope, node):
        self.module, self.scope, self.node = module, scope, node
        self.returned, self.ended, self.loops = [], False, []


class Walker(Calls):
    def __init__(self, files, root):
        self.files, self.root = files, root
        self.modules, self.frames, self.steps = {}, [], 0
        self.events, self.pending, self.found, self.flags = [], [], {}, {}
        self.when, self.phase = (), 0
        self.defined, self.counts, self.results, self.instances = {}, {}, {}, {}
        self.unfollowed, self.stars, self.seeds_drawn, self.seeded_streams = {}, [], set(), set()
        self.libraries, self.dropped, self.given = set(), None, frozenset()
        self.silent, self.drawing, self.augmenting, self.cuts = 0, set(), set(), {}
        self.trained, self.keys_used, self.again, self.sides = 0, 0, None, ()
        self.remains = {}  # of an if one of whose branches leaves: the side on which what follows is

    # ---- the program ----

    def run(self, source):
        """The whole of it: from the first line, then what was never called."""
        self.main = self.module_of(source)
        self.enter(self.main)
        for phase in (LATER, NEVER):
            self.rest(phase)

    def rest(self, phase):
        """Functions that nothing called: methods of instances that exist are a framework's to call (may_be_called); of others
        who knows."""
        done = 0
        while done < len(self.defined):
            for func, owner in list(self.defined.values())[done:]:
                done += 1
                self.walk_uncalled(func, owner, phase)

    def walk_uncalled(self, func, owner, phase):
        me = self.instances.get(owner)
        if id(func.node) in self.counts or (phase == LATER and (me is None or not self.may_be_called(func, owner))):
            return
        if phase == NEVER and id(func.node) in self.files.visited:
            return
        self.files.visited.add(id(func.node))
        self.phase, self.sides = phase, (("begins in", id(func.node)),)
        self.frames.append(Frame(func.module, func.module.scope, func.module.source.tree))
        if owner is not None and me is None:
            me = self.make(owner, [], {}, True)
        self.call_func(func if me is None else func.bound(me), [], {}, True)
        self.frames.pop()
        self.phase, self.sides = MAIN, ()

    def may_be_called(self, func, owner):
        """Not so a method that the program nowhere names, of a class whose bases call but what is theirs."""
        name = func.node.name
        if name.startswith("__") or name in CALLED_BY_BASES or any(name in m.source.mentioned for m in self.modules.values()):
            return True
        return not all(isinstance(b, Class) for b in owner.bases if not isinstance(b, Lib)) or \
            any(tables.one_name(p) not in QUIET_BASES for p in owner.library())

    def flag(self, flag, node):
        self.flags.setdefault(flag, self.place(node))
        self.trained += flag == "train"

    def uses(self, flag):
        return flag in self.flags

    @property
    def frame(self):
        return self.frames[-1]

    def module_of(self, source):
        return self.modules.setdefault(source.path, Module(source))

    def enter(self, module):
        """Walks a file at its first import."""
        if module.walked or len(self.frames) > MOST_DEPTH:
            return
        module.walked = True
        name = "__main__" if module is getattr(self, "main", None) else os.path.basename(module.source.path)[:-3]
        module.scope.names.update({"__name__": Const(name), "__file__": Lib("?.file")})
        self.frames.append(Frame(module, module.scope, module.source.tree))
        self.block(module.source.tree.body)
        self.frames.pop()

    def place(self, node):
        return Place(self.frame.module.source, node)

    def add(self, kind, stream, node, detail=None, late=False):
        event = Event(kind, stream, self.place(node), self.when, self.phase, detail, late)
        self.events.append(event)
        if kind == "seed":
            self.seeded_streams.add(stream)
        return event

    def not_followed(self, what, node):
        self.unfollowed.setdefault((what, self.frame.module.source.path, node.lineno), self.place(node))

    # ---- names ----

    def lookup(self, name):
        found = self.frame.scope.get(name)
        if found is None:
            found = self.frame.module.scope.names.get(name)
        if found is None:
            found = next((Lib(f"{s}.{name}") for s in self.stars if tables.known(f"{s}.{name}")), None)
        if found is None:
            found = Lib(f"builtins.{name}") if name in BUILTINS else Lib(f"?.{name}")
        return found

    def assign(self, target, value):
        if isinstance(target, ast.Name):
            scope = self.frame.scope
            if target.id in scope.globals:
                scope = self.frame.module.scope
            scope.names[target.id] = value
            for loop in self.frame.loops:
                loop.add(target.id)
        elif isinstance(target, ast.Attribute):
            self.assign_attribute(target, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self.unpack(target.elts, value)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, UNKNOWN)
        elif isinstance(target, ast.Subscript):
            self.assign_item(target, value)

    def assign_attribute(self, target, value):
        self.see_hyper_set(target.attr, value, target)
        for owner in options(self.eval(target.value)):
            if isinstance(owner, Obj):
                old = owner.attributes.get(target.attr)
                owner.attributes[target.attr] = either(old, value) if self.when and old is not None else value
            elif isinstance(owner, Class):
                owner.scope.names[target.attr] = value
            elif isinstance(owner, Module):
                owner.scope.names[target.attr] = value
            elif isinstance(owner, Lib):
                self.see(f"{owner.path}.{target.attr}=", target, [value], {}, False)

    def assign_item(self, target, value):
        owner, key = self.eval(target.value), self.eval(target.slice)
        name = key.value if isinstance(key, Const) else None
        self.see_hyper_set(name, value, target)
        if isinstance(owner, Lib):
            self.see(f"{owner.path}=", target, [key, value], {}, False)
        elif isinstance(owner, Dict):
            self.set_in_dict(owner, name, value)

    def set_in_dict(self, owner, name, value):
        if not isinstance(name, (str, int)):
            owner.open = True
            return
        old = owner.items.get(name)
        owner.items[name] = either(old, value) if self.when and old is not None else value

    def see_hyper_set(self, name, value, node):
        """opt.lr = ..., group["lr"] = ..."""
        if isinstance(name, str) and name in HYPER and first(value, Chance) is not None:
            self.pend(tables.HYPER_ROW, None, self.place(node), chance=first(value, Chance))

    def unpack(self, targets, value):
        items = first(value, Items)
        if items is not None and len(items.items) == len(targets) and not any(isinstance(t, ast.Starred) for t in targets):
            values = items.items
        elif first(value, Key) is not None:
            values = [Key() for _ in targets]
        else:
            values = [Chance(c.what) if (c := first(value, Chance)) is not None else UNKNOWN] * len(targets)
        for target, v in zip(targets, values):
            self.assign(target, v)

    # ---- statements ----

    def block(self, statements):
        """Behind a return that is surely reached nothing is, unless an option says otherwise."""
        outer = self.sides
        for i, s in enumerate(statements):
            self.statement(s)
            if self.frame.ended:
                rest = statements[i + 1:]
                if rest:
                    self.branch(rest, ("return", id(s), None, "nothing returns before"))
                break
            if id(s) in self.remains:
                self.sides = (*self.sides, (id(s), self.remains.pop(id(s))))
        self.sides = outer

    def statement(self, s):
        self.steps += 1
        if self.steps > MOST_STEPS:
            if self.steps == MOST_STEPS + 1:
                self.not_followed("the program is too long to follow whole", s)
            return
        method = getattr(self, "do_" + type(s).__name__, None)
        if method is not None:
            method(s)
        else:
            self.do_children(s)

    def do_children(self, node):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                self.statement(child)
            elif isinstance(child, ast.expr):
                self.eval(child)
            else:
                self.do_children(child)

    def do_Expr(self, s):
        self.dropped = s.value
        self.eval(s.value)

    def do_Assign(self, s):
        value = self.eval(s.value)
        for target in s.targets:
            self.assign(target, value)

    def do_AnnAssign(self, s):
        if s.value is not None:
            self.assign(s.target, self.eval(s.value))

    def do_AugAssign(self, s):
        value = self.combine(s.op, self.eval(s.target), self.eval(s.value))
        if self.in_unordered() is not None and isinstance(s.value, (ast.List, ast.ListComp)):
            self.gather(s.target)
        else:
            self.assign(s.target, value)

    def do_Delete(self, s):
        pass

    def do_Global(self, s):
        self.frame.scope.globals.update(s.names)

    def do_Return(self, s):
        self.frame.returned.append(self.eval(s.value) if s.value is not None else Const(None))
        self.frame.ended = self.frame.ended or not self.frame.scope.branch

    def do_Raise(self, s):
        """In a message no order matters."""
        self.silent += 1
        self.do_children(s)
        self.silent -= 1

    do_Assert = do_Raise

    def do_FunctionDef(self, s):
        for d in s.decorator_list:
            self.eval(d)
        defaults = [self.eval(d) for d in s.args.defaults], [d and self.eval(d) for d in s.args.kw_defaults]
        func = Func(s, self.frame.scope, self.frame.module, defaults, options=self.options_of(s.decorator_list))
        self.frame.scope.names[s.name] = func
        self.defined.setdefault(id(s), (func, None))

    do_AsyncFunctionDef = do_FunctionDef

    def options_of(self, decorators):
        """@click.option("--seed", default=None): the parameter seed."""
        found = {}
        for d in decorators:
            if isinstance(d, ast.Call) and getattr(self.eval(d.func), "path", "") == "click.option" and d.args:
                name = getattr(d.args[0], "value", "")
                default = next((self.eval(k.value) for k in d.keywords if k.arg == "default"), Const(None))
                needed = any(k.arg in ("required", "is_flag", "multiple", "prompt") for k in d.keywords)
                if isinstance(name, str) and isinstance(default, Const) and not needed:
                    found[name.lstrip("-").replace("-", "_")] = Const(default.value, name)
        return found

    def do_ClassDef(self, s):
        bases = [o for b in s.bases for o in options(self.eval(b))]
        for k in s.keywords:
            self.eval(k.value)
        outer = self.frame.scope
        own = Scope(outer)
        kind = Class(s, self.frame.module, bases, own)
        outer.names[s.name] = kind
        self.frame.scope = own
        self.block(s.body)
        self.frame.scope = outer
        for name, value in own.names.items():
            if isinstance(value, Func) and value.node in s.body:
                value.scope = outer
                self.defined[id(value.node)] = (value, kind)

    def branch(self, statements, why):
        """Statements that may not be run: what they set, in a scope of its own.  Where an option is given for them to be
        run, its default is not its value there."""
        outer, when, ended = self.frame.scope, self.when, self.frame.ended
        given, phase = self.given, self.phase
        if why[0] == "default" and why[3] is not None:
            self.given = given | {why[3]}
        elif why[0] == "default":
            self.phase = OFF
        scope = self.frame.scope = Scope(outer, True)
        scope.globals = outer.globals
        self.when = (*when, why)
        self.on_side(why[1], why[2], statements)
        scope.left = any(isinstance(s, (ast.Return, ast.Raise, ast.Continue, ast.Break)) for s in statements)
        self.frame.scope, self.when, self.frame.ended = outer, when, ended
        self.given, self.phase = given, phase
        return scope

    def do_If(self, s):
        test = self.eval(s.test)
        known, arg = self.truth(test)
        if self.frame.loops and any(isinstance(n, (ast.Break, ast.Return)) for n in s.body):
            self.frame.loops[-1].end = self.frame.loops[-1].end or self.end_by_chance(test, s.test)
        if known is None:
            text = self.frame.module.source.segment(s.test, 40)
            yes, no = self.branch(s.body, ("if", id(s), True, text)), self.branch(s.orelse, ("if", id(s), False, text))
            self.frame.scope.merge([b for b in (yes, no) if not b.left] or [yes, no])
            if yes.left != no.left:
                self.remains[id(s)] = no.left
            return
        taken, other = (s.body, s.orelse) if known else (s.orelse, s.body)
        self.branch(other, ("default", id(s), not known, arg))
        self.on_side(id(s), known, taken)

    def on_side(self, condition, side, statements):
        """`sides`: what holds here, known or not; statements on two sides of a condition are not both run."""
        outer = self.sides
        self.sides = (*outer, (condition, side))
        self.block(statements)
        self.sides = outer

    def do_For(self, s):
        source = self.eval(s.iter)
        self.iterates(source, s.iter)
        self.assign(s.target, self.element(source, s.iter))
        counted = isinstance(s.iter, ast.Call) and isinstance(s.iter.func, ast.Name) and s.iter.func.id == "enumerate"
        loose = self.as_unordered(source, s.iter)
        if loose is not None and _sorts_folders(s):
            self.assign(s.target.elts[2], loose)
            loose = None
        if loose is not None:
            self.numbered(loose, s, s.target.elts[0] if counted and isinstance(s.target, ast.Tuple) else None)
        self.loop(s, LoopNames(loose, _by_epochs(s.target) or _by_epochs(s.iter)), lambda: self.assign(s.target, self.element(source, s.iter)))

    do_AsyncFor = do_For

    def numbered(self, loose, loop, index):
        """A number by chance, where it is kept: of enumerate, of what is counted up, the length of what is filled."""
        nodes = [n for s in loop.body for n in ast.walk(s)]
        counters = {getattr(index, "id", None)} | {n.target.id for n in nodes if isinstance(n, ast.AugAssign) and
                                                   isinstance(n.target, ast.Name) and isinstance(n.value, ast.Constant)}
        def counts(node, filled=None):
            return any((isinstance(n, ast.Name) and n.id in counters) or
                       (isinstance(n, ast.Call) and getattr(n.func, "id", "") == "len" and filled is not None and n.args and
                        ast.dump(n.args[0]) == ast.dump(filled)) for n in ast.walk(node))
        def keeps(n):
            if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Subscript):
                return counts(n.value, n.targets[0].value)
            return (isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in ("append", "setdefault") and
                    any(counts(a, n.func.value) for a in n.args))
        if any(map(keeps, nodes)):
            self.sink(loose, loop)

    def do_While(self, s):
        names = LoopNames(None, _by_epochs(s.test))
        names.end = self.end_by_chance(self.eval(s.test), s.test)
        self.loop(s, names, lambda: None)

    def end_by_chance(self, test, node):
        chance = first(test, Chance)
        return (chance, self.place(node)) if chance is not None and chance.draw is None else None

    def loop(self, s, names, turn):
        """The body, once; a second time where it uses keys of JAX, which no turn may share."""
        used, trained = self.keys_used, self.trained
        self.frame.loops.append(names)
        self.block_in_loop(s.body)
        if self.keys_used != used and self.again is None and not any(isinstance(n, (ast.Break, ast.Return)) for n in s.body):
            turn()
            self.repeat(lambda: self.block_in_loop(s.body))
        self.frame.loops.pop()
        if names.end is not None and self.trained != trained:
            self.pend(tables.ENDS_BY_CHANCE, None, names.end[1], chance=names.end[0])
        if names.loose is not None and self.trained != trained:
            self.sink(names.loose, s)
        self.block_in_loop(s.orelse)

    def repeat(self, turn):
        again, self.again = self.again, self.when
        turn()
        self.again = again

    def block_in_loop(self, statements):
        """A return there ends the function only if it is reached."""
        ended = self.frame.ended
        self.block(statements)
        self.frame.ended = ended

    def do_Try(self, s):
        self.block_in_loop(s.body)
        kept = [self.branch(h.body, ("except", id(h), True, "an error")) for h in s.handlers]
        for scope in kept:
            for name, value in scope.names.items():
                self.frame.scope.names[name] = either(self.frame.scope.get(name) or value, value)
        self.block_in_loop(s.orelse)
        self.block_in_loop(s.finalbody)

    do_TryStar = do_Try

    def do_With(self, s):
        for item in s.items:
            value = self.eval(item.context_expr)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, value)
        self.block(s.body)

    do_AsyncWith = do_With

    def do_Import(self, s):
        for alias in s.names:
            module = self.imported(alias.name, 0)
            if module is None:
                self.libraries.add(alias.name.split(".")[0])
            if alias.asname:
                self.frame.scope.names[alias.asname] = module or Lib(alias.name)
            else:
                head = alias.name.split(".")[0]
                self.frame.scope.names[head] = (self.imported(head, 0) if module else None) or Lib(head)

    def do_ImportFrom(self, s):
        name = s.module or ""
        module = self.imported(name, s.level)
        if module is None:
            self.libraries.add(name.split(".")[0])
        for alias in s.names:
            if alias.name == "*":
                self.import_all(module, name, s)
                continue
            value = module.scope.names.get(alias.name) if module is not None else None
            if value is None:
                value = self.imported(f"{name}.{alias.name}" if name else alias.name, s.level)
            self.frame.scope.names[alias.asname or alias.name] = value or Lib(f"{name}.{alias.name}")

    def import_all(self, module, name, s):
        if module is not None:
            self.frame.scope.names.update(module.scope.names)
        else:
            self.stars.append(name)
            self.not_followed(f"from {name} import *", s)

    def imported(self, name, level):
        """The module of the program that this name means; None: a library's."""
        here = os.path.dirname(self.frame.module.source.path) or "."
        if level == 0:
            path = self.absolute(name, here)
        else:
            here = os.path.join(here, *[os.pardir] * (level - 1))
            path = find_module(name, here, here)
        source = self.files.source(path) if path is not None else None
        if source is None:
            return None
        module = self.module_of(source)
        self.enter(module)
        return module

    def absolute(self, name, here):
        """From the folder of the program, as Python looks; else beside the file, for scripts that change sys.path."""
        start = os.path.dirname(self.main.source.path) or "."
        path = find_module(name, start, self.root) if name else None
        if path is None and name and name.split(".")[0] not in getattr(sys, "stdlib_module_names", ()):
            path = find_module(name, here, here)
        return path

    # ---- expressions ----

    def eval(self, node):
        method = getattr(self, "of_" + type(node).__name__, None)
        if method is None:
            self.do_children(node)
            return UNKNOWN
        value = method(node)
        return UNKNOWN if self.given and isinstance(value, Const) and value.arg in self.given else value

    def of_Constant(self, node):
        if isinstance(node.value, str) and re.match(r"(cuda|gpu)(:\d+)?$", node.value):
            self.flag("cuda", node)
        return Const(node.value)

    def of_Name(self, node):
        return self.lookup(node.id)

    def of_Attribute(self, node):
        return either(*(self.attribute(o, node.attr) for o in options(self.eval(node.value))))

    def attribute(self, owner, name):
        if isinstance(owner, Obj):
            return self.attribute_of(owner, name)
        if isinstance(owner, Module):
            return owner.scope.names.get(name) or self.submodule(owner, name)
        if isinstance(owner, Class):
            found = owner.find(name)
            return found if found is not None else Lib(f"{(owner.library() or ['?'])[0]}.{name}")
        if isinstance(owner, Dict) and name in ("get", "update", "setdefault", "pop"):
            return Method(f"builtins.dict().{name}", owner)
        if isinstance(owner, Data):
            return Method(tables.one_name(f"{owner.path}.{name}"), owner)
        if isinstance(owner, Parser):
            return Method(f"argparse.ArgumentParser().{name}", owner)
        if isinstance(owner, Super):
            return self.attribute_of_super(owner, name)
        if isinstance(owner, Lib):
            return Lib(tables.one_name(f"{owner.path}.{name}") if owner.path[0] != "?" else f"?.{name}")
        if isinstance(owner, (Chance, Unordered)):
            return owner if isinstance(owner, Chance) or name in ("copy", "values", "items", "keys", "T") else Lib(f"?.{name}")
        if isinstance(owner, Set):
            if name == "pop":
                return Method("builtins.set().pop", owner)
            return owner if name in ("union", "intersection", "difference", "copy", "symmetric_difference") else Lib(f"?.{name}")
        return Lib(f"?.{name}")

    def attribute_of(self, owner, name):
        if name in owner.attributes:
            return owner.attributes[name]
        found = owner.kind.find(name) if owner.kind is not None else None
        if isinstance(found, Func):
            return found.bound(owner)
        if found is not None:
            return found
        bases = owner.kind.library() if owner.kind is not None else []
        return Lib(f"{bases[0]}().{name}" if bases else f"?.{name}")

    def attribute_of_super(self, owner, name):
        for base in owner.kind.bases:
            found = base.find(name) if isinstance(base, Class) else Lib(f"{base.path}().{name}") if isinstance(base, Lib) else None
            if found is not None:
                return found.bound(owner.me) if isinstance(found, Func) else found
        return Lib(f"?.{name}")

    def submodule(self, module, name):
        path = find_module(name, os.path.dirname(module.source.path) or ".", os.path.dirname(module.source.path) or ".")
        source = self.files.source(path) if path is not None else None
        if source is None:
            return Lib(f"?.{name}")
        found = self.module_of(source)
        self.enter(found)
        return found

    def of_Call(self, node):
        self.steps += 1
        return self.call(node)

    def of_BinOp(self, node):
        return self.combine(node.op, self.eval(node.left), self.eval(node.right))

    def combine(self, op, a, b):
        for value in (a, b):
            if first(value, Chance) is not None:
                return first(value, Chance)
        if isinstance(a, Set) or isinstance(b, Set):
            return a if isinstance(a, Set) else b
        for value in (a, b):
            if first(value, Unordered) is not None:
                return first(value, Unordered)
        if isinstance(a, Lib) and a.path == "pathlib.Path()":
            return a
        return self.computed(type(op), a, b)

    def computed(self, op, a, b):
        """Of two small constants."""
        if not (isinstance(a, Const) and isinstance(b, Const) and op in OPERATORS):
            return UNKNOWN
        arg = a.arg or b.arg
        try:
            if op in (ast.Mult, ast.Add, ast.Mod) and not all(isinstance(v.value, (int, float)) for v in (a, b)):
                return UNKNOWN
            value = OPERATORS[op](a.value, b.value)
        except (TypeError, ValueError, ArithmeticError):
            return UNKNOWN
        return Const(value, arg) if not isinstance(value, int) or abs(value) < 1 << 64 else UNKNOWN

    def of_UnaryOp(self, node):
        value = self.eval(node.operand)
        known, arg = self.truth(value)
        if isinstance(node.op, ast.Not):
            return Const(not known, arg) if known is not None else UNKNOWN
        if isinstance(node.op, ast.USub) and isinstance(value, Const) and isinstance(value.value, (int, float)):
            return Const(-value.value, value.arg)
        return value if isinstance(value, Chance) else UNKNOWN

    def of_Compare(self, node):
        a = self.eval(node.left)
        others = [self.eval(c) for c in node.comparators]
        if len(others) > 1:
            return UNKNOWN
        op, b = type(node.ops[0]), others[0]
        chance = first(a, Chance) or first(b, Chance)
        if chance is not None and op not in (ast.Is, ast.IsNot, ast.In, ast.NotIn):
            return chance
        if op in (ast.Is, ast.IsNot) and isinstance(b, Const) and b.value is None:
            return self.compared_with_none(op, a)
        return self.computed(op, a, b)

    def compared_with_none(self, op, a):
        if isinstance(a, Const):
            return Const((a.value is None) == (op is ast.Is), a.arg)
        if isinstance(a, (Chance, Obj, Func, Class, Items, Dict, Set, Unordered, Key)):
            return Const(op is not ast.Is)
        return UNKNOWN

    def truth(self, value):
        """(True, False or None, the option that it is only the default of)."""
        if isinstance(value, Const):
            return bool(value.value), value.arg
        if isinstance(value, (Func, Class, Module, Obj)):
            return True, None
        return None, None

    def of_BoolOp(self, node):
        """What it may be: the first that decides, or one of those up to it."""
        ends, kept, arg = isinstance(node.op, ast.Or), [], None
        for v in node.values:
            value = self.eval(v)
            known, named = self.truth(value)
            arg = arg or named
            if known is ends:
                return either(*kept, value)
            if known is None or v is node.values[-1]:
                kept.append(value)
        if len(kept) == 1 and isinstance(kept[0], Const):
            return Const(kept[0].value, arg)
        return either(*kept)

    def of_IfExp(self, node):
        known, _ = self.truth(self.eval(node.test))
        yes, no = self.eval(node.body), self.eval(node.orelse)
        return either(yes, no) if known is None else yes if known else no

    def of_NamedExpr(self, node):
        value = self.eval(node.value)
        self.assign(node.target, value)
        return value

    def of_Starred(self, node):
        return self.eval(node.value)

    def of_Await(self, node):
        return self.eval(node.value)

    def of_Lambda(self, node):
        defaults = [self.eval(d) for d in node.args.defaults], [d and self.eval(d) for d in node.args.kw_defaults]
        func = Func(node, self.frame.scope, self.frame.module, defaults)
        self.defined.setdefault(id(node), (func, None))
        return func

    def of_Tuple(self, node):
        return Items([self.eval(e) for e in node.elts])

    of_List = of_Tuple

    def of_Dict(self, node):
        found = Dict({})
        for key, value in zip(node.keys, node.values):
            name, value = self.eval(key) if key is not None else None, self.eval(value)
            if isinstance(name, Const):
                found.items[name.value] = value
            elif key is None and isinstance(value, Dict):
                found.items.update(value.items)
                found.open |= value.open
            else:
                found.open = True
        return found

    def of_Set(self, node):
        values = [self.eval(e) for e in node.elts]
        if all(isinstance(v, Const) and isinstance(v.value, (int, float)) for v in values):
            return UNKNOWN
        return Set(self.place(node))

    def of_Slice(self, node):
        self.do_children(node)
        return Const(slice(None))

    def of_Subscript(self, node):
        value, index = self.eval(node.value), self.eval(node.slice)
        loose = first(value, Unordered)
        if loose is not None and isinstance(node.ctx, ast.Load):
            self.sink(loose, node)
            return loose if isinstance(node.slice, ast.Slice) else UNKNOWN
        if first(index, Unordered) is not None:
            self.sink(first(index, Unordered), node)
        if isinstance(value, Chance):
            return value
        if isinstance(value, Dict) and isinstance(index, Const) and isinstance(index.value, (str, int)):
            return value.items.get(index.value, UNKNOWN)
        items = first(value, Items)
        if items is not None and isinstance(index, Const) and isinstance(index.value, int) and \
                -len(items.items) <= index.value < len(items.items):
            return items.items[index.value]
        if first(value, Key) is not None:
            return Key()
        return Lib(f"{value.path}[]") if isinstance(value, Lib) and value.path[0] != "?" and value.path[-1] != "]" else UNKNOWN

    def of_JoinedStr(self, node):
        chance = None
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                chance = first(self.eval(part.value), Chance) or chance
        return chance or UNKNOWN

    def of_Yield(self, node):
        if node.value is not None:
            value = self.eval(node.value)
            loose = self.in_unordered()
            self.frame.returned.append(loose if loose is not None else value if first(value, Unordered) else UNKNOWN)
        return UNKNOWN

    def of_YieldFrom(self, node):
        self.frame.returned.append(self.eval(node.value))
        return UNKNOWN

    # ---- comprehensions ----

    def comprehension(self, node, *parts):
        """What the parts are, and the order of what they run over."""
        outer = self.frame.scope
        self.frame.scope = Scope(outer, True)
        loose = None
        for g in node.generators:
            source = self.eval(g.iter)
            loose = self.as_unordered(source, g.iter) or loose
            self.assign(g.target, self.element(source, g.iter))
            for test in g.ifs:
                self.eval(test)
        used = self.keys_used
        values = [self.eval(p) for p in parts]
        if self.keys_used != used and self.again is None:
            for g in node.generators:
                self.assign(g.target, self.element(self.eval(g.iter), g.iter))
            self.repeat(lambda: [self.eval(p) for p in parts])
        self.frame.scope = outer
        return loose, values

    def of_ListComp(self, node):
        loose, values = self.comprehension(node, node.elt)
        return loose or first(values[0], Chance) or UNKNOWN

    of_GeneratorExp = of_ListComp

    def of_SetComp(self, node):
        self.comprehension(node, node.elt)
        return UNKNOWN if _numeric(node.elt) else Set(self.place(node))

    def of_DictComp(self, node):
        loose, _ = self.comprehension(node, node.key, node.value)
        counted = any(isinstance(n, ast.Call) and getattr(n.func, "id", None) == "enumerate" for g in node.generators
                      for n in ast.walk(g.iter))
        if loose is not None and counted:
            self.sink(loose, node)
        return UNKNOWN

    def element(self, source, node):
        items = first(source, Items)
        if first(source, Key) is not None or (items is not None and any(isinstance(i, Key) for i in items.items)):
            return Key()
        return either(*items.items) if items is not None and items.items else UNKNOWN

    # ---- order by chance ----

    def as_unordered(self, value, node):
        """A set that is run over is a sequence in an order by chance."""
        for o in options(value):
            if isinstance(o, Unordered):
                return o
            if isinstance(o, Set):
                return Unordered(o.origin, tables.SET_ORDER)
        return None

    def in_unordered(self):
        return next((loop.loose for loop in reversed(self.frame.loops) if loop.loose is not None), None)

    def gather(self, target):
        """A list that a loop in an order by chance fills has that order, unless it began in the loop."""
        loose = self.in_unordered()
        own = isinstance(target, ast.Name) and any(target.id in loop for loop in self.frame.loops if loop.loose is not None)
        if loose is not None and not own and isinstance(target, (ast.Name, ast.Attribute)):
            if isinstance(target, ast.Name) and self.frame.scope.branch and not any(
                    target.id in s.names for s in self.scopes_here()):
                return
            self.set_where_it_is(target, loose)

    def scopes_here(self):
        scope = self.frame.scope
        while scope is not None:
            yield scope
            scope = scope.parent

    def set_where_it_is(self, target, value):
        """Of a list that is changed in place: the name where it was made has another value now."""
        if isinstance(target, ast.Name):
            scope = next((s for s in self.scopes_here() if target.id in s.names), self.frame.scope)
            scope.names[target.id] = value
        else:
            self.assign(target, value)

    def sink(self, loose, node):
        """The order matters here."""
        if not self.silent:
            self.pend(loose.row, None, loose.origin, used=self.place(node))


def _sorts_folders(loop):
    """Of os.walk, which goes as they are sorted: `dirs.sort()`, `dirs[:] = sorted(dirs)`."""
    if not isinstance(loop.target, ast.Tuple) or len(loop.target.elts) != 3:
        return False
    name = getattr(loop.target.elts[1], "id", None)
    is_it = lambda node: isinstance(node, ast.Name) and node.id == name
    return any((isinstance(n, ast.Attribute) and n.attr == "sort" and is_it(n.value)) or
               (isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Subscript) and is_it(n.targets[0].value) and
                getattr(getattr(n.value, "func", None), "id", "") == "sorted")
               for s in loop.body for n in ast.walk(s))


def _by_epochs(node):
    return any(re.search(r"epoch|step|(^|_)iter(s|ation|ations)?($|_)", getattr(n, "id", None) or getattr(n, "attr", None) or "", re.I)
               for n in ast.walk(node))


def _numeric(node):
    """A number, by what is done to it."""
    return any((isinstance(n, ast.BinOp) and not isinstance(n.op, (ast.Add, ast.Mod))) or
               (isinstance(n, ast.Call) and getattr(n.func, "id", "") in ("int", "len", "ord", "float", "round", "abs")) or
               (isinstance(n, ast.Compare) and any(isinstance(c, ast.Constant) and isinstance(c.value, int) for c in n.comparators))
               for n in ast.walk(node))


class LoopNames(set):
    """The names that a loop's body has set so far; `loose`: what it runs over, if that has no order; `epochs`: whether it
    counts epochs or steps by the names it has; `end`: the chance that
    ends it, and the place."""
    def __init__(self, loose, epochs):
        super().__init__()
        self.loose, self.epochs, self.end = loose, epochs, None
