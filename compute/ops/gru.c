/* gru.c - gated recurrent units over a sequence, one direction, reset after the product
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md, gates in the order r, z, n.  A step: gi = CHAIN over x_t + bias_input, gh =
 * CHAIN over h_(t-1) + bias_hidden; r, z = sigmoid(gi + gh); n = tanh(fma(r, gh_n, gi_n));
 * h = fma(z, h_(t-1) - n, n).  Backward, t descending: dh = dy_t + what comes from t + 1; dz =
 * dh (h_(t-1) - n), dn = dh (1 - z), dr = dn' gh_n, the gates' as layers sigmoid and tanh have
 * them; dx and dh CHAINs over the 3 H gates, dh = fma(dh, z, that); dw CHAIN over (n in leaf, t),
 * TREE over leaves; db SEQ64 likewise.
 */
#include <string.h>

#include "base/num.h"
#include "compute/ops/recurrent.h"

typedef struct gru {
    int64_t leaf_size;
    int64_t hidden;
    dp_recurrent x, h; /* of weight_input and weight_hidden */
} gru;

static const dp_param params[] = {
    DP_INT(gru, leaf_size, "4", 1, 65536, "backward: samples of a leaf, a power of two"),
    DP_PARAMS_END,
};

/* weight_input, weight_hidden, a bias, init_h, an output */
enum { WEIGHT_INPUT, WEIGHT_HIDDEN, BIAS, INIT, OUTPUT };

static dp_status fit(gru *p, const dp_op_plan *plan, size_t x, size_t w, dp_tensor types[5],
                     dp_error *err)
{
    const int64_t *s = plan->in[x].shape;
    dp_status status = dp_op_expect(plan, x, DP_F32, 3, err);

    if (status == DP_OK)
        status = dp_op_expect(plan, w, DP_F32, 2, err);
    if (status == DP_OK && (dp_tensor_count(&plan->in[x]) == 0 || plan->in[w].shape[1] / 3 < 1))
        status = dp_fail(err, DP_EINVAL, "gru: x or weight_input has no element");
    if (status != DP_OK)
        return status;
    p->hidden = plan->in[w].shape[1] / 3;
    p->x = (dp_recurrent){s[0], s[1], s[2], 3 * p->hidden, p->leaf_size};
    p->h = (dp_recurrent){s[0], s[1], p->hidden, 3 * p->hidden, p->leaf_size};
    types[WEIGHT_INPUT] = (dp_tensor){NULL, DP_F32, 2, {p->x.in, p->x.out}};
    types[WEIGHT_HIDDEN] = (dp_tensor){NULL, DP_F32, 2, {p->h.in, p->h.out}};
    types[BIAS] = (dp_tensor){NULL, DP_F32, 1, {p->x.out}};
    types[INIT] = (dp_tensor){NULL, DP_F32, 2, {s[1], p->hidden}};
    types[OUTPUT] = (dp_tensor){NULL, DP_F32, 3, {s[0], s[1], p->hidden}};
    return dp_op_check_leaves(plan, p->x.batch, p->x.leaf, err);
}

/* Memory of a run, one after another. */
typedef struct memory {
    float *wx, *wh, *gi, *gh, *scratch; /* the weights transposed; gates of a step */
    /* backward: x, h, and the gates of all steps; of a step; dw as it is computed */
    float *all_x, *all_h, *all_gi, *all_gh, *dx, *dh, *next, *dw;
} memory;

static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

static size_t lay_out(const gru *p, const dp_kernels *k, bool backward, void *at, memory *m)
{
    const dp_recurrent *x = &p->x, *h = &p->h;
    const int64_t rows = x->batch * x->steps, b = backward;
    const int64_t sizes[] = {
        x->in * x->out,
        h->in * h->out,
        x->batch * x->out,
        x->batch * x->out,
        most((int64_t)dp_recurrent_workspace(x, k), (int64_t)dp_recurrent_workspace(h, k)),
        b * rows * x->in,
        b * rows * h->in,
        b * rows * x->out,
        b * rows * x->out,
        b * x->batch * x->in,
        b * x->batch * h->in,
        b * x->batch * h->in,
        b * most(x->in, h->in) * x->out};
    float **const places[] = {&m->wx,    &m->wh,    &m->gi,     &m->gh,     &m->scratch,
                              &m->all_x, &m->all_h, &m->all_gi, &m->all_gh, &m->dx,
                              &m->dh,    &m->next,  &m->dw};

    return dp_lay_out(sizes, sizeof sizes / sizeof sizes[0], at, places);
}

static dp_status plan(void *params_, dp_op_plan *plan, dp_error *err)
{
    static const uint8_t type_of[] = {WEIGHT_INPUT, WEIGHT_HIDDEN, BIAS, BIAS, INIT};
    gru *p = params_;
    dp_tensor types[5];
    memory m;
    dp_status status = fit(p, plan, 0, 1, types, err);

    for (size_t i = 0; i < 5 && status == DP_OK; i++)
        status = dp_op_expect_type(plan, 1 + i, &types[type_of[i]], err);
    if (status != DP_OK)
        return status;
    for (plan->n_out = 0; plan->n_out < 5; plan->n_out++)
        plan->out[plan->n_out] = types[OUTPUT];
    plan->workspace = lay_out(p, plan->kernels, false, NULL, &m);
    return DP_OK;
}

