/* status.c - filling the caller's dp_error
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void dp_one_line(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' || *text == '\x7f')
            *text = '?';
    }
}

/* Where the secret before the host's name ends, if there is one: ":80" is a port, ":8x" is none. */
static const char *end_of_secret(const char *host, size_t n)
{
    const char *at = memchr(host, '@', n), *colon = memchr(host, ':', n);
    size_t digits;

    for (const char *more = at; more != NULL;) {
        at = more;
        more = memchr(at + 1, '@', n - (size_t)(at + 1 - host));
    }
    if (at != NULL || colon == NULL || *host == '[')
        return at;
    digits = strspn(colon + 1, "0123456789");
    return colon + 1 + digits < host + n && colon[1 + digits] != ':' ? host + n : NULL;
}

void dp_hide_secrets(char *text)
{
    for (char *at = strstr(text, "://"); at != NULL; at = strstr(at, "://")) {
        const size_t address = strcspn(at += 3, " \"|\n"), host = strcspn(at, "/?# \"|\n");
        const char *end = end_of_secret(at, host);
        char *query = memchr(at, '?', address);
        if (end != NULL)
            memset(at, '*', (size_t)(end - at));
        if (query != NULL)
            memset(query + 1, '*', (size_t)(at + address - query - 1));
    }
}

static dp_status fill(dp_error *err, dp_status status, uint32_t column, int64_t record,
                      const char *format, va_list args)
{
    if (err == NULL)
        return status;
    err->status = status;
    err->column = column;
    err->record = record;
    vsnprintf(err->message, sizeof err->message, format, args);
    dp_one_line(err->message);
    dp_hide_secrets(err->message);
    return status;
}

dp_status dp_fail(dp_error *err, dp_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, status, 0, -1, format, args);
    va_end(args);
    return status;
}

dp_status dp_fail_at(dp_error *err, dp_status status, uint32_t column, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, status, column, -1, format, args);
    va_end(args);
    return status;
}

dp_status dp_fail_record(dp_error *err, dp_status status, uint64_t record, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, status, 0, (int64_t)record, format, args);
    va_end(args);
    return status;
}

const char *dp_status_name(dp_status status)
{
    switch (status) {
    case DP_END: return "end";
    case DP_OK: return "ok";
    case DP_EINVAL: return "invalid call";
    case DP_ENOMEM: return "out of memory";
    case DP_EIO: return "input/output";
    case DP_ECORRUPT: return "corrupt data";
    case DP_ESPEC: return "bad text";
    case DP_ESTATE: return "does not belong";
    case DP_ELIMIT: return "past a limit";
    case DP_ECANCEL: return "cancelled";
    }
    return "?";
}

const char *dp_version(void) { return DETPIPE_VERSION; }
uint32_t dp_stream_version(void) { return DP_STREAM_VERSION; }
uint32_t dp_numeric_version(void) { return DP_NUMERIC_VERSION; }
