/* index.c - Megatron's .idx: how many tokens of which type lie in the .bin beside it
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * "MMIDIDX", two zeros, u64 1, u8 type, u64 sequences, u64 documents + 1; then of each sequence its
 * length in tokens (int32) and its place in bytes (int64), of each document its first sequence
 * (int64) and the end.  Megatron's writers lay the sequences one after another, and so it is
 * demanded: the .bin is one text.  Read in blocks: indexes have hundreds of millions of sequences.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/options.h"
#include "base/tensor.h"
#include "io/tokens/tokens.h"

#define HEADER 34
#define BLOCK  1024 /* sequences that are read at once */

typedef struct reading {
    dp_tokens_file *f;
    const dp_file *file;
    const char *path;
    uint64_t n_documents; /* and one */
    uint64_t *starts;
} reading;

static dp_status bad(const reading *r, dp_error *err, const char *what)
{
    return dp_fail(err, DP_ECORRUPT, "%.160s %s", r->path, what);
}

static dp_status read_at(const reading *r, uint64_t at, uint8_t *out, size_t n, dp_error *err)
{
    size_t got;
    const int error = dp_file_read_at(r->file, at, out, n, &got);

    if (error != 0)
        return dp_fail(err, DP_EIO, "cannot read %.160s: %s", r->path, dp_file_why(r->file, error));
    return got == n ? DP_OK : bad(r, err, "is cut");
}

static dp_status read_header(reading *r, dp_error *err)
{
    static const dp_dtype dtypes[] = {DP_U8,  DP_I8,  DP_I16, DP_I32,
                                      DP_I64, DP_F64, DP_F32, DP_U16}; /* their numbers, from 1 */
    uint8_t b[HEADER];
    uint64_t left = r->file->size - HEADER, documents;
    dp_status status = read_at(r, 0, b, HEADER, err);

    if (status != DP_OK)
        return status;
    if (memcmp(b, "MMIDIDX\0", 9) != 0 || dp_load_le(b + 9, 8) != 1)
        return bad(r, err, "is not version 1 of a Megatron index");
    if (b[17] == 0 || b[17] > sizeof dtypes / sizeof dtypes[0])
        return dp_fail(err, DP_ECORRUPT, "%.160s has tokens of type %u: 1 to 8 are known", r->path,
                       b[17]);
    r->f->dtype = dtypes[b[17] - 1];
    r->f->n_sequences = dp_load_le(b + 18, 8);
    documents = dp_load_le(b + 26, 8);
    if (r->f->n_sequences > left / 12 || documents > (left - 12 * r->f->n_sequences) / 8)
        return bad(r, err, "is shorter than its header says");
    left -= 12 * r->f->n_sequences + 8 * documents;
    if (left == r->f->n_sequences && left != 0)
        return bad(r, err, "is of a data set of several modes: pictures and text are not windows");
    r->n_documents = documents;
    return left == 0 ? DP_OK : bad(r, err, "is longer than its header says");
}

/* Up to BLOCK sequences from number `first` on. */
static dp_status read_sequences(reading *r, uint64_t first, uint64_t n, dp_error *err)
{
    uint8_t lengths[4 * BLOCK], places[8 * BLOCK];
    const size_t size = dp_dtype_size(r->f->dtype);
    dp_status status = read_at(r, HEADER + 4 * first, lengths, 4 * (size_t)n, err);

    if (status == DP_OK)
        status = read_at(r, HEADER + 4 * r->f->n_sequences + 8 * first, places, 8 * (size_t)n, err);
    for (uint64_t i = 0; i < n && status == DP_OK; i++) {
        const uint32_t length = (uint32_t)dp_load_le(lengths + 4 * i, 4);
        if (length > INT32_MAX || dp_load_le(places + 8 * i, 8) != r->f->n * size)
            return dp_fail(err, DP_ECORRUPT,
                           "%.160s, sequence %llu: its length or its place is wrong", r->path,
                           (unsigned long long)(first + i));
        if (r->starts != NULL)
            r->starts[first + i] = r->f->n;
        r->f->n += length;
    }
    return status;
}

static dp_status read_all(reading *r, const dp_options *options, dp_error *err)
{
    const uint64_t n = r->f->n_sequences;
    dp_status status = DP_OK;

    for (uint64_t first = 0; first < n && status == DP_OK; first += BLOCK) {
        status = read_sequences(r, first, n - first < BLOCK ? n - first : BLOCK, err);
        if (status == DP_OK)
            status = dp_progress(options, "shards", first, n, err);
    }
    if (r->starts != NULL)
        r->starts[n] = r->f->n;
    return status;
}

/* The first sequences of documents ascend; empty documents are kept. */
static dp_status check_documents(const reading *r, dp_error *err)
{
    const uint64_t begin = HEADER + 12 * r->f->n_sequences;
    uint64_t before = 0;
    uint8_t b[8 * BLOCK];
    dp_status status = DP_OK;

    for (uint64_t first = 0; first < r->n_documents && status == DP_OK; first += BLOCK) {
        const uint64_t left = r->n_documents - first, n = left < BLOCK ? left : BLOCK;
        status = read_at(r, begin + 8 * first, b, 8 * (size_t)n, err);
        for (uint64_t i = 0; i < n && status == DP_OK; i++) {
            const uint64_t at = dp_load_le(b + 8 * i, 8);
            if (at < before || at > r->f->n_sequences)
                return dp_fail(err, DP_ECORRUPT, "%.160s, document %llu begins at sequence %lld",
                               r->path, (unsigned long long)(first + i), (long long)at);
            before = at;
        }
    }
    return status;
}

/* Of each sequence, if they are kept, where it begins. */
static dp_status keep_starts(reading *r, dp_arena *arena, dp_error *err)
{
    r->starts = dp_arena_alloc_raw(arena, r->f->n_sequences + 1, sizeof *r->starts);
    r->f->starts = r->starts;
    return r->starts != NULL ? DP_OK : dp_arena_fail(arena, err, "the sequences of an index");
}

dp_status dp_tokens_index(dp_tokens_file *f, const dp_file *index, const char *path, bool starts,
                          dp_arena *arena, const dp_options *options, dp_error *err)
{
    reading r = {.f = f, .file = index, .path = path};
    dp_status status = index->size < HEADER ? bad(&r, err, "is cut") : read_header(&r, err);

    if (status == DP_OK && starts)
        status = keep_starts(&r, arena, err);
    if (status == DP_OK)
        status = read_all(&r, options, err);
    if (status == DP_OK)
        status = check_documents(&r, err);
    if (status == DP_OK && f->file.size != f->n * dp_dtype_size(f->dtype))
        return dp_fail(err, DP_ECORRUPT, "%.100s has %llu bytes: %.100s says %llu tokens of %zu",
                       f->path, (unsigned long long)f->file.size, path, (unsigned long long)f->n,
                       dp_dtype_size(f->dtype));
    return status;
}
