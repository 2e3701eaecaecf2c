/* files.c - which pictures there are, in class folders or by a list
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Classes and files come in the order of their bytes, whatever the file system's; a list is lines
 * of "path,label".
 */
#include "io/pictures/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number/num.h"
#include "base/options.h"
#include "base/pack/inflate.h"

#define MOST_FILES 10000000
#define MOST_LIST  ((uint64_t)1 << 32) /* bytes of a list */

static dp_status add(dp_folder *s, const char *path, uint64_t label, dp_arena *arena, dp_error *err)
{
    if (s->n == MOST_FILES)
        return dp_fail(err, DP_ELIMIT, "more than %d files", MOST_FILES);
    if (s->n == s->room) {
        dp_folder_file *more =
            dp_arena_grow(arena, s->files, (size_t)s->n, sizeof *more, &s->room, 1024);
        if (more == NULL)
            return dp_arena_fail(arena, err, "the names of the images");
        s->files = more;
    }
    s->files[s->n++] = (dp_folder_file){.path = path, .label = (uint32_t)label};
    s->n_classes = label >= s->n_classes ? label + 1 : s->n_classes;
    return DP_OK;
}

static bool has_own_extensions(const dp_folder *s)
{
    return s->params->extensions != NULL && s->params->extensions[0] != '\0';
}

static const char *suffixes_of(const dp_folder *s)
{
    return has_own_extensions(s) ? s->params->extensions : s->kind->suffixes;
}

/* Whether a name ends in one of the extensions that are given, in capitals or small letters as they
 * are. */
static bool is_wanted(const dp_folder *s, const char *name)
{
    const size_t length = strlen(name);

    for (const char *at = s->params->extensions; has_own_extensions(s); at++) {
        const size_t n = strcspn(at, ",");
        if (n <= length && memcmp(name + length - n, at, n) == 0)
            return true;
        at += n;
        if (*at == '\0')
            return false;
    }
    return true;
}

static dp_status check_texts(const dp_folder *s, dp_error *err)
{
    if (s->params->unlisted == DP_ON_ERROR_SKIP && s->n_names == 0)
        return dp_fail(err, DP_ESPEC, "unlisted=skip needs classes");
    for (const char *at = s->params->extensions; has_own_extensions(s); at++) {
        const size_t n = strcspn(at, ",");
        if (n < 2 || at[0] != '.')
            return dp_fail(err, DP_ESPEC, "extensions begin with a dot: .jpg,.png");
        at += n;
        if (*at == '\0')
            break;
    }
    return DP_OK;
}

static dp_status add_class(dp_folder *s, const char *folder, uint64_t label, dp_arena *arena,
                           dp_error *err)
{
    char **names;
    size_t n;
    dp_status status =
        dp_dir_list(folder, has_own_extensions(s) ? "" : s->kind->suffixes, arena, &names, &n, err);

    for (size_t i = 0; i < n && status == DP_OK; i++) {
        char *path;
        if (!is_wanted(s, names[i]))
            continue;
        path = dp_path_join(arena, folder, names[i]);
        status =
            path == NULL ? dp_arena_fail(arena, err, "a path") : add(s, path, label, arena, err);
    }
    return status;
}

/* The label with this name; their number when there is none. */
static uint64_t place_of(const dp_folder *s, const char *name)
{
    uint64_t label = 0;

    while (label < s->n_names && strcmp(s->names[label], name) != 0)
        label++;
    return label;
}

static dp_status add_name(dp_folder *s, const char *name, dp_arena *arena, dp_error *err)
{
    if (s->n_names == s->names_room) {
        const char **more =
            dp_arena_grow(arena, s->names, (size_t)s->n_names, sizeof *more, &s->names_room, 64);
        if (more == NULL)
            return dp_arena_fail(arena, err, "the names of the classes");
        s->names = more;
    }
    s->names[s->n_names++] = name;
    return DP_OK;
}

