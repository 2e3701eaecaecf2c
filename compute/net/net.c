/* net.c - the calls of detpipe_net.h that compute
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/net/net.h"

#include <stdatomic.h>
#include <string.h>

#include "base/hash.h"
#include "base/number/num.h"
#include "base/tensor.h"
#include "compute/math/turn.h"
#include "compute/net/batch.h"

#define UPDATE_BLOCK 16384 /* parameters of a task */

/* Integers are what an embedding takes: tokens. */
static bool may_be_input(const dp_tensor *t)
{
    return (t->dtype == DP_F32 && (t->rank == 2 || t->rank == 4)) ||
           (dp_dtype_is_integer(t->dtype) && t->rank == 2);
}

static dp_status check_input(dp_net *net, const dp_tensor *input, dp_error *err)
{
    const dp_status status = dp_tensor_check(input, "dp_net_open: input", err);
    uint64_t count;

    if (status != DP_OK)
        return status;
    count = dp_tensor_count(input);
    if (!may_be_input(input) || count == 0 || count > (uint64_t)DP_MAX_FLOATS)
        return dp_fail(err, DP_EINVAL,
                       "a net takes float32[n, channels, height, width], with input layout=nhwc "
                       "float32[n, height, width, channels], or [n, features] of float32 or "
                       "integers, not %s",
                       dp_tensor_type(input).text);
    net->input = *input;
    net->most = input->shape[0];
    return DP_OK;
}

static dp_status build(dp_net *net, const char *text, const dp_tensor *input, dp_error *err)
{
    dp_cpu_level level;
    dp_status status = check_input(net, input, err);

    if (status == DP_OK)
        status = dp_cpu_level_get(net->handle.options.cpu, &level, err);
    if (status != DP_OK)
        return status;
    net->kernels = dp_kernels_of(level);
    status = dp_workers_open(&net->workers, net->handle.options.threads, &net->handle.arena, err);
    return status == DP_OK ? dp_net_build(net, text, err) : status;
}

dp_status dp_net_open(dp_net **out, const char *text, uint64_t seed, const dp_tensor *input,
                      const dp_options *given, dp_error *err)
{
    dp_handle *handle;
    dp_net *net;
    dp_status status;

    if (out == NULL || text == NULL || input == NULL)
        return dp_fail(err, DP_EINVAL, "dp_net_open: %s is NULL",
                       out == NULL    ? "out"
                       : text == NULL ? "net"
                                      : "input");
    status = dp_handle_open(&handle, sizeof *net, "a net", given, err);
    if (status != DP_OK)
        return status;
    net = (dp_net *)handle;
    net->seed = seed;
    status = dp_handle_leave(handle, build(net, text, input, err));
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
    if (dp_handle_is_ours(&net->handle))
        dp_workers_close(net->workers);
    dp_handle_close(&net->handle);
}

/* ---- one pass ---- */

/* This rank's samples, as [n][h][w][c]. */
static void take_samples(dp_net *net, const dp_tensor *input)
{
    const int64_t size = dp_extent_size(&net->in), n = net->share.n,
                  first = net->share.first * size;
    const float *src = (const float *)input->data + first;

    if (input->dtype != DP_F32) {
        for (int64_t i = 0; i < n * size; i++)
            net->x[i] = dp_load_f32(input->data, input->dtype, (size_t)(first + i));
    } else if (net->taken.layout == DP_NHWC)
        memcpy(net->x, src, sizeof *src * (size_t)(n * size));
    else
        dp_channels_last(net->workers, n, net->in.channels, net->in.height * net->in.width, src,
                         net->x);
}

/* [n], or [n, places], or [n, height, width]. */
static bool are_labels(const dp_net *net, const dp_tensor *labels)
{
    const dp_extent *out = &net->units[net->n_units - 1].out;
    const int64_t *s = labels->shape;

    if (!dp_dtype_is_integer(labels->dtype) || labels->rank < 1 || s[0] != net->share.batch)
        return false;
    if (!net->per_place)
        return labels->rank == 1;
    return (labels->rank == 2 && s[1] == net->rows) ||
           (labels->rank == 3 && s[1] == out->height && s[2] == out->width);
}

