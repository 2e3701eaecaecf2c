/* build.c - fitting a net text to its input
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/tensor.h"
#include "compute/net/net.h"

#define LOSS_SUMS 2 /* over the batch: of the losses, and how many are correct */

/* name=, from= and tied= of a stage, or NULL. */
typedef struct link {
    const dp_text_arg *name, *from, *tied;
} link;

static const dp_param input_params[] = {
    DP_CHOICE(dp_net_input, layout, "nchw", "nchw,nhwc",
              "[n, channels, height, width] or [n, height, width, channels]"),
    DP_PARAMS_END,
};
const dp_stage_info dp_input_info = {
    "input",
    "input",
    "how the input lies: before the layers of a net, may be left out",
    1,
    sizeof(dp_net_input),
    input_params};

typedef struct builder {
    dp_net *net;
    dp_text text;
    const dp_stage_info **infos;
    void **params;
    link *links;
    dp_layer_plan *plans; /* of the units */
    dp_error *err;
    size_t workspace;
    uint64_t bytes; /* that the units planned so far take at least */
    int64_t width;  /* of the widest sum over the batch */
} builder;

static dp_status at_stage(const builder *b, uint32_t i, dp_status status)
{
    return dp_stage_failed(b->infos[i], b->text.stages[i].column, status, b->err);
}

static dp_status bind_rest(builder *b, uint32_t i, const dp_text_stage *stage)
{
    dp_bound bound;
    const dp_status status = dp_stage_bind(b->infos[i], stage, &b->net->handle.options,
                                           &b->net->handle.arena, &bound, b->err);

    b->params[i] = bound.params;
    return status;
}

/* Those of a link are of the unit, not of its layer: taken out, so that the rest is bound. */
static dp_status bind_stage(builder *b, uint32_t i)
{
    dp_text_stage rest = b->text.stages[i];

    if (dp_layer_of(b->infos[i]) == NULL)
        return bind_rest(b, i, &rest);
    rest.args = dp_arena_alloc(&b->net->handle.arena, rest.n_args + 1, sizeof *rest.args);
    if (rest.args == NULL)
        return dp_arena_fail(&b->net->handle.arena, b->err, "the stages");
    rest.n_args = 0;
    for (uint32_t a = 0; a < b->text.stages[i].n_args; a++) {
        const dp_text_arg *arg = &b->text.stages[i].args[a];
        if (strcmp(arg->name, "name") == 0)
            b->links[i].name = arg;
        else if (strcmp(arg->name, "from") == 0)
            b->links[i].from = arg;
        else if (strcmp(arg->name, "tied") == 0)
            b->links[i].tied = arg;
        else
            rest.args[rest.n_args++] = *arg;
    }
    return bind_rest(b, i, &rest);
}

static dp_status bind_stages(builder *b)
{
    const dp_stage_list list = {"stage of a net", dp_net_table, dp_n_net_stages};
    dp_arena *arena = &b->net->handle.arena;

    b->infos = dp_arena_alloc(arena, b->text.n_stages, sizeof *b->infos);
    b->params = dp_arena_alloc(arena, b->text.n_stages, sizeof *b->params);
    b->links = dp_arena_alloc(arena, b->text.n_stages, sizeof *b->links);
    if (b->infos == NULL || b->params == NULL || b->links == NULL)
        return dp_arena_fail(arena, b->err, "the stages");
    for (uint32_t i = 0; i < b->text.n_stages; i++) {
        dp_status status = dp_stage_find(&list, &b->text.stages[i], &b->infos[i], b->err);
        if (status == DP_OK)
            status = bind_stage(b, i);
        if (status != DP_OK)
            return status;
    }
    return DP_OK;
}

/* input and init, layers, loss, optimizer: each place only after the ones before it. */
enum { HEAD, LAYER, LOSS, OPTIMIZER, NO_PLACE };

static int place_of(const dp_stage_info *info)
{
    static const char *const kinds[] = {
        [LAYER] = "layer", [LOSS] = "loss", [OPTIMIZER] = "optimizer"};
    int place = LAYER;

    if (info == &dp_input_info || info == &dp_init_info)
        return HEAD;
    while (place < NO_PLACE && strcmp(info->kind, kinds[place]) != 0)
        place++;
    return place;
}

