/* detpipe_loader.h - detpipe in the place of loader.h: the same struct and the same calls
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is gained: the order that ORDER names in the environment ("shuffle", "shuffle order=llmc
 * rule=batch_size:2"), shards (train_{000..127}.bin), other formats, every size and token checked,
 * and dp_save and dp_restore beside the weights.
 */
#include <detpipe.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct DataLoader {
    int *inputs, *targets; /* [B][T] */
    dp_pipeline *pipeline;
    dp_batch *batch;
} DataLoader;

static void loader_need(dp_status status, const dp_error *err)
{
    if (status == DP_OK)
        return;
    fprintf(stderr, "train: %s\n", err->message);
    exit(1);
}

static void loader_open(DataLoader *l, const char *path, int B, int T)
{
    const char *order = getenv("ORDER");
    char text[1000];
    dp_error err;

    snprintf(text, sizeof text,
             "tokens file=%s length=%d vocab_size=50257 | %s%sbatch batch_size=%d "
             "drop_remainder=true | repeat",
             path, T, order != NULL ? order : "", order != NULL ? " | " : "", B);
    *l = (DataLoader){0};
    loader_need(dp_open(&l->pipeline, text, 42, NULL, &err), &err);
}

static void loader_next(DataLoader *l)
{
    dp_error err;

    loader_need(dp_next(l->pipeline, &l->batch, &err), &err);
    l->inputs = dp_batch_get(l->batch, "input")->data;
    l->targets = dp_batch_get(l->batch, "label")->data;
}

static void loader_close(DataLoader *l) { dp_close(l->pipeline); }