static dp_status refuse_labels(const dp_net *net, const dp_tensor *labels, dp_error *err)
{
    const long long n = net->share.batch, rows = net->rows;

    if (net->per_place)
        return dp_fail(err, DP_EINVAL, "labels are %s: integers[%lld, %lld] are expected",
                       dp_tensor_type(labels).text, n, rows);
    return net->loss->takes_targets
               ? dp_fail(err, DP_EINVAL,
                         "labels are %s: %lld integers, or floats[%lld, %lld], are expected",
                         dp_tensor_type(labels).text, n, n, (long long)net->classes)
               : dp_fail(err, DP_EINVAL, "labels are %s: %lld integers are expected",
                         dp_tensor_type(labels).text, n);
}

/* A number for each output of the net, in its order. */
static bool are_targets(const dp_net *net, const dp_tensor *labels)
{
    return net->loss->takes_targets && !net->per_place && dp_dtype_is_float(labels->dtype) &&
           labels->rank > 1 && labels->shape[0] == net->share.batch &&
           dp_tensor_count(labels) == (size_t)(net->share.batch * net->classes);
}

static dp_status check_labels(dp_net *net, const dp_tensor *labels, dp_error *err)
{
    const int64_t all = net->share.batch * net->rows;
    const dp_status status = dp_tensor_check_data(labels, "labels", err);

    if (status != DP_OK)
        return status;
    net->has_targets = are_targets(net, labels);
    if (net->has_targets)
        return DP_OK;
    if (!are_labels(net, labels))
        return refuse_labels(net, labels, err);
    for (int64_t i = 0; i < all; i++) {
        const int64_t label = dp_load_int(labels->data, labels->dtype, (size_t)i);
        if (label < 0 || label >= net->classes)
            return dp_fail(err, DP_EINVAL,
                           "label %s of sample %lld is not a class: the net has %lld",
                           dp_print_int(labels->data, labels->dtype, (size_t)i).text,
                           (long long)(i / net->rows), (long long)net->classes);
    }
    return DP_OK;
}

static void take_labels(dp_net *net, const dp_tensor *labels)
{
    const int64_t size = net->has_targets ? net->classes : net->rows,
                  first = net->share.first * size, n = net->share.n * size;

    for (int64_t i = 0; i < n; i++) {
        if (net->has_targets)
            net->targets[i] = dp_load_f32(labels->data, labels->dtype, (size_t)(first + i));
        else
            net->labels[i] = dp_load_int(labels->data, labels->dtype, (size_t)(first + i));
    }
}

/* The batch, whole, before its first small batch. */
static dp_status check_batch(dp_net *net, const dp_tensor *input, const dp_tensor *labels,
                             dp_error *err)
{
    dp_tensor expected = net->input;
    dp_status status = dp_tensor_check_data(input, "the input", err);

    if (status != DP_OK)
        return status;
    if (input->rank > 0)
        expected.shape[0] = input->shape[0];
    if (!dp_tensor_same_type(input, &expected) || input->shape[0] < 1 ||
        input->shape[0] > net->most)
        return dp_fail(err, DP_EINVAL, "the input is %s: the net takes %s, or fewer samples",
                       dp_tensor_type(input).text, dp_tensor_type(&net->input).text);
    dp_share_cut(&net->share, input->shape[0]);
    return labels == NULL ? DP_OK : check_labels(net, labels, err);
}

/* A transfer that failed on the way. */
static dp_status check_group(const dp_net *net, dp_error *err)
{
    if (!net->share.failed)
        return DP_OK;
    if (err != NULL)
        *err = *net->share.error;
    return net->share.error->status;
}

/* The digest of all that the steps have changed. */
static void state_digest(const dp_net *net, uint8_t digest[16])
{
    dp_hash h;

    dp_hash_init(&h);
    dp_hash_u64(&h, net->step);
    for (uint32_t i = 0; i < net->n_parameters; i++) {
        const dp_parameter *p = &net->parameters[i];
        dp_tensor t = p->value;
        dp_hash_tensor(&h, &t);
        for (int m = 0; m < DP_MAX_MOMENTS && p->moments[m] != NULL; m++) {
            t.data = p->moments[m];
            dp_hash_tensor(&h, &t);
        }
    }
    dp_hash_final(&h, digest);
}

