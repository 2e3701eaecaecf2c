/* share.c - the leaves of a batch that a rank computes, and sums over all of them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/sums/share.h"

#include <string.h>

#include "base/options.h"
#include "compute/sums/tree.h"

#define CHANNEL 0 /* of what everybody waits for */

dp_status dp_group_transfer(const dp_group *g, const dp_transfer *transfers, size_t n,
                            dp_error *err)
{
    void *ticket;
    const dp_status status = g->begin(g->ctx, CHANNEL, transfers, n, &ticket, err);
    return status == DP_OK ? g->finish(g->ctx, ticket, 1, err) : status;
}

/* Rank 0 tells its digest, and hears from each whether that is its own. */
static dp_status ask_all(const dp_group *g, const uint8_t digest[16], uint32_t *first_other,
                         dp_error *err)
{
    uint8_t theirs[16];
    dp_status status = DP_OK;

    *first_other = 0;
    for (uint32_t r = 1; r < g->ranks && status == DP_OK; r++) {
        const dp_transfer t = {r, 0, theirs, sizeof theirs};
        status = dp_group_transfer(g, &t, 1, err);
        if (status == DP_OK && *first_other == 0 && memcmp(theirs, digest, sizeof theirs) != 0)
            *first_other = r;
    }
    for (uint32_t r = 1; r < g->ranks && status == DP_OK; r++) {
        const dp_transfer t = {r, 1, first_other, sizeof *first_other};
        status = dp_group_transfer(g, &t, 1, err);
    }
    return status;
}

dp_status dp_group_check(const dp_group *g, const uint8_t digest[16], const char *what,
                         dp_error *err)
{
    uint32_t other = 0;
    uint8_t own[16];
    const dp_transfer answer[2] = {{0, 1, own, sizeof own}, {0, 0, &other, sizeof other}};
    dp_status status = dp_group_usable(g, err);

    if (status == DP_OK && (digest == NULL || what == NULL))
        status = dp_fail(err, DP_EINVAL, "dp_group_check: %s is NULL",
                         digest == NULL ? "digest" : "what");
    if (status != DP_OK || g == NULL)
        return status;
    memcpy(own, digest, sizeof own);
    status = g->rank == 0 ? ask_all(g, digest, &other, err) : dp_group_transfer(g, answer, 2, err);
    if (status == DP_OK && other != 0)
        return dp_fail(err, DP_ESTATE, "rank %u has another %s than rank 0", other, what);
    return status;
}

/* ---- cutting ---- */

static uint32_t ranks_of(const dp_group *g) { return g != NULL ? g->ranks : 1; }

/* Where rank r's leaves begin. */
static int64_t cut(int64_t leaves, uint32_t ranks, uint32_t r) { return leaves * r / ranks; }

/* Leaves of the longest part that begins with leaf `at`, of a rank that has those before `end`. */
static int64_t part_of(int64_t at, int64_t end, int64_t leaves)
{
    int64_t n = 1;

    if (end == leaves) {
        while (at % (2 * n) == 0 && n < end - at)
            n *= 2;
        return n < end - at ? n : end - at;
    }
    while (at % (2 * n) == 0 && 2 * n <= end - at)
        n *= 2;
    return n;
}

