/* line.c - the losses that a line names: loss: 2.3, train loss=2.3, 'loss': tensor(2.3)
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tools/losses/reader.h"

#define DIGITS  "0123456789"
#define LETTERS "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

#define MOST_INSIDE 512 /* bytes looked at inside of tensor(..), <tf.Tensor: ..> */

/* The words before the place where the line is read. */
typedef struct context {
    loss_reader *r;
    const char *words[3]; /* begins of the last words, without anything between them */
    int n_words;
    char key[LOSS_NAME]; /* the last word, if a brace may belong to it */
} context;

static const char *skip(const char *at, const char *characters)
{
    return at + strspn(at, characters);
}

static bool begins(const char *at, const char *word)
{
    return strncmp(at, word, strlen(word)) == 0;
}

/* ---- between the name and the number ---- */

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

/* "at step 3", "@ step 3", "on the test set", "(train)", "[0]", "(3)": what may stand between a
 * name and its colon. */
static const char *pass_clause(const char *at)
{
    static const char *const words[] = {
        "at",    "after",     "on",   "for",   "in",   "over",    "of",    "the",        "set",
        "train", "training",  "val",  "valid", "dev",  "test",    "eval",  "validation", "step",
        "epoch", "iteration", "iter", "batch", "mean", "average", "value", NULL};
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
    return *at == ':' || *at == '=' ? at : begin;
}

