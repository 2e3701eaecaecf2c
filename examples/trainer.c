/* trainer.c - a training run that can be killed at any moment and goes on with the same bits
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     trainer CHECKPOINT STEPS
 */
#include <detpipe.h>
#include <detpipe_net.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char data[] = "synthetic num_records=512 | shuffle | random_crop size=32 padding=4"
                           " | rescale rescale=1/255 | hwc2chw"
                           " | batch batch_size=16 drop_remainder=true | repeat";
static const char text[] =
    "conv2d out_channels=8 kernel_size=3 | relu | max_pool kernel_size=4 stride=4"
    " | flatten | dense out_channels=10"
    " | softmax_cross_entropy | momentum learning_rate=0.05 momentum=0.9";

static void need(dp_status status, const dp_error *err)
{
    if (status != DP_OK) {
        fprintf(stderr, "trainer: %s\n", err->message);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    const char *file = argc > 1 ? argv[1] : "trainer.safetensors";
    const uint64_t steps = argc > 2 ? strtoull(argv[2], NULL, 10) : 20;
    dp_pipeline *pipeline;
    dp_batch *batch = NULL;
    dp_net *net;
    dp_net_result result;
    dp_error err;

    need(dp_open(&pipeline, data, 1, NULL, &err), &err);
    need(dp_net_open(&net, text, 1, dp_output(pipeline, "image"), NULL, &err), &err);
    if (access(file, F_OK) == 0)
        need(dp_net_load(net, file, &err), &err);          /* resume ... */
    need(dp_skip(pipeline, dp_net_tell(net), &err), &err); /* ... at the next batch: arithmetic */
    while (dp_net_tell(net) < steps) {
        need(dp_next(pipeline, &batch, &err), &err);
        const dp_tensor *x = dp_batch_get(batch, "image"), *y = dp_batch_get(batch, "label");
        need(dp_net_step(net, x, y, &result, &err), &err);
        printf("step %llu loss %a\n", (unsigned long long)dp_net_tell(net), (double)result.loss);
        fflush(stdout);
        need(dp_net_save(net, file, &err), &err); /* whole or not at all */
    }
    dp_net_close(net);
    dp_close(pipeline);
    return 0;
}
