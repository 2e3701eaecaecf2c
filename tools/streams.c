/* streams.c - two streams row by row
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/streams.h"

#include <string.h>

#include "tools/element.h"

#define MOST_COLUMNS 256

typedef struct both {
    dp_pipeline *pipeline[2];
    dp_batch *batch[2];
    uint64_t equal, different; /* rows */
    bool told;                 /* where they part */
} both;

/* ---- columns ---- */

bool streams_same_columns(const dp_array *a, const dp_array *b)
{
    for (; a->name != NULL && b->name != NULL; a++, b++) {
        if (strcmp(a->name, b->name) != 0 ||
            strcmp(element_type(&a->tensor).text, element_type(&b->tensor).text) != 0) {
            printf("column %s %s, and %s %s\n", a->name, element_type(&a->tensor).text, b->name,
                   element_type(&b->tensor).text);
            return false;
        }
    }
    if (a->name != NULL || b->name != NULL)
        printf("column %s is in one only\n", a->name != NULL ? a->name : b->name);
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

/* Of a batch, or the only one of a stream without batches. */
static size_t rows_of(const both *c, const dp_tensor *t)
{
    const dp_tensor *full = dp_output(c->pipeline[0], dp_column_name(c->pipeline[0], 0));
    return full->rank == t->rank && t->rank > 0 ? (size_t)t->shape[0] : 1;
}

static void tell(both *c, const char *column, size_t row, const dp_tensor *a, const dp_tensor *b,
                 size_t n)
{
    const size_t size = dp_dtype_size(a->dtype);
    size_t i = row * n;

    while (memcmp((const char *)a->data + i * size, (const char *)b->data + i * size, size) == 0)
        i++;
    printf("row %llu, column %s, element %zu: ",
           (unsigned long long)(c->equal + c->different + row), column, i - row * n);
    element_print(a, i);
    fputs(" and ", stdout);
    element_print(b, i);
    putchar('\n');
    c->told = true;
}

/* Whether row number `row` of a batch is equal. */
static bool compare_row(both *c, size_t row, size_t n_rows)
{
    bool equal = true;
    const char *name;

    for (size_t i = 0; equal && (name = dp_column_name(c->pipeline[0], i)) != NULL; i++) {
        const dp_tensor *a = dp_batch_get(c->batch[0], name), *b = dp_batch_get(c->batch[1], name);
        const size_t n = element_count(a) / n_rows, size = n * dp_dtype_size(a->dtype);
        equal = memcmp((const char *)a->data + row * size, (const char *)b->data + row * size,
                       size) == 0;
        if (!equal && !c->told)
            tell(c, name, row, a, b, n);
    }
    return equal;
}

static void compare_batch(both *c, size_t n_rows)
{
    uint64_t equal = 0;

    for (size_t row = 0; row < n_rows; row++)
        equal += compare_row(c, row, n_rows);
    c->equal += equal;
    c->different += n_rows - equal;
}

static int compare(both *c)
{
    const uint64_t length = dp_length(c->pipeline[0]);
    const char *name = dp_column_name(c->pipeline[0], 0);
    const double start = cli_seconds();
    dp_error err;

    for (uint64_t batch = 0;; batch++) {
        dp_status status[2];
        size_t rows[2] = {0, 0};
        for (int k = 0; k < 2; k++) {
            status[k] = dp_next(c->pipeline[k], &c->batch[k], &err);
            if (status[k] < 0)
                return cli_fail_error(&err, NULL);
            if (status[k] == DP_OK)
                rows[k] = rows_of(c, dp_batch_get(c->batch[k], name));
        }
        if (rows[0] != rows[1]) {
            printf("row %llu is the last of %s stream\n",
                   (unsigned long long)(c->equal + c->different +
                                        (rows[0] < rows[1] ? rows[0] : rows[1])),
                   rows[0] < rows[1] ? "the first" : "the second");
            return EXIT_NO;
        }
        if (status[0] == DP_END)
            break;
        compare_batch(c, rows[0]);
        cli_progress(start, "batch", batch, length);
    }
    cli_progress_end();
    printf("%llu rows are equal, %llu are not\n", (unsigned long long)c->equal,
           (unsigned long long)c->different);
    return c->different == 0 ? EXIT_YES : EXIT_NO;
}

int streams_compare(dp_pipeline *a, dp_pipeline *b)
{
    both c = {.pipeline = {a, b}};
    dp_array columns[2][MOST_COLUMNS + 1];

    if (dp_length(a) == UINT64_MAX && dp_length(b) == UINT64_MAX)
        return cli_fail(EXIT_MALFORMED, "diff: both streams are endless: give repeat a count");
    list_columns(a, columns[0]);
    list_columns(b, columns[1]);
    return streams_same_columns(columns[0], columns[1]) ? compare(&c) : EXIT_NO;
}