enum { Y, UPDATE, RESET, NEW, HIDDEN_NEW };

/* A step under way, forward or backward. */
typedef struct moment {
    const gru *p;
    const dp_op_run_args *a;
    const memory *m;
    const float *before; /* h of the step before */
    float *const *out;
    int64_t t;
} moment;

static void run_sample(void *ctx, uint64_t n)
{
    const moment *s = ctx;
    const dp_kernels *k = s->a->kernels;
    const int64_t size = s->p->hidden, first = (int64_t)n * size;
    const float *gi = s->m->gi + (int64_t)n * s->p->x.out, *bi = s->a->in[3].data;
    const float *gh = s->m->gh + (int64_t)n * s->p->x.out, *bh = s->a->in[4].data;
    const float *before = s->before + first;
    float *at[5];

    for (int i = 0; i < 5; i++)
        at[i] = s->out[i] + first;
    for (int64_t u = 0; u < size; u++) {
        at[RESET][u] = (gi[u] + bi[u]) + (gh[u] + bh[u]);
        at[UPDATE][u] = (gi[size + u] + bi[size + u]) + (gh[size + u] + bh[size + u]);
        at[HIDDEN_NEW][u] = gh[2 * size + u] + bh[2 * size + u];
    }
    k->sigmoid(size, at[RESET]);
    k->sigmoid(size, at[UPDATE]);
    for (int64_t u = 0; u < size; u++)
        at[NEW][u] = dp_fma32(at[RESET][u], at[HIDDEN_NEW][u], gi[2 * size + u] + bi[2 * size + u]);
    k->tanh(size, at[NEW]);
    for (int64_t u = 0; u < size; u++)
        at[Y][u] = dp_fma32(at[UPDATE][u], before[u] - at[NEW][u], at[NEW][u]);
}

/* x, weight_input, weight_hidden, bias_input, bias_hidden, init_h */
static dp_status run(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const gru *p = params_;
    const int64_t size = p->x.batch * p->hidden;
    const float *h = a->in[5].data;
    memory m;

    (void)err;
    lay_out(p, a->kernels, false, a->workspace, &m);
    dp_transpose(a->in[1].data, p->x.in, p->x.out, m.wx);
    dp_transpose(a->in[2].data, p->h.in, p->h.out, m.wh);
    for (int64_t t = 0; t < p->x.steps; t++) {
        float *out[5];
        for (int k = 0; k < 5; k++)
            out[k] = (float *)a->out[k].data + t * size;
        dp_recurrent_forward(&p->x, a, (const float *)a->in[0].data + t * p->x.batch * p->x.in,
                             m.wx, m.gi, m.scratch);
        dp_recurrent_forward(&p->h, a, h, m.wh, m.gh, m.scratch);
        dp_workers_run(a->workers, (uint64_t)p->x.batch, run_sample,
                       &(moment){p, a, &m, h, out, t});
        h = out[Y];
    }
    return DP_OK;
}

/* ---- backward ---- */

enum { DY, X, WX, WH, INIT_H, OUTPUTS };

static dp_status plan_backward(void *params_, dp_op_plan *plan, dp_error *err)
{
    static const uint8_t type_of[] = {OUTPUT, 0,      WEIGHT_INPUT, WEIGHT_HIDDEN, INIT,
                                      OUTPUT, OUTPUT, OUTPUT,       OUTPUT,        OUTPUT};
    gru *p = params_;
    dp_tensor types[5];
    memory m;
    dp_status status = fit(p, plan, X, WX, types, err);

    for (size_t i = 0; i < 10 && status == DP_OK; i++) {
        if (i != X)
            status = dp_op_expect_type(plan, i, &types[type_of[i]], err);
    }
    if (status != DP_OK)
        return status;
    plan->out[0] = plan->in[X];
    plan->out[1] = types[WEIGHT_INPUT];
    plan->out[2] = types[WEIGHT_HIDDEN];
    plan->out[3] = plan->out[4] = types[BIAS];
    plan->out[5] = types[INIT];
    plan->n_out = 6;
    plan->workspace = lay_out(p, plan->kernels, true, NULL, &m);
    return DP_OK;
}

/* The gates' gradients of unit u of sample n; dh becomes what goes on past the weights. */
static void unit_gradient(const gru *p, const dp_op_run_args *a, int64_t t, const memory *m,
                          const float *before, int64_t n, int64_t u)
{
    const int64_t size = p->hidden, at = n * size + u, step = p->x.batch * size;
    const float *o[5];
    const float dh = ((const float *)a->in[DY].data)[t * step + at] + m->dh[at];
    float *gi = m->gi + n * p->x.out + u, *gh = m->gh + n * p->x.out + u;

    for (int k = 0; k < 5; k++)
        o[k] = (const float *)a->in[OUTPUTS + k].data + t * step;
    gi[2 * size] = dp_tanh32_gradient(o[NEW][at], dh * (1.0f - o[UPDATE][at]));
    gh[2 * size] = gi[2 * size] * o[RESET][at];
    gi[0] = gh[0] = dp_sigmoid32_gradient(o[RESET][at], gi[2 * size] * o[HIDDEN_NEW][at]);
    gi[size] = gh[size] = dp_sigmoid32_gradient(o[UPDATE][at], dh * (before[at] - o[NEW][at]));
    m->dh[at] = dh;
}