/* Whether stage i may stand in the same place as the one before it. */
static bool may_follow(const builder *b, uint32_t i, int place)
{
    return place == LAYER || (place == HEAD && i == 1 && b->infos[0] != b->infos[1]);
}

static dp_status check_places(const builder *b)
{
    int last = -1;

    for (uint32_t i = 0; i < b->text.n_stages; i++) {
        const int place = place_of(b->infos[i]);
        if (place == NO_PLACE)
            return dp_fail_at(b->err, DP_ESPEC, b->text.stages[i].column,
                              "%s is an initializer: give it to init", b->infos[i]->name);
        if (place < last || (place == last && !may_follow(b, i, place)))
            return dp_fail_at(b->err, DP_ESPEC, b->text.stages[i].column,
                              "%s is out of place: a net is input, init, layers, one loss, "
                              "one optimizer",
                              b->infos[i]->name);
        last = place;
    }
    if (b->net->n_units == 0)
        return dp_fail_at(b->err, DP_ESPEC, 1, "the net has no layer");
    return DP_OK;
}

static float *floats(dp_net *net, int64_t a, int64_t b)
{
    size_t n;
    return dp_mul((size_t)a, (size_t)b, &n) ? dp_arena_alloc(&net->handle.arena, n, sizeof(float))
                                            : NULL;
}

/* Whether n samples may be so large; in double, so that the check itself cannot overflow. */
static bool fits(const dp_extent *e, int64_t n)
{
    return (double)e->channels * (double)e->height * (double)e->width * (double)n <=
           (double)DP_MAX_FLOATS;
}

static dp_tensor tensor_of(const dp_weight *w)
{
    return (dp_tensor){NULL, DP_F32, w->rank, {w->shape[0], w->shape[1], w->shape[2], w->shape[3]}};
}

