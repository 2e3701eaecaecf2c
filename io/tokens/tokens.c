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
#include "io/kept.h"
#include "io/shards/list.h"
#include "io/source.h"
#include "io/tokens/tokens.h"

typedef struct tokens {
    const char *file;
    int64_t length, stride, vocab_size, seed, num_samples, part;
    int32_t format, dtype, tail, order;
    dp_numbers split;
} tokens;

enum { DROP, REFUSE };
enum { OF_FILE, OF_MEGATRON };

static const dp_param params[] = {
    DP_LONG_TEXT(tokens, file, NULL,
                 "llm.c's .bin, Megatron's .idx, bare numbers; x_{000..127}.bin, @list"),
    DP_INT(tokens, length, NULL, 1, 1 << 28, "inputs of a window"),
    DP_INT(tokens, stride, "0", 0, 9e15, "tokens from one window to the next; 0 = length"),
    DP_CHOICE(tokens, format, "auto", "auto,llmc,bare,megatron", "of the file; auto: by content"),
    DP_CHOICE(tokens, dtype, "uint16", "uint16,uint32", "of the numbers of a bare file"),
    DP_INT(tokens, vocab_size, "0", 0, 2147483648.0, "tokens are below it; 0 = not checked"),
    DP_CHOICE(tokens, tail, "drop", "drop,refuse", "what fills no window at the end of a file"),
    DP_CHOICE(tokens, order, "file", "file,megatron", "whose windows"),
    DP_INT(tokens, seed, "1234", 0, 4294967295.0, "of order=megatron"),
    DP_INT(tokens, num_samples, "0", 0, 4294967295.0, "of order=megatron; 0 = one epoch"),
    DP_LATER_NUMBERS(tokens, split, "1", 0, 1e15, "of order=megatron: shares of its parts"),
    DP_LATER_INT(tokens, part, "0", 0, 2, "of the split, from 0 on"),
    DP_PARAMS_END,
};

typedef struct state {
    const tokens *params;
    uint64_t length, stride;
    dp_tokens_file *files;
    uint64_t *first; /* window of each file, and the number of all */
    size_t n;        /* that are open or were */
    dp_kept *kept;   /* windows, in the files' own numbers */
    dp_megatron megatron;
} state;

static dp_status check_idle(const tokens *p, dp_error *err)
{
    if (p->part >= p->split.n)
        return dp_fail(err, DP_ESPEC, "part=%lld of a split in %d", (long long)p->part, p->split.n);
    if (p->order == OF_FILE)
        return p->seed != 1234       ? dp_params_idle("seed", "order=megatron", err)
               : p->num_samples != 0 ? dp_params_idle("num_samples", "order=megatron", err)
               : p->split.n != 1     ? dp_params_idle("split", "order=megatron", err)
                                     : DP_OK;
    return p->stride == 0 || p->stride == p->length
               ? DP_OK
               : dp_fail(err, DP_ESPEC, "order=megatron has windows at a stride of length");
}

static dp_status open_file(state *s, const char *path, dp_opener *opener, dp_error *err)
{
    const tokens *p = s->params;
    dp_tokens_file *f = &s->files[s->n];
    const dp_tokens_how how = {.format = p->format,
                               .dtype = p->dtype == 0 ? DP_U16 : DP_U32,
                               .vocab_size = (uint64_t)p->vocab_size,
                               .starts = p->order == OF_MEGATRON,
                               .stay = s->n < DP_OPEN_SHARDS};
    const dp_status status = dp_tokens_open(f, path, &how, opener, err);

    if (status != DP_OK)
        return status;
    s->n++;
    if (p->dtype != 0 && f->format != DP_TOKENS_BARE)
        return dp_params_idle("dtype", "files of bare numbers", err);
    if (p->order == OF_MEGATRON && f->format != DP_TOKENS_MEGATRON)
        return dp_params_idle("order=megatron", "Megatron's .idx", err);
    return DP_OK;
}

