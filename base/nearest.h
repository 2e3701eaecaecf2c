/* nearest.h - the name that was meant
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

/* Of the names that were looked at, the one that `word` is a slip of: NULL = none is near. */
typedef struct dp_nearest {
    const char *word;
    const char *name;
    unsigned distance; /* of name */
} dp_nearest;

/* dp_nearest n = {word} before the first; names are short. */
void dp_nearest_look(dp_nearest *, const char *name);

#endif
