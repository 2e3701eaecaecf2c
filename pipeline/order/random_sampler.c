/* random_sampler.c - rows in a random order, or drawn with replacement
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/ordering.h"

typedef struct random_sampler {
    bool replacement, reshuffle_each_epoch;
    int64_t num_samples;
    int32_t order;
    const char *rule;
    dp_ordering ordering;
} random_sampler;

static const dp_param params[] = {
    DP_BOOLEAN(random_sampler, replacement, "false", "a row may come again"),
    DP_INT(random_sampler, num_samples, "0", 0, 9e15, "rows of an epoch; 0 for all"),
    DP_BOOLEAN(random_sampler, reshuffle_each_epoch, "true", "another order each epoch"),
    DP_ORDER_OF(random_sampler, sample, "whose random order"),
    DP_RULE_OF(random_sampler),
    DP_PARAMS_END,
};

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    random_sampler *p = node->params;
    const dp_library *library = dp_library_of(dp_words_sample, p->order);
    const uint64_t rows = dp_node_rows(node, library);

    if (node->below == DP_ENDLESS)
        return dp_fail(err, DP_ESPEC, "the stage needs an end: put it before the endless repeat");
    if (rows == 0 && (p->num_samples > 0 || !library->sample->of_none))
        return dp_fail(err, DP_ESPEC, "there are no rows to draw from");
    if (dp_check_claims(node, library, err) != DP_OK)
        return DP_ESPEC;
    dp_node_set_samples(node, library, p->num_samples, rows);
    p->ordering.library = library;
    p->ordering.scheme = library->sample;
    p->ordering.ask = dp_node_ask(node, p->rule);
    p->ordering.ask.count = node->length;
    p->ordering.ask.replacement = p->replacement;
    p->ordering.ask.once = !p->reshuffle_each_epoch;
    return dp_ordering_plan(&p->ordering, node, arena, err);
}

static void at(dp_node *node, dp_row *row)
{
    random_sampler *p = node->params;

    row->record = dp_ordering_at(&p->ordering, row->epoch, row->record);
}

const dp_order dp_order_random_sampler = {
    .info = {"order", "random_sampler", "draw rows at random, each once or with replacement", 1,
             sizeof(random_sampler), params},
    .random = true,
    .sampler = true,
    .plan = plan,
    .at = at,
};
