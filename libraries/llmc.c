/* llmc.c - the shuffle of llm.c's DataLoader, windows of shards of one size
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  A sample is a step's windows of all ranks, one behind the other.  Each rank has
 * a generator of its own, with which it puts the shards in an order once an epoch, and the samples
 * of a shard when it comes to it.  Of each sample a rank takes its own part.
 */
#include "base/random/mt19937.h"
#include "libraries/permute.h"

enum { BATCH_SIZE, RANKS, SHARD_SIZE };
#define RULES      "batch_size:,ranks:,shard_size:"
#define MOST_RANKS 64

static uint64_t given(const dp_ask *ask, int rule, uint64_t otherwise)
{
    return ask->rule[rule].given ? ask->rule[rule].number : otherwise;
}

/* What the rules come to, in windows. */
typedef struct loader {
    uint32_t batch, ranks, sample, shard, shards;
} loader;

static loader loader_of(const dp_ask *ask)
{
    const uint64_t size = given(ask, SHARD_SIZE, ask->rows);
    loader l = {.batch = (uint32_t)given(ask, BATCH_SIZE, 1),
                .ranks = (uint32_t)given(ask, RANKS, 1),
                .shard = (uint32_t)(size < ask->rows ? size : ask->rows)};

    l.sample = l.batch * l.ranks;
    l.shards = (uint32_t)((ask->rows + l.shard - 1) / l.shard);
    return l;
}

/* Samples of a shard; the last one may be shorter. */
static uint32_t samples_of(const loader *l, const dp_ask *ask, uint32_t shard)
{
    const uint64_t left = ask->rows - (uint64_t)shard * l->shard;

    return (uint32_t)(left < l->shard ? left : l->shard) / l->sample;
}

static dp_status check(const dp_ask *ask, dp_error *err)
{
    const uint64_t batch = given(ask, BATCH_SIZE, 1), ranks = given(ask, RANKS, 1),
                   size = given(ask, SHARD_SIZE, ask->rows);
    const uint64_t last = size == 0 || ask->rows % size == 0 ? size : ask->rows % size;

    if (batch == 0 || batch > INT32_MAX || ranks - 1 >= MOST_RANKS)
        return dp_fail(err, DP_ESPEC,
                       "rule=batch_size:%llu,ranks:%llu is out of range: 1 to 2^31, 1 "
                       "to %d",
                       (unsigned long long)batch, (unsigned long long)ranks, MOST_RANKS);
    if (last < batch * ranks)
        return dp_fail(err, DP_ESPEC,
                       "llm.c refuses a shard of %llu windows: a step of %llu ranks takes %llu",
                       (unsigned long long)last, (unsigned long long)ranks,
                       (unsigned long long)(batch * ranks));
    return dp_check_seed_32(ask, "llmc", err);
}

static uint64_t count(const dp_ask *ask)
{
    const loader l = loader_of(ask);

    return ((uint64_t)(l.shards - 1) * samples_of(&l, ask, 0) + samples_of(&l, ask, l.shards - 1)) *
           l.sample;
}

/* From the top down, place i with word mod (i + 1). */
static void shuffle_down(uint32_t *v, uint32_t n, dp_mt19937 *g)
{
    for (uint32_t i = n - 1; i > 0; i--)
        dp_swap(v, i, dp_mt19937_u32(g) % (i + 1));
}

/* The windows of a rank: each sample's go to its place among all ranks'. */
static void put_rank(const loader *l, const dp_ask *ask, uint32_t rank, uint32_t *shards,
                     uint32_t *samples, uint32_t *table)
{
    dp_mt19937 *g = (dp_mt19937 *)ask->generator + rank;

    table += rank * l->batch;
    shuffle_down(shards, l->shards, g);
    for (uint32_t s = 0; s < l->shards; s++) {
        const uint32_t n = samples_of(l, ask, shards[s]);
        dp_identity(samples, n);
        shuffle_down(samples, n, g);
        for (uint32_t i = 0; i < n; i++, table += l->sample) {
            for (uint32_t b = 0; b < l->batch; b++)
                table[b] = shards[s] * l->shard + samples[i] * l->sample + rank * l->batch + b;
        }
    }
}

/* The order of the shards goes on from epoch to epoch, as the generators do. */
static void make(const dp_ask *ask, uint32_t *table)
{
    const loader l = loader_of(ask);

    for (uint32_t rank = 0; rank < l.ranks; rank++) {
        uint32_t *shards = ask->order + (size_t)rank * l.shards;
        if (ask->epoch == 0) {
            dp_mt19937_seed((dp_mt19937 *)ask->generator + rank, (uint32_t)ask->seed + rank);
            dp_identity(shards, l.shards);
        }
        put_rank(&l, ask, rank, shards, ask->order + ask->rows, table);
    }
}

static const dp_scheme shuffle = {
    .check = check, .rules = RULES, .in_turn = true, .keeps = 2, .count = count, .make = make};

const dp_library dp_library_llmc = {
    .word = "llmc",
    .name = "llm.c",
    .generator = sizeof(dp_mt19937) * MOST_RANKS,
    .shuffle = &shuffle,
};
