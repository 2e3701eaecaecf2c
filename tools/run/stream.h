/* stream.h - the batches of a stream by number, for commands that look at some of them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_RUN_STREAM_H
#define TOOLS_RUN_STREAM_H

#include "tools/run/session.h"

/* A stream without the repeat at its end, if it has one: `length` batches an epoch. */
typedef struct stream {
    session session;
    uint64_t length, epochs;
    bool batched;
    size_t rows, readers; /* of the batch looked at */
    int64_t *records;     /* records[i * readers + r], -1 = none */
    size_t room;          /* numbers that fit there */
} stream;

/* Opens what was asked for so that `epochs` of it can be looked at (0: as many as it says).  0, or
 * the exit status after saying why. */
int stream_open(stream *, const char *what, cli_optional seed, uint64_t epochs);
void stream_close(stream *);

/* Fills in rows and records. */
int stream_look(stream *, uint64_t batch);

/* The record of a row: of the first reader that has one. */
int64_t stream_record(const stream *, size_t row);

/* Reads batch number `batch` into session.batch. */
int stream_read(stream *, uint64_t batch);

#endif
