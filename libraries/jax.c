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

#define WORDS     1024 /* that are drawn at a time */
#define MOST_HIGH 10   /* bits that part many rows */
#define DIGIT     13   /* bits that part a few thousand */
#define BUCKETS   (1u << DIGIT)

/* A word and, in the low half, the row that is sorted by it. */
typedef uint64_t pair;

typedef struct range {
    uint32_t begin, end;
} range;

/* Deals pairs out by bits of their words, in their order.  Where each value of the bits begins
 * stands in place[value], and in the end where it ends. */
static void deal(const pair *from, pair *to, range r, int shift, uint32_t mask, uint32_t *place)
{
    uint32_t sum = r.begin;

    for (uint32_t b = 0; b <= mask; b++)
        place[b] = 0;
    for (uint32_t i = r.begin; i < r.end; i++)
        place[from[i] >> shift & mask]++;
    for (uint32_t b = 0; b <= mask; b++) {
        const uint32_t count = place[b];
        place[b] = sum;
        sum += count;
    }
    for (uint32_t i = r.begin; i < r.end; i++)
        to[place[from[i] >> shift & mask]++] = from[i];
}

/* The few whose words are out of order, stably. */
static void insert(pair *v, range r)
{
    for (uint32_t i = r.begin + 1; i < r.end; i++) {
        const pair moved = v[i];
        uint32_t k = i;
        for (; k > r.begin && v[k - 1] >> 32 > moved >> 32; k--)
            v[k] = v[k - 1];
        v[k] = moved;
    }
}

/* Sorts n pairs by their words, with room for as many; returns where they are then.  Words are
 * random: parted by their high bits into lots that a cache holds, then by DIGIT more, few are out
 * of order. */
static pair *sort(pair *from, pair *to, uint32_t n)
{
    uint32_t ends[1u << MOST_HIGH] = {n}, place[BUCKETS];
    int high = 0;

    while (high < MOST_HIGH && n >> high > BUCKETS)
        high++;
    if (high > 0) {
        pair *const other = from;
        deal(from, to, (range){0, n}, 64 - high, (1u << high) - 1, ends);
        from = to, to = other;
    }
    for (uint32_t b = 0, begin = 0; b < 1u << high; begin = ends[b++]) {
        const range r = {begin, ends[b]};
        deal(from, to, r, 64 - high - DIGIT, BUCKETS - 1, place);
        insert(to, r);
    }
    return to;
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

static void set_word(pair *p, uint32_t word) { *p = (pair)word << 32 | (uint32_t)*p; }

static void draw(dp_threefry key, uint32_t n, pair *out)
{
    dp_threefry_line *const line = best_line();
    uint32_t words[WORDS];

    for (uint32_t first = 0; first < n; first += WORDS) {
        const uint32_t some = n - first < WORDS ? n - first : WORDS;
        line(key, first, some, words);
        for (uint32_t i = 0; i < some; i++)
            set_word(&out[first + i], words[i]);
    }
}

/* As 0.4 had it: counters 0, 1, .. are cut in halves, which are paired; a missing one is 0. */
static void split_halves(dp_threefry key, dp_threefry *next, dp_threefry *words)
{
    const dp_threefry a = dp_threefry2x32(key, (dp_threefry){0, 2});
    const dp_threefry b = dp_threefry2x32(key, (dp_threefry){1, 3});

    *next = (dp_threefry){a.high, b.high};
    *words = (dp_threefry){a.low, b.low};
}

static void draw_halves(dp_threefry key, uint32_t n, pair *out)
{
    const uint32_t half = n / 2 + n % 2;

    for (uint32_t i = 0; i < half; i++) {
        const uint32_t other = half + i;
        const dp_threefry word = dp_threefry2x32(key, (dp_threefry){i, other < n ? other : 0});
        set_word(&out[i], word.high);
        if (other < n)
            set_word(&out[other], word.low);
    }
}

static void make(const dp_ask *ask, uint32_t *table)
{
    const bool halves = ask->rule[UNPARTITIONABLE].given;
    const uint32_t n = (uint32_t)ask->rows;
    pair *both[2] = {(pair *)(void *)ask->order, (pair *)(void *)(ask->order + 2 * (size_t)n)};
    pair *rows = both[0];
    dp_threefry key = {(uint32_t)(ask->seed >> 32), (uint32_t)ask->seed}, words;

    for (uint32_t i = 0; i < n; i++)
        rows[i] = i;
    for (int round = rounds_of(n); round > 0; round--) {
        (halves ? split_halves : split)(key, &key, &words);
        (halves ? draw_halves : draw)(words, n, rows);
        rows = sort(rows, both[rows == both[0]], n);
    }
    for (uint32_t i = 0; i < n; i++)
        table[i] = (uint32_t)rows[i];
}

static const dp_scheme shuffle = {
    .rules = "unpartitionable", .once = true, .keeps = 4, .make = make};

const dp_library dp_library_jax = {
    .word = "jax",
    .name = "JAX",
    .generator = 1,
    .shuffle = &shuffle,
};
