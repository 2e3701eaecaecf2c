/* memory.c - what a net takes: held against the limit, then made
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/net/memory.h"

#include <stdio.h>

#include "base/tensor.h"
#include "compute/net/batch.h"
#include "compute/net/units.h"

/* A function of each number, or a sum, where nobody else reads its (first) input: neither the layer
 * before it for its gradient, nor another one.  A sum after a sum is a pass of its own. */
static bool works_in_place(const dp_net *net, const dp_unit *u)
{
    if (u->layer->activate == NULL || u == net->units)
        return u->layer->activate != NULL;
    return u->input[0] == (int32_t)(u - net->units) - 1 && u[-1].n_readers == 1 &&
           !u[-1].layer->needs_y &&
           !(u->layer->joins && u[-1].layer->joins && u[-1].layer->activate != NULL);
}

/* Whether its gradient is where that of a sum is. */
static bool borrows_gradient(const dp_net *net, const dp_unit *u)
{
    return u->n_readers == 1 && dp_net_sum_of(net, u) != NULL;
}

/* Whether n samples may be so large; in double, so that the check itself cannot overflow. */
static bool fits(const dp_extent *e, int64_t n)
{
    return (double)e->channels * (double)e->height * (double)e->width * (double)n <=
           (double)DP_MAX_FLOATS;
}

/* n more of `size` bytes, or false past the limit. */
static bool add_bytes(uint64_t *bytes, uint64_t n, uint64_t size, uint64_t limit)
{
    uint64_t more;

    return !__builtin_mul_overflow(n, size, &more) &&
           !__builtin_add_overflow(*bytes, more, bytes) && *bytes <= limit;
}

static uint32_t moments_of(const dp_net *net)
{
    return net->optimizer == NULL ? 0 : dp_optimizer_moments(net->optimizer, net->optimizer_params);
}

/* Adds what the unit takes at least: y and dy, what it keeps, its parameters with their gradients,
 * also of small batches before, and moments. */
static bool count_unit(dp_net_builder *b, const dp_unit *u, const dp_layer_plan *plan,
                       uint64_t limit)
{
    const dp_net *net = b->net;
    const uint64_t copies = 2 + moments_of(net) + (uint64_t)dp_kept_rows(dp_net_accumulates(net));
    const uint64_t outputs =
        works_in_place(net, u) ? 0 : (2 - borrows_gradient(net, u)) * sizeof(float);
    uint64_t with_workspace;
    bool fits =
        add_bytes(&b->bytes, (uint64_t)(net->own * dp_extent_size(&u->out)), outputs, limit) &&
        add_bytes(&b->bytes, plan->memory, 1, limit);

    for (uint32_t i = 0; i < plan->n_weights && fits; i++) {
        const dp_tensor value = dp_net_weight_tensor(&plan->weights[i]);
        const uint64_t of_it = i == 0 && u->tied >= 0 ? 1 : copies; /* its gradient */
        fits = dp_tensor_fits(&value) &&
               add_bytes(&b->bytes, dp_tensor_count(&value), of_it * sizeof(float), limit);
    }
    with_workspace = b->bytes;
    return fits && add_bytes(&with_workspace, b->workspace, sizeof(float), limit);
}

dp_status dp_net_check_size(dp_net_builder *b, const dp_unit *u, const dp_layer_plan *plan)
{
    const uint64_t memory = b->net->handle.options.memory;
    const bool given = memory != 0 && memory < DP_MAX_NET;
    const uint64_t limit = given ? memory : DP_MAX_NET;

    if (!fits(&plan->out, b->net->small) || plan->workspace > (size_t)DP_MAX_FLOATS)
        return dp_fail(b->err, DP_ELIMIT, "%s: a batch would be more than 2^40 numbers", u->label);
    return count_unit(b, u, plan, limit)
               ? DP_OK
               : dp_fail(b->err, DP_ELIMIT,
                         "%s: the net up to it would take more than %s%llu bytes", u->label,
                         given ? "dp_options.memory = " : "", (unsigned long long)limit);
}

float *dp_net_floats(dp_net *net, int64_t a, int64_t b)
{
    size_t n;
    return dp_mul((size_t)a, (size_t)b, &n) ? dp_arena_alloc(&net->handle.arena, n, sizeof(float))
                                            : NULL;
}

/* What the unit computes. */
static dp_status alloc_unit(dp_net *net, dp_unit *u, size_t memory, dp_error *err)
{
    const bool first = u == net->units, in_place = works_in_place(net, u);

    u->y = !in_place ? dp_net_floats(net, net->own, dp_extent_size(&u->out))
           : first   ? net->x
                     : u[-1].y;
    u->dy = in_place && !first         ? u[-1].dy
            : borrows_gradient(net, u) ? NULL
                                       : dp_net_floats(net, net->own, dp_extent_size(&u->out));
    u->memory = dp_arena_alloc(&net->handle.arena, memory, 1);
    return u->y != NULL && (u->dy != NULL || borrows_gradient(net, u)) && u->memory != NULL
               ? DP_OK
               : dp_arena_fail(&net->handle.arena, err, "activations");
}

