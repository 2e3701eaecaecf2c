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

#define HEAD "{\"detpipe-ledger\":"

/* ---- writing ---- */

void ledger_about(const session *s, char *out, size_t size)
{
    uint8_t digest[16];

    session_run_digest(s, digest);
    snprintf(out, size, "run %s seed %llu", cli_hex_of(digest).text,
             (unsigned long long)s->recipe.seed);
}

int ledger_open(const session *s, const char *path, dp_ledger **out)
{
    const dp_options options = cli_options();
    char about[128];
    dp_error err;

    ledger_about(s, about, sizeof about);
    return dp_ledger_open(out, path, about, &options, &err) == DP_OK ? -1
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

int ledger_record(const session *s, dp_ledger *l, uint64_t step, const dp_net_result *r, bool all)
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
        dp_ledger_step(l, step, (double)r->loss, &err) != DP_OK)
        return cli_fail_error(&err, NULL);
    return -1;
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
    char head[sizeof HEAD] = "";
    FILE *f = xfopen(path, "r");
    const bool is = f != NULL && fread(head, 1, sizeof head - 1, f) == sizeof head - 1 &&
                    strcmp(head, HEAD) == 0;

    if (f != NULL)
        fclose(f);
    return is;
}

#define SUM ",\"xxh3_128\":\""

/* Whether the line ends with the checksum of what is before it. */
static bool is_whole(const char *line)
{
    const size_t length = strlen(line), end = strlen(SUM) + 32 + 2;
    const char *sum = line + length - end;
    uint8_t digest[16];

    if (length < end || memcmp(sum, SUM, strlen(SUM)) != 0)
        return false;
    dp_digest(line, length - end, digest);
    return memcmp(sum + strlen(SUM), cli_hex_of(digest).text, 32) == 0;
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

/* The digits behind {"step": of the line itself: cJSON has doubles alone. */
static bool read_step(const char *line, uint64_t *out)
{
    static const char before[] = "{\"step\":";
    const char *at = line + sizeof before - 1;

    if (strncmp(line, before, sizeof before - 1) != 0 || *at < '0' || *at > '9')
        return false;
    for (*out = 0; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(*out, (uint64_t)10, out) ||
            __builtin_add_overflow(*out, (uint64_t)(*at - '0'), out))
            return false;
    }
    return *at == ',';
}

static bool add_step(ledger *l, const char *line, cJSON *json)
{
    const char *printed = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "loss"));
    cJSON *tensors = cJSON_GetObjectItemCaseSensitive(json, "tensors");
    ledger_step *at;
    uint64_t step;

    if (!read_step(line, &step) || printed == NULL || !cJSON_IsObject(tensors))
        return false;
    at = ledger_find(l, step);
    if (at == NULL) {
        l->steps = xrealloc(l->steps, (l->n + 1) * sizeof *l->steps);
        at = &l->steps[l->n++];
    }
    *at = (ledger_step){.step = step, .tensors = tensors};
    snprintf(at->loss, sizeof at->loss, "%s", printed);
    if (l->n > 1 && l->steps[l->n - 1].step < l->steps[l->n - 2].step)
        qsort(l->steps, l->n, sizeof *l->steps, by_step);
    return true;
}

static bool add_line(ledger *l, const char *line)
{
    cJSON *json = is_whole(line) ? cJSON_Parse(line) : NULL;
    const char *about;

    if (json == NULL)
        return false;
    l->lines = xrealloc(l->lines, (l->n_lines + 1) * sizeof *l->lines);
    l->lines[l->n_lines++] = json;
    if (l->n_lines > 1)
        return add_step(l, line, json);
    about = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "about"));
    snprintf(l->about, sizeof l->about, "%s", about != NULL ? about : "");
    return about != NULL;
}

int ledger_read(const char *path, ledger *out)
{
    FILE *f = xfopen(path, "r");
    char *line = NULL;
    size_t size = 0, number = 0, damaged = 0;
    ssize_t n;

    *out = (ledger){0};
    if (f == NULL)
        return cli_fail(EXIT_NOT_TRIED, "%s cannot be read: %s", path, strerror(errno));
    while ((n = xgetline(&line, &size, f)) > 0) {
        number++;
        line[strcspn(line, "\n")] = '\0';
        if (damaged != 0 || line[0] == '\0')
            break;
        if (!add_line(out, line))
            damaged = number;
    }
    out->torn = damaged != 0 && n <= 0 && damaged > 1;
    free(line);
    fclose(f);
    if (damaged != 0 && !out->torn)
        return cli_fail(EXIT_NOT_TRIED, "%s: line %zu is damaged", path, damaged);
    return out->n > 0 ? -1 : cli_fail(EXIT_NOT_TRIED, "%s has no step", path);
}

void ledger_free(ledger *l)
{
    for (size_t i = 0; i < l->n_lines; i++)
        cJSON_Delete(l->lines[i]);
    free(l->lines);
    free(l->steps);
    *l = (ledger){0};
}
