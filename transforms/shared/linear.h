/* linear.h - linear resampling of uint8, row by row
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TRANSFORMS_SHARED_LINEAR_H
#define TRANSFORMS_SHARED_LINEAR_H

#include "transforms/shared/resample.h"

#define DP_LINEAR_ROW 8192 /* elements of a row of the result that linear.c takes, at most */
void dp_linear_rows(const dp_resample *, const void *src, const dp_tensor *out,
                    const dp_picture_part *);

#if defined(__x86_64__)
/* Three channels, of columns from the first on, all but those at the end that take the last source
 * column; how many.  Writes one element behind them, too. */
int64_t dp_linear_across_sse2(const dp_taps *, int64_t n, const uint8_t *row, int16_t *out);
#endif

#endif
