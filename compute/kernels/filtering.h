/* filtering.h - the transforms and products of minimal filtering, over the vector macros of
 * template.h
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

/* ---- 2 outputs of 5 weights: the first 3 as above, the others by the points 0, 1, infinity ----
 */

LINE_OF(data7)
{
    data4(x, y);
    y[4] = v_sub(x[3], x[4]);
    y[5] = x[4];
    y[6] = v_sub(x[5], x[4]);
}

LINE_OF(weight5of7)
{
    weight3of4(x, y);
    y[4] = x[3];
    y[5] = v_add(x[3], x[4]);
    y[6] = x[4];
}

LINE_OF(output2of7)
{
    output2of4(x, y);
    y[0] = v_add(y[0], v_add(x[4], x[5]));
    y[1] = v_add(y[1], v_add(x[5], x[6]));
}

/* ---- the points 0, 3/4, -3/4, 3/2, -3/2 and infinity ----
 *
 * Of dyadic ones these lose about the fewest bits: a quarter of what 0, 1, -1, 2, -2 lose. */

static const float powers[2][5] = {{1, 0x1.8p-1f, 0x1.2p-1f, 0x1.bp-2f, 0x1.44p-2f},
                                   {1, 0x1.8p0f, 0x1.2p1f, 0x1.bp1f, 0x1.44p2f}};

/* 1 / the product of a point's distances to the others: of 0, and of both of a pair. */
static const float at_zero = 0x1.948b1p-1f, at_pair[2] = {-0x1.0db20ap-1f, 0x1.0db20ap-3f};

LINE_OF(data6)
{
    const vf square = v_set1(0x1.44p0f), sum = v_set1(-0x1.68p1f);

    y[0] = v_fma(square, x[0], v_fma(sum, x[2], x[4]));
    y[5] = v_fma(square, x[1], v_fma(sum, x[3], x[5]));
    UNROLLED for (int k = 0; k < 2; k++)
    {
        const vf other = v_set1(-powers[1 - k][2]);
        const vf even = v_fma(other, x[2], x[4]), odd = v_fma(other, x[1], x[3]);
        y[1 + 2 * k] = v_fma(v_set1(powers[k][1]), odd, even);
        y[2 + 2 * k] = v_fma(v_set1(-powers[k][1]), odd, even);
    }
}

/* The polynomial with the n coefficients x at the points. */
static inline __attribute__((always_inline)) void values(const int n, const vf *x, vf *y)
{
    y[0] = x[0];
    y[5] = x[n - 1];
    UNROLLED for (int k = 0; k < 2; k++)
    {
        const vf square = v_set1(powers[k][2]);
        vf even = x[(n - 1) / 2 * 2], odd = x[n / 2 * 2 - 1];
        UNROLLED for (int i = (n - 1) / 2 * 2 - 2; i >= 0; i -= 2) even = v_fma(square, even, x[i]);
        UNROLLED for (int i = n / 2 * 2 - 3; i > 0; i -= 2) odd = v_fma(square, odd, x[i]);
        y[1 + 2 * k] = v_fma(v_set1(powers[k][1]), odd, even);
        y[2 + 2 * k] = v_fma(v_set1(-powers[k][1]), odd, even);
    }
}

/* Its transpose: n sums over the points. */
static inline __attribute__((always_inline)) void sums(const int n, const vf *x, vf *y)
{
    const vf near[2] = {v_add(x[1], x[2]), v_sub(x[1], x[2])};
    const vf far[2] = {v_add(x[3], x[4]), v_sub(x[3], x[4])};

    y[0] = v_add(v_add(x[0], near[0]), far[0]);
    UNROLLED for (int j = 1; j < n; j++)
    {
        const vf p = v_set1(powers[0][j]), q = v_set1(powers[1][j]);
        const vf first = j < n - 1 ? v_mul(p, near[j % 2]) : v_fma(p, near[j % 2], x[5]);
        y[j] = v_fma(q, far[j % 2], first);
    }
}

