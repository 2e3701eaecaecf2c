/* cifar10.c - CIFAR-10, binary version (https://www.cs.toronto.edu/~kriz/cifar.html)
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A record is 3,073 bytes: a label, then the red, green and blue planes of 32x32.  Files are found,
 * filtered and ordered as MindSpore's Cifar10Dataset does (*.bin in byte order; train = names with
 * "data_batch", test = "test_batch", all = "batch"), and checked more strictly than there: a size
 * that is not exactly 10,000 records, a missing batch and a label above 9 are errors.
 */
#include <string.h>

#include "base/file.h"
#include "io/reader.h"

#define SIDE             32
#define PLANE            (SIDE * SIDE)
#define RECORD_SIZE      (1 + 3 * PLANE)
#define OFFICIAL_RECORDS 10000
#define N_CLASSES        10
#define OFFICIAL_FOLDER  "cifar-10-batches-bin"

typedef struct cifar10 {
    const char *dataset_dir;
    int32_t usage;
    bool strict;
} cifar10;

enum { TRAIN, TEST, ALL };
static const char *const usage_words[] = {
    [TRAIN] = "data_batch", [TEST] = "test_batch", [ALL] = "batch"};

static const dp_param params[] = {
    DP_TEXT(cifar10, dataset_dir, ".",
            "folder with the .bin files, or the one above " OFFICIAL_FOLDER),
    DP_CHOICE(cifar10, usage, "all", "train,test,all", "which files"),
    DP_BOOLEAN(cifar10, strict, "true", "false: fewer files and other record counts are fine"),
    DP_PARAMS_END,
};

typedef struct part {
    dp_file file;
    const char *name;
    uint64_t first, n_records;
} part;

typedef struct state {
    part *parts;
    size_t n_parts;
} state;

static void close_parts(void *state_)
{
    state *s = state_;
    for (size_t i = 0; i < s->n_parts; i++)
        dp_file_close(&s->parts[i].file);
}

static dp_status check_size(const part *p, bool strict, dp_error *err)
{
    const uint64_t size = p->file.size, expected = (uint64_t)OFFICIAL_RECORDS * RECORD_SIZE;

    if (size == 0 || size % RECORD_SIZE != 0)
        return dp_fail_record(err, DP_ECORRUPT, size / RECORD_SIZE,
                              "cifar10: %.80s has %llu bytes: expected %llu (records of "
                              "%d bytes; record %llu is cut)",
                              p->name, (unsigned long long)size, (unsigned long long)expected,
                              RECORD_SIZE, (unsigned long long)(size / RECORD_SIZE));
    if (strict && size != expected)
        return dp_fail(
            err, DP_ECORRUPT,
            "cifar10: %.80s has %llu records: expected %d; strict=false reads other sizes", p->name,
            (unsigned long long)(size / RECORD_SIZE), OFFICIAL_RECORDS);
    return DP_OK;
}

/* Every *.bin is opened, so that a folder called x.bin is an error whatever the usage, as in
 * MindSpore. */
static dp_status open_part(state *s, const cifar10 *p, const char *folder, const char *name,
                           dp_arena *arena, dp_error *err)
{
    part *next = &s->parts[s->n_parts];
    const char *path = dp_path_join(arena, folder, name);
    dp_status status;

    if (path == NULL)
        return dp_arena_fail(arena, err, "a path");
    status = dp_file_open(path, &next->file, err);
    if (status != DP_OK)
        return status;
    next->name = name;
    if (strstr(name, usage_words[p->usage]) == NULL) {
        dp_file_close(&next->file);
        return DP_OK;
    }
    next->n_records = next->file.size / RECORD_SIZE;
    next->first = s->n_parts == 0 ? 0 : next[-1].first + next[-1].n_records;
    s->n_parts++;
    return check_size(next, p->strict, err);
}

static dp_status check_complete(const state *s, int32_t usage, const char *folder, dp_error *err)
{
    static const char *const names[] = {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                                        "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"};
    const int from = usage == TEST ? 5 : 0, to = usage == TRAIN ? 5 : 6;

    for (int i = from; i < to; i++) {
        bool found = false;
        for (size_t j = 0; j < s->n_parts; j++)
            found = found || strcmp(s->parts[j].name, names[i]) == 0;
        if (!found)
            return dp_fail(err, DP_EIO,
                           "cifar10: %s is missing in %.100s; strict=false reads what is there",
                           names[i], folder);
    }
    return DP_OK;
}

