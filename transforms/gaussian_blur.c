/* gaussian_blur.c - pixels mixed with their neighbours by a bell curve
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Weights in 1/256 that sum to 1, rounded from the outside in with the error carried on; rows
 * first, then columns, rounded once; the border is mirrored (2 1|0 1 2).  sigma 0 stands for 0.3 *
 * ((k - 1) / 2 - 1) + 0.8, k being the size; of one sigma, the width.  That is OpenCV's arithmetic.
 */
#include "base/number/num.h"
#include "transforms/shared/color.h"

#define MAX_KERNEL 63

typedef struct gaussian_blur {
    const char *column;
    dp_ints kernel_size;
    dp_numbers sigma;
    int32_t n[2]; /* down, across */
    int32_t weights[2][MAX_KERNEL];
} gaussian_blur;

static const dp_param params[] = {
    DP_COLUMN(gaussian_blur),
    DP_INTS(gaussian_blur, kernel_size, NULL, 1, MAX_KERNEL, "width,height, odd; one for both"),
    DP_NUMBERS(gaussian_blur, sigma, "0", 0, 1000,
               "across,down; one for both; 0 follows from the size"),
    DP_PARAMS_END,
};

static double sigma_of(int64_t size) { return 0.3 * ((double)(size - 1) * 0.5 - 1) + 0.8; }

static void bell(double *out, int n, double sigma)
{
    double sum = 0;

    for (int i = 0; i < n; i++) {
        const double x = i - (n - 1) * 0.5;
        const double power = x == 0 ? 0 : -0.5 * x * x / (sigma * sigma); /* sigma^2 may be 0 */
        out[i] = power < -700 ? 0 : dp_exp_d(power);
        sum += out[i];
    }
    for (int i = 0; i < n; i++)
        out[i] /= sum;
}

static void plan_weights(int32_t *weights, int n, double sigma)
{
    double curve[MAX_KERNEL], error = 0;
    int32_t sum = 0;

    bell(curve, n, sigma);
    for (int i = 0; i < n / 2; i++) {
        const double wanted = curve[i] * 256 + error;
        weights[i] = weights[n - 1 - i] = (int32_t)dp_round_even(wanted);
        error = wanted - weights[i];
        sum += weights[i];
    }
    weights[n / 2] = 256 - 2 * sum;
}

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    gaussian_blur *p = params_;

    (void)out, (void)arena;
    if (p->kernel_size.n > 2 || p->sigma.n > 2)
        return dp_fail(err, DP_ESPEC, "kernel_size and sigma take one or two numbers");
    for (int d = 0; d < 2; d++) {
        const int64_t size = p->kernel_size.v[d == 0 ? p->kernel_size.n - 1 : 0];
        const double sigma = p->sigma.v[d == 0 ? p->sigma.n - 1 : 0];
        if (size % 2 == 0)
            return dp_fail(err, DP_ESPEC, "kernel_size %lld is not odd", (long long)size);
        p->n[d] = (int32_t)size;
        plan_weights(p->weights[d], p->n[d],
                     sigma > 0 ? sigma : sigma_of(p->sigma.n == 1 ? p->kernel_size.v[0] : size));
    }
    return dp_check_color(in, 0, err);
}

static int64_t mirrored(int64_t i, int64_t n)
{
    if (n == 1)
        return 0;
    while (i < 0 || i >= n)
        i = i < 0 ? -i : 2 * n - 2 - i;
    return i;
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const gaussian_blur *p = params_;
    const int64_t height = in->shape[0], width = in->shape[1],
                  channels = in->rank == 3 ? in->shape[2] : 1;
    const uint8_t *src = in->data;
    uint8_t *dst = out->data;

    (void)draws;
    for (int64_t i = 0; i < height * width * channels; i++) {
        const int64_t y = i / channels / width, x = i / channels % width, c = i % channels;
        int32_t sum = 1 << 15;
        for (int j = 0; j < p->n[0]; j++) {
            const int64_t at = mirrored(y + j - p->n[0] / 2, height) * width;
            int32_t row = 0;
            for (int k = 0; k < p->n[1]; k++)
                row += src[(at + mirrored(x + k - p->n[1] / 2, width)) * channels + c] *
                       p->weights[1][k];
            sum += row * p->weights[0][j];
        }
        dst[i] = (uint8_t)(sum >> 16);
    }
}

const dp_transform dp_transform_gaussian_blur = {
    .info = {"transform", "gaussian_blur", "mix pixels with their neighbours", 2,
             sizeof(gaussian_blur), params},
    .foreign = "GaussianBlur kernel_size sigma",
    .plan = plan,
    .apply = apply,
};
