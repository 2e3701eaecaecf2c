/* mpi.c - the transport of detpipe_group.h over MPI
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Only MPI_Isend and MPI_Irecv of bytes: MPI_Allreduce adds up in an order of its own, which
 * depends on the number of ranks, the size and where they run.
 */
#include <math.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detpipe_mpi.h"

#define PIECE    ((size_t)1 << 30) /* bytes of a message: MPI counts in int */
#define TURNS    64                /* of waiting, between looks at the clock */
#define ANSWER   5.0               /* seconds for ranks that wait, too, to answer */
#define PATIENCE 60.0              /* the same for those that end, where there is no time-out */

typedef struct transport {
    dp_group group;
    MPI_Comm comm, roll; /* roll: of messages without content, which say "I am here" */
    bool initialized;    /* here */
    bool heard;          /* that another rank cannot go on */
    double timeout;      /* seconds, 0 = for ever */
    bool *missing;       /* [ranks]: did not answer */
    MPI_Request *calls;  /* [2 ranks]: heard from, told to */
} transport;

/* What a rank is here for: the tags of a roll; and of what one that fails tells the others. */
enum { WAITS, ENDS, FAILS };

typedef struct ticket {
    int n;
    MPI_Request requests[];
} ticket;

/* The library's own functions are not seen from here: this one stands on the public headers. */
static dp_status fail(dp_error *err, dp_status status, const char *text)
{
    if (err != NULL) {
        *err = (dp_error){.status = status, .record = -1};
        snprintf(err->message, sizeof err->message, "MPI: %.200s", text);
    }
    return status;
}

static dp_status failed_call(int code, dp_error *err)
{
    char text[MPI_MAX_ERROR_STRING + 1] = "";
    int length;

    if (MPI_Error_string(code, text, &length) != MPI_SUCCESS)
        text[0] = '\0';
    return fail(err, DP_EIO, text);
}

static size_t pieces_of(const dp_transfer *t) { return (t->size + PIECE - 1) / PIECE; }

static int start(const transport *m, int channel, const dp_transfer *t, ticket *to)
{
    int code = MPI_SUCCESS;

    for (size_t at = 0; at < t->size && code == MPI_SUCCESS; at += PIECE) {
        const int n = (int)(t->size - at < PIECE ? t->size - at : PIECE);
        char *data = (char *)t->data + at;
        MPI_Request *request = &to->requests[to->n++];
        code = t->sends ? MPI_Isend(data, n, MPI_BYTE, (int)t->peer, channel, m->comm, request)
                        : MPI_Irecv(data, n, MPI_BYTE, (int)t->peer, channel, m->comm, request);
    }
    return code;
}

static dp_status begin(void *ctx, uint32_t channel, const dp_transfer *transfers, size_t n,
                       void **out, dp_error *err)
{
    size_t pieces = 0;
    int code = MPI_SUCCESS;
    ticket *t;

    for (size_t i = 0; i < n; i++)
        pieces += pieces_of(&transfers[i]);
    t = malloc(sizeof *t + pieces * sizeof t->requests[0]);
    if (t == NULL)
        return fail(err, DP_ENOMEM, "out of memory for transfers");
    t->n = 0;
    for (size_t i = 0; i < n && code == MPI_SUCCESS; i++)
        code = start(ctx, (int)channel, &transfers[i], t);
    *out = t;
    return code == MPI_SUCCESS ? DP_OK : failed_call(code, err);
}

/* ---- ranks that are not heard of ---- */

/* Seconds since *last, but none where this process was suspended meanwhile. */
static double waited(double *last)
{
    const double now = MPI_Wtime(), since = now - *last;

    *last = now;
    return since < 1 ? since : 0;
}

/* Tells each rank that is not missing that this one is here, and hears the same of it; which do
 * not answer in time are missing from then on. */
