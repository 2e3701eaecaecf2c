/* build.c - fitting a net text to its input
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/tensor.h"
#include "compute/net.h"

typedef struct builder {
    dp_net *net;
    dp_text text;
    const dp_stage_info **infos;
    void **params;
    dp_error *err;
    size_t workspace;
} builder;

static size_t struct_size(const dp_stage_info *info)
{
#define SIZE_IN(list)                                                                              \
    for (size_t i = 0; list[i] != NULL; i++) {                                                     \
        if (&list[i]->info == info)                                                                \
            return list[i]->size;                                                                  \
    }
    SIZE_IN(dp_layers)
    SIZE_IN(dp_losses)
    SIZE_IN(dp_optimizers)
    SIZE_IN(dp_initializers)
    return sizeof(dp_initial);
}

static const dp_layer *layer_of(const dp_stage_info *info)
{
    for (size_t i = 0; dp_layers[i] != NULL; i++) {
        if (&dp_layers[i]->info == info)
            return dp_layers[i];
    }
    return NULL;
}

static dp_status at_stage(const builder *b, uint32_t i, dp_status status)
{
    if (status != DP_OK && b->err != NULL)
        b->err->column = b->text.stages[i].column;
    return status;
}

static dp_status bind_stages(builder *b)
{
    dp_arena *arena = &b->net->arena;

    b->infos = dp_arena_alloc(arena, b->text.n_stages, sizeof *b->infos);
    b->params = dp_arena_alloc(arena, b->text.n_stages, sizeof *b->params);
    if (b->infos == NULL || b->params == NULL)
        return dp_arena_fail(arena, b->err, "the stages");
    for (uint32_t i = 0; i < b->text.n_stages; i++) {
        const char *hint;
        dp_status status;
        b->infos[i] = dp_stage_find(dp_net_table, dp_n_net_stages, b->text.stages[i].name, &hint);
        if (b->infos[i] == NULL)
            return dp_stage_unknown(&b->text.stages[i], hint, "stage of a net", b->err);
        b->params[i] = dp_arena_alloc(arena, 1, struct_size(b->infos[i]) + 1); /* none is empty */
        if (b->params[i] == NULL)
            return dp_arena_fail(arena, b->err, "the stages");
        status = dp_params_bind(b->infos[i], &b->text.stages[i], b->params[i], b->err);
        if (status != DP_OK)
            return status;
    }
    return DP_OK;
}

/* init, layers, loss, optimizer: each kind only after the ones before it. */
static dp_status check_places(const builder *b)
{
    static const char *const kinds[] = {"init", "layer", "loss", "optimizer"};
    int last = -1;

    for (uint32_t i = 0; i < b->text.n_stages; i++) {
        int kind = 0;
        while (kind < 4 && strcmp(b->infos[i]->kind, kinds[kind]) != 0)
            kind++;
        if (kind == 4)
            return dp_fail_at(b->err, DP_ESPEC, b->text.stages[i].column,
                              "%s is an initializer: give it to init", b->infos[i]->name);
        if (kind < last || (kind == last && kind != 1))
            return dp_fail_at(b->err, DP_ESPEC, b->text.stages[i].column,
                              "%s is out of place: a net is init, layers, one loss, "
                              "one optimizer",
                              b->infos[i]->name);
        last = kind;
    }
    if (b->net->n_units == 0)
        return dp_fail_at(b->err, DP_ESPEC, 1, "the net has no layer");
    return DP_OK;
}

static float *floats(dp_net *net, int64_t a, int64_t b)
{
    size_t n;
    return dp_mul((size_t)a, (size_t)b, &n) ? dp_arena_alloc(&net->arena, n, sizeof(float)) : NULL;
}

/* In double, so that the check itself cannot overflow. */
static bool fits(const dp_extent *e, int64_t n)
{
    return (double)e->channels * (double)e->height * (double)e->width * (double)n <=
           (double)DP_MAX_FLOATS;
}

