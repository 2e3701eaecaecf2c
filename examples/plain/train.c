/* train.c - softmax regression in one file of plain C, fed by detpipe
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     train [DATA [careless]]
 * What changed: load_images is dp_open, next_batch is dp_next.  With `careless` the gradient is
 * summed by as many threads as there are, each its own part: what it comes to depends on how many.
 */
#include <detpipe.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEATURES = 3 * 32 * 32, CLASSES = 10, BATCH = 64, STEPS = 8 };

static float weights[CLASSES * FEATURES], gradient[CLASSES * FEATURES];

static void need(dp_status status, const dp_error *err)
{
    if (status == DP_OK)
        return;
    fprintf(stderr, "train: %s\n", err->message);
    exit(1);
}

/* Softmax, loss and the gradient of one sample. */
static double add_sample(const float *x, uint32_t label, float *g)
{
    double p[CLASSES], most = -INFINITY, all = 0;

    for (int k = 0; k < CLASSES; k++) {
        p[k] = 0;
        for (int j = 0; j < FEATURES; j++)
            p[k] += (double)weights[k * FEATURES + j] * (double)x[j];
        most = p[k] > most ? p[k] : most;
    }
    for (int k = 0; k < CLASSES; k++)
        all += exp(p[k] - most);
    for (int k = 0; k < CLASSES; k++) {
        const float d = (float)(exp(p[k] - most) / all - (k == (int)label));
        for (int j = 0; j < FEATURES; j++)
            g[k * FEATURES + j] += d * x[j];
    }
    return log(all) - (p[label] - most);
}

/* The samples of a thread after those of another, as parallel loops with reductions do. */
static double add_batch(const float *x, const uint32_t *labels, int threads)
{
    static float part[CLASSES * FEATURES];
    double loss = 0;

    memset(gradient, 0, sizeof gradient);
    for (int t = 0; t < threads; t++) {
        memset(part, 0, sizeof part);
        for (int i = BATCH * t / threads; i < BATCH * (t + 1) / threads; i++)
            loss += add_sample(x + (size_t)i * FEATURES, labels[i], part);
        for (int i = 0; i < CLASSES * FEATURES; i++)
            gradient[i] += part[i];
    }
    return loss / BATCH;
}

int main(int argc, char **argv)
{
    const bool careless = argc > 2 && strcmp(argv[2], "careless") == 0;
    const char *given = getenv("OMP_NUM_THREADS");
    const int threads = careless ? (given != NULL ? atoi(given) : 4) : 1;
    char text[1000];
    dp_pipeline *pipeline;
    dp_batch *batch = NULL;
    dp_error err;

    snprintf(text, sizeof text,
             "%s | shuffle | random_horizontal_flip | rescale rescale=1/255"
             " | hwc2chw | batch batch_size=64 drop_remainder=true | repeat",
             argc > 1 ? argv[1] : "synthetic num_records=512");
    need(dp_open(&pipeline, text, 1, NULL, &err), &err);
    for (int step = 1; step <= STEPS; step++) {
        need(dp_next(pipeline, &batch, &err), &err);
        const double loss = add_batch(dp_batch_get(batch, "image")->data,
                                      dp_batch_get(batch, "label")->data, threads);
        for (int i = 0; i < CLASSES * FEATURES; i++)
            weights[i] -= 0.01f / BATCH * gradient[i];
        printf("step %d loss: %.17g\n", step, loss);
    }
    dp_close(pipeline);
    return 0;
}
