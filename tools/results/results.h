/* results.h - files that a run of somebody's command wrote
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_RESULTS_RESULTS_H
#define TOOLS_RESULTS_RESULTS_H

#include <stdio.h>

#include "tools/cli/cli.h"

#define RESULTS_MOST_PATTERNS 64
#define RESULTS_MOST_FILES    65536 /* that match */

typedef struct result_file {
    char *name; /* as the pattern finds it in the working directory */
    uint64_t size, stamp;
    uint64_t patterns; /* that it matches, as bits */
    bool written;      /* by the run; what follows is of those alone */
    uint8_t digest[16];
    char *copy; /* for a look at what differs, or NULL: it was too large */
} result_file;

/* In the byte order of the names, each once. */
typedef struct results {
    result_file *v;
    size_t n;
} results;

/* Where a run's files are, and go. */
typedef struct results_place {
    const char *cwd;     /* the working directory; NULL: this one */
    const char *without; /* a folder that is not looked into */
    const char *copies;  /* a folder that is made for copies; NULL: none */
    uint64_t most;       /* bytes of copies */
} results_place;

/* The number of patterns in the lists, which commas part. */
size_t results_count_patterns(const cli_list *);
/* 0, or an exit status and why there are none: of these two. */
#define RESULTS_TEXT 1000
/* What matches, with its stamps.  Folders stand for all files in them; links are followed. */
int results_find(const cli_list *, const results_place *, results *, char why[RESULTS_TEXT]);
/* What matches now, and of what is not as it was `before` the digests and copies. */
int results_take(const cli_list *, const results_place *, const results *before, results *,
                 char why[RESULTS_TEXT]);
/* One more that the run wrote, under a name of ours; it stays where it is. */
int results_add(results *, const char *name, const char *path, char why[RESULTS_TEXT]);
void results_free(results *);

/* Files that the run wrote and that are not empty. */
size_t results_count(const results *);
/* The first pattern that matches no file that the run wrote, and how many others it matches. */
bool results_lacking(const cli_list *, const results *, char pattern[200], size_t *others);

/* ---- two runs ---- */

typedef enum result_verdict {
    RESULT_EQUAL,
    RESULT_EMPTY,     /* in both runs: no evidence */
    RESULT_UNTOUCHED, /* by either run: no evidence */
    RESULT_ONE_RUN,   /* wrote it */
    RESULT_OTHER
} result_verdict;

typedef struct result_pair {
    const result_file *a, *b; /* NULL: that run has none */
    result_verdict verdict;
} result_pair;

typedef struct results_comparison {
    result_pair *pair;
    size_t n;
    size_t compared; /* files that both wrote, one of them not empty */
    uint64_t bytes;  /* of these, in the first run */
    bool unlike;
} results_comparison;

/* By name. */
void results_compare(const results *a, const results *b, results_comparison *);
/* One pair more, for which there is room. */
void results_compare_pair(const result_file *a, const result_file *b, results_comparison *);
void results_comparison_free(results_comparison *);

/* What is to be said of a pair, in one line: the first thing that differs; to be freed. */
char *results_text(const result_pair *, int run_b);

/* The name, without what a terminal would obey. */
void results_print_name(FILE *, const char *name);

#endif
