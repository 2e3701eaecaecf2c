/* selftest.c - kernels against the scalar reference on random shapes, bit for bit
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/reference/selftest.h"

#include <string.h>

#include "base/fp.h"
#include "base/number/num.h"
#include "base/options.h"
#include "base/random/rng.h"
#include "base/status.h"
#include "compute/math/bias.h"
#include "compute/math/dense.h"
#include "compute/math/tiles.h"
#include "compute/reference/reference.h"
#include "detpipe_net.h"

#define SELFTEST_CASES 24

typedef struct test {
    dp_arena arena;
    const dp_kernels *kernels;
    dp_workers *workers;
    dp_rng rng;
    dp_error *err;
    uint64_t number;
} test;

static int64_t between(test *t, int64_t lo, int64_t hi)
{
    return lo + dp_rng_below(&t->rng, (uint32_t)(hi - lo + 1));
}

/* Mostly in [-1, 1); now and then a zero of either sign, a subnormal or a large number. */
static float *numbers(test *t, int64_t n)
{
    static const float odd[] = {0.0f, -0.0f, 0x1p-140f, -0x1p-130f, 0x1p60f, -0x1p40f};
    float *v = dp_arena_alloc(&t->arena, (size_t)n, sizeof *v);

    for (int64_t i = 0; v != NULL && i < n; i++)
        v[i] = dp_rng_below(&t->rng, 16) == 0 ? odd[dp_rng_below(&t->rng, 6)]
                                              : (float)(2 * dp_rng_uniform(&t->rng) - 1);
    return v;
}

static dp_status same(test *t, const char *what, const void *reference, const void *kernel,
                      int64_t n)
{
    if (memcmp(reference, kernel, (size_t)n * sizeof(float)) == 0)
        return DP_OK;
    return dp_fail(t->err, DP_ESTATE, "%s: %s does not give the reference's bits (case %llu)",
                   t->kernels->name, what, (unsigned long long)t->number);
}

/* At most 5 taps that fit. */
static int64_t random_kernel(test *t, int64_t size, int64_t dilation)
{
    const int64_t most = (size - 1) / dilation + 1;
    return between(t, 1, most < 5 ? most : 5);
}

/* The same by minimal filtering, with fewer channels: its reference is slow. */
static dp_conv filtered(test *t, dp_conv c)
{
    const int64_t kernel = between(t, 0, 2) == 0 ? 5 : 3;

    c.tile = kernel == 3 && between(t, 0, 1) == 0 ? 4 : 2;
    c.ic = dp_ceil_div(c.ic, 3 * c.groups) * c.groups;
    c.kh = c.kw = kernel;
    c.stride_h = c.stride_w = c.dilation_h = c.dilation_w = 1;
    c.top += kernel - 1 < c.height ? 0 : between(t, kernel - 1, kernel);
    c.left += kernel - 1 < c.width ? 0 : between(t, kernel - 1, kernel);
    c.oh = c.height + c.top + c.bottom - kernel + 1;
    c.ow = c.width + c.left + c.right - kernel + 1;
    return c;
}

static dp_conv random_conv(test *t)
{
    dp_conv c = {
        .ic = between(t, 1, 20),
        .height = between(t, 1, 9),
        .width = between(t, 1, 9),
        .oc = between(t, 1, 40),
        .stride_h = between(t, 1, 3),
        .stride_w = between(t, 1, 3),
        .dilation_h = between(t, 1, 3),
        .dilation_w = between(t, 1, 3),
        .groups = between(t, 0, 2) ? 1 : between(t, 2, 4),
        .top = between(t, 0, 2),
        .left = between(t, 0, 2),
        .bottom = between(t, 0, 2),
        .right = between(t, 0, 2),
    };
    c.ic *= c.groups;
    c.oc *= c.groups;
    if (between(t, 0, 2) == 0)
        return filtered(t, c);
    c.kh = random_kernel(t, c.height + c.top + c.bottom, c.dilation_h);
    c.kw = random_kernel(t, c.width + c.left + c.right, c.dilation_w);
    c.oh = (c.height + c.top + c.bottom - (c.kh - 1) * c.dilation_h - 1) / c.stride_h + 1;
    c.ow = (c.width + c.left + c.right - (c.kw - 1) * c.dilation_w - 1) / c.stride_w + 1;
    return c;
}

