/* heads.c - the header of the picture that each record is the file of
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/heads.h"

#include "base/options.h"
#include "io/source.h"

struct dp_short_head {
    uint16_t height, width;
    uint8_t orientation;
};
_Static_assert(DP_PICTURE_SIDE <= UINT16_MAX, "a side is a uint16_t");

dp_picture_head dp_heads_get(const dp_branch *branch, uint32_t column, uint64_t record)
{
    const struct dp_short_head *h = branch->heads[column];
    int64_t head[3];

    if (h != NULL)
        return (dp_picture_head){h[record].height, h[record].width, h[record].orientation};
    branch->reader->head(branch->source.state, record, head);
    return (dp_picture_head){head[0], head[1], (int32_t)head[2]};
}

static dp_status look(const dp_branch *branch, uint32_t column, uint64_t record,
                      const dp_step *step, void *const buffers[], dp_picture_room *room,
                      struct dp_short_head *out, dp_error *err)
{
    dp_tensor file = dp_source_type(branch->reader, &branch->source, column, record);
    dp_picture_head head;
    dp_status status = dp_source_read(branch->reader, &branch->source, false, record, buffers, err);

    if (status != DP_OK)
        return status;
    file.data = buffers[column];
    status = step->transform->look(step->params, &file, &head, room, err);
    dp_picture_room_empty(room);
    if (status == DP_OK)
        *out = (struct dp_short_head){(uint16_t)head.height, (uint16_t)head.width,
                                      (uint8_t)head.orientation};
    else if (err != NULL)
        err->record = (int64_t)record;
    return dp_stage_failed(&step->transform->info, 0, status, err);
}

static dp_status look_at_all(const dp_branch *branch, uint32_t column, const dp_step *step,
                             dp_arena *arena, struct dp_short_head *heads, dp_error *err)
{
    const uint64_t n = branch->source.n_records;
    void *buffers[DP_MAX_COLUMNS];
    dp_picture_room room = {0};
    dp_status status = dp_source_buffers(&branch->source, arena, buffers, err);

    if (status == DP_OK)
        status = dp_picture_room_open(&room, arena, 0, 0, err);
    for (uint64_t i = 0; i < n && status == DP_OK; i++) {
        status = look(branch, column, i, step, buffers, &room, &heads[i], err);
        if (status == DP_OK && ((i + 1) % 64 == 0 || i + 1 == n))
            status = dp_progress(branch->options, "pictures", i + 1, n, err);
    }
    dp_picture_room_close(&room);
    return status;
}

dp_status dp_heads_read(dp_graph *g, const dp_branch *of, uint32_t column, const dp_step *step,
                        dp_error *err)
{
    dp_branch *branch = &g->branches[of - g->branches];
    dp_arena while_looking = dp_arena_within(&g->arena);
    struct dp_short_head *heads;
    dp_status status;

    if (branch->reader->head != NULL || branch->heads[column] != NULL)
        return DP_OK;
    heads = dp_arena_alloc(&g->arena, (size_t)branch->source.n_records, sizeof *heads);
    if (heads == NULL)
        return dp_arena_fail(&g->arena, err, "the sizes of pictures");
    status = look_at_all(branch, column, step, &while_looking, heads, err);
    dp_arena_free(&while_looking);
    if (status == DP_OK)
        branch->heads[column] = heads;
    return status;
}
