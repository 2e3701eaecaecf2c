/* datasets.c - orders of Hugging Face's datasets 5.2
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  Of a Dataset: default_rng(seed).permutation(n), made once.  Of a stream: shards
 * in a random order, dealt to ranks and workers, each of which has a buffer that is shuffled whole
 * when it is full, and delivered but for a half.
 */
#include "base/random/pcg64.h"
#include "libraries/loader.h"
#include "libraries/permute.h"
#include "libraries/strata.h"

enum { SHARDS, WORKERS, BATCH_SIZE, RANKS, RANK, BY_SHARDS, BY_ROWS, MAPPED };
#define RULES       "shards:,workers:,batch_size:,ranks:,rank:,by_shards,by_rows,mapped"
#define MOST_SHARDS 65536
#define GROUPS      10 /* of shards that a stream reads in turn: max_buffer_input_shards */

typedef struct datasets {
    dp_pcg64 g;
    dp_worker workers[DP_MOST_WORKERS];
    uint32_t shards[MOST_SHARDS], read[MOST_SHARDS]; /* of an epoch in their order; of a reader */
} datasets;

static uint32_t next(void *g) { return dp_pcg64_u32(g); }

static void make(const dp_ask *ask, uint32_t *table)
{
    datasets *d = ask->generator;

    dp_pcg64_seed(&d->g, ask->seed);
    dp_permute_masked(table, (uint32_t)ask->rows, next, &d->g);
}

static void shuffle_on(uint32_t *v, uint32_t n, void *g) { dp_shuffle_masked(v, n, next, g); }

/* NumPy's Generator.choice, which goes on. */
static void choose(uint32_t n, uint32_t k, uint32_t *out, uint32_t *room, void *g)
{
    const dp_ask ask = {.epoch = 1, .rows = n, .count = k, .order = room, .generator = g};

    dp_library_numpy_generator.sample->make(&ask, out);
}

static void stratify(const dp_ask *ask, const dp_strata *s, uint32_t *table)
{
    static const dp_strata_dice dice = {shuffle_on, choose, true};
    datasets *d = ask->generator;

    dp_pcg64_seed(&d->g, ask->seed);
    dp_strata_make(s, &dice, &d->g, table);
}

/* ---- a stream ---- */

/* How its rows are dealt out: every one of `ranks` takes each such shard, or each such row of all;
 * every one of `workers`, 0 for the loader itself, each such shard of these. */
typedef struct stream {
    uint32_t shards, workers, ranks, rank;
    bool by_rows;
} stream;

static stream stream_of(const dp_ask *ask)
{
    stream s = {.shards = dp_rule_number(ask, SHARDS, 1),
                .workers = dp_rule_number(ask, WORKERS, 0),
                .ranks = dp_rule_number(ask, RANKS, 1),
                .rank = dp_rule_number(ask, RANK, 0)};

    s.by_rows =
        ask->rule[BY_ROWS].given || (!ask->rule[BY_SHARDS].given && s.shards % s.ranks != 0);
    return s;
}

/* Things first, first + step, .. of n. */
static uint32_t each(uint32_t n, uint32_t first, uint32_t step)
{
    return n > first ? (n - first - 1) / step + 1 : 0;
}

/* Where the lengths of shards differ, so do the numbers of rows that ranks have of an epoch. */
static dp_status check_ranks(const dp_ask *ask, dp_error *err)
{
    const stream s = stream_of(ask);

    if (ask->rule[BY_ROWS].given && ask->rule[BY_SHARDS].given)
        return dp_fail(err, DP_ESPEC, "rule=by_shards,by_rows: a stream is split one way");
    if (!s.by_rows && s.shards < s.ranks)
        return dp_fail(err, DP_ESPEC, "datasets splits no %u shards among %u ranks", s.shards,
                       s.ranks);
    if (s.ranks > 1 && ask->rows % s.shards != 0 && (!s.by_rows || s.workers > 1))
        return dp_fail(err, DP_ESPEC,
                       "%llu rows in %u shards: a rank has so many rows in one epoch and others "
                       "in the next, which is not replayed; shards of one size are",
                       (unsigned long long)ask->rows, s.shards);
    return DP_OK;
}

static dp_status check_buffered(const dp_ask *ask, dp_error *err)
{
    const uint32_t shards = dp_rule_number(ask, SHARDS, 1);
    dp_status status = dp_check_workers(ask, WORKERS, err);

    if (status == DP_OK)
        status = dp_check_ranks(ask, RANKS, err);
    if (status != DP_OK)
        return status;
    if (shards - 1 >= MOST_SHARDS)
        return dp_fail(err, DP_ESPEC, "rule=shards:%u is out of range: 1 to %d", shards,
                       MOST_SHARDS);
    if (shards > ask->rows && (ask->rule[SHARDS].given || !ask->rule[MAPPED].given))
        return dp_fail(err, DP_ESPEC, "datasets makes no %u shards of %llu rows", shards,
                       (unsigned long long)ask->rows);
    return check_ranks(ask, err);
}

/* Of n things in k parts, the first ones longer by one: where part i begins. */
static uint32_t part(uint32_t n, uint32_t k, uint32_t i)
{
    return n / k * i + (i < n % k ? i : n % k);
}

/* Rows of a rank. */
static uint64_t count(const dp_ask *ask)
{
    const stream s = stream_of(ask);
    const uint32_t workers = s.workers > 0 ? s.workers : 1, size = (uint32_t)ask->rows / s.shards;
    uint64_t rows = 0;

    if (s.ranks == 1)
        return ask->rows;
    if (!s.by_rows)
        return (uint64_t)each(s.shards, s.rank, s.ranks) * size;
    for (uint32_t w = 0; w < workers && workers > 1; w++)
        rows += each(each(s.shards, w, workers) * size, s.rank, s.ranks);
    return workers > 1 ? rows : each((uint32_t)ask->rows, s.rank, s.ranks);
}

