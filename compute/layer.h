/* layer.h - what a net is made of: layers, a loss, an optimizer, initializers
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Activations are [n][height][width][channels] float32; a flat vector is 1x1 with its features as
 * channels.
 */
#ifndef COMPUTE_LAYER_H
#define COMPUTE_LAYER_H

#include "base/mt19937.h"
#include "base/params.h"
#include "base/rng.h"
#include "base/status.h"
#include "base/workers.h"
#include "compute/kernels/kernels.h"
#include "compute/post_op.h"
#include "compute/share.h"

#define DP_LAYER_PARAMS 4
#define DP_MAX_MOMENTS  2

typedef struct dp_extent {
    int64_t channels, height, width;
} dp_extent;

/* Of n samples, in floats: past it everything is refused, so that no product of sizes overflows. */
#define DP_MAX_FLOATS ((int64_t)1 << 40)

static inline int64_t dp_extent_size(const dp_extent *e)
{
    return e->channels * e->height * e->width;
}

static inline size_t dp_max_size(size_t a, size_t b) { return a > b ? a : b; }

typedef struct dp_weight {
    const char *suffix; /* "weight", "bias" */
    int32_t rank;
    int64_t shape[4]; /* as MindSpore and PyTorch have it */
    int64_t fan_in;
    bool is_bias;
    bool given;    /* begins at `initial`, whatever the init stage says */
    bool is_state; /* the layer's commit changes it, not the optimizer */
    bool whole;    /* its gradient is the whole batch's: by dp_share_sum, or none */
    float initial;
} dp_weight;

/* What plan is given and fills in. */
typedef struct dp_layer_plan {
    int64_t n; /* most samples of a step that are this rank's */
    const dp_kernels *kernels;
    dp_extent in, out; /* out is in at first */
    dp_extent second;  /* of layers that take two */
    uint32_t n_weights;
    dp_weight weights[DP_LAYER_PARAMS];
    size_t workspace; /* floats, shared by all layers: nothing in it survives a call */
    size_t memory;    /* bytes that are kept from forward to backward */
    int64_t width;    /* of its widest dp_share_sum */
} dp_layer_plan;

typedef struct dp_layer_run {
    const dp_kernels *kernels;
    dp_workers *workers;
    dp_share *share; /* the batch; n: this rank's samples of it */
    int64_t n;
    bool training;
    uint64_t step, key; /* key: the layer's own, for what it draws */
    dp_extent in, out, second;
    const float *x, *dy, *x2;
    float *y, *dx, *dx2;        /* dx, dx2 may be NULL: nobody wants them */
    dp_post_op y_op, dx_op;     /* forward and backward do these, forward_sample and so on do not */
    float *w[DP_LAYER_PARAMS];  /* commit writes into them */
    float *dw[DP_LAYER_PARAMS]; /* of the share's part number 0, unless whole; */
    int64_t part_stride;        /* floats from there to part number 1 */
    float *workspace;
    void *memory;
} dp_layer_run;

typedef struct dp_layer {
    dp_stage_info info;
    const char *prefix; /* of its parameters' names: "conv" -> conv1.weight */
    size_t size;        /* of the parameter struct */
    bool joins;         /* takes what stands before it and what from= names */
    dp_status (*plan)(void *params, dp_layer_plan *, dp_error *); /* all failure is here */
    void (*forward)(const void *params, const dp_layer_run *);
    void (*backward)(const void *params, const dp_layer_run *);
    /* In place of the two, for layers that take each sample alone: called for all of them, from
     * several threads.  backward_sample is only called when dx is wanted. */
    void (*forward_sample)(const void *params, const dp_layer_run *, int64_t sample);
    void (*backward_sample)(const void *params, const dp_layer_run *, int64_t sample);
    /* What a step that was done leaves behind, besides what the optimizer changes; may be NULL. */
    void (*commit)(const void *params, const dp_layer_run *);
    /* In place of all four, for functions of each number alone whose gradient follows from y: from
     * x to y, which needs no y, and from dy to dx. */
    dp_elementwise *activate, *activate_gradient;
} dp_layer;

/* The loss of the batch is TREE over leaves of SEQ64 of the samples' losses, / total, rounded. */
typedef struct dp_loss_run {
    int64_t total, classes; /* total: samples of the batch */
    const float *x;
    const int64_t *labels; /* 0 <= label < classes */
    float *dx;             /* NULL = forward only */
    double *sample_loss;   /* [n] */
} dp_loss_run;

typedef struct dp_loss {
    dp_stage_info info;
    size_t size;
    dp_status (*plan)(const void *params, int64_t n, int64_t *leaf, dp_error *);
    /* Called for each of this rank's samples, from several threads. */
    void (*row)(const dp_loss_run *, int64_t sample);
} dp_loss;

typedef struct dp_optimizer {
    dp_stage_info info;
    size_t size;        /* of the parameter struct, which begins with a dp_schedule */
    uint32_t n_moments; /* more floats for each parameter: DP_MAX_MOMENTS at most */
    /* Step number `step`, from 0, of n parameters; rate is its learning rate. */
    void (*update)(const void *params, const dp_kernels *, uint64_t step, double rate, int64_t n,
                   float *p, const float *g, float *const moments[]);
} dp_optimizer;

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

/* The next parameter's seed: numpy.random.randint(1, 2^63). */
uint64_t dp_mindspore_seed(dp_mt19937 *);

/* What optimizers share, as their first rows: the learning rate (MindSpore's piecewise_constant_lr,
 * warmup_lr and cosine_decay_lr, by step), and how long the gradient may be. */
typedef struct dp_schedule {
    dp_numbers learning_rate;
    dp_ints milestones;
    int32_t decay;
    double decay_rate, min_lr;
    int64_t decay_steps, warmup_steps;
    double clip_norm;
} dp_schedule;
dp_status dp_schedule_check(const dp_schedule *, dp_error *);
double dp_schedule_rate(const dp_schedule *, uint64_t step);

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
/* clang-format on */

#define DP_LAYER(name) extern const dp_layer dp_layer_##name;
#include "compute/list.def"
#undef DP_LAYER
#define DP_LOSS(name) extern const dp_loss dp_loss_##name;
#include "compute/list.def"
#undef DP_LOSS
#define DP_OPTIMIZER(name) extern const dp_optimizer dp_optimizer_##name;
#include "compute/list.def"
#undef DP_OPTIMIZER
#define DP_INITIALIZER(name) extern const dp_initializer dp_initializer_##name;
#include "compute/list.def"
#undef DP_INITIALIZER

extern const dp_layer *const dp_layers[]; /* these end with NULL */
extern const dp_loss *const dp_losses[];
extern const dp_optimizer *const dp_optimizers[];
extern const dp_initializer *const dp_initializers[];
extern const dp_param dp_no_params[];
extern const dp_stage_info dp_init_info; /* the init stage */
extern const dp_stage_info *const dp_net_table[];
extern const size_t dp_n_net_stages;

#endif
