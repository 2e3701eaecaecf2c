/* tf.c - tf.data.Dataset.shuffle of TensorFlow 2.21
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md.  A Philox4x32-10 of the two seeds gives each epoch the two seeds of its own.
 */
#include "base/random/rng.h"
#include "libraries/permute.h"
#include "libraries/python_random.h"

#define PRIME     2147483647u /* seeds are taken modulo 2^31 - 1 */
#define NO_GLOBAL 87654321u
#define MOST_OPS  1000000u

enum { GLOBAL, UNSEEDED };

typedef struct philox {
    uint32_t key[2], counter[4], block[4], used;
} philox;

typedef struct tf {
    philox parent, epoch;
    dp_mt19937 python;
} tf;

static dp_status check(const dp_ask *ask, dp_error *err)
{
    if (ask->rule[GLOBAL].given && ask->rule[UNSEEDED].given)
        return dp_fail(err, DP_ESPEC,
                       "rule=unseeded: the seed is the global one: leave global out");
    if (ask->rule[UNSEEDED].number > MOST_OPS)
        return dp_fail(err, DP_ESPEC, "rule=unseeded:%llu: at most %u",
                       (unsigned long long)ask->rule[UNSEEDED].number, MOST_OPS);
    return DP_OK;
}

static void start(philox *p, uint64_t key, uint64_t counter)
{
    *p = (philox){.key = {(uint32_t)key, (uint32_t)(key >> 32)},
                  .counter = {0, 0, (uint32_t)counter, (uint32_t)(counter >> 32)},
                  .used = 4};
}

static inline uint32_t word(void *g)
{
    philox *p = g;

    if (p->used == 4) {
        dp_philox4x32_10(p->counter, p->key, p->block);
        p->used = 0;
        if (++p->counter[0] == 0)
            p->counter[1]++;
    }
    return p->block[p->used++];
}

/* Of an operation without a seed: number k that Python draws of the global one. */
static uint32_t drawn_seed(tf *t, uint64_t global, uint64_t k)
{
    dp_python_seed(&t->python, global);
    for (; k > 0; k--)
        dp_python_below(&t->python, PRIME + 1);
    return dp_python_below(&t->python, PRIME + 1);
}

static void seed(const dp_ask *ask, philox *p)
{
    const dp_rule *global = &ask->rule[GLOBAL], *unseeded = &ask->rule[UNSEEDED];
    const uint64_t own =
        unseeded->given ? drawn_seed(ask->generator, ask->seed, unseeded->number) : ask->seed;
    const uint64_t first = unseeded->given ? ask->seed : global->given ? global->number : NO_GLOBAL;
    const uint64_t a = first % PRIME, b = own % PRIME;

    start(p, a, a == 0 && b == 0 ? PRIME : b);
}

/* What is held is a ring, full as long as rows come: a place of it is delivered, the oldest row
 * moves there, and the next row comes behind the newest. */
typedef struct ring {
    philox *words;
    uint32_t *table, *row, size, n, next;
    uint32_t oldest, ahead; /* place of the oldest row, now and where draws are */
} ring;

static uint32_t draw(void *work, uint32_t done, uint32_t most, uint32_t *at)
{
    ring *r = work;

    for (uint32_t i = 0; i < most; i++) {
        const uint32_t left = r->n - done - i, held = r->size < left ? r->size : left;
        const uint32_t step = word(r->words) % held, to_end = r->size - r->ahead;
        at[i] = step < to_end ? r->ahead + step : step - to_end;
        r->ahead = to_end > 1 ? r->ahead + 1 : 0;
        dp_fetch_row(&r->row[at[i]]);
    }
    return most;
}

static void use(void *work, uint32_t done, uint32_t some, const uint32_t *at)
{
    ring *r = work;

    for (uint32_t i = 0; i < some; i++) {
        r->table[done + i] = r->row[at[i]];
        r->row[at[i]] = r->row[r->oldest];
        if (r->next < r->n)
            r->row[r->oldest] = r->next++;
        r->oldest = r->oldest + 1 < r->size ? r->oldest + 1 : 0;
    }
}

/* Of a buffer of all rows what is delivered changes places with the oldest. */
static void make(const dp_ask *ask, uint32_t *table)
{
    tf *t = ask->generator;
    const uint32_t n = (uint32_t)ask->rows, size = (uint32_t)ask->kept;
    ring r = {&t->epoch, table, ask->order, size, n, size, 0, 0};

    if (ask->once) {
        seed(ask, &t->epoch);
    } else {
        if (ask->epoch == 0)
            seed(ask, &t->parent);
        const uint32_t key = word(&t->parent);
        start(&t->epoch, key, word(&t->parent));
    }
    if (size == n) {
        dp_permute_up(table, n, word, &t->epoch);
        return;
    }
    dp_identity(r.row, size);
    dp_drawn_ahead(n, (dp_drawn){draw, use}, &r);
}

static const dp_scheme shuffle = {
    .check = check, .rules = "global:,unseeded:", .in_turn = true, .holds = 1, .make = make};

const dp_library dp_library_tf = {
    .word = "tf",
    .name = "TensorFlow",
    .generator = sizeof(tf),
    .shuffle = &shuffle,
    .buffer = &shuffle,
};
