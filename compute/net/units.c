/* units.c - the layers of a net's text: which reads which, and what each makes of its input
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/net/units.h"

#include <stdio.h>
#include <string.h>

#include "base/tensor.h"
#include "compute/net/batch.h"
#include "compute/net/memory.h"

static dp_status alloc_units(dp_net_builder *b)
{
    dp_net *net = b->net;
    const size_t most = (size_t)net->n_units * DP_LAYER_PARAMS;

    net->units = dp_arena_alloc(&net->handle.arena, net->n_units, sizeof *net->units);
    b->plans = dp_arena_alloc(&net->handle.arena, net->n_units, sizeof *b->plans);
    net->uses = dp_arena_alloc(&net->handle.arena, most, sizeof *net->uses);
    net->parameters = dp_arena_alloc(&net->handle.arena, most, sizeof *net->parameters);
    net->squares = dp_arena_alloc(&net->handle.arena, most, sizeof *net->squares);
    return net->squares == NULL || net->units == NULL || b->plans == NULL || net->uses == NULL ||
                   net->parameters == NULL
               ? dp_arena_fail(&net->handle.arena, b->err, "the layers")
               : DP_OK;
}

/* The unit of that name before unit n. */
static dp_status find_unit(const dp_net_builder *b, uint32_t n, const dp_text_arg *from,
                           int32_t *out)
{
    for (*out = (int32_t)n - 1; *out >= 0; --*out) {
        const char *name = b->net->units[*out].name;
        if (name != NULL && strcmp(name, from->value) == 0)
            return DP_OK;
    }
    return dp_fail_at(b->err, DP_ESPEC, from->value_column,
                      "no layer before this one has name=%.60s", from->value);
}

static dp_status link_unit(const dp_net_builder *b, uint32_t stage, uint32_t n)
{
    dp_unit *u = &b->net->units[n];
    const dp_net_link *l = &b->links[stage];
    dp_status status = DP_OK;
    int32_t taken;

    u->layer = dp_layer_of(b->infos[stage]);
    u->params = b->params[stage];
    u->input[0] = (int32_t)n - 1;
    u->input[1] = DP_NO_UNIT;
    u->first_reader = u->last_reader = DP_NO_UNIT;
    u->tied = DP_NO_UNIT;
    if (l->name != NULL && l->name->value[0] == '\0')
        return dp_fail_at(b->err, DP_ESPEC, l->name->value_column, "a name has at least a letter");
    if (l->name != NULL && find_unit(b, n, l->name, &taken) == DP_OK)
        return dp_fail_at(b->err, DP_ESPEC, l->name->value_column,
                          "name=%.60s is the name of another layer", l->name->value);
    if (l->from != NULL)
        status = find_unit(b, n, l->from, &u->input[u->layer->joins]);
    else if (u->layer->joins)
        status = dp_fail_at(b->err, DP_ESPEC, b->text.stages[stage].column,
                            "%s takes two inputs: name the second with from=", u->layer->info.name);
    if (status == DP_OK && l->tied != NULL)
        status = find_unit(b, n, l->tied, &u->tied);
    if (status == DP_OK && u->layer->joins && n == 0)
        status = dp_fail_at(b->err, DP_ESPEC, b->text.stages[stage].column,
                            "%s cannot be the first layer", u->layer->info.name);
    u->name = l->name != NULL ? l->name->value : NULL;
    return status;
}

dp_status dp_net_link_units(dp_net_builder *b)
{
    const dp_net *net = b->net;
    const dp_status allocated = alloc_units(b);
    uint32_t n = 0;

    if (allocated != DP_OK)
        return allocated;
    for (uint32_t i = 0; i < b->text.n_stages; i++) {
        dp_status status;
        if (dp_layer_of(b->infos[i]) == NULL)
            continue;
        status = link_unit(b, i, n);
        for (int k = 0; k < 2 && status == DP_OK && net->units[n].input[k] >= 0; k++) {
            dp_unit *read = &net->units[net->units[n].input[k]];
            if (read->n_readers++ == 0)
                read->first_reader = (int32_t)n;
            read->last_reader = (int32_t)n;
        }
        if (status != DP_OK)
            return status;
        n++;
    }
    return DP_OK;
}

const dp_unit *dp_net_sum_of(const dp_net *net, const dp_unit *u)
{
    const int32_t i = (int32_t)(u - net->units);
    const dp_unit *sum = &net->units[u->n_readers > 0 ? u->last_reader : i];
    const bool is_second = sum->layer->joins && sum->layer->activate != NULL &&
                           sum->input[1] == i && sum->input[0] != i;

    if (!is_second || u->n_readers > 2)
        return NULL;
    return (u->n_readers == 1 ? u->layer->activate != NULL
                              : net->units[u->first_reader].layer->joins)
               ? NULL
               : sum;
}

