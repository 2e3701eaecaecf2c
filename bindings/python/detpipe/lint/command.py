# command.py - detpipe lint of scripts: options, what is printed, the exit status
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import argparse, json, os, signal, sys, textwrap, threading

from . import fix
from .program import Program, keep_surest
from .source import Files, Unread, printable, scripts_in
from .table import OPEN

YES, NO, MALFORMED, NOT_TRIED = range(4)
STACK, DEPTH = 256 << 20, 6000  # of the thread that walks: scripts may nest


class Report:
    """The findings of all programs, each once."""
    def __init__(self, files):
        self.files, self.findings, self.unfollowed, self.programs = files, {}, {}, []

    def add(self, program, main):
        for key, f in program.findings.items():
            keep_surest(self.findings, key, f)
        self.unfollowed.update(program.unfollowed)
        self.programs.append((main, list(program.findings.values())))

    def sorted(self):
        return sorted(self.findings.values(), key=lambda f: (f.path, f.line, f.column, f.why))


def _sources(what, files):
    """What is to be read: (root, sources in order); raises Unread."""
    if not os.path.exists(what):
        raise Unread("there is no such file")
    if not os.path.isdir(what):
        source = files.source(what)
        if source is None:
            raise Unread(files.unread[os.path.realpath(what)][1])
        return os.path.dirname(what) or ".", [source]
    paths = scripts_in(what, files)
    if not paths and not files.unread:
        raise Unread("there is no Python script or notebook in it")
    return what, [s for s in map(files.source, paths) if s is not None]


def _all_sources(whats, files):
    """(root, source) of each that can be read; of the others why not is known to the files."""
    for what in whats:
        try:
            root, sources = _sources(what, files)
            yield from ((root, source) for source in sources)
        except Unread as e:
            files.unread.setdefault(os.path.realpath(what), (what, str(e)))


def lint(whats, report):
    """Programs first: what they import is theirs."""
    taken, sources = set(), list(_all_sources(whats, report.files))
    alone = len(whats) == 1 and not os.path.isdir(whats[0])
    for programs in (True, False):
        for root, source in sources:
            if source.path in taken or source.is_program != programs:
                continue
            program = _walked(source, root, report.files, programs or alone)
            if program is not None:
                taken.update(m.source.path for m in program.modules.values())
                report.add(program, source)


def _walked(source, root, files, whole):
    """None: it is read no further, and named."""
    try:
        return Program(files, root, source, whole)
    except RecursionError:
        why = "it nests too deep"
    except Exception as e:  # of a fault in here the other files shall not suffer
        why = f"a fault of lint, please report it: {type(e).__name__}: {e}"
    key = next(k for k, s in files.read.items() if s is source)
    files.unread[key] = (files.read.pop(key).path, why)
    return None


def _print(report, everything, out):
    shown = [f for f in report.sorted() if everything or f.sure != OPEN]
    for f in shown:
        where = f"{f.path}:{f.where}" if f.source.cells is None else f"{f.path}: {f.where}"
        out.write(textwrap.fill(printable(f"{where}: {f.what}: {f.why} ({f.step}; {f.sure})"), 100, subsequent_indent="    ",
                                break_long_words=False, break_on_hyphens=False) + "\n")
        out.write(textwrap.fill(f"    instead: {f.remedy}", 100, subsequent_indent=" " * 13, break_long_words=False,
                                break_on_hyphens=False) + "\n")
    _print_read(report, len(shown), everything, out)


def _count(n, one, many=None):
    return f"{n} {one if n == 1 else many or one + 's'}"


