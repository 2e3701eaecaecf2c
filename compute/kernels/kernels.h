/* kernels.h - the inner loops, one table for each instruction set
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every table computes the same bits: each output is one chain of fused multiply-adds from +0 in
 * the written order, held in a register of whatever width.  Which table runs is chosen when a net
 * is opened.
 */
#ifndef COMPUTE_KERNELS_KERNELS_H
#define COMPUTE_KERNELS_KERNELS_H

#include "base/cpu.h"

#define DP_MAX_MR   16
#define DP_MAX_NR   64
#define DP_MAX_TILE 384 /* floats */

/* What the chain of an output runs over: planes x rows x taps runs of `run` floats.  Strides in
 * floats. */
typedef struct dp_runs {
    int64_t planes, rows, taps, run;
    int64_t plane_stride, row_stride, tap_stride;
} dp_runs;

/* The places that the chains of an outer product run over, and what is told to the cache meanwhile:
 * that the lines at ahead, ahead + ahead_step, ... are needed next, one for each place.  Strides
 * and steps in floats; right_step: of the panel from a place to the next. */
typedef struct dp_grid {
    int64_t rows, cols, row_stride, col_stride, right_step;
    const float *ahead;
    int64_t ahead_step;
} dp_grid;

/* Leaves of `leaf` places each, the last one of what is left, and at most four. */
typedef struct dp_leaves {
    int64_t places, leaf, step; /* step: floats of left from a place to the next */
} dp_leaves;

/* What is done with a chain: it begins at +0 and is stored, goes on from the number stored
 * there, or begins at +0 and is added to that number. */
typedef enum dp_mode { DP_STORE, DP_GO_ON, DP_ADD } dp_mode;

/* How sigmoid and tanh are computed: docs/numerics.md; base/number/elementary.h. */
typedef enum dp_precision { DP_BINARY64, DP_FAST } dp_precision;

typedef struct dp_update {
    float learning_rate, momentum, weight_decay;
    int nesterov;
} dp_update;

/* What batch_norm's gradient is made from, an array of columns each. */
typedef struct dp_normal {
    const float *mean, *r, *scale, *k1, *k2;
} dp_normal;

/* The numbers of a step of adam that are the same for all parameters, rounded once. */
typedef struct dp_adam {
    float rate;        /* learning_rate / (1 - beta1^t) */
    float new1, beta2; /* 1 - beta1, beta2 */
    float new2;        /* 1 - beta2 */
    float scale;       /* 1 / sqrt(1 - beta2^t) */
    float eps;
    float weight_decay; /* added to the gradient, times the parameter */
    float shrink;       /* of the parameter itself: learning_rate * weight_decay */
} dp_adam;

/* Likewise of rmsprop; `centered` takes the square of a mean off the mean square. */
typedef struct dp_rmsprop {
    float old, new; /* of the mean square: alpha, 1 - alpha */
    float eps, momentum;
    float under;         /* eps, where it stands under the root; with centered alone */
    float before, after; /* the rate, where it stands: the other one is 1 */
    float weight_decay;
} dp_rmsprop;

/* Arrays of n floats become others, number by number.  `count` times: each array is in_step,
 * out_step floats after that of the time before. */
typedef void dp_transform(int64_t count, int64_t n, const float *const in[], int64_t in_step,
                          float *const out[], int64_t out_step);

#define DP_MAX_FILTERING 7 /* a, at most */
#define DP_ALL_COLUMNS   DP_MAX_FILTERING

/* Minimal filtering (docs/numerics.md): squares are transformed down the columns, then along the
 * rows.  m x m outputs of an r x r kernel are made of a x a products, of a patch of
 * m + r - 1 inputs a side.  Of rows with the same m and r the first has the fewest products, the
 * last loses the fewest bits. */
