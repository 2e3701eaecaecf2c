/* safetensors.h - pieces of the format that the checkpoints of nets are made of, too
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ARCHIVE_SAFETENSORS_H
#define ARCHIVE_SAFETENSORS_H

#include "base/writer.h"
#include "lang/text.h"

#define DP_MAX_SAFETENSORS_HEADER (64 << 20)

struct dp_archive;
/* A text of the metadata that the caller asks for; value: NULL before, and where there is none. */
typedef struct dp_safetensors_meta {
    const char *key, *value;
} dp_safetensors_meta;

/* Adds the tensors that the header of n bytes describes, which lie in the data, and fills in the
 * metadata, which ends with a NULL key.  DP_ECORRUPT names the byte. */
dp_status dp_safetensors_parse(struct dp_archive *, const char *header, size_t n,
                               const uint8_t *data, uint64_t size, dp_safetensors_meta *);

/* "name":{"dtype":..,"shape":[..],"data_offsets":[offset,offset + size]} */
void dp_safetensors_describe(dp_out *, const char *name, const char *type, int32_t rank,
                             const int64_t *shape, uint64_t offset, uint64_t size);
/* Blanks, so that the data begins at a multiple of 8. */
void dp_safetensors_pad(dp_out *);
void dp_safetensors_put_header(dp_writer *, const char *text, size_t n);

#endif
