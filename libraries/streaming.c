/* streaming.c - the shuffles of Mosaic's Streaming 0.13, shards of one size
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  Shards, spans of rows, are put in an order of the run and cut at the borders of
 * canonical nodes; each epoch shuffles the spans of each node, and the rows as the algorithm says.
 * Rows are delivered from all nodes in turn, to machines in turn, on each of these to its ranks in
 * turn; who lacks one has a row again.
 */
#include <string.h>

#include "base/random/pcg64.h"
#include "libraries/loader.h"
#include "libraries/permute.h"

enum { PY1E, PY1S, PY1BR, PY2S, NAIVE, SHARD_SIZE, NODES, BLOCK_SIZE, MACHINES, RANKS, RANK };
#define RULES  "py1e,py1s,py1br,py2s,naive,shard_size:,nodes:,block_size:,machines:,ranks:,rank:"
#define KEEPS  15         /* numbers for each row: piles 4, near 3, spans 6, ids 1, run 1 */
#define BESIDE 1024       /* of piles: what is not used of their last pieces */
#define NARROW (1u << 30) /* of blocks */

#define NEAR     4096 /* places that are sorted at a time */
#define PIECE    64   /* rows */
#define NO_PIECE UINT32_MAX

typedef struct span {
    uint32_t begin, end;
} span;

/* The rows that move to NEAR places, in the order in which they come: in pieces, each of which
 * names the next one. */
typedef struct pile {
    uint32_t n, first, last; /* rows; pieces */
} pile;

/* Of a node. */
typedef struct piles {
    pile *pile;
    double *at; /* of all pieces: where a row moves to; it; the next piece */
    uint32_t *row, *next;
    uint32_t made, spare;       /* pieces there are; of these, the first that is free */
    uint32_t sorted, delivered; /* piles, and the rows of these */
} piles;

/* The work of an epoch. */
typedef struct work {
    const dp_ask *ask;
    dp_pcg64 run, epoch;
    span *spans, *blocks;
    piles piles;
    double *near_at; /* of a pile, as large as all in the worst case */
    uint32_t *near_row;
    uint32_t *ids, *rows; /* of the order; of the run, those that spans are of */
    uint32_t n, nodes, block;
} work;

static uint32_t next(void *g) { return dp_pcg64_u32(g); }

static double uniform(dp_pcg64 *g) { return (double)(dp_pcg64_u64(g) >> 11) * 0x1p-53; }

static int algorithm(const dp_ask *ask)
{
    for (int i = PY1S; i <= NAIVE; i++) {
        if (ask->rule[i].given)
            return i;
    }
    return PY1E;
}

/* As the library has it where it is not told. */
static uint32_t nodes_of(const dp_ask *ask)
{
    const int how = algorithm(ask);
    const uint32_t machines = dp_rule_number(ask, MACHINES, 1);

    return dp_rule_number(ask, NODES, how == PY1S || how == PY2S ? 64 * machines : machines);
}

static uint32_t block_of(const dp_ask *ask)
{
    const uint32_t share = 4000000 / nodes_of(ask);

    if (ask->rule[BLOCK_SIZE].given)
        return (uint32_t)ask->rule[BLOCK_SIZE].number;
    return share > 1u << 18 ? share : 1u << 18;
}

static dp_status check_numbers(const dp_ask *ask, dp_error *err)
{
    const uint64_t nodes = ask->rule[NODES].number;

    if (!ask->rule[SHARD_SIZE].given && !ask->rule[NAIVE].given)
        return dp_fail(err, DP_ESPEC,
                       "order=streaming needs rule=shard_size:N, the rows of a shard");
    if (ask->rule[SHARD_SIZE].given && ask->rule[SHARD_SIZE].number == 0)
        return dp_fail(err, DP_ESPEC, "rule=shard_size:0: a shard has rows");
    if (ask->rule[NODES].given && (nodes == 0 || nodes > 65536))
        return dp_fail(err, DP_ESPEC, "rule=nodes:%llu is out of range: 1 to 65536",
                       (unsigned long long)nodes);
    if (ask->rule[BLOCK_SIZE].given &&
        (ask->rule[BLOCK_SIZE].number < 4 || ask->rule[BLOCK_SIZE].number > NARROW))
        return dp_fail(err, DP_ESPEC, "rule=block_size:%llu is out of range: 4 to %u",
                       (unsigned long long)ask->rule[BLOCK_SIZE].number, NARROW);
    return DP_OK;
}

