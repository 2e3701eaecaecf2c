/* step.c - the step of training that a printed line is about
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/losses/step.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tools/losses/words.h"
#include "tools/losses/printed_number.h"

#define MOST_PREFIX 256 /* bytes of a log's prefix */

static void push(loss_step *s, double at)
{
    if (s->n < LOSS_STEPS)
        s->at[s->n++] = at;
    s->of = 0;
}

/* A count that no word names. */
static void push_guess(loss_step *s, double at)
{
    s->guess |= 1U << s->n;
    push(s, at);
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* Whether a count may end here: not 3.5, 3/4/2026, 12:30:05, 3GB. */
static bool is_end(const char *at)
{
    if (*at == ':' || *at == '.' || *at == ',' || *at == '-')
        at++;
    return !isalnum((unsigned char)*at) && *at != '/' && *at != '_' && *at != '.';
}

/* A time of day behind blanks: what stood before it was a date. */
static bool is_clock(const char *at)
{
    at += strspn(at, " \t");
    return isdigit((unsigned char)at[0]) && isdigit((unsigned char)at[1]) && at[2] == ':' &&
           isdigit((unsigned char)at[3]);
}

/* What is counted in a time: "123/456 tok/s". */
static bool is_rate(const char *at)
{
    at += strspn(at, " ");
    return loss_is_rate(at, loss_word(at));
}

/* N/M with N not above M; *end is behind it. */
static bool fraction(const char *at, double *n, double *of, const char **end)
{
    size_t digits;

    if (!printed_count(at, n, &digits))
        return false;
    at += digits + strspn(at + digits, " ");
    if (*at != '/')
        return false;
    at += 1 + strspn(at + 1, " ");
    if (!printed_count(at, of, &digits) || !is_end(at + digits) || *n > *of ||
        is_clock(at + digits) || is_rate(at + digits))
        return false;
    *end = at + digits;
    return true;
}

/* ---- the forms ---- */

/* The point of "Up. 100". */
static bool is_short(const char *at) { return *at == '.' && is_blank(at[1]); }

/* Whether a word of n bytes may be one of a step; "up" is none without its point. */
static bool is_step(const char *at, size_t n)
{
    return loss_is_step(at, n) || (is_short(at + n) && loss_is_step(at, n + 1));
}

/* A word of a step, and its number: step 3, epoch: [2], "iter": 3, epoch=0.5, batch 3 / 10,
 * <step>3, Up. 100. */
static const char *named(const char *at, size_t n, loss_step *s)
{
    const char *number = at + n + (at[n] == '>' || is_short(at + n));
    const char *end;
    printed_number value;
    double whole, of = 0;

    if (*number == '(' && number[1 + loss_word(number + 1)] == ')') /* Epoch(train) [3] */
        number += 2 + loss_word(number + 1);
    end = number += strspn(number, " \t\"':=#([");
    if (number == at + n || !isdigit((unsigned char)*number))
        return at + n;
    value = printed_number_read(number);
    if (fraction(number, &whole, &of, &end)) {
        push(s, whole);
    } else {
        size_t digits;
        if (printed_count(number, &whole, &digits) && is_end(number + digits))
            end = number + digits; /* also "3:" and "3-" */
        else if (value.whole && !value.aside &&
                 (value.value == floor(value.value) || !loss_is_timed(at, n)))
            whole = value.value, end = number + value.n;
        else
            return at + n;
        push(s, whole);
    }
    s->of = of;
    s->epoch = s->epoch || (s->n == 1 && loss_is_epoch(at, n));
    return end;
}

/* (3): or [3]= behind the name of a loss: its step, or which of several it is. */
static const char *subscript(const char *at, loss_step *s)
{
    const char *close, *next;
    size_t digits;
    double n;

    if ((*at != '(' && *at != '[') || !printed_count(at + 1, &n, &digits))
        return at;
    close = at + 1 + digits;
    next = close + strspn(close, " )]");
    if (*close != (*at == '(' ? ')' : ']') || (*next != ':' && *next != '='))
        return at;
    push_guess(s, n);
    return next;
}

/* Whether the colon at end, with this word before it, is one of a log's prefix: "INFO root: 3/10",
 * "[rank0]: 3/10", "train: 3/10". */
static bool ends_prefix(const char *line, const char *end, const char *word)
{
    static const char *const levels[] = {"INFO", "DEBUG", "WARNING", "TRACE", NULL};
    static const char *const phases[] = {"train", "training",   "val",  "valid",
                                         "eval",  "validation", "test", NULL};

    const size_t n = (size_t)(end - line) < MOST_PREFIX ? (size_t)(end - line) : MOST_PREFIX;

    for (int i = 0; levels[i] != NULL; i++) {
        if (memmem(line, n, levels[i], strlen(levels[i])) != NULL)
            return true;
    }
    return (end > line && end[-1] == ']') || loss_word_in(phases, word, (size_t)(end - word));
}

/* Whether what stands here is the value of something: correct: 30/32, size=[3, 4]. */
static bool is_value(const char *line, const char *at)
{
    static const char *const names[] = {"correct", "acc",    "accuracy", "top1",  "top5",
                                        "mem",     "memory", "size",     "shape", "hits",
                                        "gpu",     "loss",   NULL};
    const char *end = at, *begin;
    bool sign;

    while (end > line && is_blank(end[-1]))
        end--;
    sign = end > line && strchr(":=(", end[-1]) != NULL;
    end -= sign;
    for (begin = end; begin > line && isalnum((unsigned char)begin[-1]); begin--)
        ;
    return loss_word_in(names, begin, (size_t)(end - begin)) ||
           (sign && !(*end == ':' && ends_prefix(line, end, begin)));
}

/* Whether a list of counts here is one of steps: at the begin, or behind another. */
static bool is_first(const char *line, const char *at)
{
    while (at > line && is_blank(at[-1]))
        at--;
    return at == line || at[-1] == ']';
}

/* [3/391], [0], [1, 5]: counts alone between brackets. */
static const char *bracket(const char *line, const char *at, loss_step *s)
{
    const char *p = at + 1, *end = NULL;
    loss_step inside = *s;
    double n, of = 0;
    size_t digits;

    for (;; p += *p == ',') {
        p += strspn(p, " ");
        if (fraction(p, &n, &of, &end))
            p = end;
        else if (printed_count(p, &n, &digits))
            p += digits, of = 0;
        else
            return at + 1;
        push(&inside, n);
        inside.of = of;
        p += strspn(p, " ");
        if (*p != ',')
            break;
    }
    if (end == NULL && inside.n == s->n + 1)
        inside.guess |= 1U << s->n;
    if (*p != ']' || (end == NULL && !is_first(line, at)))
        return at + 1;
    *s = inside;
    return p + 1;
}

/* 10%| of a bar, or of "Progress: 10%". */
static bool percent(const char *line, loss_step *s)
{
    const char *at = strchr(line, '%'), *begin = at;
    printed_number number;

    if (at == NULL || (at[1] != '|' && strncasecmp(line, "progress", 8) != 0))
        return false;
    while (begin > line && (isdigit((unsigned char)begin[-1]) || begin[-1] == '.'))
        begin--;
    number = printed_number_read(begin);
    if (begin == at || !number.whole) /* not a number equals no step, not even itself */
        return false;
    push(s, number.value);
    s->of = 100;
    s->share = true;
    return true;
}

/* The words of a line that named its steps. */
typedef struct named_by {
    const char *word[LOSS_STEPS];
    size_t size[LOSS_STEPS];
    int n;
} named_by;

/* A word names a step once: "Trial 3 finished, best is trial 2", "epoch 3 (best epoch 2)". */
static bool is_again(const named_by *by, const char *at, size_t n)
{
    for (int i = 0; i < by->n; i++) {
        if (by->size[i] == n && strncasecmp(by->word[i], at, n) == 0)
            return true;
    }
    return false;
}

static const char *named_once(const char *at, size_t n, loss_step *s, named_by *by)
{
    const int before = s->n;
    const char *end;

    if (is_again(by, at, n))
        return at + n;
    end = named(at, n, s);
    if (s->n > before) {
        by->word[by->n] = at;
        by->size[by->n++] = n;
    }
    return end;
}

loss_step loss_step_of(const char *line)
{
    loss_step s = {.n = 0};
    named_by by = {.n = 0};
    const char *at = line + strspn(line, " \t");
    double n, of;
    size_t digits;

    if (printed_count(at, &n, &digits) &&
        (at[digits] == ':' || (at[digits] == ',' && strstr(at, " avg") != NULL)) &&
        is_blank(at[digits + 1])) {
        push_guess(&s, n); /* CatBoost, darknet */
        at += digits + 1;
    }
    while (*at != '\0') {
        const size_t word = loss_word(at);
        if (word > 0 && is_step(at, word)) {
            at = named_once(at, word, &s, &by);
        } else if (word > 0) {
            const bool is_loss = s.n == 0 && loss_kind_of(at, word) == LOSS;
            at = is_loss ? subscript(at + word, &s) : at + word;
        } else if (isdigit((unsigned char)*at)) {
            const char *end = at + strspn(at, "0123456789.,:/eE+-");
            if (!is_value(line, at) && fraction(at, &n, &of, &end))
                push(&s, n), s.of = of;
            at = end;
        } else if (*at == '[' && !is_value(line, at)) {
            at = bracket(line, at, &s);
        } else {
            at++;
        }
    }
    if (s.n == 0)
        percent(line, &s);
    return s;
}

void loss_step_add(loss_step *s, const char *text)
{
    const loss_step more = loss_step_of(text);

    for (int i = 0; i < more.n; i++)
        push(s, more.at[i]);
    s->of = more.of;
}

bool loss_step_guess(const loss_step *s, double *at)
{
    for (int i = 0; i < s->n; i++) {
        if (s->guess & 1U << i) {
            *at = s->at[i];
            return true;
        }
    }
    return false;
}

void loss_step_forget(loss_step *s)
{
    int n = 0;

    for (int i = 0; i < s->n; i++) {
        if (!(s->guess & 1U << i))
            s->at[n++] = s->at[i];
    }
    if (s->guess & 1U << (s->n - 1))
        s->of = 0;
    s->n = n;
    s->guess = 0;
}

bool loss_step_is_first(const loss_step *s)
{
    return s->n == 0 || (!s->share && !(s->n == 1 && s->epoch) &&
                         (s->at[s->n - 1] == 0 || s->at[s->n - 1] == 1));
}

bool loss_step_is_next(const loss_step *first, const loss_step *second)
{
    for (int i = 0; i < first->n && i < second->n; i++) {
        if (second->at[i] != first->at[i] + (i == first->n - 1))
            return false;
    }
    return first->n == second->n;
}

void loss_step_within(loss_step *s, double epoch)
{
    if (s->n == LOSS_STEPS || s->epoch)
        return;
    memmove(s->at + 1, s->at, (size_t)s->n * sizeof *s->at);
    s->guess <<= 1;
    s->at[0] = epoch;
    s->n++;
    s->epoch = true;
}

int loss_step_order(const loss_step *a, const loss_step *b)
{
    for (int i = 0; i < a->n && i < b->n; i++) {
        if (a->at[i] != b->at[i])
            return a->at[i] < b->at[i] ? -1 : 1;
    }
    return a->n - b->n;
}

void loss_step_text(const loss_step *s, char out[LOSS_STEP_TEXT])
{
    size_t n = 0;

    out[0] = '\0';
    for (int i = 0; i < s->n; i++)
        n += (size_t)snprintf(out + n, LOSS_STEP_TEXT - n, "%s%.9g", i > 0 ? ":" : "", s->at[i]);
}
