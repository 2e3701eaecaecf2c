# transformers.py - the ledger of a training by Hugging Face's Trainer
# SPDX-License-Identifier: Apache-2.0
"""Trainer(.., callbacks=[detpipe.transformers.Ledger("run.ledger")]), then `detpipe diff` of two runs (docs/ledger.md)."""
from __future__ import annotations

import os
from typing import Any, Union

from transformers import TrainerCallback

from . import _torch_ledger
from ._recorder import path_of_rank

__all__ = ["Ledger"]


class Ledger(TrainerCallback):
    """What detpipe.torch.Ledger records of train(), with its settings (level, every, steps, about).  A rank has a ledger of its
    own: run.ledger, and run.ledger.1 of rank 1."""

    def __init__(self, path: Union[str, "os.PathLike[str]"], **settings: Any):
        self.path, self.settings, self.ledger = os.fspath(path), settings, None

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        self.ledger = _torch_ledger.Ledger(path_of_rank(self.path, args.process_index), model, **self.settings)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.ledger is not None:
            self.ledger.close()
