/* cells.h - how LSTM and GRU cells of PyTorch and MindSpore are drawn, and lie here
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LIBRARIES_CELLS_H
#define LIBRARIES_CELLS_H

#include "libraries/library.h"

/* The next number of a generator in [-bound, bound). */
typedef float dp_cell_uniform(void *generator, double bound);

/* A parameter of a cell, whose numbers come row by row from [-1 / sqrt(hidden), 1 / sqrt(hidden)):
 * of the input, of h, of both biases. */
void dp_draw_gru(const dp_default_part *, dp_cell_uniform *, void *generator, float *out);
void dp_draw_lstm(const dp_default_part *, dp_cell_uniform *, void *generator, float *out);

#endif
