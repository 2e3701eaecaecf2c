# blobs.py - what the live trainers share: their data, made from a seed, and the word that asks for the fault
# SPDX-License-Identifier: Apache-2.0
import sys

import numpy

FEATURES, CLASSES = 20, 3
FAULT = {"sound": False, "fault": True}[sys.argv[1]]


def blobs(rows):
    """rows x FEATURES numbers in float32 around CLASSES centres, and the class of each in int64"""
    generator = numpy.random.default_rng(7)
    centres = generator.normal(size=(CLASSES, FEATURES))
    y = generator.integers(0, CLASSES, rows)
    x = centres[y] + generator.normal(scale=2.0, size=(rows, FEATURES))
    return x.astype(numpy.float32), y