/* Whether all ranks would do the same: asked before the first step. */
static dp_status agree(dp_net *net, dp_error *err)
{
    uint8_t digest[16], numerics[16];
    dp_status status;
    dp_hash h;

    if (net->agreed || net->share.group == NULL)
        return DP_OK;
    status = dp_numeric_check(numerics, err);
    if (status != DP_OK)
        return status;
    dp_hash_init(&h);
    dp_hash_text(&h, DETPIPE_VERSION);
    dp_hash_bytes(&h, numerics, sizeof numerics);
    dp_hash_final(&h, digest);
    status = dp_group_check(net->share.group, digest, "build (version, arithmetic)", err);
    dp_hash_init(&h);
    dp_hash_text(&h, net->spec);
    dp_hash_u64(&h, net->seed);
    dp_hash_text(&h, dp_tensor_type(&net->input).text);
    dp_hash_final(&h, digest);
    if (status == DP_OK)
        status = dp_group_check(net->share.group, digest, "net, seed or batch size", err);
    state_digest(net, digest);
    if (status == DP_OK)
        status = dp_group_check(net->share.group, digest, "step, or other weights,", err);
    net->agreed = status == DP_OK;
    return status;
}

/* Whether the row's largest output is the label's: the first of equals, the first NaN.  Targets may
 * be anything. */
static bool is_correct(const dp_net *net, int64_t row)
{
    const float *x = net->units[net->n_units - 1].y + row * net->classes;
    int64_t best = 0;

    for (int64_t j = 1; j < net->classes; j++) {
        if (x[j] > x[best] || (x[j] != x[j] && x[best] == x[best]))
            best = j;
    }
    return !net->has_targets && best == net->labels[row];
}

typedef struct judging {
    const dp_net *net;
    const dp_loss_run *run;
} judging;

static void judge_row(void *ctx, uint64_t i)
{
    const judging *j = ctx;
    j->net->loss->row(j->run, (int64_t)i);
}

/* The loss, and how many are correct: with the last small batch of the whole batch. */
static void judge(dp_net *net, bool training, dp_net_result *out)
{
    const dp_unit *last = &net->units[net->n_units - 1];
    const int64_t own = net->share.n * net->rows, total = net->share.batch * net->rows;
    const dp_loss_run r = {.total = total,
                           .classes = net->classes,
                           .x = last->y,
                           .labels = net->labels,
                           .dx = training ? last->dy : NULL,
                           .row_loss = net->row_loss,
                           .params = net->loss_params,
                           .targets = net->has_targets ? net->targets : NULL};
    judging j = {net, &r};
    double *sums = net->leaf_sums;

    dp_workers_run(net->workers, (uint64_t)own, judge_row, &j);
    memset(sums, 0, 2 * sizeof *sums * (size_t)dp_share_leaves(&net->share));
    for (int64_t i = 0; i < own; i++) {
        double *leaf = sums + 2 * (i / net->rows / net->leaf);
        leaf[0] += net->row_loss[i];
        leaf[1] += (double)is_correct(net, i);
    }
    dp_share_sum(&net->share, sums, 2);
    out->loss = (float)(sums[0] / (double)total);
    out->correct = (int64_t)sums[1];
}

/* [n, classes], or [n, places, classes]. */
static dp_tensor output_of(const dp_net *net)
{
    const dp_unit *last = &net->units[net->n_units - 1];
    const int64_t n = net->share.n;

    return net->per_place ? (dp_tensor){last->y, DP_F32, 3, {n, net->rows, net->classes}}
                          : (dp_tensor){last->y, DP_F32, 2, {n, dp_extent_size(&last->out)}};
}

static dp_status forward(dp_net *net, const dp_tensor *input, const dp_tensor *labels,
                         bool training, dp_net_result *out, dp_error *err)
{
    take_samples(net, input);
    dp_net_forward(net, training);
    net->passed = true;
    *out = (dp_net_result){.output = output_of(net)};
    if (labels != NULL) {
        take_labels(net, labels);
        judge(net, training, out);
    }
    return check_group(net, err);
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
    const void *params; /* of the optimizer */
    dp_learning step;
} update;

