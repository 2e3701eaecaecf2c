/* pickle.c - pickles of data: numbers, texts, containers, and calls that are known by name
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Instructions and their operands: Python's pickletools.
 */
#include "base/pack/pickle.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/sniff.h"
#include "base/status.h"

/* Values in memory that grows. */
typedef struct values {
    dp_pickled **v;
    size_t n, room;
} values;

typedef struct machine {
    dp_blob blob;
    size_t at; /* of the next byte */
    const char *path;
    const dp_pickle_names *names;
    dp_arena *arena;
    dp_error *err;
    values stack, memo;
    uint32_t *marks;
    size_t n_marks, marks_room;
    uint32_t n_values;
    size_t n_decoded; /* bytes that were texts of protocol 2; each text is decoded once */
} machine;

static dp_status wrong(const machine *m, const char *what)
{
    return dp_fail(m->err, DP_ECORRUPT, "%.120s: byte %zu: %s", m->path, m->at, what);
}

/* ---- the stack ---- */

/* Places up to n, those behind the last value NULL. */
static dp_status reserve(machine *m, values *list, size_t n)
{
    while (list->room < n) {
        dp_pickled **more =
            dp_arena_grow(m->arena, list->v, list->n, sizeof *more, &list->room, 64);
        if (more == NULL)
            return dp_arena_fail(m->arena, m->err, m->path);
        list->v = more;
    }
    return DP_OK;
}

/* A value that is there already. */
static dp_status push_again(machine *m, dp_pickled *v)
{
    dp_status status;

    if (m->stack.n == DP_MOST_PICKLED)
        return wrong(m, "more values than a file of data has");
    status = reserve(m, &m->stack, m->stack.n + 1);
    if (status == DP_OK)
        m->stack.v[m->stack.n++] = v;
    return status;
}

static dp_status push(machine *m, dp_pickle_kind kind, dp_pickled **out)
{
    dp_pickled *v;

    if (m->n_values == DP_MOST_PICKLED)
        return wrong(m, "more values than a file of data has");
    v = dp_arena_alloc(m->arena, 1, sizeof *v);
    if (v == NULL)
        return dp_arena_fail(m->arena, m->err, m->path);
    v->kind = kind;
    m->n_values++;
    if (out != NULL)
        *out = v;
    return push_again(m, v);
}

static dp_status push_int(machine *m, int64_t number)
{
    dp_pickled *v = NULL;
    const dp_status status = push(m, DP_PICKLE_INT, &v);

    if (status == DP_OK)
        v->number = number;
    return status;
}

/* `size` bytes that follow. */
static dp_status push_bytes(machine *m, uint64_t size)
{
    dp_pickled *v = NULL;
    dp_status status;

    if (size > m->blob.size - m->at)
        return wrong(m, "a text is longer than the file");
    status = push(m, DP_PICKLE_BYTES, &v);
    if (status != DP_OK)
        return status;
    v->bytes = m->blob.bytes + m->at;
    v->size = (size_t)size;
    m->at += (size_t)size;
    return DP_OK;
}

static dp_status append(machine *m, dp_pickled *to, dp_pickled *v)
{
    if (to->n == to->room) {
        dp_pickled **more = dp_arena_grow(m->arena, to->items, to->n, sizeof *more, &to->room, 8);
        if (more == NULL)
            return dp_arena_fail(m->arena, m->err, m->path);
        to->items = more;
    }
    to->items[to->n++] = v;
    return DP_OK;
}

/* The topmost n values become the items of a list. */
static dp_status gather(machine *m, uint32_t n, dp_pickled *to)
{
    dp_status status = DP_OK;

    for (size_t i = m->stack.n - n; i < m->stack.n && status == DP_OK; i++)
        status = append(m, to, m->stack.v[i]);
    m->stack.n -= n;
    return status;
}

static dp_status make_tuple(machine *m, uint32_t n)
{
    dp_pickled list = {.kind = DP_PICKLE_LIST}, *v = NULL;
    dp_status status;

    if (m->stack.n < n)
        return wrong(m, "a tuple of what is not there");
    status = gather(m, n, &list);
    if (status == DP_OK)
        status = push(m, DP_PICKLE_LIST, &v);
    if (status == DP_OK)
        *v = list;
    return status;
}

