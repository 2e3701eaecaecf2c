/* verify_report.c - what detpipe verify -- COMMAND says of its runs
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/proof/verify_report.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/cli.h"
#include "tools/proof/evidence.h"
#include "tools/proof/growth.h"
#include "tools/cli/memory.h"

/* ---- what the runs have in common ---- */

typedef enum shown { NOT_REPRODUCED, NOTHING_PROVED, REPRODUCED } shown;

/* The comparison of each run with run 1, and what they say together. */
typedef struct verdict {
    losses_comparison with[VERIFY_MOST_RUNS]; /* none for run 1 */
    results_comparison files[VERIFY_MOST_RUNS];
    evidence evidence;
    int other;   /* the first run that is not as run 1, or 0 */
    bool digits; /* all losses are equal */
    shown shown;
    char weakness[EVIDENCE_TEXT]; /* of what is shown; why nothing is */
} verdict;

/* By the reference rule: half of it proves nothing. */
static void judge_close(verdict *v)
{
    static const shown by_answer[] = {
        [CLOSE_NO] = NOT_REPRODUCED, [CLOSE_UNTESTED] = NOTHING_PROVED, [CLOSE_YES] = REPRODUCED};

    v->shown = by_answer[closeness_answer(&v->evidence.close)];
    if (v->shown == NOTHING_PROVED)
        closeness_reason(&v->evidence.close, v->weakness);
}

static verdict compare_runs(const verify_settings *s, const verify_trial *t)
{
    verdict v = {.evidence = evidence_of(&t->run[0].losses), .digits = true};

    for (int i = 1; i < t->n; i++) {
        losses_compare(&t->run[0].losses, &t->run[i].losses, &v.with[i]);
        evidence_add(&v.evidence, &t->run[i].losses, &v.with[i]);
        if (s->files.n > 0) {
            results_compare(&t->run[0].results, &t->run[i].results, &v.files[i]);
            evidence_add_files(&v.evidence, &v.files[i]);
        }
        v.digits = v.digits && v.with[i].verdict == LOSSES_EQUAL;
        if (v.other == 0 && (v.with[i].verdict != LOSSES_EQUAL || v.files[i].unlike))
            v.other = i;
    }
    evidence_weakness(&v.evidence, v.weakness);
    if (s->allclose)
        judge_close(&v);
    else
        v.shown = v.other > 0                     ? NOT_REPRODUCED
                  : evidence_is_none(&v.evidence) ? NOTHING_PROVED
                                                  : REPRODUCED;
    return v;
}

static void free_verdict(verdict *v)
{
    for (int i = 0; i < VERIFY_MOST_RUNS; i++) {
        losses_comparison_free(&v->with[i]);
        results_comparison_free(&v->files[i]);
    }
}

static int status_of(const verify_settings *s, const verdict *v)
{
    if (v->shown == NOT_REPRODUCED)
        return EXIT_NO;
    return v->shown == NOTHING_PROVED || (s->strict && v->weakness[0] != '\0') ? EXIT_NOT_TRIED
                                                                               : EXIT_YES;
}

static const char *word_of(const verdict *v)
{
    static const char *const words[] = {"NOT REPRODUCED", "NOTHING PROVED", "REPRODUCED"};
    return words[v->shown];
}

bool verify_unlike(const program_run *a, const program_run *b)
{
    losses_comparison c;
    results_comparison files;
    bool other;

    losses_compare(&a->losses, &b->losses, &c);
    results_compare(&a->results, &b->results, &files);
    other = c.verdict != LOSSES_EQUAL || files.unlike;
    losses_comparison_free(&c);
    results_comparison_free(&files);
    return other;
}

bool verify_differs(const verify_trial *t, const program_run *r)
{
    return verify_unlike(&t->run[0], r);
}

int verify_first_other(const verify_trial *t)
{
    int i = 1;
    while (i < t->n && !verify_differs(t, &t->run[i]))
        i++;
    return i < t->n ? i : 0;
}

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

