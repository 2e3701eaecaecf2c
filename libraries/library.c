/* library.c - the libraries, and the words of those that have a thing
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

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
#define WEIGHTS(name, a, b, c, d, e, f, g, h, has)         has(name)
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

dp_status dp_check_seed_32(const dp_ask *ask, const char *word, dp_error *err)
{
    if (ask->seed > UINT32_MAX)
        return dp_fail(err, DP_ESPEC, "order=%s takes seeds below 2^32, not %llu", word,
                       (unsigned long long)ask->seed);
    return DP_OK;
}

dp_status dp_check_some_rows(const dp_ask *ask, const char *name, dp_error *err)
{
    return ask->rows == 0 ? dp_fail(err, DP_ESPEC, "%s refuses to shuffle nothing", name) : DP_OK;
}
