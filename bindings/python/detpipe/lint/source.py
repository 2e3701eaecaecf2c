# source.py - scripts, notebooks and folders as they lie on the disk
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import ast, functools, io, json, os, re, stat, tokenize, warnings
from typing import NamedTuple

MOST_BYTES, MOST_NOTEBOOK, MOST_FILES = 1 << 20, 64 << 20, 5000
SKIPPED = {"__pycache__", "node_modules", "site-packages", "venv", "env", "build", "dist"}


class Unread(Exception):
    """Why a file was not looked at."""


class Source:
    """A file that was read: its tree, and where a line of it stands (in a notebook: cell and line).  written: the
    bytes of a text as the file has them.  book: of a notebook, its Book."""
    def __init__(self, path, text, written=None, cells=None, book=None):
        self.path, self.text, self.written, self.cells, self.book = path, text, written, cells, book
        self.lines = text.split("\n")
        self.tree = _parse(text, self)
        self.calls = sum(isinstance(n, ast.Call) for n in ast.walk(self.tree))

    @property
    def is_program(self):
        """Whether it does something when it is run, and is not part of others: by its form."""
        return any(_does(s) for s in self.tree.body)

    @functools.cached_property
    def mentioned(self):
        """The names behind a dot, and the strings, of which one may be got by getattr."""
        return {getattr(n, "attr", None) or n.value for n in ast.walk(self.tree) if isinstance(n, ast.Attribute) or
                isinstance(n, ast.Constant) and isinstance(n.value, str)}

    def place(self, line):
        """ "12", or "cell 3 line 4"."""
        if self.cells is None:
            return str(line)
        number, start = max((c for c in self.cells if c[1] <= line), key=lambda c: c[1])
        return f"cell {number} line {line - start + 1}"

    def at(self, line):
        """ "line 12", or "cell 3 line 4"."""
        return self.place(line) if self.cells is not None else f"line {line}"

    def segment(self, node, most=70):
        """What stands there, in one line."""
        lines = [line.encode() for line in self.lines[node.lineno - 1:node.end_lineno]]
        lines[-1] = lines[-1][:node.end_col_offset]
        lines[0] = lines[0][node.col_offset:]
        text = printable(" ".join(b" ".join(lines).decode(errors="replace").split()))
        return text if len(text) <= most else text[:most - 3] + "..."


def printable(text):
    """Without what a terminal would take for a command."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _does(statement):
    """`if __name__ == ...`, a loop, or a call for its effect that is none of logging's or of the path's."""
    if isinstance(statement, ast.If):
        return "__name__" in {getattr(n, "id", None) for n in ast.walk(statement.test)}
    if isinstance(statement, (ast.For, ast.While, ast.With)):
        return True
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)


def _parse(text, source):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as e:
        raise Unread(f"{source.at(e.lineno or 1)}: {printable(e.msg)}: this is not Python 3") from None
    except (RecursionError, MemoryError):
        raise Unread("it nests too deep") from None
    except ValueError as e:
        raise Unread(str(e)) from None


def _bytes(path, most):
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise Unread("it is not a file")
        with open(path, "rb") as f:
            content = f.read(most + 1)
    except OSError as e:
        raise Unread(e.strerror) from None
    if len(content) > most:
        raise Unread(f"it has more than {most >> 20} MiB")
    return content


def _text(content):
    """(how such a file is written, what stands in it with ends of lines as Python has them)"""
    if b"\0" in content:
        raise Unread("it has a NUL byte: this is not a script")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except (SyntaxError, LookupError, ValueError):
        raise Unread("it is not text in UTF-8, or in the coding that it names") from None
    end = "\r\n" if b"\r\n" in content else "\n"
    written = lambda text: text.replace("\n", end).encode(encoding)
    return (written if written(text) == content else lambda text: None), text


class Book(NamedTuple):
    """A notebook: the file's text, the code of each cell as it stands there, and the cells that are no Python."""
    text: str
    code: dict  # by the cell's number
    unread: list


MAGIC = re.compile(r"([\w.,\[\] ]+=\s*)?[!%?]|[\w.]+\?{1,2}$")


def _lines_of(cell):
    code = cell.get("source") or ""
    return (code if isinstance(code, str) else "".join(map(str, code)) if isinstance(code, list) else "").split("\n")


