/* mpi.c - the transport of detpipe_group.h over MPI
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Only MPI_Isend and MPI_Irecv of bytes: MPI_Allreduce adds up in an order of its own, which
 * depends on the number of ranks, the size and where they run.
 */
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "detpipe_mpi.h"

#define PIECE ((size_t)1 << 30) /* bytes of a message: MPI counts in int */

typedef struct transport {
    dp_group group;
    MPI_Comm comm;
    bool initialized; /* here */
} transport;

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

static dp_status finish(void *ctx, void *ticket_, uint32_t wait, dp_error *err)
{
    ticket *t = ticket_;
    int done = 1, code;

    (void)ctx;
    code = wait ? MPI_Waitall(t->n, t->requests, MPI_STATUSES_IGNORE)
                : MPI_Testall(t->n, t->requests, &done, MPI_STATUSES_IGNORE);
    if (code == MPI_SUCCESS && !done)
        return DP_END;
    free(t);
    return code == MPI_SUCCESS ? DP_OK : failed_call(code, err);
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
    *out = &m->group;
    return DP_OK;
}

void dp_mpi_close(dp_group *group)
{
    transport *m = group != NULL ? group->ctx : NULL;

    if (m == NULL)
        return;
    MPI_Comm_free(&m->comm);
    if (m->initialized)
        MPI_Finalize();
    free(m);
}

void dp_mpi_abort(dp_group *group, int exit_status)
{
    MPI_Abort(group != NULL ? ((transport *)group->ctx)->comm : MPI_COMM_WORLD, exit_status);
}
