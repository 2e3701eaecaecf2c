/* place.c - where in a run its losses are: whether [7] is a step, and where a series begins
 * anew
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <stdlib.h>

#include "tools/losses/reader.h"
#include "tools/cli/memory.h"

#define MOST_STEPS 1e9 /* what is more is a time */

/* ---- [7] loss: a step, or a process, a rank, a time ---- */

/* What was seen of one series. */
typedef struct guesses {
    double first, last, stride; /* stride 0: it never grew */
    uint64_t n, line;
    bool odd;   /* the last one came early or late, as the last round does */
    bool again; /* it began anew */
    bool wild;  /* it is not a step */
} guesses;

static void add_guess(guesses *g, double at, uint64_t place)
{
    if (g->n > 0 && place == g->line)
        return;
    g->line = place;
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

/* Steps grow evenly from the begin of training, or from a multiple of their stride where training
 * goes on; of one alone only the first is known. */
static bool is_step(const guesses *g)
{
    if (g->wild || g->last >= MOST_STEPS)
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

/* ---- segments ---- */

/* Where the step does not go up, a segment begins, but a bar may stay at its step. */
static uint32_t segment_of(const loss *v, const loss *last)
{
    const int order = loss_step_order(&v->step, &last->step);
    const bool stays = order == 0 && v->over && v->step.n > 0;

    return last->segment + (!v->repeat && (v->begins || (order <= 0 && !stays)));
}

void loss_place(losses *l)
{
    const loss **last = xcalloc(l->n_series + 1, sizeof *last);

    judge_guesses(l);
    for (size_t i = 0; i < l->n; i++) {
        loss *v = &l->v[i];
        v->segment = last[v->series] != NULL ? segment_of(v, last[v->series]) : 0;
        last[v->series] = v;
    }
    free(last);
}
