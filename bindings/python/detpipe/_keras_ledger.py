# _keras_ledger.py - which ledger a training in Keras is in
# SPDX-License-Identifier: Apache-2.0
"""That of what Keras runs on.  On PyTorch and JAX it is theirs, which begin by themselves (tools/proof/why.c)."""
from __future__ import annotations

import keras


def record(folder: str) -> None:
    """For `detpipe verify --why`."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        from . import _tensorflow_ledger  # which imports it
        _tensorflow_ledger.record(folder)
    elif backend not in ("torch", "jax"):
        raise ImportError(f"Keras runs on {backend}: only on tensorflow, torch and jax it is recorded")