static dp_status check_conv(test *t)
{
    const dp_conv c = random_conv(t);
    const int64_t n = between(t, 1, 9), leaf = (int64_t)1 << between(t, 0, 3);
    const int64_t nx = n * c.ic * c.height * c.width, ny = n * c.oc * c.oh * c.ow,
                  nw = c.oc * (c.ic / c.groups) * c.kh * c.kw;
    float *x = numbers(t, nx), *w = numbers(t, nw), *dy = numbers(t, ny),
          *a = numbers(t, nx + ny + nw), *b = numbers(t, nx + ny + nw);
    float *workspace = numbers(
              t, (int64_t)dp_conv_workspace(&c, t->kernels, n, dp_workers_count(t->workers))),
          *partial = numbers(t, n * c.kh * c.kw), *bias = numbers(t, c.oc);
    const bool with_bias = between(t, 0, 1) == 1;
    const dp_math_run run = {t->kernels, t->workers, n, leaf, workspace};
    dp_status status;

    if (x == NULL || w == NULL || dy == NULL || a == NULL || b == NULL || workspace == NULL ||
        partial == NULL || bias == NULL)
        return dp_arena_fail(&t->arena, t->err, "the self-test");
    dp_ref_conv_forward(&c, n, x, w, a);
    for (int64_t i = 0; with_bias && i < ny; i++)
        a[i] += bias[i % c.oc];
    dp_conv_forward(&c, &run, x, w, with_bias ? bias : NULL, b, NULL);
    status = same(t, "conv2d", a, b, ny);
    if (status != DP_OK)
        return status;
    dp_ref_conv_input_gradient(&c, n, dy, w, a);
    dp_conv_input_gradient(&c, &run, dy, w, b, NULL);
    status = same(t, "conv2d's input gradient", a, b, nx);
    if (status != DP_OK)
        return status;
    dp_ref_conv_weight_gradient(&c, n, leaf, x, dy, a, partial);
    dp_conv_weight_gradient(&c, &run, x, dy, b);
    return same(t, "conv2d's weight gradient", a, b, nw);
}

/* Against the 1x1 convolution of the reference. */
static dp_status check_dense(test *t)
{
    const dp_dense d = {between(t, 1, 90), between(t, 1, 70)};
    const dp_conv c = dp_conv_1x1(d.in, d.out, 1);
    const int64_t n = between(t, 1, 40), leaf = (int64_t)1 << between(t, 0, 3);
    const int64_t most = n * (d.in + d.out) + d.in * d.out;
    float *x = numbers(t, n * d.in), *w = numbers(t, d.in * d.out), *dy = numbers(t, n * d.out);
    float *a = numbers(t, most), *b = numbers(t, most), *partial = numbers(t, n);
    float *workspace = numbers(t, (int64_t)dp_dense_workspace(&d, t->kernels, n));
    const dp_math_run run = {t->kernels, t->workers, n, leaf, workspace};
    dp_status status;

    if (x == NULL || w == NULL || dy == NULL || a == NULL || b == NULL || workspace == NULL ||
        partial == NULL)
        return dp_arena_fail(&t->arena, t->err, "the self-test");
    dp_ref_conv_forward(&c, n, x, w, a);
    dp_dense_forward(&d, &run, x, w, b);
    status = same(t, "dense", a, b, n * d.out);
    if (status != DP_OK)
        return status;
    dp_ref_conv_input_gradient(&c, n, dy, w, a);
    dp_dense_input_gradient(&d, &run, dy, w, b);
    status = same(t, "dense's input gradient", a, b, n * d.in);
    if (status != DP_OK)
        return status;
    dp_ref_conv_weight_gradient(&c, n, leaf, x, dy, a, partial);
    dp_dense_weight_gradient(&d, &run, x, dy, b);
    return same(t, "dense's weight gradient", a, b, d.in * d.out);
}

