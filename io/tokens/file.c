/* file.c - a file of tokens opened: llm.c's, Megatron's or bare numbers, by its content
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * llm.c (dev/data/data_common.py): 256 int32, of which the first three are magic, version and
 * number of tokens; then the tokens.  nanoGPT: the tokens alone.  Megatron: the tokens alone, and a
 * file beside them that says how many and of which type (index.c).  All little-endian.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/sniff.h"
#include "base/tensor.h"
#include "io/tokens/tokens.h"

#define LLMC_HEADER 1024
#define LLMC_EVAL   20240522

static const struct {
    uint32_t magic, version;
    dp_dtype dtype;
} llmc[] = {{20240520, 1, DP_U16}, {20240801, 7, DP_U32}};
#define N_LLMC (sizeof llmc / sizeof llmc[0])

static const uint8_t megatron[9] = "MMIDIDX\0";

/* The first bytes of a file, zeros behind its end. */
typedef struct head {
    uint8_t bytes[12];
} head;

static dp_status read_head(const dp_tokens_file *f, head *h, dp_error *err)
{
    size_t got;
    const int error = dp_file_read_at(&f->file, 0, h->bytes, sizeof h->bytes, &got);

    memset(h->bytes + got, 0, sizeof h->bytes - got);
    return error == 0 ? DP_OK
                      : dp_fail(err, DP_EIO, "cannot read %.160s: %s", f->path,
                                dp_file_why(&f->file, error));
}

static bool is_megatron(const head *h) { return memcmp(h->bytes, megatron, sizeof megatron) == 0; }

static int32_t format_of(const head *h)
{
    const uint32_t magic = (uint32_t)dp_load_le(h->bytes, 4);

    for (size_t i = 0; i < N_LLMC; i++) {
        if (magic == llmc[i].magic)
            return DP_TOKENS_LLMC;
    }
    return magic == LLMC_EVAL ? DP_TOKENS_LLMC
           : is_megatron(h)   ? DP_TOKENS_MEGATRON
                              : DP_TOKENS_BARE;
}

/* ---- llm.c ---- */

static dp_status check_size(const dp_tokens_file *f, dp_error *err)
{
    const size_t size = dp_dtype_size(f->dtype);

    if (f->file.size == f->header + f->n * size)
        return DP_OK;
    return dp_fail(err, DP_ECORRUPT,
                   "%.120s has %llu bytes: its header says %llu tokens of %zu bytes behind %llu",
                   f->path, (unsigned long long)f->file.size, (unsigned long long)f->n, size,
                   (unsigned long long)f->header);
}

static dp_status open_llmc(dp_tokens_file *f, const head *h, dp_error *err)
{
    const uint32_t magic = (uint32_t)dp_load_le(h->bytes, 4),
                   version = (uint32_t)dp_load_le(h->bytes + 4, 4),
                   n = (uint32_t)dp_load_le(h->bytes + 8, 4);

    if (magic == LLMC_EVAL)
        return dp_fail(err, DP_ECORRUPT,
                       "%.120s holds questions and answers of an evaluation (llm.c, 20240522), not "
                       "a text of tokens",
                       f->path);
    for (size_t i = 0; i < N_LLMC; i++) {
        if (magic != llmc[i].magic)
            continue;
        if (version != llmc[i].version)
            return dp_fail(err, DP_ECORRUPT, "%.120s is version %u of llm.c's %u: %u is known",
                           f->path, version, magic, llmc[i].version);
        if (n > INT32_MAX)
            return dp_fail(err, DP_ECORRUPT, "%.120s says that it has %d tokens", f->path,
                           (int)(int32_t)n);
        f->dtype = llmc[i].dtype;
        f->header = LLMC_HEADER;
        f->n = n;
        return check_size(f, err);
    }
    return dp_fail(err, DP_ECORRUPT,
                   "%.120s begins with %u: llm.c's files with 20240520 or 20240801%s", f->path,
                   magic, dp_sniff_file(&f->file).text);
}

/* ---- bare ---- */

/* PATH with another end. */
static char *sibling(const char *path, const char *end, dp_arena *arena)
{
    const size_t n = strlen(path);
    char *other = n >= 4 ? dp_arena_text(arena, path, n) : NULL;

    if (other != NULL)
        memcpy(other + n - 4, end, 4);
    return other;
}

static bool ends_in(const char *path, const char *end)
{
    const size_t n = strlen(path);
    return n >= 4 && memcmp(path + n - 4, end, 4) == 0;
}

