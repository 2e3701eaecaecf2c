/* filtering.h - the transforms of minimal filtering, over the vector macros of template.h
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * A function of a line is its additions in docs/numerics.md; a transform runs it down the columns
 * and then along the rows, on vectors of channels.
 */
#define LINE_OF(name) static inline __attribute__((always_inline)) void name(const vf *x, vf *y)

/* ---- 2 outputs of 3 weights: the points 0, 1, -1 and infinity ---- */

LINE_OF(data4)
{
    y[0] = v_sub(x[0], x[2]);
    y[1] = v_add(x[1], x[2]);
    y[2] = v_sub(x[2], x[1]);
    y[3] = v_sub(x[1], x[3]);
}

LINE_OF(weight3of4)
{
    const vf ends = v_add(x[0], x[2]), half = v_set1(0.5f);
    y[0] = x[0];
    y[1] = v_mul(v_add(ends, x[1]), half);
    y[2] = v_mul(v_sub(ends, x[1]), half);
    y[3] = x[2];
}

LINE_OF(output2of4)
{
    y[0] = v_add(v_add(x[0], x[1]), x[2]);
    y[1] = v_sub(v_sub(x[1], x[2]), x[3]);
}

LINE_OF(output_gradient2of4)
{
    y[0] = x[0];
    y[1] = v_add(x[0], x[1]);
    y[2] = v_sub(x[0], x[1]);
    y[3] = x[1];
}

LINE_OF(weight_gradient3of4)
{
    const vf half = v_set1(0.5f), even = v_mul(v_add(x[1], x[2]), half);
    y[0] = v_add(x[0], even);
    y[1] = v_mul(v_sub(x[1], x[2]), half);
    y[2] = v_sub(even, x[3]);
}

/* ---- of lines, squares ---- */

/* The n floats from `first` on, fewer than a vector, by way of whole ones. */
static void transform_rest(dp_transform *whole, int n_in, int n_out, int64_t first, int64_t n,
                           const float *const in[], float *const out[])
{
    float from[DP_MAX_FILTERING * DP_MAX_FILTERING][VL] = {{0}},
                                  to[DP_MAX_FILTERING * DP_MAX_FILTERING][VL];
    const float *a[DP_MAX_FILTERING * DP_MAX_FILTERING];
    float *b[DP_MAX_FILTERING * DP_MAX_FILTERING];

    for (int i = 0; i < n_in; i++) {
        memcpy(from[i], in[i] + first, sizeof(float) * (size_t)n);
        a[i] = from[i];
    }
    for (int i = 0; i < n_out; i++)
        b[i] = to[i];
    whole(VL, a, b);
    for (int i = 0; i < n_out; i++)
        memcpy(out[i] + first, to[i], sizeof(float) * (size_t)n);
}

#define SQUARE_OF(line, p, q)                                                                      \
    static void square_##line(int64_t n, const float *const in[], float *const out[])              \
    {                                                                                              \
        int64_t c = 0;                                                                             \
        for (; c + VL <= n; c += VL) {                                                             \
            vf half[q][p];                                                                         \
            UNROLLED for (int s = 0; s < p; s++)                                                   \
            {                                                                                      \
                vf x[p], y[q];                                                                     \
                UNROLLED for (int r = 0; r < p; r++) x[r] = v_load(in[r * p + s] + c);             \
                line(x, y);                                                                        \
                UNROLLED for (int r = 0; r < q; r++) half[r][s] = y[r];                            \
            }                                                                                      \
            UNROLLED for (int r = 0; r < q; r++)                                                   \
            {                                                                                      \
                vf y[q];                                                                           \
                line(half[r], y);                                                                  \
                UNROLLED for (int s = 0; s < q; s++) v_store(out[r * q + s] + c, y[s]);            \
            }                                                                                      \
        }                                                                                          \
        if (c < n)                                                                                 \
            transform_rest(square_##line, (p) * (p), (q) * (q), c, n - c, in, out);                \
    }
SQUARE_OF(data4, 4, 4)
SQUARE_OF(weight3of4, 3, 4)
SQUARE_OF(output2of4, 4, 2)
SQUARE_OF(output_gradient2of4, 2, 4)
SQUARE_OF(weight_gradient3of4, 4, 3)

#define FILTERINGS                                                                                 \
    {                                                                                              \
        2, 3, 4, square_data4, square_weight3of4, square_output2of4, square_output_gradient2of4,   \
            square_weight_gradient3of4                                                             \
    }
