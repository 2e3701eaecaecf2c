/* transfer.h - bytes of far files that are brought while their reader does something else
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_REMOTE_TRANSFER_H
#define IO_REMOTE_TRANSFER_H

#include <stdatomic.h>

#include "base/blake.h"
#include "base/file.h"
#include "io/remote/answer.h"

/* When something will be read: the number of a batch, in the order in which they are made, which
 * never goes back; all before `over` are with the caller. */
typedef struct dp_when {
    uint64_t number, over;
} dp_when;

typedef struct dp_fetch {
    const dp_far *far; /* the caller's: what is asked for, within the file, and where it goes */
    uint64_t at;
    size_t n;
    uint8_t *out;
    uint32_t from;   /* means nothing here */
    dp_answer *said; /* the last answer; NULL = not wanted */
    bool summed;     /* the caller's, once it is done: the digest of its bytes is here */
    uint8_t digest[DP_BLAKE];
    /* The transfers' own, until it is done. */
    size_t wanted, got;
    int error, first_error;        /* of its first server */
    uint32_t tries;                /* of the server that is asked now */
    uint32_t server, left;         /* which of far->urls that is; how many failed before it */
    uint64_t not_before, deadline; /* ms of the clock */
    struct dp_fetch *next, *more;  /* in the queue; in a chain */
    _Atomic uint32_t done;
} dp_fetch;

/* It and its `out` have to stay until it is done or its opener is closed.  Waiting for it gives 0
 * or an error, for which dp_far's `why` has words. */
void dp_fetch_start(dp_fetch *);
int dp_fetch_wait(dp_fetch *);
/* Before all that were started and are not waited for, and until it is done. */
int dp_fetch_now(dp_fetch *);
static inline bool dp_fetch_is_done(dp_fetch *f) { return atomic_load(&f->done) != 0; }

/* What a far dp_file's `far` begins. */
typedef struct dp_far_file {
    dp_far far;
    struct dp_remote *remote;
    const char **urls; /* its own and its mirrors', with the query: in no message */
    uint32_t n_urls;
    uint64_t size, version; /* size 0 = it is not known; version 0 = any */
    /* Of io/remote/pages.h. */
    struct dp_pages *pages;
    uint64_t number;        /* among its opener's */
    uint64_t pin;           /* the version that was found; 0 = the server says none */
    uint8_t name[DP_BLAKE]; /* of address, size and pin */
    _Atomic uint64_t last;  /* page that was read */
    _Atomic uint32_t steps; /* pages in a row */
} dp_far_file;

#endif
