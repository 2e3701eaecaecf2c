/* mirror.c - a snapshot copied into a folder, every byte checked on its way
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/options.h"
#include "io/snapshot/sweep.h"
#include "pipeline/snapshot/opened.h"
#include "pipeline/snapshot/target.h"

typedef struct mirroring {
    const dp_snapshot_file *from;
    dp_target to;
    dp_far_sweep sweep;
} mirroring;

static dp_status take_block(void *ctx, const dp_block *b, const uint8_t **bytes, size_t *size,
                            dp_error *err)
{
    mirroring *m = ctx;
    uint64_t begin, end;
    const dp_file *lies = dp_snapshot_file_of(m->from, b, &begin, &end);
    const dp_file file = dp_far_sweep_file(&m->sweep, lies);

    *bytes = m->to.buffers.bytes;
    return dp_snapshot_examine(m->from, b, &file, &m->to.buffers, size, err);
}

/* ---- where it goes ---- */

/* "folder/NAME", NAME being what the file is called where it lies: never out of the folder. */
static dp_status choose_path(mirroring *m, const char *folder, dp_error *err)
{
    const char *slash = strrchr(m->from->path, '/');
    const char *name = slash != NULL ? slash + 1 : m->from->path;
    const size_t size = strlen(folder) + strlen(name) + 2;
    char *path = dp_arena_alloc(&m->to.arena, size, 1);

    if (path == NULL)
        return dp_arena_fail(&m->to.arena, err, "a path");
    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return dp_fail(err, DP_EINVAL, "%.120s does not end in the name of a file", m->from->path);
    snprintf(path, size, "%s/%s", folder, name);
    m->to.path = path;
    if (mkdir(folder, 0777) == 0 || (errno == EEXIST && dp_dir_exists(folder)))
        return DP_OK;
    return dp_fail(err, DP_EIO, "cannot make the folder %.160s: %s", folder, strerror(errno));
}

static dp_status refuse(const char *path, const dp_snapshot_file *from, dp_error *err)
{
    return dp_fail(err, DP_ESTATE, "%.160s is there, and is not that of %.120s: move it away", path,
                   from->path);
}

/* What stands there is never replaced by something else; *whole: nothing is left to do. */
static dp_status look(mirroring *m, bool *whole, dp_error *err)
{
    const dp_snapshot_file *from = m->from;
    dp_opener opener = {.arena = &m->to.arena};
    dp_snapshot_file there;
    bool same;

    *whole = false;
    if (!dp_file_exists(m->to.path))
        return DP_OK;
    if (dp_snapshot_file_open(&there, m->to.path, &opener, NULL) != DP_OK)
        return refuse(m->to.path, from, err);
    same = there.complete && there.header.size == from->header.size &&
           memcmp(there.head, from->head, from->header.size) == 0 &&
           memcmp(there.tail, from->tail, sizeof from->tail) == 0;
    *whole = same && from->header.n_shards == 0 && dp_target_is_whole(&m->to, &there.main);
    dp_snapshot_file_close(&there);
    return same ? DP_OK : refuse(m->to.path, from, err);
}

static dp_status is_seal(mirroring *m, const char *path, dp_error *err)
{
    const uint64_t size = dp_seal_size(&m->from->header);
    uint8_t *bytes;
    dp_file file;
    bool same = false;
    dp_status status = dp_file_open(path, &file, err);

    if (status != DP_OK)
        return status;
    if (file.size == size) {
        status = dp_file_read_whole(&file, path, &m->to.arena, NULL, &bytes, err);
        same = status == DP_OK && memcmp(bytes, m->from->seal, (size_t)size) == 0;
    }
    dp_file_close(&file);
    return same || status != DP_OK ? status : refuse(path, m->from, err);
}

static dp_status write_seal(mirroring *m, dp_error *err)
{
    const dp_snapshot_file there = {.path = m->to.path};
    const char *path = m->from->seal != NULL ? dp_seal_path(&there, &m->to.arena) : NULL;
    dp_writer out;
    dp_status status;

    if (m->from->seal == NULL)
        return DP_OK;
    if (path == NULL)
        return dp_arena_fail(&m->to.arena, err, "a seal");
    if (dp_file_exists(path))
        return is_seal(m, path, err);
    status = dp_writer_open(&out, path, err);
    if (status != DP_OK)
        return status;
    dp_writer_put(&out, m->from->seal, (size_t)dp_seal_size(&m->from->header));
    return dp_writer_commit(&out, err);
}

/* ---- the call ---- */

/* The file itself comes last: until then there is none.  *damaged: what was copied is not what the
 * footer says, so nothing of it is worth to be kept. */
static dp_status copy(mirroring *m, const char *folder, bool *damaged, dp_error *err)
{
    bool whole = false;
    dp_status status = choose_path(m, folder, err);

    if (status == DP_OK)
        status = dp_block_buffers_open(&m->to.buffers, &m->to.header, &m->to.arena, err);
    if (status == DP_OK)
        status = look(m, &whole, err);
    if (status == DP_OK && !whole && m->from->main.far != NULL)
        status = dp_far_sweep_open(&m->sweep, &m->to.arena, err);
    if (status == DP_OK && !whole)
        status = dp_target_blocks(&m->to, err);
    if (status == DP_OK)
        status = write_seal(m, err);
    if (status != DP_OK || whole)
        return status;
    status = dp_target_finish(&m->to, err);
    *damaged = status == DP_ECORRUPT;
    return status;
}

dp_status dp_snapshot_mirror(dp_snapshot *s, const char *folder, const char **path, dp_error *err)
{
    mirroring m = {.from = NULL};
    bool damaged = false;
    dp_status status;

    if (s == NULL || folder == NULL)
        return dp_fail(err, DP_EINVAL, "dp_snapshot_mirror: %s is NULL",
                       s == NULL ? "the snapshot" : "folder");
    if (s->no_seal.status != DP_OK)
        return dp_fail(err, s->no_seal.status, "%s", s->no_seal.message);
    if (!s->file.complete)
        return dp_fail(err, DP_ECORRUPT,
                       "%.120s is not complete: it was cut, or its footer is damaged",
                       s->file.path);
    m.from = &s->file;
    m.to = (dp_target){.arena = dp_arena_within(&s->handle.arena),
                       .header = s->file.header,
                       .header_bytes = s->file.head,
                       .options = &s->handle.options,
                       .task = "snapshot mirror",
                       .how = {.resume = 1},
                       .like = &s->file,
                       .make = take_block,
                       .ctx = &m,
                       .main.fd = -1,
                       .shard.fd = -1};
    status = copy(&m, folder, &damaged, err);
    if (status == DP_OK && path != NULL) {
        *path = dp_arena_text(&s->handle.arena, m.to.path, strlen(m.to.path));
        if (*path == NULL)
            status = dp_arena_fail(&s->handle.arena, err, "a path");
    }
    dp_target_close(&m.to, !damaged);
    return status;
}
