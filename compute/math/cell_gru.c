/* cell_gru.c - gated recurrent units, reset after the product: their steps over a sequence
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md, gates in the order r, z, n.  A step: gi = CHAIN over x_t + bias_input, gh =
 * CHAIN over h_(t-1) + bias_hidden; r, z = sigmoid(gi + gh); n = tanh(fma(r, gh_n, gi_n));
 * h = fma(z, h_(t-1) - n, n).  Backward, t descending: dh = dy_t + what comes from t + 1; dz =
 * dh (h_(t-1) - n), dn = dh (1 - z), dr = dn' gh_n, the gates' as layers sigmoid and tanh have
 * them; dx and dh CHAINs over the 3 H gates, dh = fma(dh, z, that).
 * Cho et al., arXiv 1406.1078.
 */
#include <string.h>

#include "compute/math/layout.h"
#include "compute/math/recurrent.h"

#define BLOCK 64 /* units whose gradients are computed together */

enum { Y, UPDATE, RESET, NEW, HIDDEN_NEW, OUTPUTS };
enum { INPUT, HIDDEN }; /* the matrices */

/* The memory of a pass: the matrices as panels; gi of all steps and gh of one; dh, and the part of
 * it that comes through the gates. */
typedef struct memory {
    float *x_panels, *h_panels, *gi, *gh, *dh, *through;
} memory;

/* x of all steps and h of one to the gates. */
static dp_product from_x(const dp_sequence *s)
{
    const int64_t x = s->inputs, out = 3 * s->hidden;
    return (dp_product){s->batch, s->steps, x, out, out, 1, x, s->batch * x, out, s->batch * out};
}

static dp_product from_h(const dp_sequence *s)
{
    const int64_t h = s->hidden, out = 3 * h;
    return (dp_product){s->batch, 1, h, out, out, 1, h, 0, out, 0};
}

static int64_t panels(const dp_product *a, const dp_product *b, const dp_kernels *k)
{
    const size_t one = dp_product_panels(a, k), other = dp_product_panels(b, k);
    return (int64_t)(one > other ? one : other);
}