static dp_status check_bias(test *t)
{
    const int64_t n = between(t, 1, 20), places = between(t, 1, 30), channels = between(t, 1, 150),
                  leaf = (int64_t)1 << between(t, 0, 3);
    float *dy = numbers(t, n * places * channels), *a = numbers(t, channels),
          *b = numbers(t, channels),
          *workspace = numbers(t, (int64_t)dp_bias_workspace(n, channels));
    double *partial = dp_arena_alloc(&t->arena, (size_t)n, sizeof *partial);
    dp_share alone = dp_share_alone(n, leaf);
    const dp_math_run run = {t->kernels, t->workers, n, leaf, workspace};

    if (dy == NULL || a == NULL || b == NULL || workspace == NULL || partial == NULL)
        return dp_arena_fail(&t->arena, t->err, "the self-test");
    dp_ref_bias_gradient(n, places, channels, leaf, dy, a, partial);
    dp_bias_gradient(&run, &alone, places, channels, dy, b);
    return same(t, "the bias gradient", a, b, channels);
}

/* Numbers whose products stay far from overflow. */
static float *mild(test *t, int64_t n)
{
    float *v = numbers(t, n);

    for (int64_t i = 0; v != NULL && i < n; i++)
        v[i] = v[i] > 4.0f ? 4.0f : v[i] < -4.0f ? -4.0f : v[i];
    return v;
}

static dp_status check_attention(test *t)
{
    const int64_t d = between(t, 1, 40), places = between(t, 1, 23), square = places * places;
    dp_attention a = {.kernels = t->kernels,
                      .d = d,
                      .places = places,
                      .stride = 3 * d + between(t, 0, 3),
                      .channels = d + between(t, 0, 3),
                      .causal = between(t, 0, 1) == 1},
                 b;
    const int64_t in = places * a.stride, out = places * a.channels;
    float *x = mild(t, in), *dy = mild(t, out), *of[2], *p[2], *scratch;
    dp_status status;

    for (int i = 0; i < 2; i++) {
        of[i] = dp_arena_alloc(&t->arena, (size_t)(in + out), sizeof(float));
        p[i] = numbers(t, square); /* what is not seen is not read */
    }
    scratch = numbers(t, dp_attention_scratch(d, places));
    if (x == NULL || dy == NULL || of[0] == NULL || of[1] == NULL || p[0] == NULL || p[1] == NULL ||
        scratch == NULL)
        return dp_arena_fail(&t->arena, t->err, "the self-test");
    a.q = x, a.k = x + d, a.v = x + 2 * d, a.dy = dy, a.scratch = scratch;
    b = a;
    a.y = of[0], a.dq = a.y + out, a.dk = a.dq + d, a.dv = a.dk + d, a.p = p[0];
    b.y = of[1], b.dq = b.y + out, b.dk = b.dq + d, b.dv = b.dk + d, b.p = p[1];
    dp_ref_attention_forward(&a);
    dp_attention_forward(&b);
    status = same(t, "attention", a.y, b.y, out);
    if (status != DP_OK)
        return status;
    dp_ref_attention_backward(&a);
    dp_attention_backward(&b);
    return same(t, "attention's gradients", a.dq, b.dq, in);
}

static dp_status check_fast(test *t)
{
    const int64_t n = between(t, 1, 300);
    float *x = numbers(t, n), *a = numbers(t, 2 * n), *b = numbers(t, 2 * n);

    if (x == NULL || a == NULL || b == NULL)
        return dp_arena_fail(&t->arena, t->err, "the self-test");
    for (int64_t i = 0; i < n; i++) {
        x[i] *= (float)(1 << between(t, 0, 7));
        a[i] = dp_ref_fast_sigmoid(x[i]);
        a[n + i] = dp_ref_fast_tanh(x[i]);
    }
    t->kernels->sigmoid[DP_FAST](n, x, b);
    t->kernels->tanh[DP_FAST](n, x, b + n);
    return same(t, "sigmoid or tanh of activation=fast", a, b, 2 * n);
}

