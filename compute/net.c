/* net.c - the calls of detpipe_net.h that compute
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/net.h"

#include <stdatomic.h>
#include <string.h>

#include "base/hash.h"
#include "base/num.h"
#include "base/numeric.h"
#include "base/tensor.h"

#define UPDATE_BLOCK 16384 /* parameters of a task */

static dp_status check_input(dp_net *net, const dp_tensor *input, dp_error *err)
{
    bool positive = input->rank == 2 || input->rank == 4;

    for (int32_t d = 0; d < input->rank && d < DP_MAX_RANK; d++)
        positive = positive && input->shape[d] > 0;
    if (input->dtype != DP_F32 || !positive || !dp_tensor_fits(input) ||
        dp_tensor_count(input) > (uint64_t)DP_MAX_FLOATS)
        return dp_fail(
            err, DP_EINVAL,
            "a net takes float32[n, channels, height, width] or float32[n, features], not %s",
            dp_tensor_type(input).text);
    net->input = *input;
    net->most = input->shape[0];
    net->in = input->rank == 2 ? (dp_extent){input->shape[1], 1, 1}
                               : (dp_extent){input->shape[1], input->shape[2], input->shape[3]};
    return DP_OK;
}

static dp_status build(dp_net *net, const char *text, const dp_tensor *input, dp_error *err)
{
    dp_cpu_level level;
    dp_status status = check_input(net, input, err);

    if (status == DP_OK)
        status = dp_cpu_level_get(&level, err);
    if (status != DP_OK)
        return status;
    net->kernels = dp_kernels_of(level);
    status = dp_workers_open(&net->workers, net->options.threads, &net->arena, err);
    return status == DP_OK ? dp_net_build(net, text, err) : status;
}

dp_status dp_net_open(dp_net **out, const char *text, uint64_t seed, const dp_tensor *input,
                      const dp_options *given, dp_error *err)
{
    dp_options options;
    dp_net *net;
    dp_status status;
    dp_fp fp;

    if (out == NULL || text == NULL || input == NULL)
        return dp_fail(err, DP_EINVAL, "dp_net_open: %s is NULL",
                       out == NULL    ? "out"
                       : text == NULL ? "net"
                                      : "input");
    status = dp_options_get(given, &options, err);
    if (status != DP_OK)
        return status;
    net = options.alloc->alloc(options.alloc->ctx, sizeof *net, 64);
    if (net == NULL)
        return dp_fail(err, DP_ENOMEM, "out of memory for a net");
    memset(net, 0, sizeof *net);
    net->options = options;
    net->seed = seed;
    net->process = dp_process();
    net->arena.alloc = options.alloc;
    net->arena.limit = options.memory;
    net->arena.total = sizeof *net;
    status = dp_numeric_enter(&fp, &options, err);
    if (status == DP_OK)
        status = build(net, text, input, err);
    dp_fp_leave(&fp);
    if (status == DP_OK)
        *out = net;
    else
        dp_net_close(net);
    return status;
}

void dp_net_close(dp_net *net)
{
    if (net == NULL)
        return;
    const dp_allocator *alloc = net->options.alloc;
    if (net->process == dp_process())
        dp_workers_close(net->workers);
    dp_arena_free(&net->arena);
    alloc->free(alloc->ctx, net, sizeof *net);
}

/* ---- one pass ---- */

typedef struct intake {
    const dp_net *net;
    const float *src;
} intake;

/* From [c][h][w] to [h][w][c]. */
static void take_sample(void *ctx, uint64_t i)
{
    const intake *t = ctx;
    const int64_t channels = t->net->in.channels, places = t->net->in.height * t->net->in.width;
    const float *src = t->src + (int64_t)i * channels * places;
    float *dst = t->net->x + (int64_t)i * channels * places;

    for (int64_t c = 0; c < channels; c++) {
        for (int64_t p = 0; p < places; p++)
            dst[p * channels + c] = src[c * places + p];
    }
}

static dp_status take_labels(dp_net *net, int64_t n, const dp_tensor *labels, dp_error *err)
{
    if (!dp_dtype_is_integer(labels->dtype) || labels->rank != 1 || labels->shape[0] != n ||
        labels->data == NULL)
        return dp_fail(err, DP_EINVAL, "labels are %s: %lld integers are expected",
                       dp_tensor_type(labels).text, (long long)n);
    for (int64_t i = 0; i < n; i++) {
        net->labels[i] = dp_load_int(labels->data, labels->dtype, (size_t)i);
        if (net->labels[i] < 0 || net->labels[i] >= net->classes)
            return dp_fail(err, DP_EINVAL,
                           "label %lld of sample %lld is no class: the net has %lld",
                           (long long)net->labels[i], (long long)i, (long long)net->classes);
    }
    return DP_OK;
}

