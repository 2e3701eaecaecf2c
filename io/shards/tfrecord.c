/* tfrecord.c - TFRecord files of tf.train.Example
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A record is its length (64 bits), a masked CRC-32C of that, its bytes, a masked CRC-32C of those.
 * Both are checked when the file is looked at and each time that a record is read.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/sniff.h"
#include "base/tensor.h"
#include "io/shards/example.h"
#include "io/shards/shards.h"
#include "io/source.h"

#define MOST_RECORD ((uint64_t)1 << 30) /* bytes of a record */
#define HEAD        12                  /* before its bytes */
#define TAIL        4

typedef struct tfrecord {
    const char *file, *fields;
} tfrecord;

static const dp_param params[] = {
    DP_LONG_TEXT(tfrecord, file, NULL,
                 "files: a.tfrecord, train-{00000..00127}-of-00128, or @list.txt, a name a line"),
    DP_LONG_TEXT(tfrecord, fields, NULL,
                 "columns: NAME:FEATURE:TYPE of each, or NAME:FEATURE for bytes, joined by commas"),
    DP_PARAMS_END,
};

static const char *usual(const char *part)
{
    (void)part;
    return "bytes";
}

/* ---- a record ---- */

/* Whether the masked CRC behind n bytes is theirs. */
static bool crc_is_right(const uint8_t *bytes, size_t n)
{
    return dp_load_le(bytes + n, 4) == dp_crc32c_masked(bytes, n);
}

static bool is_plain(const uint8_t head[HEAD]) { return crc_is_right(head, 8); }

/* ---- a file, at open ---- */

typedef struct looking {
    dp_look *l;
    uint8_t *room; /* for a record, where it is not in memory */
    size_t size;
    void *scratch[DP_MAX_COLUMNS]; /* for numbers */
    dp_error *err;
} looking;

__attribute__((format(printf, 3, 4))) static dp_status fail(const looking *g, uint64_t number,
                                                            const char *why, ...)
{
    const dp_shard_file *d = g->l->shard;
    char text[160];
    va_list args;

    va_start(args, why);
    vsnprintf(text, sizeof text, why, args);
    va_end(args);
    return dp_fail_record(g->err, DP_ECORRUPT, d->first + number, "record %llu of %.100s %s",
                          (unsigned long long)number, d->path, text);
}

static dp_status grow(looking *g, size_t size)
{
    if (size <= g->size)
        return DP_OK;
    g->size = size < 2 * g->size ? 2 * g->size : size;
    g->room = dp_arena_alloc_raw(g->l->arena, g->size, 1);
    return g->room != NULL ? DP_OK : dp_look_full(g->l, g->err);
}

/* The length that a head says, of a record that begins `at`. */
static dp_status take_head(const looking *g, uint64_t at, uint64_t left, uint64_t *length)
{
    const uint64_t number = g->l->shard->n;
    uint8_t bytes[HEAD];
    const uint8_t *head;
    dp_status status;

    if (left < HEAD)
        return fail(g, number, "is cut in its first 12 bytes, at byte %llu",
                    (unsigned long long)at);
    status = dp_look_read(g->l, at, HEAD, bytes, &head, g->err);
    if (status != DP_OK)
        return status;
    if (!crc_is_right(head, 8))
        return at > 0 ? fail(g, number, "is damaged: the CRC of its length, at byte %llu, is wrong",
                             (unsigned long long)at)
                      : fail(g, number, "is none: this is not a TFRecord file%s",
                             dp_sniff_bytes(head, HEAD).text);
    *length = dp_load_le(head, 8);
    if (*length > MOST_RECORD)
        return fail(g, number, "has %llu bytes: at most %llu", (unsigned long long)*length,
                    (unsigned long long)MOST_RECORD);
    return *length + TAIL <= left - HEAD
               ? DP_OK
               : fail(g, number, "is cut: it has %llu bytes, and the file ends after %llu",
                      (unsigned long long)*length, (unsigned long long)(left - HEAD));
}

static dp_status look_at_bytes(looking *g, uint32_t c, dp_piece *p, const dp_feature *f,
                               const uint8_t *record)
{
    const dp_field *field = &g->l->shards->fields.field[c];
    const uint64_t number = g->l->shard->n - 1;
    const uint8_t *value;
    char name[160];
    size_t n;
    const char *why = dp_feature_bytes(f, &value, &n);

    if (why != NULL)
        return fail(g, number, "has %.60s, which %s", field->part, why);
    p->at += (uint64_t)(value - record);
    p->size = (uint32_t)n;
    snprintf(name, sizeof name, "record %llu of %.80s (%.40s)", (unsigned long long)number,
             g->l->shard->path, field->part);
    return dp_look_bytes(g->l, c, p, name, g->err);
}