/* Values above the last mark, which is taken away. */
static bool since_mark(machine *m, uint32_t *n)
{
    if (m->n_marks == 0 || m->marks[m->n_marks - 1] > m->stack.n)
        return false;
    *n = (uint32_t)m->stack.n - m->marks[--m->n_marks];
    return true;
}

/* n values into the list or dictionary below them. */
static dp_status add_to(machine *m, dp_pickle_kind kind, uint32_t n)
{
    dp_pickled *to;

    if (m->stack.n <= n || (m->n_marks > 0 && m->marks[m->n_marks - 1] >= m->stack.n - n))
        return wrong(m, "items of what is not there");
    to = m->stack.v[m->stack.n - n - 1];
    if (to->kind != kind || (kind == DP_PICKLE_DICT && n % 2 != 0))
        return wrong(m, "items of what is not a container");
    return gather(m, n, to);
}

/* ---- calls: an object is its name, arguments and, later, state ---- */

bool dp_pickle_is_text(const dp_pickled *v, const char *text, size_t length)
{
    return v->kind == DP_PICKLE_BYTES && v->size == length && memcmp(v->bytes, text, length) == 0;
}

bool dp_pickle_is_name(const dp_pickled *v, const char *name)
{
    const size_t module = strcspn(name, " ");

    return v->kind == DP_PICKLE_NAME && dp_pickle_is_text(v->items[0], name, module) &&
           dp_pickle_is_text(v->items[1], name + module + 1, strlen(name) - module - 1);
}

/* UTF-8 of the characters 0 to 255, as bytes; the number of bytes, or SIZE_MAX. */
static size_t decode(const dp_pickled *text, uint8_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < text->size; i++) {
        const uint8_t lead = text->bytes[i];
        if (lead < 0x80) {
            out[n++] = lead;
            continue;
        }
        if ((lead != 0xC2 && lead != 0xC3) || ++i == text->size || (text->bytes[i] & 0xC0) != 0x80)
            return SIZE_MAX;
        out[n++] = (uint8_t)(lead << 6 | (text->bytes[i] & 0x3F));
    }
    return n;
}

/* How Python 3 writes bytes in protocol 2: as the text that latin1 makes them from.  The call's two
 * values become the bytes. */
static dp_status make_bytes(machine *m, const dp_pickled *arguments)
{
    const dp_pickled *text = arguments->n > 0 ? arguments->items[0] : NULL;
    uint8_t *bytes;
    dp_pickled *v = NULL;
    dp_status status;

    if (arguments->n != 2 || text->kind != DP_PICKLE_BYTES ||
        !dp_pickle_is_text(arguments->items[1], "latin1", 6))
        return wrong(m, "a call of a codec other than latin1");
    if (text->size > m->blob.size - m->n_decoded)
        return wrong(m, "more texts are decoded than the file has");
    m->n_decoded += text->size;
    bytes = dp_arena_alloc(m->arena, text->size + 1, 1);
    if (bytes == NULL)
        return dp_arena_fail(m->arena, m->err, m->path);
    m->stack.n -= 2;
    status = push(m, DP_PICKLE_BYTES, &v);
    if (status != DP_OK)
        return status;
    v->bytes = bytes;
    v->size = decode(text, bytes);
    return v->size != SIZE_MAX ? DP_OK : wrong(m, "a text that latin1 does not have");
}

static dp_status make_object(machine *m, dp_pickled *name, dp_pickled *arguments)
{
    dp_pickled *v = NULL;
    dp_status status;

    m->stack.n -= 2;
    status = push(m, DP_PICKLE_OBJECT, &v);
    if (status == DP_OK)
        status = append(m, v, name);
    return status == DP_OK ? append(m, v, arguments) : status;
}

