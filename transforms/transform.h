/* transform.h - what a transform is: one constant, of this type, in one file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TRANSFORMS_TRANSFORM_H
#define TRANSFORMS_TRANSFORM_H

#include "base/column.h"
#include "base/params.h"
#include "base/rng.h"
#include "base/status.h"
#include "base/tensor.h"

/* The first member of every parameter struct, and its row. */
#define DP_COLUMN(owner) DP_TEXT(owner, column, "image", "the column that is changed")
/* What a random stage keys its draws by; other libraries' streams are further words. */
#define DP_NATIVE_ORDER(owner) DP_CHOICE(owner, order, "native", "native", "whose random stream")

typedef struct dp_transform {
    dp_stage_info info;
    size_t size; /* of the parameter struct: text parameters and what plan adds */
    bool random; /* apply gets a generator of its own for every row */
    /* Fit the stage to its input: check, say what comes out (*out is *in at first).  All failure is
     * here. */
    dp_status (*plan)(void *params, const dp_column *in, dp_column *out, dp_arena *, dp_error *);
    /* One sample.  Cannot fail; allocates nothing; reads only its arguments; in and out do not
     * overlap. */
    void (*apply)(const void *params, dp_rng *rng, const dp_tensor *in, const dp_tensor *out);
} dp_transform;

#define DP_TRANSFORM(name) extern const dp_transform dp_transform_##name;
#include "transforms/list.def"
#undef DP_TRANSFORM

extern const dp_transform *const dp_transforms[]; /* ends with NULL */

#endif