static dp_status take_input(dp_net *net, const dp_tensor *input, const dp_tensor *labels,
                            dp_error *err)
{
    intake t = {net, NULL};
    dp_tensor expected = net->input;
    const dp_status status = dp_check_process(net->process, err);

    if (status != DP_OK)
        return status;
    if (input != NULL && input->rank > 0)
        expected.shape[0] = input->shape[0];
    if (input == NULL || input->data == NULL || !dp_tensor_same_type(input, &expected) ||
        input->shape[0] < 1 || input->shape[0] > net->most)
        return dp_fail(err, DP_EINVAL, "the input is %s: the net takes %s, or fewer samples",
                       input == NULL || input->data == NULL ? "NULL" : dp_tensor_type(input).text,
                       dp_tensor_type(&net->input).text);
    t.src = input->data;
    dp_workers_run(net->workers, (uint64_t)input->shape[0], take_sample, &t);
    return labels == NULL ? DP_OK : take_labels(net, input->shape[0], labels, err);
}

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

static dp_layer_run run_of(const dp_net *net, uint32_t i, int64_t n, bool training)
{
    const dp_unit *u = &net->units[i];
    dp_layer_run r = {
        .kernels = net->kernels,
        .workers = net->workers,
        .n = n,
        .leaf = net->leaf,
        .training = training,
        .step = net->step,
        .key = u->key,
        .in = u->in,
        .out = u->out,
        .x = output_of(net, u->input[0]),
        .y = u->y,
        .dy = u->dy,
        .dx = gradient_place(net, i, 0),
        .workspace = net->workspace,
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
        r.w[w] = net->parameters[u->first_weight + w].value.data;
        r.dw[w] = net->parameters[u->first_weight + w].gradient.data;
    }
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
        s->f(s->run->kernels, s->size, s->run->y + first, s->dst + first);
    }
    dp_post_op_run(s->post_op, s->run->kernels, first, s->size);
}

static void run_forward(const dp_net *net, uint32_t i, int64_t n, bool training)
{
    const dp_unit *u = &net->units[i];
    const dp_layer_run r = run_of(net, i, n, training);
    const dp_layer *l = u->layer;
    sample_run s = {u,   &r,  l->forward_sample,      l->activate,
                    r.x, r.y, dp_extent_size(&r.out), &r.y_op};

    if (l->forward != NULL)
        l->forward(u->params, &r);
    else if (!is_post_op(net, i))
        dp_workers_run(net->workers, (uint64_t)n, run_sample, &s);
}

typedef struct sum {
    const dp_kernels *kernels;
    float *to;
    const float *from;
    int64_t size;
} sum;

static void add_sample(void *ctx, uint64_t i)
{
    const sum *s = ctx;
    s->kernels->add(s->size, s->to + (int64_t)i * s->size, s->from + (int64_t)i * s->size);
}

/* A gradient that another reader of the unit left before. */
static void add_gradient(const dp_net *net, int32_t input, const float *dx, int64_t n)
{
    sum s = {net->kernels, NULL, dx, 0};

    if (input < 0 || dx != net->spread)
        return;
    s.to = net->units[input].dy;
    s.size = dp_extent_size(&net->units[input].out);
    dp_workers_run(net->workers, (uint64_t)n, add_sample, &s);
}

/* Both inputs of a unit that joins may need the spare place: one at a time. */
static void run_join_backward(const dp_net *net, uint32_t i, int64_t n)
{
    const dp_unit *u = &net->units[i];

    for (int k = 0; k < 2; k++) {
        dp_layer_run r = run_of(net, i, n, true);
        *(k == 0 ? &r.dx2 : &r.dx) = NULL;
        u->layer->backward(u->params, &r);
        add_gradient(net, u->input[k], k == 0 ? r.dx : r.dx2, n);
    }
}

