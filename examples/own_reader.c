/* own_reader.c - a reader of one's own: rows of numbers from a CSV file, shuffled and trained on
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     own_reader FILE.csv FEATURES THREADS
 *
 * A line is FEATURES numbers and a class of 0 to 9, separated by commas.  The file is parsed once,
 * so that `read` only copies: it is called by several threads at once.  Shuffling, batches, states
 * and snapshots are the library's, and the losses are the same for every number of threads.
 */
#include <detpipe.h>
#include <detpipe_net.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES 10

typedef struct table {
    size_t n_features, n_rows;
    float *features;  /* [n_rows][n_features] */
    uint32_t *labels; /* [n_rows] */
} table;

static dp_status read_row(void *ctx, uint64_t record, void *const columns[], dp_error *err)
{
    const table *t = ctx;

    if (t->labels[record] >= CLASSES) {
        snprintf(err->message, sizeof err->message, "class %u: there are %d", t->labels[record],
                 CLASSES);
        return DP_ECORRUPT;
    }
    memcpy(columns[0], t->features + record * t->n_features, t->n_features * sizeof(float));
    memcpy(columns[1], &t->labels[record], sizeof(uint32_t));
    return DP_OK;
}

static void need(int fine, const char *what)
{
    if (!fine) {
        fprintf(stderr, "own_reader: %s\n", what);
        exit(1);
    }
}

static void add_row(table *t, char *line)
{
    t->features = realloc(t->features, (t->n_rows + 1) * t->n_features * sizeof(float));
    t->labels = realloc(t->labels, (t->n_rows + 1) * sizeof(uint32_t));
    need(t->features != NULL && t->labels != NULL, "out of memory");
    for (size_t i = 0; i < t->n_features; i++) {
        t->features[t->n_rows * t->n_features + i] = strtof(line, &line);
        need(*line++ == ',', "a line has too few numbers");
    }
    t->labels[t->n_rows++] = (uint32_t)strtoul(line, NULL, 10);
}

int main(int argc, char **argv)
{
    table t = {.n_features = argc > 2 ? strtoul(argv[2], NULL, 10) : 0};
    const dp_column columns[] = {
        {"x", {NULL, DP_F32, 1, {(int64_t)t.n_features}}, 0},
        {"label", {NULL, DP_U32, 0, {0}}, CLASSES},
        {NULL, {NULL, (dp_dtype)0, 0, {0}}, 0},
    };
    dp_own_reader csv = {.size = sizeof csv, .name = "csv", .columns = columns};
    const dp_own_reader *const readers[] = {&csv, NULL};
    const dp_options options = {.size = sizeof options,
                                .threads = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0,
                                .prefetch = 2,
                                .readers = readers};
    FILE *file = t.n_features > 0 ? fopen(argv[1], "r") : NULL;
    char line[4096];
    dp_pipeline *p;
    dp_batch *batch = NULL;
    dp_net *net;
    dp_net_result result;
    dp_status status;
    dp_error err;

    need(file != NULL, "usage: own_reader FILE.csv FEATURES [THREADS]");
    while (fgets(line, sizeof line, file) != NULL)
        add_row(&t, line);
    fclose(file);
    csv.n_records = t.n_rows;
    csv.ctx = &t;
    csv.read = read_row;
    need(dp_open(&p, "csv | shuffle | batch batch_size=4 drop_remainder=true | repeat count=3", 1,
                 &options, &err) == DP_OK,
         err.message);
    need(dp_net_open(&net, "dense out_channels=10 | softmax_cross_entropy | sgd learning_rate=0.1",
                     1, dp_output(p, "x"), &options, &err) == DP_OK,
         err.message);
    while ((status = dp_next(p, &batch, &err)) == DP_OK) {
        need(dp_net_step(net, dp_batch_get(batch, "x"), dp_batch_get(batch, "label"), &result,
                         &err) == DP_OK,
             err.message);
        printf("step %llu loss %a\n", (unsigned long long)dp_net_tell(net), (double)result.loss);
    }
    need(status == DP_END, err.message);
    dp_net_close(net);
    dp_close(p);
    free(t.features);
    free(t.labels);
    return 0;
}