/* Compares a step of adam, or of rmsprop, from a mean square that is not negative. */
static dp_status check_mean_square(test *t, int64_t n, const float *p, const float *g)
{
    const dp_adam adam = {0.01f,
                          0.1f,
                          0.999f,
                          0.001f,
                          1.5f,
                          1e-8f,
                          between(t, 0, 1) ? 0x1p-9f : 0.0f,
                          between(t, 0, 1) ? 0x1p-8f : 0.0f};
    const dp_rmsprop rmsprop = {0.9f,     0.1f,  0x1p-19f, 0.5f,
                                0x1p-20f, 0.75f, 0.01f,    adam.weight_decay};
    const bool is_adam = between(t, 0, 1), centered = between(t, 0, 1);
    float *a = numbers(t, 4 * n), *b = numbers(t, 4 * n);

    if (a == NULL || b == NULL)
        return dp_arena_fail(&t->arena, t->err, "the self-test");
    memcpy(a, p, (size_t)n * sizeof *p);
    for (int64_t i = 2 * n; i < 3 * n; i++)
        a[i] = a[i] < 0 ? -a[i] : a[i];
    memcpy(b, a, 4 * (size_t)n * sizeof *a);
    if (is_adam) {
        dp_ref_adam(&adam, n, a, g, a + n, a + 2 * n);
        t->kernels->adam(&adam, n, b, g, b + n, b + 2 * n);
    } else {
        dp_ref_rmsprop(&rmsprop, n, a, g, a + 2 * n, a + n, centered ? a + 3 * n : NULL);
        t->kernels->rmsprop(&rmsprop, n, b, g, b + 2 * n, b + n, centered ? b + 3 * n : NULL);
    }
    return same(t, is_adam ? "adam" : "rmsprop", a, b, 4 * n);
}

static dp_status check_update(test *t)
{
    const dp_update u = {0.01f, 0.9f, between(t, 0, 1) ? 0x1p-10f : 0.0f, (int)between(t, 0, 1)};
    const int64_t n = between(t, 1, 300);
    float *p = numbers(t, n), *g = numbers(t, n), *v = numbers(t, n), *a = numbers(t, 2 * n),
          *b = numbers(t, 2 * n);
    dp_status status;

    if (p == NULL || g == NULL || v == NULL || a == NULL || b == NULL)
        return dp_arena_fail(&t->arena, t->err, "the self-test");
    for (float *out = a;; out = b) {
        memcpy(out, p, (size_t)n * sizeof *p);
        memcpy(out + n, v, (size_t)n * sizeof *v);
        if (out == b)
            break;
    }
    dp_ref_momentum(&u, n, a, g, a + n);
    t->kernels->momentum(&u, n, b, g, b + n);
    status = same(t, "momentum", a, b, 2 * n);
    if (status == DP_OK)
        status = check_mean_square(t, n, p, g);
    dp_ref_sgd(&u, n, a, g);
    t->kernels->sgd(&u, n, b, g);
    return status == DP_OK ? same(t, "sgd", a, b, n) : status;
}

dp_status dp_selftest_kernels(const dp_kernels *kernels, uint32_t threads, uint64_t seed,
                              uint64_t n_cases, const dp_allocator *alloc, dp_error *err)
{
    dp_arena workers_arena = {.alloc = alloc};
    test t = {.kernels = kernels, .err = err};
    dp_status status = dp_workers_open(&t.workers, threads, &workers_arena, err);

    for (; t.number < n_cases && status == DP_OK; t.number++) {
        t.arena = (dp_arena){.alloc = alloc};
        dp_rng_start(&t.rng, seed, 0, t.number);
        status = check_conv(&t);
        if (status == DP_OK)
            status = check_dense(&t);
        if (status == DP_OK)
            status = check_bias(&t);
        if (status == DP_OK)
            status = check_update(&t);
        if (status == DP_OK)
            status = check_attention(&t);
        if (status == DP_OK)
            status = check_fast(&t);
        dp_arena_free(&t.arena);
    }
    dp_workers_close(t.workers);
    dp_arena_free(&workers_arena);
    return status;
}

dp_status dp_net_selftest(dp_error *err)
{
    dp_options options;
    dp_status status = dp_options_get(NULL, &options, err);
    dp_fp fp;

    dp_fp_enter(&fp);
    for (int level = 0; level <= (int)dp_cpu_best() && status == DP_OK; level++) {
        if (dp_cpu_has((dp_cpu_level)level))
            status = dp_selftest_kernels(dp_kernels_of((dp_cpu_level)level), options.threads, 1,
                                         SELFTEST_CASES, options.alloc, err);
    }
    dp_fp_leave(&fp);
    return status;
}
