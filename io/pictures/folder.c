/* folder.c - a folder of pictures, opened and read
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The header of each is read at open: pictures of one size are a column of one shape, others a
 * column whose rows differ.  Encoded, a record is the bytes of its file.
 */
#include "io/pictures/folder.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/options.h"
#include "base/pack/inflate.h"
#include "io/pictures/bounds.h"
#include "io/pictures/files.h"

#define LOOK 4096 /* bytes that are read at once for a header */

/* ---- what is known of a file at open ---- */

/* png_folder reads no other kind. */
static dp_status check_kind(const dp_folder *s, const dp_encoded *from, dp_error *err)
{
    if (!s->kind->png_only || dp_picture_kind_of(from->bytes, from->size) == DP_PICTURE_PNG)
        return DP_OK;
    return dp_fail(err, DP_ECORRUPT, "%.90s is not a PNG picture%s", from->name,
                   dp_sniff_bytes(from->bytes, from->size).text);
}

static dp_status look_into(const dp_folder *s, dp_folder_file *f, const dp_file *file,
                           dp_error *err)
{
    uint8_t bytes[LOOK];
    dp_encoded from = {.name = f->path, .bytes = bytes, .file = file, .end = file->size};
    dp_picture_head head;
    const int error = dp_file_read_at(file, 0, bytes, sizeof bytes, &from.size);
    dp_status status;

    if (error != 0)
        return dp_fail(err, DP_EIO, "cannot read %.120s: %s", f->path, dp_file_why(file, error));
    if (file->size > DP_PICTURE_FILE)
        return dp_fail(err, DP_ELIMIT, "%.120s has more than %llu bytes", f->path,
                       (unsigned long long)DP_PICTURE_FILE);
    status = check_kind(s, &from, err);
    if (status == DP_OK)
        status = dp_picture_look(&from, &s->how, &s->rooms[0].room, &head, err);
    dp_picture_room_empty(&s->rooms[0].room);
    if (status != DP_OK)
        return status;
    f->size = (uint32_t)file->size;
    f->height = (uint16_t)head.height;
    f->width = (uint16_t)head.width;
    f->orientation = (uint8_t)head.orientation;
    return DP_OK;
}

static dp_status look_at(const dp_folder *s, dp_folder_file *f, dp_error *err)
{
    dp_file file;
    dp_status status = dp_file_open(f->path, &file, err);

    if (status != DP_OK)
        return status;
    status = look_into(s, f, &file, err);
    dp_file_close(&file);
    return status;
}

/* ---- one picture ---- */

static uint32_t short_stamp(uint64_t stamp) { return (uint32_t)stamp | 1; }

/* A picture is opened each time that it is read: it must be what it was. */
static dp_status check_same(const dp_folder *s, uint64_t record, const dp_blob *blob, dp_error *err)
{
    const uint32_t hash = (uint32_t)dp_hash64(blob->bytes, blob->size) | 1;
    const uint32_t stamp = short_stamp(blob->stamp);
    dp_folder_mark *m = &s->marks[record];
    const bool first = atomic_load_explicit(&m->seen, memory_order_relaxed) == 0;
    const uint32_t known = atomic_load_explicit(&m->stamp, memory_order_relaxed);
    const char *since = NULL;
    uint32_t seen = 0;

    if (first && known != 0 && known != stamp)
        since = "opened";
    else if (!atomic_compare_exchange_strong_explicit(&m->seen, &seen, hash, memory_order_relaxed,
                                                      memory_order_relaxed) &&
             seen != hash)
        since = "first read";
    else if (known != stamp)
        atomic_store_explicit(&m->stamp, stamp, memory_order_relaxed);
    return since == NULL ? DP_OK
                         : dp_fail_record(err, DP_ESTATE, record, "%.160s changed since it was %s",
                                          s->files[record].path, since);
}

static dp_status changed_size(const dp_folder_file *f, uint64_t size, dp_error *err)
{
    return dp_fail(err, DP_ESTATE,
                   "%.120s changed since it was opened: it has %llu bytes, it had %u", f->path,
                   (unsigned long long)size, f->size);
}

/* The file as it is now, into `out`, where it has to have the size that it had; NULL = into the
 * arena. */
