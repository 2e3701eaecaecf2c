/* vary.c - columns whose rows differ in shape, and transforms that are planned for each of them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/vary.h"

#include <string.h>

#include "base/tensor.h"
#include "io/source.h"

/* Whether all rows have one shape. */
static bool same_sizes(const int64_t *least, const dp_tensor *most)
{
    return memcmp(least, most->shape, (size_t)most->rank * sizeof *least) == 0;
}

/* Whether a step changes the slot. */
static bool is_changed(const dp_graph *g, uint32_t slot)
{
    uint32_t s = 0;

    while (s < g->n_steps && g->steps[s].slot != slot)
        s++;
    return s < g->n_steps;
}

/* What makes the rows of a column one shape, or leaves them out. */
static const char *remedy(const dp_graph *g, uint32_t slot, const dp_tensor *type)
{
    if (g->pictures[slot] != NULL)
        return "decode and resize size=height,width";
    return type->rank == 3 ? "center_crop, pad_to, random_resized_crop or resize size=height,width"
                           : "project (without it)";
}

dp_status dp_vary_check(const dp_graph *g, const dp_columns *columns, dp_error *err)
{
    for (uint32_t c = 0; c < columns->n; c++) {
        const dp_column *column = &columns->column[c];
        const int64_t *least = g->least[columns->slot[c]];
        dp_tensor small = column->type;
        if (least == NULL)
            continue;
        memcpy(small.shape, least, (size_t)small.rank * sizeof *least);
        return dp_fail(err, DP_ESPEC, "column %.30s has rows of %.40s to %.40s: put %s before it",
                       column->name, dp_tensor_type(&small).text,
                       dp_tensor_type(&column->type).text,
                       remedy(g, columns->slot[c], &column->type));
    }
    return DP_OK;
}

/* ---- the records that are chosen ---- */

#define MOST_LOOKED_AT 65536 /* rows */

/* Whether the rows are the same in every epoch, and fewer than the reader has. */
static bool chooses(const dp_branch *branch, uint32_t n, uint64_t length)
{
    for (uint32_t i = 0; i < n; i++) {
        if (branch->nodes[i].order->random || branch->nodes[i].with != NULL)
            return false;
    }
    return length > 0 && length < branch->source.n_records && length <= MOST_LOOKED_AT;
}

static void find_bounds(const dp_branch *branch, uint32_t n, uint64_t length, uint32_t column,
                        int64_t *least, dp_tensor *most)
{
    for (uint64_t i = 0; i < length; i++) {
        const dp_tensor row =
            dp_source_type(branch->reader, &branch->source, column, dp_branch_record(branch, n, i));
        for (int32_t d = 0; d < row.rank; d++) {
            least[d] = i == 0 || row.shape[d] < least[d] ? row.shape[d] : least[d];
            most->shape[d] =
                i == 0 || row.shape[d] > most->shape[d] ? row.shape[d] : most->shape[d];
        }
    }
}

dp_status dp_vary_narrow(dp_graph *g, const dp_branch *branch, uint32_t n, uint64_t length,
                         dp_columns *columns, dp_error *err)
{
    for (uint32_t c = 0; c < branch->source.n_columns && chooses(branch, n, length); c++) {
        const uint32_t slot = branch->slots[c];
        uint32_t i = 0;
        int64_t *least;
        while (i < columns->n && columns->slot[i] != slot)
            i++;
        if (i == columns->n || g->least[slot] == NULL || is_changed(g, slot))
            continue;
        least = dp_arena_alloc(&g->arena, DP_MAX_RANK, sizeof *least);
        if (least == NULL)
            return dp_arena_fail(&g->arena, err, "the rows of a column");
        find_bounds(branch, n, length, c, least, &columns->column[i].type);
        g->least[slot] = same_sizes(least, &columns->column[i].type) ? NULL : least;
    }
    return DP_OK;
}