static void print_run(const verify_trial *t, const program_run *r)
{
    printf("run %d: %zu losses", r->number, losses_count(&r->losses));
    if (r->results.n > 0)
        printf(", %zu files", results_count(&r->results));
    printf(" in %.2f s%s%s\n", r->seconds, r->plan.words != 0 ? ", other " : "",
           perturb_names(r->plan.words).text);
    if (t->named)
        printf("       %s\n", r->out);
    if (r->note[0] != '\0')
        cli_wrap(stdout, r->note, printf("       "), 7);
}

/* ---- rows ---- */

/* Two runs side by side. */
typedef struct sides {
    const losses *a, *b;
    const losses_comparison *c;
    int number; /* of the second */
} sides;

static const loss *loss_of(const sides *s, const loss_pair *p)
{
    return p->a != SIZE_MAX ? &s->a->v[p->a] : &s->b->v[p->b];
}

static const loss_series *series_of(const sides *s, const loss_pair *p)
{
    return p->a != SIZE_MAX ? &s->a->series[s->a->v[p->a].series]
                            : &s->b->series[s->b->v[p->b].series];
}

static bool is_same(const loss_series *a, const loss_series *b)
{
    return a->stream == b->stream && strcmp(a->name, b->name) == 0;
}

/* Which loss of its series it is, from 0. */
static size_t ordinal(const sides *s, const loss_pair *p)
{
    size_t n = 0;

    for (const loss_pair *q = s->c->pair; q < p; q++)
        n += is_same(series_of(s, q), series_of(s, p));
    return n;
}

/* "step 1:3", else "iteration 7" */
static void place_text(const sides *s, const loss_pair *p, char out[LOSS_STEP_TEXT + 16])
{
    char step[LOSS_STEP_TEXT];

    loss_step_text(&loss_of(s, p)->step, step);
    if (step[0] != '\0')
        snprintf(out, LOSS_STEP_TEXT + 16, "step %s", step);
    else
        snprintf(out, LOSS_STEP_TEXT + 16, "iteration %zu", ordinal(s, p) + 1);
}

static void print_row(const sides *s, const loss_pair *p, bool name)
{
    const bool both = p->a != SIZE_MAX && p->b != SIZE_MAX, equal = p->verdict == LOSSES_EQUAL;
    const bool color = cli_color();
    char place[LOSS_STEP_TEXT + 16];

    place_text(s, p, place);
    printf("  %9s  %-22.22s %-22.22s %s%s%s", strchr(place, ' ') + 1,
           p->a != SIZE_MAX ? s->a->v[p->a].text : "-", p->b != SIZE_MAX ? s->b->v[p->b].text : "-",
           color ? (equal ? "\033[32m" : "\033[31m") : "", equal ? "equal" : "DIFFERS",
           color ? "\033[0m" : "");
    if (both && !equal)
        printf(" %.2g", s->b->v[p->b].value - s->a->v[p->a].value);
    if (name)
        printf("  %s", series_of(s, p)->name);
    putchar('\n');
}

/* The first two, the first that differ, the last. */
static void print_rows(const sides *s)
{
    const losses_comparison *c = s->c;
    const bool names = s->a->n_series > 1 || s->b->n_series > 1;

    printf("  %9s  %-22s run %d\n", loss_of(s, c->pair)->step.n > 0 ? "step" : "iteration", "run 1",
           s->number);
    for (size_t i = 0; i < c->n; i++) {
        if (i < 2 || i == c->first || i == c->n - 1)
            print_row(s, &c->pair[i], names);
        else if (i == 2 || i == c->first + 1)
            puts("        ...");
    }
}

/* ---- files ---- */

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

/* The iterations that the first losses of a series are. */
static int iterations_of(const sides *s, const loss_series *series)
{
    const loss *two[2] = {NULL, NULL};
    size_t n = 0;

    for (size_t i = 0; i < s->c->n && n < 2; i++) {
        if (is_same(series_of(s, &s->c->pair[i]), series))
            two[n++] = loss_of(s, &s->c->pair[i]);
    }
    return losses_iterations(two[0], two[1]);
}

static size_t count_of(const losses *l, const loss_series *s)
{
    size_t n = 0;

    for (size_t i = 0; i < l->n_series; i++) {
        if (is_same(&l->series[i], s))
            n = l->series[i].n;
    }
    return n;
}