/* What connects a name and its number; *sure: it is more than a blank. */
static const char *pass_connection(const char *at, bool *sure)
{
    static const char *const words[] = {":=", "==", "=>",  "->",   ":", "=",
                                        "|",  "- ", "is ", "was ", NULL};

    at = skip(at, "\"'`");
    at = skip(pass_clause(at), " \t");
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
static const char *pass_wrapping(const char *at, int *depth)
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

/* ---- numbers ---- */

static bool begins_number(const char *at) { return printed_number_read(at).n > 0; }

/* Digits alone: 7, not 7.0. */
static bool is_count(const char *at)
{
    const size_t n = strspn(at, "0123456789");

    at += n;
    return n > 0 && (*at == '\0' || strchr(".,xXeEdD", *at) == NULL || at[1] == ' ');
}

/* "- 12s - loss: 2.3": the older Keras does not say how long a step takes. */
static bool is_keras(const char *text)
{
    const char *const time = strstr(text, "s - loss: ");

    return strstr(text, "s/step") != NULL || strstr(text, " - ETA: ") != NULL ||
           (time > text && isdigit((unsigned char)time[-1]));
}

/* "[1,  2000] loss: 2.3" */
static bool is_tutorial(const char *text)
{
    int n = 0;

    return sscanf(text, " [%*9d,%*9d] loss:%n", &n) == 0 && n > 0;
}

/* Keras prints the mean of the epoch so far; a val_loss stands there when it is whole. */
static bool is_mean(const loss_reader *r, const char *name)
{
    return r->means || (r->keras && !begins(name, "val_")) || loss_is_mean(name, strlen(name));
}

/* Once a line, which may be long.  PyTorch's tutorial prints the mean of 2000 steps, transformers
 * that of the run at its end. */
static void know_program(loss_reader *r)
{
    const char *const text = r->line.text;

    r->keras = is_keras(text);
    r->means = is_tutorial(text) || strstr(text, "train_runtime") != NULL;
    r->catboost = strstr(text, "learn:") != NULL;
}

/* Behind ", device='cuda:0'", ", shape=(2,)" and ", grad_fn=<A>" of tensor(2.3, or at. */
static const char *pass_arguments(const char *at)
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

/* Words that stand in a list where a number is left out. */
static size_t left_out(const char *at)
{
    static const char *const words[] = {"None", "null", "NA", NULL};
    const size_t n = loss_word(at);

    return begins(at, "...") ? 3 : loss_word_in(words, at, n) ? n : 0;
}

/* Behind a number of a list: to the next one, past brackets that open and close, and from
 * tensor(2.3, grad_fn=..) to tensor(2.2; else to where the list or the line ends. */
static const char *pass_in_list(const char *at, int *depth)
{
    while (*depth > 0) {
        const size_t word = loss_word(at = skip(pass_arguments(at), ", \t;"));
        const size_t gap = word > 0 && at[word] == '(' ? word : left_out(at);
        if (gap == 0 && (*at == '\0' || strchr("()[]", *at) == NULL))
            break;
        *depth += gap > 0 ? 0 : *at == '(' || *at == '[' ? 1 : -1;
        at += gap > 0 ? gap : 1;
    }
    return at;
}

/* What counts something is not a loss: "0.5 s", "3.5 GB", "12.5 it/s". */
static bool is_quantity(const char *unit)
{
    static const char *const units[] = {"s",  "ms", "us", "sec", "secs", "seconds", "mins", "h",
                                        "kb", "mb", "gb", "kib", "mib",  "gib",     NULL};
    const size_t n = loss_word(unit = skip(unit, " "));

    return loss_is_rate(unit, n) || loss_word_in(units, unit, n);
}

/* The word of a number that belongs to a loss: "(best 2.3)", ", avg: 2.4"; NULL. */
static const char *part_at(const char *at, size_t n)
{
    static const char *const parts[] = {"best",  "avg",    "average", "mean", "min",      "max",
                                        "std",   "median", "ema",     "prev", "previous", "val",
                                        "valid", "train",  "test",    "dev",  "eval",     NULL};
    const char *const *part = parts;

    while (*part != NULL && (strlen(*part) != n || strncasecmp(*part, at, n) != 0))
        part++;
    return *part;
}

/* " (2.4)", " (3)", " (best 2.4)", "+0.01", " +/- 0.01": to the number that belongs to the one
 * before; *what: which. */
static const char *pass_to_second(const char *at, const char **what)
{
    static const char *const signs[] = {"+/-", "\302\261", "+-", "+", NULL};
    const char *next = skip(at, " ,;|([");
    const size_t word = loss_word(next);

    if (next > at && (*what = part_at(next, word)) != NULL)
        return begins_number(next = skip(next + word, " .:=\"'")) ? next : NULL;
    next = skip(at, " ");
    if (next > at && *next == '(') {
        next = skip(next + 1, " ");
        *what = is_count(next) ? "at" : "mean"; /* CatBoost: best: 2.3 (7) */
        return begins_number(next) ? next : NULL;
    }
    *what = "spread";
    next = skip(at, " ");
    for (int i = 0; signs[i] != NULL; i++) {
        if (begins(next, signs[i]))
            return begins_number(next = skip(next + strlen(signs[i]), " ")) ? next : NULL;
    }
    return NULL;
}

/* Whether what joins another number to a loss, and is nothing that is read, follows: a bracket, a
 * sign or a word as in 2.3(2.4), 2.3 [2.4], 2.3 (val) 2.4, 2.3 and 2.4.  Not a count, a time, or a
 * quantity: 2.3 [64/60000], 2.3 [00:05<00:10, 8.1it/s], 2.3 (12.5%). */
static bool joins_another(const char *at)
{
    static const char *const words[] = {"and", "vs", "to", "versus", NULL};
    const char *next = skip(at, " ,"), *const sign = next;
    const bool glued = *at != '\0' && strchr("([{<", *at) != NULL;
    printed_number number;
    size_t word;

    next = skip(next, "([{<=%*");
    next += begins(next, "\303\227") ? 2 : 0; /* the multiplication sign */
    word = loss_word(next);
    if (word > 0 &&
        (loss_word_in(words, next, word) || (next > sign && part_at(next, word) != NULL)))
        next = skip(next + word, " .:=)]}>");
    if (next == sign || !begins_number(next = skip(next, " ")))
        return false;
    number = printed_number_read(next);
    return (glued || !is_count(next)) && !number.aside && next[number.n] != '%' &&
           !is_quantity(next + number.n);
}

/* A number of a loss, or of a metric, is not read. */
static void leave(loss_reader *r, loss_kind kind)
{
    r->left = kind == LOSS || r->left == NO_LOSS ? kind : r->left;
}

/* The mean in 2.3 (2.4), the step in 2.3 (7), the spread in 2.3+0.01, the best in 2.3 (best 2.2);
 * not the samples in 2.3 (7 samples). */
static const char *read_seconds(loss_reader *r, const char *name, loss_kind kind, const char *at)
{
    const char *what, *second;
    char of[LOSS_NAME + 10];

    while ((second = pass_to_second(at, &what)) != NULL) {
        const printed_number number = printed_number_read(second);
        at = second + number.n;
        if (number.aside || is_quantity(at) || (*what == 'a' && what[1] == 't' && *at != ')'))
            continue;
        if (!number.whole) {
            leave(r, kind);
            continue;
        }
        snprintf(of, sizeof of, "%.*s (%s)", LOSS_NAME - 12, name, what);
        loss_add(r, of, strlen(of), kind, loss_is_mean(what, strlen(what)), second, &number);
    }
    if (joins_another(at))
        leave(r, kind);
    return at;
}

/* The next line has its number, or more of its list, in so many brackets. */
static void leave_open(loss_reader *r, const char *name, loss_kind kind, int depth)
{
    snprintf(r->open, sizeof r->open, "%s", name);
    r->open_kind = kind;
    r->depth = depth;
}

/* The numbers of a list from at on, which is one's or in its brackets; returns the end of the last
 * one.  A list that does not end here goes on in the next line. */
static const char *read_list(loss_reader *r, const char *name, loss_kind kind, const char *at,
                             int depth)
{
    const char *next = at;
    printed_number number;
    size_t n = 0;

    while ((number = printed_number_read(next)).n > 0) {
        loss_add(r, name, strlen(name), kind, is_mean(r, name), next, &number);
        r->in_list = true;
        at = next + number.n;
        n++;
        next = pass_in_list(at, &depth);
        if (depth == 0)
            break;
    }
    r->in_list = false;
    if (depth > 0 && *next == '\0')
        leave_open(r, name, kind, depth);
    else if (depth > 0 && n > 1 && *next != ':')
        leave(r, kind);
    return at;
}

/* One number, and those of its list. */
static const char *read_numbers(loss_reader *r, const char *name, loss_kind kind, const char *at,
                                int depth)
{
    const printed_number number = printed_number_read(at);

    if (number.aside && number.whole)
        return at + number.n; /* it is how long it took */
    return read_seconds(r, name, kind, read_list(r, name, kind, at, depth));
}

/* ---- names ---- */

/* The word at `at` and those directly before it, behind the path of the open braces. */
static void make_name(const context *c, const char *at, size_t n, char out[LOSS_NAME])
{
    const char *begin = c->n_words > 0 ? c->words[0] : at;
    snprintf(out, LOSS_NAME, "%s%.*s", c->r->braces.path, (int)(at + n - begin), begin);
}

/* Bytes of an arrow. */
static size_t arrow(const char *at)
{
    static const char *const arrows[] = {"-->", "->", "=>", "\342\206\222", NULL};

    for (int i = 0; arrows[i] != NULL; i++) {
        if (begins(at, arrows[i]))
            return strlen(arrows[i]);
    }
    return 0;
}

/* What separates numbers: "2.5 -> 2.4", "2.5 / 2.4", "2.5 - 2.4". */
static const char *pass_separators(const char *at)
{
    for (;;) {
        const char *const next = skip(at, " \t,;|)]}\"'/~");
        const size_t n = begins(next, "- ") ? 1 : arrow(next);
        at = next + n;
        if (n == 0)
            return at;
    }
}

/* "loss 2.3  0x1.2p+1", "loss: 2.3, 9.4", "loss: 2.5,1.5": what stands behind a loss without a name
 * is compared, too; what is not a number there is left, unless a comma alone is between. */
static const char *read_unnamed(loss_reader *r, const char *name, loss_kind kind, const char *at)
{
    for (;;) {
        const bool joined = *at == ',' && isdigit((unsigned char)at[1]);
        const char *const next = pass_separators(at);
        const printed_number number = printed_number_read(next);
        const bool other = number.aside || is_quantity(next + number.n) || is_count(next);

        if (number.n == 0 || (!joined && other))
            return at;
        if (!number.whole && !joined) {
            leave(r, kind);
            return at;
        }
        loss_add(r, name, strlen(name), kind, is_mean(r, name), next, &number);
        at = next + number.n;
    }
}

/* ---- changes ---- */

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
        n = arrow(at);
        at = n > 0 ? at : skip(at, ">=");
        if (n == 0 && *at != '(' && *at != ' ')
            return at;
        if (*at != ' ')
            *of = n == 0 ? "from" : "to";
        at += n > 0 ? n : 1;
    }
}

