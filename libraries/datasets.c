/* datasets.c - orders of Hugging Face's datasets 5.2
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  Of a Dataset: default_rng(seed).permutation(n), made once.  Of a stream of one
 * shard: a buffer that is shuffled whole when it is full, and delivered but for a half.
 */
#include "base/random/pcg64.h"
#include "libraries/permute.h"

static uint32_t next(void *g) { return dp_pcg64_u32(g); }

static void make(const dp_ask *ask, uint32_t *table)
{
    dp_pcg64_seed(ask->generator, ask->seed);
    dp_permute_masked(table, (uint32_t)ask->rows, next, ask->generator);
}

/* What set_epoch makes of the seed: not seed + epoch, which its documents say. */
static void start(const dp_ask *ask)
{
    dp_pcg64 *g = ask->generator;

    dp_pcg64_seed(g, ask->seed);
    if (ask->epoch > 0)
        dp_pcg64_seed(g, (dp_pcg64_u64(g) >> 1) - ask->epoch);
}

/* What is held is the end of what the table has so far.  Rows come in tables of a tenth of the
 * buffer. */
static void make_buffered(const dp_ask *ask, uint32_t *table)
{
    const uint64_t tenth = ask->buffer < 10 ? 1 : ask->buffer / 10;
    uint64_t delivered = 0;

    start(ask);
    dp_identity(table, ask->rows);
    for (uint64_t read = tenth; read < ask->rows; read += tenth) {
        if (read - delivered < ask->buffer)
            continue;
        dp_shuffle_masked(table + delivered, (uint32_t)(read - delivered), next, ask->generator);
        delivered = read - ask->buffer / 2;
    }
    if (ask->rows - delivered >= ask->buffer) {
        dp_shuffle_masked(table + delivered, (uint32_t)(ask->rows - delivered), next,
                          ask->generator);
        delivered = ask->rows - ask->buffer / 2;
    }
    dp_shuffle_masked(table + delivered, (uint32_t)(ask->rows - delivered), next, ask->generator);
}

static const dp_scheme once = {.once = true, .make = make};
static const dp_scheme split = {.once = true, .make = make, .cut = dp_cut_test_first};
static const dp_scheme buffer = {.make = make_buffered};

const dp_library dp_library_datasets = {
    .word = "datasets",
    .name = "Hugging Face's datasets",
    .generator = sizeof(dp_pcg64),
    .shuffle = &once,
    .buffer = &buffer,
    .split = &split,
};
