# under_torch_ledger.py - detpipe.torch.Ledger: faults of a training, each named by `detpipe diff`; and no bit of it changed
# SPDX-License-Identifier: Apache-2.0
import contextlib, copy, dataclasses, json, os, random, subprocess, sys, tempfile, unittest.mock, weakref
import numpy as np, torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from detpipe import _torch_ledger
from detpipe.torch import Ledger

diff, cases, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
folder = tempfile.mkdtemp()
STEPS = 6


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.norm, self.drop = nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.Dropout(0.3)
        self.last = nn.Linear(6 * 5 * 5, 4)

    def forward(self, x):
        return self.last(self.drop(torch.relu(self.norm(self.first(x))).flatten(1)))


def ulp(tensor, place=0):
    with torch.no_grad():
        flat = tensor.view(-1)
        flat[place] = torch.nextafter(flat[place], torch.tensor(9.0))


@contextlib.contextmanager
def drawn_otherwise(module):
    def seed_it(*_):
        torch.manual_seed(99)
    hook = module.register_forward_pre_hook(seed_it)
    yield
    hook.remove()


WEIGHTS = [name for name, _ in Net().named_parameters()]
OUTPUTS = {"first": "first (Conv2d)", "norm": "norm (BatchNorm2d)", "drop": "drop (Dropout)", "last": "last (Linear)"}


class Faults:
    """What happens in the step of its number, once, to one tensor at one place."""
    KINDS = {  # kind: what is named first ({}: the tensor), at which step after the fault's, and what it may happen to
        "order": ("rows", 0, None), "pixel": ("batch", 0, None), "label": ("input CrossEntropyLoss/1", 0, None),
        "draw": ("random torch", 1, None), "python": ("random python", 1, None), "numpy": ("random numpy", 1, None),
        "dropout": ("output drop (Dropout)", 0, None), "output": ("output {}", 0, sorted(OUTPUTS.values())),
        "gradient": ("given {}", 0, WEIGHTS), "backward": ("gradient {}", 0, WEIGHTS), "none": ("given {}", 0, WEIGHTS),
        "rate": ("rate 0", 0, None), "decay": ("rate 0", 0, None), "update": ("rows #2", 0, None), "weight": ("changed weight {}", 1, WEIGHTS),
        "momentum": ("state {}/momentum_buffer", 1, WEIGHTS), "buffer": ("output norm (BatchNorm2d)", 1, None),
        "mean": ("buffer norm.running_mean", 1, None)}

    def __init__(self, kind=None, step=0, place=0):
        self.kind, self.step, self.place = kind, step, place
        name, self.later, choices = self.KINDS.get(kind, ("", 0, None))
        self.tensor = choices[place % len(choices)] if choices else None
        self.named = name.format(self.tensor)

    def at(self, step, kind):
        return self.kind == kind and step == self.step

    def strike(self, tensor):
        ulp(tensor, self.place % tensor.numel())

    @contextlib.contextmanager
    def in_backward(self, net, step):
        """One ulp of a gradient as soon as it is there, one of what a module gives, or none."""
        hook = None
        if self.at(step, "backward"):
            hook = net.get_parameter(self.tensor).register_hook(lambda g: self.struck(g))
        module = net.get_submodule(self.tensor.split()[0]) if self.at(step, "output") else None
        if module is not None:
            module.forward = lambda x: self.struck(type(module).forward(module, x))
        yield
        if module is not None:
            del module.forward
        if hook is not None:
            hook.remove()

    def struck(self, tensor):
        out = tensor.detach().clone()
        self.strike(out)
        return tensor + (out - tensor.detach())  # the ulp exactly: neighbours differ by a float, and their sum is one


