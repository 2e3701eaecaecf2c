/* cifar.c - the binary versions of CIFAR-10 and CIFAR-100
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A record is its labels, a byte each, then the red, green and blue planes of 32x32.  Files are
 * found, filtered and ordered as MindSpore's readers do (*.bin in byte order, usage by a part of
 * the name), and checked more strictly than there: a size that is not the official number of
 * records, a missing file and a label out of range are errors.
 */
#include "io/cifar.h"

#include <string.h>

#include "base/file.h"

#define SIDE        32
#define PLANE       (SIDE * SIDE)
#define MOST_LABELS 2

typedef struct part {
    dp_file file;
    const char *name;
    uint64_t first, n_records;
} part;

typedef struct state {
    const dp_cifar_layout *layout;
    size_t record_size;
    part *parts;
    size_t n_parts;
} state;

void dp_cifar_close(void *state_)
{
    state *s = state_;
    for (size_t i = 0; i < s->n_parts; i++)
        dp_file_close(&s->parts[i].file);
}

/* Records of the official file of that name, or of the first one. */
static uint64_t official_records(const dp_cifar_layout *layout, const char *name)
{
    for (int i = 0; i < layout->n_files; i++) {
        if (strcmp(layout->files[i].name, name) == 0)
            return layout->files[i].n_records;
    }
    return layout->files[0].n_records;
}

static dp_status check_size(const state *s, const part *p, bool strict, dp_error *err)
{
    const uint64_t official = official_records(s->layout, p->name), record = s->record_size;
    const uint64_t size = p->file.size, n = size / record;

    if (size == 0 || size % record != 0)
        return dp_fail_record(err, DP_ECORRUPT, n,
                              "%s: %.80s has %llu bytes: expected %llu (records of %llu bytes; "
                              "record %llu is cut)",
                              s->layout->name, p->name, (unsigned long long)size,
                              (unsigned long long)(official * record), (unsigned long long)record,
                              (unsigned long long)n);
    if (strict && n != official)
        return dp_fail(err, DP_ECORRUPT,
                       "%s: %.80s has %llu records: expected %llu; strict=false reads other sizes",
                       s->layout->name, p->name, (unsigned long long)n,
                       (unsigned long long)official);
    return DP_OK;
}

/* Every *.bin is opened, so that a folder called x.bin is an error whatever the usage, as in
 * MindSpore. */
static dp_status open_part(state *s, const dp_cifar *p, const char *folder, const char *name,
                           dp_arena *arena, dp_error *err)
{
    part *next = &s->parts[s->n_parts];
    const char *path = dp_path_join(arena, folder, name);
    dp_status status;

    if (path == NULL)
        return dp_arena_fail(arena, err, "a path");
    status = dp_file_open(path, &next->file, err);
    if (status != DP_OK)
        return status;
    next->name = name;
    if (strstr(name, s->layout->words[p->usage]) == NULL) {
        dp_file_close(&next->file);
        return DP_OK;
    }
    next->n_records = next->file.size / s->record_size;
    next->first = s->n_parts == 0 ? 0 : next[-1].first + next[-1].n_records;
    s->n_parts++;
    return check_size(s, next, p->strict, err);
}

static dp_status check_complete(const state *s, int32_t usage, const char *folder, dp_error *err)
{
    for (int i = 0; i < s->layout->n_files; i++) {
        bool found = usage != DP_CIFAR_ALL && usage != s->layout->files[i].usage;
        for (size_t j = 0; j < s->n_parts; j++)
            found = found || strcmp(s->parts[j].name, s->layout->files[i].name) == 0;
        if (!found)
            return dp_fail(err, DP_EIO,
                           "%s: %s is missing in %.100s; strict=false reads what is there",
                           s->layout->name, s->layout->files[i].name, folder);
    }
    return DP_OK;
}

/* The folder itself, or the official one inside it when it has no .bin file of its own. */
static dp_status find_files(const dp_cifar_layout *layout, const dp_cifar *p, const char *root,
                            dp_arena *arena, char **folder, char ***names, size_t *n, dp_error *err)
{
    dp_status status;

    *folder = dp_path_join(arena, root, p->dataset_dir);
    if (*folder == NULL)
        return dp_arena_fail(arena, err, "a path");
    status = dp_dir_list(*folder, ".bin", arena, names, n, err);
    if (status == DP_OK && *n == 0) {
        char *inner = dp_path_join(arena, *folder, layout->folder);
        if (inner == NULL)
            return dp_arena_fail(arena, err, "a path");
        if (dp_dir_exists(inner)) {
            *folder = inner;
            status = dp_dir_list(inner, ".bin", arena, names, n, err);
        }
    }
    return status;
}

