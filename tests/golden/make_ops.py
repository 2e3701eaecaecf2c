#!/usr/bin/env python3
# make_ops.py - what PyTorch gives for small cases of the operators of detpipe_ops.h
# SPDX-License-Identifier: Apache-2.0
"""make_ops.py FOLDER [SEED] writes torch_ops.npz and torch_ops.txt: a line a case ("direction : text"), its tensors as
CASE.inN and CASE.outN.  Gradients are autograd's.  A few outputs are left out (CASE.outN is not there) where PyTorch has
no name for them."""
import sys
import numpy as np, torch
import torch.nn.functional as F

rng = np.random.Generator(np.random.Philox(int(sys.argv[2]) if len(sys.argv) > 2 else 7))
tensors, lines = {}, []


def r(*shape, low=-1.0, high=1.0):
    return torch.tensor(rng.uniform(low, high, shape).astype(np.float32))


def ints(n, *shape):
    return torch.tensor(rng.integers(0, n, shape).astype(np.int32))


def case(direction, text, inputs, outputs):
    number = len(lines)
    lines.append(f"{direction} : {text}")
    for kind, values in (("in", inputs), ("out", outputs)):
        for i, v in enumerate(values):
            if v is not None:
                tensors[f"{number}.{kind}{i}"] = v.detach().contiguous().numpy()


def both(text, forward, inputs, given, grads, outputs=None):
    """forward(*inputs) -> first output, or all of them; given(dy, y...) -> inputs of backward; grads: which inputs' gradients."""
    inputs = [t.clone().requires_grad_(t.dtype == torch.float32) for t in inputs]
    y = forward(*inputs)
    ys = y if isinstance(y, tuple) else (y,)
    case("forward", text, inputs, ys)
    dy = r(*ys[0].shape)
    g = torch.autograd.grad(ys[0], [inputs[i] for i in grads], dy)
    case("backward", text, given(dy, inputs, ys), g)


# ---- reductions ----
x = r(6, 5, 37)
for axes, keep in (((0, 2), False), ((1,), True), ((), False), ((0, 1), False)):
    dims = axes if axes else (0, 1, 2)
    said = (f" axis={','.join(map(str, axes))}" if axes else "") + (" keep_dims=true" if keep else "")
    f = lambda name: (lambda t: getattr(torch, name)(t, dim=dims, keepdim=keep))
    dx = lambda dy, i, y: (dy, i[0])
    dxy = lambda dy, i, y: (dy, i[0], y[0])
    both("reduce_sum" + said, f("sum"), [x], dx, [0])
    both("reduce_mean" + said, f("mean"), [x], dx, [0])
    both("reduce_max" + said, f("amax"), [x], dxy, [0])
    both("reduce_min" + said, f("amin"), [x], dxy, [0])
    both("square_sum" + said, lambda t: (t * t).sum(dim=dims, keepdim=keep), [x], dx, [0])
p = r(4, 5, 3, low=0.5, high=1.5)
p[1, 2, 0] = 0
both("reduce_prod axis=1", lambda t: t.prod(1), [p], lambda dy, i, y: (dy, i[0]), [0])
b = ints(2, 9, 3).bool()
case("forward", "reduce_all axis=0", [b], [b.all(0)])
case("forward", "reduce_any axis=1", [b], [b.any(1)])
k = ints(1000, 7, 4)
case("forward", "reduce_sum axis=0", [k], [k.sum(0).int()])
case("forward", "reduce_prod axis=0", [k], [k.prod(0).int()])

# ---- slices ----
s = r(8, 6, 7)
both("strided_slice begin=1,0,2 end=7,6,7 strides=3,1,2", lambda t: t[1:7:3, :, 2:7:2], [s], lambda dy, i, y: (dy, i[0]), [0])
both("strided_slice begin=0,2,-1 end=8,3,0 strides=2,1,-1 begin_mask=1 shrink_axis_mask=2",
     lambda t: t[0:8:2, 2].flip(-1)[..., :6], [s], lambda dy, i, y: (dy, i[0]), [0])
both("strided_slice begin=0,1 end=0,4 ellipsis_mask=1", lambda t: t[..., 1:4], [s], lambda dy, i, y: (dy, i[0]), [0])

