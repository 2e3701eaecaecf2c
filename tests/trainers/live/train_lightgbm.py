# train_lightgbm.py sound|fault - LightGBM, which logs the metrics of each round
# The fault: the rows are divided by a shuffle without a seed.
# SPDX-License-Identifier: Apache-2.0
import random

import lightgbm
from blobs import CLASSES, FAULT, blobs

x, y = blobs(400)
rows = list(range(len(x)))
random.Random(None if FAULT else 1).shuffle(rows)
train = lightgbm.Dataset(x[rows[:300]], y[rows[:300]])
valid = lightgbm.Dataset(x[rows[300:]], y[rows[300:]], reference=train)
lightgbm.train(
    {"objective": "multiclass", "num_class": CLASSES, "num_leaves": 7, "force_col_wise": True},
    train, num_boost_round=10, valid_sets=[train, valid], valid_names=["train", "eval"],
    callbacks=[lightgbm.log_evaluation(1)])
