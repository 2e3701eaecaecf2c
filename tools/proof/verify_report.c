/* verify_report.c - what detpipe verify -- COMMAND says of its runs
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/verify_report.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/cli.h"
#include "tools/cli/memory.h"

/* ---- as text ---- */

static void print_command(char *const *argv)
{
    int column = printf("detpipe " DETPIPE_VERSION " verify --");

    for (; *argv != NULL; argv++) {
        if (column + 1 + strlen(*argv) > 75) {
            printf(" ...");
            break;
        }
        column += printf(" %s", *argv);
    }
    putchar('\n');
}

/* What is said of a run, to be freed: of its plan, and of its processes beside those of run 1. */
static char *note_of(const program_run *r, const why_comparison *c)
{
    const size_t size = sizeof r->note + sizeof c->heads + 3;
    char *note = xmalloc(size);

    snprintf(note, size, "%s%s%s", r->note, r->note[0] != '\0' && c->heads[0] != '\0' ? "; " : "",
             c->heads);
    return note;
}

static void print_run(const verify_trial *t, const program_run *r, const why_comparison *c)
{
    char *note = note_of(r, c);

    printf("run %d: %zu losses", r->number, losses_count(&r->losses));
    if (r->results.n > 0)
        printf(", %zu files", results_count(&r->results));
    printf(" in %.2f s%s%s\n", r->seconds, r->plan.words != 0 ? ", other " : "",
           perturb_names(r->plan.words).text);
    if (t->named)
        printf("       %s\n", r->out);
    if (note[0] != '\0')
        cli_wrap(stdout, note, printf("       "), 7);
    free(note);
}

/* ---- rows ---- */

/* Two runs side by side. */
typedef struct sides {
    const losses *a, *b;
    const losses_comparison *c;
    int number; /* of the second */
} sides;

/* "step 1:3", else "iteration 7" */
static void place_text(const printed_place *p, char out[LOSS_STEP_TEXT + 16])
{
    if (p->step[0] != '\0')
        snprintf(out, LOSS_STEP_TEXT + 16, "step %s", p->step);
    else
        snprintf(out, LOSS_STEP_TEXT + 16, "iteration %zu", p->ordinal + 1);
}

static void print_row(const sides *s, const loss_pair *p, bool name)
{
    const bool both = p->a != SIZE_MAX && p->b != SIZE_MAX, equal = p->verdict == LOSSES_EQUAL;
    const printed_place at = printed_place_of(s->a, s->b, s->c, p);
    const bool color = cli_color();
    char place[LOSS_STEP_TEXT + 16];

    place_text(&at, place);
    printf("  %9s  %-22.22s %-22.22s %s%s%s", strchr(place, ' ') + 1,
           p->a != SIZE_MAX ? s->a->v[p->a].text : "-", p->b != SIZE_MAX ? s->b->v[p->b].text : "-",
           color ? (equal ? "\033[32m" : "\033[31m") : "", equal ? "equal" : "DIFFERS",
           color ? "\033[0m" : "");
    if (both && !equal)
        printf(" %.2g", s->b->v[p->b].value - s->a->v[p->a].value);
    if (name)
        printf("  %s", at.series->name);
    putchar('\n');
}

/* The first two, the first that differ, the last. */
static void print_rows(const sides *s)
{
    const losses_comparison *c = s->c;
    const bool names = s->a->n_series > 1 || s->b->n_series > 1;

    printf("  %9s  %-22s run %d\n",
           printed_place_of(s->a, s->b, c, c->pair).loss->step.n > 0 ? "step" : "iteration",
           "run 1", s->number);
    for (size_t i = 0; i < c->n; i++) {
        if (i < 2 || i == c->first || i == c->n - 1)
            print_row(s, &c->pair[i], names);
        else if (i == 2 || i == c->first + 1)
            puts("        ...");
    }
}

/* ---- files and ledgers ---- */

#define FILES_SHOWN 20

/* Those that are not simply equal. */
static void print_files(const results_comparison *c, int number)
{
    size_t printed = 0, all = 0;

    for (size_t i = 0; i < c->n; i++) {
        const result_pair *p = &c->pair[i];
        char *text;
        if (p->verdict == RESULT_EQUAL || all++ >= FILES_SHOWN)
            continue;
        printed++;
        text = results_text(p, number);
        fputs("    ", stdout);
        results_print_name(stdout, p->a != NULL ? p->a->name : p->b->name);
        printf("%s: %s\n", p->verdict == RESULT_OTHER ? " DIFFERS" : "", text);
        free(text);
    }
    if (all > printed)
        printf("    ... and %zu more\n", all - printed);
}