static dp_status look_at_numbers(looking *g, uint32_t c, const dp_feature *f)
{
    const dp_field *field = &g->l->shards->fields.field[c];
    int64_t least, most;
    const char *why = dp_feature_numbers(f, field, g->scratch[c], &least, &most);

    if (why != NULL)
        return fail(g, g->l->shard->n - 1, "has %.60s, which %s: %s", field->part, why,
                    dp_tensor_type(&field->type).text);
    dp_look_number(g->l, c, least);
    dp_look_number(g->l, c, most);
    return DP_OK;
}

static dp_status look_at_field(looking *g, uint32_t c, dp_piece *p, const dp_feature *f,
                               const uint8_t *record, size_t n)
{
    const dp_field *field = &g->l->shards->fields.field[c];
    char names[80];

    if (f->kind == DP_FEATURE_NONE) {
        dp_example_names(record, n, names, sizeof names);
        return fail(g, g->l->shard->n - 1, "has no %.40s, %s%s%s", field->part,
                    names[0] != '\0' ? "but " : "nor any other", names,
                    dp_example_is_sequence(record, n)
                        ? " (a SequenceExample: its lists are not read, write them as features)"
                        : "");
    }
    return field->kind == DP_FIELD_NUMBERS ? look_at_numbers(g, c, f)
                                           : look_at_bytes(g, c, p, f, record);
}

/* One whose bytes are there. */
static dp_status look_at_record(looking *g, uint64_t at, size_t length)
{
    const dp_fields *fields = &g->l->shards->fields;
    dp_feature features[DP_MAX_COLUMNS];
    const uint8_t *record;
    const char *wrong;
    char why[100];
    dp_piece *p;
    dp_status status = grow(g, length + TAIL);

    if (status == DP_OK)
        status = dp_look_read(g->l, at + HEAD, length + TAIL, g->room, &record, g->err);
    if (status != DP_OK)
        return status;
    if (!crc_is_right(record, length))
        return fail(g, g->l->shard->n, "is damaged: the CRC of its bytes is wrong");
    p = dp_look_add(g->l);
    if (p == NULL)
        return dp_look_full(g->l, g->err);
    wrong = dp_example_find(record, length, fields, features, why);
    if (wrong != NULL)
        return fail(g, g->l->shard->n - 1, "%s", wrong);
    for (uint32_t c = 0; c < fields->n && status == DP_OK; c++) {
        p[c].at = at + HEAD;
        status = look_at_field(g, c, &p[c], &features[c], record, length);
    }
    p[fields->n].at = at;
    p[fields->n].size = (uint32_t)(HEAD + length + TAIL);
    return status;
}

static dp_status open_scratch(looking *g)
{
    const dp_fields *fields = &g->l->shards->fields;

    for (uint32_t c = 0; c < fields->n; c++) {
        const dp_field *f = &fields->field[c];
        if (f->kind != DP_FIELD_NUMBERS)
            continue;
        g->scratch[c] = dp_arena_alloc(g->l->arena, dp_tensor_bytes(&f->type), 1);
        if (g->scratch[c] == NULL)
            return dp_look_full(g->l, g->err);
    }
    return DP_OK;
}

static dp_status look(dp_look *l, dp_error *err)
{
    const dp_shard_file *d = l->shard;
    const uint64_t size = d->blob.bytes != NULL ? d->blob.size : d->file.size;
    looking g = {.l = l, .err = err};
    dp_status status = open_scratch(&g);

    for (uint64_t at = 0; at < size && status == DP_OK;) {
        uint64_t length = 0;
        status = take_head(&g, at, size - at, &length);
        if (status == DP_OK)
            status = look_at_record(&g, at, (size_t)length);
        at += HEAD + length + TAIL;
        if (status == DP_OK)
            status = dp_look_progress(l, at, err);
    }
    return status;
}

/* ---- the reader ---- */

/* For a record, of one thread at a time. */
typedef struct room {
    _Atomic uint32_t busy; /* 1 = yes: a whole word, which every machine swaps by itself */
    uint8_t *bytes;
} room;

typedef struct state {
    dp_shards shards;
    room *rooms;
    uint32_t n_rooms;
} state;

static const dp_shard_format format;

static dp_status open_rooms(state *s, const dp_options *options, dp_arena *arena, dp_error *err)
{
    s->n_rooms = options->threads + 1;
    s->rooms = dp_arena_alloc(arena, s->n_rooms, sizeof *s->rooms);
    for (uint32_t i = 0; s->rooms != NULL && i < s->n_rooms; i++) {
        s->rooms[i].bytes = dp_arena_alloc_raw(arena, (size_t)s->shards.largest, 1);
        if (s->rooms[i].bytes == NULL)
            return dp_arena_fail(arena, err, "a record");
    }
    return s->rooms != NULL ? DP_OK : dp_arena_fail(arena, err, "a record");
}

