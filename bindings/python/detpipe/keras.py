# keras.py - the ledger of a training in Keras
# SPDX-License-Identifier: Apache-2.0
"""model.fit(x, y, callbacks=[detpipe.keras.Ledger("run.ledger")]), then `detpipe diff` of two runs (docs/ledger.md)."""
from ._tensorflow_ledger import Ledger

__all__ = ["Ledger"]
