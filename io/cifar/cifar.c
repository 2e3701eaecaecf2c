/* cifar.c - CIFAR-10 and CIFAR-100, binary and python versions, as folders and as .tar.gz
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A binary record is its labels, a byte each, then the red, green and blue planes of 32x32.  A file
 * of the python version is a pickled dictionary of an array of planes and lists of labels; the same
 * records.  Binary files are found, filtered and ordered as MindSpore's readers do (*.bin in byte
 * order, usage by a part of the name), and checked more strictly than there: a size that is not the
 * official number of records, a file that is missing, that is none of the set or that is a copy of
 * another, and a label out of range are errors.
 */
#include "io/cifar/cifar.h"

#include <string.h>

#include "base/hash.h"
#include "base/sniff.h"
#include "io/cifar/batches.h"
#include "io/cifar/files.h"
#include "io/kept.h"

#define SIDE        DP_CIFAR_SIDE
#define PLANE       DP_CIFAR_PLANE
#define MOST_LABELS 2
#define MOST_FILE   ((uint64_t)1 << 28) /* bytes of a pickle */

typedef dp_cifar_part part;
typedef dp_cifar_opening opening;

typedef struct state {
    const dp_cifar_layout *layout;
    part *parts;
    size_t n_parts;
    dp_kept *kept; /* images as they are delivered, as planes or not: whole lines of the cache */
    uint8_t *kept_labels; /* of the records that are kept: few lines for many */
    bool planes;
    size_t image_size; /* not a constant, so that memcpy is the C library's: `rep movs` is slower */
} state;

dp_status dp_cifar_unchanged(void *state_, bool accept, dp_error *err)
{
    state *s = state_;
    dp_status status = DP_OK;

    for (size_t i = 0; i < s->n_parts && status == DP_OK; i++) {
        part *p = &s->parts[i];
        if (p->blob.bytes == NULL)
            status = dp_file_unchanged(&p->file, p->name, accept, err);
    }
    return status;
}

void dp_cifar_close(void *state_)
{
    state *s = state_;
    for (size_t i = 0; i < s->n_parts; i++)
        dp_file_close(&s->parts[i].file);
}

/* ---- one file ---- */

static dp_sniffed sniff(const part *p)
{
    return p->blob.bytes != NULL ? dp_sniff_bytes(p->blob.bytes, p->blob.size)
                                 : dp_sniff_file(&p->file);
}

static dp_status check_size(const opening *o, const part *p, uint64_t size)
{
    const dp_cifar_layout *layout = o->layout;
    const int file = dp_cifar_official(layout, p->name);
    const uint64_t expected = layout->files[file < layout->n_files ? file : 0].n_records;
    const uint64_t record = p->stride, n = size / record;

    if (size == 0 || size % record != 0)
        return dp_fail_record(o->err, DP_ECORRUPT, n,
                              "%.80s has %llu bytes%s: expected %llu (records of %llu "
                              "bytes; record %llu is cut)",
                              p->name, (unsigned long long)size, sniff(p).text,
                              (unsigned long long)(expected * record), (unsigned long long)record,
                              (unsigned long long)n);
    if (o->params->strict && n != expected)
        return dp_fail(o->err, DP_ECORRUPT,
                       "%.80s has %llu records: expected %llu; strict=false reads other sizes",
                       p->name, (unsigned long long)n, (unsigned long long)expected);
    return DP_OK;
}

static dp_status open_binary(const opening *o, part *p, uint64_t size)
{
    p->planes = (size_t)o->layout->n_labels;
    p->stride = p->planes + 3 * PLANE;
    p->n_records = size / p->stride;
    return check_size(o, p, size);
}

/* A pickle is read whole once, for its labels; its planes are read where they lie, unless it is
 * packed. */
static dp_status open_python_file(const opening *o, part *p, const char *path)
{
    dp_arena whole = dp_arena_within(o->arena);
    dp_blob blob;
    dp_status status = dp_blob_read(&p->file, path, MOST_FILE, &whole, o->options, &blob, o->err);

    if (status == DP_OK)
        status = dp_cifar_open_pickle(o, p, blob, blob.size == p->file.size);
    dp_arena_free(&whole);
    return status;
}

