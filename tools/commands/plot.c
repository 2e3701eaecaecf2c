/* plot.c - the curve of a training as a picture
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/commands/plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/memory.h"

#define TICKS 5

static const uint8_t gray[3] = {200, 200, 200}, blue[3] = {40, 90, 180}, orange[3] = {220, 110, 20};

void plot_add(plot_series *s, uint64_t step, double loss)
{
    if ((s->n & (s->n - 1)) == 0) /* 0 and powers of two */
        s->v = xrealloc(s->v, (s->n == 0 ? 1 : 2 * s->n) * sizeof *s->v);
    s->v[s->n++] = (plot_point){step, loss};
}

void plot_free(plot *p)
{
    free(p->steps.v);
    free(p->tests.v);
    *p = (plot){0};
}

/* What the frame shows. */
typedef struct range {
    uint64_t first, last;
    double low, high;
} range;

static void widen(range *r, const plot_series *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (!isfinite(s->v[i].loss))
            continue;
        r->first = s->v[i].step < r->first ? s->v[i].step : r->first;
        r->last = s->v[i].step > r->last ? s->v[i].step : r->last;
        r->low = fmin(r->low, s->v[i].loss);
        r->high = fmax(r->high, s->v[i].loss);
    }
}

static range range_of(const plot *p)
{
    range r = {UINT64_MAX, 0, INFINITY, -INFINITY};

    widen(&r, &p->steps);
    widen(&r, &p->tests);
    if (r.first > r.last)
        return (range){0, 1, 0, 1};
    r.last += r.first == r.last;
    r.high += r.low == r.high ? 1 : 0;
    return r;
}

static uint32_t x_of(const range *r, uint64_t step)
{
    return PLOT_LEFT + (uint32_t)((double)(step - r->first) / (double)(r->last - r->first) *
                                      (PLOT_RIGHT - PLOT_LEFT) +
                                  0.5);
}

static uint32_t y_of(const range *r, double loss)
{
    return PLOT_BOTTOM -
           (uint32_t)((loss - r->low) / (r->high - r->low) * (PLOT_BOTTOM - PLOT_TOP) + 0.5);
}

/* Lines of the grid, each with its number. */
static void draw_frame(const range *r, picture *out)
{
    const int digits = (int)fmin(9, fmax(0, ceil(2 - log10(r->high - r->low))));
    const uint64_t span = r->last - r->first;

    for (uint32_t i = 0; i <= TICKS; i++) {
        const uint64_t step = r->first + span / TICKS * i + span % TICKS * i / TICKS;
        const double loss = r->low + (r->high - r->low) * i / TICKS;
        const uint32_t x = x_of(r, step), y = y_of(r, loss);
        char text[400];

        picture_line(out, x, PLOT_TOP, x, PLOT_BOTTOM, gray);
        picture_line(out, PLOT_LEFT, y, PLOT_RIGHT, y, gray);
        snprintf(text, sizeof text, "%llu", (unsigned long long)step);
        picture_text(out, x - (uint32_t)strlen(text) * 4, PLOT_BOTTOM + 12, 2, text);
        snprintf(text, sizeof text, "%.*f", digits, loss);
        if (strlen(text) <= 11)
            picture_text(out, PLOT_LEFT - 6 - (uint32_t)strlen(text) * 8, y - 5, 2, text);
    }
}

/* Points that follow one another are joined; one alone is a dot. */
static void draw_series(const range *r, const plot_series *s, const uint8_t rgb[3], picture *out)
{
    const plot_point *last = NULL;

    for (size_t i = 0; i < s->n; i++) {
        const plot_point *p = &s->v[i];
        if (!isfinite(p->loss))
            continue;
        last = last != NULL ? last : p;
        for (uint32_t thick = 0; thick < 2; thick++)
            picture_line(out, x_of(r, last->step), y_of(r, last->loss) - thick, x_of(r, p->step),
                         y_of(r, p->loss) - thick, rgb);
        last = p;
    }
}

void plot_draw(const plot *p, picture *out)
{
    const range r = range_of(p);

    picture_new(out, PLOT_WIDTH, PLOT_HEIGHT);
    draw_frame(&r, out);
    draw_series(&r, &p->steps, blue, out);
    draw_series(&r, &p->tests, orange, out);
}

int plot_save(const plot *p, const char *path)
{
    picture out;
    int status;

    plot_draw(p, &out);
    status = picture_save(&out, path);
    picture_free(&out);
    return status;
}
