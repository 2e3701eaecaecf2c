/* answer.c - what a server says of the bytes that it sends, and whether they are those asked for
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/remote/answer.h"

#include <string.h>
#include <strings.h>

#include "base/hash.h"

/* What is left of a line. */
typedef struct words {
    const char *at, *end;
} words;

static void pass_blanks(words *w)
{
    while (w->at < w->end && (*w->at == ' ' || *w->at == '\t'))
        w->at++;
}

static bool take(words *w, const char *text)
{
    const size_t n = strlen(text);

    if ((size_t)(w->end - w->at) < n || strncasecmp(w->at, text, n) != 0)
        return false;
    w->at += n;
    return true;
}

/* At most 18 digits: whatever a server writes, it fits. */
static bool take_number(words *w, uint64_t *out)
{
    const char *from = w->at;

    for (*out = 0; w->at < w->end && *w->at >= '0' && *w->at <= '9'; w->at++) {
        if (w->at - from == 18)
            return false;
        *out = *out * 10 + (uint64_t)(*w->at - '0');
    }
    return w->at > from;
}

static void read_range(dp_answer *a, words w)
{
    a->ranged = take(&w, "bytes ") && take_number(&w, &a->first) && take(&w, "-") &&
                take_number(&w, &a->last) && take(&w, "/") && take_number(&w, &a->total) &&
                w.at == w.end;
}

static void read_status(dp_answer *a, words w)
{
    uint64_t status = 0;

    *a = (dp_answer){.status = 0};
    while (w.at < w.end && *w.at != ' ')
        w.at++;
    pass_blanks(&w);
    if (take_number(&w, &status) && status < 1000)
        a->status = (uint32_t)status;
}

static void read_seconds(dp_answer *a, words w)
{
    uint64_t seconds;

    if (take_number(&w, &seconds) && w.at == w.end) /* a date is none */
        a->retry_after = seconds < 86400 ? (uint32_t)seconds : 86400;
}

void dp_answer_line(dp_answer *a, const char *line, size_t n)
{
    words w = {line, line + n};

    while (w.end > w.at && (w.end[-1] == '\n' || w.end[-1] == '\r' || w.end[-1] == ' '))
        w.end--;
    if (take(&w, "HTTP/")) {
        read_status(a, w);
        return;
    }
    const char *colon = memchr(w.at, ':', (size_t)(w.end - w.at));
    words value = {colon != NULL ? colon + 1 : w.end, w.end};
    pass_blanks(&value);
    if (take(&w, "content-range:"))
        read_range(a, value);
    else if (take(&w, "etag:"))
        a->etag = dp_hash64(value.at, (size_t)(value.end - value.at)) | 1;
    else if (take(&w, "last-modified:"))
        a->modified = dp_hash64(value.at, (size_t)(value.end - value.at)) | 1;
    else if (take(&w, "retry-after:"))
        read_seconds(a, value);
    else if (take(&w, "content-encoding:"))
        a->encoded = !take(&value, "identity");
}

uint64_t dp_answer_version(const dp_answer *a) { return a->etag != 0 ? a->etag : a->modified; }

int dp_answer_check(const dp_answer *a, const dp_asked *q)
{
    if (a->status == 200)
        return DP_FAR_NO_RANGES;
    if (a->status != 206)
        return DP_FAR_HTTP + (int)a->status;
    if (a->encoded)
        return DP_FAR_ENCODED;
    if (q->version != 0 && dp_answer_version(a) != q->version)
        return DP_FAR_CHANGED;
    if (!a->ranged)
        return DP_FAR_NO_SIZE;
    if (q->size != 0 && a->total != q->size)
        return DP_FAR_OTHER_SIZE;
    const bool ends =
        a->last == q->last || (q->size == 0 && a->last < q->last && a->last + 1 == a->total);
    return a->first == q->first && a->last >= a->first && a->last < a->total && ends
               ? 0
               : DP_FAR_OTHER_RANGE;
}

int dp_answer_reason(int error, const char *body, size_t n)
{
    static const struct {
        const char *says;
        int error;
    } reasons[] = {
        {"<Code>ExpiredToken</Code>", DP_FAR_EXPIRED},
        {"Request has expired", DP_FAR_EXPIRED},
        {"<Code>SignatureDoesNotMatch</Code>", DP_FAR_SIGNATURE},
        {"<Code>RequestTimeTooSkewed</Code>", DP_FAR_CLOCK},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if ((error == DP_FAR_HTTP + 403 || error == DP_FAR_HTTP + 400) &&
            memmem(body, n, reasons[i].says, strlen(reasons[i].says)) != NULL)
            return reasons[i].error;
    }
    return error;
}

