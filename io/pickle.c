/* pickle.c - the pickles that CIFAR's python version is made of, and no others
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Instructions and their operands: Python's pickletools.
 */
#include "io/pickle.h"

#include <string.h>

#include "base/bytes.h"
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
    uint32_t room; /* of stack, memo and marks: one a byte, as no instruction adds more */
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
    v->at = m->at;
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
        return wrong(m, "items of what is no container");
    return gather(m, n, to);
}

/* ---- calls: an object is its name, arguments and, later, state ---- */

static bool is_text(const machine *m, const dp_pickled *v, const char *text, size_t length)
{
    return v->kind == DP_PICKLE_BYTES && v->size == length &&
           memcmp(m->blob.bytes + v->at, text, length) == 0;
}

/* name: "module name" */
static bool is_name(const machine *m, const dp_pickled *v, const char *name)
{
    const size_t module = strcspn(name, " ");

    return v->kind == DP_PICKLE_NAME && is_text(m, v->items[0], name, module) &&
           is_text(m, v->items[1], name + module + 1, strlen(name) - module - 1);
}

static dp_status call(machine *m)
{
    static const char *const allowed[] = {"numpy.core.multiarray _reconstruct",
                                          "numpy._core.multiarray _reconstruct", "numpy dtype"};
    dp_pickled *v, *name, *arguments;
    dp_status status;
    bool known = false;

    if (m->depth < 2)
        return wrong(m, "a call of what is not there");
    name = m->stack[m->depth - 2];
    arguments = m->stack[m->depth - 1];
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        known = known || is_name(m, name, allowed[i]);
    if (!known)
        return wrong(m, "calls something else than numpy's array: nothing is executed");
    m->depth -= 2;
    status = push(m, DP_PICKLE_OBJECT, &v);
    if (status == DP_OK)
        status = append(m, v, name);
    return status == DP_OK ? append(m, v, arguments) : status;
}

static dp_status build(machine *m)
{
    if (m->depth < 2 || m->stack[m->depth - 2]->kind != DP_PICKLE_OBJECT)
        return wrong(m, "a state of what is no object");
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

static dp_status with_operand(machine *m, uint8_t code)
{
    static const struct {
        uint8_t code, size;
    } sizes[] = {{'K', 1}, {'M', 2}, {'J', 4}, {'U', 1}, {'T', 4}, {'C', 1},  {'B', 4},  {0x8C, 1},
                 {'X', 4}, {'q', 1}, {'r', 4}, {'h', 1}, {'j', 4}, {0x80, 1}, {0x95, 8}, {0x8A, 1}};
    uint64_t v = 0;
    size_t i = 0;

    while (i < sizeof sizes / sizeof sizes[0] && sizes[i].code != code)
        i++;
    if (i == sizeof sizes / sizeof sizes[0])
        return wrong(m, "an instruction that no data set needs");
    if (!operand(m, sizes[i].size, &v))
        return wrong(m, "the file ends");
    switch (code) {
    case 'K':
    case 'M': return push_int(m, (int64_t)v);
    case 'J': return push_int(m, (int32_t)(uint32_t)v);
    case 0x8A: return v == 0 ? push_int(m, 0) : wrong(m, "a number of many bytes");
    case 'q':
    case 'r': return remember(m, v);
    case 'h':
    case 'j': return recall(m, v);
    case 0x80: return v >= 2 && v <= 5 ? DP_OK : wrong(m, "another version of pickle");
    case 0x95: return DP_OK; /* the length of a frame */
    default: return push_bytes(m, v);
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
    case 'N':
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
        return wrong(&m, "this is no pickle of version 2 or later");
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

const dp_pickled *dp_pickle_get(const dp_pickled *dict, dp_blob blob, const char *key)
{
    const size_t length = strlen(key);

    for (uint32_t i = 0; dict->kind == DP_PICKLE_DICT && i + 1 < dict->n; i += 2) {
        const dp_pickled *k = dict->items[i];
        if (k->kind == DP_PICKLE_BYTES && k->size == length &&
            memcmp(blob.bytes + k->at, key, length) == 0)
            return dict->items[i + 1];
    }
    return NULL;
}

/* numpy.ndarray's state: (version, shape, dtype, is Fortran's, bytes); dtype's arguments: ("u1",
 * ...)
 */
bool dp_pickle_array(const dp_pickled *v, dp_blob blob, uint64_t columns, uint64_t *rows,
                     size_t *at)
{
    const dp_pickled *state, *shape, *dtype, *bytes, *type;

    if (v == NULL || v->kind != DP_PICKLE_OBJECT || v->n != 3 || v->items[2]->n != 5 ||
        v->items[2]->kind != DP_PICKLE_LIST)
        return false;
    state = v->items[2];
    shape = state->items[1];
    dtype = state->items[2];
    bytes = state->items[4];
    if (shape->kind != DP_PICKLE_LIST || shape->n != 2 || shape->items[0]->kind != DP_PICKLE_INT ||
        shape->items[1]->kind != DP_PICKLE_INT || dtype->kind != DP_PICKLE_OBJECT || dtype->n < 2 ||
        dtype->items[1]->kind != DP_PICKLE_LIST || dtype->items[1]->n < 1 ||
        bytes->kind != DP_PICKLE_BYTES || state->items[3]->kind != DP_PICKLE_INT)
        return false;
    type = dtype->items[1]->items[0];
    *rows = (uint64_t)shape->items[0]->number;
    *at = bytes->at;
    return type->kind == DP_PICKLE_BYTES && type->size == 2 &&
           memcmp(blob.bytes + type->at, "u1", 2) == 0 && state->items[3]->number == 0 &&
           shape->items[0]->number >= 0 && (uint64_t)shape->items[1]->number == columns &&
           *rows <= bytes->size / columns && *rows * columns == bytes->size;
}
