/* alloc.h - the arena of a handle
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stdbool.h>

#include "detpipe_base.h"

/* Everything that is planned at open lives here and goes with one call. */
typedef struct dp_arena {
    const dp_allocator *alloc;
    struct dp_chunk *chunks;
    struct dp_arena *within; /* its limit counts what is taken here too; NULL = none */
    uint64_t limit;          /* 0 = none */
    uint64_t total;
    bool over; /* the limit was the reason of the last NULL */
} dp_arena;

extern const dp_allocator dp_libc_allocator;

/* a * b, or false when it does not fit. */
bool dp_mul(size_t a, size_t b, size_t *out);

/* n * size bytes, zeroed, on a 64-byte boundary; NULL when out of memory or over the limit. */
void *dp_arena_alloc(dp_arena *, size_t n, size_t size);
/* The same, not zeroed: large memory whose pages are not touched before they are used. */
void *dp_arena_alloc_raw(dp_arena *, size_t n, size_t size);
char *dp_arena_text(dp_arena *, const char *text, size_t length); /* copy, NUL added */
void dp_arena_free(dp_arena *);

/* A list that has no room left: its n items in memory for twice as many (`least` at first); the old
 * memory stays the arena's.  *room changes on success only; NULL as above. */
void *dp_arena_grow(dp_arena *, const void *items, size_t n, size_t size, size_t *room,
                    size_t least);

/* An arena for a while, which counts where the other one does.  Not for several threads. */
dp_arena dp_arena_within(dp_arena *);

/* An arena of `size` bytes of another's memory and no more, which can be emptied for the next use;
 * false as above.  It is not freed: it goes with the other one. */
bool dp_arena_part(dp_arena *, size_t size, dp_arena *out);

/* Ends what was taken, and keeps the memory for the next use: `most` bytes of it, in one piece. */
void dp_arena_empty(dp_arena *, size_t most);
/* Takes memory for `size` bytes ahead, of an arena that is empty; false as above. */
bool dp_arena_reserve(dp_arena *, size_t size);

/* DP_ENOMEM or DP_ELIMIT, whichever made the last dp_arena_alloc return NULL. */
dp_status dp_arena_fail(const dp_arena *, dp_error *err, const char *what);

#endif