static size_t lay_out(const dp_sequence *s, const dp_kernels *k, void *at, memory *m)
{
    const dp_product x = from_x(s), h = from_h(s), dx = dp_product_to_x(s, 3),
                     dh = dp_product_to_h(s, 3);
    const int64_t sizes[] = {
        panels(&x, &dx, k),       panels(&h, &dh, k),   s->steps * s->batch * 3 * s->hidden,
        s->batch * 3 * s->hidden, s->batch * s->hidden, s->batch * s->hidden};
    float **const places[] = {&m->x_panels, &m->h_panels, &m->gi, &m->gh, &m->dh, &m->through};

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

/* h before step t. */
static const float *before(const moment *now)
{
    return now->t > 0 ? dp_cell_output(now->s, now->r, now->t - 1, Y) : now->r->init[0];
}

/* ---- forward ---- */

static void step_sample(void *ctx, uint64_t n)
{
    const moment *now = ctx;
    const dp_kernels *k = now->r->math.kernels;
    const int64_t size = now->s->hidden, first = (int64_t)n * size;
    const float *h = before(now) + first, *gh = now->m->gh + 3 * first,
                *gi = now->m->gi + (now->t * now->s->batch * size + first) * 3;
    float *at[OUTPUTS];

    for (int i = 0; i < OUTPUTS; i++)
        at[i] = dp_cell_output(now->s, now->r, now->t, i) + first;
    for (int64_t u = 0; u < size; u++) {
        at[RESET][u] = gi[u] + gh[u];
        at[UPDATE][u] = gi[size + u] + gh[size + u];
    }
    memcpy(at[HIDDEN_NEW], gh + 2 * size, dp_floats(size));
    k->sigmoid[now->s->activation](size, at[RESET], at[RESET]);
    k->sigmoid[now->s->activation](size, at[UPDATE], at[UPDATE]);
    k->fma(size, at[RESET], at[HIDDEN_NEW], gi + 2 * size, at[NEW]);
    k->tanh[now->s->activation](size, at[NEW], at[NEW]);
    for (int64_t u = 0; u < size; u++)
        at[Y][u] = h[u] - at[NEW][u];
    k->fma(size, at[UPDATE], at[Y], at[NEW], at[Y]);
}

static void forward(const dp_sequence *s, const dp_sequence_run *r)
{
    const dp_product x = from_x(s), h = from_h(s);
    memory m;

    lay_out(s, r->math.kernels, r->math.workspace, &m);
    dp_product_pack(&x, &r->math, r->w[INPUT], m.x_panels);
    dp_product_pack(&h, &r->math, r->w[HIDDEN], m.h_panels);
    dp_product_run(&x, &r->math, r->x, m.x_panels, r->b[INPUT], m.gi);
    for (int64_t t = 0; t < s->steps; t++) {
        moment now = {s, r, &m, t};
        dp_product_run(&h, &r->math, before(&now), m.h_panels, r->b[HIDDEN], m.gh);
        dp_workers_run(r->math.workers, (uint64_t)s->batch, step_sample, &now);
    }
}

/* ---- backward ---- */

/* The gates' gradients of n units of a sample from number `at` of the batch on; dh becomes dh z:
 * what goes on past the gates. */
static void block_gradient(const moment *now, int64_t n, int64_t at, float *gi, float *gh)
{
    const int64_t size = now->s->hidden;
    const float *o[OUTPUTS], *h = before(now) + at;
    const float *dy = now->r->dy + now->t * now->s->batch * size + at;
    const dp_kernels *k = now->r->math.kernels;
    float *dh = now->m->dh + at;

    for (int i = 0; i < OUTPUTS; i++)
        o[i] = dp_cell_output(now->s, now->r, now->t, i) + at;
    for (int64_t i = 0; i < n; i++) {
        dh[i] = dy[i] + dh[i];
        gi[2 * size + i] = dh[i] * (1.0f - o[UPDATE][i]);
        gi[size + i] = dh[i] * (h[i] - o[NEW][i]);
    }
    k->tanh_gradient(n, o[NEW], gi + 2 * size);
    for (int64_t i = 0; i < n; i++) {
        gh[2 * size + i] = gi[2 * size + i] * o[RESET][i];
        gi[i] = gi[2 * size + i] * o[HIDDEN_NEW][i];
    }
    k->sigmoid_gradient(n, o[RESET], gi);
    k->sigmoid_gradient(n, o[UPDATE], gi + size);
    memcpy(gh, gi, dp_floats(n));
    memcpy(gh + size, gi + size, dp_floats(n));
}

static void sample_gradient(void *ctx, uint64_t n)
{
    const moment *now = ctx;
    const dp_sequence *s = now->s;
    const int64_t row = (int64_t)n * s->steps + now->t, out = 3 * s->hidden;

    memcpy(now->r->rows[INPUT] + row * s->inputs,
           now->r->x + (now->t * s->batch + (int64_t)n) * s->inputs, dp_floats(s->inputs));
    memcpy(now->r->rows[HIDDEN] + row * s->hidden, before(now) + (int64_t)n * s->hidden,
           dp_floats(s->hidden));
    for (int64_t u = 0; u < s->hidden; u += BLOCK)
        block_gradient(now, s->hidden - u < BLOCK ? s->hidden - u : BLOCK,
                       (int64_t)n * s->hidden + u, now->r->drows[INPUT] + row * out + u,
                       now->r->drows[HIDDEN] + row * out + u);
}

static void backward(const dp_sequence *s, const dp_sequence_run *r)
{
    const dp_product h = dp_product_to_h(s, 3), x = dp_product_to_x(s, 3);
    const int64_t size = s->batch * s->hidden;
    memory m;

    lay_out(s, r->math.kernels, r->math.workspace, &m);
    dp_product_pack(&h, &r->math, r->w[HIDDEN], m.h_panels);
    dp_product_pack(&x, &r->math, r->w[INPUT], m.x_panels);
    memset(m.dh, 0, dp_floats(size));
    for (int64_t t = s->steps - 1; t >= 0; t--) {
        moment now = {s, r, &m, t};
        dp_workers_run(r->math.workers, (uint64_t)s->batch, sample_gradient, &now);
        dp_product_run(&h, &r->math, r->drows[HIDDEN] + t * 3 * s->hidden, m.h_panels, NULL,
                       m.through);
        r->math.kernels->fma(size, m.dh, dp_cell_output(s, r, t, UPDATE), m.through, m.dh);
    }
    dp_product_run(&x, &r->math, r->drows[INPUT], m.x_panels, NULL, r->dx);
    memcpy(r->dinit[0], m.dh, dp_floats(size));
}

const dp_cell dp_cell_gru = {
    .name = "gru",
    .gates = 3,
    .n_matrices = 2,
    .n_states = 1,
    .n_outputs = OUTPUTS,
    .forward = forward,
    .backward = backward,
    .memory = memory_of,
};
