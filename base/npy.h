/* npy.h - the head of a .npy array, as numpy writes it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_NPY_H
#define BASE_NPY_H

#include <stdbool.h>

#include "detpipe_base.h"

/* Points into the bytes that it was read from; nothing says that they are as many as the shape
 * wants. */
typedef struct dp_npy {
    const char *type; /* its 'descr': "<f4" */
    size_t type_length;
    bool fortran; /* the first index runs fastest */
    int32_t rank;
    int64_t shape[DP_MAX_RANK];
    const uint8_t *data; /* to the end of the bytes */
    size_t size;
} dp_npy;

bool dp_npy_is(const uint8_t *bytes, size_t n);

/* NULL, or what is wrong, to stand behind the file's name: "ends in its header". */
const char *dp_npy_parse(const uint8_t *bytes, size_t n, dp_npy *out);

/* The type as one of ours, and whether its elements are big-endian; false when it is none. */
bool dp_npy_dtype(const dp_npy *, dp_dtype *, bool *big);

/* What a type is that is not read: "holds texts". */
const char *dp_npy_other(const dp_npy *);

#endif
