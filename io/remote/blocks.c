/* blocks.c - blocks of files that are in memory: as many as fit, shared by threads
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A thread holds one block at a time, so whoever waits for a slot waits for a thread that will give
 * one back: of the slots, one a thread is never begun ahead.  Blocks are loaded outside the lock; a
 * thread that wants one that is being loaded waits.
 */
#include "io/remote/blocks.h"

#include <pthread.h>
#include <string.h>

#include "base/blake.h"

#define NONE UINT64_MAX

struct dp_block_cache {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    dp_block_loader loader;
    uint64_t clock, over; /* turns before `over` are */
    uint32_t n_slots, most_begun;
    uint64_t *blocks; /* of each slot; NONE: it was not loaded yet */
    dp_block_slot *slots;
};

dp_status dp_block_cache_open(dp_block_cache **out, const dp_block_loader *loader, uint32_t n_slots,
                              size_t slot_size, uint32_t threads, dp_arena *arena, dp_error *err)
{
    dp_block_cache *c = dp_arena_alloc(arena, 1, sizeof *c);
    uint8_t *memory;

    if (c == NULL)
        return dp_arena_fail(arena, err, "blocks of a file");
    c->loader = *loader;
    c->n_slots = n_slots;
    c->most_begun = n_slots > threads ? n_slots - threads : 0;
    c->blocks = dp_arena_alloc(arena, n_slots, sizeof *c->blocks);
    c->slots = dp_arena_alloc(arena, n_slots, sizeof *c->slots);
    memory = dp_arena_alloc_raw(arena, n_slots, slot_size);
    if (c->blocks == NULL || c->slots == NULL || memory == NULL)
        return dp_arena_fail(arena, err, "blocks of a file");
    for (uint32_t i = 0; i < n_slots; i++) {
        c->blocks[i] = NONE;
        c->slots[i].memory = memory + i * slot_size;
    }
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

static dp_block_slot *find(const dp_block_cache *c, uint64_t block)
{
    for (uint32_t i = 0; i < c->n_slots; i++) {
        if (c->blocks[i] == block)
            return &c->slots[i];
    }
    return NULL;
}

static bool is_under_way(dp_block_slot *s) { return s->begun && !dp_fetch_is_done(&s->fetch); }

/* Of what nobody holds: whether it goes before the other.  First what no turn is known to want, by
 * the time since it was used, then what is wanted last. */
static bool goes_before(const dp_block_cache *c, const dp_block_slot *a, const dp_block_slot *b)
{
    const bool wanted_a = a->wanted > c->over, wanted_b = b->wanted > c->over;

    if (wanted_a != wanted_b)
        return wanted_b;
    return wanted_a ? a->wanted > b->wanted : a->used < b->used;
}

/* The slot that goes first; NULL = all are held. */
static dp_block_slot *find_room(const dp_block_cache *c)
{
    dp_block_slot *first = NULL;

    for (uint32_t i = 0; i < c->n_slots; i++) {
        dp_block_slot *s = &c->slots[i];
        if (s->pins == 0 && !s->loading && !is_under_way(s) &&
            (first == NULL || goes_before(c, s, first)))
            first = s;
    }
    return first;
}

static void take(dp_block_cache *c, dp_block_slot *s, uint64_t block)
{
    c->blocks[s - c->slots] = block;
    s->wanted = 0;
    s->ready = s->begun = false;
    s->used = ++c->clock;
}

/* Called with the lock.  The slot, and others whose bytes wait for their digest, which are not to
 * be loaded meanwhile. */
static uint32_t find_unsummed(dp_block_cache *c, dp_block_slot *s, dp_block_slot *out[4])
{
    uint32_t n = 0;

    out[n++] = s;
    for (uint32_t i = 0; i < c->n_slots && n < dp_blake_lanes(); i++) {
        dp_block_slot *o = &c->slots[i];
        if (!o->begun || o->loading || !dp_fetch_is_done(&o->fetch) || o->fetch.error != 0 ||
            o->fetch.summed)
            continue;
        o->loading = true;
        out[n++] = o;
    }
    return n;
}

static void sum(dp_block_slot *const slots[4], uint32_t n)
{
    uint8_t digests[4][DP_BLAKE];
    const uint8_t *bytes[4];
    size_t sizes[4];

    for (uint32_t i = 0; i < 4; i++) {
        bytes[i] = slots[i < n ? i : 0]->fetch.out;
        sizes[i] = slots[i < n ? i : 0]->fetch.n;
    }
    if (n > 1)
        dp_blake_four(bytes, sizes, digests);
    else
        dp_blake_bytes(bytes[0], sizes[0], digests[0]);
    for (uint32_t i = 0; i < n; i++) {
        memcpy(slots[i]->fetch.digest, digests[i], DP_BLAKE);
        slots[i]->fetch.summed = true;
    }
}

/* Of a slot that is being loaded: four digests take little longer than one. */
static void make_digest(dp_block_cache *c, dp_block_slot *s)
{
    dp_block_slot *slots[4];
    uint32_t n;

    if (dp_fetch_wait(&s->fetch) != 0 || s->fetch.summed)
        return;
    pthread_mutex_lock(&c->lock);
    n = find_unsummed(c, s, slots);
    pthread_mutex_unlock(&c->lock);
    sum(slots, n);
    pthread_mutex_lock(&c->lock);
    for (uint32_t i = 1; i < n; i++)
        slots[i]->loading = false;
    if (n > 1)
        pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

/* Called with the lock; it is open while the block is loaded. */
static dp_status load(dp_block_cache *c, dp_block_slot *s, uint64_t block, dp_error *err)
{
    dp_status status;

    s->loading = true;
    pthread_mutex_unlock(&c->lock);
    if (s->begun && c->loader.sums)
        make_digest(c, s);
    status = c->loader.load(c->loader.ctx, block, s, err);
    pthread_mutex_lock(&c->lock);
    s->loading = s->begun = false;
    s->ready = status == DP_OK;
    pthread_cond_broadcast(&c->changed);
    return status;
}

/* Called with the lock.  The slot that has the block or gets it now, once there is one that is not
 * being loaded. */
static dp_block_slot *wait_for(dp_block_cache *c, uint64_t block)
{
    for (;;) {
        dp_block_slot *s = find(c, block);
        if (s != NULL && !s->loading)
            return s;
        if (s == NULL && (s = find_room(c)) != NULL) {
            take(c, s, block);
            return s;
        }
        pthread_cond_wait(&c->changed, &c->lock);
    }
}

dp_status dp_block_cache_get(dp_block_cache *c, uint64_t block, dp_block_slot **out, dp_error *err)
{
    dp_status status = DP_OK;
    dp_block_slot *s;

    pthread_mutex_lock(&c->lock);
    s = wait_for(c, block);
    if (!s->ready)
        status = load(c, s, block, err);
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

/* ---- ahead ---- */

/* Called with the lock. */
static uint32_t count_begun(const dp_block_cache *c)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < c->n_slots; i++)
        n += c->slots[i].begun;
    return n;
}

/* Called with the lock. */
static bool begin(dp_block_cache *c, uint64_t block, const dp_when *turn)
{
    dp_block_slot *s = count_begun(c) < c->most_begun ? find_room(c) : NULL;

    if (s == NULL || s->wanted > c->over)
        return false;
    take(c, s, block);
    s->wanted = turn != NULL ? turn->number + 1 : 0;
    s->begun = c->loader.begin(c->loader.ctx, block, s);
    return true;
}

bool dp_block_cache_ahead(dp_block_cache *c, uint64_t block, const dp_when *turn)
{
    dp_block_slot *s;
    bool room = true;

    pthread_mutex_lock(&c->lock);
    if (turn != NULL)
        c->over = turn->over;
    s = find(c, block);
    if (s == NULL)
        room = !c->loader.is_far(c->loader.ctx, block) || begin(c, block, turn);
    else if (turn != NULL && s->wanted <= turn->number)
        s->wanted = turn->number + 1;
    pthread_mutex_unlock(&c->lock);
    return room;
}
