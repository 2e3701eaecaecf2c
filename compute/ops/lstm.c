/* lstm.c - long short-term memory over a sequence, one direction
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md; a step: compute/math/cell_lstm.c.  dw CHAIN over (n in leaf, t), TREE over
 * leaves; db SEQ64 likewise.
 */
#include "compute/ops/recurrent_op.h"

typedef struct lstm {
    double forget_bias, cell_clip;
    int64_t leaf_size;
    int32_t activation; /* dp_precision */
    dp_sequence sequence;
} lstm;

static const dp_param params[] = {
    DP_NUMBER(lstm, forget_bias, "0", -1e6, 1e6, "added to f before its sigmoid"),
    DP_NUMBER(lstm, cell_clip, "-1", -1, 1e6, "c is held within +- this; -1 = not"),
    DP_INT(lstm, leaf_size, "4", 1, 65536, "backward: samples of a leaf, a power of two"),
    DP_ACTIVATION_PARAM(lstm),
    DP_PARAMS_END,
};

/* The types of w, b, init and of an output, from x[steps, batch, inputs] and w. */
static dp_status fit(lstm *p, const dp_op_plan *plan, size_t x, size_t w, dp_tensor types[4],
                     dp_error *err)
{
    dp_sequence *s = &p->sequence;
    dp_status status = dp_recurrent_fit(&dp_cell_lstm, plan, x, w, p->leaf_size, s, err);

    if (status != DP_OK)
        return status;
    s->activation = (dp_precision)p->activation;
    s->forget_bias = p->forget_bias;
    s->cell_clip = p->cell_clip;
    types[0] = (dp_tensor){NULL, DP_F32, 2, {s->inputs + s->hidden, 4 * s->hidden}};
    types[1] = (dp_tensor){NULL, DP_F32, 1, {4 * s->hidden}};
    types[2] = (dp_tensor){NULL, DP_F32, 3, {1, s->batch, s->hidden}};
    types[3] = (dp_tensor){NULL, DP_F32, 3, {s->steps, s->batch, s->hidden}};
    return DP_OK;
}

static dp_status plan(void *params_, dp_op_plan *plan, dp_error *err)
{
    static const uint8_t type_of[] = {0, 1, 2, 2};
    lstm *p = params_;
    dp_tensor types[4];
    dp_status status = fit(p, plan, 0, 1, types, err);

    for (size_t i = 0; i < 4 && status == DP_OK; i++)
        status = dp_op_expect_type(plan, 1 + i, &types[type_of[i]], err);
    if (status != DP_OK)
        return status;
    for (plan->n_out = 0; plan->n_out < 7; plan->n_out++)
        plan->out[plan->n_out] = types[3];
    plan->workspace = dp_cell_lstm.memory(&p->sequence, plan->kernels);
    return DP_OK;
}

/* x, w, b, init_h, init_c */
static dp_status run(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const lstm *p = params_;
    dp_sequence_run r = dp_recurrent_run(a, 0);

    (void)err;
    r.w[0] = a->in[1].data;
    r.b[0] = a->in[2].data;
    r.init[0] = a->in[3].data;
    r.init[1] = a->in[4].data;
    for (size_t i = 0; i < 7; i++)
        r.out[i] = a->out[i].data;
    dp_cell_lstm.forward(&p->sequence, &r);
    return DP_OK;
}

/* ---- backward: dy, x, w, init_h, init_c, y, c, i, j, f, o, tanh_c ---- */

enum { DY, X, W, INIT_H, INIT_C, OUTPUTS };

static dp_status plan_backward(void *params_, dp_op_plan *plan, dp_error *err)
{
    lstm *p = params_;
    dp_tensor types[4];
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
    plan->workspace = dp_recurrent_memory(&dp_cell_lstm, plan->kernels, &p->sequence);
    return DP_OK;
}

static dp_status run_backward(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const lstm *p = params_;
    dp_sequence_run r = dp_recurrent_run(a, X);

    (void)err;
    r.w[0] = a->in[W].data;
    r.init[0] = a->in[INIT_H].data;
    r.init[1] = a->in[INIT_C].data;
    for (size_t i = 0; i < 7; i++)
        r.out[i] = a->in[OUTPUTS + i].data;
    r.dy = a->in[DY].data;
    r.dx = a->out[0].data;
    r.dinit[0] = a->out[3].data;
    r.dinit[1] = a->out[4].data;
    dp_recurrent_backward(&dp_cell_lstm, &p->sequence, &r, p->leaf_size,
                          (float *const[]){a->out[1].data}, (float *const[]){a->out[2].data});
    return DP_OK;
}

#define SEQUENCE DP_FLOATS(3, 4, 5, 6)
#define STATE    DP_FLOATS(3, 1, 5, 7)
#define STATES   DP_FLOATS(3, 4, 5, 7)
#define WEIGHT   DP_FLOATS(2, 13, 28)

const dp_operator dp_operator_lstm = {
    .info = {{"operator", "lstm", "long short-term memory over a sequence", 1, sizeof(lstm),
              params},
             "DynamicRNN",
             "gates CHAIN over (x_t, h_(t-1)); backward t descending, dx, dh CHAIN over the gates; "
             "dw CHAIN over (n in leaf, t), TREE over leaves",
             {{"x,w,b,init_h,init_c", "y,c,i,j,f,o,tanh_c"},
              {"dy,x,w,init_h,init_c,y,c,i,j,f,o,tanh_c", "dx,dw,db,dh,dc"}}},
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