def train(path, fault, level="full", **settings):
    random.seed(3), np.random.seed(3), torch.manual_seed(4 if fault.kind == "seed" else 3)
    torch.set_num_threads(1)
    net = Net()
    optimizer, measure = torch.optim.SGD(net.parameters(), 0.05, momentum=0.9), nn.CrossEntropyLoss()
    images = torch.randn(40, 3, 5, 5, generator=torch.Generator().manual_seed(9))
    order = [int(i) for i in torch.randperm(40, generator=torch.Generator().manual_seed(8))]
    if fault.kind == "order":
        at, other = 6 * (fault.step - 1), 1 + fault.place % 5
        order[at], order[at + other] = order[at + other], order[at]
    loader = DataLoader(TensorDataset(images, torch.arange(40) % 4), 6, sampler=order)
    with Ledger(path, net, optimizer, level, **settings) if path else contextlib.nullcontext() as ledger:
        for step, (x, y) in enumerate(loader, 1):
            if step > STEPS:
                break
            x, y = x.clone(), y.clone()
            if fault.at(step, "pixel"):
                fault.strike(x)
            if fault.at(step, "label"):
                y[fault.place % 6] = (y[fault.place % 6] + 1) % 4
            optimizer.zero_grad()
            with fault.in_backward(net, step):
                with drawn_otherwise(net.drop) if fault.at(step, "dropout") else contextlib.nullcontext():
                    out = net(x)
                loss = measure(out, y)
                loss.backward()
            if fault.at(step, "gradient"):
                fault.strike(net.get_parameter(fault.tensor).grad)
            if fault.at(step, "none"):
                net.get_parameter(fault.tensor).grad = None
            if fault.at(step, "rate"):
                optimizer.param_groups[0]["lr"] = 0.0500001
            if fault.at(step, "decay"):
                optimizer.param_groups[0]["weight_decay"] = 1e-9
            if fault.at(step, "draw"):
                torch.rand(1)
            if fault.at(step, "python"):
                random.random()
            if fault.at(step, "numpy"):
                np.random.rand()
            if not fault.at(step, "update"):
                optimizer.step()
            if fault.at(step, "weight"):
                fault.strike(net.get_parameter(fault.tensor))
            if fault.at(step, "momentum"):  # an ulp may be rounded away
                optimizer.state[net.get_parameter(fault.tensor)]["momentum_buffer"].view(-1)[0] += 1e-3
            if fault.at(step, "mean"):
                net.norm.running_mean[fault.place % 6] += 1e-3
            if fault.at(step, "buffer"):
                net.norm.eval()
    assert ledger is None or not ledger.unseen, ledger.unseen
    return [p.detach().numpy().tobytes() for p in (*net.parameters(), *net.buffers())] + [torch.random.get_rng_state().numpy().tobytes()]


