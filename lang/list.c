/* list.c - lists of numbers: written out in a text, or in a file that it names
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "lang/list.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/npy.h"
#include "base/number/num.h"
#include "base/sniff.h"
#include "base/status.h"
#include "base/tensor.h"
#include "lang/stage.h"

#define DIGITS 32 /* of a digest */

/* Numbers under way, with what says where they are. */
typedef struct reading {
    const dp_binding *b;
    const char *path; /* as the text names it; NULL = the list is written out */
    const uint8_t *bytes;
    size_t size;
    uint64_t most; /* numbers */
    dp_list *out;
} reading;

static bool whole(const reading *r) { return r->b->param->type == DP_PARAM_INTS; }

/* The end of the path is its name. */
static const char *name_of(const reading *r)
{
    const size_t n = strlen(r->path);
    return n > 80 ? r->path + n - 80 : r->path;
}

static dp_status bad_file(const reading *r, dp_status status, const char *what)
{
    return dp_fail_at(r->b->err, status, r->b->column, "%s: %s: %s %s", r->b->info->name,
                      r->b->param->name, name_of(r), what);
}

/* Where an item stands: a byte of the text, a line or a number of the file. */
typedef struct place {
    const char *of; /* "line", "number" */
    uint64_t at;
} place;

static dp_status bad_item(const reading *r, place where, const char *item, size_t length,
                          const char *what)
{
    const dp_binding *b = r->b;
    const int shown = length > 20 ? 20 : (int)length;

    if (r->path == NULL)
        return dp_fail_at(b->err, DP_ESPEC, b->column + (uint32_t)where.at, "%s: %s=%.60s %s",
                          b->info->name, b->param->name, b->value, what);
    return dp_fail_at(b->err, DP_ECORRUPT, b->column, "%s: %s: %s, %s %llu: '%.*s' %s",
                      b->info->name, b->param->name, name_of(r), where.of,
                      (unsigned long long)where.at, shown, item, what);
}

static dp_status out_of_range(const reading *r, place where, const char *item, size_t length)
{
    char lo[DP_NUMBER_SIZE], hi[DP_NUMBER_SIZE], what[96];

    dp_print_number(lo, r->b->param->min);
    dp_print_number(hi, r->b->param->max);
    snprintf(what, sizeof what, "is out of range: %s to %s", lo, hi);
    return bad_item(r, where, item, length, what);
}

static dp_status too_many(const reading *r, uint64_t at)
{
    const dp_binding *b = r->b;
    char what[64];

    if (r->path == NULL)
        return dp_fail_at(b->err, DP_ESPEC, b->column + (uint32_t)at,
                          "%s: %s has more than %llu elements", b->info->name, b->param->name,
                          (unsigned long long)r->most);
    snprintf(what, sizeof what, "holds more than %llu numbers", (unsigned long long)r->most);
    return bad_file(r, DP_ELIMIT, what);
}

static dp_status make_room(reading *r, uint64_t n)
{
    _Static_assert(sizeof *r->out->ints == sizeof *r->out->numbers, "both take as much");

    if (n == 0 && r->path != NULL)
        return bad_file(r, DP_ECORRUPT, "holds no number");
    r->out->n = (size_t)n;
    r->out->ints = dp_arena_alloc_raw(r->b->arena, (size_t)n + 1, sizeof *r->out->ints);
    return r->out->ints != NULL ? DP_OK : dp_arena_fail(r->b->arena, r->b->err, "a list");
}

/* ---- text ---- */

typedef struct cursor {
    const char *at, *end, *item;
    size_t length; /* of the item */
    uint64_t line;
    bool file; /* has lines, blanks and comments; a text has commas alone */
} cursor;

static bool is_blank(const cursor *c)
{
    return c->file && (*c->at == ' ' || *c->at == '\t' || *c->at == '\r' || *c->at == '\n');
}

/* To the next item; true where a comma was passed.  The first item has none before it. */
static bool skip(cursor *c)
{
    bool comma = false;

    for (; c->at < c->end; c->at++) {
        if (*c->at == '#' && c->file) {
            const char *line = memchr(c->at, '\n', (size_t)(c->end - c->at));
            c->at = line != NULL ? line : c->end - 1;
        } else if (*c->at == ',' && !comma && c->item != NULL) {
            comma = true;
        } else if (!is_blank(c)) {
            break;
        }
        c->line += *c->at == '\n';
    }
    return comma;
}

/* The next item, which is empty where nothing stands beside a comma; false at the end. */
static bool next(cursor *c)
{
    const bool comma = skip(c), more = c->at < c->end;

    for (c->item = c->at; c->at < c->end; c->at++) {
        if (*c->at == ',' || is_blank(c) || (*c->at == '#' && c->file))
            break;
    }
    c->length = (size_t)(c->at - c->item);
    return more || comma;
}

