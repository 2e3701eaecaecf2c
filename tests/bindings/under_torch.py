# under_torch.py - the stream under torch.utils.data
# SPDX-License-Identifier: Apache-2.0
import os
import numpy as np, torch
from torch.utils.data import DataLoader
import detpipe
from detpipe.torch import Dataset

TEXT = "cifar10 strict=false usage=train | shuffle | rescale rescale=1/255 | hwc2chw | batch batch_size=16"
root = os.environ["FIXTURE"]
expected = [b["image"].copy() for b in detpipe.Pipeline(TEXT, root=root)]
for workers in (0, 1, 2, 3):
    loader = DataLoader(Dataset(TEXT, root=root, threads=1), batch_size=None, num_workers=workers)
    for epoch in range(2):
        seen = [b["image"].numpy().copy() for b in loader]
        assert len(seen) == 7 and all(np.array_equal(a, b) for a, b in zip(expected, seen)), f"{workers} workers: another order"
data = Dataset(TEXT, root=root)
loader = iter(DataLoader(data, batch_size=None))
for _ in range(3):
    batch = next(loader)
assert batch["label"].dtype == torch.int64
other = Dataset(TEXT, root=root)
other.load_state_dict(data.state_dict())
assert np.array_equal(next(iter(DataLoader(other, batch_size=None)))["image"].numpy(), expected[3])

# epochs: those of a text with repeat, each with its own order
data = Dataset(TEXT, root=root)
both = [b["id"].copy() for b in detpipe.Pipeline(TEXT + " | repeat count=2", root=root)]
for workers in (0, 2):
    for epoch in (1, 0):
        data.set_epoch(epoch)
        seen = [b["id"].numpy().copy() for b in DataLoader(data, batch_size=None, num_workers=workers)]
        assert all(np.array_equal(a, b) for a, b in zip(both[7 * epoch:], seen)) and len(seen) == len(data) == 7, f"epoch {epoch}"
assert not np.array_equal(both[0], both[7])
data.set_epoch(1)
loader = iter(DataLoader(data, batch_size=None))
next(loader)
other.load_state_dict(data.state_dict())
seen = [b["id"].numpy().copy() for b in DataLoader(other, batch_size=None)]
assert len(seen) == 6 and np.array_equal(seen[0], both[8]), "a state in the second epoch"
try:
    Dataset(TEXT + " | repeat", root=root).set_epoch(1)
    raise AssertionError("a stream without end has epochs")
except ValueError as error:
    assert "no epochs" in str(error)
print("torch: all as it should be")
