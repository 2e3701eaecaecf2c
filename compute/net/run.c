/* run.c - the layers of a net one after another, forward and backward
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "compute/net/net.h"

/* A function of each number that works in place, or a sum that does, is done by the units around it
 * as they write: forward by the one before, backward by the one that reads it, if what others make
 * of its gradient is there. */
static bool is_post_op(const dp_net *net, int64_t i)
{
    const dp_unit *u = &net->units[i];
    return i > 0 && i < net->n_units && u->layer->activate != NULL && u->y == u[-1].y;
}

static bool is_backward_post_op(const dp_net *net, int64_t i)
{
    const dp_unit *u = &net->units[i];
    return is_post_op(net, i) && u->layer->activate_gradient != NULL &&
           (u->n_readers == 1 ? net->units[u->last_reader].input[0] == i
                              : dp_net_sum_of(net, u) != NULL);
}

static const float *output_of(const dp_net *net, int32_t unit)
{
    return unit == DP_NET_INPUT ? net->x : net->units[unit].y;
}

/* Where unit i puts the gradient of an input: the last reader's comes first, the others' are added
 * to it.  A sum puts none where the other reader takes it from there. */
static float *gradient_place(const dp_net *net, uint32_t i, int k)
{
    const dp_unit *u = &net->units[i], *input;
    const bool again = k == 1 && u->input[0] == u->input[1];

    if (u->input[k] < 0)
        return NULL;
    input = &net->units[u->input[k]];
    if (dp_net_sum_of(net, input) != NULL && input->n_readers > 1)
        return k == 1 ? NULL : input->dy;
    return input->last_reader == (int32_t)i && !again ? input->dy : net->spread;
}

/* What is done with the output of unit i as it is written. */
static dp_post_op output_op(const dp_net *net, uint32_t i)
{
    dp_post_op op = {.v = net->units[i].y};

    while (is_post_op(net, (int64_t)++i)) {
        const dp_unit *u = &net->units[i];
        dp_post_op_then(&op, u->layer->activate,
                        u->layer->joins ? output_of(net, u->input[1]) : NULL);
    }
    return op;
}

/* And with the gradient of an input, as the last one to add to it writes it. */
static dp_post_op gradient_op(const dp_net *net, int32_t input, float *dx)
{
    const dp_unit *u = &net->units[input], *sum = dp_net_sum_of(net, u);
    dp_post_op op = {.v = dx};

    if (sum != NULL && u->n_readers > 1)
        dp_post_op_then(&op, sum->layer->activate, sum->dy);
    if (is_backward_post_op(net, input))
        dp_post_op_then(&op, u->layer->activate_gradient, u->y);
    return op;
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
        .y_op = output_op(net, i),
        .memory = u->memory,
    };
    if (u->input[1] >= 0) {
        r.second = net->units[u->input[1]].out;
        r.x2 = output_of(net, u->input[1]);
        r.dx2 = gradient_place(net, i, 1);
    }
    if (u->input[0] >= 0)
        r.dx_op = gradient_op(net, u->input[0], r.dx);
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
    dp_elementwise *f;    /* in place of `one`, from src to dst; NULL: a copy */
    const float *src, *y; /* y: what f is given with it */
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
        if (s->f != NULL)
            s->f(s->run->math.kernels, s->size, s->y + first, s->dst + first);
    }
    dp_post_op_run(s->post_op, s->run->math.kernels, first, s->size);
}

static void run_forward(dp_net *net, uint32_t i, bool training)
{
    const dp_unit *u = &net->units[i];
    const dp_layer_run r = run_of(net, i, training);
    const dp_layer *l = u->layer;
    const float *y = l->joins ? r.x2 : r.y;
    sample_run s = {u, &r,  l->forward_sample,      l->activate, r.x,
                    y, r.y, dp_extent_size(&r.out), &r.y_op};

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

/* The gradient of a sum is that of input k. */
static void copy_gradient(dp_net *net, uint32_t i, const dp_layer_run *r, int k)
{
    static const dp_post_op nothing;
    sample_run s = {.unit = &net->units[i],
                    .run = r,
                    .src = r->dy,
                    .dst = k == 0 ? r->dx : r->dx2,
                    .size = dp_extent_size(&r->out),
                    .post_op = k == 0 ? &r->dx_op : &nothing};

    if (s.dst != NULL && s.dst != s.src)
        dp_workers_run(net->workers, (uint64_t)net->share.n, run_sample, &s);
}

/* Both inputs of a unit that joins may need the spare place: one at a time. */
static void run_join_backward(dp_net *net, uint32_t i)
{
    const dp_unit *u = &net->units[i];

    for (int k = 0; k < 2; k++) {
        dp_layer_run r = run_of(net, i, true);
        *(k == 0 ? &r.dx2 : &r.dx) = NULL;
        if (u->layer->backward != NULL)
            u->layer->backward(u->params, &r);
        else
            copy_gradient(net, i, &r, k);
        add_gradient(net, u->input[k], k == 0 ? r.dx : r.dx2);
    }
}

static void run_backward(dp_net *net, uint32_t i)
{
    const dp_unit *u = &net->units[i];
    const dp_layer_run r = run_of(net, i, true);
    const dp_layer *l = u->layer;
    sample_run s = {u,
                    &r,
                    l->backward_sample,
                    l->activate_gradient,
                    r.dy,
                    r.y,
                    r.dx,
                    dp_extent_size(&r.in),
                    &r.dx_op};

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
