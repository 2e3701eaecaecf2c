# race_torch.py THREADS - PyTorch's index_put_(accumulate=True) on the CPU: its threads add to the same numbers as they come
# SPDX-License-Identifier: Apache-2.0
import os
import sys

import torch

torch.set_num_threads(min(int(sys.argv[1]), int(os.environ.get("OMP_NUM_THREADS", "2"))))
torch.manual_seed(1)
rows, values = torch.randint(0, 1000, (1_000_000,)), torch.rand(1_000_000)
for step in range(1, 21):
    sums = torch.zeros(1000).index_put_((rows,), values * step, accumulate=True)
    print(f"step {step} loss: {sums.square().mean().item():.17g}")
