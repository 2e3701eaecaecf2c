# why_train.py - a training without a line about detpipe, for test_torch.sh: with the fault that is named, from epoch 1 on
# SPDX-License-Identifier: Apache-2.0
import os, sys, torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

fault = sys.argv[1]
torch.manual_seed(1)
if fault == "seed":
    torch.seed()
if fault == "threads":
    torch.set_num_threads(1 + os.getpid() % 2)
net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3), nn.Linear(4 * 36, 4))
optimizer, measure = torch.optim.Adam(net.parameters(), 1e-2), nn.CrossEntropyLoss()
data = TensorDataset(torch.randn(64, 3, 8, 8), torch.arange(64) % 4)
order = torch.Generator().manual_seed(3)
loader = DataLoader(data, 8, shuffle=True, generator=order, num_workers=2 if fault == "workers" else 0)
for epoch in range(2):
    if fault == "order" and epoch == 1:
        order.seed()
    if fault == "dropout" and epoch == 1:
        torch.manual_seed(os.getpid())
    for batch, (x, y) in enumerate(loader):
        optimizer.zero_grad()
        loss = measure(net(x), y)
        loss.backward()
        if fault == "gradient" and epoch == 1 and batch == 3:
            net[0].weight.grad.mul_(1 + 1e-6 * (os.getpid() % 1000))
        optimizer.step()
    with torch.no_grad():
        net(data.tensors[0])
    if fault != "silent":
        print(f"epoch {epoch} loss {loss.item():.1f}")
