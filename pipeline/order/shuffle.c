/* shuffle.c - the rows of an epoch in a random order, another one each epoch
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * order=native: the whole epoch by dp_shuffle_native, over one Philox stream keyed by (seed,
 * "shuffle", use) with counter (draw, epoch, 0); past DP_MAX_TABLE rows dp_bijection with the same
 * key.  With a buffer, the rows run through it: the buffer holds the next buffer_size rows, a
 * random one of them is delivered and replaced by the next, and at the end by the last of the
 * buffer. order=mindspore does that with mt19937_64, which goes on from epoch to epoch
 * (docs/mindspore.md). order=torch and order=numpy: one permutation an epoch of one generator.
 */
#include "pipeline/order/permute.h"
#include "pipeline/order/tables.h"

typedef struct shuffle {
    int64_t buffer_size;
    int32_t order;
    dp_tables tables;
    uint32_t *buffer;
    dp_bijection bijection;
    uint64_t keyed; /* the epoch of the bijection + 1 */
    dp_mt19937 mt;
    dp_mt19937_64 mt_64;
    dp_pcg64 pcg;
} shuffle;

static const dp_param params[] = {
    DP_INT(shuffle, buffer_size, "0", 0, 2147483647, "rows drawn from; 0 for the whole epoch"),
    DP_CHOICE(shuffle, order, "native", "native,mindspore,torch,numpy,numpy_generator",
              "whose random order"),
    DP_PARAMS_END,
};

static bool windowed(const shuffle *p) { return p->buffer_size != 0 || p->order == DP_MINDSPORE; }

static bool computed(const dp_node *node, const shuffle *p)
{
    return p->order == DP_NATIVE && p->buffer_size == 0 && node->below > DP_MAX_TABLE;
}

static dp_status check(const dp_node *node, const shuffle *p, dp_error *err)
{
    if (p->buffer_size == 1)
        return dp_fail(err, DP_ESPEC,
                       "shuffle: a buffer of one row shuffles nothing: use 2 or more");
    if (p->order > DP_MINDSPORE && p->buffer_size != 0)
        return dp_fail(err, DP_ESPEC,
                       "shuffle: only native and mindspore orders have a buffer_size");
    if (p->order == DP_MINDSPORE && node->below == 0)
        return dp_fail(err, DP_ESPEC, "shuffle: MindSpore refuses to shuffle nothing");
    return dp_check_manner("shuffle", p->order, node->seed, err);
}

static dp_status plan(dp_node *node, dp_arena *arena, dp_error *err)
{
    shuffle *p = node->params;
    const uint64_t buffer = p->buffer_size == 0 || (uint64_t)p->buffer_size > node->below
                                ? node->below
                                : (uint64_t)p->buffer_size;
    dp_status status = check(node, p, err);

    node->length = node->below;
    if (status != DP_OK || (computed(node, p) && node->below != DP_ENDLESS))
        return status;
    status = dp_check_rows("shuffle", node, err);
    if (status == DP_OK)
        status = dp_tables_plan(&p->tables, node, node->below, sizeof(uint32_t), arena, err);
    if (status == DP_OK && windowed(p)) {
        p->buffer = dp_arena_alloc(arena, (size_t)buffer, sizeof *p->buffer);
        status = p->buffer == NULL ? dp_arena_fail(arena, err, "the buffer of a shuffle") : DP_OK;
    }
    return status;
}

static void through_buffer(shuffle *p, uint32_t n, dp_rng *rng, uint32_t *table)
{
    uint32_t held = p->buffer_size == 0 || p->buffer_size > n ? n : (uint32_t)p->buffer_size;
    uint32_t next = held;

    for (uint32_t i = 0; i < held; i++)
        p->buffer[i] = i;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = p->order == DP_MINDSPORE
                                ? (uint32_t)(dp_mt19937_64_u64(&p->mt_64) % held)
                                : dp_rng_below(rng, held);
        table[i] = p->buffer[at];
        p->buffer[at] = p->buffer[held - 1];
        if (next < n)
            p->buffer[held - 1] = next++;
        else
            held--;
    }
}

static void start(dp_node *node)
{
    shuffle *p = node->params;

    dp_mt19937_seed(&p->mt, (uint32_t)node->seed);
    dp_mt19937_64_seed(&p->mt_64, node->seed);
    dp_pcg64_seed(&p->pcg, node->seed);
}

static void make(dp_node *node, uint64_t epoch, void *table)
{
    shuffle *p = node->params;
    const uint32_t n = (uint32_t)node->below;
    dp_rng rng;

    dp_rng_start(&rng, node->key, epoch, 0);
    if (windowed(p)) {
        through_buffer(p, n, &rng, table);
    } else if (p->order == DP_TORCH) {
        dp_permute_torch(table, n, &p->mt);
    } else if (p->order == DP_NUMPY) {
        dp_permute_numpy(table, n, &p->mt);
    } else if (p->order == DP_NUMPY_GENERATOR) {
        dp_permute_numpy_generator(table, n, &p->pcg);
    } else {
        dp_identity(table, n);
        dp_shuffle_native(table, n, &rng);
    }
}

static void at(dp_node *node, dp_row *row)
{
    static const dp_maker native = {.make = make}, replayed = {.start = start, .make = make};
    shuffle *p = node->params;
    const uint32_t *table;

    if (computed(node, p)) {
        if (p->keyed != row->epoch + 1)
            dp_bijection_start(&p->bijection, node->below, node->key, row->epoch);
        p->keyed = row->epoch + 1;
        row->record = dp_bijection_at(&p->bijection, row->record);
        return;
    }
    table = dp_tables_at(&p->tables, p->order == DP_NATIVE ? &native : &replayed, node, row->epoch);
    row->record = table[row->record];
}

const dp_order dp_order_shuffle = {
    .info = {"order", "shuffle", "put the rows of each epoch in a random order", 1, params},
    .size = sizeof(shuffle),
    .random = true,
    .plan = plan,
    .at = at,
};
