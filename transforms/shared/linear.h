/* linear.h - linear resampling of uint8, row by row
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TRANSFORMS_SHARED_LINEAR_H
#define TRANSFORMS_SHARED_LINEAR_H

#include "transforms/shared/resample.h"

#define DP_LINEAR_ROW 8192 /* elements of a row of the result that linear.c takes, at most */
void dp_linear_rows(const dp_resample *, const void *src, const dp_tensor *out);

#endif
