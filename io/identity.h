/* identity.h - the digest of a data set, and whether its files are still those that were opened
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_IDENTITY_H
#define IO_IDENTITY_H

#include "io/reader.h"

/* How the digest of a data set begins, names as in its dp_source; then come the columns of each
 * record as dp_hash_tensor has them. */
void dp_identity_start(dp_hash *, uint64_t n_records, const dp_column *, uint32_t n_columns,
                       uint64_t names);

/* DP_OK, or what the reader says of its files. */
dp_status dp_source_unchanged(const dp_reader *, const dp_source *, bool accept, dp_error *);

/* Digest of every record in order and of the labels' names, the same whatever container the records
 * came from (or of what they are made from); kept in options->identities when that is asked for.
 * It is that of what was opened: DP_ESTATE when a file changed since, also while it was read. */
dp_status dp_source_identity(const dp_reader *, const dp_source *, const dp_options *,
                             uint8_t digest[16], dp_error *);

/* What is equal of two sources that read the same files, unchanged; of records that are in memory
 * or made, of the records. */
dp_status dp_source_stamp(const dp_reader *, const dp_source *, const dp_options *, uint64_t *stamp,
                          dp_error *);

/* What is equal of two sources that read the same files, unchanged; of records that are in memory
 * or made, of the records. */
dp_status dp_source_stamp(const dp_reader *, const dp_source *, const dp_options *, uint64_t *stamp,
                          dp_error *);

#endif