static cursor start(const reading *r)
{
    const bool bom = r->path != NULL && r->size >= 3 && memcmp(r->bytes, "\xef\xbb\xbf", 3) == 0;
    const char *at = (const char *)r->bytes;

    return (cursor){at + (bom ? 3 : 0), at + r->size, NULL, 0, 1, r->path != NULL};
}

static uint64_t offset(const reading *r, const cursor *c)
{
    return (uint64_t)(c->item - (const char *)r->bytes);
}

static dp_status take_item(reading *r, const cursor *c, size_t i)
{
    const place where = {"line", c->file ? c->line : offset(r, c)};
    const dp_param *p = r->b->param;
    char what[64];
    double value;

    if (memchr(c->item, '\0', c->length) != NULL) {
        snprintf(what, sizeof what, "is not a text: line %llu has a zero byte",
                 (unsigned long long)c->line);
        return bad_file(r, DP_ECORRUPT, what);
    }
    if (whole(r)) {
        if (!dp_parse_int(c->item, c->length, &r->out->ints[i]))
            return bad_item(r, where, c->item, c->length, "is not an integer");
        value = (double)r->out->ints[i];
    } else {
        if (!dp_parse_number(c->item, c->length, &value))
            return bad_item(r, where, c->item, c->length,
                            "is not a number such as 0.5, 1e-3 or 1/255");
        r->out->numbers[i] = value;
    }
    return value < p->min || value > p->max ? out_of_range(r, where, c->item, c->length) : DP_OK;
}

static dp_status take_text(reading *r)
{
    cursor c = start(r);
    uint64_t n = 0;
    dp_status status;

    for (; next(&c); n++) {
        if (n == r->most)
            return too_many(r, offset(r, &c));
    }
    status = make_room(r, n);
    c = start(r);
    for (size_t i = 0; status == DP_OK && next(&c); i++)
        status = take_item(r, &c, i);
    return status;
}

/* ---- an array ---- */

static bool is_finite(double x) { return x - x == 0; }

static dp_status take_element(reading *r, const dp_tensor *t, size_t i)
{
    const dp_param *p = r->b->param;
    const double value = dp_load_f64(t->data, t->dtype, i);
    char text[DP_NUMBER_SIZE];

    if (whole(r))
        r->out->ints[i] = dp_load_int(t->data, t->dtype, i);
    else
        r->out->numbers[i] = value;
    if (value >= p->min && value <= p->max)
        return DP_OK;
    if (dp_dtype_is_integer(t->dtype))
        snprintf(text, sizeof text, "%s", dp_print_int(t->data, t->dtype, i).text);
    else if (is_finite(value))
        dp_print_number(text, value);
    else
        snprintf(text, sizeof text, "%s", value != value ? "nan" : value < 0 ? "-inf" : "inf");
    return out_of_range(r, (place){"number", i}, text, strlen(text));
}

/* The elements as this machine has them, aligned. */
static dp_status copy(const reading *r, const dp_npy *a, bool big, dp_arena *arena, dp_tensor *t)
{
    t->data = dp_arena_alloc_raw(arena, a->size + 1, 1);
    if (t->data == NULL)
        return dp_arena_fail(arena, r->b->err, "a list");
    memcpy(t->data, a->data, a->size);
    if (big)
        dp_turn(t->data, a->size, dp_dtype_size(t->dtype));
    dp_tensor_load(t);
    return DP_OK;
}

static dp_status take_array(reading *r, dp_arena *arena)
{
    dp_tensor t = {.rank = 1};
    dp_npy a;
    bool big;
    dp_status status;
    const char *why = dp_npy_parse(r->bytes, r->size, &a);

    if (why == NULL && !dp_npy_dtype(&a, &t.dtype, &big))
        why = dp_npy_other(&a);
    if (why == NULL && a.rank != 1)
        why = "is an array of another number of axes: a list has one";
    if (why == NULL && a.shape[0] == 0)
        why = "holds no number";
    if (why == NULL && t.dtype == DP_BOOL)
        why = whole(r) ? "holds true and false: numpy.flatnonzero makes row numbers of them"
                       : "holds true and false: a.astype('float64') makes numbers of them";
    if (why == NULL && whole(r) && !dp_dtype_is_integer(t.dtype))
        why = "holds no integers: a.astype('int64') makes some";
    t.shape[0] = a.shape[0];
    if (why == NULL && (!dp_tensor_fits(&t) || dp_tensor_bytes(&t) != a.size))
        why = "has not as many bytes as its shape wants: it is cut or damaged";
    if (why != NULL)
        return bad_file(r, DP_ECORRUPT, why);
    status = (uint64_t)t.shape[0] > r->most ? too_many(r, 0) : make_room(r, (uint64_t)t.shape[0]);
    if (status == DP_OK)
        status = copy(r, &a, big, arena, &t);
    for (size_t i = 0; status == DP_OK && i < r->out->n; i++)
        status = take_element(r, &t, i);
    return status;
}

