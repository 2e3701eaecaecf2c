/* comparison.c - two ledgers side by side, and the first thing that differs
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/compare/comparison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/memory.h"

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

static bool is_after_loss(const char *name)
{
    return begins(name, "gradient") || begins(name, "given") || begins(name, "rate") ||
           begins(name, "state") || begins(name, "weight");
}

static bool both_tested(const pair *p) { return p->a->test[0] != '\0' && p->b->test[0] != '\0'; }

/* How many entries come before the loss. */
static size_t place_of_loss(const cJSON *tensors)
{
    size_t n = 0;

    for (const cJSON *at = tensors->child; at != NULL && !is_after_loss(at->string); at = at->next)
        n++;
    return n;
}

const char *comparison_entry(const pair *p, size_t i, bool *equal)
{
    const size_t place = place_of_loss(p->a->tensors);
    const cJSON *at;

    if (i == place) {
        *equal = strcmp(p->a->loss, p->b->loss) == 0;
        return "loss";
    }
    at = cJSON_GetArrayItem(p->a->tensors, (int)(i - (i > place)));
    if (at != NULL) {
        *equal = strcmp(ledger_digest(p->a, at->string), ledger_digest(p->b, at->string)) == 0;
        return at->string;
    }
    *equal = strcmp(p->a->test, p->b->test) == 0;
    return both_tested(p) && i == (size_t)cJSON_GetArraySize(p->a->tensors) + 1 ? COMPARISON_TEST
                                                                                : NULL;
}

const char *comparison_value(const ledger_step *s, const char *name)
{
    return strcmp(name, "loss") == 0            ? s->loss
           : strcmp(name, COMPARISON_TEST) == 0 ? s->test
                                                : ledger_digest(s, name);
}

static bool has(const ledger_step *s, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(s->tensors, name) != NULL;
}

static const cJSON *past(const cJSON *entry, const char *but)
{
    while (entry != NULL && but != NULL && begins(entry->string, but))
        entry = entry->next;
    return entry;
}

/* The first name that differs, or that only one has: of the second run in its place among those of
 * the first.  but: names that begin so are left out, if not NULL. */
static const char *first_other(const pair *p, const char *but)
{
    const cJSON *b = past(p->b->tensors->child, but);
    const char *name;
    bool equal;

    for (size_t i = 0; (name = comparison_entry(p, i, &equal)) != NULL; i++) {
        if (but != NULL && begins(name, but))
            continue;
        if (b != NULL && !has(p->a, b->string))
            return b->string;
        if (!equal)
            return name;
        if (b != NULL && strcmp(b->string, name) == 0)
            b = past(b->next, but);
    }
    for (b = past(p->b->tensors->child, but); b != NULL; b = past(b->next, but)) {
        if (!has(p->a, b->string))
            return b->string;
    }
    return NULL;
}

/* The names mostly stand in one order, so that the next is looked at before all others. */
static void count_entries(comparison *c, const pair *p)
{
    const cJSON *b = p->b->tensors->child;
    uint64_t both = 0, n_a = 0, n_b = 0;

    for (const cJSON *a = p->a->tensors->child; a != NULL; a = a->next, n_a++) {
        const bool next = b != NULL && strcmp(a->string, b->string) == 0;
        both += next || has(p->b, a->string);
        b = next ? b->next : b;
    }
    for (b = p->b->tensors->child; b != NULL; b = b->next)
        n_b++;
    c->entries += both_tested(p);
    c->entries += both + (isfinite(strtod(p->a->loss, NULL)) && isfinite(strtod(p->b->loss, NULL)));
    c->alone[0] += n_a - both;
    c->alone[1] += n_b > both ? n_b - both : 0; /* a name may be there twice */
}

static void match(comparison *c)
{
    const ledger *a = &c->ledger[0], *b = &c->ledger[1];

    c->common = xcalloc(a->n + 1, sizeof *c->common);
    for (size_t i = 0, j = 0; i < a->n || j < b->n;) {
        const ledger_step *of_a = i < a->n ? &a->steps[i] : NULL;
        const ledger_step *of_b = j < b->n ? &b->steps[j] : NULL;
        const bool is_a = of_b == NULL || (of_a != NULL && of_a->step <= of_b->step);
        const bool is_b = of_a == NULL || (of_b != NULL && of_b->step <= of_a->step);
        if (is_a && is_b)
            c->common[c->n++] = (pair){of_a, of_b};
        else if (c->alone_first == NULL)
            c->alone_first = is_a ? of_a : of_b;
        i += is_a;
        j += is_b;
    }
    for (size_t i = 0; i < c->n; i++)
        count_entries(c, &c->common[i]);
    for (c->first = 0; c->first < c->n && c->cause == NULL; c->first += c->cause == NULL)
        c->cause = first_other(&c->common[c->first], NULL);
}

static void fill_losses(comparison *c)
{
    for (int k = 0; k < 2; k++) {
        c->losses[k].v = xcalloc(c->n + 1, sizeof *c->losses[k].v);
        for (size_t i = 0; i < c->n; i++)
            c->losses[k].v[c->losses[k].n++] =
                strtod(k == 0 ? c->common[i].a->loss : c->common[i].b->loss, NULL);
    }
    c->close = closeness_of("recorded", &c->losses[0], &c->losses[1]);
}

