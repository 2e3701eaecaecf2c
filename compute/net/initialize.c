/* initialize.c - first values of the parameters
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Each parameter has a generator of its own, keyed by (seed, its name): another layer in the text
 * leaves it as it was.
 */
#include <string.h>

#include "compute/net/net.h"

#define BLOCK 65536 /* elements of a task */

static const dp_param params[] = {
    DP_TEXT(dp_initial, weight, "he_uniform", "an initializer with its parameters, in quotes"),
    DP_TEXT(dp_initial, bias, "zeros", "the same, for biases"),
    DP_PARAMS_END,
};

const dp_stage_info dp_init_info = {
    "init",
    "init",
    "how the parameters begin: first stage of a net, may be left out",
    1,
    sizeof(dp_initial),
    params};

/* An initializer with its parameters, and whose numbers it draws. */
typedef struct chosen {
    dp_bound bound;
    const dp_library *library;
    void *generator; /* of the parameters' seeds */
} chosen;

static const dp_initializer *initializer_of(const chosen *c)
{
    return (const dp_initializer *)c->bound.info;
}

static void print_bound(const void *ctx, dp_out *out)
{
    const dp_bound *bound = ctx;
    dp_params_print(bound->info, bound->params, out);
}

static bool is_default(const chosen *c) { return initializer_of(c)->orders == dp_words_defaults; }

/* Whether it draws of the generator that makes all parameters of a net, one after another. */
static bool in_turn(const chosen *c)
{
    return is_default(c) || (initializer_of(c)->orders != NULL && c->library->weights->in_turn);
}

/* The library must have all layers that draw something. */
static dp_status begin_defaults(const dp_net *net, const chosen *c, dp_error *err)
{
    const char *name = c->library->name;
    dp_ask ask = {.seed = net->seed};
    dp_status status = dp_check_ask(c->library->defaults->check, NULL, &ask, err);

    for (uint32_t i = 0; i < net->n_units; i++) {
        if (net->units[i].tied >= 0)
            return dp_fail(err, DP_ESPEC, "tied= is not replayed with %s's weights", name);
    }
    for (uint32_t i = 0; i < net->n_parameters; i++) {
        const dp_parameter *p = &net->parameters[i];
        if (!p->given && !c->library->defaults->has(p->layer))
            return dp_fail(err, DP_ESPEC, "%s has no %s, so what it begins with is not known", name,
                           p->layer);
    }
    if (status == DP_OK)
        c->library->defaults->begin(c->generator, net->seed);
    return status;
}

/* The seeds that the library gives the parameters. */
static dp_status begin_weights(const dp_net *net, const chosen *c, dp_error *err)
{
    const dp_weights *weights = c->library->weights;
    dp_ask ask = {.seed = net->seed};
    dp_status status = DP_OK;

    if (initializer_of(c)->check != NULL)
        status = initializer_of(c)->check(c->bound.params, weights, err);
    if (status == DP_OK)
        status = dp_check_ask(weights->check, NULL, &ask, err);
    if (status == DP_OK && weights->begin != NULL)
        weights->begin(c->generator, net->seed);
    return status;
}

/* Whose numbers an initializer draws. */
static dp_status choose_library(dp_net *net, chosen *c, dp_error *err)
{
    const char *orders = initializer_of(c)->orders;
    const dp_init_params *drawing = c->bound.params;
    dp_status status;

    c->library = orders == NULL ? &dp_library_native : dp_library_of(orders, drawing->order);
    c->generator = dp_arena_alloc(&net->handle.arena, 1, c->library->generator);
    if (c->generator == NULL)
        return dp_arena_fail(&net->handle.arena, err, "an initializer");
    status = is_default(c) ? DP_OK : begin_weights(net, c, err);
    return status == DP_OK && in_turn(c) ? begin_defaults(net, c, err) : status;
}

static uint64_t next_seed(const chosen *c)
{
    const dp_weights *weights = c->library->weights;

    return weights == NULL || weights->next == NULL ? 0 : weights->next(c->generator);
}

/* Reads "normal sigma=0.02" and replaces the text by its canonical form. */
static dp_status choose(dp_net *net, const char **text, bool is_bias, chosen *out, dp_error *err)
{
    const dp_stage_list list = {"initializer", dp_initializer_table, dp_n_initializers};
    char *canonical;
    dp_status status =
        dp_stage_read(&list, *text, &net->handle.options, &net->handle.arena, &out->bound, err);

    if (status != DP_OK && err != NULL)
        err->column = 0; /* of the inner text */
    if (status == DP_OK)
        status = choose_library(net, out, err);
    if (status == DP_OK && is_bias && initializer_of(out)->fans &&
        out->library->weights->no_fans_of_biases)
        status = dp_fail(err, DP_ESPEC, "%s's %s refuses biases: it needs two dimensions",
                         out->library->name, out->bound.info->name);
    if (status != DP_OK)
        return status;
    canonical = dp_out_arena(&net->handle.arena, print_bound, &out->bound, NULL);
    if (canonical == NULL)
        return dp_arena_fail(&net->handle.arena, err, "an initializer");
    *text = canonical;
    return DP_OK;
}

