/* mixing.h - rows of a batch mixed with each other, for mixup and cutmix
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Row i is mixed with row n - 1 - i of the batch (a shuffled batch needs no other partner), or with
 * the one that MindSpore draws for it.
 */
#ifndef TRANSFORMS_SHARED_MIXING_H
#define TRANSFORMS_SHARED_MIXING_H

#include "transforms/shared/transform.h"

/* A number from Beta(alpha, alpha), 0 < alpha <= 4, by Joehnk's method (1964): u^(1/alpha) over the
 * sum of two such, when that is at most 1. */
double dp_draw_beta(dp_place *, double alpha);

/* The numbers of every row: its partner, n - 1 - i, then the n given; a row that is its own partner
 * keeps its values, so it has 0s in the place of those, and 1 of the last, its share. */
void dp_spread_draws(const dp_batch_draws *, const double *numbers, uint32_t n);

/* Every row's partner, the first of its numbers, as MindSpore draws them. */
void dp_replay_partners(dp_mt19937 *, const dp_batch_draws *);

/* Changes a row with its own numbers; `other` is its partner as it was. */
typedef void dp_mix_row(const void *ctx, const double *numbers, void *row, const void *other);
/* All rows of a tensor; spare: room for one of them. */
void dp_mix_each(const dp_batch_draws *, const dp_tensor *, void *spare, dp_mix_row *,
                 const void *ctx);

/* x * share + other * (1 - share) of every value but where the share is 1; `share` says which of a
 * row's numbers it is.  Each product and the sum are rounded, but of uint8, as OpenCV has it:
 * fma(x, share, other * (1 - share)) in float32, then to the nearest, half to even.  wide: a
 * float32 is computed in binary64 and rounded once, a float64 is fused as uint8, as there. */
void dp_mix_values(const dp_batch_draws *, const dp_tensor *, void *spare, int share, bool wide);

#endif