/* How many layers with this prefix stand up to stage i, itself included. */
static uint32_t number_of(const dp_net_builder *b, uint32_t i)
{
    uint32_t n = 0;
    for (uint32_t j = 0; j <= i; j++)
        n += dp_layer_of(b->infos[j]) != NULL && b->infos[j] == b->infos[i];
    return n;
}

static dp_status label_unit(dp_net_builder *b, uint32_t stage, dp_unit *u)
{
    const char *prefix = u->layer->prefix != NULL ? u->layer->prefix : u->layer->info.name;
    char label[DP_MAX_NAME + 32];
    const int n = snprintf(label, sizeof label, "%s%u", prefix, number_of(b, stage));

    u->label = dp_arena_text(&b->net->handle.arena, label, (size_t)n);
    return u->label != NULL ? DP_OK : dp_arena_fail(&b->net->handle.arena, b->err, "a name");
}

static dp_extent extent_of(const dp_net *net, int32_t unit)
{
    return unit == DP_NET_INPUT ? net->in : net->units[unit].out;
}

/* Whether both hold the same numbers in the same order: the sizes but for ones at the end. */
static bool same_numbers(const dp_weight *a, const dp_weight *b)
{
    for (int32_t i = 0; i < 4; i++) {
        if ((i < a->rank ? a->shape[i] : 1) != (i < b->rank ? b->shape[i] : 1))
            return false;
    }
    return true;
}

dp_tensor dp_net_weight_tensor(const dp_weight *w)
{
    return (dp_tensor){NULL, DP_F32, w->rank, {w->shape[0], w->shape[1], w->shape[2], w->shape[3]}};
}

static dp_status check_tied(const dp_net_builder *b, const dp_unit *u, const dp_layer_plan *plan)
{
    const dp_layer_plan *other = &b->plans[u->tied];
    dp_tensor own, its;

    if (plan->n_weights == 0 || other->n_weights == 0)
        return dp_fail(b->err, DP_ESPEC, "tied=%.60s: %s has no weight",
                       b->net->units[u->tied].name,
                       plan->n_weights == 0 ? u->layer->info.name : "that layer");
    own = dp_net_weight_tensor(&plan->weights[0]);
    its = dp_net_weight_tensor(&other->weights[0]);
    return same_numbers(&plan->weights[0], &other->weights[0])
               ? DP_OK
               : dp_fail(b->err, DP_ESPEC, "tied=%.60s: its weight is %s, that of %s %s",
                         b->net->units[u->tied].name, dp_tensor_type(&its).text,
                         u->layer->info.name, dp_tensor_type(&own).text);
}

static dp_status plan_unit(dp_net_builder *b, uint32_t stage, dp_unit *u, dp_layer_plan *plan)
{
    const dp_net *net = b->net;
    const dp_extent in = extent_of(net, u->input[0]);
    dp_status status = label_unit(b, stage, u);

    *plan = (dp_layer_plan){.n = net->own,
                            .kernels = net->kernels,
                            .threads = net->handle.options.threads,
                            .accumulates = dp_net_accumulates(net) > 1,
                            .in = in,
                            .out = in};
    if (u->layer->joins)
        plan->second = extent_of(net, u->input[1]);
    u->key = dp_rng_key(net->seed, u->layer->info.name, number_of(b, stage));
    if (status == DP_OK && u->layer->plan != NULL)
        status = u->layer->plan(u->params, plan, b->err);
    if (status == DP_OK && u->tied >= 0)
        status = check_tied(b, u, plan);
    if (status != DP_OK)
        return status;
    u->in = plan->in;
    u->out = plan->out;
    u->n_weights = plan->n_weights;
    b->workspace = dp_max_size(plan->workspace, b->workspace);
    if (plan->width > b->width)
        b->width = plan->width;
    return dp_net_check_size(b, u, plan);
}

dp_status dp_net_plan_units(dp_net_builder *b)
{
    const dp_net *net = b->net;
    uint32_t n = 0;

    b->bytes = (uint64_t)(net->own * dp_extent_size(&net->in)) * sizeof(float);
    for (uint32_t i = 0; i < b->text.n_stages; i++) {
        dp_status status;
        if (dp_layer_of(b->infos[i]) == NULL)
            continue;
        status = dp_net_at_stage(b, i, plan_unit(b, i, &net->units[n], &b->plans[n]));
        if (status == DP_OK && n + 1 < net->n_units && net->units[n].n_readers == 0)
            status = dp_fail_at(b->err, DP_ESPEC, b->text.stages[i].column,
                                "nobody takes the output of this %s", b->infos[i]->name);
        if (status != DP_OK)
            return status;
        n++;
    }
    return DP_OK;
}