static dp_status open_source(const void *params_, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    const tfrecord *p = params_;
    state *s = dp_arena_alloc(arena, 1, sizeof *s);
    dp_status status;

    if (s == NULL)
        return dp_arena_fail(arena, err, "tfrecord");
    status = dp_shards_open(&s->shards, &format, p->file, p->fields, options, arena, out, err);
    if (status != DP_OK)
        return status;
    status = open_rooms(s, options, arena, err);
    if (status != DP_OK)
        dp_shards_close(s);
    return status;
}

/* One that no other thread is in; NULL = none. */
static room *enter_room(const state *s)
{
    for (uint32_t i = 0; i < s->n_rooms; i++) {
        if (!atomic_exchange_explicit(&s->rooms[i].busy, 1, memory_order_acquire))
            return &s->rooms[i];
    }
    return NULL;
}

static dp_status changed(const dp_shard_record *r, uint32_t c, dp_error *err)
{
    return dp_shard_fail(r, err, DP_ESTATE, "changed since it was opened: %.60s",
                         r->shards->fields.field[c].part);
}

/* What the index says of a field still has to be so. */
static dp_status take_field(const dp_shard_record *r, uint32_t c, const dp_feature *f, void *out,
                            dp_error *err)
{
    const dp_field *field = &r->shards->fields.field[c];
    const uint8_t *value;
    int64_t least, most;
    size_t n;

    if (field->kind == DP_FIELD_NUMBERS)
        return dp_feature_numbers(f, field, out, &least, &most) == NULL &&
                       dp_shard_expects(r, c, least) && dp_shard_expects(r, c, most)
                   ? DP_OK
                   : changed(r, c, err);
    if (dp_feature_bytes(f, &value, &n) != NULL || n != r->pieces[c].size)
        return changed(r, c, err);
    if (n > 0)
        memcpy(out, value, n);
    return DP_OK;
}

static dp_status take_record(const dp_shard_record *r, uint8_t *bytes, void *const columns[],
                             dp_error *err)
{
    const dp_fields *fields = &r->shards->fields;
    const size_t size = r->pieces[fields->n].size;
    dp_feature features[DP_MAX_COLUMNS];
    char why[100];
    dp_status status = size >= HEAD + TAIL ? dp_shard_read(r, fields->n, bytes, err) : DP_OK;

    if (status != DP_OK)
        return status;
    if (size < HEAD + TAIL || !crc_is_right(bytes, 8) || dp_load_le(bytes, 8) != size - HEAD - TAIL)
        return dp_shard_fail(r, err, DP_ECORRUPT, "is damaged: its length is another");
    if (!crc_is_right(bytes + HEAD, size - HEAD - TAIL))
        return dp_shard_fail(r, err, DP_ECORRUPT, "is damaged: the CRC of its bytes is wrong");
    if (dp_example_find(bytes + HEAD, size - HEAD - TAIL, fields, features, why) != NULL)
        return dp_shard_fail(r, err, DP_ESTATE, "changed since it was opened");
    for (uint32_t c = 0; c < fields->n && status == DP_OK; c++)
        status = take_field(r, c, &features[c], columns[c], err);
    return status;
}

static dp_status read_record(const void *state_, uint64_t record, void *const columns[],
                             dp_error *err)
{
    const state *s = state_;
    dp_shard_record r;
    dp_status status = dp_shard_enter(&s->shards, record, &r, err);
    room *in;

    if (status != DP_OK)
        return status;
    in = enter_room(s);
    if (in != NULL) {
        status = take_record(&r, in->bytes, columns, err);
        atomic_store_explicit(&in->busy, 0, memory_order_release);
    } else {
        status = dp_shard_fail(&r, err, DP_ELIMIT, "is read by more than %u threads", s->n_rooms);
    }
    *(int64_t *)columns[s->shards.fields.n] = (int64_t)record;
    dp_shard_leave(&r);
    return status;
}

const dp_reader dp_reader_tfrecord = {
    .info = {"reader", "tfrecord", "TFRecord files of tf.train.Example", 1, sizeof(tfrecord),
             params},
    .open = open_source,
    .read = read_record,
    .ahead = dp_shards_ahead,
    .shape = dp_shards_shape,
    .unchanged = dp_shards_unchanged,
    .close = dp_shards_close,
};

static const dp_shard_format format = {
    .info = &dp_reader_tfrecord.info,
    .n_own = 1,
    .record = "record",
    .usual = usual,
    .is_plain = is_plain,
    .look = look,
};
