/* stream.c - the batches of a stream by number, for commands that look at some of them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/run/stream.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/memory.h"
#include "tools/cli/text.h"

/* The text without its last stage when that is a repeat, and with `epochs` rounds of it. */
static int change_repeat(stream *s, uint64_t epochs)
{
    session *opened = &s->session;
    text_stages stages;
    dp_options options = cli_options();
    const char *spec = dp_spec(opened->pipeline);
    const size_t size = strlen(spec) + 64;
    char *text = xmalloc(size);
    dp_pipeline *again = NULL;
    dp_error err;
    size_t length = strlen(spec);

    text_parse(spec, &stages);
    if (stages.n > 1 && text_is(&stages.stage[stages.n - 1], "repeat")) {
        const char *count = text_value(&stages.stage[stages.n - 1], "count");
        s->epochs = strcmp(count, "-1") == 0 ? UINT64_MAX : strtoull(count, NULL, 10);
        length = stages.stage[stages.n - 1].start - 3;
    }
    text_free(&stages);
    s->epochs = epochs != 0 ? epochs : s->epochs;
    snprintf(text, size, "%.*s | repeat count=%llu", (int)length, spec,
             (unsigned long long)(s->epochs < 1000000000 ? s->epochs : 1000000000));
    options.root = opened->data;
    options.threads = 1;
    if (dp_open(&again, text, opened->recipe.seed, &options, &err) != DP_OK) {
        free(text);
        return cli_fail_error(&err, NULL);
    }
    free(text);
    dp_close(opened->pipeline);
    opened->pipeline = again;
    s->length = dp_length(again) == UINT64_MAX
                    ? UINT64_MAX
                    : dp_length(again) / (s->epochs < 1000000000 ? s->epochs : 1000000000);
    return -1;
}

/* Whether a canonical text says that its rows come in batches. */
static bool is_batched(const char *spec)
{
    return strstr(spec, "| batch batch_size=") != NULL ||
           (strncmp(spec, "snapshot ", 9) == 0 && strstr(spec, " batched=true ") != NULL);
}

int stream_open(stream *s, const char *what, cli_optional seed, uint64_t epochs)
{
    int status;

    s->session.stream_only = true;
    s->session.threads = 1;
    s->session.prefetch = 0;
    s->epochs = 1;
    status = session_open(&s->session, what, seed, (cli_optional){0});
    if (status < 0)
        status = change_repeat(s, epochs);
    if (status >= 0)
        return status;
    s->batched = is_batched(dp_spec(s->session.pipeline));
    return dp_length(s->session.pipeline) > 0
               ? -1
               : cli_fail(EXIT_NOT_TRIED, "the stream is empty: there is nothing to see");
}

void stream_close(stream *s)
{
    free(s->records);
    session_close(&s->session);
}

/* A batch may be far smaller than batch_size: room is made as it is needed. */
int stream_look(stream *s, uint64_t batch)
{
    const char *name = dp_column_name(s->session.pipeline, 0);
    const uint64_t most =
        s->batched ? 16 * (uint64_t)dp_output(s->session.pipeline, name)->shape[0] : 16;
    dp_error err;

    while (s->room == 0 || dp_records(s->session.pipeline, batch, s->records, s->room, &s->rows,
                                      &s->readers, &err) != DP_OK) {
        const size_t room = s->room == 0 ? 4096 : 2 * s->room;
        if (s->room >= most)
            return cli_fail_error(&err, NULL);
        s->records = xrealloc(s->records, room * sizeof *s->records);
        s->room = room;
    }
    return -1;
}

int64_t stream_record(const stream *s, size_t row)
{
    const int64_t *of_row = s->records + row * s->readers;
    size_t r = 0;

    while (r + 1 < s->readers && of_row[r] < 0)
        r++;
    return of_row[r];
}

int stream_read(stream *s, uint64_t batch)
{
    dp_error err;
    dp_status status;

    if (batch >= dp_length(s->session.pipeline))
        return cli_fail(EXIT_MALFORMED, "there is no batch %llu: the stream has %llu",
                        (unsigned long long)batch,
                        (unsigned long long)dp_length(s->session.pipeline));
    status = dp_seek(s->session.pipeline, batch, &err);
    if (status == DP_OK)
        status = dp_next(s->session.pipeline, &s->session.batch, &err);
    return status == DP_OK ? stream_look(s, batch) : cli_fail_error(&err, NULL);
}