# ---- norms ----
x = r(9, 4, 10)
for axis, shape in ((1, (4, 10)), (2, (10,))):
    def forward(t, g, c):
        m = t.mean(dim=tuple(range(axis, 3)), keepdim=True)
        v = t.var(dim=tuple(range(axis, 3)), keepdim=True, unbiased=False)
        return F.layer_norm(t, shape, g, c, 1e-5), m, v
    both(f"layer_norm begin_norm_axis={axis} begin_params_axis={axis} epsilon=1e-5", forward, [x, r(*shape), r(*shape)],
         lambda dy, i, y: (dy, i[0], y[1], y[2], i[1]), [0, 1, 2])
x = (r(7, 5, 4, 6) + 0.3).requires_grad_()
scale, offset, old_mean, old_var = r(5).requires_grad_(), r(5).requires_grad_(), r(5), r(5, low=0.1)
s1, s2 = x.sum((0, 2, 3)), (x * x).sum((0, 2, 3))
case("forward", "bn_training_reduce", [x], [s1, s2])
mean, var = old_mean.clone(), old_var.clone()
y = F.batch_norm(x, mean, var, scale, offset, True, 0.1, 1e-5)
bm, bv = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
case("forward", "bn_training_update", [x, s1, s2, scale, offset, old_mean, old_var], [y, mean, var, bm, bv])
dy = r(7, 5, 4, 6)
dx, dscale, doffset = torch.autograd.grad(y, [x, scale, offset], dy)
case("backward", "bn_training_update", [dy, x, bm, bv], [dscale, doffset])
case("backward", "bn_training_reduce epsilon=1e-5", [dy, x, dscale, doffset, scale, bm, bv], [dx])

# ---- loss ----
logits, labels, weight = F.log_softmax(r(11, 7), 1), ints(7, 11), r(7, low=0.1)
labels[3] = labels[8] = -100
for how in ("none", "sum", "mean"):
    def forward(t, l, w):
        kept = l != -100
        return F.nll_loss(t, l.long(), w.detach(), ignore_index=-100, reduction=how), w[l.clamp(min=0).long()][kept].sum()
    both(f"nll_loss reduction={how}", forward, [logits, labels, weight], lambda dy, i, y: (dy, i[0], i[1], i[2], y[1]), [0])

# ---- windows ----
v = r(2, 3, 6, 7, 8)
for said, kw in (("kernel_size=2 stride=2", dict(kernel_size=2, stride=2)),
                 ("kernel_size=3,2,3 stride=2,1,2 pad_mode=pad padding=1", dict(kernel_size=(3, 2, 3), stride=(2, 1, 2), padding=1))):
    def forward(t):
        y, argmax = F.max_pool3d(t, return_indices=True, **kw)
        return y, argmax.int()
    both("max_pool3d " + said, forward, [v], lambda dy, i, y: (dy, i[0], y[1]), [0])
for said, kw, w in (("leaf_size=1", {}, r(4, 3, 2, 3, 3)),
                    ("stride=2,1,2 pad_mode=pad padding=1 dilation=1,2,1", dict(stride=(2, 1, 2), padding=1, dilation=(1, 2, 1)), r(20, 3, 3, 2, 3))):
    both("conv3d " + said, lambda t, u: F.conv3d(t, u, **kw), [v, w], lambda dy, i, y: (dy, i[0], i[1]), [0, 1])
image = r(6, 4, 9, 8)
for said, kw, w in (("leaf_size=2", {}, r(20, 4, 3, 2)),
                    ("stride=2,1 pad_mode=pad padding=1 dilation=1,2 group=2", dict(stride=(2, 1), padding=1, dilation=(1, 2), groups=2), r(6, 2, 3, 3))):
    both("conv2d " + said, lambda t, u: F.conv2d(t, u, **kw), [image, w], lambda dy, i, y: (dy, i[0], i[1]), [0, 1])
shards = r(5, 3, 4)
for op in ("sum", "prod", "max", "min"):
    how = {"sum": "sum", "prod": "prod", "max": "amax", "min": "amin"}[op]
    case("forward", "all_reduce op=" + op, [shards], [getattr(torch, how)(shards, 0)])
