/* run.c - the layers of a net one after another, forward and backward
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "compute/net/net.h"

/* A function of each number that works in place is done by the units around it as they write:
 * forward by the one before, backward by the one that reads it, if nobody else does. */
static bool is_post_op(const dp_net *net, int64_t i)
{
    const dp_unit *u = &net->units[i];
    return i > 0 && i < net->n_units && u->layer->activate != NULL && u->y == u[-1].y;
}

static bool is_backward_post_op(const dp_net *net, int64_t i)
{
    const dp_unit *u = &net->units[i];
    return is_post_op(net, i) && u->n_readers == 1 && net->units[u->last_reader].input[0] == i;
}

static const float *output_of(const dp_net *net, int32_t unit)
{
    return unit == DP_NET_INPUT ? net->x : net->units[unit].y;
}

/* Where unit i puts the gradient of an input: the last reader's comes first, the others' are added
 * to it. */
static float *gradient_place(const dp_net *net, uint32_t i, int k)
{
    const dp_unit *u = &net->units[i];
    const bool again = k == 1 && u->input[0] == u->input[1];

    if (u->input[k] < 0)
        return NULL;
    return net->units[u->input[k]].last_reader == (int32_t)i && !again ? net->units[u->input[k]].dy
                                                                       : net->spread;
}

static dp_layer_run run_of(dp_net *net, uint32_t i, bool training)
{
    const dp_unit *u = &net->units[i];
    dp_layer_run r = {
        .math = {net->kernels, net->workers, net->share.n, net->share.leaf, net->workspace},
        .share = &net->share,
        .training = training,
        .step = net->step,
        .key = u->key,
        .in = u->in,
        .out = u->out,
        .x = output_of(net, u->input[0]),
        .y = u->y,
        .dy = u->dy,
        .dx = gradient_place(net, i, 0),
        .memory = u->memory,
    };
    if (u->input[1] >= 0) {
        r.second = net->units[u->input[1]].out;
        r.x2 = output_of(net, u->input[1]);
        r.dx2 = gradient_place(net, i, 1);
    }
    if (is_post_op(net, (int64_t)i + 1))
        r.y_op = (dp_post_op){u[1].layer->activate, r.y, NULL};
    if (u->input[0] >= 0 && is_backward_post_op(net, u->input[0]))
        r.dx_op = (dp_post_op){net->units[u->input[0]].layer->activate_gradient, r.dx, r.x};
    for (uint32_t w = 0; w < u->n_weights; w++) {
        const dp_use *use = &net->uses[u->first_use + w];
        r.w[w] = net->parameters[use->parameter].value.data;
        r.dw[w] = use->whole ? use->gradient : net->buckets.parts + use->place;
    }
    r.part_stride = net->buckets.count;
    return r;
}

/* A unit that takes each sample alone, one way. */
typedef struct sample_run {
    const dp_unit *unit;
    const dp_layer_run *run;
    void (*one)(const void *, const dp_layer_run *, int64_t);
    dp_elementwise *f; /* in place of `one`, from src to dst */
    const float *src;
    float *dst;
    int64_t size; /* of a sample in dst */
    const dp_post_op *post_op;
} sample_run;

static void run_sample(void *ctx, uint64_t sample)
{
    const sample_run *s = ctx;
    const int64_t first = (int64_t)sample * s->size;

    if (s->one != NULL)
        s->one(s->unit->params, s->run, (int64_t)sample);
    else {
        if (s->dst != s->src)
            memcpy(s->dst + first, s->src + first, sizeof(float) * (size_t)s->size);
        s->f(s->run->math.kernels, s->size, s->run->y + first, s->dst + first);
    }
    dp_post_op_run(s->post_op, s->run->math.kernels, first, s->size);
}

static void run_forward(dp_net *net, uint32_t i, bool training)
{
    const dp_unit *u = &net->units[i];
    const dp_layer_run r = run_of(net, i, training);
    const dp_layer *l = u->layer;
    sample_run s = {u,   &r,  l->forward_sample,      l->activate,
                    r.x, r.y, dp_extent_size(&r.out), &r.y_op};

    if (l->forward != NULL)
        l->forward(u->params, &r);
    else if (!is_post_op(net, i))
        dp_workers_run(net->workers, (uint64_t)net->share.n, run_sample, &s);
}

