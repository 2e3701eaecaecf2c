/* parameters.c - the parameters of a stage or operator, printed and as JSON
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/cli/parameters.h"

static const char *const type_names[] = {"integer", "number",   "true or false", "word",
                                         "text",    "integers", "numbers"};

static void print_parameter(const dp_param *p)
{
    char line[512], range[80] = "";

    if (p->type == DP_PARAM_INT || p->type == DP_PARAM_NUMBER || p->type == DP_PARAM_INTS ||
        p->type == DP_PARAM_NUMBERS)
        snprintf(range, sizeof range, ", %.9g to %.9g", p->min, p->max);
    snprintf(line, sizeof line, "%s (%s%s%s%s)", p->help,
             p->choices != NULL ? "one of " : type_names[p->type],
             p->choices != NULL ? p->choices : "", range,
             p->default_value == NULL ? "; must be given" : "");
    printf("  %s=%s\n", p->name, p->default_value != NULL ? p->default_value : "");
    cli_wrap(stdout, line, 0, 6);
}

void parameters_print(const dp_stage_info *s)
{
    if (s->params[0].name == NULL)
        puts("  no parameters");
    for (const dp_param *p = s->params; p->name != NULL; p++)
        print_parameter(p);
}

cJSON *parameters_json(const dp_stage_info *s)
{
    cJSON *params = cJSON_CreateArray();

    for (const dp_param *p = s->params; p->name != NULL; p++) {
        cJSON *param = cJSON_CreateObject();
        cJSON_AddStringToObject(param, "name", p->name);
        cJSON_AddStringToObject(param, "type", type_names[p->type]);
        if (p->default_value != NULL)
            cJSON_AddStringToObject(param, "default", p->default_value);
        if (p->choices != NULL)
            cJSON_AddStringToObject(param, "choices", p->choices);
        cJSON_AddStringToObject(param, "help", p->help);
        cJSON_AddItemToArray(params, param);
    }
    return params;
}
