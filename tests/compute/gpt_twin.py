#!/usr/bin/env python3
# gpt_twin.py - the recipe tiny_gpt beside the same training in PyTorch
# SPDX-License-Identifier: Apache-2.0
"""gpt_twin.py DETPIPE RECIPE FOLDER SEED: tokens and weights of that seed go into FOLDER; detpipe trains the recipe on
them, without a shuffle, and PyTorch its twin.  Losses of the first three steps within 1e-4, or status 1."""
import re, subprocess, sys
import numpy as np, torch
import torch.nn.functional as F
from gpt import gpt

detpipe, recipe, folder, seed = sys.argv[1], open(sys.argv[2]).read(), sys.argv[3], int(sys.argv[4])
STEPS, VOCABULARY, BATCH, LENGTH, D, HEADS, WIDE, BLOCKS = 3, 256, 16, 32, 48, 4, 192, 2
rng = np.random.Generator(np.random.Philox(seed))


def r(*shape, scale=0.1):
    return torch.tensor((rng.standard_normal(shape) * scale).astype(np.float32))


weights = {"embedding1.weight": r(VOCABULARY, D), "position_embedding1.weight": r(LENGTH, D)}
for i in range(BLOCKS):
    for n, (a, b) in enumerate(((3 * D, D), (D, D), (WIDE, D), (D, WIDE))):
        weights[f"conv{4 * i + n + 1}.weight"], weights[f"conv{4 * i + n + 1}.bias"] = r(a, b, 1, 1), r(a)
for n in range(1, 2 * BLOCKS + 2):
    weights[f"ln{n}.gamma"], weights[f"ln{n}.beta"] = 1 + r(D), r(D)
np.savez(f"{folder}/weights.npz", **{k: v.numpy() for k, v in weights.items()})
tokens = rng.integers(0, VOCABULARY, STEPS * BATCH * LENGTH + 1).astype("<u2")
tokens.tofile(f"{folder}/train.bin")

# what detpipe prints
recipe = re.sub(r" \| shuffle ", " ", recipe)
recipe = re.sub(r"(?m)^init: .*$", "weights: weights.npz", recipe)
with open(f"{folder}/twin.recipe", "w") as f:
    f.write(recipe)
printed = subprocess.run([detpipe, "train", f"{folder}/twin.recipe", "--data", folder, "--steps", str(STEPS)], check=True,
                         capture_output=True, text=True).stdout
ours = [float(x) for x in re.findall(r"(?m)^step +\d+ +loss +(\S+)", printed)]

# what PyTorch makes of it
w = {k: v.clone().requires_grad_() for k, v in weights.items()}
optimizer = torch.optim.AdamW(w.values(), lr=0.003, betas=(0.9, 0.99), weight_decay=0.1)
text, theirs = torch.tensor(tokens.astype(np.int64)), []
for step in range(STEPS):
    first = step * BATCH * LENGTH
    x, y = (text[first + o:first + o + BATCH * LENGTH].reshape(BATCH, LENGTH) for o in (0, 1))
    loss = F.cross_entropy(gpt(x, w, HEADS, BLOCKS, "embedding1.weight").flatten(0, 1), y.flatten())
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(w.values(), 1.0)
    optimizer.step()
    theirs.append(loss.item())
print("detpipe", *ours, "\nPyTorch", *theirs)
if len(ours) != STEPS or not np.allclose(ours, theirs, rtol=0, atol=1e-4) or ours[0] == ours[-1]:
    sys.exit(1)
