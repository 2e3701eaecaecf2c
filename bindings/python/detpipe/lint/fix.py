# fix.py - the changes that are safe, as a unified diff
# SPDX-License-Identifier: Apache-2.0
"""A finding's fix: ("wrap", f): f(...) around the expression; ("fill", text): the only argument; ("seed", text): the first
argument; ("argument", name, text): a keyword's value; ("value", text): what is assigned; ("top", stream): a statement behind
the imports."""
from __future__ import annotations

import ast, difflib, json, os, re

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


def _head(tree, before):
    """The last import of those that a file begins with, or its docstring; and the names of the modules there.  before: the
    line of the first draw."""
    last, names = 0, {}
    for s in tree.body:
        if s.end_lineno >= before or isinstance(s, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef, ast.If, ast.For,
                                                    ast.While, ast.With)):
            break
        if isinstance(s, ast.Import):
            names.update({a.name: a.asname or a.name for a in s.names})
        if isinstance(s, (ast.Import, ast.ImportFrom)) or (s is tree.body[0] and isinstance(s, ast.Expr) and
                                                           isinstance(s.value, ast.Constant)):
            last = s.end_lineno
    return last, names


def _seeds_at_top(source, streams, before):
    last, names = _head(source.tree, before)
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
        draws = [f.line for f in findings if f.source is source and f.fix and f.fix[0] == "top"]
        found.add(_seeds_at_top(source, streams, min(draws, default=len(source.lines) + 1)))
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
    """The bytes of a diff; None: of a file that is not written as its text says (mixed ends of lines, another coding)."""
    mended = _mended(source.text, changes)
    ast.parse(mended)
    old, new = (source.text, mended) if source.book is None else (source.book.text, _notebook(source, changes))
    old, new = source.written(old), source.written(new)
    if old is None or new is None:
        return None
    names = [os.fsencode(side + source.path.lstrip("/")) for side in ("a/", "b/")]
    lines = difflib.diff_bytes(difflib.unified_diff, old.splitlines(True), new.splitlines(True), *names)
    return b"".join(line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n" for line in lines)


# ---- notebooks ----

def _cell_of(source, offset, inserts):
    """(number, place in the cell's own code) of a place in the text of all cells.  Lines that are put before a cell go to the
    end of the one before it, where the imports are."""
    line = source.text.count("\n", 0, offset) + 1
    starts = [c for c in source.cells if c[1] <= line]
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
    """The file mended: what stands in it but for the lines of code stays as it is, to the byte."""
    code = {number: "\n".join(lines) for number, lines in source.book.code.items()}
    for start, stop, new in changes:
        number, at = _cell_of(source, start, start == stop and new.endswith("\n"))
        if at is None:
            code[number] += "\n" + new.rstrip("\n")
        else:
            code[number] = code[number][:at] + new + code[number][at + stop - start:]
    text, spans = source.book.text, _sources(source.book.text)
    for number in sorted(code, reverse=True):
        if code[number] != "\n".join(source.book.code[number]):
            start, stop = spans[number - 1]
            text = text[:start] + _relined(text[start:stop], code[number]) + text[stop:]
    return text


def _relined(old, code):
    """The JSON of a cell's source, with this code: its elements that stay, and the space between them, are the old ones."""
    dump = lambda line: json.dumps(line, ensure_ascii=old.isascii())
    if not old.startswith("["):
        return dump(code)
    spans = list(_values(old, 0))
    lines = [json.loads(old[a:b]) for _, a, b in spans]
    new = code.splitlines(True) if code.count("\n") == len(code.splitlines()) - (not code.endswith("\n")) else [code]
    same = lambda a, b: next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    head = same(lines, new)
    tail = same(lines[head:][::-1], new[head:][::-1])
    gap = old[spans[0][2]:spans[1][1]] if len(spans) > 1 else "," + (old[1:spans[0][1]] or " ")
    kept = [old[a:b] for _, a, b in spans]
    return old[:spans[0][1]] + gap.join(kept[:head] + list(map(dump, new[head:len(new) - tail])) + kept[len(kept) - tail:]) + \
        old[spans[-1][2]:]


SPACE = re.compile(r"[ \t\n\r]*")


def _values(text, start):
    """(key or None, begin, end) of each value of the object or array that begins there, in a text that is JSON."""
    space = lambda at: SPACE.match(text, at).end()
    decode, key, at = json.JSONDecoder().raw_decode, None, space(start + 1)
    while text[at] not in "]}":
        if text[start] == "{":
            key, at = decode(text, at)
            at = space(space(at) + 1)
        _, end = decode(text, at)
        yield key, at, end
        at = space(end)
        at = space(at + 1) if text[at] == "," else at


def _sources(text):
    """Where the source of each cell stands, by the cell's place in the list; None of one without."""
    named = lambda start, name: next((v[1:] for v in reversed(list(_values(text, start))) if v[0] == name), None)
    cells = named(SPACE.match(text).end(), "cells")[0]
    return [named(begin, "source") if text[begin] == "{" else None for _, begin, _ in _values(text, cells)]
