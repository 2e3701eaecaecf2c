/* stages.c - the stages of a net's text: found, in their places, and printed
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/net/stages.h"

#include <string.h>

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

static dp_status bind_rest(dp_net_builder *b, uint32_t i, const dp_text_stage *stage)
{
    dp_bound bound;
    const dp_status status = dp_stage_bind(b->infos[i], stage, &b->net->handle.options,
                                           &b->net->handle.arena, &bound, b->err);

    b->params[i] = bound.params;
    return status;
}

/* Those of a link are of the unit, not of its layer: taken out, so that the rest is bound. */
static dp_status bind_stage(dp_net_builder *b, uint32_t i)
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

static dp_status bind_stages(dp_net_builder *b)
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
static bool may_follow(const dp_net_builder *b, uint32_t i, int place)
{
    return place == LAYER || (place == HEAD && i == 1 && b->infos[0] != b->infos[1]);
}

static dp_status check_places(const dp_net_builder *b)
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

/* What the init stage says where there is none: the defaults of its table. */
static dp_status bind_initial(dp_net_builder *b)
{
    const dp_text_stage none = {.name = "init"};
    return dp_params_bind(&dp_init_info, &none, NULL, &b->net->handle.arena, &b->net->initial,
                          b->err);
}

/* Sorts the stages out: where the loss and the optimizer are, how many layers there are. */
static void find_ends(dp_net_builder *b)
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

dp_status dp_net_read(dp_net_builder *b, const char *text)
{
    dp_status status = dp_text_parse(text, strlen(text), &b->net->handle.arena, &b->text, b->err);

    if (status == DP_OK)
        status = bind_initial(b);
    if (status == DP_OK)
        status = bind_stages(b);
    if (status != DP_OK)
        return status;
    find_ends(b);
    b->net->in = extent_of_input(b->net);
    return check_places(b);
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
    const dp_net_builder *b = ctx;

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

dp_status dp_net_print(dp_net_builder *b)
{
    b->net->spec = dp_out_arena(&b->net->handle.arena, print_stages, b, NULL);
    return b->net->spec != NULL
               ? DP_OK
               : dp_arena_fail(&b->net->handle.arena, b->err, "the canonical text");
}
