/* session.h - a recipe opened: its pipeline and its net
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_RUN_SESSION_H
#define TOOLS_RUN_SESSION_H

#include "detpipe.h"
#include "detpipe_group.h"
#include "detpipe_net.h"
#include "tools/cli/cli.h"
#include "tools/run/recipe.h"

#define SESSION_FROM 128
#define SESSION_BEST 64

typedef struct session {
    recipe recipe;
    dp_pipeline *pipeline;
    dp_net *net; /* NULL = the recipe has none */
    dp_batch *batch;
    const char *data; /* --data */
    const char *identities;
    void (*note)(void *, const char *line); /* hears what opening finds; NULL: warnings are
                                             * printed */
    void *note_ctx;
    bool stream_only; /* the net, if there is one, is not wanted */
    bool test;        /* the recipe's test data take the place of its data */
    bool digests;     /* of every batch will be asked for */
    bool texts_do;    /* where the data set is not here pipeline and net are NULL */
    uint64_t threads, prefetch;
    dp_group *group; /* the ranks that run the recipe together; NULL = this process alone */
    bool shares;     /* a rank makes its own rows of a batch alone: nobody asks for others */
    char from[SESSION_FROM]; /* "STEP:DIGEST:WORDS": the change that it goes on from, "" = none */
    uint64_t ahead;          /* batches before its place that are no steps (a difference) */
    char best[SESSION_BEST]; /* "STEP:BITS:MISSES" of its tests (best.h), "" = none */
} session;

/* For commands that open a recipe. */
#define SESSION_OPTIONS(s)                                                                         \
    {"data", "DIR", "where the data set is (default: working directory)", CLI_TEXT, &(s).data},    \
        CLI_CACHE_OPTION,                                                                          \
        {"threads", "N", "worker threads (default: one a CPU)", CLI_COUNT, &(s).threads},          \
    {                                                                                              \
        "prefetch", "N", "batches made ahead (default: 2)", CLI_COUNT, &(s).prefetch               \
    }

/* For those that ask what the data set is. */
#define SESSION_IDENTITIES(s)                                                                      \
    {                                                                                              \
        "identities", "FILE", "keep digests of data sets in FILE", CLI_TEXT, &(s).identities       \
    }

#define SESSION_DEFAULTS                                                                           \
    {                                                                                              \
        .prefetch = 2                                                                              \
    }

/* The session stays where it is until it is closed.  What is given overrides the recipe.  In a
 * group every rank must have the same data, texts and seed, and hears it when one has not.  0, or
 * the exit status after saying why. */
int session_open(session *, const char *what, cli_optional seed, cli_optional steps);
/* The same with the text of a recipe, called `name` in messages. */
int session_open_text(session *, const char *text, const char *name, cli_optional seed);
/* The test data of an open session, and a net that is given its weights. */
int session_open_test(session *, const session *of);
void session_take_weights(session *, const session *from);
void session_close(session *);

/* Reads the data set once: that of later states is the one that was opened.  Before the first step,
 * so that a bad record costs no work. */
int session_identify(const session *);

/* What the net takes of the last batch: images, or tokens (the column image, or else input), NULL
 * where it has neither; and their labels. */
const dp_tensor *session_input(const session *);
const dp_tensor *session_labels(const session *);

/* The next batch, and a step of the net with it.  0, or the exit status after saying why not. */
int session_step(session *, dp_net_result *);

/* The digest of what two runs must share to be the same run: the canonical texts, the weights that
 * came from a file, the seed and the steps. */
void session_fingerprint(const session *, uint8_t digest[16]);

/* The digest of the net's canonical text and the seed; with the pipeline's it is that of a run,
 * however long, and with what it goes on from, where it was changed. */
void session_net_digest(const session *, uint8_t digest[16]);
void session_run_digest(const session *, uint8_t digest[16]);
/* The same of the net but for its optimizer; of the pipeline's text but for its batch stages. */
void session_layers_digest(const session *, uint8_t digest[16]);
void session_stream_digest(const session *, uint8_t digest[16]);

/* How many damaged records on_error=skip left out; it is said where there are any. */
uint64_t session_left_out(const session *);
void session_print_left_out(const session *);

#endif
