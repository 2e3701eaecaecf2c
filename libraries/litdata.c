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

enum {
    CHUNK_SIZE,
    WINDOW,
    WORKERS,
    BATCH_SIZE,
    RANKS,
    RANK,
    DROP_LAST,
    KEEP_LAST,
    MACHINES,
    FIRST_EPOCH,
    LATER_EPOCHS
};
#define RULES                                                                                      \
    "chunk_size:,window:,workers:,batch_size:,ranks:,rank:,drop_last,keep_last,machines:,"         \
    "first_epoch,later_epochs"

typedef struct litdata {
    dp_mt19937 g;
    dp_worker workers[DP_MOST_WORKERS]; /* of the rank: places of all ranks' rows */
} litdata;

/* Who shares the rows of `chunks` chunks, which stand at `begin` of the order of all chunks in the
 * first epoch: all ranks those of all chunks; in later epochs of several machines the ranks of one
 * of them those of its own chunks, in an order of its own. */
typedef struct shared {
    uint32_t ranks, rank; /* who shares, and which of them */
    uint32_t begin, chunks, rows;
} shared;

static uint32_t next(void *g) { return dp_mt19937_u32(g); }

static uint32_t chunks_of(const dp_ask *ask)
{
    const uint32_t size = dp_rule_number(ask, CHUNK_SIZE, 0);

    return (uint32_t)ask->rows / size + (ask->rows % size != 0);
}

/* A machine's chunks are those that its ranks have rows of in the first epoch. */
static dp_status check_machines(const dp_ask *ask, dp_error *err)
{
    const uint32_t machines = dp_rule_number(ask, MACHINES, 1);
    const int epochs = ask->rule[FIRST_EPOCH].given + ask->rule[LATER_EPOCHS].given;

    if (machines == 0 || dp_rule_number(ask, RANKS, 1) % machines != 0)
        return dp_fail(err, DP_ESPEC, "rule=machines:%u: each of them has as many ranks, 1 or more",
                       machines);
    if (epochs != (machines > 1))
        return dp_fail(err, DP_ESPEC,
                       "LitData's later epochs on several machines have other numbers of rows than "
                       "its first one: rule=machines:M has first_epoch or later_epochs beside it, "
                       "and concat joins them");
    return DP_OK;
}

static dp_status check(const dp_ask *ask, dp_error *err)
{
    dp_status status = dp_check_workers(ask, WORKERS, err);

    if (status == DP_OK)
        status = dp_check_ranks(ask, RANKS, err);
    if (status == DP_OK && dp_rule_number(ask, CHUNK_SIZE, 0) == 0)
        status =
            dp_fail(err, DP_ESPEC, "order=litdata needs rule=chunk_size:N, the rows of a chunk");
    if (status == DP_OK)
        status = check_machines(ask, err);
    return status == DP_OK ? dp_check_seed_32(ask, "litdata", err) : status;
}

/* Rows that the last rank has beside its batches.  Of several ranks LitData drops them, unless it
 * is told not to. */
static uint32_t rest_of(const dp_ask *ask, const shared *s)
{
    const uint64_t step = (uint64_t)s->ranks * dp_rule_number(ask, BATCH_SIZE, 1);
    const bool drop = ask->rule[DROP_LAST].given ||
                      (dp_rule_number(ask, RANKS, 1) > 1 && !ask->rule[KEEP_LAST].given);

    return drop || s->rank + 1 < s->ranks ? 0 : (uint32_t)(s->rows % step);
}

/* Batches of each rank. */
static uint32_t batches_of(const dp_ask *ask, const shared *s)
{
    return s->rows / dp_rule_number(ask, BATCH_SIZE, 1) / s->ranks;
}

/* The place of the last chunk, which may be short, in the order of the first epoch: where the
 * shuffle takes it. */
static uint32_t place_of_last(const dp_ask *ask)
{
    dp_mt19937 g;
    uint32_t at = chunks_of(ask) - 1;

    dp_mt19937_seed_words(&g, (uint32_t[]){(uint32_t)ask->seed, 1}, 2);
    for (uint32_t i = at; i > 0; i--) {
        const uint32_t j = dp_below_masked(i + 1, next, &g);
        at = at == i ? j : at == j ? i : at;
    }
    return at;
}

static shared of_all(const dp_ask *ask, uint32_t rank)
{
    return (shared){.ranks = dp_rule_number(ask, RANKS, 1),
                    .rank = rank,
                    .chunks = chunks_of(ask),
                    .rows = (uint32_t)ask->rows};
}

/* Of a machine in later epochs: the chunks of which it has rows in the first one, the whole of
 * them. */