bool dp_far_passes(int error)
{
    switch (error) {
    case DP_FAR_HTTP: /* the connection ended before a status */
    case DP_FAR_HTTP + 408:
    case DP_FAR_HTTP + 425:
    case DP_FAR_HTTP + 429:
    case DP_FAR_HTTP + 500:
    case DP_FAR_HTTP + 502:
    case DP_FAR_HTTP + 503:
    case DP_FAR_HTTP + 504:
    case DP_FAR_CUT:
    case DP_FAR_CONNECT:
    case DP_FAR_TIMEOUT: return true;
    default: return false;
    }
}

static const char *words_of_status(int status)
{
    switch (status) {
    case 0: return "the server sent no answer";
    case 400: return "the server answered 400 (bad request)";
    case 401: return "the server answered 401 (it asks who you are: headers=FILE)";
    case 403: return "the server answered 403 (forbidden: headers=FILE, query=FILE)";
    case 404: return "the server answered 404 (not found)";
    case 407: return "the proxy answered 407 (it asks who you are)";
    case 408: return "the server answered 408 (it waited too long)";
    case 410: return "the server answered 410 (gone)";
    case 412: return "the server answered 412 (precondition failed)";
    case 416: return "the server answered 416 (it has no such bytes)";
    case 429: return "the server answered 429 (too many requests)";
    case 500: return "the server answered 500 (internal error)";
    case 502: return "the server answered 502 (bad gateway)";
    case 503: return "the server answered 503 (unavailable)";
    case 504: return "the server answered 504 (gateway timeout)";
    default: break;
    }
    return status / 100 == 3   ? "the server answered with a redirect that is not followed"
           : status / 100 == 4 ? "the server answered that the request is wrong (4xx)"
           : status / 100 == 5 ? "the server answered that it failed (5xx)"
                               : "the server answered with a status that is none of HTTP's";
}

const char *dp_far_words(int error)
{
    static const char *const own[DP_FAR_N - DP_FAR_OWN] = {
        [DP_FAR_NO_RANGES - DP_FAR_OWN] = "the server gives no ranges of bytes, only the whole",
        [DP_FAR_OTHER_RANGE - DP_FAR_OWN] = "the server sent other bytes than it was asked for",
        [DP_FAR_OTHER_SIZE - DP_FAR_OWN] = "the file has another length than when it was opened",
        [DP_FAR_NO_SIZE - DP_FAR_OWN] = "the server does not say which bytes of how many it sends",
        [DP_FAR_CHANGED - DP_FAR_OWN] = "the file is another than when it was opened (ETag)",
        [DP_FAR_NO_VERSION - DP_FAR_OWN] =
            "the server gives no ETag and no Last-Modified: a change would not be seen",
        [DP_FAR_ENCODED - DP_FAR_OWN] = "the server sends it packed (Content-Encoding)",
        [DP_FAR_CUT - DP_FAR_OWN] = "the server sent less than it said",
        [DP_FAR_CONNECT - DP_FAR_OWN] = "no connection within connect= of dp_options.remote",
        [DP_FAR_TIMEOUT - DP_FAR_OWN] = "too few bytes within timeout= of dp_options.remote",
        [DP_FAR_WITHIN - DP_FAR_OWN] = "not all bytes came within within= of dp_options.remote",
        [DP_FAR_FORKED - DP_FAR_OWN] = "it was opened before fork(), by another process",
        [DP_FAR_REDIRECT - DP_FAR_OWN] = "a redirect to what is not http or https (https stays it)",
        [DP_FAR_EXPIRED - DP_FAR_OWN] =
            "the server answered that the signature has expired: a new one into query= or headers=",
        [DP_FAR_SIGNATURE - DP_FAR_OWN] =
            "the server answered that the signature is of another address (query=FILE, headers=)",
        [DP_FAR_CLOCK - DP_FAR_OWN] =
            "the server answered that this machine's clock is wrong, so the signature is not valid",
    };

    return error < DP_FAR_OWN ? words_of_status(error - DP_FAR_HTTP) : own[error - DP_FAR_OWN];
}