def compared(fault, **settings):
    """What `detpipe diff` says of a run without a fault and one with it."""
    paths = [os.path.join(folder, f"{fault.kind}.{fault.step}.{i}") for i in range(2)]
    for path, one in zip(paths, (Faults(), fault)):
        with contextlib.suppress(FileNotFoundError):
            os.remove(path)
        train(path, one, **settings)
    return subprocess.run([diff, "diff", *paths], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def check_bits():
    """The same weights, buffers and random state with the hooks and without."""
    plain = train(None, Faults())
    for level in ("loss", "weights", "full"):
        assert train(os.path.join(folder, level), Faults(), level) == plain, f"level {level} changes the training"
    before = torch.Tensor.backward
    train(os.path.join(folder, "again"), Faults())
    assert torch.Tensor.backward is before and not nn.modules.module._global_forward_hooks, "hooks are left behind"


def check_equal():
    done = compared(Faults())
    assert done.returncode == 0 and f"{STEPS} in common" in done.stdout, done.stdout


def check_faults():
    """Each kind once, then what is drawn: kind, step, tensor and place."""
    rng = random.Random(seed)
    kinds = [*Faults.KINDS, *(rng.choice(list(Faults.KINDS)) for _ in range(cases - len(Faults.KINDS)))]
    right = 0
    for kind in kinds:
        fault = Faults(kind, rng.randrange(1, STEPS), rng.randrange(1 << 16))
        done = compared(fault)
        expected = f'first difference: step {fault.step + fault.later}, "{fault.named}"'
        if done.returncode == 1 and expected in done.stdout:
            right += 1
        else:
            print(f"{kind} at {fault.step}, place {fault.place}: expected {expected}\n{done.stdout}")
    print(f"{right} of {len(kinds)} faults are named right")
    assert right == len(kinds)
    done = compared(Faults("seed", 1))
    assert 'step 1, "start weight first.weight"' in done.stdout and "before the seed" in done.stdout.replace("\n", " "), done.stdout


def check_parts():
    """Levels, every, steps."""
    done = compared(Faults("dropout", 3), level="weights")
    assert 'step 3, "loss"' in done.stdout, done.stdout
    done = compared(Faults("dropout", 3), level="loss")
    assert 'step 3, "loss"' in done.stdout, done.stdout
    done = compared(Faults("dropout", 4), every=3)
    assert 'step 4, "output drop (Dropout)"' in done.stdout and "3 in common" in done.stdout, done.stdout
    done = compared(Faults("rate", 2), steps=range(5, 7))
    assert 'step 5, "before weight' in done.stdout and "2 in common" in done.stdout, done.stdout


def check_kinds():
    """Values of every kind, and what has no plain memory, with layouts of their own."""
    values = {"bfloat16": torch.ones(3, dtype=torch.bfloat16), "bool": torch.tensor([True]), "scalar": torch.tensor(1.0),
              "complex": torch.ones(2, dtype=torch.complex64), "empty": torch.ones(0, 3), "turned": torch.ones(2, 3).t(),
              "sparse": torch.eye(3).to_sparse(), "rows": torch.eye(3).to_sparse_csr(), "none": None,
              "quantized": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), "float8": torch.ones(2).to(torch.float8_e4m3fn)}
    path = os.path.join(folder, "kinds")
    with Ledger(path, about="kinds") as ledger:
        ledger.put("x", values)
        ledger.ledger.step(1)
        assert not ledger.unseen, ledger.unseen
    with open(path) as f:
        tensors = json.loads(f.readlines()[1])["tensors"]
    assert all(any(name.startswith(f"x/{kind}") for name in tensors) for kind in values), list(tensors)
    assert "layout x/turned" in tensors and "layout x/bool" not in tensors, list(tensors)
    for bad in ({"level": "most"}, {"every": 0}):
        with contextlib.suppress(ValueError):
            Ledger(path, **bad)
            raise AssertionError(f"{bad} is taken")


class Slots:
    """What no ledger can read."""
    __slots__ = ("x",)


@dataclasses.dataclass
class Pair:
    a: torch.Tensor
    b: object = None


@dataclasses.dataclass
class Deep:
    inner: object = None


class Keywords(nn.Module):
    """Called by keyword, gives a dataclass; its weights are tied, one has no gradient, one module is called twice."""
    def __init__(self):
        super().__init__()
        self.embed, self.out, self.unused = nn.Embedding(7, 5), nn.Linear(5, 7, bias=False), nn.Linear(2, 2)
        self.out.weight = self.embed.weight

    def forward(self, ids, mask=None, options=None):
        x = self.embed(input=ids) * mask.unsqueeze(-1)
        return Pair(self.out(self.out(x) @ self.embed.weight))


def recorded(net, call, steps=1):
    """The names of each step, and what is unseen."""
    path = tempfile.mktemp(dir=folder)
    optimizer = torch.optim.SGD(net.parameters(), 0.01)
    with Ledger(path, net, optimizer) as ledger:
        for _ in range(steps):
            optimizer.zero_grad()
            call().sum().backward()
            optimizer.step()
        copy.deepcopy(net)  # a model that is watched can be copied and saved as before
        torch.save(net, os.path.join(folder, "net.pt"))
        torch.load(os.path.join(folder, "net.pt"), weights_only=False)
    with open(path) as f:
        return [list(json.loads(line)["tensors"]) for line in f.readlines()[1:]], ledger.unseen


