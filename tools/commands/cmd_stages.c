/* cmd_stages.c - list the stages of the language with their parameters
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "detpipe_net.h"
#include "tools/commands/commands.h"
#include "tools/cli/cli.h"
#include "tools/cli/parameters.h"

static const char about[] =
    "Lists every stage: those of a pipeline (order, reader, transform) and those of a net (input, "
    "init, initializer, layer, loss, optimizer).  With the NAME of a stage: its parameters.";

static void print_stage(const dp_stage_info *s)
{
    printf("%s (%s): %s\n", s->name, s->kind, s->help);
    parameters_print(s);
}

static cJSON *stage_json(const dp_stage_info *s)
{
    cJSON *stage = cJSON_CreateObject();

    cJSON_AddStringToObject(stage, "kind", s->kind);
    cJSON_AddStringToObject(stage, "name", s->name);
    cJSON_AddStringToObject(stage, "help", s->help);
    cJSON_AddNumberToObject(stage, "revision", s->revision);
    cJSON_AddItemToObject(stage, "parameters", parameters_json(s));
    return stage;
}

typedef struct listing {
    const char *name, *kind; /* kind: of the last one printed */
    cJSON *json;
    dp_nearest near; /* the stage that `name` may be a slip of */
    bool found;
} listing;

static void list_table(listing *l, const dp_stage_info *const *stages, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (l->name != NULL && strcmp(l->name, stages[i]->name) != 0) {
            dp_nearest_look(&l->near, stages[i]->name);
            continue;
        }
        l->found = true;
        if (l->json != NULL)
            cJSON_AddItemToArray(l->json, stage_json(stages[i]));
        else if (l->name != NULL)
            print_stage(stages[i]);
        else {
            if (l->kind == NULL || strcmp(l->kind, stages[i]->kind) != 0)
                printf("%s%s\n", l->kind != NULL ? "\n" : "", stages[i]->kind);
            cli_wrap(stdout, stages[i]->help, printf("  %-23s ", stages[i]->name), 26);
        }
        l->kind = stages[i]->kind;
    }
}

int cmd_stages(int argc, char **argv)
{
    bool json = false;
    listing l = {0};
    const cli_option options[] = {
        {"json", NULL, "print a JSON array", CLI_FLAG, &json},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"stages", "[NAME] [OPTIONS]", about, options, 0, 1};
    const int status = cli_parse(&command, argc, argv, &l.name);
    const dp_stage_info *const *table;
    size_t n;

    if (status != 0)
        return status;
    l.near.word = l.name;
    l.json = json ? cJSON_CreateArray() : NULL;
    table = dp_stages(&n);
    list_table(&l, table, n);
    table = dp_net_stages(&n);
    list_table(&l, table, n);
    if (!l.found) {
        cJSON_Delete(l.json);
        return cli_no_such("stage", &l.near, "detpipe stages");
    }
    return json ? cli_print_json(l.json) : EXIT_YES;
}
