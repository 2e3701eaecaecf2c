/* lint.c - what in a pipeline is random
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/lint.h"

#include <stdlib.h>
#include <string.h>

#include "tools/text.h"

typedef struct rule {
    const char *stage;
    const char *when, *is; /* a parameter that must have (with "!", not have) this value; or NULL */
    const char *why, *remedy;
} rule;

#define KEYED "seeded and keyed by row, so reproducible here"

/* Order stages. */
static const rule orders[] = {
    {"distributed_sampler", "shuffle", "true", "shuffles before it deals out; " KEYED,
     "shuffle=false"},
    {"pk_sampler", NULL, NULL, "draws rows of every class; " KEYED, "take the rows as they come"},
    {"random_sampler", NULL, NULL, "draws the order of the rows; " KEYED,
     "leave it out, or use sequential_sampler"},
    {"shuffle", NULL, NULL, "draws the order of the rows; " KEYED, "leave it out"},
    {"split", "randomize", "true", "cuts a random order; " KEYED, "randomize=false"},
    {"subset_random_sampler", NULL, NULL, "draws the order of a list; " KEYED, "subset_sampler"},
    {"weighted_random_sampler", NULL, NULL, "draws rows by weight; " KEYED,
     "take the rows as they come"},
};

static const rule replays[] = {
    {"", "order", "mindspore",
     "replays MindSpore's stream, whose numbers depend on workers= and on the rows before",
     "order=native, or a deterministic stage"},
};

static const rule layers[] = {
    {"dropout", NULL, NULL, "leaves numbers out at random; seeded and keyed by step and sample",
     "leave it out while two runs are compared"},
};

static const rule special[] = {
    {"conv2d", NULL, NULL,
     "its gradient (Conv2DBackFilter) differs from run to run on some accelerators; one order here",
     "none is needed"},
};
#define COUNT(rows) (sizeof rows / sizeof rows[0])

static void add(lint_report *r, lint_finding finding)
{
    lint_finding *more = realloc(r->finding, (r->n + 1) * sizeof *more);

    if (more == NULL)
        exit(cli_fail(EXIT_NOT_TRIED, "out of memory"));
    r->finding = more;
    more[r->n++] = finding;
}

static void add_about(lint_report *r, lint_level level, const char *where, unsigned column,
                      const char *stage, const char *why, const char *remedy)
{
    lint_finding f = {level, where, column, "", why, remedy};

    snprintf(f.stage, sizeof f.stage, "%s", stage);
    add(r, f);
}

/* A text as it was written, and its canonical form, which has every parameter. */
typedef struct pair {
    text_stages given, canonical;
} pair;

static bool pair_parse(pair *p, const char *given, const char *canonical)
{
    return text_parse(given, &p->given) && text_parse(canonical, &p->canonical);
}

static void pair_free(pair *p)
{
    text_free(&p->given);
    text_free(&p->canonical);
}

static unsigned column_of(const pair *p, size_t i)
{
    return i < p->given.n ? (unsigned)p->given.stage[i].start + 1 : 0;
}

static bool is_random_transform(const text_stage *s) { return text_find(s, "workers") != NULL; }

static bool matches(const rule *row, const text_stage *s)
{
    const char *value = row->when != NULL ? text_value(s, row->when) : NULL;

    return (row->stage[0] == '\0' || text_is(s, row->stage)) &&
           (row->when == NULL || (value != NULL && strcmp(value, row->is) == 0));
}

static void apply_rules(lint_report *r, lint_level level, const char *where, const pair *p,
                        const rule *rules, size_t n)
{
    for (size_t i = 0; i < p->canonical.n; i++) {
        for (size_t k = 0; k < n; k++) {
            if (matches(&rules[k], &p->canonical.stage[i]))
                add_about(r, level, where, column_of(p, i), p->canonical.stage[i].name,
                          rules[k].why, rules[k].remedy);
        }
    }
}

