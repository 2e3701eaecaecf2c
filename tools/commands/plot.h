/* plot.h - the curve of a training as a picture
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_COMMANDS_PLOT_H
#define TOOLS_COMMANDS_PLOT_H

#include <stddef.h>

#include "tools/commands/picture.h"

typedef struct plot_point {
    uint64_t step;
    double loss;
} plot_point;

typedef struct plot_series {
    plot_point *v; /* steps ascend */
    size_t n;
} plot_series;

/* The losses of the steps, in blue, and of the tests, in orange above them. */
typedef struct plot {
    plot_series steps, tests;
} plot;

void plot_add(plot_series *, uint64_t step, double loss);
void plot_free(plot *);

#define PLOT_WIDTH  960
#define PLOT_HEIGHT 540
#define PLOT_LEFT   96 /* of the frame, as are the other three */
#define PLOT_RIGHT  936
#define PLOT_TOP    24
#define PLOT_BOTTOM 492

/* Losses from the least to the most of both, steps from the first to the last; what is not finite
 * is left out. */
void plot_draw(const plot *, picture *);
int plot_save(const plot *, const char *path); /* 0, or the exit status */

#endif
