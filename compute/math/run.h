/* run.h - what every product and sum over a batch is given: who computes, of how many samples, and
 * where it may write on the side
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_MATH_RUN_H
#define COMPUTE_MATH_RUN_H

#include "base/workers.h"
#include "compute/kernels/kernels.h"

typedef struct dp_math_run {
    const dp_kernels *kernels;
    dp_workers *workers;
    int64_t n, leaf;  /* samples; of a leaf, where a sum goes over samples */
    float *workspace; /* as large as the function's own dp_..._workspace says for n */
} dp_math_run;

#endif
