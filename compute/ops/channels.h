/* channels.h - sums over all but the channels of [n, channels, ...]: SEQ64 over (n in leaf, place),
 * TREE over leaves
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_OPS_CHANNELS_H
#define COMPUTE_OPS_CHANNELS_H

#include "compute/ops/leaf_sums.h"
#include "compute/ops/operator.h"

typedef struct dp_channels {
    int64_t n, channels, places; /* of a channel of a sample */
} dp_channels;

/* [n, channels, ...] of float32, at least one element of each channel. */
dp_status dp_channels_of(const dp_op_plan *, size_t input, dp_channels *, dp_error *);

/* Two sums a channel, which are given what two functions of each element are. */
typedef struct dp_channel_sums {
    dp_channels c;
    int64_t leaf_size;
    const float *x, *dy;   /* dy NULL: the sums are of x and x^2; */
    const float *mean, *r; /* else of dy and dy (x - mean) r */
    float *first, *second; /* [channels] */
} dp_channel_sums;
void dp_channel_sums_run(const dp_channel_sums *, dp_workers *);

#endif
