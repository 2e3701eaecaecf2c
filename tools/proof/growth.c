/* growth.c - how a small difference between two runs grows, and what a tolerance hides of it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/growth.h"

#include <math.h>
#include <stdio.h>

typedef struct growth {
    size_t n, first, past; /* past: the first that is not close; SIZE_MAX: none */
    double begin, largest; /* distances: at first, the largest of all */
    size_t at;             /* of the largest */
} growth;

static growth measure(const loss_values *a, const loss_values *b)
{
    growth g = {a->n < b->n ? a->n : b->n, SIZE_MAX, SIZE_MAX, 0, 0, 0};

    for (size_t i = 0; i < g.n; i++) {
        const double distance = fabs(a->v[i] - b->v[i]);
        if (distance > 0 && g.first == SIZE_MAX)
            g.first = i, g.begin = distance;
        if (distance > g.largest)
            g.largest = distance, g.at = i;
        if (g.past == SIZE_MAX && !loss_is_close(b->v[i], a->v[i]))
            g.past = i;
    }
    return g;
}

/* Iterations until 1e-3, at the rate between the first distance and the largest; 0 = it does not
 * grow. */
static double iterations_left(const growth *g)
{
    const double rate =
        g->at > g->first ? log(g->largest / g->begin) / (double)(g->at - g->first) : 0;
    return rate > 0 ? log(1e-3 / g->largest) / rate : 0;
}

void growth_text(const char *what, const loss_values *a, const loss_values *b,
                 char out[GROWTH_TEXT])
{
    const growth g = measure(a, b);

    if (g.first == SIZE_MAX)
        snprintf(out, GROWTH_TEXT,
                 "sensitivity%s: all %zu losses are equal, so there is nothing that grows.", what,
                 g.n);
    else if (g.past != SIZE_MAX)
        snprintf(out, GROWTH_TEXT,
                 "sensitivity%s: the losses part at iteration %zu by %.2g; a tolerance of 1e-3 "
                 "notices it %zu iterations later, at iteration %zu.",
                 what, g.first + 1, g.begin, g.past - g.first, g.past + 1);
    else if (iterations_left(&g) > 0)
        snprintf(out, GROWTH_TEXT,
                 "sensitivity%s: the losses part at iteration %zu by %.2g and are %.2g apart at "
                 "iteration %zu; at that rate a tolerance of 1e-3 would notice it about %.0f "
                 "iterations after the last of %zu.",
                 what, g.first + 1, g.begin, g.largest, g.at + 1, ceil(iterations_left(&g)), g.n);
    else
        snprintf(
            out, GROWTH_TEXT,
            "sensitivity%s: the losses part at iteration %zu by %.2g and come no further apart "
            "in %zu iterations: a tolerance of 1e-3 does not notice it.",
            what, g.first + 1, g.begin, g.n);
}
