/* connection.c - what stands between a name and its number, and what belongs to the number
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/losses/connection.h"

#include <ctype.h>
#include <stdio.h>

#include "tools/losses/text.h"
#include "tools/losses/words.h"

#define MOST_REMARK 64

/* Behind "=3" of "(step=3): 2.5"; NULL: the number is not that of a step, but the loss, as in
 * "loss epoch: 2.5". */
static const char *pass_step(const char *word, size_t n, const char *at)
{
    const char *const digits = skip(at + 1, " "), *end = skip(digits, DIGITS);
    const char *const next = skip(end, " )]");
    const bool more = *next == ':' || *next == '=' || begins(next, "value");

    if (n == 0 || !loss_is_step(word, n) || (loss_is_epoch(word, n) && !more))
        return NULL;
    return end > digits && *end != '.' ? end : at + 1;
}

/* "10:12": the time of day, where another number might follow a step. */
static bool is_clock(const char *colon)
{
    return *colon == ':' && isdigit((unsigned char)colon[-1]) && strspn(colon + 1, DIGITS) == 2 &&
           colon[3] != '.' && colon[3] != ',';
}

/* "(cross-entropy):", " [incl. reg] =" directly behind a name: to the colon; not " (weight):". */
static const char *pass_remark(const char *at)
{
    const char *const open = skip(at, " ");
    const size_t n = *open == '(' || *open == '[' ? strspn(open + 1, LETTERS " -,./&+") : 0;
    const char *next;
    char name[MOST_REMARK];

    if (n == 0 || open[1 + n] != (*open == '(' ? ')' : ']'))
        return at;
    next = skip(open + 2 + n, " ");
    if (*next != ':' && *next != '=')
        return at;
    snprintf(name, sizeof name, "loss %.*s", (int)n, open + 1);
    return loss_kind_of(name, strlen(name)) == NO_LOSS ? at : next;
}

/* "at step 3", "@ step 3", "on the test set", "(train)", "[0]", "(3)": what may stand between a
 * name and its colon. */
static const char *pass_clause(const char *at)
{
    static const char *const words[] = {
        "at",    "after", "on",         "for",      "in",    "over",      "of",
        "the",   "set",   "train",      "training", "val",   "valid",     "dev",
        "test",  "eval",  "validation", "step",     "epoch", "iteration", "iter",
        "batch", "mean",  "average",    "value",    "so",    "far",       NULL};
    const char *begin = at, *last = at, *behind;
    size_t n_last = 0;
    bool is_number = false; /* a number may come: it is one of a word, or of the name */

    for (int n = 0; n < 6; n++) {
        const size_t word = loss_word(at = skip(at, " ()[]@"));
        const size_t digits = strspn(at, "0123456789/");
        if (is_clock(at))
            return begin;
        if (*at == ':' || *at == '=') {
            behind = pass_step(last, n_last, at);
            if (behind == NULL)
                return at;
            at = behind;
            n_last = 0;
            continue;
        }
        if (word > 0
                ? !loss_word_in(words, at, word)
                : digits == 0 || !(is_number || at[digits] == ':' || strchr("([", at[-1]) != NULL))
            break;
        is_number = word > 0;
        last = at;
        n_last = word;
        at += word > 0 ? word : digits;
    }
    at = skip(at, " ()[]");
    return *at == ':' || *at == '=' || begins(at, "is ") ? at : begin;
}

const char *loss_pass_labels(const char *at)
{
    const size_t n = *at == '{' ? loss_word(at + 1) : 0;
    const char *const end =
        n > 0 && begins(at + 1 + n, "=\"") ? memchr(at, '}', strnlen(at, MOST_INSIDE)) : NULL;

    return end != NULL && end[1] == ' ' ? end + 1 : at;
}

/* What connects a name and its number; *sure: it is more than a blank. */
const char *loss_pass_connection(const char *at, bool *sure)
{
    static const char *const words[] = {":=", "==", "=>",  "->",   ":", "=",
                                        "|",  "- ", "is ", "was ", NULL};

    if (strchr("\"'", *at) != NULL && *at != '\0' && at[1] == ',') {
        *sure = true; /* ('loss', 2.3) */
        return skip(at + 2, " ");
    }
    at = skip(at, "\"'`");
    at = skip(pass_clause(pass_remark(at)), " \t");
    *sure = false;
    for (int i = 0; words[i] != NULL; i++) {
        if (!begins(at, words[i]))
            continue;
        *sure = *words[i] != '-' || words[i][1] == '>'; /* "loss - 7 epochs" */
        return skip(at + strlen(words[i]), " \t");
    }
    return at;
}

/* tensor(2.3, Array(2.3, np.float32(2.3, '2.3', [[2.3, <tf.Tensor: shape=(), numpy=2.3>: to the
 * number.  *depth: brackets that are open, in which more may follow. */
const char *loss_pass_wrapping(const char *at, int *depth)
{
    static const char *const inside[] = {"numpy=", "value="};

    *depth = 0;
    for (int n = 0; n < 6; n++) {
        const size_t word = loss_word(at);
        const char *value = NULL;
        if (word > 0 && at[word] == '(')
            at += word;
        for (int i = 0; i < 2 && value == NULL && (begins(at, "(shape=") || *at == '<'); i++)
            value = memmem(at, strnlen(at, MOST_INSIDE), inside[i], strlen(inside[i]));
        if (value != NULL) {
            at = skip(value + strlen(inside[0]), " ");
            continue;
        }
        if (*at == '\0' || strchr("([\"'", *at) == NULL)
            break;
        *depth += *at == '(' || *at == '[';
        at = skip(at + 1, " ");
    }
    return at;
}

const char *loss_pass_arguments(const char *at)
{
    static const char *const words[] = {"device", "dtype",     "grad_fn", "requires_grad",
                                        "shape",  "weak_type", NULL};

    for (;;) {
        const char *const next = skip(at, ", ");
        const size_t n = loss_word(next);
        if (next == at || next[n] != '=' || !loss_word_in(words, next, n))
            return at;
        at = next + strcspn(next, ",()");
        at += *at == '(' ? strcspn(at, ")") : 0;
        at += *at == ')' && memchr(next, '(', (size_t)(at - next)) != NULL;
    }
}

size_t loss_arrow(const char *at)
{
    static const char *const arrows[] = {"-->", "->", "=>", "\342\206\222", NULL};

    for (int i = 0; arrows[i] != NULL; i++) {
        if (begins(at, arrows[i]))
            return strlen(arrows[i]);
    }
    return 0;
}
