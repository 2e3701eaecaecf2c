/* values.c - the numbers of a name: one, a list, and those that belong to it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/losses/values.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "tools/losses/connection.h"
#include "tools/losses/program.h"
#include "tools/losses/text.h"

bool loss_begins_number(const char *at) { return printed_number_read(at).n > 0; }

bool loss_is_count(const char *at)
{
    const size_t n = strspn(at, "0123456789");

    at += n;
    return n > 0 && (*at == '\0' || strchr(".,xXeEdD", *at) == NULL || at[1] == ' ');
}

bool loss_is_quantity(const char *unit)
{
    static const char *const units[] = {
        "s",      "ms",    "us",     "ns",       "sec", "secs",   "seconds", "min",    "mins",
        "minute", "hours", "hour",   "minutes",  "h",   "hrs",    "days",    "day",    "fps",
        "kb",     "mb",    "gb",     "kib",      "mib", "gib",    "flops",   "gflops", "tflops",
        "pflops", "hz",    "mhz",    "ghz",      "w",   "tokens", "samples", "images", "imgs",
        "frames", "words", "mflops", "examples", NULL};
    size_t n;

    unit = skip(unit, " ");
    unit += begins(unit, "\302\265s") || begins(unit, "\316\274s") ? 2 : 0; /* micro */
    n = loss_word(unit);
    return loss_is_rate(unit, n) || loss_word_in(units, unit, n);
}

/* At a number: also where its unit is joined to it, 12.5fps, 12.5ms/it. */
static bool is_quantity_of(const char *at, const printed_number *number)
{
    return number->aside || loss_is_quantity(at + number->n) ||
           (!number->whole && loss_is_quantity(skip(at, "+-" DIGITS ".,")));
}

void loss_leave(loss_reader *r, loss_kind kind)
{
    r->left = kind == LOSS || r->left == NO_LOSS ? kind : r->left;
}

void loss_leave_open(loss_reader *r, const char *name, loss_kind kind, int depth)
{
    snprintf(r->open, sizeof r->open, "%s", name);
    r->open_kind = kind;
    r->depth = depth;
}

/* Words that stand in a list where a number is left out. */
static size_t left_out(const char *at)
{
    static const char *const words[] = {"None", "null", "NA", NULL};
    const size_t n = loss_word(at);

    return begins(at, "...") ? 3 : loss_word_in(words, at, n) ? n : 0;
}

/* Behind a number of a list: to the next one, past brackets that open and close, and from
 * tensor(2.3, grad_fn=..) to tensor(2.2; else to where the list or the line ends. */
const char *loss_pass_in_list(const char *at, int *depth)
{
    while (*depth > 0) {
        const size_t word = loss_word(at = skip(loss_pass_arguments(at), ", \t;"));
        const size_t gap = word > 0 && at[word] == '(' ? word : left_out(at);
        if (gap == 0 && (*at == '\0' || strchr("()[]", *at) == NULL))
            break;
        *depth += gap > 0 ? 0 : *at == '(' || *at == '[' ? 1 : -1;
        at += gap > 0 ? gap : 1;
    }
    return at;
}

/* The numbers of a list from at on, which is one's or in its brackets; returns the end of the last
 * one.  A list that does not end here goes on in the next line. */
static const char *read_list(loss_reader *r, const char *name, loss_kind kind, const char *at,
                             int depth)
{
    const char *next = at;
    printed_number number;
    size_t n = 0;

    while ((number = printed_number_read(next)).n > 0) {
        loss_add(r, name, strlen(name), kind, loss_in_mean(r, name), next, &number);
        r->in_list = true;
        at = next + number.n;
        n++;
        next = loss_pass_in_list(at, &depth);
        if (depth == 0)
            break;
    }
    r->in_list = false;
    if (depth > 0 && *next == '\0')
        loss_leave_open(r, name, kind, depth);
    else if (depth > 0 && n > 1 && *next != ':')
        loss_leave(r, kind);
    return at;
}

/* The word of a number that belongs to a loss: "(best 2.3)", ", avg: 2.4"; NULL. */
static const char *part_at(const char *at, size_t n)
{
    static const char *const parts[] = {"best",  "avg",    "average", "mean", "min",      "max",
                                        "std",   "median", "ema",     "prev", "previous", "val",
                                        "valid", "train",  "test",    "dev",  "eval",     NULL};
    const char *const *part = parts;

    while (*part != NULL && (strlen(*part) != n || strncasecmp(*part, at, n) != 0))
        part++;
    return *part;
}

/* " (2.4)", " (3)", " (best 2.4)", "+0.01", " +/- 0.01": to the number that belongs to the one
 * before; *what: which. */
static const char *pass_to_second(const char *at, const char **what)
{
    static const char *const signs[] = {"+/-", "\302\261", "+-", "+", NULL};
    const char *next = skip(at, " ,;|([");
    const size_t word = loss_word(next);
    bool sure;

    if (next > at && (*what = part_at(next, word)) != NULL) {
        next = skip(loss_pass_connection(next + word, &sure), " .:=\"'");
        return loss_begins_number(next) ? next : NULL;
    }
    next = skip(at, " ");
    if (next > at && *next == '(') {
        next = skip(next + 1, " ");
        *what = loss_is_count(next) ? "at" : "mean"; /* CatBoost: best: 2.3 (7) */
        return loss_begins_number(next) ? next : NULL;
    }
    *what = "spread";
    next = skip(at, " ");
    for (int i = 0; signs[i] != NULL; i++) {
        if (begins(next, signs[i]))
            return loss_begins_number(next = skip(next + strlen(signs[i]), " ")) ? next : NULL;
    }
    return NULL;
}

