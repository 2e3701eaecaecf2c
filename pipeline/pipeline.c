/* pipeline.c - the calls of detpipe.h
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/options.h"
#include "pipeline/pipeline.h"
#include "pipeline/state.h"
#include "pipeline/walk.h"
#include "io/identity.h"

static dp_status build(dp_pipeline *p, const char *spec, dp_error *err)
{
    const dp_options *options = &p->handle.options;
    dp_status status;

    p->graph.arena = dp_arena_within(&p->handle.arena);
    status = dp_graph_open(&p->graph, spec, p->seed, options, err);
    for (uint32_t c = 0; c < p->graph.columns.n && status == DP_OK; c++) {
        const int64_t *least = p->graph.least[p->graph.columns.slot[c]];
        p->outputs[c] = p->least[c] = dp_batch_type(&p->graph, c);
        if (least != NULL)
            memcpy(p->least[c].shape, least, (size_t)p->least[c].rank * sizeof *least);
    }
    return status == DP_OK ? dp_ring_open(&p->ring, &p->graph, options, err) : status;
}

dp_status dp_open(dp_pipeline **out, const char *spec, uint64_t seed, const dp_options *given,
                  dp_error *err)
{
    dp_handle *handle;
    dp_pipeline *p;
    dp_status status;

    if (out == NULL || spec == NULL)
        return dp_fail(err, DP_EINVAL, "dp_open: %s is NULL", out == NULL ? "out" : "spec");
    status = dp_handle_open(&handle, sizeof *p, "a pipeline", given, err);
    if (status != DP_OK)
        return status;
    p = (dp_pipeline *)handle;
    p->seed = seed;
    status = dp_handle_leave(handle, build(p, spec, err));
    if (status == DP_OK)
        *out = p;
    else
        dp_close(p);
    return status;
}

dp_status dp_canonical(const char *spec, char *text, size_t size, size_t *length, dp_error *err)
{
    dp_graph g = {0};
    dp_options options;
    dp_status status;

    if (spec == NULL || length == NULL)
        return dp_fail(err, DP_EINVAL, "dp_canonical: %s is NULL",
                       spec == NULL ? "spec" : "length");
    status = dp_options_get(NULL, &options, err);
    if (status != DP_OK)
        return status;
    g.arena.alloc = options.alloc;
    status = dp_graph_name(&g, spec, &options, err);
    if (status == DP_OK) {
        *length = strlen(g.spec);
        if (text != NULL && *length >= size)
            status = dp_fail(err, DP_ELIMIT,
                             "the canonical text has %zu bytes: there is room for "
                             "%zu",
                             *length + 1, size);
        else if (text != NULL)
            memcpy(text, g.spec, *length + 1);
    }
    dp_graph_close(&g);
    return status;
}

void dp_close(dp_pipeline *p)
{
    if (p == NULL)
        return;
    if (dp_handle_is_ours(&p->handle)) {
        dp_ring_close(&p->ring);
        dp_graph_close(&p->graph);
    } else { /* locks are as they were when another thread held them */
        dp_arena_free(&p->graph.arena);
    }
    dp_handle_close(&p->handle);
}

const char *dp_spec(const dp_pipeline *p) { return p != NULL ? p->graph.spec : NULL; }

void dp_fingerprint(const dp_pipeline *p, uint8_t digest[16])
{
    dp_digest_give(p != NULL ? p->graph.fingerprint : NULL, digest);
}

const char *dp_column_name(const dp_pipeline *p, size_t index)
{
    return p != NULL && index < p->graph.columns.n ? p->graph.columns.column[index].name : NULL;
}

static const dp_tensor *type_of(const dp_pipeline *p, const char *column, const dp_tensor *types)
{
    for (uint32_t c = 0; column != NULL && c < p->graph.columns.n; c++) {
        if (strcmp(p->graph.columns.column[c].name, column) == 0)
            return &types[c];
    }
    return NULL;
}

const dp_tensor *dp_output(const dp_pipeline *p, const char *column)
{
    return p != NULL ? type_of(p, column, p->outputs) : NULL;
}

const dp_tensor *dp_output_least(const dp_pipeline *p, const char *column)
{
    return p != NULL ? type_of(p, column, p->least) : NULL;
}

dp_status dp_get_info(const dp_pipeline *p, dp_info *info, dp_error *err)
{
    const dp_graph *g;
    dp_info seen = {.epochs = 1};

    if (p == NULL || info == NULL)
        return dp_fail(err, DP_EINVAL, "dp_get_info: %s is NULL",
                       p == NULL ? "the pipeline" : "info");
    g = &p->graph;
    seen.batched = dp_graph_batched(g);
    seen.random = dp_graph_random(g);
    seen.n_readers = g->n_branches;
    seen.n_columns = g->columns.n;
    seen.batch_rows = dp_graph_full_rows(g, &g->branches[0]);
    seen.epoch_batches = dp_graph_epoch(g, &seen.epochs);
    seen.label_names = g->branches[0].source.names;
    for (uint32_t i = 0; i < g->n_branches; i++)
        seen.left_out += g->branches[i].source.left_out;
    return dp_struct_give(info, "dp_info", sizeof seen, &seen, err);
}

