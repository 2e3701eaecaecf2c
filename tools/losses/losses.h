/* losses.h - the losses that a program printed
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_LOSSES_LOSSES_H
#define TOOLS_LOSSES_LOSSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/losses/step.h"

typedef struct loss {
    const char *text;         /* as it was printed */
    double value;             /* NAN where the text is not understood */
    int digits;               /* significant ones, as printed */
    bool over;                /* printed over the one before, by a bar */
    bool repeat;              /* a bar printed the value before once more */
    bool begins;              /* a bar began again before it */
    uint32_t series, segment; /* a new segment begins where the step does not go up */
    loss_step step;
    uint64_t line;
} loss;

/* The losses of one name, on one of the two streams. */
#define LOSS_NAME 64
typedef struct loss_series {
    char name[LOSS_NAME]; /* the words before the number: "train loss", "val_loss" */
    int stream;           /* 0 stdout, 1 stderr */
    bool mean;            /* a running mean, as far as that is known */
    bool metric;          /* no loss by name */
    bool unnamed;         /* nor anything else */
    bool begins;          /* the next value begins a segment */
    int digits;           /* the most that any of its values has */
    size_t n, n_finite;
    size_t last;   /* of losses.v */
    uint64_t line; /* of the last, as a count of lines read */
    int on_line;   /* values on it */
} loss_series;

/* Lines that were not read, by number: the first few. */
#define LOSS_LINES 3
typedef struct loss_lines {
    size_t n;
    uint64_t number[LOSS_LINES];
    char *text[LOSS_LINES];
    int stream[LOSS_LINES];
} loss_lines;

/* Lines with numbers that one pattern of --loss reads. */
typedef struct loss_form {
    char *pattern;
    size_t n;
    bool point;      /* the numbers are not counts */
    uint64_t number; /* the first of the lines */
    int stream;
} loss_form;

typedef struct loss_forms {
    loss_form *v;
    size_t n;
} loss_forms;

typedef struct losses {
    loss *v;
    size_t n;
    loss_series *series;
    size_t n_series;
    loss_lines unread;  /* have the word loss and a number that is not a loss */
    loss_lines halves;  /* have a metric that was not read whole: unread, where they count */
    loss_lines strange; /* have a loss whose number is not understood: compared as text */
    loss_lines numbers; /* have a number, where there is no loss at all */
    loss_forms forms;   /* of these lines */
} losses;

/* All losses of the files of stdout and stderr (NULL: there is none), of 1 GiB at most.  regex:
 * POSIX extended, each group is a series; NULL: every number that is named loss, and where there
 * is none, error, cost and the like.  0, or the exit status after saying what is wrong.  No loss
 * at all is n = 0. */
int losses_read(const char *const paths[2], const char *regex, losses *out);
/* The same of a text of size bytes, which has one more byte to write to and is changed. */
int losses_find(char *text, size_t size, int stream, const char *regex, losses *out);
/* After the last losses_find. */
void losses_finish(losses *);
void losses_free(losses *);
size_t losses_count(const losses *); /* without what a bar repeats */

/* Where there is no loss: the form with most lines, of those with a point if there is one; NULL. */
const loss_form *losses_proposal(const losses *);

/* Refuses what is not a regular expression, or one that grows beyond all bounds. */
int losses_check_pattern(const char *regex);

/* ---- two runs ---- */

typedef enum losses_verdict {
    LOSSES_EQUAL,
    LOSSES_OTHER_VALUE,
    LOSSES_OTHER_BEGIN, /* a series begins at another step */
    LOSSES_OTHER_END,   /* a series ends at another step, or is printed more often */
    LOSSES_OTHER_SERIES /* a series that only one has */
} losses_verdict;

/* Two losses of one series, segment and step; SIZE_MAX: only the other run has it. */
typedef struct loss_pair {
    size_t a, b;
    losses_verdict verdict;
} loss_pair;

typedef struct losses_comparison {
    loss_pair *pair; /* as run a printed them, then what only b has */
    size_t n;
    size_t compared, missing; /* pairs, and steps of a bar that one run did not print */
    size_t late;              /* series that begin at a later step of a bar in one run */
    losses_verdict verdict;
    size_t first; /* of pair, the first difference; n = none */
} losses_comparison;

/* By series, step and place. */
void losses_compare(const losses *a, const losses *b, losses_comparison *out);
void losses_comparison_free(losses_comparison *);

/* ---- values ---- */

/* How many of iterations 1 and 2 the first two losses of a series are, by their steps, else by
 * place, which a bar does not have; second may be NULL. */
int losses_iterations(const loss *first, const loss *second);

/* The losses of one run, step by step. */
typedef struct loss_values {
    double *v;
    size_t n;
} loss_values;

/* atol 1e-3, rtol 1e-5 (docs/numerics.md) */
bool loss_is_close(double a, double b);

#endif