/* ---- who has which rows ---- */

/* Canonical nodes have some rows each, the shorter ones their last row again, all of them some rows
 * again where so many do not go into the machines: `padded` in the end.  A machine has `rows` of
 * all, a rank `count`, some of them again. */
typedef struct deal {
    uint32_t nodes, longest, padded;
    uint32_t machines, ranks; /* of a machine */
    uint64_t rows, count;
    bool few; /* all rows over and over for all nodes, whatever node they are of */
} deal;

static deal deal_of(const dp_ask *ask)
{
    deal d = {.nodes = nodes_of(ask), .machines = dp_rule_number(ask, MACHINES, 1)};
    const uint32_t ratio = d.machines / d.nodes;

    d.ranks = dp_rule_number(ask, RANKS, 1) / d.machines;
    d.longest = (uint32_t)((ask->rows + d.nodes - 1) / d.nodes);
    d.padded = ratio > 1 ? (d.longest + ratio - 1) / ratio * ratio : d.longest;
    d.rows = (uint64_t)d.padded * d.nodes / d.machines;
    d.count = (d.rows + d.ranks - 1) / d.ranks;
    d.few = ask->rows < d.nodes || (ask->rows == d.nodes && ratio > 1);
    return d;
}

static uint64_t count(const dp_ask *ask) { return deal_of(ask).count; }

/* The place of a row of those that all canonical nodes have, of a node. */
static inline uint32_t place_in_node(const deal *d, uint32_t place, uint32_t size)
{
    if (place >= d->longest)
        place -= d->padded - d->longest + d->machines / d->nodes - 1;
    return place < size ? place : size - 1;
}

/* The place among its machine's rows of a rank's: the last ones again, or all of them where they
 * are too few for that. */
static uint64_t place_in_machine(const deal *d, uint64_t place, uint32_t rank)
{
    const uint64_t at = place * d->ranks + rank, lacking = d->count * d->ranks - d->rows;

    if (at < d->rows)
        return at;
    return d->ranks + lacking - 1 > d->rows ? at % d->rows : at - (d->ranks + lacking - 1);
}

static dp_status check_deal(const dp_ask *ask, dp_error *err)
{
    const uint32_t nodes = nodes_of(ask), machines = dp_rule_number(ask, MACHINES, 1);
    deal d;

    if (machines == 0 || dp_rule_number(ask, RANKS, 1) % machines != 0)
        return dp_fail(err, DP_ESPEC, "rule=machines:%u: each of them has as many ranks, 1 or more",
                       machines);
    if (nodes % machines != 0 && machines % nodes != 0)
        return dp_fail(err, DP_ESPEC,
                       "Streaming refuses %u canonical nodes on %u machines: one of the numbers "
                       "has to divide the other",
                       nodes, machines);
    d = deal_of(ask);
    if (ask->rows == 0)
        return dp_fail(err, DP_ESPEC, "Streaming divides by the number of rows, which is 0");
    if (ask->rows < nodes && algorithm(ask) == PY1E)
        return dp_fail(err, DP_ESPEC,
                       "Streaming's py1e refuses %llu rows for %u canonical nodes, which each need "
                       "one",
                       (unsigned long long)ask->rows, nodes);
    if (!d.few && d.padded > d.longest && d.padded + machines / nodes - 1 > 2 * d.longest)
        return dp_fail(err, DP_ESPEC,
                       "%llu rows are too few for %u canonical nodes, %u machines and %u ranks of "
                       "each",
                       (unsigned long long)ask->rows, nodes, machines, d.ranks);
    return DP_OK;
}