static dp_status open_files(state *s, dp_opener *opener, dp_error *err)
{
    dp_shard_list list;
    dp_status status = dp_shard_list_read(s->params->file, opener, &list, err);

    if (status != DP_OK)
        return status;
    if (s->params->order == OF_MEGATRON && list.n > 1)
        return dp_fail(err, DP_ESPEC, "order=megatron takes one file, not %zu", list.n);
    s->files = dp_arena_alloc(opener->arena, list.n, sizeof *s->files);
    s->first = dp_arena_alloc(opener->arena, list.n + 1, sizeof *s->first);
    if (s->files == NULL || s->first == NULL)
        return dp_arena_fail(opener->arena, err, "the files");
    for (size_t i = 0; i < list.n && status == DP_OK; i++)
        status = open_file(s, list.paths[i], opener, err);
    return status;
}

/* Windows of n tokens, and the tokens that they leave. */
static dp_status cut(const state *s, const char *path, uint64_t n, uint64_t *windows,
                     uint64_t *left, dp_error *err)
{
    const uint64_t size = s->length + 1;

    if (n < size)
        return dp_fail(err, DP_ECORRUPT, "%.120s has %llu tokens: fewer than a window of %llu",
                       path, (unsigned long long)n, (unsigned long long)size);
    *windows = (n - size) / s->stride + 1;
    *left = n - size - (*windows - 1) * s->stride;
    if (*left == 0 || s->params->tail != REFUSE)
        return DP_OK;
    return dp_fail(
        err, DP_ECORRUPT,
        "the last %llu of %llu tokens of %.120s fill no window of %llu: tail=drop leaves "
        "them out",
        (unsigned long long)*left, (unsigned long long)n, path, (unsigned long long)size);
}

/* Tokens of a file, as often as its epochs have them. */
static dp_status plan_file(state *s, size_t i, uint64_t *n, dp_arena *arena, dp_error *err)
{
    dp_status status;

    *n = s->files[i].n;
    if (s->params->order == OF_FILE)
        return DP_OK;
    s->megatron.file = &s->files[i];
    s->megatron.length = s->length;
    status = dp_megatron_split(&s->megatron, s->params->split.v, s->params->split.n,
                               (int32_t)s->params->part, err);
    if (status == DP_OK)
        status = dp_megatron_plan(&s->megatron, (uint32_t)s->params->seed,
                                  (uint64_t)s->params->num_samples, arena, err);
    if (status == DP_OK)
        *n = s->megatron.ends[s->megatron.n_laid - 1];
    return status;
}

static dp_status plan(state *s, const dp_options *options, dp_arena *arena, dp_error *err)
{
    uint64_t all = 0, out = 0;
    dp_status status = DP_OK;

    for (size_t i = 0; i < s->n && status == DP_OK; i++) {
        uint64_t n, windows = 0, left = 0;
        status = plan_file(s, i, &n, arena, err);
        if (status == DP_OK)
            status = cut(s, s->files[i].path, n, &windows, &left, err);
        if (status != DP_OK)
            return status;
        s->first[i + 1] = s->first[i] + windows;
        all += n;
        out += left;
    }
    if (status == DP_OK && out > 0)
        dp_log(options,
               "tokens: %llu of %llu tokens, the ends of %zu files, fill no window of %llu: "
               "left out",
               (unsigned long long)out, (unsigned long long)all, s->n,
               (unsigned long long)s->length + 1);
    return status;
}

