# torch.py - a detpipe stream under torch.utils.data
# SPDX-License-Identifier: Apache-2.0
"""loader = torch.utils.data.DataLoader(detpipe.torch.Dataset("cifar10 ... | batch batch_size=32"), batch_size=None)

detpipe makes the batches, on its own threads, so batch_size is None.  With num_workers the workers take turns, and the
DataLoader, which asks them in turn, delivers the stream in its order.  As with a DistributedSampler, an epoch has its own
order and draws once it is named:

    for epoch in range(dataset.epoch, 90):
        dataset.set_epoch(epoch)
        for batch in loader: ...

These are the epochs of "text | repeat", whose states it gives and takes."""
from __future__ import annotations

import os, warnings
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Dict, Iterator, Union

import torch
from torch.utils.data import IterableDataset, get_worker_info
from torch.utils.data._utils import collate

from . import Error, Pipeline, State, _count, _integer, lib
from ._torch_ledger import Ledger

__all__ = ["Batch", "Dataset", "Ledger"]

# What set_epoch and load_state_dict named, and how often, and what was made of it since, in memory that every worker sees.
_EPOCH, _START, _NAMINGS, _FIRST_PASS, _PASSES, _IN_WORKERS = range(6)
_LOOKED_AT = 16  # batches, for whether two epochs are alike


class Batch(Dict[str, torch.Tensor]):
    """The columns of a batch; a type of its own, as default_collate would make batches of batches."""


def _refuse_batches(batch, **_):
    raise ValueError("detpipe makes the batches itself: give the DataLoader batch_size=None")


getattr(collate, "default_collate_fn_map", {})[Batch] = _refuse_batches


