/* jax.c - jax.random.permutation(jax.random.key(seed), n) of JAX 0.10
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  threefry2x32 (Salmon and others, SC 2011, 20 rounds) keyed by the seed; rows are
 * sorted by words of it, several times.
 */
#include "libraries/permute.h"

#define DIGIT 11 /* bits of a pass: three passes sort words of 32 */
#define BUCKETS (1u << DIGIT)

typedef struct key {
    uint32_t high, low;
} key;

static inline uint32_t turn(uint32_t x, int by) { return x << by | x >> (32 - by); }

static inline key threefry(key k, key x)
{
    static const int turns[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
    const uint32_t keys[3] = {k.high, k.low, k.high ^ k.low ^ 0x1BD11BDAu};

    x.high += keys[0];
    x.low += keys[1];
    for (uint32_t group = 0; group < 5; group++) {
        for (int i = 0; i < 4; i++) {
            x.high += x.low;
            x.low = turn(x.low, turns[group % 2][i]) ^ x.high;
        }
        x.high += keys[(group + 1) % 3];
        x.low += keys[(group + 2) % 3] + group + 1;
    }
    return x;
}

/* Rows and the words that they are sorted by. */
typedef struct side {
    uint32_t *rows, *words;
} side;

static void pass(const side *from, const side *to, uint32_t n, int shift)
{
    uint32_t place[BUCKETS] = {0}, sum = 0;

    for (uint32_t i = 0; i < n; i++)
        place[from->words[i] >> shift & (BUCKETS - 1)]++;
    for (uint32_t b = 0; b < BUCKETS; b++) {
        const uint32_t count = place[b];
        place[b] = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = place[from->words[i] >> shift & (BUCKETS - 1)]++;
        to->rows[at] = from->rows[i];
        to->words[at] = from->words[i];
    }
}

/* ceil(3 ln n / ln(2^32 - 1)) rounds. */
static int rounds_of(uint64_t n) { return (n > 1) + (n > 1625) + (n > 2642245); }

static void make(const dp_ask *ask, uint32_t *table)
{
    const uint32_t n = (uint32_t)ask->rows;
    const int rounds = rounds_of(n);
    side from = {table, ask->order}, to = {ask->order + n, ask->order + 2 * (size_t)n};
    key k = {(uint32_t)(ask->seed >> 32), (uint32_t)ask->seed};

    if (rounds % 2 == 1) { /* an odd number of passes ends on the table */
        const side other = from;
        from = to, to = other;
    }
    dp_identity(from.rows, n);
    for (int round = 0; round < rounds; round++) {
        const key words = threefry(k, (key){0, 1});
        k = threefry(k, (key){0, 0});
        for (uint32_t i = 0; i < n; i++) {
            const key word = threefry(words, (key){0, i});
            from.words[i] = word.high ^ word.low;
        }
        for (int shift = 0; shift < 32; shift += DIGIT) {
            const side other = from;
            pass(&from, &to, n, shift);
            from = to, to = other;
        }
    }
}

static const dp_scheme shuffle = {.once = true, .keeps = 3, .make = make};

const dp_library dp_library_jax = {
    .word = "jax",
    .name = "JAX",
    .generator = 1,
    .shuffle = &shuffle,
};
