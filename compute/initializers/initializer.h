/* initializer.h - what an initializer is: one constant, of this type, in one file
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_INITIALIZERS_INITIALIZER_H
#define COMPUTE_INITIALIZERS_INITIALIZER_H

#include "base/status.h"
#include "lang/stage.h"
#include "libraries/library.h"

/* The first member of the parameter struct of one that draws, and the row of those that other
 * libraries have, too. */
typedef struct dp_init_params {
    int32_t order;
} dp_init_params;
#define DP_INIT_ORDER(owner) DP_ORDER_OF(owner, weights, "whose random stream")
#define DP_LATER_INIT_ORDER(owner)                                                                 \
    DP_LATER_CHOICE(owner, order, "native", dp_words_weights + 1, "whose random stream")

typedef struct dp_initializer {
    dp_stage_info info;
    const char *orders; /* dp_words_weights or dp_words_defaults; NULL = it draws nothing */
    bool fans;          /* asks how many inputs and outputs the layer's units have */
    dp_status (*check)(const void *params, const dp_weights *, dp_error *); /* NULL = always fine */
    /* Elements first .. first + n - 1 of a parameter; first is a multiple of 4.  NULL of
     * dp_words_defaults: those draw whole parameters. */
    void (*fill)(const void *params, const dp_init_source *, int64_t first, int64_t n, float *out);
} dp_initializer;

#endif