LINE_OF(scale)
{
    y[0] = v_mul(x[0], v_set1(at_zero));
    UNROLLED for (int i = 0; i < 4; i++) y[1 + i] = v_mul(x[1 + i], v_set1(at_pair[i / 2]));
    y[5] = x[5];
}

#define OUTPUTS_OF_6(n)                                                                            \
    LINE_OF(output##n##of6) { sums(n, x, y); }                                                     \
    LINE_OF(output_gradient##n##of6) { values(n, x, y); }
OUTPUTS_OF_6(2)
OUTPUTS_OF_6(4)

#define WEIGHTS_OF_6(n)                                                                            \
    LINE_OF(weight##n##of6)                                                                        \
    {                                                                                              \
        vf at[6];                                                                                  \
        values(n, x, at);                                                                          \
        scale(at, y);                                                                              \
    }                                                                                              \
    LINE_OF(weight_gradient##n##of6)                                                               \
    {                                                                                              \
        vf at[6];                                                                                  \
        scale(x, at);                                                                              \
        sums(n, at, y);                                                                            \
    }
WEIGHTS_OF_6(3)
WEIGHTS_OF_6(5)

/* ---- products ---- */

/* Of the first mr rows and the first nv vectors; both are constants wherever this is inlined.  The
 * panel's next rows are asked for meanwhile. */
static inline __attribute__((always_inline)) void product_of(const int mr, const int nv,
                                                             int64_t depth, const float *a,
                                                             int64_t a_stride, const float *panel,
                                                             float *out, dp_mode mode)
{
    vf acc[MR][NV];

    UNROLLED for (int i = 0; i < mr; i++)
    {
        UNROLLED for (int j = 0; j < nv; j++) acc[i][j] = v_zero();
    }
    for (const float *end = panel + depth * NR; panel < end; panel += NR, a++) {
        vf b[NV];
        for (int j = 0; j < nv * VL; j += LINE)
            __builtin_prefetch(panel + DP_FILTERING_CHAIN * NR + j);
        UNROLLED for (int j = 0; j < nv; j++) b[j] = v_load(panel + j * VL);
        UNROLLED for (int i = 0; i < mr; i++)
        {
            const vf x = v_set1(a[i * a_stride]);
            UNROLLED for (int j = 0; j < nv; j++) acc[i][j] = v_fma(x, b[j], acc[i][j]);
        }
    }
    UNROLLED for (int i = 0; i < mr; i++)
    {
        UNROLLED for (int j = 0; j < nv; j++)
        {
            float *to = out + i * NR + j * VL;
            v_store(to, mode == DP_ADD ? v_add(v_load(to), acc[i][j]) : acc[i][j]);
        }
    }
}

#define PRODUCT(name, mr, nv)                                                                      \
    static void name(int64_t depth, const float *a, int64_t a_stride, const float *panel,          \
                     float *out, dp_mode mode)                                                     \
    {                                                                                              \
        product_of(mr, nv, depth, a, a_stride, panel, out, mode);                                  \
    }
PRODUCT(product, MR, NV)
PRODUCT(narrow_product, MR, 1)
PRODUCT(low_product, LOW, NV)
PRODUCT(low_narrow_product, LOW, 1)

/* ---- of lines, squares ---- */

/* The n floats of each array from `from` and `to` on, fewer than a vector, by way of whole ones. */
static void transform_rest(dp_transform *whole, int n_in, int n_out, int64_t n,
                           const float *const in[], int64_t from, float *const out[], int64_t to)
{
    float before[DP_MAX_FILTERING * DP_MAX_FILTERING][VL] = {{0}},
                                    after[DP_MAX_FILTERING * DP_MAX_FILTERING][VL];
    const float *a[DP_MAX_FILTERING * DP_MAX_FILTERING];
    float *b[DP_MAX_FILTERING * DP_MAX_FILTERING];

    for (int i = 0; i < n_in; i++) {
        memcpy(before[i], in[i] + from, sizeof(float) * (size_t)n);
        a[i] = before[i];
    }
    for (int i = 0; i < n_out; i++)
        b[i] = after[i];
    whole(1, VL, a, 0, b, 0);
    for (int i = 0; i < n_out; i++)
        memcpy(out[i] + to, after[i], sizeof(float) * (size_t)n);
}

/* `vectors` makes a vector of each of the n_out arrays out of those of the n_in. */
#define TRANSFORM(name, n_in, n_out, vectors)                                                      \
    static void name(int64_t count, int64_t n, const float *const in[], int64_t in_step,           \
                     float *const out[], int64_t out_step)                                         \
    {                                                                                              \
        for (int64_t i = 0; i < count; i++) {                                                      \
            const int64_t end = i * in_step + n;                                                   \
            int64_t from = i * in_step, to = i * out_step;                                         \
            for (; from + VL <= end; from += VL, to += VL) {                                       \
                vectors                                                                            \
            }                                                                                      \
            if (from < end)                                                                        \
                transform_rest(name, n_in, n_out, end - from, in, from, out, to);                  \
        }                                                                                          \
    }

/* half[r][s] = number r of what the line function makes of column s, of p. */
#define COLUMNS_OF(line, p, q)                                                                     \
    vf half[q][p];                                                                                 \
    UNROLLED for (int s = 0; s < p; s++)                                                           \
    {                                                                                              \
        vf x[p], y[q];                                                                             \
        UNROLLED for (int r = 0; r < p; r++) x[r] = v_load(in[r * p + s] + from);                  \
        line(x, y);                                                                                \
        UNROLLED for (int r = 0; r < q; r++) half[r][s] = y[r];                                    \
    }

/* The whole square of q x q. */
#define SQUARE_OF(line, p, q)                                                                      \
    TRANSFORM(square_##line, (p) * (p), (q) * (q), {                                               \
        COLUMNS_OF(line, p, q)                                                                     \
        UNROLLED for (int r = 0; r < q; r++)                                                       \
        {                                                                                          \
            vf y[q];                                                                               \
            line(half[r], y);                                                                      \
            UNROLLED for (int s = 0; s < q; s++) v_store(out[r * q + s] + to, y[s]);               \
        }                                                                                          \
    })

/* Its column number c: what that does not need is not computed. */
#define COLUMN_OF(line, p, q, c)                                                                   \
    TRANSFORM(column##c##_##line, (p) * (p), q, {                                                  \
        COLUMNS_OF(line, p, q)                                                                     \
        UNROLLED for (int r = 0; r < q; r++)                                                       \
        {                                                                                          \
            vf y[q];                                                                               \
            line(half[r], y);                                                                      \
            v_store(out[r] + to, y[c]);                                                            \
        }                                                                                          \
    })

/* Its first half, for one column; its second half, for all rows: half[r][s] is array r * p + s. */
#define HALVES_OF(line, p, q)                                                                      \
    TRANSFORM(down_##line, p, q, {                                                                 \
        vf x[p];                                                                                   \
        vf y[q];                                                                                   \
        UNROLLED for (int r = 0; r < p; r++) x[r] = v_load(in[r] + from);                          \
        line(x, y);                                                                                \
        UNROLLED for (int r = 0; r < q; r++) v_store(out[r] + to, y[r]);                           \
    })                                                                                             \
    TRANSFORM(along_##line, (p) * (q), (q) * (q), {                                                \
        UNROLLED for (int r = 0; r < q; r++)                                                       \
        {                                                                                          \
            vf x[p];                                                                               \
            vf y[q];                                                                               \
            UNROLLED for (int s = 0; s < p; s++) x[s] = v_load(in[p * r + s] + from);              \
            line(x, y);                                                                            \
            UNROLLED for (int s = 0; s < q; s++) v_store(out[q * r + s] + to, y[s]);               \
        }                                                                                          \
    })

