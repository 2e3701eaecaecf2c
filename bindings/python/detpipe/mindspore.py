# mindspore.py - the ledger of a training in MindSpore
# SPDX-License-Identifier: Apache-2.0
"""model.train(10, data, callbacks=[detpipe.mindspore.Ledger("run.ledger")]), then `detpipe diff` of two runs (docs/ledger.md)."""
from ._mindspore_ledger import Ledger

__all__ = ["Ledger"]