/* The call of an OrderedDict: empty, or, as Python 2 writes it, with a list of pairs. */
static dp_status make_dict(machine *m, const dp_pickled *arguments)
{
    const dp_pickled *pairs = arguments->n > 0 ? arguments->items[0] : arguments;
    dp_pickled *v = NULL;
    dp_status status;

    if (arguments->n > 1 || pairs->kind != DP_PICKLE_LIST ||
        pairs->n > DP_MOST_PICKLED - m->n_values)
        return wrong(m, "an OrderedDict of what is not a list");
    m->stack.n -= 2;
    m->n_values += pairs->n; /* a list may be taken more than once */
    status = push(m, DP_PICKLE_DICT, &v);
    if (status == DP_OK)
        v->ordered = true;
    for (uint32_t i = 0; i < pairs->n && status == DP_OK; i++) {
        const dp_pickled *pair = pairs->items[i];
        if (pair->kind != DP_PICKLE_LIST || pair->n != 2)
            return wrong(m, "an OrderedDict of what are not pairs");
        status = append(m, v, pair->items[0]);
        if (status == DP_OK)
            status = append(m, v, pair->items[1]);
    }
    return status;
}

static dp_status call(machine *m)
{
    dp_pickled *name, *arguments;

    if (m->stack.n < 2)
        return wrong(m, "a call of what is not there");
    name = m->stack.v[m->stack.n - 2];
    arguments = m->stack.v[m->stack.n - 1];
    if (name->kind != DP_PICKLE_NAME)
        return wrong(m, "a call of what is not a name");
    if (arguments->kind != DP_PICKLE_LIST)
        return wrong(m, "a call without arguments");
    if (dp_pickle_is_name(name, "collections OrderedDict"))
        return make_dict(m, arguments);
    if (dp_pickle_is_name(name, "_codecs encode"))
        return make_bytes(m, arguments);
    if (dp_pickle_is_name(name, "__builtin__ bytes") && arguments->n == 0) {
        m->stack.n -= 2;
        return push(m, DP_PICKLE_BYTES, NULL);
    }
    return make_object(m, name, arguments);
}

/* Sets a state: an object's is kept; what an OrderedDict has besides its items is passed over. */
static dp_status build(machine *m)
{
    dp_pickled *of, *state;

    if (m->stack.n < 2)
        return wrong(m, "a state of what is not there");
    of = m->stack.v[m->stack.n - 2];
    state = m->stack.v[--m->stack.n];
    if (of->ordered)
        return DP_OK;
    return of->kind == DP_PICKLE_OBJECT ? append(m, of, state)
                                        : wrong(m, "a state of what is not an object");
}

/* What a persistent id on top stands for. */
static dp_status make_reference(machine *m)
{
    dp_pickled *id, *v = NULL;
    dp_status status;

    if (m->stack.n < 1)
        return wrong(m, "a reference by what is not there");
    id = m->stack.v[--m->stack.n];
    status = push(m, DP_PICKLE_REFERENCE, &v);
    return status == DP_OK ? append(m, v, id) : status;
}

dp_pickle_shown dp_pickle_show(const dp_pickled *name)
{
    dp_pickle_shown out;
    size_t n = 0;

    for (int i = 0; i < 2; i++) {
        const dp_pickled *part = name->items[i];
        for (size_t k = 0; k < part->size && n + 2 < sizeof out.text; k++)
            out.text[n++] =
                (char)(part->bytes[k] > ' ' && part->bytes[k] <= '~' ? part->bytes[k] : '?');
        if (i == 0)
            out.text[n++] = '.';
    }
    out.text[n < sizeof out.text ? n : sizeof out.text - 1] = '\0';
    return out;
}

/* Whether the caller lists the name; else it is what the file is refused for. */
static dp_status check_name(const machine *m, const dp_pickled *name)
{
    char what[200];

    for (const char *const *known = m->names->names; *known != NULL; known++) {
        if (dp_pickle_is_name(name, *known))
            return DP_OK;
    }
    snprintf(what, sizeof what, "names %s, which is not part of %s: nothing is executed",
             dp_pickle_show(name).text, m->names->what);
    return wrong(m, what);
}