static int64_t count_parts(int64_t at, int64_t end, int64_t leaves)
{
    int64_t n = 0;
    for (; at < end; at += part_of(at, end, leaves))
        n++;
    return n;
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

int64_t dp_share_most(const dp_group *g, int64_t most, int64_t leaf)
{
    const int64_t leaves = (most + leaf - 1) / leaf;
    const int64_t samples = (leaves + ranks_of(g) - 1) / ranks_of(g) * leaf;
    return samples < most ? samples : most;
}

static dp_share_limits limits_of(uint32_t ranks, int64_t most)
{
    dp_share_limits l = {1, 1};

    for (int64_t leaves = 1; leaves <= most; leaves++) {
        int64_t parts = 0;
        for (uint32_t r = 0; r < ranks; r++) {
            const int64_t n = count_parts(cut(leaves, ranks, r), cut(leaves, ranks, r + 1), leaves);
            l.parts = larger(l.parts, n);
            parts += n;
        }
        l.all_parts = larger(l.all_parts, parts);
    }
    return l;
}

dp_share dp_share_alone(int64_t total, int64_t leaf)
{
    return (dp_share){.batch = total,
                      .small = total,
                      .total = total,
                      .leaf = leaf,
                      .n = total,
                      .n_parts = total > 0,
                      .parts = {{0, total}},
                      .last = true};
}

dp_status dp_share_open(dp_share *s, const dp_group *g, int64_t most, int64_t leaf, int64_t width,
                        dp_arena *arena, dp_error *err)
{
    const uint32_t ranks = ranks_of(g);
    dp_share_limits l;
    size_t sums;

    *s = dp_share_alone(most, leaf);
    s->group = ranks > 1 ? g : NULL;
    if (s->group == NULL)
        return DP_OK;
    s->limits = l = limits_of(ranks, (most + leaf - 1) / leaf);
    s->starts = dp_arena_alloc(arena, (size_t)l.all_parts, sizeof *s->starts);
    s->offsets = dp_arena_alloc(arena, (size_t)ranks + 1, sizeof *s->offsets);
    s->transfers = dp_arena_alloc(arena, 2 * (size_t)ranks, sizeof *s->transfers);
    s->sums = dp_mul((size_t)l.all_parts, (size_t)width, &sums)
                  ? dp_arena_alloc(arena, sums, sizeof *s->sums)
                  : NULL;
    s->error = dp_arena_alloc(arena, 1, sizeof *s->error);
    if (s->starts == NULL || s->offsets == NULL || s->transfers == NULL || s->sums == NULL ||
        s->error == NULL)
        return dp_arena_fail(arena, err, "the group");
    dp_share_cut(s, most);
    return DP_OK;
}

dp_status dp_share_accumulate(dp_share *s, int64_t small_batches, int64_t width, dp_arena *arena,
                              dp_error *err)
{
    size_t n;

    s->kept_width = width;
    s->kept = dp_mul((size_t)dp_kept_rows(small_batches), (size_t)width, &n)
                  ? dp_arena_alloc(arena, n, sizeof *s->kept)
                  : NULL;
    return s->kept != NULL ? DP_OK : dp_arena_fail(arena, err, "sums of small batches");
}

static void cut_rank(dp_share *s, uint32_t r, int64_t leaves)
{
    const int64_t begin = cut(leaves, s->group->ranks, r);
    const int64_t end = cut(leaves, s->group->ranks, r + 1);
    int64_t n = s->offsets[r], length;

    for (int64_t at = begin; at < end; at += length) {
        length = part_of(at, end, leaves);
        s->starts[n++] = at;
    }
    s->offsets[r + 1] = n;
}

/* The samples before leaf number `leaf` of the small batch. */
static int64_t samples_before(const dp_share *s, int64_t leaf)
{
    return leaf * s->leaf < s->total ? leaf * s->leaf : s->total;
}

/* The small batch among the ranks. */
static void cut_ranks(dp_share *s)
{
    const int64_t leaves = (s->total + s->leaf - 1) / s->leaf;
    const uint32_t rank = s->group->rank;
    int64_t begin, end;

    s->offsets[0] = 0;
    for (uint32_t r = 0; r < s->group->ranks; r++)
        cut_rank(s, r, leaves);
    begin = samples_before(s, cut(leaves, s->group->ranks, rank));
    end = samples_before(s, cut(leaves, s->group->ranks, rank + 1));
    s->first = s->before + begin;
    s->n = end - begin;
    s->n_parts = s->offsets[rank + 1] - s->offsets[rank];
    for (int64_t i = s->n_parts; i-- > 0;) {
        const int64_t first = samples_before(s, s->starts[s->offsets[rank] + i]);
        s->parts[i] = (dp_part){first - begin, end - first};
        end = first;
    }
}

bool dp_share_has(const dp_share *s, int64_t batch, int64_t sample)
{
    const int64_t before = sample / s->small * s->small;
    const int64_t total = batch - before < s->small ? batch - before : s->small;
    const int64_t leaves = (total + s->leaf - 1) / s->leaf, leaf = (sample - before) / s->leaf;

    return s->group == NULL || (leaf >= cut(leaves, s->group->ranks, s->group->rank) &&
                                leaf < cut(leaves, s->group->ranks, s->group->rank + 1));
}

static void cut_small(dp_share *s)
{
    const int64_t left = s->batch - s->before;

    s->total = left < s->small ? left : s->small;
    s->last = s->total == left;
    s->kept_at = 0;
    if (s->group != NULL) {
        cut_ranks(s);
        return;
    }
    s->first = s->before;
    s->n = s->total;
    s->n_parts = s->total > 0;
    s->parts[0] = (dp_part){0, s->total};
}

void dp_share_cut(dp_share *s, int64_t batch)
{
    s->batch = batch;
    s->before = s->number = 0;
    cut_small(s);
}

bool dp_share_next(dp_share *s)
{
    if (s->last)
        return false;
    s->before += s->total;
    s->number++;
    cut_small(s);
    return true;
}

/* ---- adding up ---- */

void dp_share_tree(const dp_share *s, void (*join)(void *ctx, int64_t i, int64_t j), void *ctx)
{
    const int64_t n = s->offsets[s->group->ranks];
    uint64_t gone[DP_MAX_LEAVES / 64] = {0}; /* bits of parts that were added to another one */

    for (int64_t step = 1; step < DP_MAX_LEAVES; step *= 2) {
        int64_t last = -1; /* the part before, of those that are left */
        for (int64_t i = 0; i < n; i++) {
            if (gone[i / 64] >> (i % 64) & 1)
                continue;
            if (last >= 0 && s->starts[last] % (2 * step) == 0 &&
                s->starts[i] == s->starts[last] + step) {
                join(ctx, last, i);
                gone[i / 64] |= (uint64_t)1 << (i % 64);
            } else
                last = i;
        }
    }
}

typedef struct rows {
    double *sums;
    int64_t width;
} rows;

static void join_rows(void *ctx, int64_t i, int64_t j)
{
    const rows *r = ctx;
    for (int64_t k = 0; k < r->width; k++)
        r->sums[i * r->width + k] += r->sums[j * r->width + k];
}

/* The parts' sums of every rank to every rank. */
static dp_status gather(const dp_share *s, int64_t width)
{
    const dp_group *g = s->group;
    size_t n = 0;

    for (uint32_t r = 0; r < g->ranks; r++) {
        for (uint32_t sends = 0; sends < 2 && r != g->rank; sends++) {
            const uint32_t whose = sends ? g->rank : r;
            const int64_t parts = s->offsets[whose + 1] - s->offsets[whose];
            if (parts > 0)
                s->transfers[n++] = (dp_transfer){r, sends, s->sums + s->offsets[whose] * width,
                                                  sizeof(double) * (size_t)(parts * width)};
        }
    }
    return dp_group_transfer(g, s->transfers, n, s->error);
}

void dp_share_sum_small(dp_share *s, double *sums, int64_t width)
{
    rows all = {s->sums, width};

    for (int64_t i = 0; i < s->n_parts; i++) {
        const dp_part *p = &s->parts[i];
        double *first = sums + p->first / s->leaf * width;
        dp_tree_rows(first, (p->n + s->leaf - 1) / s->leaf, width);
        if (s->group != NULL)
            memcpy(s->sums + (s->offsets[s->group->rank] + i) * width, first,
                   sizeof *sums * (size_t)width);
    }
    if (s->group == NULL || s->failed)
        return;
    s->failed = gather(s, width) != DP_OK;
    dp_share_tree(s, join_rows, &all);
    memcpy(sums, s->sums, sizeof *sums * (size_t)width);
}

void dp_share_fold(dp_share *s, double *sums, int64_t width)
{
    int row = dp_share_kept(s);
    double *kept;

    if (s->last && row == 0)
        return; /* the batch came at once */
    kept = s->kept + s->kept_at;
    s->kept_at += width;
    for (int i = dp_share_merges(s); i > 0; i--) {
        const double *left = kept + --row * s->kept_width;
        for (int64_t j = 0; j < width; j++)
            sums[j] = left[j] + sums[j];
    }
    if (!s->last)
        memcpy(kept + row * s->kept_width, sums, sizeof *sums * (size_t)width);
}

void dp_share_sum(dp_share *s, double *sums, int64_t width)
{
    dp_share_sum_small(s, sums, width);
    dp_share_fold(s, sums, width);
}
