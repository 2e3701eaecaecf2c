/* lstm.c - long short-term memory over a sequence, one direction
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md, gates in the order i, j, f, o.  A step: gates = CHAIN over (x_t, then h_(t-1))
 * + b; i, o = sigmoid, j = tanh, f = sigmoid(gate + forget_bias); c = fma(f, c_(t-1), i j), held
 * within cell_clip; h = o tanh(c).  Backward, t descending: dh = dy_t + what comes from t + 1;
 * dc = fma(dh o, fma(-tanh c, tanh c, 1), what comes from t + 1), +0 where c was clipped; the
 * gates' as layers sigmoid and tanh have them; dx and dh a CHAIN over the 4 H gates; dw a CHAIN
 * over (n in leaf, t), TREE over leaves; db SEQ64 likewise.
 */
#include <string.h>

#include "base/num.h"
#include "compute/ops/recurrent.h"

typedef struct lstm {
    double forget_bias, cell_clip;
    int64_t leaf_size;
    int64_t inputs, hidden;
    dp_recurrent r;
} lstm;

static const dp_param params[] = {
    DP_NUMBER(lstm, forget_bias, "0", -1e6, 1e6, "added to f before its sigmoid"),
    DP_NUMBER(lstm, cell_clip, "-1", -1, 1e6, "c is held within +- this; -1 = not"),
    DP_INT(lstm, leaf_size, "4", 1, 65536, "backward: samples of a leaf, a power of two"),
    DP_PARAMS_END,
};

/* The types of w, b, init and of an output, from x[steps, batch, inputs] and init_h. */
static dp_status fit(lstm *p, const dp_op_plan *plan, size_t x, size_t w, dp_tensor types[4],
                     dp_error *err)
{
    const int64_t *s = plan->in[x].shape;
    dp_status status = dp_op_expect(plan, x, DP_F32, 3, err);

    if (status == DP_OK)
        status = dp_op_expect(plan, w, DP_F32, 2, err);
    if (status == DP_OK && (dp_tensor_count(&plan->in[x]) == 0 || plan->in[w].shape[1] / 4 < 1))
        status = dp_fail(err, DP_EINVAL, "lstm: x or w has no element");
    if (status != DP_OK)
        return status;
    p->inputs = s[2];
    p->hidden = plan->in[w].shape[1] / 4;
    p->r = (dp_recurrent){s[0], s[1], p->inputs + p->hidden, 4 * p->hidden, p->leaf_size};
    types[0] = (dp_tensor){NULL, DP_F32, 2, {p->r.in, p->r.out}};
    types[1] = (dp_tensor){NULL, DP_F32, 1, {p->r.out}};
    types[2] = (dp_tensor){NULL, DP_F32, 3, {1, s[1], p->hidden}};
    types[3] = (dp_tensor){NULL, DP_F32, 3, {s[0], s[1], p->hidden}};
    return dp_op_check_leaves(plan, p->r.batch, p->r.leaf, err);
}

/* Memory of a run, one after another. */
typedef struct memory {
    float *transposed, *xh, *gates, *scratch;
    /* backward: of all steps; of one; dw as it is computed */
    float *all_xh, *all_gates, *dxh, *dh, *dc, *dw;
} memory;

static size_t lay_out(const lstm *p, const dp_kernels *k, bool backward, void *at, memory *m)
{
    const dp_recurrent *r = &p->r;
    const int64_t sizes[] = {r->in * r->out,
                             r->batch * r->in,
                             r->batch * r->out,
                             (int64_t)dp_recurrent_workspace(r, k),
                             backward ? r->batch * r->steps * r->in : 0,
                             backward ? r->batch * r->steps * r->out : 0,
                             backward ? r->batch * r->in : 0,
                             backward ? r->batch * p->hidden : 0,
                             backward ? r->batch * p->hidden : 0,
                             backward ? r->in * r->out : 0};
    float **const places[] = {&m->transposed, &m->xh,  &m->gates, &m->scratch, &m->all_xh,
                              &m->all_gates,  &m->dxh, &m->dh,    &m->dc,      &m->dw};

    return dp_lay_out(sizes, sizeof sizes / sizeof sizes[0], at, places);
}

static dp_status plan(void *params_, dp_op_plan *plan, dp_error *err)
{
    static const uint8_t type_of[] = {0, 1, 2, 2};
    lstm *p = params_;
    dp_tensor types[4];
    memory m;
    dp_status status = fit(p, plan, 0, 1, types, err);

    for (size_t i = 0; i < 4 && status == DP_OK; i++)
        status = dp_op_expect_type(plan, 1 + i, &types[type_of[i]], err);
    if (status != DP_OK)
        return status;
    for (plan->n_out = 0; plan->n_out < 7; plan->n_out++)
        plan->out[plan->n_out] = types[3];
    plan->workspace = lay_out(p, plan->kernels, false, NULL, &m);
    return DP_OK;
}

