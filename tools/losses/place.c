/* place.c - where in a run its losses are: whether [7] is a step, and where a series begins
 * anew
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdlib.h>

#include "tools/losses/reader.h"
#include "tools/cli/memory.h"

#define MOST_STEPS 1e9  /* what is more is a time */
#define MOST_RANKS 1024 /* what is more is a process */

/* ---- [7] loss: a step, or a process, a rank, a time ---- */

/* What was seen of one series. */
typedef struct guesses {
    double first, last, stride; /* stride 0: it never grew */
    uint64_t n, line;
    bool odd;   /* the last one came early or late, as the last round does */
    bool again; /* it began anew */
    bool wild;  /* it does not grow evenly */
    uint64_t seen[MOST_RANKS / 64];
    size_t n_seen; /* values below MOST_RANKS */
    double most;
} guesses;

static void note_seen(guesses *g, double at)
{
    const size_t i = at < MOST_RANKS ? (size_t)at : 0;
    uint64_t *const word = &g->seen[i / 64], bit = (uint64_t)1 << i % 64;

    g->most = at > g->most ? at : g->most;
    g->n_seen += at < MOST_RANKS && (*word & bit) == 0;
    *word |= at < MOST_RANKS ? bit : 0;
}

static void add_guess(guesses *g, double at, uint64_t place)
{
    if (g->n > 0 && place == g->line)
        return;
    g->line = place;
    note_seen(g, at);
    if (g->n++ == 0) {
        g->first = at;
    } else if (at > g->last) {
        g->wild = g->wild || g->odd;
        g->stride = g->stride == 0 ? at - g->last : g->stride;
        g->odd = at - g->last != g->stride;
    } else if (at == g->first) {
        g->again = true;
        g->odd = false;
    } else {
        g->wild = true;
    }
    g->last = at;
}

/* 0 to N - 1, in any order: ranks that print as they come, which are compared as steps are, each
 * with its own. */
static bool is_dense(const guesses *g)
{
    return g->n_seen > 1 && g->n > g->n_seen && g->most == (double)g->n_seen - 1;
}

/* Steps grow evenly from the begin of training, or from a multiple of their stride where training
 * goes on; of one alone only the first is known. */
static bool is_step(const guesses *g)
{
    if (g->wild)
        return is_dense(g);
    if (g->last >= MOST_STEPS)
        return false;
    if (g->n == 1)
        return g->first <= 1;
    return g->stride > 0 &&
           (g->again ? g->first <= g->stride : g->first <= 1 || fmod(g->first, g->stride) == 0);
}

static void judge_guesses(losses *l)
{
    guesses *all = xcalloc(l->n_series + 1, sizeof *all);
    double at;

    for (size_t i = 0; i < l->n; i++) {
        if (!l->v[i].repeat && loss_step_guess(&l->v[i].step, &at))
            add_guess(&all[l->v[i].series], at, l->v[i].line);
    }
    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i].step.guess != 0 && !is_step(&all[l->v[i].series]))
            loss_step_forget(&l->v[i].step);
    }
    free(all);
}

/* ---- bars ---- */

/* Where a series is while its losses are placed. */
typedef struct place {
    const loss *last;
    loss *late;     /* a repetition at a higher step than the one that it repeats */
    bool from_zero; /* its steps are counted from 0: the last of N is one too many */
} place;

/* tqdm draws the last loss once more when its step is done, before the next one is known.  Where
 * no other follows, the loss is of that step, too. */
static void settle(losses *l, place *p)
{
    loss *const v = p->late;

    p->late = NULL;
    if (v == NULL || (p->from_zero && v->step.at[v->step.n - 1] == v->step.of))
        return;
    v->repeat = false;
    l->series[v->series].n++;
    l->series[v->series].n_finite += isfinite(v->value);
}

static void note_late(losses *l, place *p, loss *v)
{
    if (p->late != NULL && loss_step_order(&v->step, &p->late->step) != 0)
        settle(l, p);
    else if (!v->repeat)
        p->late = NULL;
    if (v->repeat && loss_step_order(&v->step, &p->last->step) > 0)
        p->late = v;
}

/* ---- segments ---- */

/* Where the step does not go up, a segment begins, but a bar may stay at its step. */
static uint32_t segment_of(const loss *v, const loss *last)
{
    const int order = loss_step_order(&v->step, &last->step);
    const bool stays = order == 0 && v->over && v->step.n > 0;

    return last->segment + (!v->repeat && (v->begins || (order <= 0 && !stays)));
}

static int by_guess(const void *a, const void *b)
{
    const loss *x = *(const loss *const *)a, *y = *(const loss *const *)b;
    const int order = x->series != y->series ? (x->series < y->series ? -1 : 1)
                                             : loss_step_order(&x->step, &y->step);

    return order != 0 ? order : x < y ? -1 : x > y;
}

/* [0], [1], [0], [1] may be two rounds twice or two ranks: the same number again is in the next
 * segment, whatever was between, so that ranks may print in any order. */
static void place_guesses(losses *l)
{
    loss **all = xmalloc((l->n + 1) * sizeof *all);
    size_t n = 0;

    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i].step.guess != 0)
            all[n++] = &l->v[i];
    }
    qsort(all, n, sizeof *all, by_guess);
    for (size_t i = 0; i < n; i++) {
        const bool again = i > 0 && all[i]->series == all[i - 1]->series &&
                           loss_step_order(&all[i]->step, &all[i - 1]->step) == 0;
        all[i]->segment = again ? all[i - 1]->segment + !all[i]->repeat : 0;
    }
    free(all);
}

void loss_place(losses *l)
{
    place *const all = xcalloc(l->n_series + 1, sizeof *all);

    judge_guesses(l);
    for (size_t i = 0; i < l->n; i++) {
        loss *const v = &l->v[i];
        place *const p = &all[v->series];

        v->segment = p->last != NULL ? segment_of(v, p->last) : 0;
        note_late(l, p, v);
        if (p->last == NULL || p->last->segment != v->segment)
            p->from_zero = v->step.n > 0 && v->step.at[v->step.n - 1] == 0;
        p->last = v;
    }
    for (size_t i = 0; i < l->n_series; i++)
        settle(l, &all[i]);
    free(all);
    place_guesses(l);
}
