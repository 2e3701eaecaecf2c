/* name.c - the name of a number: the words before it, and the keys of the braces that are open
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/losses/name.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tools/losses/connection.h"
#include "tools/losses/program.h"
#include "tools/losses/text.h"

#define LONG_NUMBER 4

/* Indented JSON goes on in the next line; what is not indented, or no further than the name of a
 * block, begins anew. */
void loss_name_begin(loss_context *c)
{
    const char *const text = c->r->line.text;
    const size_t indent = strspn(text, " \t");

    if (strchr(" \t}]", *text) == NULL || indent < c->r->braces.indent)
        c->r->braces = (loss_braces){.depth = 0};
}

static void open_brace(loss_context *c)
{
    loss_braces *const b = &c->r->braces;
    const size_t used = strlen(b->path);

    if (b->depth < LOSS_NESTED)
        b->back[b->depth] = used;
    b->depth++;
    if (c->key[0] != '\0' && b->depth <= LOSS_NESTED)
        snprintf(b->path + used, sizeof b->path - used, "%s.", c->key);
    c->key[0] = '\0';
}

/* Returns where to go on: at the next brace of a list, which has the same key. */
static const char *close_brace(loss_context *c, const char *at)
{
    loss_braces *const b = &c->r->braces;
    const char *const next = skip(at + 1, ", ");
    char *own;

    b->depth -= b->depth > 0;
    if (b->depth >= LOSS_NESTED)
        return at + 1;
    own = b->path + b->back[b->depth];
    snprintf(c->key, sizeof c->key, "%.*s", *next == '{' ? (int)strcspn(own, ".") : 0, own);
    *own = '\0';
    return *next == '{' ? next : at + 1;
}

/* "loss:" alone: the keys of an indented block are its parts, as those in braces are. */
void loss_name_end(loss_context *c, const char *end)
{
    if (end > c->r->line.text && end[-1] == ':' && c->r->braces.depth == 0 &&
        loss_kind_of(c->key, strlen(c->key)) == LOSS) {
        open_brace(c);
        c->r->braces.indent = strspn(c->r->line.text, " \t") + 1;
    }
}

/* A date or a number of four digits and more, as in run_20261129: it is another one in each run. */
static bool has_number(const char *at, size_t n)
{
    size_t digits = 0;

    for (size_t i = 0; i < n && digits < LONG_NUMBER; i++)
        digits = isdigit((unsigned char)at[i]) ? digits + 1 : 0;
    return digits == LONG_NUMBER;
}

const char *loss_name_keep(loss_context *c, const char *at, size_t n)
{
    if (has_number(at, n)) {
        c->n_words = 0;
        c->key[0] = '\0';
        return at + n;
    }
    if (c->n_words == 2) {
        c->words[0] = c->words[1];
        c->n_words = 1;
    }
    c->words[c->n_words++] = at;
    if (at[n] != '(') /* OrderedDict({ */
        snprintf(c->key, sizeof c->key, "%.*s", (int)n, at);
    at += n;
    if (*at == '.' && at[1] == ' ')
        at++; /* "Avg. loss" */
    return at;
}

bool loss_name_is_unit(const loss_context *c, const char *at, size_t n)
{
    static const char *const times[] = {"s", "sec", "second", "it", NULL};
    const char *const text = c->r->line.text;
    const char *per = memchr(at, '/', n);

    return (at > text && isdigit((unsigned char)at[-1])) ||
           (per != NULL && loss_word_in(times, per + 1, n - (size_t)(per + 1 - at)));
}

/* Behind "</loss>" and "<class 'float'>, ", or at. */
static const char *pass_tag(const char *at)
{
    const bool is_class = begins(at, "<class ");
    const char *const end =
        is_class || begins(at, "</") ? memchr(at, '>', strnlen(at, MOST_INSIDE)) : NULL;

    return end == NULL ? at : skip(end + 1, is_class ? ", " : " ");
}

const char *loss_name_pass(loss_context *c, const char *at)
{
    const char *const tag = pass_tag(at);
    const char *const next = tag > at ? tag : *at == '}' ? close_brace(c, at) : at + 1;

    if (tag > at)
        return tag;
    if (*at == '{')
        open_brace(c);
    else if (strchr(" \"':=([}", *at) == NULL)
        c->key[0] = '\0';
    if (*at != ' ' || *next == ' ')
        c->n_words = 0;
    return next;
}

void loss_name_make(const loss_context *c, const char *at, size_t n, char out[LOSS_NAME])
{
    const char *begin = c->n_words > 0 ? c->words[0] : at;
    snprintf(out, LOSS_NAME, "%s%.*s", c->r->braces.path, (int)(at + n - begin), begin);
}

/* A tensor that was printed alone: one that has a gradient is a loss. */
static loss_kind kind_of_tensor(const loss_context *c, const char *at, size_t n)
{
    static const char *const words[] = {"tensor",     "Array",      "float32", "float64",
                                        "np.float32", "np.float64", NULL};

    if (n == 6 && begins(at, "tensor(")) {
        const size_t most = strnlen(at, MOST_INSIDE);
        const char *const close = memchr(at, ')', most), *const end = close ? close : at + most;
        if (memmem(at, (size_t)(end - at), "grad_fn=", 8) != NULL)
            return METRIC;
    }
    return at[n] == '(' && c->n_words == 0 && c->key[0] == '\0' && loss_word_in(words, at, n)
               ? UNNAMED
               : NO_LOSS;
}

/* Whether the number of this line is named elsewhere: {"tag": "acc", "value": 0.5}. */
static bool has_key(const char *at)
{
    while (*at != '\0') {
        const size_t n = loss_word(at);
        if (loss_is_key(at, n))
            return true;
        at += n > 0 ? n : 1;
    }
    return false;
}

/* "Score at iteration 3 is 0.5", "Trial 3 finished with value: 0.5", "iter 10 value 0.5": what is
 * optimized by steps, without a name. */
static bool is_value(const loss_context *c, const char *at, size_t n)
{
    static const char *const words[] = {"score", "value", "values", NULL};
    const char *const text = c->r->line.text;
    const bool alone = c->n_words == 0 || begins(c->words[c->n_words - 1], "with ");

    return alone && c->r->own.n > 0 && loss_word_in(words, at, n) && at[n] != '"' && !has_key(text);
}

loss_kind loss_name_kind(const loss_context *c, const char *at, size_t n)
{
    const char *const path = c->r->braces.path;
    loss_kind kind = n > 0 ? loss_kind_of(at, n) : NO_LOSS;
    char name[LOSS_NAME];

    if (n == 0 || kind != NO_LOSS)
        return kind;
    if (loss_of_catboost(c->r, at, n))
        return METRIC;
    if (is_value(c, at, n))
        return UNNAMED;
    kind = kind_of_tensor(c, at, n);
    if (kind != NO_LOSS || path[0] == '\0' || loss_is_step(at, n) || at[n] == '(')
        return kind;
    snprintf(name, sizeof name, "%s%.*s", path, (int)n, at);
    return loss_kind_of(name, strlen(name));
}
