/* pk_sampler.c - a number of rows of every class
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The classes in ascending order, or shuffled; num_val rows of each, drawn with replacement from
 * its rows.
 */
#include "libraries/permute.h"
#include "pipeline/order/ordering.h"

typedef struct pk_sampler {
    int64_t num_val, num_samples;
    bool shuffle, reshuffle_each_epoch;
    const char *class_column;
    int32_t order;
    uint32_t *rows, *first, *classes; /* rows by class; where each class begins; their order */
    uint32_t n_classes;
    const dp_dice *dice;
    dp_ask ask;
    dp_tables tables;
} pk_sampler;

static const dp_param params[] = {
    DP_INT(pk_sampler, num_val, NULL, 1, 1e9, "rows of each class"),
    DP_BOOLEAN(pk_sampler, shuffle, "false", "the classes in a random order"),
    DP_TEXT(pk_sampler, class_column, "label", "the column of the class"),
    DP_INT(pk_sampler, num_samples, "0", 0, 9e15, "rows of an epoch; 0 for all"),
    DP_ORDER_OF(pk_sampler, classes, "whose random draws"),
    DP_LATER_BOOLEAN(pk_sampler, reshuffle_each_epoch, "true", "another order each epoch"),
    DP_PARAMS_END,
};

/* Rows by label, in their order; a label without rows is not a class. */
static dp_status sort_rows(pk_sampler *p, const uint32_t *labels, uint32_t n, dp_arena *arena,
                           dp_error *err)
{
    uint32_t most = 0, filled = 0, *place;

    for (uint32_t i = 0; i < n; i++)
        most = labels[i] > most ? labels[i] : most;
    p->rows = dp_arena_alloc(arena, n, sizeof *p->rows);
    p->first = dp_arena_alloc(arena, (size_t)most + 2, sizeof *p->first);
    p->classes = dp_arena_alloc(arena, (size_t)most + 1, sizeof *p->classes);
    place = dp_arena_alloc(arena, (size_t)most + 1, sizeof *place);
    if (p->rows == NULL || p->first == NULL || p->classes == NULL || place == NULL)
        return dp_arena_fail(arena, err, "the classes of a pk_sampler");
    for (uint32_t i = 0; i < n; i++)
        place[labels[i]]++;
    for (uint32_t label = 0; label <= most; label++) {
        const uint32_t count = place[label];
        place[label] = p->first[p->n_classes] = filled;
        p->n_classes += count != 0;
        filled += count;
    }
    p->first[p->n_classes] = filled;
    for (uint32_t i = 0; i < n; i++)
        p->rows[place[labels[i]]++] = i;
    return DP_OK;
}

static void make(void *ctx, uint64_t epoch, void *table_)
{
    pk_sampler *p = ctx;
    uint32_t *table = table_;

    p->ask.epoch = epoch;
    p->dice->begin(&p->ask);
    for (uint64_t i = 0; i < p->ask.count; i++) {
        const uint32_t class = p->classes[i / (uint64_t)p->num_val];
        const uint32_t n = p->first[class + 1] - p->first[class];
        table[i] = p->rows[p->first[class] + p->dice->below(p->ask.generator, n)];
    }
}

static dp_status plan_draws(pk_sampler *p, const dp_node *node, dp_arena *arena, dp_error *err)
{
    dp_identity(p->classes, p->n_classes);
    p->ask.rows = p->n_classes;
    p->ask.count = node->length;
    p->ask.order = p->shuffle ? p->classes : NULL;
    p->tables = (dp_tables){
        .in_turn = p->dice->in_turn, .once = !p->reshuffle_each_epoch, .make = make, .ctx = p};
    if (node->length > DP_MAX_TABLE)
        return dp_fail(err, DP_ELIMIT, "at most %u samples", DP_MAX_TABLE);
    return dp_tables_plan(&p->tables, node->epochs, node->length, sizeof(uint32_t), arena, err);
}

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    pk_sampler *p = node->params;
    const dp_library *library = dp_library_of(dp_words_classes, p->order);
    uint32_t *labels;
    uint64_t all;
    dp_status status;

    p->dice = library->classes;
    p->ask = dp_node_ask(node, NULL);
    status = dp_check_ask(p->dice->check, p->dice->rules, &p->ask, err);
    if (status == DP_OK)
        status = dp_check_rows(node->below, err);
    if (status == DP_OK && node->below == 0)
        status = dp_fail(err, DP_ESPEC, "there are no rows to draw from");
    if (status == DP_OK)
        status = dp_node_labels(node, p->class_column, arena, &labels, err);
    if (status == DP_OK)
        status = sort_rows(p, labels, (uint32_t)node->below, arena, err);
    if (status != DP_OK)
        return status;
    all = (uint64_t)p->num_val * p->n_classes;
    node->length =
        p->num_samples == 0 || (uint64_t)p->num_samples > all ? all : (uint64_t)p->num_samples;
    node->claims = node->length;
    status = dp_ask_generator(&p->ask, library, arena, err);
    return status == DP_OK ? plan_draws(p, node, arena, err) : status;
}

static void at(dp_node *node, dp_row *row)
{
    pk_sampler *p = node->params;
    const uint32_t *table = dp_tables_at(&p->tables, row->epoch);

    row->record = table[row->record];
}

const dp_order dp_order_pk_sampler = {
    .info = {"order", "pk_sampler", "draw a number of rows of every class", 1, sizeof(pk_sampler),
             params},
    .random = true,
    .sampler = true,
    .plan = plan,
    .at = at,
};
