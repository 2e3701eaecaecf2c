/* verify_report.c - what detpipe verify -- COMMAND says of its runs
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/verify_report.h"

#include <string.h>

#include "tools/cli.h"
#include "tools/growth.h"

/* ---- what the runs have in common ---- */

bool verify_differs(const verify_trial *t, const program_run *r)
{
    return losses_first_other(&t->run[0].losses, &r->losses) != SIZE_MAX;
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

static void print_run(const program_run *r)
{
    printf("run %d: %zu losses in %.2f s%s%s\n       %s\n", r->number, r->losses.n, r->seconds,
           r->vary != 0 ? ", other " : "", perturb_names(r->vary).text, r->out);
}

static const char *text_of(const losses *l, size_t i) { return i < l->n ? l->v[i].text : "-"; }

static void print_row(const losses *a, const losses *b, size_t i)
{
    const bool both = i < a->n && i < b->n, equal = both && strcmp(a->v[i].text, b->v[i].text) == 0;
    const bool color = cli_color();

    printf("  %9zu  %-22.22s %-22.22s %s%s%s", i + 1, text_of(a, i), text_of(b, i),
           color ? (equal ? "\033[32m" : "\033[31m") : "", equal ? "equal" : "DIFFERS",
           color ? "\033[0m" : "");
    if (both && !equal)
        printf(" %.2g", b->v[i].value - a->v[i].value);
    putchar('\n');
}

/* The first two, the first that differ, the last. */
static void print_rows(const verify_trial *t, int other)
{
    const losses *a = &t->run[0].losses, *b = &t->run[other].losses;
    const size_t first = losses_first_other(a, b), last = (a->n > b->n ? a->n : b->n) - 1;

    printf("  iteration  %-22s run %d\n", "run 1", other + 1);
    for (size_t i = 0; i <= last; i++) {
        if (i < 2 || i == first || i == last)
            print_row(a, b, i);
        else if (i == 2 || i == first + 1)
            puts("        ...");
    }
}

static const char *explanation(size_t first)
{
    return first == 0 ? "Iteration 1 differs already: the data, the initial weights or the forward "
                        "pass is not the same (an unseeded shuffle or initialization, a random "
                        "transform, dropout, memory that was not initialized)."
           : first == 1
               ? "Iteration 1 is equal and iteration 2 is not: the backward pass or the optimizer "
                 "is not the same (sums whose order depends on threads), or the second batch."
               : "The first two iterations are equal and a later one is not: a later batch or "
                 "epoch is not the same, or a difference below the printed digits has grown.";
}

static void explain(const verify_trial *t, int other)
{
    const losses *a = &t->run[0].losses, *b = &t->run[other].losses;
    char text[700];

    if (a->n != b->n) {
        snprintf(text, sizeof text,
                 "Run 1 printed %zu losses, run %d %zu: equal counts are "
                 "required.",
                 a->n, other + 1, b->n);
        cli_wrap(stdout, text, 0, 0);
    }
    cli_wrap(stdout, explanation(losses_first_other(a, b)), 0, 0);
    if (t->vary == 0)
        return;
    if (t->without)
        snprintf(text, sizeof text,
                 "Cause: none of what was varied: one more run without any "
                 "variation differs, too.");
    else if (t->causes == 0)
        snprintf(text, sizeof text, "Cause: not one variation alone, but %s together.",
                 perturb_names(t->vary).text);
    else
        snprintf(text, sizeof text, "Cause: %s (alone it makes the losses differ).",
                 perturb_names(t->causes).text);
    cli_wrap(stdout, text, 0, 0);
}

static bool all_close(const verify_trial *t)
{
    bool close = true;
    for (int i = 1; i < t->n; i++)
        close = close && losses_close(&t->run[0].losses, &t->run[i].losses);
    return close;
}

static void print_digits(const verify_trial *t, int other)
{
    const losses *a = &t->run[0].losses;

    if (other == 0)
        printf("digits (%zu losses, as printed): equal\n", a->n);
    else
        printf("digits (as printed): not equal, from iteration %zu on\n",
               losses_first_other(a, &t->run[other].losses) + 1);
}

int verify_report_text(const verify_settings *s, const verify_trial *t)
{
    const int other = verify_first_other(t);
    const bool yes = s->allclose ? all_close(t) : other == 0, color = cli_color();

    print_command(t->program.argv);
    for (int i = 0; i < t->n; i++)
        print_run(&t->run[i]);
    printf("losses: %s\n", t->run[0].losses.form);
    print_rows(t, other > 0 ? other : 1);
    printf("allclose (iterations 1 and 2, atol 1e-3, rtol 1e-5): %s\n",
           all_close(t) ? "yes" : "no");
    print_digits(t, other);
    if (other > 0)
        explain(t, other);
    if (s->sensitivity) {
        char text[GROWTH_TEXT];
        growth_text("", &t->run[0].losses, &t->run[other > 0 ? other : 1].losses, text);
        cli_wrap(stdout, text, 0, 0);
    }
    printf("%s%s%s\n", color ? (yes ? "\033[1;32m" : "\033[1;31m") : "",
           yes ? "REPRODUCED" : "NOT REPRODUCED", color ? "\033[0m" : "");
    return yes ? EXIT_YES : EXIT_NO;
}

static cJSON *run_to_json(const program_run *r)
{
    cJSON *json = cJSON_CreateObject(), *list;

    cJSON_AddStringToObject(json, "vary", perturb_names(r->vary).text);
    cJSON_AddStringToObject(json, "stdout", r->out);
    cJSON_AddStringToObject(json, "stderr", r->err);
    cJSON_AddNumberToObject(json, "seconds", r->seconds);
    list = cJSON_AddArrayToObject(json, "losses");
    for (size_t i = 0; i < r->losses.n; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(r->losses.v[i].text));
    return json;
}

int verify_report_json(const verify_settings *s, const verify_trial *t)
{
    const int other = verify_first_other(t);
    const bool yes = s->allclose ? all_close(t) : other == 0;
    cJSON *json = cJSON_CreateObject(), *list;

    cJSON_AddBoolToObject(json, "reproduced", yes);
    cJSON_AddBoolToObject(json, "allclose", all_close(t));
    cJSON_AddBoolToObject(json, "digits", other == 0);
    if (other > 0)
        cli_add_count(json, "first_different_iteration",
                      losses_first_other(&t->run[0].losses, &t->run[other].losses) + 1);
    cJSON_AddStringToObject(json, "causes", perturb_names(t->causes).text);
    cJSON_AddBoolToObject(json, "differs_without_variation", t->without);
    list = cJSON_AddArrayToObject(json, "runs");
    for (int i = 0; i < t->n; i++)
        cJSON_AddItemToArray(list, run_to_json(&t->run[i]));
    if (cli_print_json(json) != EXIT_YES)
        return EXIT_NOT_TRIED;
    return yes ? EXIT_YES : EXIT_NO;
}
