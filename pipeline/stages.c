/* stages.c - the rows of all lists as one table
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "detpipe.h"
#include "io/rows.h"
#include "pipeline/graph.h"
#include "pipeline/order/rows.h"
#include "transforms/rows.h"

const dp_stage_info *const dp_stage_table[] = {
#define DP_ORDER(name) &dp_order_##name.info,
#include "pipeline/order/list.def"
#undef DP_ORDER
#define DP_READER(name) &dp_reader_##name.info,
#include "io/list.def"
#undef DP_READER
#define DP_TRANSFORM(name) &dp_transform_##name.info,
#include "transforms/list.def"
#undef DP_TRANSFORM
};
const size_t dp_n_stages = sizeof dp_stage_table / sizeof dp_stage_table[0];

const dp_stage_info *const *dp_stages(size_t *count)
{
    if (count != NULL)
        *count = dp_n_stages;
    return dp_stage_table;
}

const char *dp_foreign(const dp_stage_info *info)
{
    for (size_t i = 0; i < dp_n_stages; i++) {
        if (dp_stage_table[i] == info && dp_stage_is(info, "transform"))
            return dp_transform_of(info)->foreign;
    }
    return NULL;
}