static dp_status check(const dp_ask *ask, dp_error *err)
{
    const int n = ask->rule[PY1E].given + ask->rule[PY1S].given + ask->rule[PY1BR].given +
                  ask->rule[PY2S].given + ask->rule[NAIVE].given;
    dp_status status = check_numbers(ask, err);

    if (status == DP_OK)
        status = dp_check_ranks(ask, RANKS, err);
    if (status != DP_OK)
        return status;
    if (n > 1)
        return dp_fail(err, DP_ESPEC, "rule= names %d algorithms: one of them is used", n);
    if (ask->seed > UINT64_MAX - UINT32_MAX)
        return dp_fail(err, DP_ESPEC, "order=streaming takes seeds below 2^64 - 2^32");
    return check_deal(ask, err);
}

/* ---- the order ---- */

/* Where the rows of a canonical node begin. */
static uint32_t begin_of(uint64_t rows, uint32_t nodes, uint32_t node)
{
    return (uint32_t)(rows * node / nodes);
}

static uint32_t size_of(const work *w, uint32_t node)
{
    return begin_of(w->n, w->nodes, node + 1) - begin_of(w->n, w->nodes, node);
}

static void shuffle_spans(span *v, uint32_t n, dp_pcg64 *g)
{
    for (uint32_t i = n; i-- > 1;) {
        const uint32_t j = dp_below_masked(i + 1, next, g);
        const span kept = v[i];
        v[i] = v[j];
        v[j] = kept;
    }
}

/* Shards in the order of the run. */
static uint32_t start_spans(work *w)
{
    const uint32_t size =
        w->ask->rule[SHARD_SIZE].number < w->n ? (uint32_t)w->ask->rule[SHARD_SIZE].number : w->n;
    uint32_t n = 0;

    for (uint32_t begin = 0; begin < w->n; begin += size, n++)
        w->spans[n] = (span){begin, w->n - begin < size ? w->n : begin + size};
    shuffle_spans(w->spans, n, &w->run);
    return n;
}

/* The spans of a node of `left` rows, from *from on, of all that are left, moved to out: one that
 * goes on in the next node is cut. */
static uint32_t take_node(uint32_t left, span *from, uint32_t *at, span *out)
{
    uint32_t n = 0;

    while (left > 0) {
        span *s = &from[*at];
        const uint32_t size = s->end - s->begin, taken = size < left ? size : left;
        out[n++] = (span){s->begin, s->begin + taken};
        s->begin += taken;
        *at += taken == size;
        left -= taken;
    }
    return n;
}

/* The rows of a span to ids, shuffled. */
static void put_rows(work *w, span s, uint32_t *ids, dp_pcg64 *g)
{
    for (uint32_t i = 0; i < s.end - s.begin; i++)
        ids[i] = w->rows != NULL ? w->rows[s.begin + i] : s.begin + i;
    if (g != NULL)
        dp_shuffle_masked(ids, s.end - s.begin, next, g);
}

/* A whole place, which is one of n; rounding may make one just behind of the last. */
static uint32_t whole(double at, uint32_t n) { return at < n ? (uint32_t)at : n - 1; }

static uint32_t take_piece(piles *p)
{
    const uint32_t piece = p->spare;

    if (piece == NO_PIECE)
        return p->made++;
    p->spare = p->next[piece];
    return piece;
}

static inline void put_on_pile(piles *p, pile *to, double at, uint32_t row)
{
    const uint32_t i = to->n++ % PIECE;

    if (i == 0) {
        const uint32_t piece = take_piece(p);
        if (to->n == 1)
            to->first = piece;
        else
            p->next[to->last] = piece;
        to->last = piece;
    }
    p->at[(size_t)to->last * PIECE + i] = at;
    p->row[(size_t)to->last * PIECE + i] = row;
}

