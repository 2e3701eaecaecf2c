/* export.c - a pipeline as MindSpore serializes it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/mindspore/export.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lang/params.h"
#include "tools/cli/cli.h"
#include "tools/cli/memory.h"
#include "tools/mindspore/operations.h"
#include "tools/cli/text.h"

/* An export under way: what is built so far is the outermost operator. */
typedef struct export
{
    cJSON *node, *sampler;
    const char *reader; /* the samplers still to come belong to it; NULL = something is on it */
    uint64_t seed;
    int status;
    bool batched; /* behind batch */
}
export;

static void fail(export *e, const char *what, const char *name)
{
    if (e->status == 0)
        e->status =
            cli_fail(EXIT_NO, "export: %s has no counterpart in MindSpore's JSON%s", name, what);
}

/* ---- values ---- */

/* "1,2,3" */
static cJSON *numbers(const char *text, bool as_float)
{
    cJSON *list = cJSON_CreateArray();

    while (*text != '\0') {
        char *end;
        const double v = strtod(text, &end);
        cJSON_AddItemToArray(list, cJSON_CreateNumber(as_float ? (double)(float)v : v));
        text = *end == ',' ? end + 1 : end;
    }
    return list;
}

static cJSON *names(const char *text)
{
    cJSON *list = cJSON_CreateArray();

    while (*text != '\0') {
        char name[64];
        const int length = (int)strcspn(text, ",");
        snprintf(name, sizeof name, "%.*s", length, text);
        cJSON_AddItemToArray(list, cJSON_CreateString(name));
        text += length + (text[length] == ',');
    }
    return list;
}

static cJSON *reversed(const char *text)
{
    cJSON *list = numbers(text, false), *out = cJSON_CreateArray();

    while (cJSON_GetArraySize(list) > 0)
        cJSON_AddItemToArray(out, cJSON_DetachItemFromArray(list, cJSON_GetArraySize(list) - 1));
    cJSON_Delete(list);
    return out;
}

/* One number or two are as many as MindSpore wants. */
static cJSON *spread(const char *text, int wanted)
{
    cJSON *list = numbers(text, true);
    const int n = cJSON_GetArraySize(list);

    for (int i = n; i < wanted && n > 0; i++)
        cJSON_AddItemToArray(list, cJSON_Duplicate(cJSON_GetArrayItem(list, i % n), true));
    return list;
}

/* "a,b", or d to both sides of the middle. */
static cJSON *range_of(const char *text, double middle)
{
    cJSON *list = numbers(text, true);

    if (cJSON_GetArraySize(list) == 1) {
        const double d = cJSON_GetArrayItem(list, 0)->valuedouble;
        cJSON_SetNumberValue(cJSON_GetArrayItem(list, 0),
                             middle != 0 && d > middle ? 0 : middle - d);
        cJSON_AddItemToArray(list, cJSON_CreateNumber((double)(float)(middle + d)));
    }
    return list;
}

/* Two shares stand for -s..s here, for a range of the first there. */
static cJSON *signed_ranges(const char *text)
{
    cJSON *list = numbers(text, true), *out = cJSON_CreateArray();

    if (cJSON_GetArraySize(list) == 4) {
        cJSON_Delete(out);
        return list;
    }
    for (int i = 0; i < 4; i++) {
        const double share = cJSON_GetArrayItem(list, i / 2)->valuedouble;
        cJSON_AddItemToArray(out, cJSON_CreateNumber(i % 2 == 0 ? -share : share));
    }
    cJSON_Delete(list);
    return out;
}

static int index_of(const char *words, const char *word)
{
    const size_t length = strlen(word);

    for (int i = 0;; i++) {
        const size_t n = strcspn(words, ",");
        if (n == length && memcmp(words, word, n) == 0)
            return i;
        if (words[n] == '\0')
            return -1;
        words += n + 1;
    }
}

static bool is_true(const dp_text_stage *s, const char *name)
{
    const char *value = text_value(s, name);
    return value != NULL && strcmp(value, "true") == 0;
}

static double count(const dp_text_stage *s, const char *name) { return atof(text_value(s, name)); }

/* ---- operations ---- */

static cJSON *operation_of(export *e, const dp_text_stage *s);

static cJSON *held(export *e, const char *text)
{
    cJSON *list = cJSON_CreateArray();
    text_stages inner;

    text_parse(text, &inner);
    for (size_t i = 0; i < inner.n; i++)
        cJSON_AddItemToArray(list, operation_of(e, &inner.stage[i]));
    text_free(&inner);
    return list;
}

/* What there is for a value that has no counterpart here. */
static cJSON *fixed(const char *value)
{
    if (value[0] == '[')
        return cJSON_CreateArray();
    if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        return cJSON_CreateBool(value[0] == 't');
    return cJSON_CreateString(value);
}

