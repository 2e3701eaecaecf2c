/* cmd_lint.c - say what in a pipeline is random, and write it without
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli/memory.h"
#include "tools/commands/commands.h"
#include "tools/mindspore/import.h"
#include "tools/mindspore/lint.h"
#include "tools/run/lint_scripts.h"

#define WORDS "WHAT [MORE SCRIPTS] [OPTIONS]"

typedef struct settings {
    cli_optional seed;
    const char *at;
    bool fix, strict, all, json;
} settings;

static const char about[] =
    "Reports what makes two runs of a pipeline differ elsewhere, in the order of MindSpore's guide "
    "on fixed randomness: the seed, hyperparameters, initial weights, random operations, shuffles "
    "and samplers, workers, dropout, special operators, the start.  What is seeded and keyed is "
    "reproducible here, and is named all the same.\n"
    "What is reproducible and wrong is named as well: rows that are cut by their place (split, take, "
    "skip) in an order that is another one each epoch, so that rows held out are trained on; streams "
    "that zip joins in different orders or lengths; batches left out of every epoch; "
    "epochs that repeat the order or the random numbers of the first.\n"
    "Of a script of Python, a notebook or a folder of them it reads the syntax trees, runs nothing and "
    "needs python3 alone: seeds that are missing, come late or change, orders by chance, special "
    "operators.  --fix prints what can safely be mended as a diff.\n"
    "--fix of a pipeline prints it without what is random: random_crop becomes a crop in the middle "
    "(or --at x,y), "
    "random_resized_crop a resize, other random stages, shuffles and samplers are left out.\n"
    "WHAT is a pipeline text in quotes, a recipe's name or file, a FILE.json that MindSpore's "
    "serialize() wrote, or scripts, notebooks or folders of them.  The data set is not needed, "
    "but with it more is checked.  Exit status 1 with --strict if there is a warning.";

static void print_finding(const lint_finding *f)
{
    char head[160];
    const int width = f->column != 0 ? snprintf(head, sizeof head, "%s column %u: %s: ", f->where,
                                                f->column, f->stage)
                                     : snprintf(head, sizeof head, "%s: %s: ", f->where, f->stage);

    fputs(head, stdout);
    cli_wrap(stdout, f->why, width, 4);
    fputs("    instead: ", stdout);
    cli_wrap(stdout, f->remedy, 13, 13);
}

static int print_json(const lint_report *r, bool all, size_t warnings)
{
    cJSON *json = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(json, "findings");

    cli_add_count(json, "warnings", warnings);
    for (size_t i = 0; i < r->n; i++) {
        const lint_finding *f = &r->finding[i];
        cJSON *row;
        if (f->level == LINT_NOTE && !all)
            continue;
        row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "level", f->level == LINT_NOTE ? "note" : "warning");
        cJSON_AddStringToObject(row, "where", f->where);
        cli_add_count(row, "column", f->column);
        cJSON_AddStringToObject(row, "stage", f->stage);
        cJSON_AddStringToObject(row, "why", f->why);
        cJSON_AddStringToObject(row, "remedy", f->remedy);
        cJSON_AddItemToArray(list, row);
    }
    return cli_print_json(json);
}

static int print_report(const lint_report *r, const settings *set)
{
    size_t warnings = 0;

    for (size_t i = 0; i < r->n; i++) {
        warnings += r->finding[i].level == LINT_WARNING;
        if (!set->json && (set->all || r->finding[i].level == LINT_WARNING))
            print_finding(&r->finding[i]);
    }
    if (set->json) {
        const int status = print_json(r, set->all, warnings);
        if (status != EXIT_YES)
            return status;
    }
    return set->strict && warnings > 0 ? EXIT_NO : EXIT_YES;
}

static int print_fixed(const session *s, const settings *set)
{
    char *text = NULL;
    const int status = lint_fix(s, set->at, &text);

    if (status == 0)
        recipe_print(stdout, &s->recipe, text);
    free(text);
    return status;
}

static int report_findings(const session *s, const settings *set)
{
    lint_report report = {NULL, 0};
    int status = lint_session(s, &report);

    if (status == 0)
        status = print_report(&report, set);
    lint_free(&report);
    return status;
}

/* A .json file is imported first; the recipe goes through a file of its own in memory. */
static int open_what(session *s, const char *what, cli_optional seed)
{
    const size_t length = strlen(what);
    char *text = NULL;
    int status;

    if (length < 5 || strcmp(what + length - 5, ".json") != 0)
        return session_open(s, what, seed, (cli_optional){0});
    status = import_file(what, IMPORT_NATIVE, NULL, &text);
    if (status == 0)
        status = session_open_text(s, text, what, seed);
    free(text);
    return status;
}

