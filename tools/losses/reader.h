/* reader.h - what the readers of lines, tables and patterns share: where losses go
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_LOSSES_READER_H
#define TOOLS_LOSSES_READER_H

#include <regex.h>

#include "tools/losses/lines.h"
#include "tools/losses/words.h"
#include "tools/losses/losses.h"
#include "tools/losses/printed_number.h"

/* ---- tables ---- */

#define LOSS_COLUMNS 256
typedef struct loss_table {
    char separator; /* ';', ',', '\t', '|', ' '; '\0' = there was no head yet */
    bool fixed;     /* its columns are where a line of dashes says */
    bool bracket;   /* its lines begin with a bracket that is none of it: "[  10% ]  1  0.5" */
    bool comment;   /* its head begins with "# ", which may be none of its names */
    int n;
    int key, value; /* columns from 1 of "metric" and "value": a row is one of either; or 0 */
    bool is_step[LOSS_COLUMNS];
    loss_kind kind[LOSS_COLUMNS];
    size_t from[LOSS_COLUMNS], to[LOSS_COLUMNS]; /* where the names are in their line */
    char name[LOSS_COLUMNS][LOSS_NAME];
} loss_table;

/* ---- one stream ---- */

/* The braces that are open, also from line to line where JSON is indented. */
#define LOSS_NESTED 8
typedef struct loss_braces {
    char path[LOSS_NAME / 2]; /* their keys: "config.train." */
    size_t back[LOSS_NESTED]; /* length of the path before each of them */
    int depth;
    size_t indent; /* of "loss:" alone, which opened the only one, from 1; 0 = a sign did */
} loss_braces;

/* Which of several processes printed a line: "rank 1", or "". */
typedef struct loss_rank {
    char text[16];
} loss_rank;

/* The epoch that a rank named last. */
#define LOSS_RANKS  64
#define RANK_WITHIN 80 /* bytes: a log's prefix */
typedef struct loss_epoch {
    loss_rank rank;
    double at;
} loss_epoch;

typedef struct loss_reader {
    losses *out;
    int stream;
    uint64_t count; /* lines read */
    line line;
    bool bar;       /* the line is one of a bar */
    bool keras;     /* its losses but val_ are means of the epoch so far */
    bool means;     /* all its losses are means */
    bool catboost;  /* "test" and "best" in it are metrics */
    loss_step own;  /* that the line names */
    loss_step step; /* with the epoch that an earlier line named */
    loss_rank rank; /* of the line: part of the name of each series */
    loss_epoch epochs[LOSS_RANKS];
    int n_epochs;
    int found;            /* losses on the line */
    char open[LOSS_NAME]; /* the name that the last line left without its number, or "" */
    loss_kind open_kind;
    int depth;      /* brackets that it left open: [[2.5, 2.4 */
    loss_kind left; /* a number of such a name was not read, or not whole; NO_LOSS: all were */
    bool timed;     /* the number of such a name is a time, which is understood */
    bool in_list;   /* what is added follows the last one: it is none of its own on the line */
    loss_braces braces;
    loss_table table, trial; /* trial: a line that may be the head of the next one */
} loss_reader;

/* One more loss of the line; name of n bytes. */
void loss_add(loss_reader *, const char *name, size_t n, loss_kind, bool mean, const char *text,
              const printed_number *);

/* Forgets what stands where a step may stand and is none, and puts the losses into segments. */
void loss_place(losses *);

/* The rank that a line names, and where the line goes on behind what an output of many ranks puts
 * before it. */
char *loss_rank_of(char *text, loss_rank *);
/* {"name": "loss", "step": 3, "value": 2.5}: the number of the record in which a name of n bytes
 * stands as a value; NULL. */
const char *loss_of_record(const char *text, const char *name, size_t n);
/* Every number of the line that is named loss. */
void loss_read_line(loss_reader *);
/* The numbers that go on with a list of the line before: true, and the line is read. */
bool loss_read_rest(loss_reader *);
/* A head or a row of a table: true, and the line is read. */
bool loss_read_row(loss_reader *);
/* The line has numbers and no loss: its form counts. */
void loss_propose(loss_reader *);
/* Every match of --loss.  0, or the exit status. */
int loss_read_pattern(loss_reader *, const regex_t *);
/* 0, or the exit status after saying what is wrong with it. */
int loss_pattern_compile(const char *regex, regex_t *out);

#endif
