#!/usr/bin/env python3
# compare.py - detpipe and its peers in turn, as a table in docs/performance.md
# SPDX-License-Identifier: Apache-2.0
"""Runs each task of `detpipe bench` and the same task of every peer in turn, some rounds, and writes the
table between two marks of a page.  Noise that lasts longer than a round hits all, so the ratios hold
where the figures do not.  The ratio is detpipe's speed over the peer's in the same round."""
import argparse, json, os, platform, shlex, statistics, subprocess, sys

BEGIN, END = "<!-- written by tools/dev bench -->\n", "<!-- end of what tools/dev bench writes -->\n"
TASKS = (("raw", (1, 2), ("numpy", "torch")), ("aug", (1, 2), ("numpy", "torch")),
         ("resize227", (1, 2), ("opencv", "torch")), ("skip", (1,), ("numpy",)))
HERE = os.path.dirname(os.path.abspath(__file__))


def run(command):
    """The JSON line of a command, or what went wrong."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=600)
        return json.loads((done.stdout.strip().splitlines() or ["{}"])[-1])
    except (OSError, ValueError, subprocess.TimeoutExpired) as e:
        return {"error": str(e)}


def speed(line):
    return line["images_per_s"] if "images_per_s" in line else 1 / line["step_ms"] if "step_ms" in line else None


def figure(lines):
    if "step_ms" in lines[0]:
        return "%.2f ms" % statistics.median(l["step_ms"] for l in lines)
    return "{:,.0f}".format(statistics.median(l["images_per_s"] for l in lines))


def compare(a, task, threads, peers):
    common = ["--task", task, "--data", a.data, "--threads", str(threads), "--seconds", str(a.seconds)]
    commands = [[a.detpipe, "bench", *common]]
    commands += [[a.python, os.path.join(HERE, "peers.py"), "--peer", p, *common] for p in peers]
    seen = [[] for _ in commands]
    for r in range(a.rounds):
        for lines, command in zip(seen, commands):
            lines.append(run(command))
            print(r + 1, shlex.join(command), lines[-1].get("error", speed(lines[-1])), file=sys.stderr, flush=True)
    if any(speed(l) is None for l in seen[0]):
        sys.exit("compare.py: detpipe gave no figure: " + str(seen[0]))
    roof = [statistics.median(l[k] for l in seen[0]) for k in ("memcpy_gb_s", "store_gb_s")]
    for peer, lines in zip(peers, seen[1:]):
        if any(speed(l) is None for l in lines):
            yield f"| {task} | {threads} | {figure(seen[0])} | {peer}: not here | | {roof[0]:.1f}, {roof[1]:.1f} |"
            continue
        ratios = [speed(o) / speed(l) for o, l in zip(seen[0], lines)]
        yield (f"| {task} | {threads} | {figure(seen[0])} | {lines[0]['version']}: {figure(lines)} | "
               f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) | {roof[0]:.1f}, {roof[1]:.1f} |")


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
    p.add_argument("--data", required=True, help="folder with data_batch_1..5.bin")
    p.add_argument("--page", required=True, help="the table is written into this")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=int, default=2, help="of each run, at least")
    a = p.parse_args()
    with open(a.page, encoding="utf-8") as f:
        page = f.read()
    if BEGIN not in page or END not in page:
        sys.exit(f"compare.py: {a.page} lacks the marks between which the table stands")
    rows = [f"{cpu()}, {a.rounds} rounds.\n", "| task | threads | detpipe | peer | ratio: median (least to most) | roof: memcpy, stores (GB/s) |",
            "|---|---|---|---|---|---|"]
    for task, threads, peers in TASKS:
        for n in threads:
            if n <= len(os.sched_getaffinity(0)):
                rows += compare(a, task, n, peers)
    head, tail = page.split(BEGIN)[0], page.split(END)[1]
    with open(a.page + ".new", "w", encoding="utf-8") as f:
        f.write(head + BEGIN + "\n".join(rows) + "\n" + END + tail)
    os.replace(a.page + ".new", a.page)


if __name__ == "__main__":
    main()
