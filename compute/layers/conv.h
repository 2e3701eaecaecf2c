/* conv.h - what a convolution and a transposed one plan alike
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_LAYERS_CONV_H
#define COMPUTE_LAYERS_CONV_H

#include "compute/layers/layer.h"
#include "compute/math/conv.h"

/* DP_ESPEC unless the groups cut the channels of input and output evenly. */
dp_status dp_conv_check_groups(int64_t group, int64_t in, int64_t out, dp_error *);

/* Weights [conv's output channels, its input channels / groups, kernel], a bias of the layer's
 * `channels` where it has one, and the workspace.  The fans are PyTorch's and MindSpore's: they go
 * by the shape, whichever way the layer runs. */
void dp_conv_plan_layer(const dp_conv *, int64_t channels, bool has_bias, dp_layer_plan *);

#endif
