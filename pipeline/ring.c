/* ring.c - batches made ahead by threads and delivered in order
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Threads claim the next batch numbers under the lock (the index plane runs there: microseconds a
 * batch) and fill them outside.  Small batches are claimed some at a time: to wake a thread takes
 * longer than to make one of them.  A large one is claimed in slices of rows, so that all threads
 * make the next one that is wanted.  The caller takes them by number, so which thread made a batch
 * and when does not show.  A thread that would wait fills batches instead: the caller, too, when
 * the one that it wants is not there yet.  So no thread that lost its CPU delays more than its own
 * batches, and a thread is woken only when half of the ring is to be filled. All batches are made
 * at open: prefetch + threads under way (of small ones, two claims a thread at least) and one with
 * the caller.
 */
#include "pipeline/ring.h"

#include <string.h>

#include "base/cpu.h"
#include "base/fp.h"
#include "base/tensor.h"
#include "base/workers.h"
#include "pipeline/walk.h"

static dp_batch *pop_free(dp_ring *r)
{
    dp_batch *b = r->free;
    r->free = b->next;
    return b;
}

static void push_free(dp_ring *r, dp_batch *b)
{
    b->next = r->free;
    r->free = b;
}

static bool can_claim(const dp_ring *r)
{
    return !r->paused && (r->begun != NULL || (r->free != NULL && r->claim < r->graph->length &&
                                               r->claim - r->deliver < r->n_slots));
}

/* As many threads work as were asked for; the caller is one of them while it has to help, but never
 * the only one: batches are made while it is away, too. */
static bool is_wanted(const dp_ring *r)
{
    const bool helps = r->n_threads > 1 && r->deliver < r->helps_until;
    return can_claim(r) && r->busy + helps < r->n_threads;
}

#define MOST_SMALL 64 /* batches that are claimed at a time */

typedef struct slice {
    dp_batch *batch;
    uint64_t first, n; /* rows */
} slice;

static slice claim_slice(dp_ring *r)
{
    slice s;

    if (r->begun == NULL) {
        r->begun = pop_free(r);
        r->rows_claimed = 0;
        r->slots[r->claim % r->n_slots] = r->begun;
        dp_ahead_go(&r->ahead, r->claim, r->deliver);
        dp_batch_claim(r->begun, r->graph, r->claim++);
    }
    s = (slice){r->begun, r->rows_claimed, r->begun->n_rows - r->rows_claimed};
    if (s.n > r->slice_rows)
        s.n = r->slice_rows;
    r->rows_claimed += s.n;
    if (r->rows_claimed == r->begun->n_rows)
        r->begun = NULL;
    return s;
}

/* Claims slices and fills them outside of the lock. */
static void make_some(dp_ring *r, const dp_scratch *scratch)
{
    slice slices[MOST_SMALL];
    uint32_t n = 0;

    while (n < r->ramp && can_claim(r))
        slices[n++] = claim_slice(r);
    if (r->ramp < r->most_claimed)
        r->ramp = 2 * r->ramp < r->most_claimed ? 2 * r->ramp : r->most_claimed;
    pthread_mutex_unlock(&r->lock);
    for (uint32_t i = 0; i < n; i++)
        dp_batch_fill(slices[i].batch, slices[i].first, slices[i].n, scratch);
    pthread_mutex_lock(&r->lock);
}

