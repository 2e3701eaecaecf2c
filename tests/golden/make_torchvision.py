#!/usr/bin/env python3
"""Print lines for torchvision.txt: what torchvision's transforms of PIL images make of noise, as SHA-256.

    make_torchvision.py true | pillow13 | torch     (needs torchvision; for the first two with Pillow up to 12.1, or 13)

A line is a size, the detpipe text of the same transforms, and the digest of what comes out.  Random ones are given what
they draw: F.resized_crop with a box, F.hflip.  `torch` is what it makes of uint8 tensors, on a CPU where bilinear is done in
integers.
"""
import hashlib
import sys

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision import transforms as T
from torchvision.transforms import functional as F
from torchvision.transforms.v2.functional import resize

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
VALUES = 'normalize mean=0 std=255 | normalize mean=0.485,0.456,0.406 std=0.229,0.224,0.225 | hwc2chw'
SIZES = (375, 500), (500, 333), (256, 300), (301, 256), (40, 61), (257, 263), (333, 499), (225, 226)
BOXES = (375, 500, 17, 101, 251, 189), (500, 333, 3, 2, 497, 120), (500, 333, 100, 7, 200, 300), (31, 29, 5, 9, 24, 20)
MODES = ('linear', T.InterpolationMode.BILINEAR), ('cubic', T.InterpolationMode.BICUBIC)
CROPS = (31, 29, 24, 24), (31, 29, 24, 26), (33, 35, 24, 24), (30, 33, 31, 24), (30, 33, 33, 38), (29, 30, 24, 35), \
    (7, 8, 8, 7)
TENSORS = ((375, 500, 3, 224, 224), (500, 333, 3, 224, 224), (32, 32, 3, 224, 224), (40, 61, 1, 224, 200),
           (97, 89, 2, 33, 31), (97, 89, 4, 31, 133), (1, 37, 3, 3, 11), (37, 1, 1, 11, 3), (300, 5, 3, 5, 5),
           (5, 7, 3, 5, 3))


def image(h, w):
    return Image.fromarray(NOISE[:h * w * 3].reshape(h, w, 3))


def noise(n):
    state, out = 1, bytearray(n)
    for i in range(n):
        state = (state * 1664525 + 1013904223) & 0xffffffff
        out[i] = state >> 24
    return np.frombuffer(bytes(out), np.uint8)


def show(h, w, text, made):
    made = made.numpy() if isinstance(made, torch.Tensor) else np.asarray(made)
    print(f'in={h},{w} sha256={hashlib.sha256(np.ascontiguousarray(made).tobytes()).hexdigest()} : {text}')


def tensors():
    for h, w, c, oh, ow in TENSORS:
        x = torch.from_numpy(NOISE[:h * w * c].reshape(h, w, c)).permute(2, 0, 1)
        for name, mode in MODES:
            made = resize(x, [oh, ow], mode, antialias=True).permute(1, 2, 0)
            print(f'channels={c} ', end='')
            show(h, w, f'resize size={oh},{ow} interpolation={name} antialias=torch', made)


def main(word):
    if word == 'torch':
        print(f'# torchvision {torchvision.__version__}, torch {torch.__version__}, '
              f'{torch.backends.cpu.get_cpu_capability()}')
        return tensors()
    if (int(PIL.__version__.split('.')[0]) >= 13) != (word == 'pillow13'):
        sys.exit(f'Pillow {PIL.__version__} is not what antialias={word} stands for')
    values = T.Compose([T.ToTensor(), T.Normalize(MEAN, STD)])
    print(f'# torchvision {torchvision.__version__}, torch {torch.__version__}, Pillow {PIL.__version__}')
    for h, w in SIZES:
        for name, mode in MODES:
            made = T.Compose([T.Resize(256, interpolation=mode), T.CenterCrop(224), values])(image(h, w))
            show(h, w, f'resize size=256 interpolation={name} antialias={word} | '
                       f'center_crop size=224 rule=torchvision | {VALUES}', made)
    for h, w, top, left, bh, bw in BOXES:
        for name, mode in MODES:
            made = F.resized_crop(image(h, w), top, left, bh, bw, [224, 224], mode)
            made = values(F.hflip(made) if name == 'cubic' else made)
            flip = 'horizontal_flip | ' if name == 'cubic' else ''
            show(h, w, f'crop coordinates={top},{left} size={bh},{bw} | '
                       f'resize size=224,224 interpolation={name} antialias={word} | {flip}{VALUES}', made)
    for h, w, ch, cw in CROPS if word == 'true' else ():
        show(h, w, f'center_crop size={ch},{cw} rule=torchvision', T.CenterCrop((ch, cw))(image(h, w)))


NOISE = noise(500 * 375 * 3)
main(sys.argv[1])