/* The step at which the series of a loss begins, or ends, in a run; "none". */
static void end_of(const losses *l, const loss_series *s, bool last, char out[LOSS_STEP_TEXT])
{
    snprintf(out, LOSS_STEP_TEXT, "none");
    for (size_t k = 0; k < l->n; k++) {
        const size_t i = last ? l->n - 1 - k : k;
        if (!is_same(&l->series[l->v[i].series], s))
            continue;
        loss_step_text(&l->v[i].step, out);
        return;
    }
}

static void explain_places(const sides *s, const loss_pair *p)
{
    const loss_series *series = series_of(s, p);
    const bool begin = p->verdict == LOSSES_OTHER_BEGIN;
    char a[LOSS_STEP_TEXT], b[LOSS_STEP_TEXT], text[700];

    end_of(s->a, series, !begin, a);
    end_of(s->b, series, !begin, b);
    if (p->verdict == LOSSES_OTHER_SERIES)
        snprintf(text, sizeof text, "Only run %d printed a loss of the name \"%s\".",
                 p->a != SIZE_MAX ? 1 : s->number, series->name);
    else if (begin && strcmp(a, b) != 0)
        snprintf(text, sizeof text,
                 "Run 1 begins at step %s and run %d at step %s: a run goes on from what another "
                 "one left, or skips steps.",
                 a, s->number, b);
    else if (strcmp(a, b) != 0)
        snprintf(text, sizeof text, "Run 1 ends at step %s and run %d at step %s.", a, s->number,
                 b);
    else
        snprintf(text, sizeof text,
                 "Run 1 printed %zu losses of \"%s\", run %d %zu: equal counts are required.",
                 count_of(s->a, series), series->name, s->number, count_of(s->b, series));
    cli_wrap(stdout, text, 0, 0);
}

static void explain(const sides *s)
{
    const loss_pair *first = &s->c->pair[s->c->first], *value = first;

    while (value < s->c->pair + s->c->n && value->verdict != LOSSES_OTHER_VALUE)
        value++;
    for (const loss_pair *p = first; p < s->c->pair + s->c->n; p++) {
        if (p->verdict != LOSSES_EQUAL && p->verdict != LOSSES_OTHER_VALUE) {
            explain_places(s, p);
            break;
        }
    }
    if (value < s->c->pair + s->c->n)
        cli_wrap(stdout, explanation(ordinal(s, value), iterations_of(s, series_of(s, value))), 0,
                 0);
}

static void print_digits(const sides *s)
{
    char place[LOSS_STEP_TEXT + 16];

    if (s->c->verdict == LOSSES_EQUAL) {
        printf("digits (%zu losses, as printed): equal\n", s->c->compared);
        return;
    }
    place_text(s, &s->c->pair[s->c->first], place);
    printf("digits (as printed): not equal, from %s on\n", place);
}

/* The sensitivity, by the losses that both runs have. */
static void print_sensitivity(const sides *s)
{
    loss_values a = {xmalloc(s->c->n * sizeof *a.v), 0};
    loss_values b = {xmalloc(s->c->n * sizeof *b.v), 0};
    char text[GROWTH_TEXT];

    for (size_t i = 0; i < s->c->n; i++) {
        const loss_pair *p = &s->c->pair[i];
        if (p->a == SIZE_MAX || p->b == SIZE_MAX)
            continue;
        a.v[a.n++] = s->a->v[p->a].value;
        b.v[b.n++] = s->b->v[p->b].value;
    }
    growth_text("", &a, &b, text);
    cli_wrap(stdout, text, 0, 0);
    free(a.v);
    free(b.v);
}

static void print_verdict(const verdict *v)
{
    const bool color = cli_color();

    printf("%s%s", color ? (v->shown == REPRODUCED ? "\033[1;32m" : "\033[1;31m") : "", word_of(v));
    if (v->shown != NOT_REPRODUCED && v->weakness[0] != '\0')
        printf(" (%s%s)", v->shown == REPRODUCED ? "weak evidence: " : "", v->weakness);
    puts(color ? "\033[0m" : "");
}