static int call_roll(transport *m, int tag, double seconds)
{
    const int ranks = (int)m->group.ranks;
    double last = MPI_Wtime(), since = 0;
    int code = MPI_SUCCESS, done = 0;

    for (int r = 0; r < ranks; r++) {
        const bool asked = !m->missing[r] && r != (int)m->group.rank;
        m->calls[r] = m->calls[ranks + r] = MPI_REQUEST_NULL;
        if (asked && code == MPI_SUCCESS)
            code = MPI_Irecv(NULL, 0, MPI_BYTE, r, tag, m->roll, &m->calls[r]);
        if (asked && code == MPI_SUCCESS)
            code = MPI_Isend(NULL, 0, MPI_BYTE, r, tag, m->roll, &m->calls[ranks + r]);
    }
    while (code == MPI_SUCCESS && !done && since < seconds) {
        code = MPI_Testall(2 * ranks, m->calls, &done, MPI_STATUSES_IGNORE);
        since += waited(&last);
    }
    for (int r = 0; r < ranks && code == MPI_SUCCESS && !done; r++) {
        int heard = 1;
        if (m->calls[r] != MPI_REQUEST_NULL)
            code = MPI_Request_get_status(m->calls[r], &heard, MPI_STATUS_IGNORE);
        m->missing[r] = m->missing[r] || !heard;
    }
    return code;
}

/* DP_OK when every rank has answered. */
static dp_status judge_roll(const transport *m, dp_error *err)
{
    char names[100] = "", text[200];
    unsigned n = 0;

    for (uint32_t r = 0; r < m->group.ranks; r++) {
        const size_t used = strlen(names);
        if (m->missing[r] && n++ < 8)
            snprintf(names + used, sizeof names - used, "%s%u", n > 1 ? ", " : "", r);
    }
    snprintf(
        text, sizeof text,
        "rank%s %s%s of %u not heard of for %.0f seconds: stopped, hanging, or at work for longer "
        "(--rank-timeout)",
        n > 1 ? "s" : "", names, n > 8 ? ", ..." : "", m->group.ranks, m->timeout);
    return n == 0 ? DP_OK : fail(err, DP_EIO, text);
}

/* Whether another rank cannot go on: which. */
static int hear_of_failure(transport *m, dp_status *status, dp_error *err)
{
    MPI_Status from;
    char text[200];
    int failed = 0;
    const int code = MPI_Iprobe(MPI_ANY_SOURCE, FAILS, m->roll, &failed, &from);

    if (code != MPI_SUCCESS || !failed)
        return code;
    snprintf(text, sizeof text, "rank %d of %u cannot go on, and has said why", from.MPI_SOURCE,
             m->group.ranks);
    m->heard = true;
    *status = fail(err, DP_EIO, text);
    return code;
}

/* Until all is done.  A rank that has waited too long calls the roll, and all that wait answer. */
static int await(transport *m, ticket *t, dp_status *status, dp_error *err)
{
    double last = MPI_Wtime(), since = 0;
    int done = 0, called = 0, code = MPI_SUCCESS;

    for (unsigned turn = 1; code == MPI_SUCCESS && !done && *status == DP_OK; turn++) {
        code = MPI_Testall(t->n, t->requests, &done, MPI_STATUSES_IGNORE);
        if (code != MPI_SUCCESS || done || turn % TURNS != 0)
            continue;
        since += waited(&last);
        code = hear_of_failure(m, status, err);
        if (code == MPI_SUCCESS && *status == DP_OK && m->timeout > 0)
            code = MPI_Iprobe(MPI_ANY_SOURCE, WAITS, m->roll, &called, MPI_STATUS_IGNORE);
        if (code != MPI_SUCCESS || *status != DP_OK || m->timeout == 0 ||
            (!called && since < m->timeout))
            continue;
        code = call_roll(m, WAITS, ANSWER);
        *status = code == MPI_SUCCESS ? judge_roll(m, err) : DP_OK;
        since = 0;
    }
    return code;
}

