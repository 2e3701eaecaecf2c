/* zip_format.h - the records of a ZIP file: where .npz and .pt keep what they hold
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_PACK_ZIP_FORMAT_H
#define BASE_PACK_ZIP_FORMAT_H

#include "base/bytes.h"

/* First four bytes of a member, of its row in the directory, of the end. */
#define DP_ZIP_LOCAL_MAGIC  0x04034b50u
#define DP_ZIP_MEMBER_MAGIC 0x02014b50u
#define DP_ZIP_END_MAGIC    0x06054b50u
/* Bytes of each of them, without names and extras. */
#define DP_ZIP_LOCAL_SIZE  30
#define DP_ZIP_MEMBER_SIZE 46
#define DP_ZIP_END_SIZE    22
/* Where numbers are wider: an end with its locator, in front of that end, and an extra of a row. */
#define DP_ZIP64_END_MAGIC     0x06064b50u
#define DP_ZIP64_END_SIZE      56
#define DP_ZIP64_LOCATOR_MAGIC 0x07064b50u
#define DP_ZIP64_LOCATOR_SIZE  20
#define DP_ZIP64_EXTRA         1
/* Bytes of all that ends a file. */
#define DP_ZIP_MOST_END (DP_ZIP64_END_SIZE + DP_ZIP64_LOCATOR_SIZE + DP_ZIP_END_SIZE)
/* How a member is packed. */
#define DP_ZIP_STORED   0
#define DP_ZIP_DEFLATED 8

static inline uint32_t dp_zip_u16(const uint8_t *p) { return (uint32_t)dp_load_le(p, 2); }
static inline uint32_t dp_zip_u32(const uint8_t *p) { return (uint32_t)dp_load_le(p, 4); }

#endif