static dp_status add_parameter(dp_net *net, const dp_weight *w, const char *prefix, uint32_t number,
                               dp_error *err)
{
    dp_parameter *p = &net->parameters[net->n_parameters];
    char name[DP_MAX_NAME + 32];
    const int length = snprintf(name, sizeof name, "%s%u.%s", prefix, number, w->suffix);

    p->value =
        (dp_tensor){NULL, DP_F32, w->rank, {w->shape[0], w->shape[1], w->shape[2], w->shape[3]}};
    if (!dp_tensor_fits(&p->value))
        return dp_fail(err, DP_ELIMIT, "%s is too large", name);
    p->gradient = p->value;
    p->count = (int64_t)dp_tensor_count(&p->value);
    p->fan_in = w->fan_in;
    p->is_bias = w->is_bias;
    p->name = dp_arena_text(&net->arena, name, (size_t)length);
    p->value.data = floats(net, p->count, 1);
    p->gradient.data = floats(net, p->count, 1);
    if (p->name == NULL || p->value.data == NULL || p->gradient.data == NULL)
        return dp_arena_fail(&net->arena, err, name);
    for (uint32_t i = 0; net->optimizer != NULL && i < net->optimizer->n_moments; i++) {
        p->moments[i] = floats(net, p->count, 1);
        if (p->moments[i] == NULL)
            return dp_arena_fail(&net->arena, err, name);
    }
    net->n_parameters++;
    return DP_OK;
}

/* How many layers with this prefix stand up to stage i, itself included. */
static uint32_t number_of(const builder *b, uint32_t i)
{
    uint32_t n = 0;
    for (uint32_t j = 0; j <= i; j++)
        n += layer_of(b->infos[j]) != NULL && b->infos[j] == b->infos[i];
    return n;
}

/* What the unit computes; a function of each number works in place, but not after another one,
 * whose gradient needs its own y. */
static dp_status alloc_unit(dp_net *net, dp_unit *u, size_t memory, dp_error *err)
{
    const bool first = u == net->units,
               in_place = u->layer->activate != NULL && (first || u[-1].layer->activate == NULL);

    u->y = !in_place ? floats(net, net->most, dp_extent_size(&u->out)) : first ? net->x : u[-1].y;
    u->dy = in_place && !first ? u[-1].dy : floats(net, net->most, dp_extent_size(&u->out));
    u->memory = dp_arena_alloc(&net->arena, memory, 1);
    return u->y != NULL && u->dy != NULL && u->memory != NULL
               ? DP_OK
               : dp_arena_fail(&net->arena, err, "activations");
}

static dp_status plan_unit(builder *b, uint32_t stage, dp_unit *u, const dp_extent *in)
{
    dp_net *net = b->net;
    dp_layer_plan plan = {.n = net->most, .kernels = net->kernels, .in = *in, .out = *in};
    dp_status status;

    u->layer = layer_of(b->infos[stage]);
    u->params = b->params[stage];
    u->key = dp_rng_key(net->seed, u->layer->info.name, number_of(b, stage));
    status = u->layer->plan != NULL ? u->layer->plan(u->params, &plan, b->err) : DP_OK;
    if (status != DP_OK)
        return status;
    if (!fits(&plan.out, net->most) || plan.workspace > (size_t)DP_MAX_FLOATS)
        return dp_fail(b->err, DP_ELIMIT, "%s: a batch would be more than 2^40 numbers",
                       b->infos[stage]->name);
    u->in = plan.in;
    u->out = plan.out;
    u->n_weights = plan.n_weights;
    u->first_weight = net->n_parameters;
    b->workspace = dp_max_size(plan.workspace, b->workspace);
    status = alloc_unit(net, u, plan.memory, b->err);
    for (uint32_t i = 0; i < plan.n_weights && status == DP_OK; i++)
        status =
            add_parameter(net, &plan.weights[i], u->layer->prefix, number_of(b, stage), b->err);
    return status;
}

static dp_status plan_units(builder *b)
{
    dp_net *net = b->net;
    const dp_extent *in = &net->in;
    uint32_t n = 0;

    net->units = dp_arena_alloc(&net->arena, net->n_units, sizeof *net->units);
    net->parameters = dp_arena_alloc(&net->arena, (size_t)net->n_units * DP_LAYER_PARAMS,
                                     sizeof *net->parameters);
    net->squares =
        dp_arena_alloc(&net->arena, (size_t)net->n_units * DP_LAYER_PARAMS, sizeof *net->squares);
    net->x = floats(net, net->most, dp_extent_size(&net->in));
    if (net->squares == NULL || net->units == NULL || net->parameters == NULL || net->x == NULL)
        return dp_arena_fail(&net->arena, b->err, "the layers");
    for (uint32_t i = 0; i < b->text.n_stages; i++) {
        dp_status status;
        if (layer_of(b->infos[i]) == NULL)
            continue;
        status = at_stage(b, i, plan_unit(b, i, &net->units[n], in));
        if (status != DP_OK)
            return status;
        in = &net->units[n++].out;
    }
    net->classes = in->channels;
    net->workspace = floats(net, (int64_t)b->workspace, 1);
    return net->workspace == NULL ? dp_arena_fail(&net->arena, b->err, "the workspace") : DP_OK;
}

