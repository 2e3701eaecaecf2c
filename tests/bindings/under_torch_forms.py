# under_torch_forms.py - verify --why of trainings of other forms than one model, one optimizer and one thread: no bit of them
# is changed, two are equal, and what is other in the second of two is named.  A form gives the tensors that it ends with.
# SPDX-License-Identifier: Apache-2.0
import contextlib, copy, gc, io, os, queue, random, sys, threading, time, weakref
import torch
import torch._dynamo  # optimizers do so, in each process anew
from torch import nn
from torch.nn import functional as F
from detpipe import _torch_ledger
from recording import Recordings

recordings = Recordings(sys.argv[1], _torch_ledger.record)
STEPS = 5
x = torch.randn(32, 6, generator=torch.Generator().manual_seed(2))
y = (x.sum(1, keepdim=True) > 0).float()
FORMS = {}  # of each function the first difference, words of what is said of it, and how many steps are recorded


def form(first, words, steps=STEPS):
    def add(train):
        FORMS[train] = first, words, steps
        return train
    return add


def seeded():
    torch.set_num_threads(1)
    torch.manual_seed(1)


def net_of(seed=1, last=1):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, last))


def scaled(tensor, at):
    """By one part in 100 thousand, where the fault is."""
    return tensor.mul_(1 + 1e-5) if at else tensor


def step_of(net, optimizer, target=y, measure=F.mse_loss):
    optimizer.zero_grad()
    loss = measure(net(x), target)
    loss.backward()
    optimizer.step()
    return loss


def sgd(net):
    return torch.optim.SGD(net.parameters(), 0.1, momentum=0.9)


# ---- optimizers ----

@form('step 3, "given 0.weight"', "Between the backward pass and the optimizer")
def lbfgs(other):
    net = net_of()
    optimizer = torch.optim.LBFGS(net.parameters(), 0.1, max_iter=4)
    for step in range(STEPS):
        def closure():
            optimizer.zero_grad()
            loss = F.mse_loss(net(x), y)
            loss.backward()
            scaled(net[0].weight.grad, other and step == 2)
            return loss
        optimizer.step(closure)
    return net.parameters()


@form('step 3, "given parameter 1"', "Between the backward pass and the optimizer")
def no_module(other):
    w = torch.randn(6, 1, requires_grad=True)
    optimizer = torch.optim.SGD([w], 0.1)
    for step in range(STEPS):
        optimizer.zero_grad()
        ((x @ w - y) ** 2).mean().backward()
        scaled(w.grad, other and step == 2)
        optimizer.step()
    return [w]


@form('step 3, "weight 0.weight"', "The optimizer: the gradients are equal")
def no_optimizer(other):
    net = net_of()
    for step in range(STEPS):
        net.zero_grad()
        F.mse_loss(net(x), y).backward()
        for p in net.parameters():
            p.data -= (0.1 + 1e-6 * (other and step == 2)) * p.grad
    no_optimizer.kept = net  # the last step is seen at the end of the process
    return net.parameters()


def functional(other, at):
    net = net_of()
    weights = {name: p.detach() for name, p in net.named_parameters()}

    def loss(weights):
        return F.mse_loss(torch.func.functional_call(net, weights, (x,)), y)
    for step in range(STEPS):
        gradients = torch.func.grad(loss)(weights)
        weights = {name: w - (0.1 + 1e-5 * (other and step == at)) * gradients[name] for name, w in weights.items()}
    globals()["kept"] = weights  # as of a script
    return weights.values()


@form('step 4, "changed weight 0.weight"', "by somebody else than the optimizer")
def torch_func(other):
    return functional(other, 2)


@form(f'step {STEPS}, "end weight 0.weight"', "What a model ends with")
def torch_func_at_the_end(other):
    return functional(other, STEPS - 1)


@form('step 3, "given 0.weight"', "all that was recorded before them, the loss too, is equal")
def gradients_of_samples(other):
    net = net_of()
    optimizer = sgd(net)

    def loss(weights, row, label):
        return F.mse_loss(torch.func.functional_call(net, weights, (row[None],)), label[None])
    each = torch.func.vmap(torch.func.grad(loss), (None, 0, 0))
    for step in range(STEPS):
        gradients = each({name: p.detach() for name, p in net.named_parameters()}, x, y)
        for name, p in net.named_parameters():
            p.grad = scaled(gradients[name].mean(0), other and step == 2)
        optimizer.step()
    return net.parameters()


