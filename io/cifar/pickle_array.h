/* pickle_array.h - numpy's arrays and numbers in a pickle
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_CIFAR_PICKLE_ARRAY_H
#define IO_CIFAR_PICKLE_ARRAY_H

#include "base/pack/pickle.h"

/* What pickles of arrays name. */
extern const dp_pickle_names dp_pickle_arrays;

/* A numpy array in C order, as it lies in the file. */
typedef struct dp_pickled_array {
    dp_tensor type; /* its data is NULL */
    bool big_endian;
    const uint8_t *bytes; /* as many as the type says */
} dp_pickled_array;

/* NULL when it is one; else in words what it is ("not a numpy array", "in Fortran order", ...). */
const char *dp_pickle_array(const dp_pickled *, dp_pickled_array *out);
/* An element of an array of integers, from 0. */
int64_t dp_pickle_element(const dp_pickled_array *, size_t i);
/* A number, Python's or numpy's; false when it is not a whole one. */
bool dp_pickle_int(const dp_pickled *, int64_t *out);

#endif
