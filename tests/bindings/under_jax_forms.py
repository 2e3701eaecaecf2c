# under_jax_forms.py - detpipe.jax.Ledger of trainings as the guides of JAX and its libraries write them: no bit of them is
# changed, two are equal, and what is other in the second of two is named.  A form gives what it ends with.
# SPDX-License-Identifier: Apache-2.0
import functools, os, sys
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=2"
from detpipe.jax import Ledger
import jax, jax.numpy as jnp, numpy as np
from jax import grad, jit, lax, random, value_and_grad, vmap  # by their names, as many do
from differ import Forms

forms = Forms(sys.argv[1], Ledger)
STEPS = 4
images = np.random.default_rng(1).normal(size=(32, 6)).astype("float32")
labels = images.sum(1, keepdims=True)
DATA, SEED, FUNCTION, INTO = "The data", "The random numbers", "This function: what goes in is equal", "What goes into this"
INSTEAD = "something else than what the step before made"
MADE = "What was made between two functions"
kept: dict = {}  # a variable of the script, as that of a training that is in no function


def batches(seed=1):
    order = np.random.default_rng(seed).permutation(32)
    return [(images[order[8 * i:8 * i + 8]], labels[order[8 * i:8 * i + 8]]) for i in range(STEPS)]


def bits(tree):
    leaves = [leaf for leaf in jax.tree.leaves(tree) if hasattr(leaf, "dtype")]
    leaves = [random.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf for leaf in leaves]
    return [np.asarray(leaf).tobytes() for leaf in leaves]


def off(tree, other):
    """Its first array, of which one element is another."""
    leaves, structure = jax.tree.flatten(tree)
    return jax.tree.unflatten(structure, [leaves[0].at[0].add(1e-5 * other), *leaves[1:]])


def first_params(seed=1):
    kept.clear()
    one, two = random.split(random.key(seed))
    return {"first": random.normal(one, (6, 8)), "last": random.normal(two, (8, 1))}


def loss_of(params, x, y):
    return jnp.mean((jnp.tanh(x @ params["first"]) @ params["last"] - y) ** 2)


def faults(name, train, *rows):
    """Rows of (what differs first, what is said of it, the fault: train's arguments)."""
    for first, words, fault in rows:
        def run(other, fault=fault):
            return train(**(fault if other else {}))
        run.__name__, run.family = f"{name}_{next(iter(fault))}", name
        forms.all.append((first, words, {}, run))


# ---- without a library ----

def by_hand(update, seed=1, order=1, at=None, dropped=None):
    """The loop of a beginner: gradients by a function that is made in each step, the update between two."""
    params = first_params(seed)
    for step, (x, y) in enumerate(batches(order)):
        gradients = off(grad(loss_of)(params, x, y), step == at)
        if step != dropped:
            params = update(params, gradients)
    return bits(params)


def mapped(params, gradients):
    return jax.tree.map(lambda p, g: p - 0.1 * g, params, gradients)


def operators(params, gradients):
    return {name: params[name] - 0.1 * gradients[name] for name in params}


faults("map", functools.partial(by_hand, mapped), ('step 1, "random key"', SEED, {"seed": 2}),
       ('step 1, "batch loss_of/1"', DATA, {"order": 2}), ('step 3, "input loss_of/0/first"', INTO, {"at": 1}),
       ('step 3, "input loss_of/0/first"', INTO, {"dropped": 1}),
       (f'step {STEPS}, "made map/first #2"', "an update was left out", {"dropped": STEPS - 1}))
faults("operators", functools.partial(by_hand, operators), ('step 3, "input loss_of/0/first"', INTO, {"dropped": 1}),
       (f'step {STEPS}, "made mul #3"', MADE, {"at": STEPS - 1}))


# ---- compiled, in several ways ----

def compiled(make, at=None, order=1, dropped=None, keep=lambda params: None):
    """make() gives update(params, x, y, rate), which gives params and loss."""
    params, update = first_params(), make()
    for step, (x, y) in enumerate(batches(order)):
        new, loss = update(params, x, y, 0.1 + 1e-5 * (step == at))
        params = params if step == dropped else new
    keep(params)
    return bits(params)


def update(params, x, y, rate):
    loss, gradients = value_and_grad(loss_of)(params, x, y)
    return jax.tree.map(lambda p, g: p - rate * g, params, gradients), loss


def of_jit():
    return jit(update)


def ahead():
    params = first_params()
    return jit(update).lower(params, images[:8], labels[:8], 0.1).compile()


def of_vjp():
    def step(params, x, y, rate):
        loss, back = jax.vjp(lambda p: loss_of(p, x, y), params)
        return jax.tree.map(lambda p, g: p - rate * g, params, back(1.0)[0]), loss
    return step