/* What a step leaves: dx, dh for the step before, its part of what the weights' gradients need. */
static void store_step(const gru *p, const dp_op_run_args *a, int64_t t, const memory *m,
                       const float *before)
{
    const dp_recurrent *x = &p->x;
    const int64_t step = x->batch * p->hidden;
    const float *in = (const float *)a->in[X].data + t * x->batch * x->in,
                *update = (const float *)a->in[OUTPUTS + UPDATE].data + t * step;

    for (int64_t n = 0; n < x->batch; n++) {
        const int64_t row = n * x->steps + t;
        memcpy(m->all_x + row * x->in, in + n * x->in, dp_floats(x->in));
        memcpy(m->all_h + row * p->hidden, before + n * p->hidden, dp_floats(p->hidden));
        memcpy(m->all_gi + row * x->out, m->gi + n * x->out, dp_floats(x->out));
        memcpy(m->all_gh + row * x->out, m->gh + n * x->out, dp_floats(x->out));
    }
    memcpy((float *)a->out[0].data + t * x->batch * x->in, m->dx, dp_floats(x->batch * x->in));
    for (int64_t i = 0; i < step; i++)
        m->dh[i] = dp_fma32(m->dh[i], update[i], m->next[i]);
}

static void sample_gradient(void *ctx, uint64_t n)
{
    const moment *s = ctx;

    for (int64_t u = 0; u < s->p->hidden; u++)
        unit_gradient(s->p, s->a, s->t, s->m, s->before, (int64_t)n, u);
}

static dp_status run_backward(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const gru *p = params_;
    const int64_t size = p->x.batch * p->hidden;
    memory m;

    (void)err;
    lay_out(p, a->kernels, true, a->workspace, &m);
    dp_transpose(a->in[WX].data, p->x.in, p->x.out, m.wx);
    dp_transpose(a->in[WH].data, p->h.in, p->h.out, m.wh);
    memset(m.dh, 0, dp_floats(size));
    for (int64_t t = p->x.steps - 1; t >= 0; t--) {
        const float *before = t > 0 ? (const float *)a->in[OUTPUTS + Y].data + (t - 1) * size
                                    : (const float *)a->in[INIT_H].data;
        dp_workers_run(a->workers, (uint64_t)p->x.batch, sample_gradient,
                       &(moment){p, a, &m, before, NULL, t});
        dp_recurrent_input_gradient(&p->x, a, m.gi, m.wx, m.dx, m.scratch);
        dp_recurrent_input_gradient(&p->h, a, m.gh, m.wh, m.next, m.scratch);
        store_step(p, a, t, &m, before);
    }
    dp_recurrent_weight_gradient(&p->x, a, m.all_x, m.all_gi, a->out[1].data, a->out[3].data, m.dw,
                                 m.scratch);
    dp_recurrent_weight_gradient(&p->h, a, m.all_h, m.all_gh, a->out[2].data, a->out[4].data, m.dw,
                                 m.scratch);
    memcpy(a->out[5].data, m.dh, dp_floats(size));
    return DP_OK;
}

#define SEQUENCE DP_FLOATS(3, 4, 5, 6)
#define STATES   DP_FLOATS(3, 4, 5, 7)
#define WEIGHTS  DP_FLOATS(2, 6, 21), DP_FLOATS(2, 7, 21)

const dp_operator dp_operator_gru = {
    .info = {{"operator", "gru", "gated recurrent units over a sequence", 1, params},
             "DynamicGRUV2",
             "gates CHAIN over x_t and over h_(t-1); backward t descending, dx, dh CHAIN over the "
             "gates; dw CHAIN over (n in leaf, t), TREE over leaves",
             {{"x,weight_input,weight_hidden,bias_input,bias_hidden,init_h",
               "y,update,reset,new,hidden_new"},
              {"dy,x,weight_input,weight_hidden,init_h,y,update,reset,new,hidden_new",
               "dx,dweight_input,dweight_hidden,dbias_input,dbias_hidden,dh"}}},
    .size = sizeof(gru),
    .part = {{plan,
              run,
              "gru",
              {SEQUENCE, WEIGHTS, DP_FLOATS(1, 21), DP_FLOATS(1, 21), DP_FLOATS(2, 5, 7)}},
             {plan_backward,
              run_backward,
              "gru leaf_size=2",
              {STATES, SEQUENCE, WEIGHTS, DP_FLOATS(2, 5, 7), STATES, STATES, STATES, STATES,
               STATES}}},
};
