/* jax.c - jax.random.permutation(jax.random.key(seed), n) of JAX 0.10, and as 0.4 had it
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  threefry2x32 keyed by the seed; rows are sorted by words of it, several times.
 */
#include <string.h>
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#include "base/cpu.h"
#include "libraries/permute.h"
#include "libraries/threefry.h"

enum { UNPARTITIONABLE };

#define WORDS       1024 /* that are drawn at a time */
#define MOST_HIGH   11   /* bits that part many rows in lots */
#define LOT         1024 /* rows, if so many bits do for it */
#define MOST_DIGITS 3    /* 2 of large lots */
#define BUCKETS     (1u << 11)
#define LINE        8u /* pairs, of the cache */

/* A word and, in the low half, the row that is sorted by it. */
typedef uint64_t pair;

/* Of each lot: its newest pairs, which are fewer than a line; where its next one comes. */
typedef struct jax {
    pair lines[LINE << MOST_HIGH];
    uint32_t ends[1u << MOST_HIGH];
} jax;

/* The words of a round of n rows.  As JAX 0.4 had it, counters 0, 1, .. are cut in halves, which
 * are paired; a missing one is 0. */
typedef struct source {
    dp_threefry key;
    dp_threefry_line *line;
    uint32_t n;
    bool halves;
} source;

static void words_of_halves(const source *s, uint32_t first, uint32_t n, uint32_t *out)
{
    const dp_threefry each = {1, 1}, high = {UINT32_MAX, 0}, low = {0, UINT32_MAX};
    const uint32_t half = s->n / 2 + s->n % 2, left = first < half ? half - first : 0;
    const uint32_t some = left < n ? left : n, at = first + some;

    s->line(s->key, (dp_threefry){first, half + first}, each, high, some, out);
    s->line(s->key, (dp_threefry){at - half, at}, each, low, n - some, out + some);
    if (s->n % 2 == 1 && left > 0 && left <= n)
        out[left - 1] = dp_threefry2x32(s->key, (dp_threefry){half - 1, 0}).high;
}

static void words_of(const source *s, uint32_t first, uint32_t n, uint32_t out[WORDS])
{
    const dp_threefry both = {UINT32_MAX, UINT32_MAX};

    if (s->halves)
        words_of_halves(s, first, n, out);
    else
        s->line(s->key, (dp_threefry){0, first}, (dp_threefry){0, 1}, both, n, out);
}

/* Counts become places: where each bucket begins. */
static void begin_buckets(uint32_t *place, uint32_t n)
{
    for (uint32_t b = 0, sum = 0; b < n; b++) {
        const uint32_t count = place[b];
        place[b] = sum;
        sum += count;
    }
}

/* The same for lots, each of which begins at a line. */
static void begin_lots(uint32_t *place, uint32_t n)
{
    for (uint32_t b = 0, sum = 0; b < n; b++) {
        const uint32_t count = place[b];
        place[b] = sum;
        sum = (sum + count + LINE - 1) / LINE * LINE;
    }
}

/* A line, around the caches where there is a way, so that what is overwritten is not read. */
static inline void put_line(pair *to, const pair *from)
{
#if defined(__x86_64__)
    for (uint32_t i = 0; i < LINE; i++)
        _mm_stream_si64((long long *)(void *)(to + i), (long long)from[i]);
#else
    memcpy(to, from, LINE * sizeof *to);
#endif
}

/* Rows with their words, dealt out by `high` bits of these, in their order: to lots that a cache
 * holds, by whole lines.  To draw the words twice is cheaper than to keep them. */
static void deal(const source *s, const uint32_t *rows, uint32_t n, int high, jax *j, pair *lots)
{
    uint32_t words[WORDS], *const ends = j->ends;
    pair *const lines = j->lines;

    memset(ends, 0, sizeof *ends << high);
    for (uint32_t first = 0; first < n; first += WORDS) {
        const uint32_t some = n - first < WORDS ? n - first : WORDS;
        words_of(s, first, some, words);
        for (uint32_t i = 0; i < some; i++)
            ends[(pair)words[i] >> (32 - high)]++;
    }
    begin_lots(ends, 1u << high);
    for (uint32_t first = 0; first < n; first += WORDS) {
        const uint32_t some = n - first < WORDS ? n - first : WORDS;
        words_of(s, first, some, words);
        for (uint32_t i = 0; i < some; i++) {
            const uint32_t b = (uint32_t)((pair)words[i] >> (32 - high)), at = ends[b]++;
            lines[b * LINE + at % LINE] = (pair)words[i] << 32 | rows[first + i];
            if (at % LINE == LINE - 1)
                put_line(&lots[at / LINE * LINE], &lines[b * LINE]);
        }
    }
    for (uint32_t b = 0; b < 1u << high; b++)
        memcpy(&lots[ends[b] / LINE * LINE], &lines[b * LINE], ends[b] % LINE * sizeof *lots);
}