static shared of_machine(const dp_ask *ask)
{
    const uint32_t size = dp_rule_number(ask, CHUNK_SIZE, 0), count = chunks_of(ask);
    const uint32_t machines = dp_rule_number(ask, MACHINES, 1), last = place_of_last(ask);
    const shared all = of_all(ask, dp_rule_number(ask, RANKS, 1) - 1);
    const uint32_t ranks = all.ranks / machines, rank = dp_rule_number(ask, RANK, 0);
    const uint32_t has = ranks * batches_of(ask, &all) * dp_rule_number(ask, BATCH_SIZE, 1);
    const uint32_t machine = rank / ranks, begin = machine * has;
    const uint32_t end = begin + has + (machine + 1 == machines ? rest_of(ask, &all) : 0);
    shared s = {.ranks = ranks, .rank = rank % ranks};

    for (uint32_t i = 0, place = 0; i < count && place < end; i++) {
        const uint32_t rows = i == last ? all.rows - (count - 1) * size : size;
        place += rows;
        if (place <= begin || begin == end)
            continue;
        s.begin = s.chunks == 0 ? i : s.begin;
        s.chunks++;
        s.rows += rows;
    }
    return s;
}

static shared share_of(const dp_ask *ask)
{
    return ask->rule[LATER_EPOCHS].given ? of_machine(ask)
                                         : of_all(ask, dp_rule_number(ask, RANK, 0));
}

static uint64_t count(const dp_ask *ask)
{
    const shared s = share_of(ask);

    return (uint64_t)batches_of(ask, &s) * dp_rule_number(ask, BATCH_SIZE, 1) + rest_of(ask, &s);
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
static void deal(const dp_ask *ask, const shared *s, litdata *l)
{
    const uint32_t workers = dp_rule_number(ask, WORKERS, 1), batches = batches_of(ask, s);
    const uint32_t batch = dp_rule_number(ask, BATCH_SIZE, 1);
    uint32_t begin = s->rank * batches * batch;

    for (uint32_t w = 0; w < workers; w++) {
        uint32_t n = (batches / workers + (w < batches % workers)) * batch;
        n += w == batches % workers ? rest_of(ask, s) : 0;
        l->workers[w] = (dp_worker){begin, begin + n};
        begin += n;
    }
}

/* LitData's number of the epoch. */
static uint32_t epoch_of(const dp_ask *ask)
{
    return ask->rule[FIRST_EPOCH].given ? 1
                                        : (uint32_t)ask->epoch + 1 + ask->rule[LATER_EPOCHS].given;
}

/* The chunks that are shared, in the epoch's order; room for all. */
static void order_chunks(const dp_ask *ask, const shared *s, litdata *l, uint32_t *chunks)
{
    const uint32_t seed = (uint32_t)ask->seed, epoch = epoch_of(ask);
    const bool later = ask->rule[LATER_EPOCHS].given;

    dp_mt19937_seed_words(&l->g, (uint32_t[]){seed, later ? 1 : epoch}, 2);
    dp_permute_masked(chunks, chunks_of(ask), next, &l->g);
    if (!later)
        return;
    dp_mt19937_seed_words(&l->g, (uint32_t[]){seed, epoch, dp_rule_number(ask, RANK, 0) / s->ranks},
                          3);
    dp_shuffle_masked(chunks + s->begin, s->chunks, next, &l->g);
}

/* The rows of the rank's workers, one worker after the other; room for the chunks and more. */
static void put_rows(const dp_ask *ask, const shared *s, litdata *l, uint32_t *room, uint32_t *out)
{
    const uint32_t n = (uint32_t)ask->rows, size = dp_rule_number(ask, CHUNK_SIZE, 0);
    const uint32_t count = chunks_of(ask), window = dp_rule_number(ask, WINDOW, 256);
    const uint32_t workers = dp_rule_number(ask, WORKERS, 1), *chunks = room + s->begin;
    uint32_t *rows = room + n, *blocks = rows + n, w = 0, place = 0;

    order_chunks(ask, s, l, room);
    for (uint32_t c = 0; c < s->chunks; c++) {
        const uint32_t first = chunks[c] * size, has = n - first < size ? n - first : size;
        for (const uint32_t end = place + has; w < workers && l->workers[w].begin < end; w++) {
            const dp_worker k = l->workers[w];
            const uint32_t from = k.begin > place ? k.begin : place, to = k.end < end ? k.end : end;
            if (from < to) {
                dp_mt19937_seed_words(
                    &l->g, (uint32_t[]){(uint32_t)ask->seed, count, epoch_of(ask), chunks[c]}, 4);
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
    const shared s = share_of(ask);
    const uint32_t workers = dp_rule_number(ask, WORKERS, 1);
    uint32_t *rows = workers == 1 ? table : ask->order, first;

    deal(ask, &s, l);
    put_rows(ask, &s, l, ask->order + ask->rows, rows);
    if (rows == table)
        return;
    first = l->workers[0].begin;
    for (uint32_t w = 0; w < workers; w++)
        l->workers[w] = (dp_worker){l->workers[w].begin - first, l->workers[w].end - first};
    dp_workers_in_turn(l->workers, workers, dp_rule_number(ask, BATCH_SIZE, 1), rows, table);
}

static const dp_scheme shuffle = {
    .check = check, .rules = RULES, .keeps = 4, .count = count, .make = make};

const dp_library dp_library_litdata = {
    .word = "litdata",
    .name = "LitData",
    .generator = sizeof(litdata),
    .shuffle = &shuffle,
};