/* The two texts on top, module and name. */
static dp_status make_name(machine *m)
{
    dp_pickled pair = {.kind = DP_PICKLE_NAME}, *v = NULL;
    dp_status status;

    if (m->stack.n < 2 || m->stack.v[m->stack.n - 1]->kind != DP_PICKLE_BYTES ||
        m->stack.v[m->stack.n - 2]->kind != DP_PICKLE_BYTES)
        return wrong(m, "a name of what is not there");
    status = gather(m, 2, &pair);
    if (status == DP_OK)
        status = check_name(m, &pair);
    if (status == DP_OK)
        status = push(m, DP_PICKLE_NAME, &v);
    if (status == DP_OK)
        *v = pair;
    return status;
}

/* Two lines. */
static dp_status take_name(machine *m)
{
    dp_status status = DP_OK;

    for (int i = 0; i < 2 && status == DP_OK; i++) {
        const uint8_t *start = m->blob.bytes + m->at;
        const uint8_t *end = memchr(start, '\n', m->blob.size - m->at);
        if (end == NULL)
            return wrong(m, "a name without an end");
        status = push_bytes(m, (uint64_t)(end - start));
        m->at++;
    }
    return status == DP_OK ? make_name(m) : status;
}

/* ---- the memo ---- */

static dp_status remember(machine *m, uint64_t place)
{
    dp_status status;

    if (m->stack.n == 0 || place >= DP_MOST_PICKLED)
        return wrong(m, "a note of what is not there");
    status = reserve(m, &m->memo, (size_t)place + 1);
    if (status != DP_OK)
        return status;
    m->memo.v[place] = m->stack.v[m->stack.n - 1];
    m->memo.n = (size_t)place + 1 > m->memo.n ? (size_t)place + 1 : m->memo.n;
    return DP_OK;
}

static dp_status recall(machine *m, uint64_t place)
{
    if (place >= m->memo.n || m->memo.v[place] == NULL)
        return wrong(m, "a note that was never made");
    return push_again(m, m->memo.v[place]);
}

static dp_status mark(machine *m)
{
    if (m->n_marks == m->marks_room) {
        uint32_t *more =
            dp_arena_grow(m->arena, m->marks, m->n_marks, sizeof *more, &m->marks_room, 64);
        if (more == NULL)
            return dp_arena_fail(m->arena, m->err, m->path);
        m->marks = more;
    }
    m->marks[m->n_marks++] = (uint32_t)m->stack.n;
    return DP_OK;
}

/* ---- instructions ---- */

/* An operand of n bytes, little-endian. */
static bool operand(machine *m, size_t n, uint64_t *out)
{
    if (m->blob.size - m->at < n)
        return false;
    *out = dp_load_le(m->blob.bytes + m->at, (int)n);
    m->at += n;
    return true;
}

static dp_status with_mark(machine *m, uint8_t code)
{
    uint32_t n;

    if (!since_mark(m, &n))
        return wrong(m, "there is no mark");
    switch (code) {
    case 't': return make_tuple(m, n);
    case 'e': return add_to(m, DP_PICKLE_LIST, n);
    default: return add_to(m, DP_PICKLE_DICT, n);
    }
}

/* Passes over a number that nobody needs, but a dictionary may hold. */
static dp_status pass(machine *m, size_t n)
{
    if (m->blob.size - m->at < n)
        return wrong(m, "the file ends");
    m->at += n;
    return push(m, DP_PICKLE_NONE, NULL);
}

/* A number of n bytes, little-endian, with its sign. */
static dp_status long_int(machine *m, size_t n)
{
    uint64_t v = 0;

    if (n > 8)
        return pass(m, n);
    if (!operand(m, n, &v))
        return wrong(m, "the file ends");
    if (n > 0 && n < 8 && v >> (8 * n - 1) != 0)
        v |= UINT64_MAX << 8 * n;
    return push_int(m, (int64_t)v);
}

