# train_mindspore.py sound|fault - MindSpore, with LossMonitor
# The fault: nobody sets the seed of the weights.
# SPDX-License-Identifier: Apache-2.0
import mindspore
from blobs import CLASSES, FAULT, FEATURES, blobs

if not FAULT:
    mindspore.set_seed(1)
x, y = blobs(160)
data = mindspore.dataset.NumpySlicesDataset((x, y.astype("int32")), ["x", "y"], shuffle=False).batch(16)
net = mindspore.nn.SequentialCell(
    mindspore.nn.Dense(FEATURES, 16), mindspore.nn.ReLU(), mindspore.nn.Dense(16, CLASSES))
loss = mindspore.nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
model = mindspore.Model(net, loss, mindspore.nn.Momentum(net.trainable_params(), 0.1, 0.9))
model.train(1, data, callbacks=[mindspore.train.LossMonitor()], dataset_sink_mode=False)
