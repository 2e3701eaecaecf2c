/* optimizer.h - what an optimizer is: one constant, of this type, in one file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_OPTIMIZERS_OPTIMIZER_H
#define COMPUTE_OPTIMIZERS_OPTIMIZER_H

#include "base/status.h"
#include "compute/kernels/kernels.h"
#include "compute/optimizers/schedule.h"
#include "lang/stage.h"

#define DP_MAX_MOMENTS 3

/* A step of a parameter. */
typedef struct dp_learning {
    uint64_t number; /* from 0 */
    double rate;     /* the learning rate */
    bool decays;     /* weight_decay is meant for this parameter */
} dp_learning;

typedef struct dp_optimizer {
    dp_stage_info info;
    uint32_t n_moments; /* more floats for each parameter: DP_MAX_MOMENTS at most */
    /* Whether these have one more; NULL = none has. */
    bool (*one_more)(const void *params);
    /* Of those that are its own.  NULL = nothing. */
    dp_status (*check)(const void *params, dp_error *);
    /* A step of n numbers. */
    void (*update)(const void *params, const dp_kernels *, const dp_learning *, int64_t n, float *p,
                   const float *g, float *const moments[]);
} dp_optimizer;

static inline uint32_t dp_optimizer_moments(const dp_optimizer *o, const void *params)
{
    return o->n_moments + (o->one_more != NULL && o->one_more(params));
}

/* Whether its parameters go together. */
static inline dp_status dp_optimizer_check(const dp_optimizer *o, const void *params, dp_error *err)
{
    const dp_status status = dp_schedule_check(params, err);
    return status == DP_OK && o->check != NULL ? o->check(params, err) : status;
}

/* The row that begins with it, or NULL: it is another kind's. */
static inline const dp_optimizer *dp_optimizer_of(const dp_stage_info *info)
{
    return dp_stage_is(info, "optimizer") ? (const dp_optimizer *)info : NULL;
}

extern const dp_optimizer *const dp_optimizers[]; /* ends with NULL */

#endif
