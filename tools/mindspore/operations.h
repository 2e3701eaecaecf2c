/* operations.h - MindSpore's operations and the stages that do the same
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_MINDSPORE_OPERATIONS_H
#define TOOLS_MINDSPORE_OPERATIONS_H

#include <stddef.h>

/* How a parameter is carried over. */
typedef enum how {
    END,
    NUMBER, /* as it is */
    BOOLEAN,
    TEXT,
    LIST,
    REVERSED, /* a list, last number first */
    FILL,     /* a list, left out where padding_mode is not constant: it does nothing there */
    WORD,     /* a number, into a word of `words` */
    FIXED     /* must be the value of `words`, and is not carried over */
} how;

typedef struct carried {
    how how;
    const char *key, *words;
} carried;

typedef struct operation {
    const char *name, *stage;
    enum { PLAIN, RANDOM, UNKNOWN_DRAWS } kind; /* UNKNOWN_DRAWS: there is no replay */
    carried parameters[9];
} operation;

extern const operation operations[]; /* sorted by name */
extern const size_t n_operations;

#endif
