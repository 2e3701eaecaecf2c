/* strata.h - a split whose parts have the classes in the shares of the whole, as scikit-learn makes
 * it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LIBRARIES_STRATA_H
#define LIBRARIES_STRATA_H

#include "libraries/library.h"

/* Its random numbers. */
typedef struct dp_strata_dice {
    void (*shuffle)(uint32_t *v, uint32_t n, void *generator);
    /* k of 0..n-1, each once; room for n numbers. */
    void (*choose)(uint32_t n, uint32_t k, uint32_t *out, uint32_t *room, void *generator);
    bool product_first; /* a class's share is n * size / all, not size / all * n */
} dp_strata_dice;

/* Rows of the first part, then of the other one. */
void dp_strata_make(const dp_strata *, const dp_strata_dice *, void *generator, uint32_t *table);

#endif
