/* printed_number.c - a number as people and programs print it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/losses/printed_number.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_CHARACTERS 1000
#define ALL_DIGITS      17

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* ---- where it ends ---- */

static bool is_one_of(const char *const *words, const char *at, size_t n)
{
    while (*words != NULL && (strlen(*words) != n || strncasecmp(*words, at, n) != 0))
        words++;
    return *words != NULL;
}

/* "+0.01", "+-0.01", "±0.01": the spread of a mean. */
static bool is_spread(const char *at)
{
    return *at == '+' ? is_digit(at[1]) || at[1] == '/' || (at[1] == '-' && is_digit(at[2]))
                      : strncmp(at, "\302\261", 2) == 0;
}

/* A comma that is none of the mantissa ends it. */
static bool is_end(const char *at)
{
    if (*at == ',' || is_spread(at) || (*at == '.' && isalpha((unsigned char)at[1])))
        return true; /* x-loss=0.35.ckpt */
    at += *at == '.' || *at == ':';
    return *at == '\0' || strchr(" \t()[]{}<>|\"'%*;\\", *at) != NULL || is_spread(at);
}

/* Whether a number may end here; a unit is passed over. */
static bool passes(const char *at, printed_number *number)
{
    static const char *const units[] = {"nats", "nat", "bits", "bit", "bpc", "bpb", "bpd", NULL};
    static const char *const asides[] = {"s",    "ms", "us",      "ns",    "sec", "secs", "min",
                                         "mins", "h",  "seconds", "hours", "z",   NULL};
    size_t n = 0;

    while (isalpha((unsigned char)at[n]))
        n++;
    number->aside = n > 0 && is_one_of(asides, at, n) && is_end(at + n);
    return (n == 0 || number->aside || is_one_of(units, at, n)) && is_end(at + n);
}

/* ---- decimal ---- */

/* Digits with points, commas and apostrophes between them; a comma behind a point ends it where
 * another point follows: 2.5,1.5 are two. */
static size_t mantissa(const char *at)
{
    bool point = false;
    size_t n = 0;

    for (; is_digit(at[n]) ||
           (n > 0 && is_digit(at[n - 1]) && strchr(".,'_", at[n]) != NULL && at[n] != '\0' &&
            (is_digit(at[n + 1]) || (at[n] == '.' && !point))) ||
           (n == 0 && *at == '.' && is_digit(at[1]));
         n++) {
        if (at[n] == ',' && point && at[n + 1 + strspn(at + n + 1, "0123456789")] == '.')
            break;
        point = point || at[n] == '.';
    }
    return n;
}

/* Whether the separators c stand before groups of three digits. */
static bool groups(const char *at, size_t n, char c)
{
    size_t since = SIZE_MAX; /* digits since the first of them */

    for (size_t i = 0; i < n; i++) {
        if (is_digit(at[i]))
            since += since != SIZE_MAX;
        else if (since != SIZE_MAX && since != 3)
            return false;
        else
            since = at[i] == c ? 0 : SIZE_MAX;
    }
    return since == SIZE_MAX || since == 3;
}

static size_t count(const char *at, size_t n, char c)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += at[i] == c;
    return found;
}

/* The decimal separator of a mantissa, ' ' for none, '\0' when it makes no sense. */
static char decimal(const char *at, size_t n)
{
    const size_t points = count(at, n, '.'), commas = count(at, n, ',');
    const char *point = memchr(at, '.', n), *comma = memchr(at, ',', n);

    if (points > 0 && commas > 0) {
        const char last = point > comma ? '.' : ',', other = last == '.' ? ',' : '.';
        return count(at, n, last) == 1 && groups(at, n, other) ? last : '\0';
    }
    if (points > 1 || commas > 1)
        return groups(at, n, points > 1 ? '.' : ',') ? ' ' : '\0';
    return points == 1 ? '.' : commas == 1 ? ',' : ' ';
}

/* The mantissa as strtod takes it; false when it makes no sense. */
static bool normalize(const char *at, size_t n, char *out)
{
    const char point = decimal(at, n);

    for (size_t i = 0; i < n; i++) {
        if (is_digit(at[i]))
            *out++ = at[i];
        else if (at[i] == point)
            *out++ = '.';
    }
    *out = '\0';
    return point != '\0';
}

static int significant(const char *at, size_t n)
{
    size_t first = 0, zeros = 0, all = 0;

    while (first < n && !(at[first] >= '1' && at[first] <= '9'))
        zeros += is_digit(at[first++]);
    for (size_t i = first; i < n; i++)
        all += is_digit(at[i]);
    return (int)(all > 0 ? all : zeros);
}

/* ---- exponents ---- */

