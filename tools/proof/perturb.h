/* perturb.h - what must not matter to a program: changed, or held fast
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A word of --vary is a set of changes, so that the one that did it can be named.  A pin holds fast
 * what is random by itself: what makes two unlike runs equal is the cause.
 */
#ifndef TOOLS_PROOF_PERTURB_H
#define TOOLS_PROOF_PERTURB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/proof/written.h"

typedef struct perturb_word {
    const char *name, *about;
} perturb_word;

/* In the process that will be the program. */
typedef struct perturb_place {
    const char *here; /* what begins the names of files and folders of its own */
    char *note;       /* what is done otherwise than one may think, or cannot be done */
    size_t size;
    const written *left; /* by run 1, for the word `left`; NULL: nothing */
} perturb_place;

typedef struct perturb_change {
    const char *word, *name;
    /* false: errno says why not */
    bool (*apply)(const struct perturb_change *, perturb_place *);
    const char *value; /* of the environment variable `name`, for those that set one */
} perturb_change;

typedef struct perturb_pin {
    const char *name, *how; /* "the hash seed", "with PYTHONHASHSEED=0" */
    bool (*apply)(perturb_place *);
    bool (*possible)(void); /* NULL: always */
    bool further;           /* of the one before it: tried where that one changes nothing */
} perturb_pin;

#define PERTURB_WORDS "threads,locale,cwd,left,env,aslr,hashseed,cpu,time,pid,host,tmp"
extern const perturb_word perturb_words[];
extern const size_t n_perturb_words;
extern const perturb_change perturb_changes[];
extern const size_t n_perturb_changes;
extern const perturb_pin perturb_pins[];
extern const size_t n_perturb_pins;

/* What is done to one run: all changes of a set of words, or a single one, and a set of pins. */
typedef struct perturb_plan {
    uint32_t words, pins;
    const perturb_change *one;
    bool own_clock; /* the command fails under faketime */
} perturb_plan;

/* A set of words, as bits.  0, or the exit status after saying that one is unknown. */
int perturb_parse(const char *list, uint32_t *set);
/* "threads,env", or "" */
typedef struct perturb_text {
    char text[120];
} perturb_text;
perturb_text perturb_names(uint32_t set);

/* Whether the plan shifts or stops the clock. */
bool perturb_needs_clock(const perturb_plan *);
/* Whether it does, or lets threads take turns: a sound command may wait for ever. */
bool perturb_may_hang(const perturb_plan *);

bool perturb_apply(const perturb_plan *, perturb_place *);

/* The library that shifts the clock; false where it is not installed. */
#define PERTURB_PATH 4096
bool perturb_faketime(char path[PERTURB_PATH]);

#endif
