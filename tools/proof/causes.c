/* causes.c - why two runs of one command are not alike
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/causes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/cli.h"
#include "tools/proof/pairs.h"
#include "tools/proof/written.h"

#define PINNED     8 /* runs that have to be equal, so that a race is not fixed by luck */
#define LEAST_TIME 10

__attribute__((format(printf, 2, 3))) static void say(verify_trial *t, const char *format, ...)
{
    const size_t n = strlen(t->cause);
    va_list args;

    va_start(args, format);
    vsnprintf(t->cause + n, sizeof t->cause - n, format, args);
    va_end(args);
}

/* ---- more runs ---- */

int causes_run(verify_trial *t, program_run *r)
{
    const uint64_t timeout = t->program.timeout;
    int status;

    if (perturb_may_hang(&r->plan) && timeout == 0 && t->tried > 0)
        t->program.timeout = LEAST_TIME + 10 * (uint64_t)t->run[0].seconds;
    status = program_start(&t->program, r);
    t->program.timeout = timeout;
    t->tried++;
    if (status == 0 || r->interrupted || r->plan.own_clock || !perturb_needs_clock(&r->plan))
        return status;
    program_free(r);
    *r = (program_run){.number = r->number, .plan = r->plan};
    r->plan.own_clock = true;
    return program_start(&t->program, r);
}

typedef enum outcome { EQUAL, OTHER, NOT_TRIED, STOP } outcome;

static bool is_unlike(const program_run *a, const program_run *b)
{
    losses_comparison c;
    results_comparison files, ledgers;
    bool unlike;

    losses_compare(&a->losses, &b->losses, &c);
    results_compare(&a->results, &b->results, &files);
    pairs_compare(&a->recorded.ledgers, &b->recorded.ledgers, &ledgers);
    unlike = c.verdict != LOSSES_EQUAL || files.unlike || ledgers.unlike;
    losses_comparison_free(&c);
    results_comparison_free(&files);
    results_comparison_free(&ledgers);
    return unlike;
}

/* The verdict stands without the cause. */
static void say_interrupted(verify_trial *t, const program_run *r)
{
    say(t, "%sThe search for the cause ends here: %s.", t->cause[0] != '\0' ? ".  " : "", r->why);
}

/* Whether one more run is as `first`. */
static outcome compare_with(verify_trial *t, const program_run *first, perturb_plan plan)
{
    program_run r = {.number = t->tried + 1, .plan = plan};
    const int status = causes_run(t, &r);
    outcome out = NOT_TRIED;

    if (r.interrupted)
        out = STOP;
    else if (status == 0)
        out = is_unlike(first, &r) ? OTHER : EQUAL;
    if (r.interrupted)
        say_interrupted(t, &r);
    program_free(&r);
    return out;
}

/* ---- by what was varied ---- */

static size_t count_changes(const char *word)
{
    size_t n = 0;

    for (size_t i = 0; i < n_perturb_changes; i++)
        n += strcmp(perturb_changes[i].word, word) == 0;
    return n;
}

/* Which setting of a word it was; false: interrupted. */
static bool name_settings(verify_trial *t, const char *word)
{
    size_t found = 0;

    for (size_t i = 0; i < n_perturb_changes && count_changes(word) > 1; i++) {
        const perturb_change *c = &perturb_changes[i];
        outcome o;
        if (strcmp(c->word, word) != 0)
            continue;
        o = compare_with(t, &t->run[0], (perturb_plan){.one = c});
        if (o == STOP)
            return false;
        if (o == OTHER)
            say(t, "%s%s", found++ == 0 ? ", by " : " or ", c->name);
    }
    if (found == 0 && count_changes(word) > 1)
        say(t, ", by several of its settings together");
    return true;
}

static void by_varying(verify_trial *t)
{
    for (size_t i = 0; i < n_perturb_words; i++) {
        const uint32_t one = (uint32_t)1 << i;
        outcome o = t->vary == one ? OTHER : NOT_TRIED;
        if ((t->vary & one) != 0 && t->vary != one)
            o = compare_with(t, &t->run[0], (perturb_plan){.words = one});
        if (o == STOP)
            return;
        if (o != OTHER)
            continue;
        say(t, "%s%s", t->causes == 0 ? "Cause: " : "; ", perturb_words[i].name);
        t->causes |= one;
        if (!name_settings(t, perturb_words[i].name))
            return;
    }
    if (t->causes == 0)
        say(t, "Cause: not one variation alone, but %s together.", perturb_names(t->vary).text);
    else
        say(t, " (alone it makes the runs differ).");
}