static void run_backward(const dp_net *net, uint32_t i, int64_t n)
{
    const dp_unit *u = &net->units[i];
    const dp_layer_run r = run_of(net, i, n, true);
    const dp_layer *l = u->layer;
    sample_run s = {u,    &r,   l->backward_sample,    l->activate_gradient,
                    r.dy, r.dx, dp_extent_size(&r.in), &r.dx_op};

    if (l->joins) {
        run_join_backward(net, i, n);
        return;
    }
    if (l->backward != NULL)
        l->backward(u->params, &r);
    else if (r.dx != NULL && !is_backward_post_op(net, i))
        dp_workers_run(net->workers, (uint64_t)n, run_sample, &s);
    add_gradient(net, u->input[0], r.dx, n);
}

/* What the layers keep of a step that was done. */
static void commit(const dp_net *net, int64_t n)
{
    for (uint32_t i = 0; i < net->n_units; i++) {
        const dp_layer_run r = run_of(net, i, n, true);
        if (net->units[i].layer->commit != NULL)
            net->units[i].layer->commit(net->units[i].params, &r);
    }
}

/* Samples whose largest output is the label's: the first of equals, the first NaN. */
static int64_t count_correct(const dp_net *net, int64_t n)
{
    const float *x = net->units[net->n_units - 1].y;
    int64_t correct = 0;

    for (int64_t i = 0; i < n; i++, x += net->classes) {
        int64_t best = 0;
        for (int64_t j = 1; j < net->classes; j++) {
            if (x[j] > x[best] || (x[j] != x[j] && x[best] == x[best]))
                best = j;
        }
        correct += best == net->labels[i];
    }
    return correct;
}

static void forward(dp_net *net, int64_t n, bool labelled, bool training, dp_net_result *out)
{
    const dp_unit *last = &net->units[net->n_units - 1];

    for (uint32_t i = 0; i < net->n_units; i++)
        run_forward(net, i, n, training);
    *out = (dp_net_result){.output = {last->y, DP_F32, 2, {n, dp_extent_size(&last->out)}}};
    if (labelled) {
        const dp_loss_run r = {net->workers,    n,           net->classes,
                               last->y,         net->labels, training ? last->dy : NULL,
                               net->sample_loss};
        out->loss = net->loss->run(net->loss_params, &r);
        out->correct = count_correct(net, n);
    }
}

/* The first element of a gradient that is not finite, whoever finds it. */
typedef struct finite {
    const dp_kernels *kernels;
    const float *g;
    int64_t count;
    _Atomic int64_t first; /* count: none */
} finite;

static void check_block(void *ctx, uint64_t index)
{
    finite *f = ctx;
    const int64_t first = (int64_t)index * UPDATE_BLOCK;
    const int64_t last = f->count - first < UPDATE_BLOCK ? f->count : first + UPDATE_BLOCK;
    int64_t found = atomic_load(&f->first);

    if (f->kernels->finite(last - first, f->g + first))
        return;
    for (int64_t i = first; i < last; i++) {
        if (dp_is_finite32(f->g[i]))
            continue;
        while (i < found && !atomic_compare_exchange_weak(&f->first, &found, i))
            ;
        return;
    }
}

static uint64_t blocks_of(const dp_parameter *p)
{
    return (uint64_t)(p->count + UPDATE_BLOCK - 1) / UPDATE_BLOCK;
}

static dp_status check_gradients(const dp_net *net, dp_error *err)
{
    for (uint32_t i = 0; i < net->n_parameters; i++) {
        const dp_parameter *p = &net->parameters[i];
        finite f = {
            .kernels = net->kernels, .g = p->gradient.data, .count = p->count, .first = p->count};
        dp_workers_run(net->workers, blocks_of(p), check_block, &f);
        if (f.first < p->count)
            return dp_fail(
                err, DP_ESTATE,
                "step %llu: the gradient of %s is not finite at element %lld; the weights are as "
                "they were",
                (unsigned long long)net->step, p->name, (long long)f.first);
    }
    return DP_OK;
}

typedef struct update {
    dp_net *net;
    const dp_parameter *p;
    double rate;
} update;

static void update_block(void *ctx, uint64_t index)
{
    const update *u = ctx;
    const int64_t first = (int64_t)index * UPDATE_BLOCK, left = u->p->count - first;
    float *moments[DP_MAX_MOMENTS];

    for (int i = 0; i < DP_MAX_MOMENTS; i++)
        moments[i] = u->p->moments[i] == NULL ? NULL : u->p->moments[i] + first;
    u->net->optimizer->update(u->net->optimizer_params, u->net->kernels, u->net->step, u->rate,
                              left < UPDATE_BLOCK ? left : UPDATE_BLOCK,
                              (float *)u->p->value.data + first,
                              (const float *)u->p->gradient.data + first, moments);
}