/* The first failure is kept; every later dp_next gives the same one. */
static dp_status next(dp_pipeline *p, dp_batch **batch, dp_error *err)
{
    dp_error why;
    dp_status status = dp_handle_repeat(&p->handle, err);

    if (status != DP_OK || p->ring.deliver >= p->graph.length) {
        dp_ring_recycle(&p->ring, batch);
        return status != DP_OK ? status : DP_END;
    }
    status = dp_ring_next(&p->ring, batch, &why);
    if (status != DP_OK)
        return dp_handle_keep(&p->handle, status, &why, err);
    if ((*batch)->status != DP_OK) {
        status = dp_handle_keep(&p->handle, (*batch)->status, &(*batch)->error, err);
        dp_ring_seek(&p->ring, p->ring.deliver - 1); /* dp_tell stays at the batch that failed */
        dp_ring_recycle(&p->ring, batch);
    }
    return status;
}

dp_status dp_next(dp_pipeline *p, dp_batch **batch, dp_error *err)
{
    dp_status status;

    if (p == NULL || batch == NULL)
        return dp_fail(err, DP_EINVAL, "dp_next: %s is NULL", p == NULL ? "the pipeline" : "batch");
    if (*batch != NULL && (*batch)->graph != &p->graph)
        return dp_fail(err, DP_EINVAL, "dp_next: the batch belongs to another pipeline");
    status = dp_handle_enter(&p->handle, err);
    return status == DP_OK ? dp_handle_leave(&p->handle, next(p, batch, err)) : status;
}

uint64_t dp_tell(const dp_pipeline *p) { return p != NULL ? p->ring.deliver : 0; }

uint64_t dp_length(const dp_pipeline *p) { return p != NULL ? p->graph.length : 0; }

dp_status dp_seek(dp_pipeline *p, uint64_t batch, dp_error *err)
{
    dp_status status;

    if (p == NULL)
        return dp_fail(err, DP_EINVAL, "dp_seek: the pipeline is NULL");
    if (batch > p->graph.length)
        return dp_fail(err, DP_EINVAL, "batch %llu is past the end: there are %llu",
                       (unsigned long long)batch, (unsigned long long)p->graph.length);
    if (!dp_graph_reaches(&p->graph, batch))
        return dp_fail(err, DP_ELIMIT, "batch %llu is past row 2^48 of the stream",
                       (unsigned long long)batch);
    status = dp_handle_check(&p->handle, err);
    if (status != DP_OK)
        return status;
    dp_ring_seek(&p->ring, batch);
    p->handle.failure.status = DP_OK;
    return DP_OK;
}

dp_status dp_set_wanted(dp_pipeline *p, int (*wanted)(void *ctx, uint64_t n_rows, uint64_t row),
                        void *ctx, dp_error *err)
{
    dp_status status;

    if (p == NULL)
        return dp_fail(err, DP_EINVAL, "dp_set_wanted: the pipeline is NULL");
    status = dp_handle_check(&p->handle, err);
    if (status == DP_OK && p->graph.n_mixes == 0 && !p->graph.digests)
        dp_ring_want(&p->ring, (dp_wanted){wanted, ctx});
    return status;
}

dp_status dp_skip(dp_pipeline *p, uint64_t n_batches, dp_error *err)
{
    if (p == NULL)
        return dp_fail(err, DP_EINVAL, "dp_skip: the pipeline is NULL");
    if (n_batches > UINT64_MAX - p->ring.deliver)
        return dp_fail(err, DP_EINVAL, "skipping %llu batches goes past the end",
                       (unsigned long long)n_batches);
    return dp_seek(p, p->ring.deliver + n_batches, err);
}

/* The identity of one reader is its own; that of several is a digest of theirs. */
static dp_status identify(const dp_pipeline *p, const dp_options *options, uint8_t digest[16],
                          dp_error *err)
{
    const dp_graph *g = &p->graph;
    dp_hash h;

    if (g->origin != NULL) {
        memcpy(digest, g->origin->identity, 16);
        return DP_OK;
    }
    dp_hash_init(&h);
    for (uint32_t i = 0; i < g->n_branches; i++) {
        const dp_branch *branch = &g->branches[i];
        const dp_status status =
            dp_source_identity(branch->reader, &branch->source, options, digest, err);
        if (status != DP_OK)
            return status;
        dp_hash_bytes(&h, digest, 16);
    }
    if (g->n_branches > 1)
        dp_hash_final(&h, digest);
    return DP_OK;
}

