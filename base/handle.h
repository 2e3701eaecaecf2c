/* handle.h - what every handle begins with: opened, entered, left and closed in one way
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_HANDLE_H
#define BASE_HANDLE_H

#include "base/alloc.h"
#include "base/fp.h"
#include "base/options.h"

/* The first member of a handle. */
typedef struct dp_handle {
    dp_options options; /* defaults filled in */
    dp_arena arena;     /* all that the handle takes: its own bytes count, and options.memory */
    size_t size;        /* bytes of the handle */
    int64_t process;    /* that opened it */
    dp_fp fp;           /* the caller's floating-point environment, while a call runs */
    dp_error failure;   /* repeated by later calls; status DP_OK = none */
} dp_handle;

/* A handle of size bytes, zero but for its head, and entered: dp_handle_leave it, on failure too.
 * what: "a pipeline".  The canary runs: DP_ESTATE where the machine would give other bits. */
dp_status dp_handle_open(dp_handle **out, size_t size, const char *what, const dp_options *given,
                         dp_error *);
/* Ends with what the open made: frees its memory.  In a forked child nothing else may be freed. */
void dp_handle_close(dp_handle *);

/* Whether this process opened it: threads and locks do not come along with fork(). */
bool dp_handle_is_ours(const dp_handle *);
dp_status dp_handle_check(const dp_handle *, dp_error *); /* DP_EINVAL when it did not */

/* The floating-point environment of a call that computes, after dp_handle_check; and the end of it,
 * which gives the status back. */
dp_status dp_handle_enter(dp_handle *, dp_error *);
dp_status dp_handle_leave(dp_handle *, dp_status);

/* Keeps the failure, or repeats the one that was kept (DP_OK: there is none). */
dp_status dp_handle_keep(dp_handle *, dp_status, const dp_error *why, dp_error *err);
dp_status dp_handle_repeat(const dp_handle *, dp_error *err);

#endif
