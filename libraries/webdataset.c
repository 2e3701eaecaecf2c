/* webdataset.c - the shuffles of WebDataset 1.0, shards of one size
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  Shards are dealt to ranks and workers, each of which shuffles its own, and the
 * rows in them, each through a buffer that grows by two for each that is delivered.
 */
#include "libraries/loader.h"
#include "libraries/permute.h"
#include "libraries/python_random.h"

enum {
    DET,
    INITIAL,
    SHARD_SIZE,
    SHARD_SHUFFLE,
    SHARD_DET,
    IN_SHARDS,
    WORKERS,
    BATCH_SIZE,
    RANKS,
    RANK,
    PERSISTENT
};
#define RULES                                                                                      \
    "det,initial:,shard_size:,shard_shuffle:,shard_det,in_shards,workers:,batch_size:,"            \
    "ranks:,rank:,persistent_workers"

typedef struct webdataset {
    dp_mt19937 g;
    dp_worker workers[DP_MOST_WORKERS];
} webdataset;

static uint32_t shard_size(const dp_ask *ask)
{
    const uint32_t rows = ask->rows > 0 ? (uint32_t)ask->rows : 1,
                   size = dp_rule_number(ask, SHARD_SIZE, rows);

    return size < rows ? size : rows;
}

static uint32_t shards_of(const dp_ask *ask)
{
    return (uint32_t)((ask->rows + shard_size(ask) - 1) / shard_size(ask));
}

/* What is in each `step`th shard from `first` on. */
static uint32_t rows_of(const dp_ask *ask, uint32_t first, uint32_t step)
{
    const uint32_t shards = shards_of(ask), size = shard_size(ask);
    const uint32_t n = shards > first ? (shards - first - 1) / step + 1 : 0;
    const bool last = n > 0 && (shards - 1 - first) % step == 0;

    return n * size - (last ? shards * size - (uint32_t)ask->rows : 0);
}

static uint64_t count(const dp_ask *ask)
{
    return rows_of(ask, dp_rule_number(ask, RANK, 0), dp_rule_number(ask, RANKS, 1));
}

static dp_status check_shards(const dp_ask *ask, dp_error *err)
{
    const uint64_t readers =
        (uint64_t)dp_rule_number(ask, RANKS, 1) * dp_rule_number(ask, WORKERS, 1);

    if (dp_rule_number(ask, SHARD_SIZE, 1) == 0)
        return dp_fail(err, DP_ESPEC, "rule=shard_size:0: a shard has rows");
    if (ask->rule[PERSISTENT].given && !ask->rule[WORKERS].given)
        return dp_fail(err, DP_ESPEC, "rule=persistent_workers needs rule=workers beside it");
    if (ask->rule[SHARD_DET].given && !ask->rule[SHARD_SHUFFLE].given)
        return dp_fail(err, DP_ESPEC, "rule=shard_det needs rule=shard_shuffle beside it");
    if (ask->rule[IN_SHARDS].given &&
        (ask->buffer > 0 || ask->rule[DET].given || ask->rule[INITIAL].given))
        return dp_fail(err, DP_ESPEC,
                       "rule=in_shards: rows are not shuffled, so det, initial and "
                       "buffer_size mean nothing");
    if (readers > shards_of(ask))
        return dp_fail(err, DP_ESPEC,
                       "WebDataset fails where one of %llu readers has none of %u shards",
                       (unsigned long long)readers, shards_of(ask));
    return DP_OK;
}

static dp_status check(const dp_ask *ask, dp_error *err)
{
    dp_status status = dp_check_workers(ask, WORKERS, err);

    if (status == DP_OK)
        status = dp_check_ranks(ask, RANKS, err);
    if (status == DP_OK && ask->rows == 0 && ask->rule[SHARD_SIZE].given)
        status = dp_fail(err, DP_ESPEC, "WebDataset fails where its shards have no samples");
    if (status != DP_OK || ask->rows == 0)
        return status;
    return check_shards(ask, err);
}

/* Rows as a worker reads them: those of one shard of a list after the other. */
typedef struct source {
    const uint32_t *shard, *end;
    uint32_t size, rows; /* of a shard; of all */
    uint32_t at;         /* rows of the first one that were read */
} source;