/* Whether the files are those that were opened, by their sizes and times. */
static dp_status check_sources(const dp_pipeline *p, bool accept, dp_error *err)
{
    dp_status status = DP_OK;

    for (uint32_t i = 0; i < p->graph.n_branches && status == DP_OK; i++) {
        const dp_branch *branch = &p->graph.branches[i];
        status = dp_source_unchanged(branch->reader, &branch->source, accept, err);
    }
    return status;
}

/* A file that looks changed (touched, copied over) is read again: its content decides.  What cannot
 * be read to its end, or was cancelled, stays refused. */
static dp_status confirm(dp_pipeline *p, dp_error *looks)
{
    dp_options options = p->handle.options;
    uint8_t now[16];
    dp_error why;
    dp_status status = check_sources(p, true, &why);

    options.identities = NULL;
    if (status == DP_OK)
        status = identify(p, &options, now, &why);
    if (status != DP_OK)
        *looks = why;
    else if (memcmp(now, p->identity, sizeof now) != 0)
        status = looks->status;
    return status;
}

/* After the identity is known: what it is of must be there still. */
static dp_status check_same(dp_pipeline *p, dp_error *err)
{
    dp_error looks;

    if (p->changed.status == DP_OK && check_sources(p, false, &looks) != DP_OK &&
        confirm(p, &looks) != DP_OK)
        p->changed = looks;
    if (p->changed.status != DP_OK && err != NULL)
        *err = p->changed;
    return p->changed.status;
}

dp_status dp_dataset_digest(dp_pipeline *p, uint8_t digest[16], dp_error *err)
{
    dp_status status;

    if (p == NULL || digest == NULL)
        return dp_fail(err, DP_EINVAL, "dp_dataset_digest: %s is NULL",
                       p == NULL ? "the pipeline" : "digest");
    status = dp_handle_check(&p->handle, err);
    if (status == DP_OK)
        status =
            p->identified ? check_same(p, err) : identify(p, &p->handle.options, p->identity, err);
    if (status != DP_OK)
        return status;
    p->identified = true;
    memcpy(digest, p->identity, 16);
    return DP_OK;
}

dp_status dp_dataset_stamp(dp_pipeline *p, uint64_t *stamp, dp_error *err)
{
    uint64_t all = 0;
    dp_status status;

    if (p == NULL || stamp == NULL)
        return dp_fail(err, DP_EINVAL, "dp_dataset_stamp: %s is NULL",
                       p == NULL ? "the pipeline" : "stamp");
    status = p->identified ? check_same(p, err) : check_sources(p, false, err);
    for (uint32_t i = 0; i < p->graph.n_branches && status == DP_OK; i++) {
        const dp_branch *branch = &p->graph.branches[i];
        uint64_t one = 0;
        status = dp_source_stamp(branch->reader, &branch->source, &p->handle.options, &one, err);
        all = dp_stamp_add(dp_stamp_add(all, one), branch->source.names);
    }
    if (status == DP_OK)
        *stamp = all;
    return status;
}

dp_status dp_origin_of(dp_pipeline *p, dp_origin *out, dp_error *err)
{
    out->seed = p->graph.origin != NULL ? p->graph.origin->seed : p->seed;
    memcpy(out->fingerprint, p->graph.fingerprint, sizeof out->fingerprint);
    return dp_dataset_digest(p, out->identity, err);
}

/* What a state of this pipeline holds. */
static dp_status position(dp_pipeline *p, dp_position *out, dp_error *err)
{
    dp_origin origin;
    const dp_status status = dp_origin_of(p, &origin, err);

    if (status != DP_OK)
        return status;
    memcpy(out->fingerprint, origin.fingerprint, sizeof out->fingerprint);
    memcpy(out->identity, origin.identity, sizeof out->identity);
    out->seed = origin.seed;
    out->batch = p->ring.deliver;
    return DP_OK;
}

dp_status dp_get_state(dp_pipeline *p, dp_state *state, dp_error *err)
{
    dp_position here = {0};
    dp_status status;

    if (p == NULL || state == NULL)
        return dp_fail(err, DP_EINVAL, "dp_get_state: %s is NULL",
                       p == NULL ? "the pipeline" : "state");
    status = position(p, &here, err);
    if (status == DP_OK)
        dp_state_write(&here, state);
    return status;
}

dp_status dp_set_state(dp_pipeline *p, const dp_state *state, dp_error *err)
{
    dp_position here = {0};
    uint64_t batch;
    dp_status status;

    if (p == NULL || state == NULL)
        return dp_fail(err, DP_EINVAL, "dp_set_state: %s is NULL",
                       p == NULL ? "the pipeline" : "state");
    status = position(p, &here, err);
    if (status == DP_OK)
        status = dp_state_read(state, &here, &batch, err);
    return status == DP_OK ? dp_seek(p, batch, err) : status;
}