static dp_status add_parameter(dp_net *net, const dp_weight *w, const dp_unit *u, dp_error *err)
{
    dp_parameter *p = &net->parameters[net->n_parameters];
    char name[DP_MAX_NAME + 64];
    const int length = snprintf(name, sizeof name, "%s.%s", u->label, w->suffix);

    p->value = tensor_of(w);
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
    p->value.data = floats(net, p->count, 1);
    if (p->name == NULL || p->value.data == NULL)
        return dp_arena_fail(&net->handle.arena, err, name);
    for (uint32_t i = 0; net->optimizer != NULL && i < net->optimizer->n_moments; i++) {
        p->moments[i] = floats(net, p->count, 1);
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
static dp_status add_use(builder *b, dp_unit *u, const dp_weight *w, uint32_t i)
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
    use->gradient = w->whole ? floats(net, net->parameters[use->parameter].count, 1)
                             : NULL; /* or in the buckets */
    if (w->whole && use->gradient == NULL)
        return dp_arena_fail(&net->handle.arena, b->err, "a gradient");
    net->n_uses++;
    return DP_OK;
}

/* How many layers with this prefix stand up to stage i, itself included. */
static uint32_t number_of(const builder *b, uint32_t i)
{
    uint32_t n = 0;
    for (uint32_t j = 0; j <= i; j++)
        n += dp_layer_of(b->infos[j]) != NULL && b->infos[j] == b->infos[i];
    return n;
}

/* A function of each number, where nobody else reads its input; but not after another one, whose
 * gradient needs its own y. */
static bool works_in_place(const dp_net *net, const dp_unit *u)
{
    if (u->layer->activate == NULL || u == net->units)
        return u->layer->activate != NULL;
    return &net->units[u->input[0] < 0 ? 0 : u->input[0]] == u - 1 && u->input[0] >= 0 &&
           u[-1].n_readers == 1 && u[-1].layer->activate == NULL;
}

/* What the unit computes. */
static dp_status alloc_unit(dp_net *net, dp_unit *u, size_t memory, dp_error *err)
{
    const bool first = u == net->units, in_place = works_in_place(net, u);

    u->y = !in_place ? floats(net, net->own, dp_extent_size(&u->out)) : first ? net->x : u[-1].y;
    u->dy = in_place && !first ? u[-1].dy : floats(net, net->own, dp_extent_size(&u->out));
    u->memory = dp_arena_alloc(&net->handle.arena, memory, 1);
    return u->y != NULL && u->dy != NULL && u->memory != NULL
               ? DP_OK
               : dp_arena_fail(&net->handle.arena, err, "activations");
}

static dp_extent extent_of(const dp_net *net, int32_t unit)
{
    return unit == DP_NET_INPUT ? net->in : net->units[unit].out;
}

static dp_status label_unit(builder *b, uint32_t stage, dp_unit *u)
{
    const char *prefix = u->layer->prefix != NULL ? u->layer->prefix : u->layer->info.name;
    char label[DP_MAX_NAME + 32];
    const int n = snprintf(label, sizeof label, "%s%u", prefix, number_of(b, stage));

    u->label = dp_arena_text(&b->net->handle.arena, label, (size_t)n);
    return u->label != NULL ? DP_OK : dp_arena_fail(&b->net->handle.arena, b->err, "a name");
}

/* n more of `size` bytes, or false past the limit. */
static bool add_bytes(uint64_t *bytes, uint64_t n, uint64_t size, uint64_t limit)
{
    uint64_t more;

    return !__builtin_mul_overflow(n, size, &more) &&
           !__builtin_add_overflow(*bytes, more, bytes) && *bytes <= limit;
}

/* Adds what the unit takes at least: y and dy, what it keeps, its parameters with their gradients,
 * also of small batches before, and moments. */
static bool count_unit(builder *b, const dp_unit *u, const dp_layer_plan *plan, uint64_t limit)
{
    const dp_net *net = b->net;
    const uint64_t copies = 2 + (net->optimizer != NULL ? net->optimizer->n_moments : 0) +
                            (uint64_t)dp_kept_rows(dp_net_accumulates(net));
    const uint64_t outputs = works_in_place(net, u) ? 0 : 2 * sizeof(float);
    uint64_t with_workspace;
    bool fits =
        add_bytes(&b->bytes, (uint64_t)(net->own * dp_extent_size(&u->out)), outputs, limit) &&
        add_bytes(&b->bytes, plan->memory, 1, limit);

    for (uint32_t i = 0; i < plan->n_weights && fits; i++) {
        const dp_tensor value = tensor_of(&plan->weights[i]);
        const uint64_t of_it = i == 0 && u->tied >= 0 ? 1 : copies; /* its gradient */
        fits = dp_tensor_fits(&value) &&
               add_bytes(&b->bytes, dp_tensor_count(&value), of_it * sizeof(float), limit);
    }
    with_workspace = b->bytes;
    return fits && add_bytes(&with_workspace, b->workspace, sizeof(float), limit);
}

/* Before anything is taken: so that a text of a line cannot fill the memory of a machine. */
static dp_status check_size(builder *b, const dp_unit *u, const dp_layer_plan *plan)
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

/* Whether both hold the same numbers in the same order: the sizes but for ones at the end. */
static bool same_numbers(const dp_weight *a, const dp_weight *b)
{
    for (int32_t i = 0; i < 4; i++) {
        if ((i < a->rank ? a->shape[i] : 1) != (i < b->rank ? b->shape[i] : 1))
            return false;
    }
    return true;
}

static dp_status check_tied(const builder *b, const dp_unit *u, const dp_layer_plan *plan)
{
    const dp_layer_plan *other = &b->plans[u->tied];
    dp_tensor own, its;

    if (plan->n_weights == 0 || other->n_weights == 0)
        return dp_fail(b->err, DP_ESPEC, "tied=%.60s: %s has no weight",
                       b->net->units[u->tied].name,
                       plan->n_weights == 0 ? u->layer->info.name : "that layer");
    own = tensor_of(&plan->weights[0]);
    its = tensor_of(&other->weights[0]);
    return same_numbers(&plan->weights[0], &other->weights[0])
               ? DP_OK
               : dp_fail(b->err, DP_ESPEC, "tied=%.60s: its weight is %s, that of %s %s",
                         b->net->units[u->tied].name, dp_tensor_type(&its).text,
                         u->layer->info.name, dp_tensor_type(&own).text);
}

static dp_status plan_unit(builder *b, uint32_t stage, dp_unit *u, dp_layer_plan *plan)
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
    return check_size(b, u, plan);
}

