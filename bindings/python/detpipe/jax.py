# jax.py - the ledger of a training in JAX
# SPDX-License-Identifier: Apache-2.0
"""with detpipe.jax.Ledger("run.ledger"): train(), then `detpipe diff` of two runs (docs/ledger.md)."""
from ._jax_ledger import Ledger

__all__ = ["Ledger"]