def _print_read(report, n, everything, out):
    read = report.files.read.values()
    hidden = len(report.findings) - n
    out.write(f"{_count(n, 'finding')} in {_count(len(read), 'file')}, {_count(sum(len(s.lines) - 1 for s in read), 'line')}, "
              f"{_count(sum(s.calls for s in read), 'call')}")
    out.write(f"; {hidden} more cannot be told (--all)\n" if hidden else "\n")
    for path, why in sorted(report.files.unread.values()):
        out.write(f"not read: {printable(path)}: {why}\n")
    places = sorted(report.unfollowed.items(), key=lambda u: (u[0][1], u[0][2]))
    for (what, path, _), place in places[:None if everything else 5]:
        out.write(f"not followed: {printable(path)}:{place.source.place(place.node.lineno)}: {what}\n")
    if len(places) > 5 and not everything:
        out.write(f"not followed: {len(places) - 5} more (--all)\n")


def as_json(report):
    read = report.files.read.values()
    return {
        "warnings": sum(f.sure != OPEN for f in report.findings.values()),
        "findings": [{"file": f.path, "line": f.line, "column": f.column, "where": f.where, "step": f.step, "sure": f.sure,
                      "what": f.what, "why": f.why, "remedy": f.remedy} for f in report.sorted()],
        "read": {"files": len(read), "lines": sum(len(s.lines) - 1 for s in read), "calls": sum(s.calls for s in read)},
        "not_read": [{"file": path, "why": why} for path, why in sorted(report.files.unread.values())],
        "not_followed": [{"file": path, "line": line, "what": what} for what, path, line in sorted(report.unfollowed, key=lambda u: u[1:])],
    }


def _print_fixes(report, out):
    """A diff of each file; what it cannot say is named."""
    everything = list(report.findings.values())
    mains = {id(main): found for main, found in report.programs}
    for source in sorted(report.files.read.values(), key=lambda s: s.path):
        mine = mains.get(id(source))
        tops = [f for f in mine or () if f.fix and f.fix[0] == "top"]
        own = [f for f in everything if f.source is source and f.fix and f.fix[0] != "top"] + tops
        diff = fix.diff(source, fix.edits(source, own, source if mine is not None else None)) if own else b""
        why = "its lines end in several ways" if diff is None else "its name cannot stand in a diff" if diff and not \
            source.path.isprintable() else None
        if why:
            sys.stderr.write(f"detpipe: lint: {printable(source.path)}: --fix: {why}: {_count(len(own), 'finding')} to mend by hand\n")
        else:
            out.write(diff)


def _options(arguments):
    p = argparse.ArgumentParser("detpipe lint", description="What in Python scripts makes two runs of them differ.")
    p.add_argument("what", metavar="WHAT", nargs="+", help="a script, a notebook (.ipynb), or a folder of them")
    p.add_argument("--fix", action="store_true", help="print what can safely be mended as a diff (for patch -p1)")
    p.add_argument("--strict", action="store_true", help="exit status 1 if there is a finding that is sure or likely")
    p.add_argument("--all", action="store_true", help="print what cannot be told, too")
    p.add_argument("--json", action="store_true", help="print one JSON object")
    return p.parse_args(arguments)


def _run(o):
    report = Report(Files())
    lint(o.what, report)
    if not report.files.read:
        for path, why in report.files.unread.values():
            sys.stderr.write(f"detpipe: lint: {printable(path)}: {why}\n")
        if o.json:
            print(json.dumps(as_json(report), indent=1))
        return MALFORMED
    if o.fix:
        _print_fixes(report, sys.stdout.buffer)
    elif o.json:
        print(json.dumps(as_json(report), indent=1))
    else:
        _print(report, o.all, sys.stdout)
    return NO if o.strict and any(f.sure != OPEN for f in report.findings.values()) else YES


def main(arguments):
    """The exit status."""
    options, result = _options(arguments), []
    for name in ("SIGPIPE", "SIGINT"):  # to end as other programs do
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    sys.setrecursionlimit(DEPTH)
    threading.stack_size(STACK)
    walker = threading.Thread(target=lambda: result.append(_run(options)))
    walker.start()
    walker.join()
    return result[0] if result else NOT_TRIED
