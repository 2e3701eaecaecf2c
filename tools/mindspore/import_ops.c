/* import_ops.c - the operations of a MindSpore map, as stages
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/mindspore/import_ops.h"

#include <string.h>

#include "tools/cli/cli.h"
#include "tools/mindspore/operations.h"

static void put_word(import *im, FILE *f, const cJSON *params, const carried *c)
{
    const double index = import_number(im, params, c->key);
    const char *word = c->words;

    for (double i = 0; i < index && word != NULL; i++) {
        const char *comma = strchr(word, ',');
        word = comma != NULL ? comma + 1 : NULL;
    }
    if (word == NULL || index < 0 || *word == ',' || *word == '\0') {
        import_fail(im, "not a known value:", c->key);
        return;
    }
    fprintf(f, "%.*s", (int)strcspn(word, ","), word);
}

static void put_reversed(import *im, FILE *f, const cJSON *params, const carried *c)
{
    const cJSON *list = import_item(im, params, c->key);

    for (int i = cJSON_GetArraySize(list); i-- > 0;) {
        const cJSON *item = cJSON_GetArrayItem(list, i);
        if (!cJSON_IsNumber(item))
            import_fail(im, "not a list of numbers:", c->key);
        else
            import_print_number(f, item->valuedouble);
        fputs(i > 0 ? "," : "", f);
    }
}

/* What has no counterpart must be what it is here. */
static void check_fixed(import *im, const cJSON *params, const carried *c)
{
    const cJSON *item = import_item(im, params, c->key);
    const bool as_here = c->words[0] == '\0'  ? cJSON_GetArraySize(item) == 0
                         : c->words[0] == 't' ? cJSON_IsTrue(item)
                                              : cJSON_IsFalse(item);

    if (!as_here)
        import_fail(im, "has no counterpart:", c->key);
}

static void put_parameter(import *im, FILE *f, const cJSON *params, const carried *c)
{
    if (c->how == FIXED) {
        check_fixed(im, params, c);
        return;
    }
    if (c->how == FILL && import_number(im, params, "padding_mode") != 0)
        return;
    if (c->how == LIST || c->how == FILL) {
        import_list(im, f, params, c->key, c->key);
        return;
    }
    fprintf(f, " %s=", c->key);
    if (c->how == NUMBER)
        import_print_number(f, import_number(im, params, c->key));
    else if (c->how == BOOLEAN)
        fputs(import_bool(im, params, c->key) ? "true" : "false", f);
    else if (c->how == WORD)
        put_word(im, f, params, c);
    else if (c->how == REVERSED)
        put_reversed(im, f, params, c);
    else if (import_is_word(import_text(im, params, c->key)))
        fputs(import_text(im, params, c->key), f);
    else
        import_fail(im, "not a word:", c->key);
}

static void put_stage(FILE *f, const char *stage, const char *column)
{
    fputs(stage, f);
    if (strcmp(column, "image") != 0)
        fprintf(f, " column=%s", column);
}

/* RandomApply and RandomChoice: the text of what they hold. */
static void put_holder(import *im, FILE *f, const cJSON *params, const char *name,
                       const char *column)
{
    const bool all = strcmp(name, "RandomApply") == 0;
    const cJSON *op;
    bool some = false;

    put_stage(f, all ? "random_apply" : "random_choice", column);
    fputs(" transforms=\"", f);
    cJSON_ArrayForEach(op, import_item(im, params, "transforms"))
    {
        fputs(some ? " | " : "", f);
        import_operation(im, f, op, column);
        some = true;
    }
    fputc('"', f);
    if (all) {
        fputs(" prob=", f);
        import_print_number(f, import_number(im, params, "prob"));
    }
    if (im->replay)
        fprintf(f, "%s workers=%d", im->order, im->workers);
}

static void note_parameters(import *im, const cJSON *params, const operation *o)
{
    char known[512];
    int n = snprintf(known, sizeof known, " device_target ");

    for (const carried *c = o->parameters; c->how != END; c++)
        n += snprintf(known + n, sizeof known - (size_t)n, "%s ", c->key);
    import_note_keys(im, params, o->name, known);
}

static void put_operation(import *im, FILE *f, const cJSON *params, const operation *o,
                          const char *column)
{
    put_stage(f, o->stage, column);
    note_parameters(im, params, o);
    for (const carried *c = o->parameters; c->how != END; c++)
        put_parameter(im, f, params, c);
    if (o->kind == RANDOM && im->replay)
        fprintf(f, "%s workers=%d", im->order, im->workers);
    if (o->kind == UNKNOWN_DRAWS && im->replay)
        import_comment(im, "%s: MindSpore's draws are not known, so they are detpipe's own%s",
                       o->name, "");
}

void import_operation(import *im, FILE *f, const cJSON *op, const char *column)
{
    const char *name = import_text(im, op, "tensor_op_name");
    const cJSON *params = cJSON_GetObjectItemCaseSensitive(op, "tensor_op_params");

    if (im->status != 0)
        return;
    if (strcmp(name, "RandomApply") == 0 || strcmp(name, "RandomChoice") == 0) {
        if (!im->held) {
            im->held = true;
            put_holder(im, f, params, name, column);
            im->held = false;
            return;
        }
        import_fail(im, "stands inside another transform:", name);
        return;
    }
    for (size_t i = 0; i < n_operations; i++) {
        if (strcmp(operations[i].name, name) == 0) {
            put_operation(im, f, params, &operations[i], column);
            return;
        }
    }
    import_fail(im, "there is no operation", name);
}
