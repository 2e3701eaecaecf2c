/* rows.c - two streams row by row
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/compare/rows.h"

#include <string.h>

#include "tools/cli/element.h"

#define MOST_COLUMNS 256

typedef struct both {
    dp_pipeline *pipeline[2];
    dp_batch *batch[2];
    bool batched; /* else each has one row */
    streams_found *found;
} both;

/* ---- columns ---- */

bool streams_same_columns(const dp_array *a, const dp_array *b, streams_found *found)
{
    char *where = found->where;
    const size_t size = sizeof found->where;

    for (; a->name != NULL && b->name != NULL; a++, b++) {
        if (strcmp(a->name, b->name) != 0 ||
            strcmp(element_type(&a->tensor).text, element_type(&b->tensor).text) != 0) {
            snprintf(where, size, "column %s %s, and %s %s", a->name, element_type(&a->tensor).text,
                     b->name, element_type(&b->tensor).text);
            return false;
        }
    }
    if (a->name != NULL || b->name != NULL)
        snprintf(where, size, "column %s is in one only", a->name != NULL ? a->name : b->name);
    return a->name == NULL && b->name == NULL;
}

static void list_columns(const dp_pipeline *p, dp_array out[MOST_COLUMNS + 1])
{
    size_t n = 0;

    for (; n < MOST_COLUMNS && (out[n].name = dp_column_name(p, n)) != NULL; n++)
        out[n].tensor = *dp_output(p, out[n].name);
    out[n].name = NULL;
}

/* ---- rows ---- */

/* Rows that were compared. */
static uint64_t rows_before(const both *c) { return c->found->equal + c->found->different; }

static bool same_type(const dp_tensor *a, const dp_tensor *b)
{
    return a->dtype == b->dtype && a->rank == b->rank &&
           memcmp(a->shape, b->shape, (size_t)a->rank * sizeof a->shape[0]) == 0;
}

static void tell(const both *c, const char *column, size_t row, const dp_tensor *a,
                 const dp_tensor *b, size_t n)
{
    const size_t size = dp_dtype_size(a->dtype);
    size_t i = row * n;

    if (!same_type(a, b)) {
        snprintf(c->found->where, sizeof c->found->where, "row %llu, column %s: %s and %s",
                 (unsigned long long)(rows_before(c) + row), column, element_type(a).text,
                 element_type(b).text);
        return;
    }
    while (memcmp((const char *)a->data + i * size, (const char *)b->data + i * size, size) == 0)
        i++;
    snprintf(c->found->where, sizeof c->found->where, "row %llu, column %s, element %zu: %s and %s",
             (unsigned long long)(rows_before(c) + row), column, i - row * n, element_of(a, i).text,
             element_of(b, i).text);
}

/* Whether row number `row` of a batch is equal. */
static bool compare_row(const both *c, size_t row, size_t n_rows)
{
    bool equal = true;
    const char *name;

    for (size_t i = 0; equal && (name = dp_column_name(c->pipeline[0], i)) != NULL; i++) {
        const dp_tensor *a = dp_batch_get(c->batch[0], name), *b = dp_batch_get(c->batch[1], name);
        const size_t n = element_count(a) / n_rows, size = n * dp_dtype_size(a->dtype);
        equal = same_type(a, b) && memcmp((const char *)a->data + row * size,
                                          (const char *)b->data + row * size, size) == 0;
        if (!equal && c->found->where[0] == '\0')
            tell(c, name, row, a, b, n);
    }
    return equal;
}

static void compare_batch(const both *c, size_t n_rows)
{
    uint64_t equal = 0;

    for (size_t row = 0; row < n_rows; row++)
        equal += compare_row(c, row, n_rows);
    c->found->batches++;
    c->found->equal += equal;
    c->found->different += n_rows - equal;
}

