/* attention.c - each place looks at all places of its sample, or at those up to itself
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The input has 3 C channels: queries, keys, values (a 1x1 convolution makes them), each cut into
 * heads of d = C / num_heads channels.  docs/numerics.md, of each head: s_ij = CHAIN over d of
 * q_i k_j, times (float)(1 / sqrt(d)); p_i = softmax of s_i (as the layer of that name); y_i =
 * CHAIN over j of p_ij v_j.  Backward: dv_j = CHAIN over i of p_ij dy_i; dp_ij = CHAIN over d of
 * dy_i v_j; ds_ij = p_ij (dp_ij - SEQ64 over j of dp_ij p_ij), in binary64, rounded once, times
 * the factor; dq_i = CHAIN over j of ds_ij k_j; dk_j = CHAIN over i of ds_ij q_i.  With causal
 * there are only the i, j with j <= i.
 * Vaswani et al., arXiv 1706.03762.
 */
#include "compute/layers/layer.h"
#include "compute/math/attention.h"

typedef struct attention {
    int64_t num_heads;
    bool causal;
} attention;

static const dp_param params[] = {
    DP_INT(attention, num_heads, "1", 1, 65536, "the channels are cut into so many heads"),
    DP_LATER_BOOLEAN(attention, causal, "false",
                     "a place sees itself and the places before it, row by row"),
    DP_PARAMS_END,
};

#define MAX_PLACES 16384

static dp_status plan(void *params_, dp_layer_plan *plan, dp_error *err)
{
    const int64_t heads = ((const attention *)params_)->num_heads;
    const int64_t places = plan->in.height * plan->in.width;
    double floats;

    if (plan->in.channels % (3 * heads) != 0)
        return dp_fail(err, DP_ESPEC,
                       "the %lld channels of the input are not queries, keys and values "
                       "of %lld heads: a multiple of %lld is needed",
                       (long long)plan->in.channels, (long long)heads, (long long)(3 * heads));
    if (places > MAX_PLACES)
        return dp_fail(err, DP_ELIMIT, "%lld places: at most %d", (long long)places, MAX_PLACES);
    plan->out.channels = plan->in.channels / 3;
    floats = (double)heads * (double)(places * places) +
             (double)dp_attention_scratch(plan->out.channels / heads, places);
    if (floats * (double)plan->n > (double)DP_MAX_FLOATS)
        return dp_fail(err, DP_ELIMIT, "more than 2^40 numbers a batch");
    plan->memory = sizeof(float) * (size_t)plan->n * (size_t)floats;
    return DP_OK;
}

static dp_attention head_of(const attention *a, const dp_layer_run *r, int64_t sample,
                            int64_t number)
{
    const int64_t c = r->out.channels, d = c / a->num_heads, places = r->in.height * r->in.width;
    const int64_t floats = a->num_heads * places * places + dp_attention_scratch(d, places);
    const int64_t in = sample * places * 3 * c + number * d, out = sample * places * c + number * d;
    float *memory = (float *)r->memory + sample * floats;
    dp_attention h = {.kernels = r->math.kernels,
                      .d = d,
                      .places = places,
                      .stride = 3 * c,
                      .channels = c,
                      .causal = a->causal,
                      .q = r->x + in,
                      .k = r->x + in + c,
                      .v = r->x + in + 2 * c,
                      .y = r->y + out,
                      .dy = r->dy + out,
                      .p = memory + number * places * places,
                      .scratch = memory + a->num_heads * places * places};
    if (r->dx != NULL)
        h.dq = r->dx + in, h.dk = h.dq + c, h.dv = h.dk + c;
    return h;
}

static void forward_sample(const void *params_, const dp_layer_run *r, int64_t sample)
{
    for (int64_t i = 0; i < ((const attention *)params_)->num_heads; i++) {
        const dp_attention h = head_of(params_, r, sample, i);
        dp_attention_forward(&h);
    }
}

static void backward_sample(const void *params_, const dp_layer_run *r, int64_t sample)
{
    for (int64_t i = 0; i < ((const attention *)params_)->num_heads; i++) {
        const dp_attention h = head_of(params_, r, sample, i);
        dp_attention_backward(&h);
    }
}

const dp_layer dp_layer_attention = {
    .info = {"layer", "attention", "each place looks at all places of its sample", 1,
             sizeof(attention), params},
    .prefix = "attention",
    .plan = plan,
    .forward_sample = forward_sample,
    .backward_sample = backward_sample,
};