static void *thread_main(void *arg)
{
    dp_ring *r = arg;
    const dp_scratch *scratch;
    dp_fp fp;

    dp_fp_enter(&fp);
    pthread_mutex_lock(&r->lock);
    scratch = &r->scratch[++r->n_joined];
    for (;;) {
        while (!r->stop && !is_wanted(r)) {
            r->idle++;
            pthread_cond_wait(&r->work, &r->lock);
            r->idle--;
        }
        if (r->stop)
            break;
        r->busy++;
        make_some(r, scratch);
        r->busy--;
        if (r->waiting)
            pthread_cond_signal(&r->done);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static dp_status add_batch(dp_ring *r, dp_error *err)
{
    dp_batch *b = dp_batch_new(r->graph);

    if (b == NULL)
        return dp_arena_fail(&r->graph->arena, err, "a batch");
    push_free(r, b);
    r->n_batches++;
    return DP_OK;
}

static dp_status start_threads(dp_ring *r, dp_error *err)
{
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->work, NULL);
    pthread_cond_init(&r->done, NULL);
    r->locks = true;
    for (; r->n_started < r->n_threads; r->n_started++) {
        const int error = dp_thread_start(&r->threads[r->n_started], thread_main, r);
        if (error != 0)
            return dp_fail(err, DP_ENOMEM, "cannot start thread %u of %u: %s", r->n_started + 1,
                           r->n_threads, strerror(error));
    }
    return DP_OK;
}

#define SMALL ((size_t)1 << 17) /* bytes that are claimed at a time, when a batch has fewer */
#define SLICE ((size_t)1 << 22) /* the same, when it has more */

static size_t row_bytes(const dp_graph *g)
{
    size_t bytes = 0;

    for (uint32_t c = 0; c < g->columns.n; c++)
        bytes += g->row_bytes[c];
    return bytes;
}

static uint32_t most_claimed(const dp_graph *g)
{
    const size_t n = SMALL / (sizeof(dp_batch) + (size_t)dp_graph_most_rows(g) * row_bytes(g));

    return n < 1 ? 1 : n > MOST_SMALL ? MOST_SMALL : (uint32_t)n;
}

static uint32_t slots_for(const dp_options *options, uint32_t most_claimed)
{
    const uint32_t ahead = options->threads + options->prefetch;
    const uint32_t claims = 2 * options->threads * most_claimed;

    return most_claimed > 1 && ahead < claims ? claims : ahead;
}

dp_status dp_ring_open(dp_ring *r, dp_graph *graph, const dp_options *options, dp_error *err)
{
    const bool alone = options->threads == 1 && options->prefetch == 0;
    const uint32_t scratches = alone ? 1 : options->threads + 1;
    dp_status status = DP_OK;

    r->graph = graph;
    r->n_threads = alone ? 0 : options->threads;
    r->most_claimed = most_claimed(graph);
    r->slice_rows = 1 + SLICE / (row_bytes(graph) + 1);
    r->ramp = 1;
    r->n_slots = alone ? 0 : slots_for(options, r->most_claimed);
    if (r->n_slots > graph->length)
        r->n_slots = graph->length > 0 ? (uint32_t)graph->length : 1;
    r->slots = dp_arena_alloc(&graph->arena, r->n_slots + 1, sizeof *r->slots);
    r->scratch = dp_arena_alloc(&graph->arena, scratches, sizeof *r->scratch);
    r->threads = dp_arena_alloc(&graph->arena, r->n_threads + 1, sizeof *r->threads);
    if (r->slots == NULL || r->scratch == NULL || r->threads == NULL)
        return dp_arena_fail(&graph->arena, err, "the workers");
    for (uint32_t i = 0; i < scratches && status == DP_OK; i++)
        status = dp_scratch_plan(&r->scratch[i], graph, err);
    for (uint32_t i = 0; i <= r->n_slots && status == DP_OK; i++)
        status = add_batch(r, err);
    if (status == DP_OK)
        status = dp_ahead_open(&r->ahead, graph, err);
    if (status == DP_OK)
        status = dp_graph_keep(graph, options, err);
    return status == DP_OK && !alone ? start_threads(r, err) : status;
}

void dp_ring_close(dp_ring *r)
{
    if (!r->locks)
        return;
    pthread_mutex_lock(&r->lock);
    r->stop = true;
    pthread_cond_broadcast(&r->work);
    pthread_mutex_unlock(&r->lock);
    for (uint32_t i = 0; i < r->n_started; i++)
        pthread_join(r->threads[i], NULL);
    pthread_cond_destroy(&r->done);
    pthread_cond_destroy(&r->work);
    pthread_mutex_destroy(&r->lock);
}

static void lock(dp_ring *r)
{
    if (r->locks)
        pthread_mutex_lock(&r->lock);
}

static void unlock(dp_ring *r)
{
    if (r->locks)
        pthread_mutex_unlock(&r->lock);
}

static void take_back(dp_ring *r, dp_batch **batch)
{
    if (*batch == NULL)
        return;
    push_free(r, *batch);
    r->n_held--;
    *batch = NULL;
}

void dp_ring_recycle(dp_ring *r, dp_batch **batch)
{
    lock(r);
    take_back(r, batch);
    unlock(r);
}

static void wait(dp_ring *r)
{
    r->waiting = true;
    pthread_cond_wait(&r->done, &r->lock);
    r->waiting = false;
}

void dp_ring_seek(dp_ring *r, uint64_t batch)
{
    lock(r);
    r->paused = true;
    while (r->busy != 0)
        wait(r);
    for (; r->n_slots != 0 && r->deliver != r->claim; r->deliver++)
        push_free(r, r->slots[r->deliver % r->n_slots]);
    r->claim = r->deliver = batch;
    dp_ahead_seek(&r->ahead, batch);
    r->begun = NULL;
    r->ramp = 1;
    r->paused = false;
    if (r->idle > 0)
        pthread_cond_broadcast(&r->work);
    unlock(r);
}

void dp_ring_want(dp_ring *r, dp_wanted wanted)
{
    lock(r);
    r->graph->wanted = wanted;
    unlock(r);
    dp_ring_seek(r, r->deliver);
}

uint64_t dp_ring_rows(dp_ring *r, uint64_t batch, dp_row *rows, double *draws)
{
    uint64_t n;

    lock(r);
    n = dp_graph_rows(r->graph, batch, rows, draws);
    unlock(r);
    return n;
}

uint64_t dp_ring_count(dp_ring *r, uint64_t batch)
{
    uint64_t n;

    lock(r);
    n = dp_graph_count(r->graph, batch);
    unlock(r);
    return n;
}

static dp_batch *make_here(dp_ring *r)
{
    dp_batch *b = pop_free(r);
    dp_ahead_go(&r->ahead, r->deliver, r->deliver);
    dp_batch_claim(b, r->graph, r->deliver);
    dp_batch_fill(b, 0, b->n_rows, &r->scratch[0]);
    return b;
}

static dp_batch *wait_for(dp_ring *r)
{
    dp_batch **slot = &r->slots[r->deliver % r->n_slots];

    if (r->idle > 0 && is_wanted(r) && r->claim - r->deliver <= r->n_slots / 2)
        pthread_cond_broadcast(&r->work);
    while (r->deliver == r->claim || !atomic_load(&(*slot)->filled)) {
        if (can_claim(r) && r->busy < r->n_threads) {
            r->helps_until = r->deliver + r->n_slots;
            make_some(r, &r->scratch[0]);
        } else {
            wait(r);
        }
    }
    return *slot;
}

dp_status dp_ring_next(dp_ring *r, dp_batch **batch, dp_error *err)
{
    dp_status status = DP_OK;

    lock(r);
    take_back(r, batch);
    if (r->n_batches < r->n_slots + r->n_held + 1)
        status = add_batch(r, err);
    if (status == DP_OK) {
        *batch = r->n_threads == 0 ? make_here(r) : wait_for(r);
        r->deliver++;
        r->n_held++;
    }
    unlock(r);
    return status;
}
