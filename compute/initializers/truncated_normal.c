/* truncated_normal.c - normal distribution cut at two standard deviations
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * MindSpore's a and b are absolute bounds, not multiples of sigma (docs/mindspore.md), and matter
 * to its order alone.
 */
#include <stdio.h>

#include "compute/initializers/initializer.h"

typedef struct truncated_normal {
    int32_t order;
    dp_truncated_normal d;
} truncated_normal;

#define FIELD(name, def, lo, hi, help)                                                             \
    {                                                                                              \
#name, DP_PARAM_NUMBER, offsetof(truncated_normal, d.name), def, lo, hi, NULL, help        \
    }

static const dp_param params[] = {
    FIELD(sigma, "0.01", 1e-30, 1e6, "standard deviation before the cut"),
    FIELD(mean, "0", -1e6, 1e6, "mean"),
    FIELD(a, "-2", -1e6, 1e6, "lower bound of order=mindspore, absolute"),
    FIELD(b, "2", -1e6, 1e6, "upper bound of order=mindspore, absolute"),
    DP_INIT_ORDER(truncated_normal),
    DP_PARAMS_END,
};

static void fill(const void *params_, const dp_init_source *source, int64_t first, int64_t n,
                 float *out)
{
    const truncated_normal *p = params_;

    source->library->weights->truncated_normal(source, &p->d, first, n, out);
}

static bool has_bounds(const dp_library *library)
{
    return library->weights != NULL && library->weights->fits != NULL;
}

static bool has_it(const dp_library *library)
{
    return library->weights != NULL && library->weights->truncated_normal != NULL;
}

static dp_status check(const void *params_, const dp_weights *weights, dp_error *err)
{
    const truncated_normal *p = params_;
    char needs[DP_WHO_SIZE + 8];

    if (weights->truncated_normal == NULL)
        return dp_fail(err, DP_ESPEC, "truncated_normal is known to the bit with order=%s alone",
                       dp_library_who(has_it).words);
    snprintf(needs, sizeof needs, "order=%s", dp_library_who(has_bounds).words);
    if (weights->fits == NULL && (p->d.a != -2 || p->d.b != 2))
        return dp_params_idle(p->d.a != -2 ? "a" : "b", needs, err);
    if (weights->fits != NULL && !weights->fits(&p->d))
        return dp_fail(err, DP_ESPEC,
                       "the normal distribution has nothing between a and b (a < "
                       "b, within 8 sigma of the mean)");
    return DP_OK;
}

const dp_initializer dp_initializer_truncated_normal = {
    .info = {"initializer", "truncated_normal", "normal distribution cut at 2 sigma", 1,
             sizeof(truncated_normal), params},
    .orders = dp_words_weights,
    .check = check,
    .fill = fill,
};
