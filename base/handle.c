/* handle.c - what every handle begins with: opened, entered, left and closed in one way
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/handle.h"

#include <string.h>
#include <unistd.h>

#include "base/status.h"

dp_status dp_handle_open(dp_handle **out, size_t size, const char *what, const dp_options *given,
                         dp_error *err)
{
    dp_options options;
    dp_handle *h;
    dp_status status = dp_options_get(given, &options, err);

    if (status != DP_OK)
        return status;
    h = options.alloc->alloc(options.alloc->ctx, size, 64);
    if (h == NULL)
        return dp_fail(err, DP_ENOMEM, "out of memory for %s", what);
    memset(h, 0, size);
    h->options = options;
    h->size = size;
    h->process = (int64_t)getpid();
    h->arena = (dp_arena){.alloc = options.alloc, .limit = options.memory, .total = size};
    if (dp_fp_enter(&h->fp))
        dp_log(&options, "the caller's floating-point environment is not the default; "
                         "detpipe sets its own and restores it");
    status = dp_numeric_check(NULL, err);
    if (status != DP_OK) {
        dp_handle_leave(h, status);
        dp_handle_close(h);
        return status;
    }
    *out = h;
    return DP_OK;
}

void dp_handle_close(dp_handle *h)
{
    const dp_allocator *alloc = h->options.alloc;

    dp_arena_free(&h->arena);
    alloc->free(alloc->ctx, h, h->size);
}

bool dp_handle_is_ours(const dp_handle *h) { return h->process == (int64_t)getpid(); }

dp_status dp_handle_check(const dp_handle *h, dp_error *err)
{
    if (dp_handle_is_ours(h))
        return DP_OK;
    return dp_fail(err, DP_EINVAL,
                   "the handle was opened before fork(), by process %lld: open one in this process",
                   (long long)h->process);
}

dp_status dp_handle_enter(dp_handle *h, dp_error *err)
{
    const dp_status status = dp_handle_check(h, err);

    if (status == DP_OK)
        dp_fp_enter(&h->fp);
    return status;
}

dp_status dp_handle_leave(dp_handle *h, dp_status status)
{
    dp_fp_leave(&h->fp);
    return status;
}

dp_status dp_handle_keep(dp_handle *h, dp_status status, const dp_error *why, dp_error *err)
{
    h->failure = *why;
    h->failure.status = status;
    return dp_handle_repeat(h, err);
}

dp_status dp_handle_repeat(const dp_handle *h, dp_error *err)
{
    if (h->failure.status != DP_OK && err != NULL)
        *err = h->failure;
    return h->failure.status;
}
