/* workers.h - a loop shared by threads
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_WORKERS_H
#define BASE_WORKERS_H

#include "base/alloc.h"

typedef struct dp_workers dp_workers;
typedef void dp_task(void *ctx, uint64_t index);

/* threads - 1 threads are made, the caller is the last one; threads = 1 makes none. */
dp_status dp_workers_open(dp_workers **out, uint32_t threads, dp_arena *, dp_error *);
void dp_workers_close(dp_workers *);

uint32_t dp_workers_count(const dp_workers *); /* the caller included */

/* task(ctx, i) for every i < n, each once, on whichever thread comes first: tasks must write
 * disjoint memory.  Returns when all are done.  Not to be nested. */
void dp_workers_run(dp_workers *, uint64_t n, dp_task *task, void *ctx);

#define DP_THREAD_STACK ((size_t)4 << 20) /* bytes; docs/design.md */

/* pthread_create with every signal blocked (the host's handlers stay on the host's threads) and a
 * stack of DP_THREAD_STACK, whatever the host's limit is. */
int dp_thread_start(void *thread, void *(*run)(void *), void *arg);

#endif
