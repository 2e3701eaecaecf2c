/* pt.h - what a PyTorch file says of its tensors, before their bytes are looked for
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef ARCHIVE_PT_H
#define ARCHIVE_PT_H

#include "archive/archive.h"
#include "base/pack/pickle.h"

/* Bytes that tensors share, under the name that the pickle has for them. */
typedef struct dp_pt_storage {
    const uint8_t *key; /* a text of key_size bytes */
    size_t key_size;
    const dp_element *element; /* NULL: bytes */
    uint64_t size;             /* bytes */
    const uint8_t *data;       /* NULL: not found yet */
} dp_pt_storage;

/* A tensor: elements of a storage. */
typedef struct dp_pt_tensor {
    const char *name; /* dotted, of name_size bytes */
    size_t name_size;
    const dp_element *element;
    const uint8_t *key; /* of its storage */
    size_t key_size;
    int32_t rank;
    int64_t offset, shape[DP_MAX_RANK], strides[DP_MAX_RANK]; /* in elements */
} dp_pt_tensor;

typedef struct dp_pt {
    dp_archive *archive;
    dp_arena *arena; /* for as long as the file is read */
    dp_pt_tensor *tensors;
    dp_pt_storage *storages; /* sorted by key, once all are there */
    size_t n, room, n_storages, storages_room;
    uint64_t visited; /* values: one may stand in several places */
    uint64_t copied;  /* bytes of views */
} dp_pt;

/* What its pickles name. */
extern const dp_pickle_names dp_pt_names;

/* The tensors and storages of a pickled object, dictionaries and lists in it as dotted names; what
 * is not a tensor is passed over.  DP_ECORRUPT names the tensor. */
dp_status dp_pt_collect(dp_pt *, const dp_pickled *root);
/* The storage that has this key, or NULL. */
dp_pt_storage *dp_pt_find(const dp_pt *, const uint8_t *key, size_t size);
/* Adds the tensors to the archive; `size` is the file's, `big` says that it is big-endian. */
dp_status dp_pt_add(dp_pt *, uint64_t size, bool big);

#endif
