/* proposal.c - a --loss for the lines that have numbers, where no loss was found
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/losses/reader.h"
#include "tools/cli/memory.h"

#define MOST_PATTERN 800
#define MOST_FORMS   64
#define MOST_NUMBERS 9 /* groups of a pattern */
#define LEAST_WORD   3 /* letters of a word that stands for its line */
#define DIGITS       "0123456789"
#define ALNUM        DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* ---- the numbers of a line ---- */

typedef struct candidate {
    const char *at;
    size_t n;
    bool point; /* no count */
} candidate;

typedef struct candidates {
    candidate v[MOST_NUMBERS];
    int n;
} candidates;

/* The last of several counts stays, and only where there is nothing else. */
static void add_candidate(candidates *c, const char *at, size_t n)
{
    const candidate new = {at, n, strspn(at, "-+0123456789") < n};

    if (c->n > 0 && !c->v[0].point)
        c->n = 0;
    else if (c->n == MOST_NUMBERS || (c->n > 0 && !new.point))
        return;
    c->v[c->n++] = new;
}

/* Whether put_number has a group for it. */
static bool has_form(const char *at, size_t n)
{
    const size_t sign = *at == '-' || *at == '+';
    const bool hexadecimal = (at[sign + 1] | 32) == 'x';

    return strspn(at + sign, hexadecimal ? ALNUM ".+-" : DIGITS ".,+-eEdD") >= n - sign &&
           isdigit((unsigned char)at[sign]) && (!hexadecimal || memchr(at, 'p', n) != NULL);
}

/* "step 3", "epoch: 3": compared as a loss, it would be equal in all runs. */
static bool is_step(const char *text, const char *at, size_t n)
{
    const char *end = at, *begin;

    while (end > text && !isalnum((unsigned char)end[-1]))
        end--;
    for (begin = end; begin > text && isalpha((unsigned char)begin[-1]);)
        begin--;
    return strspn(at, DIGITS) == n && end > begin && loss_is_step(begin, (size_t)(end - begin));
}

/* Numbers that stand alone: no part of a word, a date or a time, no share, no duration. */
static candidates find_candidates(const char *text)
{
    candidates out = {.n = 0};

    for (const char *at = text; *at != '\0';) {
        const char before = at > text ? at[-1] : ' ';
        const bool alone = !isalnum((unsigned char)before) && strchr("_.-+", before) == NULL;
        const printed_number number = printed_number_read(alone ? at : "");
        if (!alone || number.n == 0 || isalpha((unsigned char)*at)) {
            at++;
            continue;
        }
        if (number.whole && !number.aside && at[number.n] != '%' && has_form(at, number.n) &&
            !is_step(text, at, number.n))
            add_candidate(&out, at, number.n);
        at += number.n;
    }
    return out;
}

/* ---- a pattern ---- */

typedef struct pattern {
    char text[MOST_PATTERN + 1];
    size_t n;
    bool full;
} pattern;

static void put(pattern *p, const char *text, size_t n)
{
    p->full = p->full || p->n + n > MOST_PATTERN;
    if (p->full)
        return;
    memcpy(p->text + p->n, text, n);
    p->text[p->n += n] = '\0';
}

static void put_text(pattern *p, const char *text) { put(p, text, strlen(text)); }

/* A group that finds this number and its like, and nothing that is not a number. */
static void put_number(pattern *p, const candidate *c)
{
    if (memchr(c->at, 'p', c->n) != NULL)
        put_text(p, "([-+]?0[xX][0-9a-fA-F.]+p[-+]?[0-9]+|-?nan|-?inf)");
    else if (memchr(c->at, ',', c->n) != NULL)
        put_text(p, "([-+]?[0-9][0-9.,]*[0-9]|-?nan|-?inf)");
    else
        put_text(p, "([-+]?[0-9]+[.]?[-+0-9eEdD]*|-?nan|-?inf)");
}

/* What is before a number, n bytes here, must leave its sign to it. */
static void put_gap(pattern *p, const char *gap, size_t n)
{
    put_text(p, strcspn(gap, "-+.") < n ? "[^0-9a-zA-Z]*[^-+.0-9a-zA-Z]" : "[^-+.0-9a-zA-Z]+");
}

/* By the word directly before the only number; false where there is none. */
static bool by_word(pattern *p, const char *text, const candidate *c)
{
    const char *end = c->at, *begin;

    while (end > text && !isalnum((unsigned char)end[-1]))
        end--;
    for (begin = end; begin > text && (isalpha((unsigned char)begin[-1]) || begin[-1] == '_');)
        begin--;
    if (end - begin < LEAST_WORD || end == c->at ||
        (begin > text && isdigit((unsigned char)begin[-1])))
        return false;
    put(p, begin, (size_t)(end - begin));
    put_gap(p, end, (size_t)(c->at - end));
    put_number(p, c);
    return true;
}

/* From the begin of the line: its letters are these, other counts may be any. */
static void by_line(pattern *p, const char *text, const candidates *c)
{
    const char *at = text;

    put_text(p, "^");
    for (int i = 0; i < c->n && !p->full;) {
        const size_t gap = strcspn(at, ALNUM);
        const bool next = at + gap >= c->v[i].at;
        const char *const begin = at;
        size_t n;

        at = next ? c->v[i].at : at + gap;
        if (next && begin == text && strcspn(begin, "-+.") >= (size_t)(at - begin))
            put_text(p, "[^-+.0-9a-zA-Z]*");
        else if (next)
            put_gap(p, begin, (size_t)(at - begin));
        else if (gap > 0)
            put_text(p, "[^0-9a-zA-Z]+");
        if (next) {
            put_number(p, &c->v[i]);
            at += c->v[i++].n;
        } else if ((n = strspn(at, DIGITS)) > 0) {
            put_text(p, "[0-9]+");
            at += n;
        } else {
            put(p, at++, 1);
        }
    }
    if (!p->full && at[strcspn(at, ALNUM)] == '\0')
        put_text(p, "[^0-9a-zA-Z]*$");
}

/* ---- the form that is printed most often ---- */

void loss_propose(loss_reader *r)
{
    loss_forms *const f = &r->out->forms;
    const candidates c = find_candidates(r->line.text);
    pattern p = {.n = 0};
    size_t i = 0;

    if (c.n == 0)
        return;
    if (c.n > 1 || !by_word(&p, r->line.text, &c.v[0]))
        by_line(&p, r->line.text, &c);
    if (p.full) {
        p = (pattern){.n = 0};
        if (!by_word(&p, r->line.text, &c.v[c.n - 1]) || p.full)
            return;
    }
    while (i < f->n && strcmp(f->v[i].pattern, p.text) != 0)
        i++;
    if (i == f->n) {
        if (f->n == MOST_FORMS)
            return;
        if (f->v == NULL)
            f->v = xmalloc(MOST_FORMS * sizeof *f->v);
        f->v[f->n++] = (loss_form){xstrdup(p.text), 0, c.v[0].point, r->line.number, r->stream};
    }
    f->v[i].n++;
}

const loss_form *losses_proposal(const losses *l)
{
    const loss_form *best = NULL;

    for (size_t i = 0; i < l->forms.n; i++) {
        const loss_form *f = &l->forms.v[i];
        if (best == NULL || f->point > best->point || (f->point == best->point && f->n > best->n))
            best = f;
    }
    return best;
}
