/* source.h - columns and buffers of what a reader opens
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_SOURCE_H
#define IO_SOURCE_H

#include "base/file.h"
#include "io/reader.h"

/* One column more, below its type's limit; its name is copied.  DP_ESPEC when the name is taken,
 * the element too large, the columns too many, or the name
 * none that can be printed. */
dp_status dp_source_add(dp_source *, const char *name, size_t length, const dp_tensor *type,
                        dp_arena *, dp_error *);

/* Bytes of a record in an open file, called path. */
typedef struct dp_stretch {
    const dp_file *file;
    const char *path;
    uint64_t at;
    size_t n;
} dp_stretch;

/* Reads them; DP_EIO, or DP_ECORRUPT when the file ends before, names the record and the file. */
dp_status dp_source_bytes(const dp_stretch *, uint64_t record, void *out, dp_error *);

/* Room for one record, a buffer a column, for `read`. */
dp_status dp_source_buffers(const dp_source *, dp_arena *, void *columns[DP_MAX_COLUMNS],
                            dp_error *);

/* The type of one record of a column: with its own sizes, where records differ. */
dp_tensor dp_source_type(const dp_reader *, const dp_source *, uint32_t column, uint64_t record);

/* One record by the reader's read, or read_planes; a failure names the reader. */
static inline dp_status dp_source_read(const dp_reader *reader, const dp_source *source,
                                       bool planes, uint64_t record, void *const columns[],
                                       dp_error *err)
{
    const dp_status status =
        (planes ? reader->read_planes : reader->read)(source->state, record, columns, err);
    return status == DP_OK ? DP_OK : dp_stage_failed(&reader->info, 0, status, err);
}

#endif
