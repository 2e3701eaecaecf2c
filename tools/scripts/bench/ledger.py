#!/usr/bin/env python3
# ledger.py - what recording costs a training in PyTorch: detpipe.torch.Ledger, msprobe and DebugMode beside none, in turn
# SPDX-License-Identifier: Apache-2.0
"""python ledger.py [--rounds N] [--steps N] [--cpu] [--nets A,B] [--methods A,B]: a table for docs/performance.md.  Each method
has a process of its own, as msprobe stays in one; the processes take turns.  --cpu counts CPU time, for a machine that is busy
with other work.  "none" is always a method.  The C library's heap keeps what is freed: given back and taken again, in some
processes in each step and in others never, it costs up to a tenth of a step by chance, whatever the method."""
import argparse, importlib.util, json, os, statistics, subprocess, sys, tempfile, time

NETS = {"cnn": "small CNN, batch 128", "resnet": "ResNet-18, Adam, 64 pictures of 32 x 32", "transformer": "6 layers, 16 x 128 tokens"}
KEEPS_HEAP = {"GLIBC_TUNABLES": "glibc.malloc.trim_threshold=1073741824:glibc.malloc.mmap_threshold=1073741824"}
METHODS = ("none", "loss", "weights", "full", "msprobe statistics", "msprobe md5", "DebugMode")


def trained(name):
    import torch
    from torch import nn
    if name == "transformer":
        layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(128, 4, 512, batch_first=True), 6)
        net = nn.Sequential(nn.Embedding(1000, 128), layers, nn.Linear(128, 1000), nn.Flatten(0, 1))
        return net, torch.optim.AdamW(net.parameters(), 1e-3), torch.randint(1000, (16, 128)), torch.randint(1000, (16 * 128,))
    if name == "resnet":
        import torchvision
        net = torchvision.models.resnet18(num_classes=10)
        return net, torch.optim.Adam(net.parameters(), 1e-3), torch.randn(64, 3, 32, 32), torch.randint(10, (64,))
    net = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1),
                        nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.3), nn.Linear(2048, 64),
                        nn.ReLU(), nn.Linear(64, 10))
    return net, torch.optim.SGD(net.parameters(), 0.01, momentum=0.9), torch.randn(128, 3, 32, 32), torch.randint(10, (128,))


def recorder(method, net, optimizer, folder):
    """What runs at the begin and at the end of each step."""
    def nothing():
        pass
    if method in ("loss", "weights", "full"):
        from detpipe.torch import Ledger
        Ledger(os.path.join(folder, "ledger"), net, optimizer, method)
    if method == "DebugMode":
        from torch.utils._debug_mode import DebugMode
        modes = []
        return (lambda: (modes.append(DebugMode()), modes[-1].__enter__(), modes[-1].log_tensor_hashes().__enter__()),
                lambda: modes.pop().__exit__(None, None, None))
    if method.startswith("msprobe"):
        from msprobe.pytorch import PrecisionDebugger
        settings = {"task": "statistics", "dump_path": folder, "rank": [], "step": [], "level": "mix",
                    "statistics": {"scope": [], "list": [], "data_mode": ["all"], "summary_mode": method.split()[1]}}
        with open(os.path.join(folder, "config.json"), "w") as f:
            json.dump(settings, f)
        debugger = PrecisionDebugger(os.path.join(folder, "config.json"))
        return lambda: debugger.start(model=net), lambda: (debugger.stop(), debugger.step())
    return nothing, nothing


def one(name, method, steps, clock):
    import torch
    torch.manual_seed(1)
    net, optimizer, x, y = trained(name)
    measure, seconds = torch.nn.CrossEntropyLoss(), []
    with tempfile.TemporaryDirectory() as folder:
        begin, end = recorder(method, net, optimizer, folder)
        for step in range(steps + 2):
            start = clock()
            begin()
            optimizer.zero_grad()
            loss = measure(net(x), y)
            loss.backward()
            optimizer.step()
            end()
            if step >= 2:
                seconds.append(clock() - start)
        size = sum(os.path.getsize(os.path.join(at, f)) for at, _, files in os.walk(folder) for f in files)
    print(json.dumps({"seconds": seconds, "bytes": size / (steps + 2), "torch": torch.__version__,
                      "threads": torch.get_num_threads()}), file=sys.stderr)


def can(method):
    module = {"m": "msprobe", "D": "torch.utils._debug_mode"}.get(method[0])
    return module is None or importlib.util.find_spec(module) is not None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--nets", default=",".join(NETS))
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--one", nargs=2, metavar=("NET", "METHOD"))
    given = parser.parse_args()
    if given.one:
        return one(*given.one, given.steps, time.process_time if given.cpu else time.perf_counter)
    own = [sys.executable, __file__, "--steps", str(given.steps), *(["--cpu"] if given.cpu else [])]
    wanted = [method for method in METHODS if method == "none" or method in given.methods.split(",")]
    methods = [method for method in wanted if can(method)]
    print("not here:", ", ".join(m for m in wanted if m not in methods) or "nothing", file=sys.stderr)
    for name, what in ((name, what) for name, what in NETS.items() if name in given.nets.split(",")):
        seconds, sizes, failed = {m: [] for m in methods}, {}, {}
        for _ in range(given.rounds):
            for method in methods:
                done = subprocess.run([*own, "--one", name, method], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                                      env={**os.environ, **KEEPS_HEAP})
                lines = done.stderr.splitlines() or [""]
                if done.returncode != 0:
                    failed[method] = lines[-1]
                    continue
                seen = json.loads(next(line for line in reversed(lines) if line.startswith("{")))
                seconds[method] += seen["seconds"]
                sizes[method] = seen["bytes"]
        none = statistics.median(seconds["none"])
        print(f"| {what} | {1e3 * none:.1f} ms |")
        for method in methods[1:]:
            if seconds[method]:
                print(f"|   {method} | {statistics.median(seconds[method]) / none:.3f} | {sizes[method] / 1024:.1f} KB a step |", flush=True)
            else:
                print(f"|   {method} | {failed[method]} | |", flush=True)
    print(f"torch {seen['torch']}, {seen['threads']} threads, {'CPU time' if given.cpu else 'time'}, medians of "
          f"{given.rounds} rounds of {given.steps} steps")


if __name__ == "__main__":
    main()
