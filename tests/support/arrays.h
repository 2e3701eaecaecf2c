/* arrays.h - what the reader `memory` delivers in the golden lines
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_ARRAYS_H
#define TESTS_ARRAYS_H

#include "detpipe.h"

static uint8_t array_images[5 * 2 * 3 * 1] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,
                                              10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
                                              20, 21, 22, 23, 24, 25, 26, 27, 28, 255};
static int64_t array_labels[5] = {3, 0, 2, 2, 1};
static float array_weights[5 * 2] = {0.5f, -1, 2, 3, 4, 5, 6, 7, 8, 9};

static const dp_array test_arrays[] = {
    {"image", {array_images, DP_U8, 4, {5, 2, 3, 1}}},
    {"label", {array_labels, DP_I64, 1, {5}}},
    {"weight", {array_weights, DP_F32, 2, {5, 2}}},
    {0},
};

#endif
