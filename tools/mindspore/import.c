/* import.c - pipelines that MindSpore serialized, as detpipe's text
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/mindspore.md has the format.  The file is untrusted: every value is looked at before it is
 * used, and what the importer does not know is an error that names it.
 */
#include "tools/mindspore/import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/cli.h"
#include "tools/cli/file.h"
#include "tools/mindspore/import_ops.h"
#include "tools/cli/memory.h"
#include "tools/cli/text.h"

#define MAX_FILE  (16 << 20)
#define MAX_DEPTH 64
#define MAX_PARTS 64 /* children of a zip or concat */

static int fail(import *im, const char *what, const char *where)
{
    if (im->status == 0)
        im->status =
            cli_fail(EXIT_MALFORMED, "%s: %s%s%.80s", im->path, what, where[0] ? " " : "", where);
    return im->status;
}

int import_fail(import *im, const char *what, const char *where) { return fail(im, what, where); }

void import_comment(import *im, const char *format, const char *a, const char *b)
{
    fputs("# ", im->comments);
    fprintf(im->comments, format, a, b);
    fputc('\n', im->comments);
}

void import_note_keys(import *im, const cJSON *object, const char *what, const char *known)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, object)
    {
        char key[80];
        snprintf(key, sizeof key, " %.70s ", item->string != NULL ? item->string : "");
        if (strstr(known, key) == NULL && import_is_word(item->string != NULL ? item->string : ""))
            import_comment(im, "%s: %s is not carried over", what, item->string);
    }
}

/* ---- values ---- */

const cJSON *import_item(import *im, const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    if (item == NULL)
        fail(im, "there is no key", name);
    return item;
}

double import_number(import *im, const cJSON *object, const char *name)
{
    const cJSON *item = import_item(im, object, name);

    if (item != NULL && !cJSON_IsNumber(item))
        fail(im, "not a number:", name);
    return cJSON_IsNumber(item) ? item->valuedouble : 0;
}

bool import_bool(import *im, const cJSON *object, const char *name)
{
    const cJSON *item = import_item(im, object, name);

    if (item != NULL && !cJSON_IsBool(item))
        fail(im, "not true or false:", name);
    return cJSON_IsTrue(item);
}

const char *import_text(import *im, const cJSON *object, const char *name)
{
    const cJSON *item = import_item(im, object, name);

    if (item != NULL && !cJSON_IsString(item))
        fail(im, "not a text:", name);
    return cJSON_IsString(item) ? item->valuestring : "";
}

bool import_is_word(const char *text)
{
    return text[0] != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                           "0123456789_") == strlen(text);
}

void import_print_number(FILE *f, double v)
{
    char text[40];

    if (v < 1e15 && v > -1e15 && v == (double)(long long)v) {
        fprintf(f, "%lld", (long long)v);
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    fputs(text, f);
}

/* " name=1,2,3" */
void import_list(import *im, FILE *f, const cJSON *object, const char *key, const char *name)
{
    const cJSON *list = import_item(im, object, key), *item;
    bool some = false;

    if (list == NULL)
        return;
    if (!cJSON_IsArray(list))
        fail(im, "not a list:", key);
    fprintf(f, " %s=", name);
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsNumber(item))
            fail(im, "not a list of numbers:", key);
        fputs(some ? "," : "", f);
        import_print_number(f, item->valuedouble);
        some = true;
    }
    if (!some)
        fputs("\"\"", f);
}

bool import_names(import *im, FILE *f, const cJSON *list, const char *key)
{
    const cJSON *name;
    bool some = false;

    cJSON_ArrayForEach(name, list)
    {
        if (!cJSON_IsString(name) || !import_is_word(name->valuestring)) {
            fail(im, "not a list of column names:", key);
            return false;
        }
        fputs(some ? "," : "", f);
        fputs(name->valuestring, f);
        some = true;
    }
    return some;
}

/* ---- samplers ---- */

/* What the row says. */
static void put_values(import *im, FILE *f, const cJSON *object, const operation *o)
{
    for (int i = 0; i < o->n; i++) {
        if (o->parameters[i].how != EPOCHS)
            import_parameter(im, f, object, &o->parameters[i], "");
    }
}

/* Of an operator `reset_each_epoch`, of a sampler `reshuffle_each_epoch`; both may be missing. */
static void put_order(const import *im, FILE *f, const cJSON *object, const operation *o)
{
    const bool once =
        cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(object, "reset_each_epoch")) ||
        cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(object, "reshuffle_each_epoch"));

    fputs(o->ordered && im->order != IMPORT_NATIVE ? " order=mindspore" : "", f);
    if (once || (o->ordered && im->order == IMPORT_REPLAY_NEW))
        fputs(" reshuffle_each_epoch=false", f);
}

