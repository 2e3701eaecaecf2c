/* compare.c - the losses of two runs, by series, step and place
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "tools/losses/losses.h"
#include "tools/cli/memory.h"

/* A loss of either run. */
typedef struct entry {
    const loss *v;
    uint32_t series; /* as run a numbers them */
    size_t i;
} entry;

/* ---- one order for both ---- */

static int by_key(const entry *x, const entry *y)
{
    if (x->series != y->series)
        return x->series < y->series ? -1 : 1;
    if (x->v->segment != y->v->segment)
        return x->v->segment < y->v->segment ? -1 : 1;
    return loss_step_order(&x->v->step, &y->v->step);
}

static int by_key_and_place(const void *a, const void *b)
{
    const entry *x = a, *y = b;
    const int order = by_key(x, y);
    return order != 0 ? order : x->i < y->i ? -1 : x->i > y->i;
}

/* The number that run a has for a series of run b; new ones follow its own. */
static uint32_t number_of(const losses *a, const losses *b, size_t series)
{
    const loss_series *s = &b->series[series];

    for (size_t i = 0; i < a->n_series; i++) {
        if (a->series[i].stream == s->stream && strcmp(a->series[i].name, s->name) == 0)
            return (uint32_t)i;
    }
    return (uint32_t)(a->n_series + series);
}

static entry *sorted(const losses *a, const losses *l)
{
    entry *out = xmalloc(l->n * sizeof *out);
    uint32_t *numbers = xmalloc(l->n_series * sizeof *numbers);

    for (size_t i = 0; i < l->n_series; i++)
        numbers[i] = l == a ? (uint32_t)i : number_of(a, l, i);
    for (size_t i = 0; i < l->n; i++)
        out[i] = (entry){&l->v[i], numbers[l->v[i].series], i};
    qsort(out, l->n, sizeof *out, by_key_and_place);
    free(numbers);
    return out;
}

/* ---- side by side ---- */

typedef struct side {
    entry *v;
    size_t n, at;
    size_t end; /* of the values of one step */
} side;

typedef struct merge {
    side a, b;
    losses_comparison *out;
} merge;

static void take_step(side *s)
{
    for (s->end = s->at; s->end < s->n && by_key(&s->v[s->end], &s->v[s->at]) == 0;)
        s->end++;
}

static void add(merge *m, const entry *a, const entry *b, losses_verdict verdict)
{
    losses_comparison *c = m->out;
    c->pair[c->n++] =
        (loss_pair){a != NULL ? a->i : SIZE_MAX, b != NULL ? b->i : SIZE_MAX, verdict};
}

/* Values of the step that are not repetitions. */
static size_t own_values(const side *s)
{
    size_t n = 0;
    for (size_t i = s->at; i < s->end; i++)
        n += !s->v[i].v->repeat;
    return n;
}

static void pass_repeats(side *s)
{
    while (s->at < s->end && s->v[s->at].v->repeat)
        s->at++;
}

static void compare_values(merge *m, const entry *x, const entry *y)
{
    add(m, x, y, strcmp(x->v->text, y->v->text) == 0 ? LOSSES_EQUAL : LOSSES_OTHER_VALUE);
}

/* The same step of both: value by value, or the last ones of a bar that was not always printed. */
static void compare_step(merge *m)
{
    const size_t na = own_values(&m->a), nb = own_values(&m->b);

    m->out->missing += na > nb ? na - nb : nb - na;
    if (na != nb || na == 0) {
        compare_values(m, &m->a.v[m->a.end - 1], &m->b.v[m->b.end - 1]);
        m->a.at = m->a.end;
    }
    for (size_t i = 0; m->a.at < m->a.end && i < na; i++) {
        pass_repeats(&m->a);
        pass_repeats(&m->b);
        compare_values(m, &m->a.v[m->a.at++], &m->b.v[m->b.at++]);
    }
    m->a.at = m->a.end;
    m->b.at = m->b.end;
}

