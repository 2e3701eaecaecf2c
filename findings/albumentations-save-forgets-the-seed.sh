#!/bin/bash
# albumentations-save-forgets-the-seed.sh
# SPDX-License-Identifier: Apache-2.0
# What: albumentations 2.0.8: a Compose with seed=7 goes through save() and load(), and through to_dict() and
#   from_dict(); each is applied five times to one picture.
# Expected: the five results of the Compose that was saved, as from a second Compose(.., seed=7) and from a pickle.
# Seen: the file has no seed.  What is loaded has none either, and gives other results after each load.
# Why a surprise: the pipeline is kept in a file so that the run can be repeated; every parameter comes back but the one
#   that makes it repeatable.
# Documented: the docstring of the module albumentations.core.serialization (2.0.8) promises pipelines restored "with
#   the exact same configuration"; that of Compose has seed among its parameters.  Pull request #2561 (June 2025,
#   merged) writes the seed; 2.0.8 (May 2025) is the last release.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 albumentations==2.0.8 albucore==0.0.24 opencv-python-headless==5.0.0.93
NO_ALBUMENTATIONS_UPDATE=1 env/bin/python -W ignore - <<'PYTHON'
import pickle

import albumentations
import numpy

picture = numpy.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=numpy.uint8)


def made():
    return albumentations.Compose([albumentations.RandomCrop(24, 24),
                                   albumentations.RandomBrightnessContrast(p=1)], seed=7)


def results(compose):
    return [int(compose(image=picture)["image"].sum()) for _ in range(5)]


right = results(made())
albumentations.save(made(), "pipeline.json")
text = albumentations.to_dict(made())
print("seed in the file:", '"seed"' in open("pipeline.json").read())
seen = {"made again": results(made()), "pickle": results(pickle.loads(pickle.dumps(made()))),
        "load": results(albumentations.load("pipeline.json")),
        "load once more": results(albumentations.load("pipeline.json")),
        "from_dict": results(albumentations.from_dict(text))}
print(f"{'as made':15} {right}")
for name, sums in seen.items():
    print(f"{name:15} {sums}")
assert seen["made again"] == seen["pickle"] == right
assert len({str(seen[name]) for name in ("load", "load once more", "from_dict")} | {str(right)}) == 4
assert '"seed"' not in open("pipeline.json").read()
PYTHON