/* The rows of a lot in the order of the `bits` of their words that are left: stably, from the
 * lowest digit up, from the lot to `room` and back, the rows alone in the end, and whole to their
 * places, which no cache has. */
DP_COMPILED void sort_lot(pair *lot, uint32_t n, int bits, int digits, pair *room, uint32_t *rows)
{
    const int width = (bits - 1) / digits + 1, last = digits - 1;
    const uint32_t buckets = 1u << width;
    uint32_t place[MOST_DIGITS][BUCKETS], *out;
    const pair *from;

    for (int d = 0; d < digits; d++)
        memset(place[d], 0, buckets * sizeof *place[d]);
    for (uint32_t i = 0; i < n; i++) {
        for (int d = 0; d < digits; d++)
            place[d][lot[i] >> (32 + d * width) & (buckets - 1)]++;
    }
    for (int d = 0; d < digits; d++)
        begin_buckets(place[d], buckets);
    for (int d = 0; d < last; d++) {
        pair *const to = d % 2 == 0 ? room : lot;
        from = d % 2 == 0 ? lot : room;
        for (uint32_t i = 0; i < n; i++)
            to[place[d][from[i] >> (32 + d * width) & (buckets - 1)]++] = from[i];
    }
    from = last % 2 == 0 ? lot : room;
    out = (uint32_t *)(void *)(last % 2 == 0 ? room : lot);
    for (uint32_t i = 0; i < n; i++)
        out[place[last][from[i] >> (32 + last * width) & (buckets - 1)]++] = (uint32_t)from[i];
    memcpy(rows, out, n * sizeof *rows);
}

/* Sorts the rows by the words, with room for n pairs and a line more for each lot, and once more
 * for n, of which only as much is touched as a lot has. */
static void sort(const source *s, uint32_t *rows, uint32_t n, jax *j, pair *lots, pair *room)
{
    int high = 0;

    while (high < MOST_HIGH && n >> high > LOT)
        high++;
    deal(s, rows, n, high, j, lots);
    for (uint32_t b = 0, begin = 0; b < 1u << high; b++) {
        const uint32_t size = j->ends[b] - begin;
        if (high < MOST_HIGH)
            sort_lot(lots + begin, size, 32 - high, 3, room, rows);
        else
            sort_lot(lots + begin, size, 32 - high, 2, room, rows);
        rows += size;
        begin = (j->ends[b] + LINE - 1) / LINE * LINE;
    }
}

/* ceil(3 ln n / ln(2^32 - 1)) rounds. */
static int rounds_of(uint64_t n) { return (n > 1) + (n > 1625) + (n > 2642245); }

static void split(dp_threefry key, dp_threefry *next, dp_threefry *words)
{
    *next = dp_threefry2x32(key, (dp_threefry){0, 0});
    *words = dp_threefry2x32(key, (dp_threefry){0, 1});
}

static dp_threefry_line *best_line(void)
{
#if defined(__x86_64__)
    if (dp_cpu_best() >= DP_CPU_AVX512)
        return dp_threefry_words_avx512;
    if (dp_cpu_best() >= DP_CPU_AVX2)
        return dp_threefry_words_avx2;
#endif
    return dp_threefry_words;
}

static void split_halves(dp_threefry key, dp_threefry *next, dp_threefry *words)
{
    const dp_threefry a = dp_threefry2x32(key, (dp_threefry){0, 2});
    const dp_threefry b = dp_threefry2x32(key, (dp_threefry){1, 3});

    *next = (dp_threefry){a.high, b.high};
    *words = (dp_threefry){a.low, b.low};
}

static void make(const dp_ask *ask, uint32_t *table)
{
    const uint32_t n = (uint32_t)ask->rows;
    pair *lots = (pair *)(void *)ask->order, *room = lots + n + n / 2;
    dp_threefry key = {(uint32_t)(ask->seed >> 32), (uint32_t)ask->seed};
    source s = {.line = best_line(), .n = n, .halves = ask->rule[UNPARTITIONABLE].given};

    dp_identity(table, n);
    for (int round = rounds_of(n); round > 0; round--) {
        (s.halves ? split_halves : split)(key, &key, &s.key);
        sort(&s, table, n, ask->generator, lots, room);
    }
}

static const dp_scheme shuffle = {
    .rules = "unpartitionable", .once = true, .keeps = 5, .make = make};

const dp_library dp_library_jax = {
    .word = "jax",
    .name = "JAX",
    .generator = sizeof(jax),
    .shuffle = &shuffle,
};
