/* bias.h - a number added to every place of a channel, and its gradient
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_MATH_BIAS_H
#define COMPUTE_MATH_BIAS_H

#include "compute/math/run.h"
#include "compute/sums/share.h"

/* y[n][p][c] += b[c], p < places. */
void dp_bias_add(const dp_math_run *, int64_t places, int64_t channels, const float *b, float *y);

/* db[c] = TREE over leaves of SEQ64 over (n, p) of dy[n][p][c], p < places, rounded once; n and the
 * leaves are the share's. */
size_t dp_bias_workspace(int64_t n, int64_t channels); /* floats */
void dp_bias_gradient(const dp_math_run *, dp_share *, int64_t places, int64_t channels,
                      const float *dy, float *db);

#endif
