/* import_ops.c - the operations of a MindSpore map, as stages
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/mindspore/import_ops.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/cli.h"
#include "tools/cli/memory.h"
#include "tools/cli/text.h"

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

static bool is_word(const cJSON *item, const char *word)
{
    return cJSON_IsString(item) && strcmp(item->valuestring, word) == 0;
}

/* What has no counterpart must be what it is here. */
static void check_fixed(import *im, const cJSON *params, const carried *c)
{
    const cJSON *item = import_item(im, params, c->key);
    const bool as_here = strcmp(c->words, "[]") == 0      ? cJSON_GetArraySize(item) == 0
                         : strcmp(c->words, "true") == 0  ? cJSON_IsTrue(item)
                         : strcmp(c->words, "false") == 0 ? cJSON_IsFalse(item)
                                                          : is_word(item, c->words);

    if (!as_here)
        import_fail(im, "has no counterpart:", c->key);
}

/* The text of the operations that another one holds, which may have quotes: ignore="". */
static void put_held(import *im, FILE *f, const cJSON *params, const carried *c, const char *column)
{
    const cJSON *op;
    bool some = false;
    char *text = NULL;
    size_t size = 0;
    FILE *held = xopen_memstream(&text, &size);

    im->held = true;
    cJSON_ArrayForEach(op, import_item(im, params, c->key))
    {
        fputs(some ? " | " : "", held);
        import_operation(im, held, op, column);
        some = true;
    }
    im->held = false;
    xclose_memstream(held, &text);
    text_put_value(f, text);
    free(text);
}

void import_parameter(import *im, FILE *f, const cJSON *params, const carried *c,
                      const char *column)
{
    if (c->how == FIXED) {
        check_fixed(im, params, c);
        return;
    }
    if (c->how == FILL && import_number(im, params, "padding_mode") != 0)
        return;
    if (c->how == LIST || c->how == DOUBLES || c->how == FOUR || c->how == ZEROS ||
        c->how == RANGE || c->how == AROUND || c->how == FILL) {
        import_list(im, f, params, c->key, c->name);
        for (int n = cJSON_GetArraySize(import_item(im, params, c->key)); c->how == ZEROS && n < 4;
             n++)
            fputs(n == 0 ? "0" : ",0", f);
        return;
    }
    fprintf(f, " %s=", c->name);
    if (c->how == NUMBER || c->how == DOUBLE)
        import_print_number(f, import_number(im, params, c->key));
    else if (c->how == BOOLEAN)
        fputs(import_bool(im, params, c->key) ? "true" : "false", f);
    else if (c->how == WORD)
        put_word(im, f, params, c);
    else if (c->how == HELD)
        put_held(im, f, params, c, column);
    else if (c->how == REVERSED)
        put_reversed(im, f, params, c);
    else if (c->how == NAMES)
        import_names(im, f, import_item(im, params, c->key), c->key);
    else if (import_is_word(import_text(im, params, c->key)))
        fputs(import_text(im, params, c->key), f);
    else
        import_fail(im, "not a word:", c->key);
}

/* Its labels may be of any type; they become float32. */
static void put_label(import *im, FILE *f, const operation *o)
{
    if (im->label == NULL) {
        import_fail(im, "takes images and labels, two columns:", o->name);
        return;
    }
    if (!im->mixed)
        fprintf(f, "type_cast column=%s data_type=float32 | ", im->label);
    im->mixed = true;
}

static void put_stage(FILE *f, const char *stage, const char *column)
{
    fputs(stage, f);
    if (strcmp(column, "image") != 0)
        fprintf(f, " column=%s", column);
}

static void note_parameters(import *im, const cJSON *params, const operation *o)
{
    char known[512];
    int n = snprintf(known, sizeof known, " device_target ");

    for (int i = 0; i < o->n; i++)
        n += snprintf(known + n, sizeof known - (size_t)n, "%s ", o->parameters[i].key);
    import_note_keys(im, params, o->name, known);
}

static void put_operation(import *im, FILE *f, const cJSON *params, const operation *o,
                          const char *column)
{
    if (o->mixes)
        put_label(im, f, o);
    put_stage(f, o->stage, column);
    if (o->mixes && im->label != NULL && strcmp(im->label, "label") != 0)
        fprintf(f, " label=%s", im->label);
    note_parameters(im, params, o);
    for (int i = 0; i < o->n; i++)
        import_parameter(im, f, params, &o->parameters[i], column);
    if (o->replayed && im->order != IMPORT_NATIVE)
        fprintf(f, " order=mindspore%s workers=%d",
                im->order == IMPORT_REPLAY_NEW ? " iterator=new" : "", im->workers);
    if (im->batched && strcmp(o->stage, "one_hot") == 0 &&
        import_number(im, params, "smoothing_rate") != 0)
        import_fail(im, "behind Batch smooths the last row of each batch alone:", o->name);
    if (im->batched && o->replayed && im->order != IMPORT_NATIVE && !o->batches)
        import_fail(im, "MindSpore takes no batches in", o->name);
    if (!o->mixes && im->label != NULL)
        import_fail(im, "a Map of several columns has no counterpart:", o->name);
    if (o->random && !o->replayed && im->order != IMPORT_NATIVE)
        import_fail(im, "MindSpore's draws are not known of", o->name);
}

/* Why there is no such operation here. */
static const char *missing(const char *name, const cJSON *op)
{
    static const char *const chosen[] = {"RandomLighting", "RandomSelectSubpolicy"};

    for (size_t i = 0; i < sizeof chosen / sizeof chosen[0]; i++) {
        if (strcmp(name, chosen[i]) == 0)
            return "what MindSpore draws, and does by it, is not known of";
    }
    return cJSON_HasObjectItem(op, "python_module")
               ? "is a Python function there, with no stage here:"
               : "there is no operation";
}

void import_operation(import *im, FILE *f, const cJSON *op, const char *column)
{
    const char *name = import_text(im, op, "tensor_op_name");
    const cJSON *params = cJSON_GetObjectItemCaseSensitive(op, "tensor_op_params");
    operation o;

    if (im->status != 0)
        return;
    if (strcmp(name, "RandomCropDecodeResize") == 0) { /* of JPEG */
        put_stage(f, "decode", column);
        fputs(" edges=library | ", f);
        name = "RandomResizedCrop";
    }
    if (!operation_named(name, &o) || strcmp(o.kind, "transform") != 0)
        import_fail(im, missing(name, op), name);
    else if (im->held && o.n > 0 && o.parameters[0].how == HELD)
        import_fail(im, "stands inside another transform:", name);
    else
        put_operation(im, f, params, &o, column);
}