static dp_status alloc_units(builder *b)
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
static dp_status find_unit(const builder *b, uint32_t n, const dp_text_arg *from, int32_t *out)
{
    for (*out = (int32_t)n - 1; *out >= 0; --*out) {
        const char *name = b->net->units[*out].name;
        if (name != NULL && strcmp(name, from->value) == 0)
            return DP_OK;
    }
    return dp_fail_at(b->err, DP_ESPEC, from->value_column,
                      "no layer before this one has name=%.60s", from->value);
}

static dp_status link_unit(const builder *b, uint32_t stage, uint32_t n)
{
    dp_unit *u = &b->net->units[n];
    const link *l = &b->links[stage];
    dp_status status = DP_OK;
    int32_t taken;

    u->layer = dp_layer_of(b->infos[stage]);
    u->params = b->params[stage];
    u->input[0] = (int32_t)n - 1;
    u->input[1] = DP_NO_UNIT;
    u->last_reader = DP_NO_UNIT;
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

/* Which unit reads which, before anything is planned. */
static dp_status link_units(const builder *b)
{
    dp_net *net = b->net;
    uint32_t n = 0;

    for (uint32_t i = 0; i < b->text.n_stages; i++) {
        dp_status status;
        if (dp_layer_of(b->infos[i]) == NULL)
            continue;
        status = link_unit(b, i, n);
        for (int k = 0; k < 2 && status == DP_OK && net->units[n].input[k] >= 0; k++) {
            net->units[net->units[n].input[k]].n_readers++;
            net->units[net->units[n].input[k]].last_reader = (int32_t)n;
        }
        if (status != DP_OK)
            return status;
        n++;
    }
    return DP_OK;
}

static dp_status plan_units(builder *b)
{
    const dp_net *net = b->net;
    uint32_t n = 0;

    b->bytes = (uint64_t)(net->own * dp_extent_size(&net->in)) * sizeof(float);
    for (uint32_t i = 0; i < b->text.n_stages; i++) {
        dp_status status;
        if (dp_layer_of(b->infos[i]) == NULL)
            continue;
        status = at_stage(b, i, plan_unit(b, i, &net->units[n], &b->plans[n]));
        if (status == DP_OK && n + 1 < net->n_units && net->units[n].n_readers == 0)
            status = dp_fail_at(b->err, DP_ESPEC, b->text.stages[i].column,
                                "nobody takes the output of this %s", b->infos[i]->name);
        if (status != DP_OK)
            return status;
        n++;
    }
    return DP_OK;
}

/* What was planned. */
static dp_status make_units(builder *b)
{
    dp_net *net = b->net;
    int64_t spread = 0;

    net->x = floats(net, net->own, dp_extent_size(&net->in));
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
    net->spread = floats(net, spread, 1);
    if (net->spread == NULL)
        return dp_arena_fail(&net->handle.arena, b->err, "the workspace");
    net->workspace = floats(net, (int64_t)b->workspace, 1);
    return net->workspace == NULL ? dp_arena_fail(&net->handle.arena, b->err, "the workspace")
                                  : DP_OK;
}

/* What the init stage says where there is none: the defaults of its table. */
static dp_status bind_initial(builder *b)
{
    const dp_text_stage none = {.name = "init"};
    return dp_params_bind(&dp_init_info, &none, NULL, &b->net->handle.arena, &b->net->initial,
                          b->err);
}

/* Sorts the stages out: where the loss and the optimizer are, how many layers there are. */
static void find_ends(builder *b)
{
    dp_net *net = b->net;

    for (uint32_t i = 0; i < b->text.n_stages; i++) {
        net->n_units += dp_layer_of(b->infos[i]) != NULL;
        if (dp_loss_of(b->infos[i]) != NULL)
            net->loss = dp_loss_of(b->infos[i]), net->loss_params = b->params[i];
        if (dp_optimizer_of(b->infos[i]) != NULL)
            net->optimizer = dp_optimizer_of(b->infos[i]), net->optimizer_params = b->params[i];
        if (b->infos[i] == &dp_init_info)
            net->initial = *(const dp_initial *)b->params[i];
        if (b->infos[i] == &dp_input_info)
            net->taken = *(const dp_net_input *)b->params[i];
    }
}

static dp_extent extent_of_input(const dp_net *net)
{
    const int64_t *s = net->input.shape;

    if (net->input.rank == 2)
        return (dp_extent){s[1], 1, 1};
    return net->taken.layout == DP_NHWC ? (dp_extent){s[3], s[1], s[2]}
                                        : (dp_extent){s[1], s[2], s[3]};
}

/* Lets an error point at the stage whose parameters these are. */
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

    return net->optimizer == NULL
               ? DP_OK
               : at_params(b, net->optimizer_params,
                           dp_optimizer_check(net->optimizer, net->optimizer_params, b->err));
}

