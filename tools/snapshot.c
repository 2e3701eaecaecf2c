/* snapshot.c - what a snapshot holds, and whether two hold the same
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "detpipe_snapshot.h"
#include "tools/element.h"

char *snapshot_text(const char *path, const char *rest)
{
    static const char head[] = "snapshot file=\"";
    char *out = malloc(sizeof head + 2 * strlen(path) + strlen(rest) + 2), *at;

    if (out == NULL)
        return NULL;
    at = out + sprintf(out, "%s", head);
    for (; *path != '\0'; path++) {
        if (*path == '"' || *path == '\\')
            *at++ = '\\';
        *at++ = *path;
    }
    sprintf(at, "\"%s", rest);
    return out;
}

/* ---- info ---- */

static cli_type_text type_of(const dp_array *column)
{
    const dp_tensor *t = &column->tensor;
    return cli_type_of(dp_dtype_name(t->dtype), t->rank, t->shape);
}

static int print_json(const dp_snapshot_info *info)
{
    cJSON *json = cJSON_CreateObject(), *columns;

    cJSON_AddStringToObject(json, "spec", info->spec);
    cli_add_count(json, "seed", info->seed);
    cJSON_AddStringToObject(json, "fingerprint", cli_hex_of(info->fingerprint).text);
    cJSON_AddStringToObject(json, "dataset", cli_hex_of(info->dataset).text);
    cJSON_AddStringToObject(json, "content", cli_hex_of(info->content).text);
    cli_add_count(json, "records", info->n_records);
    cli_add_count(json, "batches", info->n_batches);
    cli_add_count(json, "batch_size", info->batch_size);
    cJSON_AddStringToObject(json, "compression", info->compression);
    cli_add_count(json, "block_records", info->block_records);
    cli_add_count(json, "blocks", info->n_blocks);
    cli_add_count(json, "shards", info->n_shards);
    cli_add_count(json, "raw_size", info->raw_size);
    cli_add_count(json, "file_size", info->file_size);
    cJSON_AddBoolToObject(json, "complete", info->complete);
    columns = cJSON_AddArrayToObject(json, "columns");
    for (const dp_array *c = info->columns; c->name != NULL; c++) {
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "name", c->name);
        cJSON_AddStringToObject(row, "type", type_of(c).text);
        cJSON_AddItemToArray(columns, row);
    }
    return cli_print_json(json);
}

static void print_counts(const dp_snapshot_info *info)
{
    printf("rows         %llu", (unsigned long long)info->n_records);
    if (info->batch_size > 0)
        printf(" in %llu batches of up to %llu", (unsigned long long)info->n_batches,
               (unsigned long long)info->batch_size);
    for (const dp_array *c = info->columns; c->name != NULL; c++)
        printf("\n  %-10s %s", c->name, type_of(c).text);
    printf("\nblocks       %llu of up to %llu rows, compression %s",
           (unsigned long long)info->n_blocks, (unsigned long long)info->block_records,
           info->compression);
    if (info->n_shards > 0)
        printf(", in %u shards", info->n_shards);
    printf("\nbytes        %llu of %llu of rows (%.1f %%)\n", (unsigned long long)info->file_size,
           (unsigned long long)info->raw_size,
           info->raw_size > 0 ? 100.0 * (double)info->file_size / (double)info->raw_size : 100.0);
}

static int print_info(const dp_snapshot_info *info)
{
    cli_wrap(stdout, info->spec, printf("spec         "), 13);
    printf("seed         %llu\n", (unsigned long long)info->seed);
    printf("fingerprint  %s\n", cli_hex_of(info->fingerprint).text);
    printf("dataset      %s\n", cli_hex_of(info->dataset).text);
    printf("content      %s\n",
           info->complete ? cli_hex_of(info->content).text : "not known: it is not complete");
    print_counts(info);
    return EXIT_YES;
}

static int open_info(dp_snapshot **out, const char *path)
{
    dp_error err;
    return dp_snapshot_open(out, path, NULL, &err) == DP_OK ? -1 : cli_fail_error(&err, NULL);
}

int snapshot_info(const char *path, bool json)
{
    dp_snapshot *s;
    int status = open_info(&s, path);

    if (status >= 0)
        return status;
    status = json ? print_json(dp_snapshot_get_info(s)) : print_info(dp_snapshot_get_info(s));
    dp_snapshot_close(s);
    return status;
}

/* The text that reads it, quoted where it must be. */
static int say_text(const char *path, const char *rest)
{
    char *text = snapshot_text(path, rest);

    if (text == NULL)
        return cli_fail(EXIT_NOT_TRIED, "out of memory");
    if (strpbrk(path, " \t\n|\"\\") != NULL)
        printf("read it with %s\n", text);
    else
        printf("read it with snapshot file=%s%s\n", path, rest);
    free(text);
    return EXIT_YES;
}

int snapshot_say_written(const char *path)
{
    dp_snapshot *s;
    int status = open_info(&s, path);

    if (status >= 0)
        return status;
    print_counts(dp_snapshot_get_info(s));
    printf("content      %s\n", cli_hex_of(dp_snapshot_get_info(s)->content).text);
    status = say_text(path, dp_snapshot_get_info(s)->batch_size > 0
                                ? " batched=true (its rows one by one: without batched)"
                                : "");
    dp_snapshot_close(s);
    return status;
}

/* ---- diff ---- */

#define ROWS 64 /* that are compared at a time */