static dp_status add_parameter(dp_net *net, const dp_weight *w, const dp_unit *u, dp_error *err)
{
    dp_parameter *p = &net->parameters[net->n_parameters];
    char name[DP_MAX_NAME + 64];
    const int length = snprintf(name, sizeof name, "%s.%s", u->label, w->suffix);

    p->value = dp_net_weight_tensor(w);
    p->gradient = p->value;
    p->count = (int64_t)dp_tensor_count(&p->value);
    p->layer = u->layer->info.name;
    p->fan_in = w->fan_in;
    p->fan_out = w->fan_out;
    p->is_bias = w->is_bias;
    p->given = w->given;
    p->is_state = w->is_state;
    p->initial = w->initial;
    p->name = dp_arena_text(&net->handle.arena, name, (size_t)length);
    p->value.data = dp_net_floats(net, p->count, 1);
    if (p->name == NULL || p->value.data == NULL)
        return dp_arena_fail(&net->handle.arena, err, name);
    for (uint32_t i = 0; i < moments_of(net); i++) {
        p->moments[i] = dp_net_floats(net, p->count, 1);
        if (p->moments[i] == NULL)
            return dp_arena_fail(&net->handle.arena, err, name);
    }
    net->n_parameters++;
    return DP_OK;
}

/* The last use of a parameter, or -1. */
static int32_t last_use(const dp_net *net, uint32_t parameter)
{
    int32_t i = (int32_t)net->n_uses - 1;

    while (i >= 0 && net->uses[i].parameter != parameter)
        i--;
    return i;
}

/* Weight i of the unit: a parameter of its own, or another unit's. */
static dp_status add_use(dp_net_builder *b, dp_unit *u, const dp_weight *w, uint32_t i)
{
    dp_net *net = b->net;
    dp_use *use = &net->uses[net->n_uses];
    const bool tied = i == 0 && u->tied >= 0;
    const dp_status status = tied ? DP_OK : add_parameter(net, w, u, b->err);

    if (status != DP_OK)
        return status;
    use->parameter =
        tied ? net->uses[net->units[u->tied].first_use].parameter : net->n_parameters - 1;
    use->before = last_use(net, use->parameter);
    use->whole = w->whole;
    use->gradient = w->whole ? dp_net_floats(net, net->parameters[use->parameter].count, 1)
                             : NULL; /* or in the buckets */
    if (w->whole && use->gradient == NULL)
        return dp_arena_fail(&net->handle.arena, b->err, "a gradient");
    net->n_uses++;
    return DP_OK;
}

dp_status dp_net_make_units(dp_net_builder *b)
{
    dp_net *net = b->net;
    int64_t spread = 0;

    net->x = dp_net_floats(net, net->own, dp_extent_size(&net->in));
    if (net->x == NULL)
        return dp_arena_fail(&net->handle.arena, b->err, "the input");
    for (uint32_t n = 0; n < net->n_units; n++) {
        dp_unit *u = &net->units[n];
        const int64_t size = net->own * dp_extent_size(&u->out);
        dp_status status = alloc_unit(net, u, b->plans[n].memory, b->err);
        u->first_use = net->n_uses;
        for (uint32_t i = 0; i < u->n_weights && status == DP_OK; i++)
            status = add_use(b, u, &b->plans[n].weights[i], i);
        if (status != DP_OK)
            return status;
        if (u->n_readers > 1 && size > spread)
            spread = size;
    }
    for (uint32_t n = 0; n < net->n_units; n++) {
        dp_unit *u = &net->units[n];
        u->dy = borrows_gradient(net, u) ? dp_net_sum_of(net, u)->dy : u->dy;
    }
    net->spread = dp_net_floats(net, spread, 1);
    if (net->spread == NULL)
        return dp_arena_fail(&net->handle.arena, b->err, "the workspace");
    net->workspace = dp_net_floats(net, (int64_t)b->workspace, 1);
    return net->workspace == NULL ? dp_arena_fail(&net->handle.arena, b->err, "the workspace")
                                  : DP_OK;
}

static bool takes_targets(const dp_net *net)
{
    return net->loss != NULL && net->loss->takes_targets && !net->per_place;
}

dp_status dp_net_make_rows(dp_net_builder *b)
{
    dp_net *net = b->net;
    const size_t own = (size_t)net->own, rows = own * (size_t)net->rows;

    net->labels = dp_arena_alloc(&net->handle.arena, rows, sizeof *net->labels);
    net->row_loss = dp_arena_alloc(&net->handle.arena, rows, sizeof *net->row_loss);
    net->leaf_sums = dp_arena_alloc(&net->handle.arena, 2 * own, sizeof *net->leaf_sums);
    net->targets = dp_net_floats(net, takes_targets(net) ? net->own : 0, net->classes);
    return net->labels != NULL && net->row_loss != NULL && net->leaf_sums != NULL &&
                   net->targets != NULL
               ? DP_OK
               : dp_arena_fail(&net->handle.arena, b->err, "the labels");
}
