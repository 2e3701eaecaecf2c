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

#define NONE       UINT64_MAX
#define MOST_BEGUN 1024 /* blocks that wait in memory to be looked at */
#define IN_ORDER   32   /* blocks that were begun one behind the other: so will the next ones */
#define ENOUGH     16   /* of such, to be begun at a time */

/* Lists of slots, in which those stand that have a block.  OVER: it was wanted and is so no more,
 * by the time since it was used; of these the last one goes first, as what is read from end to end
 * again finds the others there.  UNTOLD: no turn was known to want it, by the time since it was
 * used; the first one goes next.  WANTED: by their turns; the last one goes, where one has to. */
enum { OVER, UNTOLD, WANTED, N_LISTS };

/* Slots are linked in rings; behind the slots are the heads of the lists. */
typedef struct link {
    uint32_t before, behind;
} link;

struct dp_block_cache {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    dp_block_loader loader;
    uint64_t over;            /* turns before it are */
    uint32_t n_slots, n_used; /* those behind n_used had no block yet */
    uint64_t *blocks;         /* of each slot; NONE: it has none yet */
    dp_block_slot *slots;
    link *links;
    /* Of each hash of a block: a slot whose block has it, and of that slot another one; + 1. */
    uint32_t *first, *more, mask;
    uint32_t *begun, n_begun, most_begun; /* slots, in the order in which they were */
    uint64_t last;                        /* block that was begun, */
    uint32_t in_order;                    /* and how many before it */
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
    c->most_begun = c->most_begun < MOST_BEGUN ? c->most_begun : MOST_BEGUN;
    while (c->mask < n_slots)
        c->mask = 2 * c->mask + 1;
    c->blocks = dp_arena_alloc(arena, n_slots, sizeof *c->blocks);
    c->slots = dp_arena_alloc(arena, n_slots, sizeof *c->slots);
    c->links = dp_arena_alloc(arena, (size_t)n_slots + N_LISTS, sizeof *c->links);
    c->first = dp_arena_alloc(arena, (size_t)c->mask + 1, sizeof *c->first);
    c->more = dp_arena_alloc(arena, n_slots, sizeof *c->more);
    c->begun = dp_arena_alloc(arena, (size_t)c->most_begun + 1, sizeof *c->begun);
    memory = dp_arena_alloc_raw(arena, n_slots, slot_size);
    if (c->blocks == NULL || c->slots == NULL || c->links == NULL || c->first == NULL ||
        c->more == NULL || c->begun == NULL || memory == NULL)
        return dp_arena_fail(arena, err, "blocks of a file");
    for (uint32_t i = 0; i < n_slots; i++) {
        c->blocks[i] = NONE;
        c->slots[i].memory = memory + i * slot_size;
    }
    for (uint32_t i = 0; i < n_slots + N_LISTS; i++)
        c->links[i] = (link){i, i};
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

static uint32_t number_of(const dp_block_cache *c, const dp_block_slot *s)
{
    return (uint32_t)(s - c->slots);
}

static uint32_t *chain_of(const dp_block_cache *c, uint64_t block)
{
    return &c->first[(block * 0x9E3779B97F4A7C15 >> 32) & c->mask];
}

static dp_block_slot *find(const dp_block_cache *c, uint64_t block)
{
    uint32_t at = *chain_of(c, block);

    while (at != 0 && c->blocks[at - 1] != block)
        at = c->more[at - 1];
    return at != 0 ? &c->slots[at - 1] : NULL;
}

/* The slot is found by another block from now on. */
static void name_slot(dp_block_cache *c, uint32_t slot, uint64_t block)
{
    uint32_t *at = c->blocks[slot] != NONE ? chain_of(c, c->blocks[slot]) : NULL;

    while (at != NULL && *at != slot + 1)
        at = &c->more[*at - 1];
    if (at != NULL)
        *at = c->more[slot];
    at = chain_of(c, block);
    c->blocks[slot] = block;
    c->more[slot] = *at;
    *at = slot + 1;
}

static bool is_under_way(dp_block_slot *s) { return s->begun && !dp_fetch_is_done(&s->fetch); }

/* ---- which of them goes ---- */

static uint32_t list_of(const dp_block_cache *c, const dp_block_slot *s)
{
    return c->n_slots + (s->wanted == 0 ? UNTOLD : s->wanted <= c->over ? OVER : WANTED);
}

/* From where it stands to the end of its list. */
static void move_to_end(dp_block_cache *c, const dp_block_slot *s)
{
    const uint32_t i = number_of(c, s), list = list_of(c, s), last = c->links[list].before;
    link *l = &c->links[i];

    if (last == i)
        return;
    c->links[l->before].behind = l->behind;
    c->links[l->behind].before = l->before;
    *l = (link){last, list};
    c->links[last].behind = c->links[list].before = i;
}

/* Turns before `over` are. */
static void pass_turns(dp_block_cache *c, uint64_t over)
{
    const uint32_t list = c->n_slots + WANTED;

    c->over = over;
    while (c->links[list].behind != list && c->slots[c->links[list].behind].wanted <= over)
        move_to_end(c, &c->slots[c->links[list].behind]);
}

static bool is_held(dp_block_slot *s) { return s->pins > 0 || s->loading || is_under_way(s); }

/* The last, or the first, of a list that nobody holds; NULL = there is none. */
static dp_block_slot *find_in(const dp_block_cache *c, uint32_t kind, bool last)
{
    const uint32_t list = c->n_slots + kind;
    uint32_t i = list;

    do
        i = last ? c->links[i].before : c->links[i].behind;
    while (i != list && is_held(&c->slots[i]));
    return i != list ? &c->slots[i] : NULL;
}

/* A slot without a block, or one whose block may go; NULL = all are wanted, or held. */
static dp_block_slot *find_unwanted(dp_block_cache *c)
{
    dp_block_slot *s;

    if (c->n_used < c->n_slots)
        return &c->slots[c->n_used++];
    s = find_in(c, OVER, true);
    return s != NULL ? s : find_in(c, UNTOLD, false);
}

/* NULL = all are held. */
static dp_block_slot *find_room(dp_block_cache *c)
{
    dp_block_slot *s = find_unwanted(c);

    return s != NULL ? s : find_in(c, WANTED, true);
}

/* It was looked at, or goes. */
static void end_begun(dp_block_cache *c, dp_block_slot *s)
{
    uint32_t i = 0;

    if (!s->begun)
        return;
    s->begun = false;
    while (c->begun[i] != number_of(c, s))
        i++;
    c->n_begun--;
    memmove(c->begun + i, c->begun + i + 1, (c->n_begun - i) * sizeof *c->begun);
}

static void take(dp_block_cache *c, dp_block_slot *s, uint64_t block)
{
    name_slot(c, number_of(c, s), block);
    end_begun(c, s);
    s->ready = false;
    s->wanted = 0;
    move_to_end(c, s);
}

/* Called with the lock.  The slot, and others whose bytes wait for their digest, which are not to
 * be loaded meanwhile. */
static uint32_t find_unsummed(dp_block_cache *c, dp_block_slot *s,
                              dp_block_slot *out[DP_BLAKE_LANES])
{
    uint32_t n = 0;

    out[n++] = s;
    for (uint32_t i = 0; i < c->n_begun && n < dp_blake_lanes(); i++) {
        dp_block_slot *o = &c->slots[c->begun[i]];
        if (o->loading || !dp_fetch_is_done(&o->fetch) || o->fetch.error != 0 || o->fetch.summed)
            continue;
        o->loading = true;
        out[n++] = o;
    }
    return n;
}

static void sum(dp_block_slot *const slots[], uint32_t n)
{
    uint8_t digests[DP_BLAKE_LANES][DP_BLAKE];
    const uint8_t *bytes[DP_BLAKE_LANES];
    size_t sizes[DP_BLAKE_LANES];

    for (uint32_t i = 0; i < n; i++) {
        bytes[i] = slots[i]->fetch.out;
        sizes[i] = slots[i]->fetch.n;
    }
    dp_blake_many(n, bytes, sizes, digests);
    for (uint32_t i = 0; i < n; i++) {
        memcpy(slots[i]->fetch.digest, digests[i], DP_BLAKE);
        slots[i]->fetch.summed = true;
    }
}

/* Of a slot that is being loaded: some digests take little longer than one. */
static void make_digest(dp_block_cache *c, dp_block_slot *s)
{
    dp_block_slot *slots[DP_BLAKE_LANES];
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
    s->loading = false;
    end_begun(c, s);
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
        if (s->wanted <= c->over)
            move_to_end(c, s);
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
static void want(dp_block_cache *c, dp_block_slot *s, const dp_when *turn)
{
    if (turn == NULL || s->wanted > turn->number)
        return;
    s->wanted = turn->number + 1;
    move_to_end(c, s);
}

/* Blocks that may wait to be looked at.  What is read in order is soon known again: half of the
 * slots go on having what the next epoch begins with. */
static uint32_t most_begun(const dp_block_cache *c)
{
    const uint32_t half = c->most_begun / 2;

    return c->in_order >= IN_ORDER && half >= ENOUGH ? half : c->most_begun;
}

/* Whether another one may.  The first of them goes, if nobody is known to want it. */
static bool may_begin(dp_block_cache *c)
{
    dp_block_slot *s = c->n_begun > 0 ? &c->slots[c->begun[0]] : NULL;

    if (c->n_begun < most_begun(c))
        return true;
    if (s == NULL || s->wanted > c->over || is_held(s))
        return false;
    end_begun(c, s);
    return true;
}

/* Called with the lock. */
static bool begin(dp_block_cache *c, uint64_t block, const dp_when *turn)
{
    dp_block_slot *s = may_begin(c) ? find_unwanted(c) : NULL;

    if (s == NULL)
        return false;
    c->in_order = block == c->last + 1 ? c->in_order + 1 : 0;
    c->last = block;
    take(c, s, block);
    want(c, s, turn);
    s->begun = c->loader.begin(c->loader.ctx, block, s);
    if (s->begun)
        c->begun[c->n_begun++] = number_of(c, s);
    return true;
}

bool dp_block_cache_ahead(dp_block_cache *c, uint64_t block, const dp_when *turn)
{
    dp_block_slot *s;
    bool room = true;

    pthread_mutex_lock(&c->lock);
    if (turn != NULL)
        pass_turns(c, turn->over);
    s = find(c, block);
    if (s == NULL)
        room = !c->loader.is_far(c->loader.ctx, block) || begin(c, block, turn);
    else
        want(c, s, turn);
    pthread_mutex_unlock(&c->lock);
    return room;
}
