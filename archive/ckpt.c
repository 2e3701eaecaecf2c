/* ckpt.c - MindSpore's checkpoints, read strictly
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * protobuf, proto2: file = { 0x0a len Value }, Value = { 1: tag, 2: Tensor }, Tensor = { 1: dims,
 * 2: type, 3: content }.  Content past 512 MiB is cut into several adjacent Values with the same
 * tag, type and whole dims.  An optional trailer is "crc_num" and the CRC-32 of all before it as 10
 * bytes big-endian; it is known by its place, so no tensor can be taken for one.
 */
#include <string.h>

#include "archive/archive.h"
#include "base/bytes.h"
#include "base/pack/crc32.h"
#include "base/status.h"

#define TRAILER       17
#define TRAILER_MAGIC "crc_num"

typedef struct span {
    const uint8_t *at, *end;
} span;

typedef struct value {
    span tag, type, content;
    int32_t rank;
    int64_t shape[DP_MAX_RANK];
} value;

static bool take_varint(span *s, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64 && s->at < s->end; shift += 7) {
        const uint8_t byte = *s->at++;
        if (shift == 63 && byte > 1)
            return false;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return true;
    }
    return false;
}

static bool take_bytes(span *s, span *out)
{
    uint64_t n;

    if (!take_varint(s, &n) || n > (uint64_t)(s->end - s->at))
        return false;
    *out = (span){s->at, s->at + n};
    s->at += n;
    return true;
}

/* A field that may come only once; out->at tells whether it was there. */
static bool take_once(span *s, span *out) { return out->at == NULL && take_bytes(s, out); }

static bool take_dim(span *s, value *v)
{
    uint64_t dim;

    if (v->rank == DP_MAX_RANK || !take_varint(s, &dim) || dim > INT64_MAX)
        return false;
    v->shape[v->rank++] = (int64_t)dim;
    return true;
}

static bool take_dims(span *s, value *v)
{
    span packed;

    if (!take_bytes(s, &packed))
        return false;
    while (packed.at < packed.end) {
        if (!take_dim(&packed, v))
            return false;
    }
    return true;
}

static bool parse_tensor(span s, value *v)
{
    while (s.at < s.end) {
        uint64_t key;
        bool good = false;
        if (!take_varint(&s, &key))
            return false;
        if (key == 0x08)
            good = take_dim(&s, v);
        else if (key == 0x0a)
            good = take_dims(&s, v);
        else if (key == 0x12)
            good = take_once(&s, &v->type);
        else if (key == 0x1a)
            good = take_once(&s, &v->content);
        if (!good)
            return false;
    }
    return v->type.at != NULL && v->content.at != NULL;
}

static bool parse_value(span s, value *v)
{
    span tensor = {NULL, NULL};

    *v = (value){.rank = 0};
    while (s.at < s.end) {
        uint64_t key;
        if (!take_varint(&s, &key) || (key != 0x0a && key != 0x12) ||
            !take_once(&s, key == 0x0a ? &v->tag : &tensor))
            return false;
    }
    return v->tag.at != NULL && tensor.at != NULL && parse_tensor(tensor, v);
}

static bool same(span a, span b)
{
    return a.end - a.at == b.end - b.at && memcmp(a.at, b.at, (size_t)(a.end - a.at)) == 0;
}

/* The next Value of the file, which is not at its end or trailer. */
static bool next_value(span *s, value *v)
{
    span bytes;

    if (*s->at != 0x0a)
        return false;
    s->at++;
    return take_bytes(s, &bytes) && parse_value(bytes, v);
}

static bool at_end(const span *s)
{
    return s->at == s->end || (s->end - s->at == TRAILER && memcmp(s->at, TRAILER_MAGIC, 7) == 0);
}