/* MindSpore keeps a mode and a seed, one more than it was made with.  One that shuffles nothing has
 * its order, too: it counts its rows as MindSpore does, which fails where that is wrong. */
static void put_distributed(import *im, FILE *f, const cJSON *s, operation *o)
{
    const bool shuffles = import_number(im, s, "shuffle_mode") != 0;

    fprintf(f, " shuffle=%s", shuffles ? "true" : "false");
    o->ordered = shuffles;
    if (im->order != IMPORT_NATIVE && shuffles)
        fprintf(f, " rule=seed:%.0f", import_number(im, s, "seed") - 1);
    else if (im->order != IMPORT_NATIVE)
        fputs(" order=mindspore", f);
}

static bool is_whole_sequence(import *im, const cJSON *s)
{
    return import_number(im, s, "start_index") == 0 && import_number(im, s, "num_samples") == 0;
}

static void put_one_sampler(import *im, FILE *f, const cJSON *s, const char *name)
{
    operation o;

    if (!operation_named(name, &o) || !o.sampler) {
        fail(im, "there is no sampler", name);
        return;
    }
    if (strcmp(o.stage, "sequential_sampler") == 0 && is_whole_sequence(im, s) &&
        cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(s, "child_sampler")) == 0)
        return;
    fprintf(f, " | %s", o.stage);
    put_values(im, f, s, &o);
    if (strcmp(o.stage, "distributed_sampler") == 0)
        put_distributed(im, f, s, &o);
    put_order(im, f, s, &o);
}

/* Data flows from the child to its parent. */
static void put_sampler(import *im, FILE *f, const cJSON *s, int depth)
{
    const cJSON *child = cJSON_GetObjectItemCaseSensitive(s, "child_sampler");

    if (depth > MAX_DEPTH || !cJSON_IsObject(s)) {
        fail(im, "this is not a sampler", "");
        return;
    }
    if (cJSON_GetArraySize(child) > 1)
        fail(im, "a sampler has one child at most", "");
    import_note_keys(im, s, "sampler",
                     " sampler_name child_sampler num_samples start_index replacement "
                     "reshuffle_each_epoch shuffle_mode indices weights num_shards shard_id offset "
                     "even_dist seed num_val shuffle ");
    if (child != NULL && cJSON_GetArraySize(child) == 1)
        put_sampler(im, f, cJSON_GetArrayItem(child, 0), depth + 1);
    put_one_sampler(im, f, s, import_text(im, s, "sampler_name"));
}

/* ---- operators ---- */

static void note_workers(import *im, const cJSON *node)
{
    const cJSON *workers = cJSON_GetObjectItemCaseSensitive(node, "num_parallel_workers");

    im->workers =
        cJSON_IsNumber(workers) && workers->valuedouble >= 1 && workers->valuedouble < 4096
            ? workers->valueint
            : 1;
}

static void put_usage(import *im, FILE *f, const cJSON *node)
{
    const char *usage = import_text(im, node, "usage");

    if (usage[0] != '\0' && !import_is_word(usage))
        fail(im, "no usage:", usage);
    fprintf(f, " usage=%s", usage[0] == '\0' ? "all" : usage);
}

/* The class that has this label; NULL = none. */
static const cJSON *class_of(const cJSON *indexing, int label)
{
    const cJSON *class = NULL;

    cJSON_ArrayForEach(class, indexing)
    {
        if (cJSON_IsNumber(class) && class->valuedouble == label)
            return class;
    }
    return NULL;
}

/* Whether its labels are 0, 1, ...: then they say the order of classes=. */
static bool counts_from_0(const cJSON *indexing)
{
    for (int i = 0; i < cJSON_GetArraySize(indexing); i++) {
        if (class_of(indexing, i) == NULL)
            return false;
    }
    return true;
}

/* Folders that class_indexing does not name are left out. */
static void put_classes(import *im, FILE *f, const cJSON *node)
{
    const cJSON *indexing = cJSON_GetObjectItemCaseSensitive(node, "class_indexing");
    const bool counts = counts_from_0(indexing);
    const int n = cJSON_GetArraySize(indexing);

    for (int i = 0; i < n; i++) {
        const cJSON *class = counts ? class_of(indexing, i) : cJSON_GetArrayItem(indexing, i);
        if (!cJSON_IsNumber(class) || class->valuedouble < 0 || !import_is_word(class->string)) {
            fail(im, "class_indexing gives words labels from 0 on, or has no counterpart", "");
            return;
        }
        fprintf(f, "%s%s", i == 0 ? " classes=" : ",", class->string);
    }
    if (n > 0)
        fputs(" unlisted=skip", f);
}

