/* turn.h - arrays of floats, turned
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_MATH_TURN_H
#define COMPUTE_MATH_TURN_H

#include "base/workers.h"

/* dst[j][i] = src[i][j]; pitches of rows in floats. */
void dp_transpose(int64_t rows, int64_t cols, const float *src, int64_t src_row, float *dst,
                  int64_t dst_row);
/* [n][channels][places] as [n][places][channels], and back. */
void dp_channels_last(dp_workers *, int64_t n, int64_t channels, int64_t places, const float *src,
                      float *dst);
void dp_channels_first(dp_workers *, int64_t n, int64_t channels, int64_t places, const float *src,
                       float *dst);

#endif