void comparison_free(comparison *c)
{
    for (int k = 0; k < 2; k++) {
        ledger_free(&c->ledger[k]);
        free(c->losses[k].v);
    }
    free(c->common);
    free(c->meaning);
}

bool comparison_equal(const comparison *c) { return c->first == c->n && c->alone_first == NULL; }

comparison_place comparison_place_of(const comparison *c)
{
    const pair *at = &c->common[c->first];
    comparison_place p = {UINT64_MAX, 0, 0};
    bool equal;

    if (c->cause == NULL)
        return p;
    p = (comparison_place){at->a->step, c->first > 0 ? at[-1].a->step : 0, 0};
    for (const char *name;
         (name = comparison_entry(at, p.entry, &equal)) != NULL && strcmp(name, c->cause) != 0;)
        p.entry++;
    return p;
}

bool comparison_is_before(const comparison_place *a, const comparison_place *b)
{
    return a->step < b->step || (a->step == b->step && a->entry < b->entry);
}

/* What it means that a name is the first that differs: those of `detpipe train` and of
 * the Python package. */
static const struct {
    const char *name, *text;
} known[] = {
    {"start", "The weights before the first step with them: made from other random numbers (before "
              "the seed was set?), or loaded from another file."},
    {"before",
     "A weight or buffer, before the first step that was recorded: what made it unlike is in "
     "a step before that."},
    {"changed", "A weight was changed since the last step, by somebody else than the optimizer."},
    {"random", "The random numbers: the generator was in another state before this step. It was "
               "seeded otherwise, or more or fewer numbers were drawn since the step before."},
    {"rows", "The order of the data: other records are in the batch."},
    {"batch", "The data: the same records have other contents (or another order, where rows were "
              "not recorded)."},
    {"input", "What goes into this module or function: what all before it made is equal, so it was "
              "made between them, or comes from outside (labels)."},
    {"result", "This function: what goes in is equal, what comes out is not: something that it has "
               "otherwise than as an argument (a batch, a rate, a time), a callback, random "
               "numbers of its own, or the order of its sums (threads, CPU)."},
    {"made", "What was made between two functions: an update or an average by hand, of arrays that "
             "are equal or that no function was given."},
    {"output", "The forward pass of this layer, or its weights before the first step: all that was "
               "recorded before it is equal."},
    {"loss", "The forward pass, or the weights before the first step: all that was recorded before "
             "it is equal."},
    {"gradient", "The backward pass: all that was recorded before it, the loss too, is equal."},
    {"given", "Between the backward pass and the optimizer: the gradients were equal when they "
              "were made, and were changed since (clipped, scaled, reduced, by hand)."},
    {"rate", "The optimizer's numbers: its learning rate, or another one of the group."},
    {"state", "The optimizer's own state: its gradients and numbers are equal."},
    {"weight", "The optimizer: the gradients are equal and what it made of them is not."},
    {"buffer", "What modules keep beside their weights, such as running means: all that they made "
               "in this step is equal."},
    {"saved",
     "What was saved: it was changed since the step, or no step made it (an average of the "
     "weights, a model that nothing calls)."},
    {COMPARISON_TEST,
     "The test behind this step: the weights are equal, so its data or the forward "
     "pass over them are others."},
    {"printed", "What was printed, an array: it was changed since the step, or no step made it (an "
                "average of the weights, a time)."},
    {"end", "What a model ends with: it was changed behind the last step that was recorded, by one "
            "that was left out or by hand, or an update was dropped."},
    {"layout", "The layout in memory (type, strides, device): sums may have another order."},
};

/* The same, where the step has nothing of the name `unless`, as what is compiled shows no
 * gradients; "": nothing at all. */
static const struct {
    const char *name, *unless, *text;
} blind[] = {
    {"loss", "",
     "Nothing but losses was recorded: the data, the weights or the forward pass, or what the step "
     "before made of them."},
    {"buffer", "output",
     "What modules keep beside their weights, such as running means, or the forward pass that made "
     "it, of which nothing was recorded."},
    {"given", "gradient",
     "The backward pass, or what was done to its gradients since (clipped, scaled, reduced, by "
     "hand): all that was recorded before them, the loss too, is equal."},
    {"state", "g",
     "The backward pass or the optimizer, whose gradients were not recorded: all that was recorded "
     "before this, its own state, is equal."},
    {"weight", "g",
     "The backward pass or the optimizer, whose gradients were not recorded: all that was recorded "
     "before it is equal."},
};

/* Whether the step has anything of such a name. */
static bool has_any(const ledger_step *s, const char *with)
{
    const cJSON *at = s->tensors->child;

    while (at != NULL && !begins(at->string, with))
        at = at->next;
    return at != NULL;
}