static bool is_list(how h)
{
    return h == LIST || h == DOUBLES || h == FOUR || h == ZEROS || h == RANGE || h == AROUND ||
           h == FILL || h == REVERSED;
}

static cJSON *parameter(export *e, const dp_text_stage *s, const carried *c)
{
    const char *value = text_value(s, c->name);

    if (is_list(c->how) && dp_list_is_file(value)) {
        fail(e, ": write its numbers out", "a list in a file");
        return cJSON_CreateNull();
    }
    switch (c->how) {
    case NUMBER: return cJSON_CreateNumber((double)(float)atof(value));
    case DOUBLE: return cJSON_CreateNumber(atof(value));
    case BOOLEAN:
    case EPOCHS: return cJSON_CreateBool(is_true(s, c->name));
    case TEXT: return cJSON_CreateString(value);
    case LIST: return spread(value, 0);
    case DOUBLES: return numbers(value, false);
    case NAMES: return names(value);
    case FOUR: return spread(value, 4);
    case ZEROS: return signed_ranges(value);
    case RANGE: return range_of(value, 0);
    case AROUND: return range_of(value, 1);
    case FILL: return spread(value, 3);
    case REVERSED: return reversed(value);
    case HELD: return held(e, value);
    case FIXED: return fixed(c->words);
    case WORD: break;
    }
    if (index_of(c->words, value) < 0)
        fail(e, ": a value", s->name);
    return cJSON_CreateNumber(index_of(c->words, value));
}

/* A distributed_sampler may deal rows out as they come. */
static bool draws(const dp_text_stage *s)
{
    return !text_is(s, "distributed_sampler") || is_true(s, "shuffle");
}

static bool is_carried(const operation *o, const char *key)
{
    int i = 0;

    while (i < o->n && strcmp(o->parameters[i].name, key) != 0)
        i++;
    return i < o->n;
}

/* The seed that a sampler was made with, of rule=. */
static bool is_seed(const char *rule) { return rule != NULL && strncmp(rule, "seed:", 5) == 0; }

static double seed_of(const export *e, const dp_text_stage *s)
{
    const char *rule = text_value(s, "rule");
    return is_seed(rule) ? atof(rule + 5) : (double)e->seed;
}

/* A parameter that came later stands in a canonical text only where it does something. */
static void refuse_later(export *e, const dp_text_stage *s, const operation *o)
{
    for (const dp_param *p = o->params; p->name != NULL; p++) {
        const char *value = text_value(s, p->name);
        char with[80];
        if (value == NULL || !dp_param_is_later(p) || is_carried(o, p->name) || is_seed(value))
            continue;
        snprintf(with, sizeof with, " with %s=%.40s", p->name, value);
        fail(e, with, s->name);
    }
}

/* Its numbers would be others there. */
static void refuse_native(export *e, const dp_text_stage *s)
{
    const char *order = text_value(s, "order");

    if (order != NULL && strcmp(order, "mindspore") != 0 && draws(s))
        fail(e, " unless it draws its numbers: write order=mindspore", s->name);
}

static void add_parameters(export *e, cJSON *object, const dp_text_stage *s, const operation *o)
{
    for (int i = 0; i < o->n; i++)
        cJSON_AddItemToObject(object, o->parameters[i].key, parameter(e, s, &o->parameters[i]));
}

static cJSON *operation_of(export *e, const dp_text_stage *s)
{
    cJSON *op = cJSON_CreateObject(), *params;
    operation o;

    if (!operation_of_stage(s->name, &o) || strcmp(o.kind, "transform") != 0) {
        fail(e, "", s->name);
        return op;
    }
    if (o.unread)
        fail(e, " that it can read: it writes it and refuses it", s->name);
    refuse_native(e, s);
    cJSON_AddStringToObject(op, "tensor_op_name", o.name);
    params = o.null ? cJSON_AddNullToObject(op, "tensor_op_params")
                    : cJSON_AddObjectToObject(op, "tensor_op_params");
    refuse_later(e, s, &o);
    add_parameters(e, params, s, &o);
    if (!o.null) /* which some need, and none minds */
        cJSON_AddStringToObject(params, "device_target", "CPU");
    return op;
}

/* ---- samplers ---- */

