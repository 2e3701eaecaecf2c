/* read.c - the lines of a ledger, one after the other
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A line is looked at only after its checksum: what does not have one is torn (the last line) or
 * damage.  It is cut in place: names and digests point into it.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/handle.h"
#include "base/hash.h"
#include "base/number/num.h"
#include "base/status.h"
#include "ledger/format.h"

#define ROOM    (DP_LEDGER_LINE + 64) /* bytes of a line, its end included */
#define ENTRIES (DP_LEDGER_LINE / sizeof("\"a\":\"0123456789abcdef0123456789abcdef\""))

struct dp_ledger_reader {
    dp_handle handle;
    int fd;
    const char *path;
    char *bytes; /* of the file: those from `at` on are not yet looked at */
    size_t n, at;
    bool over; /* the file has no more */
    uint64_t line;
    const char *about;
    int torn;
    dp_ledger_record record;
    dp_ledger_entry *entries;
};

/* ---- lines ---- */

static dp_status damaged(const dp_ledger_reader *r, dp_error *err)
{
    return dp_fail(err, DP_ECORRUPT, "%.120s: line %llu is damaged", r->path,
                   (unsigned long long)r->line);
}

/* More of the file behind what is there. */
static dp_status fill(dp_ledger_reader *r, dp_error *err)
{
    ssize_t n;

    memmove(r->bytes, r->bytes + r->at, r->n - r->at);
    r->n -= r->at;
    r->at = 0;
    while ((n = read(r->fd, r->bytes + r->n, ROOM - r->n)) < 0 && errno == EINTR)
        ;
    if (n < 0)
        return dp_fail(err, DP_EIO, "%.120s cannot be read: %s", r->path, strerror(errno));
    r->over = n == 0;
    r->n += (size_t)n;
    return DP_OK;
}

/* The next line, its end cut off; DP_END when there is none. */
static dp_status next_line(dp_ledger_reader *r, char **out, size_t *length, dp_error *err)
{
    char *end;
    dp_status status = DP_OK;

    while ((end = memchr(r->bytes + r->at, '\n', r->n - r->at)) == NULL && !r->over &&
           r->n - r->at < ROOM && status == DP_OK)
        status = fill(r, err);
    if (status != DP_OK)
        return status;
    if (end == NULL && r->at == r->n)
        return DP_END;
    r->line++;
    if (end == NULL && !r->over)
        return damaged(r, err); /* longer than a line can be */
    end = end != NULL ? end : r->bytes + r->n;
    *out = r->bytes + r->at;
    *length = (size_t)(end - *out);
    *end = '\0';
    r->at += *length + (r->at + *length < r->n);
    return DP_OK;
}

/* Cuts the checksum off a line that has its own. */
static bool is_whole(char *line, size_t length)
{
    const size_t end = strlen(DP_LEDGER_SUM) + 32 + strlen(DP_LEDGER_END);
    char *sum = line + length - end, text[33];
    uint8_t digest[16];

    if (length < end || strlen(line) != length ||
        memcmp(sum, DP_LEDGER_SUM, strlen(DP_LEDGER_SUM)) != 0 ||
        strcmp(line + length - strlen(DP_LEDGER_END), DP_LEDGER_END) != 0)
        return false;
    dp_digest(line, length - end, digest);
    dp_digest_text(digest, text);
    if (memcmp(sum + strlen(DP_LEDGER_SUM), text, 32) != 0)
        return false;
    *sum = '\0';
    return true;
}

/* ---- what stands in them ---- */

static bool eat(char **at, const char *text)
{
    const size_t n = strlen(text);

    if (strncmp(*at, text, n) != 0)
        return false;
    *at += n;
    return true;
}

/* Up to the quote, which becomes its end. */
static const char *eat_quoted(char **at)
{
    const char *text = *at;
    char *end = strchr(*at, '"');

    if (end == NULL)
        return NULL;
    *end = '\0';
    *at = end + 1;
    return text;
}

static bool eat_digits(char **at, uint64_t *out)
{
    const char *first = *at;

    for (*out = 0; **at >= '0' && **at <= '9'; ++*at) {
        if (__builtin_mul_overflow(*out, (uint64_t)10, out) ||
            __builtin_add_overflow(*out, (uint64_t)(**at - '0'), out))
            return false;
    }
    return *at > first;
}

static bool take_loss(const char *text, double *out)
{
    if (strcmp(text, "nan") == 0 || strcmp(text, "inf") == 0 || strcmp(text, "-inf") == 0)
        *out = text[0] == 'n' ? (double)NAN : text[0] == 'i' ? HUGE_VAL : -HUGE_VAL;
    else if (strcmp(text, "-0") == 0)
        *out = -0.0;
    else
        return dp_parse_number(text, strlen(text), out);
    return true;
}

/* "name":"digest",... up to the bracket. */
static bool take_entries(dp_ledger_reader *r, char *at)
{
    size_t n = 0;

    while (*at != '}') {
        dp_ledger_entry *e = &r->entries[n];
        const char *digest = NULL;
        if (n == ENTRIES || (n > 0 && !eat(&at, ",")) || !eat(&at, "\"") ||
            (e->name = eat_quoted(&at)) == NULL || e->name[0] == '\0' || !eat(&at, ":\"") ||
            (digest = eat_quoted(&at)) == NULL || !dp_digest_parse(digest, e->digest) ||
            digest[32] != '\0')
            return false;
        n++;
    }
    r->record.entries = r->entries;
    r->record.n_entries = n;
    return at[1] == '\0';
}