#define PARTS_OF_4(line, p)                                                                        \
    SQUARE_OF(line, p, 4)                                                                          \
    COLUMN_OF(line, p, 4, 0)                                                                       \
    COLUMN_OF(line, p, 4, 1)                                                                       \
    COLUMN_OF(line, p, 4, 2)                                                                       \
    COLUMN_OF(line, p, 4, 3)
#define PARTS_OF_6(line, p)                                                                        \
    SQUARE_OF(line, p, 6)                                                                          \
    COLUMN_OF(line, p, 6, 0)                                                                       \
    COLUMN_OF(line, p, 6, 1)                                                                       \
    COLUMN_OF(line, p, 6, 2)                                                                       \
    COLUMN_OF(line, p, 6, 3)                                                                       \
    COLUMN_OF(line, p, 6, 4)                                                                       \
    COLUMN_OF(line, p, 6, 5)
#define PARTS_OF_7(line, p)                                                                        \
    SQUARE_OF(line, p, 7)                                                                          \
    COLUMN_OF(line, p, 7, 0)                                                                       \
    COLUMN_OF(line, p, 7, 1)                                                                       \
    COLUMN_OF(line, p, 7, 2)                                                                       \
    COLUMN_OF(line, p, 7, 3)                                                                       \
    COLUMN_OF(line, p, 7, 4)                                                                       \
    COLUMN_OF(line, p, 7, 5)                                                                       \
    COLUMN_OF(line, p, 7, 6)