static void begin_buckets(uint32_t *place, uint32_t n)
{
    for (uint32_t b = 0, sum = 0; b < n; b++) {
        const uint32_t count = place[b];
        place[b] = sum;
        sum += count;
    }
}

/* The few that are out of order are put in order. */
static void put_in_order(double *at, uint32_t *row, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        const double moved_at = at[i];
        const uint32_t moved = row[i];
        uint32_t k = i;
        if (at[i - 1] <= moved_at)
            continue;
        for (; k > 0 && at[k - 1] > moved_at; k--)
            at[k] = at[k - 1], row[k] = row[k - 1];
        at[k] = moved_at, row[k] = moved;
    }
}

/* The place of a row that moves, among those of its pile. */
static inline uint32_t near_place(double at, uint32_t rows) { return whole(at, rows) % NEAR; }

/* The piece behind this one, where a pile has `left` rows from this one on, fetched in time. */
static inline uint32_t next_piece(const piles *p, uint32_t piece, uint32_t left)
{
    const uint32_t behind = left > PIECE ? p->next[piece] : 0;

    for (uint32_t i = 0; i < PIECE; i += 8)
        __builtin_prefetch(&p->at[(size_t)behind * PIECE + i]);
    for (uint32_t i = 0; i < PIECE; i += 16)
        __builtin_prefetch(&p->row[(size_t)behind * PIECE + i]);
    return behind;
}

/* The rows of a pile by their places, of which there are about as many: by whole ones first.  Its
 * pieces are free then. */
static void sort_pile(work *w, uint32_t rows, uint32_t *ids)
{
    piles *p = &w->piles;
    const pile from = p->pile[p->sorted++];
    uint32_t place[NEAR] = {0};

    for (uint32_t left = from.n, piece = from.first, some; left > 0; left -= some) {
        const double *at = &p->at[(size_t)piece * PIECE];
        piece = next_piece(p, piece, left);
        some = left < PIECE ? left : PIECE;
        for (uint32_t i = 0; i < some; i++)
            place[near_place(at[i], rows)]++;
    }
    begin_buckets(place, NEAR);
    for (uint32_t left = from.n, piece = from.first, some; left > 0; left -= some) {
        const double *at = &p->at[(size_t)piece * PIECE];
        const uint32_t *row = &p->row[(size_t)piece * PIECE];
        piece = next_piece(p, piece, left);
        some = left < PIECE ? left : PIECE;
        for (uint32_t i = 0; i < some; i++) {
            const uint32_t to = place[near_place(at[i], rows)]++;
            w->near_at[to] = at[i];
            w->near_row[to] = row[i];
        }
    }
    put_in_order(w->near_at, w->near_row, from.n);
    memcpy(ids + p->delivered, w->near_row, from.n * sizeof *ids);
    p->delivered += from.n;
    if (from.n > 0) {
        p->next[from.last] = p->spare;
        p->spare = from.first;
    }
}

/* py1e: rows move within a range about their span's place, but not out of the node, and are sorted
 * by the places that they move to.  None moves back further than `most`, so what is piled up is
 * what moved about so far; and what is delivered is never more than what was read. */
static void move_rows(work *w, const span *spans, uint32_t n, uint32_t rows, uint32_t *ids)
{
    const uint32_t low = (uint32_t)(0.75 * w->block), high = (uint32_t)(1.25 * w->block);
    const uint32_t most = high / 2 + 1, n_piles = (rows - 1) / NEAR + 1;
    piles *p = &w->piles;
    uint32_t done = 0;

    p->made = p->sorted = p->delivered = 0;
    p->spare = NO_PIECE;
    for (uint32_t i = 0; i < n_piles; i++)
        p->pile[i].n = 0;
    for (uint32_t s = 0; s < n; s++) {
        const uint32_t size = spans[s].end - spans[s].begin, end = done + size;
        const uint32_t drawn = low + dp_below_product(high - low, next, &w->epoch);
        const double half = ((double)drawn - size) / 2, reach = half < 0 ? 0 : half;
        const double from = reach < done ? -reach : -(double)done;
        const double room = (double)rows - done - size, to = reach < room ? reach : room;
        while (done < end) {
            for (const uint32_t some = end - done < NEAR ? end : done + NEAR; done < some; done++) {
                const double at = done + (from + (to - from) * uniform(&w->epoch));
                put_on_pile(p, &p->pile[whole(at, rows) / NEAR], at, ids[done]);
            }
            while (done > most && p->sorted < (done - most) / NEAR)
                sort_pile(w, rows, ids);
        }
    }
    while (p->sorted < n_piles)
        sort_pile(w, rows, ids);
}