/* The names of the list with commas, if it is given. */
static dp_status split_names(dp_folder *s, dp_arena *arena, dp_error *err)
{
    dp_status status = DP_OK;

    if (s->params->classes[0] == '\0')
        return DP_OK;
    for (const char *at = s->params->classes; status == DP_OK; at++) {
        const size_t length = strcspn(at, ",");
        const char *name = dp_arena_text(arena, at, length);
        if (name == NULL)
            return dp_arena_fail(arena, err, "the names of the classes");
        if (length == 0 || place_of(s, name) < s->n_names)
            return dp_fail(err, DP_ESPEC, "a name in classes is empty or appears twice");
        status = add_name(s, name, arena, err);
        at += length;
        if (*at == '\0')
            break;
    }
    return status;
}

/* The label of a class folder: its place among the names, or the next one; their number when it is
 * left out. */
static dp_status label_of(dp_folder *s, const char *name, uint64_t *label, dp_arena *arena,
                          dp_error *err)
{
    *label = s->n_names;
    if (s->params->classes[0] == '\0')
        return add_name(s, name, arena, err);
    *label = place_of(s, name);
    if (*label < s->n_names || s->params->unlisted == DP_ON_ERROR_SKIP)
        return DP_OK;
    return dp_fail(err, DP_ECORRUPT, "the folder %.80s is not one of classes=%.80s", name,
                   s->params->classes);
}

/* Labels by the folders that happen to be there fit no other number of classes. */
static dp_status check_count(const dp_folder *s, uint64_t n_folders, dp_error *err)
{
    const uint64_t stated = (uint64_t)s->params->num_classes;

    if (stated == 0 || stated == s->n_classes)
        return DP_OK;
    if (s->params->classes[0] != '\0')
        return dp_fail(err, DP_ESPEC, "num_classes=%llu, but classes has %llu names",
                       (unsigned long long)stated, (unsigned long long)s->n_classes);
    return dp_fail(err, DP_ECORRUPT,
                   "num_classes=%llu, but there are %llu class folders: name all with "
                   "classes=a,b,c, so that each has its label",
                   (unsigned long long)stated, (unsigned long long)n_folders);
}

/* Logs how a folder is labelled, and what in it is not a picture. */
static dp_status note_class(const dp_folder *s, const char *name, const char *folder,
                            uint64_t label, uint64_t n_pictures, const dp_options *options,
                            dp_error *err)
{
    const char *reader = s->kind->name;
    uint64_t n;
    const dp_status status = dp_dir_count(folder, &n, err);

    if (status != DP_OK)
        return status;
    dp_log(options, "%s: label %llu is %.120s: %llu pictures", reader, (unsigned long long)label,
           name, (unsigned long long)n_pictures);
    if (n > n_pictures)
        dp_log(options,
               "warning: %s: %llu files and folders in %.120s are hidden or not %s: left out",
               reader, (unsigned long long)(n - n_pictures), name, suffixes_of(s));
    return DP_OK;
}

static dp_status find_classes(dp_folder *s, const dp_options *options, dp_arena *arena,
                              dp_error *err)
{
    char **names, *folder = dp_path_join(arena, options->root, s->params->dataset_dir);
    uint64_t label = 0, n_folders = 0, n_entries = 0;
    size_t n;
    dp_status status;

    if (folder == NULL)
        return dp_arena_fail(arena, err, "a path");
    status = dp_dir_list(folder, "", arena, &names, &n, err);
    for (size_t i = 0; i < n && status == DP_OK; i++) {
        char *class = dp_path_join(arena, folder, names[i]);
        const uint64_t before = s->n;
        if (class == NULL)
            return dp_arena_fail(arena, err, "a path");
        if (!dp_dir_exists(class))
            continue;
        n_folders++;
        status = label_of(s, names[i], &label, arena, err);
        if (status == DP_OK && label == s->n_names) {
            dp_log(options, "warning: %s: the folder %.120s is not one of classes: left out",
                   s->kind->name, names[i]);
            continue;
        }
        if (status == DP_OK)
            status = add_class(s, class, label, arena, err);
        if (status == DP_OK)
            status = note_class(s, names[i], class, label, s->n - before, options, err);
    }
    if (status == DP_OK)
        status = dp_dir_count(folder, &n_entries, err);
    if (status == DP_OK && n_entries > n_folders)
        dp_log(options, "warning: %s: %llu files beside the class folders are left out",
               s->kind->name, (unsigned long long)(n_entries - n_folders));
    s->n_classes = s->n_names;
    if (status == DP_OK && s->n > 0)
        status = check_count(s, n_folders, err);
    if (status == DP_OK && s->n == 0)
        status = dp_fail(err, DP_EIO, "%.120s has no folder with %s files", folder, suffixes_of(s));
    return status;
}

