/* lanes.c - LANE64: the sum (or product) of numbers that lie one after another
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/sums/lanes.h"

void dp_lanes_begin(dp_lanes *l, const dp_kernels *kernels, double start)
{
    l->kernels = kernels;
    for (int j = 0; j < DP_LANES; j++)
        l->lane[j] = start;
    l->n = l->blocks = 0;
    l->depth = 0;
}

static double combine(double a, double b, bool product) { return product ? a * b : a + b; }

/* The block's number goes on to the tree; the lanes begin anew. */
static void end_block(dp_lanes *l, bool product)
{
    for (int w = DP_LANES / 2; w > 0; w /= 2) {
        for (int j = 0; j < w; j++)
            l->lane[j] = combine(l->lane[j], l->lane[j + w], product);
    }
    l->tree[l->depth++] = l->lane[0];
    for (int m = dp_tree_merges(l->blocks++); m > 0; m--, l->depth--)
        l->tree[l->depth - 2] = combine(l->tree[l->depth - 2], l->tree[l->depth - 1], product);
    for (int j = 0; j < DP_LANES; j++)
        l->lane[j] = product ? 1.0 : 0.0;
    l->n = 0;
}

static double end(dp_lanes *l, bool product)
{
    if (l->n > 0 || l->blocks == 0)
        end_block(l, product);
    for (; l->depth > 1; l->depth--)
        l->tree[l->depth - 2] = combine(l->tree[l->depth - 2], l->tree[l->depth - 1], product);
    return l->tree[0];
}

double dp_sum_end(dp_lanes *l) { return end(l, false); }
double dp_product_end(dp_lanes *l) { return end(l, true); }

/* n numbers of one block, the first of them for lane l->n % 16; whole rounds of lanes by a kernel.
 */
#define ADD(name, does, term, whole)                                                               \
    static void name(dp_lanes *l, const float *x, const float *y, int64_t n)                       \
    {                                                                                              \
        double *lane = l->lane;                                                                    \
        int64_t i = 0, first = l->n % DP_LANES, rounds;                                            \
                                                                                                   \
        (void)y;                                                                                   \
        for (; i < n && (first + i) % DP_LANES != 0; i++)                                          \
            lane[first + i] does term(i);                                                          \
        rounds = (n - i) / DP_LANES * DP_LANES;                                                    \
        whole;                                                                                     \
        for (int64_t j = 0; i + rounds + j < n; j++)                                               \
            lane[j] does term(i + rounds + j);                                                     \
        l->n += n;                                                                                 \
    }
#define NUMBER(i) (double)x[i]
#define SQUARE(i) (double)x[i] * (double)x[i]
#define DOT(i)    (double)x[i] * (double)y[i]
ADD(add_numbers, +=, NUMBER, l->kernels->lane_sum(rounds, x + i, lane))
ADD(add_squares, +=, SQUARE, l->kernels->lane_square(rounds, x + i, lane))
ADD(add_products, +=, DOT, l->kernels->lane_dot(rounds, x + i, y + i, lane))
ADD(multiply, *=, NUMBER, l->kernels->lane_product(rounds, x + i, lane))

static void add(dp_lanes *l, const float *x, const float *y, int64_t n, bool product,
                void (*some)(dp_lanes *, const float *, const float *, int64_t))
{
    while (n > 0) {
        const int64_t room = DP_LANE_BLOCK - l->n, m = n < room ? n : room;
        some(l, x, y, m);
        if (l->n == DP_LANE_BLOCK)
            end_block(l, product);
        x += m;
        y = y != NULL ? y + m : NULL;
        n -= m;
    }
}

void dp_sum_add(dp_lanes *l, const float *x, int64_t n) { add(l, x, NULL, n, false, add_numbers); }

void dp_square_add(dp_lanes *l, const float *x, int64_t n)
{
    add(l, x, NULL, n, false, add_squares);
}

void dp_dot_add(dp_lanes *l, const float *x, const float *y, int64_t n)
{
    add(l, x, y, n, false, add_products);
}

void dp_product_add(dp_lanes *l, const float *x, int64_t n) { add(l, x, NULL, n, true, multiply); }