/* ---- two streams as one ---- */

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* Both hold files of pictures, or nothing is known of any. */
static dp_status join_pictures(dp_graph *g, uint32_t slot, uint32_t other_slot, dp_error *err)
{
    const dp_pictures *a = g->pictures[slot], *b = g->pictures[other_slot];
    dp_pictures *both = dp_arena_alloc(&g->arena, 1, sizeof *both);

    if (both == NULL)
        return dp_arena_fail(&g->arena, err, "the rows of a column");
    g->pictures[slot] = a != NULL && b != NULL ? both : NULL;
    for (int d = 0; d < 3 && g->pictures[slot] != NULL; d++) {
        both->least[d] = smaller(a->least[d], b->least[d]);
        both->most[d] = larger(a->most[d], b->most[d]);
    }
    return DP_OK;
}

dp_status dp_vary_join(dp_graph *g, dp_column *column, uint32_t slot, const dp_column *other,
                       uint32_t other_slot, dp_error *err)
{
    const int64_t *a = g->least[slot], *b = g->least[other_slot];
    const bool vary = a != NULL || b != NULL;
    dp_tensor *t = &column->type;
    int64_t *least = dp_arena_alloc(&g->arena, DP_MAX_RANK, sizeof *least);

    if (least == NULL)
        return dp_arena_fail(&g->arena, err, "the rows of a column");
    if (t->dtype != other->type.dtype || t->rank != other->type.rank ||
        (!vary && !dp_tensor_same_type(t, &other->type)))
        return dp_fail(err, DP_ESPEC, "column '%.40s' is %s here and %s there", column->name,
                       dp_tensor_type(t).text, dp_tensor_type(&other->type).text);
    for (int32_t d = 0; d < t->rank; d++) {
        least[d] = smaller((a != NULL ? a : t->shape)[d], (b != NULL ? b : other->type.shape)[d]);
        t->shape[d] = larger(t->shape[d], other->type.shape[d]);
    }
    g->least[slot] = same_sizes(least, t) ? NULL : least;
    if (!dp_tensor_fits(t) || dp_tensor_bytes(t) > DP_MAX_SAMPLE_SIZE)
        return dp_fail(err, DP_ELIMIT,
                       "column '%.40s': a row of %.60s would be more than 2^30 bytes", column->name,
                       dp_tensor_type(t).text);
    return join_pictures(g, slot, other_slot, err);
}

/* ---- at open ---- */

bool dp_varies(const dp_graph *g, const dp_step *step)
{
    return dp_makes_samples(step->transform) &&
           (g->least[step->slot] != NULL || step->transform->decode != NULL);
}

static dp_status run_plan(const dp_transform *t, void *params, const dp_column *in, dp_column *out,
                          dp_arena *arena, dp_error *err)
{
    if (t->plan == NULL)
        return DP_OK;
    return (t->plan_row != NULL ? t->plan_row : t->plan)(params, in, out, arena, err);
}

/* A row of these sizes; of files: one whose picture has them.  What comes out is it at first. */
static void set_row(const struct dp_each *each, const int64_t *sizes, dp_column *row,
                    dp_column *out)
{
    const size_t bytes = (size_t)each->n * sizeof *sizes;

    *row = each->in;
    if (!each->decodes)
        memcpy(row->type.shape, sizes, bytes);
    *out = *row;
    if (!each->decodes)
        return;
    out->type = (dp_tensor){.dtype = DP_U8, .rank = each->n};
    memcpy(out->type.shape, sizes, bytes);
    out->limit = 256;
}

/* Plans one of the extreme rows, for its checks, and for the room that it takes: rows between them
 * take no more. */
static dp_status try_row(dp_graph *g, const dp_step *step, const dp_column *row, dp_column *out,
                         dp_error *err)
{
    const size_t size = step->transform->info.size;
    dp_arena spare = dp_arena_within(&g->arena);
    void *params = dp_arena_alloc(&spare, 1, size);
    dp_status status;

    if (params == NULL)
        return dp_arena_fail(&spare, err, "the parameters of a row");
    memcpy(params, step->params, size);
    status = run_plan(step->transform, params, row, out, &spare, err);
    if (status == DP_OK)
        dp_graph_keep_space(g, step->transform, params);
    if (spare.total > step->each->room)
        step->each->room = (size_t)spare.total;
    dp_arena_free(&spare);
    return status;
}

