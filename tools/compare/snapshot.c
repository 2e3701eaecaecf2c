/* snapshot.c - what a snapshot holds, and whether two hold the same
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/compare/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/element.h"
#include "tools/cli/memory.h"
#include "tools/cli/text.h"
#include "tools/compare/rows.h"

char *snapshot_text(const char *path, const char *rest)
{
    char *out = NULL;
    size_t size;
    FILE *f = xopen_memstream(&out, &size);

    fputs("snapshot file=", f);
    text_put_value(f, path);
    fputs(rest, f);
    xclose_memstream(f, &out);
    return out;
}

/* ---- info ---- */

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
    if (info->digest != NULL)
        cJSON_AddStringToObject(json, "digest", info->digest);
    columns = cJSON_AddArrayToObject(json, "columns");
    for (const dp_array *c = info->columns, *least = info->least; c->name != NULL; c++, least++) {
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "name", c->name);
        cJSON_AddStringToObject(row, "type", element_types(&least->tensor, &c->tensor).text);
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
    for (const dp_array *c = info->columns, *least = info->least; c->name != NULL; c++, least++)
        printf("\n  %-10s %s", c->name, element_types(&least->tensor, &c->tensor).text);
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
    if (info->digest != NULL)
        printf("digest       %s\n", info->digest);
    return EXIT_YES;
}

int snapshot_open(dp_snapshot **out, const char *path)
{
    const dp_options options = cli_options();
    dp_error err;

    return dp_snapshot_open(out, path, &options, &err) == DP_OK ? 0 : cli_fail_error(&err, NULL);
}

int snapshot_info(const char *path, bool json)
{
    dp_snapshot *s;
    int status = snapshot_open(&s, path);

    if (status != 0)
        return status;
    status = json ? print_json(dp_snapshot_get_info(s)) : print_info(dp_snapshot_get_info(s));
    if (status == EXIT_YES && dp_snapshot_get_info(s)->n_records == 0)
        status = cli_fail(EXIT_NOT_TRIED, "%s holds no row", path);
    dp_snapshot_close(s);
    return status;
}

/* The text that reads it, quoted where it must be. */
static void say_text(const char *path, const char *rest)
{
    fputs("read it with snapshot file=", stdout);
    text_put_value(stdout, path);
    puts(rest);
}

int snapshot_say_written(const char *path)
{
    dp_snapshot *s;
    const int status = snapshot_open(&s, path);

    if (status != 0)
        return status;
    print_counts(dp_snapshot_get_info(s));
    printf("content      %s\n", cli_hex_of(dp_snapshot_get_info(s)->content).text);
    say_text(path, dp_snapshot_get_info(s)->batch_size > 0
                       ? " batched=true (its rows one by one: without batched)"
                       : "");
    dp_snapshot_close(s);
    return 0;
}

/* ---- diff ---- */

typedef struct rows {
    dp_snapshot *snapshot;
    const dp_snapshot_info *info;
    dp_pipeline *pipeline;
} rows;

/* Whether its rows can be read in batches, which is faster. */
static bool has_one_shape(const dp_snapshot_info *info)
{
    const dp_array *c = info->columns, *least = info->least;

    while (c->name != NULL &&
           memcmp(c->tensor.shape, least->tensor.shape, sizeof c->tensor.shape) == 0)
        c++, least++;
    return c->name == NULL;
}

static int open_rows(rows *r, const char *path)
{
    const dp_options options = cli_options();
    char *spec;
    dp_error err;
    int status = snapshot_open(&r->snapshot, path);

    if (status != 0)
        return status;
    r->info = dp_snapshot_get_info(r->snapshot);
    spec = snapshot_text(path, has_one_shape(r->info) ? " | batch batch_size=64" : "");
    if (dp_open(&r->pipeline, spec, 1, &options, &err) != DP_OK)
        status = cli_fail_error(&err, NULL);
    free(spec);
    return status;
}

static void close_rows(rows *r)
{
    dp_close(r->pipeline);
    dp_snapshot_close(r->snapshot);
}

static void print_origins(const dp_snapshot_info *x, const dp_snapshot_info *y)
{
    if (strcmp(x->spec, y->spec) != 0)
        printf("they were made from different texts\n");
    if (x->seed != y->seed)
        printf("they were made with seeds %llu and %llu\n", (unsigned long long)x->seed,
               (unsigned long long)y->seed);
}

static int compare(rows *a, rows *b, streams_found *found)
{
    const dp_snapshot_info *x = a->info, *y = b->info;

    if (!streams_same_columns(x->columns, y->columns, found))
        return 0;
    if (x->n_records != y->n_records) {
        snprintf(found->where, sizeof found->where, "%llu rows and %llu",
                 (unsigned long long)x->n_records, (unsigned long long)y->n_records);
        return 0;
    }
    return streams_compare(a->pipeline, b->pipeline, found);
}

int snapshot_diff(const char *path_a, const char *path_b, bool json)
{
    rows a = {NULL, NULL, NULL}, b = {NULL, NULL, NULL};
    streams_found found = {0};
    int status = open_rows(&a, path_a);

    if (status == 0)
        status = open_rows(&b, path_b);
    if (status == 0 && !json)
        print_origins(a.info, b.info);
    if (status == 0)
        status = compare(&a, &b, &found);
    if (status == 0)
        status = streams_report(&found, "snapshot", json);
    close_rows(&a);
    close_rows(&b);
    return status;
}
