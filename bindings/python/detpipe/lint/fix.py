# fix.py - the changes that are safe, as a unified diff
# SPDX-License-Identifier: Apache-2.0
"""A finding's fix: ("wrap", f): f(...) around the expression; ("fill", text): the only argument; ("seed", text): the first
argument; ("argument", name, text): a keyword's value; ("value", text): what is assigned; ("top", stream): a statement behind
the imports."""
from __future__ import annotations

import ast, difflib, json

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
    return (at, at, "".join(line + "\n" for line in sorted(lines, key=lambda t: not t.startswith("import "))))


def edits(source, findings, main):
    """What mends a file, the last first; main: the file that the program begins with, or None."""
    found = {e for f in findings if f.source is source and f.fix for e in _edits(f)}
    streams = {f.fix[1] for f in findings if f.fix and f.fix[0] == "top"} if source is main else set()
    if streams:
        found.add(_seeds_at_top(source, streams))
    kept, end = [], len(source.text) + 1
    for e in sorted(found, key=lambda e: e[:2], reverse=True):
        if e[1] <= end:
            kept.append(e)
            end = e[0]
    return kept


def _mended(text, changes):
    for start, stop, new in changes:
        text = text[:start] + new + text[stop:]
    return text


def diff(source, changes):
    """None: of a notebook whose file is not laid out as Jupyter does."""
    text = _mended(source.text, changes)
    ast.parse(text)
    old, new = (source.text, text) if source.book is None else _notebook(source, changes)
    if new is None:
        return None
    return "".join(difflib.unified_diff(old.splitlines(True), new.splitlines(True), "a/" + source.path.lstrip("/"),
                                        "b/" + source.path.lstrip("/")))


# ---- notebooks ----

def _cell_of(source, offset, inserts):
    """(number, place in the cell's own code) of a place in the text of all cells.  Lines that are put before a cell go to the
    end of the one before it, where the imports are."""
    line = source.text.count("\n", 0, offset) + 1
    starts = [c for c in source.cells if c[0] in source.book.code and c[1] <= line]
    number, first = max(starts, key=lambda c: c[1])
    code = source.book.code[number]
    if inserts and line == first and len(starts) > 1:
        number, first = sorted(starts, key=lambda c: c[1])[-2]
        return number, None
    if line - first >= len(code):
        return number, None
    column = offset - (source.text.rfind("\n", 0, offset) + 1)
    return number, sum(len(t) + 1 for t in code[:line - first]) + column


def _notebook(source, changes):
    """(the file, the file mended)."""
    code = {number: "\n".join(lines) for number, lines in source.book.code.items()}
    for start, stop, new in changes:
        number, at = _cell_of(source, start, start == stop and new.endswith("\n"))
        if at is None:
            code[number] += "\n" + new.rstrip("\n")
        else:
            code[number] = code[number][:at] + new + code[number][at + stop - start:]
    for number, text in code.items():
        cell = source.book.content["cells"][number - 1]
        if text != "\n".join(source.book.code[number]):
            *lines, last = text.split("\n")
            cell["source"] = text if isinstance(cell["source"], str) else [line + "\n" for line in lines] + [last] * (last != "")
    return source.book.text, _laid_out(source.book)


def _laid_out(book):
    """The content as the file has it; None: no program is known that writes it so."""
    old = json.loads(book.text)
    for indent in (1, 2, 4, None, 0):
        for ascii in (False, True):
            layout = lambda what: json.dumps(what, indent=indent, ensure_ascii=ascii)
            text = layout(old)
            if text == book.text.rstrip("\n"):
                return layout(book.content) + book.text[len(text):]
    return None