def pmapped():
    def mean_update(params, x, y, rate):
        loss, gradients = value_and_grad(loss_of)(params, x, y)
        loss, gradients = lax.pmean((loss, gradients), "devices")
        return jax.tree.map(lambda p, g: p - rate * g, params, gradients), loss
    step = jax.pmap(mean_update, "devices", in_axes=(None, 0, 0, None), out_axes=None)
    return lambda params, x, y, rate: step(params, x.reshape(2, 4, -1), y.reshape(2, 4, -1), rate)


def sharded():
    mesh = jax.make_mesh((2,), ("data",))
    rows, all_of_it = (jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*axes)) for axes in (("data",), ()))
    step = jit(update)
    return lambda params, x, y, rate: step(*jax.device_put((params, x, y), (all_of_it, rows, rows)), rate)


def scan_of(scan):
    """All steps in one call."""
    def train(rate=0.1):
        params, data, rates = first_params(), batches(), jnp.full(STEPS, 0.1).at[1].set(rate)

        def step(params, given):
            x, y, rate = given
            return update(params, x, y, rate)
        given = jnp.stack([x for x, _ in data]), jnp.stack([y for _, y in data]), rates
        return bits(scan(step, params, given))
    return train


for make, batch, rate, taken in ((of_jit, "batch update/1", "input update/3", "input update/0/first"),
                                 (ahead, "batch compiled/1", "input compiled/3", "input compiled/0/first"),
                                 (pmapped, "batch mean_update/1", "input mean_update/3", "input mean_update/0/first")):
    faults(make.__name__, functools.partial(compiled, make), (f'step 1, "{batch}"', DATA, {"order": 2}),
           (f'step 2, "{rate}"', INTO, {"at": 1}), (f'step 3, "{taken}"', INSTEAD, {"dropped": 1}))
faults("kept_at_the_end", functools.partial(compiled, of_jit, keep=kept.update),
       (f'step {STEPS}, "end kept/first"', "What a model ends with", {"dropped": STEPS - 1}))
faults("sharded", functools.partial(compiled, sharded), ('step 1, "batch update/1"', DATA, {"order": 2}))
faults("vjp", functools.partial(compiled, of_vjp), ('step 1, "result vjp/0"', FUNCTION, {"order": 2}),
       ('step 3, "input vjp/1/first"', INTO, {"at": 1}), (f'step {STEPS}, "made map/first #2"', MADE, {"at": STEPS - 1}))
faults("scan", scan_of(lambda step, *args: jit(lambda *args: lax.scan(step, *args))(*args)),
       ('step 1, "batch <lambda>/1/2"', DATA, {"rate": 0.2}))
faults("scan_at_once", scan_of(lax.scan), ('step 1, "batch scan/2/2"', DATA, {"rate": 0.2}))


def loop_at_once(rate=0.1):
    x, y = batches()[0]
    return bits(lax.fori_loop(0, STEPS, lambda i, params: update(params, x, y, rate)[0], first_params()))


faults("loop", loop_at_once, ('step 1, "result fori_loop/first"', FUNCTION, {"rate": 0.1 + 1e-5}))


# ---- optax, flax, equinox ----

