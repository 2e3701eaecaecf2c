/* gru.c - gated recurrent units over a sequence, one direction, reset after the product
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/numerics.md; a step: compute/math/cell_gru.c.  dw CHAIN over (n in leaf, t), TREE over
 * leaves; db SEQ64 likewise.
 */
#include "compute/ops/recurrent_op.h"

typedef struct gru {
    int64_t leaf_size;
    int32_t activation; /* dp_precision */
    dp_sequence sequence;
} gru;

static const dp_param params[] = {
    DP_INT(gru, leaf_size, "4", 1, 65536, "backward: samples of a leaf, a power of two"),
    DP_ACTIVATION_PARAM(gru),
    DP_PARAMS_END,
};

/* weight_input, weight_hidden, a bias, init_h, an output */
enum { WEIGHT_INPUT, WEIGHT_HIDDEN, BIAS, INIT, OUTPUT };

static dp_status fit(gru *p, const dp_op_plan *plan, size_t x, size_t w, dp_tensor types[5],
                     dp_error *err)
{
    dp_sequence *s = &p->sequence;
    dp_status status = dp_recurrent_fit(&dp_cell_gru, plan, x, w, p->leaf_size, s, err);

    if (status != DP_OK)
        return status;
    s->activation = (dp_precision)p->activation;
    types[WEIGHT_INPUT] = (dp_tensor){NULL, DP_F32, 2, {s->inputs, 3 * s->hidden}};
    types[WEIGHT_HIDDEN] = (dp_tensor){NULL, DP_F32, 2, {s->hidden, 3 * s->hidden}};
    types[BIAS] = (dp_tensor){NULL, DP_F32, 1, {3 * s->hidden}};
    types[INIT] = (dp_tensor){NULL, DP_F32, 2, {s->batch, s->hidden}};
    types[OUTPUT] = (dp_tensor){NULL, DP_F32, 3, {s->steps, s->batch, s->hidden}};
    return DP_OK;
}

static dp_status plan(void *params_, dp_op_plan *plan, dp_error *err)
{
    static const uint8_t type_of[] = {WEIGHT_INPUT, WEIGHT_HIDDEN, BIAS, BIAS, INIT};
    gru *p = params_;
    dp_tensor types[5];
    dp_status status = fit(p, plan, 0, 1, types, err);

    for (size_t i = 0; i < 5 && status == DP_OK; i++)
        status = dp_op_expect_type(plan, 1 + i, &types[type_of[i]], err);
    if (status != DP_OK)
        return status;
    for (plan->n_out = 0; plan->n_out < 5; plan->n_out++)
        plan->out[plan->n_out] = types[OUTPUT];
    plan->workspace = dp_cell_gru.memory(&p->sequence, plan->kernels);
    return DP_OK;
}

/* x, weight_input, weight_hidden, bias_input, bias_hidden, init_h */
static dp_status run(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const gru *p = params_;
    dp_sequence_run r = dp_recurrent_run(a, 0);

    (void)err;
    for (size_t i = 0; i < 2; i++) {
        r.w[i] = a->in[1 + i].data;
        r.b[i] = a->in[3 + i].data;
    }
    r.init[0] = a->in[5].data;
    for (size_t i = 0; i < 5; i++)
        r.out[i] = a->out[i].data;
    dp_cell_gru.forward(&p->sequence, &r);
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
    plan->workspace = dp_recurrent_memory(&dp_cell_gru, plan->kernels, &p->sequence);
    return DP_OK;
}

static dp_status run_backward(const void *params_, const dp_op_run_args *a, dp_error *err)
{
    const gru *p = params_;
    dp_sequence_run r = dp_recurrent_run(a, X);

    (void)err;
    r.w[0] = a->in[WX].data;
    r.w[1] = a->in[WH].data;
    r.init[0] = a->in[INIT_H].data;
    for (size_t i = 0; i < 5; i++)
        r.out[i] = a->in[OUTPUTS + i].data;
    r.dy = a->in[DY].data;
    r.dx = a->out[0].data;
    r.dinit[0] = a->out[5].data;
    dp_recurrent_backward(&dp_cell_gru, &p->sequence, &r, p->leaf_size,
                          (float *const[]){a->out[1].data, a->out[2].data},
                          (float *const[]){a->out[3].data, a->out[4].data});
    return DP_OK;
}

#define SEQUENCE DP_FLOATS(3, 4, 5, 6)
#define STATES   DP_FLOATS(3, 4, 5, 7)
#define WEIGHTS  DP_FLOATS(2, 6, 21), DP_FLOATS(2, 7, 21)

const dp_operator dp_operator_gru = {
    .info = {{"operator", "gru", "gated recurrent units over a sequence", 1, sizeof(gru), params},
             "DynamicGRUV2",
             "gates CHAIN over x_t and over h_(t-1); backward t descending, dx, dh CHAIN over the "
             "gates; dw CHAIN over (n in leaf, t), TREE over leaves",
             {{"x,weight_input,weight_hidden,bias_input,bias_hidden,init_h",
               "y,update,reset,new,hidden_new"},
              {"dy,x,weight_input,weight_hidden,init_h,y,update,reset,new,hidden_new",
               "dx,dweight_input,dweight_hidden,dbias_input,dbias_hidden,dh"}}},
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