/* py1br: blocks of random sizes, moved to the left by a random part of one. */
static void shuffle_blocks(work *w, uint32_t stagger, uint32_t rows, uint32_t *ids)
{
    const uint32_t low = (uint32_t)(0.75 * w->block), high = (uint32_t)(1.25 * w->block);
    uint32_t n = 0;

    for (uint32_t done = 0; done < rows; n++) {
        const uint32_t drawn = low + dp_below_product(high - low, next, &w->epoch);
        const uint64_t end = (uint64_t)done + drawn - stagger;
        w->blocks[n].begin = done > stagger ? done - stagger : 0;
        w->blocks[n].end = end < rows ? (uint32_t)end : rows;
        done += w->blocks[n].end - w->blocks[n].begin;
    }
    for (uint32_t b = 0; b < n; b++)
        dp_shuffle_masked(ids + w->blocks[b].begin, w->blocks[b].end - w->blocks[b].begin, next,
                          &w->epoch);
}

/* py2s: the rows of shards are shuffled by the run, too. */
static void run_rows(work *w, uint32_t n)
{
    uint32_t done = 0;

    for (uint32_t s = 0; s < n; s++) {
        const uint32_t size = w->spans[s].end - w->spans[s].begin;
        for (uint32_t i = 0; i < size; i++)
            w->rows[done + i] = w->spans[s].begin + i;
        dp_shuffle_masked(w->rows + done, size, next, &w->run);
        w->spans[s] = (span){done, done + size};
        done += size;
    }
}

static void start(work *w, const dp_ask *ask)
{
    const uint32_t n = (uint32_t)ask->rows;
    const size_t pieces = n / PIECE + n / NEAR + 2; /* each pile has one that is not full */

    w->ask = ask;
    w->n = n;
    w->nodes = nodes_of(ask);
    w->block = block_of(ask);
    w->piles.at = (double *)(void *)ask->order;
    w->piles.row = ask->order + 2 * pieces * PIECE;
    w->piles.next = w->piles.row + pieces * PIECE;
    w->piles.pile = (pile *)(void *)(w->piles.next + pieces);
    w->near_at = (double *)(void *)(ask->order + BESIDE + 4 * (size_t)n);
    w->near_row = ask->order + BESIDE + 6 * (size_t)n;
    w->blocks = (span *)(void *)ask->order;
    w->spans = (span *)(void *)(ask->order + BESIDE + 7 * (size_t)n);
    w->ids = ask->order + BESIDE + 13 * (size_t)n;
    w->rows = ask->order + BESIDE + 14 * (size_t)n;
    dp_pcg64_seed(&w->run, ask->seed);
    dp_pcg64_seed(&w->epoch, ask->seed + ask->epoch);
}

/* The rows of a node, from the spans that it has. */
static void order_node(work *w, int how, const span *spans, uint32_t n, uint32_t *ids)
{
    uint32_t done = 0;

    for (uint32_t s = 0; s < n; done += spans[s].end - spans[s].begin, s++)
        put_rows(w, spans[s], ids + done, how == PY1BR ? NULL : &w->epoch);
    if (how == PY1E)
        move_rows(w, spans, n, done, ids);
}

