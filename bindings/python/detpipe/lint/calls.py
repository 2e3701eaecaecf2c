# calls.py - what a call does, and what it gives
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ast, re
from typing import NamedTuple

from . import tables
from .streams import Streams
from .table import Call, by_chance
from .values import (UNKNOWN, Chance, Class, Const, Dict, Func, Items, Key, Lib, Method, Obj, Parser, Scope, Set, Super, Unordered,
                     either, first, options)

# In the program's course; in what a framework calls; in what nothing was seen to call; in what a constant switches off.
MAIN, LATER, NEVER, OFF = range(4)
MOST_DEPTH, MOST_CALLS = 40, 4

# What gives a value by chance if it is given one.
THROUGH = {"builtins." + n for n in ("int", "str", "abs", "round", "hash", "float", "bytes", "min", "max", "pow", "repr", "divmod", "int.from_bytes")} | \
    {"hashlib." + n for n in ("md5", "sha1", "sha256", "sha512", "blake2b", "new")} | \
    {"numpy." + n for n in ("int32", "uint32", "int64", "uint64", "abs", "mod", "frombuffer")} | \
    {"zlib.crc32", "zlib.adler32", "struct.unpack", "?.format"}
# What gives a function or model that does as the one that it got.
AS_IT_IS = {"jax.jit", "jax.pmap", "jax.checkpoint", "jax.remat", "flax.nnx.jit", "torch.compile", "torch.jit.script",
            "tensorflow.function", "mindspore.jit", "mindspore.ms_function"}
# A function that it gets is called in each turn of a loop.
TURNS = {"jax.lax.fori_loop", "jax.lax.scan", "jax.lax.while_loop", "jax.lax.map"}
# What gives its elements in the order that it got them in.
KEEPS_ORDER = {"builtins." + n for n in ("list", "tuple", "iter", "reversed", "enumerate", "zip", "map", "filter")} | \
    {"numpy.array", "numpy.asarray", "itertools.chain", "copy.copy", "copy.deepcopy"}
# Libraries to which the order of what they get matters, but for these calls.
ORDERED = {"torch", "torchvision", "tensorflow", "keras", "numpy", "sklearn", "pandas", "random", "mindspore", "datasets", "jax"}
FITS = (".fit", ".fit_transform", ".partial_fit")
UNORDERED_DO = {"numpy." + n for n in ("sort", "unique", "max", "min", "any", "all", "mean", "sum", "intersect1d")}
HYPER = {"lr", "learning_rate", "batch_size", "epochs", "num_epochs", "max_epochs", "weight_decay", "momentum", "hidden_size",
         "num_layers", "dropout", "num_train_epochs", "per_device_train_batch_size", "max_steps"}
SEED_NAMES = {"seed", "random_state", "random_seed", "data_seed"}
# Functions of the program that train, by their names.
TRAINS = re.compile(r"_?(train(_(step|epoch|one_epoch|model|loop|net|network|batch))?|fit|backward|backprop\w*|gradient_descent\w*|"
                    r"sgd\w*|update_(weights|params|parameters|mini_batch))$")
# Methods that give what they are of: data sets, tensors, models.
FLUENT = {"map", "batch", "shuffle", "repeat", "prefetch", "cache", "take", "skip", "filter", "interleave", "with_options", "enumerate",
          "project", "rename", "zip", "concat", "padded_batch", "to", "cuda", "cpu", "eval", "train", "float", "double", "half",
          "manual_seed"}
WRAPPER = re.compile(r"(seed_(everything|all|everywhere|torch|it_all)|(set|fix|init|setup|make|enable)_?\w*(seed|random|"
                     r"determinis)\w*|same_seeds?|random_seed|manual_seed_all|seed_python_numpy_torch\w*)$", re.I)


# Operations of MindSpore's data sets that draw.
AUGMENTS = re.compile(r"mindspore\.dataset\.(vision|transforms|audio)\.(Random|AutoAugment|RandAugment|TrivialAugment|CutMix|MixUp|Uniform)")


class Pending(NamedTuple):
    """A row that may apply: `call` is asked when the whole program is known."""
    row: object
    call: object
    place: object
    used: object
    chance: object
    phase: int