def libraries():
    import equinox, flax.linen as linen, optax
    from flax import nnx
    from flax.training.train_state import TrainState

    def of_optax(order=1, at=None, dropped=None, jitted=False):
        params, optimizer = first_params(), optax.adam(optax.exponential_decay(1e-2, 2, 0.9))
        state = optimizer.init(params)

        def step(params, state, x, y, factor):
            loss, gradients = value_and_grad(loss_of)(params, x, y)
            updates, state = optimizer.update(jax.tree.map(lambda g: g * factor, gradients), state, params)
            return optax.apply_updates(params, updates), state, loss
        step = jit(step) if jitted else step
        for i, (x, y) in enumerate(batches(order)):
            if not (i == dropped):
                params, state, loss = step(params, state, x, y, 1 + 1e-5 * (i == at))
        return bits((params, state))

    class Linen(linen.Module):
        @linen.compact
        def __call__(self, x, train):
            x = linen.Dropout(0.2, deterministic=not train)(linen.relu(linen.Dense(8)(x)))
            return linen.Dense(1)(linen.BatchNorm(use_running_average=not train)(x))

    class State(TrainState):
        stats: dict

    @jit
    def linen_step(state, x, y, key):
        def loss_of(params):
            out, new = state.apply_fn({"params": params, "batch_stats": state.stats}, x, True, rngs={"dropout": key},
                                      mutable=["batch_stats"])
            return jnp.mean((out - y) ** 2), new["batch_stats"]
        (loss, stats), gradients = value_and_grad(loss_of, has_aux=True)(state.params)
        return state.apply_gradients(grads=gradients, stats=stats), loss

    def of_linen(order=1, seed=1, drop=1, at=None, dropped=None):
        net, key = Linen(), random.key(drop)
        variables = net.init(random.key(seed), images[:8], False)
        state = State.create(apply_fn=net.apply, params=variables["params"], tx=optax.sgd(0.1, 0.9),
                             stats=variables["batch_stats"])
        for i, (x, y) in enumerate(batches(order)):
            if i == at:
                state = state.replace(params=off(state.params, 1))
            if not (i == dropped):
                state, loss = linen_step(state, x, y, random.fold_in(key, i))
        return bits(state)

    class Nnx(nnx.Module):
        def __init__(self, rngs):
            self.first, self.last = nnx.Linear(6, 8, rngs=rngs), nnx.Linear(8, 1, rngs=rngs)
            self.drop, self.norm = nnx.Dropout(0.2, rngs=rngs), nnx.BatchNorm(8, rngs=rngs)

        def __call__(self, x):
            return self.last(self.norm(self.drop(nnx.relu(self.first(x)))))

    def nnx_step(model, optimizer, x, y):
        loss, gradients = nnx.value_and_grad(lambda model: jnp.mean((model(x) - y) ** 2))(model)
        optimizer.update(model, gradients)
        return loss
    nnx_jitted = nnx.jit(nnx_step)

    def of_nnx(order=1, seed=1, at=None, dropped=None, step=nnx_jitted):
        model = Nnx(nnx.Rngs(seed, dropout=2))
        optimizer = nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)
        model.train()
        for i, (x, y) in enumerate(batches(order)):
            if i == at:
                model.last.bias[...] += 1e-5
            if not (i == dropped):
                step(model, optimizer, x, y)
        return bits((nnx.state(model), nnx.state(optimizer)))

    @equinox.filter_jit
    def equinox_step(model, state, x, y):
        loss, gradients = equinox.filter_value_and_grad(lambda model: jnp.mean((vmap(model)(x) - y) ** 2))(model)
        updates, state = optax.adam(1e-2).update(gradients, state, model)
        return equinox.apply_updates(model, updates), state, loss

    def of_equinox(order=1, seed=1, at=None, dropped=None, step=equinox_step):
        model = equinox.nn.MLP(6, 1, 8, 1, key=random.key(seed))
        state = optax.adam(1e-2).init(equinox.filter(model, equinox.is_inexact_array))
        for i, (x, y) in enumerate(batches(order)):
            if i == at:
                model = equinox.tree_at(lambda model: model.layers[0].bias, model, replace_fn=lambda bias: bias + 1e-5)
            if not (i == dropped):
                model, state, loss = step(model, state, x, y)
        return bits((model, state))
    faults("optax", of_optax, ('step 1, "batch loss_of/1"', DATA, {"order": 2}),
           ('step 2, "input tree_bias_correction/0/first"', INTO, {"at": 1}))
    faults("optax_jitted", functools.partial(of_optax, jitted=True), ('step 2, "input step/4"', INTO, {"at": 1}))
    faults("linen", of_linen, ('step 1, "random key #2"', SEED, {"seed": 2}), ('step 1, "random key"', SEED, {"drop": 2}),
           ('step 1, "batch linen_step/1"', DATA, {"order": 2}),
           ('step 2, "input linen_step/0/params/BatchNorm_0/bias"', INSTEAD, {"at": 1}))
    faults("nnx", of_nnx, ('step 1, "random key #2"', SEED, {"seed": 2}), ('step 1, "batch nnx_step/2"', DATA, {"order": 2}),
           ('step 2, "input nnx_step/0/states/0/4"', INSTEAD, {"at": 1}))
    faults("nnx_eager", functools.partial(of_nnx, step=nnx_step), ('step 1, "result <lambda>/0/0"', FUNCTION, {"order": 2}),
           ('step 2, "input <lambda>/0/states/0/last/bias/value"', INSTEAD, {"at": 1}))
    faults("equinox", of_equinox, ('step 1, "batch equinox_step/1/rest/9"', DATA, {"order": 2}),
           ('step 2, "input equinox_step/1/first/1"', INSTEAD, {"at": 1}))
    faults("equinox_eager", functools.partial(of_equinox, step=equinox_step.__wrapped__),
           ('step 1, "random key"', SEED, {"seed": 2}),
           ('step 2, "input fun_value_and_grad/0/layers/0/bias"', INTO, {"at": 1}))


libraries()
forms.check("jax forms", sys.argv[2:])
