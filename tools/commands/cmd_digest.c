/* cmd_digest.c - print the digest of a stream
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/commands/commands.h"
#include "tools/cli/cli.h"
#include "tools/run/session.h"

typedef struct settings {
    cli_optional seed;
    uint64_t skip, batches;
    bool each, json;
} settings;

static const char about[] =
    "Reads the stream to its end (or --batches of it) and prints one digest of all batches; with "
    "--each one of every batch as well.  Equal digests mean equal bytes: columns, types, shapes "
    "and contents.\n"
    "SPEC is a pipeline text in quotes, a recipe's name or a recipe file.";

static int finish(const session *s, const settings *set, uint64_t n, const uint8_t total[16])
{
    cJSON *json;

    if (!set->json) {
        printf("%s  %llu batches\n", cli_hex_of(total).text, (unsigned long long)n);
        session_print_left_out(s);
        return EXIT_YES;
    }
    json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "spec", dp_spec(s->pipeline));
    cli_add_count(json, "seed", s->recipe.seed);
    cli_add_count(json, "first_batch", set->skip);
    cli_add_count(json, "batches", n);
    cJSON_AddStringToObject(json, "digest", cli_hex_of(total).text);
    cli_add_count(json, "left_out", session_left_out(s));
    return cli_print_json(json);
}

static int read_stream(session *s, const settings *set)
{
    cli_work work = {0};
    uint8_t total[16] = {0}, digest[16];
    uint64_t n = 0;
    dp_error err;
    dp_status status = dp_skip(s->pipeline, set->skip, &err);

    if (status == DP_OK && set->batches == UINT64_MAX && dp_length(s->pipeline) == UINT64_MAX)
        return cli_fail(EXIT_MALFORMED,
                        "digest: the stream is endless: say how much of it with --batches N");
    for (; status == DP_OK && n < set->batches; n++) {
        status = dp_next(s->pipeline, &s->batch, &err);
        if (status != DP_OK)
            break;
        dp_batch_digest(s->batch, digest);
        cli_fold(total, digest, sizeof digest);
        if (set->each && !set->json)
            printf("%s  batch %llu\n", cli_hex_of(digest).text,
                   (unsigned long long)(set->skip + n));
        if (n % 64 == 0)
            cli_progress(&work, "batch", n, dp_length(s->pipeline));
    }
    cli_progress_end();
    if (status != DP_OK && status != DP_END)
        return cli_fail_error(&err, NULL);
    if (n == 0 || (set->batches != UINT64_MAX && n < set->batches))
        return cli_fail_short("digest", set->batches, n, "batches");
    return finish(s, set, n, total);
}

int cmd_digest(int argc, char **argv)
{
    session s = SESSION_DEFAULTS;
    settings set = {.batches = UINT64_MAX};
    const char *what = NULL;
    const cli_option options[] = {
        SESSION_OPTIONS(s),
        {"seed", "N", "seed (default: 1, or the recipe's)", CLI_OPTIONAL, &set.seed},
        {"skip", "N", "begin with batch N", CLI_COUNT, &set.skip},
        {"batches", "N", "read N batches, which must be there (default: all)", CLI_POSITIVE,
         &set.batches},
        {"each", NULL, "print the digest of every batch, too", CLI_FLAG, &set.each},
        {"json", NULL, "print one JSON object", CLI_FLAG, &set.json},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"digest", "SPEC [OPTIONS]", about, options, 1, 1};
    int status = cli_parse(&command, argc, argv, &what);

    s.stream_only = true;
    s.digests = true;
    if (status == 0 && set.each && set.json)
        status =
            cli_fail(EXIT_MALFORMED, "digest: --each does nothing here: --json has one digest");
    if (status == 0)
        status = session_open(&s, what, set.seed, (cli_optional){0});
    if (status == 0)
        status = read_stream(&s, &set);
    session_close(&s);
    return status;
}