class Calls(Streams):
    """The walker's part for calls."""

    def pend(self, row, call, place, used=None, chance=None):
        self.pending.append(Pending(row, call, place, used, chance, self.phase))

    def call(self, node):
        func = self.eval(node.func)
        args, keywords, star = [], {}, False
        for a in node.args:
            value = self.eval(a)
            if isinstance(a, ast.Starred):
                star = True
            else:
                args.append(value)
        for k in node.keywords:
            value = self.eval(k.value)
            if k.arg is None:
                keywords.update(value.items if isinstance(value, Dict) else {})
                star = star or not isinstance(value, Dict) or value.open
            else:
                keywords[k.arg] = value
        return either(*(self.call_one(o, node, args, keywords, star) for o in options(func)))

    def call_one(self, func, node, args, keywords, star):
        if isinstance(func, Func):
            return self.call_func(func, args, keywords, star)
        if isinstance(func, Class):
            return self.make(func, args, keywords, star, node)
        if isinstance(func, Obj):
            return self.call_object(func, args, keywords, star)
        if isinstance(func, Lib):
            return self.call_lib(func, node, args, keywords, star)
        return func if isinstance(func, (Chance, Set)) else UNKNOWN

    # ---- the program's own ----

    def call_func(self, func, args, keywords, star):
        key, n = id(func.node), self.counts.get(id(func.node), 0)
        if n >= MOST_CALLS or len(self.frames) > MOST_DEPTH or any(f.node is func.node for f in self.frames):
            known = self.results.get(key, UNKNOWN)
            return Key() if first(known, Key) is not None else known
        self.counts[key] = n + 1
        if TRAINS.match(getattr(func.node, "name", "")) and self.phase < NEVER:
            self.flag("train", func.node)
        frame = self.new_frame(func, args, keywords, star)
        self.frames.append(frame)
        if isinstance(func.node, ast.Lambda):
            frame.returned.append(self.eval(func.node.body))
        elif func.node.name in ("__repr__", "__str__"):
            self.do_Raise(func.node)
        else:
            self.block(func.node.body)
        self.frames.pop()
        self.results[key] = either(*frame.returned) if frame.returned else Const(None)
        return self.results[key]

    def new_frame(self, func, args, keywords, star):
        from .walk import Frame
        scope, a = Scope(func.scope), func.node.args
        names = [p.arg for p in (*a.posonlyargs, *a.args)]
        static = any(getattr(d, "id", None) == "staticmethod" for d in getattr(func.node, "decorator_list", ()))
        given = ([func.me] if func.me is not None and not static else []) + args
        positional, by_name = func.defaults
        defaults = dict(zip(names[len(names) - len(positional):], positional))
        defaults.update({p.arg: d for p, d in zip(a.kwonlyargs, by_name) if d is not None})
        defaults.update(func.options)
        for i, name in enumerate(names + [p.arg for p in a.kwonlyargs]):
            if name in keywords:
                scope.names[name] = keywords[name]
            elif i < len(given) and i < len(names):
                scope.names[name] = given[i]
            else:
                scope.names[name] = self.default(defaults.get(name), star)
        for rest in (a.vararg, a.kwarg):
            if rest is not None:
                scope.names[rest.arg] = UNKNOWN
        return Frame(func.module, scope, func.node)

    def default(self, value, star):
        """Of a parameter that was not given, or (star) may have been."""
        if value is None or (star and isinstance(value, Const) and value.value is None):
            return UNKNOWN
        return value

    def make(self, kind, args, keywords, star, node=None):
        me = Obj(kind)
        for base in kind.line():
            self.instances.setdefault(base, me)
        init = kind.find("__init__")
        if isinstance(init, Func):
            self.call_func(init.bound(me), args, keywords, star)
        else:
            me.attributes.update(keywords)
            for path in kind.library():
                self.see(path, node or kind.node, args, keywords, star)
        return me

    def call_object(self, me, args, keywords, star):
        for name in ("__call__", "forward", "construct", "call", "__getitem__", "__next__"):
            found = me.kind.find(name) if me.kind is not None else None
            if isinstance(found, Func):
                return self.call_func(found.bound(me), args, keywords, star)
        return UNKNOWN

    # ---- a library's ----

    def call_lib(self, func, node, args, keywords, star):
        path = tables.one_name(func.path)
        special = getattr(self, "call_" + path.replace(".", "_").replace("()", ""), None) if path.startswith(
            ("builtins.", "functools.", "argparse.", "importlib.")) else None
        if special is not None:
            return special(func, node, args, keywords)
        values = [*args, *keywords.values()]
        seen = self.see(path, node, args, keywords, star)
        self.call_given(path, values, node)
        seen = self.made(func, path, node, args, keywords, star, seen)
        if path in AS_IT_IS and args and isinstance(args[0], (Func, Obj)):
            return args[0]
        if path in THROUGH and any(map(by_chance, values)):
            return next(filter(None, map(by_chance, values)))
        loose = next(filter(None, (self.as_unordered(v, node) for v in values)), None)
        if path in KEEPS_ORDER:
            return loose or (args[0] if path == "builtins.list" and args and isinstance(args[0], Items) else UNKNOWN)
        listed = next((u for u in (first(v, Unordered) for v in values) if u is not None), None)
        if listed is not None and (path.split(".")[0] in ORDERED and path not in UNORDERED_DO or path.endswith(FITS)):
            self.sink(listed, node)
        return self.call_of_list(path, node, loose) or seen

    def call_given(self, path, values, node):
        """Functions that a library gets are called by it; `drawing`: those of a data set that draw from what all threads of
        a process share."""
        n = len(self.events)
        values = [i for v in values for o in options(v) for i in (o.items if isinstance(o, Items) else [o])]
        for value in (o for v in values for o in options(v)):
            if isinstance(value, Obj) and path.endswith((".map", ".GeneratorDataset")):
                self.call_object(value, [], {}, True)
            elif isinstance(value, Func) and (id(value.node) not in self.counts or path.endswith(".map")):
                self.call_func(value, [], {}, True)
                if path in TURNS:
                    self.repeat(lambda: self.call_func(value, [], {}, True))
            elif isinstance(value, Class) and value not in self.instances and path[0] != "?" and not path.startswith("builtins."):
                self.make(value, [], {}, True)
        if any(e.kind == "draw" and e.stream in ("python", "numpy") for e in self.events[n:]):
            self.drawing.add(id(node))
        if any(e.kind == "draw" and e.detail in ("augment", "numbers", "order") for e in self.events[n:]) or \
                any(isinstance(v, Lib) and AUGMENTS.match(v.path) for v in values):
            self.augmenting.add(id(node))

    def call_of_list(self, path, node, loose):
        """x.append() in a loop in an order by chance, x.extend() of such a list, x.sort()."""
        word = path.rpartition(".")[2]
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or path.split(".")[0] in ORDERED:
            return None
        if word == "sort":
            self.set_where_it_is(node.func.value, UNKNOWN)
        elif word in ("append", "extend", "insert") and (loose is None or word != "extend"):
            self.gather(node.func.value)
        elif word == "extend":
            self.set_where_it_is(node.func.value, loose)
        elif word == "join" and loose is not None and path == "?.join":
            self.sink(loose, node)
        return UNKNOWN if word in ("sort", "append", "extend", "insert") else None

    def see(self, path, node, args, keywords, star):
        """What the tables say of the call; gives its value."""
        call = Call(path, node, args, keywords, star, self)
        for flag in tables.FLAGS.find(path):
            if self.phase < NEVER and (flag.when is None or flag.when(call)):
                for name in flag.flags:
                    self.flag(name, node)
        for seed in tables.SEEDS.find(path):
            if seed.when is None or seed.when(call):
                self.seeded(seed, call)
        for row in tables.ROWS.find(path):
            self.pend(row, call, self.place(node), chance=next(filter(None, map(by_chance, args + list(keywords.values()))), None))
        self.see_hyper(path, node, keywords)
        chance = next(tables.CHANCE.find(path), None)
        if chance is not None:
            return Chance(chance.what)
        return self.drawn(call) or self.ordered(call) or self.keyed(call) or self.wrapped(call) or self.result(path)

    def result(self, path):
        parent, _, word = path.rpartition(".")
        if word in FLUENT and parent.endswith(")"):
            return Lib(parent)
        return Lib(path + "()") if path[0] != "?" and not path.endswith("=") and path.count("()") < 3 else UNKNOWN

    def see_hyper(self, path, node, keywords):
        for name, value in keywords.items():
            if name in HYPER and by_chance(value):
                self.pend(tables.HYPER_ROW, None, self.place(node), chance=by_chance(value))
            if name in SEED_NAMES and by_chance(value):
                self.pend(tables.SEED_BY_CHANCE[isinstance(value, Chance)], None, self.place(node), chance=by_chance(value))

    def seeded(self, seed, call):
        value = call.arg(seed.at, seed.keyword)
        if value is None and not call.star:
            value = Const(None)
        chance = by_chance(value)
        nothing = first(value, Const) if value is not None else None
        nothing = nothing if nothing is not None and nothing.value is None else None
        if chance is not None:
            if chance.draw is not None:
                self.seeds_drawn.add(id(chance.draw))
            self.pend(tables.SEED_BY_CHANCE[isinstance(value, Chance)], call, self.place(call.node), chance=chance)
        elif isinstance(value, Const) and value.value is not None and seed.keyword != "-":
            self.seeded_again(call)
        elif nothing is not None and seed.keyword != "-":
            self.pend(tables.SEED_OF_NOTHING[isinstance(value, Const)], call, self.place(call.node), chance=nothing)
        for stream in seed.streams.split():
            self.add("seed", stream, call.node, chance)

    def seeded_again(self, call):
        """By one number, in a loop over epochs or for each record."""
        if self.by_epochs():
            self.pend(tables.SEED_IN_LOOP, call, self.place(call.node))
        elif any(getattr(f.node, "name", "") == "__getitem__" for f in self.frames):
            self.pend(tables.SEED_OF_RECORDS, call, self.place(call.node))

    def drawn(self, call):
        """Chance, where it draws numbers from a stream that nothing seeded."""
        result = None
        for draw in tables.DRAWS.find(call.path):
            if draw.when is not None and not draw.when(call):
                continue
            event = self.add("draw", draw.stream, call.node, draw.kind, draw.late)
            if draw.stream in ("numpy", "python") and any(getattr(f.node, "name", "") in ("__getitem__", "__call__") for f in self.frames):
                self.flag("numpy in a data set", call.node)
            if draw.kind == "numbers" and draw.stream not in self.seeded_streams:
                text = self.frame.module.source.segment(call.node, 40)
                result = Chance(f"{text}, drawn before {draw.stream} was seeded", event)
        return result

    def ordered(self, call):
        row = next(tables.UNORDERED.find(call.path), None)
        if row is None or (row.when is not None and not row.when(call)):
            return None
        return Unordered(self.place(call.node), row)

    def keyed(self, call):
        """jax.random: a key is made, split or used."""
        if not call.path.startswith("jax.random."):
            return None
        word, key = call.path.rpartition(".")[2], call.arg(0, "key")
        makes = word in ("PRNGKey", "key", "split", "fold_in", "clone", "wrap_key_data")
        if isinstance(key, Key) and (not makes or word == "split"):
            self.use_key(key, call, word == "split")
        return Key() if makes else UNKNOWN

    def use_key(self, key, call, splits):
        """Of numbers, or of other keys: each once."""
        self.keys_used += 1
        for place, sides, node, split in key.used:
            if split != splits or any(dict(sides).get(c, s) != s for c, s in self.sides):
                continue
            if node is not call.node:
                self.pend(tables.KEY_TWICE, call, self.place(call.node), used=place)
                break
            if self.again is not None and self.when == self.again:
                self.pend(tables.KEY_IN_LOOP, call, self.place(call.node))
                break
        key.used.append((self.place(call.node), self.sides, call.node, splits))

    def wrapped(self, call):
        """A function whose code was not read and whose name says that it seeds."""
        word = call.path.rpartition(".")[2]
        known = call.path.split(".")[0] in ORDERED
        if not WRAPPER.match(word) or known or tables.SEEDS.knows(call.path):
            return None
        chance = next(filter(None, map(by_chance, [*call.args, *call.keywords.values()])), None)
        if chance is not None:
            self.pend(tables.SEED_BY_CHANCE[True], call, self.place(call.node), chance=chance)
        for stream in tables.STREAMS:
            self.add("seed", stream, call.node, chance)
        self.not_followed(f"{word}(), which by its name seeds", call.node)
        return UNKNOWN

    # ---- calls that are followed by themselves ----

    def call_builtins_sorted(self, func, node, args, keywords):
        self.call_given("builtins.sorted", keywords.values(), node)
        return UNKNOWN

    def call_builtins_set(self, func, node, args, keywords):
        of = args[0] if args else None
        numbers = isinstance(of, Lib) and of.path.startswith(("builtins.range", "numpy.", "torch.")) or (
            isinstance(of, Items) and of.items and all(isinstance(i, Const) and isinstance(i.value, (int, float)) for i in of.items))
        return UNKNOWN if numbers else Set(self.place(node))

    call_builtins_frozenset = call_builtins_set

    def call_builtins_set_pop(self, func, node, args, keywords):
        """In a loop it takes all of them."""
        if not self.frame.loops and not self.is_single(node.func.value):
            self.sink(Unordered(func.owner.origin, tables.SET_ORDER), node)
        return UNKNOWN

    def call_builtins_next(self, func, node, args, keywords):
        loose = self.as_unordered(args[0], node) if args else None
        if loose is not None and not self.is_single(node.args[0]):
            self.sink(loose, node)
        return UNKNOWN

    def is_single(self, node):
        """Of iter(x): the function asks whether len(x) is 1."""
        inner = node.args[0] if isinstance(node, ast.Call) and node.args else node
        return any(isinstance(n, ast.Compare) and isinstance(n.left, ast.Call) and getattr(n.left.func, "id", "") == "len" and
                   n.left.args and ast.dump(n.left.args[0]) == ast.dump(inner) and
                   getattr(n.comparators[0], "value", None) == 1 for n in ast.walk(self.frame.node))

    def call_builtins_dict(self, func, node, args, keywords):
        loose = self.as_unordered(args[0], node) if args else None
        if loose is not None and isinstance(node.args[0], ast.Call):
            self.sink(loose, node)
        return UNKNOWN if args else Dict(dict(keywords))

    def call_builtins_dict_get(self, func, node, args, keywords):
        if not args or not isinstance(args[0], Const) or not isinstance(args[0].value, (str, int)):
            return UNKNOWN
        missing = args[1] if len(args) > 1 else Const(None)
        return func.owner.items.get(args[0].value, UNKNOWN if func.owner.open else missing)

    call_builtins_dict_pop = call_builtins_dict_get

    def call_builtins_dict_setdefault(self, func, node, args, keywords):
        if args and isinstance(args[0], Const):
            self.set_in_dict(func.owner, args[0].value, args[1] if len(args) > 1 else Const(None))
        return UNKNOWN

    def call_builtins_dict_update(self, func, node, args, keywords):
        for of in args:
            func.owner.open |= not isinstance(of, Dict) or of.open
            keywords = {**(of.items if isinstance(of, Dict) else {}), **keywords}
        for name, value in keywords.items():
            self.set_in_dict(func.owner, name, value)
        return Const(None)

    def call_builtins_super(self, func, node, args, keywords):
        _, kind = self.defined.get(id(self.frame.node), (None, None))
        me = next((self.frame.scope.get(p.arg) for p in getattr(getattr(self.frame.node, "args", None), "args", ())[:1]), None)
        return Super(kind, me) if kind is not None else UNKNOWN

    def call_builtins_getattr(self, func, node, args, keywords):
        if len(args) > 1 and isinstance(args[1], Const) and isinstance(args[1].value, str):
            found = either(*(self.attribute(o, args[1].value) for o in options(args[0])))
            return either(found, args[2]) if len(args) > 2 else found
        self.not_followed("getattr() of a name that is computed", node)
        return UNKNOWN

    def _dynamic(self, func, node, args, keywords):
        self.not_followed(f"{func.path.replace('builtins.', '')}()", node)
        return UNKNOWN

    call_builtins_exec = call_builtins_eval = call_builtins___import__ = call_importlib_import_module = _dynamic

    def call_functools_partial(self, func, node, args, keywords):
        return args[0] if args else UNKNOWN

    def call_argparse_ArgumentParser(self, func, node, args, keywords):
        return Parser()

    def call_argparse_ArgumentParser_add_argument(self, func, node, args, keywords):
        names = [a.value for a in args if isinstance(a, Const) and isinstance(a.value, str)]
        name = next((n for n in names if n.startswith("--")), names[0] if names else "")
        dest, default = keywords.get("dest"), keywords.get("default")
        key = dest.value if isinstance(dest, Const) else name.lstrip("-").replace("-", "_")
        action = getattr(keywords.get("action"), "value", None)
        if default is None and "required" not in keywords and name.startswith("-"):
            default = Const({"store_true": False, "store_false": True}.get(action) if isinstance(action, str) else None)
        if isinstance(default, Const):
            default = Const(default.value, name)
        func.owner.parsed.attributes[str(key)] = default if default is not None else UNKNOWN
        return UNKNOWN

    def call_argparse_ArgumentParser_add_argument_group(self, func, node, args, keywords):
        return func.owner

    call_argparse_ArgumentParser_add_mutually_exclusive_group = call_argparse_ArgumentParser_add_argument_group

    def call_argparse_ArgumentParser_set_defaults(self, func, node, args, keywords):
        func.owner.parsed.attributes.update(keywords)
        return UNKNOWN

    def call_argparse_ArgumentParser_parse_args(self, func, node, args, keywords):
        return func.owner.parsed

    def call_argparse_ArgumentParser_parse_known_args(self, func, node, args, keywords):
        return Items([func.owner.parsed, UNKNOWN])
