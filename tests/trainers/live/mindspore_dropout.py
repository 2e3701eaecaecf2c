# mindspore_dropout.py - what nn.Dropout of MindSpore keeps of ones, call by call, under one seed
# SPDX-License-Identifier: Apache-2.0
import sys, zlib

import mindspore as ms
import numpy as np
from mindspore import nn

ms.set_context(mode=getattr(ms, sys.argv[1]), device_target="CPU")
ms.set_seed(1)
drop = nn.Dropout(p=0.5)
drop.set_train()
for call in range(1, 9):
    print(call, zlib.crc32(drop(ms.Tensor(np.ones((64, 64), np.float32))).asnumpy().tobytes()))