/* "improved from inf to 2.3", "decreased (9.4 --> 2.3)", "did not improve from 2.3": each number is
 * of a series of its own.  Returns where to go on, `at` where this is none. */
static const char *read_change(loss_reader *r, const char *name, loss_kind kind, const char *at)
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
            loss_add(r, part, strlen(part), kind, is_mean(r, name), begin, &number);
        }
        at = next;
    }
}

/* ---- losses ---- */

/* Behind <loss> or <metric name="loss">; NULL: the name is none of a tag. */
static const char *pass_name_of_tag(const context *c, const char *at, size_t n)
{
    const bool quoted = at[n] == '"' && at[n + 1] == '>';
    const bool tag = at > c->r->line.text && at[-1] == (quoted ? '"' : '<');

    return tag && at[n + quoted] == '>' ? skip(at + n + quoted + 1, " ") : NULL;
}

/* "12.5 ms run,  2.31 loss, 0.1 LR": the number directly before a name that ends with a mark; NULL.
 * Behind a word it is that one's: "lr 0.1 loss". */
static const char *number_before(const context *c, const char *at, size_t n)
{
    const char *const text = c->r->line.text;
    const char *const name = c->n_words > 0 ? c->words[0] : at;
    const char *first = name - (name > text), *before;
    printed_number number;

    if (first == text || *first != ' ' || strchr(",;|)", at[n]) == NULL)
        return NULL;
    while (first > text && first[-1] != ' ')
        first--;
    number = printed_number_read(first);
    for (before = first; before > text && before[-1] == ' ';)
        before--;
    return number.whole && !number.aside && first + number.n == name - 1 && !is_count(first) &&
                   (before == text || strchr(",;|(", before[-1]) != NULL)
               ? first
               : NULL;
}