typedef struct exponent {
    size_t n;    /* bytes of all of it; 0 = there is none */
    size_t sign; /* where its number begins, with or without a sign */
    bool whole;  /* it is understood */
} exponent;

/* e-3 d+02, f0 of Julia; behind a blank only a sign shows that it is one: "1.5 e-3". */
static exponent exponent_of_letter(const char *at)
{
    const size_t blank = *at == ' ';
    const char *const e = at + blank;
    size_t sign, n;

    if (*e == '\0' || strchr("eEdDf", *e) == NULL)
        return (exponent){0, 0, true};
    sign = e[1] == '-' || e[1] == '+';
    n = strspn(e + 1 + sign, "0123456789");
    if (n == 0 || (blank && isalnum((unsigned char)e[1 + sign + n])))
        return (exponent){0, 0, true};
    return (exponent){blank + 1 + sign + n, blank + 1, !blank || sign};
}

/* x10^-3, \303\227 10**-3, * 10^{-3}, x10-3; what else is multiplied by ten is not understood. */
static exponent exponent_of_ten(const char *at)
{
    static const char *const times[] = {"x", "X", "*", "\303\227", "\302\267", NULL};
    size_t i = 0, n = strspn(at, " "), sign, digits;

    while (times[i] != NULL && strncmp(at + n, times[i], strlen(times[i])) != 0)
        i++;
    if (times[i] == NULL)
        return (exponent){0, 0, true};
    n += strlen(times[i]);
    n += strspn(at + n, " ");
    if (strncmp(at + n, "10", 2) != 0 || is_digit(at[n + 2]))
        return (exponent){0, 0, true};
    sign = n + 2 + strspn(at + n + 2, "^*{");
    digits = sign + (at[sign] == '-' || at[sign] == '+');
    i = digits > n + 2 ? strspn(at + digits, "0123456789") : 0;
    return (exponent){i > 0 ? digits + i + (at[digits + i] == '}') : n + 2, sign, i > 0};
}

static size_t read_decimal(const char *at, size_t sign, printed_number *out)
{
    const size_t digits = mantissa(at + sign);
    exponent e = {0, 0, true};
    char text[MOST_CHARACTERS + 40];
    size_t n;

    if (digits == 0)
        return 0;
    e = exponent_of_letter(at + sign + digits);
    if (e.n == 0)
        e = exponent_of_ten(at + sign + digits);
    n = sign + digits + e.n;
    out->whole = n <= MOST_CHARACTERS && e.whole && normalize(at + sign, digits, text);
    if (out->whole && e.n > 0)
        snprintf(text + strlen(text), 40, "e%.30s", at + sign + digits + e.sign);
    if (out->whole)
        out->value = (*at == '-' ? -1 : 1) * strtod(text, NULL);
    out->digits = significant(at + sign, digits);
    return n;
}

/* ---- the others ---- */

static size_t read_word(const char *at, size_t sign, printed_number *out)
{
    static const char *const words[] = {"infinity", "inf", "nan"};

    for (size_t i = 0; i < 3; i++) {
        const size_t n = strlen(words[i]);
        if (strncasecmp(at + sign, words[i], n) != 0 || isalnum((unsigned char)at[sign + n]))
            continue;
        out->value = i == 2 ? (double)NAN : *at == '-' ? -(double)INFINITY : (double)INFINITY;
        out->whole = true;
        return sign + n;
    }
    return 0;
}

static size_t read_hexadecimal(const char *at, size_t sign, printed_number *out)
{
    char *end;

    if (at[sign] != '0' || (at[sign + 1] | 32) != 'x' || !isxdigit((unsigned char)at[sign + 2]))
        return 0;
    out->value = strtod(at, &end);
    out->whole = true;
    out->digits = ALL_DIGITS;
    return (size_t)(end - at);
}

printed_number printed_number_read(const char *at)
{
    const size_t sign = *at == '-' || *at == '+';
    printed_number number = {0, (double)NAN, 0, false, false};

    number.n = read_hexadecimal(at, sign, &number);
    if (number.n == 0)
        number.n = read_decimal(at, sign, &number);
    if (number.n == 0)
        number.n = read_word(at, sign, &number);
    if (number.n == 0)
        return number;
    if (!passes(at + number.n, &number))
        number.whole = false;
    if (!number.whole) {
        number.n += strcspn(at + number.n, " \t)]}\"|;");
        number.value = (double)NAN;
        number.digits = 0;
    }
    return number;
}

bool printed_count(const char *at, double *value, size_t *n)
{
    *n = strspn(at, "0123456789");
    if (*n == 0 || *n > 15)
        return false;
    *value = strtod(at, NULL);
    return true;
}
