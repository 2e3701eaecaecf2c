# train_keras.py sound|fault - Keras on TensorFlow, with the bar of fit()
# The fault: dropout takes its seed from the process's number.
# SPDX-License-Identifier: Apache-2.0
import os

import keras
from blobs import CLASSES, FAULT, FEATURES, blobs

keras.utils.set_random_seed(1)
x, y = blobs(320)
model = keras.Sequential([
    keras.layers.Input((FEATURES,)),
    keras.layers.Dense(16, activation="relu"),
    keras.layers.Dropout(0.5, seed=os.getpid() if FAULT else 1),
    keras.layers.Dense(CLASSES, activation="softmax"),
])
model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=32, epochs=2, validation_split=0.2)
