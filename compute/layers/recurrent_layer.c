/* recurrent_layer.c - what the layers lstm and gru share: a cell run over the rows of each sample
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/layers/recurrent_layer.h"

#include <string.h>

#include "compute/math/layout.h"

/* From forward to backward: sequences [steps][n][..]. */
typedef struct memory {
    dp_sequence_run r;
    float *x, *dy, *zeros;
} memory;

enum { BESIDE_OUTPUTS = 10 };

static size_t lay_out(const dp_cell *cell, const dp_sequence *s, void *at, memory *m)
{
    dp_sequence_run *r = &m->r;
    const int64_t rows = s->steps * s->batch, states = s->batch * s->hidden;
    int64_t sizes[BESIDE_OUTPUTS + DP_CELL_OUTPUTS] = {
        rows * s->inputs, rows * s->inputs, rows * s->hidden, states, states, states};
    float **places[BESIDE_OUTPUTS + DP_CELL_OUTPUTS] = {
        &m->x,        &r->dx,      &m->dy,      &m->zeros,    &r->dinit[0],
        &r->dinit[1], &r->rows[0], &r->rows[1], &r->drows[0], &r->drows[1]};

    for (size_t i = 0; i < cell->n_matrices; i++) {
        const dp_matrix matrix = dp_cell_matrix(cell, s, i);
        sizes[6 + i] = rows * matrix.in;
        sizes[8 + i] = rows * matrix.out;
    }
    for (size_t i = 0; i < cell->n_outputs; i++) {
        sizes[BESIDE_OUTPUTS + i] = rows * s->hidden;
        places[BESIDE_OUTPUTS + i] = &r->out[i];
    }
    return dp_lay_out(sizes, BESIDE_OUTPUTS + cell->n_outputs, at, places);
}

static void plan_weights(const dp_cell *cell, const dp_sequence *s, const char *const names[],
                         dp_layer_plan *plan)
{
    const size_t n = cell->n_matrices;

    plan->n_weights = (uint32_t)(2 * n);
    for (size_t i = 0; i < n; i++) {
        const dp_matrix m = dp_cell_matrix(cell, s, i);
        plan->weights[i] = (dp_weight){.suffix = names[i],
                                       .rank = 2,
                                       .shape = {m.in, m.out},
                                       .fan_in = m.in,
                                       .fan_out = m.out};
        plan->weights[n + i] = (dp_weight){.suffix = names[n + i],
                                           .rank = 1,
                                           .shape = {m.out},
                                           .fan_in = m.in,
                                           .fan_out = m.out,
                                           .is_bias = true,
                                           .whole = true};
        plan->width = m.out;
    }
}

dp_status dp_recurrent_layer_plan(const dp_cell *cell, dp_recurrent_layer *p,
                                  const char *const names[], dp_layer_plan *plan, dp_error *err)
{
    const double inputs = (double)plan->in.width * (double)plan->in.channels,
                 gates = (double)(cell->gates * p->hidden_size),
                 in = inputs + (double)p->hidden_size;
    dp_sequence *s = &p->sequence;
    memory m;

    if (in * gates > (double)DP_MAX_FLOATS ||
        (double)plan->n * (double)plan->in.height * (in + 2 * gates) > (double)DP_MAX_FLOATS)
        return dp_fail(err, DP_ELIMIT, "more than 2^40 numbers");
    *s = (dp_sequence){.steps = plan->in.height,
                       .batch = plan->n,
                       .inputs = plan->in.width * plan->in.channels,
                       .hidden = p->hidden_size,
                       .activation = (dp_precision)p->activation,
                       .forget_bias = p->forget_bias,
                       .cell_clip = p->cell_clip};
    plan->out = (dp_extent){s->hidden, p->return_sequences ? s->steps : 1, 1};
    plan->memory = lay_out(cell, s, NULL, &m);
    plan->workspace = dp_cell_workspace(cell, s, plan->kernels);
    plan_weights(cell, s, names, plan);
    return DP_OK;
}

/* ---- [n][steps][width] as [steps][n][width], and back ---- */

typedef struct turn {
    int64_t n, steps, width;
    const float *src;
    float *dst;
    bool back;
} turn;

static void turn_sample(void *ctx, uint64_t i)
{
    const turn *t = ctx;

    for (int64_t s = 0; s < t->steps; s++) {
        const int64_t by_sample = ((int64_t)i * t->steps + s) * t->width,
                      by_step = (s * t->n + (int64_t)i) * t->width;
        memcpy(t->dst + (t->back ? by_sample : by_step), t->src + (t->back ? by_step : by_sample),
               dp_floats(t->width));
    }
}

static void turn_all(const dp_layer_run *r, int64_t steps, int64_t width, const float *src,
                     float *dst, bool back)
{
    turn t = {r->math.n, steps, width, src, dst, back};
    dp_workers_run(r->math.workers, (uint64_t)r->math.n, turn_sample, &t);
}

/* ---- running ---- */

static dp_sequence start(const dp_cell *cell, const dp_recurrent_layer *p, const dp_layer_run *l,
                         memory *m)
{
    dp_sequence s = p->sequence;

    s.batch = l->math.n;
    *m = (memory){.r = {.math = l->math}};
    lay_out(cell, &s, l->memory, m);
    m->r.x = m->x;
    m->r.dy = m->dy;
    m->r.init[0] = m->r.init[1] = m->zeros;
    for (size_t i = 0; i < cell->n_matrices; i++) {
        m->r.w[i] = l->w[i];
        m->r.b[i] = l->w[cell->n_matrices + i];
    }
    return s;
}

/* The steps whose h is the output: all, or the last one. */
static int64_t first_step(const dp_recurrent_layer *p)
{
    return p->return_sequences ? 0 : p->sequence.steps - 1;
}

void dp_recurrent_layer_forward(const dp_cell *cell, const dp_recurrent_layer *p,
                                const dp_layer_run *l)
{
    memory m;
    const dp_sequence s = start(cell, p, l, &m);
    const int64_t first = first_step(p);

    memset(m.zeros, 0, dp_floats(s.batch * s.hidden));
    turn_all(l, s.steps, s.inputs, l->x, m.x, false);
    cell->forward(&s, &m.r);
    turn_all(l, s.steps - first, s.hidden, m.r.out[0] + first * s.batch * s.hidden, l->y, true);
    dp_post_op_run_all(&l->y_op, &l->math, dp_extent_size(&l->out));
}

void dp_recurrent_layer_backward(const dp_cell *cell, const dp_recurrent_layer *p,
                                 const dp_layer_run *l)
{
    memory m;
    const dp_sequence s = start(cell, p, l, &m);
    const int64_t first = first_step(p) * s.batch * s.hidden;

    memset(m.dy, 0, dp_floats(first));
    turn_all(l, s.steps - first_step(p), s.hidden, l->dy, m.dy + first, false);
    cell->backward(&s, &m.r);
    dp_cell_weight_gradients(cell, &s, &m.r, l->share, l->dw, l->part_stride,
                             l->dw + cell->n_matrices);
    if (l->dx == NULL)
        return;
    turn_all(l, s.steps, s.inputs, m.r.dx, l->dx, true);
    dp_post_op_run_all(&l->dx_op, &l->math, dp_extent_size(&l->in));
}