def two_layers(taken=1.0, between=1.0):
    """Of which no module has both: what the second takes is no batch."""
    first, second = nn.Linear(6, 4), nn.Linear(4, 1)
    optimizer = torch.optim.SGD([*first.parameters(), *second.parameters()], 0.1)
    for step in range(STEPS):
        optimizer.zero_grad()
        by = (taken, between) if step == 2 else (1.0, 1.0)
        F.mse_loss(second(torch.tanh(first(x * by[0])) * by[1]), y).backward()
        optimizer.step()
    return [*first.parameters(), *second.parameters()]


@form('step 3, "batch"', "The data")
def one_layer(other):
    return two_layers(taken=1 + 1e-5 * other)


@form('step 3, "input Linear 2"', "What goes into this module")
def between_layers(other):
    return two_layers(between=1 + 1e-5 * other)


@form('step 4, "changed weight weight"', "by somebody else than the optimizer")
def ensemble(other):
    """Models at once by vmap, of which none is called, and without an optimizer."""
    base, nets = nn.Linear(6, 1, device="meta"), [nn.Linear(6, 1) for _ in range(3)]
    weights, _ = torch.func.stack_module_state(nets)
    weights = {name: w.detach() for name, w in weights.items()}

    def loss(weights):
        return F.mse_loss(torch.func.functional_call(base, weights, (x,)), y)
    for step in range(STEPS):
        gradients = torch.func.vmap(torch.func.grad(loss))(weights)
        scaled(gradients["weight"], other and step == 2)
        weights = {name: w - 0.1 * gradients[name] for name, w in weights.items()}
    return weights.values()


@form('step 3, "weight 0.weight"', "The optimizer: the gradients are equal")
def own_optimizer(other):
    class Own(torch.optim.Optimizer):
        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    count = self.state[p]["count"] = self.state[p].get("count", 0) + 1
                    p.add_(p.grad, alpha=-group["lr"] * (1 + 1e-5 * (other and count == 3)))
    net = net_of()
    optimizer = Own(net.parameters(), {"lr": 0.1})
    for _ in range(STEPS):
        step_of(net, optimizer)
    return net.parameters()


@form('step 3, "rate 0"', "learning rate")
def fused(other):
    net = net_of()
    optimizer = torch.optim.Adam(net.parameters(), 0.01, fused=True)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = 0.01 + 1e-7 * (other and step == 2)
        step_of(net, optimizer)
    return net.parameters()


@form('step 3, "weight 0.weight"', "The optimizer: the gradients are equal")
def compiled_update(other):
    """What goes into it is seen, and what it made of the weights."""
    net = net_of()
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    update = torch.compile(optimizer.step, backend="eager")
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = 0.01 + 1e-7 * (other and step == 2)
        optimizer.zero_grad()
        F.mse_loss(net(x), y).backward()
        update()
    compiled_update.kept = net
    return net.parameters()


def compiled_whole():
    net = net_of()
    optimizer = sgd(net)
    step = torch.compile(lambda: step_of(net, optimizer), backend="eager")
    for _ in range(2):
        step()
    return b""


@form('step 7, "given 0.bias"', "The backward pass, or what was done to its gradients since", 4 * STEPS)
def step_in_backward(other):
    """Each weight has an optimizer, whose step is a hook's."""
    net, steps = net_of(), [0]
    optimizers = {p: torch.optim.SGD([p], 0.1) for p in net.parameters()}

    def hook(p):
        steps[0] += 1
        scaled(p.grad, other and steps[0] == 7)
        optimizers[p].step()
        optimizers[p].zero_grad()
    for p in net.parameters():
        p.register_post_accumulate_grad_hook(hook)
    for _ in range(STEPS):
        F.mse_loss(net(x), y).backward()
    return net.parameters()


# ---- models ----

@form('step 1, "start weight Sequential 2.0.weight"', "before the seed was set?", 2 * STEPS)
def two_models(other):
    maker, judge = net_of(1, 6), net_of(3 if other else 2)
    torch.manual_seed(4)
    measure, fakes = F.binary_cross_entropy_with_logits, sgd(maker)
    judges = sgd(judge)
    for _ in range(STEPS):
        made = maker(x)
        judges.zero_grad()
        (measure(judge(x), torch.ones(32, 1)) + measure(judge(made.detach()), torch.zeros(32, 1))).backward()
        judges.step()
        fakes.zero_grad()
        measure(judge(made), torch.ones(32, 1)).backward()
        fakes.step()
    return [*maker.parameters(), *judge.parameters()]