/* What the init stage says where there is none: the defaults of its table. */
static dp_status bind_initial(builder *b)
{
    const dp_text_stage none = {.name = "init"};
    return dp_params_bind(&dp_init_info, &none, &b->net->initial, b->err);
}

/* Sorts the stages out: where the loss and the optimizer are, how many layers there are. */
static void find_ends(builder *b)
{
    dp_net *net = b->net;

    for (uint32_t i = 0; i < b->text.n_stages; i++) {
        net->n_units += layer_of(b->infos[i]) != NULL;
        for (size_t j = 0; dp_losses[j] != NULL; j++) {
            if (&dp_losses[j]->info == b->infos[i])
                net->loss = dp_losses[j], net->loss_params = b->params[i];
        }
        for (size_t j = 0; dp_optimizers[j] != NULL; j++) {
            if (&dp_optimizers[j]->info == b->infos[i])
                net->optimizer = dp_optimizers[j], net->optimizer_params = b->params[i];
        }
        if (b->infos[i] == &dp_init_info)
            net->initial = *(const dp_initial *)b->params[i];
    }
}

/* At the stage that these are the parameters of. */
static dp_status at_params(const builder *b, const void *params, dp_status status)
{
    uint32_t i = 0;

    while (b->params[i] != params)
        i++;
    return at_stage(b, i, status);
}

static dp_status check_optimizer(const builder *b)
{
    const dp_net *net = b->net;

    return net->optimizer == NULL ? DP_OK
                                  : at_params(b, net->optimizer_params,
                                              dp_schedule_check(net->optimizer_params, b->err));
}

static dp_status plan_loss(const builder *b)
{
    dp_net *net = b->net;
    const dp_extent *out = &net->units[net->n_units - 1].out;

    net->leaf = 1;
    if (net->loss == NULL)
        return DP_OK;
    if (out->height != 1 || out->width != 1)
        return at_params(b, net->loss_params,
                         dp_fail(b->err, DP_ESPEC, "%s takes features: put flatten before it",
                                 net->loss->info.name));
    return at_params(b, net->loss_params,
                     net->loss->plan(net->loss_params, net->most, &net->leaf, b->err));
}

static dp_status plan_ends(builder *b)
{
    dp_net *net = b->net;
    const dp_status status = plan_loss(b);

    net->labels = dp_arena_alloc(&net->arena, (size_t)net->most, sizeof *net->labels);
    net->sample_loss = dp_arena_alloc(&net->arena, (size_t)net->most, sizeof *net->sample_loss);
    if (status == DP_OK && (net->labels == NULL || net->sample_loss == NULL))
        return dp_arena_fail(&net->arena, b->err, "the labels");
    return status;
}

static void print_stages(const void *ctx, dp_out *out)
{
    const builder *b = ctx;

    dp_params_print(&dp_init_info, &b->net->initial, out);
    for (uint32_t i = 0; i < b->text.n_stages; i++) {
        if (b->infos[i] == &dp_init_info)
            continue;
        dp_out_text(out, " | ");
        dp_params_print(b->infos[i], b->params[i], out);
    }
}

static dp_status print_spec(builder *b)
{
    b->net->spec = dp_out_arena(&b->net->arena, print_stages, b, NULL);
    return b->net->spec != NULL ? DP_OK
                                : dp_arena_fail(&b->net->arena, b->err, "the canonical text");
}

dp_status dp_net_build(dp_net *net, const char *text, dp_error *err)
{
    builder b = {.net = net, .err = err};
    dp_status status =
        dp_text_parse(text, strnlen(text, DP_MAX_TEXT + 1), &net->arena, &b.text, err);

    if (status == DP_OK)
        status = bind_initial(&b);
    if (status == DP_OK)
        status = bind_stages(&b);
    if (status == DP_OK) {
        find_ends(&b);
        status = check_places(&b);
    }
    if (status == DP_OK)
        status = check_optimizer(&b);
    if (status == DP_OK)
        status = plan_units(&b);
    if (status == DP_OK)
        status = plan_ends(&b);
    if (status == DP_OK)
        status = at_stage(&b, 0, dp_net_initialize(net, err));
    return status == DP_OK ? print_spec(&b) : status;
}
