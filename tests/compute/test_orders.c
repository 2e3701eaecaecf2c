/* test_orders.c - the order of every sum, read out of the kernels
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * With all terms 1, +M at i and -M at j, and M so large that it swamps the rest, a sum is the
 * number of terms that are added after i and j have met: all pairs together are the tree
 * (docs/numerics.md).  Each is compared with the same sum taken in the specification's order.
 */
#include "base/alloc.h"
#include "base/options.h"
#include "compute/math/bias.h"
#include "compute/math/conv.h"
#include "compute/math/dense.h"
#include "compute/reference/reference.h"
#include "tests/support/test.h"

#define BIG        0x1p100f
#define MAX_TERMS  128
#define MAX_FLOATS 8192

/* The probed operation: its sum is out[at]; term t is the float terms[t]. */
typedef struct probe {
    const char *name;
    dp_conv conv;
    dp_dense dense;
    dp_math_run math;
    int n_terms, at;
    int64_t terms[MAX_TERMS];
    int64_t leaf_terms; /* terms of a leaf; 0 = one chain */
    float *ones, *values, *out;
    void (*run)(struct probe *);
} probe;

static void conv_forward(probe *p)
{
    dp_conv_forward(&p->conv, &p->math, p->ones, p->values, NULL, p->out, NULL);
}

static void conv_input(probe *p)
{
    dp_conv_input_gradient(&p->conv, &p->math, p->values, p->ones, p->out, NULL);
}

static void conv_weight(probe *p)
{
    dp_conv_weight_gradient(&p->conv, &p->math, p->ones, p->values, p->out);
}

static void dense_forward(probe *p)
{
    dp_dense_forward(&p->dense, &p->math, p->values, p->ones, p->out);
}

static void dense_input(probe *p)
{
    dp_dense_input_gradient(&p->dense, &p->math, p->values, p->ones, p->out);
}

static void dense_weight(probe *p)
{
    dp_dense_weight_gradient(&p->dense, &p->math, p->ones, p->values, p->out);
}

static void bias(probe *p)
{
    dp_share alone = dp_share_alone(p->math.n, p->math.leaf);
    dp_bias_gradient(&p->math, &alone, 3, 2, p->values, p->out);
}

/* The sum in the specification's order: CHAIN, or TREE over leaves of CHAIN. */
static float expected(const probe *p, int i, int j)
{
    float partial[MAX_TERMS];
    const int64_t leaf = p->leaf_terms > 0 ? p->leaf_terms : p->n_terms;
    int64_t leaves = 0;

    for (int64_t first = 0; first < p->n_terms; first += leaf) {
        float acc = 0;
        for (int64_t k = first; k < first + leaf && k < p->n_terms; k++)
            acc += k == i ? BIG : k == j ? -BIG : 1.0f;
        partial[leaves++] = acc;
    }
    return dp_ref_tree32(partial, leaves);
}

static void read_tree(probe *p)
{
    for (int i = 0; i < p->n_terms; i++) {
        for (int j = 0; j < p->n_terms; j++) {
            if (i == j)
                continue;
            p->values[p->terms[i]] = BIG, p->values[p->terms[j]] = -BIG;
            p->run(p);
            if (p->out[p->at] != expected(p, i, j))
                fail_msg("%s, %s: %g terms come after %d and %d, not %g", p->math.kernels->name,
                         p->name, (double)p->out[p->at], i, j, (double)expected(p, i, j));
            p->values[p->terms[i]] = p->values[p->terms[j]] = 1.0f;
        }
    }
}

static void add_term(probe *p, int64_t place)
{
    assert_true(p->n_terms < MAX_TERMS && place < MAX_FLOATS);
    p->terms[p->n_terms++] = place;
}

static void check(probe p)
{
    dp_options options;
    dp_arena arena = {0};

    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena.alloc = options.alloc;
    assert_ok(dp_workers_open(&p.math.workers, 2, &arena, &test_error));
    p.ones = dp_arena_alloc(&arena, MAX_FLOATS, sizeof(float));
    p.values = dp_arena_alloc(&arena, MAX_FLOATS, sizeof(float));
    p.out = dp_arena_alloc(&arena, MAX_FLOATS, sizeof(float));
    p.math.workspace = dp_arena_alloc(&arena, 1 << 20, sizeof(float));
    for (int i = 0; i < MAX_FLOATS; i++)
        p.ones[i] = p.values[i] = 1.0f;
    for (int level = 0; level <= (int)dp_cpu_best(); level++) {
        if (!dp_cpu_has((dp_cpu_level)level))
            continue;
        p.math.kernels = dp_kernels_of((dp_cpu_level)level);
        assert_true(p.conv.ic == 0 ||
                    dp_conv_workspace(&p.conv, p.math.kernels, p.math.n) <= 1 << 20);
        assert_true(p.dense.in == 0 ||
                    dp_dense_workspace(&p.dense, p.math.kernels, p.math.n) <= 1 << 20);
        read_tree(&p);
    }
    dp_workers_close(p.math.workers);
    dp_arena_free(&arena);
}

