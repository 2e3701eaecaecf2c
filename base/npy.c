/* npy.c - the head of a .npy array, as numpy writes it
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * numpy.lib.format: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
 */
#include "base/npy.h"

#include <string.h>

#include "base/bytes.h"

#define MAGIC      "\x93NUMPY"
#define BAD_HEADER "has a header that numpy does not write"

typedef struct cursor {
    const char *at, *end;
} cursor;

static void skip_blanks(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n'))
        c->at++;
}

static bool take(cursor *c, const char *word)
{
    const size_t n = strlen(word);

    skip_blanks(c);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0)
        return false;
    c->at += n;
    return true;
}

/* NULL, or what is wrong. */
static const char *take_type(cursor *c, dp_npy *a)
{
    if (take(c, "["))
        return "holds records of several fields";
    if (a->type != NULL || !take(c, "'"))
        return BAD_HEADER;
    a->type = c->at;
    while (c->at < c->end && *c->at != '\'')
        c->at++;
    a->type_length = (size_t)(c->at - a->type);
    return take(c, "'") ? NULL : BAD_HEADER;
}

static bool take_dim(cursor *c, dp_npy *a)
{
    int64_t value = 0;
    const char *start;

    skip_blanks(c);
    for (start = c->at; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        if (value > (INT64_MAX - 9) / 10)
            return false;
        value = 10 * value + (*c->at - '0');
    }
    if (c->at == start || a->rank == DP_MAX_RANK)
        return false;
    a->shape[a->rank++] = value;
    return true;
}

static bool take_shape(cursor *c, dp_npy *a)
{
    if (!take(c, "("))
        return false;
    if (take(c, ")"))
        return true;
    while (take_dim(c, a)) {
        if (!take(c, ","))
            return a->rank > 1 && take(c, ")");
        if (take(c, ")"))
            return true;
    }
    return false;
}

/* A key and its value, each key once; NULL, or what is wrong. */
static const char *take_member(cursor *c, dp_npy *a, bool *order, bool *shape)
{
    bool good = false;

    if (take(c, "'descr':"))
        return take_type(c, a);
    if (!*order && take(c, "'fortran_order':")) {
        a->fortran = take(c, "True");
        good = *order = a->fortran || take(c, "False");
    } else if (!*shape && take(c, "'shape':")) {
        good = *shape = take_shape(c, a);
    }
    return good ? NULL : BAD_HEADER;
}

static const char *parse_dict(cursor c, dp_npy *a)
{
    bool order = false, shape = false;

    if (!take(&c, "{"))
        return BAD_HEADER;
    while (!take(&c, "}")) {
        const char *why = take_member(&c, a, &order, &shape);
        if (why != NULL)
            return why;
        (void)take(&c, ",");
    }
    skip_blanks(&c);
    return c.at == c.end && a->type != NULL && order && shape ? NULL : BAD_HEADER;
}

bool dp_npy_is(const uint8_t *bytes, size_t n) { return n >= 6 && memcmp(bytes, MAGIC, 6) == 0; }

const char *dp_npy_parse(const uint8_t *bytes, size_t n, dp_npy *out)
{
    size_t lead;
    uint64_t header;

    *out = (dp_npy){0};
    if (n < 12 || !dp_npy_is(bytes, n))
        return "is not an .npy array";
    if (bytes[6] < 1 || bytes[6] > 3)
        return "is of another version of .npy: 1 to 3 are read";
    lead = bytes[6] == 1 ? 10 : 12;
    header = dp_load_le(bytes + 8, lead - 8);
    if (header > n - lead)
        return "ends in its header";
    out->data = bytes + lead + header;
    out->size = n - lead - (size_t)header;
    return parse_dict((cursor){(const char *)bytes + lead, (const char *)out->data}, out);
}

bool dp_npy_dtype(const dp_npy *a, dp_dtype *dtype, bool *big)
{
    static const struct {
        char text[3];
        dp_dtype dtype;
    } types[] = {{"b1", DP_BOOL}, {"i1", DP_I8},  {"i2", DP_I16}, {"i4", DP_I32},
                 {"i8", DP_I64},  {"u1", DP_U8},  {"u2", DP_U16}, {"u4", DP_U32},
                 {"u8", DP_U64},  {"f2", DP_F16}, {"f4", DP_F32}, {"f8", DP_F64}};

    for (size_t i = 0; a->type_length == 3 && i < sizeof types / sizeof types[0]; i++) {
        if (memcmp(types[i].text, a->type + 1, 2) == 0) {
            *dtype = types[i].dtype;
            *big = a->type[0] == '>';
            return strchr("<>|=", a->type[0]) != NULL;
        }
    }
    return false;
}

const char *dp_npy_other(const dp_npy *a)
{
    switch (a->type_length > 1 ? a->type[1] : '\0') {
    case 'O': return "holds Python objects";
    case 'U':
    case 'S':
    case 'a': return "holds texts";
    case 'M':
    case 'm': return "holds times";
    case 'c': return "holds complex numbers";
    case 'V': return "holds records of several fields";
    default: return "has a type that is not read";
    }
}
