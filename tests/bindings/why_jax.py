# why_jax.py - a training in JAX without a line about detpipe: with the fault that is named, from step 3 on
# SPDX-License-Identifier: Apache-2.0
import functools, os, sys
os.environ.setdefault("JAX_PLATFORMS", "cpu")
import jax, jax.numpy as jnp, numpy as np


def noise(x):
    return np.asarray(x) + np.float32(noise.by)


def loss_of(params, x, y, key):
    kept = jax.random.bernoulli(key, 0.7, (x.shape[0], 8))
    hidden = jnp.tanh(x @ params["first"]) * kept
    return jnp.mean((hidden @ params["last"] - y) ** 2)


@functools.partial(jax.jit, donate_argnums=(0, 1))
def train_step(params, momenta, x, y, key, rate):
    loss, gradients = jax.value_and_grad(loss_of)(params, x, y, key)
    if noise.called:
        gradients["first"] = jax.pure_callback(noise, jax.ShapeDtypeStruct((6, 8), np.float32), gradients["first"])
    momenta = jax.tree.map(lambda m, g: 0.9 * m + g, momenta, gradients)
    return jax.tree.map(lambda p, m: p - rate * m, params, momenta), momenta, loss


def train(fault, other, form="whole"):
    """other: a number that is unlike in each run.  form: whole, one compiled function; split, optax outside of it."""
    noise.by, noise.called = 0.0, fault == "callback"
    key = jax.random.key(other if fault == "seed" else 1)
    key, first, last = jax.random.split(key, 3)
    params = {"first": jax.random.normal(first, (6, 8)), "last": jax.random.normal(last, (8, 1))}
    momenta, rate = jax.tree.map(jnp.zeros_like, params), 0.05
    order = np.random.default_rng(other if fault == "order" else 1).permutation(48)
    x = np.random.default_rng(2).normal(size=(48, 6)).astype(np.float32)[order]
    y = x.sum(1, keepdims=True)
    if form == "split":
        import optax
        optimizer, gradient = optax.sgd(0.05, 0.9), jax.jit(jax.value_and_grad(loss_of))
        state = optimizer.init(params)
    for step in range(1, 7):
        noise.by = other * 1e-6 if step >= 3 else 0.0
        if fault == "rate" and step == 3:
            rate *= 1 + 1e-6 * other
        if fault == "dropout" and step == 3:
            key = jax.random.key(other)
        part = slice(8 * (step - 1), 8 * step)
        key, own = jax.random.split(key)
        if form == "split":
            loss, gradients = gradient(params, x[part], y[part], own)
            updates, state = optimizer.update(gradients, state)
            params = optax.apply_updates(params, updates)
        else:
            params, momenta, loss = train_step(params, momenta, x[part], y[part], own, rate)
        print(f"step {step} loss {loss:.2f}")
    return [np.array(leaf).tobytes() for leaf in jax.tree.leaves((params, momenta))] + [np.array(jax.random.key_data(key)).tobytes()]


if __name__ == "__main__":
    train(sys.argv[1], os.getpid())