/* x_t beside h_(t-1). */
static void join(const lstm *p, const float *x, const float *h, float *xh)
{
    for (int64_t n = 0; n < p->r.batch; n++) {
        memcpy(xh + n * p->r.in, x + n * p->inputs, dp_floats(p->inputs));
        memcpy(xh + n * p->r.in + p->inputs, h + n * p->hidden, dp_floats(p->hidden));
    }
}

enum { Y, C, I, J, F, O, TANH_C };

/* A step under way, forward or backward. */
typedef struct moment {
    const lstm *p;
    const dp_op_run_args *a;
    const memory *m;
    const float *c; /* of the step before */
    float *const *out;
    int64_t t;
} moment;

/* What stands before the gates' functions. */
static void add_biases(const lstm *p, const float *g, const float *b, float *const at[7])
{
    const int64_t size = p->hidden;
    const float forget = (float)p->forget_bias;

    for (int64_t u = 0; u < size; u++) {
        at[I][u] = g[u] + b[u];
        at[J][u] = g[size + u] + b[size + u];
        at[F][u] = g[2 * size + u] + b[2 * size + u] + forget;
        at[O][u] = g[3 * size + u] + b[3 * size + u];
    }
}

static float clipped(const lstm *p, float c)
{
    const float clip = (float)p->cell_clip;
    return p->cell_clip < 0.0 ? c : c > clip ? clip : c < -clip ? -clip : c;
}

static void run_sample(void *ctx, uint64_t n)
{
    const moment *s = ctx;
    const int64_t size = s->p->hidden, first = (int64_t)n * size;
    const dp_kernels *k = s->a->kernels;
    const float *before = s->c + first;
    float *at[7];

    for (int i = 0; i < 7; i++)
        at[i] = s->out[i] + first;
    add_biases(s->p, s->m->gates + (int64_t)n * s->p->r.out, s->a->in[2].data, at);
    k->sigmoid(size, at[I]);
    k->tanh(size, at[J]);
    k->sigmoid(size, at[F]);
    k->sigmoid(size, at[O]);
    for (int64_t u = 0; u < size; u++)
        at[C][u] = clipped(s->p, dp_fma32(at[F][u], before[u], at[I][u] * at[J][u]));
    memcpy(at[TANH_C], at[C], dp_floats(size));
    k->tanh(size, at[TANH_C]);
    for (int64_t u = 0; u < size; u++)
        at[Y][u] = at[O][u] * at[TANH_C][u];
}

/* x, w, b, init_h, init_c */
static dp_status run(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const lstm *p = params_;
    const int64_t size = p->r.batch * p->hidden;
    const float *h = a->in[3].data, *c = a->in[4].data;
    memory m;

    (void)err;
    lay_out(p, a->kernels, false, a->workspace, &m);
    dp_transpose(a->in[1].data, p->r.in, p->r.out, m.transposed);
    for (int64_t t = 0; t < p->r.steps; t++) {
        float *out[7];
        for (int k = 0; k < 7; k++)
            out[k] = (float *)a->out[k].data + t * size;
        join(p, (const float *)a->in[0].data + t * p->r.batch * p->inputs, h, m.xh);
        dp_recurrent_forward(&p->r, a, m.xh, m.transposed, m.gates, m.scratch);
        dp_workers_run(a->workers, (uint64_t)p->r.batch, run_sample,
                       &(moment){p, a, &m, c, out, t});
        h = out[Y];
        c = out[C];
    }
    return DP_OK;
}

/* ---- backward: dy, x, w, init_h, init_c, y, c, i, j, f, o, tanh_c ---- */

enum { DY, X, W, INIT_H, INIT_C, OUTPUTS };

static dp_status plan_backward(void *params_, dp_op_plan *plan, dp_error *err)
{
    lstm *p = params_;
    dp_tensor types[4];
    memory m;
    dp_status status = fit(p, plan, X, W, types, err);

    if (status == DP_OK)
        status = dp_op_expect_type(plan, W, &types[0], err);
    for (size_t i = 0; i < 12 && status == DP_OK; i++) {
        if (i != X && i != W)
            status = dp_op_expect_type(plan, i, &types[i == INIT_H || i == INIT_C ? 2 : 3], err);
    }
    if (status != DP_OK)
        return status;
    plan->out[0] = plan->in[X];
    plan->out[1] = types[0];
    plan->out[2] = types[1];
    plan->out[3] = plan->out[4] = types[2];
    plan->n_out = 5;
    plan->workspace = lay_out(p, plan->kernels, true, NULL, &m);
    return DP_OK;
}

