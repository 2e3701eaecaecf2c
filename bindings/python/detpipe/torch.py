# torch.py - a detpipe stream under torch.utils.data
# SPDX-License-Identifier: Apache-2.0
"""loader = torch.utils.data.DataLoader(detpipe.torch.Dataset("cifar10 ... | batch batch_size=32"), batch_size=None)

detpipe makes the batches, on its own threads, so batch_size is None.  With num_workers the workers take turns, and the
DataLoader, which asks them in turn, delivers the stream in its order.  As with a DistributedSampler, an epoch has its own
order and draws once it is named:

    for epoch in range(90):
        dataset.set_epoch(epoch)
        for batch in loader: ...

These are the epochs of "text | repeat", whose states it gives and takes."""
import torch
from torch.utils.data import IterableDataset, get_worker_info

from . import Pipeline, _count


class Dataset(IterableDataset):
    """Batches as dicts of tensors; the arguments are Pipeline's.  state_dict counts what was delivered, so it is for the
    main process (num_workers=0)."""

    def __init__(self, text, **arguments):
        self.arguments, self.epoch, self.start, self.pipeline = arguments, 0, 0, None
        self.length = Pipeline(text, **arguments).length
        self.text = text if self.length == float("inf") else text + " | repeat"

    def set_epoch(self, epoch):
        """What the next iteration delivers, from its beginning; the same epoch again where this is not called.  Workers
        that outlive an epoch (persistent_workers) do not hear of it."""
        if self.length == float("inf"):
            raise ValueError("the stream has no end, so no epochs: leave repeat out of the text")
        self.epoch, self.start = epoch, 0

    def _open(self):
        """Where it is used: a handle does not survive a fork."""
        if self.pipeline is None or get_worker_info() is not None:
            self.pipeline = Pipeline(self.text, **self.arguments)
        return self.pipeline

    def __iter__(self):
        worker = get_worker_info()
        pipeline, at, step = self._open(), self.start, 1
        first = self.epoch * self.length if self.epoch > 0 else 0
        if worker is not None:
            at, step = at + worker.id, worker.num_workers
        self.start = 0
        while at < self.length:
            pipeline.seek(first + at)
            yield {name: torch.from_numpy(_signed(column)) for name, column in next(pipeline).items()}
            at += step

    def __len__(self):
        return _count(self.length)

    def state_dict(self):
        return self._open().state_dict()

    def load_state_dict(self, state):
        pipeline = self._open()
        pipeline.load_state_dict(state)
        self.epoch, self.start = 0, pipeline.tell()
        if self.length != float("inf"):
            self.epoch, self.start = divmod(self.start, self.length)


def _signed(column):
    """PyTorch has few unsigned types: what it lacks becomes int64."""
    return column.astype("int64") if column.dtype.kind == "u" and column.dtype.itemsize > 1 else column