@form('step 1, "start weight Sequential 2.0.weight"', "before the seed was set?")
def teacher(other):
    net, wise = net_of(1), net_of(3 if other else 2)
    torch.manual_seed(4)
    optimizer = sgd(net)
    for _ in range(STEPS):
        with torch.no_grad():
            target = wise(x)
        step_of(net, optimizer, target)
    return net.parameters()


@form('step 4, "changed weight Sequential 2.0.weight"', "A weight was changed since the last step", STEPS + 1)
def target_network(other):
    net = net_of()
    target, optimizer = copy.deepcopy(net), sgd(net)
    for step in range(STEPS):
        with torch.no_grad():
            wanted = 0.9 * target(x) + y
        step_of(net, optimizer, wanted)
        with torch.no_grad():
            for old, new in zip(target.parameters(), net.parameters()):
                old.lerp_(new, 0.1 + 1e-5 * (other and step == 2))
    return [*net.parameters(), *target.parameters()]


@form('step 4, "start weight 2.weight"', "The weights before the first step with them")
def new_head(other):
    """A layer that takes the place of another one: its first weights are seen before what it makes of them."""
    net = net_of()
    optimizer = sgd(net)
    for step in range(STEPS):
        if step == 3:
            net[2] = nn.Linear(8, 1)
            scaled(net[2].weight.data, other)
            optimizer = sgd(net)
        step_of(net, optimizer)
    return net.parameters()


@form('step 6, "saved/average/0.weight"', "What was saved", STEPS + 1)
def average_that_is_saved(other):
    net = net_of()
    average, optimizer = copy.deepcopy(net), sgd(net)
    for step in range(STEPS):
        step_of(net, optimizer)
        with torch.no_grad():
            for old, new in zip(average.parameters(), net.parameters()):
                old.lerp_(new, 0.1 + 1e-5 * (other and step == 2))
    friends = [{} for _ in range(200)]
    for one in friends:
        one["friends"] = list(friends)  # there are 200 ** 4 ways through them
    torch.save({"time": time.time(), "friends": friends, "average": average.state_dict()}, io.BytesIO())
    return average.parameters()


@form('step 6, "end weight 0.weight"', "What a model ends with", STEPS + 1)
def changed_at_the_end(other):
    net = net_of()
    optimizer = sgd(net)
    for _ in range(STEPS):
        step_of(net, optimizer)
    with torch.no_grad():
        net[0].weight.add_(1e-5 if other else 1e-6)
    changed_at_the_end.kept = net
    return net.parameters()


@form('step 6, "end weight 0.weight"', "What a model ends with", STEPS + 1)
def changed_by_data(other):
    """Which counts no version; and nobody has the model at the end."""
    net = net_of()
    optimizer = sgd(net)
    for _ in range(STEPS):
        step_of(net, optimizer)
    net[0].weight.data.add_(1e-5 if other else 1e-6)
    return [net[0].weight.detach().clone()]


@form('step 6, "end weight 2.bias"', "What a model ends with", STEPS + 1)
def changed_by_numpy(other):
    net = net_of()
    optimizer = sgd(net)
    for _ in range(STEPS):
        step_of(net, optimizer)
    net[2].bias.detach().numpy()[0] += 1e-5 if other else 1e-6
    changed_by_numpy.kept = net
    return net.parameters()


def left_out(other):
    """A fault in the last step, which is not recorded; the model is in a circle, and is collected before the end."""
    net = net_of()
    net.circle = [net]
    optimizer = sgd(net)
    for step in range(STEPS):
        optimizer.zero_grad()
        F.mse_loss(net(x), y).backward()
        scaled(net[0].weight.grad, other and step == STEPS - 1)
        optimizer.step()
    bits = [p.detach().clone() for p in net.parameters()]
    del net, optimizer
    gc.collect()
    return bits


def narrow(how, steps):
    @form('"end weight 0.weight"', "What a model ends with", steps)
    def train(other):
        os.environ["DETPIPE_WHY_HOW"] = how
        return left_out(other)
    train.__name__ = how


narrow("loss", STEPS + 1)
narrow("weights,every=3", 3)
narrow("full,steps=1..2", 3)