typedef struct rows {
    dp_snapshot *snapshot;
    const dp_snapshot_info *info;
    dp_pipeline *pipeline;
    dp_batch *batch;
} rows;

static int open_rows(rows *r, const char *path)
{
    char rest[40], *spec;
    dp_error err;
    int status = open_info(&r->snapshot, path);

    snprintf(rest, sizeof rest, " | batch batch_size=%d", ROWS);
    spec = snapshot_text(path, rest);
    if (status < 0) {
        r->info = dp_snapshot_get_info(r->snapshot);
        if (spec == NULL)
            status = cli_fail(EXIT_NOT_TRIED, "out of memory");
        else if (dp_open(&r->pipeline, spec, 1, NULL, &err) != DP_OK)
            status = cli_fail_error(&err, NULL);
    }
    free(spec);
    return status;
}

static void close_rows(rows *r)
{
    dp_close(r->pipeline);
    dp_snapshot_close(r->snapshot);
}

static bool same_columns(const dp_array *a, const dp_array *b)
{
    for (; a->name != NULL && b->name != NULL; a++, b++) {
        if (strcmp(a->name, b->name) != 0 || strcmp(type_of(a).text, type_of(b).text) != 0) {
            printf("column %s %s, and %s %s\n", a->name, type_of(a).text, b->name, type_of(b).text);
            return false;
        }
    }
    if (a->name != NULL || b->name != NULL)
        printf("column %s is in one only\n", a->name != NULL ? a->name : b->name);
    return a->name == NULL && b->name == NULL;
}

/* The first element of two columns of a batch that differs. */
static size_t first_difference(const dp_tensor *a, const dp_tensor *b, size_t n)
{
    const size_t size = dp_dtype_size(a->dtype);
    size_t i = 0;

    while (i < n &&
           memcmp((const char *)a->data + i * size, (const char *)b->data + i * size, size) == 0)
        i++;
    return i;
}

/* Rows of a batch in which the column differs are marked; the first is told once. */
static void mark_rows(const char *name, const dp_tensor *a, const dp_tensor *b, uint64_t first,
                      bool *marked, bool *told)
{
    const size_t n_rows = (size_t)a->shape[0];
    const size_t n = n_rows > 0 ? element_count(a) / n_rows : 0, size = n * dp_dtype_size(a->dtype);

    for (size_t row = 0; row < n_rows; row++) {
        const dp_tensor x = {(char *)a->data + row * size, a->dtype, 1, {(int64_t)n}};
        const dp_tensor y = {(char *)b->data + row * size, b->dtype, 1, {(int64_t)n}};
        if (memcmp(x.data, y.data, size) == 0)
            continue;
        marked[row] = true;
        if (*told)
            continue;
        *told = true;
        const size_t i = first_difference(&x, &y, n);
        printf("record %llu, column %s, element %zu: ", (unsigned long long)(first + row), name, i);
        element_print(&x, i);
        fputs(" and ", stdout);
        element_print(&y, i);
        putchar('\n');
    }
}

static uint64_t compare_batch(rows *a, rows *b, uint64_t first, bool *told)
{
    bool marked[ROWS] = {false};
    uint64_t n = 0;

    for (const dp_array *c = a->info->columns; c->name != NULL; c++)
        mark_rows(c->name, dp_batch_get(a->batch, c->name), dp_batch_get(b->batch, c->name), first,
                  marked, told);
    for (size_t i = 0; i < ROWS; i++)
        n += marked[i];
    return n;
}

/* -1 and how many rows differ, or the exit status. */
static int compare_rows(rows *a, rows *b, uint64_t n, uint64_t *different)
{
    const double start = cli_seconds();
    bool told = false;
    dp_error err;

    for (uint64_t first = 0; first < n; first += ROWS) {
        if (dp_next(a->pipeline, &a->batch, &err) != DP_OK ||
            dp_next(b->pipeline, &b->batch, &err) != DP_OK)
            return cli_fail_error(&err, NULL);
        *different += compare_batch(a, b, first, &told);
        if (first % 4096 == 0)
            cli_progress(start, "row", first, n);
    }
    cli_progress_end();
    return -1;
}

static int compare(rows *a, rows *b)
{
    const dp_snapshot_info *x = a->info, *y = b->info;
    uint64_t different = 0;
    int status;

    if (strcmp(x->spec, y->spec) != 0)
        printf("they were made from different texts\n");
    if (x->seed != y->seed)
        printf("they were made with seeds %llu and %llu\n", (unsigned long long)x->seed,
               (unsigned long long)y->seed);
    if (!same_columns(x->columns, y->columns))
        return EXIT_NO;
    if (x->n_records != y->n_records) {
        printf("%llu rows and %llu\n", (unsigned long long)x->n_records,
               (unsigned long long)y->n_records);
        return EXIT_NO;
    }
    status = compare_rows(a, b, x->n_records, &different);
    if (status >= 0)
        return status;
    printf("%llu rows are equal, %llu are not\n", (unsigned long long)(x->n_records - different),
           (unsigned long long)different);
    return different == 0 ? EXIT_YES : EXIT_NO;
}

int snapshot_diff(const char *path_a, const char *path_b)
{
    rows a = {NULL, NULL, NULL, NULL}, b = {NULL, NULL, NULL, NULL};
    int status = open_rows(&a, path_a);

    if (status < 0)
        status = open_rows(&b, path_b);
    if (status < 0)
        status = compare(&a, &b);
    close_rows(&a);
    close_rows(&b);
    return status;
}