static uint32_t count_spans(const span *spans, uint32_t rows)
{
    uint32_t n = 0;

    for (uint32_t done = 0; done < rows; n++)
        done += spans[n].end - spans[n].begin;
    return n;
}

/* py2s goes node by node; else the spans of all nodes are shuffled first. */
static void order_nodes(work *w, int how, span *spans)
{
    const uint32_t shards = start_spans(w), reach = (uint32_t)(0.75 * w->block);
    uint32_t at = 0, *stagger = (uint32_t *)(void *)w->spans; /* when the shards are dealt out */
    span *last = spans;

    if (how == PY2S)
        run_rows(w, shards);
    else
        w->rows = NULL;
    for (uint32_t node = 0; node < w->nodes; node++) {
        const uint32_t n = take_node(size_of(w, node), w->spans, &at, last);
        shuffle_spans(last, n, &w->epoch);
        if (how == PY2S)
            order_node(w, how, last, n, w->ids + begin_of(w->n, w->nodes, node));
        last += n;
    }
    for (uint32_t node = 0, n = 0; how == PY1BR && node < w->nodes; node++) {
        const uint32_t drawn = dp_below_product(reach, next, &w->epoch);
        if (size_of(w, node) > 0)
            stagger[n++] = drawn;
    }
    for (uint32_t node = 0; how != PY2S && node < w->nodes; node++) {
        uint32_t *ids = w->ids + begin_of(w->n, w->nodes, node);
        const uint32_t rows = size_of(w, node), n = count_spans(spans, rows);
        order_node(w, how, spans, n, ids);
        if (how == PY1BR && rows > 0)
            shuffle_blocks(w, *stagger++, rows, ids);
        spans += n;
    }
}

/* What a rank has of all nodes' rows, from node to node.  Only its last row may be one again. */
static void deliver(const work *w, uint32_t *table)
{
    const deal d = deal_of(w->ask);
    const uint32_t rank = dp_rule_number(w->ask, RANK, 0), machine = rank / d.ranks,
                   step = d.ranks * d.machines, nodes_on = step % d.nodes, on = step / d.nodes;
    uint64_t at = (uint64_t)(rank % d.ranks) * d.machines + machine;
    uint32_t *begin = (uint32_t *)(void *)w->spans, node = (uint32_t)(at % d.nodes),
             place = (uint32_t)(at / d.nodes);

    for (uint32_t i = 0; i <= d.nodes && !d.few; i++)
        begin[i] = begin_of(w->n, d.nodes, i);
    for (uint64_t i = 0; i < d.count; i++) {
        if (i == d.count - 1) {
            at = place_in_machine(&d, i, rank % d.ranks) * d.machines + machine;
            node = (uint32_t)(at % d.nodes), place = (uint32_t)(at / d.nodes);
        }
        if (d.few)
            table[i] = w->ids[(node * d.padded + place) % w->n];
        else
            table[i] =
                w->ids[begin[node] + place_in_node(&d, place, begin[node + 1] - begin[node])];
        node += nodes_on, place += on;
        if (node >= d.nodes)
            node -= d.nodes, place++;
    }
}

static void make(const dp_ask *ask, uint32_t *table)
{
    const int how = algorithm(ask);
    const bool all = nodes_of(ask) == 1 && dp_rule_number(ask, RANKS, 1) == 1;
    work w;

    start(&w, ask);
    if (all)
        w.ids = table;
    if (how == NAIVE)
        dp_permute_masked(w.ids, w.n, next, &w.epoch);
    else
        order_nodes(&w, how, (span *)(void *)(ask->order + BESIDE + 9 * (size_t)w.n));
    if (!all)
        deliver(&w, table);
}

static const dp_scheme shuffle = {
    .check = check, .rules = RULES, .keeps = KEEPS, .beside = BESIDE, .count = count, .make = make};

const dp_library dp_library_streaming = {
    .word = "streaming",
    .name = "Streaming",
    .generator = 1,
    .shuffle = &shuffle,
};