/* What comes out of all rows, with what comes out of one more. */
static dp_status widen(struct dp_each *each, dp_column *out, const dp_column *made, dp_error *err)
{
    dp_tensor *t = &out->type;

    if (made->type.rank != t->rank || made->type.dtype != t->dtype)
        return dp_fail(err, DP_ESPEC, "it makes %.40s of the largest row and %.40s of a smaller",
                       dp_tensor_type(t).text, dp_tensor_type(&made->type).text);
    for (int32_t d = 0; d < t->rank; d++) {
        const int64_t size = made->type.shape[d];
        each->least[d] = size < each->least[d] ? size : each->least[d];
        t->shape[d] = size > t->shape[d] ? size : t->shape[d];
    }
    if (out->limit != 0 && (made->limit == 0 || made->limit > out->limit))
        out->limit = made->limit;
    if (!dp_tensor_fits(t) || dp_tensor_bytes(t) > DP_MAX_SAMPLE_SIZE)
        return dp_fail(err, DP_ELIMIT, "a row of %.60s would be more than %llu bytes",
                       dp_tensor_type(t).text, (unsigned long long)DP_MAX_SAMPLE_SIZE);
    return DP_OK;
}

/* The rows that have the least or the most of each size. */
static dp_status try_rows(dp_graph *g, const dp_step *step, dp_column *out, dp_error *err)
{
    struct dp_each *each = step->each;
    dp_status status = DP_OK;

    for (uint32_t which = 0; which < 1u << each->n && status == DP_OK; which++) {
        int64_t sizes[DP_MAX_RANK];
        dp_column row, made;
        for (int32_t d = 0; d < each->n; d++)
            sizes[d] = which >> d & 1 ? each->low[d] : each->high[d];
        set_row(each, sizes, &row, &made);
        status = try_row(g, step, &row, &made, err);
        if (which == 0) {
            *out = made;
            memcpy(each->least, made.type.shape, sizeof each->least);
        }
        if (status == DP_OK)
            status = widen(each, out, &made, err);
    }
    return status;
}

static dp_status new_each(dp_graph *g, dp_step *step, const dp_column *in, dp_error *err)
{
    const int64_t *low = g->least[step->slot], *high = in->type.shape;
    const dp_pictures *pictures = g->pictures[step->slot];
    struct dp_each *each = dp_arena_alloc(&g->arena, 1, sizeof *each);

    if (each == NULL)
        return dp_arena_fail(&g->arena, err, "the rows of a column");
    *each = (struct dp_each){.in = *in, .n = in->type.rank};
    each->decodes = step->transform->decode != NULL;
    g->decodes = g->decodes || each->decodes;
    if (each->decodes && pictures == NULL)
        return dp_fail(err, DP_ESPEC, "column %.40s holds no files of pictures", in->name);
    if (each->decodes) {
        const dp_status status = step->transform->ready(step->params, &g->arena, err);
        if (status != DP_OK)
            return status;
        each->n = 3;
        low = pictures->least;
        high = pictures->most;
    }
    memcpy(each->low, low, (size_t)each->n * sizeof *low);
    memcpy(each->high, high, (size_t)each->n * sizeof *high);
    step->each = each;
    return DP_OK;
}

dp_status dp_each_plan(dp_graph *g, dp_step *step, const dp_column *in, dp_column *out,
                       dp_error *err)
{
    dp_status status = new_each(g, step, in, err);

    if (status == DP_OK)
        status = try_rows(g, step, out, err);
    if (status != DP_OK)
        return status;
    g->least[step->slot] = same_sizes(step->each->least, &out->type) ? NULL : step->each->least;
    g->fits = true;
    return DP_OK;
}

bool dp_fit_new(dp_graph *g, const dp_step *step, dp_fit *fit)
{
    fit->params = step->params;
    fit->out = step->made;
    if (step->each == NULL)
        return true;
    fit->params = dp_arena_alloc(&g->arena, 1, step->transform->info.size);
    return fit->params != NULL && dp_arena_part(&g->arena, step->each->room, &fit->arena);
}

