#!/bin/bash
# mindspore-rand-augment-empties-pictures.sh
# SPDX-License-Identifier: Apache-2.0
# What: mindspore 2.10.0, vision.RandAugment(num_ops=1), vision.TrivialAugmentWide() and vision.AutoAugment of each of
#   its policies, with their defaults, on 1,000 light grey pictures of 32x32 and of 96x64.
# Expected: a translation at RandAugment's default magnitude, 9 of 0 .. 30, moves by three tenths of the largest, 150
#   pixels in a picture of 331: by an eighth of the side.  No picture is left without its own pixels.
# Seen: an eighth of all pictures comes out black, all of it: RandAugment's translations (2 of its 14 operations) move
#   the picture out of itself, and so do nearly all of TrivialAugmentWide and those of AutoAugment's policies for CIFAR-10
#   and SVHN.  No other operation makes such a picture black.
# Why a surprise: the net is trained with black pictures under the labels of what was in them; in a batch they look like
#   what other operations left dark, and the loss only falls more slowly.
# Documented: the docstrings (2.10.0) refer to the three papers for the operations, and call fill_value the value of the
#   area outside of the transformed picture.  The paper of AutoAugment has translations of up to 150 pixels of its
#   pictures of 331.  MindSpore's issues on Gitee and AtomGit were not searched.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q mindspore==2.10.0 numpy==1.26.4
env/bin/python -W ignore - 2> log <<'PYTHON' || { cat log; exit 1; }
import mindspore.dataset
import numpy
from mindspore.dataset import vision

mindspore.dataset.config.set_seed(1)
policy = vision.AutoAugmentPolicy
operations = {"RandAugment": vision.RandAugment(num_ops=1), "TrivialAugmentWide": vision.TrivialAugmentWide(),
              "AutoAugment, CIFAR10": vision.AutoAugment(policy.CIFAR10),
              "AutoAugment, SVHN": vision.AutoAugment(policy.SVHN),
              "AutoAugment, IMAGENET (no translation)": vision.AutoAugment(policy.IMAGENET)}
for size in (32, 32), (96, 64):
    pictures = numpy.full((1000, *size, 3), 200, numpy.uint8)
    for name, operation in operations.items():
        rows = mindspore.dataset.NumpySlicesDataset({"image": pictures}, shuffle=False)
        rows = rows.map(operation, "image", num_parallel_workers=1)
        black = sum(not row[0].any() for row in rows.create_tuple_iterator(num_epochs=1, output_numpy=True))
        print(f"{size[0]}x{size[1]}, {name}: {black} of 1000 pictures are black")
        assert black == 0 if "no translation" in name else black > 40
PYTHON
