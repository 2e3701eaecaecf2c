/* pickle.c - the pickles that CIFAR's python version is made of, and no others
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Instructions and their operands: Python's pickletools.
 */
#include "io/cifar/pickle.h"

#include <string.h>

#include "base/bytes.h"
#include "base/sniff.h"
#include "base/status.h"

#define MOST_VALUES (1u << 20)
#define MOST_ROOM   (1u << 18)

typedef struct machine {
    dp_blob blob;
    size_t at; /* of the next byte */
    const char *path;
    dp_arena *arena;
    dp_error *err;
    dp_pickled **stack, **memo;
    uint32_t *marks;
    uint32_t depth, n_marks, n_values, n_memo;
    uint32_t room;    /* of stack, memo and marks: one a byte, as no instruction adds more */
    size_t n_decoded; /* bytes that were texts of protocol 2; each text is decoded once */
} machine;

static dp_status wrong(const machine *m, const char *what)
{
    return dp_fail(m->err, DP_ECORRUPT, "%.120s: byte %zu: %s", m->path, m->at, what);
}

/* ---- the stack ---- */

static dp_status push(machine *m, dp_pickle_kind kind, dp_pickled **out)
{
    dp_pickled *v;

    if (m->n_values == MOST_VALUES || m->depth == m->room)
        return wrong(m, "more values than a data set has");
    v = dp_arena_alloc(m->arena, 1, sizeof *v);
    if (v == NULL)
        return dp_arena_fail(m->arena, m->err, m->path);
    v->kind = kind;
    m->n_values++;
    m->stack[m->depth++] = v;
    if (out != NULL)
        *out = v;
    return DP_OK;
}

static dp_status push_int(machine *m, int64_t number)
{
    dp_pickled *v;
    const dp_status status = push(m, DP_PICKLE_INT, &v);

    if (status == DP_OK)
        v->number = number;
    return status;
}

/* `size` bytes that follow. */
static dp_status push_bytes(machine *m, uint64_t size)
{
    dp_pickled *v;
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

    for (uint32_t i = m->depth - n; i < m->depth && status == DP_OK; i++)
        status = append(m, to, m->stack[i]);
    m->depth -= n;
    return status;
}

static dp_status make_tuple(machine *m, uint32_t n)
{
    dp_pickled list = {.kind = DP_PICKLE_LIST}, *v;
    dp_status status;

    if (m->depth < n)
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
    if (m->n_marks == 0 || m->marks[m->n_marks - 1] > m->depth)
        return false;
    *n = m->depth - m->marks[--m->n_marks];
    return true;
}

/* n values into the list or dictionary below them. */
static dp_status add_to(machine *m, dp_pickle_kind kind, uint32_t n)
{
    dp_pickled *to;

    if (m->depth <= n || (m->n_marks > 0 && m->marks[m->n_marks - 1] >= m->depth - n))
        return wrong(m, "items of what is not there");
    to = m->stack[m->depth - n - 1];
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
    dp_pickled *v;
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
    m->depth -= 2;
    status = push(m, DP_PICKLE_BYTES, &v);
    if (status != DP_OK)
        return status;
    v->bytes = bytes;
    v->size = decode(text, bytes);
    return v->size != SIZE_MAX ? DP_OK : wrong(m, "a text that latin1 does not have");
}

static dp_status make_object(machine *m, dp_pickled *name, dp_pickled *arguments)
{
    dp_pickled *v;
    dp_status status;

    m->depth -= 2;
    status = push(m, DP_PICKLE_OBJECT, &v);
    if (status == DP_OK)
        status = append(m, v, name);
    return status == DP_OK ? append(m, v, arguments) : status;
}

static dp_status call(machine *m)
{
    static const char *const allowed[] = {
        "numpy dtype",
        "numpy.core.multiarray _reconstruct",
        "numpy._core.multiarray _reconstruct",
        "numpy.core.multiarray scalar",
        "numpy._core.multiarray scalar",
        "numpy.core.numeric _frombuffer",
        "numpy._core.numeric _frombuffer",
    };
    dp_pickled *name, *arguments;

    if (m->depth < 2)
        return wrong(m, "a call of what is not there");
    name = m->stack[m->depth - 2];
    arguments = m->stack[m->depth - 1];
    if (arguments->kind != DP_PICKLE_LIST)
        return wrong(m, "a call without arguments");
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        if (dp_pickle_is_name(name, allowed[i]))
            return make_object(m, name, arguments);
    }
    if (dp_pickle_is_name(name, "_codecs encode"))
        return make_bytes(m, arguments);
    if (dp_pickle_is_name(name, "__builtin__ bytes") && arguments->n == 0) {
        m->depth -= 2;
        return push(m, DP_PICKLE_BYTES, NULL);
    }
    return wrong(m, "calls something else than numpy's array: nothing is executed");
}

