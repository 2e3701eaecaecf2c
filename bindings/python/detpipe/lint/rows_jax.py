# rows_jax.py - JAX, Flax, Optax: one construct is one row
# SPDX-License-Identifier: Apache-2.0
from .flags import Flag
from .table import OPEN, Row, SURE

ROWS = [
    Row("jax.random.PRNGKey|key", "seeds", SURE, "a seed by chance is another in each run: {chance}", "a constant, e.g. 1",
        lambda c: c.chance is not None, ("seed", "1")),
    Row("flax.nnx.Rngs", "seeds", SURE, "a seed by chance is another in each run: {chance}", "a constant, e.g. 1",
        lambda c: c.chance is not None, ("seed", "1")),
]

FLAGS = [
    Flag("jax.grad|value_and_grad flax.nnx.grad|value_and_grad optax.*", ("train", "jax")),
]