class Dataset(IterableDataset):
    """Batches as dicts of tensors, which share the library's memory; unsigned types that PyTorch lacks become int64.  The
    arguments are Pipeline's; the workers of a DataLoader open a pipeline each, over the data that were there when the
    Dataset was made, or fail: by the files' sizes and times, as Pipeline's copies.

    A pass delivers the epoch that was named last; the first pass behind load_state_dict begins where the state says, every
    other with batch 0.  Passes do not change what is named, so a second one delivers the same epoch again: it warns, unless
    all epochs are alike."""

    def __init__(self, text: str, **arguments: Any):
        self.arguments = arguments
        with Pipeline(text, **arguments) as pipeline:
            self.length: Union[int, float] = pipeline.length
            self._data = pipeline._data()
        self.text = text if self.length == float("inf") else text + " | repeat"
        self._named = torch.zeros(6, dtype=torch.int64).share_memory_()
        self._pipeline = self._place = self._loaded = self._last_naming = None

    @property
    def epoch(self) -> int:
        """The epoch that the next pass delivers."""
        return int(self._named[_EPOCH])

    @property
    def start(self) -> int:
        """The batch of that epoch that its first pass begins with."""
        return int(self._named[_START])

    def _name(self, epoch, start):
        self._named.copy_(torch.tensor([epoch, start, self._named[_NAMINGS] + 1, 0, 0, 0]))
        self._place = None

    def set_epoch(self, epoch: int) -> None:
        """What the next pass delivers, in workers that live on (persistent_workers), too.  The epoch of the state that was
        just loaded keeps the state's position; every other begins with its first batch.  ValueError: there is no such
        epoch, or the stream has no end."""
        if self.length == float("inf"):
            raise ValueError("the stream has no end, so no epochs: leave repeat out of the text")
        epoch = _integer("epoch", epoch, 63)
        loaded = epoch == self.epoch and self._named[_PASSES] == 0
        self._name(epoch, self.start if loaded else 0)

    def _open(self):
        """This process's pipeline: a handle does not survive a fork."""
        if self._pipeline is None or self._pipeline._process != os.getpid():
            pipeline = Pipeline(self.text, **self.arguments)
            pipeline._expect(self._data)
            self._pipeline = pipeline
        return self._pipeline

    def dataset_digest(self) -> str:
        """Pipeline's.  Once it is taken, files with the same content are the same data to copies and workers, too."""
        self._data = self._data[0], self._open().dataset_digest()
        return self._data[1]

    def _first(self, epoch):
        """The number of its first batch."""
        return epoch * self.length if epoch > 0 else 0

    def __iter__(self) -> Iterator[Batch]:
        self._place = self._new_place()
        return self._deliver(self._place)

    def _new_place(self):
        """Where this process's next pass begins; in a worker its share, every num_workers-th batch."""
        worker = get_worker_info()
        (epoch, at), self._loaded = self._loaded or self._beginning(worker), None
        if worker is None:
            return SimpleNamespace(epoch=epoch, at=at, step=1, worker=None)
        return SimpleNamespace(epoch=epoch, at=at + worker.id, step=worker.num_workers, worker=worker.id, epoch_state=None)

    def _beginning(self, worker):
        """Epoch and first batch of a pass.  The workers of one pass know each other by the seed that the DataLoader drew for
        them, and a worker that lives on remembers that it was there; so no order of their doing matters."""
        epoch, start, naming, first_pass = self._named.tolist()[:4]
        if worker is None:
            return epoch, 0 if first_pass else start
        this_pass = max(worker.seed - worker.id, 1)
        if not first_pass:
            self._named[_FIRST_PASS] = first_pass = this_pass
        again, self._last_naming = self._last_naming == naming, naming
        return epoch, start if first_pass == this_pass and not again else 0

    def _deliver(self, place):
        begun = False
        while place.at < self.length:
            columns = self._open()._at(self._first(place.epoch) + place.at)
            place.at += place.step
            if not begun:
                begun, self._place = True, place
                self._begin(place)
            yield Batch((name, torch.from_numpy(_signed(column))) for name, column in columns.items())

    def _begin(self, place):
        """The first batch of a pass."""
        self._named[_IN_WORKERS] = place.worker is not None
        if place.worker is None:
            self._named[_FIRST_PASS] = -1
        if not place.worker:  # one of the workers speaks for all
            self._named[_PASSES] += 1
            if self._named[_PASSES] > 1 and self._epochs_differ():
                warnings.warn(f"this pass delivers epoch {place.epoch} again, with the same order and draws: "
                              "call set_epoch(epoch) before each pass")

    def _epochs_differ(self):
        pipeline = self._open()
        if self.length == float("inf") or pipeline._draws(0):
            return self.length != float("inf")
        return any(pipeline._records(i) != pipeline._records(self.length + i) for i in range(min(self.length, _LOOKED_AT)))

    def __len__(self) -> int:
        return _count(self.length)

    def __getitem__(self, index):
        raise TypeError("a stream has no items: say Subset and random_split in the text (split, take, skip, subset_sampler)")

    def state_dict(self) -> Dict[str, Any]:
        """The position behind the last batch that was delivered.  In a worker it is the worker's own, as
        torchdata's StatefulDataLoader keeps them; it is resumed under the same num_workers.  RuntimeError: the batches
        come from the workers of another DataLoader, so this process does not know which of them were delivered."""
        worker, place = get_worker_info(), self._place
        if worker is not None:
            if place is None or place.worker is None:  # none, or that which a fork brought along
                self._place = place = self._new_place()
            if place.epoch_state is None:
                place.epoch_state = self._open()._state_at(self._first(place.epoch))["state"]
            return {"epoch_state": place.epoch_state, "next": place.at, "worker": worker.id, "num_workers": worker.num_workers}
        if self._named[_IN_WORKERS]:
            raise RuntimeError("the workers know what was delivered, not this process: take the state of torchdata's "
                               "StatefulDataLoader, or use num_workers=0, or call it between set_epoch and the first batch")
        epoch, at = (self.epoch, self.start) if place is None else (place.epoch, place.at)
        return self._open()._state_at(self._first(epoch) + at)

    def load_state_dict(self, state: State) -> None:
        """The next pass goes on from there: .epoch and .start say where.  Error: the state is of another text, seed or data
        set, or of a worker among others."""
        worker, pipeline = get_worker_info(), self._open()
        of_worker = isinstance(state, Mapping) and "epoch_state" in state
        if of_worker:
            whose, workers = state.get("worker"), state.get("num_workers")
            here = 0 if worker is None else worker.num_workers
            if worker is None or (whose, workers) != (worker.id, here):
                raise Error(f"the state is that of worker {whose} under num_workers={workers}: here it is num_workers={here}: "
                            "give the loader the same number", lib.DP_ESTATE)
        pipeline.load_state_dict(state["epoch_state"] if of_worker else state)
        epoch, start = 0, pipeline.tell()
        if 0 < self.length < float("inf"):
            epoch, start = divmod(start, self.length)
        if of_worker:
            self._loaded = epoch, _integer("next", state.get("next"), 63) - worker.id
        else:
            self._name(epoch, start)

    def __repr__(self) -> str:
        settings = "".join(f", {name}={value!r}" for name, value in self.arguments.items())
        return f"<detpipe.torch.Dataset {self.text!r}{settings}, epoch {self.epoch} from batch {self.start}>"

    def __getstate__(self) -> Dict[str, Any]:
        return {**self.__dict__, "_pipeline": None}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        self.__dict__.update(state)
        if not self._named.is_shared():  # a copy, not a worker's
            self._named.share_memory_()


def _signed(column):
    """PyTorch has few unsigned types: what it lacks becomes int64."""
    return column.astype("int64") if column.dtype.kind == "u" and column.dtype.itemsize > 1 else column