static dp_status read_open(const dp_folder_file *f, const dp_file *file, uint8_t *out,
                           dp_arena *arena, dp_blob *blob, dp_error *err)
{
    const size_t size = (size_t)file->size;
    size_t got;
    int error;

    if (file->size > DP_PICTURE_FILE || (out != NULL && size != f->size))
        return changed_size(f, file->size, err);
    out = out != NULL ? out : dp_arena_alloc(arena, size, 1);
    if (out == NULL)
        return dp_arena_fail(arena, err, f->path);
    error = dp_file_read_at(file, 0, out, size, &got);
    *blob = (dp_blob){out, got, file->stamp};
    if (error != 0)
        return dp_fail(err, DP_EIO, "cannot read %.120s: %s", f->path, dp_file_why(file, error));
    return got == size ? DP_OK : changed_size(f, got, err);
}

static dp_status read_file(const dp_folder_file *f, uint8_t *out, dp_arena *arena, dp_blob *blob,
                           dp_error *err)
{
    dp_file file;
    dp_status status = dp_file_open(f->path, &file, err);

    if (status != DP_OK)
        return status;
    status = read_open(f, &file, out, arena, blob, err);
    dp_file_close(&file);
    return status;
}

static dp_picture_head head_of(const dp_folder_file *f)
{
    return (dp_picture_head){f->height, f->width, f->orientation};
}

static dp_status decode(const dp_folder *s, const dp_folder_file *f, const dp_blob *blob,
                        dp_picture_room *room, uint8_t *out, dp_error *err)
{
    const dp_encoded from = {.name = f->path, .bytes = blob->bytes, .size = blob->size};
    const dp_picture_head head = head_of(f);
    const dp_status status = check_kind(s, &from, err);
    dp_picture_part whole = {0};
    int64_t size[2];

    dp_picture_size(&head, &s->how, size);
    whole.height = size[0];
    whole.width = size[1];
    return status != DP_OK ? status
                           : dp_picture_decode(&from, &s->how, &head, &whole, room, out, err);
}

/* One that no other thread is in; NULL = none. */
static dp_folder_room *enter_room(const dp_folder *s)
{
    for (uint32_t i = 0; i < s->n_rooms; i++) {
        if (!atomic_exchange_explicit(&s->rooms[i].busy, 1, memory_order_acquire))
            return &s->rooms[i];
    }
    return NULL;
}

static void leave_room(dp_folder_room *r)
{
    dp_picture_room_empty(&r->room);
    atomic_store_explicit(&r->busy, 0, memory_order_release);
}

static dp_status read_pixels(const dp_folder *s, uint64_t record, uint8_t *out, dp_error *err)
{
    const dp_folder_file *f = &s->files[record];
    dp_folder_room *r = enter_room(s);
    dp_blob blob;
    dp_status status;

    if (r == NULL)
        return dp_fail(err, DP_ELIMIT, "more than %u threads read", s->n_rooms);
    status = read_file(f, NULL, &r->room.arena, &blob, err);
    if (status == DP_OK)
        status = decode(s, f, &blob, &r->room, out, err);
    if (status == DP_OK)
        status = check_same(s, record, &blob, err);
    leave_room(r);
    return status;
}

static dp_status read_bytes(const dp_folder *s, uint64_t record, uint8_t *out, dp_error *err)
{
    dp_blob blob;
    const dp_status status = read_file(&s->files[record], out, NULL, &blob, err);

    return status != DP_OK ? status : check_same(s, record, &blob, err);
}

dp_status dp_folder_read(const void *state, uint64_t record, void *const columns[], dp_error *err)
{
    const dp_folder *s = state;
    const dp_status status = (s->decode ? read_pixels : read_bytes)(s, record, columns[0], err);

    *(uint32_t *)columns[1] = s->files[record].label;
    *(int64_t *)columns[2] = (int64_t)record;
    if (status != DP_OK && err != NULL)
        err->record = (int64_t)record;
    return status;
}

/* ---- all of them, at open ---- */

/* Whether it can be decoded, too. */
static dp_status try_picture(const dp_folder *s, const dp_folder_file *f, dp_error *err)
{
    dp_picture_room *room = &s->rooms[0].room;
    dp_arena *arena = &room->arena;
    uint8_t *out = dp_arena_alloc(arena, (size_t)f->height * f->width, (size_t)s->how.channels);
    dp_blob blob;
    dp_status status =
        out == NULL ? dp_arena_fail(arena, err, f->path) : read_file(f, NULL, arena, &blob, err);

    if (status == DP_OK)
        status = decode(s, f, &blob, room, out, err);
    dp_picture_room_empty(room);
    return status;
}