/* The folder itself, or the official one inside it when it has no .bin file of its own. */
static dp_status find_files(const cifar10 *p, const char *root, dp_arena *arena, char **folder,
                            char ***names, size_t *n, dp_error *err)
{
    dp_status status;

    *folder = dp_path_join(arena, root, p->dataset_dir);
    if (*folder == NULL)
        return dp_arena_fail(arena, err, "a path");
    status = dp_dir_list(*folder, ".bin", arena, names, n, err);
    if (status == DP_OK && *n == 0) {
        char *inner = dp_path_join(arena, *folder, OFFICIAL_FOLDER);
        if (inner == NULL)
            return dp_arena_fail(arena, err, "a path");
        if (dp_dir_exists(inner)) {
            *folder = inner;
            status = dp_dir_list(inner, ".bin", arena, names, n, err);
        }
    }
    return status;
}

static dp_status open_source(const void *params_, const char *root, dp_arena *arena, dp_source *out,
                             dp_error *err)
{
    const cifar10 *p = params_;
    state *s = dp_arena_alloc(arena, 1, sizeof *s);
    char **names, *folder;
    size_t n_names;
    dp_status status;

    if (s == NULL)
        return dp_arena_fail(arena, err, "cifar10");
    status = find_files(p, root, arena, &folder, &names, &n_names, err);
    if (status != DP_OK)
        return status;
    s->parts = dp_arena_alloc(arena, n_names + 1, sizeof *s->parts);
    if (s->parts == NULL)
        return dp_arena_fail(arena, err, "cifar10");
    for (size_t i = 0; i < n_names && status == DP_OK; i++)
        status = open_part(s, p, folder, names[i], arena, err);
    if (status == DP_OK && s->n_parts == 0)
        status =
            dp_fail(err, DP_EIO, "cifar10: %.100s has no *%s*.bin file (CIFAR-10 binary version)",
                    folder, usage_words[p->usage]);
    if (status == DP_OK && p->strict)
        status = check_complete(s, p->usage, folder, err);
    if (status != DP_OK) {
        close_parts(s);
        return status;
    }
    out->n_records = s->parts[s->n_parts - 1].first + s->parts[s->n_parts - 1].n_records;
    out->n_columns = 3;
    out->columns[0] = (dp_column){"image", {NULL, DP_U8, 3, {SIDE, SIDE, 3}}, 256};
    out->columns[1] = (dp_column){"label", {NULL, DP_U32, 0, {0}}, N_CLASSES};
    out->columns[2] = (dp_column){"id", {NULL, DP_I64, 0, {0}}, out->n_records};
    out->state = s;
    return DP_OK;
}

static const part *part_of(const state *s, uint64_t record)
{
    const part *p = s->parts;
    while (record >= p->first + p->n_records)
        p++;
    return p;
}

static dp_status read_record(const void *state_, uint64_t record, void *const columns[],
                             dp_error *err)
{
    const part *p = part_of(state_, record);
    const uint64_t in_file = record - p->first;
    uint8_t bytes[RECORD_SIZE], *image = columns[0];
    size_t got;
    const int error = dp_file_read_at(&p->file, in_file * RECORD_SIZE, bytes, RECORD_SIZE, &got);

    if (error != 0)
        return dp_fail_record(err, DP_EIO, record,
                              "cifar10: record %llu of %.80s cannot be read: %s",
                              (unsigned long long)in_file, p->name, strerror(error));
    if (got != RECORD_SIZE)
        return dp_fail_record(err, DP_ECORRUPT, record,
                              "cifar10: record %llu of %.80s has %zu bytes: expected %d (the file "
                              "shrank while it was in use)",
                              (unsigned long long)in_file, p->name, got, RECORD_SIZE);
    if (bytes[0] >= N_CLASSES)
        return dp_fail_record(err, DP_ECORRUPT, record,
                              "cifar10: record %llu of %.80s has label %d: expected 0 to %d",
                              (unsigned long long)in_file, p->name, bytes[0], N_CLASSES - 1);
    for (int i = 0; i < PLANE; i++) {
        image[3 * i] = bytes[1 + i];
        image[3 * i + 1] = bytes[1 + PLANE + i];
        image[3 * i + 2] = bytes[1 + 2 * PLANE + i];
    }
    *(uint32_t *)columns[1] = bytes[0];
    *(int64_t *)columns[2] = (int64_t)record;
    return DP_OK;
}

const dp_reader dp_reader_cifar10 = {
    .info = {"reader", "cifar10", "CIFAR-10 photographs, binary version", 1, params},
    .size = sizeof(cifar10),
    .open = open_source,
    .read = read_record,
    .close = close_parts,
};
