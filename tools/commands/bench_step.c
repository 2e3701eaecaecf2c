/* bench_step.c - training steps on one batch that stays in memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/commands/bench.h"
#include "tools/cli/cli.h"

int bench_open_step(bench *b)
{
    dp_options options = cli_options();
    dp_error err;

    options.threads = b->threads;
    if (dp_open(&b->pipeline, b->task->spec, 1, &options, &err) != DP_OK ||
        dp_next(b->pipeline, &b->batch, &err) != DP_OK)
        return cli_fail_error(&err, b->task->spec);
    if (dp_net_open(&b->net, b->task->net, 1, dp_batch_get(b->batch, "image"), &options, &err) !=
        DP_OK)
        return cli_fail_error(&err, b->task->net);
    return 0;
}

int bench_run_step(bench *b, double *value)
{
    const double start = cli_seconds();
    double seconds;
    dp_error err;

    if (dp_net_step(b->net, dp_batch_get(b->batch, "image"), dp_batch_get(b->batch, "label"), NULL,
                    &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    seconds = cli_seconds() - start;
    *value = b->task->images > 0 ? (double)b->task->images / seconds : 1e3 * seconds;
    return 0;
}