static bool read_row(source *s, uint32_t *row)
{
    if (s->shard == s->end)
        return false;
    *row = *s->shard * s->size + s->at++;
    if (s->at == s->size || *row + 1 == s->rows) {
        s->shard++;
        s->at = 0;
    }
    return true;
}

/* Of n things through a buffer of so many, to out. */
static void through(dp_mt19937 *g, source *s, uint64_t size, uint64_t initial, uint32_t *buffer,
                    uint32_t *out)
{
    const uint64_t least = initial < size ? initial : size;
    uint64_t held = 0;
    bool more = true;

    while (more || held > 0) {
        more = more && read_row(s, &buffer[held]);
        held += more;
        if (more && held < size)
            held += read_row(s, &buffer[held]);
        if (held == 0 || (more && held < least))
            continue;
        const uint32_t at = dp_python_below(g, (uint32_t)held);
        *out++ = buffer[at];
        buffer[at] = buffer[--held];
    }
}

/* detshuffle counts epochs, but a worker that does not live on counts from 0 each time;
 * shuffle(seed=) begins anew in each. */
static dp_mt19937 *seeded(const dp_ask *ask, int det)
{
    dp_mt19937 *g = &((webdataset *)ask->generator)->g;
    const bool counts =
        ask->rule[det].given && (!ask->rule[WORKERS].given || ask->rule[PERSISTENT].given);

    dp_python_seed(g, ask->seed + (counts ? ask->epoch : 0));
    return g;
}

/* The shards of a reader in its order, with room for as many at `buffer`; their number. */
static uint32_t order_shards(const dp_ask *ask, uint32_t first, uint32_t step, uint32_t *buffer,
                             uint32_t *shards)
{
    const uint32_t all = shards_of(ask), size = dp_rule_number(ask, SHARD_SHUFFLE, 0);
    source s = {.shard = shards, .size = 1, .rows = UINT32_MAX};
    uint32_t n = 0;

    for (uint32_t i = first; i < all; i += step)
        shards[n++] = i;
    s.end = shards + n;
    if (size > 0) /* what comes out takes the place of what went in */
        through(seeded(ask, SHARD_DET), &s, size < n ? size : n, 100, buffer, shards);
    return n;
}

/* What a reader delivers, to out. */
static void read_rows(const dp_ask *ask, uint32_t first, uint32_t step, uint32_t *out)
{
    uint32_t *shards = ask->order, *buffer = shards + ask->rows;
    const uint32_t n = order_shards(ask, first, step, out, shards);
    source s = {
        .shard = shards, .end = shards + n, .size = shard_size(ask), .rows = (uint32_t)ask->rows};

    if (ask->rule[IN_SHARDS].given) {
        while (read_row(&s, out))
            out++;
        return;
    }
    through(seeded(ask, DET), &s, ask->kept, dp_rule_number(ask, INITIAL, 100), buffer, out);
}

static void make(const dp_ask *ask, uint32_t *table)
{
    const uint32_t workers = dp_rule_number(ask, WORKERS, 1), ranks = dp_rule_number(ask, RANKS, 1),
                   rank = dp_rule_number(ask, RANK, 0);
    dp_worker *w = ((webdataset *)ask->generator)->workers;
    uint32_t *rows = workers == 1 ? table : ask->order + ask->rows + ask->kept, done = 0;

    for (uint32_t i = 0; i < workers; i++) {
        const uint32_t first = rank + i * ranks, step = ranks * workers;
        read_rows(ask, first, step, rows + done);
        w[i] = (dp_worker){done, done + rows_of(ask, first, step)};
        done = w[i].end;
    }
    if (rows != table)
        dp_workers_in_turn(w, workers, dp_rule_number(ask, BATCH_SIZE, 1), rows, table);
}

static const dp_scheme shuffle = {
    .check = check, .rules = RULES, .keeps = 2, .holds = 1, .count = count, .make = make};

const dp_library dp_library_webdataset = {
    .word = "webdataset",
    .name = "WebDataset",
    .generator = sizeof(webdataset),
    .shuffle = &shuffle,
    .buffer = &shuffle,
};
