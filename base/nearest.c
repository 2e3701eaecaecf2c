/* nearest.c - the name that was meant
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/nearest.h"

#include <string.h>

#define LONGEST 64 /* bytes of a name that are looked at */
#define FAR     4  /* slips: nobody means that */

/* Levenshtein distance, of b the first LONGEST bytes. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[LONGEST + 2];
    const size_t n = strnlen(b, LONGEST);

    for (size_t j = 0; j <= n; j++)
        row[j] = (unsigned)j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < n; j++) {
            unsigned best = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j + 1] = diagonal + 1 < best ? diagonal + 1 : best;
        }
    }
    return row[n];
}

void dp_nearest_look(dp_nearest *n, const char *name)
{
    const unsigned d = distance(n->word, name);

    if (d < (n->name == NULL ? FAR : n->distance) && d < strlen(n->word)) {
        n->distance = d;
        n->name = name;
    }
}