static dp_status group_parameters(const builder *b)
{
    dp_net *net = b->net;

    return net->optimizer == NULL ? DP_OK
                                  : at_params(b, net->optimizer_params, dp_net_group(net, b->err));
}

int64_t dp_net_accumulates(const dp_net *net)
{
    return net->optimizer != NULL ? ((const dp_schedule *)net->optimizer_params)->accumulate : 1;
}

int64_t dp_net_small_batches(const dp_net *net, int64_t batch)
{
    return (batch + net->small - 1) / net->small;
}

/* The fewest samples, of a power of two of leaves, that cut the batch into no more small ones than
 * are meant.  (Whether it is just as many is asked by a step: a net that is only evaluated may be
 * opened for another batch.) */
static void plan_small(dp_net *net)
{
    net->small = net->leaf;
    while (dp_net_small_batches(net, net->most) > dp_net_accumulates(net))
        net->small *= 2;
    if (net->small > net->most)
        net->small = net->most;
}

/* How the batch is cut, and this rank's samples of it; without a loss there is no batch. */
static dp_status plan_batch(const builder *b)
{
    dp_net *net = b->net;
    dp_status status = DP_OK;

    net->leaf = 1;
    net->own = net->small = net->most;
    if (net->loss == NULL)
        return DP_OK;
    net->leaf = ((const dp_loss_rows *)net->loss_params)->leaf_size;
    net->per_place = ((const dp_loss_rows *)net->loss_params)->per == DP_PER_PLACE;
    status = at_params(b, net->loss_params, dp_loss_check(net->loss_params, net->most, b->err));
    if (status != DP_OK)
        return status;
    plan_small(net);
    net->own = dp_share_most(net->handle.options.group, net->small, net->leaf);
    return DP_OK;
}

/* What the loss takes: a row of classes for each sample, or for each place. */
static dp_status plan_rows(const builder *b)
{
    dp_net *net = b->net;
    const dp_extent *out = &net->units[net->n_units - 1].out;
    const int64_t places = out->height * out->width;

    net->classes = out->channels;
    net->rows = net->per_place ? places : 1;
    return net->loss == NULL || net->rows == places
               ? DP_OK
               : at_params(b, net->loss_params,
                           dp_fail(b->err, DP_ESPEC,
                                   "takes features: put flatten before it; or per=place, where "
                                   "each place has a label"));
}

#define LINE 16 /* floats: each gradient begins on a line of the cache */

/* Places the gradients in the order in which the backward pass makes them. */
static int64_t place_gradients(const dp_net *net)
{
    int64_t place = 0;

    for (uint32_t i = net->n_units; i-- > 0;) {
        dp_unit *u = &net->units[i];
        for (uint32_t w = 0; w < u->n_weights; w++) {
            dp_use *use = &net->uses[u->first_use + w];
            const int64_t count = net->parameters[use->parameter].count;
            use->place = place;
            place += use->whole ? 0 : (count + LINE - 1) / LINE * LINE;
        }
        u->ready = place;
    }
    return place;
}

/* What small batches leave for those after them: gradients, and sums in binary64, which are those
 * of the loss and of the gradients that layers make of the whole batch. */
static dp_status plan_kept(const builder *b)
{
    dp_net *net = b->net;
    const int64_t n = dp_net_small_batches(net, net->most);
    int64_t width = LOSS_SUMS;

    for (uint32_t i = 0; i < net->n_uses; i++)
        width += net->uses[i].whole ? net->parameters[net->uses[i].parameter].count : 0;
    net->kept = floats(net, dp_kept_rows(n), net->buckets.count);
    return net->kept == NULL
               ? dp_arena_fail(&net->handle.arena, b->err, "gradients of small batches")
               : dp_share_accumulate(&net->share, n, width, &net->handle.arena, b->err);
}

