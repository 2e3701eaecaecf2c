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
#include "compute/math/dense.h"
#include "compute/reference/reference.h"
#include "tests/support/conv.h"
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
    int output;         /* of filtering: the number of the output in its tile */
    float *ones, *values, *out;
    void (*run)(struct probe *);
    void (*prepare)(struct probe *);                        /* what is not 1 everywhere, or NULL */
    float (*sum)(const struct probe *, const float term[]); /* NULL: CHAIN, TREE */
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

/* CHAIN, or TREE over leaves of CHAIN. */
static float sum_of_leaves(const probe *p, const float term[])
{
    float partial[MAX_TERMS];
    const int64_t leaf = p->leaf_terms > 0 ? p->leaf_terms : p->n_terms;
    int64_t leaves = 0;

    for (int64_t first = 0; first < p->n_terms; first += leaf) {
        float acc = 0;
        for (int64_t k = first; k < first + leaf && k < p->n_terms; k++)
            acc += term[k];
        partial[leaves++] = acc;
    }
    return dp_ref_tree32(partial, leaves);
}

/* The sum in the specification's order. */
static float expected(const probe *p, int i, int j)
{
    float term[MAX_TERMS];

    for (int k = 0; k < p->n_terms; k++)
        term[k] = k == i ? BIG : k == j ? -BIG : 1.0f;
    return p->sum != NULL ? p->sum(p, term) : sum_of_leaves(p, term);
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
    if (p.prepare != NULL)
        p.prepare(&p);
    for (int level = 0; level <= (int)dp_cpu_best(); level++) {
        if (!dp_cpu_has((dp_cpu_level)level))
            continue;
        p.math.kernels = dp_kernels_of((dp_cpu_level)level);
        assert_true(p.conv.ic == 0 ||
                    dp_conv_workspace(&p.conv, p.math.kernels, p.math.n, 2) <= 1 << 20);
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
    dp_conv c = test_conv(ic, oc, 5, 5, 3);

    c.stride_h = c.stride_w = stride;
    c.dilation_h = c.dilation_w = dilation;
    c.top = c.left = c.bottom = c.right = dilation;
    c.groups = groups;
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

/* A gradient of weights that has so many terms of each sample, term i of a batch at at_of(i): in
 * leaves of samples, then the tree. */
static void check_weights(const probe *of, int64_t samples, int64_t terms,
                          int64_t (*at_of)(int64_t))
{
    for (int64_t leaf = 1; leaf <= samples; leaf *= 2) {
        for (int64_t n = 1; n <= samples; n += 2) {
            probe p = *of;
            p.math.n = n;
            p.math.leaf = leaf;
            p.leaf_terms = leaf * terms;
            for (int64_t i = 0; i < terms * n; i++)
                add_term(&p, at_of(i));
            check(p);
        }
    }
}

static int64_t third(int64_t i) { return 3 * i; }

/* The middle tap meets every place of every sample: (n, oh, ow). */
static void conv_weight_order(void **state)
{
    const probe p = {
        .name = "conv2d weight gradient", .conv = conv(2, 3, 2, 1, 1), .at = 4, .run = conv_weight};

    (void)state;
    check_weights(&p, 7, 9, third);
}

/* ---- minimal filtering: 2 x 2 outputs of 3 x 3 weights ----
 *
 * One tile.  Each channel has such a patch that it adds to one product alone, so the terms of an
 * output are those of all its products: chains over 32 channels, their sum, then the additions of
 * the columns and of the rows. */

enum { M = 2, R = 3, A = 4, PER_PRODUCT = 4, CHAIN = 32 };

/* What one line of data makes nothing but the r-th number of; what weight makes of tap number
 * tap_of[r] there; how an output counts it. */
static const float patch_of[A][A] = {
    {1, 0, 0, 0}, {0.5f, 0.5f, 0.5f, 0.5f}, {0.5f, -0.5f, 0.5f, -0.5f}, {0, 0, 0, -1}};
static const float tap_gives[A] = {1, 0.5f, 0.5f, 1};
static const int tap_of[A] = {0, 0, 0, 2};
static const float counts[M][A] = {{1, 1, 1, 0}, {0, 1, -1, -1}};

/* The products that output number p->output has, in order: r * A + s. */
static int products_of(const probe *p, int products[A * A])
{
    int n = 0;

    for (int f = 0; f < A * A; f++) {
        if (counts[p->output / M][f / A] * counts[p->output % M][f % A] != 0)
            products[n++] = f;
    }
    return n;
}

static float line(int output, const float m[A])
{
    return output == 0 ? (m[0] + m[1]) + m[2] : (m[1] - m[2]) - m[3];
}

static float sum_of_products(const probe *p, const float term[])
{
    int products[A * A];
    const int n = products_of(p, products);
    float m[A * A] = {0}, row[A], column[A];

    for (int first = 0; first < p->n_terms; first += CHAIN) {
        float chain[A * A] = {0};
        for (int t = first; t < first + CHAIN && t < p->n_terms; t++) {
            const int f = products[t % n];
            chain[f] += counts[p->output / M][f / A] * counts[p->output % M][f % A] * term[t];
        }
        for (int f = 0; f < A * A; f++)
            m[f] = first == 0 ? chain[f] : m[f] + chain[f];
    }
    for (int s = 0; s < A; s++) {
        for (int r = 0; r < A; r++)
            column[r] = m[r * A + s];
        row[s] = line(p->output / M, column);
    }
    return line(p->output % M, row);
}

/* All is +0 but for the terms. */
static void only_terms(probe *p)
{
    memset(p->values, 0, MAX_FLOATS * sizeof *p->values);
    for (int t = 0; t < p->n_terms; t++)
        p->values[p->terms[t]] = 1.0f;
}

/* The patches, channels last, and weights of the terms alone. */
static void prepare_products(probe *p)
{
    int products[A * A];
    const int n = products_of(p, products);

    for (int t = 0; t < p->n_terms; t++) {
        const int r = products[t % n] / A, s = products[t % n] % A;
        const float sign = counts[p->output / M][r] * counts[p->output % M][s];
        for (int i = 0; i < A * A; i++)
            p->ones[i * p->n_terms + t] =
                sign * patch_of[r][i / A] * patch_of[s][i % A] / (tap_gives[r] * tap_gives[s]);
    }
    only_terms(p);
}

static void filter_input(probe *p)
{
    dp_conv_input_gradient(&p->conv, &p->math, p->ones, p->values, p->out, NULL);
}

/* One tile whose patch is the whole of what comes in, of `in` channels; backward that is dy. */
static void check_filtering(bool backward, int output)
{
    int products[A * A];
    probe p = {.name = backward ? "filtering, input gradient" : "filtering, forward",
               .math.n = 1,
               .output = output,
               .at = output,
               .run = backward ? filter_input : conv_forward,
               .prepare = prepare_products,
               .sum = sum_of_products};
    const int n = products_of(&p, products), channels = PER_PRODUCT * n;

    for (int t = 0; t < channels; t++) {
        const int tap = tap_of[products[t % n] / A] * R + tap_of[products[t % n] % A];
        add_term(&p, t * R * R + (backward ? R * R - 1 - tap : tap));
    }
    p.conv = test_conv(backward ? 1 : channels, backward ? channels : 1, backward ? M : A,
                       backward ? M : A, R);
    p.conv.oh = p.conv.ow = backward ? A : M;
    p.conv.tile = M;
    p.conv.top = p.conv.left = p.conv.bottom = p.conv.right = backward ? R - 1 : 0;
    check(p);
}

static void filtering_order(void **state)
{
    (void)state;
    for (int output = 0; output < M * M; output++) {
        check_filtering(false, output);
        check_filtering(true, output);
    }
}

/* Where x is 1 everywhere, the middle tap is one product: a chain over the tiles (n, row, column),
 * 2 x 3 a sample, whose first places are the terms. */
static int64_t first_of_tile(int64_t tile) { return (tile / 3 * 2 * 6 + tile % 3 * 2) * 3; }

static void filtering_weight_order(void **state)
{
    probe p = {.name = "filtering, weight gradient",
               .conv = test_conv(2, 3, 6, 8, R),
               .at = 4,
               .run = conv_weight,
               .prepare = only_terms};

    (void)state;
    p.conv.oh = 4, p.conv.ow = 6;
    p.conv.top = p.conv.left = p.conv.bottom = p.conv.right = 0;
    p.conv.tile = M;
    check_weights(&p, 7, 6, first_of_tile);
}

static void dense_orders(void **state)
{
    (void)state;
    probe forward = {.name = "dense forward", .dense = {60, 3}, .math.n = 2, .run = dense_forward};
    probe input = {
        .name = "dense input gradient", .dense = {3, 60}, .math.n = 2, .run = dense_input};
    const probe weight = {.name = "dense weight gradient", .dense = {2, 3}, .run = dense_weight};
    for (int64_t k = 0; k < 60; k++)
        add_term(&forward, k), add_term(&input, k);
    check(forward);
    check(input);
    check_weights(&weight, 27, 1, third);
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
        cmocka_unit_test(conv_forward_order),
        cmocka_unit_test(conv_input_order),
        cmocka_unit_test(conv_weight_order),
        cmocka_unit_test(filtering_order),
        cmocka_unit_test(filtering_weight_order),
        cmocka_unit_test(dense_orders),
        cmocka_unit_test(bias_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
