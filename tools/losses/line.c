/* line.c - the losses that a line names: loss: 2.3, train loss=2.3, 'loss': tensor(2.3)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "tools/losses/change.h"
#include "tools/losses/connection.h"
#include "tools/losses/name.h"
#include "tools/losses/program.h"
#include "tools/losses/text.h"
#include "tools/losses/values.h"

/* Behind <loss> or <metric name="loss">; NULL: the name is none of a tag. */
static const char *pass_name_of_tag(const loss_context *c, const char *at, size_t n)
{
    const bool quoted = at[n] == '"' && at[n + 1] == '>';
    const bool tag = at > c->r->line.text && at[-1] == (quoted ? '"' : '<');

    return tag && at[n + quoted] == '>' ? skip(at + n + quoted + 1, " :=") : NULL;
}

/* Behind the point of "avg loss. 2.5". */
static const char *pass_point(const char *at) { return at + (*at == '.' && at[1] == ' '); }

/* "12.5 ms run,  2.31 loss, 0.1 LR": the number directly before a name that ends with a mark; NULL.
 * Behind a word it is that one's: "lr 0.1 loss". */
static const char *number_before(const loss_context *c, const char *at, size_t n)
{
    const char *const text = c->r->line.text;
    const char *const name = c->n_words > 0 ? c->words[0] : at;
    const char *first = name - (name > text), *before;
    printed_number number;

    if (first == text || *first != ' ' || strchr(",;|)", at[n]) == NULL)
        return NULL;
    while (first > text && first[-1] != ' ')
        first--;
    number = printed_number_read(first);
    for (before = first; before > text && before[-1] == ' ';)
        before--;
    return number.whole && !number.aside && first + number.n == name - 1 && !loss_is_count(first) &&
                   (before == text || strchr(",;|(", before[-1]) != NULL)
               ? first
               : NULL;
}

/* A name whose number is not behind it. */
static const char *read_apart(const loss_context *c, const char *name, const char *at, size_t n,
                              loss_kind kind)
{
    const char *value = loss_of_record(c->r->line.text, at, n);

    if (value == NULL && kind == LOSS)
        value = number_before(c, at, n);
    if (value != NULL) {
        const printed_number number = printed_number_read(value);
        loss_add(c->r, name, strlen(name), kind, loss_in_mean(c->r, name), value, &number);
    }
    return at + n;
}

/* From behind a name of n bytes to where its number should be; *sure: something says so. */
static const char *pass_to_value(const loss_context *c, const char *at, size_t n, bool *sure)
{
    const char *const tag = pass_name_of_tag(c, at, n), *const labels = loss_pass_labels(at + n);

    *sure = true;
    if (tag != NULL)
        return tag;
    return labels > at + n ? skip(labels, " ") : loss_pass_connection(pass_point(at + n), sure);
}

/* A loss word of n bytes: its numbers are read.  Returns where to go on. */
static const char *read_loss(const loss_context *c, const char *at, size_t n, loss_kind kind)
{
    const char *const end = c->r->own.n > 0 ? at + n : loss_pass_labels(at + n);
    const char *const change = pass_point(at + n), *value;
    char name[LOSS_NAME];
    bool sure;
    int depth;

    loss_name_make(c, at, (size_t)(end - at), name);
    value = loss_read_change(c->r, name, kind, change);
    if (value > change)
        return value;
    value = loss_pass_wrapping(pass_to_value(c, at, n, &sure), &depth);
    if (*value == '\0' && sure)
        loss_leave_open(c->r, name, kind, depth);
    if (!loss_begins_number(value))
        return read_apart(c, name, at, n, kind);
    if (!sure && c->r->own.n == 0 && loss_is_count(value))
        return at + n;
    value = loss_pass_arguments(loss_read_numbers(c->r, name, kind, value, depth));
    return loss_read_unnamed(c->r, name, kind, value);
}

/* Whether a number seems to belong to the loss before it, which was not read: "Loss (CE) : 2.5". */
static bool seems_unread(const char *at)
{
    char name[LOSS_NAME];

    for (int words = 0; words <= 3; words++) {
        const size_t n = loss_word(at += strcspn(at, DIGITS LETTERS ",;|{"));
        const printed_number number = printed_number_read(at);
        if (n == 0)
            return number.whole && !number.aside && !loss_is_count(at) &&
                   !loss_is_quantity(at + number.n);
        snprintf(name, sizeof name, "loss_%.*s", (int)n, at);
        if (loss_kind_of(at, n) != NO_LOSS || loss_is_step(at, n) ||
            loss_kind_of(name, strlen(name)) == NO_LOSS)
            return false;
        at += n;
    }
    return false;
}

static void read_from(loss_context *c, const char *at)
{
    loss_reader *const r = c->r;

    while (*at != '\0') {
        const size_t n = loss_word(at);
        const loss_kind kind = loss_name_kind(c, at, n);
        const int before = r->found;
        const char *const begin = at;

        if (kind != NO_LOSS)
            at = read_loss(c, at, n, kind);
        if (r->found > before || (n > 0 && kind == NO_LOSS && loss_name_is_unit(c, at, n))) {
            at = at > begin ? at : at + n;
            c->n_words = 0;
        } else {
            if (kind == LOSS && seems_unread(begin + n))
                loss_leave(r, kind);
            at = n > 0 ? loss_name_keep(c, begin, n) : loss_name_pass(c, begin);
        }
    }
    loss_name_end(c, at);
}

void loss_read_line(loss_reader *r)
{
    loss_context c = {.r = r};

    loss_know_program(r);
    loss_name_begin(&c);
    if (!loss_read_darknet(r))
        read_from(&c, r->line.text);
}

/* Behind the "[1] " that R prints before a number, or at. */
static const char *pass_index(const char *at)
{
    const char *const end = skip(at + (*at == '['), DIGITS);

    return *at == '[' && end > at + 1 && begins(end, "] ") ? skip(end + 1, " ") : at;
}

bool loss_read_rest(loss_reader *r)
{
    loss_context c = {.r = r};
    const char *const begin = skip(r->line.text, " \t");
    const char *const at = r->depth > 0 ? begin : pass_index(begin), *value;
    char name[LOSS_NAME];
    int depth = r->depth;
    printed_number number;

    memcpy(name, r->open, sizeof name);
    r->open[0] = '\0';
    value = depth > 0 ? loss_pass_in_list(at, &depth) : loss_pass_wrapping(at, &depth);
    number = printed_number_read(value);
    if (name[0] != '\0' && *value == '\0' && depth > 0) {
        loss_leave_open(r, name, r->open_kind, depth); /* brackets alone */
        return true;
    }
    if (name[0] == '\0' || number.n == 0 || (r->depth > 0 && depth == 0))
        return false;
    if (depth == 0 && (number.aside || *skip(value + number.n, " ,\t") != '\0')) {
        if (strpbrk(at, LETTERS) == NULL)
            loss_leave(r, r->open_kind); /* "loss:", then "2.5 2.4" */
        return false;
    }
    if (r->braces.indent > 0)
        r->braces = (loss_braces){.depth = 0};
    loss_know_program(r);
    r->in_list = true;
    read_from(&c, loss_read_numbers(r, name, r->open_kind, value, depth));
    return true;
}
