/* cmd_order.c - print which records a stream delivers, without reading any
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/commands/commands.h"
#include "tools/run/stream.h"

typedef struct settings {
    cli_optional seed, batches;
    uint64_t epochs;
} settings;

static const char about[] =
    "Prints the record numbers of the stream, from the index plane alone.  A batch is [a b c], "
    "epochs are separated by |, the columns of a zip are joined by +.\n"
    "SPEC is a pipeline text in quotes, a recipe's name or a recipe file; a repeat at its end says "
    "how many epochs there are, unless --epochs does.";

/* One reader's records of the batch, or of each row the first one. */
static void print_reader(const stream *s, size_t reader, bool any)
{
    bool some = false;

    for (size_t i = 0; i < s->rows; i++) {
        const int64_t record = any ? stream_record(s, i) : s->records[i * s->readers + reader];
        if (record < 0)
            continue;
        printf("%s%lld", some ? " " : s->batched ? "[" : "", (long long)record);
        some = true;
    }
    if (s->batched)
        fputs(some ? "]" : "[]", stdout);
}

/* Whether a row is made of records of several readers. */
static bool is_zipped(const stream *s)
{
    for (size_t i = 0; i < s->rows; i++) {
        size_t n = 0;
        for (size_t r = 0; r < s->readers; r++)
            n += s->records[i * s->readers + r] >= 0;
        if (n > 1)
            return true;
    }
    return false;
}

static void print_batch(const stream *s)
{
    const bool zipped = is_zipped(s);

    for (size_t r = 0; r < (zipped ? s->readers : 1); r++) {
        fputs(r > 0 ? "+" : "", stdout);
        print_reader(s, r, !zipped);
    }
}

static int print_all(stream *s, const settings *set)
{
    const uint64_t total = dp_length(s->session.pipeline);
    const uint64_t n =
        set->batches.given && set->batches.value < total ? set->batches.value : total;

    if (n == UINT64_MAX || (s->epochs > 1000000 && !set->batches.given))
        return cli_fail(EXIT_MALFORMED,
                        "order: the stream is endless: say how much of it with --epochs N or "
                        "--batches N");
    for (uint64_t b = 0; b < n; b++) {
        const int status = stream_look(s, b);
        if (status != 0)
            return status;
        if (b > 0)
            fputs(b % s->length == 0 ? " | " : " ", stdout);
        print_batch(s);
    }
    putchar('\n');
    return EXIT_YES;
}

int cmd_order(int argc, char **argv)
{
    stream s = {.session = SESSION_DEFAULTS};
    settings set = {.epochs = 0};
    const char *what = NULL;
    const cli_option options[] = {
        {"data", "DIR", "where the data set is (default: working directory)", CLI_TEXT,
         &s.session.data},
        CLI_CACHE_OPTION,
        {"seed", "N", "seed (default: 1, or the recipe's)", CLI_OPTIONAL, &set.seed},
        {"epochs", "N", "how many epochs", CLI_POSITIVE, &set.epochs},
        {"batches", "N", "the first N batches only", CLI_OPTIONAL, &set.batches},
        {NULL, NULL, NULL, CLI_FLAG, NULL},
    };
    const cli_command command = {"order", "SPEC [OPTIONS]", about, options, 1, 1};
    int status = cli_parse(&command, argc, argv, &what);

    if (status == 0)
        status = stream_open(&s, what, set.seed, set.epochs);
    if (status == 0)
        status = print_all(&s, &set);
    stream_close(&s);
    return status;
}
