/* tokens.c - windows of tokens: each with the same, a token further on, as its labels
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A window is length + 1 tokens; windows begin `stride` tokens after one another, in the order of
 * the file or as Megatron has them.
 */
#include <string.h>

#include "base/hash.h"
#include "base/options.h"
#include "io/source.h"
#include "io/tokens/tokens.h"

typedef struct tokens {
    const char *file;
    int64_t length, stride, vocab_size, seed, num_samples;
    int32_t format, dtype, tail, order;
} tokens;

enum { DROP, REFUSE };
enum { OF_FILE, OF_MEGATRON };

static const dp_param params[] = {
    DP_LONG_TEXT(tokens, file, NULL, "llm.c's .bin, Megatron's .idx, or bare numbers"),
    DP_INT(tokens, length, NULL, 1, 1 << 28, "inputs of a window"),
    DP_INT(tokens, stride, "0", 0, 9e15, "tokens from one window to the next; 0 = length"),
    DP_CHOICE(tokens, format, "auto", "auto,llmc,bare,megatron", "of the file; auto: by content"),
    DP_CHOICE(tokens, dtype, "uint16", "uint16,uint32", "of the numbers of a bare file"),
    DP_INT(tokens, vocab_size, "0", 0, 2147483648.0, "tokens are below it; 0 = not checked"),
    DP_CHOICE(tokens, tail, "drop", "drop,refuse", "what fills no window at the end of a file"),
    DP_CHOICE(tokens, order, "file", "file,megatron", "whose windows"),
    DP_INT(tokens, seed, "1234", 0, 4294967295.0, "of order=megatron"),
    DP_INT(tokens, num_samples, "0", 0, 4294967295.0, "of order=megatron; 0 = one epoch"),
    DP_PARAMS_END,
};

typedef struct state {
    const tokens *params;
    uint64_t length, stride;
    dp_tokens_file file;
    dp_megatron megatron;
} state;

static dp_status check_idle(const tokens *p, dp_error *err)
{
    if (p->order == OF_FILE)
        return p->seed != 1234       ? dp_params_idle("seed", "order=megatron", err)
               : p->num_samples != 0 ? dp_params_idle("num_samples", "order=megatron", err)
                                     : DP_OK;
    return p->stride == 0 || p->stride == p->length
               ? DP_OK
               : dp_fail(err, DP_ESPEC, "order=megatron has windows at a stride of length");
}

static dp_status open_file(state *s, const dp_options *options, dp_arena *arena, dp_error *err)
{
    const tokens *p = s->params;
    const dp_tokens_how how = {p->format, p->dtype == 0 ? DP_U16 : DP_U32, (uint64_t)p->vocab_size,
                               p->order == OF_MEGATRON};
    const char *path = dp_path_join(arena, options->root, p->file);
    dp_status status;

    if (path == NULL)
        return dp_arena_fail(arena, err, "a path");
    status = dp_tokens_open(&s->file, path, &how, arena, options, err);
    if (status != DP_OK)
        return status;
    if (p->dtype != 0 && s->file.format != DP_TOKENS_BARE)
        return dp_params_idle("dtype", "a file of bare numbers", err);
    if (p->order == OF_MEGATRON && s->file.format != DP_TOKENS_MEGATRON)
        return dp_params_idle("order=megatron", "Megatron's .idx", err);
    return DP_OK;
}

/* Windows of n tokens; what they leave is told, or refused. */
static dp_status cut(const state *s, uint64_t n, uint64_t *windows, uint64_t *left, dp_error *err)
{
    const uint64_t size = s->length + 1;

    if (n < size)
        return dp_fail(err, DP_ECORRUPT, "%.120s has %llu tokens: fewer than a window of %llu",
                       s->file.path, (unsigned long long)n, (unsigned long long)size);
    *windows = (n - size) / s->stride + 1;
    *left = n - size - (*windows - 1) * s->stride;
    if (*left == 0 || s->params->tail != REFUSE)
        return DP_OK;
    return dp_fail(
        err, DP_ECORRUPT,
        "the last %llu of %llu tokens of %.120s fill no window of %llu: tail=drop leaves "
        "them out",
        (unsigned long long)*left, (unsigned long long)n, s->file.path, (unsigned long long)size);
}

