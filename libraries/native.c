/* native.c - orders of our own, that follow from a place alone: Philox keyed by stage, epoch, row
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  A stage draws from one stream an epoch, at counter (draw, epoch, 0) of its key.
 */
#include "libraries/block_shuffle.h"
#include "libraries/distributions.h"
#include "libraries/permute.h"

typedef struct native {
    dp_rng rng;
    dp_bijection bijection;
    uint64_t keyed; /* the epoch of the bijection + 1 */
    dp_block_shuffle blocks;
} native;

static uint32_t below(void *g, uint32_t n) { return dp_rng_below(&((native *)g)->rng, n); }

/* 53 bits. */
static double uniform(void *g)
{
    dp_rng *rng = &((native *)g)->rng;
    const uint64_t word = (uint64_t)dp_rng_u32(rng) << 32;

    return (double)((word | dp_rng_u32(rng)) >> 11) * 0x1p-53;
}

static uint32_t draw(void *work, uint32_t done, uint32_t most, uint32_t *at)
{
    const dp_swaps *s = work;

    for (uint32_t i = 0; i < most; i++) {
        at[i] = dp_rng_below(s->generator, s->n - done - i);
        dp_fetch_row(&s->v[at[i]]);
    }
    return most;
}

/* Fisher and Yates (Knuth, TAOCP 2, 3.4.2 P) from the top down: i = n-1 .. 1 swaps with
 * below(i + 1). */
static void permute(uint32_t *v, uint32_t n, dp_rng *rng)
{
    dp_swaps swaps = {.v = v, .n = n, .generator = rng};

    dp_identity(v, n);
    if (n > 1)
        dp_drawn_ahead(n - 1, (dp_drawn){draw, dp_swap_down}, &swaps);
}

static void begin(const dp_ask *ask)
{
    native *g = ask->generator;

    dp_rng_start(&g->rng, ask->key, ask->epoch, 0);
    if (ask->order != NULL)
        permute(ask->order, (uint32_t)ask->rows, &g->rng);
}

static void make(const dp_ask *ask, uint32_t *table)
{
    dp_rng rng;

    dp_rng_start(&rng, ask->key, ask->epoch, 0);
    permute(table, (uint32_t)ask->rows, &rng);
}

static void make_buffered(const dp_ask *ask, uint32_t *table)
{
    dp_rng_start(&((native *)ask->generator)->rng, ask->key, ask->epoch, 0);
    dp_through_buffer(ask, below, table);
}

static dp_status check_sample(const dp_ask *ask, dp_error *err)
{
    if (ask->count > ask->rows && !ask->replacement)
        return dp_fail(err, DP_ESPEC,
                       "num_samples=%llu is more than the %llu rows: replacement=true draws "
                       "rows again",
                       (unsigned long long)ask->count, (unsigned long long)ask->rows);
    return DP_OK;
}

static void make_sample(const dp_ask *ask, uint32_t *table)
{
    dp_rng rng;

    if (!ask->replacement) {
        make(ask, table);
        return;
    }
    dp_rng_start(&rng, ask->key, ask->epoch, 0);
    for (uint64_t i = 0; i < ask->count; i++)
        table[i] = dp_rng_below(&rng, (uint32_t)ask->rows);
}

static uint64_t at(const dp_ask *ask, uint64_t place)
{
    native *g = ask->generator;

    if (g->keyed != ask->epoch + 1)
        dp_bijection_start(&g->bijection, ask->rows, ask->key, ask->epoch, 0);
    g->keyed = ask->epoch + 1;
    return dp_bijection_at(&g->bijection, place);
}

static uint64_t at_by_blocks(const dp_ask *ask, uint64_t place)
{
    return dp_block_shuffle_at(&((native *)ask->generator)->blocks, ask, place);
}

static void fill_uniform(const dp_init_source *source, double bound, int64_t first, int64_t n,
                         float *out)
{
    dp_rng rng = source->rng;

    (void)first;
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)((2.0 * dp_rng_uniform(&rng) - 1.0) * bound);
}

static void fill_normal(const dp_init_source *source, double sigma, double mean, int64_t first,
                        int64_t n, float *out)
{
    dp_rng rng = source->rng;

    (void)first;
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)(mean + sigma * dp_normal_quantile(dp_open_uniform(&rng)));
}

/* Fills by inversion, p = Phi(-2) + u * (Phi(2) - Phi(-2)), without rejection. */
static void fill_truncated_normal(const dp_init_source *source, const dp_truncated_normal *d,
                                  int64_t first, int64_t n, float *out)
{
    const double low = 0x1.74bcf82c9d863p-6, high = 0x1.f45a183e9b13dp-1; /* Phi(-2), Phi(2) */
    dp_rng rng = source->rng;

    (void)first;
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)(d->mean +
                         d->sigma * dp_normal_quantile(low + dp_open_uniform(&rng) * (high - low)));
}

static const dp_scheme shuffle = {.make = make, .at = at, .tabled = DP_MAX_TABLE};
static const dp_scheme buffer = {.holds = 1, .make = make_buffered};
static const dp_scheme blocks = {.at = at_by_blocks};
static const dp_scheme sample = {
    .check = check_sample, .make = make_sample, .at = at, .tabled = DP_MAX_TABLE};
static const dp_scheme table = {.make = make};
static const dp_dice dice = {.begin = begin, .below = below, .uniform = uniform};
static const dp_drawing draws = {.keyed = true};
static const dp_weights weights = {
    .uniform = fill_uniform, .normal = fill_normal, .truncated_normal = fill_truncated_normal};

const dp_library dp_library_native = {
    .word = "native",
    .name = "detpipe",
    .generator = sizeof(native),
    .shuffle = &shuffle,
    .buffer = &buffer,
    .blocks = &blocks,
    .sample = &sample,
    .distribute = &table,
    .subset = &table,
    .split = &table,
    .folds = &table,
    .weighted = &dice,
    .classes = &dice,
    .draws = &draws,
    .weights = &weights,
};
