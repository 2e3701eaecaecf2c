# lint_cases.py - each case of LINT_CASES: lint finds what the comments `#: sure: words` name, on their lines, and no more
# SPDX-License-Identifier: Apache-2.0
import os, re, sys, tempfile

package, path = sys.argv[1:]
sys.path.insert(0, package)
from lint.command import Report, as_json, lint
from lint.source import Files, Unread, find_module

failed = count = 0


def run(case, files):
    global failed
    wanted = []
    for name, lines in files.items():
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        with open(name, "w") as f:
            f.write("\n".join(lines) + "\n")
        for number, line in enumerate(lines, 1):
            for sure, words in re.findall(r"#: (sure|likely|cannot tell): ([^#]*)", line):
                wanted.append((name, number, sure, words.strip()))
    report = Report(Files())
    find_module.cache_clear()  # another folder is the current one
    try:
        lint(["main.py"], report)
        found = as_json(report)["findings"]
    except Unread as e:
        found = [{"why": str(e), "file": "", "line": 0, "sure": ""}]
    for f in found:
        match = next((w for w in wanted if w[:3] == (os.path.normpath(f["file"]), f["line"], f["sure"]) and w[3] in f["why"]), None)
        if match is None:
            failed = 1
            print(f"FAILED: {case}: a false alarm: {f['file']}:{f['line']}: {f['sure']}: {f['why']}")
        else:
            wanted.remove(match)
    for w in wanted:
        failed = 1
        print(f"FAILED: {case}: not found: {w}")


case, files, name = None, {}, None
with open(path) as f:
    for line in [*f.read().split("\n"), "== end"]:
        if line.startswith("== "):
            if case is not None:
                with tempfile.TemporaryDirectory() as folder:
                    os.chdir(folder)
                    run(case, files)
                    os.chdir("/")
                count += 1
            case, name = line[3:], "main.py"
            files = {name: []}
        elif line.startswith("-- "):
            name = line[3:]
            files[name] = []
        elif case is not None:
            files[name].append(line)
print(f"{count} cases")
sys.exit(failed)