static dp_status plan_gradients(const builder *b)
{
    dp_net *net = b->net;
    dp_status status =
        dp_share_open(&net->share, net->loss != NULL ? net->handle.options.group : NULL, net->small,
                      net->leaf, b->width, &net->handle.arena, b->err);

    if (status == DP_OK)
        status = dp_buckets_open(&net->buckets, &net->share, net->kernels, place_gradients(net),
                                 &net->handle.arena, b->err);
    if (status == DP_OK)
        status = plan_kept(b);
    for (uint32_t i = 0; i < net->n_uses && status == DP_OK; i++) {
        dp_use *use = &net->uses[i];
        if (!use->whole)
            use->gradient = net->buckets.gradient + use->place;
        if (use->before < 0)
            net->parameters[use->parameter].gradient.data = use->gradient;
    }
    return status;
}

static bool takes_targets(const dp_net *net)
{
    return net->loss != NULL && net->loss->takes_targets && !net->per_place;
}

static dp_status plan_ends(builder *b)
{
    dp_net *net = b->net;
    const dp_status status = plan_rows(b);
    const size_t own = (size_t)net->own, rows = own * (size_t)net->rows;

    net->labels = dp_arena_alloc(&net->handle.arena, rows, sizeof *net->labels);
    net->row_loss = dp_arena_alloc(&net->handle.arena, rows, sizeof *net->row_loss);
    net->leaf_sums = dp_arena_alloc(&net->handle.arena, 2 * own, sizeof *net->leaf_sums);
    net->targets = floats(net, takes_targets(net) ? net->own : 0, net->classes);
    if (status != DP_OK)
        return status;
    return net->labels == NULL || net->row_loss == NULL || net->leaf_sums == NULL ||
                   net->targets == NULL
               ? dp_arena_fail(&net->handle.arena, b->err, "the labels")
               : plan_gradients(b);
}

static void print_link(dp_out *out, const char *word, const dp_text_arg *arg)
{
    if (arg == NULL)
        return;
    dp_out_text(out, word);
    dp_out_value(out, arg->value);
}

static void print_stages(const void *ctx, dp_out *out)
{
    const builder *b = ctx;

    if (b->net->taken.layout != DP_NCHW) {
        dp_params_print(&dp_input_info, &b->net->taken, out);
        dp_out_text(out, " | ");
    }
    dp_params_print(&dp_init_info, &b->net->initial, out);
    for (uint32_t i = 0; i < b->text.n_stages; i++) {
        if (place_of(b->infos[i]) == HEAD)
            continue;
        dp_out_text(out, " | ");
        dp_params_print(b->infos[i], b->params[i], out);
        print_link(out, " name=", b->links[i].name);
        print_link(out, " from=", b->links[i].from);
        print_link(out, " tied=", b->links[i].tied);
    }
}

static dp_status print_spec(builder *b)
{
    b->net->spec = dp_out_arena(&b->net->handle.arena, print_stages, b, NULL);
    return b->net->spec != NULL
               ? DP_OK
               : dp_arena_fail(&b->net->handle.arena, b->err, "the canonical text");
}

dp_status dp_net_build(dp_net *net, const char *text, dp_error *err)
{
    builder b = {.net = net, .err = err, .width = LOSS_SUMS};
    dp_status status = dp_text_parse(text, strlen(text), &net->handle.arena, &b.text, err);

    if (status == DP_OK)
        status = bind_initial(&b);
    if (status == DP_OK)
        status = bind_stages(&b);
    if (status == DP_OK) {
        find_ends(&b);
        net->in = extent_of_input(net);
        status = check_places(&b);
    }
    if (status == DP_OK)
        status = check_optimizer(&b);
    if (status == DP_OK)
        status = plan_batch(&b);
    if (status == DP_OK)
        status = alloc_units(&b);
    if (status == DP_OK)
        status = link_units(&b);
    if (status == DP_OK)
        status = plan_units(&b);
    if (status == DP_OK)
        status = make_units(&b);
    if (status == DP_OK)
        status = group_parameters(&b);
    if (status == DP_OK)
        status = plan_ends(&b);
    if (status == DP_OK)
        status = dp_stage_failed(&dp_init_info, b.text.stages[0].column,
                                 dp_net_initialize(net, err), err);
    return status == DP_OK ? print_spec(&b) : status;
}
