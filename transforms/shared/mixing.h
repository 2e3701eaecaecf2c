/* mixing.h - rows of a batch mixed with each other, for mixup and cutmix
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Row i is mixed with row n - 1 - i of the batch (a shuffled batch needs no other partner), all
 * with the same share.
 */
#ifndef TRANSFORMS_SHARED_MIXING_H
#define TRANSFORMS_SHARED_MIXING_H

#include "transforms/shared/transform.h"

/* A number from Beta(alpha, alpha), 0 < alpha <= 4, by Joehnk's method (1964): u^(1/alpha) over the
 * sum of two such, when that is at most 1. */
double dp_draw_beta(dp_place *, double alpha);

/* x * share + other * (1 - share), each product and the sum rounded, for elements first..last-1 of
 * every row; the partner gets the same of its own. */
void dp_mix_rows(const dp_tensor *, double share, size_t first, size_t last);
/* Elements first..last-1 of a row and of its partner change places. */
void dp_swap_rows(const dp_tensor *, size_t first, size_t last);

#endif