/* Of labels that do not count from 0. */
static void put_labels(FILE *f, const cJSON *node)
{
    const cJSON *indexing = cJSON_GetObjectItemCaseSensitive(node, "class_indexing"), *class;
    const char *before = " | map_label labels=";

    fputs(" | type_cast column=label data_type=int32", f);
    if (counts_from_0(indexing))
        return;
    cJSON_ArrayForEach(class, indexing)
    {
        fputs(before, f);
        import_print_number(f, class->valuedouble);
        before = ",";
    }
}

static void put_extensions(import *im, FILE *f, const cJSON *node)
{
    const cJSON *extensions = cJSON_GetObjectItemCaseSensitive(node, "extensions"), *one;
    char *text = NULL;
    size_t size = 0;
    FILE *list;

    if (cJSON_GetArraySize(extensions) == 0) {
        import_comment(im, "ImageFolderDataset takes every file: %s%s",
                       "image_folder takes .jpeg, .jpg and .png, in any case", "");
        return;
    }
    list = xopen_memstream(&text, &size);
    cJSON_ArrayForEach(one, extensions)
    {
        if (!cJSON_IsString(one) || one->valuestring[0] != '.' ||
            !import_is_word(one->valuestring + 1))
            fail(im, "extensions are a dot and a word", "");
        else
            fprintf(list, "%s%s", one == extensions->child ? "" : ",", one->valuestring);
    }
    xclose_memstream(list, &text);
    fputs(" extensions=", f);
    text_put_value(f, text);
    free(text);
}

/* The two files of a folder that are called so. */
static void put_idx(FILE *f, const char *folder, const char *name)
{
    static const char *const kinds[][2] = {{"images", "images-idx3-ubyte"},
                                           {"labels", "labels-idx1-ubyte"}};

    fputs("idx", f);
    for (int i = 0; i < 2; i++) {
        char *path = xmalloc(strlen(folder) + 64);
        sprintf(path, "%s/%s-%s", folder, name, kinds[i][1]);
        fprintf(f, " %s=", kinds[i][0]);
        text_put_value(f, path);
        free(path);
    }
}

/* MNIST and what has its files: those of the test come first. */
static void put_mnist(import *im, FILE *f, const cJSON *node, const char *folder)
{
    const char *usage = import_text(im, node, "usage");
    char *text = NULL;
    size_t size = 0;
    FILE *inner;

    if (strcmp(usage, "train") != 0 && strcmp(usage, "test") != 0 && strcmp(usage, "all") != 0)
        fail(im, "no usage:", usage);
    put_idx(f, folder, strcmp(usage, "train") == 0 ? "train" : "t10k");
    if (strcmp(usage, "all") != 0)
        return;
    inner = xopen_memstream(&text, &size);
    put_idx(inner, folder, "train");
    xclose_memstream(inner, &text);
    fputs(" | concat with=", f);
    text_put_value(f, text);
    free(text);
}

/* Those with MNIST's files are its reader. */
static const char *reader_named(const char *type)
{
    return strcmp(type, "FashionMnistDataset") == 0 || strcmp(type, "KMnistDataset") == 0
               ? "MnistDataset"
               : type;
}

/* Of what MindSpore writes too little: the reader's text, which the user gave, in its place. */
static bool is_unsaid(const char *type)
{
    return strcmp(type, "MindDataDataset") == 0 || strcmp(type, "TFRecordDataset") == 0;
}

static void put_unsaid(import *im, FILE *f, const char *type)
{
    const bool records = strcmp(type, "TFRecordDataset") == 0;

    if (im->reader == NULL) {
        fail(im,
             records
                 ? "the file does not say the types of the columns of TFRecordDataset: give its "
                   "stages, once, --reader \"tfrecord file=FILES fields=NAME:FEATURE:TYPE\""
                 : "MindSpore writes neither files, columns, order nor sampler of MindDataset: "
                   "give its stages, once, --reader \"mindrecord file=FILES\"",
             "");
        return;
    }
    import_comment(im, "%s: as --reader says, its shuffle and its shard, too%s", type, "");
    fputs(im->reader, f);
    im->reader = NULL;
}

