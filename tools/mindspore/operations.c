/* operations.c - MindSpore's operations and the stages that do the same
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/mindspore/operations.h"

#include <stdio.h>
#include <string.h>

/* The way of a parameter of whose values nothing is said. */
static how how_of(const dp_stage_info *info, const char *key)
{
    const dp_param *p = info->params;

    while (p->name != NULL && strcmp(p->name, key) != 0)
        p++;
    switch (p->type) {
    case DP_PARAM_INT:
    case DP_PARAM_NUMBER: return NUMBER;
    case DP_PARAM_BOOL: return BOOLEAN;
    case DP_PARAM_INTS:
    case DP_PARAM_NUMBERS: return LIST;
    case DP_PARAM_CHOICE:
    case DP_PARAM_TEXT: return TEXT;
    }
    return TEXT;
}

static how how_named(const char *name)
{
    static const struct {
        const char *name;
        how how;
    } ways[] = {{"double", DOUBLE}, {"4", FOUR}, {"reversed", REVERSED}, {"fill", FILL}};

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (strcmp(ways[i].name, name) == 0)
            return ways[i].how;
    }
    return HELD;
}

/* "key", "key:how", "key=words" or "key!value" of dp_foreign. */
static void read_parameter(const dp_stage_info *info, const char *text, int length, carried *out)
{
    const int key = (int)strcspn(text, " :=!");

    *out = (carried){0};
    snprintf(out->key, sizeof out->key, "%.*s", key, text);
    if (key < length)
        snprintf(out->words, sizeof out->words, "%.*s", length - key - 1, text + key + 1);
    out->how = key == length      ? how_of(info, out->key)
               : text[key] == ':' ? how_named(out->words)
               : text[key] == '=' ? WORD
                                  : FIXED;
}

static void read_operation(const dp_stage_info *info, const char *text, operation *out)
{
    int length = (int)strcspn(text, " ");

    *out = (operation){.stage = info->name};
    snprintf(out->name, sizeof out->name, "%.*s", length, text);
    for (const dp_param *p = info->params; p->name != NULL; p++)
        out->random = out->random || strcmp(p->name, "workers") == 0;
    for (text += length; *text == ' '; text += length) {
        text++;
        length = (int)strcspn(text, " ");
        if (strncmp(text, "workers", (size_t)length) == 0)
            out->replayed = true;
        else if (strncmp(text, "null", (size_t)length) == 0)
            out->null = true;
        else
            read_parameter(info, text, length, &out->parameters[out->n++]);
    }
}

static bool find(const char *stage, const char *name, operation *out)
{
    size_t n;
    const dp_stage_info *const *infos = dp_stages(&n);

    for (size_t i = 0; i < n; i++) {
        const char *text = dp_foreign(infos[i]);
        if (text == NULL)
            continue;
        read_operation(infos[i], text, out);
        if (strcmp(stage != NULL ? stage : name, stage != NULL ? out->stage : out->name) == 0)
            return true;
    }
    return false;
}

bool operation_of_stage(const char *stage, operation *out) { return find(stage, NULL, out); }

bool operation_named(const char *name, operation *out) { return find(NULL, name, out); }