/* A path of a list stays below the folder. */
static bool leaves_folder(const char *path)
{
    if (path[0] == '/')
        return true;
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += *at == '/';
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0'))
            return true;
        if (*at == '\0')
            break;
    }
    return false;
}

static dp_status add_line(dp_folder *s, const char *folder, const char *line, size_t length,
                          uint64_t number, dp_arena *arena, dp_error *err)
{
    const char *comma = NULL;
    char *name, *path;
    int64_t label;

    for (size_t i = 0; i < length; i++)
        comma = line[i] == ',' ? line + i : comma;
    if (comma == NULL || !dp_parse_int(comma + 1, length - (size_t)(comma + 1 - line), &label) ||
        label < 0 || label > UINT32_MAX - 1)
        return dp_fail(err, DP_ECORRUPT, "line %llu of the list is not of the form path,label%s",
                       (unsigned long long)number, s->list_kind.text);
    name = dp_arena_text(arena, line, (size_t)(comma - line));
    if (name == NULL)
        return dp_arena_fail(arena, err, "a path");
    if (leaves_folder(name) || strlen(name) != (size_t)(comma - line))
        return dp_fail(err, DP_ECORRUPT, "line %llu of the list leaves the folder",
                       (unsigned long long)number);
    path = dp_path_join(arena, folder, name);
    return path == NULL ? dp_arena_fail(arena, err, "a path")
                        : add(s, path, (uint64_t)label, arena, err);
}

static dp_status read_list(dp_folder *s, dp_opener *opener, dp_error *err)
{
    const dp_options *options = opener->options;
    dp_arena *arena = opener->arena;
    const char *folder = dp_path_join(arena, options->root, s->params->dataset_dir);
    const char *path = dp_path_join(arena, options->root, s->params->list);
    dp_blob blob = {0};
    uint64_t number = 1;
    dp_status status;

    if (folder == NULL || path == NULL)
        return dp_arena_fail(arena, err, "a path");
    status = dp_opener_blob(opener, path, MOST_LIST, &blob, err);
    if (status == DP_OK && blob.size >= 3 && memcmp(blob.bytes, "\xEF\xBB\xBF", 3) == 0)
        blob = (dp_blob){blob.bytes + 3, blob.size - 3, blob.stamp}; /* a byte order mark */
    if (status == DP_OK)
        s->list_kind = dp_sniff_bytes(blob.bytes, blob.size);
    for (size_t at = 0; status == DP_OK && at < blob.size; number++) {
        const char *line = (const char *)blob.bytes + at;
        const char *end = memchr(line, '\n', blob.size - at);
        size_t length = end != NULL ? (size_t)(end - line) : blob.size - at;
        at += length + 1;
        length -= length > 0 && line[length - 1] == '\r';
        if (length > 0)
            status = add_line(s, folder, line, length, number, arena, err);
    }
    if (status == DP_OK && s->n == 0)
        status = dp_fail(err, DP_ECORRUPT, "%.120s names no file", path);
    return status;
}

dp_status dp_folder_find(dp_folder *s, dp_opener *opener, dp_error *err)
{
    dp_status status = split_names(s, opener->arena, err);

    if (status == DP_OK)
        status = check_texts(s, err);
    if (status != DP_OK)
        return status;
    return s->params->list[0] != '\0' ? read_list(s, opener, err)
                                      : find_classes(s, opener->options, opener->arena, err);
}
