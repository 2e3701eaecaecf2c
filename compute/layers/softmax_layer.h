/* softmax_layer.h - layers that take the channels of each place as parts of a whole
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_LAYERS_SOFTMAX_LAYER_H
#define COMPUTE_LAYERS_SOFTMAX_LAYER_H

#include "compute/layers/layer.h"
#include "compute/math/softmax.h"

/* What a layer makes of the channels of each place: y of x; of y and dy what is summed (SEQ64), and
 * dx with that sum. */
typedef struct dp_softmax_layer {
    double (*value)(const dp_softmax *, float x);
    double (*term)(double y, double dy);
    double (*gradient)(double y, double dy, double sum);
} dp_softmax_layer;
void dp_softmax_forward(const dp_softmax_layer *, const dp_layer_run *, int64_t sample);
void dp_softmax_backward(const dp_softmax_layer *, const dp_layer_run *, int64_t sample);

#endif