/* Every *.bin is opened, so that a folder called x.bin is an error whatever the usage, as in
 * MindSpore. */
static dp_status open_part(const opening *o, state *s, const dp_cifar_entry *e)
{
    part *next = &s->parts[s->n_parts];
    const bool wanted = strstr(e->name, s->layout->words[o->params->usage]) != NULL;
    const char *path = dp_path_join(o->arena, o->path, e->name);
    dp_status status = DP_OK;

    if (path == NULL)
        return dp_arena_fail(o->arena, o->err, "a path");
    *next = (part){.file = {.fd = -1}, .blob = e->blob, .name = e->name};
    if (e->blob.bytes == NULL)
        status = dp_file_open(path, &next->file, o->err);
    if (status != DP_OK || !wanted) {
        dp_file_close(&next->file);
        return status;
    }
    next->first = s->n_parts == 0 ? 0 : next[-1].first + next[-1].n_records;
    s->n_parts++;
    if (!o->python)
        return open_binary(o, next, e->blob.bytes != NULL ? e->blob.size : next->file.size);
    status = e->blob.bytes != NULL ? dp_cifar_open_pickle(o, next, e->blob, true)
                                   : open_python_file(o, next, path);
    return status == DP_OK ? check_size(o, next, next->n_records * next->stride) : status;
}

/* Bytes of a record from its planes' place less `before` on. */
static dp_status read_bytes(const part *p, uint64_t in_file, size_t before, uint8_t *bytes,
                            dp_error *err)
{
    const uint64_t at = in_file * p->stride + p->planes - before;
    const size_t size = before + 3 * PLANE;
    size_t got = size;
    int error = 0;

    if (p->blob.bytes != NULL)
        memcpy(bytes, p->blob.bytes + at, size);
    else
        error = dp_file_read_at(&p->file, at, bytes, size, &got);
    if (error != 0)
        return dp_fail_record(err, DP_EIO, p->first + in_file,
                              "record %llu of %.80s cannot be read: %s",
                              (unsigned long long)in_file, p->name, dp_file_why(&p->file, error));
    if (got != size)
        return dp_fail_record(err, DP_ECORRUPT, p->first + in_file,
                              "record %llu of %.80s has %zu bytes: expected %zu (the file "
                              "shrank while it was in use)",
                              (unsigned long long)in_file, p->name, got, size);
    return DP_OK;
}

/* Every official file. */
static dp_status check_complete(const opening *o, const state *s)
{
    const dp_cifar_layout *layout = o->layout;
    const int32_t usage = o->params->usage;

    for (int i = 0; i < layout->n_files; i++) {
        bool found = usage != DP_CIFAR_ALL && usage != layout->files[i].usage;
        for (size_t j = 0; j < s->n_parts; j++)
            found = found || dp_cifar_official(layout, s->parts[j].name) == i;
        if (!found)
            return dp_fail(o->err, DP_EIO,
                           "%s is missing in %.100s; strict=false reads what is there",
                           layout->files[i].name, o->path);
    }
    return DP_OK;
}

/* And, where each is there, no other and none twice. */
static dp_status check_only(const opening *o, const state *s)
{
    const dp_cifar_layout *layout = o->layout;
    const char *word = layout->words[o->params->usage];
    const part *parts = s->parts;
    size_t expected = 0, odd = 0;

    for (int i = 0; i < layout->n_files; i++)
        expected += strstr(layout->files[i].name, word) != NULL;
    if (s->n_parts == expected)
        return DP_OK;
    while (dp_cifar_official(layout, parts[odd].name) < layout->n_files &&
           (odd == 0 || strcmp(parts[odd].name, parts[odd - 1].name) != 0))
        odd++;
    return dp_fail(o->err, DP_ECORRUPT,
                   "%zu files match %s: expected %zu, without %.60s; strict=false reads all",
                   s->n_parts, word, expected, parts[odd].name);
}

