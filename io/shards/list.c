/* list.c - the files of a data set: one, several by braces, or those that a list names
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "io/shards/list.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/number/num.h"
#include "base/pack/inflate.h"
#include "base/status.h"

/* ---- names ---- */

typedef struct listing {
    dp_opener *opener;
    dp_arena *arena; /* the opener's */
    dp_shard_list *out;
    dp_error *err;
} listing;

/* What WebDataset opens by a program of the system. */
static bool is_no_file(const char *name)
{
    return !dp_path_is_url(name) && (strstr(name, "://") != NULL || strncmp(name, "pipe:", 5) == 0);
}

static dp_status add(const listing *l, const char *name)
{
    dp_shard_list *out = l->out;
    const char *path;

    if (is_no_file(name))
        return dp_fail(l->err, DP_ESPEC,
                       "%.120s is not a file, and not an address that is read (http, https, "
                       "file): fetch it first",
                       name);
    if (out->n == DP_MOST_SHARDS)
        return dp_fail(l->err, DP_ELIMIT, "there are more than %d files", DP_MOST_SHARDS);
    if (out->n == out->room) {
        const char **more =
            dp_arena_grow(l->arena, out->paths, out->n, sizeof *more, &out->room, 16);
        if (more == NULL)
            return dp_arena_fail(l->arena, l->err, "a list of files");
        out->paths = more;
    }
    path = dp_path_join(l->arena, l->opener->options->root, name);
    if (path == NULL)
        return dp_arena_fail(l->arena, l->err, "a path");
    out->paths[out->n++] = path;
    return DP_OK;
}

/* ---- braces ---- */

/* A text that is to be expanded, and what follows it. */
typedef struct part {
    const char *text;
    size_t length;
    bool plain; /* nothing in it means anything */
    const struct part *next;
} part;

/* A name under way. */
typedef struct expansion {
    const listing *listing;
    const char *pattern; /* for messages */
    char name[DP_MOST_SHARD_NAME];
    size_t length;
    int depth;
} expansion;

static dp_status expand(expansion *e, const part *p);

static dp_status put(expansion *e, char c)
{
    if (e->length + 1 == sizeof e->name)
        return dp_fail(e->listing->err, DP_ELIMIT, "a name of %.80s has more than %zu bytes",
                       e->pattern, sizeof e->name - 1);
    e->name[e->length++] = c;
    return DP_OK;
}

static dp_status unbalanced(const expansion *e)
{
    return dp_fail(e->listing->err, DP_ESPEC, "a brace of %.120s has no partner", e->pattern);
}

/* The bytes of a character, with the \ before it. */
static size_t step(const part *p, size_t at)
{
    return p->text[at] == '\\' && at + 1 < p->length ? 2 : 1;
}

/* The place of the first of two characters outside of braces; the end where there is none.  *depth
 * is 0 unless they are unbalanced. */
static size_t find(const part *p, size_t at, char a, char b, int *depth)
{
    for (*depth = 0; at < p->length; at += step(p, at)) {
        const char c = p->text[at];
        if (*depth == 0 && (c == a || c == b))
            return at;
        *depth += (c == '{') - (c == '}');
        if (*depth < 0)
            break;
    }
    return at;
}

static part slice(const part *p, size_t from, size_t to, const part *next)
{
    return (part){p->text + from, to - from, false, next};
}

/* "3", "-07": to the next "..", or the end. */
static bool take_number(const part *p, size_t *at, int64_t *value, size_t *length)
{
    size_t to = *at;

    while (to < p->length && p->text[to] != '.')
        to++;
    *length = to - *at;
    if (*length == 0 || *length > 18 || p->text[*at] == '+' ||
        !dp_parse_int(p->text + *at, *length, value))
        return false;
    *at = to;
    return true;
}

static bool take_dots(const part *p, size_t *at)
{
    if (p->length - *at < 2 || p->text[*at] != '.' || p->text[*at + 1] != '.')
        return false;
    *at += 2;
    return true;
}

/* Whether a number is written with zeros before it, which asks for one width. */
static bool is_padded(const char *text, size_t length)
{
    const size_t sign = text[0] == '-';
    return text[sign] == '0' && length > sign + 1;
}

typedef struct range {
    int64_t from, to, step;
    int width;    /* of numbers */
    bool letters; /* in place of numbers: places in the alphabet */
} range;

#define ALPHABET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static bool take_letter(const part *p, size_t *at, int64_t *place)
{
    const char *found =
        *at < p->length && p->text[*at] != '\0' ? strchr(ALPHABET, p->text[*at]) : NULL;

    *place = found != NULL ? found - ALPHABET : 0;
    *at += found != NULL;
    return found != NULL;
}

/* "..3" or nothing; a step of 0 is one of 1, and its sign means nothing. */
static bool take_step(const part *p, size_t *at, int64_t *out)
{
    size_t length;

    *out = 1;
    if (*at == p->length)
        return true;
    if (!take_dots(p, at) || !take_number(p, at, out, &length) || *at != p->length)
        return false;
    *out = *out < 0 ? -*out : *out;
    *out += *out == 0;
    return true;
}

static bool take_range(const part *p, range *r)
{
    size_t at = 0, second, a, b;

    r->width = 0;
    r->letters = take_letter(p, &at, &r->from);
    if (r->letters)
        return take_dots(p, &at) && take_letter(p, &at, &r->to) && take_step(p, &at, &r->step);
    if (!take_number(p, &at, &r->from, &a) || !take_dots(p, &at))
        return false;
    second = at;
    if (!take_number(p, &at, &r->to, &b))
        return false;
    if (is_padded(p->text, a) || is_padded(p->text + second, b))
        r->width = (int)(a > b ? a : b);
    return take_step(p, &at, &r->step);
}

