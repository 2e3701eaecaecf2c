/* ladder_report.c - what detpipe verify says of its runs of a recipe
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/ladder_report.h"

#include <string.h>

static bool has_rung(const ladder *l, int rung) { return l->digests[rung].text[0] != '\0'; }

static void explain(const ladder_report *r)
{
    const int rung = r->verdict.broken;
    char text[512];

    snprintf(text, sizeof text, "The lowest rung that differs is \"%s\": %s.", rung_names[rung],
             rung_meanings[rung]);
    cli_wrap(stdout, text, 0, 0);
    for (int i = 0; i < r->n; i++) {
        const ladder *l = &r->run[i].ladder;
        char head[24];
        snprintf(head, sizeof head, "  run %d: ", i + 1);
        if (rung == RUNG_NUMERICS && l->numerics[0] != '\0')
            cli_wrap(stdout, l->numerics, printf("%s", head), 9);
        if (rung == RUNG_LOSS_1 || rung == RUNG_LOSS_2)
            printf("%s%.9g (%a)\n", head, (double)ladder_loss(l, (uint64_t)(rung - RUNG_LOSS_1)),
                   (double)ladder_loss(l, (uint64_t)(rung - RUNG_LOSS_1)));
    }
    if (rung == RUNG_NUMERICS && r->verdict.alone)
        cli_wrap(stdout,
                 "The other rungs are equal: the library sets its own floating-point environment "
                 "and restores the caller's.",
                 0, 0);
}

static void print_run(const recipe_run *r, int number, const char *what)
{
    printf("run %d: ", number);
    if (r->threads == 0)
        printf("threads=auto");
    else
        printf("threads=%llu", (unsigned long long)r->threads);
    printf(" prefetch=%llu cpu=%s", (unsigned long long)r->prefetch,
           r->cpu != NULL ? r->cpu : "auto");
    if (r->ranks > 1)
        printf(" ranks=%u", r->ranks);
    if (r->inject != INJECT_NONE)
        printf(" inject=%s", inject_name(r->inject));
    printf("  %llu %s in %.2f s\n", (unsigned long long)r->ladder.n_losses, what,
           r->ladder.seconds);
}

static void print_ladder(const ladder_report *all)
{
    const bool color = cli_color();
    const ladder *first = &all->run[0].ladder;

    for (int r = 0; r < N_RUNGS; r++) {
        const int other = all->verdict.other[r];
        if (!has_rung(first, r) && !has_rung(&all->run[other].ladder, r))
            continue;
        printf("  %-9s %s  %s%s%s", rung_names[r], first->digests[r].text,
               color ? (other == 0 ? "\033[32m" : "\033[31m") : "",
               other == 0 ? "equal" : "DIFFERS", color ? "\033[0m" : "");
        if (other == 0 && (r == RUNG_LOSS_1 || r == RUNG_LOSS_2))
            printf("  %.9g", (double)ladder_loss(first, (uint64_t)(r - RUNG_LOSS_1)));
        if (other != 0)
            printf("  run %d: %.16s..", other + 1, all->run[other].ladder.digests[r].text);
        putchar('\n');
    }
}

static const char *units_of(const ladder_report *r) { return r->trained ? "steps" : "batches"; }

/* Runs that ended with the data, before what was asked, are equal and show too little. */
static void say_short(const ladder_report *r)
{
    if (r->verdict.all.answer == VERDICT_NOTHING)
        cli_fail_short("verify", r->verdict.asked, r->verdict.done, units_of(r));
}

void ladder_report_text(const ladder_report *r)
{
    static const char *const words[] = {[VERDICT_OTHER] = "NOT REPRODUCED",
                                        [VERDICT_NOTHING] = "NOT SHOWN",
                                        [VERDICT_EQUAL] = "REPRODUCED"};
    const ladder_verdict *v = &r->verdict;

    printf("detpipe " DETPIPE_VERSION " verify %.40s%s\n", r->recipe,
           strlen(r->recipe) > 40 ? "..." : "");
    for (int i = 0; i < r->n; i++)
        print_run(&r->run[i], i + 1, units_of(r));
    cli_print_left_out(r->run[0].ladder.left_out, "");
    print_ladder(r);
    if (r->trained) {
        fputs("allclose (losses 1 and 2, atol 1e-3, rtol 1e-5): ", stdout);
        closeness_print(stdout, &v->close);
        putchar('\n');
    }
    printf("bits (every rung): %s\n", v->broken == N_RUNGS ? "equal" : "not equal");
    if (v->broken != N_RUNGS)
        explain(r);
    if (r->sensitivity[0] != '\0')
        cli_wrap(stdout, r->sensitivity, 0, 0);
    verdict_print(&v->all, words, true);
    say_short(r);
}

int ladder_report_json(const ladder_report *r)
{
    const ladder_verdict *v = &r->verdict;
    cJSON *json = cJSON_CreateObject(), *list;
    int status;

    cJSON_AddStringToObject(json, "recipe", r->recipe);
    cJSON_AddBoolToObject(json, "reproduced", v->all.answer == VERDICT_EQUAL);
    cli_add_count(json, "steps", v->done);
    if (v->asked > 0)
        cli_add_count(json, "steps_asked", v->asked);
    cJSON_AddStringToObject(json, "lowest_broken_rung",
                            v->broken == N_RUNGS ? "" : rung_names[v->broken]);
    if (r->trained)
        closeness_to_json(&v->close, json);
    list = cJSON_AddArrayToObject(json, "runs");
    for (int i = 0; i < r->n; i++)
        cJSON_AddItemToArray(list, ladder_to_json(&r->run[i].ladder));
    status = cli_print_json(json);
    if (status == 0)
        say_short(r);
    return status;
}