#define SUM_BLOCK 16384

typedef struct sum {
    const dp_kernels *kernels;
    float *to;
    const float *from;
    int64_t count;
} sum;

static void add_block(void *ctx, uint64_t i)
{
    const sum *s = ctx;
    const int64_t first = (int64_t)i * SUM_BLOCK, left = s->count - first;
    s->kernels->add(left < SUM_BLOCK ? left : SUM_BLOCK, s->to + first, s->from + first);
}

static void add_all(const dp_net *net, float *to, const float *from, int64_t count)
{
    sum s = {net->kernels, to, from, count};
    dp_workers_run(net->workers, (uint64_t)((count + SUM_BLOCK - 1) / SUM_BLOCK), add_block, &s);
}

/* A gradient that another reader of the unit left before. */
static void add_gradient(const dp_net *net, int32_t input, const float *dx)
{
    if (input >= 0 && dx == net->spread)
        add_all(net, net->units[input].dy, dx,
                net->share.n * dp_extent_size(&net->units[input].out));
}

/* Both inputs of a unit that joins may need the spare place: one at a time. */
static void run_join_backward(dp_net *net, uint32_t i)
{
    const dp_unit *u = &net->units[i];

    for (int k = 0; k < 2; k++) {
        dp_layer_run r = run_of(net, i, true);
        *(k == 0 ? &r.dx2 : &r.dx) = NULL;
        u->layer->backward(u->params, &r);
        add_gradient(net, u->input[k], k == 0 ? r.dx : r.dx2);
    }
}

static void run_backward(dp_net *net, uint32_t i)
{
    const dp_unit *u = &net->units[i];
    const dp_layer_run r = run_of(net, i, true);
    const dp_layer *l = u->layer;
    sample_run s = {u,    &r,   l->backward_sample,    l->activate_gradient,
                    r.dy, r.dx, dp_extent_size(&r.in), &r.dx_op};

    if (l->joins) {
        run_join_backward(net, i);
        return;
    }
    if (l->backward != NULL)
        l->backward(u->params, &r);
    else if (r.dx != NULL && !is_backward_post_op(net, i))
        dp_workers_run(net->workers, (uint64_t)net->share.n, run_sample, &s);
    add_gradient(net, u->input[0], r.dx);
}

void dp_net_forward(dp_net *net, bool training)
{
    for (uint32_t i = 0; i < net->n_units; i++)
        run_forward(net, i, training);
}

/* Of a weight that several units use: the last one's gradient, then the others', last first. */
static void add_uses(const dp_net *net)
{
    for (uint32_t i = net->n_uses; i-- > 0;) {
        const dp_use *use = &net->uses[i];
        if (use->before >= 0)
            add_all(net, net->uses[use->before].gradient, use->gradient,
                    net->parameters[use->parameter].count);
    }
}

/* The gradients, with those of the small batches before: TREE, whose sums have the earlier ones on
 * the left, where an addition does not mind. */
static void fold_gradients(const dp_net *net)
{
    const int64_t count = net->buckets.count;
    int row = dp_share_kept(&net->share);

    for (int i = dp_share_merges(&net->share); i > 0; i--)
        add_all(net, net->buckets.gradient, net->kept + --row * count, count);
    if (!net->share.last)
        memcpy(net->kept + row * count, net->buckets.gradient, sizeof(float) * (size_t)count);
}

void dp_net_backward(dp_net *net)
{
    for (uint32_t i = net->n_units; i-- > 0;) {
        run_backward(net, i);
        dp_buckets_advance(&net->buckets, net->units[i].ready);
    }
    dp_buckets_finish(&net->buckets);
    fold_gradients(net);
    add_uses(net);
}

void dp_net_commit(dp_net *net)
{
    for (uint32_t i = 0; i < net->n_units; i++) {
        const dp_layer_run r = run_of(net, i, true);
        if (net->units[i].layer->commit != NULL)
            net->units[i].layer->commit(net->units[i].params, &r);
    }
}