/* The gates' gradients of unit u of sample n, and what goes on to c_(t-1). */
static void unit_gradient(const lstm *p, const dp_op_run_args *a, int64_t t, const memory *m,
                          int64_t n, int64_t u)
{
    const int64_t step = p->r.batch * p->hidden, at = n * p->hidden + u, size = p->hidden;
    const float *o[7];
    const float *before = t > 0 ? (const float *)a->in[OUTPUTS + C].data + (t - 1) * step
                                : (const float *)a->in[INIT_C].data;
    const float dh = ((const float *)a->in[DY].data)[t * step + at] + m->dh[at];
    float *g = m->gates + n * p->r.out + u, dc;

    for (int k = 0; k < 7; k++)
        o[k] = (const float *)a->in[OUTPUTS + k].data + t * step;
    dc = dp_fma32(dh * o[O][at], dp_fma32(-o[TANH_C][at], o[TANH_C][at], 1.0f), m->dc[at]);
    if (p->cell_clip >= 0.0 && !(o[C][at] < (float)p->cell_clip && o[C][at] > -(float)p->cell_clip))
        dc = 0.0f;
    g[0] = dp_sigmoid32_gradient(o[I][at], dc * o[J][at]);
    g[size] = dp_tanh32_gradient(o[J][at], dc * o[I][at]);
    g[2 * size] = dp_sigmoid32_gradient(o[F][at], dc * before[at]);
    g[3 * size] = dp_sigmoid32_gradient(o[O][at], dh * o[TANH_C][at]);
    m->dc[at] = dc * o[F][at];
}

/* What a step leaves: dx, dh for the step before, its part of what the weights' gradient needs. */
static void store_step(const lstm *p, const dp_op_run_args *a, int64_t t, const memory *m)
{
    const dp_recurrent *r = &p->r;

    for (int64_t n = 0; n < r->batch; n++) {
        const int64_t row = n * r->steps + t;
        memcpy(m->all_xh + row * r->in, m->xh + n * r->in, dp_floats(r->in));
        memcpy(m->all_gates + row * r->out, m->gates + n * r->out, dp_floats(r->out));
        memcpy((float *)a->out[0].data + (t * r->batch + n) * p->inputs, m->dxh + n * r->in,
               dp_floats(p->inputs));
        memcpy(m->dh + n * p->hidden, m->dxh + n * r->in + p->inputs, dp_floats(p->hidden));
    }
}

static void sample_gradient(void *ctx, uint64_t n)
{
    const moment *s = ctx;

    for (int64_t u = 0; u < s->p->hidden; u++)
        unit_gradient(s->p, s->a, s->t, s->m, (int64_t)n, u);
}

static dp_status run_backward(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const lstm *p = params_;
    const int64_t size = p->r.batch * p->hidden;
    const float *y = a->in[OUTPUTS + Y].data;
    memory m;

    (void)err;
    lay_out(p, a->kernels, true, a->workspace, &m);
    dp_transpose(a->in[W].data, p->r.in, p->r.out, m.transposed);
    memset(m.dh, 0, dp_floats(size));
    memset(m.dc, 0, dp_floats(size));
    for (int64_t t = p->r.steps - 1; t >= 0; t--) {
        join(p, (const float *)a->in[X].data + t * p->r.batch * p->inputs,
             t > 0 ? y + (t - 1) * size : a->in[INIT_H].data, m.xh);
        dp_workers_run(a->workers, (uint64_t)p->r.batch, sample_gradient,
                       &(moment){p, a, &m, NULL, NULL, t});
        dp_recurrent_input_gradient(&p->r, a, m.gates, m.transposed, m.dxh, m.scratch);
        store_step(p, a, t, &m);
    }
    dp_recurrent_weight_gradient(&p->r, a, m.all_xh, m.all_gates, a->out[1].data, a->out[2].data,
                                 m.dw, m.scratch);
    memcpy(a->out[3].data, m.dh, dp_floats(size));
    memcpy(a->out[4].data, m.dc, dp_floats(size));
    return DP_OK;
}

#define SEQUENCE DP_FLOATS(3, 4, 5, 6)
#define STATE    DP_FLOATS(3, 1, 5, 7)
#define STATES   DP_FLOATS(3, 4, 5, 7)
#define WEIGHT   DP_FLOATS(2, 13, 28)

const dp_operator dp_operator_lstm = {
    .info = {{"operator", "lstm", "long short-term memory over a sequence", 1, params},
             "DynamicRNN",
             "gates CHAIN over (x_t, h_(t-1)); backward t descending, dx, dh CHAIN over the gates; "
             "dw CHAIN over (n in leaf, t), TREE over leaves",
             {{"x,w,b,init_h,init_c", "y,c,i,j,f,o,tanh_c"},
              {"dy,x,w,init_h,init_c,y,c,i,j,f,o,tanh_c", "dx,dw,db,dh,dc"}}},
    .size = sizeof(lstm),
    .part = {{plan,
              run,
              "lstm forget_bias=1 cell_clip=0.5",
              {SEQUENCE, WEIGHT, DP_FLOATS(1, 28), STATE, STATE}},
             {plan_backward,
              run_backward,
              "lstm leaf_size=2",
              {STATES, SEQUENCE, WEIGHT, STATE, STATE, STATES, STATES, STATES, STATES, STATES,
               STATES, STATES}}},
};