/* Looks ahead: the slices of v that follow it.  Returns their number, and the bytes of all. */
static size_t count_slices(const span *s, const value *v, uint64_t *size)
{
    span ahead = *s;
    size_t n = 0;
    value next;

    *size = (uint64_t)(v->content.end - v->content.at);
    while (!at_end(&ahead) && next_value(&ahead, &next) && same(next.tag, v->tag) &&
           same(next.type, v->type) && next.rank == v->rank &&
           memcmp(next.shape, v->shape, sizeof v->shape) == 0) {
        *size += (uint64_t)(next.content.end - next.content.at);
        n++;
    }
    return n;
}

/* The content in one piece: as it lies, or joined in the arena. */
static const uint8_t *join(dp_archive *a, span *s, const value *v, size_t slices, uint64_t size)
{
    uint8_t *all, *at;
    value next = *v;

    if (slices == 0)
        return v->content.at;
    all = at = dp_arena_alloc(a->arena, (size_t)size, 1);
    for (size_t i = 0; all != NULL && i <= slices; i++) {
        const size_t n = (size_t)(next.content.end - next.content.at);
        memcpy(at, next.content.at, n);
        at += n;
        if (i < slices)
            (void)next_value(s, &next);
    }
    return all;
}

/* Text is UTF-32, and its dims are [0]. */
static void shape_text(dp_named_tensor *t)
{
    if (t->rank == 1 && t->shape[0] == 0)
        t->shape[0] = (int64_t)(t->size / 4);
}

/* Bytes of a name that a message shows: none, where it is not printable. */
static int shown(const char *name, size_t n)
{
    return !dp_archive_is_name(name, n) ? 0 : n > 60 ? 60 : (int)n;
}

static dp_status add_value(dp_archive *a, span *s, const value *v)
{
    const char *type = (const char *)v->type.at, *tag = (const char *)v->tag.at;
    const size_t n_type = (size_t)(v->type.end - v->type.at),
                 n_tag = (size_t)(v->tag.end - v->tag.at);
    dp_named_tensor t = {.rank = v->rank};
    const dp_element *element;
    size_t slices;

    element = dp_element_find(offsetof(dp_element, ckpt), type, n_type);
    if (element == NULL)
        return dp_archive_corrupt(a, "%.*s has the type %.*s, which is not read", shown(tag, n_tag),
                                  tag, shown(type, n_type), type);
    memcpy(t.shape, v->shape, sizeof t.shape);
    slices = count_slices(s, v, &t.size);
    t.data = join(a, s, v, slices, t.size);
    if (t.data == NULL)
        return dp_arena_fail(a->arena, a->err, "a tensor");
    if (strcmp(element->name, "str") == 0)
        shape_text(&t);
    return dp_archive_add(a, tag, n_tag, element, t);
}

static dp_status check_trailer(const dp_archive *a, const uint8_t *bytes, const span *s)
{
    uint64_t stated = 0, own = dp_crc32(0, bytes, (size_t)(s->at - bytes));

    if (s->at == s->end)
        return DP_OK;
    for (int i = 7; i < TRAILER; i++) {
        if (i < TRAILER - 4 && s->at[i] != 0)
            return dp_archive_corrupt(a, "its CRC is not a CRC-32");
        stated = stated << 8 | s->at[i];
    }
    return stated == own ? DP_OK
                         : dp_archive_corrupt(a, "damaged: its CRC is %08llx, the content's %08llx",
                                              (unsigned long long)stated, (unsigned long long)own);
}

static dp_status parse(dp_archive *a, const uint8_t *bytes, size_t n)
{
    span s = {bytes, bytes + n};
    dp_status status = DP_OK;
    value v;

    while (status == DP_OK && !at_end(&s)) {
        const long long at = (long long)(s.at - bytes);
        status = next_value(&s, &v) ? add_value(a, &s, &v)
                                    : dp_archive_corrupt(a, "no checkpoint past byte %lld", at);
    }
    return status == DP_OK ? check_trailer(a, bytes, &s) : status;
}

static bool is(const uint8_t *bytes, size_t n) { return n > 0 && bytes[0] == 0x0a; }

const dp_archive_format dp_archive_ckpt = {
    .name = "MindSpore checkpoint", .suffix = ".ckpt", .is = is, .parse = parse};
