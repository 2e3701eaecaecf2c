/* optimizer.h - what an optimizer is: one constant, of this type, in one file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_OPTIMIZERS_OPTIMIZER_H
#define COMPUTE_OPTIMIZERS_OPTIMIZER_H

#include "base/status.h"
#include "compute/kernels/kernels.h"
#include "compute/optimizers/schedule.h"

#define DP_MAX_MOMENTS 2

typedef struct dp_optimizer {
    dp_stage_info info;
    size_t size;        /* of the parameter struct, which begins with a dp_schedule */
    uint32_t n_moments; /* more floats for each parameter: DP_MAX_MOMENTS at most */
    /* Step number `step`, from 0, of n parameters; rate is its learning rate. */
    void (*update)(const void *params, const dp_kernels *, uint64_t step, double rate, int64_t n,
                   float *p, const float *g, float *const moments[]);
} dp_optimizer;

extern const dp_optimizer *const dp_optimizers[]; /* ends with NULL */

#endif
