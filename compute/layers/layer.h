/* layer.h - what a layer is: one constant, of this type, in one file
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Activations are [n][height][width][channels] float32; a flat vector is 1x1 with its features as
 * channels.
 */
#ifndef COMPUTE_LAYERS_LAYER_H
#define COMPUTE_LAYERS_LAYER_H

#include "base/status.h"
#include "compute/math/extent.h"
#include "compute/math/post_op.h"
#include "compute/sums/share.h"
#include "lang/stage.h"

#define DP_LAYER_PARAMS 4

typedef struct dp_weight {
    const char *suffix; /* "weight", "bias" */
    int32_t rank;
    int64_t shape[4];        /* as MindSpore and PyTorch have it */
    int64_t fan_in, fan_out; /* inputs and outputs of a unit; a bias has its matrix's */
    bool is_bias;
    bool given;    /* begins at `initial`, whatever the init stage says */
    bool is_state; /* the layer's commit changes it, not the optimizer */
    bool whole;    /* its gradient is the whole batch's: by dp_share_sum of as many, or none */
    float initial;
} dp_weight;

/* What plan is given and fills in. */
typedef struct dp_layer_plan {
    int64_t n; /* most samples of a step that are this rank's */
    const dp_kernels *kernels;
    uint32_t threads;
    bool accumulates;  /* a batch may come in small ones */
    dp_extent in, out; /* out is in at first */
    dp_extent second;  /* of layers that take two */
    uint32_t n_weights;
    dp_weight weights[DP_LAYER_PARAMS];
    size_t workspace; /* floats, shared by all layers: nothing in it survives a call */
    size_t memory;    /* bytes that are kept from forward to backward */
    int64_t width;    /* of its widest dp_share_sum */
} dp_layer_plan;

typedef struct dp_layer_run {
    dp_math_run math; /* n: this rank's samples of the small batch */
    dp_share *share;  /* the small batch, which is the whole one unless the net accumulates */
    bool training;
    uint64_t step, key; /* key: the layer's own, for what it draws */
    dp_extent in, out, second;
    const float *x, *dy, *x2;
    float *y, *dx, *dx2;        /* dx, dx2 may be NULL: nobody wants them */
    dp_post_op y_op, dx_op;     /* forward and backward do these, forward_sample and so on do not */
    float *w[DP_LAYER_PARAMS];  /* commit writes into them */
    float *dw[DP_LAYER_PARAMS]; /* of the share's part number 0, unless whole; */
    int64_t part_stride;        /* floats from there to part number 1 */
    void *memory;
} dp_layer_run;

typedef struct dp_layer {
    dp_stage_info info;
    const char *prefix; /* of its parameters' names: "conv" -> conv1.weight */
    bool joins;         /* takes what stands before it and what from= names */
    bool needs_y;       /* for its gradient: nobody may work in the place of its output */
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
     * x to y, which needs no y, and from dy to dx.  Of a layer that joins: from x to y, where x2 is
     * given; it is a sum, whose gradient is that of both. */
    dp_elementwise *activate, *activate_gradient;
} dp_layer;

/* The row that begins with it, or NULL: it is another kind's. */
static inline const dp_layer *dp_layer_of(const dp_stage_info *info)
{
    return dp_stage_is(info, "layer") ? (const dp_layer *)info : NULL;
}

extern const dp_layer *const dp_layers[]; /* ends with NULL */

#endif
