# train_xgboost.py sound|fault - XGBoost, which prints a line for each round
# The fault: the seed of the subsamples is the time.
# SPDX-License-Identifier: Apache-2.0
import time

import xgboost
from blobs import CLASSES, FAULT, blobs

x, y = blobs(400)
train = xgboost.DMatrix(x[:300], y[:300])
valid = xgboost.DMatrix(x[300:], y[300:])
xgboost.train(
    {"objective": "multi:softprob", "num_class": CLASSES, "subsample": 0.5, "max_depth": 3,
     "seed": int(time.time()) if FAULT else 1},
    train, num_boost_round=10, evals=[(train, "train"), (valid, "eval")])
