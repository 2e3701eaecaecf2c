/* row.c - what was drawn for one row of a stream
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/run/row.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/memory.h"
#include "tools/run/stream.h"

#define MOST_TEXT 16384

/* The text of one row: its reader, its record, and what was done to it. */
static void print_fixed(dp_pipeline *p, uint64_t batch, size_t row)
{
    const size_t length = dp_fixed(p, batch, row, NULL, 0);
    char *text = xmalloc(length + 1);

    puts("without drawing:");
    if (dp_fixed(p, batch, row, text, length + 1) > 0)
        cli_wrap(stdout, text, 0, 4);
    else
        puts("    (a stage has no deterministic form)");
    free(text);
}

static int print_row(stream *s, uint64_t batch, size_t row)
{
    char draws[MOST_TEXT];
    int64_t record;
    const int status = stream_look(s, batch);

    if (status != 0)
        return status;
    if (row >= s->rows)
        return cli_fail(EXIT_MALFORMED, "check: batch %llu has %zu rows", (unsigned long long)batch,
                        s->rows);
    record = stream_record(s, row);
    printf("batch %llu row %zu record %lld\n", (unsigned long long)batch, row, (long long)record);
    if (dp_draws(s->session.pipeline, batch, row, draws, sizeof draws) >= sizeof draws)
        return cli_fail(EXIT_NOT_TRIED, "check: too much is drawn to be printed");
    puts(draws[0] != '\0' ? "drawn:" : "drawn: nothing");
    for (const char *line = draws; *line != '\0'; line += strcspn(line, "\n") + 1) {
        char text[1024];
        snprintf(text, sizeof text, "%.*s", (int)strcspn(line, "\n"), line);
        cli_wrap(stdout, text, 0, 4);
    }
    if (s->readers == 1)
        print_fixed(s->session.pipeline, batch, row);
    return EXIT_YES;
}

int sample_print(const char *what, const char *data, uint64_t sample)
{
    stream s = {.session = SESSION_DEFAULTS};
    int status;

    s.session.data = data;
    status = stream_open(&s, what, (cli_optional){0}, 0);
    if (status == 0) {
        const dp_tensor *first =
            dp_output(s.session.pipeline, dp_column_name(s.session.pipeline, 0));
        const uint64_t rows = s.batched ? (uint64_t)first->shape[0] : 1;
        if (sample / rows >= dp_length(s.session.pipeline))
            status = cli_fail(EXIT_MALFORMED, "check: the stream has fewer than %llu rows",
                              (unsigned long long)sample + 1);
        else
            status = print_row(&s, sample / rows, (size_t)(sample % rows));
    }
    stream_close(&s);
    return status;
}
