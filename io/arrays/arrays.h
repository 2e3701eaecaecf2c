/* arrays.h - numpy's arrays in files, whose first index counts the records
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_ARRAYS_ARRAYS_H
#define IO_ARRAYS_ARRAYS_H

#include "base/file.h"
#include "io/reader.h"

/* One array: its elements lie in a file, or were unpacked from one. */
typedef struct dp_stored {
    const char *name;     /* of it, for messages: its file, or "FILE: its member" */
    const dp_file *file;  /* where its elements are, from `at` on */
    const uint8_t *bytes; /* or where they are in memory; NULL = in the file */
    uint64_t at;
    dp_tensor type; /* shape[0] = records */
    size_t size;    /* bytes of a record */
    bool big;       /* its elements are big-endian */
} dp_stored;

/* Arrays side by side: the columns of a reader. */
typedef struct dp_arrays {
    dp_stored array[DP_MAX_COLUMNS];
    uint32_t n;
    const dp_column *columns; /* of the source */
    dp_file files[DP_MAX_COLUMNS];
    const char *paths[DP_MAX_COLUMNS];
    uint32_t n_files;
} dp_arrays;

/* Opens a file, as the last of the arrays' files. */
dp_status dp_arrays_file(dp_arrays *, const char *path, dp_opener *, dp_error *);

/* The head of an array of `size` bytes that lie as it says (name, file, bytes, at): afterwards they
 * are its elements.  DP_ECORRUPT when it is damaged, of a kind that is not read, or its elements
 * are not as many. */
dp_status dp_stored_open(dp_stored *, uint64_t size, dp_error *);

/* One column more.  DP_ECORRUPT when it has other records than the first one; DP_ESPEC as
 * dp_source_add. */
dp_status dp_arrays_add(dp_arrays *, const char *column, size_t length, const dp_stored *,
                        dp_arena *, dp_source *, dp_error *);

/* What is left to do when all are there: the limits of labels, the column id. */
dp_status dp_arrays_done(dp_arrays *, const dp_options *, dp_arena *, dp_source *, dp_error *);

/* Of the readers' rows. */
bool dp_arrays_ahead(const void *state, uint64_t record, const dp_when *);
dp_status dp_arrays_read(const void *state, uint64_t record, void *const columns[], dp_error *);
dp_status dp_arrays_unchanged(void *state, bool accept, dp_error *);
void dp_arrays_close(void *state);

#endif
