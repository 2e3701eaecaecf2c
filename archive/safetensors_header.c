/* safetensors_header.c - the header of a .safetensors file, as strictly as the format says
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * JSON (RFC 8259) of one form only: {"__metadata__":{text:text},name:{"dtype":text,"shape":[whole],
 * "data_offsets":[whole,whole]}}.  What the format's own library refuses is refused here; besides,
 * what it takes in one of several ways: a key that appears twice, or unknown.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "archive/archive.h"
#include "archive/safetensors.h"
#include "base/status.h"
#include "lang/text.h"

typedef struct cursor {
    dp_archive *a;
    const char *start, *at, *end; /* of the header */
    const uint8_t *data;          /* behind the header */
    uint64_t size;
    dp_safetensors_meta *meta;
} cursor;

typedef struct text {
    const char *bytes; /* NUL added */
    size_t n;
} text;

__attribute__((format(printf, 2, 3))) static dp_status wrong(const cursor *c, const char *format,
                                                             ...)
{
    char what[120];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return dp_archive_corrupt(c->a, "byte %zu of its header: %s", (size_t)(c->at - c->start), what);
}

static void skip_blanks(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t'))
        c->at++;
}

/* Blanks, then this sign, which is passed. */
static bool take(cursor *c, char sign)
{
    skip_blanks(c);
    if (c->at == c->end || *c->at != sign)
        return false;
    c->at++;
    return true;
}

static dp_status expect(cursor *c, char sign)
{
    return take(c, sign) ? DP_OK : wrong(c, "'%c' is expected", sign);
}

/* After an item of a list or object: whether another one comes. */
static dp_status more(cursor *c, char end, bool *another)
{
    *another = take(c, ',');
    return *another || take(c, end) ? DP_OK : wrong(c, "',' or '%c' is expected", end);
}

/* ---- texts ---- */

static bool take_hex(cursor *c, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++, c->at++) {
        const char h = c->at < c->end ? *c->at : '\0';
        const int digit = h >= '0' && h <= '9'   ? h - '0'
                          : h >= 'a' && h <= 'f' ? h - 'a' + 10
                          : h >= 'A' && h <= 'F' ? h - 'A' + 10
                                                 : -1;
        if (digit < 0)
            return false;
        *out = *out << 4 | (uint32_t)digit;
    }
    return true;
}

static size_t put_utf8(uint32_t point, char *out)
{
    const int more_bytes = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const unsigned char leads[] = {0, 0xC0, 0xE0, 0xF0};

    out[0] = (char)(leads[more_bytes] | point >> 6 * more_bytes);
    for (int i = 1; i <= more_bytes; i++)
        out[i] = (char)(0x80 | (point >> 6 * (more_bytes - i) & 0x3F));
    return 1 + (size_t)more_bytes;
}

/* \uXXXX, and a second one where the first is half of a pair; 0 when it is not a character. */
static uint32_t take_point(cursor *c)
{
    uint32_t high, low;

    if (!take_hex(c, &high) || (high >= 0xDC00 && high < 0xE000))
        return 0;
    if (high < 0xD800 || high >= 0xE000)
        return high;
    if (c->end - c->at < 2 || c->at[0] != '\\' || c->at[1] != 'u')
        return 0;
    c->at += 2;
    if (!take_hex(c, &low) || low < 0xDC00 || low >= 0xE000)
        return 0;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

/* What stands behind a backslash; 0 bytes when that is not a character.  NUL is none: a name that
 * has it is another one for every program in C. */
static size_t take_escape(cursor *c, char *out)
{
    static const char signs[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char sign = c->at < c->end ? *c->at++ : '\0';
    const char *found = sign != '\0' ? strchr(signs, sign) : NULL;
    uint32_t point;

    if (found != NULL) {
        *out = meant[found - signs];
        return 1;
    }
    point = sign == 'u' ? take_point(c) : 0;
    return point != 0 ? put_utf8(point, out) : 0;
}

/* A text is not longer than what stands for it. */
static dp_status take_text(cursor *c, text *out)
{
    const char *end;
    char *to;
    dp_status status = expect(c, '"');

    if (status != DP_OK)
        return status;
    for (end = c->at; end < c->end && *end != '"'; end++)
        end += *end == '\\' && end + 1 < c->end;
    to = dp_arena_alloc(c->a->arena, (size_t)(end - c->at) + 1, 1);
    out->bytes = to;
    if (to == NULL)
        return dp_arena_fail(c->a->arena, c->a->err, "a header");
    while (c->at < c->end && *c->at != '"') {
        const bool escaped = *c->at == '\\';
        size_t n = escaped || *c->at == 0x7F
                       ? 1
                       : dp_utf8_length((const unsigned char *)c->at, (size_t)(c->end - c->at));
        if (!escaped)
            memcpy(to, c->at, n);
        c->at += n;
        if (escaped)
            n = take_escape(c, to);
        if (n == 0)
            return wrong(c, "a text with what is not a character");
        to += n;
    }
    out->n = (size_t)(to - out->bytes);
    return expect(c, '"');
}

/* For messages, which reach terminals. */
static const char *shown(const text *t)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->bytes[i] <= ' ' || t->bytes[i] > '~')
            return "a tensor";
    }
    return t->bytes;
}

