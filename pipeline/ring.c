/* ring.c - batches made ahead by threads and delivered in order
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Threads claim the next batch number under the lock (the index plane runs there: microseconds a
 * batch), fill it outside, and mark it.  The caller takes them by number, so who made a batch and
 * when does not show.  All batches are made at open: prefetch + threads under way and one with the
 * caller.
 */
#include "pipeline/ring.h"

#include <string.h>

#include "base/cpu.h"
#include "base/workers.h"

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
    return !r->paused && r->free != NULL && r->claim < r->graph->length &&
           r->claim - r->deliver < r->n_slots;
}

static void *thread_main(void *arg)
{
    dp_ring *r = arg;
    const dp_scratch *scratch;
    dp_fp fp;

    dp_fp_enter(&fp);
    pthread_mutex_lock(&r->lock);
    scratch = &r->scratch[r->n_joined++];
    for (;;) {
        while (!r->stop && !can_claim(r))
            pthread_cond_wait(&r->work, &r->lock);
        if (r->stop)
            break;
        dp_batch *b = pop_free(r);
        r->slots[r->claim % r->n_slots] = b;
        dp_batch_claim(b, r->graph, r->claim++);
        r->busy++;
        pthread_mutex_unlock(&r->lock);
        dp_batch_fill(b, scratch);
        pthread_mutex_lock(&r->lock);
        b->filled = true;
        r->busy--;
        pthread_cond_broadcast(&r->done);
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

dp_status dp_ring_open(dp_ring *r, dp_graph *graph, const dp_options *options, dp_error *err)
{
    const bool alone = options->threads == 1 && options->prefetch == 0;
    const uint32_t scratches = alone ? 1 : options->threads;
    dp_status status = DP_OK;

    r->graph = graph;
    r->n_threads = alone ? 0 : options->threads;
    r->n_slots = alone ? 0 : options->threads + options->prefetch;
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

void dp_ring_seek(dp_ring *r, uint64_t batch)
{
    lock(r);
    r->paused = true;
    while (r->busy != 0)
        pthread_cond_wait(&r->done, &r->lock);
    for (; r->n_slots != 0 && r->deliver != r->claim; r->deliver++)
        push_free(r, r->slots[r->deliver % r->n_slots]);
    r->claim = r->deliver = batch;
    r->paused = false;
    if (r->locks)
        pthread_cond_broadcast(&r->work);
    unlock(r);
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
    dp_batch_claim(b, r->graph, r->deliver);
    dp_batch_fill(b, &r->scratch[0]);
    return b;
}

static dp_batch *wait_for(dp_ring *r)
{
    dp_batch **slot = &r->slots[r->deliver % r->n_slots], *b;

    pthread_cond_broadcast(&r->work);
    while (r->deliver == r->claim || !(*slot)->filled)
        pthread_cond_wait(&r->done, &r->lock);
    b = *slot;
    return b;
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