/* 5x5 places of ic to oc channels, kernel 3, border 1. */
static dp_conv conv(int64_t ic, int64_t oc, int64_t stride, int64_t dilation, int64_t groups)
{
    dp_conv c = {.ic = ic,
                 .height = 5,
                 .width = 5,
                 .oc = oc,
                 .kh = 3,
                 .kw = 3,
                 .stride_h = stride,
                 .stride_w = stride,
                 .dilation_h = dilation,
                 .dilation_w = dilation,
                 .groups = groups,
                 .top = dilation,
                 .left = dilation,
                 .bottom = dilation,
                 .right = dilation};
    c.oh = c.ow = (5 - 1) / stride + 1;
    return c;
}

/* The middle place sees all taps: terms are (kh, kw, ic) of a weight [oc][ic][kh][kw]. */
static void conv_forward_order(void **state)
{
    (void)state;
    for (int dilation = 1; dilation <= 2; dilation++) {
        for (int groups = 1; groups <= 2; groups++) {
            probe p = {.name = "conv2d forward",
                       .conv = conv(4 * groups, 2 * groups, 1, dilation, groups),
                       .math.n = 1,
                       .run = conv_forward};
            const int64_t oc = 2 * groups - 1; /* the last channel, of the last group */
            p.at = (int)(12 * p.conv.oc + oc);
            for (int64_t tap = 0; tap < 9; tap++)
                for (int64_t ic = 0; ic < 4; ic++)
                    add_term(&p, (oc * 4 + ic) * 9 + tap);
            check(p);
        }
    }
}

/* (oh, ow, oc) of the output gradient that the middle place meets. */
static void conv_input_order(void **state)
{
    (void)state;
    for (int stride = 1; stride <= 2; stride++) {
        probe p = {.name = "conv2d input gradient",
                   .conv = conv(3, 5, stride, 1, 1),
                   .math.n = 1,
                   .run = conv_input};
        p.at = 12 * 3;
        for (int64_t oh = 0; oh < p.conv.oh; oh++)
            for (int64_t ow = 0; ow < p.conv.ow; ow++)
                for (int64_t oc = 0; oc < 5; oc++)
                    if (llabs(oh * stride - 2) <= 1 && llabs(ow * stride - 2) <= 1)
                        add_term(&p, (oh * p.conv.ow + ow) * 5 + oc);
        assert_int_equal(p.n_terms, stride == 1 ? 45 : 5);
        check(p);
    }
}

/* The middle tap meets every place of every sample: (n, oh, ow) in leaves, then the tree. */
static void conv_weight_order(void **state)
{
    (void)state;
    for (int64_t leaf = 1; leaf <= 4; leaf *= 2) {
        for (int64_t n = 1; n <= 7; n += 2) {
            probe p = {.name = "conv2d weight gradient",
                       .conv = conv(2, 3, 2, 1, 1),
                       .math.n = n,
                       .math.leaf = leaf,
                       .leaf_terms = leaf * 9,
                       .at = 4,
                       .run = conv_weight};
            for (int64_t place = 0; place < 9 * n; place++)
                add_term(&p, place * 3);
            check(p);
        }
    }
}

static void dense_orders(void **state)
{
    (void)state;
    probe forward = {.name = "dense forward", .dense = {60, 3}, .math.n = 2, .run = dense_forward};
    probe input = {
        .name = "dense input gradient", .dense = {3, 60}, .math.n = 2, .run = dense_input};
    for (int64_t k = 0; k < 60; k++)
        add_term(&forward, k), add_term(&input, k);
    check(forward);
    check(input);
    for (int64_t leaf = 1; leaf <= 8; leaf *= 2) {
        for (int64_t n = 1; n <= 27; n += 3) {
            probe p = {.name = "dense weight gradient",
                       .dense = {2, 3},
                       .math.n = n,
                       .math.leaf = leaf,
                       .leaf_terms = leaf,
                       .run = dense_weight};
            for (int64_t i = 0; i < n; i++)
                add_term(&p, 3 * i);
            check(p);
        }
    }
}

static void bias_order(void **state)
{
    (void)state;
    for (int64_t leaf = 1; leaf <= 8; leaf *= 2) {
        probe p = {.name = "bias gradient",
                   .math.n = 13,
                   .math.leaf = leaf,
                   .leaf_terms = 3 * leaf,
                   .at = 1,
                   .run = bias};
        for (int64_t i = 0; i < 3 * 13; i++)
            add_term(&p, 2 * i + 1);
        check(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv_forward_order), cmocka_unit_test(conv_input_order),
        cmocka_unit_test(conv_weight_order),  cmocka_unit_test(dense_orders),
        cmocka_unit_test(bias_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
