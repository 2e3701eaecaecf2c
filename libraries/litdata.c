/* litdata.c - StreamingDataset(shuffle=True) of LitData 0.2.76, chunks of one size
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  Chunks are put in an order, and their rows dealt to the workers of all ranks,
 * one behind the other; the rows of what a worker has of a chunk are shuffled in blocks.  A rank's
 * batches come from its workers in turn.  LitData counts epochs from 1.
 */
#include "base/random/mt19937.h"
#include "libraries/loader.h"
#include "libraries/permute.h"

enum { CHUNK_SIZE, WINDOW, WORKERS, BATCH_SIZE, RANKS, RANK, DROP_LAST, KEEP_LAST };
#define RULES "chunk_size:,window:,workers:,batch_size:,ranks:,rank:,drop_last,keep_last"

typedef struct litdata {
    dp_mt19937 g;
    dp_worker workers[DP_MOST_WORKERS]; /* of the rank: places of all ranks' rows */
} litdata;

static uint32_t next(void *g) { return dp_mt19937_u32(g); }

static dp_status check(const dp_ask *ask, dp_error *err)
{
    dp_status status = dp_check_workers(ask, WORKERS, err);

    if (status == DP_OK)
        status = dp_check_ranks(ask, RANKS, err);
    if (status == DP_OK && dp_rule_number(ask, CHUNK_SIZE, 0) == 0)
        status =
            dp_fail(err, DP_ESPEC, "order=litdata needs rule=chunk_size:N, the rows of a chunk");
    return status == DP_OK ? dp_check_seed_32(ask, "litdata", err) : status;
}

/* Rows that the last rank has beside its batches.  Of several ranks LitData drops them, unless it
 * is told not to. */
static uint32_t rest_of(const dp_ask *ask)
{
    const uint32_t ranks = dp_rule_number(ask, RANKS, 1), rank = dp_rule_number(ask, RANK, 0);
    const uint64_t step = (uint64_t)ranks * dp_rule_number(ask, BATCH_SIZE, 1);
    const bool drop = ask->rule[DROP_LAST].given || (ranks > 1 && !ask->rule[KEEP_LAST].given);

    return drop || rank + 1 < ranks ? 0 : (uint32_t)(ask->rows % step);
}

/* Batches of each rank. */
static uint32_t batches_of(const dp_ask *ask)
{
    return (uint32_t)ask->rows / dp_rule_number(ask, BATCH_SIZE, 1) / dp_rule_number(ask, RANKS, 1);
}

static uint64_t count(const dp_ask *ask)
{
    return (uint64_t)batches_of(ask) * dp_rule_number(ask, BATCH_SIZE, 1) + rest_of(ask);
}

/* A window of 0 or 1 is all rows. */
static void shuffle_blocks(litdata *l, uint32_t first, uint32_t n, uint32_t window, uint32_t *rows,
                           uint32_t *blocks, uint32_t *out)
{
    const uint32_t size = window <= 1 || window > n ? n : window;
    const uint32_t count = n / size + (n % size != 0);

    for (uint32_t i = 0; i < n; i++)
        rows[i] = first + i;
    for (uint32_t begin = 0; begin < n; begin += size)
        dp_shuffle_masked(rows + begin, n - begin < size ? n - begin : size, next, &l->g);
    dp_permute_masked(blocks, count, next, &l->g);
    for (uint32_t b = 0; b < count; b++) {
        const uint32_t begin = blocks[b] * size, end = n - begin < size ? n : begin + size;
        for (uint32_t i = begin; i < end; i++)
            *out++ = rows[i];
    }
}

/* Places of the rank's workers.  Its batches are dealt out evenly, one more to the first workers;
 * the rest goes to the next one. */
static void deal(const dp_ask *ask, litdata *l)
{
    const uint32_t workers = dp_rule_number(ask, WORKERS, 1), batches = batches_of(ask);
    const uint32_t batch = dp_rule_number(ask, BATCH_SIZE, 1);
    uint32_t begin = dp_rule_number(ask, RANK, 0) * batches * batch;

    for (uint32_t w = 0; w < workers; w++) {
        uint32_t n = (batches / workers + (w < batches % workers)) * batch;
        n += w == batches % workers ? rest_of(ask) : 0;
        l->workers[w] = (dp_worker){begin, begin + n};
        begin += n;
    }
}

/* The rows of the rank's workers, one worker after the other; the chunks' order is at `chunks`. */
static void put_rows(const dp_ask *ask, litdata *l, uint32_t *chunks, uint32_t *out)
{
    const uint32_t n = (uint32_t)ask->rows, size = dp_rule_number(ask, CHUNK_SIZE, 0);
    const uint32_t count = n / size + (n % size != 0), window = dp_rule_number(ask, WINDOW, 256);
    const uint32_t epoch = (uint32_t)ask->epoch + 1, seed = (uint32_t)ask->seed;
    const uint32_t workers = dp_rule_number(ask, WORKERS, 1);
    uint32_t *rows = chunks + n, *blocks = rows + n, w = 0, place = 0;

    dp_mt19937_seed_words(&l->g, (uint32_t[]){seed, epoch}, 2);
    dp_permute_masked(chunks, count, next, &l->g);
    for (uint32_t c = 0; c < count; c++) {
        const uint32_t first = chunks[c] * size, has = n - first < size ? n - first : size;
        for (const uint32_t end = place + has; w < workers && l->workers[w].begin < end; w++) {
            const dp_worker k = l->workers[w];
            const uint32_t from = k.begin > place ? k.begin : place, to = k.end < end ? k.end : end;
            if (from < to) {
                dp_mt19937_seed_words(&l->g, (uint32_t[]){seed, count, epoch, chunks[c]}, 4);
                shuffle_blocks(l, first + from - place, to - from, window, rows, blocks, out);
                out += to - from;
            }
            if (k.end > end)
                break;
        }
        place += has;
    }
}

static void make(const dp_ask *ask, uint32_t *table)
{
    litdata *l = ask->generator;
    uint32_t *all = ask->order, first;

    deal(ask, l);
    put_rows(ask, l, all + ask->rows, all);
    first = l->workers[0].begin;
    for (uint32_t w = 0; w < dp_rule_number(ask, WORKERS, 1); w++)
        l->workers[w] = (dp_worker){l->workers[w].begin - first, l->workers[w].end - first};
    dp_workers_in_turn(l->workers, dp_rule_number(ask, WORKERS, 1),
                       dp_rule_number(ask, BATCH_SIZE, 1), all, table);
}

static const dp_scheme shuffle = {
    .check = check, .rules = RULES, .keeps = 4, .count = count, .make = make};

const dp_library dp_library_litdata = {
    .word = "litdata",
    .name = "LitData",
    .generator = sizeof(litdata),
    .shuffle = &shuffle,
};
