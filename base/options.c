/* options.c - structs of the caller that say their size; options with their defaults filled in
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cpu.h"
#include "base/status.h"
#include "detpipe_group.h"

#define MAX_STRUCT 4096 /* bytes of a struct of the caller's that says its size */

static dp_status size_of(const void *given, const char *name, size_t known, size_t *size,
                         dp_error *err)
{
    memcpy(size, given, sizeof *size);
    if (*size < 2 * sizeof *size || *size > MAX_STRUCT || *size % sizeof *size != 0)
        return dp_fail(err, DP_EINVAL, "%s.size is %zu: set it to sizeof(%s) = %zu", name, *size,
                       name, known);
    return DP_OK;
}

dp_status dp_struct_take(const void *given, const char *name, size_t known, void *out,
                         dp_error *err)
{
    const uint8_t *bytes = given;
    size_t size;
    const dp_status status = size_of(given, name, known, &size, err);

    if (status != DP_OK)
        return status;
    for (size_t i = known; i < size; i++) {
        if (bytes[i] != 0)
            return dp_fail(err, DP_EINVAL,
                           "%s.size is %zu, and byte %zu is set: detpipe " DETPIPE_VERSION
                           " knows the first %zu",
                           name, size, i, known);
    }
    memset(out, 0, known);
    memcpy(out, given, size < known ? size : known);
    return DP_OK;
}

dp_status dp_struct_give(void *given, const char *name, size_t known, const void *from,
                         dp_error *err)
{
    size_t size;
    const dp_status status = size_of(given, name, known, &size, err);

    if (status != DP_OK)
        return status;
    memset((uint8_t *)given + sizeof size, 0, size - sizeof size);
    memcpy((uint8_t *)given + sizeof size, (const uint8_t *)from + sizeof size,
           (size < known ? size : known) - sizeof size);
    return DP_OK;
}

dp_status dp_group_usable(const dp_group *g, dp_error *err)
{
    dp_group group;
    dp_status status;

    if (g == NULL)
        return DP_OK;
    status = dp_struct_take(g, "dp_group", sizeof group, &group, err);
    if (status != DP_OK)
        return status;
    if (group.ranks > DP_MAX_RANKS)
        return dp_fail(err, DP_ELIMIT, "dp_group.ranks is %u: at most %d", group.ranks,
                       DP_MAX_RANKS);
    if (group.rank >= group.ranks)
        return dp_fail(err, DP_EINVAL, "dp_group: there is no rank %u of %u", group.rank,
                       group.ranks);
    if (group.begin == NULL || group.finish == NULL)
        return dp_fail(err, DP_EINVAL, "dp_group.%s is NULL",
                       group.begin == NULL ? "begin" : "finish");
    return DP_OK;
}

dp_status dp_options_get(const dp_options *given, dp_options *out, dp_error *err)
{
    const dp_options none = {.size = sizeof none, .prefetch = 2};
    dp_options taken;
    dp_cpu_level level;
    dp_status status =
        dp_struct_take(given != NULL ? given : &none, "dp_options", sizeof taken, &taken, err);

    if (status != DP_OK)
        return status;
    if (taken.threads > DP_MAX_THREADS || taken.prefetch > DP_MAX_PREFETCH)
        return dp_fail(err, DP_ELIMIT, "threads = %u, prefetch = %u: at most %d and %d",
                       taken.threads, taken.prefetch, DP_MAX_THREADS, DP_MAX_PREFETCH);
    if (taken.digests > 1)
        return dp_fail(err, DP_EINVAL, "dp_options.digests is %u: 0 or 1", taken.digests);
    if (taken.alloc != NULL && (taken.alloc->alloc == NULL || taken.alloc->free == NULL))
        return dp_fail(err, DP_EINVAL, "dp_options.alloc has no %s",
                       taken.alloc->alloc == NULL ? "alloc" : "free");
    status = dp_group_usable(taken.group, err);
    if (status == DP_OK && taken.cpu != NULL)
        status = dp_cpu_level_get(taken.cpu, &level, err);
    if (status != DP_OK)
        return status;
    *out = taken;
    if (out->alloc == NULL)
        out->alloc = &dp_libc_allocator;
    if (out->threads == 0)
        out->threads = dp_cpu_count();
    return DP_OK;
}

dp_status dp_progress(const dp_options *options, const char *what, uint64_t done, uint64_t total,
                      dp_error *err)
{
    if (options == NULL || options->progress == NULL ||
        options->progress(options->progress_ctx, what, done, total) == 0)
        return DP_OK;
    return dp_fail(err, DP_ECANCEL, "%s: cancelled by dp_options.progress after %llu of %llu", what,
                   (unsigned long long)done, (unsigned long long)total);
}

void dp_log(const dp_options *options, const char *format, ...)
{
    char line[256];
    va_list args;

    if (options->log == NULL)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    dp_one_line(line);
    dp_hide_secrets(line);
    options->log(options->log_ctx, line);
}