@form('step 6, "end weight 0.weight"', "What a model ends with", STEPS + 1)
def beside_one_without_memory(other):
    """Whose values nobody can record: those of others are, of a model that is gone and of one that is there."""
    net = net_of()
    net.none = nn.Parameter(torch.empty(2, device="meta"))
    beside_one_without_memory.kept = copy.deepcopy(net)
    optimizer = sgd(net)
    for _ in range(STEPS):
        step_of(net, optimizer)
    step = beside_one_without_memory.kept(x)
    net[0].weight.data.add_(1e-5 if other else 1e-6)
    return [net[0].weight.detach().clone(), step.detach()]


@form('step 6, "end weight 0.weight"', "What a model ends with", STEPS + 1)
def with_an_end_of_its_own(other):
    """Its __del__ is not that of all modules, and is called once."""
    class Net(nn.Sequential):
        def __del__(self):
            ended.append(1)
    ended, net = [], Net(*net_of())
    optimizer = sgd(net)
    for _ in range(STEPS):
        step_of(net, optimizer)
    net[0].weight.data.add_(1e-5 if other else 1e-6)
    bits = [net[0].weight.detach().clone()]
    del net, optimizer
    gc.collect()
    assert ended == [1]
    return bits


@form('step 6, "batch"', "The data", STEPS + 1)
def half_a_step_at_the_end(other):
    net = net_of()
    optimizer = sgd(net)
    for _ in range(STEPS):
        step_of(net, optimizer)
    F.mse_loss(net(scaled(x.clone(), other)), y).backward()
    return net.parameters()


class Counted(nn.Module):
    """Without weights."""
    def __init__(self):
        super().__init__()
        self.by = 1
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, value):
        self.calls.add_(self.by)
        return value


class Named(nn.Module):
    """Has a part that is called as another model's type is."""
    def __init__(self):
        super().__init__()
        self.Linear, self.count = nn.Linear(6, 6), Counted()

    def forward(self, value):
        return self.count(self.Linear(value))


@form('step 3, "buffer Counted 2.calls"', "What modules keep beside their weights")
def buffers_of_one_name(other):
    """Each has a name of its own, and none is called "#2"."""
    before, net, after, head = Counted(), Named(), Counted(), nn.Linear(6, 1)
    optimizer = torch.optim.SGD([*net.parameters(), *head.parameters()], 0.1)
    measure = nn.BCEWithLogitsLoss(pos_weight=torch.ones(1))
    for step in range(STEPS):
        optimizer.zero_grad()
        after.by = 2 if other and step == 2 else 1
        measure(head(after(net(before(x)))), y).backward()
        optimizer.step()
    return [*net.parameters(), *head.parameters()]


@form('step 3, "given 0.weight"', "Between the backward pass and the optimizer")
def lazy(other):
    """Weights that are made by the first pass, which may be one without gradients."""
    net = nn.Sequential(nn.LazyLinear(8), nn.Tanh(), nn.LazyLinear(1))
    F.mse_loss(net(x), y)
    optimizer = sgd(net)
    for step in range(STEPS):
        optimizer.zero_grad()
        F.mse_loss(net(x), y).backward()
        scaled(net[0].weight.grad, other and step == 2)
        optimizer.step()
    return net.parameters()


@form('step 3, "batch"', "The data")
def traced(other):
    net = torch.jit.trace(net_of(), x)
    optimizer = sgd(net)
    for step in range(STEPS):
        optimizer.zero_grad()
        F.mse_loss(net(scaled(x.clone(), other and step == 2)), y).backward()
        optimizer.step()
    return net.parameters()


@form('step 9, "given Sequential 5.0.weight"', "Between the backward pass", 2 * STEPS)
def one_after_the_other(other):
    """Each model is gone before the next is made."""
    gone = []
    for i in range(STEPS):
        net = net_of(i)
        optimizer = torch.optim.Adam(net.parameters(), 0.1)
        for step in range(2):
            optimizer.zero_grad()
            F.mse_loss(net(x), y).backward()
            scaled(net[0].weight.grad, other and i == STEPS - 1 and step == 0)
            optimizer.step()
        gone.append(weakref.ref(net[0].weight))
        bits = [p.detach().clone() for p in net.parameters()]
        del net, optimizer
        gc.collect()
        assert gone[-1]() is None, "the recorder keeps a model"
    return bits


# ---- data ----

class Drawn(torch.utils.data.Dataset):
    """Each record has a random number of its worker's."""
    def __init__(self, other):
        self.other = other

    def __len__(self):
        return 24

    def __getitem__(self, i):
        return scaled(torch.rand(6), self.other and i == 13) + i, torch.ones(1)


