/* chance.h - transforms that are applied to a row with a probability
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TRANSFORMS_SHARED_CHANCE_H
#define TRANSFORMS_SHARED_CHANCE_H

#include "transforms/shared/transform.h"

/* One number u a row, whatever prob is: applied when u < prob. */
typedef struct dp_chance {
    DP_RANDOM_PARAMS;
    double prob;
} dp_chance;
#define DP_PROB(owner) DP_NUMBER(owner, prob, "0.5", 0, 1, "that a row is changed")

extern const dp_param dp_chance_params[]; /* of a struct that has no more members */

void dp_draw_chance(const void *params, dp_place *, double *draws);
void dp_replay_chance(const void *params, dp_mt19937 *, double *draws);

typedef void dp_change(const dp_tensor *in, const dp_tensor *out);
void dp_change_if(bool changed, dp_change *, const dp_tensor *in, const dp_tensor *out);
void dp_copy(const dp_tensor *in, const dp_tensor *out);

/* A number between two, of 24 bits. */
double dp_draw_between(dp_place *, double low, double high);
/* As MindSpore draws: a float of least..most of one word, an integer of least..most. */
double dp_replay_between(dp_mt19937 *, double least, double most);
/* Or a float of so much about the middle of the two, of one word as well. */
double dp_replay_about(dp_mt19937 *, double least, double most, float range);
double dp_replay_integer(dp_mt19937 *, int64_t least, int64_t most);
/* One number a row, of `range`. */
typedef struct dp_strength {
    DP_RANDOM_PARAMS;
    dp_numbers degrees;
    double range[2];
} dp_strength;

void dp_draw_strength(const void *params, dp_place *, double *draws);
void dp_replay_strength(const void *params, dp_mt19937 *, double *draws);

/* lo,hi from two numbers, or -v,v (around `center`: center-v, center+v, not below 0) from one. */
dp_status dp_number_range(const char *name, const dp_numbers *, double range[2], dp_error *);

#endif