typedef struct dp_filtering {
    int m, r, a;
    /* a x a from a patch, from m x m: a column of them each, and all. */
    dp_transform *data[DP_ALL_COLUMNS + 1], *output_gradient[DP_ALL_COLUMNS + 1];
    dp_transform *weight, *weight_gradient; /* a x a from r x r, r x r from a x a */
    /* m x m from a x a: m numbers from a column, then all from those of all columns. */
    dp_transform *output_down, *output_along;
} dp_filtering;

#define DP_FILTERINGS 4

#define DP_FILTERING_CHAIN 32 /* channels of a product's chains */

/* out_i[j] = CHAIN over the runs' floats k in order of a_i[k] * panel[k][j], then bias[j] is added
 * (NULL: nothing). */
typedef void dp_tile(const dp_runs *, const float *const a[], const float *panel, const float *bias,
                     float *const out[]);
/* out[i][j] = CHAIN over k < depth of a[i][k] * panel[k][j]; mode is DP_STORE or DP_ADD. */
typedef void dp_product_tile(int64_t depth, const float *a, int64_t a_stride, const float *panel,
                             float *out, dp_mode mode);
/* out[i][j] = CHAIN over the places p in order of left_p[i] * panel_p[j]. */
typedef void dp_outer_tile(const dp_grid *, const float *left, const float *panel, float *out,
                           dp_mode);
/* out[i][j] = TREE over the leaves of CHAIN over the places p of left_p[i] * panel[p][j]; mode is
 * DP_STORE or DP_ADD. */
typedef void dp_leaves_tile(const dp_leaves *, const float *left, const float *panel, float *out,
                            dp_mode mode);
typedef void dp_column_reduction(int64_t rows, int64_t n, const float *x, int64_t stride,
                                 double *out);
/* A function of each number; y may be x. */
typedef void dp_function(int64_t n, const float *x, float *y);
typedef void dp_row_reduction(int64_t rows, int64_t n, const float *x, double *out);