/* Whether the ledger has, of this "output M", what went in: "input M", or "input M/0". */
static bool has_input(const ledger_step *s, const char *output)
{
    char name[256]; /* a name has 127 */

    snprintf(name, sizeof name, "input%s", output + strlen("output"));
    return has_any(s, name);
}

static bool only_random_differs(const comparison *c)
{
    size_t i = c->first;

    while (i < c->n && first_other(&c->common[i], "random") == NULL)
        i++;
    return i == c->n && c->alone_first == NULL;
}

static const char *meaning_of_name(const ledger_step *s, const char *name)
{
    for (size_t i = 0; i < sizeof blind / sizeof blind[0]; i++) {
        if (begins(name, blind[i].name) && !has_any(s, blind[i].unless))
            return blind[i].text;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (begins(name, known[i].name))
            return known[i].text;
    }
    return "All that was recorded before it in this step, and every step before, is equal.";
}

static bool begins_as(const char *name, const char *const *with)
{
    while (*with != NULL && !begins(name, *with))
        with++;
    return *with != NULL;
}

/* Of a name that one run alone has in the step. */
static const char *meaning_of_one(const char *name)
{
    return strstr(name, " #") != NULL
               ? "One of the runs comes here more often in this step: an update was left out, or a "
                 "module was called once more."
           : is_after_loss(name)
               ? "One of the runs makes this update in this step, the other does not: it was "
                 "dropped, or left out on a condition (a norm, a loss that is not finite, a time)."
           : begins(name, "input")
               ? "One of the runs takes this in this step, the other does not: a module was left "
                 "out, or something else than what the step before made is taken (an update that "
                 "was dropped, a weight that was changed by hand)."
               : "One of the runs has it in this step, the other has not: they recorded other "
                 "things.";
}

static const char *meaning_of_cause(const comparison *c)
{
    static const char *const either[] = {"loss", COMPARISON_TEST, "random", "changed",
                                         "end",  "layout",        NULL};
    const pair *at = &c->common[c->first];

    if (!begins_as(c->cause, either) && (!has(at->a, c->cause) || !has(at->b, c->cause)))
        return meaning_of_one(c->cause);
    if (begins(c->cause, "random") && only_random_differs(c))
        return "The random numbers, and they alone: a generator was in another state, and nothing "
               "else that was recorded differs in any step. What drew from it was not recorded, or "
               "of no effect.";
    if (begins(c->cause, "output") && has_input(at->a, c->cause))
        return "This module: what goes in is equal, what comes out is not: its own random numbers, "
               "the order of its sums, or weights that were changed since the last step.";
    return meaning_of_name(at->a, c->cause);
}

/* Of a step that one run alone has: what is behind the last update is a step as well. */
static void print_alone(FILE *f, const ledger_step *s)
{
    static const char *const behind[] = {"end", "changed", "saved", "printed", NULL};
    const cJSON *first = s->tensors->child;

    if (first != NULL && begins_as(first->string, behind) && !has_any(s, "given") &&
        !has_any(s, "batch"))
        fprintf(f,
                "One of the runs has something behind the last step that the other has not, at "
                "first \"%s\". %s",
                first->string, meaning_of_name(s, first->string));
    else
        fprintf(
            f,
            "One of the runs goes on longer, with step %llu: how many steps it has depends on a "
            "time, a loss, an error or what another run left.",
            (unsigned long long)s->step);
}

/* Steps before the first that differs and behind the last that is equal. */
static void print_gap(FILE *f, const comparison *c)
{
    const uint64_t step = c->common[c->first].a->step;
    const uint64_t before = c->first > 0 ? c->common[c->first - 1].a->step : 0;

    if (step > before + 2)
        fprintf(f, " Steps %llu to %llu were not recorded: it may have begun there.",
                (unsigned long long)before + 1, (unsigned long long)step - 1);
    else if (step > before + 1)
        fprintf(f, " Step %llu was not recorded: it may have begun there.",
                (unsigned long long)before + 1);
}

static void fill_meaning(comparison *c)
{
    size_t size;
    FILE *f;

    if (comparison_equal(c))
        return;
    f = xopen_memstream(&c->meaning, &size);
    if (c->cause != NULL)
        fputs(meaning_of_cause(c), f);
    else
        print_alone(f, c->alone_first);
    if (c->cause != NULL && !begins(c->cause, "before"))
        print_gap(f, c);
    xclose_memstream(f, &c->meaning);
}

int comparison_make(comparison *c)
{
    int status = ledger_read(c->path[0], &c->ledger[0]);

    if (status == 0)
        status = ledger_read(c->path[1], &c->ledger[1]);
    if (status != 0)
        return status;
    match(c);
    fill_losses(c);
    fill_meaning(c);
    if (c->n == 0)
        status =
            cli_fail(EXIT_NOT_TRIED, "diff: %s and %s have no step in common: nothing was compared",
                     c->path[0], c->path[1]);
    else if (c->entries == 0 && c->cause == NULL)
        status =
            cli_fail(EXIT_NOT_TRIED,
                     "diff: %s and %s have no digest and no finite loss in common: nothing was "
                     "compared",
                     c->path[0], c->path[1]);
    return status;
}
