/* cmd_ops.c - list the operators, their orders and the hashes of their examples
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "detpipe_ops.h"
#include "tools/commands/commands.h"
#include "tools/cli/cli.h"
#include "tools/cli/parameters.h"

static const char about[] =
    "Lists the operators that elsewhere may differ from run to run: what MindSpore's list calls them, "
    "the order of their sums, and the hash of what an example of each gives on this machine, which is "
    "the same on every machine.  With the NAME of an operator: its parameters as well.";

static const char *const directions[] = {"forward", "backward"};

/* 0, or the exit status after saying why. */
static int hash_of(const dp_op_info *op, dp_direction direction, cli_hex *out)
{
    const dp_options options = cli_options();
    uint8_t digest[16];
    dp_error err;

    if (dp_op_example(op, direction, &options, digest, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    *out = cli_hex_of(digest);
    return 0;
}

static int print_side(const dp_op_info *op, dp_direction direction)
{
    const dp_op_side *side = &op->side[direction];
    char line[512];
    cli_hex hash;
    int status;

    if (side->inputs == NULL)
        return 0;
    status = hash_of(op, direction, &hash);
    if (status != 0)
        return status;
    snprintf(line, sizeof line, "%s -> %s", side->inputs, side->outputs);
    for (char *c = line; *c != '\0'; c++)
        *c = *c == ',' ? ' ' : *c;
    printf("  %-8s %s\n", directions[direction], hash.text);
    cli_wrap(stdout, line, 0, 11);
    return 0;
}

static int print_op(const dp_op_info *op, bool parameters)
{
    char line[256];
    int status = 0;

    snprintf(line, sizeof line, "%s (%s): %s", op->stage.name, op->listed, op->stage.help);
    cli_wrap(stdout, line, 0, 0);
    cli_wrap(stdout, op->order, 0, 2);
    for (int d = 0; d < 2 && status == 0; d++)
        status = print_side(op, (dp_direction)d);
    if (parameters)
        parameters_print(&op->stage);
    return status;
}

static int op_json(const dp_op_info *op, cJSON *list)
{
    cJSON *json = cJSON_CreateObject();
    int status = 0;

    cJSON_AddItemToArray(list, json);
    cJSON_AddStringToObject(json, "name", op->stage.name);
    cJSON_AddStringToObject(json, "listed", op->listed);
    cJSON_AddStringToObject(json, "help", op->stage.help);
    cJSON_AddStringToObject(json, "order", op->order);
    for (int d = 0; d < 2 && status == 0; d++) {
        const dp_op_side *side = &op->side[d];
        cJSON *one;
        cli_hex hash;
        if (side->inputs == NULL)
            continue;
        status = hash_of(op, (dp_direction)d, &hash);
        one = cJSON_AddObjectToObject(json, directions[d]);
        cJSON_AddStringToObject(one, "inputs", side->inputs);
        cJSON_AddStringToObject(one, "outputs", side->outputs);
        cJSON_AddStringToObject(one, "hash", hash.text);
    }
    cJSON_AddItemToObject(json, "parameters", parameters_json(&op->stage));
    return status;
}

int cmd_ops(int argc, char **argv)
{
    bool json = false, found = false;
    const char *name = NULL;
    const cli_option options[] = {
        {"json", NULL, "print a JSON array", CLI_FLAG, &json},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"ops", "[NAME] [OPTIONS]", about, options, 0, 1};
    int status = cli_parse(&command, argc, argv, &name);
    dp_nearest near = {name, NULL, 0};
    const dp_op_info *const *table;
    cJSON *list;
    size_t n;

    if (status != 0)
        return status;
    table = dp_ops(&n);
    list = json ? cJSON_CreateArray() : NULL;
    for (size_t i = 0; i < n && status == 0; i++) {
        if (name != NULL)
            dp_nearest_look(&near, table[i]->stage.name);
        if (name != NULL && strcmp(name, table[i]->stage.name) != 0)
            continue;
        if (!json && found)
            putchar('\n');
        found = true;
        status = json ? op_json(table[i], list) : print_op(table[i], name != NULL);
    }
    if (status == 0 && !found)
        status = cli_no_such("operator", &near, "detpipe ops");
    if (status == 0)
        return json ? cli_print_json(list) : EXIT_YES;
    cJSON_Delete(list);
    return status;
}
