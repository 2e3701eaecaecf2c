/* volume.h - kernels that slide over a volume: size, stride, padding and dilation on three axes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_OPS_VOLUME_H
#define COMPUTE_OPS_VOLUME_H

#include "base/status.h"
#include "lang/params.h"

#define DP_VOLUME_MOST      1024
#define DP_VOLUME_PAD_MODES "valid,same,pad"
enum { DP_VOLUME_VALID, DP_VOLUME_SAME, DP_VOLUME_PAD };

/* The parameters, then what they come to, by depth, height and width. */
typedef struct dp_volume {
    dp_ints stride, padding,
        dilation; /* 1 or 3 numbers; padding 1 or 6; none = 1 (0 for padding) */
    int32_t pad_mode;
    int64_t in[3], out[3], kernel[3], step[3], apart[3], before[3], after[3];
} dp_volume;

dp_status dp_volume_plan(dp_volume *, const int64_t in[3], const int64_t kernel[3], dp_error *);

static inline int64_t dp_volume_places(const int64_t size[3])
{
    return size[0] * size[1] * size[2];
}

#endif
