/* kept.c - records of one size that are kept in memory once they are read again
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/kept.h"

#include <stdatomic.h>

#define MOST ((uint64_t)1 << 28) /* bytes of all records */
#define LINE 64

/* Whether a record is kept: nobody has read it; it was read once; somebody keeps it now; it is
 * there. */
enum { UNREAD, READ, COMING, KEPT };

struct dp_kept {
    uint8_t *bytes;
    size_t stride;           /* size, up to whole lines */
    _Atomic uint32_t *state; /* of each record; a whole word, which every machine swaps by itself */
};

dp_status dp_kept_plan(dp_kept **out, uint64_t n, size_t size, const dp_options *options,
                       dp_arena *arena, dp_error *err)
{
    const uint64_t stride = (size + LINE - 1) / LINE * LINE, all = stride + sizeof(uint32_t);
    dp_kept *k;

    *out = NULL;
    if (n > MOST / all || (options->memory != 0 && n > options->memory / 2 / all))
        return DP_OK;
    k = dp_arena_alloc(arena, 1, sizeof *k);
    if (k != NULL) {
        k->stride = (size_t)stride;
        k->state = dp_arena_alloc(arena, (size_t)n, sizeof *k->state);
        k->bytes = dp_arena_alloc_raw(arena, (size_t)n, k->stride);
    }
    if (k != NULL && k->state != NULL && k->bytes != NULL)
        *out = k;
    return *out != NULL || arena->over ? DP_OK : dp_arena_fail(arena, err, "the records");
}

const uint8_t *dp_kept_find(const dp_kept *k, uint64_t record)
{
    return k != NULL && atomic_load_explicit(&k->state[record], memory_order_acquire) == KEPT
               ? k->bytes + record * k->stride
               : NULL;
}

uint8_t *dp_kept_claim(dp_kept *k, uint64_t record)
{
    uint32_t seen = UNREAD;

    if (k == NULL ||
        atomic_compare_exchange_strong_explicit(&k->state[record], &seen, READ,
                                                memory_order_relaxed, memory_order_relaxed) ||
        seen != READ ||
        !atomic_compare_exchange_strong_explicit(&k->state[record], &seen, COMING,
                                                 memory_order_relaxed, memory_order_relaxed))
        return NULL;
    return k->bytes + record * k->stride;
}

void dp_kept_fill(dp_kept *k, uint64_t record)
{
    atomic_store_explicit(&k->state[record], KEPT, memory_order_release);
}

void dp_kept_prefetch(const dp_kept *k, uint64_t record)
{
    if (k == NULL || atomic_load_explicit(&k->state[record], memory_order_relaxed) != KEPT)
        return;
    /* Into the second level: the first can wait for few lines at once, and has other work. */
    for (const uint8_t *at = k->bytes + record * k->stride, *end = at + k->stride; at < end;
         at += LINE)
        __builtin_prefetch(at, 0, 2);
}
