#!/usr/bin/env python3
# ops.py - the operators of detpipe_ops.h beside PyTorch's, in turn, as a table in docs/performance.md
# SPDX-License-Identifier: Apache-2.0
"""Runs bench_ops and PyTorch on the same shapes in turn, some rounds; the ratio is PyTorch's time over detpipe's in
the same round: above 1 detpipe is faster.  Backward of PyTorch is autograd's, without its forward."""
import argparse, os, statistics, subprocess, sys, time

BEGIN, END = "<!-- written by tools/scripts/bench/ops.py -->\n", "<!-- end of what tools/scripts/bench/ops.py writes -->\n"


def cases():
    """(name, text, inputs of forward, inputs of backward, function of the inputs whose gradients are wanted)."""
    import torch
    import torch.nn.functional as F
    r = lambda *s: torch.rand(s)
    g = lambda t: t.clone().requires_grad_()
    big, image, x3 = (64, 1024, 64), (32, 64, 56, 56), (16, 512, 1024)
    volume, kernel = (8, 16, 16, 28, 28), (32, 16, 3, 3, 3)
    f = lambda *s: "f:" + ",".join(map(str, s))
    a, m, w, b = g(r(*x3)), g(r(*image)), g(r(1024)), g(r(1024))
    v, k, lstm_x = g(r(*volume)), g(r(*kernel)), g(r(32, 64, 128))
    c, c2 = g(r(*image)), g(r(64, 64, 3, 3))
    lstm, gru = torch.nn.LSTM(128, 256), torch.nn.GRU(128, 256)
    logits, labels, weight = g(r(4096, 1000)), torch.randint(0, 1000, (4096,)), r(1000)
    hidden = [f(32, 64, 256)]
    big_x = g(r(*big))
    return [
        ("reduce_sum, all", "reduce_sum", [f(*big)], None, lambda: big_x.sum()),
        ("reduce_sum, last axis", "reduce_sum axis=2", [f(*big)], [f(64, 1024), f(*big)], lambda: big_x.sum(2)),
        ("reduce_sum, first axis", "reduce_sum axis=0", [f(*big)], [f(1024, 64), f(*big)], lambda: big_x.sum(0)),
        ("reduce_max, last axis", "reduce_max axis=2", [f(*big)], None, lambda: big_x.amax(2)),
        ("reduce_prod, last axis", "reduce_prod axis=2", [f(*big)], None, lambda: big_x.prod(2)),
        ("square_sum, all", "square_sum", [f(*big)], None, lambda: big_x.square().sum()),
        ("layer_norm 1024", "layer_norm begin_norm_axis=2 begin_params_axis=2", [f(*x3), f(1024), f(1024)],
         [f(*x3), f(*x3), f(16, 512, 1), f(16, 512, 1), f(1024)], lambda: F.layer_norm(a, (1024,), w, b)),
        ("nll_loss 4096 x 1000", "nll_loss", [f(4096, 1000), "i1000:4096", f(1000)], None,
         lambda: F.nll_loss(logits, labels, weight)),
        ("bn_training_reduce (torch: var_mean)", "bn_training_reduce", [f(*image)], None, lambda: torch.var_mean(m, (0, 2, 3))),
        ("max_pool3d", "max_pool3d kernel_size=2 stride=2", [f(*volume)], [f(8, 16, 8, 14, 14), f(*volume), "i12544:8,16,8,14,14"],
         lambda: F.max_pool3d(v, 2)),
        ("conv2d 3x3, 64 to 64", "conv2d pad_mode=same", [f(*image), f(64, 64, 3, 3)],
         [f(*image), f(*image), f(64, 64, 3, 3)], lambda: F.conv2d(c, c2, padding=1)),
        ("conv3d 3x3x3, 16 to 32", "conv3d pad_mode=same", [f(*volume), f(*kernel)],
         [f(8, 32, 16, 28, 28), f(*volume), f(*kernel)], lambda: F.conv3d(v, k, padding=1)),
        ("lstm 32 x 64, 128 to 256", "lstm", [f(32, 64, 128), f(384, 1024), f(1024), f(1, 64, 256), f(1, 64, 256)],
         [f(32, 64, 256), f(32, 64, 128), f(384, 1024), f(1, 64, 256), f(1, 64, 256)] + 7 * hidden, lambda: lstm(lstm_x)[0]),
        ("lstm 32 x 64, 128 to 256, activation=fast", "lstm activation=fast",
         [f(32, 64, 128), f(384, 1024), f(1024), f(1, 64, 256), f(1, 64, 256)], None, lambda: lstm(lstm_x)[0]),
        ("gru 32 x 64, 128 to 256", "gru", [f(32, 64, 128), f(128, 768), f(256, 768), f(768), f(768), f(64, 256)],
         [f(32, 64, 256), f(32, 64, 128), f(128, 768), f(256, 768), f(64, 256)] + 5 * hidden, lambda: gru(lstm_x)[0]),
        ("strided_slice", "strided_slice begin=0,0,0 end=64,1024,64 strides=1,2,1", [f(*big)], None,
         lambda: big_x[:, ::2].contiguous()),
    ]


def torch_ms(run, backward):
    import torch
    times, start = [], time.monotonic()
    while len(times) < 8 or time.monotonic() - start < 0.5:
        if backward:
            y = run()
            grads = [torch.ones_like(y)]
            begin = time.monotonic()
            y.backward(grads[0])
        else:
            with torch.no_grad():
                begin = time.monotonic()
                run()
        times.append(1e3 * (time.monotonic() - begin))
    return statistics.median(times[1:])


def main():
    import torch
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", required=True, help="bench_ops")
    p.add_argument("--page", required=True, help="the table is written into this")
    p.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    p.add_argument("--rounds", type=int, default=5)
    a = p.parse_args()
    torch.set_num_threads(a.threads)
    with open(a.page, encoding="utf-8") as f:
        page = f.read()
    if BEGIN not in page or END not in page:
        sys.exit(f"ops.py: {a.page} lacks the marks between which the table stands")
    rows = [f"PyTorch {torch.__version__}, {a.threads} threads, {a.rounds} rounds.\n",
            "| operator | direction | detpipe, ms | PyTorch, ms | ratio: median (least to most) |", "|---|---|---|---|---|"]
    for name, text, forward, backward, run in cases():
        for direction, inputs in (("forward", forward), ("backward", backward)):
            if inputs is None:
                continue
            seen = []
            for _ in range(a.rounds):
                ours = float(subprocess.run([a.program, str(a.threads), direction, text, *inputs], stdout=subprocess.PIPE,
                                            text=True, check=True).stdout)
                seen.append((ours, torch_ms(run, direction == "backward")))
            ratios = [t / o for o, t in seen]
            rows.append(f"| {name} | {direction} | {statistics.median(o for o, _ in seen):.2f} | "
                        f"{statistics.median(t for _, t in seen):.2f} | "
                        f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |")
            print(rows[-1], file=sys.stderr, flush=True)
    head, tail = page.split(BEGIN)[0], page.split(END)[1]
    with open(a.page + ".new", "w", encoding="utf-8") as f:
        f.write(head + BEGIN + "\n".join(rows) + "\n" + END + tail)
    os.replace(a.page + ".new", a.page)


if __name__ == "__main__":
    main()
