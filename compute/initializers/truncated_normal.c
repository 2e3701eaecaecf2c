/* truncated_normal.c - normal distribution cut at two standard deviations
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Native: by inversion, p = Phi(-2) + u * (Phi(2) - Phi(-2)), no rejection.  MindSpore's a and b
 * are absolute bounds, not multiples of sigma (docs/mindspore.md), and matter to its order
 * alone.
 */
#include "compute/initializers/distributions.h"

typedef struct truncated_normal {
    dp_truncated_normal d;
    int32_t order;
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
    const double low = 0x1.74bcf82c9d863p-6, high = 0x1.f45a183e9b13dp-1; /* Phi(-2), Phi(2) */
    dp_rng rng = source->rng;

    if (p->order == DP_ORDER_MINDSPORE) {
        dp_fill_mindspore_normal(source, &p->d, first, n, out);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)(p->d.mean + p->d.sigma * dp_normal_quantile(low + dp_open_uniform(&rng) *
                                                                               (high - low)));
}

static dp_status check(const void *params_, uint64_t seed, dp_error *err)
{
    const truncated_normal *p = params_;

    if (p->order != DP_ORDER_MINDSPORE && (p->d.a != -2 || p->d.b != 2))
        return dp_params_idle("truncated_normal", p->d.a != -2 ? "a" : "b", "order=mindspore", err);
    if (p->order == DP_ORDER_MINDSPORE && !dp_mindspore_normal_fits(&p->d))
        return dp_fail(err, DP_ESPEC,
                       "truncated_normal: the normal distribution has nothing between a and b (a < "
                       "b, within 8 sigma of the mean)");
    return dp_check_init_order(p->order, seed, err);
}

const dp_initializer dp_initializer_truncated_normal = {
    .info = {"initializer", "truncated_normal", "normal distribution cut at 2 sigma", 1, params},
    .size = sizeof(truncated_normal),
    .draws = true,
    .check = check,
    .fill = fill,
};