static void put_reader(import *im, FILE *f, const cJSON *node, const char *type)
{
    const char *folder;
    operation o;

    if (is_unsaid(type)) {
        put_unsaid(im, f, type);
        return;
    }
    if (!operation_named(reader_named(type), &o) || strcmp(o.kind, "reader") != 0) {
        fail(im, "there is no reader for", type);
        return;
    }
    folder = import_text(im, node, "dataset_dir");
    for (const char *c = folder; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 127)
            fail(im, "dataset_dir has a control character", "");
    }
    if (strcmp(o.stage, "idx") == 0) {
        put_mnist(im, f, node, folder);
    } else {
        fprintf(f, "%s dataset_dir=", o.stage);
        text_put_value(f, folder);
        if (strcmp(o.stage, "image_folder") == 0) {
            put_classes(im, f, node);
            put_extensions(im, f, node);
        } else {
            put_usage(im, f, node);
        }
    }
    put_values(im, f, node, &o);
    put_sampler(im, f, import_item(im, node, "sampler"), 0);
    if (strcmp(o.stage, "image_folder") == 0)
        put_labels(f, node);
    if (im->zipped) /* MindSpore's readers have no record number */
        fprintf(f, " | project columns=image,%s",
                strcmp(o.stage, "cifar100") == 0 ? "coarse_label,fine_label" : "label");
}

static void put_map(import *im, FILE *f, const cJSON *node)
{
    const cJSON *in = import_item(im, node, "input_columns"),
                *out = import_item(im, node, "output_columns"), *op;
    const char *column = "image";

    note_workers(im, node);
    im->label = NULL;
    if (cJSON_GetArraySize(in) == 2 &&
        (cJSON_GetArraySize(out) == 0 || cJSON_Compare(in, out, true)))
        im->label = cJSON_GetStringValue(cJSON_GetArrayItem(in, 1));
    if ((cJSON_GetArraySize(in) > 1 && im->label == NULL) ||
        cJSON_GetArraySize(out) > (im->label != NULL ? 2 : 1))
        fail(im, "a Map of several columns has no counterpart", "");
    if (im->label != NULL && !import_is_word(im->label))
        fail(im, "no column name:", im->label);
    if (cJSON_GetArraySize(in) > 0 && cJSON_IsString(cJSON_GetArrayItem(in, 0)))
        column = cJSON_GetArrayItem(in, 0)->valuestring;
    if (!import_is_word(column))
        fail(im, "no column name:", column);
    cJSON_ArrayForEach(op, import_item(im, node, "operations"))
    {
        fputs(" | ", f);
        import_operation(im, f, op, column);
    }
    if (cJSON_GetArraySize(out) == 1 && cJSON_IsString(cJSON_GetArrayItem(out, 0)) &&
        strcmp(cJSON_GetArrayItem(out, 0)->valuestring, column) != 0) {
        fprintf(f, " | rename input_columns=%s output_columns=", column);
        import_names(im, f, out, "output_columns");
    }
}

static void put_node(import *im, FILE *f, const cJSON *node, int depth);

/* The other children of a zip or concat, each as quoted text. */
static void put_others(import *im, FILE *f, const cJSON *children, const char *stage, int depth)
{
    for (int i = 1; i < cJSON_GetArraySize(children) && im->status == 0; i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *inner = xopen_memstream(&text, &size);
        put_node(im, inner, cJSON_GetArrayItem(children, i), depth + 1);
        xclose_memstream(inner, &text);
        fprintf(f, " | %s with=", stage);
        text_put_value(f, text);
        free(text);
    }
}

static void put_concat(import *im, const cJSON *node)
{
    const cJSON *sampler = cJSON_GetObjectItemCaseSensitive(node, "sampler");

    if (sampler != NULL &&
        strcmp(import_text(im, sampler, "sampler_name"), "SequentialSampler") != 0)
        fail(im, "a sampler over Concat has no counterpart", "");
}

static void put_operator(import *im, FILE *f, const cJSON *node, const char *type, int depth)
{
    operation o;

    if (strcmp(type, "Map") == 0) {
        put_map(im, f, node);
        return;
    }
    if (!operation_named(type, &o) || o.sampler || strcmp(o.kind, "order") != 0) {
        fail(im, "there is no operator", type);
        return;
    }
    if (strcmp(type, "Concat") == 0)
        put_concat(im, node);
    if (strcmp(type, "Concat") == 0 || strcmp(type, "Zip") == 0) {
        put_others(im, f, import_item(im, node, "children"), o.stage, depth);
        return;
    }
    im->batched = im->batched || strcmp(type, "Batch") == 0;
    fprintf(f, " | %s", o.stage);
    put_values(im, f, node, &o);
    put_order(im, f, node, &o);
    if (im->order == IMPORT_REPLAY_NEW && strcmp(type, "Repeat") == 0 &&
        import_number(im, node, "count") != 1)
        fail(im, "--iterator new: the passes of one iterator differ, so without this:", type);
}

