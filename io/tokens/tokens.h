/* tokens.h - files of tokens: what a file is, its tokens as int32, the order of Megatron
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_TOKENS_TOKENS_H
#define IO_TOKENS_TOKENS_H

#include "base/alloc.h"
#include "base/file.h"
#include "base/status.h"
#include "io/remote/remote.h"

enum { DP_TOKENS_AUTO, DP_TOKENS_LLMC, DP_TOKENS_BARE, DP_TOKENS_MEGATRON };

/* A file of n tokens, one after another behind `header` bytes; closed between two reads, if it does
 * not stay open. */
typedef struct dp_tokens_file {
    dp_file file;
    const char *path;
    uint64_t stamp; /* of all that was read at open */
    uint64_t header, n;
    uint64_t limit; /* tokens are below it */
    dp_dtype dtype;
    int32_t format;
    const uint64_t
        *starts; /* of Megatron, if it is kept: the first token of each sequence, and n */
    uint64_t n_sequences;
} dp_tokens_file;

/* What is asked of a file. */
typedef struct dp_tokens_how {
    int32_t format;      /* DP_TOKENS_AUTO: by its content */
    dp_dtype dtype;      /* of a bare file */
    uint64_t vocab_size; /* 0 = not known */
    bool starts;         /* are kept */
    bool stay;           /* open */
} dp_tokens_how;

/* DP_ECORRUPT unless the file is what its head says, to the byte.  Nothing stays open on failure.
 */
dp_status dp_tokens_open(dp_tokens_file *, const char *path, const dp_tokens_how *, dp_opener *,
                         dp_error *);

/* Part of a window of `length` inputs, each with the token after it as its label: `n` tokens of a
 * file, from number `at` on, are the window's tokens from `place` on, of 0 .. length. */
typedef struct dp_tokens_part {
    uint64_t at, n, place, length, record;
    int32_t *input, *label;
    uint8_t *keep; /* where the file's own numbers go, n of them; NULL = nowhere */
} dp_tokens_part;

/* Reads it.  A failure names the file and the token. */
dp_status dp_tokens_read(const dp_tokens_file *, const dp_tokens_part *, dp_error *);

/* The same from what was kept. */
void dp_tokens_again(const dp_tokens_file *, const uint8_t *kept, const dp_tokens_part *);

/* A Megatron index (PREFIX.idx), open, read into the dtype, n, n_sequences and starts of
 * PREFIX.bin, which it must fit. */
dp_status dp_tokens_index(dp_tokens_file *, const dp_file *index, const char *path, bool starts,
                          dp_arena *, const dp_options *, dp_error *);

/* The samples of Megatron's GPTDataset: windows of a text that is laid out of shuffled sequences,
 * some epochs of them, and then shuffled themselves. */
typedef struct dp_megatron {
    const dp_tokens_file *file;
    uint64_t length;
    uint64_t first, n_sequences, n_tokens; /* of the file, that are taken */
    uint64_t n_laid;                       /* sequences of the text */
    uint32_t *sequences;                   /* their numbers in the file */
    uint64_t *ends;                        /* tokens of the text up to and with each */
    uint64_t n_samples;
    uint32_t *samples; /* of each record: the place of its window in the text */
} dp_megatron;

/* Which sequences are taken: a part of n, by their shares.  DP_ESPEC when there are none. */
dp_status dp_megatron_split(dp_megatron *, const double *shares, int32_t n, int32_t part,
                            dp_error *);

/* num_samples as the library is asked for, 0 for one epoch.  DP_ESPEC when the text is shorter than
 * a window; DP_ELIMIT for more than 2^32 - 2 windows. */
dp_status dp_megatron_plan(dp_megatron *, uint32_t seed, uint64_t num_samples, dp_arena *,
                           dp_error *);

/* The window of a record; `part` has its length, record and buffers. */
dp_status dp_megatron_read(const dp_megatron *, dp_tokens_part part, dp_error *);

#endif
