/* text.h - the small steps of a reader of text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_LOSSES_TEXT_H
#define TOOLS_LOSSES_TEXT_H

#include <stdbool.h>
#include <string.h>

#define DIGITS  "0123456789"
#define LETTERS "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static inline const char *skip(const char *at, const char *characters)
{
    return at + strspn(at, characters);
}

static inline bool begins(const char *at, const char *word)
{
    return strncmp(at, word, strlen(word)) == 0;
}

#endif
