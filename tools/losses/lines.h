/* lines.h - what a program printed, line by line, as a reader of its terminal saw it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_LOSSES_LINES_H
#define TOOLS_LOSSES_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A cursor over text that is changed as it is read. */
typedef struct lines {
    char *at, *end;
    char *last;            /* the line that was given last, and its size */
    size_t n_last, rubbed; /* backspaces behind it */
    uint64_t number;
    bool over; /* the next line is printed over the last one */
} lines;

typedef struct line {
    char *text;      /* ends with NUL, and has none inside */
    uint64_t number; /* from 1; lines that were printed over each other have one number */
    bool over;       /* printed over the one before: a progress bar */
} line;

/* text has size bytes and one more that may be written. */
lines lines_of(char *text, size_t size);

/* Text in UTF-16 (a redirection of PowerShell, with or without its mark) as UTF-8: a new block with
 * one more byte to write to, and its size; NULL: the text is none. */
char *lines_of_utf16(const char *text, size_t *size);

/* False past the last.  LF ends a line; CR, backspaces and moves of the cursor do so, too, and
 * what follows is printed over it.  Colours are left out, other control characters (NUL, too) are
 * blanks, drawn vertical lines are "|", and hard blanks between digits are left out. */
bool lines_next(lines *, line *);

#endif
