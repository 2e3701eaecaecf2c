#!/usr/bin/env python3
"""Write tests/golden/parts.txt: what libraries make of parts of the pictures of tests/golden/jpeg, which they do not decode whole.

    make_parts.py jpeg/ tensorflow > parts.txt; make_parts.py jpeg/ mindspore >> parts.txt     # each from PyPI

A line is "FILE LIBRARY TOP LEFT HEIGHT WIDTH SHA256".  TensorFlow's is decode_and_crop_jpeg.  MindSpore's is
RandomCropDecodeResize where no attempt fits, so that it takes the middle: its box is known.
"""
import hashlib
import os
import sys

import numpy as np

FILES = '420 422 444 440 411 mixed-h progressive restart1 quality25 420e gray'.split()


def tensorflow():
    os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
    import tensorflow as tf

    def parts(data, h, w):
        for top, left, height, width in ((0, 0, h, w), (3, 5, 9, 11), (0, 17, h, 9), (h - 4, w - 7, 4, 7), (1, 16, 2, 1), (5, 2, 8, 28)):
            yield (top, left, height, width), tf.io.decode_and_crop_jpeg(data, [top, left, height, width], channels=3).numpy()
    return tf.__version__, parts


def mindspore():
    import mindspore
    from mindspore.dataset import vision

    def parts(data, h, w):
        for ratio in (0.25, 0.4, 0.5, 0.75):
            width = int(h * ratio + 0.5)
            box = (0, (w - width + 1) // 2, h, width)
            yield box, vision.RandomCropDecodeResize((h, width), (1, 1), (ratio, ratio))(np.frombuffer(data, np.uint8))
    return mindspore.__version__, parts


def main():
    folder, library = sys.argv[1:]
    version, parts = globals()[library]()
    print('# make_parts.py, with %s %s' % (library, version))
    for name in FILES:
        with open(os.path.join(folder, name + '.jpg'), 'rb') as f:
            data = f.read()
        for box, pixels in parts(data, *((16, 33) if name == '420e' else (37, 43))):
            print(name + '.jpg', library, *box, hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest())


main()
