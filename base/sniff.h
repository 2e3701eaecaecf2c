/* sniff.h - what a file is that is not what was expected
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_SNIFF_H
#define BASE_SNIFF_H

#include <stdbool.h>

#include "base/file.h"

#define DP_SNIFF_SIZE 512 /* first bytes that are looked at */

/* By its first bytes, in words: "a JPEG picture", often with what to do; NULL = nothing known.
 * *container, unless it is NULL: whether archives of tensors may be such (ZIP, .safetensors). */
const char *dp_sniff(const uint8_t *bytes, size_t n, bool *container);

/* Whether torch.save or torch.jit.save wrote it. */
bool dp_sniff_is_torch(const uint8_t *bytes, size_t n);

/* The same of an open file, between other words: " (it is a JPEG picture)", or "". */
typedef struct dp_sniffed {
    char text[120];
} dp_sniffed;
dp_sniffed dp_sniff_bytes(const uint8_t *bytes, size_t n);
dp_sniffed dp_sniff_file(const dp_file *);

#endif