PARTS_OF_4(data4, 4)
PARTS_OF_4(output_gradient2of4, 2)
SQUARE_OF(weight3of4, 3, 4)
SQUARE_OF(weight_gradient3of4, 4, 3)
HALVES_OF(output2of4, 4, 2)
PARTS_OF_6(data6, 6)
PARTS_OF_6(output_gradient2of6, 2)
PARTS_OF_6(output_gradient4of6, 4)
SQUARE_OF(weight3of6, 3, 6)
SQUARE_OF(weight5of6, 5, 6)
SQUARE_OF(weight_gradient3of6, 6, 3)
SQUARE_OF(weight_gradient5of6, 6, 5)
HALVES_OF(output2of6, 6, 2)
HALVES_OF(output4of6, 6, 4)
PARTS_OF_7(data7, 6)
SQUARE_OF(weight5of7, 5, 7)
HALVES_OF(output2of7, 7, 2)

#define ALL(line)  [DP_ALL_COLUMNS] = square_##line
#define FOUR(line) column0_##line, column1_##line, column2_##line, column3_##line, ALL(line)
#define SIX(line)                                                                                  \
    column0_##line, column1_##line, column2_##line, column3_##line, column4_##line,                \
        column5_##line, ALL(line)
#define SEVEN(line)                                                                                \
    column0_##line, column1_##line, column2_##line, column3_##line, column4_##line,                \
        column5_##line, column6_##line, ALL(line)
#define FILTERING(m, r, a, parts)                                                                  \
    {                                                                                              \
        m, r, a, {parts(data##a)}, {parts(output_gradient##m##of##a)}, square_weight##r##of##a,    \
            square_weight_gradient##r##of##a, down_output##m##of##a, along_output##m##of##a        \
    }
/* data7 makes 7 numbers of 6; only the gradient of the input is made so. */
#define FILTERINGS                                                                                 \
    FILTERING(2, 3, 4, FOUR), FILTERING(2, 5, 6, SIX), FILTERING(4, 3, 6, SIX),                    \
    {                                                                                              \
        2, 5, 7, {SEVEN(data7)}, {NULL}, square_weight5of7, NULL, down_output2of7,                 \
            along_output2of7                                                                       \
    }
