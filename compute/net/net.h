/* net.h - a net text fitted together
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_NET_NET_H
#define COMPUTE_NET_NET_H

#include "base/handle.h"
#include "compute/rows.h"
#include "compute/sums/buckets.h"
#include "detpipe_net.h"

typedef struct dp_parameter {
    const char *name;  /* "conv1.weight" */
    const char *layer; /* "conv2d" */
    dp_tensor value, gradient;
    float *moments[DP_MAX_MOMENTS]; /* NULL: the optimizer has fewer */
    int64_t fan_in, fan_out, count;
    bool is_bias, given, is_state; /* as dp_weight says */
    float initial;
    uint32_t group;
} dp_parameter;

/* The optimizer's parameters for some of the net's. */
typedef struct dp_param_group {
    const char *names; /* patterns; NULL: all that no other group has */
    void *params;
    double rate; /* of this step */
} dp_param_group;

/* A weight of a unit: a parameter, which tied units share, and the gradient by this unit alone. */
typedef struct dp_use {
    uint32_t parameter;
    int32_t before; /* the use of it before this one, which this gradient is added to; -1 = none:
                     * the parameter's gradient is this one */
    bool whole;     /* as dp_weight says */
    int64_t place;  /* of its gradient in the buckets, unless whole */
    float *gradient;
} dp_use;

/* Bytes of outputs and parameters, with their gradients and moments. */
#define DP_MAX_NET ((uint64_t)1 << 40)

#define DP_NET_INPUT (-1)
#define DP_NO_UNIT   (-2)

/* A layer of the text.  Units are in the order of the text; their inputs stand before them. */
typedef struct dp_unit {
    const dp_layer *layer;
    void *params;
    const char *name;                  /* as given, or NULL */
    const char *label;                 /* "conv1", as its parameters have it; "relu1" */
    int32_t input[2];                  /* units; the second DP_NO_UNIT for most */
    uint32_t n_readers;                /* of its output */
    int32_t first_reader, last_reader; /* the last one's gradient comes first */
    int32_t tied; /* the unit whose first weight is its first one too, or DP_NO_UNIT */
    dp_extent in, out;
    float *y, *dy; /* of the output */
    void *memory;
    uint64_t key;
    uint32_t n_weights, first_use;
    int64_t ready; /* elements of the buckets that are there after its backward pass */
} dp_unit;

typedef struct dp_net_input { /* parameters of the input stage */
    int32_t layout;
} dp_net_input;
enum { DP_NCHW, DP_NHWC };

typedef struct dp_initial { /* parameters of the init stage */
    const char *weight, *bias;
} dp_initial;

struct dp_net {
    dp_handle handle;
    dp_workers *workers;
    const dp_kernels *kernels;
    uint64_t seed, step;
    char note[512]; /* the caller's */
    bool passed;    /* the layers' outputs are there */
    bool stepped;   /* the gradients are there */
    bool agreed;    /* all ranks have the same net, weights and step */
    dp_share share;
    dp_buckets buckets;
    float *kept; /* [dp_kept_rows][buckets.count]: gradients of small batches before */
    dp_tensor input;
    dp_net_input taken; /* how the input lies */
    dp_extent in;
    int64_t most, small; /* samples of a step; of a small batch of it */
    int64_t own;         /* this rank's of that */
    int64_t classes;
    int64_t rows;      /* of a sample: what has a label each */
    int64_t leaf;      /* samples */
    bool per_place;    /* rows are places, not samples */
    float *x;          /* the input, [n][h][w][c] */
    int64_t *labels;   /* [own][rows] */
    float *targets;    /* in place of labels, [own][classes], if the loss takes them */
    bool has_targets;  /* in this step */
    double *row_loss;  /* likewise */
    double *leaf_sums; /* of each leaf: of its rows' losses, and how many are correct */
    double *squares;   /* of each parameter's gradient */
    float *workspace;
    float *spread; /* a gradient that is added to another's */
    dp_unit *units;
    uint32_t n_units, n_uses, n_parameters;
    dp_use *uses;
    dp_parameter *parameters;
    dp_initial initial;
    const dp_loss *loss;
    void *loss_params;
    const dp_optimizer *optimizer;
    void *optimizer_params;
    dp_param_group *groups; /* the first is the optimizer as it stands */
    uint32_t n_groups;
    char *spec;
};

/* The sum that reads a unit's output last, as its second input, where its gradient is the unit's
 * but for what one other reader may add, and has a place that stays as it is; or NULL. */
const dp_unit *dp_net_sum_of(const dp_net *, const dp_unit *);

/* Fits the text to net->input; all but the values of the parameters. */
dp_status dp_net_build(dp_net *, const char *text, dp_error *);
dp_status dp_net_initialize(dp_net *, dp_error *);
/* Reads the optimizer's groups, and makes their text canonical. */
dp_status dp_net_group(dp_net *, dp_error *);

/* This rank's samples of a small batch through all layers; backward fills the gradients, with the
 * last one those of the whole batch. */
void dp_net_forward(dp_net *, bool training);
void dp_net_backward(dp_net *);
/* What the layers keep of a step that was done. */
void dp_net_commit(dp_net *);

/* Whether a text may be a note. */
bool dp_net_is_note(const char *text);

/* Holds the optimizer's clip_norm. */
void dp_net_clip(const dp_net *);

#endif
