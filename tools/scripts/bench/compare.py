#!/usr/bin/env python3
# compare.py - detpipe and its peers in turn, as tables in docs/performance.md
# SPDX-License-Identifier: Apache-2.0
"""Runs each task of `detpipe bench` and the same task of every peer in turn, some rounds, and writes the
tables between two marks of a page.  Noise that lasts longer than a round hits all, so the ratios hold
where the figures do not.  A ratio is detpipe's speed over the peer's in the same round; a peer that is five times
slower is asked once.  Peers of a training step (--steps, steps.py) are started once a column and asked once a round."""
import argparse, contextlib, json, os, platform, shlex, statistics, subprocess, sys

BEGIN, END = "<!-- written by tools/dev %s -->\n", "<!-- end of what tools/dev %s writes -->\n"
LIBRARIES = ("torch_loader", "grain", "spdl", "dali", "tf", "mindspore")
TASKS = {"raw": ("numpy", "torch", *LIBRARIES), "aug": ("numpy", "torch", *LIBRARIES),
         "resize227": ("opencv", "torch", "dali", "tf", "mindspore"), "skip": ("numpy",)}
PHOTO_PEERS = ("opencv", "torch", "pillow", "torch_loader", "tf", "mindspore", "dali")
PHOTO_TASKS = {"photos": PHOTO_PEERS, "photos_eval": PHOTO_PEERS, "decode": PHOTO_PEERS[:3]}
STEP_TASKS = dict.fromkeys(("alexnet", "small_cnn", "resnet20"), ("direct", "tf", "torch", "torch_last", "torch_compiled"))
STREAMS = ("raw", "aug", "resize227")
SLOW = 5
HERE = os.path.dirname(os.path.abspath(__file__))


def run(command):
    """The JSON line of a command, or what went wrong."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600)
        line = json.loads((done.stdout.strip().splitlines() or ["{}"])[-1])
    except (OSError, ValueError, subprocess.TimeoutExpired) as e:
        line = {"error": str(e)}
    print(shlex.join(command), line.get("error", speed(line)), file=sys.stderr, flush=True)
    return line


def speed(line):
    return line["images_per_s"] if "images_per_s" in line else 1 / line["step_ms"] if "step_ms" in line else None


def ours(a, task, threads, *more):
    data = [] if a.steps else ["--data", a.data]
    line = run([a.detpipe, "bench", "--task", task, *data, "--threads", str(threads), "--seconds", str(a.seconds), *more])
    return line if speed(line) is not None else sys.exit("compare.py: detpipe gave no figure: " + str(line))


def command(a, program, peer, task, threads):
    return [a.python, os.path.join(HERE, program), "--peer", peer, "--task", task, "--threads", str(threads),
            "--seconds", str(a.seconds)]


def theirs(a, peer, task, threads):
    return run(command(a, "peers.py", peer, task, threads) + ["--data", a.data])


class Steps:
    """A peer that trains: started once, it gives a line whenever it is asked; the first says that it is ready."""

    def __init__(self, a, peer, task, threads):
        self.command = command(a, "steps.py", peer, task, threads)
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def line(self):
        try:
            line = json.loads(self.process.stdout.readline())
        except ValueError as e:
            line = {"error": f"it ended: {e}"}
        print(shlex.join(self.command), line.get("error", speed(line) or "is ready"), file=sys.stderr, flush=True)
        return line

    def ask(self):
        with contextlib.suppress(OSError):  # it has ended, which its line says
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        return self.line()


def figure(lines):
    if "step_ms" in lines[0]:
        return "%.2f ms" % statistics.median(l["step_ms"] for l in lines)
    rate = statistics.median(l["images_per_s"] for l in lines)
    return "%.2f M" % (rate / 1e6) if rate >= 1e6 else "%.0f k" % (rate / 1e3) if rate >= 1e5 else "{:,.0f}".format(rate)


def spread(ratios):
    middle = "%.2f" % statistics.median(ratios)
    return middle + (f" ({min(ratios):.2f} to {max(ratios):.2f})" if len(ratios) > 1 else "")


def asking(a, task, threads, stack):
    """A function from a peer to its line; peers of a training step are up and ready before the first is asked."""
    if not a.steps:
        return lambda peer: theirs(a, peer, task, threads)
    peers = {peer: stack.enter_context(Steps(a, peer, task, threads)) for peer in a.tasks[task] if peer != "direct"}
    for peer in peers.values():
        peer.line()
    return lambda peer: (peers[peer].ask() if peer in peers else
                         {**ours(a, task, threads, "--algorithm", "direct"), "version": "detpipe, direct"})


def compare(a, task, threads):
    """{peer: cell}, and detpipe's lines."""
    with contextlib.ExitStack() as stack:
        return rounds(a, task, threads, asking(a, task, threads, stack))


