# fix.py - the changes that are safe, as a unified diff
# SPDX-License-Identifier: Apache-2.0
"""A finding's fix: ("wrap", f): f(...) around the expression; ("fill", text): the only argument; ("seed", text): the first
argument; ("argument", name, text): a keyword's value; ("value", text): what is assigned; ("top", stream): a statement behind
the imports."""
from __future__ import annotations

import ast, difflib

from .calls import SEED_NAMES
from .program import SEEDED_BY

SEEDS = list(SEEDED_BY)


def _offset(source, line, column):
    """Of a place in the text; columns of a tree count bytes."""
    return sum(len(t) + 1 for t in source.lines[:line - 1]) + len(source.lines[line - 1].encode()[:column].decode())


def _span(source, node):
    return _offset(source, node.lineno, node.col_offset), _offset(source, node.end_lineno, node.end_col_offset)


def _edits(f):
    """(start, end, text) in the file of a finding."""
    kind, node = f.fix[0], f.node
    start, end = _span(f.source, node)
    if kind == "wrap":
        return [(start, start, f.fix[1] + "("), (end, end, ")")]
    if kind == "fill" and isinstance(node, ast.Call) and not node.args and not node.keywords:
        return [(end - 1, end - 1, f.fix[1])]
    if kind == "seed" and isinstance(node, ast.Call):
        values = [k.value for k in node.keywords if k.arg in SEED_NAMES] or node.args[:1]
        return [(*_span(f.source, values[0]), f.fix[1])] if values else [(end - 1, end - 1, f.fix[1])]
    if kind == "argument":
        return [(*_span(f.source, k.value), f.fix[2]) for k in node.keywords if k.arg == f.fix[1]]
    if kind == "value":
        return [(*_span(f.source, s.value), f.fix[1]) for s in ast.walk(f.source.tree)
                if isinstance(s, ast.Assign) and node in s.targets]
    return []


def _head(tree):
    """The last import of those that a file begins with, or its docstring; and the names of the modules there."""
    last, names = 0, {}
    for s in tree.body:
        if isinstance(s, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef, ast.If, ast.For, ast.While, ast.With)):
            break
        if isinstance(s, ast.Import):
            names.update({a.name: a.asname or a.name for a in s.names})
        if isinstance(s, (ast.Import, ast.ImportFrom)) or (s is tree.body[0] and isinstance(s, ast.Expr) and
                                                           isinstance(s.value, ast.Constant)):
            last = s.end_lineno
    return last, names


def _seeds_at_top(source, streams):
    last, names = _head(source.tree)
    lines, done = [], set()
    for stream in sorted(streams, key=SEEDS.index):
        _, statement, module = SEEDED_BY[stream]
        if module not in names and module not in done:
            lines.append(f"import {module}")
        text = statement.format(names.get(module, module))
        done.add(module)
        if text not in lines:
            lines.append(text)
    at = _offset(source, last + 1, 0) if last < len(source.lines) else len(source.text)
    return [(at, at, "".join(line + "\n" for line in sorted(lines, key=lambda t: not t.startswith("import "))))]


def fixed(source, findings, main):
    """The text of a file with what can be mended mended; main: the file that the program begins with, or None."""
    edits = [e for f in findings if f.source is source and f.fix for e in _edits(f)]
    streams = {f.fix[1] for f in findings if f.fix and f.fix[0] == "top"} if source is main else set()
    if streams:
        edits += _seeds_at_top(source, streams)
    text, end = source.text, len(source.text) + 1
    for start, stop, new in sorted(set(edits), key=lambda e: (e[0], e[1]), reverse=True):
        if stop <= end:
            text, end = text[:start] + new + text[stop:], start
    ast.parse(text)
    return text


def diff(source, text):
    return "".join(difflib.unified_diff(source.text.splitlines(True), text.splitlines(True), "a/" + source.path.lstrip("/"),
                                        "b/" + source.path.lstrip("/")))