/* Where the pictures of all steps can be decoded. */
static dp_status open_decoding(dp_graph *g, dp_each_room *room, dp_error *err)
{
    int64_t height = 0, width = 0;

    for (uint32_t s = 0; s < g->n_steps; s++) {
        const struct dp_each *each = g->steps[s].each;
        if (each == NULL || !each->decodes)
            continue;
        height = larger(height, each->high[0]);
        width = larger(width, each->high[1]);
    }
    return dp_picture_room_open(&room->decoding, &g->arena, height, width, err);
}

dp_status dp_each_room_new(dp_graph *g, dp_each_room **out, dp_error *err)
{
    dp_each_room *room = dp_arena_alloc(&g->arena, 1, sizeof *room);
    bool made = room != NULL;
    dp_status status = DP_OK;

    if (made) {
        room->next = g->rooms;
        g->rooms = room;
        room->fits = dp_arena_alloc(&g->arena, g->n_steps, sizeof *room->fits);
        made = room->fits != NULL;
    }
    for (uint32_t s = 0; s < g->n_steps && made; s++)
        made = dp_fit_new(g, &g->steps[s], &room->fits[s]);
    if (!made)
        return dp_arena_fail(&g->arena, err, "the plan of a worker's row");
    if (g->decodes)
        status = open_decoding(g, room, err);
    *out = room;
    return status;
}

void dp_each_rooms_close(dp_graph *g)
{
    for (dp_each_room *room = g->rooms; room != NULL; room = room->next)
        dp_picture_room_close(&room->decoding);
}

/* ---- each row ---- */

/* There is memory for what the plans at open said, and no more. */
static dp_status check_made(const dp_step *step, const dp_tensor *in, const dp_tensor *made,
                            dp_error *err)
{
    bool fits = made->dtype == step->out.dtype && made->rank == step->out.rank;

    for (int32_t d = 0; fits && d < made->rank; d++)
        fits = made->shape[d] >= step->each->least[d] && made->shape[d] <= step->out.shape[d];
    return fits ? DP_OK
                : dp_fail(err, DP_ECORRUPT, "it makes %s of %s: at most %s were known at open",
                          dp_tensor_type(made).text, dp_tensor_type(in).text,
                          dp_tensor_type(&step->out).text);
}

dp_status dp_each_fit(const dp_step *step, const dp_tensor *in, dp_fit *fit, dp_error *err)
{
    const dp_transform *t = step->transform;
    int64_t sizes[DP_MAX_RANK];
    dp_column row, made;
    dp_status status;

    memcpy(sizes, in->shape, sizeof sizes);
    if (step->each->decodes)
        t->sizes(step->params, &fit->head, sizes);
    set_row(step->each, sizes, &row, &made);
    row.type = *in;
    dp_arena_empty(&fit->arena, SIZE_MAX);
    memcpy(fit->params, step->params, t->info.size);
    status = run_plan(t, fit->params, &row, &made, &fit->arena, err);
    if (status == DP_OK)
        status = check_made(step, in, &made.type, err);
    fit->out = made.type;
    return status;
}

dp_status dp_each_begin(const dp_step *step, const dp_tensor *in, dp_fit *fit,
                        dp_picture_room *room, dp_error *err)
{
    const dp_transform *t = step->transform;
    dp_status status = DP_OK;

    if (step->each->decodes)
        status = t->look(step->params, in, &fit->head, room, err);
    dp_picture_room_empty(room);
    if (status == DP_OK)
        status = dp_each_fit(step, in, fit, err);
    return dp_stage_failed(&t->info, 0, status, err);
}

dp_status dp_each_decode(const dp_step *step, const dp_tensor *in, const dp_fit *fit,
                         dp_picture_room *room, const dp_tensor *out, dp_error *err)
{
    const dp_transform *t = step->transform;
    const dp_status status = t->decode(step->params, in, &fit->head, &fit->part, out, room, err);

    dp_picture_room_empty(room);
    return dp_stage_failed(&t->info, 0, status, err);
}
