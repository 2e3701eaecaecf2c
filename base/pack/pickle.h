/* pickle.h - pickles of data: numbers, texts, containers, and calls that are known by name
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Python's pickle is a program for a stack machine.  This one knows the instructions that write
 * numbers, texts, lists, tuples and dictionaries in protocols 2 to 5.  Of all that can be named
 * only what the caller lists is taken; calls of it are kept as names and arguments, but for
 * OrderedDict and, as protocol 2 has no bytes, bytes.  Nothing is executed.
 */
#ifndef BASE_PACK_PICKLE_H
#define BASE_PACK_PICKLE_H

#include "base/pack/inflate.h"

#define DP_MOST_PICKLED (1u << 21) /* values of a pickle */

typedef enum dp_pickle_kind {
    DP_PICKLE_NONE, /* also floats and numbers of more than 8 bytes, which nobody needs */
    DP_PICKLE_INT,
    DP_PICKLE_BYTES,    /* and texts */
    DP_PICKLE_LIST,     /* and tuples */
    DP_PICKLE_DICT,     /* key, value, key, value, ... */
    DP_PICKLE_NAME,     /* of a class or function; items: module, name */
    DP_PICKLE_OBJECT,   /* items: name, arguments, state */
    DP_PICKLE_REFERENCE /* to what lies elsewhere; items: its persistent id */
} dp_pickle_kind;

typedef struct dp_pickled {
    dp_pickle_kind kind;
    bool ordered; /* a dictionary that is an OrderedDict */
    uint32_t n;
    int64_t number;
    const uint8_t *bytes; /* in the file, or in the arena */
    size_t size;
    struct dp_pickled **items;
    size_t room;
} dp_pickled;

/* What a kind of files names: "module name", ending with NULL; and what it is, for messages. */
typedef struct dp_pickle_names {
    const char *const *names;
    const char *what; /* "numpy's arrays" */
} dp_pickle_names;

/* The object that begins at *at of the bytes, which moves behind it, in the arena.  DP_ECORRUPT
 * names what is wrong and where.  Objects may hold one another in a circle. */
dp_status dp_pickle_parse(dp_blob, size_t *at, const char *path, const dp_pickle_names *,
                          dp_arena *, dp_pickled **out, dp_error *);

/* The value of a dictionary's key, or NULL. */
const dp_pickled *dp_pickle_get(const dp_pickled *dict, const char *key);
/* Whether it is this text; this "module name". */
bool dp_pickle_is_text(const dp_pickled *, const char *text, size_t length);
bool dp_pickle_is_name(const dp_pickled *, const char *name);

/* A name as "module.name" for messages: printable, cut. */
typedef struct dp_pickle_shown {
    char text[80];
} dp_pickle_shown;
dp_pickle_shown dp_pickle_show(const dp_pickled *name);

#endif
