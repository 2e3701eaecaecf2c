/* permute.h - row numbers in a random order: what several libraries share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LIBRARIES_PERMUTE_H
#define LIBRARIES_PERMUTE_H

#include "base/random/ahead.h"
#include "libraries/library.h"

void dp_identity(uint32_t *v, uint64_t n);

static inline void dp_swap(uint32_t *v, uint32_t i, uint32_t j)
{
    const uint32_t kept = v[i];

    v[i] = v[j];
    v[j] = kept;
}

/* 0..n-1 of 32-bit words: by masking and rejection, as RandomState has it, and by Lemire's product,
 * as Generator has it.  n = 1 takes no word. */
uint32_t dp_below_masked(uint32_t n, uint32_t (*next)(void *), void *generator);
uint32_t dp_below_product(uint32_t n, uint32_t (*next)(void *), void *generator);

/* Below, the functions are compiled into their callers, with the generator. */

typedef struct dp_swaps {
    uint32_t *v, n;
    uint32_t (*next)(void *);
    void *generator;
} dp_swaps;

/* From the top down: place n - 1 of what is left with a drawn one. */
DP_COMPILED void dp_swap_down(void *work, uint32_t done, uint32_t some, const uint32_t *at)
{
    const dp_swaps *s = work;

    for (uint32_t i = 0; i < some; i++)
        dp_swap(s->v, s->n - 1 - done - i, at[i]);
}

/* A place that is too large is drawn over without a branch, which nobody could foresee; so all have
 * one mask. */
DP_COMPILED uint32_t dp_draw_masked(void *work, uint32_t done, uint32_t most, uint32_t *at)
{
    const dp_swaps *s = work;
    const uint32_t last = s->n - 1 - done, mask = UINT32_MAX >> __builtin_clz(last);
    const uint32_t same = last - (mask >> 1), some = same < most ? same : most;

    for (uint32_t i = 0; i < some;) {
        at[i] = s->next(s->generator) & mask;
        i += at[i] <= last - i;
    }
    for (uint32_t i = 0; i < some; i++)
        dp_fetch_row(&s->v[at[i]]);
    return some;
}

/* As NumPy shuffles: from the top down, places by masking and rejection. */
DP_COMPILED void dp_shuffle_masked(uint32_t *v, uint32_t n, uint32_t (*next)(void *),
                                   void *generator)
{
    dp_swaps swaps = {v, n, next, generator};

    if (n > 1)
        dp_drawn_ahead(n - 1, (dp_drawn){dp_draw_masked, dp_swap_down}, &swaps);
}
/* 0..n-1, so shuffled. */
DP_COMPILED void dp_permute_masked(uint32_t *v, uint32_t n, uint32_t (*next)(void *),
                                   void *generator)
{
    dp_identity(v, n);
    dp_shuffle_masked(v, n, next, generator);
}

DP_COMPILED uint32_t dp_draw_up(void *work, uint32_t done, uint32_t most, uint32_t *at)
{
    const dp_swaps *s = work;

    for (uint32_t i = 0; i < most; i++) {
        at[i] = done + i + s->next(s->generator) % (s->n - done - i);
        dp_fetch_row(&s->v[at[i]]);
    }
    return most;
}
DP_COMPILED void dp_swap_up(void *work, uint32_t done, uint32_t some, const uint32_t *at)
{
    const dp_swaps *s = work;

    for (uint32_t i = 0; i < some; i++)
        dp_swap(s->v, done + i, at[i]);
}

/* 0..n-1 as PyTorch shuffles them: from the bottom up, place i with i + word mod (n - i). */
DP_COMPILED void dp_permute_up(uint32_t *v, uint32_t n, uint32_t (*next)(void *), void *generator)
{
    dp_swaps swaps = {v, n, next, generator};

    dp_identity(v, n);
    if (n > 1)
        dp_drawn_ahead(n - 1, (dp_drawn){dp_draw_up, dp_swap_up}, &swaps);
}

typedef struct dp_buffered {
    const dp_ask *ask;
    uint32_t (*below)(void *, uint32_t);
    uint32_t *table, held, next; /* held: rows; next: the row that comes */
} dp_buffered;