def rounds(a, task, threads, ask):
    mine, seen, ratios, cells = [], {}, {}, {}
    for _ in range(a.rounds):
        mine.append(ours(a, task, threads))
        for peer in a.tasks[task]:
            if len(ratios.get(peer, [])) == 1 and ratios[peer][0] > SLOW or peer in cells:
                continue
            line = ask(peer)
            if speed(line) is None:
                cells[peer] = "not here"
                continue
            seen.setdefault(peer, []).append(line)
            ratios.setdefault(peer, []).append(speed(mine[-1]) / speed(line))
    for peer, lines in seen.items():
        a.versions[peer] = lines[0]["version"]
        cells[peer] = f"{figure(lines)}: {spread(ratios[peer])}"
    return cells, mine


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + ["| " + " | ".join(r) + " |" for r in rows] + [""]


def peers_table(a, cpus):
    columns = [(t, n) for t in a.tasks for n in ((1,) if t == "skip" else (1, 2)) if n <= cpus]
    results = {c: compare(a, *c) for c in columns}
    rows = [["**detpipe**"] + [f"**{figure(results[c][1])}**" for c in columns]]
    for peer in dict.fromkeys(p for t in a.tasks.values() for p in t):
        rows.append([a.versions.get(peer, peer)] + [results[c][0].get(peer, "") for c in columns])
    for name, key in () if a.steps else (("memcpy, GB/s", "memcpy_gb_s"), ("stores, GB/s", "store_gb_s")):
        rows.append([name] + ["%.1f" % statistics.median(l[key] for l in results[c][1]) for c in columns])
    return table(["peer"] + [f"{t} x{n}" for t, n in columns], rows)


def busy(n):
    return [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n)]


def contended(a, run_quiet, n):
    """Speed beside n busy processes over the speed without."""
    ratios = []
    for _ in range(a.rounds):
        quiet = run_quiet()
        loops = busy(n)
        try:
            loaded = run_quiet()
        finally:
            for l in loops:
                l.kill()
                l.wait()
        if speed(quiet) is None or speed(loaded) is None:
            return "not here"
        ratios.append(speed(loaded) / speed(quiet))
    return spread(ratios)


def self_table(a, cpus):
    """What detpipe is measured against itself for: a second thread, digests, busy CPUs."""
    rows = []
    for task in STREAMS:
        lines = [(ours(a, task, 1), ours(a, task, 2), ours(a, task, 1, "--digests")) for _ in range(a.rounds)]
        size = {"raw": 3072, "aug": 4 * 3072, "resize227": 12 * 227 * 227}[task]
        cost = [1e9 / speed(d) - 1e9 / speed(o) for o, _, d in lines]
        rows.append([task, spread([speed(t) / speed(o) for o, t, _ in lines]),
                     f"{statistics.median(cost):,.0f} ns, {size / max(statistics.median(cost), 1):.0f} GB/s"]
                    + [contended(a, lambda: f(task), cpus) for f in
                       (lambda t: ours(a, t, 2), lambda t: theirs(a, "opencv" if t == "resize227" else "numpy", t, 2),
                        lambda t: theirs(a, "torch", t, 2))])
    return table(["task", "x2 / x1", "digest of an image", "x2 busy / quiet: detpipe", "numpy, opencv", "torch"], rows)


def cpu():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        text = f.read()
    names = [l.split(":", 1)[1].strip() for l in text.splitlines() if l.startswith("model name")]
    sets = [w for w in ("avx512bw", "avx2") if w in text.split()]
    return f"{names[0] if names else platform.machine()} ({sets[0] if sets else 'no AVX2'}), {len(os.sched_getaffinity(0))} CPUs"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--detpipe", required=True, help="the program")
    p.add_argument("--python", default=sys.executable, help="that has the peers")
    p.add_argument("--data", help="folder with data_batch_1..5.bin; of photographs: of class folders; none for --steps")
    p.add_argument("--photos", action="store_true", help="the tasks on photographs")
    p.add_argument("--steps", action="store_true", help="a training step, beside other frameworks")
    p.add_argument("--page", required=True, help="the tables are written into this")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=int, default=2, help="of each run, at least")
    a = p.parse_args()
    a.versions, cpus = {}, len(os.sched_getaffinity(0))
    a.tasks = PHOTO_TASKS if a.photos else STEP_TASKS if a.steps else TASKS
    if a.data is None and not a.steps:
        p.error("--data is missing")
    begin, end = (mark % ("bench-photos" if a.photos else "bench-steps" if a.steps else "bench") for mark in (BEGIN, END))
    with open(a.page, encoding="utf-8") as f:
        page = f.read()
    if begin not in page or end not in page:
        sys.exit(f"compare.py: {a.page} lacks the marks between which the tables stand")
    lines = [f"{cpu()}, {a.rounds} rounds.", "", *peers_table(a, cpus)]
    if cpus >= 2 and not a.photos and not a.steps:
        lines += self_table(a, cpus)
    with open(a.page, encoding="utf-8") as f:  # as it is now, minutes later
        page = f.read()
    head, tail = page.split(begin)[0], page.split(end)[1]
    with open(a.page + ".new", "w", encoding="utf-8") as f:
        f.write(head + begin + "\n".join(lines) + end + tail)
    os.replace(a.page + ".new", a.page)


if __name__ == "__main__":
    main()
