/* cell_lstm.c - long short-term memory: its steps over a sequence
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md, gates in the order i, j, f, o.  A step: gates = CHAIN over (x_t, then h_(t-1))
 * + b; i, o = sigmoid, j = tanh, f = sigmoid(gate + forget_bias); c = fma(f, c_(t-1), i j), held
 * within cell_clip; h = o tanh(c).  Backward, t descending: dh = dy_t + what comes from t + 1;
 * dc = fma(dh o, fma(-tanh c, tanh c, 1), what comes from t + 1), +0 where c was clipped; the
 * gates' as layers sigmoid and tanh have them; dx and dh a CHAIN over the 4 H gates.
 * Hochreiter and Schmidhuber, Neural Computation 9 (1997); forget gate: Gers et al. (2000).
 */
#include <string.h>

#include "compute/math/layout.h"
#include "compute/math/recurrent.h"

#define BLOCK 64 /* units whose gradients are computed together */

enum { Y, C, I, J, F, O, TANH_C };

/* The memory of a pass: the matrix as panels, whole or of h alone, and of x. */
typedef struct memory {
    float *panels, *x_panels, *xh, *gates, *dh, *dc;
} memory;

/* x_t and h_(t-1) to the gates of a step. */
static dp_product to_gates(const dp_sequence *s)
{
    const int64_t in = s->inputs + s->hidden, out = 4 * s->hidden;
    return (dp_product){s->batch, 1, in, out, out, 1, in, 0, out, 0};
}

static size_t lay_out(const dp_sequence *s, const dp_kernels *k, void *at, memory *m)
{
    const dp_product gates = to_gates(s), h = dp_product_to_h(s, 4), x = dp_product_to_x(s, 4);
    const size_t forward = dp_product_panels(&gates, k), backward = dp_product_panels(&h, k);
    const int64_t sizes[] = {(int64_t)(forward > backward ? forward : backward),
                             (int64_t)dp_product_panels(&x, k),
                             s->batch * (s->inputs + s->hidden),
                             s->batch * 4 * s->hidden,
                             s->batch * s->hidden,
                             s->batch * s->hidden};
    float **const places[] = {&m->panels, &m->x_panels, &m->xh, &m->gates, &m->dh, &m->dc};

    return dp_lay_out(sizes, sizeof sizes / sizeof sizes[0], at, places);
}

static size_t memory_of(const dp_sequence *s, const dp_kernels *k)
{
    memory m;
    return lay_out(s, k, NULL, &m);
}

/* A step under way, forward or backward. */
typedef struct moment {
    const dp_sequence *s;
    const dp_sequence_run *r;
    const memory *m;
    int64_t t;
} moment;

/* State h (0) or c (1) before step t. */
static const float *before(const moment *now, int state)
{
    return now->t > 0 ? dp_cell_output(now->s, now->r, now->t - 1, state == 0 ? Y : C)
                      : now->r->init[state];
}

/* x_t beside h_(t-1) of a sample. */
static void join(const moment *now, int64_t n, float *xh)
{
    const dp_sequence *s = now->s;

    memcpy(xh, now->r->x + (now->t * s->batch + n) * s->inputs, dp_floats(s->inputs));
    memcpy(xh + s->inputs, before(now, 0) + n * s->hidden, dp_floats(s->hidden));
}

/* ---- forward ---- */

static void join_sample(void *ctx, uint64_t n)
{
    const moment *now = ctx;
    join(now, (int64_t)n, now->m->xh + (int64_t)n * (now->s->inputs + now->s->hidden));
}

static void hold(const dp_sequence *s, float *c)
{
    const float clip = (float)s->cell_clip;

    for (int64_t u = 0; u < s->hidden && s->cell_clip >= 0.0; u++)
        c[u] = c[u] > clip ? clip : c[u] < -clip ? -clip : c[u];
}

static void step_sample(const moment *now, int64_t n)
{
    const int64_t size = now->s->hidden, first = n * size;
    const dp_kernels *k = now->r->math.kernels;
    dp_function *const sigmoid = k->sigmoid[now->s->activation], *const tanh =
                                                                     k->tanh[now->s->activation];
    const float forget = (float)now->s->forget_bias;
    float *at[DP_CELL_OUTPUTS], *gates = now->m->gates + 4 * first;

    for (int i = 0; i < DP_CELL_OUTPUTS; i++)
        at[i] = dp_cell_output(now->s, now->r, now->t, i) + first;
    for (int64_t u = 0; u < size; u++)
        gates[2 * size + u] += forget;
    sigmoid(size, gates, at[I]);
    tanh(size, gates + size, at[J]);
    sigmoid(size, gates + 2 * size, at[F]);
    sigmoid(size, gates + 3 * size, at[O]);
    for (int64_t u = 0; u < size; u++)
        at[TANH_C][u] = at[I][u] * at[J][u];
    k->fma(size, at[F], before(now, 1) + first, at[TANH_C], at[C]);
    hold(now->s, at[C]);
    tanh(size, at[C], at[TANH_C]);
    for (int64_t u = 0; u < size; u++)
        at[Y][u] = at[O][u] * at[TANH_C][u];
}

