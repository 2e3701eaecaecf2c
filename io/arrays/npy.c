/* npy.c - arrays that numpy.save wrote, a file each
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "io/arrays/arrays.h"

typedef struct npy {
    const char *file, *columns;
} npy;

static const dp_param params[] = {
    DP_LONG_TEXT(npy, file, NULL, "the files, joined by commas: one for each column"),
    DP_TEXT(npy, columns, "image", "names of the columns, in the order of the files"),
    DP_PARAMS_END,
};

/* The next word of a list, up to a comma; *list moves behind it. */
static const char *take_word(const char **list, size_t *length)
{
    const char *word = *list;

    *length = strcspn(word, ",");
    *list = word + *length + (word[*length] == ',');
    return word;
}

static uint32_t count(const char *list)
{
    uint32_t n = 1;

    for (; *list != '\0'; list++)
        n += *list == ',';
    return n;
}

static dp_status add_file(dp_arrays *s, const char *file, dp_opener *opener, dp_stored *a,
                          dp_error *err)
{
    const dp_status status = dp_arrays_file(s, file, opener, err);

    if (status != DP_OK)
        return status;
    *a = (dp_stored){.file = &s->files[s->n_files - 1], .name = s->paths[s->n_files - 1]};
    return dp_stored_open(a, a->file->size, err);
}

static dp_status add_files(const npy *p, dp_arrays *s, dp_arena *arena, dp_source *out,
                           dp_error *err)
{
    const char *files = p->file, *columns = p->columns;
    const uint32_t n = count(files);
    dp_status status = DP_OK;

    if (n != count(columns) || n >= DP_MAX_COLUMNS)
        return dp_fail(err, DP_ESPEC, "%u files and %u columns: each file is one of at most %d", n,
                       count(columns), DP_MAX_COLUMNS - 1);
    for (uint32_t i = 0; i < n && status == DP_OK; i++) {
        size_t length, column_length;
        const char *file = take_word(&files, &length);
        const char *column = take_word(&columns, &column_length);
        const char *path = dp_arena_text(arena, file, length);
        dp_stored a;
        status = path == NULL ? dp_arena_fail(arena, err, "a path")
                              : add_file(s, path, &out->opener, &a, err);
        if (status == DP_OK)
            status = dp_arrays_add(s, column, column_length, &a, arena, out, err);
    }
    return status;
}

static dp_status open_source(const void *params_, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    dp_arrays *s = dp_arena_alloc(arena, 1, sizeof *s);
    dp_status status;

    if (s == NULL)
        return dp_arena_fail(arena, err, "npy");
    status = add_files(params_, s, arena, out, err);
    if (status == DP_OK)
        status = dp_arrays_done(s, options, arena, out, err);
    if (status != DP_OK)
        dp_arrays_close(s);
    return status;
}

const dp_reader dp_reader_npy = {
    .info = {"reader", "npy", "arrays that numpy.save wrote", 1, sizeof(npy), params},
    .open = open_source,
    .read = dp_arrays_read,
    .ahead = dp_arrays_ahead,
    .unchanged = dp_arrays_unchanged,
    .close = dp_arrays_close,
};
