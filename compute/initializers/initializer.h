/* initializer.h - what an initializer is: one constant, of this type, in one file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_INITIALIZERS_INITIALIZER_H
#define COMPUTE_INITIALIZERS_INITIALIZER_H

#include "base/status.h"
#include "base/random/rng.h"
#include "lang/params.h"

/* Where the values of a new parameter come from. */
typedef struct dp_init_source {
    dp_rng rng;              /* native: at element `first` of a parameter's own stream */
    uint64_t mindspore_seed; /* of the parameter, when the initializer draws */
    int64_t fan_in;
} dp_init_source;

typedef struct dp_initializer {
    dp_stage_info info;
    size_t size;
    bool draws; /* one random word for each element */
    dp_status (*check)(const void *params, uint64_t seed, dp_error *); /* NULL = always fine */
    /* Elements first .. first + n - 1 of a parameter; first is a multiple of 4. */
    void (*fill)(const void *params, const dp_init_source *, int64_t first, int64_t n, float *out);
} dp_initializer;

extern const dp_initializer *const dp_initializers[]; /* ends with NULL */

#endif
