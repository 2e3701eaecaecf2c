/* jax.c - jax.random.permutation(jax.random.key(seed), n) of JAX 0.10, and as 0.4 had it
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  threefry2x32 keyed by the seed; rows are sorted by words of it, several times.
 */
#include "base/cpu.h"
#include "libraries/permute.h"
#include "libraries/threefry.h"

enum { UNPARTITIONABLE };

#define DIGIT   12 /* bits of a pass: three passes sort words of 32 */
#define BUCKETS (1u << DIGIT)
#define HIGH    (32 - 2 * DIGIT) /* those that are left for one of them */
#define MANY    (1u << 18)       /* rows, above which the high bits come first */

/* Rows and the words that they are sorted by. */
typedef struct side {
    uint32_t *rows, *words;
} side;

/* Sorts the n rows from `first` on by a digit, stably.  Their places begin in place[digit], and end
 * there. */
static void pass(const side *from, const side *to, uint32_t first, uint32_t n, int shift,
                 uint32_t place[BUCKETS])
{
    uint32_t sum = first;

    for (uint32_t b = 0; b < BUCKETS; b++)
        place[b] = 0;
    for (uint32_t i = first; i < first + n; i++)
        place[from->words[i] >> shift & (BUCKETS - 1)]++;
    for (uint32_t b = 0; b < BUCKETS; b++) {
        const uint32_t count = place[b];
        place[b] = sum;
        sum += count;
    }
    for (uint32_t i = first; i < first + n; i++) {
        const uint32_t at = place[from->words[i] >> shift & (BUCKETS - 1)]++;
        to->rows[at] = from->rows[i];
        to->words[at] = from->words[i];
    }
}

/* By words of 32 bits, from one side to the other.  Many rows are parted by the high bits first, so
 * that the passes over the low ones stay in the cache. */
static void sort(const side *from, const side *to, uint32_t n)
{
    uint32_t ends[BUCKETS], place[BUCKETS];

    if (n <= MANY) {
        pass(from, to, 0, n, 0, place);
        pass(to, from, 0, n, DIGIT, place);
        pass(from, to, 0, n, 2 * DIGIT, place);
        return;
    }
    pass(from, to, 0, n, 2 * DIGIT, ends);
    for (uint32_t b = 0, first = 0; b < 1u << HIGH; first = ends[b++]) {
        pass(to, from, first, ends[b] - first, 0, place);
        pass(from, to, first, ends[b] - first, DIGIT, place);
    }
}

/* ceil(3 ln n / ln(2^32 - 1)) rounds. */
static int rounds_of(uint64_t n) { return (n > 1) + (n > 1625) + (n > 2642245); }

static void split(dp_threefry key, dp_threefry *next, dp_threefry *words)
{
    *next = dp_threefry2x32(key, (dp_threefry){0, 0});
    *words = dp_threefry2x32(key, (dp_threefry){0, 1});
}

static void draw(dp_threefry key, uint32_t n, uint32_t *words)
{
#if defined(__x86_64__)
    if (dp_cpu_best() >= DP_CPU_AVX2) {
        dp_threefry_words_avx2(key, n, words);
        return;
    }
#endif
    dp_threefry_words(key, n, words);
}

/* As 0.4 had it: counters 0, 1, .. are cut in halves, which are paired; a missing one is 0. */
static void split_halves(dp_threefry key, dp_threefry *next, dp_threefry *words)
{
    const dp_threefry a = dp_threefry2x32(key, (dp_threefry){0, 2});
    const dp_threefry b = dp_threefry2x32(key, (dp_threefry){1, 3});

    *next = (dp_threefry){a.high, b.high};
    *words = (dp_threefry){a.low, b.low};
}

static void draw_halves(dp_threefry key, uint32_t n, uint32_t *words)
{
    const uint32_t half = n / 2 + n % 2;

    for (uint32_t i = 0; i < half; i++) {
        const uint32_t other = half + i;
        const dp_threefry word = dp_threefry2x32(key, (dp_threefry){i, other < n ? other : 0});
        words[i] = word.high;
        if (other < n)
            words[other] = word.low;
    }
}

static void make(const dp_ask *ask, uint32_t *table)
{
    const bool halves = ask->rule[UNPARTITIONABLE].given;
    const uint32_t n = (uint32_t)ask->rows;
    const int rounds = rounds_of(n);
    side from = {table, ask->order}, to = {ask->order + n, ask->order + 2 * (size_t)n};
    dp_threefry key = {(uint32_t)(ask->seed >> 32), (uint32_t)ask->seed}, words;

    if (rounds % 2 == 1) { /* an odd number of sorts ends on the table */
        const side other = from;
        from = to, to = other;
    }
    dp_identity(from.rows, n);
    for (int round = 0; round < rounds; round++) {
        const side other = from;
        (halves ? split_halves : split)(key, &key, &words);
        (halves ? draw_halves : draw)(words, n, from.words);
        sort(&from, &to, n);
        from = to, to = other;
    }
}

static const dp_scheme shuffle = {
    .rules = "unpartitionable", .once = true, .keeps = 3, .make = make};

const dp_library dp_library_jax = {
    .word = "jax",
    .name = "JAX",
    .generator = 1,
    .shuffle = &shuffle,
};
