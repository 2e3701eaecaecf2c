/* ranks.c - one net, trained by the ranks of an MPI program: the losses that one process would get
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     mpirun -n 4 ranks STEPS
 *
 * Every rank reads the same stream and gives the whole batch; each computes its own share of it.
 */
#include <detpipe.h>
#include <detpipe_mpi.h>
#include <detpipe_net.h>
#include <stdio.h>
#include <stdlib.h>

static dp_group *group;

static void need(dp_status status, const dp_error *err)
{
    if (status == DP_OK)
        return;
    fprintf(stderr, "ranks: %s\n", err->message);
    if (group == NULL)
        exit(1);
    dp_mpi_abort(group, 1); /* or the other ranks would wait for this one */
}

int main(int argc, char **argv)
{
    const uint64_t steps = argc > 1 ? strtoull(argv[1], NULL, 10) : 5;
    dp_options options = {.size = sizeof options, .threads = 1};
    dp_pipeline *pipeline;
    dp_batch *batch = NULL;
    dp_net *net;
    dp_net_result result;
    dp_error err;

    need(dp_mpi_open(&group, &err), &err);
    options.group = group;
    need(dp_open(&pipeline,
                 "synthetic num_records=64 | rescale rescale=1/255 | hwc2chw"
                 " | batch batch_size=16 | repeat",
                 1, &options, &err),
         &err);
    need(dp_net_open(&net,
                     "flatten | dense out_channels=10 | softmax_cross_entropy"
                     " | sgd learning_rate=0.01",
                     1, dp_output(pipeline, "image"), &options, &err),
         &err);
    while (dp_net_tell(net) < steps) {
        need(dp_next(pipeline, &batch, &err), &err);
        need(dp_net_step(net, dp_batch_get(batch, "image"), dp_batch_get(batch, "label"), &result,
                         &err),
             &err);
        if (group->rank == 0)
            printf("step %llu loss %a\n", (unsigned long long)dp_net_tell(net),
                   (double)result.loss);
    }
    dp_net_close(net);
    dp_close(pipeline);
    dp_mpi_close(group);
    return 0;
}
