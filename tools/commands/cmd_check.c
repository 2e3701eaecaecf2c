/* cmd_check.c - print everything that determines a recipe's run
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "tools/commands/commands.h"
#include "tools/cli/cli.h"
#include "tools/cli/element.h"
#include "tools/run/row.h"
#include "tools/cli/text.h"

#define MAX_RATES 12 /* rows of the table */

static const char about[] =
    "Opens the recipe, reads no record, and prints what determines its run: the canonical texts "
    "with every default, the seed, the steps, the shapes, and the fingerprint that two equal "
    "runs share.  With --sample, what is drawn for one row, and the text that makes the same row "
    "without drawing.\n"
    "RECIPE is a recipe's name, a recipe file, or a pipeline text in quotes "
    "(default: " RECIPE_DEFAULT ").";

/* A canonical text, one stage a line. */
static void print_text(const char *key, const char *text)
{
    text_stages stages;

    printf("%s:\n", key);
    text_parse(text, &stages);
    for (size_t i = 0; i < stages.n; i++) {
        const dp_text_stage *stage = &stages.stage[i];
        char line[4096];
        snprintf(line, sizeof line, "%.*s", (int)(stage->end - stage->column),
                 text + stage->column - 1);
        cli_wrap(stdout, line, 0, 4);
    }
    text_free(&stages);
}

static void print_columns(const session *s)
{
    const char *name;

    puts("batch:");
    for (size_t c = 0; (name = dp_column_name(s->pipeline, c)) != NULL; c++) {
        printf(
            "    %-14s %s\n", name,
            element_types(dp_output_least(s->pipeline, name), dp_output(s->pipeline, name)).text);
    }
    if (dp_length(s->pipeline) == UINT64_MAX)
        puts("    endless");
    else
        printf("    %llu of them\n", (unsigned long long)dp_length(s->pipeline));
}

static void print_parameters(const session *s)
{
    const dp_tensor *t;
    const char *name;
    int64_t total = 0;

    puts("parameters:");
    for (size_t i = 0; (t = dp_net_parameter(s->net, i, &name)) != NULL; i++) {
        printf("    %-14s %s\n", name, element_type(t).text);
        total += (int64_t)element_count(t);
    }
    printf("    %lld numbers\n", (long long)total);
}

/* Steps first .. last, counted from 1, that share a rate. */
static void print_rate(uint64_t first, uint64_t last, double rate)
{
    char steps[48];

    snprintf(steps, sizeof steps, first == last ? "%llu" : "%llu-%llu", (unsigned long long)first,
             (unsigned long long)last);
    printf("    step %-15s %.9g\n", steps, rate);
}

/* Every rate of the run; of long tables the middle is only counted. */
static void print_rates(const session *s)
{
    const uint64_t steps = s->recipe.steps;
    uint64_t first = 0, n = 0;

    puts("learning rate:");
    for (uint64_t step = 1; step <= steps; step++) {
        const double rate = dp_net_learning_rate(s->net, first);
        if (step < steps && dp_net_learning_rate(s->net, step) == rate)
            continue;
        if (n == MAX_RATES && step < steps)
            puts("    ...");
        if (n < MAX_RATES || step == steps)
            print_rate(first + 1, step, rate);
        first = step, n++;
    }
    if (n > MAX_RATES)
        printf("    %llu rates in all\n", (unsigned long long)n);
}

static void print_note(void *ctx, const char *line)
{
    (void)ctx;
    printf("%s%s\n", strncmp(line, "warning: ", 9) == 0 ? "" : "note: ", line);
}

static void keep_note(void *list, const char *line)
{
    cJSON_AddItemToArray(list, cJSON_CreateString(line));
}

static int print_json(const session *s, cJSON *notes, const char *fingerprint)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "recipe", s->recipe.name);
    cJSON_AddStringToObject(json, "data", dp_spec(s->pipeline));
    if (s->net != NULL)
        cJSON_AddStringToObject(json, "net", dp_net_spec(s->net));
    cli_add_count(json, "seed", s->recipe.seed);
    cli_add_count(json, "steps", s->recipe.steps);
    cJSON_AddItemToObject(json, "notes", cJSON_Duplicate(notes, true));
    cli_add_count(json, "left_out", session_left_out(s));
    cJSON_AddStringToObject(json, "fingerprint", fingerprint);
    return cli_print_json(json);
}

/* notes: NULL = as text, where they are printed already. */
static int print_all(const session *s, cJSON *notes)
{
    uint8_t digest[16];

    session_fingerprint(s, digest);
    if (notes != NULL)
        return print_json(s, notes, cli_hex_of(digest).text);
    printf("recipe: %s\n", s->recipe.name);
    print_text("data", dp_spec(s->pipeline));
    print_columns(s);
    session_print_left_out(s);
    if (s->net != NULL) {
        print_text("net", dp_net_spec(s->net));
        if (s->recipe.weights != NULL)
            printf("weights: %s\n", s->recipe.weights);
        print_parameters(s);
        print_rates(s);
    }
    printf("seed: %llu\nsteps: %llu\nfingerprint: %s\n", (unsigned long long)s->recipe.seed,
           (unsigned long long)s->recipe.steps, cli_hex_of(digest).text);
    return EXIT_YES;
}

int cmd_check(int argc, char **argv)
{
    session s = SESSION_DEFAULTS;
    const char *what = RECIPE_DEFAULT;
    cli_optional sample = {0};
    bool json = false;
    cJSON *notes;
    const cli_option options[] = {
        {"data", "DIR", "where the data set is (default: working directory)", CLI_TEXT, &s.data},
        CLI_CACHE_OPTION,
        {"sample", "N", "what is drawn for row N of the stream", CLI_OPTIONAL, &sample},
        {"json", NULL, "print one JSON object", CLI_FLAG, &json},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"check", "[RECIPE] [OPTIONS]", about, options, 0, 1};
    int status = cli_parse(&command, argc, argv, &what);

    if (status == 0 && sample.given && json)
        status = cli_fail(EXIT_MALFORMED, "check: --json does nothing here: --sample is text");
    if (status == 0 && sample.given)
        return sample_print(what, s.data, sample.value);
    notes = json ? cJSON_CreateArray() : NULL;
    s.note = json ? keep_note : print_note;
    s.note_ctx = notes;
    if (status == 0)
        status = session_open(&s, what, (cli_optional){0}, (cli_optional){0});
    if (status == 0)
        status = print_all(&s, notes);
    session_close(&s);
    cJSON_Delete(notes);
    return status;
}