static dp_status plan_kept(state *s, const dp_options *options, dp_arena *arena, dp_error *err)
{
    size_t most = 0;

    for (size_t i = 0; i < s->n; i++) {
        const size_t size = dp_dtype_size(s->files[i].dtype);
        most = size > most ? size : most;
    }
    return dp_kept_plan(&s->kept, s->first[s->n], (s->length + 1) * most, options, arena, err);
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
    const uint64_t numbers[] = {s->stride,         (uint64_t)p->order,
                                (uint64_t)p->seed, (uint64_t)p->num_samples,
                                s->megatron.first, s->megatron.n_sequences};
    uint64_t stamp = dp_hash64(numbers, sizeof numbers);

    for (size_t i = 0; i < s->n; i++) {
        const dp_tokens_file *f = &s->files[i];
        stamp = dp_stamp_add(stamp, f->stamp);
        stamp = dp_stamp_add(stamp, (uint64_t)f->format << 8 | (uint64_t)f->dtype);
    }
    return stamp;
}

static void close_source(void *state_)
{
    state *s = state_;

    for (size_t i = 0; i < s->n; i++)
        dp_file_close(&s->files[i].file);
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
    status = open_files(s, &out->opener, err);
    if (status == DP_OK)
        status = plan(s, options, arena, err);
    if (status == DP_OK) {
        out->n_records = s->first[s->n];
        status = add_columns(s, out, arena, err);
    }
    if (status == DP_OK && p->order == OF_FILE)
        status = plan_kept(s, options, arena, err);
    if (status != DP_OK) {
        close_source(s);
        return status;
    }
    out->stamp = stamp_of(s);
    out->state = s;
    return status;
}

/* The file of a window. */
static size_t find(const state *s, uint64_t window)
{
    size_t low = 0, high = s->n;

    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (s->first[middle] <= window)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* From memory, or from the file and then into memory. */
static dp_status read_window(const state *s, const dp_tokens_file *f, dp_tokens_part *part,
                             dp_error *err)
{
    const uint8_t *kept = dp_kept_find(s->kept, part->record);
    dp_status status;

    if (kept != NULL) {
        dp_tokens_again(f, kept, part);
        return DP_OK;
    }
    part->keep = dp_kept_claim(s->kept, part->record);
    status = dp_tokens_read(f, part, err);
    if (status == DP_OK && part->keep != NULL)
        dp_kept_fill(s->kept, part->record);
    return status;
}

static dp_status read_record(const void *state_, uint64_t record, void *const columns[],
                             dp_error *err)
{
    const state *s = state_;
    const size_t i = find(s, record);
    dp_tokens_part part = {.at = (record - s->first[i]) * s->stride,
                           .n = s->length + 1,
                           .length = s->length,
                           .record = record,
                           .input = columns[0],
                           .label = columns[1]};

    *(int64_t *)columns[2] = (int64_t)record;
    return s->params->order == OF_MEGATRON ? dp_megatron_read(&s->megatron, part, err)
                                           : read_window(s, &s->files[i], &part, err);
}

/* Megatron's order joins pieces of documents, which each read brings. */
static bool ahead(const void *state_, uint64_t record, const dp_when *when)
{
    const state *s = state_;
    const size_t i = find(s, record);
    const dp_tokens_file *f = &s->files[i];
    const uint64_t size = dp_dtype_size(f->dtype);

    return s->params->order == OF_MEGATRON || dp_kept_find(s->kept, record) != NULL ||
           dp_file_ahead(&f->file, f->header + (record - s->first[i]) * s->stride * size,
                         (s->length + 1) * size, when);
}

static void prefetch(const void *state_, uint64_t record)
{
    dp_kept_prefetch(((const state *)state_)->kept, record);
}

static dp_status unchanged(void *state_, bool accept, dp_error *err)
{
    state *s = state_;
    dp_status status = DP_OK;

    for (size_t i = 0; i < s->n && status == DP_OK; i++)
        status = dp_file_unchanged(&s->files[i].file, s->files[i].path, accept, err);
    return status;
}

const dp_reader dp_reader_tokens = {
    .info = {"reader", "tokens", "windows of a text of tokens", 1, sizeof(tokens), params},
    .open = open_source,
    .read = read_record,
    .ahead = ahead,
    .prefetch = prefetch,
    .unchanged = unchanged,
    .close = close_source,
};
