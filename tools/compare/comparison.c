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
    for (size_t i = 0, j = 0; i < a->n && j < b->n;) {
        if (a->steps[i].step == b->steps[j].step)
            c->common[c->n++] = (pair){&a->steps[i++], &b->steps[j++]};
        else if (a->steps[i].step < b->steps[j].step)
            i++;
        else
            j++;
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

int comparison_make(comparison *c)
{
    int status = ledger_read(c->path[0], &c->ledger[0]);

    if (status == 0)
        status = ledger_read(c->path[1], &c->ledger[1]);
    if (status != 0)
        return status;
    match(c);
    fill_losses(c);
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

void comparison_free(comparison *c)
{
    for (int k = 0; k < 2; k++) {
        ledger_free(&c->ledger[k]);
        free(c->losses[k].v);
    }
    free(c->common);
}

bool comparison_equal(const comparison *c)
{
    return c->first == c->n && c->ledger[0].n == c->n && c->ledger[1].n == c->n;
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
 * gradients. */
static const struct {
    const char *name, *unless, *text;
} blind[] = {
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

/* Whether the ledger has anything of such a name in the step. */
static bool has_any(const pair *at, const char *with)
{
    const cJSON *a = at->a->tensors->child;

    while (a != NULL && !begins(a->string, with))
        a = a->next;
    return a != NULL;
}

/* Whether the ledger has, of this "output M", what went in: "input M", or "input M/0". */
static bool has_input(const pair *at, const char *output)
{
    char name[256]; /* a name has 127 */

    snprintf(name, sizeof name, "input%s", output + strlen("output"));
    return has_any(at, name);
}

static bool only_random_differs(const comparison *c)
{
    size_t i = c->first;

    while (i < c->n && first_other(&c->common[i], "random") == NULL)
        i++;
    return i == c->n && c->ledger[0].n == c->n && c->ledger[1].n == c->n;
}

const char *comparison_meaning(const comparison *c)
{
    const pair *at = &c->common[c->first];

    if (strcmp(c->cause, "loss") != 0 && strcmp(c->cause, COMPARISON_TEST) != 0 &&
        !begins(c->cause, "random") && !begins(c->cause, "changed") && !begins(c->cause, "end") &&
        !begins(c->cause, "layout") && (!has(at->a, c->cause) || !has(at->b, c->cause)))
        return strstr(c->cause, " #") != NULL
                   ? "One of the runs comes here more often in this step: an update was left out, "
                     "or a module was called once more."
               : is_after_loss(c->cause)
                   ? "One of the runs makes this update in this step, the other does not: it was "
                     "dropped, or left out on a condition (a norm, a loss that is not finite, a "
                     "time)."
               : begins(c->cause, "input")
                   ? "One of the runs takes this in this step, the other does not: a module was left "
                     "out, or something else than what the step before made is taken (an update that "
                     "was dropped, a weight that was changed by hand)."
                   : "One of the runs has it in this step, the other has not: they recorded other "
                     "things.";
    if (begins(c->cause, "random") && only_random_differs(c))
        return "The random numbers, and they alone: a generator was in another state, and nothing else that was recorded differs in any step. What drew from it was not recorded, or of no effect.";
    if (begins(c->cause, "output") && has_input(at, c->cause))
        return "This module: what goes in is equal, what comes out is not: its own random numbers, the order of its sums, or weights that were changed since the last step.";
    for (size_t i = 0; i < sizeof blind / sizeof blind[0]; i++) {
        if (begins(c->cause, blind[i].name) && !has_any(at, blind[i].unless))
            return blind[i].text;
    }
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (begins(c->cause, known[i].name))
            return known[i].text;
    }
    return "All that was recorded before it in this step, and every step before, is equal.";
}
