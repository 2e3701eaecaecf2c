# under_mindspore_forms.py - detpipe.mindspore.Ledger of trainings that keep results for themselves, or have loops of their own:
# no bit of them is changed, two are equal, and what is other in the second of two is named.  A form gives what it ends with.
# SPDX-License-Identifier: Apache-2.0
import gc, os, sys
import mindspore, numpy as np
from mindspore import nn, ops
from detpipe.mindspore import Ledger
from differ import Forms



def run(train, other):
    gc.collect()  # weights of the one before are not to be of this one's start
    return train(other)


forms = Forms(sys.argv[1], Ledger, run)
form = forms.form
STEPS = 3
x, y = mindspore.Tensor(np.ones((4, 6), np.float32)), mindspore.Tensor(np.ones((4, 2), np.float32))
ELSE = "by somebody else than the optimizer"
SAVED = "What was saved"
END = "What a model ends with"


def net_of(prefix=""):
    net = nn.SequentialCell([nn.Dense(6, 2, weight_init="ones", bias_init="zeros")]).set_train()
    for parameter in net.get_parameters():
        parameter.name = prefix + parameter.name
    return net


def bits(parameters):
    return [parameter.asnumpy().tobytes() for parameter in parameters]


def train(net, rates=(0.1,) * STEPS, wrap=None, behind=lambda step: None):
    """Steps of a TrainOneStepCell; `wrap` makes of it what is called."""
    optimizer = nn.SGD(net.trainable_params(), 0.1)
    cell = nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), optimizer).set_train()
    step = cell if wrap is None else wrap(cell)
    for i, rate in enumerate(rates):
        optimizer.learning_rate.set_data(mindspore.Tensor(rate, mindspore.float32))
        step(x, y)
        behind(i)
    return bits(net.get_parameters())


def off(other, at=STEPS - 1):
    """Rates of which one is another in the fault."""
    return [0.1 + 1e-5 * (other and i == at) for i in range(STEPS)]


# ---- what is behind the last step ----

@form('step 4, "changed weight 0.weight"', ELSE)
def last_set_data(other):
    net = net_of()
    train(net)
    net[0].weight.set_data(net[0].weight + 1e-5 * other)
    return bits(net.get_parameters())


@form('step 4, "end weight 0.weight"', END)
def last_operator(other):
    net = net_of()
    train(net)
    ops.assign(net[0].weight, net[0].weight + 1e-5 * other)
    return bits(net.get_parameters())


@form('step 3, "changed weight kept.0.weight"', ELSE)
def average_in_a_net(other):
    """Which nobody calls."""
    net, kept = net_of(), net_of("kept.")

    def average(step):
        old = 0.9 + 1e-5 * (other and step == 1)
        mindspore.load_param_into_net(kept, {p.name: mindspore.Parameter(old * p + (1 - old) * q, name=p.name)
                                             for p, q in zip(kept.get_parameters(), net.get_parameters())})
    train(net, behind=average)
    return bits([*net.get_parameters(), *kept.get_parameters()])


def saving(first):
    """A training that keeps an average of its weights in NumPy, and saves it."""
    def add(save):
        def saved(other):
            net, kept = net_of(), [np.ones((2, 6), np.float32)]

            def average(step):
                old = np.float32(0.9 + 1e-5 * (other and step == STEPS - 1))
                kept[0] = old * kept[0] + (1 - old) * net[0].weight.asnumpy()
            train(net, behind=average)
            save(os.path.join(forms.folder, "saved"), kept[0])
            return bits(net.get_parameters()) + [kept[0].tobytes()]
        saved.__name__ = save.__name__
        forms.all.append((f'step {STEPS + 1}, "{first}"', SAVED, {}, saved))
        return save
    return add


@saving("saved/kernel")
def numpy_savez(path, average):
    np.savez(path, kernel=average)


@saving("saved/0/data")
def checkpoint_of_a_list(path, average):
    mindspore.save_checkpoint([{"name": "kernel", "data": mindspore.Tensor(average)}], path + ".ckpt")


@saving("saved/0.weight")
def checkpoint_of_a_cell(path, average):
    net = net_of()
    ops.assign(net[0].weight, mindspore.Tensor(average))
    mindspore.save_checkpoint(net, path + ".ckpt")


# ---- steps that are compiled ----

def in_graph_mode(train):
    def run(other):
        mindspore.set_context(mode=mindspore.GRAPH_MODE)
        try:
            return train(other)
        finally:
            mindspore.set_context(mode=mindspore.PYNATIVE_MODE)
    run.__name__ = train.__name__
    return run


def jitted(cell):
    @mindspore.jit
    def step(x, y):
        return cell(x, y)
    return step


@form('step 2, "rate learning_rate"', "The optimizer's numbers")
@in_graph_mode
def cell_in_graph_mode(other):
    return train(net_of(), off(other, 1))


@form('step 2, "rate learning_rate"', "The optimizer's numbers")
def cell_in_jit(other):
    return train(net_of(), off(other, 1), jitted)


@form('step 2, "weight 0.weight"', "The backward pass or the optimizer, whose gradients were not recorded")
@in_graph_mode
def sense_in_graph_mode(other):
    """What scales the gradient is a constant of the graph."""
    net = net_of()
    cells = [nn.TrainOneStepCell(nn.WithLossCell(net, nn.MSELoss()), nn.SGD(net.trainable_params(), 0.1), sens=sens)
             for sens in (1.0, 1.0 + 1e-5 * other)]
    for i in range(2):
        cells[i](x, y)
    return bits(net.get_parameters())


# ---- steps that are left out; a loop without an optimizer ----

@form('step 4, "end rate learning_rate"', END, every=10)
def last_rate(other):
    return train(net_of(), off(other))


@form('step 4, "end weight 0.weight"', END, steps=range(1, 2))
def last_weights(other):
    net = net_of()
    train(net, behind=lambda step: step == 1 and ops.assign(net[0].weight, net[0].weight + 1e-5 * other))
    return bits(net.get_parameters())


def by_hand(update, wrap=lambda step: step):
    """A loop whose updates are the user's; of the fault the second is another, or the last."""
    def train(other, at):
        net, measure = net_of(), nn.MSELoss()
        weights = mindspore.ParameterTuple(net.trainable_params())
        def forward(x, y):
            return measure(net(x), y)
        gradient = mindspore.value_and_grad(forward, None, weights)

        @wrap
        def step(x, y, rate):
            loss, gradients = gradient(x, y)
            update(weights, gradients, rate)
            return loss
        for rate in off(other, at):
            step(x, y, mindspore.Tensor(rate, mindspore.float32))
        return bits(net.get_parameters())

    def second(other):
        return train(other, 1)

    def last(other):
        return train(other, STEPS - 1)
    for number, one in ((2, second), (STEPS, last)):
        one.__name__ = f"{update.__name__}_{one.__name__}"
        forms.all.append((f'step {number}, "weight 0.weight"', "The backward pass or the optimizer", {}, one))
    return update


@by_hand
def assigned(weights, gradients, rate):
    for weight, gradient in zip(weights, gradients):
        ops.assign(weight, weight - rate * gradient)


def jitted_by_hand(weights, gradients, rate):
    for weight, gradient in zip(weights, gradients):
        ops.assign_sub(weight, rate * gradient)


by_hand(jitted_by_hand, mindspore.jit)


@by_hand
def set_data(weights, gradients, rate):
    for weight, gradient in zip(weights, gradients):
        weight.set_data(weight - rate * gradient)


mindspore.set_context(mode=mindspore.PYNATIVE_MODE)
forms.check("mindspore forms", sys.argv[2:])
