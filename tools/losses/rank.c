/* rank.c - which of several processes printed a line
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools/losses/reader.h"

/* "[1,0]<stdout>:", "[0]<stderr>:" of mpirun and horovodrun: the rank stands last. */
static char *behind_tag(char *text, loss_rank *out)
{
    char *const close = text + strcspn(text, "]"), *rank = close;

    if (*text != '[' ||
        (strncmp(close, "]<stdout>:", 10) != 0 && strncmp(close, "]<stderr>:", 10) != 0))
        return text;
    while (isdigit((unsigned char)rank[-1]))
        rank--;
    snprintf(out->text, sizeof out->text, "rank %.*s", (int)(close - rank < 8 ? close - rank : 8),
             rank);
    return close + 10;
}

#define MOST_RANKS 1024 /* what is more is a process */

/* rank0, rank 0:, rank: 0, [GPU0], Thread-0, cuda:0; *end is behind it.  Another number, rank 0.5,
 * is a value. */
static bool is_rank(const char *at, const char *word, loss_rank *out, char **end)
{
    const char *number, *behind;
    size_t digits;
    bool glued;

    if (strncasecmp(at, word, strlen(word)) != 0)
        return false;
    number = at + strlen(word);
    number += *number == '-' ? 1 : strspn(number, " :=#[");
    glued = isdigit((unsigned char)at[strlen(word)]) || number == at + strlen(word) + 1;
    digits = strspn(number, "0123456789");
    behind = number + digits + strspn(number + digits, " ");
    if (digits == 0 || digits > 4 || atoi(number) >= MOST_RANKS ||
        (strchr(":])|,", *behind) == NULL &&
         !(glued && number[-1] != ' ' && behind > number + digits &&
           isalpha((unsigned char)*behind))))
        return false;
    snprintf(out->text, sizeof out->text, "%s %.*s", word, (int)digits, number);
    *end = (char *)(uintptr_t)(*behind == '|' ? behind : number + digits);
    *end += strspn(*end, "])|:,");
    *end += **end == ' '; /* the others are of the line: a table's */
    return true;
}

char *loss_rank_of(char *text, loss_rank *out)
{
    static const char *const words[] = {"rank",   "gpu",  "worker", "process", "default",
                                        "thread", "cuda", "node",   "host",    "device",
                                        "npu",    "xpu",  "hpu",    "tpu",     NULL};
    char *const begin = text + strspn(text, " [("), *end;

    out->text[0] = '\0';
    if ((end = behind_tag(text, out)) != text)
        return end;
    for (int i = 0; words[i] != NULL; i++) {
        if (is_rank(begin, words[i], out, &end))
            return end;
    }
    for (char *at = begin; (at = strpbrk(at, "rR")) != NULL && at - begin < RANK_WITHIN; at++) {
        if (at > text && !isalnum((unsigned char)at[-1]) && at[-1] != '_' &&
            is_rank(at, words[0], out, &end))
            break; /* behind the time, or a level */
    }
    return text;
}