/* The images of two parts; the first ones tell, but for copies. */
static dp_status compare(const part *a, const part *b, bool *same, dp_error *err)
{
    uint8_t x[3 * PLANE], y[3 * PLANE];
    dp_status status = DP_OK;

    *same = a->n_records == b->n_records;
    for (uint64_t i = 0; i < a->n_records && *same && status == DP_OK; i++) {
        status = read_bytes(a, i, 0, x, err);
        if (status == DP_OK)
            status = read_bytes(b, i, 0, y, err);
        *same = status == DP_OK && memcmp(x, y, sizeof x) == 0;
    }
    return status;
}

/* Each file once, whatever its name. */
static dp_status check_copies(const opening *o, const state *s)
{
    dp_status status = DP_OK;
    bool same = false;

    for (size_t b = 1; b < s->n_parts; b++) {
        for (size_t a = 0; a < b; a++) {
            status = compare(&s->parts[a], &s->parts[b], &same, o->err);
            if (status == DP_OK && same)
                status = dp_fail(o->err, DP_ECORRUPT, "%.60s has the images of %.60s: a copy",
                                 s->parts[b].name, s->parts[a].name);
            if (status != DP_OK)
                return status;
        }
    }
    return status;
}

static dp_status check_official(const opening *o, const state *s)
{
    dp_status status = check_complete(o, s);

    if (status == DP_OK)
        status = check_only(o, s);
    return status == DP_OK ? check_copies(o, s) : status;
}

static dp_status open_parts(opening *o, state *s)
{
    const dp_cifar_layout *layout = o->layout;
    dp_status status = dp_cifar_find(o);

    if (status != DP_OK)
        return status;
    s->parts = dp_arena_alloc(o->arena, o->n_entries + 1, sizeof *s->parts);
    if (s->parts == NULL)
        return dp_arena_fail(o->arena, o->err, layout->name);
    for (size_t i = 0; i < o->n_entries && status == DP_OK; i++) {
        const char *name = o->entries[i].name;
        if (o->python ? dp_cifar_official(layout, name) < layout->n_files
                      : dp_cifar_is_binary(name))
            status = open_part(o, s, &o->entries[i]);
    }
    if (status == DP_OK && s->n_parts == 0)
        status = dp_fail(o->err, DP_EIO, "%.100s has no *%s*.bin file", o->path,
                         layout->words[o->params->usage]);
    return status == DP_OK && o->params->strict ? check_official(o, s) : status;
}

static uint64_t end_of(const state *s)
{
    const part *last = &s->parts[s->n_parts - 1];
    return last->first + last->n_records;
}

dp_status dp_cifar_open(const dp_cifar_layout *layout, const void *params,
                        const dp_options *options, dp_arena *arena, dp_source *out, dp_error *err)
{
    state *s = dp_arena_alloc(arena, 1, sizeof *s);
    opening o = {.layout = layout,
                 .params = params,
                 .options = options,
                 .opener = &out->opener,
                 .arena = arena,
                 .err = err};
    dp_status status;

    if (s == NULL)
        return dp_arena_fail(arena, err, layout->name);
    s->layout = layout;
    s->image_size = 3 * PLANE;
    status = open_parts(&o, s);
    if (status != DP_OK) {
        dp_cifar_close(s);
        return status;
    }
    out->n_records = end_of(s);
    out->columns[0] = (dp_column){"image", {NULL, DP_U8, 3, {SIDE, SIDE, 3}}, 256};
    for (int i = 0; i < layout->n_labels; i++)
        out->columns[1 + i] = (dp_column){
            layout->labels[i].column, {NULL, DP_U32, 0, {0}}, layout->labels[i].n_classes};
    out->columns[1 + layout->n_labels] = (dp_column){"id", {NULL, DP_I64, 0, {0}}, out->n_records};
    out->n_columns = 2 + (uint32_t)layout->n_labels;
    for (size_t i = 0; i < s->n_parts; i++) {
        const part *p = &s->parts[i];
        out->stamp = dp_stamp_add(dp_stamp_add(out->stamp, dp_hash64(p->name, strlen(p->name))),
                                  p->blob.bytes != NULL ? p->blob.stamp : p->file.stamp);
    }
    out->state = s;
    return DP_OK;
}

