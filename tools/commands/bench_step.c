/* bench_step.c - training steps on one batch that stays in memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "tools/commands/bench.h"
#include "tools/cli/cli.h"
#include "tools/cli/memory.h"
#include "tools/run/recipe.h"

#define AUTO "algorithm=auto"

/* The text with another algorithm in place of auto; to be freed. */
static char *with_algorithm(const char *text, const char *algorithm)
{
    char *out;
    size_t size;
    FILE *f = xopen_memstream(&out, &size);

    for (const char *at; (at = strstr(text, AUTO)) != NULL; text = at + strlen(AUTO))
        fprintf(f, "%.*salgorithm=%s", (int)(at - text), text, algorithm);
    fputs(text, f);
    xclose_memstream(f, &out);
    return out;
}

static int open_net(bench *b, const char *text)
{
    dp_options options = cli_options();
    dp_error err;

    options.threads = b->threads;
    if (dp_open(&b->pipeline, b->task->spec, 1, &options, &err) != DP_OK ||
        dp_next(b->pipeline, &b->batch, &err) != DP_OK)
        return cli_fail_error(&err, b->task->spec);
    return dp_net_open(&b->net, text, 1, dp_batch_get(b->batch, "image"), &options, &err) == DP_OK
               ? 0
               : cli_fail_error(&err, text);
}

static int open_text(bench *b, const char *net)
{
    char *text = with_algorithm(net, b->algorithm != NULL ? b->algorithm : "auto");
    const int status = open_net(b, text);

    free(text);
    return status;
}

int bench_open_step(bench *b) { return open_text(b, b->task->net); }

int bench_open_recipe(bench *b)
{
    recipe r;
    int status = recipe_load(b->task->net, b->task->net, &r);

    if (status != 0)
        return status;
    status = open_text(b, r.net);
    recipe_free(&r);
    return status;
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