/* Ends with this process, unless python3 cannot be run.  what: NULL ends them. */
static int lint_python(const char *const *what, const session *s, const settings *set)
{
    const char **arguments;
    size_t n = 0, words = 0;
    int status;

    if (s->data != NULL || set->seed.given || set->at != NULL)
        return cli_fail(EXIT_MALFORMED,
                        "lint: --data, --seed and --at are for pipelines; %s is not one", what[0]);
    while (what[words] != NULL)
        words++;
    arguments = xcalloc(words + 6, sizeof *arguments);
    if (set->fix)
        arguments[n++] = "--fix";
    if (set->strict)
        arguments[n++] = "--strict";
    if (set->all)
        arguments[n++] = "--all";
    if (set->json)
        arguments[n++] = "--json";
    arguments[n++] = "--";
    memcpy(arguments + n, what, words * sizeof *what);
    status = lint_scripts(arguments);
    free(arguments);
    return status;
}

/* Several words are scripts, each of them. */
static int check_words(const char *const *what)
{
    size_t i = 1;

    if (what[1] == NULL)
        return 0;
    if (!lint_scripts_takes(what[0]))
        return cli_fail(EXIT_MALFORMED,
                        "lint: '%s' is one word too many (a spec stands in one pair of quotes); "
                        "usage: detpipe lint " WORDS,
                        what[1]);
    while (what[i] != NULL && lint_scripts_takes(what[i]))
        i++;
    return what[i] == NULL
               ? 0
               : cli_fail(EXIT_MALFORMED,
                          "lint: %s is not a script, notebook or folder: of several, each "
                          "has to be one",
                          what[i]);
}

/* What is no script. */
static int lint_recipe(session *s, const char *what, const settings *set)
{
    int status;

    s->threads = 1;
    s->prefetch = 0;
    s->texts_do = true;
    status = open_what(s, what, set->seed);
    if (status == 0 && s->pipeline == NULL)
        fputs(
            "detpipe: lint: the data set is not here (--data DIR): the texts alone are looked at\n",
            stderr);
    if (status == 0 && set->fix)
        status = print_fixed(s, set);
    else if (status == 0)
        status = report_findings(s, set);
    session_close(s);
    return status;
}

static const cli_need needs[] = {{"--at", {"--fix"}},
                                 {"--strict", {"a report"}},
                                 {"--all", {"a report"}},
                                 {"--json", {"a report"}},
                                 {NULL, {NULL}}};

int cmd_lint(int argc, char **argv)
{
    session s = SESSION_DEFAULTS;
    settings set = {.fix = false};
    const char **what = xcalloc((size_t)argc + 1, sizeof *what);
    const cli_option options[] = {
        {"fix", NULL, "print the pipeline without what is random", CLI_FLAG, &set.fix},
        {"at", "X,Y", "left and top of the crops that --fix writes", CLI_TEXT, &set.at},
        {"strict", NULL, "exit status 1 if there is a warning", CLI_FLAG, &set.strict},
        {"all", NULL, "print notes, too", CLI_FLAG, &set.all},
        {"json", NULL, "print one JSON object", CLI_FLAG, &set.json},
        {"data", "DIR", "where the data set is (default: working directory)", CLI_TEXT, &s.data},
        CLI_CACHE_OPTION,
        {"seed", "N", "seed (default: 1, or the recipe's)", CLI_OPTIONAL, &set.seed},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"lint", WORDS, about, options, 1, argc};
    int status = cli_parse(&command, argc, argv, what);

    if (status == 0)
        status = cli_check_needs(&command, argv, set.fix ? NULL : "a report", needs);
    if (status == 0)
        status = check_words(what);
    if (status == 0)
        status = lint_scripts_takes(what[0]) ? lint_python(what, &s, &set)
                                             : lint_recipe(&s, what[0], &set);
    free(what);
    return status;
}