/* A name whose number is not behind it. */
static const char *read_apart(const context *c, const char *name, const char *at, size_t n,
                              loss_kind kind)
{
    const char *value = loss_of_record(c->r->line.text, at, n);

    if (value == NULL && kind == LOSS)
        value = number_before(c, at, n);
    if (value != NULL) {
        const printed_number number = printed_number_read(value);
        loss_add(c->r, name, strlen(name), kind, is_mean(c->r, name), value, &number);
    }
    return at + n;
}

/* A loss word of n bytes: its numbers are read.  Returns where to go on. */
static const char *read_loss(const context *c, const char *at, size_t n, loss_kind kind)
{
    char name[LOSS_NAME];
    bool sure = true;
    int depth;
    const char *value = at + n + (at[n] == '.' && at[n + 1] == ' ');
    const char *const tag = pass_name_of_tag(c, at, n), *changed;

    make_name(c, at, n, name);
    changed = read_change(c->r, name, kind, value);
    if (changed > value)
        return changed;
    value = tag != NULL ? tag : pass_connection(value, &sure);
    value = pass_wrapping(value, &depth);
    if (*value == '\0' && sure)
        leave_open(c->r, name, kind, depth);
    if (!begins_number(value))
        return read_apart(c, name, at, n, kind);
    if (!sure && c->r->own.n == 0 && is_count(value))
        return at + n;
    value = pass_arguments(read_numbers(c->r, name, kind, value, depth));
    return read_unnamed(c->r, name, kind, value);
}

/* A tensor that was printed alone: one that has a gradient is a loss. */
static loss_kind kind_of_tensor(const context *c, const char *at, size_t n)
{
    static const char *const words[] = {"tensor",     "Array",      "float32", "float64",
                                        "np.float32", "np.float64", NULL};

    if (n == 6 && begins(at, "tensor(")) {
        const size_t most = strnlen(at, MOST_INSIDE);
        const char *const close = memchr(at, ')', most), *const end = close ? close : at + most;
        if (memmem(at, (size_t)(end - at), "grad_fn=", 8) != NULL)
            return METRIC;
    }
    return at[n] == '(' && c->n_words == 0 && c->key[0] == '\0' && loss_word_in(words, at, n)
               ? UNNAMED
               : NO_LOSS;
}

/* CatBoost's "learn: 2.3 test: 2.4 best: 2.2 (7)". */
static bool is_catboost(const loss_reader *r, const char *at, size_t n)
{
    return r->catboost && n == 4 && (begins(at, "test:") || begins(at, "best:"));
}