@form('"batch"', "The data: the same records have other contents", 6)
def workers_that_live_on(other):
    """Two epochs by workers that are forked once."""
    net = net_of()
    optimizer = torch.optim.SGD(net.parameters(), 1e-4)
    loader = torch.utils.data.DataLoader(Drawn(other), 8, shuffle=True, num_workers=2, persistent_workers=True,
                                         multiprocessing_context="fork", generator=torch.Generator().manual_seed(2))
    for _ in range(2):
        for values, labels in loader:
            optimizer.zero_grad()
            F.mse_loss(net(values), labels).backward()
            optimizer.step()
    return net.parameters()


# ---- functions ----

@form('step 3, "gradient 2.bias"', "The backward pass")
def own_function(other):
    now = [0]

    class Clamp(torch.autograd.Function):
        @staticmethod
        def forward(context, value):
            context.save_for_backward(value)
            return value.clamp(min=-0.5)

        @staticmethod
        def backward(context, gradient):
            value, = context.saved_tensors
            return gradient * (value > -0.5) * (1 + 1e-5 * (other and now[0] == 2))
    net = net_of()
    optimizer = sgd(net)
    for now[0] in range(STEPS):
        optimizer.zero_grad()
        F.mse_loss(Clamp.apply(net(x)), y).backward()
        optimizer.step()
    return net.parameters()


@form('step 3, "loss"', "The forward pass")
def gradient_penalty(other):
    net = net_of()
    optimizer = sgd(net)
    for step in range(STEPS):
        point = x.clone().requires_grad_()
        slope, = torch.autograd.grad(net(point).sum(), point, create_graph=True)
        optimizer.zero_grad()
        ((slope.norm(dim=1) - 1 - 1e-4 * (other and step == 2)) ** 2).mean().backward()
        optimizer.step()
    return net.parameters()


@form('step 3, "loss #2"', "The forward pass")
def two_losses(other):
    net = net_of()
    optimizer = sgd(net)
    for step in range(STEPS):
        optimizer.zero_grad()
        out = net(x)
        F.mse_loss(out, y).backward(retain_graph=True)
        (F.l1_loss(out, y) * (1 + 1e-4 * (other and step == 2))).backward()
        optimizer.step()
    return net.parameters()


# ---- threads ----

@form('step 3, "given 0.weight"', "Between the backward pass and the optimizer")
def in_a_thread(other):
    net = net_of()

    def train():
        optimizer = sgd(net)
        for step in range(STEPS):
            optimizer.zero_grad()
            F.mse_loss(net(x), y).backward()
            scaled(net[0].weight.grad, other and step == 2)
            optimizer.step()
    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    return net.parameters()


@form('step 3, "batch"', "The data", 8)
def batches_by_a_thread(other):
    """How far it is ahead is by chance."""
    net, batches = net_of(), queue.Queue(3)
    optimizer, data = sgd(net), torch.utils.data.TensorDataset(x, y)
    chance = random.Random()

    def take():
        for batch in torch.utils.data.DataLoader(data, 4, shuffle=True, generator=torch.Generator().manual_seed(2)):
            time.sleep(0.01 * chance.random())
            batches.put(batch)
        batches.put(None)
    threading.Thread(target=take, daemon=True).start()
    for step, (images, labels) in enumerate(iter(batches.get, None)):
        time.sleep(0.01 * chance.random())
        optimizer.zero_grad()
        F.mse_loss(net(scaled(images, other and step == 2)), labels).backward()
        optimizer.step()
    return net.parameters()


