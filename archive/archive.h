/* archive.h - files of named tensors: .ckpt, .safetensors, .npz, .pt (docs/checkpoint.md)
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every file is hostile: sizes are checked before they are used, names are unique and printable,
 * the data of a tensor is exactly its shape times its type.  What is read points into the bytes of
 * the file or into the arena.
 *
 * A new format: a file here ending in `const dp_archive_format dp_archive_NAME`, a row in
 * archive.c, tests/fuzz/fuzz_NAME.c, a paragraph in docs/checkpoint.md.
 */
#ifndef ARCHIVE_ARCHIVE_H
#define ARCHIVE_ARCHIVE_H

#include "base/handle.h"
#include "base/pack/zip.h"
#include "base/writer.h"
#include "detpipe_net.h"

#define DP_MAX_TENSOR_NAME 512 /* bytes */
#define DP_MAX_TENSORS     (1 << 16)

/* An element type and what the formats call it; NULL = the format has none. */
typedef struct dp_element {
    const char *name, *ckpt, *safetensors, *npy;
    const char *storage; /* PyTorch's class */
    uint32_t size;
} dp_element;
extern const dp_element dp_elements[]; /* ends without a name */

struct dp_archive {
    const struct dp_archive_format *format;
    dp_named_tensor *tensors; /* in the file's order */
    size_t n, room;
    dp_arena *arena;
    const char *path;          /* for messages */
    const dp_options *options; /* whose progress is told; NULL = nobody is */
    dp_error *err;
    dp_handle *handle; /* of dp_archive_open's; NULL = the arena is another's */
};

typedef struct dp_archive_format {
    const char *name, *suffix;
    bool (*is)(const uint8_t *bytes, size_t n); /* by the first bytes */
    dp_status (*parse)(dp_archive *, const uint8_t *bytes, size_t n);
    dp_status (*write)(const dp_archive *, dp_writer *); /* NULL: not written by us */
    const char *reserved; /* a name that no tensor has; NULL = none */
} dp_archive_format;
extern const dp_archive_format dp_archive_ckpt, dp_archive_npz, dp_archive_pt,
    dp_archive_safetensors;

/* The file at `path`, or its bytes, into an archive that has arena, path, options and err, the rest
 * zero.  DP_EIO, or DP_ECORRUPT with what is wrong; the arena holds all of it. */
dp_status dp_archive_read(dp_archive *);
dp_status dp_archive_parse(dp_archive *, const uint8_t *bytes, size_t n);

/* "float32[3, 4]" */
typedef struct dp_shape_text {
    char text[224];
} dp_shape_text;
dp_shape_text dp_tensor_shape(const dp_named_tensor *);

/* ---- for the formats ---- */

dp_status dp_archive_corrupt(const dp_archive *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The same of a member of a ZIP file, named where its name can be shown: "NAME what". */
dp_status dp_archive_bad_member(const dp_archive *, const dp_zip_member *, const char *what);
/* Whether it is printable and not too long. */
bool dp_archive_is_name(const char *, size_t length);
/* Checks name, shape and size, copies the name.  It reads rank, shape, data and size of the tensor.
 */
dp_status dp_archive_add(dp_archive *, const char *name, size_t length, const dp_element *,
                         dp_named_tensor);
/* Puts a copy of a tensor's elements, which lie at `strides` (in elements, from 0) in its data, in
 * C order and little-endian in its place.  The caller checked that they lie there. */
dp_status dp_archive_gather(dp_archive *, dp_named_tensor *, const int64_t *strides, bool big);
const dp_element *dp_element_of(const dp_named_tensor *);
/* The element that has this name in a field of dp_element (its offset); NULL: there is none. */
const dp_element *dp_element_find(size_t field, const char *name, size_t length);

#endif