/* The samplers so far are the new one's children. */
static void put_sampler(export *e, const dp_text_stage *s, const operation *o)
{
    cJSON *sampler = cJSON_CreateObject();

    refuse_later(e, s, o);
    refuse_native(e, s);
    cJSON_AddStringToObject(sampler, "sampler_name", o->name);
    add_parameters(e, sampler, s, o);
    if (text_is(s, "random_sampler")) {
        cJSON_AddNumberToObject(sampler, "shuffle_mode", 2);
    } else if (text_is(s, "distributed_sampler")) {
        cJSON_AddBoolToObject(sampler, "even_dist", true);
        cJSON_AddNumberToObject(sampler, "seed", (double)(uint32_t)(seed_of(e, s) + 1));
        cJSON_AddNumberToObject(sampler, "shuffle_mode", is_true(s, "shuffle") ? 2 : 0);
    }
    if (e->sampler != NULL) {
        cJSON *child = cJSON_CreateArray();
        cJSON_AddItemToArray(child, e->sampler);
        cJSON_AddItemToObject(sampler, "child_sampler", child);
    }
    e->sampler = sampler;
}

/* ---- operators ---- */

/* The samplers are complete: the reader gets them. */
static void close_reader(export *e)
{
    cJSON *sampler = e->sampler;

    if (e->reader == NULL)
        return;
    e->reader = NULL;
    e->sampler = NULL;
    if (sampler == NULL) {
        sampler = cJSON_CreateObject();
        cJSON_AddStringToObject(sampler, "sampler_name", "SequentialSampler");
        cJSON_AddNumberToObject(sampler, "num_samples", 0);
        cJSON_AddNumberToObject(sampler, "start_index", 0);
    }
    cJSON_AddItemToObject(e->node, "sampler", sampler);
}

/* An operator whose input is what was built so far. */
static cJSON *put_operator(export *e, const char *type)
{
    cJSON *node = cJSON_CreateObject(), *children;

    close_reader(e);
    children = cJSON_AddArrayToObject(node, "children");
    cJSON_AddItemToArray(children, e->node);
    cJSON_AddStringToObject(node, "op_type", type);
    e->node = node;
    return node;
}

static void add_workers(cJSON *node)
{
    cJSON_AddNumberToObject(node, "connector_queue_size", 16);
    cJSON_AddNumberToObject(node, "num_parallel_workers", 1);
}

/* MindSpore takes batches in a few operations; its OneHot smooths the last row of one alone. */
static void check_batched(export *e, const dp_text_stage *s, const operation *o)
{
    if (e->batched && !o->batches)
        fail(e, " behind batch", s->name);
    if (e->batched && text_is(s, "one_hot") && text_value(s, "smoothing_rate") != NULL &&
        strcmp(text_value(s, "smoothing_rate"), "0") != 0)
        fail(e, " that smooths behind batch", s->name);
}

static void put_map(export *e, const dp_text_stage *s, const operation *o)
{
    cJSON *node = put_operator(e, "Map"), *list;

    check_batched(e, s, o);
    add_workers(node);
    if (text_value(s, "workers") != NULL)
        cJSON_SetNumberHelper(cJSON_GetObjectItem(node, "num_parallel_workers"),
                              count(s, "workers"));
    cJSON_AddItemToObject(node, "callback", cJSON_CreateArray());
    for (int i = 0; i < 2; i++) {
        list = cJSON_AddArrayToObject(node, i == 0 ? "input_columns" : "output_columns");
        cJSON_AddItemToArray(list, cJSON_CreateString(text_value(s, "column")));
        if (o->mixes)
            cJSON_AddItemToArray(list, cJSON_CreateString(text_value(s, "label")));
    }
    list = cJSON_AddArrayToObject(node, "operations");
    cJSON_AddItemToArray(list, operation_of(e, s));
}

static cJSON *pipeline_of(export *e, const char *spec);

static void put_join(export *e, const dp_text_stage *s, const operation *o)
{
    export other = {.seed = e->seed};
    cJSON *node = put_operator(e, o->name);

    cJSON_AddItemToArray(cJSON_GetObjectItem(node, "children"),
                         pipeline_of(&other, text_value(s, "with")));
    if (e->status == 0)
        e->status = other.status;
    if (text_is(s, "zip"))
        add_workers(node);
    else
        fail(e, ": the sizes of its children are not at hand", "concat");
}

static void put_rows(export *e, const dp_text_stage *s, const operation *o)
{
    cJSON *node;

    if (text_is(s, "shuffle") && count(s, "buffer_size") < 2)
        fail(e, " without buffer_size", "shuffle");
    refuse_native(e, s);
    node = put_operator(e, o->name);
    add_parameters(e, node, s, o);
    if (text_is(s, "shuffle")) {
        cJSON_AddBoolToObject(node, "reset_each_epoch",
                              text_value(s, "reshuffle_each_epoch") == NULL);
    } else if (text_is(s, "batch")) {
        e->batched = true;
        add_workers(node);
        cJSON_AddItemToObject(node, "input_columns", cJSON_CreateArray());
        cJSON_AddItemToObject(node, "output_columns", cJSON_CreateArray());
    }
}