/* By the word, else by the braces around it: {"loss": {"box": 1.1}}. */
static loss_kind kind_of(const context *c, const char *at, size_t n)
{
    const char *const path = c->r->braces.path;
    loss_kind kind = n > 0 ? loss_kind_of(at, n) : NO_LOSS;
    char name[LOSS_NAME];

    if (n == 0 || kind != NO_LOSS)
        return kind;
    if (is_catboost(c->r, at, n))
        return METRIC;
    kind = kind_of_tensor(c, at, n);
    if (kind != NO_LOSS || path[0] == '\0' || loss_is_step(at, n) || at[n] == '(')
        return kind;
    snprintf(name, sizeof name, "%s%.*s", path, (int)n, at);
    return loss_kind_of(name, strlen(name));
}

/* ---- the line ---- */

static void open_brace(context *c)
{
    loss_braces *const b = &c->r->braces;
    const size_t used = strlen(b->path);

    if (b->depth < LOSS_NESTED)
        b->back[b->depth] = used;
    b->depth++;
    if (c->key[0] != '\0' && b->depth <= LOSS_NESTED)
        snprintf(b->path + used, sizeof b->path - used, "%s.", c->key);
    c->key[0] = '\0';
}

/* Returns where to go on: at the next brace of a list, which has the same key. */
static const char *close_brace(context *c, const char *at)
{
    loss_braces *const b = &c->r->braces;
    const char *const next = skip(at + 1, ", ");
    char *own;

    b->depth -= b->depth > 0;
    if (b->depth >= LOSS_NESTED)
        return at + 1;
    own = b->path + b->back[b->depth];
    snprintf(c->key, sizeof c->key, "%.*s", *next == '{' ? (int)strcspn(own, ".") : 0, own);
    *own = '\0';
    return *next == '{' ? next : at + 1;
}

/* Indented JSON goes on in the next line; what is not indented, or no further than the name of a
 * block, begins anew. */
static void begin_line(context *c)
{
    const char *const text = c->r->line.text;
    const size_t indent = strspn(text, " \t");

    if (strchr(" \t}]", *text) == NULL || indent < c->r->braces.indent)
        c->r->braces = (loss_braces){.depth = 0};
}

/* What a number counts is not part of a name: "93.9it/s train_loss=2.2", "12 samples/sec loss 2".
 */
static bool is_unit(const char *text, const char *at, size_t n)
{
    static const char *const times[] = {"s", "sec", "second", "it", NULL};
    const char *per = memchr(at, '/', n);

    return (at > text && isdigit((unsigned char)at[-1])) ||
           (per != NULL && loss_word_in(times, per + 1, n - (size_t)(per + 1 - at)));
}

/* A word that names no loss may be the first of a name, or the key of a brace. */
static const char *keep_word(context *c, const char *at, size_t n)
{
    if (c->n_words == 2) {
        c->words[0] = c->words[1];
        c->n_words = 1;
    }
    c->words[c->n_words++] = at;
    if (at[n] != '(') /* OrderedDict({ */
        snprintf(c->key, sizeof c->key, "%.*s", (int)n, at);
    at += n;
    if (*at == '.' && at[1] == ' ')
        at++; /* "Avg. loss" */
    return at;
}

/* "23.1, 23.2 avg loss, 0.01 rate": darknet names a number behind it. */
static bool read_behind(context *c)
{
    const char *const text = c->r->line.text, *const avg = strstr(text, " avg");
    const char *begin = avg, *first;
    printed_number number;

    if (avg == NULL || strstr(avg, " rate,") == NULL)
        return false;
    while (begin > text && begin[-1] != ' ')
        begin--;
    for (first = begin - (begin > text); first > text && first[-1] != ' ';)
        first--;
    number = printed_number_read(first);
    if (first < begin && number.n > 0)
        loss_add(c->r, "loss", 4, LOSS, false, first, &number);
    number = printed_number_read(begin);
    if (number.n > 0)
        loss_add(c->r, "avg loss", 8, LOSS, true, begin, &number);
    return number.n > 0;
}