/* A file that was only taken for bare numbers must not be something else. */
static dp_status check_bare(const dp_tokens_file *f, dp_opener *opener, dp_error *err)
{
    const dp_sniffed what = dp_sniff_file(&f->file);
    const char *index = ends_in(f->path, ".bin") ? sibling(f->path, ".idx", opener->arena) : NULL;
    dp_tokens_file beside = {.path = index};
    dp_status status;
    bool found = false;
    head h;

    if (what.text[0] != '\0')
        return dp_fail(err, DP_ECORRUPT,
                       "%.120s holds no tokens%s: format=bare reads it as numbers all the same",
                       f->path, what.text);
    if (index == NULL)
        return DP_OK;
    status = dp_opener_open(opener, index, &beside.file, err);
    if (status != DP_OK)
        return opener->missing ? DP_OK : status;
    found = read_head(&beside, &h, NULL) == DP_OK && is_megatron(&h);
    dp_file_close(&beside.file);
    return !found ? DP_OK
                  : dp_fail(err, DP_ECORRUPT,
                            "%.100s has a Megatron index beside it: give file=%.100s, or "
                            "format=bare",
                            f->path, index);
}

static dp_status open_bare(dp_tokens_file *f, const dp_tokens_how *how, dp_opener *opener,
                           dp_error *err)
{
    const size_t size = dp_dtype_size(how->dtype);
    const dp_status status = how->format == DP_TOKENS_AUTO ? check_bare(f, opener, err) : DP_OK;

    f->dtype = how->dtype;
    f->header = 0;
    f->n = f->file.size / size;
    if (status == DP_OK && f->file.size % size != 0)
        return dp_fail(err, DP_ECORRUPT, "%.120s has %llu bytes: not a whole number of %s", f->path,
                       (unsigned long long)f->file.size, dp_dtype_name(how->dtype));
    return status;
}

/* ---- Megatron ---- */

static dp_status open_tokens(dp_tokens_file *f, const dp_file *index, const char *path,
                             const dp_tokens_how *how, dp_opener *opener, dp_error *err)
{
    dp_status status;

    f->path = sibling(path, ".bin", opener->arena);
    if (f->path == NULL)
        return dp_arena_fail(opener->arena, err, "a path");
    status = dp_opener_open(opener, f->path, &f->file, err);
    if (status != DP_OK)
        return status;
    f->stamp = dp_stamp_add(f->stamp, f->file.stamp);
    return dp_tokens_index(f, index, path, how->starts, opener->arena, opener->options, err);
}

/* `f` has the index open, and gets the tokens in its place. */
static dp_status open_megatron(dp_tokens_file *f, const head *h, const dp_tokens_how *how,
                               dp_opener *opener, dp_error *err)
{
    const char *path = f->path;
    dp_file index;
    dp_status status;

    if (!is_megatron(h) || !ends_in(path, ".idx"))
        return dp_fail(err, DP_ECORRUPT,
                       "%.120s is not a Megatron index, whose name ends in .idx%s", path,
                       is_megatron(h) ? "" : dp_sniff_file(&f->file).text);
    index = f->file;
    f->file = (dp_file){.fd = -1};
    status = open_tokens(f, &index, path, how, opener, err);
    dp_file_close(&index);
    return status;
}

static dp_status open_as(dp_tokens_file *f, const dp_tokens_how *how, dp_opener *opener,
                         dp_error *err)
{
    head h;
    const dp_status status = read_head(f, &h, err);

    if (status != DP_OK)
        return status;
    f->format = how->format == DP_TOKENS_AUTO ? format_of(&h) : how->format;
    if (f->format == DP_TOKENS_LLMC)
        return open_llmc(f, &h, err);
    if (f->format == DP_TOKENS_MEGATRON)
        return open_megatron(f, &h, how, opener, err);
    return open_bare(f, how, opener, err);
}

dp_status dp_tokens_open(dp_tokens_file *f, const char *path, const dp_tokens_how *how,
                         dp_opener *opener, dp_error *err)
{
    dp_status status;

    *f = (dp_tokens_file){.path = path, .file.fd = -1};
    status = dp_opener_open(opener, path, &f->file, err);
    f->stamp = f->file.stamp;
    if (status == DP_OK)
        status = open_as(f, how, opener, err);
    if (status != DP_OK)
        dp_file_close(&f->file);
    else if (!how->stay)
        dp_file_rest(&f->file);
    f->limit = how->vocab_size != 0 ? how->vocab_size : (uint64_t)1 << 31;
    return status;
}
