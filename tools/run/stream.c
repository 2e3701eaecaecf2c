/* stream.c - the batches of a stream by number, for commands that look at some of them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/run/stream.h"

#include <stdlib.h>
#include <string.h>

#include "tools/cli/memory.h"
#include "tools/cli/text.h"

#define MOST_EPOCHS 1000000000 /* a repeat counts no further */

static dp_info info_of(const dp_pipeline *p)
{
    dp_info info = {.size = sizeof info};
    dp_error err;

    if (dp_get_info(p, &info, &err) != DP_OK)
        exit(cli_fail_error(&err, NULL));
    return info;
}

/* The text without its last stage when that is a repeat, and with `epochs` rounds of it. */
static char *repeated(const char *spec, uint64_t epochs)
{
    const size_t size = strlen(spec) + 64;
    char *text = xmalloc(size);
    size_t length = strlen(spec);
    text_stages stages;

    text_parse(spec, &stages);
    if (text_is(&stages.stage[stages.n - 1], "repeat"))
        length = stages.stage[stages.n - 2].end - 1;
    text_free(&stages);
    snprintf(text, size, "%.*s | repeat count=%llu", (int)length, spec, (unsigned long long)epochs);
    return text;
}

static int change_repeat(stream *s, uint64_t epochs)
{
    session *opened = &s->session;
    dp_options options = cli_options();
    dp_pipeline *again = NULL;
    dp_error err;
    dp_status status;
    dp_info info;
    char *text;

    s->epochs = epochs != 0 ? epochs : info_of(opened->pipeline).epochs;
    text = repeated(dp_spec(opened->pipeline), s->epochs < MOST_EPOCHS ? s->epochs : MOST_EPOCHS);
    options.root = opened->data;
    options.threads = 1;
    status = dp_open(&again, text, opened->recipe.seed, &options, &err);
    free(text);
    if (status != DP_OK)
        return cli_fail_error(&err, NULL);
    dp_close(opened->pipeline);
    opened->pipeline = again;
    info = info_of(again);
    s->length = info.epoch_batches;
    s->batched = info.batched != 0;
    return 0;
}

int stream_open(stream *s, const char *what, cli_optional seed, uint64_t epochs)
{
    int status;

    s->session.stream_only = true;
    s->session.threads = 1;
    s->session.prefetch = 0;
    status = session_open(&s->session, what, seed, (cli_optional){0});
    if (status == 0)
        status = change_repeat(s, epochs);
    if (status != 0)
        return status;
    return dp_length(s->session.pipeline) > 0
               ? 0
               : cli_fail(EXIT_NOT_TRIED, "the stream is empty: there is nothing to see");
}

void stream_close(stream *s)
{
    free(s->records);
    session_close(&s->session);
}

int stream_look(stream *s, uint64_t batch)
{
    dp_error err;
    dp_status status = dp_records(s->session.pipeline, batch, NULL, 0, &s->rows, &s->readers, &err);

    if (status == DP_OK && s->rows * s->readers > s->room) {
        s->room = s->rows * s->readers;
        s->records = xrealloc(s->records, s->room * sizeof *s->records);
    }
    if (status == DP_OK)
        status = dp_records(s->session.pipeline, batch, s->records, s->room, &s->rows, &s->readers,
                            &err);
    return status == DP_OK ? 0 : cli_fail_error(&err, NULL);
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
