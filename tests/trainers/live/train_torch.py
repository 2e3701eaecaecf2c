# train_torch.py sound|fault - PyTorch, each loss printed as the tensor that it is
# The fault: the generator of an augmentation has no seed.
# SPDX-License-Identifier: Apache-2.0
import numpy
import torch
from blobs import CLASSES, FAULT, FEATURES, blobs

torch.manual_seed(1)
noise = numpy.random.default_rng(None if FAULT else 1)
x, y = blobs(160)
data = torch.utils.data.TensorDataset(torch.from_numpy(x), torch.from_numpy(y))
loader = torch.utils.data.DataLoader(data, batch_size=16, shuffle=True)
model = torch.nn.Sequential(torch.nn.Linear(FEATURES, 16), torch.nn.ReLU(), torch.nn.Linear(16, CLASSES))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for rows, labels in loader:
    rows = rows + torch.from_numpy(noise.normal(size=rows.shape).astype(numpy.float32))
    loss = torch.nn.functional.cross_entropy(model(rows), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(loss)
