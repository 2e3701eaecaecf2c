/* pickle.h - the pickles that CIFAR's python version is made of, and no others
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Python's pickle is a program for a stack machine.  This one knows the instructions that write
 * numbers, texts, lists, tuples and dictionaries in protocols 2 to 5, and of all that can be called
 * only what makes a numpy array or number and, as protocol 2 has no bytes, bytes; nothing is
 * executed.
 */
#ifndef IO_CIFAR_PICKLE_H
#define IO_CIFAR_PICKLE_H

#include "base/pack/inflate.h"

typedef enum dp_pickle_kind {
    DP_PICKLE_NONE,
    DP_PICKLE_INT,
    DP_PICKLE_BYTES, /* and texts */
    DP_PICKLE_LIST,  /* and tuples */
    DP_PICKLE_DICT,  /* key, value, key, value, ... */
    DP_PICKLE_NAME,  /* of a class or function; items: module, name */
    DP_PICKLE_OBJECT /* items: name, arguments, state */
} dp_pickle_kind;

typedef struct dp_pickled {
    dp_pickle_kind kind;
    int64_t number;
    const uint8_t *bytes; /* in the file, or in the arena */
    size_t size;
    struct dp_pickled **items;
    uint32_t n;
    size_t room;
} dp_pickled;

/* The one object of a file, in the arena.  DP_ECORRUPT names what is wrong and where. */
dp_status dp_pickle_parse(dp_blob, const char *path, dp_arena *, dp_pickled **out, dp_error *);

/* The value of a dictionary's key, or NULL. */
const dp_pickled *dp_pickle_get(const dp_pickled *dict, const char *key);

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

/* For both files: whether it is this text; this "module name". */
bool dp_pickle_is_text(const dp_pickled *, const char *text, size_t length);
bool dp_pickle_is_name(const dp_pickled *, const char *name);

#endif
