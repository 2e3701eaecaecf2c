/* npz.c - arrays that numpy.savez wrote: a ZIP file
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A stored array is read where it lies, a deflated one is unpacked at open.  Each that is delivered
 * is read once then, for its CRC.
 */
#include <stdio.h>
#include <string.h>

#include "base/pack/zip_file.h"
#include "base/pack/zip_format.h"
#include "base/status.h"
#include "io/arrays/arrays.h"

typedef struct npz {
    const char *file, *columns;
} npz;

static const dp_param params[] = {
    DP_TEXT(npz, file, NULL, "the file"),
    DP_LONG_TEXT(npz, columns, "", "names of its arrays, joined by commas; \"\": all of them"),
    DP_PARAMS_END,
};

/* An open one. */
typedef struct opening {
    dp_arrays *s;
    dp_zip_file zip;
    const dp_options *options;
    dp_arena *arena;
    dp_source *out;
    dp_error *err;
} opening;

/* The name of a member without ".npy"; its length. */
static size_t array_name(const dp_zip_member *m)
{
    const size_t n = m->name_length;
    return n > 4 && memcmp(m->name + n - 4, ".npy", 4) == 0 ? n - 4 : 0;
}

static const char *name_for_messages(const opening *o, const dp_zip_member *m)
{
    char name[160];

    snprintf(name, sizeof name, "%.80s: %.*s", o->zip.path,
             m->name_length > 60 ? 60 : (int)m->name_length, m->name);
    return dp_arena_text(o->arena, name, strlen(name));
}

/* Its bytes in memory, where they have to be unpacked; the CRC is checked. */
static dp_status take_bytes(const opening *o, const dp_zip_member *m, dp_stored *a)
{
    uint8_t *out = NULL;

    if (m->method == DP_ZIP_DEFLATED) {
        out = dp_arena_alloc_raw(o->arena, (size_t)m->size + 1, 1);
        if (out == NULL)
            return dp_arena_fail(o->arena, o->err, a->name);
    }
    a->bytes = out;
    return dp_zip_file_read(&o->zip, m, o->options, out, o->err);
}

static dp_status add_member(const opening *o, const dp_zip_member *m)
{
    dp_stored a = {.name = name_for_messages(o, m), .file = o->zip.file, .at = m->offset};
    const size_t length = array_name(m);
    dp_status status;

    if (a.name == NULL)
        return dp_arena_fail(o->arena, o->err, "a name");
    if (length == 0)
        return dp_fail(o->err, DP_ECORRUPT, "%.150s is not an .npy array", a.name);
    status = take_bytes(o, m, &a);
    if (status == DP_OK)
        status = dp_stored_open(&a, m->size, o->err);
    return status == DP_OK ? dp_arrays_add(o->s, m->name, length, &a, o->arena, o->out, o->err)
                           : status;
}

/* With blanks between, as far as they fit. */
static void list_arrays(const opening *o, char *out, size_t size)
{
    size_t n = 0;

    out[0] = '\0';
    for (uint64_t i = 0; i < o->zip.n && n < size; i++) {
        const dp_zip_member *m = &o->zip.members[i];
        const size_t length = array_name(m);
        n += (size_t)snprintf(out + n, size - n, " %.*s", length > 40 ? 40 : (int)length, m->name);
    }
}

static dp_status add_named(const opening *o, const char *name, size_t length)
{
    char names[80];

    for (uint64_t i = 0; i < o->zip.n; i++) {
        const dp_zip_member *m = &o->zip.members[i];
        if (array_name(m) == length && memcmp(m->name, name, length) == 0)
            return add_member(o, m);
    }
    list_arrays(o, names, sizeof names);
    return dp_fail(o->err, DP_ESPEC, "%.100s has no array '%.*s', but%s", o->zip.path,
                   length > 40 ? 40 : (int)length, name, names);
}

static dp_status add_members(const opening *o, const char *names)
{
    dp_status status = DP_OK;

    for (uint64_t i = 0; names[0] == '\0' && i < o->zip.n && status == DP_OK; i++)
        status = add_member(o, &o->zip.members[i]);
    while (names[0] != '\0' && status == DP_OK) {
        const size_t length = strcspn(names, ",");
        status = add_named(o, names, length);
        names += length + (names[length] == ',');
    }
    return status == DP_OK && o->s->n == 0
               ? dp_fail(o->err, DP_ECORRUPT, "%.120s has no array", o->zip.path)
               : status;
}

static dp_status open_source(const void *params_, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    const npz *p = params_;
    opening o = {.options = options, .arena = arena, .out = out, .err = err};
    dp_status status;

    o.s = dp_arena_alloc(arena, 1, sizeof *o.s);
    if (o.s == NULL)
        return dp_arena_fail(arena, err, "npz");
    status = dp_arrays_file(o.s, p->file, &out->opener, err);
    if (status == DP_OK)
        status = dp_zip_file_open(&o.zip, &o.s->files[0], o.s->paths[0], arena, err);
    if (status == DP_OK)
        status = add_members(&o, p->columns);
    if (status == DP_OK)
        status = dp_arrays_done(o.s, options, arena, out, err);
    if (status != DP_OK)
        dp_arrays_close(o.s);
    return status;
}

const dp_reader dp_reader_npz = {
    .info = {"reader", "npz", "arrays that numpy.savez wrote", 1, sizeof(npz), params},
    .open = open_source,
    .read = dp_arrays_read,
    .ahead = dp_arrays_ahead,
    .unchanged = dp_arrays_unchanged,
    .close = dp_arrays_close,
};
