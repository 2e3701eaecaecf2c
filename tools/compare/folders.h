/* folders.h - two folders of ledgers, those of one name side by side: each rank has its own
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_COMPARE_FOLDERS_H
#define TOOLS_COMPARE_FOLDERS_H

#include "base/alloc.h"
#include "tools/compare/comparison.h"

/* Ledgers of one name. */
typedef struct folder_pair {
    const char *name;
    char *path[2];           /* NULL: that folder has none of this name */
    int status;              /* EXIT_YES, EXIT_NO, or why they were not compared */
    uint64_t steps, entries; /* that both have */
    comparison_place place;  /* where they part */
    char *cause;             /* there; NULL: one of them has steps alone, or they are equal */
} folder_pair;

typedef struct folders {
    const char *path[2];
    folder_pair *pair; /* in the byte order of their names */
    size_t n;
    size_t others[2]; /* names in the folder that are of no ledger: not compared */
    size_t compared, different, alone;
    size_t earliest; /* of pair: where the runs part; n: nowhere */
    dp_arena arena;
} folders;

bool folders_is(const char *path);
/* Fills all but the paths.  0, or the exit status after saying why not; what one pair has not is
 * said, too, and goes on with the next one. */
int folders_compare(folders *);
void folders_free(folders *);

/* The exit status: a difference counts more than what could not be compared. */
int folders_status(const folders *);
/* A line for each pair, and what was not compared. */
void folders_print(const folders *);
void folders_to_json(const folders *, cJSON *);

#endif