static dp_status finish(void *ctx, void *ticket_, uint32_t wait, dp_error *err)
{
    transport *m = ctx;
    ticket *t = ticket_;
    dp_status status = DP_OK;
    int done = 1, code;

    code = wait ? await(m, t, &status, err)
                : MPI_Testall(t->n, t->requests, &done, MPI_STATUSES_IGNORE);
    if (code == MPI_SUCCESS && !done)
        return DP_END;
    if (status == DP_OK) /* else MPI goes on with what is in it */
        free(t);
    return code == MPI_SUCCESS ? status : failed_call(code, err);
}

static int join_world(transport *m)
{
    int initialized, rank = 0, ranks = 1, provided, code = MPI_Initialized(&initialized);

    m->initialized = !initialized;
    if (code == MPI_SUCCESS && !initialized)
        code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    if (code == MPI_SUCCESS)
        code = MPI_Comm_dup(MPI_COMM_WORLD, &m->comm);
    if (code == MPI_SUCCESS)
        code = MPI_Comm_set_errhandler(m->comm, MPI_ERRORS_RETURN);
    if (code == MPI_SUCCESS)
        code = MPI_Comm_dup(m->comm, &m->roll);
    if (code == MPI_SUCCESS)
        code = MPI_Comm_rank(m->comm, &rank);
    if (code == MPI_SUCCESS)
        code = MPI_Comm_size(m->comm, &ranks);
    m->group = (dp_group){sizeof m->group, m, (uint32_t)rank, (uint32_t)ranks, begin, finish};
    return code;
}

dp_status dp_mpi_open(dp_group **out, dp_error *err)
{
    transport *m;
    int code;

    if (out == NULL)
        return fail(err, DP_EINVAL, "dp_mpi_open: out is NULL");
    m = calloc(1, sizeof *m);
    if (m == NULL)
        return fail(err, DP_ENOMEM, "out of memory");
    code = join_world(m);
    if (code != MPI_SUCCESS) {
        free(m);
        return failed_call(code, err);
    }
    m->missing = calloc(m->group.ranks, sizeof *m->missing);
    m->calls = malloc(2 * (size_t)m->group.ranks * sizeof *m->calls);
    if (m->missing == NULL || m->calls == NULL) {
        dp_mpi_close(&m->group);
        return fail(err, DP_ENOMEM, "out of memory");
    }
    *out = &m->group;
    return DP_OK;
}

void dp_mpi_set_timeout(dp_group *group, uint32_t seconds)
{
    if (group != NULL)
        ((transport *)group->ctx)->timeout = seconds;
}

void dp_mpi_close(dp_group *group)
{
    transport *m = group != NULL ? group->ctx : NULL;

    if (m == NULL)
        return;
    if (m->missing != NULL && m->calls != NULL)
        call_roll(m, ENDS, HUGE_VAL); /* one that fails now waits for all here, too */
    MPI_Comm_free(&m->roll);
    MPI_Comm_free(&m->comm);
    if (m->initialized)
        MPI_Finalize();
    free(m->missing);
    free(m->calls);
    free(m);
}

/* Before it ends: those that wait for this rank hear of it, if it is the first, may keep what they
 * have done, and come to the end, too. */
static void tell_all(transport *m)
{
    MPI_Request sent;

    for (uint32_t r = 0; r < m->group.ranks && !m->heard; r++) {
        if (r != m->group.rank && !m->missing[r] &&
            MPI_Isend(NULL, 0, MPI_BYTE, (int)r, FAILS, m->roll, &sent) == MPI_SUCCESS)
            MPI_Request_free(&sent);
    }
    call_roll(m, ENDS, m->timeout > 0 ? m->timeout : PATIENCE);
}

void dp_mpi_abort(dp_group *group, int exit_status)
{
    transport *m = group != NULL ? group->ctx : NULL;

    if (m != NULL)
        tell_all(m);
    MPI_Abort(m != NULL ? m->comm : MPI_COMM_WORLD, exit_status);
}