static dp_status expand_range(expansion *e, const range *r, const part *behind)
{
    const bool up = r->from < r->to;
    const size_t length = e->length;
    dp_status status = DP_OK;

    for (int64_t v = r->from; up ? v <= r->to : v >= r->to; v += up ? r->step : -r->step) {
        char text[32] = {0};
        if (r->letters)
            text[0] = ALPHABET[v];
        else
            snprintf(text, sizeof text, "%0*lld", r->width, (long long)v);
        e->length = length;
        for (const char *c = text; *c != '\0' && status == DP_OK; c++)
            status = put(e, *c);
        if (status == DP_OK)
            status = expand(e, behind);
        if (status != DP_OK)
            break;
    }
    return status;
}

/* What stands between two braces: a range, alternatives, or a text that keeps them. */
static dp_status expand_braces(expansion *e, const part *inner, const part *behind)
{
    const size_t length = e->length;
    const part closing = {"}", 1, true, behind};
    const part same = {inner->text, inner->length, false, &closing};
    dp_status status = DP_OK;
    int depth;
    range r;

    if (take_range(inner, &r))
        return expand_range(e, &r, behind);
    if (find(inner, 0, ',', ',', &depth) == inner->length) {
        status = put(e, '{');
        return status == DP_OK ? expand(e, &same) : status;
    }
    for (size_t from = 0; from <= inner->length && status == DP_OK;) {
        const size_t to = find(inner, from, ',', ',', &depth);
        const part one = slice(inner, from, to, behind);
        e->length = length;
        status = expand(e, &one);
        from = to + 1;
    }
    return status;
}

/* Everything from a part on. */
static dp_status expand(expansion *e, const part *p)
{
    dp_status status = DP_OK;
    part inner, behind;
    size_t at = 0, to;
    int depth;

    if (p == NULL) {
        e->name[e->length] = '\0';
        return add(e->listing, e->name);
    }
    for (; at < p->length && status == DP_OK && (p->plain || p->text[at] != '{'); at++) {
        if (!p->plain && p->text[at] == '}')
            return unbalanced(e);
        at += p->plain ? 0 : step(p, at) - 1;
        status = put(e, p->text[at]);
    }
    if (status != DP_OK || at == p->length)
        return status != DP_OK ? status : expand(e, p->next);
    to = find(p, at + 1, '}', '}', &depth);
    if (to >= p->length)
        return unbalanced(e);
    inner = slice(p, at + 1, to, NULL);
    behind = slice(p, to + 1, p->length, p->next);
    if (e->depth == DP_MOST_BRACES)
        return dp_fail(e->listing->err, DP_ELIMIT, "%.80s has more than %d braces", e->pattern,
                       DP_MOST_BRACES);
    e->depth++;
    status = expand_braces(e, &inner, &behind);
    e->depth--;
    return status;
}

/* "a::b" is a, then b. */
static dp_status expand_all(const listing *l, const char *text)
{
    expansion e = {.listing = l, .pattern = text};
    dp_status status = DP_OK;

    for (const char *at = text; at != NULL && status == DP_OK;) {
        const char *end = strstr(at, "::");
        const part p = {at, end != NULL ? (size_t)(end - at) : strlen(at), false, NULL};
        e.length = 0;
        status = expand(&e, &p);
        at = end != NULL ? end + 2 : NULL;
    }
    return status;
}

/* ---- lists ---- */

static dp_status add_line(const listing *l, const char *path, const char *line, size_t length)
{
    char name[DP_MOST_SHARD_NAME];

    length -= length > 0 && line[length - 1] == '\r';
    if (length == 0)
        return DP_OK;
    if (length >= sizeof name)
        return dp_fail(l->err, DP_ELIMIT, "a line of %.120s has more than %zu bytes", path,
                       sizeof name - 1);
    memcpy(name, line, length);
    name[length] = '\0';
    if (strlen(name) != length)
        return dp_fail(l->err, DP_ECORRUPT, "%.120s is not a list of files", path);
    return add(l, name);
}

static dp_status read_list(const listing *l, const char *file)
{
    const char *path = dp_path_join(l->arena, l->opener->options->root, file);
    dp_blob blob = {0};
    dp_status status;

    if (path == NULL)
        return dp_arena_fail(l->arena, l->err, "a path");
    status = dp_opener_blob(l->opener, path, DP_MOST_SHARD_LIST, &blob, l->err);
    for (size_t at = 0; status == DP_OK && at < blob.size;) {
        const char *line = (const char *)blob.bytes + at;
        const char *end = memchr(line, '\n', blob.size - at);
        const size_t length = end != NULL ? (size_t)(end - line) : blob.size - at;
        status = add_line(l, path, line, length);
        at += length + 1;
    }
    if (status == DP_OK && l->out->n == 0)
        status = dp_fail(l->err, DP_ESPEC, "%.120s names no file", path);
    return status;
}

dp_status dp_shard_list_read(const char *text, dp_opener *opener, dp_shard_list *out, dp_error *err)
{
    const listing l = {opener, opener->arena, out, err};

    *out = (dp_shard_list){0};
    return text[0] == '@' ? read_list(&l, text + 1) : expand_all(&l, text);
}