static void update_block(void *ctx, uint64_t index)
{
    const update *u = ctx;
    const int64_t first = (int64_t)index * UPDATE_BLOCK, left = u->p->count - first;
    float *moments[DP_MAX_MOMENTS];

    for (int i = 0; i < DP_MAX_MOMENTS; i++)
        moments[i] = u->p->moments[i] == NULL ? NULL : u->p->moments[i] + first;
    u->net->optimizer->update(
        u->params, u->net->kernels, &u->step, left < UPDATE_BLOCK ? left : UPDATE_BLOCK,
        (float *)u->p->value.data + first, (const float *)u->p->gradient.data + first, moments);
}

static void update_all(dp_net *net)
{
    for (uint32_t i = 0; i < net->n_groups; i++)
        net->groups[i].rate = dp_schedule_rate(net->groups[i].params, net->step);
    for (uint32_t i = 0; i < net->n_parameters; i++) {
        const dp_parameter *p = &net->parameters[i];
        const dp_param_group *g = &net->groups[p->group];
        update u = {
            net, p, g->params, {net->step, g->rate, dp_schedule_decays(g->params, p->name)}};
        if (!p->is_state)
            dp_workers_run(net->workers, blocks_of(p), update_block, &u);
    }
}

static dp_status backward(dp_net *net, float loss, dp_error *err)
{
    if (!dp_is_finite32(loss))
        return dp_fail(err, DP_ESTATE,
                       "step %llu: the loss is not finite; the weights are as they were",
                       (unsigned long long)net->step);
    dp_net_backward(net);
    net->stepped = net->share.last;
    return check_group(net, err);
}

/* The gradients of the batch, one small batch after the other. */
static dp_status find_gradients(dp_net *net, const dp_tensor *input, const dp_tensor *labels,
                                dp_net_result *out, dp_error *err)
{
    dp_status status;

    do {
        status = forward(net, input, labels, true, out, err);
        if (status == DP_OK)
            status = backward(net, out->loss, err);
    } while (status == DP_OK && dp_share_next(&net->share));
    return status == DP_OK ? check_gradients(net, err) : status;
}

static void learn(dp_net *net)
{
    dp_net_clip(net);
    update_all(net);
    dp_net_commit(net);
    net->step++;
}

/* Small batches are subtrees, so not every number of them can be had. */
static dp_status check_accumulation(const dp_net *net, dp_error *err)
{
    const long long meant = dp_net_accumulates(net), found = dp_net_small_batches(net, net->most),
                    leaf = net->leaf, small = net->small;

    if (meant == found)
        return DP_OK;
    if (small <= leaf)
        return dp_fail(
            err, DP_ESPEC,
            "accumulate=%lld: a batch of %lld samples with leaf_size=%lld makes %lld small "
            "ones at most: lower one of them, or take batches of more than %lld samples",
            meant, (long long)net->most, leaf, found, (meant - 1) * leaf);
    return dp_fail(err, DP_ESPEC,
                   "accumulate=%lld does not cut a batch of %lld samples into small ones of "
                   "leaf_size=%lld times a power of two: accumulate=%lld makes them of %lld, "
                   "accumulate=%lld of %lld; or take batches of %lld or %lld samples",
                   meant, (long long)net->most, leaf, found, small,
                   (long long)(net->most + small / 2 - 1) / (small / 2), small / 2,
                   meant * small / 2, meant * small);
}

dp_status dp_net_step(dp_net *net, const dp_tensor *input, const dp_tensor *labels,
                      dp_net_result *out, dp_error *err)
{
    dp_net_result result;
    dp_status status;

    if (net == NULL || labels == NULL)
        return dp_fail(err, DP_EINVAL, "dp_net_step: %s is NULL",
                       net == NULL ? "the net" : "labels");
    if (net->loss == NULL || net->optimizer == NULL)
        return dp_fail(err, DP_EINVAL, "dp_net_step: the net's text has no %s",
                       net->loss == NULL ? "loss" : "optimizer");
    status = dp_handle_enter(&net->handle, err);
    if (status != DP_OK)
        return status;
    status = check_accumulation(net, err);
    if (status == DP_OK)
        status = check_batch(net, input, labels, err);
    if (status == DP_OK)
        status = agree(net, err);
    if (status == DP_OK)
        status = find_gradients(net, input, labels, &result, err);
    if (status == DP_OK)
        learn(net);
    dp_handle_leave(&net->handle, status);
    if (status == DP_OK && out != NULL)
        *out = result;
    return status;
}