static void random_transforms(lint_report *r, const pair *p)
{
    for (size_t i = 0; i < p->canonical.n; i++) {
        const text_stage *s = &p->canonical.stage[i];
        if (!is_random_transform(s))
            continue;
        add_about(r, LINT_WARNING, "data", column_of(p, i), s->name,
                  "draws numbers for every row; " KEYED,
                  text_is(s, "random_crop")           ? "crop at a fixed place"
                  : text_is(s, "random_resized_crop") ? "resize"
                                                      : "leave it out");
    }
}

/* The streams that are joined: their stages stand at the column of the join. */
static void joined_texts(lint_report *r, const pair *p, void (*look)(lint_report *, const pair *))
{
    for (size_t i = 0; i < p->canonical.n; i++) {
        const char *with = text_value(&p->canonical.stage[i], "with");
        const size_t first = r->n;
        pair inner;
        if (with == NULL || !pair_parse(&inner, with, with))
            continue;
        look(r, &inner);
        joined_texts(r, &inner, look);
        for (size_t k = first; k < r->n; k++)
            r->finding[k].column = column_of(p, i);
        pair_free(&inner);
    }
}

static void random_orders(lint_report *r, const pair *p)
{
    apply_rules(r, LINT_WARNING, "data", p, orders, COUNT(orders));
}

static void dependent_on_workers(lint_report *r, const pair *p)
{
    for (size_t i = 0; i < p->canonical.n; i++) {
        if (is_random_transform(&p->canonical.stage[i]) &&
            matches(&replays[0], &p->canonical.stage[i]))
            add_about(r, LINT_WARNING, "data", column_of(p, i), p->canonical.stage[i].name,
                      replays[0].why, replays[0].remedy);
    }
}

static bool has_stage(const pair *p, const char *name)
{
    for (size_t i = 0; i < p->canonical.n; i++) {
        if (text_is(&p->canonical.stage[i], name))
            return true;
    }
    return false;
}

static void look_at_recipe(lint_report *r, const session *s)
{
    const recipe *given = &s->recipe;

    if (given->whole && !given->seed_given)
        add_about(r, LINT_WARNING, "recipe", 0, "seed", "is not given, so 1 is taken", "seed: N");
    if (given->seed == 0)
        add_about(r, LINT_WARNING, "recipe", 0, "seed",
                  "is 0, which means no seed to many programs that read it", "another number");
    if (given->net != NULL && !given->steps_given)
        add_about(r, LINT_WARNING, "recipe", 0, "steps", "is not given, so 2 are run", "steps: N");
    if (given->net != NULL && given->weights == NULL)
        add_about(r, LINT_WARNING, "recipe", 0, "weights",
                  "are drawn from the seed, by name; reproducible here",
                  "weights: FILE, to share them with another program");
}

int lint_session(const session *s, lint_report *r)
{
    pair data, net = {{NULL, 0}, {NULL, 0}};

    *r = (lint_report){NULL, 0};
    if (!pair_parse(&data, s->recipe.data, dp_spec(s->pipeline)) ||
        (s->net != NULL && !pair_parse(&net, s->recipe.net, dp_net_spec(s->net))))
        return cli_fail(EXIT_NOT_TRIED, "out of memory");
    look_at_recipe(r, s);
    random_transforms(r, &data);
    joined_texts(r, &data, random_transforms);
    random_orders(r, &data);
    joined_texts(r, &data, random_orders);
    dependent_on_workers(r, &data);
    joined_texts(r, &data, dependent_on_workers);
    apply_rules(r, LINT_WARNING, "net", &net, layers, COUNT(layers));
    apply_rules(r, LINT_NOTE, "net", &net, special, COUNT(special));
    if (s->net != NULL && s->recipe.weights != NULL && !has_stage(&data, "skip"))
        add_about(r, LINT_NOTE, "data", 0, "skip",
                  "is not there: training begins at the first row, whatever the weights have seen",
                  "skip count=N behind batch, for weights of step N");
    pair_free(&data);
    pair_free(&net);
    return -1;
}

void lint_free(lint_report *r) { free(r->finding); }
