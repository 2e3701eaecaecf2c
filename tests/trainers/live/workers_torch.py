# workers_torch.py sound|fault - PyTorch, an augmentation in the two workers of a DataLoader
# NumPy's global generator is sound there: PyTorch seeds it in each worker.  The fault: each worker makes one of its own.
# SPDX-License-Identifier: Apache-2.0
import numpy
import torch
from blobs import CLASSES, FAULT, FEATURES, blobs

torch.manual_seed(1)
x, y = blobs(160)


class Noisy(torch.utils.data.Dataset):
    def __len__(self):
        return len(x)

    def __getitem__(self, i):
        generator = numpy.random.default_rng() if FAULT else numpy.random
        return x[i] + generator.normal(size=FEATURES).astype(numpy.float32), y[i]


model = torch.nn.Linear(FEATURES, CLASSES)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for rows, labels in torch.utils.data.DataLoader(Noisy(), batch_size=16, shuffle=True, num_workers=2):
    loss = torch.nn.functional.cross_entropy(model(rows), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(f"loss: {loss.item():.9g}")
