/* lint.c - what in a pipeline is random
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/mindspore/lint.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/memory.h"

#define MOST_CANONICAL (4 << 20) /* bytes, far more than 64 KB of text make */

static const lint_rule replays[] = {
    {"", "order", "mindspore",
     "replays MindSpore's stream, whose numbers depend on workers= and on the rows before",
     "order=native, or a deterministic stage", NULL},
};

static const lint_rule layers[] = {
    {"dropout", NULL, NULL, "leaves numbers out at random; seeded and keyed by step and sample",
     "leave it out while two runs are compared", NULL},
};

static const lint_rule special[] = {
    {"conv2d", NULL, NULL,
     "its gradient (Conv2DBackFilter) differs from run to run on some accelerators; one order here",
     "none is needed", NULL},
};
#define COUNT(rows) (sizeof rows / sizeof rows[0])

void lint_add(lint_report *r, const lint_finding *finding)
{
    r->finding = xrealloc(r->finding, (r->n + 1) * sizeof *r->finding);
    r->finding[r->n++] = *finding;
}

static void add_about(lint_report *r, lint_level level, const char *where, unsigned column,
                      const char *stage, const char *why, const char *remedy)
{
    lint_finding f = {level, where, column, "", "", ""};

    snprintf(f.stage, sizeof f.stage, "%s", stage);
    snprintf(f.why, sizeof f.why, "%s", why);
    snprintf(f.remedy, sizeof f.remedy, "%s", remedy);
    lint_add(r, &f);
}

static void parse(lint_text *t, const char *where, const char *given, const char *canonical)
{
    t->where = where;
    text_parse(given, &t->given);
    text_parse(canonical, &t->canonical);
}

static void text_release(lint_text *t)
{
    text_free(&t->given);
    text_free(&t->canonical);
}

static unsigned column_of(const lint_text *t, size_t i)
{
    return i < t->given.n ? t->given.stage[i].column : 0;
}

lint_finding lint_finding_of(lint_level level, const lint_text *t, size_t i)
{
    lint_finding f = {level, t->where, column_of(t, i), "", "", ""};

    snprintf(f.stage, sizeof f.stage, "%s", t->canonical.stage[i].name);
    return f;
}

bool lint_matches(const lint_rule *row, const dp_text_stage *s)
{
    const char *value = row->when != NULL ? text_value(s, row->when) : NULL;

    return (row->stage[0] == '\0' || text_is(s, row->stage)) &&
           (row->when == NULL || (value != NULL && strcmp(value, row->is) == 0));
}

static void apply_rules(lint_report *r, lint_level level, const lint_text *p,
                        const lint_rule *rules, size_t n)
{
    for (size_t i = 0; i < p->canonical.n; i++) {
        for (size_t k = 0; k < n; k++) {
            if (lint_matches(&rules[k], &p->canonical.stage[i]))
                add_about(r, level, p->where, column_of(p, i), p->canonical.stage[i].name,
                          rules[k].why, rules[k].remedy);
        }
    }
}

static void random_stages(lint_report *r, const lint_text *p,
                          const lint_rule *(*rule_of)(const dp_text_stage *))
{
    for (size_t i = 0; i < p->canonical.n; i++) {
        const lint_rule *row = rule_of(&p->canonical.stage[i]);
        if (row != NULL)
            add_about(r, LINT_WARNING, p->where, column_of(p, i), p->canonical.stage[i].name,
                      row->why, row->remedy);
    }
}

static void random_transforms(lint_report *r, const lint_text *p)
{
    random_stages(r, p, lint_random_transform);
}