def check_calls():
    """Keywords, dataclasses, tied weights, parameters without gradients, values that nobody reads, passes without gradients."""
    net, ids = Keywords(), torch.tensor([[1, 2], [3, 4]])

    def call():
        with torch.no_grad():
            net(ids, mask=torch.ones(2, 2))
        return net(ids, mask=torch.ones(2, 2), options={"plain": Slots(), "none": None}).a
    (first, second, saved), unseen = recorded(net, call, 2)
    for name in ("batch", "batch/mask", "batch/options/none", "input embed (Embedding)/input", "output out (Linear)", "output out (Linear) #2"):
        assert name in second, (name, second)
    assert [name for name in second if name.startswith("weight")] == ["weight embed.weight", "weight unused.weight", "weight unused.bias"], second
    assert saved == ["saved/embed.weight", "saved/out.weight", "saved/unused.weight", "saved/unused.bias"], saved
    assert "start weight embed.weight" in first and "start weight out.weight" not in first, first
    assert unseen == {"values of the type Slots": 2, "passes without gradients": 2,
                      "parameters of the optimizer that never had a gradient (unused.weight, unused.bias)": 2}, unseen
    deep = Deep()
    deep.inner = deep
    net = nn.Linear(3, 3)
    with Ledger(tempfile.mktemp(dir=folder), net) as ledger:
        ledger.put("x", deep)
        ledger.put("x", torch.ones(2, device="meta"))
        ledger.put("x", torch.vmap(lambda x: (ledger.put("x", x), x)[1])(torch.ones(2, 2)))
        assert set(ledger.unseen) >= {"values deeper than 8 in others", "tensors without memory of their own"}, ledger.unseen


def check_inputs():
    """An input that a module gave is its output, unless it was changed in place since; it lives no longer than it would."""
    net, digests = nn.Sequential(nn.Linear(3, 3), nn.Identity(), nn.ReLU(inplace=True), nn.Linear(3, 3)), []
    for change in (0.0, 1.0):
        path, gone = tempfile.mktemp(dir=folder), []

        def changed(module, inputs, output):
            gone.append(weakref.ref(output))
            if change:
                output.add_(change)  # behind the recorder's own hook
        hook = net[0].register_forward_hook(changed)
        with Ledger(path, net) as ledger, torch.enable_grad():
            net(torch.ones(1, 3)).sum()
            assert gone[0]() is None, "an output is kept"
            ledger.ledger.step(1)
        hook.remove()
        with open(path) as f:
            digests.append(json.loads(f.readlines()[1])["tensors"])
    assert digests[0]["output 0 (Linear)"] == digests[1]["output 0 (Linear)"], "the same weights"
    assert digests[0]["input 1 (Identity)"] != digests[1]["input 1 (Identity)"], "what changed in between is not seen"
    assert digests[0]["input 3 (Linear)"] == digests[1]["input 3 (Linear)"] and digests[0]["output 3 (Linear)"] != digests[1]["output 3 (Linear)"]


def gradient_step(change=lambda net: None, in_backward=lambda net, optimizer: None):
    """What a step has recorded, in order, and what is unseen: change(net) is called behind the backward pass, in_backward(net,
    optimizer) inside of it, when the gradients of layer 1 are there."""
    torch.manual_seed(5)
    net, path = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 2)), tempfile.mktemp(dir=folder)
    optimizer, x = torch.optim.SGD(net[1].parameters(), 0.1), torch.ones(2, 3, requires_grad=True)

    def hook(gradient):
        in_backward(net, optimizer)
    with Ledger(path, net, optimizer) as ledger:
        x.register_hook(hook)
        net(x).sum().backward()
        change(net)
        optimizer.step()
    with open(path) as f:
        return json.loads(f.readlines()[1])["tensors"], ledger.unseen