/* A step, and what the next one begins with. */
static void step_and_join(void *ctx, uint64_t n)
{
    const moment *now = ctx;
    moment next = *now;

    step_sample(now, (int64_t)n);
    next.t++;
    if (next.t < now->s->steps)
        join_sample(&next, n);
}

static void forward(const dp_sequence *s, const dp_sequence_run *r)
{
    const dp_product p = to_gates(s);
    const uint64_t batch = (uint64_t)s->batch;
    memory m;

    lay_out(s, r->math.kernels, r->math.workspace, &m);
    dp_product_pack(&p, &r->math, r->w[0], m.panels);
    dp_workers_run(r->math.workers, batch, join_sample, &(moment){s, r, &m, 0});
    for (int64_t t = 0; t < s->steps; t++) {
        moment now = {s, r, &m, t};
        dp_product_run(&p, &r->math, m.xh, m.panels, r->b[0], m.gates);
        dp_workers_run(r->math.workers, batch, step_and_join, &now);
    }
}

/* ---- backward ---- */

/* +0 where c was clipped. */
static void drop_clipped(const dp_sequence *s, int64_t n, const float *c, float *dc)
{
    const float clip = (float)s->cell_clip;

    for (int64_t i = 0; i < n && s->cell_clip >= 0.0; i++)
        dc[i] = c[i] < clip && c[i] > -clip ? dc[i] : 0.0f;
}

/* The gates' gradients of n units of a sample from number `at` of the batch on, and what goes on to
 * c_(t-1). */
static void block_gradient(const moment *now, int64_t n, int64_t at, float *g)
{
    const int64_t size = now->s->hidden;
    const float *o[DP_CELL_OUTPUTS], *c = before(now, 1) + at;
    const float *dy = now->r->dy + now->t * now->s->batch * size + at;
    const dp_kernels *k = now->r->math.kernels;
    float dh[BLOCK], dc[BLOCK], slope[BLOCK], part[BLOCK], *next = now->m->dc + at;

    for (int i = 0; i < DP_CELL_OUTPUTS; i++)
        o[i] = dp_cell_output(now->s, now->r, now->t, i) + at;
    for (int64_t i = 0; i < n; i++) {
        dh[i] = dy[i] + now->m->dh[at + i];
        part[i] = dh[i] * o[O][i];
        slope[i] = 1.0f;
    }
    k->tanh_gradient(n, o[TANH_C], slope);
    k->fma(n, part, slope, next, dc);
    drop_clipped(now->s, n, o[C], dc);
    for (int64_t i = 0; i < n; i++) {
        g[i] = dc[i] * o[J][i];
        g[size + i] = dc[i] * o[I][i];
        g[2 * size + i] = dc[i] * c[i];
        g[3 * size + i] = dh[i] * o[TANH_C][i];
        next[i] = dc[i] * o[F][i];
    }
    k->sigmoid_gradient(n, o[I], g);
    k->tanh_gradient(n, o[J], g + size);
    k->sigmoid_gradient(n, o[F], g + 2 * size);
    k->sigmoid_gradient(n, o[O], g + 3 * size);
}

static void sample_gradient(void *ctx, uint64_t n)
{
    const moment *now = ctx;
    const dp_sequence *s = now->s;
    const int64_t row = (int64_t)n * s->steps + now->t;

    join(now, (int64_t)n, now->r->rows[0] + row * (s->inputs + s->hidden));
    for (int64_t u = 0; u < s->hidden; u += BLOCK)
        block_gradient(now, s->hidden - u < BLOCK ? s->hidden - u : BLOCK,
                       (int64_t)n * s->hidden + u, now->r->drows[0] + row * 4 * s->hidden + u);
}

static void backward(const dp_sequence *s, const dp_sequence_run *r)
{
    const dp_product h = dp_product_to_h(s, 4), x = dp_product_to_x(s, 4);
    const int64_t size = s->batch * s->hidden;
    memory m;

    lay_out(s, r->math.kernels, r->math.workspace, &m);
    dp_product_pack(&h, &r->math, r->w[0] + s->inputs * 4 * s->hidden, m.panels);
    dp_product_pack(&x, &r->math, r->w[0], m.x_panels);
    memset(m.dh, 0, dp_floats(size));
    memset(m.dc, 0, dp_floats(size));
    for (int64_t t = s->steps - 1; t >= 0; t--) {
        moment now = {s, r, &m, t};
        dp_workers_run(r->math.workers, (uint64_t)s->batch, sample_gradient, &now);
        dp_product_run(&h, &r->math, r->drows[0] + t * 4 * s->hidden, m.panels, NULL, m.dh);
    }
    dp_product_run(&x, &r->math, r->drows[0], m.x_panels, NULL, r->dx);
    memcpy(r->dinit[0], m.dh, dp_floats(size));
    memcpy(r->dinit[1], m.dc, dp_floats(size));
}

const dp_cell dp_cell_lstm = {
    .name = "lstm",
    .gates = 4,
    .n_matrices = 1,
    .n_states = 2,
    .n_outputs = 7,
    .forward = forward,
    .backward = backward,
    .memory = memory_of,
};
