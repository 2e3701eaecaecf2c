/* pickle.h - the pickles that CIFAR's python version is made of, and no others
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Python's pickle is a program for a stack machine.  This one knows the instructions that write
 * numbers, texts, lists, tuples and dictionaries, and of all that can be called only what makes a
 * numpy array; nothing is executed.
 */
#ifndef IO_PICKLE_H
#define IO_PICKLE_H

#include "base/inflate.h"

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
    size_t at, size; /* of bytes in the file */
    struct dp_pickled **items;
    uint32_t n;
    size_t room;
} dp_pickled;

/* The one object of a file, in the arena.  DP_ECORRUPT names what is wrong and where. */
dp_status dp_pickle_parse(dp_blob, const char *path, dp_arena *, dp_pickled **out, dp_error *);

/* The value of a dictionary's key, or NULL. */
const dp_pickled *dp_pickle_get(const dp_pickled *dict, dp_blob, const char *key);

/* Bytes of a C-ordered uint8 array of rows x columns: where they begin.  False when it is another
 * object. */
bool dp_pickle_array(const dp_pickled *, dp_blob, uint64_t columns, uint64_t *rows, size_t *at);

#endif