dp_status dp_net_eval(dp_net *net, const dp_tensor *input, const dp_tensor *labels,
                      dp_net_result *out, dp_error *err)
{
    dp_net_result result;
    dp_status status;

    if (net == NULL || out == NULL)
        return dp_fail(err, DP_EINVAL, "dp_net_eval: %s is NULL",
                       net == NULL ? "the net" : "result");
    if (labels != NULL && net->loss == NULL)
        return dp_fail(err, DP_EINVAL,
                       "dp_net_eval: labels need a loss, and the net's text has none");
    status = dp_handle_enter(&net->handle, err);
    if (status != DP_OK)
        return status;
    status = check_batch(net, input, labels, err);
    if (status == DP_OK) {
        do
            status = forward(net, input, labels, false, &result, err);
        while (status == DP_OK && dp_share_next(&net->share));
    }
    dp_handle_leave(&net->handle, status);
    if (status == DP_OK)
        *out = result;
    return status;
}

/* ---- looking at it ---- */

int dp_net_takes(const dp_net *net, uint64_t n_samples, uint64_t sample)
{
    return net == NULL || dp_share_has(&net->share, (int64_t)n_samples, (int64_t)sample);
}

uint64_t dp_net_tell(const dp_net *net) { return net != NULL ? net->step : 0; }

bool dp_net_is_note(const char *text)
{
    const size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789 =.:_-");
    return text[n] == '\0' && n < sizeof((dp_net *)NULL)->note;
}

dp_status dp_net_set_note(dp_net *net, const char *note, dp_error *err)
{
    if (net == NULL || note == NULL || !dp_net_is_note(note))
        return dp_fail(err, DP_EINVAL,
                       "dp_net_set_note: at most 511 letters, digits, blanks and =.:_-");
    memcpy(net->note, note, strlen(note) + 1);
    return DP_OK;
}

const char *dp_net_note(const dp_net *net) { return net != NULL ? net->note : NULL; }

double dp_net_learning_rate(const dp_net *net, uint64_t step)
{
    return net != NULL && net->optimizer != NULL ? dp_schedule_rate(net->optimizer_params, step)
                                                 : 0.0;
}

const char *dp_net_spec(const dp_net *net) { return net != NULL ? net->spec : NULL; }

const dp_tensor *dp_net_parameter(const dp_net *net, size_t index, const char **name)
{
    if (net == NULL || index >= net->n_parameters)
        return NULL;
    if (name != NULL)
        *name = net->parameters[index].name;
    return &net->parameters[index].value;
}

const dp_tensor *dp_net_gradient(const dp_net *net, size_t index)
{
    return net != NULL && index < net->n_parameters && net->stepped
               ? &net->parameters[index].gradient
               : NULL;
}

/* In place, a layer writes over the output of the one before, and backward the other way round. */
const char *dp_net_layer(const dp_net *net, size_t index, dp_tensor *output, dp_tensor *gradient)
{
    if (net == NULL || index >= net->n_units)
        return NULL;
    const dp_unit *u = &net->units[index];
    const bool first = index == 0, last = index + 1 == net->n_units;
    const dp_tensor shape = {
        NULL, DP_F32, 4, {net->share.n, u->out.height, u->out.width, u->out.channels}};
    if (output != NULL) {
        *output = shape;
        output->data = net->passed && (last || u[1].y != u->y) ? u->y : NULL;
    }
    if (gradient != NULL) {
        *gradient = shape;
        gradient->data =
            net->stepped && (first || u[-1].dy != u->dy || u->layer->joins) ? u->dy : NULL;
    }
    return u->label;
}

void dp_net_digest(const dp_net *net, uint8_t parameters[16], uint8_t gradients[16])
{
    dp_hash p, g;

    if (net == NULL) {
        dp_digest_give(NULL, parameters);
        dp_digest_give(NULL, gradients);
        return;
    }
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