/* "12,345" behind 9.87, which has a point: a count, of thousands. */
static bool is_of_thousands(const char *before, const char *end, const char *at)
{
    size_t n = strspn(at, DIGITS);

    if (n == 0 || n > 3 || at[n] != ',' || memchr(before, '.', (size_t)(end - before)) == NULL)
        return false;
    while (at[n] == ',' && strspn(at + n + 1, DIGITS) == 3)
        n += 4;
    return loss_is_count(at + n - 3);
}

/* Brackets and signs, also those of more than one byte: a cross, arrows, blocks of a bar. */
static const char *skip_signs(const char *at)
{
    for (;;) {
        const size_t n = begins(at, "\342") ? 3 : begins(at, "\303\227") ? 2 : 1;
        if (*at == '\0' || (n == 1 && strchr("([{<=%*&", *at) == NULL))
            return at;
        at += strnlen(at, n);
    }
}

/* Whether what joins another number to a loss, and is nothing that is read, follows: a bracket, a
 * sign or a word as in 2.3(2.4), 2.3 [2.4], 2.3 (val) 2.4, 2.3 and 2.4.  Not a count, a time, or a
 * quantity: 2.3 [64/60000], 2.3 [00:05<00:10, 8.1it/s], 2.3 (12.5%), 2.3 * 12,345. */
static bool joins_another(const char *before, const char *at)
{
    static const char *const words[] = {"and", "vs", "to", "versus", NULL};
    const char *next = skip(at, " ,"), *const sign = next;
    const bool glued = *at != '\0' && strchr("([{<", *at) != NULL;
    printed_number number;
    size_t word;

    next = skip_signs(next);
    word = loss_word(next);
    if (word > 0 &&
        (loss_word_in(words, next, word) || (next > sign && part_at(next, word) != NULL)))
        next = skip(next + word, " .:=)]}>");
    if (next == sign || !loss_begins_number(next = skip(next, " ")))
        return false;
    number = printed_number_read(next);
    return (glued || !(loss_is_count(next) || is_of_thousands(before, at, next))) &&
           next[number.n] != '%' && !is_quantity_of(next, &number);
}

/* The mean in 2.3 (2.4), the step in 2.3 (7), the spread in 2.3+0.01, the best in 2.3 (best 2.2);
 * not the samples in 2.3 (7 samples). */
static const char *read_seconds(loss_reader *r, const char *name, loss_kind kind,
                                const char *before, const char *at)
{
    const char *what, *second;
    char of[LOSS_NAME + 10];

    while ((second = pass_to_second(at, &what)) != NULL) {
        const printed_number number = printed_number_read(second);
        at = second + number.n;
        if (is_quantity_of(second, &number) || (*what == 'a' && what[1] == 't' && *at != ')'))
            continue;
        if (!number.whole) {
            loss_leave(r, kind);
            continue;
        }
        snprintf(of, sizeof of, "%.*s (%s)", LOSS_NAME - 12, name, what);
        loss_add(r, of, strlen(of), kind, loss_is_mean(what, strlen(what)), second, &number);
    }
    if (joins_another(before, at))
        loss_leave(r, kind);
    return at;
}

/* One number, and those of its list. */
const char *loss_read_numbers(loss_reader *r, const char *name, loss_kind kind, const char *at,
                              int depth)
{
    const printed_number number = printed_number_read(at);

    if (number.aside && number.whole) {
        r->timed = true; /* it is how long it took */
        return at + number.n;
    }
    return read_seconds(r, name, kind, at, read_list(r, name, kind, at, depth));
}

/* What separates numbers: "2.5 -> 2.4", "2.5 / 2.4", "2.5 - 2.4". */
static const char *pass_separators(const char *at)
{
    for (;;) {
        const char *const next = skip(at, " \t,;|)]}\"'/~");
        const size_t n = begins(next, "- ") ? 1 : loss_arrow(next);
        at = next + n;
        if (n == 0)
            return at;
    }
}

/* "loss 2.3  0x1.2p+1", "loss: 2.3, 9.4", "loss: 2.5,1.5": what stands behind a loss without a name
 * is compared, too; what is not a number there is left, unless a comma alone is between. */
const char *loss_read_unnamed(loss_reader *r, const char *name, loss_kind kind, const char *at)
{
    for (;;) {
        const bool joined = *at == ',' && isdigit((unsigned char)at[1]);
        const char *const next = pass_separators(at);
        const printed_number number = printed_number_read(next);
        const bool other = is_quantity_of(next, &number) || loss_is_count(next);

        if (number.n == 0 || (!joined && other))
            return at;
        if (!number.whole && !joined) {
            loss_leave(r, kind);
            return at;
        }
        loss_add(r, name, strlen(name), kind, loss_in_mean(r, name), next, &number);
        at = next + number.n;
    }
}