dp_status dp_cifar_keep(void *state_, const dp_options *options, dp_arena *arena, dp_error *err)
{
    state *s = state_;
    const uint64_t n = end_of(s);
    const dp_status status = dp_kept_plan(&s->kept, n, 3 * PLANE, options, arena, err);

    if (status == DP_OK && s->kept != NULL)
        s->kept_labels = dp_arena_alloc(arena, (size_t)n, (size_t)s->layout->n_labels);
    if (s->kept_labels == NULL)
        s->kept = NULL;
    return status;
}

static const part *part_of(const state *s, uint64_t record)
{
    const part *p = s->parts;
    while (record >= p->first + p->n_records)
        p++;
    return p;
}

static void interleave(const uint8_t *planes, uint8_t *image)
{
    for (int i = 0; i < PLANE; i++) {
        image[3 * i] = planes[i];
        image[3 * i + 1] = planes[PLANE + i];
        image[3 * i + 2] = planes[2 * PLANE + i];
    }
}

static dp_status read_record(const state *s, uint64_t record, bool as_planes, uint8_t *image,
                             uint8_t *label, dp_error *err)
{
    const part *p = part_of(s, record);
    const uint64_t in_file = record - p->first;
    const size_t n = (size_t)s->layout->n_labels, before = p->labels == NULL ? n : 0;
    uint8_t bytes[MOST_LABELS + 3 * PLANE];
    const uint8_t *planes = bytes + before;
    const dp_status status = read_bytes(p, in_file, before, bytes, err);

    if (status != DP_OK)
        return status;
    memcpy(label, p->labels == NULL ? bytes : p->labels + in_file * n, n);
    for (int i = 0; i < s->layout->n_labels; i++) {
        if (label[i] >= s->layout->labels[i].n_classes)
            return dp_fail_record(err, DP_ECORRUPT, record,
                                  "record %llu of %.80s has %s %d: expected 0 to %d",
                                  (unsigned long long)in_file, p->name, s->layout->labels[i].column,
                                  label[i], s->layout->labels[i].n_classes - 1);
    }
    if (as_planes)
        memcpy(image, planes, 3 * PLANE);
    else
        interleave(planes, image);
    return DP_OK;
}

static void keep_record(const state *s, uint64_t record, const uint8_t *image, const uint8_t *label)
{
    uint8_t *bytes = dp_kept_claim(s->kept, record);

    if (bytes == NULL)
        return;
    memcpy(bytes, image, 3 * PLANE);
    memcpy(s->kept_labels + record * (size_t)s->layout->n_labels, label,
           (size_t)s->layout->n_labels);
    dp_kept_fill(s->kept, record);
}

static dp_status read_as(const state *s, uint64_t record, bool planes, void *const columns[],
                         dp_error *err)
{
    const uint8_t *kept = s->planes == planes ? dp_kept_find(s->kept, record) : NULL;
    const size_t n = (size_t)s->layout->n_labels;
    uint8_t read[MOST_LABELS];
    const uint8_t *label = read;

    if (kept != NULL) {
        memcpy(columns[0], kept, s->image_size);
        label = s->kept_labels + record * n;
    } else {
        const dp_status status = read_record(s, record, planes, columns[0], read, err);
        if (status != DP_OK)
            return status;
        if (s->planes == planes)
            keep_record(s, record, columns[0], read);
    }
    for (size_t i = 0; i < n; i++)
        *(uint32_t *)columns[1 + i] = label[i];
    *(int64_t *)columns[1 + n] = (int64_t)record;
    return DP_OK;
}

dp_status dp_cifar_read(const void *state_, uint64_t record, void *const columns[], dp_error *err)
{
    return read_as(state_, record, false, columns, err);
}

dp_status dp_cifar_read_planes(const void *state_, uint64_t record, void *const columns[],
                               dp_error *err)
{
    return read_as(state_, record, true, columns, err);
}

void dp_cifar_planes(void *state_)
{
    state *s = state_;
    s->planes = true;
}

void dp_cifar_prefetch(const void *state_, uint64_t record)
{
    const state *s = state_;
    dp_kept_prefetch(s->kept, record);
}
