/* answer.h - what a server says of the bytes that it sends, and whether they are those asked for
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_REMOTE_ANSWER_H
#define IO_REMOTE_ANSWER_H

#include "base/alloc.h"

typedef struct dp_answer {
    uint32_t status; /* of the last status line; 0 = there was none */
    bool ranged;     /* Content-Range: bytes first-last/total */
    uint64_t first, last, total;
    uint64_t etag, modified; /* hashes; 0 = not said */
    uint32_t retry_after;    /* seconds */
    bool encoded;            /* Content-Encoding: the bytes are not the file's */
} dp_answer;

/* One line of a header, as it came; a status line begins anew. */
void dp_answer_line(dp_answer *, const char *line, size_t n);

/* Bytes first to last of a file, which is `size` bytes long (0 = not known yet: as many of them as
 * there are) and of this version (0 = whichever). */
typedef struct dp_asked {
    uint64_t first, last, size, version;
} dp_asked;

/* Why a transfer failed: an HTTP status, a code of libcurl, or one of these. */
enum {
    DP_FAR_HTTP = 1 << 16,
    DP_FAR_CURL = 2 << 16,
    DP_FAR_OWN = 3 << 16,
    DP_FAR_NO_RANGES = DP_FAR_OWN,
    DP_FAR_OTHER_RANGE,
    DP_FAR_OTHER_SIZE,
    DP_FAR_NO_SIZE,
    DP_FAR_CHANGED,
    DP_FAR_NO_VERSION,
    DP_FAR_ENCODED,
    DP_FAR_CUT,
    DP_FAR_CONNECT,
    DP_FAR_TIMEOUT,
    DP_FAR_WITHIN,
    DP_FAR_FORKED,
    DP_FAR_REDIRECT,
    DP_FAR_EXPIRED,
    DP_FAR_SIGNATURE,
    DP_FAR_CLOCK,
    DP_FAR_N
};

/* 0, or why the answer is not what was asked for. */
int dp_answer_check(const dp_answer *, const dp_asked *);
/* Why a server refused, as the stores that speak S3 say it behind their answer: such an error, or
 * `error` where it says nothing that is known.  Nothing of what it says is kept. */
int dp_answer_reason(int error, const char *body, size_t n);
uint64_t dp_answer_version(const dp_answer *); /* 0 = the server says none */

/* Whether another try may help; words for DP_FAR_HTTP and DP_FAR_OWN. */
bool dp_far_passes(int error);
const char *dp_far_words(int error);

#endif