static dp_status open_parts(state *s, const dp_cifar *p, const char *root, dp_arena *arena,
                            dp_error *err)
{
    char **names, *folder;
    size_t n_names;
    dp_status status = find_files(s->layout, p, root, arena, &folder, &names, &n_names, err);

    if (status != DP_OK)
        return status;
    s->parts = dp_arena_alloc(arena, n_names + 1, sizeof *s->parts);
    if (s->parts == NULL)
        return dp_arena_fail(arena, err, s->layout->name);
    for (size_t i = 0; i < n_names && status == DP_OK; i++)
        status = open_part(s, p, folder, names[i], arena, err);
    if (status == DP_OK && s->n_parts == 0)
        status = dp_fail(err, DP_EIO, "%s: %.100s has no *%s*.bin file (binary version)",
                         s->layout->name, folder, s->layout->words[p->usage]);
    return status == DP_OK && p->strict ? check_complete(s, p->usage, folder, err) : status;
}

dp_status dp_cifar_open(const dp_cifar_layout *layout, const void *params, const char *root,
                        dp_arena *arena, dp_source *out, dp_error *err)
{
    state *s = dp_arena_alloc(arena, 1, sizeof *s);
    dp_status status;

    if (s == NULL)
        return dp_arena_fail(arena, err, layout->name);
    s->layout = layout;
    s->record_size = (size_t)layout->n_labels + 3 * PLANE;
    status = open_parts(s, params, root, arena, err);
    if (status != DP_OK) {
        dp_cifar_close(s);
        return status;
    }
    out->n_records = s->parts[s->n_parts - 1].first + s->parts[s->n_parts - 1].n_records;
    out->columns[0] = (dp_column){"image", {NULL, DP_U8, 3, {SIDE, SIDE, 3}}, 256};
    for (int i = 0; i < layout->n_labels; i++)
        out->columns[1 + i] = (dp_column){
            layout->labels[i].column, {NULL, DP_U32, 0, {0}}, layout->labels[i].n_classes};
    out->columns[1 + layout->n_labels] = (dp_column){"id", {NULL, DP_I64, 0, {0}}, out->n_records};
    out->n_columns = 2 + (uint32_t)layout->n_labels;
    out->state = s;
    return DP_OK;
}

static const part *part_of(const state *s, uint64_t record)
{
    const part *p = s->parts;
    while (record >= p->first + p->n_records)
        p++;
    return p;
}

static dp_status read_bytes(const state *s, const part *p, uint64_t record, uint8_t *bytes,
                            dp_error *err)
{
    const uint64_t in_file = record - p->first;
    size_t got;
    const int error =
        dp_file_read_at(&p->file, in_file * s->record_size, bytes, s->record_size, &got);

    if (error != 0)
        return dp_fail_record(err, DP_EIO, record, "%s: record %llu of %.80s cannot be read: %s",
                              s->layout->name, (unsigned long long)in_file, p->name,
                              strerror(error));
    if (got != s->record_size)
        return dp_fail_record(err, DP_ECORRUPT, record,
                              "%s: record %llu of %.80s has %zu bytes: expected %zu (the file "
                              "shrank while it was in use)",
                              s->layout->name, (unsigned long long)in_file, p->name, got,
                              s->record_size);
    return DP_OK;
}

dp_status dp_cifar_read(const void *state_, uint64_t record, void *const columns[], dp_error *err)
{
    const state *s = state_;
    const part *p = part_of(s, record);
    uint8_t bytes[MOST_LABELS + 3 * PLANE], *image = columns[0];
    const uint8_t *planes = bytes + s->layout->n_labels;
    const dp_status status = read_bytes(s, p, record, bytes, err);

    if (status != DP_OK)
        return status;
    for (int i = 0; i < s->layout->n_labels; i++) {
        if (bytes[i] >= s->layout->labels[i].n_classes)
            return dp_fail_record(
                err, DP_ECORRUPT, record, "%s: record %llu of %.80s has %s %d: expected 0 to %d",
                s->layout->name, (unsigned long long)(record - p->first), p->name,
                s->layout->labels[i].column, bytes[i], s->layout->labels[i].n_classes - 1);
        *(uint32_t *)columns[1 + i] = bytes[i];
    }
    for (int i = 0; i < PLANE; i++) {
        image[3 * i] = planes[i];
        image[3 * i + 1] = planes[PLANE + i];
        image[3 * i + 2] = planes[2 * PLANE + i];
    }
    *(int64_t *)columns[1 + s->layout->n_labels] = (int64_t)record;
    return DP_OK;
}