/* Whether a number seems to belong to the loss before it, which was not read: "Loss (CE) : 2.5". */
static bool seems_unread(const char *at)
{
    char name[LOSS_NAME];

    for (int words = 0; words <= 3; words++) {
        const size_t n = loss_word(at += strcspn(at, DIGITS LETTERS ",;|{"));
        const printed_number number = printed_number_read(at);
        if (n == 0)
            return number.whole && !number.aside && !is_count(at) && !is_quantity(at + number.n);
        snprintf(name, sizeof name, "loss_%.*s", (int)n, at);
        if (loss_kind_of(at, n) != NO_LOSS || loss_is_step(at, n) ||
            loss_kind_of(name, strlen(name)) == NO_LOSS)
            return false;
        at += n;
    }
    return false;
}

/* "loss:" alone: the keys of an indented block are its parts, as those in braces are. */
static void end_line(context *c, const char *end)
{
    if (end > c->r->line.text && end[-1] == ':' && c->r->braces.depth == 0 &&
        loss_kind_of(c->key, strlen(c->key)) == LOSS) {
        open_brace(c);
        c->r->braces.indent = strspn(c->r->line.text, " \t") + 1;
    }
}

/* Behind "</loss>" and "<class 'float'>, ", or at. */
static const char *pass_tag(const char *at)
{
    const bool is_class = begins(at, "<class ");
    const char *const end =
        is_class || begins(at, "</") ? memchr(at, '>', strnlen(at, MOST_INSIDE)) : NULL;

    return end == NULL ? at : skip(end + 1, is_class ? ", " : " ");
}

/* What stands between words. */
static const char *pass_mark(context *c, const char *at)
{
    const char *const tag = pass_tag(at);
    const char *const next = tag > at ? tag : *at == '}' ? close_brace(c, at) : at + 1;

    if (tag > at)
        return tag;
    if (*at == '{')
        open_brace(c);
    else if (strchr(" \"':=([}", *at) == NULL)
        c->key[0] = '\0';
    if (*at != ' ' || *next == ' ')
        c->n_words = 0;
    return next;
}

static void read_from(context *c, const char *at)
{
    loss_reader *const r = c->r;

    while (*at != '\0') {
        const size_t n = loss_word(at);
        const loss_kind kind = kind_of(c, at, n);
        const int before = r->found;
        const char *const begin = at;

        if (kind != NO_LOSS)
            at = read_loss(c, at, n, kind);
        if (r->found > before || (n > 0 && kind == NO_LOSS && is_unit(r->line.text, at, n))) {
            at = at > begin ? at : at + n;
            c->n_words = 0;
        } else {
            if (kind == LOSS && seems_unread(begin + n))
                leave(r, kind);
            at = n > 0 ? keep_word(c, begin, n) : pass_mark(c, begin);
        }
    }
    end_line(c, at);
}

void loss_read_line(loss_reader *r)
{
    context c = {.r = r};

    know_program(r);
    begin_line(&c);
    if (!read_behind(&c))
        read_from(&c, r->line.text);
}

/* Behind the "[1] " that R prints before a number, or at. */
static const char *pass_index(const char *at)
{
    const char *const end = skip(at + (*at == '['), DIGITS);

    return *at == '[' && end > at + 1 && begins(end, "] ") ? skip(end + 1, " ") : at;
}

bool loss_read_rest(loss_reader *r)
{
    context c = {.r = r};
    const char *const begin = skip(r->line.text, " \t");
    const char *const at = r->depth > 0 ? begin : pass_index(begin), *value;
    char name[LOSS_NAME];
    int depth = r->depth;
    printed_number number;

    memcpy(name, r->open, sizeof name);
    r->open[0] = '\0';
    value = depth > 0 ? pass_in_list(at, &depth) : pass_wrapping(at, &depth);
    number = printed_number_read(value);
    if (name[0] != '\0' && *value == '\0' && depth > 0) {
        leave_open(r, name, r->open_kind, depth); /* brackets alone */
        return true;
    }
    if (name[0] == '\0' || number.n == 0 || (r->depth > 0 && depth == 0))
        return false;
    if (depth == 0 && (number.aside || *skip(value + number.n, " ,\t") != '\0')) {
        if (strpbrk(at, LETTERS) == NULL)
            leave(r, r->open_kind); /* "loss:", then "2.5 2.4" */
        return false;
    }
    if (r->braces.indent > 0)
        r->braces = (loss_braces){.depth = 0};
    know_program(r);
    r->in_list = true;
    read_from(&c, read_numbers(r, name, r->open_kind, value, depth));
    return true;
}
