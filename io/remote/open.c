/* open.c - a path or an address, opened
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/status.h"
#include "io/remote/pages.h"
#include "io/remote/settings.h"

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* "file:///a%20b" is "/a b"; NULL: another host's, or damaged. */
static const char *local_path(const char *url, dp_arena *arena)
{
    const char *from = url + strlen("file://");
    char *path, *to;

    if (strncmp(from, "localhost/", 10) == 0)
        from += strlen("localhost");
    path = to = *from == '/' ? dp_arena_text(arena, from, strlen(from)) : NULL;
    for (; path != NULL && *from != '\0'; from++, to++) {
        *to = *from;
        if (*from != '%')
            continue;
        if (digit(from[1]) < 0 || digit(from[2]) < 0)
            return NULL;
        *to = (char)(digit(from[1]) * 16 + digit(from[2]));
        from += 2;
    }
    if (path != NULL)
        *to = '\0';
    return path;
}

static dp_status open_here(dp_opener *o, const char *path, dp_file *out, dp_error *err)
{
    const dp_status status = dp_file_open(path, out, err);

    o->missing = status == DP_EIO && !dp_file_exists(path);
    return status;
}

static dp_status open_local(dp_opener *o, const char *url, dp_file *out, dp_error *err)
{
    const char *path = local_path(url, o->arena);

    if (path == NULL)
        return dp_fail(err, DP_ESPEC, "%.120s names no file of this machine: file:///PATH", url);
    return open_here(o, path, out, err);
}

static dp_status open_far(dp_opener *o, const char *url, dp_file *out, dp_error *err)
{
    dp_far_file *f;
    dp_status status = DP_OK;

    if (o->remote == NULL)
        status = dp_remote_open(&o->remote, o->options, o->arena, err);
    if (status == DP_OK && o->pages == NULL)
        status = dp_pages_open(&o->pages, o->blocks, o->anew, o->options, o->arena, err);
    if (status == DP_OK)
        status = dp_remote_file(o->remote, url, &f, err);
    return status == DP_OK ? dp_pages_file(o->pages, f, url, o->any_version, &o->missing, out, err)
                           : status;
}

dp_status dp_opener_open(dp_opener *o, const char *path, dp_file *out, dp_error *err)
{
    dp_status status;

    o->missing = false;
    if (!dp_path_is_url(path))
        return open_here(o, path, out, err);
    if (strncmp(path, "file:", 5) == 0)
        return open_local(o, path, out, err);
    status = dp_url_check(path, err);
    return status == DP_OK ? open_far(o, path, out, err) : status;
}

dp_status dp_opener_blob(dp_opener *o, const char *path, uint64_t most, dp_blob *out, dp_error *err)
{
    dp_file file;
    dp_status status = dp_opener_open(o, path, &file, err);

    if (status != DP_OK)
        return status;
    status = dp_blob_read(&file, path, most, o->arena, o->options, out, err);
    dp_file_close(&file);
    return status;
}

void dp_opener_close(dp_opener *o)
{
    dp_remote_close(o->remote); /* first: what is under way writes to the pages */
    o->remote = NULL;
    dp_pages_close(o->pages);
    o->pages = NULL;
}

bool dp_opener_renew(dp_opener *o)
{
    if (o->pages == NULL || !dp_pages_were_kept(o->pages))
        return false;
    dp_opener_close(o);
    *o = (dp_opener){.options = o->options, .arena = o->arena, .anew = true};
    return true;
}
