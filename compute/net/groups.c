/* groups.c - parameters that the optimizer treats otherwise, by their names
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A group has the optimizer's parameters, but for those that it gives.  A parameter of the net is
 * of the first group that has its name.
 */
#include <string.h>

#include "compute/net/net.h"

#define GROUP "group"

/* What the groups' text says; the net's group 0 is the optimizer as it stands. */
typedef struct reading {
    dp_net *net;
    dp_text text;
    dp_error *err;
} reading;

/* '*' is any text. */
static bool fits(const char *pattern, const char *end, const char *name)
{
    const char *star = NULL, *tried = NULL;

    for (;;) {
        if (pattern < end && *pattern == '*')
            star = pattern++, tried = name;
        else if (pattern < end && *name != '\0' && *pattern == *name)
            pattern++, name++;
        else if (pattern == end && *name == '\0')
            return true;
        else if (star == NULL || *tried == '\0')
            return false;
        else
            pattern = star + 1, name = ++tried;
    }
}

static bool is_one_of(const char *patterns, const char *name)
{
    for (;; patterns++) {
        const char *end = patterns + strcspn(patterns, ",");
        if (fits(patterns, end, name))
            return true;
        if (*end == '\0')
            return false;
        patterns = end;
    }
}

/* What is of all parameters at once. */
static bool is_common(const char *param)
{
    static const char *const common[] = {"clip_norm", "rule", "groups", "accumulate", "centered"};
    const size_t n = sizeof common / sizeof common[0];
    size_t i = 0;

    while (i < n && strcmp(common[i], param) != 0)
        i++;
    return i < n;
}

/* Takes names= out; the rest is the optimizer's. */
static dp_status take_names(const reading *r, dp_text_stage *stage, dp_param_group *g)
{
    uint32_t n = 0;

    if (strcmp(stage->name, GROUP) != 0)
        return dp_fail(r->err, DP_ESPEC, "'%s' stands where " GROUP " is expected", stage->name);
    for (uint32_t i = 0; i < stage->n_args; i++) {
        if (is_common(stage->args[i].name))
            return dp_fail(r->err, DP_ESPEC, "%s is of all parameters, not of a group",
                           stage->args[i].name);
        if (strcmp(stage->args[i].name, "names") == 0)
            g->names = stage->args[i].value;
        else
            stage->args[n++] = stage->args[i];
    }
    stage->n_args = n;
    if (g->names == NULL)
        return dp_fail(r->err, DP_ESPEC, "a group needs names= (such as *.bias,bn*)");
    return n > 0 ? DP_OK
                 : dp_fail(r->err, DP_ESPEC, "names=%.60s has nothing of its own", g->names);
}

/* The optimizer's parameters that a group may have; NULL = no memory. */
static const dp_param *params_of(const dp_optimizer *o, dp_arena *arena)
{
    size_t n = 0, own = 0;
    dp_param *params;

    while (o->info.params[n].name != NULL)
        n++;
    params = dp_arena_alloc(arena, n + 1, sizeof *params);
    for (size_t i = 0; params != NULL && i < n; i++) {
        if (!is_common(o->info.params[i].name))
            params[own++] = o->info.params[i];
    }
    return params;
}

static dp_status bind_group(const reading *r, dp_text_stage *stage, dp_param_group *g)
{
    dp_net *net = r->net;
    const dp_optimizer *o = net->optimizer;
    dp_stage_info info = o->info;
    dp_arena *arena = &net->handle.arena;
    dp_status status = take_names(r, stage, g);

    if (status != DP_OK)
        return status;
    info.name = GROUP; /* in messages */
    info.params = params_of(o, arena);
    g->params = dp_arena_alloc(arena, 1, o->info.size);
    if (info.params == NULL || g->params == NULL)
        return dp_arena_fail(arena, r->err, "the groups");
    memcpy(g->params, net->optimizer_params, o->info.size);
    status = dp_params_replace(&info, stage, &net->handle.options, arena, g->params, r->err);
    return status == DP_OK ? dp_optimizer_check(o, g->params, r->err) : status;
}

/* The group of each parameter; each group must have one. */
static dp_status assign(const reading *r)
{
    dp_net *net = r->net;

    for (uint32_t k = 1; k < net->n_groups; k++) {
        bool found = false;
        for (uint32_t i = 0; i < net->n_parameters; i++) {
            dp_parameter *p = &net->parameters[i];
            if (p->group != 0 || p->is_state || !is_one_of(net->groups[k].names, p->name))
                continue;
            p->group = k;
            found = true;
        }
        if (!found)
            return dp_fail(r->err, DP_ESPEC,
                           "names=%.60s: no parameter that learns%s has such a name",
                           net->groups[k].names, k > 1 ? ", and is in no group before," : "");
    }
    return DP_OK;
}

static void print_group(const dp_stage_info *info, const dp_text_stage *stage,
                        const dp_param_group *g, dp_out *out)
{
    dp_out_text(out, GROUP " names=");
    dp_out_value(out, g->names);
    for (const dp_param *p = info->params; p->name != NULL; p++) {
        uint32_t i = 0;
        while (i < stage->n_args && strcmp(stage->args[i].name, p->name) != 0)
            i++;
        if (i == stage->n_args)
            continue;
        dp_out_text(out, " ");
        dp_out_text(out, p->name);
        dp_out_text(out, "=");
        dp_param_print(p, g->params, out);
    }
}

static void print_groups(const void *ctx, dp_out *out)
{
    const reading *r = ctx;

    for (uint32_t i = 0; i < r->text.n_stages; i++) {
        dp_out_text(out, i > 0 ? " | " : "");
        print_group(&r->net->optimizer->info, &r->text.stages[i], &r->net->groups[i + 1], out);
    }
}

static dp_status read_groups(reading *r)
{
    dp_net *net = r->net;
    dp_schedule *all = net->optimizer_params;
    dp_status status = DP_OK;

    for (uint32_t i = 0; i < r->text.n_stages && status == DP_OK; i++)
        status = bind_group(r, &r->text.stages[i], &net->groups[i + 1]);
    if (status == DP_OK)
        status = assign(r);
    if (status != DP_OK)
        return status;
    all->groups = dp_out_arena(&net->handle.arena, print_groups, r, NULL);
    return all->groups != NULL ? DP_OK : dp_arena_fail(&net->handle.arena, r->err, "the groups");
}

dp_status dp_net_group(dp_net *net, dp_error *err)
{
    reading r = {.net = net, .err = err};
    const char *text = ((const dp_schedule *)net->optimizer_params)->groups;
    dp_arena *arena = &net->handle.arena;
    dp_status status = DP_OK;

    if (text[0] != '\0')
        status = dp_text_parse(text, strlen(text), arena, &r.text, err);
    if (status == DP_OK) {
        net->n_groups = r.text.n_stages + 1;
        net->groups = dp_arena_alloc(arena, net->n_groups, sizeof *net->groups);
        if (net->groups == NULL)
            return dp_arena_fail(arena, err, "the groups");
        net->groups[0].params = net->optimizer_params;
        if (r.text.n_stages > 0)
            status = read_groups(&r);
    }
    if (status != DP_OK && err != NULL)
        err->column = 0; /* of the inner text */
    return dp_stage_failed(&(dp_stage_info){.name = "groups"}, 0, status, err);
}
