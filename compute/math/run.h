/* run.h - what every product and sum over a batch is given: who computes, of how many samples, and
 * where it may write on the side
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_MATH_RUN_H
#define COMPUTE_MATH_RUN_H

#include "base/workers.h"
#include "compute/kernels/kernels.h"
#include "compute/sums/share.h"

typedef struct dp_math_run {
    const dp_kernels *kernels;
    dp_workers *workers;
    int64_t n, leaf;  /* samples; of a leaf, where a sum goes over samples */
    float *workspace; /* as large as the function's own dp_..._workspace says for n */
} dp_math_run;

/* Part number i of the share alone: where it begins among the n samples; the gradient of a weight
 * is made of each part by itself. */
typedef struct dp_math_part {
    dp_math_run run;
    int64_t first;
} dp_math_part;

static inline dp_math_part dp_math_part_of(const dp_math_run *r, const dp_share *share, int64_t i)
{
    dp_math_part part = {*r, share->parts[i].first};
    part.run.n = share->parts[i].n;
    return part;
}

#endif