static dp_status learn(dp_net *net, int64_t n, float loss, dp_error *err)
{
    const double rate = dp_schedule_rate(net->optimizer_params, net->step);
    dp_status status;

    if (!dp_is_finite32(loss))
        return dp_fail(err, DP_ESTATE,
                       "step %llu: the loss is not finite; the weights are as they were",
                       (unsigned long long)net->step);
    for (uint32_t i = net->n_units; i-- > 0;)
        run_backward(net, i, n);
    net->stepped = true;
    status = check_gradients(net, err);
    if (status != DP_OK)
        return status;
    dp_net_clip(net);
    for (uint32_t i = 0; i < net->n_parameters; i++) {
        update u = {net, &net->parameters[i], rate};
        if (!u.p->is_state)
            dp_workers_run(net->workers, blocks_of(u.p), update_block, &u);
    }
    commit(net, n);
    net->step++;
    return DP_OK;
}

dp_status dp_net_step(dp_net *net, const dp_tensor *input, const dp_tensor *labels,
                      dp_net_result *out, dp_error *err)
{
    dp_net_result result;
    dp_status status;
    dp_fp fp;

    if (net == NULL || labels == NULL)
        return dp_fail(err, DP_EINVAL, "dp_net_step: %s is NULL",
                       net == NULL ? "the net" : "labels");
    if (net->loss == NULL || net->optimizer == NULL)
        return dp_fail(err, DP_EINVAL, "dp_net_step: the net's text has no %s",
                       net->loss == NULL ? "loss" : "optimizer");
    dp_fp_enter(&fp);
    status = take_input(net, input, labels, err);
    if (status == DP_OK) {
        forward(net, input->shape[0], true, true, &result);
        status = learn(net, input->shape[0], result.loss, err);
    }
    dp_fp_leave(&fp);
    if (status == DP_OK && out != NULL)
        *out = result;
    return status;
}

dp_status dp_net_eval(dp_net *net, const dp_tensor *input, const dp_tensor *labels,
                      dp_net_result *out, dp_error *err)
{
    dp_net_result result;
    dp_status status;
    dp_fp fp;

    if (net == NULL || out == NULL)
        return dp_fail(err, DP_EINVAL, "dp_net_eval: %s is NULL",
                       net == NULL ? "the net" : "result");
    if (labels != NULL && net->loss == NULL)
        return dp_fail(err, DP_EINVAL,
                       "dp_net_eval: labels need a loss, and the net's text has none");
    dp_fp_enter(&fp);
    status = take_input(net, input, labels, err);
    if (status == DP_OK)
        forward(net, input->shape[0], labels != NULL, false, &result);
    dp_fp_leave(&fp);
    if (status == DP_OK)
        *out = result;
    return status;
}

/* ---- looking at it ---- */

uint64_t dp_net_tell(const dp_net *net) { return net->step; }

double dp_net_learning_rate(const dp_net *net, uint64_t step)
{
    return net->optimizer != NULL ? dp_schedule_rate(net->optimizer_params, step) : 0.0;
}

const char *dp_net_spec(const dp_net *net) { return net->spec; }

const dp_tensor *dp_net_parameter(const dp_net *net, size_t index, const char **name)
{
    if (index >= net->n_parameters)
        return NULL;
    if (name != NULL)
        *name = net->parameters[index].name;
    return &net->parameters[index].value;
}

const dp_tensor *dp_net_gradient(const dp_net *net, size_t index)
{
    return index < net->n_parameters && net->stepped ? &net->parameters[index].gradient : NULL;
}

void dp_net_digest(const dp_net *net, uint8_t parameters[16], uint8_t gradients[16])
{
    dp_hash p, g;

    dp_hash_init(&p);
    dp_hash_init(&g);
    for (uint32_t i = 0; i < net->n_parameters; i++) {
        dp_hash_text(&p, net->parameters[i].name);
        dp_hash_text(&g, net->parameters[i].name);
        if (parameters != NULL)
            dp_hash_tensor(&p, &net->parameters[i].value);
        if (gradients != NULL)
            dp_hash_tensor(&g, &net->parameters[i].gradient);
    }
    if (parameters != NULL)
        dp_hash_final(&p, parameters);
    if (gradients != NULL)
        dp_hash_final(&g, gradients);
}
