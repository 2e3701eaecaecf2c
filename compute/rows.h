/* rows.h - what a net is made of, by name
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef COMPUTE_ROWS_H
#define COMPUTE_ROWS_H

#include "compute/initializers/initializer.h"
#include "compute/layers/layer.h"
#include "compute/losses/loss.h"
#include "compute/optimizers/optimizer.h"

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

extern const dp_stage_info dp_input_info, dp_init_info; /* the stages input and init */
extern const dp_stage_info *const dp_net_table[];
extern const size_t dp_n_net_stages;
extern const dp_stage_info *const dp_initializer_table[];
extern const size_t dp_n_initializers;

#endif
