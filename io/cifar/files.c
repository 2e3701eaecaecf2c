/* files.c - which files CIFAR's readers find: in a folder, the official one inside it, an
 * archive
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/cifar/files.h"

#include "base/pack/tar.h"

#include <string.h>

#define MOST_ARCHIVE ((uint64_t)1 << 30) /* bytes of an unpacked archive */
#define MOST_ENTRIES 64                  /* of an archive */

int dp_cifar_official(const dp_cifar_layout *layout, const char *name)
{
    int i = 0;

    while (i < layout->n_files) {
        const char *full = layout->files[i].name;
        const size_t bare = strlen(full) - 4;
        if (strcmp(full, name) == 0 || (strlen(name) == bare && memcmp(full, name, bare) == 0))
            break;
        i++;
    }
    return i;
}

bool dp_cifar_is_binary(const char *name)
{
    const size_t n = strlen(name);
    return n >= 4 && strcmp(name + n - 4, ".bin") == 0;
}

static dp_status list_folder(dp_cifar_opening *o, const char *path)
{
    char **names;
    dp_status status = dp_dir_list(path, "", o->arena, &names, &o->n_entries, o->err);

    if (status != DP_OK)
        return status;
    o->path = path;
    o->entries = dp_arena_alloc(o->arena, o->n_entries + 1, sizeof *o->entries);
    if (o->entries == NULL)
        return dp_arena_fail(o->arena, o->err, o->layout->name);
    for (size_t i = 0; i < o->n_entries; i++)
        o->entries[i].name = names[i];
    return DP_OK;
}

/* Whether there are files of one version among the entries. */
static bool has_version(const dp_cifar_opening *o, bool python)
{
    const dp_cifar_layout *layout = o->layout;

    for (size_t i = 0; i < o->n_entries; i++) {
        const char *name = o->entries[i].name;
        if (python ? !dp_cifar_is_binary(name) && dp_cifar_official(layout, name) < layout->n_files
                   : dp_cifar_is_binary(name))
            return true;
    }
    return false;
}

/* The folder itself, or an official one inside it when it has no file of its own. */
static dp_status find_folder(dp_cifar_opening *o, const char *path)
{
    const dp_cifar_layout *layout = o->layout;
    const char *const inner[] = {layout->folder, layout->python_folder};
    dp_status status = list_folder(o, path);

    for (int i = 0; i < 2 && status == DP_OK && !has_version(o, false) && !has_version(o, true);
         i++) {
        char *folder = dp_path_join(o->arena, path, inner[i]);
        if (folder == NULL)
            return dp_arena_fail(o->arena, o->err, "a path");
        if (dp_dir_exists(folder))
            status = list_folder(o, folder);
    }
    return status;
}

/* Entries in byte order, whatever the archive's. */
static void insert(dp_cifar_opening *o, dp_cifar_entry e)
{
    size_t i = o->n_entries++;

    for (; i > 0 && strcmp(o->entries[i - 1].name, e.name) > 0; i--)
        o->entries[i] = o->entries[i - 1];
    o->entries[i] = e;
}

/* The name without its folders. */
static const char *last_part(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash != NULL ? slash + 1 : name;
}

static dp_status add_member(dp_cifar_opening *o, const dp_blob *archive, const dp_tar_member *m)
{
    const char *name = last_part(m->name);
    dp_cifar_entry e = {NULL, {archive->bytes + m->at, (size_t)m->size, archive->stamp}};

    if (name[0] == '.') /* hidden, as in a folder */
        return DP_OK;
    if (o->n_entries == MOST_ENTRIES)
        return dp_fail(o->err, DP_ELIMIT, "%.120s has more than %d files", o->path, MOST_ENTRIES);
    e.name = dp_arena_text(o->arena, name, strlen(name));
    if (e.name == NULL)
        return dp_arena_fail(o->arena, o->err, o->layout->name);
    insert(o, e);
    return DP_OK;
}

static dp_status read_archive(dp_cifar_opening *o, const char *path)
{
    dp_blob archive;
    dp_tar_member m;
    dp_tar tar;
    dp_status status = dp_opener_blob(o->opener, path, MOST_ARCHIVE, &archive, o->err);

    if (status != DP_OK)
        return status;
    o->path = path;
    o->entries = dp_arena_alloc(o->arena, MOST_ENTRIES, sizeof *o->entries);
    if (o->entries == NULL)
        return dp_arena_fail(o->arena, o->err, o->layout->name);
    status = dp_tar_open(&tar, path, &archive, NULL, o->arena, o->err);
    while (status == DP_OK && (status = dp_tar_next(&tar, &m, o->err)) == DP_OK)
        status = add_member(o, &archive, &m);
    return status == DP_END ? DP_OK : status;
}

/* No folder can be listed by its address. */
static bool is_archive(const char *path)
{
    dp_file file;

    if (dp_path_is_url(path) || dp_dir_exists(path) || dp_file_open(path, &file, NULL) != DP_OK)
        return dp_path_is_url(path);
    dp_file_close(&file);
    return true;
}

dp_status dp_cifar_find(dp_cifar_opening *o)
{
    char *path = dp_path_join(o->arena, o->options->root, o->params->dataset_dir);
    dp_status status;

    if (path == NULL)
        return dp_arena_fail(o->arena, o->err, "a path");
    status = is_archive(path) ? read_archive(o, path) : find_folder(o, path);
    o->python = status == DP_OK && !has_version(o, false) && has_version(o, true);
    return status;
}