DP_COMPILED uint32_t dp_draw_buffered(void *work, uint32_t done, uint32_t most, uint32_t *at)
{
    const dp_buffered *b = work;
    const uint32_t left = (uint32_t)b->ask->rows - done, full = (uint32_t)b->ask->kept;

    for (uint32_t i = 0; i < most; i++) {
        at[i] = b->below(b->ask->generator, left - i < full ? left - i : full);
        dp_fetch_row(&b->ask->order[at[i]]);
    }
    return most;
}
DP_COMPILED void dp_use_buffered(void *work, uint32_t done, uint32_t some, const uint32_t *at)
{
    dp_buffered *b = work;
    uint32_t *buffer = b->ask->order, *table = b->table + done;

    for (uint32_t i = 0; i < some; i++) {
        table[i] = buffer[at[i]];
        buffer[at[i]] = buffer[b->held - 1];
        if (b->next < b->ask->rows)
            buffer[b->held - 1] = b->next++;
        else
            b->held--;
    }
}

/* A buffer of all rows, which lie in the table from its end on: what is delivered changes places
 * with the last row of the buffer, behind what was delivered before. */
DP_COMPILED uint32_t dp_draw_whole(void *work, uint32_t done, uint32_t most, uint32_t *at)
{
    const dp_buffered *b = work;
    const uint32_t n = (uint32_t)b->ask->rows;

    for (uint32_t i = 0; i < most; i++) {
        at[i] = n - 1 - b->below(b->ask->generator, n - done - i);
        dp_fetch_row(&b->table[at[i]]);
    }
    return most;
}
DP_COMPILED void dp_use_whole(void *work, uint32_t done, uint32_t some, const uint32_t *at)
{
    const dp_buffered *b = work;

    for (uint32_t i = 0; i < some; i++)
        dp_swap(b->table, done + i, at[i]);
}

/* All rows through a buffer, ask->order, that holds the next ask->kept of them: place below(held)
 * of it is delivered and replaced by its last, which the next row replaces, as long as there is
 * one.  A buffer of all rows is the table itself. */
DP_COMPILED void dp_through_buffer(const dp_ask *ask, uint32_t (*below)(void *, uint32_t),
                                   uint32_t *table)
{
    const uint32_t n = (uint32_t)ask->rows, full = (uint32_t)ask->kept;
    dp_buffered buffered = {ask, below, table, full, full};

    if (full < n) {
        dp_identity(ask->order, full);
        dp_drawn_ahead(n, (dp_drawn){dp_draw_buffered, dp_use_buffered}, &buffered);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        table[i] = n - 1 - i;
    dp_drawn_ahead(n, (dp_drawn){dp_draw_whole, dp_use_whole}, &buffered);
}

/* Two parts as scikit-learn and datasets cut them, the fraction being test_size: the first one has
 * it, rounded up, the second one the rest. */
dp_status dp_cut_test_first(const double *fractions, int32_t n, uint64_t rows, uint64_t *sizes,
                            dp_error *);

/* For libraries that cut by numbers of rows alone. */
dp_status dp_cut_rows_alone(const double *fractions, int32_t n, uint64_t rows, uint64_t *sizes,
                            dp_error *);

/* For NumPy's choice: DP_ESPEC unless the weights are probabilities. */
dp_status dp_check_probabilities(const double *weights, uint32_t n, dp_error *);

/* A permutation of 0..n-1 that is computed, for any n: a Feistel network over the least even number
 * of bits that holds n, 8 rounds keyed by Philox, walked until the value is below n (Black and
 * Rogaway, CT-RSA 2002).  6 bits at least: over 4, few of the orders of five rows come. */
typedef struct dp_bijection {
    uint64_t n;
    uint32_t half; /* bits of each half */
    uint32_t keys[8];
} dp_bijection;
void dp_bijection_start(dp_bijection *, uint64_t n, uint64_t key, uint64_t epoch, uint64_t ordinal);
uint64_t dp_bijection_at(const dp_bijection *, uint64_t i);

#endif