static dp_status build(machine *m)
{
    if (m->depth < 2 || m->stack[m->depth - 2]->kind != DP_PICKLE_OBJECT)
        return wrong(m, "a state of what is not an object");
    m->depth--;
    return append(m, m->stack[m->depth - 1], m->stack[m->depth]);
}

/* The two texts on top, module and name. */
static dp_status make_name(machine *m)
{
    dp_pickled pair = {.kind = DP_PICKLE_NAME}, *v;
    dp_status status;

    if (m->depth < 2)
        return wrong(m, "a name of what is not there");
    status = gather(m, 2, &pair);
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
    if (m->depth == 0 || place >= m->room)
        return wrong(m, "a note of what is not there");
    m->memo[place] = m->stack[m->depth - 1];
    m->n_memo = (uint32_t)place + 1 > m->n_memo ? (uint32_t)place + 1 : m->n_memo;
    return DP_OK;
}

static dp_status recall(machine *m, uint64_t place)
{
    dp_pickled *v;
    dp_status status;

    if (place >= m->room || m->memo[place] == NULL)
        return wrong(m, "a note that was never made");
    status = push(m, DP_PICKLE_NONE, &v);
    if (status == DP_OK)
        m->stack[m->depth - 1] = m->memo[place];
    return status;
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

/* A number of n bytes, little-endian, with its sign. */
static dp_status long_int(machine *m, size_t n)
{
    uint64_t v = 0;

    if (n > 8)
        return wrong(m, "a number of more than 8 bytes");
    if (!operand(m, n, &v))
        return wrong(m, "the file ends");
    if (n > 0 && n < 8 && v >> (8 * n - 1) != 0)
        v |= UINT64_MAX << 8 * n;
    return push_int(m, (int64_t)v);
}

/* Passes over a float of 8 bytes; no data set needs it, but a dictionary may hold one. */
static dp_status pass_float(machine *m)
{
    uint64_t v;

    return operand(m, 8, &v) ? push(m, DP_PICKLE_NONE, NULL) : wrong(m, "the file ends");
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
        return wrong(m, "an instruction that no data set needs");
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
    case '(':
        if (m->n_marks == m->room)
            return wrong(m, "too many marks");
        m->marks[m->n_marks++] = m->depth;
        return DP_OK;
    case ')':
    case ']': return push(m, DP_PICKLE_LIST, NULL);
    case '}': return push(m, DP_PICKLE_DICT, NULL);
    case 'N': return push(m, DP_PICKLE_NONE, NULL);
    case 'G': return pass_float(m);
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
    case 0x94: return remember(m, m->n_memo);
    default: return with_operand(m, code);
    }
}

dp_status dp_pickle_parse(dp_blob blob, const char *path, dp_arena *arena, dp_pickled **out,
                          dp_error *err)
{
    machine m = {.blob = blob, .path = path, .arena = arena, .err = err};

    m.room = blob.size < MOST_ROOM ? (uint32_t)blob.size : MOST_ROOM;
    m.stack = dp_arena_alloc(arena, m.room, sizeof *m.stack);
    m.memo = dp_arena_alloc(arena, m.room, sizeof *m.memo);
    m.marks = dp_arena_alloc(arena, m.room, sizeof *m.marks);
    if (m.stack == NULL || m.memo == NULL || m.marks == NULL)
        return dp_arena_fail(arena, err, path);
    if (blob.size < 2 || blob.bytes[0] != 0x80)
        return dp_fail(err, DP_ECORRUPT,
                       "%.100s: byte 0: this is not a pickle of version 2 or later%s", path,
                       dp_sniff_bytes(blob.bytes, blob.size).text);
    while (m.at < blob.size) {
        const uint8_t code = blob.bytes[m.at++];
        dp_status status;
        if (code == '.') {
            *out = m.depth == 1 ? m.stack[0] : NULL;
            return m.depth == 1 ? DP_OK : wrong(&m, "it is not one object");
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
