/* cells.c - how LSTM and GRU cells of PyTorch and MindSpore are drawn, and lie here
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Both have matrices [gates * hidden][inputs] and [gates * hidden][hidden], and a bias for each.
 */
#include "libraries/cells.h"

#include <math.h>

typedef struct cell {
    dp_cell_uniform *uniform;
    void *generator;
    double bound;
    int64_t hidden, gates;
    const int64_t *gate; /* which is theirs of ours */
} cell;

/* A matrix, turned: out is [rows][gates * hidden]. */
static void draw_turned(const cell *c, int64_t rows, float *out)
{
    for (int64_t i = 0; i < c->gates * c->hidden; i++) {
        float *column = out + c->gate[i / c->hidden] * c->hidden + i % c->hidden;
        for (int64_t row = 0; row < rows; row++)
            column[row * c->gates * c->hidden] = c->uniform(c->generator, c->bound);
    }
}

void dp_draw_gru(const dp_default_part *p, dp_cell_uniform *uniform, void *generator, float *out)
{
    static const int64_t gate[] = {0, 1, 2};
    const int64_t hidden = p->columns / 3;
    const cell c = {uniform, generator, 1 / sqrt((double)hidden), hidden, 3, gate};

    draw_turned(&c, p->rows, out);
}

/* The matrix of the inputs stands above that of h; the bias is the sum of the two. */
void dp_draw_lstm(const dp_default_part *p, dp_cell_uniform *uniform, void *generator, float *out)
{
    static const int64_t gate[] = {0, 2, 1, 3}; /* i, f, g, o as i, j, f, o */
    const int64_t hidden = p->columns / 4, inputs = p->is_bias ? 1 : p->rows - hidden;
    const cell c = {uniform, generator, 1 / sqrt((double)hidden), hidden, 4, gate};

    draw_turned(&c, inputs, out);
    if (!p->is_bias)
        draw_turned(&c, hidden, out + inputs * p->columns);
    for (int64_t i = 0; p->is_bias && i < p->columns; i++)
        out[gate[i / hidden] * hidden + i % hidden] += uniform(generator, c.bound);
}
