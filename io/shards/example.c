/* example.c - tf.train.Example: named features, each a list of bytes, of floats or of integers
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     message Example   { Features features = 1; }
 *     message Features  { map<string, Feature> feature = 1; }
 *     message Feature   { oneof kind { BytesList bytes_list = 1; FloatList float_list = 2;
 *                                      Int64List int64_list = 3; } }
 *     message BytesList { repeated bytes value = 1; }        and so on, numbers packed or not
 *
 * A SequenceExample is an Example with lists of Features as field 2.
 */
#include "io/shards/example.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/number/num.h"
#include "base/tensor.h"

#define DAMAGED "is not an Example: its protocol buffer is damaged"

/* ---- protocol buffers ---- */

typedef struct cursor {
    const uint8_t *at, *end;
} cursor;

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

/* A field of a message. */
typedef struct item {
    uint64_t number; /* which */
    uint32_t wire;
    uint64_t value; /* of a VARINT or FIXED32 */
    cursor bytes;   /* of BYTES */
} item;

static bool take_varint(cursor *c, uint64_t *out)
{
    *out = 0;
    for (int shift = 0; shift < 64 && c->at < c->end; shift += 7) {
        const uint8_t byte = *c->at++;
        if (shift == 63 && byte > 1)
            return false;
        *out |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool take_fixed(cursor *c, size_t n, uint64_t *out)
{
    if ((size_t)(c->end - c->at) < n)
        return false;
    *out = dp_load_le(c->at, n);
    c->at += n;
    return true;
}

static bool take_item(cursor *c, item *i)
{
    uint64_t tag;

    if (!take_varint(c, &tag) || tag >> 3 == 0)
        return false;
    i->number = tag >> 3;
    i->wire = tag & 7;
    if (i->wire == VARINT)
        return take_varint(c, &i->value);
    if (i->wire == FIXED32 || i->wire == FIXED64)
        return take_fixed(c, i->wire == FIXED32 ? 4 : 8, &i->value);
    if (i->wire != BYTES || !take_varint(c, &i->value) || i->value > (size_t)(c->end - c->at))
        return false;
    i->bytes = (cursor){c->at, c->at + i->value};
    c->at = i->bytes.end;
    return true;
}

/* ---- features ---- */

/* A name and what it stands for. */
typedef struct entry {
    cursor name, feature;
} entry;

static bool take_entry(cursor c, entry *e)
{
    bool named = false, filled = false;
    item i;

    *e = (entry){{c.at, c.at}, {c.at, c.at}};
    while (c.at < c.end) {
        bool *there;
        if (!take_item(&c, &i))
            return false;
        if (i.wire != BYTES || i.number > 2)
            continue;
        there = i.number == 1 ? &named : &filled;
        if (*there)
            return false;
        *there = true;
        *(i.number == 1 ? &e->name : &e->feature) = i.bytes;
    }
    return true;
}

/* The next entry of all Features of an Example.  *c is the rest of the Example, *inner that of its
 * Features; both are at their ends when there is no more.  False when it is damaged. */
static bool next_entry(cursor *c, cursor *inner, entry *e, bool *found)
{
    item i;

    for (*found = false; !*found;) {
        cursor *from = inner->at < inner->end ? inner : c;
        if (from->at == from->end)
            return true;
        if (!take_item(from, &i))
            return false;
        if (i.number != 1 || i.wire != BYTES)
            continue;
        *found = from == inner;
        if (!*found)
            *inner = i.bytes;
        else if (!take_entry(i.bytes, e))
            return false;
    }
    return true;
}

static bool is_called(const entry *e, const char *name)
{
    const size_t n = strlen(name);
    return (size_t)(e->name.end - e->name.at) == n && memcmp(e->name.at, name, n) == 0;
}

/* The list that a Feature holds. */
static const char *take_feature(cursor c, dp_feature *out)
{
    item i;

    while (c.at < c.end) {
        if (!take_item(&c, &i))
            return "is damaged";
        if (i.wire != BYTES || i.number > 3)
            continue;
        if (out->kind != DP_FEATURE_NONE)
            return "has two lists";
        *out = (dp_feature){i.number == 1   ? DP_FEATURE_BYTES
                            : i.number == 2 ? DP_FEATURE_FLOATS
                                            : DP_FEATURE_INTS,
                            i.bytes.at, (size_t)i.value};
    }
    return out->kind == DP_FEATURE_NONE ? "has no value" : NULL;
}

const char *dp_example_find(const uint8_t *bytes, size_t n, const dp_fields *fields,
                            dp_feature out[DP_MAX_COLUMNS], char why[100])
{
    cursor c = {bytes, bytes + n}, inner = {bytes, bytes};
    bool there[DP_MAX_COLUMNS] = {false}, found;
    entry e;

    memset(out, 0, DP_MAX_COLUMNS * sizeof *out);
    for (;;) {
        if (!next_entry(&c, &inner, &e, &found))
            return DAMAGED;
        if (!found)
            return NULL;
        for (uint32_t f = 0; f < fields->n; f++) {
            const char *name = fields->field[f].part, *wrong;
            if (!is_called(&e, name))
                continue;
            wrong = there[f] ? "is there twice" : take_feature(e.feature, &out[f]);
            there[f] = true;
            if (wrong != NULL) {
                snprintf(why, 100, "has %.60s, which %s", name, wrong);
                return why;
            }
        }
    }
}

void dp_example_names(const uint8_t *bytes, size_t n, char *out, size_t size)
{
    cursor c = {bytes, bytes + n}, inner = {bytes, bytes};
    size_t used = 0;
    bool found;
    entry e;

    out[0] = '\0';
    while (next_entry(&c, &inner, &e, &found) && found && used + 1 < size) {
        const size_t length = (size_t)(e.name.end - e.name.at);
        used += (size_t)snprintf(out + used, size - used, "%s%.*s", used > 0 ? " " : "",
                                 length > 60 ? 60 : (int)length, (const char *)e.name.at);
    }
}

bool dp_example_is_sequence(const uint8_t *bytes, size_t n)
{
    cursor c = {bytes, bytes + n};
    bool has_lists = false;
    item i;

    while (c.at < c.end && take_item(&c, &i))
        has_lists = has_lists || (i.number == 2 && i.wire == BYTES);
    return has_lists;
}

/* ---- lists ---- */

static const char *const holds[] = {"is not there", "holds bytes", "holds floats",
                                    "holds whole numbers"};

const char *dp_feature_bytes(const dp_feature *f, const uint8_t **value, size_t *n)
{
    cursor c = {f->list, f->list + f->size};
    size_t count = 0;
    item i;

    if (f->kind != DP_FEATURE_BYTES)
        return holds[f->kind];
    while (c.at < c.end) {
        if (!take_item(&c, &i))
            return "is damaged";
        if (i.number != 1 || i.wire != BYTES)
            continue;
        *value = i.bytes.at;
        *n = (size_t)i.value;
        count++;
    }
    return count == 1   ? NULL
           : count == 0 ? "is an empty list"
                        : "is a list of several: write each as a feature of its own";
}

/* Elements on their way into an array. */
typedef struct filling {
    const dp_field *field;
    void *out;
    uint64_t n, most;
    int64_t least_value, most_value;
} filling;

static const char *add_float(filling *g, uint64_t bits)
{
    if (g->n == g->most)
        return "has more numbers than its type";
    dp_field_store_float(g->field, g->out, (size_t)g->n++, dp_f32_from((uint32_t)bits));
    return NULL;
}

static const char *add_int(filling *g, uint64_t bits)
{
    const int64_t value = (int64_t)bits;

    if (g->n == g->most)
        return "has more numbers than its type";
    if (!dp_field_store_int(g->field, g->out, (size_t)g->n, value))
        return "has a number that its type has not";
    g->least_value = g->n == 0 || value < g->least_value ? value : g->least_value;
    g->most_value = g->n == 0 || value > g->most_value ? value : g->most_value;
    g->n++;
    return NULL;
}

/* One element, or several that are packed. */
static const char *add_item(filling *g, item *i, bool floats)
{
    const char *why = NULL;
    uint64_t value;

    if (i->number != 1)
        return NULL;
    if (i->wire == (floats ? FIXED32 : VARINT))
        return floats ? add_float(g, i->value) : add_int(g, i->value);
    if (i->wire != BYTES)
        return "is damaged";
    while (i->bytes.at < i->bytes.end && why == NULL) {
        if (!(floats ? take_fixed(&i->bytes, 4, &value) : take_varint(&i->bytes, &value)))
            return "is damaged";
        why = floats ? add_float(g, value) : add_int(g, value);
    }
    return why;
}

const char *dp_feature_numbers(const dp_feature *f, const dp_field *field, void *out,
                               int64_t *least, int64_t *most)
{
    const bool floats = dp_dtype_is_float(field->type.dtype);
    filling g = {.field = field, .out = out, .most = dp_tensor_count(&field->type)};
    cursor c = {f->list, f->list + f->size};
    const char *why = NULL;
    item i;

    if (f->kind != (floats ? DP_FEATURE_FLOATS : DP_FEATURE_INTS))
        return holds[f->kind];
    while (c.at < c.end && why == NULL)
        why = take_item(&c, &i) ? add_item(&g, &i, floats) : "is damaged";
    if (why == NULL && g.n < g.most)
        why = "has fewer numbers than its type";
    *least = g.least_value;
    *most = g.most_value;
    return why;
}
