/* buckets.c - gradients summed over the ranks while the backward pass goes on
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/sums/buckets.h"

#define BUCKET ((int64_t)1 << 20) /* floats */

enum { FILLING, SCATTERING, GATHERING, DONE };

/* Rank r's slice of a bucket. */
typedef struct slice {
    int64_t first, n;
} slice;

static slice slice_of(const dp_bucket *b, const dp_group *g, uint32_t r)
{
    const int64_t n = b->last - b->first, first = n * r / g->ranks;
    return (slice){b->first + first, n * (r + 1) / g->ranks - first};
}

static dp_status alloc_bucket(dp_buckets *s, int64_t i, int64_t all_parts, dp_arena *arena,
                              dp_error *err)
{
    dp_bucket *b = &s->buckets[i];
    const int64_t ranks = s->share->group->ranks;
    size_t n;

    b->first = i * BUCKET;
    b->last = b->first + BUCKET < s->count ? b->first + BUCKET : s->count;
    b->received = dp_mul((size_t)all_parts, (size_t)((b->last - b->first) / ranks + 1), &n)
                      ? dp_arena_alloc_raw(arena, n, sizeof(float))
                      : NULL;
    return b->received != NULL ? DP_OK : dp_arena_fail(arena, err, "a bucket of gradients");
}

dp_status dp_buckets_open(dp_buckets *s, dp_share *share, const dp_kernels *kernels, int64_t count,
                          dp_arena *arena, dp_error *err)
{
    const dp_share_limits l = share->limits;
    dp_status status = DP_OK;
    size_t n;

    *s = (dp_buckets){.share = share, .kernels = kernels, .count = count};
    s->gradient = dp_arena_alloc(arena, (size_t)count, sizeof(float));
    s->parts = s->gradient;
    if (share->group != NULL) {
        s->n_buckets = (count + BUCKET - 1) / BUCKET;
        s->buckets = dp_arena_alloc(arena, (size_t)s->n_buckets, sizeof *s->buckets);
        s->parts = dp_mul((size_t)l.parts, (size_t)count, &n)
                       ? dp_arena_alloc(arena, n, sizeof(float))
                       : NULL;
        s->transfers =
            dp_arena_alloc(arena, (size_t)(l.all_parts + (l.parts + 2) * share->group->ranks),
                           sizeof *s->transfers);
        s->rows = dp_arena_alloc(arena, (size_t)l.all_parts, sizeof(float *));
        if (s->buckets == NULL || s->transfers == NULL || s->rows == NULL)
            return dp_arena_fail(arena, err, "the buckets");
    }
    if (s->gradient == NULL || s->parts == NULL)
        return dp_arena_fail(arena, err, "the gradients");
    for (int64_t i = 0; i < s->n_buckets && status == DP_OK; i++)
        status = alloc_bucket(s, i, l.all_parts, arena, err);
    return status;
}

/* Channel 0 is taken (share.c). */
static void begin(dp_buckets *s, dp_bucket *b, int stage, size_t n)
{
    const dp_group *g = s->share->group;
    const uint32_t channel = (uint32_t)(2 * (b - s->buckets) + stage);

    if (!s->share->failed)
        s->share->failed =
            g->begin(g->ctx, channel, s->transfers, n, &b->ticket, s->share->error) != DP_OK;
    b->stage = stage;
}

/* Own slice of each part: this rank's where it lies, the others' as it comes. */
static void scatter(dp_buckets *s, dp_bucket *b)
{
    const dp_share *h = s->share;
    const slice own = slice_of(b, h->group, h->group->rank);
    size_t n = 0;

    for (uint32_t r = 0; r < h->group->ranks; r++) {
        const slice theirs = slice_of(b, h->group, r);
        if (r == h->group->rank)
            continue;
        for (int64_t i = 0; i < h->n_parts; i++)
            s->transfers[n++] = (dp_transfer){r, 1, s->parts + i * s->count + theirs.first,
                                              sizeof(float) * (size_t)theirs.n};
        for (int64_t i = h->offsets[r]; i < h->offsets[r + 1]; i++)
            s->transfers[n++] =
                (dp_transfer){r, 0, b->received + i * own.n, sizeof(float) * (size_t)own.n};
    }
    begin(s, b, SCATTERING, n);
}

typedef struct adding {
    const dp_kernels *kernels;
    float **rows;
    int64_t n;
} adding;

static void join(void *ctx, int64_t i, int64_t j)
{
    const adding *a = ctx;
    a->kernels->add(a->n, a->rows[i], a->rows[j]);
}

static void reduce(dp_buckets *s, dp_bucket *b)
{
    const dp_share *h = s->share;
    const uint32_t rank = h->group->rank;
    const slice own = slice_of(b, h->group, rank);
    adding a = {s->kernels, s->rows, own.n};

    for (int64_t i = 0; i < h->offsets[h->group->ranks]; i++) {
        const bool mine = i >= h->offsets[rank] && i < h->offsets[rank + 1];
        s->rows[i] = mine ? s->parts + (i - h->offsets[rank]) * s->count + own.first
                          : b->received + i * own.n;
    }
    dp_share_tree(h, join, &a);
    for (int64_t i = 0; i < own.n; i++)
        s->gradient[own.first + i] = s->rows[0][i];
}

static void gather(dp_buckets *s, dp_bucket *b)
{
    const dp_group *g = s->share->group;
    size_t n = 0;

    for (uint32_t r = 0; r < g->ranks; r++) {
        for (uint32_t sends = 0; sends < 2 && r != g->rank; sends++) {
            const slice of = slice_of(b, g, sends ? g->rank : r);
            s->transfers[n++] =
                (dp_transfer){r, sends, s->gradient + of.first, sizeof(float) * (size_t)of.n};
        }
    }
    begin(s, b, GATHERING, n);
}

/* Goes on with a bucket as far as can be. */
static void move(dp_buckets *s, dp_bucket *b, bool wait)
{
    const dp_group *g = s->share->group;

    while (b->stage != DONE && !s->share->failed) {
        const dp_status status = g->finish(g->ctx, b->ticket, wait, s->share->error);
        if (status == DP_END)
            return;
        s->share->failed = status != DP_OK;
        if (b->stage == GATHERING)
            b->stage = DONE;
        else if (!s->share->failed) {
            reduce(s, b);
            gather(s, b);
        }
    }
}

void dp_buckets_advance(dp_buckets *s, int64_t ready)
{
    for (; s->begun < s->n_buckets && s->buckets[s->begun].last <= ready; s->begun++)
        scatter(s, &s->buckets[s->begun]);
    for (int64_t i = 0; i < s->begun; i++)
        move(s, &s->buckets[i], false);
}

void dp_buckets_finish(dp_buckets *s)
{
    dp_buckets_advance(s, s->count);
    for (int64_t i = 0; i < s->n_buckets; i++)
        move(s, &s->buckets[i], true);
    for (int64_t i = 0; i < s->n_buckets; i++)
        s->buckets[i].stage = FILLING;
    s->begun = 0;
}
