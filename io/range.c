/* range.c - row numbers, and labels that count round: orders without data
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/hash.h"
#include "io/reader.h"

typedef struct range {
    int64_t count, num_classes;
} range;

static const dp_param params[] = {
    DP_INT(range, count, NULL, 0, 4e15, "rows"),
    DP_INT(range, num_classes, "10", 1, 16777216, "a row's label is its number modulo this"),
    DP_PARAMS_END,
};

static dp_status open_source(const void *params_, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    const range *p = params_;

    (void)options, (void)arena, (void)err;
    out->n_records = (uint64_t)p->count;
    out->n_columns = 2;
    out->columns[0] = (dp_column){"id", {NULL, DP_I64, 0, {0}}, out->n_records};
    out->columns[1] = (dp_column){"label", {NULL, DP_U32, 0, {0}}, (uint64_t)p->num_classes};
    out->state = (void *)params_;
    return DP_OK;
}

static dp_status read_record(const void *state, uint64_t record, void *const columns[],
                             dp_error *err)
{
    (void)err;
    *(int64_t *)columns[0] = (int64_t)record;
    *(uint32_t *)columns[1] = (uint32_t)(record % (uint64_t)((const range *)state)->num_classes);
    return DP_OK;
}

static void identity(const void *state, uint8_t digest[16])
{
    dp_hash h;

    dp_hash_init(&h);
    dp_hash_text(&h, "range");
    dp_hash_u64(&h, (uint64_t)((const range *)state)->count);
    dp_hash_u64(&h, (uint64_t)((const range *)state)->num_classes);
    dp_hash_final(&h, digest);
}

const dp_reader dp_reader_range = {
    .info = {"reader", "range", "row numbers and labels, without data", 1, sizeof(range), params},
    .open = open_source,
    .read = read_record,
    .identity = identity,
};