typedef struct dp_kernels {
    const char *name;
    int mr, nr; /* a tile is mr x nr outputs */
    int low;    /* rows of a low tile */
    int narrow; /* outputs that a narrow tile makes of the nr; of an outer one the others are +0 */
    dp_tile *tile[2][2];        /* [low][narrow] */
    dp_outer_tile *outer[2][2]; /* [low][narrow] */
    dp_leaves_tile *leaves;
    dp_product_tile *product[2][2]; /* [low][narrow] */
    dp_filtering filtering[DP_FILTERINGS];

    /* y[j] goes on as a CHAIN over i < k of a[i * step] * x[i * stride + j], for n numbers. */
    void (*chain)(int64_t n, int64_t k, const float *a, int64_t step, const float *x,
                  int64_t stride, float *y);

    /* The first n numbers of a tile's rows of nr to out_i (NULL: not wanted), past the cache where
     * the CPU can: they are not read soon.  Other threads see them after `fence`. */
    void (*stream)(int64_t rows, int64_t n, const float *tile, float *const out[]);
    void (*fence)(void);

    /* left[i] += right[i]; likewise of each row of n numbers, `stride` apart. */
    void (*add)(int64_t n, float *left, const float *right);
    void (*add_to_rows)(int64_t rows, int64_t n, float *left, int64_t stride, const float *right);

    /* out[j] += x[i][j], += its square, *= x[i][j], for the rows i in order, of n numbers, `stride`
     * apart. */
    dp_column_reduction *column_sum, *column_square, *column_product;

    /* For the rows i in order, of n numbers: s1[j] += x[i][j], s2[j] += its square (exact); and
     * s1[j] += dy[i][j], s2[j] += dy[i][j] h (exact), h = (x[i][j] - mean[j]) r[j] in binary32. */
    void (*moments)(int64_t rows, int64_t n, const float *x, double *s1, double *s2);
    void (*gradient_moments)(int64_t rows, int64_t n, const float *mean, const float *r,
                             const float *x, const float *dy, double *s1, double *s2);

    /* y = fma(x - mean, scale, offset) for rows of n numbers, each column with its own. */
    void (*normalize)(int64_t rows, int64_t n, const float *x, const float *mean,
                      const float *scale, const float *offset, float *y);
    /* dx = scale * fma(-((x - mean) * r), k2, dy - k1), likewise. */
    void (*normalize_gradient)(int64_t rows, int64_t n, const dp_normal *, const float *x,
                               const float *dy, float *dx);

    /* A row of layer_norm: y = fma((x - mean) r, gamma, beta). */
    void (*normalize_row)(int64_t n, const float *x, float mean, float r, const float *gamma,
                          const float *beta, float *y);
    /* g = dy gamma and h = (x - mean) r; and dx = r fma(-h, k2, g - k1) of those. */
    void (*row_terms)(int64_t n, const float *dy, const float *x, float mean, float r,
                      const float *gamma, float *g, float *h);
    void (*row_gradient)(int64_t n, const float *g, const float *h, float r, float k1, float k2,
                         float *dx);

    /* Where v[i] is larger than y[i], or the first NaN, it takes its place. */
    void (*max)(int64_t n, const float *v, int32_t place, float *y, int32_t *winner);
    /* dx[i] = +0 + (dy[i] where `place` is the winner, else +0). */
    void (*route)(int64_t n, const float *dy, const int32_t *winner, int32_t place, float *dx);

    /* y = (y <= 0) ? +0 : y, and for its gradient dx = (y <= 0) ? +0 : dx. */
    void (*relu)(int64_t n, float *y);
    void (*relu_gradient)(int64_t n, const float *y, float *dx);

    /* LANE64 (compute/sums/lanes.h): lane j takes x[i] with i % 16 = j, or x[i]^2, x[i] * y[i]
     * (exact), or is multiplied by x[i]; n is a multiple of 16. */
    void (*lane_sum)(int64_t n, const float *x, double lane[16]);
    void (*lane_square)(int64_t n, const float *x, double lane[16]);
    void (*lane_dot)(int64_t n, const float *x, const float *y, double lane[16]);
    void (*lane_product)(int64_t n, const float *x, double lane[16]);

    /* LANE64 of each of the rows of n numbers, 65,536 at most, of their squares, their product. */
    dp_row_reduction *row_sum, *row_square, *row_product;
    /* The largest and the smallest of each, by base/number/total_order.h. */
    dp_row_reduction *row_max, *row_min;

    dp_function *sigmoid[2], *tanh[2]; /* [dp_precision] */
    /* dx *= y (1 - y), where y = sigmoid of x; dx *= fma(-y, y, 1), where y = tanh of x; y[i] =
     * fma(a[i], b[i], c[i]) */
    void (*sigmoid_gradient)(int64_t n, const float *y, float *dx);
    void (*tanh_gradient)(int64_t n, const float *y, float *dx);
    void (*fma)(int64_t n, const float *a, const float *b, const float *c, float *y);

    /* Whether there is neither an infinity nor a NaN. */
    bool (*finite)(int64_t n, const float *x);

    /* The updates of docs/numerics.md on n parameters. */
    void (*sgd)(const dp_update *, int64_t n, float *p, const float *g);
    void (*momentum)(const dp_update *, int64_t n, float *p, const float *g, float *v);
    void (*adam)(const dp_adam *, int64_t n, float *p, const float *g, float *m, float *v);
    void (*rmsprop)(const dp_rmsprop *, int64_t n, float *p, const float *g, float *v, float *m,
                    float *mean); /* NULL = not centered */
} dp_kernels;

extern const dp_kernels dp_kernels_scalar;
#if defined(__x86_64__)
extern const dp_kernels dp_kernels_sse2, dp_kernels_avx2, dp_kernels_avx512;
#elif defined(__aarch64__)
extern const dp_kernels dp_kernels_neon;
#endif

const dp_kernels *dp_kernels_of(dp_cpu_level);

#endif