static void tell_the_end(const both *c, const size_t rows[2])
{
    const int shorter = rows[0] < rows[1] ? 0 : 1;
    const unsigned long long all = rows_before(c) + rows[shorter];
    const char *which = shorter == 0 ? "first" : "second";

    if (c->found->where[0] != '\0')
        return;
    if (all == 0)
        snprintf(c->found->where, sizeof c->found->where, "the %s stream is empty", which);
    else
        snprintf(c->found->where, sizeof c->found->where, "row %llu is the last of the %s stream",
                 all, which);
}

static int compare(both *c)
{
    const uint64_t length = dp_length(c->pipeline[0]);
    const char *name = dp_column_name(c->pipeline[0], 0);
    cli_work work = {0};
    dp_error err;

    for (uint64_t batch = 0;; batch++) {
        dp_status status[2];
        size_t rows[2] = {0, 0};
        for (int k = 0; k < 2; k++) {
            status[k] = dp_next(c->pipeline[k], &c->batch[k], &err);
            if (status[k] < 0)
                return cli_fail_error(&err, NULL);
            if (status[k] == DP_OK)
                rows[k] = c->batched ? (size_t)dp_batch_get(c->batch[k], name)->shape[0] : 1;
        }
        if (rows[0] != rows[1])
            tell_the_end(c, rows);
        if (rows[0] != rows[1] || status[0] == DP_END)
            break;
        compare_batch(c, rows[0]);
        cli_progress(&work, "batch", batch, length);
    }
    cli_progress_end();
    return 0;
}

int streams_compare(dp_pipeline *a, dp_pipeline *b, streams_found *found)
{
    both c = {.pipeline = {a, b}, .found = found};
    dp_array columns[2][MOST_COLUMNS + 1];
    dp_info info[2] = {{.size = sizeof info[0]}, {.size = sizeof info[0]}};
    dp_error err;

    if (dp_length(a) == UINT64_MAX && dp_length(b) == UINT64_MAX)
        return cli_fail(EXIT_MALFORMED, "diff: both streams are endless: give repeat a count");
    list_columns(a, columns[0]);
    list_columns(b, columns[1]);
    for (int k = 0; k < 2; k++) {
        if (dp_get_info(c.pipeline[k], &info[k], &err) != DP_OK)
            return cli_fail_error(&err, NULL);
        found->left_out[k] = info[k].left_out;
    }
    c.batched = info[0].batched != 0;
    return streams_same_columns(columns[0], columns[1], found) ? compare(&c) : 0;
}

static int report_json(const streams_found *found, const char *kind, bool equal)
{
    cJSON *json = cJSON_CreateObject();

    cJSON_AddStringToObject(json, "kind", kind);
    cJSON_AddBoolToObject(json, "equal", equal);
    cli_add_count(json, "batches_compared", found->batches);
    cli_add_count(json, "rows_equal", found->equal);
    cli_add_count(json, "rows_different", found->different);
    cJSON_AddStringToObject(json, "first_difference", found->where);
    cli_add_count(json, "left_out", found->left_out[0]);
    cli_add_count(json, "left_out_of_second", found->left_out[1]);
    return cli_print_json(json);
}

int streams_report(const streams_found *found, const char *kind, bool json)
{
    const bool differ = found->where[0] != '\0', equal = !differ && found->equal > 0;

    if (json && report_json(found, kind, equal) != EXIT_YES)
        return EXIT_NOT_TRIED;
    if (!json && differ)
        puts(found->where);
    if (!json)
        cli_print_left_out(found->left_out[0], " of the first");
    if (!json)
        cli_print_left_out(found->left_out[1], " of the second");
    if (!json && found->equal + found->different > 0)
        printf("%llu rows are equal, %llu are not\n", (unsigned long long)found->equal,
               (unsigned long long)found->different);
    if (!differ && !equal)
        return cli_fail(EXIT_NOT_TRIED, "diff: both are empty: nothing was compared");
    return equal ? EXIT_YES : EXIT_NO;
}