/* ---- a file ---- */

static dp_status take_bytes(reading *r, dp_arena *arena)
{
    const dp_sniffed what = dp_sniff_bytes(r->bytes, r->size);
    char why[160];

    if (dp_npy_is(r->bytes, r->size))
        return take_array(r, arena);
    if (what.text[0] == '\0')
        return take_text(r);
    snprintf(why, sizeof why, "is not a list of numbers%s", what.text);
    return bad_file(r, DP_ECORRUPT, why);
}

static dp_status take_file(reading *r, dp_arena *arena)
{
    const dp_binding *b = r->b;
    const char *path = dp_path_join(arena, b->files->root, r->path);
    uint8_t *bytes = NULL;
    dp_file file;
    dp_status status;

    if (path == NULL)
        return dp_arena_fail(arena, b->err, "a path");
    status = dp_file_open(path, &file, b->err);
    if (status != DP_OK)
        return status;
    if (file.size > DP_MAX_LIST_FILE)
        status = bad_file(r, DP_ELIMIT, "is too large: a list has at most 3e9 bytes");
    else
        status = dp_file_read_whole(&file, path, arena, b->files, &bytes, b->err);
    r->bytes = bytes;
    r->size = (size_t)file.size;
    dp_file_close(&file);
    return status == DP_OK ? take_bytes(r, arena) : status;
}

/* Of "@path#digest": bytes of the path, and the digest, where one stands there. */
static size_t split(const char *value, uint8_t digest[16], bool *known)
{
    const size_t n = strlen(value);

    *known = n > DIGITS + 2 && value[n - DIGITS - 1] == '#' &&
             dp_digest_parse(value + n - DIGITS, digest);
    return n - 1 - (*known ? DIGITS + 1 : 0);
}

/* The canonical value, whose digest is that of the numbers. */
static dp_status pin(reading *r, bool known, const uint8_t wanted[16])
{
    const dp_tensor numbers = {.data = r->out->ints,
                               .dtype = whole(r) ? DP_I64 : DP_F64,
                               .rank = 1,
                               .shape = {(int64_t)r->out->n}};
    const size_t n = strlen(r->path);
    char *text = dp_arena_alloc(r->b->arena, n + DIGITS + 3, 1);
    uint8_t digest[16];
    dp_hash h;

    if (text == NULL)
        return dp_arena_fail(r->b->arena, r->b->err, "a list");
    dp_hash_init(&h);
    dp_hash_tensor(&h, &numbers);
    dp_hash_final(&h, digest);
    if (known && memcmp(digest, wanted, sizeof digest) != 0)
        return bad_file(r, DP_ESTATE,
                        "holds other numbers than those that the text has the digest "
                        "of: it changed, or it is another file");
    snprintf(text, n + 3, "@%s#", r->path);
    dp_digest_text(digest, text + n + 2);
    r->out->text = text;
    return DP_OK;
}

static dp_status bind_file(reading *r)
{
    const dp_binding *b = r->b;
    uint8_t digest[16];
    bool known;
    const size_t n = split(b->value, digest, &known);
    dp_arena arena = dp_arena_within(b->arena);
    dp_status status;

    r->path = dp_arena_text(b->arena, b->value + 1, n);
    if (r->path == NULL)
        return dp_arena_fail(b->arena, b->err, "a path");
    if (n == 0)
        return dp_fail_at(b->err, DP_ESPEC, b->column, "%s: %s: no file is named behind the @",
                          b->info->name, b->param->name);
    status = take_file(r, &arena);
    dp_arena_free(&arena);
    if (status == DP_OK)
        status = pin(r, known, digest);
    return dp_stage_failed(b->info, b->column, status, b->err);
}

dp_status dp_list_bind(const dp_binding *b, uint64_t most, dp_list *out)
{
    reading r = {.b = b, .most = most, .out = out};

    *out = (dp_list){.text = b->value};
    if (!dp_list_is_file(b->value)) {
        r.bytes = (const uint8_t *)b->value;
        r.size = strlen(b->value);
        return take_text(&r);
    }
    return b->files != NULL ? bind_file(&r) : DP_OK;
}
