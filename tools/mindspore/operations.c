/* operations.c - MindSpore's readers, samplers, operators and operations, and the stages that do
 * the same
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/mindspore/operations.h"

#include <stdio.h>
#include <string.h>

/* Readers and order stages, as dp_foreign has transforms; also
 *     key:doubles    a list of numbers that are not float32
 *     key:names      a list of names
 *     key:epochs     whether the order is another one in each epoch
 *     order          MindSpore's order is known
 * What else there is of them, import.c and export.c carry over themselves. */
static const struct {
    const char *stage, *text;
} others[] = {
    {"batch", "Batch batch_size:double drop_remainder"},
    {"cifar10", "Cifar10Dataset"},
    {"cifar100", "Cifar100Dataset"},
    {"concat", "Concat"},
    {"distributed_sampler",
     "DistributedSampler num_shards:double shard_id:double num_samples:double offset:double order"},
    {"idx", "MnistDataset"},
    {"image_folder", "ImageFolderDataset decode recursive!false"},
    {"pk_sampler", "PKSampler num_val:double shuffle num_samples:double order"},
    {"project", "Project columns:names"},
    {"random_sampler",
     "RandomSampler replacement num_samples:double reshuffle_each_epoch:epochs order"},
    {"rename", "Rename input_columns:names output_columns:names"},
    {"repeat", "Repeat count:double"},
    {"sequential_sampler", "SequentialSampler start_index:double num_samples:double"},
    {"shuffle", "Shuffle buffer_size:double order"},
    {"skip", "Skip count:double"},
    {"subset_random_sampler", "SubsetRandomSampler indices:doubles num_samples:double order"},
    {"subset_sampler", "SubsetSampler indices:doubles num_samples:double"},
    {"take", "Take count:double"},
    {"weighted_random_sampler",
     "WeightedRandomSampler weights:doubles num_samples:double replacement order"},
    {"zip", "Zip"},
};

static const char *text_of(const dp_stage_info *info)
{
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(others[i].stage, info->name) == 0)
            return others[i].text;
    }
    return dp_foreign(info);
}

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
    } ways[] = {{"double", DOUBLE}, {"4", FOUR},          {"zeros", ZEROS},
                {"range", RANGE},   {"around", AROUND},   {"reversed", REVERSED},
                {"fill", FILL},     {"doubles", DOUBLES}, {"names", NAMES},
                {"epochs", EPOCHS}};

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (strcmp(ways[i].name, name) == 0)
            return ways[i].how;
    }
    return HELD;
}

/* "key", "key:how", "key=words", "key>name=words" or "key!value" of dp_foreign. */
static void read_parameter(const dp_stage_info *info, const char *text, int length, carried *out)
{
    const int theirs = (int)strcspn(text, " :=!>"), key = (int)strcspn(text, " :=!"),
              ours = theirs < key ? theirs + 1 : 0;

    *out = (carried){0};
    snprintf(out->key, sizeof out->key, "%.*s", theirs, text);
    snprintf(out->name, sizeof out->name, "%.*s", key - ours, text + ours);
    if (key < length)
        snprintf(out->words, sizeof out->words, "%.*s", length - key - 1, text + key + 1);
    out->how = key == length      ? how_of(info, out->name)
               : text[key] == ':' ? how_named(out->words)
               : text[key] == '=' ? WORD
                                  : FIXED;
}

static void read_operation(const dp_stage_info *info, const char *text, operation *out)
{
    int length = (int)strcspn(text, " ");

    *out = (operation){.stage = info->name, .kind = info->kind, .params = info->params};
    snprintf(out->name, sizeof out->name, "%.*s", length, text);
    out->sampler = strstr(out->name, "Sampler") != NULL;
    for (const dp_param *p = info->params; p->name != NULL; p++) {
        out->random = out->random || strcmp(p->name, "workers") == 0;
        out->mixes = out->mixes || strcmp(p->name, "label") == 0;
    }
    for (text += length; *text == ' '; text += length) {
        text++;
        length = (int)strcspn(text, " ");
        if (strncmp(text, "workers", (size_t)length) == 0)
            out->replayed = true;
        else if (strncmp(text, "null", (size_t)length) == 0)
            out->null = true;
        else if (strncmp(text, "unread", (size_t)length) == 0)
            out->unread = true;
        else if (strncmp(text, "batches", (size_t)length) == 0)
            out->batches = true;
        else if (strncmp(text, "order", (size_t)length) == 0)
            out->ordered = true;
        else
            read_parameter(info, text, length, &out->parameters[out->n++]);
    }
}

static bool find(const char *stage, const char *name, operation *out)
{
    size_t n;
    const dp_stage_info *const *infos = dp_stages(&n);

    for (size_t i = 0; i < n; i++) {
        const char *text = text_of(infos[i]);
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
