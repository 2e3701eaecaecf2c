# why_train.py - a training without a line about detpipe: `why_train.py FAULT [HOW]`.  The fault is in the second of two runs
# of verify --why alone, or is by chance, and begins in the second epoch, with step 7, where it can.
# SPDX-License-Identifier: Apache-2.0
import os, sys
from multiprocessing import util
import numpy as np, torch
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, Dataset

STEPS = 12
HOW = ("plain", "compile", "inductor", "amp", "accumulate", "checkpoint", "reentrant", "channels_last", "ddp")


class Sum(nn.Module):
    """A sum whose order depends on the memory of what it gets."""
    def forward(self, x):
        return x + 1e-3 * x.sum()


class Race(nn.Module):
    """Adds on two threads at the same place."""
    def __init__(self):
        super().__init__()
        self.values = torch.randn(1 << 20)

    def forward(self, x):
        at = (torch.zeros(len(self.values), dtype=torch.int64),)
        return x + 1e-6 * torch.zeros(1).index_put_(at, self.values, accumulate=True)


class Net(nn.Module):
    def __init__(self, fault, how):
        super().__init__()
        self.c1, self.bn, self.c2 = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3, padding=1)
        self.agg = Race() if fault == "index_put" else Sum()
        self.drop, self.f1, self.f2 = nn.Dropout(0.3), nn.Linear(8 * 8 * 8, 256), nn.Linear(256, 4)
        self.how, self.permute = how, False

    def features(self, x):
        x = torch.relu(self.c2(torch.relu(self.bn(self.c1(x)))))
        return self.agg(x.contiguous(memory_format=torch.channels_last) if self.permute else x)

    def forward(self, x):
        if self.how in ("checkpoint", "reentrant"):
            x = checkpoint(self.features, x.requires_grad_(), use_reentrant=self.how == "reentrant")
        else:
            x = self.features(x)
        return self.f2(torch.relu(self.f1(self.drop(x.flatten(1)))))


class Images(Dataset):
    def __init__(self, fault):
        self.fault, self.values = fault, torch.randn(48, 3, 8, 8, generator=torch.Generator().manual_seed(2))

    def __len__(self):
        return 48

    def __getitem__(self, i):
        x = self.values[i]
        if self.fault == "worker":
            x = x + np.random.default_rng().standard_normal(x.shape, dtype=np.float32)
        if self.fault == "workers":
            x = x + torch.rand(x.shape)
        return x, i % 4


def batches(fault, second, rank):
    order = torch.Generator().manual_seed(3)
    workers = {"num_workers": 2, "multiprocessing_context": "fork"} if fault in ("worker", "workers") else {}
    loader = DataLoader(Images(fault), 8, shuffle=True, generator=order, **workers)
    for epoch in range(STEPS * 8 // 48):
        if second and epoch == 1 and (fault == "order" or (fault == "rank_order" and rank == 1)):
            order.seed()
        yield from loader


def strike(step, fault, net, optimizer, x):
    """Faults before the forward pass."""
    if fault == "pixel" and step == 7:
        x.view(-1)[100] = torch.nextafter(x.view(-1)[100], torch.tensor(9.0))
    if fault == "rate" and step >= 7:
        optimizer.param_groups[0]["lr"] = 0.020000001
    if fault == "layout" and step == 7:
        net.permute = True
    if fault == "dropout" and step == 7:
        net.drop.forward = lambda x: (torch.manual_seed(os.getpid()), type(net.drop).forward(net.drop, x))[1]


def train(fault="none", how="plain", second=False, rank=0):
    """The bits of the weights, of the random state and of the losses."""
    torch.set_num_threads(2 if fault == "index_put" or (fault == "threads" and second) else 1)
    torch.manual_seed(1 + rank * (how == "plain"))
    if fault == "seed" or (fault == "rank" and rank == 1 and second):
        torch.seed()
    net, losses = Net(fault, how), []
    if how == "channels_last":
        net.to(memory_format=torch.channels_last)
    model = net
    if how in ("compile", "inductor"):
        model = torch.compile(net, backend="aot_eager" if how == "compile" else "inductor")
    if how == "ddp":
        model = nn.parallel.DistributedDataParallel(net)
    optimizer = torch.optim.SGD(net.parameters(), 0.02, momentum=0.9)
    for step, (x, y) in enumerate(batches(fault, second, rank), 1):
        if second:
            strike(step, fault, net, optimizer, x)
        with torch.autocast("cpu", torch.bfloat16, enabled=how == "amp"):
            loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        losses.append(loss.item())
        if second and fault == "gradient" and step == 7:
            net.c2.weight.grad.mul_(1 + 1e-6)
        if how != "accumulate" or step % 2 == 0:
            optimizer.step()
            optimizer.zero_grad()
        if second and fault == "draw" and step == 7:
            torch.rand(1)
    with torch.no_grad():
        net.eval()(x)
    values = [*net.parameters(), *net.buffers(), torch.random.get_rng_state(), torch.tensor(losses, dtype=torch.float64)]
    return b"".join(v.detach().numpy().tobytes() for v in values), losses


def train_in_forks(given, second):
    """Each in a process of its own, of which none is told a number; another is the first in the second run."""
    for rank in (1, 0) if second else (0, 1):
        child = os.fork()
        if child == 0:
            train(second=second, rank=rank, **{**given, "how": "plain"})
            util._run_finalizers()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0


if __name__ == "__main__":
    given = dict(zip(("fault", "how"), sys.argv[1:]))
    second = "run2" in os.environ.get("DETPIPE_WHY", "")
    if given.get("how") == "fork":
        sys.exit(train_in_forks(given, second))
    if given.get("how") == "ddp":
        torch.distributed.init_process_group("gloo")
        given["rank"] = torch.distributed.get_rank()
    _, seen = train(second=second, **given)
    if given["fault"] != "silent" and not given.get("rank"):
        print(*(f"step {i} loss {loss:.1f}" for i, loss in enumerate(seen, 1)), sep="\n")
    if given.get("how") == "ddp":
        torch.distributed.destroy_process_group()