static bool is(const text *t, const char *word)
{
    return t->n == strlen(word) && memcmp(t->bytes, word, t->n) == 0;
}

/* A text and a colon. */
static dp_status take_key(cursor *c, text *out)
{
    const dp_status status = take_text(c, out);
    return status == DP_OK ? expect(c, ':') : status;
}

/* ---- numbers ---- */

/* Digits alone, without a zero before others. */
static dp_status take_whole(cursor *c, uint64_t *out)
{
    const char *first;

    skip_blanks(c);
    *out = 0;
    for (first = c->at; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        if (*out > (INT64_MAX - 9) / 10)
            return wrong(c, "a number that is too large");
        *out = *out * 10 + (uint64_t)(*c->at - '0');
    }
    if (c->at == first || (*first == '0' && c->at - first > 1) ||
        (c->at < c->end && (*c->at == '.' || *c->at == 'e' || *c->at == 'E')))
        return wrong(c, "a whole number is expected");
    return DP_OK;
}

static dp_status take_list(cursor *c, uint64_t *out, uint32_t most, uint32_t *n)
{
    bool another;
    dp_status status = expect(c, '[');

    *n = 0;
    if (status != DP_OK || take(c, ']'))
        return status;
    do {
        if (*n == most)
            return wrong(c, "more than %u numbers", most);
        status = take_whole(c, &out[(*n)++]);
        if (status == DP_OK)
            status = more(c, ']', &another);
    } while (status == DP_OK && another);
    return status;
}

/* ---- tensors ---- */

typedef struct entry {
    const dp_element *element;
    dp_named_tensor t;
    uint64_t first, last; /* bytes of the data */
} entry;

enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4, WHOLE = 7 };

static dp_status take_offsets(cursor *c, entry *e)
{
    uint64_t offsets[2];
    uint32_t n;
    const dp_status status = take_list(c, offsets, 2, &n);

    if (status != DP_OK)
        return status;
    e->first = offsets[0];
    e->last = offsets[1];
    return n == 2 ? DP_OK : wrong(c, "data_offsets are two numbers");
}

static dp_status take_dtype(cursor *c, const text *name, entry *e)
{
    text type;
    const dp_status status = take_text(c, &type);

    if (status != DP_OK)
        return status;
    e->element = dp_element_find(offsetof(dp_element, safetensors), type.bytes, type.n);
    if (e->element != NULL)
        return DP_OK;
    return dp_archive_corrupt(c->a, "%.60s has the type %.12s, which is not read", shown(name),
                              shown(&type));
}

static dp_status take_shape(cursor *c, entry *e)
{
    uint64_t shape[DP_MAX_RANK];
    uint32_t n;
    const dp_status status = take_list(c, shape, DP_MAX_RANK, &n);

    for (uint32_t d = 0; status == DP_OK && d < n; d++)
        e->t.shape[d] = (int64_t)shape[d];
    e->t.rank = (int32_t)n;
    return status;
}

