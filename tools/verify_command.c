/* verify_command.c - detpipe verify [OPTIONS] -- COMMAND: anybody's trainer, run twice
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/verify_command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/growth.h"
#include "tools/program.h"

#define MOST_RUNS 8

typedef struct settings {
    const char *loss, *vary, *output;
    uint64_t runs, timeout;
    bool json, allclose, sensitivity;
} settings;

/* The runs to compare, then those that look for the cause. */
typedef struct trial {
    program program;
    uint32_t vary;
    char folder[PROGRAM_PATH];
    program_run run[MOST_RUNS];
    int n;
    bool without;    /* differs without any variation */
    uint32_t causes; /* variations that alone make it differ */
} trial;

static const char about[] =
    "Runs any training command twice, each time in a process of its own, finds the losses that it "
    "prints and compares them: the first two by the reference rule (numpy.allclose, atol 1e-3, "
    "rtol 1e-5), and all of them to the last printed digit.  What the command prints goes to "
    "files that are named.\n"
    "Losses are found in the usual forms: loss: 2.3, loss=2.3, loss is 2.3, {\"loss\": 2.3}, a "
    "column of the name loss; also in hexadecimal.  Print as many digits as there are.\n"
    "With --vary the other runs are unlike the first in what must not matter; when they differ, "
    "more runs find which of it it was.\n"
    "Exit status: 0 reproduced, 1 not, 2 the question is malformed (no loss is found), 3 it could "
    "not be tried (the command failed, or took too long).";

/* ---- running ---- */

static int make_folder(const settings *s, trial *t)
{
    const char *tmp = getenv("TMPDIR");
    char path[PROGRAM_PATH];

    if (s->output == NULL) {
        snprintf(path, sizeof path, "%.2000s/detpipe-verify-XXXXXX",
                 tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp");
        if (mkdtemp(path) == NULL)
            return cli_fail(EXIT_NOT_TRIED, "verify: cannot make a folder %s: %s", path,
                            strerror(errno));
    } else {
        snprintf(path, sizeof path, "%.4000s", s->output);
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return cli_fail(EXIT_NOT_TRIED, "verify: cannot make the folder %s: %s", path,
                            strerror(errno));
    }
    if (realpath(path, t->folder) == NULL)
        return cli_fail(EXIT_NOT_TRIED, "verify: %s: %s", path, strerror(errno));
    t->program.folder = t->folder;
    return -1;
}

static bool differs(const trial *t, const program_run *r)
{
    return losses_first_other(&t->run[0].losses, &r->losses) != SIZE_MAX;
}

/* The first run that is not as run 1, or 0. */
static int first_other(const trial *t)
{
    int i = 1;
    while (i < t->n && !differs(t, &t->run[i]))
        i++;
    return i < t->n ? i : 0;
}

/* One more run, whose losses nobody but this comparison needs. */
static int try_alone(const trial *t, int number, uint32_t vary, bool *other)
{
    program_run r = {.number = number, .vary = vary};
    const int status = program_start(&t->program, &r);

    *other = status < 0 && differs(t, &r);
    losses_free(&r.losses);
    return status;
}

/* Without any variation, then with one at a time. */
static int find_causes(trial *t)
{
    int number = t->n + 1, status = try_alone(t, number, 0, &t->without);

    for (size_t i = 0; i < n_perturbations && status < 0 && !t->without; i++) {
        const uint32_t one = (uint32_t)1 << i;
        bool other = false;
        if ((t->vary & one) == 0)
            continue;
        if (t->vary == one)
            other = true;
        else
            status = try_alone(t, ++number, one, &other);
        t->causes |= other ? one : 0;
    }
    return status;
}

static int run_all(trial *t)
{
    int status = -1;

    for (int i = 0; i < t->n && status < 0; i++) {
        t->run[i].number = i + 1;
        t->run[i].vary = i > 0 ? t->vary : 0;
        status = program_start(&t->program, &t->run[i]);
    }
    if (status < 0 && t->vary != 0 && first_other(t) > 0)
        status = find_causes(t);
    return status;
}

/* ---- the report ---- */

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
static void print_rows(const trial *t, int other)
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

static void explain(const trial *t, int other)
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

static bool all_close(const trial *t)
{
    bool close = true;
    for (int i = 1; i < t->n; i++)
        close = close && losses_close(&t->run[0].losses, &t->run[i].losses);
    return close;
}

static void print_digits(const trial *t, int other)
{
    const losses *a = &t->run[0].losses;

    if (other == 0)
        printf("digits (%zu losses, as printed): equal\n", a->n);
    else
        printf("digits (as printed): not equal, from iteration %zu on\n",
               losses_first_other(a, &t->run[other].losses) + 1);
}

static int report_text(const settings *s, const trial *t)
{
    const int other = first_other(t);
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

static int report_json(const settings *s, const trial *t)
{
    const int other = first_other(t);
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

static int compare(const settings *s, trial *t)
{
    int status = s->vary != NULL ? perturb_parse(s->vary, &t->vary) : -1;

    losses none = {0};

    if (status < 0 && s->loss != NULL)
        status = losses_find("", s->loss, &none); /* a wrong one is said before anything runs */
    t->n = (int)s->runs;
    t->program.regex = s->loss;
    t->program.timeout = s->timeout;
    if (status < 0)
        status = make_folder(s, t);
    if (status < 0)
        status = run_all(t);
    if (status < 0)
        status = s->json ? report_json(s, t) : report_text(s, t);
    for (int i = 0; i < t->n; i++)
        losses_free(&t->run[i].losses);
    return status;
}

int verify_command(int argc, char **argv, int command)
{
    settings s = {.runs = 2};
    const cli_option options[] = {
        {"runs", "N", "runs to compare, 2 to 8 (default: 2)", CLI_COUNT, &s.runs},
        {"loss", "REGEX", "where a loss is: POSIX extended, its first group is the number",
         CLI_TEXT, &s.loss},
        {"vary", "LIST", "make the others unlike run 1 in: " PERTURB_WORDS, CLI_TEXT, &s.vary},
        {"timeout", "SECONDS", "end a run that takes longer", CLI_COUNT, &s.timeout},
        {"output", "DIR", "for what the command prints (default: a new one in TMPDIR)", CLI_TEXT,
         &s.output},
        {"allclose", NULL, "the verdict is the reference rule's, not that of the digits", CLI_FLAG,
         &s.allclose},
        {"sensitivity", NULL, "also say when a difference as small as a digit passes 1e-3",
         CLI_FLAG, &s.sensitivity},
        {"json", NULL, "print the result for a program", CLI_FLAG, &s.json},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command c = {"verify", "[OPTIONS] -- COMMAND ARGS...", about, options, 0, 0};
    trial t = {.program = {.argv = argv + command}};
    int status = cli_parse(&c, command - 1, argv, NULL);

    if (status < 0 && command == argc)
        status = cli_fail(EXIT_MALFORMED, "verify: there is no command after --");
    if (status < 0 && (s.runs < 2 || s.runs > MOST_RUNS))
        status = cli_fail(EXIT_MALFORMED, "verify: --runs takes 2 to %d", MOST_RUNS);
    return status < 0 ? compare(&s, &t) : status;
}
