/* strata.c - a split whose parts have the classes in the shares of the whole
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/orders.md, scikit-learn.  Shares are whole rows, the rest goes to the classes that lost most
 * by it, by lot where they lost the same.  All numbers are binary64, each step rounded, as NumPy
 * has them: 2.9999999999999996 rows are 2, and draw for the third.
 */
#include "libraries/strata.h"

#include <math.h>

#include "libraries/permute.h"

/* Of each class: rows that are shared out, those that it gets. */
typedef struct dealing {
    const dp_strata *s;
    const dp_strata_dice *dice;
    void *generator;
    uint32_t *size, *of, *by_rest, *chosen, *room; /* each has one of each class */
} dealing;

/* Before j: its rest is larger, or the same and its number smaller. */
static bool is_before(const double *rest, uint32_t i, uint32_t j)
{
    return rest[i] != rest[j] ? rest[i] > rest[j] : i < j;
}

static void sink(const double *rest, uint32_t *v, uint32_t n, uint32_t i)
{
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        child += child + 1 < n && is_before(rest, v[child], v[child + 1]);
        if (!is_before(rest, v[i], v[child]))
            return;
        dp_swap(v, i, child);
    }
}

static void sort_by_rest(const double *rest, uint32_t *v, uint32_t n)
{
    dp_identity(v, n);
    for (uint32_t i = n / 2; i-- > 0;)
        sink(rest, v, n, i);
    for (uint32_t left = n; left > 1; left--) {
        dp_swap(v, 0, left - 1);
        sink(rest, v, left - 1, 0);
    }
}

/* One row more for `lacking` classes, those of one rest by lot. */
static void deal_rest(const dealing *d, uint32_t lacking)
{
    const double *rest = d->s->rests;
    const uint32_t *v = d->by_rest;

    sort_by_rest(rest, d->by_rest, d->s->n);
    for (uint32_t i = 0, end = 0; i < d->s->n && lacking > 0; i = end) {
        uint32_t some;
        while (end < d->s->n && rest[v[end]] == rest[v[i]])
            end++;
        some = end - i < lacking ? end - i : lacking;
        d->dice->choose(end - i, some, d->chosen, d->room, d->generator);
        for (uint32_t k = 0; k < some; k++)
            d->of[v[i + d->chosen[k]]]++;
        lacking -= some;
    }
}

/* How many of d->size each class gets of n. */
static void share(const dealing *d, uint32_t n)
{
    double all = 0, dealt = 0;

    for (uint32_t c = 0; c < d->s->n; c++)
        all += d->size[c];
    for (uint32_t c = 0; c < d->s->n; c++) {
        const double size = d->size[c];
        const double part = d->dice->product_first ? n * size / all : size / all * n;
        d->of[c] = (uint32_t)floor(part);
        d->s->rests[c] = part - d->of[c];
        dealt += d->of[c];
    }
    if (dealt < n)
        deal_rest(d, (uint32_t)(n - dealt));
}

/* Each class in a random order: the first d->of go to the second part, the others to the first. */
static void deal_rows(const dealing *d, uint32_t *order, uint32_t *table)
{
    uint32_t test = 0, train = d->s->test;

    for (uint32_t c = 0; c < d->s->n; c++) {
        const uint32_t size = d->s->first[c + 1] - d->s->first[c];
        dp_identity(order, size);
        d->dice->shuffle(order, size, d->generator);
        for (uint32_t i = 0; i < size; i++)
            table[i < d->of[c] ? train++ : test++] = d->s->rows[d->s->first[c] + order[i]];
    }
}

void dp_strata_make(const dp_strata *s, const dp_strata_dice *dice, void *generator,
                    uint32_t *table)
{
    const uint32_t rows = s->first[s->n], n = s->n;
    uint32_t *each = s->room + rows;
    dealing d = {s, dice, generator, each, each + n, each + 2 * n, each + 3 * n, each + 4 * n};

    for (uint32_t c = 0; c < n; c++)
        d.size[c] = s->first[c + 1] - s->first[c];
    share(&d, rows - s->test);
    for (uint32_t c = 0; c < n;
         c++) { /* the rows left are shared out in the same way, which draws */
        const uint32_t train = d.of[c];
        d.size[c] -= train;
        s->room[c] = train;
    }
    share(&d, s->test);
    for (uint32_t c = 0; c < n; c++)
        d.of[c] = s->room[c];
    deal_rows(&d, s->room, table);
    dice->shuffle(table + s->test, rows - s->test, generator);
    dice->shuffle(table, s->test, generator);
}
