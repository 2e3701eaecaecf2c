/* library.c - the libraries, and the words of those that have a thing
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/number/num.h"
#include "libraries/library.h"

#define ADDRESS(name, ...) &dp_library_##name,
const dp_library *const dp_libraries[] = {DP_LIBRARIES(ADDRESS) NULL};

/* clang-format off */
#define YES(name) "," #name
#define NO(name)
#define SHUFFLE(name, has, ...)                            has(name)
#define SAMPLE(name, a, has, ...)                          has(name)
#define DISTRIBUTE(name, a, b, has, ...)                   has(name)
#define SUBSET(name, a, b, c, has, ...)                    has(name)
#define SPLIT(name, a, b, c, d, has, ...)                  has(name)
#define WEIGHTED(name, a, b, c, d, e, has, ...)            has(name)
#define CLASSES(name, a, b, c, d, e, f, has, ...)          has(name)
#define DRAWS(name, a, b, c, d, e, f, g, has, ...)         has(name)
#define WEIGHTS(name, a, b, c, d, e, f, g, h, has, ...)    has(name)
#define FOLDS(name, a, b, c, d, e, f, g, h, i, has, ...)   has(name)
#define DEFAULTS(name, a, b, c, d, e, f, g, h, i, j, has)  has(name)
/* clang-format on */
const char dp_words_shuffle[] = DP_LIBRARIES(SHUFFLE);
const char dp_words_sample[] = DP_LIBRARIES(SAMPLE);
const char dp_words_distribute[] = DP_LIBRARIES(DISTRIBUTE);
const char dp_words_subset[] = DP_LIBRARIES(SUBSET);
const char dp_words_split[] = DP_LIBRARIES(SPLIT);
const char dp_words_weighted[] = DP_LIBRARIES(WEIGHTED);
const char dp_words_classes[] = DP_LIBRARIES(CLASSES);
const char dp_words_draws[] = DP_LIBRARIES(DRAWS);
const char dp_words_weights[] = DP_LIBRARIES(WEIGHTS);
const char dp_words_folds[] = DP_LIBRARIES(FOLDS);
const char dp_words_defaults[] = DP_LIBRARIES(DEFAULTS);

const dp_library *dp_library_of(const char *words, int32_t order)
{
    size_t length;

    for (words++; order > 0; order--)
        words += strcspn(words, ",") + 1;
    length = strcspn(words, ",");
    for (const dp_library *const *at = dp_libraries; *at != NULL; at++) {
        if (strlen((*at)->word) == length && memcmp((*at)->word, words, length) == 0)
            return *at;
    }
    return NULL;
}

dp_who dp_library_who(bool (*has)(const dp_library *))
{
    dp_who who;
    size_t n = 0;

    who.words[0] = '\0';
    for (const dp_library *const *at = dp_libraries; *at != NULL && n < sizeof who.words; at++) {
        if (has(*at))
            n += (size_t)snprintf(who.words + n, sizeof who.words - n, n ? ",%s" : "%s",
                                  (*at)->word);
    }
    return who;
}

/* Which of `rules` the word is, with its number if it has a colon; -1 = none. */
static int rule_of(const char *rules, const char *word, size_t length, uint64_t *number)
{
    const char *colon = memchr(word, ':', length);
    const size_t name = colon == NULL ? length : (size_t)(colon + 1 - word);
    int64_t value = 0;

    if (colon != NULL && (!dp_parse_int(word + name, length - name, &value) || value < 0))
        return -1;
    *number = (uint64_t)value;
    for (int i = 0; *rules != '\0'; i++) {
        const size_t n = strcspn(rules, ",");
        if (n == name && memcmp(rules, word, n) == 0)
            return i;
        rules += n + (rules[n] == ',');
    }
    return -1;
}

static dp_status read_rules(const char *rules, dp_ask *ask, dp_error *err)
{
    memset(ask->rule, 0, sizeof ask->rule);
    if (rules == NULL && ask->words[0] != '\0')
        return dp_fail(err, DP_ESPEC, "rule=%.40s: this order has no rules", ask->words);
    for (const char *word = ask->words; *word != '\0';) {
        const size_t length = strcspn(word, ",");
        uint64_t number = 0;
        const int i = rule_of(rules, word, length, &number);
        if (i < 0)
            return dp_fail(err, DP_ESPEC, "rule=%.*s is not one of %s",
                           length > 40 ? 40 : (int)length, word, rules);
        if (ask->rule[i].given)
            return dp_fail(err, DP_ESPEC, "rule=%.*s is given twice", (int)length, word);
        ask->rule[i] = (dp_rule){true, number};
        word += length + (word[length] == ',');
    }
    return DP_OK;
}

dp_status dp_check_ask(dp_ask_check *check, const char *rules, dp_ask *ask, dp_error *err)
{
    dp_status status = DP_OK;

    if (ask->words != NULL)
        status = read_rules(rules, ask, err);
    return status == DP_OK && check != NULL ? check(ask, err) : status;
}

dp_status dp_check_seed_32(const dp_ask *ask, const char *word, dp_error *err)
{
    if (ask->seed > UINT32_MAX)
        return dp_fail(err, DP_ESPEC, "order=%s takes seeds below 2^32, not %llu", word,
                       (unsigned long long)ask->seed);
    return DP_OK;
}

dp_status dp_check_sample(const dp_ask *ask, const char *name, dp_error *err)
{
    if (ask->count > ask->rows && !ask->replacement)
        return dp_fail(err, DP_ESPEC,
                       "%s draws no %llu of %llu rows: replacement=true draws rows again", name,
                       (unsigned long long)ask->count, (unsigned long long)ask->rows);
    return DP_OK;
}

dp_status dp_check_some_rows(const dp_ask *ask, const char *name, dp_error *err)
{
    return ask->rows == 0 ? dp_fail(err, DP_ESPEC, "%s refuses to shuffle nothing", name) : DP_OK;
}
