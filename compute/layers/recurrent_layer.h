/* recurrent_layer.h - what the layers lstm and gru share: a cell run over the rows of each sample
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each row of an image (its width times its channels) is a step; h and c begin at 0.
 */
#ifndef COMPUTE_LAYERS_RECURRENT_LAYER_H
#define COMPUTE_LAYERS_RECURRENT_LAYER_H

#include "compute/layers/layer.h"
#include "compute/math/recurrent.h"

typedef struct dp_recurrent_layer {
    int64_t hidden_size;
    bool return_sequences;
    int32_t activation; /* dp_precision */
    double forget_bias, cell_clip;
    dp_sequence sequence; /* for the most samples */
} dp_recurrent_layer;

#define DP_RECURRENT_PARAMS                                                                        \
    DP_INT(dp_recurrent_layer, hidden_size, NULL, 1, 1 << 20,                                      \
           "units, the channels of the output"),                                                   \
        DP_BOOLEAN(dp_recurrent_layer, return_sequences, "false",                                  \
                   "the output is h of every step, a row each; else of the last one"),             \
        DP_LATER_CHOICE(dp_recurrent_layer, activation, "binary64", DP_ACTIVATIONS,                \
                        "sigmoid and tanh: in binary64, rounded once; in binary32, faster")

/* names: of the matrices, then of the biases. */
dp_status dp_recurrent_layer_plan(const dp_cell *, dp_recurrent_layer *, const char *const names[],
                                  dp_layer_plan *, dp_error *);
void dp_recurrent_layer_forward(const dp_cell *, const dp_recurrent_layer *, const dp_layer_run *);
void dp_recurrent_layer_backward(const dp_cell *, const dp_recurrent_layer *, const dp_layer_run *);

#endif