try:
    from torchvision.ops import roi_align
    f, rois = r(2, 3, 9, 11), torch.tensor([[0, 1, 2, 9.5, 7.25], [1, -3, -2, 4, 20], [0, 5, 5, 5, 5], [1, 0.5, 0, 12, 3]])
    for end in (0, 1):
        def forward(t, b):
            at = b.clone()
            at[:, 3:] += end
            return roi_align(t, at, (3, 2), 0.75, 2, aligned=bool(end))
        # aligned=True moves by half a pixel: undone by moving the region
        def moved(t, b):
            at = b.clone()
            at[:, 3:] += end
            at[:, 1:] += 0.5 / 0.75 * end
            return roi_align(t, at, (3, 2), 0.75, 2, aligned=bool(end))
        both(f"roi_align pooled_height=3 pooled_width=2 spatial_scale=0.75 roi_end_mode={end}", moved, [f, rois],
             lambda dy, i, y: (dy, i[0], i[1]), [0])
except ImportError:
    sys.exit("make_ops.py: torchvision is not here")

# ---- recurrent ----
T, B, I, H = 5, 6, 4, 3
x, h0, c0 = r(T, B, I).requires_grad_(), r(1, B, H).requires_grad_(), r(1, B, H).requires_grad_()
w, bias = r(I + H, 4 * H).requires_grad_(), r(4 * H).requires_grad_()
net = torch.nn.LSTM(I, H)


def ifgo(t):                                                 # our i, j, f, o as PyTorch's i, f, g, o
    i, j, f, o = t.chunk(4, -1)
    return torch.cat((i, f, j, o), -1)


state = dict(weight_ih_l0=ifgo(w[:I]).T, weight_hh_l0=ifgo(w[I:]).T, bias_ih_l0=ifgo(bias), bias_hh_l0=torch.zeros(4 * H))
y, (h, c) = torch.func.functional_call(net, state, (x, (h0, c0)))
hs, cs, others = h0[0], c0[0], []
for t in range(T):
    i, j, f, o = (torch.cat((x[t], hs), 1) @ w + bias).chunk(4, -1)
    i, j, f, o = i.sigmoid(), j.tanh(), f.sigmoid(), o.sigmoid()
    cs = f * cs + i * j
    hs = o * cs.tanh()
    others.append((cs, i, j, f, o, cs.tanh()))
rest = [torch.stack(v) for v in zip(*others)]
case("forward", "lstm", [x, w, bias, h0, c0], [y, *rest])
dy = r(T, B, H)
dx, dw, db, dh, dc = torch.autograd.grad(y, [x, w, bias, h0, c0], dy)
case("backward", "lstm", [dy, x, w, h0, c0, y, *rest], [dx, dw, db, dh, dc])

h0 = r(B, H).requires_grad_()
wi, wh, bi, bh = (t.requires_grad_() for t in (r(I, 3 * H), r(H, 3 * H), r(3 * H), r(3 * H)))
net = torch.nn.GRU(I, H)
y, _ = torch.func.functional_call(net, dict(weight_ih_l0=wi.T, weight_hh_l0=wh.T, bias_ih_l0=bi, bias_hh_l0=bh), (x, h0[None]))
hs, others = h0, []
for t in range(T):
    gi, gh = (x[t] @ wi + bi).chunk(3, -1), (hs @ wh + bh).chunk(3, -1)
    reset, update = (gi[0] + gh[0]).sigmoid(), (gi[1] + gh[1]).sigmoid()
    new = (gi[2] + reset * gh[2]).tanh()
    hs = (1 - update) * new + update * hs
    others.append((update, reset, new, gh[2]))
rest = [torch.stack(v) for v in zip(*others)]
case("forward", "gru", [x, wi, wh, bi, bh, h0], [y, *rest])
g = torch.autograd.grad(y, [x, wi, wh, bi, bh, h0], dy)
case("backward", "gru", [dy, x, wi, wh, h0, y, *rest], g)

folder = sys.argv[1]
np.savez(f"{folder}/torch_ops.npz", **tensors)
with open(f"{folder}/torch_ops.txt", "w", encoding="utf-8") as out:
    out.write(f"# PyTorch {torch.__version__}: direction and text of each case of torch_ops.npz (make_ops.py)\n")
    out.writelines(line + "\n" for line in lines)
