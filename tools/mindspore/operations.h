/* operations.h - MindSpore's readers, samplers, operators and operations, and the stages that do
 * the same
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * dp_foreign says what a transform is called there; rows of operations.c say it of the others.
 */
#ifndef TOOLS_MINDSPORE_OPERATIONS_H
#define TOOLS_MINDSPORE_OPERATIONS_H

#include <stdbool.h>

#include "detpipe.h"

/* How a parameter is carried over. */
typedef enum how {
    NUMBER, /* as it is; a float32 there */
    DOUBLE,
    BOOLEAN,
    TEXT,
    LIST,
    DOUBLES,  /* a list of numbers that are not float32 there */
    NAMES,    /* a list of names, "a,b" here */
    FOUR,     /* a list of so many there */
    ZEROS,    /* four, or as many as there are, and 0 */
    RANGE,    /* least and most there; one number d here is -d..d */
    AROUND,   /* or 1-d..1+d, from 0 on */
    REVERSED, /* a list, last number first */
    FILL,     /* a list, left out where padding_mode is not constant: it does nothing there */
    HELD,     /* a list of operations, and a text here */
    EPOCHS,   /* BOOLEAN there; here it stands beside order=, by import.c */
    WORD,     /* a number, into a word of `words` */
    FIXED     /* must be the value of `words`, and is not carried over */
} how;

typedef struct carried {
    how how;
    char key[32], name[32], words[64]; /* name: here, most often as there */
} carried;

typedef struct operation {
    char name[32];
    const char *stage, *kind; /* "reader", "order", "transform" */
    const dp_param *params;   /* of the stage */
    bool sampler;             /* of a reader; other order stages are operators */
    bool random, replayed;    /* replayed: draws are known */
    bool ordered;             /* it has MindSpore's order */
    bool null;                /* there is no object of parameters */
    bool unread;              /* MindSpore cannot read what it writes of it */
    bool batches;             /* MindSpore takes batches in it */
    bool mixes;               /* it has two columns: image and label */
    carried parameters[10];
    int n;
} operation;

/* False: there is none. */
bool operation_of_stage(const char *stage, operation *);
bool operation_named(const char *name, operation *);

#endif