/* ---- by what is held fast ---- */

/* So many runs with the pin, until one is not as the first of them. */
static outcome hold(verify_trial *t, uint32_t pin)
{
    program_run first = {.number = t->tried + 1, .plan = {.pins = pin}};
    const int status = causes_run(t, &first);
    outcome o = first.interrupted ? STOP : status == 0 ? EQUAL : NOT_TRIED;

    if (first.interrupted)
        say_interrupted(t, &first);
    for (int i = 1; i < PINNED && o == EQUAL; i++)
        o = compare_with(t, &first, first.plan);
    program_free(&first);
    return first.plan.own_clock && o != STOP ? NOT_TRIED : o;
}

static void name_leftovers(verify_trial *t)
{
    char names[WRITTEN_TEXT];
    written files;

    written_find(".", t->run[0].begun, t->folder, &files);
    if (written_text(&files, names) > 0)
        say(t, "  Written here since run 1 began: %s: does a run read what the last one left?",
            names);
    written_free(&files);
}

static void say_none(verify_trial *t, uint32_t not_tried)
{
    say(t, "Cause: unknown.  The runs differ without any variation, too, and with");
    for (size_t i = 0, n = 0; i < n_perturb_pins; i++) {
        if ((not_tried >> i & 1) == 0)
            say(t, "%s %s", n++ == 0 ? "" : ",", perturb_pins[i].name);
    }
    say(t, " held fast, each alone");
    for (size_t i = 0, n = 0; i < n_perturb_pins; i++) {
        if ((not_tried >> i & 1) != 0)
            say(t, "%s %s", n++ == 0 ? " (it could not be tried with" : ",", perturb_pins[i].name);
    }
    say(t,
        "%s.  Random numbers without a seed (/dev/urandom, os.urandom, default_rng()) are left, "
        "or what a run leaves for the next.",
        not_tried != 0 ? ")" : "");
    name_leftovers(t);
}

/* Runs with nothing held fast: where they are equal, only run 1 is another. */
static outcome is_run_1_alone(verify_trial *t)
{
    const outcome o = hold(t, 0);

    if (o == EQUAL) {
        say(t,
            "Cause: run 1 alone differs: %d runs after it, with nothing varied, are equal.  It "
            "found what no later run found (a cache, a checkpoint, an index), or differs seldom.",
            PINNED);
        name_leftovers(t);
    }
    return o;
}

static void by_pinning(verify_trial *t)
{
    uint32_t not_tried = 0;
    const outcome alone = is_run_1_alone(t);

    if (alone == EQUAL || alone == STOP)
        return;
    for (size_t i = 0; i < n_perturb_pins; i++) {
        const perturb_pin *pin = &perturb_pins[i];
        outcome o = NOT_TRIED;
        if (pin->further && (t->fixes >> (i - 1) & 1) != 0)
            continue;
        if (pin->possible == NULL || pin->possible())
            o = hold(t, (uint32_t)1 << i);
        if (o == STOP)
            return;
        not_tried |= o == NOT_TRIED ? (uint32_t)1 << i : 0;
        if (o == EQUAL)
            say(t, "%s%s: %s %d of %d runs are equal", t->fixes == 0 ? "Cause: " : "; ", pin->name,
                pin->how, PINNED, PINNED);
        t->fixes |= o == EQUAL ? (uint32_t)1 << i : 0;
    }
    if (t->fixes == 0)
        say_none(t, not_tried);
    else
        say(t, ".  Without that they differ, with nothing varied.");
}

void causes_find(verify_trial *t)
{
    t->without = t->vary == 0;
    if (!t->without) {
        const outcome o = compare_with(t, &t->run[0], (perturb_plan){0});
        if (o == STOP)
            return;
        t->without = o != EQUAL;
    }
    if (t->without)
        by_pinning(t);
    else
        by_varying(t);
}