/* Of a record; 3 sizes or 1. */
static void shape_of(const dp_folder *s, const dp_folder_file *f, int64_t *shape)
{
    const dp_picture_head head = head_of(f);

    shape[0] = f->size;
    if (!s->decode)
        return;
    dp_picture_size(&head, &s->how, shape);
    shape[2] = s->how.channels;
}

static void widen_by(dp_folder *s, const dp_folder_file *f)
{
    const dp_picture_head head = head_of(f);
    int64_t sizes[3];

    shape_of(s, f, sizes);
    dp_bounds_widen(s->least, s->most, sizes, s->decode ? 3 : 1);
    dp_pictures_widen(&s->pictures, &head);
}

/* Looks at each; with on_error=skip the damaged ones are left out here, before anything depends on
 * how many there are. */
static dp_status look_at_all(dp_folder *s, const dp_options *options, uint64_t *left_out,
                             dp_error *err)
{
    const bool skips = s->params->on_error == DP_ON_ERROR_SKIP;
    uint64_t kept = 0;

    for (uint64_t i = 0; i < s->n; i++) {
        dp_error why = {.message = ""};
        dp_folder_file f = s->files[i];
        dp_status status = look_at(s, &f, &why);
        if (status == DP_OK && skips)
            status = try_picture(s, &f, &why);
        if (status == DP_ECORRUPT && skips) {
            dp_log(options, "warning: %s: left out: %s", s->kind->name, why.message);
        } else if (status != DP_OK) {
            return dp_fail_record(err, status, i, "%s", why.message);
        } else {
            widen_by(s, &f);
            s->files[kept++] = f;
        }
        if (i % 64 == 63 || i + 1 == s->n)
            status = dp_progress(options, "pictures", i + 1, s->n, err);
        if (status == DP_ECANCEL)
            return status;
    }
    if (kept < s->n)
        dp_log(options, "warning: %s: %llu damaged pictures of %llu are left out", s->kind->name,
               (unsigned long long)(s->n - kept), (unsigned long long)s->n);
    *left_out = s->n - kept;
    s->n = kept;
    return kept > 0 ? DP_OK : dp_fail(err, DP_ECORRUPT, "all pictures are damaged");
}

static dp_status check_labels(const dp_folder *s, uint64_t classes, dp_error *err)
{
    for (uint64_t i = 0; i < s->n; i++) {
        if (s->files[i].label >= classes)
            return dp_fail_record(err, DP_ECORRUPT, i, "%.120s has label %u: expected 0 to %llu",
                                  s->files[i].path, s->files[i].label,
                                  (unsigned long long)classes - 1);
    }
    return DP_OK;
}

/* The stamp of all pictures; it looks at each.  `keep`: each must be the same when it is read. */
static dp_status stamp_all(const dp_folder *s, bool keep, uint64_t *stamp, dp_error *err)
{
    *stamp = 0;
    for (uint64_t i = 0; i < s->n; i++) {
        dp_folder_mark *m = &s->marks[i];
        const uint64_t now = dp_stamp_of(s->files[i].path);
        const uint32_t known = atomic_load_explicit(&m->stamp, memory_order_relaxed);
        if (known != 0 && known != short_stamp(now))
            return dp_fail_record(err, DP_ESTATE, i,
                                  "%.120s changed since it was read: its content may "
                                  "be another",
                                  s->files[i].path);
        if (keep)
            atomic_store_explicit(&m->stamp, short_stamp(now), memory_order_relaxed);
        *stamp = dp_stamp_add(dp_stamp_add(*stamp, s->files[i].label), now);
    }
    return DP_OK;
}

dp_status dp_folder_stamp(const void *state, uint64_t *stamp, dp_error *err)
{
    return stamp_all(state, false, stamp, err);
}

static uint64_t hash_names(const dp_folder *s)
{
    dp_hash h;

    if (s->n_names == 0)
        return 0;
    dp_hash64_init(&h);
    for (uint64_t i = 0; i < s->n_names; i++)
        dp_hash_text(&h, s->names[i]);
    return dp_hash64_final(&h);
}

static dp_status begin(dp_folder *s, const dp_options *options, dp_arena *arena, dp_error *err)
{
    const dp_folder_params *p = s->params;
    dp_status status;

    s->decode = s->kind->png_only || p->decode;
    s->how = (dp_picture_how){(int32_t)p->channels, p->decoder, p->orientation, false, 0};
    s->n_rooms = options->threads + 1;
    s->rooms = dp_arena_alloc(arena, s->n_rooms, sizeof *s->rooms);
    if (s->rooms == NULL)
        return dp_arena_fail(arena, err, s->kind->name);
    if (p->channels == 2)
        return dp_fail(err, DP_ESPEC, "channels is 1 or 3");
    if (!s->decode && (p->channels != 3 || p->decoder != 0 || p->orientation != 0))
        return dp_fail(err, DP_ESPEC,
                       "channels, decoder and orientation are of decode=true, or of the stage "
                       "decode");
    status = s->kind->png_only ? DP_OK : dp_picture_ready(&s->how, arena, err);
    return status != DP_OK ? status : dp_picture_room_open(&s->rooms[0].room, arena, 0, 0, err);
}

