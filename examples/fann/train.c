/* train.c - a net of libfann (https://github.com/libfann/fann), fed by detpipe
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     train [DATA [careless]]
 * What changed from FANN's own examples: fann_train_on_file is a loop over detpipe's batches, and
 * FANN, which seeds rand() from /dev/urandom whenever it makes a net, gets its weights after an
 * srand of ours.  With `careless` it does not.
 */
#include <detpipe.h>
#include <fann.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 8
#define STAGES                                                                                     \
    " | shuffle | resize size=8 | rescale rescale=1/255 | hwc2chw"                                 \
    " | one_hot column=label num_classes=10 | type_cast column=label data_type=float32"            \
    " | batch batch_size=32 drop_remainder=true | repeat"

static void need(dp_status status, const dp_error *err)
{
    if (status == DP_OK)
        return;
    fprintf(stderr, "train: %s\n", err->message);
    exit(1);
}

int main(int argc, char **argv)
{
    char text[1000];
    dp_pipeline *pipeline;
    dp_batch *batch = NULL;
    dp_error err;
    struct fann *net = fann_create_standard(3, 3 * 8 * 8, 24, 10);

    if (argc < 3 || strcmp(argv[2], "careless") != 0) {
        srand(1);
        fann_randomize_weights(net, -0.1f, 0.1f);
    }
    snprintf(text, sizeof text, "%s" STAGES, argc > 1 ? argv[1] : "synthetic num_records=512");
    need(dp_open(&pipeline, text, 1, NULL, &err), &err);
    for (int step = 1; step <= STEPS; step++) {
        need(dp_next(pipeline, &batch, &err), &err);
        const dp_tensor *x = dp_batch_get(batch, "image"), *y = dp_batch_get(batch, "label");
        float *image = x->data, *label = y->data;
        for (int64_t i = 0; i < x->shape[0]; i++)
            fann_train(net, image + i * 3 * 8 * 8, label + i * 10);
        printf("step %d loss: %.9g\n", step, (double)fann_get_MSE(net));
        fann_reset_MSE(net);
    }
    fann_destroy(net);
    dp_close(pipeline);
    return 0;
}
