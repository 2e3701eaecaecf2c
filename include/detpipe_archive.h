/* detpipe_archive.h - files of named tensors: .ckpt (MindSpore), .pt (PyTorch), .safetensors, .npz
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Whichever of them a file is, is seen from its bytes.  docs/checkpoint.md has the formats.
 */
#ifndef DETPIPE_ARCHIVE_H
#define DETPIPE_ARCHIVE_H

#include "detpipe_base.h"

DP_BEGIN_DECLS

typedef struct dp_archive dp_archive;
typedef struct dp_named_tensor {
    const char *name, *type; /* "float32", "bfloat16", "bool", "str" (UTF-32), ... */
    int32_t rank;
    int64_t shape[DP_MAX_RANK];
    const uint8_t *data;  /* little-endian, C order; lives as long as the archive */
    uint64_t count, size; /* elements, bytes */
} dp_named_tensor;

/* All is read and checked at open: the file may go.  DP_ELIMIT: it would take more than
 * dp_options.memory.  n tensors are saved, atomically, as .safetensors or .npz (suffix), if
 * they can be opened again: DP_EINVAL names the one whose name is not printable, too long or there
 * twice, whose type there is not, or whose rank, shape, count, size and data do not agree. */
DP_CALL dp_status dp_archive_open(dp_archive **, const char *path, const dp_options *, dp_error *);
DP_API void dp_archive_close(dp_archive *);
DP_API const char *dp_archive_format_name(const dp_archive *);
DP_API const dp_named_tensor *dp_archive_get(const dp_archive *, size_t index); /* or NULL */
DP_API const dp_named_tensor *dp_archive_find(const dp_archive *, const char *name);
DP_CALL dp_status dp_archive_save(const dp_named_tensor *, size_t n, const char *path, dp_error *);
DP_END_DECLS
#endif
