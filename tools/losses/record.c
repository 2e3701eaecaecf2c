/* record.c - a loss whose name is a value: {"name": "loss", "step": 3, "value": 2.5}
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <ctype.h>
#include <string.h>

#include "tools/losses/reader.h"

#define MOST_RECORD 512 /* bytes looked at on either side of the name */
#define MOST_KEY    16  /* of the word before it */

static bool is_in(char c, const char *set) { return c != '\0' && strchr(set, c) != NULL; }

/* The word directly before at, with marks between them, is "name" or the like. */
static bool has_key(const char *text, const char *at)
{
    const char *end = at, *begin;

    while (end > text && is_in(end[-1], " \"':="))
        end--;
    for (begin = end; end < at && begin > text && end - begin < MOST_KEY; begin--) {
        if (!isalnum((unsigned char)begin[-1]) && begin[-1] != '_')
            break;
    }
    return loss_is_key(begin, (size_t)(end - begin));
}

/* The number behind the word "value" or the like; NULL: none from at to end. */
static const char *find_value(const char *at, const char *end)
{
    while (at < end) {
        const size_t n = loss_word(at);
        const char *const next = at + n + strspn(at + n, " \"':=");
        if (n > 0 && next > at + n && loss_is_value(at, n) && printed_number_read(next).n > 0)
            return next;
        at += n > 0 ? n : 1;
    }
    return NULL;
}

const char *loss_of_record(const char *text, const char *name, size_t n)
{
    const char *begin = name, *end = name + n;

    if (!has_key(text, name))
        return NULL;
    while (begin > text && name - begin < MOST_RECORD && !is_in(begin[-1], "{}"))
        begin--;
    while (*end != '\0' && end - name < MOST_RECORD && !is_in(*end, "{}"))
        end++;
    return find_value(begin, end);
}