static bool take_step(dp_ledger_reader *r, char *at)
{
    dp_ledger_record *record = &r->record;
    char *test, *tensors;

    if (!eat(&at, DP_LEDGER_STEP) || !eat_digits(&at, &record->step) || !eat(&at, DP_LEDGER_LOSS) ||
        (tensors = strstr(at, DP_LEDGER_TENSORS)) == NULL)
        return false;
    *tensors = '\0';
    test = strstr(at, DP_LEDGER_TEST);
    if (test != NULL) {
        *test = '\0';
        test += strlen(DP_LEDGER_TEST);
    }
    record->loss_text = at;
    record->test_text = test;
    record->test = 0;
    return take_loss(at, &record->loss) && (test == NULL || take_loss(test, &record->test)) &&
           take_entries(r, tensors + strlen(DP_LEDGER_TENSORS));
}

static dp_status read_head(dp_ledger_reader *r, dp_error *err)
{
    char *line = NULL;
    const char *about = NULL;
    size_t length = 0;
    const dp_status status = next_line(r, &line, &length, err);

    if (status < DP_OK)
        return status;
    r->line = 1;
    if (status == DP_END || !is_whole(line, length) || !eat(&line, DP_LEDGER_HEAD) ||
        (about = eat_quoted(&line)) == NULL || *line != '\0')
        return damaged(r, err);
    r->about = dp_arena_text(&r->handle.arena, about, strlen(about));
    return r->about != NULL ? DP_OK : dp_arena_fail(&r->handle.arena, err, "a ledger");
}

/* ---- the calls ---- */

static dp_status open_reader(dp_ledger_reader *r, const char *path, dp_error *err)
{
    dp_arena *arena = &r->handle.arena;

    r->path = dp_arena_text(arena, path, strlen(path));
    r->bytes = dp_arena_alloc_raw(arena, ROOM + 1, 1);
    r->entries = dp_arena_alloc_raw(arena, ENTRIES, sizeof *r->entries);
    if (r->path == NULL || r->bytes == NULL || r->entries == NULL)
        return dp_arena_fail(arena, err, "a ledger");
    r->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (r->fd < 0)
        return dp_fail(err, DP_EIO, "%.120s cannot be read: %s", path, strerror(errno));
    return read_head(r, err);
}

dp_status dp_ledger_read_open(dp_ledger_reader **out, const char *path, const dp_options *given,
                              dp_error *err)
{
    dp_handle *handle;
    dp_ledger_reader *r;
    dp_status status;

    if (out == NULL || path == NULL)
        return dp_fail(err, DP_EINVAL, "dp_ledger_read_open: %s is NULL",
                       out == NULL ? "out" : "path");
    status = dp_handle_open(&handle, sizeof *r, "a ledger", given, err);
    if (status != DP_OK)
        return status;
    r = (dp_ledger_reader *)handle;
    r->fd = -1;
    status = dp_handle_leave(handle, open_reader(r, path, err));
    if (status == DP_OK)
        *out = r;
    else
        dp_ledger_read_close(r);
    return status;
}

static dp_status next(dp_ledger_reader *r, const dp_ledger_record **out, dp_error *err)
{
    char *line = NULL;
    size_t length = 0;
    dp_status status = next_line(r, &line, &length, err);

    if (status != DP_OK)
        return status;
    if (is_whole(line, length) && take_step(r, line)) {
        *out = &r->record;
        return DP_OK;
    }
    while (r->at == r->n && !r->over && status == DP_OK)
        status = fill(r, err);
    if (status != DP_OK)
        return status;
    r->torn = r->at == r->n;
    return r->torn ? DP_END : damaged(r, err);
}

dp_status dp_ledger_read_next(dp_ledger_reader *r, const dp_ledger_record **out, dp_error *err)
{
    dp_error why;
    dp_status status;

    if (r == NULL || out == NULL)
        return dp_fail(err, DP_EINVAL, "dp_ledger_read_next: %s is NULL",
                       r == NULL ? "the reader" : "record");
    status = dp_handle_enter(&r->handle, err);
    if (status != DP_OK)
        return status;
    status = dp_handle_repeat(&r->handle, err);
    if (status == DP_OK) {
        status = next(r, out, &why);
        if (status < DP_OK)
            dp_handle_keep(&r->handle, status, &why, err);
    }
    return dp_handle_leave(&r->handle, status);
}

const char *dp_ledger_read_about(const dp_ledger_reader *r) { return r != NULL ? r->about : NULL; }

int dp_ledger_read_torn(const dp_ledger_reader *r) { return r != NULL ? r->torn : 0; }

void dp_ledger_read_close(dp_ledger_reader *r)
{
    if (r == NULL)
        return;
    if (r->fd >= 0)
        close(r->fd);
    dp_handle_close(&r->handle);
}