/* Instructions that are followed by a number, and the bytes of the number. */
static size_t operand_size(uint8_t code)
{
    switch (code) {
    case 'K':
    case 'U':
    case 'C':
    case 'q':
    case 'h':
    case 0x80:
    case 0x8A:
    case 0x8C: return 1;
    case 'M': return 2;
    case 'J':
    case 'T':
    case 'B':
    case 'X':
    case 'r':
    case 'j': return 4;
    case 0x8D:
    case 0x8E:
    case 0x95:
    case 0x96: return 8;
    default: return 0;
    }
}

static dp_status with_operand(machine *m, uint8_t code)
{
    const size_t size = operand_size(code);
    uint64_t v = 0;

    if (code == 0x97 || code == 0x98)
        return wrong(m, "the array lies outside of the file (protocol 5, buffers out of band)");
    if (size == 0)
        return wrong(m, "an instruction that no file of data needs");
    if (!operand(m, size, &v))
        return wrong(m, "the file ends");
    switch (code) {
    case 'K':
    case 'M': return push_int(m, (int64_t)v);
    case 'J': return push_int(m, (int32_t)(uint32_t)v);
    case 0x8A: return long_int(m, (size_t)v);
    case 'q':
    case 'r': return remember(m, v);
    case 'h':
    case 'j': return recall(m, v);
    case 0x80: return v >= 2 && v <= 5 ? DP_OK : wrong(m, "another version of pickle");
    case 0x95: return DP_OK;          /* the length of a frame */
    default: return push_bytes(m, v); /* texts, bytes and, in protocol 5, arrays of bytes */
    }
}

static dp_status step(machine *m, uint8_t code)
{
    switch (code) {
    case '(': return mark(m);
    case ')':
    case ']': return push(m, DP_PICKLE_LIST, NULL);
    case '}': return push(m, DP_PICKLE_DICT, NULL);
    case 'N': return push(m, DP_PICKLE_NONE, NULL);
    case 'G': return pass(m, 8); /* a float */
    case 0x88:
    case 0x89: return push_int(m, code == 0x88);
    case 0x85: return make_tuple(m, 1);
    case 0x86: return make_tuple(m, 2);
    case 0x87: return make_tuple(m, 3);
    case 't':
    case 'e':
    case 'u': return with_mark(m, code);
    case 'a': return add_to(m, DP_PICKLE_LIST, 1);
    case 's': return add_to(m, DP_PICKLE_DICT, 2);
    case 'c': return take_name(m);
    case 0x93: return make_name(m);
    case 'R': return call(m);
    case 'b': return build(m);
    case 'Q': return make_reference(m);
    case 0x94: return remember(m, m->memo.n);
    default: return with_operand(m, code);
    }
}

dp_status dp_pickle_parse(dp_blob blob, size_t *at, const char *path, const dp_pickle_names *names,
                          dp_arena *arena, dp_pickled **out, dp_error *err)
{
    machine m = {.blob = blob, .at = *at, .path = path, .names = names, .arena = arena, .err = err};

    if (blob.size - m.at < 2 || blob.bytes[m.at] != 0x80)
        return dp_fail(err, DP_ECORRUPT,
                       "%.100s: byte %zu: this is not a pickle of version 2 or later%s", path, m.at,
                       dp_sniff_bytes(blob.bytes + m.at, blob.size - m.at).text);
    while (m.at < blob.size) {
        const uint8_t code = blob.bytes[m.at++];
        dp_status status;
        if (code == '.') {
            *out = m.stack.n == 1 ? m.stack.v[0] : NULL;
            *at = m.at;
            return m.stack.n == 1 ? DP_OK : wrong(&m, "it is not one object");
        }
        status = step(&m, code);
        if (status != DP_OK)
            return status;
    }
    return wrong(&m, "the file ends");
}

const dp_pickled *dp_pickle_get(const dp_pickled *dict, const char *key)
{
    const size_t length = strlen(key);

    for (uint32_t i = 0; dict->kind == DP_PICKLE_DICT && i + 1 < dict->n; i += 2) {
        if (dp_pickle_is_text(dict->items[i], key, length))
            return dict->items[i + 1];
    }
    return NULL;
}
