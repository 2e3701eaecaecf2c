"""LeNet on CIFAR-10 in MindSpore, after its guide on fixed randomness.

    python3 train.py good DIR       the guide's six steps: the same bits in every run
    python3 train.py faulty DIR     what they mend

DIR has CIFAR-10's binary files. Ten steps on the CPU, each printing its loss with all digits."""
import sys

import mindspore as ms
import mindspore.dataset as ds
import numpy as np
from mindspore import nn
from mindspore.dataset import vision

VERSION, FOLDER = sys.argv[1:]
FAULTY = VERSION == "faulty"


class LeNet(nn.Cell):
    def __init__(self):
        super().__init__()
        self.features = nn.SequentialCell(nn.Conv2d(3, 6, 5, pad_mode="valid"), nn.ReLU(), nn.MaxPool2d(2, 2),
                                          nn.Conv2d(6, 16, 5, pad_mode="valid"), nn.ReLU(), nn.MaxPool2d(2, 2))
        layers = [nn.Dense(400, 120), nn.ReLU(), nn.Dense(120, 84), nn.ReLU(), nn.Dense(84, 10)]
        if FAULTY:
            layers.insert(2, nn.Dropout(p=0.5))
        self.classes = nn.SequentialCell(*layers)

    def construct(self, x):
        return self.classes(self.features(x).reshape(x.shape[0], 400))


def jitter(image):
    return (image + np.random.rand()).astype(np.float32)


def batches():
    if FAULTY:
        data = ds.Cifar10Dataset(FOLDER, usage="train")  # shuffles by default
        data = data.map([vision.RandomCrop(32, 4), vision.RandomHorizontalFlip()], "image")
    else:
        data = ds.Cifar10Dataset(FOLDER, usage="train", shuffle=False, num_parallel_workers=1)
    data = data.map([vision.Rescale(1 / 255, 0), vision.HWC2CHW()], "image", num_parallel_workers=1)
    if FAULTY:
        data = data.map(jitter, "image", num_parallel_workers=2)  # two threads, one generator
    data = data.map(lambda label: label.astype(np.int32), "label", num_parallel_workers=1)
    return data.batch(32).take(10)


def main():
    ms.set_context(mode=ms.GRAPH_MODE, device_target="CPU")
    if not FAULTY:
        ms.set_seed(1)
    net = LeNet()
    model = ms.Model(net, nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean"),
                     nn.Momentum(net.trainable_params(), 0.01, 0.9))
    model.train(1, batches(), [Losses()], dataset_sink_mode=False)


class Losses(ms.Callback):
    def on_train_step_end(self, run_context):
        now = run_context.original_args()
        print(f"step {now.cur_step_num} loss: {float(now.net_outputs.asnumpy()):.9g}", flush=True)


if __name__ == "__main__":
    main()