/* The first one, where the files were looked at, becomes as large as all. */
static dp_status open_rooms(dp_folder *s, const dp_arena *arena, dp_error *err)
{
    dp_status status = DP_OK;

    dp_picture_room_close(&s->rooms[0].room);
    for (uint32_t i = 0; i < s->n_rooms && s->decode && status == DP_OK; i++)
        status = dp_picture_room_open(&s->rooms[i].room, arena, s->most[0], s->most[1], err);
    return status;
}

void dp_folder_close(void *state)
{
    dp_folder *s = state;

    for (uint32_t i = 0; i < s->n_rooms && s->rooms != NULL; i++)
        dp_picture_room_close(&s->rooms[i].room);
}

/* Before a look at any, where the stamps of files decide whether their identity is known. */
static dp_status mark(dp_folder *s, const dp_options *options, dp_arena *arena, uint64_t *stamp,
                      dp_error *err)
{
    s->marks = dp_arena_alloc(arena, (size_t)s->n, sizeof *s->marks);
    if (s->marks == NULL)
        return dp_arena_fail(arena, err, "the marks of the images");
    return options->identities == NULL ? DP_OK : stamp_all(s, true, stamp, err);
}

static void describe(dp_folder *s, uint64_t classes, dp_source *out)
{
    const int32_t rank = s->decode ? 3 : 1;
    const size_t size = (size_t)rank * sizeof s->most[0];

    out->n_records = s->n;
    out->names = hash_names(s);
    out->n_columns = 3;
    out->columns[0] = (dp_column){"image", {NULL, DP_U8, rank, {0}}, 256};
    memcpy(out->columns[0].type.shape, s->most, size);
    out->least[0] = memcmp(s->least, s->most, size) != 0 ? s->least : NULL;
    out->pictures[0] = s->decode ? NULL : &s->pictures;
    out->columns[1] = (dp_column){"label", {NULL, DP_U32, 0, {0}}, classes};
    out->columns[2] = (dp_column){"id", {NULL, DP_I64, 0, {0}}, s->n};
    out->state = s;
}

dp_status dp_folder_open(const dp_folder_kind *kind, const dp_folder_params *p,
                         const dp_options *options, dp_arena *arena, dp_source *out, dp_error *err)
{
    dp_folder *s = dp_arena_alloc(arena, 1, sizeof *s);
    uint64_t classes;
    dp_status status;

    if (s == NULL)
        return dp_arena_fail(arena, err, kind->name);
    s->kind = kind;
    s->params = p;
    status = begin(s, options, arena, err);
    if (status == DP_OK)
        status = dp_folder_find(s, &out->opener, err);
    classes = p->num_classes != 0 ? (uint64_t)p->num_classes : s->n_classes;
    if (s->n_names > 0)
        classes = s->n_names;
    if (status == DP_OK)
        status = check_labels(s, classes, err);
    if (status == DP_OK)
        status = mark(s, options, arena, &out->stamp, err);
    if (status == DP_OK)
        status = look_at_all(s, options, &out->left_out, err);
    if (status == DP_OK)
        status = open_rooms(s, arena, err);
    if (status == DP_OK)
        describe(s, classes, out);
    else
        dp_folder_close(s);
    return status;
}

void dp_folder_head(const void *state, uint64_t record, int64_t head[3])
{
    const dp_folder_file *f = &((const dp_folder *)state)->files[record];

    head[0] = f->height;
    head[1] = f->width;
    head[2] = f->orientation;
}

void dp_folder_shape(const void *state, uint64_t record, uint32_t column, int64_t *shape)
{
    const dp_folder *s = state;
    int64_t sizes[3];

    (void)column; /* the image: no other differs */
    shape_of(s, &s->files[record], sizes);
    memcpy(shape, sizes, (s->decode ? 3 : 1) * sizeof *sizes);
}

const char *dp_folder_path(const void *state, uint64_t record)
{
    return ((const dp_folder *)state)->files[record].path;
}
