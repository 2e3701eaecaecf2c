/* cmd_where.c - find the places of a record in a stream
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/commands/commands.h"
#include "tools/run/stream.h"

typedef struct settings {
    cli_optional seed, record;
    uint64_t epoch;
} settings;

static const char about[] =
    "Prints every batch and row of an epoch in which a record appears, from the index plane alone. "
    "Exit status 1 if it does not appear.\n"
    "SPEC is a pipeline text in quotes, a recipe's name or a recipe file; a repeat at its end is "
    "what counts the epochs.";

static int print_places(stream *s, const settings *set)
{
    const uint64_t first = set->epoch * s->length;
    int found = EXIT_NO;

    if (s->length == UINT64_MAX)
        return cli_fail(EXIT_MALFORMED, "where: an epoch of the stream does not end");
    for (uint64_t b = first; b < first + s->length; b++) {
        const int status = stream_look(s, b);
        if (status != 0)
            return status;
        for (size_t i = 0; i < s->rows; i++) {
            for (size_t r = 0; r < s->readers; r++) {
                if (s->records[i * s->readers + r] != (int64_t)set->record.value)
                    continue;
                printf("batch %llu row %zu", (unsigned long long)b, i);
                printf(s->readers > 1 ? " reader %zu\n" : "\n", r);
                found = EXIT_YES;
            }
        }
    }
    if (found == EXIT_NO)
        cli_fail(EXIT_NO, "record %llu does not appear in epoch %llu",
                 (unsigned long long)set->record.value, (unsigned long long)set->epoch);
    return found;
}

int cmd_where(int argc, char **argv)
{
    stream s = {.session = SESSION_DEFAULTS};
    settings set = {.epoch = 0};
    const char *what = NULL;
    const cli_option options[] = {
        {"record", "N", "number of the record in its data set", CLI_OPTIONAL, &set.record},
        {"epoch", "N", "in which epoch, from 0 (default: 0)", CLI_COUNT, &set.epoch},
        {"data", "DIR", "where the data set is (default: working directory)", CLI_TEXT,
         &s.session.data},
        CLI_CACHE_OPTION,
        {"seed", "N", "seed (default: 1, or the recipe's)", CLI_OPTIONAL, &set.seed},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"where", "SPEC --record N [OPTIONS]", about, options, 1, 1};
    int status = cli_parse(&command, argc, argv, &what);

    if (status == 0 && !set.record.given)
        status = cli_fail(EXIT_MALFORMED, "where: which record? say it with --record N");
    if (status == 0 && set.epoch >= 1000000000)
        status = cli_fail(EXIT_MALFORMED, "where: epochs go up to 10^9");
    if (status == 0)
        status = stream_open(&s, what, set.seed, set.epoch + 1);
    if (status == 0)
        status = print_places(&s, &set);
    stream_close(&s);
    return status;
}
