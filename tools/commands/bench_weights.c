/* bench_weights.c - a file of weights opened: read, checked, every tensor in memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "detpipe_archive.h"
#include "tools/cli/cli.h"
#include "tools/commands/bench.h"

int bench_run_weights(bench *b, double *value)
{
    const dp_options options = cli_options();
    const double start = cli_seconds();
    const dp_named_tensor *t;
    dp_archive *a = NULL;
    uint64_t bytes = 0;
    dp_error err;
    char path[4096];

    snprintf(path, sizeof path, "%s/weights.pt", b->data != NULL ? b->data : ".");
    if (dp_archive_open(&a, path, &options, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    for (size_t i = 0; (t = dp_archive_get(a, i)) != NULL; i++)
        bytes += t->size;
    dp_archive_close(a);
    *value = (double)bytes / 1e6 / (cli_seconds() - start);
    return 0;
}

int bench_open_weights(bench *b)
{
    double ignored;

    return bench_run_weights(b, &ignored); /* whether it is there at all */
}
