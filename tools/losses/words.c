/* words.c - the words that name a loss, or a step, in what trainers print
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/losses/words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_letter(char c) { return isalpha((unsigned char)c) || c == '_'; }
static bool is_word(char c) { return isalnum((unsigned char)c) || c == '_'; }

size_t loss_word(const char *at)
{
    size_t n = 0;

    if (!is_letter(*at))
        return 0;
    while (is_word(at[n]) ||
           (at[n] != '\0' && strchr("-./", at[n]) != NULL && is_word(at[n + 1])) ||
           (at[n] == '\'' && at[n + 1] == 's' && at[n + 2] == ' '))
        n++;
    return n;
}

bool loss_word_in(const char *const *list, const char *word, size_t n)
{
    for (; *list != NULL; list++) { /* almost all differ in the first letter, whatever its case */
        if (((**list ^ *word) & 31) == 0 && strlen(*list) == n && strncasecmp(*list, word, n) == 0)
            return true;
    }
    return false;
}

/* ---- the parts of a word ---- */

/* The part at or behind i, of TrainLoss or train_loss; *n = 0 past the last. */
static const char *part(const char *word, size_t size, size_t i, size_t *n)
{
    while (i < size && !isalnum((unsigned char)word[i]))
        i++;
    for (*n = 0; i + *n < size && isalnum((unsigned char)word[i + *n]); ++*n) {
        if (*n > 0 && islower((unsigned char)word[i + *n - 1]) &&
            isupper((unsigned char)word[i + *n]))
            break;
    }
    return word + i;
}

/* loss, losses, mlogloss, loss1, lossD */
static bool is_loss_part(const char *p, size_t n)
{
    if (n >= 4 && strncasecmp(p + n - 4, "loss", 4) == 0)
        return true;
    if (n < 5 || strncasecmp(p, "loss", 4) != 0)
        return n > 6 && strncasecmp(p + n - 6, "losses", 6) == 0;
    return isdigit((unsigned char)p[4]) || isupper((unsigned char)p[4]) ||
           (n == 6 && strncasecmp(p, "losses", 6) == 0);
}

/* The log of a density: log_prob, log prob. */
static bool is_density(const char *p, size_t n)
{
    static const char *const densities[] = {"prob", "probability", "density", NULL};
    return loss_word_in(densities, p, n);
}

loss_kind loss_kind_of(const char *word, size_t size)
{
    static const char *const metrics[] = {
        "error",      "err", "cost", "nll",          "perplexity", "ppl",      "rmse",
        "mse",        "mae", "mape", "rmsle",        "elbo",       "deviance", "objective",
        "objf",       "l1",  "l2",   "obj",          "xent",       "entropy",  "inertia",
        "likelihood", "bpb", "bpc",  "crossentropy", "rms",        NULL};
    static const char *const alone[] = {"learn", "lp__", NULL}; /* CatBoost's and Stan's */
    static const char *const times[] = {"time", "secs", "seconds", "ms", "timing", NULL};
    static const char *const others[] = {
        "scale", "scaler",      "scaling",    "scales",  "weight",    "weights", "coef",
        "coeff", "factor",      "lr",         "alpha",   "patience",  "fn",      "func",
        "type",  "function",    "limit",      "margin",  "threshold", "freq",    "interval",
        "every", "decay",       "warmup",     "count",   "num",       "path",    "file",
        "dir",   "index",       "name",       "lambda",  "reduction", "idx",     "beta",
        "gamma", "coefficient", "multiplier", "compute", "reduce",    "py",      "cpp",
        "cc",    "cu",          NULL};
    loss_kind kind = loss_word_in(alone, word, size) ? METRIC : NO_LOSS;
    bool other = false, log = false;
    const char *p;
    size_t n;

    for (p = part(word, size, 0, &n); n > 0; p = part(word, size, (size_t)(p - word) + n, &n)) {
        if (loss_word_in(times, p, n))
            return NO_LOSS;
        if (loss_word_in(others, p, n)) {
            other = true; /* loss_scale is none; scale_loss is one */
            kind = NO_LOSS;
        } else if (is_loss_part(p, n)) {
            kind = LOSS;
        } else if (kind != LOSS && !other &&
                   (loss_word_in(metrics, p, n) || (log && is_density(p, n)))) {
            kind = METRIC;
        }
        log = n == 3 && strncasecmp(p, "log", n) == 0;
    }
    return kind;
}

bool loss_is_scale(const char *word, size_t size)
{
    static const char *const scales[] = {"scale", "scaler", "scaling", "time", "secs", "seconds",
                                         "ms",    "reduce", "compute", "py",   NULL};
    bool loss = false;
    const char *p;
    size_t n;

    for (p = part(word, size, 0, &n); n > 0; p = part(word, size, (size_t)(p - word) + n, &n)) {
        if (loss && loss_word_in(scales, p, n))
            return true;
        loss = loss || is_loss_part(p, n);
    }
    return false;
}

bool loss_is_mean(const char *word, size_t size)
{
    static const char *const means[] = {"avg",    "mean", "average", "running", "smoothed",
                                        "smooth", "ema",  "epoch",   NULL};
    const char *p;
    size_t n;

    for (p = part(word, size, 0, &n); n > 0; p = part(word, size, (size_t)(p - word) + n, &n)) {
        if (loss_word_in(means, p, n))
            return true;
    }
    return false;
}

bool loss_is_key(const char *word, size_t n)
{
    static const char *const keys[] = {"name", "metric", "tag", "key", "series", "title", NULL};
    return loss_word_in(keys, word, n);
}

bool loss_is_value(const char *word, size_t n)
{
    static const char *const values[] = {"value", "val", "scalar", "simple_value", NULL};
    return loss_word_in(values, word, n);
}

bool loss_is_rate(const char *word, size_t n)
{
    static const char *const per[] = {"s",    "sec",   "second", "min",   "h", "it",
                                      "iter", "batch", "step",   "epoch", NULL};
    const char *const slash = memrchr(word, '/', n);

    return slash != NULL && loss_word_in(per, slash + 1, n - (size_t)(slash + 1 - word));
}

bool loss_is_epoch(const char *word, size_t n)
{
    static const char *const words[] = {"epoch", "ep",   "epochs", "epochs_done",
                                        "round", "fold", NULL};
    return loss_word_in(words, word, n);
}

bool loss_is_step(const char *word, size_t n)
{
    static const char *const words[] = {
        "step",        "steps",           "iter",        "iteration",  "it",
        "batch",       "update",          "global_step", "episode",    "minibatch",
        "mini-batch",  "timestep",        "tick",        "kimg",       "nimg",
        "num_updates", "total_timesteps", "global-step", "train_step", "trainer/global_step",
        "iters",       "cur_step",        "steps_done",  "iter_num",   "iterations",
        "trial",       "number_of_trees", "up.",         NULL};
    return loss_is_epoch(word, n) || loss_word_in(words, word, n);
}

bool loss_is_timed(const char *word, size_t n)
{
    static const char *const words[] = {"step",  "steps", "iter",      "iteration",
                                        "batch", "it",    "minibatch", NULL};
    return loss_word_in(words, word, n);
}