int verify_report_text(const verify_settings *s, const verify_trial *t)
{
    verdict v = compare_runs(s, t);
    const int other = v.other > 0 ? v.other : 1, status = status_of(s, &v);
    const sides both = {&t->run[0].losses, &t->run[other].losses, &v.with[other], other + 1};

    print_command(t->program.argv);
    for (int i = 0; i < t->n; i++)
        print_run(t, &t->run[i]);
    evidence_print(stdout, &v.evidence);
    print_files(&v.files[other], other + 1);
    if (both.c->n > 0) {
        print_rows(&both);
        fputs("allclose (iterations 1 and 2, atol 1e-3, rtol 1e-5): ", stdout);
        closeness_print(stdout, &v.evidence.close);
        putchar('\n');
        print_digits(&both);
    }
    if (both.c->verdict != LOSSES_EQUAL)
        explain(&both);
    if (v.other > 0)
        cli_wrap(stdout, t->cause, 0, 0);
    if (s->sensitivity)
        print_sensitivity(&both);
    print_verdict(&v);
    free_verdict(&v);
    return status;
}

/* ---- as JSON ---- */

static cJSON *run_to_json(const verify_trial *t, const program_run *r)
{
    cJSON *json = cJSON_CreateObject(), *list;

    cJSON_AddStringToObject(json, "vary", perturb_names(r->plan.words).text);
    if (t->named) {
        cJSON_AddStringToObject(json, "stdout", r->out);
        cJSON_AddStringToObject(json, "stderr", r->err);
    }
    if (r->note[0] != '\0')
        cJSON_AddStringToObject(json, "note", r->note);
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

/* The files of run 1 and of the first other run that is unlike it. */
static void files_to_json(const verdict *v, cJSON *json)
{
    const int other = v->other > 0 ? v->other : 1;
    cJSON *list = cJSON_AddArrayToObject(json, "files");

    for (size_t i = 0; i < v->files[other].n; i++)
        file_to_json(&v->files[other].pair[i], other + 1, list);
}

static void first_to_json(const sides *s, cJSON *json)
{
    const loss_pair *p = &s->c->pair[s->c->first];
    char step[LOSS_STEP_TEXT];
    cJSON *first = cJSON_AddObjectToObject(json, "first_difference");

    loss_step_text(&loss_of(s, p)->step, step);
    cli_add_count(json, "first_different_iteration", ordinal(s, p) + 1);
    cJSON_AddStringToObject(first, "series", series_of(s, p)->name);
    cJSON_AddStringToObject(first, "stream", series_of(s, p)->stream == 1 ? "stderr" : "stdout");
    cJSON_AddStringToObject(first, "step", step);
    cli_add_count(first, "line", loss_of(s, p)->line);
}

static int print_json(const verify_settings *s, const verify_trial *t, const verdict *v)
{
    cJSON *json = cJSON_CreateObject(), *list;

    cJSON_AddStringToObject(json, "verdict", word_of(v));
    cJSON_AddBoolToObject(json, "reproduced", status_of(s, v) == EXIT_YES);
    closeness_to_json(&v->evidence.close, json);
    cJSON_AddBoolToObject(json, "digits", v->digits);
    if (v->other > 0 && v->with[v->other].verdict != LOSSES_EQUAL) {
        const sides both = {&t->run[0].losses, &t->run[v->other].losses, &v->with[v->other],
                            v->other + 1};
        first_to_json(&both, json);
    }
    evidence_to_json(&v->evidence, json);
    files_to_json(v, json);
    cJSON_AddStringToObject(json, "causes", perturb_names(t->causes).text);
    cJSON_AddBoolToObject(json, "differs_without_variation", t->without);
    cJSON_AddStringToObject(json, "cause", t->cause);
    list = cJSON_AddArrayToObject(json, "runs");
    for (int i = 0; i < t->n; i++)
        cJSON_AddItemToArray(list, run_to_json(t, &t->run[i]));
    return cli_print_json(json) == EXIT_YES ? status_of(s, v) : EXIT_NOT_TRIED;
}

int verify_report_json(const verify_settings *s, const verify_trial *t)
{
    verdict v = compare_runs(s, t);
    const int status = print_json(s, t, &v);

    free_verdict(&v);
    return status;
}