typedef struct filling {
    const chosen *chosen;
    const dp_parameter *p;
    dp_init_source source;
} filling;

static void fill_block(void *ctx, uint64_t index)
{
    const filling *f = ctx;
    const int64_t first = (int64_t)index * BLOCK, left = f->p->count - first;
    dp_init_source source = f->source;

    source.rng.counter[0] += (uint32_t)(first / 4);
    initializer_of(f->chosen)->fill(f->chosen->bound.params, &source, first,
                                    left < BLOCK ? left : BLOCK, (float *)f->p->value.data + first);
}

static void fill_given(const dp_parameter *p)
{
    for (int64_t i = 0; i < p->count; i++)
        ((float *)p->value.data)[i] = p->initial;
}

static void fill_drawn(dp_net *net, const dp_parameter *p, const chosen *c, uint64_t seed)
{
    filling f = {c,
                 p,
                 {.library = c->library,
                  .seed = seed,
                  .generator = c->generator,
                  .fan_in = p->fan_in,
                  .fan_out = p->fan_out}};

    dp_rng_start(&f.source.rng, dp_rng_key(net->seed, p->name, 0), 0, 0);
    if (in_turn(c))
        initializer_of(c)->fill(c->bound.params, &f.source, 0, p->count, p->value.data);
    else
        dp_workers_run(net->workers, (uint64_t)(p->count + BLOCK - 1) / BLOCK, fill_block, &f);
}

/* As the library begins it. */
static void draw_default(const dp_parameter *p, const chosen *c)
{
    const dp_default_part part = {.layer = p->layer,
                                  .is_bias = p->is_bias,
                                  .rows = p->value.rank == 1 ? 1 : p->value.shape[0],
                                  .columns =
                                      p->value.rank == 1 ? p->count : p->count / p->value.shape[0],
                                  .fan_in = p->fan_in};

    c->library->defaults->draw(c->generator, &part, p->value.data);
}

/* What another initializer fills after that may be drawn, too, as others come behind it. */
static void draw_defaults(const dp_net *net, const chosen *weight, const chosen *bias)
{
    const chosen *c = in_turn(weight) ? weight : bias;

    for (uint32_t i = 0; in_turn(c) && i < net->n_parameters; i++) {
        const dp_parameter *p = &net->parameters[i];
        if (!p->given && (is_default(p->is_bias ? bias : weight) || c->library->defaults->always))
            draw_default(p, c);
    }
}

/* One generator makes all, in turn. */
static dp_status check_turns(const chosen *weight, chosen *bias, dp_error *err)
{
    const chosen *c = in_turn(weight) ? weight : bias, *other = c == weight ? bias : weight;

    if (in_turn(weight) && in_turn(bias) && weight->library == bias->library)
        bias->generator = weight->generator;
    if (!in_turn(c) || (!in_turn(other) && initializer_of(other)->orders == NULL))
        return DP_OK;
    if (in_turn(other) ? other->library == c->library : c->library->defaults->always)
        return DP_OK;
    return dp_fail(err, DP_ESPEC,
                   "%s order=%s is for weights and biases, or for one of them beside what "
                   "draws nothing: zeros, constant",
                   c->bound.info->name, c->library->word);
}

/* What lies otherwise in the library has no place for its numbers. */
static dp_status check_places(const dp_net *net, const chosen *weight, const chosen *bias,
                              dp_error *err)
{
    for (uint32_t i = 0; i < net->n_parameters; i++) {
        const dp_parameter *p = &net->parameters[i];
        const chosen *c = p->is_bias ? bias : weight;
        if (p->given || is_default(c) || c->library->weights == NULL ||
            c->library->weights->has == NULL || c->library->weights->has(p->layer))
            continue;
        return dp_fail(err, DP_ESPEC,
                       "%s order=%s is not replayed for %s, whose parameters lie otherwise there",
                       c->bound.info->name, c->library->word, p->layer);
    }
    return DP_OK;
}

/* Every parameter that is drawn takes a seed of both libraries. */
dp_status dp_net_initialize(dp_net *net, dp_error *err)
{
    chosen weight, bias;
    dp_status status = choose(net, &net->initial.weight, false, &weight, err);

    if (status == DP_OK)
        status = choose(net, &net->initial.bias, true, &bias, err);
    if (status == DP_OK)
        status = check_turns(&weight, &bias, err);
    if (status == DP_OK)
        status = check_places(net, &weight, &bias, err);
    if (status == DP_OK)
        draw_defaults(net, &weight, &bias);
    for (uint32_t i = 0; i < net->n_parameters && status == DP_OK; i++) {
        const dp_parameter *p = &net->parameters[i];
        const chosen *c = p->is_bias ? &bias : &weight;
        uint64_t seeds[2] = {0, 0};
        if (p->given) {
            fill_given(p);
            continue;
        }
        if (is_default(c))
            continue;
        if (initializer_of(c)->orders != NULL)
            seeds[0] = next_seed(&weight), seeds[1] = next_seed(&bias);
        fill_drawn(net, p, c, seeds[p->is_bias]);
    }
    return status;
}
