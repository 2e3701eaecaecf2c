/* change.c - a loss that improved: from 2.4 to 2.3
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/losses/change.h"

#include <stdio.h>
#include <strings.h>

#include "tools/losses/connection.h"
#include "tools/losses/program.h"
#include "tools/losses/text.h"

/* What the next number is to a loss that improved: "" as before this word, NULL: nothing. */
static const struct move {
    const char *word, *of;
} moves[] = {
    {"improved", "to"}, {"decreased", "to"}, {"increased", "to"}, {"reduced", "to"},
    {"dropped", "to"},  {"fell", "to"},      {"rose", "to"},      {"went", "to"},
    {"changed", "to"},  {"reached", "to"},   {"did", "to"},       {"not", ""},
    {"improve", "to"},  {"from", "from"},    {"to", "to"},        {"by", "by"},
    {"best", "best"},   {"new", ""},         {"score", ""},       {"none", ""},
    {"in", ""},         {"the", ""},         {"last", NULL},      {"records", ""},
    {"epochs", ""},     {"min_delta", NULL}, {"value", ""},
};
#define VERBS 11 /* one of them is the first */
#define MOVES (sizeof moves / sizeof moves[0])

static size_t move_at(const char *at, size_t n)
{
    size_t i = 0;
    while (i < MOVES && (strlen(moves[i].word) != n || strncasecmp(moves[i].word, at, n) != 0))
        i++;
    return i;
}

/* Passes what connects the parts of a change; an arrow and a bracket say what the number is. */
static const char *pass_to_part(const char *at, const char **of)
{
    for (;;) {
        size_t n;
        at = skip(at, " .,:\"'`");
        n = loss_arrow(at);
        at = n > 0 ? at : skip(at, ">=");
        if (n == 0 && *at != '(' && *at != ' ')
            return at;
        if (*at != ' ')
            *of = n == 0 ? "from" : "to";
        at += n > 0 ? n : 1;
    }
}

const char *loss_read_change(loss_reader *r, const char *name, loss_kind kind, const char *at)
{
    const char *of = "to", *next = skip(at, " \"'`");
    char part[LOSS_NAME + 10];

    if (move_at(next, loss_word(next)) >= VERBS)
        return at;
    for (;;) {
        const char *const begin = pass_to_part(next, &of);
        const size_t word = loss_word(begin), move = move_at(begin, word);
        const printed_number number = printed_number_read(begin);

        if (number.n == 0 && move == MOVES)
            return at;
        next = begin + (number.n > 0 ? number.n : word);
        if (number.n == 0) {
            of = moves[move].of == NULL || moves[move].of[0] != '\0' ? moves[move].of : of;
            continue;
        }
        if (of != NULL) {
            snprintf(part, sizeof part, "%.*s (%s)", LOSS_NAME - 10, name, of);
            loss_add(r, part, strlen(part), kind, loss_in_mean(r, name), begin, &number);
        }
        at = next;
    }
}