static dp_status plan(state *s, const dp_options *options, dp_arena *arena, uint64_t *windows,
                      dp_error *err)
{
    const tokens *p = s->params;
    uint64_t left = 0, n = s->file.n;
    dp_status status = DP_OK;

    if (p->order == OF_MEGATRON) {
        s->megatron.file = &s->file;
        s->megatron.length = s->length;
        status =
            dp_megatron_plan(&s->megatron, (uint32_t)p->seed, (uint64_t)p->num_samples, arena, err);
        n = status == DP_OK && s->megatron.n_laid > 0 ? s->megatron.ends[s->megatron.n_laid - 1]
                                                      : n;
    }
    if (status == DP_OK)
        status = cut(s, n, windows, &left, err);
    if (status == DP_OK && left > 0)
        dp_log(options, "tokens: the last %llu of %llu tokens fill no window of %llu: left out",
               (unsigned long long)left, (unsigned long long)n, (unsigned long long)s->length + 1);
    return status;
}

static dp_status add_columns(const state *s, dp_source *out, dp_arena *arena, dp_error *err)
{
    const dp_tensor window = {.dtype = DP_I32, .rank = 1, .shape = {(int64_t)s->length}},
                    id = {.dtype = DP_I64};
    dp_status status = dp_source_add(out, "input", 5, &window, arena, err);

    if (status == DP_OK)
        status = dp_source_add(out, "label", 5, &window, arena, err);
    if (status == DP_OK)
        status = dp_source_add(out, "id", 2, &id, arena, err);
    if (status == DP_OK) {
        out->columns[0].limit = out->columns[1].limit = (uint64_t)s->params->vocab_size;
        out->columns[2].limit = out->n_records;
    }
    return status;
}

static uint64_t stamp_of(const state *s)
{
    const tokens *p = s->params;
    const uint64_t numbers[] = {
        s->file.stamp,      s->stride,         (uint64_t)s->file.format, (uint64_t)s->file.dtype,
        (uint64_t)p->order, (uint64_t)p->seed, (uint64_t)p->num_samples};
    return dp_hash64(numbers, sizeof numbers) | 1;
}

static dp_status open_source(const void *params_, const dp_options *options, dp_arena *arena,
                             dp_source *out, dp_error *err)
{
    const tokens *p = params_;
    state *s = dp_arena_alloc(arena, 1, sizeof *s);
    dp_status status = check_idle(p, err);

    if (status != DP_OK || s == NULL)
        return status != DP_OK ? status : dp_arena_fail(arena, err, "tokens");
    s->params = p;
    s->length = (uint64_t)p->length;
    s->stride = p->stride == 0 ? s->length : (uint64_t)p->stride;
    s->file.file.fd = -1;
    status = open_file(s, options, arena, err);
    if (status == DP_OK)
        status = plan(s, options, arena, &out->n_records, err);
    if (status == DP_OK)
        status = add_columns(s, out, arena, err);
    if (status != DP_OK)
        dp_file_close(&s->file.file);
    out->stamp = stamp_of(s);
    out->state = s;
    return status;
}

static dp_status read_record(const void *state_, uint64_t record, void *const columns[],
                             dp_error *err)
{
    const state *s = state_;
    const dp_tokens_part part = {.at = record * s->stride,
                                 .n = s->length + 1,
                                 .length = s->length,
                                 .record = record,
                                 .input = columns[0],
                                 .label = columns[1]};

    *(int64_t *)columns[2] = (int64_t)record;
    return s->params->order == OF_MEGATRON ? dp_megatron_read(&s->megatron, part, err)
                                           : dp_tokens_read(&s->file, &part, err);
}

static dp_status unchanged(void *state_, bool accept, dp_error *err)
{
    state *s = state_;
    return dp_file_unchanged(&s->file.file, s->file.path, accept, err);
}

static void close_source(void *state_) { dp_file_close(&((state *)state_)->file.file); }

const dp_reader dp_reader_tokens = {
    .info = {"reader", "tokens", "windows of a text of tokens", 1, sizeof(tokens), params},
    .open = open_source,
    .read = read_record,
    .unchanged = unchanged,
    .close = close_source,
};
