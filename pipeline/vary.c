/* vary.c - columns whose rows differ in shape, and the transforms that end that
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/vary.h"

#include <stdio.h>
#include <string.h>

#include "base/tensor.h"
#include "io/source.h"

/* "center_crop, pad_to, random_resized_crop or resize": those that end it. */
static void name_enders(char *text, size_t size)
{
    const char *last = NULL;
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; dp_transforms[i] != NULL; i++) {
        if (dp_transforms[i]->plan_row == NULL)
            continue;
        if (last != NULL && n < size)
            n += (size_t)snprintf(text + n, size - n, n > 0 ? ", %s" : "%s", last);
        last = dp_transforms[i]->info.name;
    }
    if (last != NULL && n < size)
        snprintf(text + n, size - n, " or %s", last);
}

static dp_status refuse(const dp_column *column, const int64_t *least, const char *where,
                        dp_error *err)
{
    dp_tensor small = column->type;
    char enders[120];

    memcpy(small.shape, least, (size_t)small.rank * sizeof *least);
    name_enders(enders, sizeof enders);
    return dp_fail(err, DP_ESPEC, "column %.30s has rows of %.40s to %.40s: put %s %s",
                   column->name, dp_tensor_type(&small).text, dp_tensor_type(&column->type).text,
                   enders, where);
}

dp_status dp_vary_check(const dp_graph *g, const dp_columns *columns, const char *where,
                        dp_error *err)
{
    for (uint32_t c = 0; c < columns->n; c++) {
        const int64_t *least = g->least[columns->slot[c]];
        if (least != NULL)
            return refuse(&columns->column[c], least, where, err);
    }
    return DP_OK;
}

/* Plans one of the extreme rows, for its checks, and for the room that it takes: rows between them
 * take no more. */
static dp_status try_row(dp_graph *g, const dp_step *step, const dp_column *row,
                         const dp_tensor *wanted, dp_error *err)
{
    const dp_transform *t = step->transform;
    dp_arena spare = dp_arena_within(&g->arena);
    void *params = dp_arena_alloc(&spare, 1, t->info.size);
    dp_column out = *row;
    dp_status status;

    if (params == NULL)
        return dp_arena_fail(&spare, err, "the parameters of a row");
    memcpy(params, step->each->params, t->info.size);
    status = t->plan_row(params, row, &out, &spare, err);
    if (status == DP_OK && !dp_tensor_same_type(&out.type, wanted))
        status = dp_fail(err, DP_ESPEC,
                         "it makes %.40s of the largest row and %.40s of %.40s: all "
                         "must come to one shape",
                         dp_tensor_type(wanted).text, dp_tensor_type(&out.type).text,
                         dp_tensor_type(&row->type).text);
    if (spare.total > g->each_room)
        g->each_room = (size_t)spare.total;
    dp_arena_free(&spare);
    return status;
}

/* The rows that have the least or the most of each size. */
static dp_status try_rows(dp_graph *g, const dp_step *step, const dp_column *in,
                          const dp_tensor *wanted, dp_error *err)
{
    const int64_t *least = g->least[step->slot];
    dp_status status = DP_OK;

    for (uint32_t which = 0; which < 1u << in->type.rank && status == DP_OK; which++) {
        dp_column row = *in;
        for (int32_t d = 0; d < in->type.rank; d++)
            row.type.shape[d] = which >> d & 1 ? least[d] : in->type.shape[d];
        status = try_row(g, step, &row, wanted, err);
    }
    return status;
}

static struct dp_each *new_each(dp_graph *g, const dp_step *step, const dp_column *in)
{
    struct dp_each *each = dp_arena_alloc(&g->arena, 1, sizeof *each);
    void *params = dp_arena_alloc(&g->arena, 1, step->transform->info.size);

    if (each == NULL || params == NULL)
        return NULL;
    memcpy(params, step->params, step->transform->info.size);
    *each = (struct dp_each){.column = *in, .params = params};
    for (uint32_t i = 0; i < g->n_branches; i++) {
        for (uint32_t c = 0; c < g->branches[i].source.n_columns; c++) {
            if (g->branches[i].slots[c] == step->slot && g->branches[i].source.least[c] != NULL) {
                each->branch = &g->branches[i];
                each->source_column = c;
            }
        }
    }
    return each;
}

dp_status dp_each_plan(dp_graph *g, dp_step *step, const dp_column *in, dp_column *out,
                       dp_error *err)
{
    const dp_transform *t = step->transform;
    dp_status status;

    if (t->plan_row == NULL)
        return refuse(in, g->least[step->slot], "before it", err);
    step->each = new_each(g, step, in);
    if (step->each == NULL)
        return dp_arena_fail(&g->arena, err, "the parameters of a row");
    status = t->plan_row(step->params, in, out, &g->arena, err); /* for draw */
    if (status == DP_OK)
        status = try_rows(g, step, in, &out->type, err);
    if (t->info.size > g->each_params)
        g->each_params = t->info.size;
    return status;
}

dp_each_room *dp_each_room_new(dp_graph *g)
{
    dp_each_room *room = dp_arena_alloc(&g->arena, 1, sizeof *room);

    if (room == NULL || !dp_arena_part(&g->arena, g->each_room, &room->arena))
        return NULL;
    room->params = dp_arena_alloc(&g->arena, 1, g->each_params);
    return room->params != NULL ? room : NULL;
}

dp_tensor dp_step_in(const dp_step *step, const dp_row *rows)
{
    const struct dp_each *each = step->each;

    if (each == NULL)
        return step->in;
    return dp_source_type(each->branch->reader, &each->branch->source, each->source_column,
                          rows[each->branch->segment].record);
}

dp_status dp_each_apply(const dp_step *step, const dp_tensor *in, const double *draws,
                        dp_each_room *room, const dp_tensor *out, dp_error *err)
{
    const dp_transform *t = step->transform;
    dp_column row = step->each->column, made;
    dp_status status;

    row.type = *in;
    row.type.data = NULL;
    made = row;
    dp_arena_empty(&room->arena);
    memcpy(room->params, step->each->params, t->info.size);
    status = t->plan_row(room->params, &row, &made, &room->arena, err);
    if (status == DP_OK && !dp_tensor_same_type(&made.type, out))
        status = dp_fail(err, DP_ESPEC, "it makes %s of %s", dp_tensor_type(&made.type).text,
                         dp_tensor_type(in).text);
    if (status == DP_OK)
        t->apply(room->params, draws, in, out);
    return dp_stage_failed(&t->info, 0, status, err);
}