def check_gradients():
    """Gradients are recorded as they were, whoever writes to them: no way of writing that counts no version is missed."""
    plain, _ = gradient_step()
    assert plain["gradient 1.weight"] == plain["given 1.weight"], plain
    writers = {".data": lambda g: g.data.mul_(2), "NumPy": lambda g: np.multiply(g.numpy(), 2, out=g.numpy()),
               "in place": lambda g: g.mul_(2), "set_": lambda g: g.set_((2 * g).untyped_storage(), 0, g.size(), g.stride())}

    def late(write):  # a hook of the weight, behind the recorder's
        def hook(parameter):
            write(parameter.grad)
        return lambda net, optimizer: net[0].weight.register_post_accumulate_grad_hook(hook)
    for how, write in writers.items():
        behind, _ = gradient_step(lambda net: write(net[1].weight.grad))
        assert behind["gradient 1.weight"] == plain["gradient 1.weight"], how
        inside, _ = gradient_step(in_backward=lambda net, optimizer: write(net[1].weight.grad))
        assert inside["gradient 1.weight"] == inside["given 1.weight"] == behind["given 1.weight"] != plain["given 1.weight"], how
        hooked, _ = gradient_step(in_backward=late(write))
        assert hooked["gradient 0.weight"] == plain["gradient 0.weight"], f"{how}: what a hook behind the recorder's changed"
        torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
        other, _ = gradient_step(in_backward=lambda net, optimizer: write(net[1].weight.grad))
        torch.distributed.destroy_process_group()
        assert other["gradient 1.weight"] == plain["gradient 1.weight"], f"{how}: what another process may have added"
        assert other["given 1.weight"] == inside["given 1.weight"], how
    gone, unseen = gradient_step(in_backward=lambda net, optimizer: setattr(net[1].weight, "grad", None))
    assert "gradient 1.weight" not in gone and "gradient 1.bias" in gone, gone
    assert unseen["gradients that were gone at the end of their backward pass"] == 1, unseen
    stepped, _ = gradient_step(in_backward=lambda net, optimizer: optimizer.step())
    names = list(stepped)
    assert names.index("gradient 1.weight") < names.index("given 1.weight") < names.index("weight 1.weight"), names


def check_layouts():
    """Dtype, strides and memory order are items of their own, said where they change."""
    x = torch.arange(24.0).reshape(1, 2, 3, 4)
    path = os.path.join(folder, "layouts")
    with Ledger(path, about="layouts") as ledger:
        for step, value in enumerate((x, x.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last), x,
                                      x.bfloat16(), x.expand(2, 2, 3, 4), x[..., ::2]), 1):
            ledger.put("x", value)
            ledger.ledger.step(step)
    with open(path) as f:
        steps = [json.loads(line)["tensors"] for line in f.readlines()[1:]]
    assert ["layout x" in step for step in steps] == [False, True, False, True, True, True, True], steps
    assert all(list(step)[0] == "layout x" for step in steps if "layout x" in step), steps
    assert steps[0]["x"] == steps[3]["x"] != steps[4]["x"] and steps[1]["x"] == steps[2]["x"], steps


def swept(path, models, order=None, fault=None, level="loss"):
    """Many models of one ledger; what it remembers at the end."""
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)
    torch.manual_seed(3)
    with Ledger(path, level=level, about="sweep") as ledger:
        nets = []
        for i in range(models):
            net = nn.Linear(3, 2)
            net.weight = nn.Parameter(torch.randn(3, 2).t())  # whose layout is said
            optimizer = torch.optim.SGD(net.parameters(), 0.1)
            net(torch.ones(1, 3)).sum().backward()
            optimizer.step()
            if i == fault:
                net.bias.data.add_(1)
            nets.append(net if order else None)
        del net, optimizer
        for i in order or ():
            nets[i] = None
        return {name: len(value) for name, value in vars(ledger).items() if hasattr(value, "__len__")}


def check_many_models():
    """What is remembered of models that are gone is bounded, and says as much: of their ends some names, then a sum."""
    first, second = (os.path.join(folder, f"sweep.{i}") for i in range(2))
    with unittest.mock.patch.multiple(_torch_ledger, _MOST_LAST=30, _MOST_LAYOUTS=20):
        kept = swept(first, 300, level="full")
        assert max(kept.values()) < 100, kept
        swept(first, 40, order=range(40))
        for fault, said in ((None, None), (2, "end weight Linear 3.bias"), (35, "end of weights behind the first 30")):
            swept(second, 40, order=range(39, -1, -1), fault=fault)
            done = subprocess.run([diff, "diff", first, second], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            assert (done.returncode == 0 if said is None else f'"{said}"' in done.stdout), done.stdout


check_bits()
check_equal()
check_faults()
check_parts()
check_kinds()
check_calls()
check_inputs()
check_gradients()
check_layouts()
check_many_models()
print("torch ledger: all as it should be")