def in_two_threads():
    """In turns that are not the recorder's to know."""
    nets, turn = [net_of(1), net_of(2)], threading.Barrier(2)

    def train(net):
        optimizer = sgd(net)
        for _ in range(STEPS):
            turn.wait()
            step_of(net, optimizer)
    threads = [threading.Thread(target=train, args=(net,)) for net in nets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return b""


def ends_at_once():
    step_of(net_of(), sgd(net_of()))
    os._exit(0)


def bits_of(train, other=False):
    seeded()
    return b"".join(tensor.detach().numpy().tobytes() for tensor in train(other))


# ---- what nobody can reach ----

def dropped(collect, steps=2):
    """Models in circles: trained, or only called; changed by hand behind their last step, and dropped."""
    net = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    net.circle = [net]
    for _ in range(steps):
        net.zero_grad()
        F.mse_loss(net(x), y).backward()
        with torch.no_grad():
            for p in net.parameters():
                p -= 0.1 * p.grad
    with torch.no_grad():
        net(x)
        net[0].weight.mul_(1.01)
        net[1].running_mean.mul_(1.01)
    bits = [p.detach().clone() for p in net.parameters()]
    del net
    collect()
    return bits


def circles(how):
    """One after the other: without an optimizer, and with one."""
    def train(collect):
        os.environ["DETPIPE_WHY_HOW"] = how
        bits = dropped(collect, 0)  # before anything is recorded
        for _ in range(3):
            bits += dropped(collect)
        kept, optimizer = net_of(), None
        for i in range(3):
            optimizer = sgd(kept)
            optimizer.circle = [optimizer]
            step_of(kept, optimizer)
            bits += dropped(collect, 0)
            for batch in torch.utils.data.DataLoader(x, 16):
                del batch
            step_of(kept, optimizer)
            del optimizer
            collect()
        return [*bits, *kept.parameters()]
    return train


def collected(collect, train):
    seeded()
    gc.disable()
    return b"".join(tensor.detach().numpy().tobytes() for tensor in train(collect))


def check_circles():
    """What the garbage collector took away, and when, is the same evidence."""
    for how in ("full", "weights,every=2", "loss", "full,steps=4..5"):
        bits = [recordings.run(f"circles {how}.{name}", collected, collect, circles(how))
                for name, collect in (("never", lambda: None), ("at once", gc.collect))]
        status, text = recordings.compared(f"circles {how}.never", f"circles {how}.at once")
        expect(f"circles {how}", bits[0] == bits[1] and status == 0, text[:700])
        expect(f"circles {how}: failures", "failure" not in recordings.unseen(f"circles {how}.never"), recordings.unseen(f"circles {how}.never"))


expect = recordings.expect
chosen = sys.argv[2:]  # by name; all of them without
for train, (first, words, steps) in FORMS.items():
    name = train.__name__
    if chosen and name not in chosen:
        continue
    bare = recordings.run(f"{name}.bare", bits_of, train, recorded=False)
    bits = [recordings.run(f"{name}.{i}", bits_of, train) for i in (1, 2)]
    expect(f"{name}: its bits", bits == [bare, bare])
    status, text = recordings.compared(f"{name}.1", f"{name}.2")
    expect(f"{name}: two runs", status == 0 and f"{steps} in common" in text, text)
    expect(f"{name}: failures", "failure" not in recordings.unseen(f"{name}.1"), recordings.unseen(f"{name}.1"))
    recordings.run(f"{name}.fault", bits_of, train, True)
    status, text = recordings.compared(f"{name}.1", f"{name}.fault")
    expect(f"{name}: its fault", status == 1 and "first difference: " in text and first in text and words in text, text[:700])
if not chosen or "circles" in chosen:
    check_circles()
expect("buffers_of_one_name: names", chosen or not any(" #" in name and name.startswith(("weight", "buffer", "start"))
                                                       for names in recordings.names("buffers_of_one_name.1") for name in names))
if chosen:
    sys.exit(recordings.failed)
expect("torch_func: what is unseen", "gradients that torch.func makes" in recordings.unseen("torch_func.1"))
expect("traced: what is unseen", "modules of torch.jit" in recordings.unseen("traced.1"), recordings.unseen("traced.1"))
expect("compiled_update: what is unseen", "functions that torch.compile made" in recordings.unseen("compiled_update.1"))
with contextlib.suppress(FileNotFoundError):  # the bits that it ends with
    recordings.run("ends_at_once", ends_at_once)
expect("ends_at_once: its ledger is closed", os.path.exists(os.path.join(recordings.folder, "ends_at_once", "0.unseen")))
recordings.run("compiled_whole", compiled_whole)
expect("compiled_whole: no ledger", not recordings.text("compiled_whole", "0.ledger"))
expect("compiled_whole: why", "but inside of what torch.compile made" in recordings.text("compiled_whole", "note"), recordings.text("compiled_whole", "note"))
recordings.run("in_two_threads", in_two_threads)
expect("in_two_threads: no ledger", not recordings.text("in_two_threads", "0.ledger"))
expect("in_two_threads: why", "several threads train" in recordings.text("in_two_threads", "note"), recordings.text("in_two_threads", "note"))
if not recordings.failed:
    print("torch forms: all as it should be")
sys.exit(recordings.failed)
