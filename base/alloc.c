/* alloc.c - the arena of a handle
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/status.h"

#define ALIGN     64
#define HUGE_PAGE ((size_t)2 << 20)

#ifndef CHUNK_SIZE /* tests take chunks of one allocation each, so that any of them can fail */
#define CHUNK_SIZE 16384
#endif

struct dp_chunk {
    struct dp_chunk *next;
    size_t size, used;
};

static void *libc_alloc(void *ctx, size_t size, size_t align)
{
    void *p;

    (void)ctx;
    if (size >= 2 * HUGE_PAGE)
        align = HUGE_PAGE;
    p = aligned_alloc(align, (size + align - 1) / align * align);
#if defined(MADV_HUGEPAGE)
    if (p != NULL && align == HUGE_PAGE)
        madvise(p, size, MADV_HUGEPAGE);
#endif
    return p;
}

static void libc_free(void *ctx, void *ptr, size_t size)
{
    (void)ctx, (void)size;
    free(ptr);
}

const dp_allocator dp_libc_allocator = {NULL, libc_alloc, libc_free};

bool dp_mul(size_t a, size_t b, size_t *out) { return !__builtin_mul_overflow(a, b, out); }

/* Whether `size` more bytes are within every limit. */
static bool charge(dp_arena *arena, size_t size)
{
    for (const dp_arena *a = arena; a != NULL; a = a->within) {
        if (a->limit != 0 && (size > a->limit || a->total > a->limit - size))
            return false;
    }
    for (dp_arena *a = arena; a != NULL; a = a->within)
        a->total += size;
    return true;
}

static void discharge(dp_arena *arena, size_t size)
{
    for (dp_arena *a = arena; a != NULL; a = a->within)
        a->total -= size;
}

static struct dp_chunk *add_chunk(dp_arena *arena, size_t payload)
{
    const size_t size = ALIGN + (payload > CHUNK_SIZE ? payload : CHUNK_SIZE);
    struct dp_chunk *chunk;

    if (!charge(arena, size)) {
        arena->over = true;
        return NULL;
    }
    chunk = arena->alloc->alloc(arena->alloc->ctx, size, ALIGN);
    if (chunk == NULL) {
        arena->over = false;
        discharge(arena, size);
        return NULL;
    }
    *chunk = (struct dp_chunk){arena->chunks, size, ALIGN};
    arena->chunks = chunk;
    return chunk;
}

/* n * size in whole lines, or false when it does not fit. */
static bool whole_lines(size_t n, size_t size, size_t *bytes)
{
    if (!dp_mul(n, size, bytes) || *bytes > SIZE_MAX / 2)
        return false;
    *bytes = (*bytes + ALIGN - 1) / ALIGN * ALIGN;
    return true;
}

void *dp_arena_alloc(dp_arena *arena, size_t n, size_t size)
{
    struct dp_chunk *chunk = arena->chunks;
    size_t bytes;
    void *p;

    if (!whole_lines(n, size, &bytes))
        return NULL;
    if (chunk == NULL || chunk->size - chunk->used < bytes)
        chunk = add_chunk(arena, bytes);
    if (chunk == NULL)
        return NULL;
    p = (char *)chunk + chunk->used;
    chunk->used += bytes;
    return memset(p, 0, bytes);
}

void *dp_arena_alloc_raw(dp_arena *arena, size_t n, size_t size)
{
    struct dp_chunk *chunk, *first = arena->chunks;
    size_t bytes;

    if (!whole_lines(n, size, &bytes))
        return NULL;
    chunk = add_chunk(arena, bytes);
    if (chunk == NULL)
        return NULL;
    chunk->used = chunk->size;
    if (first != NULL) { /* what is left of the first goes on being used */
        arena->chunks = first;
        chunk->next = first->next;
        first->next = chunk;
    }
    return (char *)chunk + ALIGN;
}

void *dp_arena_grow(dp_arena *arena, const void *items, size_t n, size_t size, size_t *room,
                    size_t least)
{
    const size_t more = *room == 0 ? least : 2 * *room;
    void *larger = dp_arena_alloc(arena, more, size);

    if (larger == NULL)
        return NULL;
    if (n > 0)
        memcpy(larger, items, n * size);
    *room = more;
    return larger;
}

char *dp_arena_text(dp_arena *arena, const char *text, size_t length)
{
    char *copy = dp_arena_alloc(arena, length + 1, 1);
    if (copy != NULL)
        memcpy(copy, text, length);
    return copy;
}

void dp_arena_free(dp_arena *arena)
{
    while (arena->chunks != NULL) {
        struct dp_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        discharge(arena, chunk->size);
        arena->alloc->free(arena->alloc->ctx, chunk, chunk->size);
    }
}

dp_arena dp_arena_within(dp_arena *arena)
{
    return (dp_arena){.alloc = arena->alloc, .within = arena, .limit = arena->limit};
}

static void *no_more(void *ctx, size_t size, size_t align)
{
    (void)ctx, (void)size, (void)align;
    return NULL;
}
static const dp_allocator nothing = {NULL, no_more, NULL};

bool dp_arena_part(dp_arena *from, size_t size, dp_arena *out)
{
    struct dp_chunk *chunk = size > SIZE_MAX / 2 ? NULL : dp_arena_alloc(from, 1, ALIGN + size);

    if (chunk == NULL)
        return false;
    *chunk = (struct dp_chunk){NULL, ALIGN + size, ALIGN};
    *out = (dp_arena){.alloc = &nothing, .chunks = chunk};
    return true;
}

bool dp_arena_reserve(dp_arena *arena, size_t size) { return add_chunk(arena, size) != NULL; }

void dp_arena_empty(dp_arena *arena, size_t most)
{
    const uint64_t total = arena->total;

    if (arena->chunks == NULL)
        return;
    if (arena->chunks->next == NULL && total <= most) {
        arena->chunks->used = ALIGN;
        return;
    }
    dp_arena_free(arena);
    (void)dp_arena_reserve(arena, (size_t)(total < most ? total : most));
}

dp_status dp_arena_fail(const dp_arena *arena, dp_error *err, const char *what)
{
    if (arena->over)
        return dp_fail(err, DP_ELIMIT, "%s would take more than dp_options.memory = %llu bytes",
                       what, (unsigned long long)arena->limit);
    return dp_fail(err, DP_ENOMEM, "out of memory for %s", what);
}
