/* workers.c - a loop shared by threads
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A run is published under the lock; threads that wake in time join it and claim indices from a
 * counter. The caller works as well, withdraws the run when the counter is used up and waits only
 * for those that joined, so a thread that never got a CPU delays nobody.  Where every thread can
 * have a CPU, whoever waits looks a while before it sleeps: to wake a thread takes longer than many
 * a run.
 */
#include "base/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "base/cpu.h"
#include "base/fp.h"
#include "base/status.h"

#define LOOKS 500 /* before a thread sleeps: 10 to 30 us */

struct dp_workers {
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    dp_task *task; /* NULL = nothing to join */
    void *ctx;
    uint64_t n;
    _Atomic uint64_t next, generation;
    _Atomic uint32_t joined;
    _Atomic uint32_t stop;
    uint32_t n_threads, looks;
    pthread_t threads[];
};

static void work(dp_workers *w, dp_task *task, void *ctx, uint64_t n)
{
    for (;;) {
        const uint64_t i = atomic_fetch_add_explicit(&w->next, 1, memory_order_relaxed);
        if (i >= n)
            return;
        task(ctx, i);
    }
}

static void pause_cpu(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void look_for_run(dp_workers *w, uint64_t seen)
{
    for (uint32_t i = 0; i < w->looks && !w->stop && w->generation == seen; i++)
        pause_cpu();
}

static void look_for_end(dp_workers *w)
{
    for (uint32_t i = 0; i < w->looks && w->joined != 0; i++)
        pause_cpu();
}

static void *thread_main(void *arg)
{
    dp_workers *w = arg;
    uint64_t seen = 0;
    dp_fp fp;

    dp_fp_enter(&fp);
    for (;;) {
        look_for_run(w, seen);
        pthread_mutex_lock(&w->lock);
        while (!w->stop && (w->task == NULL || w->generation == seen))
            pthread_cond_wait(&w->wake, &w->lock);
        if (w->stop)
            break;
        dp_task *task = w->task;
        void *ctx = w->ctx;
        const uint64_t n = w->n;
        seen = w->generation;
        w->joined++;
        pthread_mutex_unlock(&w->lock);
        work(w, task, ctx, n);
        pthread_mutex_lock(&w->lock);
        if (--w->joined == 0)
            pthread_cond_signal(&w->done);
        pthread_mutex_unlock(&w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

int dp_thread_start(void *thread, void *(*run)(void *), void *arg)
{
    pthread_attr_t attributes;
    sigset_t all, old;
    int error = pthread_attr_init(&attributes);

    if (error != 0)
        return error;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    error = pthread_attr_setstacksize(&attributes, DP_THREAD_STACK);
    if (error == 0)
        error = pthread_create(thread, &attributes, run, arg);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

dp_status dp_workers_open(dp_workers **out, uint32_t threads, dp_arena *arena, dp_error *err)
{
    dp_workers *w = dp_arena_alloc(arena, 1, sizeof *w + threads * sizeof w->threads[0]);

    if (w == NULL)
        return dp_arena_fail(arena, err, "worker threads");
    w->looks = threads <= dp_cpu_count() ? LOOKS : 0;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    pthread_cond_init(&w->done, NULL);
    while (w->n_threads + 1 < threads) {
        const int error = dp_thread_start(&w->threads[w->n_threads], thread_main, w);
        if (error != 0) {
            const uint32_t started = w->n_threads;
            dp_workers_close(w);
            return dp_fail(err, DP_ENOMEM, "cannot start thread %u of %u: %s", started + 1,
                           threads - 1, strerror(error));
        }
        w->n_threads++;
    }
    *out = w;
    return DP_OK;
}

void dp_workers_close(dp_workers *w)
{
    if (w == NULL)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
    for (uint32_t i = 0; i < w->n_threads; i++)
        pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->done);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
}

uint32_t dp_workers_count(const dp_workers *w) { return w->n_threads + 1; }

void dp_workers_run(dp_workers *w, uint64_t n, dp_task *task, void *ctx)
{
    if (w->n_threads == 0 || n <= 1) {
        for (uint64_t i = 0; i < n; i++)
            task(ctx, i);
        return;
    }
    pthread_mutex_lock(&w->lock);
    w->task = task;
    w->ctx = ctx;
    w->n = n;
    w->generation++;
    atomic_store_explicit(&w->next, 0, memory_order_relaxed);
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);

    work(w, task, ctx, n);
    look_for_end(w);

    pthread_mutex_lock(&w->lock);
    w->task = NULL;
    while (w->joined != 0)
        pthread_cond_wait(&w->done, &w->lock);
    pthread_mutex_unlock(&w->lock);
}
