/* cache.c - the blocks of a file that are in memory: as many as fit, shared by threads
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A thread holds one block at a time, so whoever waits for a slot waits for a thread that will give
 * one back.  Blocks are loaded outside the lock; a thread that wants one that is being loaded
 * waits.
 */
#include "io/snapshot/cache.h"

#include <pthread.h>

struct dp_block_cache {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t clock;
    uint32_t n_slots;
    dp_block_slot slots[];
};

dp_status dp_block_cache_open(dp_block_cache **out, uint32_t n_slots, size_t slot_size,
                              dp_arena *arena, dp_error *err)
{
    dp_block_cache *c = dp_arena_alloc(arena, 1, sizeof *c + n_slots * sizeof c->slots[0]);

    for (uint32_t i = 0; c != NULL && i < n_slots; i++) {
        c->slots[i].memory = dp_arena_alloc(arena, slot_size, 1);
        if (c->slots[i].memory == NULL)
            c = NULL;
    }
    if (c == NULL)
        return dp_arena_fail(arena, err, "the blocks of a snapshot");
    c->n_slots = n_slots;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    *out = c;
    return DP_OK;
}

void dp_block_cache_close(dp_block_cache *c)
{
    if (c == NULL)
        return;
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
}

/* The slot that has the block or gets it now; else the one that has not been used for longest. */
static dp_block_slot *find(dp_block_cache *c, uint64_t block)
{
    dp_block_slot *oldest = NULL;

    for (uint32_t i = 0; i < c->n_slots; i++) {
        dp_block_slot *s = &c->slots[i];
        if ((s->ready || s->loading) && s->block == block)
            return s;
        if (s->pins == 0 && !s->loading && (oldest == NULL || s->used < oldest->used))
            oldest = s;
    }
    return oldest;
}

/* Called with the lock; it is open while the block is loaded. */
static dp_status load(dp_block_cache *c, dp_block_slot *s, uint64_t block, dp_block_loader *loader,
                      const void *ctx, dp_error *err)
{
    dp_status status;

    s->block = block;
    s->loading = true;
    s->ready = false;
    pthread_mutex_unlock(&c->lock);
    status = loader(ctx, block, s->memory, err);
    pthread_mutex_lock(&c->lock);
    s->loading = false;
    s->ready = status == DP_OK;
    pthread_cond_broadcast(&c->changed);
    return status;
}

dp_status dp_block_cache_get(dp_block_cache *c, uint64_t block, dp_block_loader *loader,
                             const void *ctx, dp_block_slot **out, dp_error *err)
{
    dp_status status = DP_OK;
    dp_block_slot *s;

    pthread_mutex_lock(&c->lock);
    while ((s = find(c, block)) == NULL || s->loading)
        pthread_cond_wait(&c->changed, &c->lock);
    if (!s->ready || s->block != block)
        status = load(c, s, block, loader, ctx, err);
    if (status == DP_OK) {
        s->pins++;
        s->used = ++c->clock;
        *out = s;
    }
    pthread_mutex_unlock(&c->lock);
    return status;
}

void dp_block_cache_put(dp_block_cache *c, dp_block_slot *s)
{
    pthread_mutex_lock(&c->lock);
    if (--s->pins == 0)
        pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}