/* A bar is printed over itself, or says how far it is: 3/10. */
static bool is_of_bar(const loss *v) { return v->over || v->step.of > 0; }

/* A bar may be printed late, but then nothing shows that both runs began at the same step. */
static bool is_first_of_bar(const side *own, const side *other)
{
    const entry *e = &own->v[own->at];

    return e->v->over && (own->at == 0 || own->v[own->at - 1].series != e->series) &&
           (other->at == 0 || other->v[other->at - 1].series != e->series);
}

/* Whether the step that one side has alone lies within what the other printed of the segment: a bar
 * is printed as often as there is time for, a log prints each step. */
static losses_verdict judge_alone(const side *own, const side *other)
{
    const entry *e = &own->v[own->at];
    const bool before = other->at > 0 && other->v[other->at - 1].series == e->series;
    const bool behind = other->at < other->n && other->v[other->at].series == e->series;
    const bool same_before = before && other->v[other->at - 1].v->segment == e->v->segment;
    const bool same_behind = behind && other->v[other->at].v->segment == e->v->segment;

    if (!before && !behind)
        return LOSSES_OTHER_SERIES;
    if (own_values(own) == 0)
        return LOSSES_EQUAL;
    if (is_of_bar(e->v) && same_behind && (same_before || e->v->over))
        return LOSSES_EQUAL;
    if (same_behind && same_before)
        return LOSSES_OTHER_END;
    return same_behind ? LOSSES_OTHER_BEGIN : LOSSES_OTHER_END;
}

static void take_alone(merge *m, side *own, const side *other, bool is_a)
{
    const losses_verdict verdict = judge_alone(own, other);

    m->out->late += verdict == LOSSES_EQUAL && is_first_of_bar(own, other);
    for (; own->at < own->end; own->at++) {
        if (verdict == LOSSES_EQUAL)
            m->out->missing += !own->v[own->at].v->repeat;
        else
            add(m, is_a ? &own->v[own->at] : NULL, is_a ? NULL : &own->v[own->at], verdict);
    }
}

static void merge_all(merge *m)
{
    while (m->a.at < m->a.n || m->b.at < m->b.n) {
        const int order = m->a.at == m->a.n   ? 1
                          : m->b.at == m->b.n ? -1
                                              : by_key(&m->a.v[m->a.at], &m->b.v[m->b.at]);
        if (order <= 0)
            take_step(&m->a);
        if (order >= 0)
            take_step(&m->b);
        if (order == 0)
            compare_step(m);
        else if (order < 0)
            take_alone(m, &m->a, &m->b, true);
        else
            take_alone(m, &m->b, &m->a, false);
    }
}

/* As run a printed them, then what only b has. */
static int by_place(const void *x, const void *y)
{
    const loss_pair *a = x, *b = y;

    if (a->a != b->a)
        return a->a < b->a ? -1 : 1;
    return a->b < b->b ? -1 : a->b > b->b;
}

void losses_compare(const losses *a, const losses *b, losses_comparison *out)
{
    merge m = {{sorted(a, a), a->n, 0, 0}, {sorted(a, b), b->n, 0, 0}, out};

    *out = (losses_comparison){.pair = xmalloc((a->n + b->n) * sizeof *out->pair)};
    merge_all(&m);
    qsort(out->pair, out->n, sizeof *out->pair, by_place);
    for (size_t i = 0; i < out->n; i++)
        out->compared += out->pair[i].a != SIZE_MAX && out->pair[i].b != SIZE_MAX;
    for (out->first = 0; out->first < out->n && out->pair[out->first].verdict == LOSSES_EQUAL;)
        out->first++;
    out->verdict = out->first < out->n ? out->pair[out->first].verdict : LOSSES_EQUAL;
    free(m.a.v);
    free(m.b.v);
}

void losses_comparison_free(losses_comparison *c)
{
    free(c->pair);
    *c = (losses_comparison){0};
}