/* Shuffled by the seed, and after epoch 0 by the epoch, too. */
static void order_shards(const dp_ask *ask, uint32_t *shards, uint32_t n)
{
    dp_pcg64 g;

    dp_identity(shards, n);
    dp_pcg64_seed(&g, ask->seed);
    dp_shuffle_masked(shards, n, next, &g);
    if (ask->epoch == 0)
        return;
    dp_pcg64_seed(&g, ask->epoch);
    dp_shuffle_masked(shards, n, next, &g);
}

/* Each `step`th thing from `first` on of v[0 .. n - 1] to out, which may be v. */
static uint32_t take_each(const uint32_t *v, uint32_t n, uint32_t first, uint32_t step,
                          uint32_t *out)
{
    uint32_t taken = 0;

    for (uint32_t i = first; i < n; i += step)
        out[taken++] = v[i];
    return taken;
}

/* A generator that goes on from what another one says and a number: what set_epoch makes of the
 * seed (not seed + epoch, which its documents say), and a worker of that. */
static void shift(dp_pcg64 *g, uint64_t number)
{
    dp_pcg64_seed(g, (dp_pcg64_u64(g) >> 1) - number);
}

static void start(const dp_ask *ask, const stream *s, uint32_t worker)
{
    dp_pcg64 *g = &((datasets *)ask->generator)->g;

    dp_pcg64_seed(g, ask->seed);
    if (ask->epoch > 0)
        shift(g, ask->epoch);
    if (s->workers > 0)
        shift(g, worker);
}

/* Shards that are read in turn with other such groups: rows come in tables of one group. */
typedef struct group {
    uint32_t shard, end; /* places among the reader's: of the next row's, behind the last */
    uint32_t at;         /* rows of that shard before */
} group;

/* The next rows of a group, so many at most, across the borders of its shards. */
static uint32_t read_table(const dp_ask *ask, group *g, uint64_t most, uint32_t *out)
{
    const uint32_t n = (uint32_t)ask->rows, shards = dp_rule_number(ask, SHARDS, 1);
    const uint32_t *order = ((const datasets *)ask->generator)->read;
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

/* Of a map no tables come, but rows. */
static uint64_t rows_of_table(const dp_ask *ask)
{
    return ask->buffer < GROUPS || ask->rule[MAPPED].given ? 1 : ask->buffer / GROUPS;
}

/* All rows of the first shards of d->read, through the buffer.  The groups are read in turn; what
 * is held is the end of what the table has so far. */
static uint32_t read_stream(const dp_ask *ask, uint32_t shards, uint32_t *table)
{
    const uint32_t n = shards < GROUPS ? shards : GROUPS;
    datasets *d = ask->generator;
    group groups[GROUPS];
    uint64_t read = 0, delivered = 0;

    for (uint32_t g = 0; g < n; g++)
        groups[g] = (group){part(shards, n, g), part(shards, n, g + 1), 0};
    for (uint32_t g = 0, empty = 0; empty < n; g = g + 1 < n ? g + 1 : 0) {
        const uint32_t some = read_table(ask, &groups[g], rows_of_table(ask), table + read);
        empty = some == 0 ? empty + 1 : 0;
        read += some;
        if (some == 0 || read - delivered < ask->buffer)
            continue;
        dp_shuffle_masked(table + delivered, (uint32_t)(read - delivered), next, &d->g);
        delivered = read - ask->buffer / 2;
    }
    dp_shuffle_masked(table + delivered, (uint32_t)(read - delivered), next, &d->g);
    return (uint32_t)read;
}

static void make_buffered(const dp_ask *ask, uint32_t *table)
{
    const stream s = stream_of(ask);
    const uint32_t workers = s.workers > 0 ? s.workers : 1;
    datasets *d = ask->generator;
    uint32_t *rows = s.ranks == 1 && workers == 1 ? table : ask->order, shards = s.shards, done = 0;

    order_shards(ask, d->shards, s.shards);
    if (!s.by_rows)
        shards = take_each(d->shards, shards, s.rank, s.ranks, d->shards);
    for (uint32_t w = 0; w < workers; w++) {
        const uint32_t own = take_each(d->shards, shards, w, workers, d->read), begin = done;
        start(ask, &s, w);
        done += read_stream(ask, own, rows + begin);
        if (s.by_rows)
            done = begin + take_each(rows + begin, done - begin, s.rank, s.ranks, rows + begin);
        d->workers[w] = (dp_worker){begin, done};
    }
    if (rows != table)
        dp_workers_in_turn(d->workers, workers, dp_rule_number(ask, BATCH_SIZE, 1), rows, table);
}

/* No rows have two such parts. */
static dp_status cut(const double *fractions, int32_t n, uint64_t rows, uint64_t *sizes,
                     dp_error *err)
{
    if (rows > 0 || n != 2)
        return dp_cut_test_first(fractions, n, rows, sizes, err);
    sizes[0] = sizes[1] = 0;
    return DP_OK;
}

static const dp_scheme once = {.once = true, .make = make};
static const dp_scheme split = {.once = true, .make = make, .cut = cut};
static const dp_scheme buffer = {
    .check = check_buffered, .rules = RULES, .keeps = 1, .count = count, .make = make_buffered};

const dp_library dp_library_datasets = {
    .word = "datasets",
    .name = "Hugging Face's datasets",
    .generator = sizeof(datasets),
    .shuffle = &once,
    .buffer = &buffer,
    .split = &split,
    .stratify = stratify,
};
