/* table.c - the rows of list.def as tables
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/rows.h"
#include "detpipe_net.h"

#define DP_LAYER(name) &dp_layer_##name,
const dp_layer *const dp_layers[] = {
#include "compute/list.def"
    NULL};
#undef DP_LAYER
#define DP_LOSS(name) &dp_loss_##name,
const dp_loss *const dp_losses[] = {
#include "compute/list.def"
    NULL};
#undef DP_LOSS
#define DP_OPTIMIZER(name) &dp_optimizer_##name,
const dp_optimizer *const dp_optimizers[] = {
#include "compute/list.def"
    NULL};
#undef DP_OPTIMIZER
#define DP_INITIALIZER(name) &dp_initializer_##name.info,
const dp_stage_info *const dp_initializer_table[] = {
#include "compute/list.def"
};
const size_t dp_n_initializers = sizeof dp_initializer_table / sizeof dp_initializer_table[0];
#undef DP_INITIALIZER

#define DP_INITIALIZER(name) &dp_initializer_##name.info,
#define DP_LAYER(name)       &dp_layer_##name.info,
#define DP_LOSS(name)        &dp_loss_##name.info,
#define DP_OPTIMIZER(name)   &dp_optimizer_##name.info,
const dp_stage_info *const dp_net_table[] = {
    &dp_input_info,
    &dp_init_info,
#include "compute/list.def"
};
const size_t dp_n_net_stages = sizeof dp_net_table / sizeof dp_net_table[0];

const dp_stage_info *const *dp_net_stages(size_t *count)
{
    if (count != NULL)
        *count = dp_n_net_stages;
    return dp_net_table;
}
