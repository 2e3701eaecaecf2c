/* subset_random_sampler.c - the rows of a list, in a random order
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/ordering.h"

typedef struct subset_random_sampler {
    dp_list indices;
    int64_t num_samples;
    int32_t order;
    bool reshuffle_each_epoch;
    const char *rule;
    dp_ordering ordering;
} subset_random_sampler;

static const dp_param params[] = {
    DP_LONG_INTS(subset_random_sampler, indices, NULL, 0, 9e15, "row numbers"),
    DP_INT(subset_random_sampler, num_samples, "0", 0, 9e15,
           "the list is cut to so many first; 0 for all"),
    DP_ORDER_OF(subset_random_sampler, subset, "whose random order"),
    DP_LATER_BOOLEAN(subset_random_sampler, reshuffle_each_epoch, "true",
                     "another order each epoch"),
    DP_RULE_OF(subset_random_sampler),
    DP_PARAMS_END,
};

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    subset_random_sampler *p = node->params;
    dp_ordering *o = &p->ordering;
    const uint64_t n = p->indices.n;
    dp_status status;

    o->library = dp_library_of(dp_words_subset, p->order);
    o->scheme = o->library->subset;
    o->ask = dp_node_ask(node, p->rule);
    o->ask.once = !p->reshuffle_each_epoch;
    status = dp_check_indices(&p->indices, node->below, err);
    if (status != DP_OK)
        return status;
    node->length =
        p->num_samples != 0 && (uint64_t)p->num_samples < n ? (uint64_t)p->num_samples : n;
    o->ask.cut = p->num_samples != 0;
    o->ask.rows = o->ask.count = o->ask.kept = node->length;
    return dp_ordering_plan(o, node, arena, err);
}

static void at(dp_node *node, dp_row *row)
{
    subset_random_sampler *p = node->params;

    row->record = (uint64_t)p->indices.ints[dp_ordering_at(&p->ordering, row->epoch, row->record)];
}

const dp_order dp_order_subset_random_sampler = {
    .info = {"order", "subset_random_sampler", "take the rows of a list in a random order", 1,
             sizeof(subset_random_sampler), params},
    .random = true,
    .sampler = true,
    .plan = plan,
    .at = at,
};
