/* losses.h - the losses that a program printed
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_LOSSES_H
#define TOOLS_LOSSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOSS_TEXT 64

typedef struct loss {
    char text[LOSS_TEXT]; /* as it was printed */
    double value;
} loss;

typedef struct losses {
    loss *v;
    size_t n;
    const char *form; /* of the lines: "loss: 2.3", ... */
} losses;

/* One a line, the first that matches.  regex: POSIX extended, whose first group is the number;
 * NULL: the first of the usual forms that any line has.  -1, or the exit status after saying that
 * the regular expression is none, or that what it finds is no number.  No loss at all is n = 0. */
int losses_find(const char *text, const char *regex, losses *out);
/* The same of a file, of 1 GiB at most. */
int losses_read(const char *path, const char *regex, losses *out);
void losses_free(losses *);

/* numpy.allclose of the first two, as the reference script calls it; counts checked, NaN never
 * close. */
bool losses_close(const losses *, const losses *);
/* The first that is printed otherwise, or that only one has; SIZE_MAX: there is none. */
size_t losses_first_other(const losses *, const losses *);

/* atol 1e-3, rtol 1e-5 (docs/numerics.md) */
bool loss_is_close(double a, double b);

#endif
