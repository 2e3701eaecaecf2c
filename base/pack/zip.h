/* zip.h - the members of a ZIP file: where .npz and .pt keep what they hold
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * PKWARE's APPNOTE.TXT, as far as Python's zipfile and PyTorch use it: stored or deflated, ZIP64,
 * data descriptors; no comment, no encryption, one disk.  The directory says what there is; it is
 * the last thing in the file but for its end.
 */
#ifndef BASE_PACK_ZIP_H
#define BASE_PACK_ZIP_H

#include "base/alloc.h"

typedef struct dp_zip {
    const uint8_t *bytes;
    uint64_t count;            /* members; not yet known to be there */
    uint64_t done;             /* that dp_zip_next gave */
    size_t directory, at, end; /* where it begins, its next row is, it ends */
} dp_zip;

typedef struct dp_zip_member {
    const char *name; /* in the file, without NUL */
    size_t name_length;
    uint64_t number; /* 1 is the first */
    uint32_t flags, method, crc;
    uint64_t packed, size, offset;
    bool unsummed;       /* it has no CRC: none is checked */
    const uint8_t *data; /* as it lies in the file; after dp_zip_unpack `size` bytes */
} dp_zip_member;

/* ---- a file in memory ---- */

/* NULL, or what is wrong with the file: "its directory is damaged". */
const char *dp_zip_open(const uint8_t *bytes, size_t n, dp_zip *out);
/* Whether the first bytes are those of a ZIP file. */
bool dp_zip_is(const uint8_t *bytes, size_t n);

/* The next of zip->count members.  False: its row is damaged, or its bytes are not there. */
bool dp_zip_next(dp_zip *, dp_zip_member *);
/* Whether the last row ends the directory. */
bool dp_zip_at_end(const dp_zip *);

/* The bytes of a member, in the arena where they are deflated, checked by their CRC.  DP_ECORRUPT:
 * *why says what is wrong, to stand behind the member's name; DP_ENOMEM, DP_ELIMIT. */
dp_status dp_zip_unpack(dp_zip_member *, dp_arena *, const char **why, dp_error *);

/* ---- what it is made of, wherever it lies (zip_file.h) ---- */

typedef struct dp_zip_end {
    uint64_t here, count;      /* members on this disk, of all */
    uint64_t size, start, end; /* bytes of the directory; where it begins and ends in the file */
} dp_zip_end;

/* From the last n bytes of a file of `size`: DP_ZIP_MOST_END, or all that it has.  As dp_zip_open.
 */
const char *dp_zip_find_end(const uint8_t *last, size_t n, uint64_t size, dp_zip_end *out);

/* A row of the directory, `left` bytes before its end: the bytes of the row; 0 = it is damaged. */
size_t dp_zip_row(const uint8_t *row, uint64_t left, dp_zip_member *);

/* NULL, or why a member cannot be unpacked at all: "is encrypted". */
const char *dp_zip_check(const dp_zip_member *);

#endif