/* The first thing that differs in what was recorded; of another rank it may follow from that. */
static void print_why(const char *word, const result_pair *p, int number)
{
    const char *name = p->a != NULL ? p->a->name : p->b->name;
    char *text = results_text(p, number), *line;
    const size_t size = strlen(name) + strlen(text) + 64;

    line = xmalloc(size);
    snprintf(line, size, "%s (%s, run 1 and %d): %s", word, name, number, text);
    cli_wrap(stdout, line, 0, 0);
    free(line);
    free(text);
}

static void print_ledgers(const why_comparison *c, int number)
{
    const size_t first = c->earliest;
    size_t printed = 0;

    if (c->files.unlike && c->files.pair[first].verdict != RESULT_EQUAL)
        print_why("Why", &c->files.pair[first], number);
    for (size_t i = 0; i < c->files.n; i++) {
        if (i != first && c->files.pair[i].verdict != RESULT_EQUAL && printed++ < FILES_SHOWN)
            print_why("And then", &c->files.pair[i], number);
    }
    if (printed > FILES_SHOWN)
        printf("... and %zu more ledgers\n", printed - FILES_SHOWN);
}

/* ---- what differs ---- */

/* first: which of its series differs; iterations: how many of the first two were printed. */
static const char *explanation(size_t first, int iterations)
{
    return iterations == 0 || (first > 0 && iterations < 2)
               ? "Not every iteration was printed, so where they part is not known more closely: "
                 "print each loss."
           : first == 0
               ? "Iteration 1 differs already: the data, the initial weights or the forward "
                 "pass is not the same (an unseeded shuffle or initialization, a random "
                 "transform, dropout, memory that was not initialized)."
           : first == 1
               ? "Iteration 1 is equal and iteration 2 is not: the backward pass or the optimizer "
                 "is not the same (sums whose order depends on threads), or the second batch."
               : "The first two iterations are equal and a later one is not: a later batch or "
                 "epoch is not the same, or a difference below the printed digits has grown.";
}

static void explain_place(const printed_verdict *v)
{
    const loss_pair *p = v->place.pair;
    const char *name = v->place.series->name;
    const bool other_step = strcmp(v->step[0], v->step[1]) != 0;
    const int number = v->shown + 1;
    char text[700];

    if (p->verdict == LOSSES_OTHER_SERIES)
        snprintf(text, sizeof text, "Only run %d printed a loss of the name \"%s\".",
                 p->a != SIZE_MAX ? 1 : number, name);
    else if (p->verdict == LOSSES_OTHER_BEGIN && other_step)
        snprintf(text, sizeof text,
                 "Run 1 begins at step %s and run %d at step %s: a run goes on from what another "
                 "one left, or skips steps.",
                 v->step[0], number, v->step[1]);
    else if (other_step)
        snprintf(text, sizeof text, "Run 1 ends at step %s and run %d at step %s.", v->step[0],
                 number, v->step[1]);
    else
        snprintf(text, sizeof text,
                 "Run 1 printed %zu losses of \"%s\", run %d %zu: equal counts are required.",
                 v->count[0], name, number, v->count[1]);
    cli_wrap(stdout, text, 0, 0);
}

static void print_digits(const printed_verdict *v)
{
    char place[LOSS_STEP_TEXT + 16];

    if (v->first.pair == NULL) {
        printf("digits (%zu losses, as printed): equal\n", v->with[v->shown].compared);
        return;
    }
    place_text(&v->first, place);
    printf("digits (as printed): not equal, from %s on\n", place);
}

static void print_losses(const verify_trial *t, const printed_verdict *v)
{
    print_rows(
        &(sides){&t->run[0].losses, &t->run[v->shown].losses, &v->with[v->shown], v->shown + 1});
    fputs("allclose (iterations 1 and 2, atol 1e-3, rtol 1e-5): ", stdout);
    closeness_print(stdout, &v->evidence.close);
    putchar('\n');
    print_digits(v);
}

static const char *const words[] = {[VERDICT_OTHER] = "NOT REPRODUCED",
                                    [VERDICT_NOTHING] = "NOTHING PROVED",
                                    [VERDICT_EQUAL] = "REPRODUCED"};

void verify_report_text(const verify_trial *t, const printed_verdict *v)
{
    char left[LEFTOVERS_TEXT];

    print_command(t->program.argv);
    for (int i = 0; i < t->n; i++)
        print_run(t, &t->run[i], &v->ledgers[i]);
    evidence_print(stdout, &v->evidence);
    print_files(&v->files[v->shown], v->shown + 1);
    print_ledgers(&v->ledgers[v->shown], v->shown + 1);
    if (t->closer[0] != '\0')
        cli_wrap(stdout, t->closer, 0, 0);
    if (v->with[v->shown].n > 0)
        print_losses(t, v);
    if (v->place.pair != NULL)
        explain_place(v);
    if (v->value.pair != NULL)
        cli_wrap(stdout, explanation(v->value.ordinal, v->iterations), 0, 0);
    leftovers_text(&t->left, left);
    if (left[0] != '\0')
        cli_wrap(stdout, left, 0, 0);
    if (v->other > 0)
        cli_wrap(stdout, t->cause, 0, 0);
    if (v->sensitivity[0] != '\0')
        cli_wrap(stdout, v->sensitivity, 0, 0);
    verdict_print(&v->all, words, true);
}

