# lightning.py - the ledger of a training by Lightning's Trainer
# SPDX-License-Identifier: Apache-2.0
"""lightning.Trainer(callbacks=[detpipe.lightning.Ledger("run.ledger")]), then `detpipe diff` of two runs (docs/ledger.md)."""
from __future__ import annotations

import os
from typing import Any, Union

try:
    from lightning.pytorch.callbacks import Callback
except ImportError:  # the older name of the package
    from pytorch_lightning.callbacks import Callback  # type: ignore[no-redef]

from . import _torch_ledger
from ._recorder import path_of_rank

__all__ = ["Ledger"]


class Ledger(Callback):
    """What detpipe.torch.Ledger records of fit(), with its settings (level, every, steps, about).  A rank has a ledger of its
    own: run.ledger, and run.ledger.1 of rank 1."""

    def __init__(self, path: Union[str, "os.PathLike[str]"], **settings: Any):
        super().__init__()
        self.path, self.settings, self.ledger = os.fspath(path), settings, None

    def on_fit_start(self, trainer: Any, module: Any) -> None:
        self.ledger = _torch_ledger.Ledger(path_of_rank(self.path, trainer.global_rank), module, **self.settings)

    def teardown(self, trainer: Any, module: Any, stage: str) -> None:
        if self.ledger is not None:
            self.ledger.close()
