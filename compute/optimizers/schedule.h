/* schedule.h - the learning rate by step, and how long the gradient may be
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_OPTIMIZERS_SCHEDULE_H
#define COMPUTE_OPTIMIZERS_SCHEDULE_H

#include <stdbool.h>

#include "base/status.h"
#include "lang/params.h"

/* Whose rules: which parameters are decayed, and where Adam's eps stands. */
enum { DP_RULE_TORCH, DP_RULE_MINDSPORE };

/* What optimizers share, as their first rows: the learning rate (MindSpore's piecewise_constant_lr,
 * warmup_lr and cosine_decay_lr, by step), and how long the gradient may be; as their last ones,
 * whose rules they follow, and in how many small batches the gradient is made. */
typedef struct dp_schedule {
    dp_numbers learning_rate;
    dp_ints milestones;
    int32_t decay;
    double decay_rate, min_lr;
    int64_t decay_steps, warmup_steps;
    double clip_norm;
    int32_t rule;
    int64_t accumulate; /* small batches of a batch */
    const char *groups;
} dp_schedule;
dp_status dp_schedule_check(const dp_schedule *, dp_error *);
double dp_schedule_rate(const dp_schedule *, uint64_t step);
/* Whether weight_decay is meant for the parameter of this name. */
bool dp_schedule_decays(const dp_schedule *, const char *name);
/* DP_ESPEC for a rule that changes nothing, because nothing is decayed. */
dp_status dp_schedule_check_rule(const dp_schedule *, double weight_decay, dp_error *);
/* clang-format off */
#define DP_SCHEDULE(owner)                                                                         \
    {"learning_rate", DP_PARAM_NUMBERS, offsetof(owner, schedule.learning_rate), NULL, 0, 1e6,     \
     NULL, "one, or a list: of each step, or with milestones"},                                    \
    {"milestones", DP_PARAM_INTS, offsetof(owner, schedule.milestones), "", 1, 1e15, NULL,         \
     "step at which each rate of the list ends; the last one stays"},                              \
    {"decay", DP_PARAM_CHOICE, offsetof(owner, schedule.decay), "step", 0, 0, "step,cosine",       \
     "by decay_rate each decay_steps, or once from learning_rate to min_lr"},                      \
    {"decay_rate", DP_PARAM_NUMBER, offsetof(owner, schedule.decay_rate), "0.1", 0, 1, NULL,       \
     "factor of each decay"},                                                                      \
    {"decay_steps", DP_PARAM_INT, offsetof(owner, schedule.decay_steps), "0", 0, 1e15, NULL,       \
     "steps between two decays, or of the whole cosine; 0 = none"},                                \
    {"min_lr", DP_PARAM_NUMBER, offsetof(owner, schedule.min_lr), "0", 0, 1e6, NULL,               \
     "at the end of the cosine"},                                                                  \
    {"warmup_steps", DP_PARAM_INT, offsetof(owner, schedule.warmup_steps), "0", 0, 1e15, NULL,     \
     "the rate rises from 0 for so long, then the rest begins"},                                   \
    {"clip_norm", DP_PARAM_NUMBER, offsetof(owner, schedule.clip_norm), "0", 0, 1e30, NULL,        \
     "longest that the gradient of all parameters may be; 0 = as it is"}

/* The last rows of an optimizer. */
#define DP_SCHEDULE_END(owner)                                                                     \
    {"rule", DP_PARAM_CHOICE, DP_LATER | offsetof(owner, schedule.rule), "torch", 0, 0,            \
     "torch,mindspore", "whose: which weights are decayed, where Adam's eps stands"},              \
    {"accumulate", DP_PARAM_INT, DP_LATER | offsetof(owner, schedule.accumulate), "1", 1, 4096,    \
     NULL, "small batches that a batch is made in, with the memory of one and the same bits"},     \
    {"groups", DP_PARAM_TEXT, DP_LATER | offsetof(owner, schedule.groups), "", 0, DP_MAX_TEXT,     \
     NULL, "other values for parameters by name: \"group names=*.bias weight_decay=0 | group ..\""}
/* clang-format on */

#endif