/* ---- as JSON ---- */

static cJSON *run_to_json(const verify_trial *t, const program_run *r, const why_comparison *c)
{
    cJSON *json = cJSON_CreateObject(), *list;
    char *note = note_of(r, c);

    cJSON_AddStringToObject(json, "vary", perturb_names(r->plan.words).text);
    if (t->named) {
        cJSON_AddStringToObject(json, "stdout", r->out);
        cJSON_AddStringToObject(json, "stderr", r->err);
    }
    if (note[0] != '\0')
        cJSON_AddStringToObject(json, "note", note);
    free(note);
    cJSON_AddNumberToObject(json, "seconds", r->seconds);
    list = cJSON_AddArrayToObject(json, "losses");
    for (size_t i = 0; i < r->losses.n; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(r->losses.v[i].text));
    return json;
}

static void file_to_json(const result_pair *p, int number, cJSON *list)
{
    const bool equal = p->verdict == RESULT_EQUAL || p->verdict == RESULT_EMPTY;
    cJSON *json = cJSON_CreateObject(), *digests;
    char *text = results_text(p, number);

    cJSON_AddStringToObject(json, "name", p->a != NULL ? p->a->name : p->b->name);
    cJSON_AddBoolToObject(json, "equal", equal);
    cJSON_AddBoolToObject(json, "compared",
                          p->verdict == RESULT_EQUAL || p->verdict == RESULT_OTHER);
    cli_add_count(json, "bytes", p->a != NULL ? p->a->size : p->b->size);
    digests = cJSON_AddArrayToObject(json, "digests");
    for (int i = 0; i < 2; i++) {
        const result_file *f = i == 0 ? p->a : p->b;
        cJSON_AddItemToArray(
            digests, cJSON_CreateString(f != NULL && f->written ? cli_hex_of(f->digest).text : ""));
    }
    cJSON_AddStringToObject(json, p->verdict == RESULT_OTHER ? "first_difference" : "note", text);
    free(text);
    cJSON_AddItemToArray(list, json);
}

/* Of run 1 and of the first other run that is unlike it. */
static void files_to_json(const results_comparison *c, int number, cJSON *list)
{
    for (size_t i = 0; i < c->n; i++)
        file_to_json(&c->pair[i], number, list);
}

static void first_to_json(const printed_place *p, cJSON *json)
{
    cJSON *first = cJSON_AddObjectToObject(json, "first_difference");

    cli_add_count(json, "first_different_iteration", p->ordinal + 1);
    cJSON_AddStringToObject(first, "series", p->series->name);
    cJSON_AddStringToObject(first, "stream", p->series->stream == 1 ? "stderr" : "stdout");
    cJSON_AddStringToObject(first, "step", p->step);
    cli_add_count(first, "line", p->loss->line);
}

int verify_report_json(const verify_trial *t, const printed_verdict *v)
{
    cJSON *json = cJSON_CreateObject(), *list;

    cJSON_AddStringToObject(json, "verdict", words[v->all.answer]);
    cJSON_AddBoolToObject(json, "reproduced", v->all.status == EXIT_YES);
    closeness_to_json(&v->evidence.close, json);
    cJSON_AddBoolToObject(json, "digits", v->digits);
    if (v->first.pair != NULL)
        first_to_json(&v->first, json);
    evidence_to_json(&v->evidence, json);
    files_to_json(&v->files[v->shown], v->shown + 1, cJSON_AddArrayToObject(json, "files"));
    files_to_json(&v->ledgers[v->shown].files, v->shown + 1,
                  cJSON_AddArrayToObject(json, "ledgers"));
    if (t->closer[0] != '\0')
        cJSON_AddStringToObject(json, "closer", t->closer);
    cJSON_AddStringToObject(json, "causes", perturb_names(t->causes).text);
    cJSON_AddBoolToObject(json, "differs_without_variation", t->without);
    cJSON_AddStringToObject(json, "cause", t->cause);
    list = cJSON_AddArrayToObject(json, "runs");
    for (int i = 0; i < t->n; i++)
        cJSON_AddItemToArray(list, run_to_json(t, &t->run[i], &v->ledgers[i]));
    return cli_print_json(json);
}
