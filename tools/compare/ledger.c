/* ledger.c - the ledgers of runs: written by detpipe train, read by detpipe diff
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/compare/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/memory.h"
#include "tools/run/trace.h"

/* ---- what a ledger of ours is about: written and read here alone ---- */

static void print_about(const char *run, uint64_t seed, const char *from, uint64_t left_out,
                        char *out, size_t size)
{
    int n = snprintf(out, size, "run %s seed %llu", run, (unsigned long long)seed);

    if (from[0] != '\0')
        n += snprintf(out + n, size - (size_t)n, ", from %s", from);
    if (left_out > 0)
        snprintf(out + n, size - (size_t)n, ", %llu left out", (unsigned long long)left_out);
}

void ledger_about(const session *s, char *out, size_t size)
{
    uint8_t digest[16];

    session_run_digest(s, digest);
    print_about(cli_hex_of(digest).text, s->recipe.seed, s->from, session_left_out(s), out, size);
}

/* What is about a ledger of ours; another trainer's has no seed. */
static void read_about(ledger *l)
{
    char run[33], from[SESSION_FROM] = "", own[LEDGER_ABOUT];
    unsigned long long seed, left_out = 0;

    if (sscanf(l->about, "run %32[0-9a-f] seed %llu, from %95[0-9a-z:], %llu left out", run, &seed,
               from, &left_out) < 2)
        return;
    if (from[0] == '\0')
        (void)sscanf(l->about, "run %*s seed %*u, %llu left out", &left_out);
    print_about(run, seed, from, left_out, own, sizeof own);
    if (strcmp(l->about, own) != 0)
        return;
    l->seed = (cli_optional){true, seed};
    l->left_out = left_out;
}

/* ---- writing ---- */

int ledger_open(const session *s, const char *path, dp_ledger **out)
{
    const dp_options options = cli_options();
    char about[LEDGER_ABOUT];
    dp_error err;

    ledger_about(s, about, sizeof about);
    return dp_ledger_open(out, path, about, &options, &err) == DP_OK ? 0
                                                                     : cli_fail_error(&err, NULL);
}

typedef struct recording {
    dp_ledger *ledger;
    bool all;
    dp_error *err;
} recording;

/* The loss has its own place in the line. */
static bool record(void *ctx, const char *name, const dp_tensor *t)
{
    const recording *r = ctx;

    return strcmp(name, "loss") == 0 || (!r->all && strcmp(name, "rows") != 0) ||
           dp_ledger_tensor(r->ledger, name, t, r->err) == DP_OK;
}

int ledger_record(const session *s, dp_ledger *l, uint64_t step, const dp_net_result *r, bool all,
                  const double *test)
{
    uint8_t batch[16], gradients[16], weights[16];
    dp_error err;
    recording to = {l, all, &err};

    dp_batch_digest(s->batch, batch);
    dp_net_digest(s->net, weights, gradients);
    if (!trace_inputs(s, record, &to) || dp_ledger_digest(l, "batch", batch, &err) != DP_OK ||
        (all && !trace_results(s, r, record, &to)) ||
        dp_ledger_digest(l, "gradients", gradients, &err) != DP_OK ||
        dp_ledger_digest(l, "weights", weights, &err) != DP_OK ||
        (test != NULL && dp_ledger_test(l, *test, &err) != DP_OK) ||
        dp_ledger_step(l, step, (double)r->loss, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    return 0;
}

int ledger_close(dp_ledger *l, const char *path, int status)
{
    return dp_ledger_close(l) == DP_OK || status != EXIT_YES
               ? status
               : cli_fail(EXIT_NOT_TRIED, "the ledger %s may not be on the disk: %s", path,
                          strerror(errno));
}

/* ---- reading ---- */

bool ledger_is(const char *path)
{
    char head[sizeof DP_LEDGER_MAGIC] = "";
    FILE *f = xfopen(path, "r");
    const bool is = f != NULL && fread(head, 1, sizeof head - 1, f) == sizeof head - 1 &&
                    strcmp(head, DP_LEDGER_MAGIC) == 0;

    if (f != NULL)
        fclose(f);
    return is;
}

ledger_step *ledger_find(const ledger *l, uint64_t step)
{
    for (size_t i = l->n; i-- > 0 && l->steps[i].step >= step;) {
        if (l->steps[i].step == step)
            return &l->steps[i];
    }
    return NULL;
}

const char *ledger_digest(const ledger_step *s, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(s->tensors, name));
    return text != NULL ? text : "";
}

static int by_step(const void *a, const void *b)
{
    const uint64_t x = ((const ledger_step *)a)->step, y = ((const ledger_step *)b)->step;
    return x < y ? -1 : x > y;
}

static cJSON *entries_of(const dp_ledger_record *r)
{
    cJSON *out = cJSON_CreateObject();

    for (size_t i = 0; i < r->n_entries; i++)
        cJSON_AddStringToObject(out, r->entries[i].name, cli_hex_of(r->entries[i].digest).text);
    return out;
}

/* The last line of a step counts. */
static void add_step(ledger *l, const dp_ledger_record *r)
{
    ledger_step *at = ledger_find(l, r->step);

    if (at == NULL) {
        l->steps = xrealloc(l->steps, (l->n + 1) * sizeof *l->steps);
        at = &l->steps[l->n++];
        at->tensors = NULL;
    }
    cJSON_Delete(at->tensors);
    *at = (ledger_step){.step = r->step, .tensors = entries_of(r)};
    snprintf(at->loss, sizeof at->loss, "%s", r->loss_text);
    snprintf(at->test, sizeof at->test, "%s", r->test_text != NULL ? r->test_text : "");
    if (l->n > 1 && l->steps[l->n - 1].step < l->steps[l->n - 2].step)
        qsort(l->steps, l->n, sizeof *l->steps, by_step);
}

int ledger_read(const char *path, ledger *out)
{
    const dp_options options = cli_options();
    const dp_ledger_record *record;
    dp_ledger_reader *reader = NULL;
    dp_error err;
    dp_status status = dp_ledger_read_open(&reader, path, &options, &err);

    *out = (ledger){0};
    if (status == DP_OK)
        snprintf(out->about, sizeof out->about, "%s", dp_ledger_read_about(reader));
    read_about(out);
    while (status == DP_OK) {
        status = dp_ledger_read_next(reader, &record, &err);
        if (status == DP_OK)
            add_step(out, record);
    }
    out->torn = dp_ledger_read_torn(reader) != 0;
    dp_ledger_read_close(reader);
    if (status != DP_END)
        return cli_fail_error(&err, NULL);
    return out->n > 0 ? 0 : cli_fail(EXIT_NOT_TRIED, "%s has no step", path);
}

void ledger_free(ledger *l)
{
    for (size_t i = 0; i < l->n; i++)
        cJSON_Delete(l->steps[i].tensors);
    free(l->steps);
    *l = (ledger){0};
}