def _python_of(lines):
    """Without IPython's own: `!pip`, `x = %time`, `f?`; a cell of another language has no lines."""
    if lines[0].startswith("%%") and lines[0].split()[0] not in ("%%time", "%%timeit", "%%capture"):
        return [""] * len(lines)
    python, goes_on = [], False
    for line in lines:
        if goes_on or MAGIC.match(line.strip()):
            python.append("" if goes_on else line[:len(line) - len(line.lstrip())] + "pass")
            goes_on = line.rstrip().endswith("\\")
        else:
            python.append(line)
    return python


def _unread(number, lines):
    """Why a cell is not Python; None."""
    try:
        Source("", "\n".join(lines), cells=[(number, 1)])
    except Unread as e:
        return str(e)
    return None


def _list(cells):
    if not isinstance(cells, list):
        raise TypeError
    return cells


def _content(path):
    """How the notebook's file is written, its text and its cells."""
    written, text = _text(_bytes(path, MOST_NOTEBOOK))
    try:
        content = json.loads(text)
        cells = [c if isinstance(c, dict) else {} for c in _list(content["cells"])]
        about = content.get("metadata") or {}
        language = (about.get("kernelspec") or {}).get("language") or (about.get("language_info") or {}).get("name") or "python"
    except RecursionError:
        raise Unread("it nests too deep") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unread("it is not a notebook of Jupyter (JSON with cells)") from None
    if "python" not in str(language).lower():
        raise Unread(f"it is of {printable(str(language))}, not of Python")
    return written, text, cells


def _notebook(path):
    written, text, cells = _content(path)
    book, lines, starts = Book(text, {}, []), [], []
    for number, cell in enumerate(cells, 1):
        if cell.get("cell_type") != "code":
            continue
        book.code[number] = _lines_of(cell)
        python = book.code[number]
        if _unread(number, python):
            python = _python_of(python)
        why = _unread(number, python)
        if why:  # the others are run all the same
            book.unread.append(why)
            python = [""] * len(python)
        starts.append((number, len(lines) + 1))
        lines += python
    if len(book.unread) == len(book.code) > 0:
        raise Unread(book.unread[0])
    text = "\n".join(lines) + "\n"
    if len(text) > MOST_BYTES:
        raise Unread(f"its code has more than {MOST_BYTES >> 20} MiB")
    return Source(path, text, written, starts or [(1, 1)], book)


def _script(path):
    written, text = _text(_bytes(path, MOST_BYTES))
    return Source(path, text, written)


def names_script(path):
    return path.endswith((".py", ".ipynb"))


class Files:
    """What was read, once each, and what was not."""
    def __init__(self):
        self.read, self.unread, self.keys = {}, {}, {}
        self.visited = set()  # functions that no program calls and one has looked at

    def source(self, path):
        """The file, or None if it cannot be read (which is then in `unread`)."""
        key = self.keys.get(path) or self.keys.setdefault(path, os.path.realpath(path))
        if key not in self.read and key not in self.unread:
            try:
                self.read[key] = _notebook(path) if path.endswith(".ipynb") else _script(path)
                for number, why in enumerate(self.read[key].book.unread if self.read[key].book else ()):
                    self.unread[key, number] = (path, why)
            except Unread as e:
                self.unread[key] = (path, str(e))
        return self.read.get(key)


def scripts_in(folder, files):
    """The scripts and notebooks below a folder, in the order of their names; links to folders are not followed."""
    found = []
    note = lambda e: files.unread.setdefault(e.filename, (e.filename, e.strerror))
    for here, folders, names in os.walk(folder, onerror=note):
        folders[:] = sorted(f for f in folders if f not in SKIPPED and not f.startswith("."))
        found += [os.path.join(here, n) for n in sorted(names) if names_script(n) and not n.startswith(".")]
        if len(found) > MOST_FILES:
            raise Unread(f"there are more than {MOST_FILES} scripts in it")
    return found


@functools.lru_cache(maxsize=None)
def find_module(name, start, root):
    """The file of the program that a dotted name means, looked for in the folder of a script and above it up to root."""
    words = name.split(".")
    folder = start
    while True:
        path = os.path.join(folder, *words)
        for file in (path + ".py", os.path.join(path, "__init__.py")):
            if os.path.isfile(file):
                return file
        if os.path.realpath(folder) == os.path.realpath(root) or len(folder) <= 1 or os.path.dirname(folder) == folder:
            return None
        folder = os.path.dirname(folder)