static void put_stage(export *e, const dp_text_stage *s)
{
    operation o;

    if (!operation_of_stage(s->name, &o) || (o.sampler && e->reader == NULL))
        fail(e, "", s->name);
    else if (o.sampler)
        put_sampler(e, s, &o);
    else if (strcmp(o.kind, "transform") == 0)
        put_map(e, s, &o);
    else if (text_value(s, "with") != NULL)
        put_join(e, s, &o);
    else
        put_rows(e, s, &o);
}

/* MindSpore has a folder of classes, as it decodes them. */
static void put_folder(export *e, const dp_text_stage *s)
{
    static const char *const defaults[][2] = {{"list", ""},         {"channels", "3"},
                                              {"num_classes", "0"}, {"decoder", "mindspore"},
                                              {"on_error", "fail"}, {"orientation", "decoder"}};
    cJSON *indexing = cJSON_AddObjectToObject(e->node, "class_indexing");
    cJSON *classes = names(text_value(s, "classes"));

    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        if (strcmp(text_value(s, defaults[i][0]), defaults[i][1]) != 0)
            fail(e, " with this parameter", defaults[i][0]);
    }
    for (int i = 0; i < cJSON_GetArraySize(classes); i++)
        cJSON_AddNumberToObject(indexing, cJSON_GetArrayItem(classes, i)->valuestring, i);
    cJSON_Delete(classes);
    cJSON_AddBoolToObject(e->node, "decode", is_true(s, "decode"));
    cJSON_AddBoolToObject(e->node, "recursive", false);
    cJSON_AddItemToObject(e->node, "extensions",
                          names(text_value(s, "extensions")[0] != '\0'
                                    ? text_value(s, "extensions")
                                    : ".jpeg,.jpg,.png,.JPEG,.JPG,.PNG"));
}

/* The first characters of a path, which end with a slash, if there are any. */
static void add_folder(cJSON *node, const char *path, size_t n)
{
    char *text = xmalloc(n + 2);

    snprintf(text, n + 2, "%.*s", n > 1 ? (int)n - 1 : 1, n == 0 ? "." : path);
    cJSON_AddStringToObject(node, "dataset_dir", text);
    free(text);
}

/* MindSpore has a folder with files of these names. */
static void put_mnist(export *e, const dp_text_stage *s)
{
    static const char *const names[][3] = {
        {"train", "train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
        {"test", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}};
    const char *paths[2] = {text_value(s, "images"), text_value(s, "labels")};
    const char *slash = strrchr(paths[0], '/');
    const size_t folder = slash == NULL ? 0 : (size_t)(slash + 1 - paths[0]);

    for (int i = 0; i < 2; i++) {
        if (strcmp(paths[0] + folder, names[i][1]) != 0 || strlen(paths[1]) < folder ||
            strncmp(paths[0], paths[1], folder) != 0 || strcmp(paths[1] + folder, names[i][2]) != 0)
            continue;
        add_folder(e->node, paths[0], folder);
        cJSON_AddStringToObject(e->node, "usage", names[i][0]);
        return;
    }
    fail(e, " with files of other names than MNIST's", "idx");
}

static void put_reader(export *e, const dp_text_stage *s)
{
    operation o;

    e->node = cJSON_CreateObject();
    e->reader = s->name;
    if (!operation_of_stage(s->name, &o)) {
        fail(e, "", s->name);
        return;
    }
    add_workers(e->node);
    cJSON_AddItemToObject(e->node, "children", cJSON_CreateArray());
    cJSON_AddStringToObject(e->node, "op_type", o.name);
    if (strcmp(s->name, "idx") == 0) {
        put_mnist(e, s);
        return;
    }
    cJSON_AddStringToObject(e->node, "dataset_dir", text_value(s, "dataset_dir"));
    if (strcmp(s->name, "image_folder") == 0)
        put_folder(e, s);
    else
        cJSON_AddStringToObject(e->node, "usage", text_value(s, "usage"));
}

static cJSON *pipeline_of(export *e, const char *spec)
{
    text_stages stages;

    text_parse(spec, &stages);
    put_reader(e, &stages.stage[0]);
    for (size_t i = 1; i < stages.n && e->status == 0; i++)
        put_stage(e, &stages.stage[i]);
    close_reader(e);
    text_free(&stages);
    return e->node;
}

int export_print(const char *spec, uint64_t seed)
{
    export e = {.seed = seed};
    cJSON *json = pipeline_of(&e, spec);

    if (e.status == 0)
        return cli_print_json(json);
    cJSON_Delete(json);
    return e.status;
}
