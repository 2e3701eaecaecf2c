/* datasets.c - orders of Hugging Face's datasets 5.2
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  Of a Dataset: default_rng(seed).permutation(n), made once.  Of a stream: shards
 * in a random order, and a buffer that is shuffled whole when it is full, and delivered but for a
 * half.
 */
#include "base/random/pcg64.h"
#include "libraries/permute.h"

enum { SHARDS };
#define MOST_SHARDS 4096
#define GROUPS      10 /* of shards that a stream reads in turn: max_buffer_input_shards */

typedef struct datasets {
    dp_pcg64 g;
    uint32_t shards[MOST_SHARDS]; /* in the order of an epoch */
} datasets;

static uint32_t next(void *g) { return dp_pcg64_u32(g); }

static void make(const dp_ask *ask, uint32_t *table)
{
    datasets *d = ask->generator;

    dp_pcg64_seed(&d->g, ask->seed);
    dp_permute_masked(table, (uint32_t)ask->rows, next, &d->g);
}

/* What set_epoch makes of the seed: not seed + epoch, which its documents say. */
static void start(const dp_ask *ask)
{
    dp_pcg64 *g = &((datasets *)ask->generator)->g;

    dp_pcg64_seed(g, ask->seed);
    if (ask->epoch > 0)
        dp_pcg64_seed(g, (dp_pcg64_u64(g) >> 1) - ask->epoch);
}

/* ---- a stream ---- */

/* Shards that are read in turn with other such groups: rows come in tables of one group. */
typedef struct group {
    uint32_t shard, end; /* places in the shards' order: of the next row's, behind the last */
    uint32_t at;         /* rows of that shard before */
} group;

static uint64_t shards_of(const dp_ask *ask)
{
    return ask->rule[SHARDS].given ? ask->rule[SHARDS].number : 1;
}

static dp_status check_buffered(const dp_ask *ask, dp_error *err)
{
    const uint64_t shards = shards_of(ask);

    if (shards == 0 || shards > MOST_SHARDS)
        return dp_fail(err, DP_ESPEC, "rule=shards:%llu is out of range: 1 to %d",
                       (unsigned long long)shards, MOST_SHARDS);
    if (shards > ask->rows && ask->rule[SHARDS].given)
        return dp_fail(err, DP_ESPEC, "datasets makes no %llu shards of %llu rows",
                       (unsigned long long)shards, (unsigned long long)ask->rows);
    return DP_OK;
}

/* Shuffled by the seed, and after epoch 0 by the epoch, too. */
static void order_shards(const dp_ask *ask, uint32_t n)
{
    datasets *d = ask->generator;
    dp_pcg64 g;

    dp_identity(d->shards, n);
    dp_pcg64_seed(&g, ask->seed);
    dp_shuffle_masked(d->shards, n, next, &g);
    if (ask->epoch == 0)
        return;
    dp_pcg64_seed(&g, ask->epoch);
    dp_shuffle_masked(d->shards, n, next, &g);
}

/* Of n things in k parts, the first ones longer by one: where part i begins. */
static uint32_t part(uint32_t n, uint32_t k, uint32_t i)
{
    return n / k * i + (i < n % k ? i : n % k);
}

/* The next rows of a group, so many at most, across the borders of its shards. */
static uint32_t read_table(const dp_ask *ask, group *g, uint64_t most, uint32_t *out)
{
    const uint32_t n = (uint32_t)ask->rows, shards = (uint32_t)shards_of(ask);
    const uint32_t *order = ((const datasets *)ask->generator)->shards;
    uint32_t done = 0;

    while (done < most && g->shard < g->end) {
        const uint32_t row = part(n, shards, order[g->shard]) + g->at;
        if (row == part(n, shards, order[g->shard] + 1)) {
            g->shard++;
            g->at = 0;
            continue;
        }
        out[done++] = row;
        g->at++;
    }
    return done;
}

/* The groups are read in turn; what is held is the end of what the table has so far. */
static void make_buffered(const dp_ask *ask, uint32_t *table)
{
    const uint64_t most = ask->buffer < GROUPS ? 1 : ask->buffer / GROUPS;
    const uint32_t shards = (uint32_t)shards_of(ask), n = shards < GROUPS ? shards : GROUPS;
    datasets *d = ask->generator;
    group groups[GROUPS];
    uint64_t read = 0, delivered = 0;

    order_shards(ask, shards);
    for (uint32_t g = 0; g < n; g++)
        groups[g] = (group){part(shards, n, g), part(shards, n, g + 1), 0};
    start(ask);
    for (uint32_t g = 0; read < ask->rows; g = g + 1 < n ? g + 1 : 0) {
        read += read_table(ask, &groups[g], most, table + read);
        if (read - delivered < ask->buffer)
            continue;
        dp_shuffle_masked(table + delivered, (uint32_t)(read - delivered), next, &d->g);
        delivered = read - ask->buffer / 2;
    }
    dp_shuffle_masked(table + delivered, (uint32_t)(read - delivered), next, &d->g);
}

static const dp_scheme once = {.once = true, .make = make};
static const dp_scheme split = {.once = true, .make = make, .cut = dp_cut_test_first};
static const dp_scheme buffer = {
    .check = check_buffered, .rules = "shards:", .make = make_buffered};

const dp_library dp_library_datasets = {
    .word = "datasets",
    .name = "Hugging Face's datasets",
    .generator = sizeof(datasets),
    .shuffle = &once,
    .buffer = &buffer,
    .split = &split,
};