/* What an operator has and the text has not. */
static void note_node(import *im, const cJSON *node, const char *type)
{
    const char *function = "Batch: a function of its columns is not carried over";
    const bool changed =
        strcmp(type, "Batch") == 0 &&
        (cJSON_HasObjectItem(node, "per_batch_map") ||
         cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(node, "input_columns")) > 0 ||
         cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(node, "output_columns")) > 0);

    if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(node, "callback")) > 0)
        import_comment(im, "%s: callback is not carried over%s", type, "");
    if (changed && im->order != IMPORT_NATIVE)
        fail(im, function, "");
    else if (changed)
        import_comment(im, "%s%s", function, "");
    import_note_keys(
        im, node, type,
        " children op_type connector_queue_size num_parallel_workers dataset_dir usage "
        "decode class_indexing extensions recursive sampler callback input_columns output_columns operations batch_size "
        "drop_remainder buffer_size reset_each_epoch count children_sizes "
        "children_flag_and_nums children_start_end_index columns per_batch_map ");
}

/* The input first: the outermost object is the last operator. */
static void put_node(import *im, FILE *f, const cJSON *node, int depth)
{
    const cJSON *children = import_item(im, node, "children");
    const char *type = import_text(im, node, "op_type");

    if (im->status != 0)
        return;
    if (depth > MAX_DEPTH || cJSON_GetArraySize(children) > MAX_PARTS) {
        fail(im, "the pipeline is too large", "");
        return;
    }
    note_node(im, node, type);
    if (cJSON_GetArraySize(children) == 0) {
        put_reader(im, f, node, type);
        return;
    }
    put_node(im, f, cJSON_GetArrayItem(children, 0), depth + 1);
    if (im->status == 0)
        put_operator(im, f, node, type, depth);
}

/* ---- the file ---- */

/* The recipe, a stage a line. */
static char *make_recipe(import *im, const char *comments, const char *data)
{
    const char *const path = im->path;
    text_stages stages;
    char *recipe = NULL;
    size_t size = 0;
    FILE *f = xopen_memstream(&recipe, &size);

    text_parse(data, &stages);
    if (stages.n == 0)
        fail(im, "a path or a name in it is not UTF-8, or holds a control character", "");
    fprintf(f, "# from %s\n", strpbrk(path, "\r\n") == NULL ? path : "a file");
    fputs(
        "# connector_queue_size, num_parallel_workers, callback and device_target are not carried "
        "over,\n# as no row depends on them here (but workers= of a replayed operation)\n",
        f);
    fprintf(f, "%sdata:", comments);
    for (size_t i = 0; i < stages.n; i++) {
        const dp_text_stage *stage = &stages.stage[i];
        fprintf(f, "%s %.*s\n", i > 0 ? "  |" : "", (int)(stage->end - stage->column),
                data + stage->column - 1);
    }
    text_free(&stages);
    xclose_memstream(f, &recipe);
    return recipe;
}

int import_parse(const char *path, const char *text, import_order order, const char *reader,
                 char **recipe)
{
import im = {.path = path, .reader = reader, .order = order, .workers = 1, .zipped = strstr(text, "\"Zip\"") != NULL };
    cJSON *json = cJSON_Parse(text);
    char *comments = NULL, *data = NULL;
    size_t comments_size = 0, size = 0;
    FILE *f = xopen_memstream(&data, &size);

    im.comments = xopen_memstream(&comments, &comments_size);
    if (json == NULL)
        fail(&im, "this is not JSON", "");
    else
        put_node(&im, f, json, 0);
    if (im.reader != NULL)
        fail(&im, "it names its reader: --reader is for MindDataset and TFRecordDataset", "");
    xclose_memstream(f, &data);
    xclose_memstream(im.comments, &comments);
    if (im.status == 0)
        *recipe = make_recipe(&im, comments, data);
    if (im.status != 0) {
        free(*recipe);
        *recipe = NULL;
    }
    free(comments);
    free(data);
    cJSON_Delete(json);
    return im.status;
}

int import_file(const char *path, import_order order, const char *reader, char **recipe)
{
    size_t n;
    char *text = file_read(path, MAX_FILE, &n);
    int status;

    if (text == NULL)
        status = cli_fail(EXIT_NOT_TRIED, "cannot read %s: %s", path, strerror(errno));
    else if (n > MAX_FILE)
        status = cli_fail(EXIT_MALFORMED, "%s: more than %d bytes", path, MAX_FILE);
    else
        status = import_parse(path, text, order, reader, recipe);
    free(text);
    return status;
}