/* The streams that are joined: their stages stand at the column of the join. */
static void joined_texts(lint_report *r, const lint_text *p,
                         void (*look)(lint_report *, const lint_text *))
{
    for (size_t i = 0; i < p->canonical.n; i++) {
        const char *with = text_value(&p->canonical.stage[i], "with");
        const size_t first = r->n;
        lint_text inner;
        if (with == NULL)
            continue;
        parse(&inner, p->where, with, with);
        look(r, &inner);
        joined_texts(r, &inner, look);
        for (size_t k = first; k < r->n; k++)
            r->finding[k].column = column_of(p, i);
        text_release(&inner);
    }
}

static void random_orders(lint_report *r, const lint_text *p)
{
    random_stages(r, p, lint_random_order);
}

static void dependent_on_workers(lint_report *r, const lint_text *p)
{
    for (size_t i = 0; i < p->canonical.n; i++) {
        if (lint_random_transform(&p->canonical.stage[i]) != NULL &&
            lint_matches(&replays[0], &p->canonical.stage[i]))
            add_about(r, LINT_WARNING, "data", column_of(p, i), p->canonical.stage[i].name,
                      replays[0].why, replays[0].remedy);
    }
}

static bool has_stage(const lint_text *p, const char *name)
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

static void look_at_data(lint_report *r, const lint_text *data)
{
    random_transforms(r, data);
    joined_texts(r, data, random_transforms);
    random_orders(r, data);
    joined_texts(r, data, random_orders);
    dependent_on_workers(r, data);
    joined_texts(r, data, dependent_on_workers);
}

static void look_at_net(lint_report *r, const session *s, const lint_text *data)
{
    lint_text net;

    if (s->recipe.net == NULL)
        return;
    parse(&net, "net", s->recipe.net, s->net != NULL ? dp_net_spec(s->net) : s->recipe.net);
    apply_rules(r, LINT_WARNING, &net, layers, COUNT(layers));
    apply_rules(r, LINT_NOTE, &net, special, COUNT(special));
    if (s->recipe.weights != NULL && !has_stage(data, "skip"))
        add_about(r, LINT_NOTE, "data", 0, "skip",
                  "is not there: training begins at the first row, whatever the weights have seen",
                  "skip count=N behind repeat, for weights of step N");
    text_release(&net);
}

/* What is wrong with the places of rows, whoever draws them. */
static int look_at_places(lint_report *r, const session *s, const lint_text *t,
                          const char *canonical)
{
    lint_cuts(r, t);
    joined_texts(r, t, lint_cuts);
    lint_repeats(r, t);
    joined_texts(r, t, lint_repeats);
    lint_zips(r, t);
    joined_texts(r, t, lint_zips);
    return s->pipeline != NULL ? lint_lengths(r, t, canonical, s->data) : 0;
}

char *lint_canonical(const char *text, int *status)
{
    char *out = xmalloc(MOST_CANONICAL);
    size_t length;
    dp_error err;

    if (dp_canonical(text, out, MOST_CANONICAL, &length, &err) == DP_OK)
        return out;
    *status = cli_fail_error(&err, text);
    free(out);
    return NULL;
}

static int look_at_test(lint_report *r, const session *s)
{
    int status = 0;
    char *canonical = s->recipe.test != NULL ? lint_canonical(s->recipe.test, &status) : NULL;
    lint_text test;

    if (canonical == NULL)
        return status;
    parse(&test, "test", s->recipe.test, canonical);
    status = look_at_places(r, s, &test, canonical);
    text_release(&test);
    free(canonical);
    return status;
}

int lint_session(const session *s, lint_report *r)
{
    int status = 0;
    char *canonical = lint_canonical(s->recipe.data, &status);
    lint_text data;

    *r = (lint_report){NULL, 0};
    if (canonical == NULL)
        return status;
    parse(&data, "data", s->recipe.data, canonical);
    look_at_recipe(r, s);
    look_at_data(r, &data);
    look_at_net(r, s, &data);
    status = look_at_places(r, s, &data, canonical);
    if (status == 0)
        status = look_at_test(r, s);
    text_release(&data);
    free(canonical);
    return status;
}

void lint_free(lint_report *r) { free(r->finding); }
