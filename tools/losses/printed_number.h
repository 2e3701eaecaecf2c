/* printed_number.h - a number as people and programs print it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_LOSSES_PRINTED_NUMBER_H
#define TOOLS_LOSSES_PRINTED_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct printed_number {
    size_t n;     /* bytes; 0 = no number begins here */
    double value; /* NAN where it is not understood */
    int digits;   /* significant ones; 17 of a hexadecimal one, 0 of nan and inf */
    bool whole;   /* false: it goes on where a number ends, and n has all of it */
    bool aside;   /* its unit is none of a loss: a time, a score in z */
} printed_number;

/* Decimal points and commas, thousands (1,234.5 1.234,5 1'234.5), exponents of e, E, d, D and f or
 * as powers of ten (1.5 e-3, 1.5x10^-3, 1.5 * 10**-3), hexadecimal, nan, inf.  A number ends at a
 * blank, a comma, a bracket, a quote, %, a unit that is known, or the end of the line. */
printed_number printed_number_read(const char *at);

/* A whole number without a sign that ends where n says. */
bool printed_count(const char *at, double *value, size_t *n);

#endif