/* A key of a tensor, and its value; *seen has the keys that were there. */
static dp_status take_member(cursor *c, const text *name, int *seen, entry *e)
{
    text key;
    int which;
    dp_status status = take_key(c, &key);

    if (status != DP_OK)
        return status;
    which = is(&key, "dtype")          ? DTYPE
            : is(&key, "shape")        ? SHAPE
            : is(&key, "data_offsets") ? OFFSETS
                                       : 0;
    if (which == 0)
        return wrong(c, "%.40s has a key that no tensor has", shown(name));
    if ((*seen & which) != 0)
        return wrong(c, "%.40s has %s twice", shown(name), key.bytes);
    *seen |= which;
    switch (which) {
    case DTYPE: return take_dtype(c, name, e);
    case SHAPE: return take_shape(c, e);
    default: return take_offsets(c, e);
    }
}

static dp_status take_tensor(cursor *c, const text *name)
{
    entry e = {.element = NULL};
    int seen = 0;
    bool another = false;
    dp_status status = expect(c, '{');

    if (status == DP_OK && !take(c, '}')) {
        do {
            status = take_member(c, name, &seen, &e);
            if (status == DP_OK)
                status = more(c, '}', &another);
        } while (status == DP_OK && another);
    }
    if (status == DP_OK && seen != WHOLE)
        status = wrong(c, "%.40s has no %s", shown(name),
                       (seen & DTYPE) == 0   ? "dtype"
                       : (seen & SHAPE) == 0 ? "shape"
                                             : "data_offsets");
    if (status != DP_OK)
        return status;
    if (e.first > e.last || e.last > c->size)
        return dp_archive_corrupt(c->a, "%.40s is to lie at bytes %llu to %llu of %llu",
                                  shown(name), (unsigned long long)e.first,
                                  (unsigned long long)e.last, (unsigned long long)c->size);
    e.t.data = c->data + e.first;
    e.t.size = e.last - e.first;
    return dp_archive_add(c->a, name->bytes, name->n, e.element, e.t);
}

/* ---- metadata ---- */

/* Keeps a text of the metadata that the caller asks for. */
static dp_status keep_meta(const cursor *c, const text *key, const text *value)
{
    for (dp_safetensors_meta *m = c->meta; m->key != NULL; m++) {
        if (!is(key, m->key))
            continue;
        if (m->value != NULL)
            return wrong(c, "%s appears twice", m->key);
        m->value = value->bytes;
    }
    return DP_OK;
}

static dp_status take_metadata(cursor *c)
{
    bool another = false;
    dp_status status;

    skip_blanks(c);
    if (c->end - c->at >= 4 && memcmp(c->at, "null", 4) == 0) { /* some writers have none so */
        c->at += 4;
        return DP_OK;
    }
    status = expect(c, '{');
    if (status != DP_OK || take(c, '}'))
        return status;
    do {
        text key, value;
        status = take_key(c, &key);
        if (status == DP_OK)
            status = take_text(c, &value);
        if (status == DP_OK)
            status = keep_meta(c, &key, &value);
        if (status == DP_OK)
            status = more(c, '}', &another);
    } while (status == DP_OK && another);
    return status;
}

static dp_status take_entry(cursor *c, bool *has_metadata)
{
    text name;
    dp_status status = take_key(c, &name);

    if (status != DP_OK)
        return status;
    if (!is(&name, "__metadata__"))
        return take_tensor(c, &name);
    if (*has_metadata)
        return wrong(c, "__metadata__ appears twice");
    *has_metadata = true;
    return take_metadata(c);
}

dp_status dp_safetensors_parse(dp_archive *a, const char *header, size_t n, const uint8_t *data,
                               uint64_t size, dp_safetensors_meta *meta)
{
    cursor c = {a, header, header, header + n, data, size, meta};
    bool has_metadata = false, another = false;
    dp_status status = expect(&c, '{');

    if (status == DP_OK && !take(&c, '}')) {
        do {
            status = take_entry(&c, &has_metadata);
            if (status == DP_OK)
                status = more(&c, '}', &another);
        } while (status == DP_OK && another);
    }
    skip_blanks(&c);
    if (status == DP_OK && c.at != c.end)
        status = wrong(&c, "something after the header");
    return status;
}
