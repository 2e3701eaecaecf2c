/* test_resize.c - corners of resize that the golden files meet too rarely
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "base/cpu.h"
#include "base/options.h"
#include "base/random/rng.h"
#include "base/tensor.h"
#include "tests/support/test.h"
#include "transforms/rows.h"
#include "transforms/shared/resample.h"

#define SIDE 7

static void resize(const void *src, dp_dtype dtype, int64_t height, int64_t width, const char *spec,
                   void *dst, int64_t expected_height, int64_t expected_width)
{
    dp_column in = {"image", {NULL, dtype, 2, {height, width}}, 0}, out = in;
    dp_tensor image = in.type;
    dp_options options;
    dp_arena arena;
    dp_text text;
    void *params;

    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena = (dp_arena){.alloc = options.alloc};
    assert_ok(dp_text_parse(spec, strlen(spec), &arena, &text, &test_error));
    params = dp_arena_alloc(&arena, 1, dp_transform_resize.info.size);
    assert_ok(
        dp_params_bind(&dp_transform_resize.info, text.stages, NULL, &arena, params, &test_error));
    assert_ok(dp_transform_resize.plan(params, &in, &out, &arena, &test_error));
    assert_int_equal(out.type.shape[0], expected_height);
    assert_int_equal(out.type.shape[1], expected_width);
    image.data = (void *)(uintptr_t)src;
    out.type.data = dst;
    dp_transform_apply(&dp_transform_resize, params, NULL, &image, &out.type,
                       &(dp_workspace){NULL, DP_CPU_SCALAR, dp_part_whole(&out.type)});
    dp_arena_free(&arena);
}

/* Taps of output place d, in 1/2048, and the source place of the first. */
static int taps(int src, int dst, int d, int weight[4])
{
    const float f = (float)((d + 0.5) * (1.0 / ((double)dst / src)) - 0.5), a = -0.75f;
    const int s = (int)floorf(f);
    const float x = f - (float)s, y = 1 - x;
    float c[4];

    c[0] = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a;
    c[1] = ((a + 2) * x - (a + 3)) * x * x + 1;
    c[2] = ((a + 2) * y - (a + 3)) * y * y + 1;
    c[3] = 1 - c[0] - c[1] - c[2];
    for (int k = 0; k < 4; k++)
        weight[k] = (int)rint((double)c[k] * 2048);
    return s - 1;
}

static int inside(int i) { return i < 0 ? 0 : i >= SIDE ? SIDE - 1 : i; }

/* Cubic works in float in whole groups of eight elements of a row, and in integers in the rest: a
 * row of 5 has only the latter. */
static void cubic_in_integers(void **state)
{
    const uint64_t seed = test_seed();
    uint8_t src[SIDE * SIDE], dst[5 * 5];
    dp_rng rng;

    (void)state;
    dp_rng_start(&rng, seed, 0, 0);
    for (int image = 0; image < 3000; image++) {
        for (int i = 0; i < SIDE * SIDE; i++)
            src[i] = (uint8_t)dp_rng_u32(&rng);
        resize(src, DP_U8, SIDE, SIDE, "resize size=5,5 interpolation=cubic", dst, 5, 5);
        for (int i = 0; i < 25; i++) {
            int v[4], h[4], sum = 0;
            const int top = taps(SIDE, 5, i / 5, v), left = taps(SIDE, 5, i % 5, h);
            for (int k = 0; k < 16; k++)
                sum += src[inside(top + k / 4) * SIDE + inside(left + k % 4)] * h[k % 4] * v[k / 4];
            sum = (sum + (1 << 21)) >> 22;
            assert_int_equal(dst[i], sum < 0 ? 0 : sum > 255 ? 255 : sum);
        }
    }
}

/* One number is the shorter side; the other is cut, not rounded. */
static void shorter_side(void **state)
{
    uint8_t src[20 * 31] = {0}, dst[64 * 64];

    (void)state;
    resize(src, DP_U8, 20, 31, "resize size=7", dst, 7, 10); /* 10.85 */
    resize(src, DP_U8, 31, 20, "resize size=7", dst, 10, 7);
    resize(src, DP_U8, 20, 31, "resize size=40", dst, 40, 62);
}

/* Halving one channel of floats: pairs in whole groups of four columns, one after another in the
 * rest. */
static void half_of_floats(void **state)
{
    const uint64_t seed = test_seed();
    float src[12 * 12], dst[6 * 6];
    int differ = 0;
    dp_rng rng;

    (void)state;
    dp_rng_start(&rng, seed, 0, 0);
    for (int image = 0; image < 200; image++) {
        for (int i = 0; i < 12 * 12; i++)
            src[i] = (float)((dp_rng_uniform(&rng) - 0.5) * 1.2345678);
        resize(src, DP_F32, 12, 12, "resize size=6,6", dst, 6, 6);
        for (int i = 0; i < 36; i++) {
            const float *a = src + i / 6 * 24 + i % 6 * 2, *c = a + 12;
            const float paired = ((a[0] + a[1]) + (c[0] + c[1])) * 0.25f;
            const float in_turn = (((a[0] + a[1]) + c[0]) + c[1]) * 0.25f;
            assert_true(dst[i] == (i % 6 < 4 ? paired : in_turn));
            differ += paired != in_turn;
        }
    }
    assert_true(differ > 100);
}

/* Any part of an image in memory of its own, which ASan guards. */
static void check_rows(dp_resample *r, const uint8_t *src, const dp_tensor *type,
                       const dp_picture_part *part)
{
    dp_tensor out = *type;
    uint8_t *wanted = calloc(1, dp_tensor_bytes(type));

    out.data = wanted;
    r->rows = false;
    dp_resample_run(r, src, &out, part, DP_CPU_SCALAR);
    r->rows = true;
    out.data = malloc(dp_tensor_bytes(type));
    for (int level = DP_CPU_SCALAR; level <= DP_CPU_AVX512; level++) {
        if (!dp_cpu_has((dp_cpu_level)level))
            continue;
        memset(out.data, 0, dp_tensor_bytes(type));
        dp_resample_run(r, src, &out, part, (dp_cpu_level)level);
        if (memcmp(out.data, wanted, dp_tensor_bytes(type)) != 0)
            fail_msg("%s: other bytes of %s", dp_cpu_level_name((dp_cpu_level)level),
                     dp_tensor_type(type).text);
    }
    free(out.data);
    free(wanted);
}

/* Row by row and pixel by pixel: every size to every size, one to four channels, every instruction
 * set. */
static void rows_are_pixels(void **state)
{
    enum { MOST = 60 };
    uint64_t random = test_seed();

    (void)state;
    for (int i = 0; i < 1500; i++) {
        int64_t from[2], to[2];
        dp_resample r = {0};
        dp_arena arena = {.alloc = &dp_libc_allocator};
        uint8_t *src;
        random = random * 6364136223846793005u + 1442695040888963407u;
        for (int d = 0; d < 2; d++) {
            from[d] = 1 + (int64_t)(random >> (33 + 6 * d)) % MOST;
            to[d] = 1 + (int64_t)(random >> (45 + 6 * d)) % MOST;
        }
        const int64_t channels = 1 + (int64_t)(random >> 58) % 4;
        const dp_column in = {"image", {NULL, DP_U8, 3, {from[0], from[1], channels}}, 0};
        const dp_tensor out = {NULL, DP_U8, 3, {to[0], to[1], channels}};
        const int64_t left = i % to[1], top = i % to[0];
        src = malloc(dp_tensor_bytes(&in.type));
        assert_non_null(src);
        for (size_t k = 0; k < dp_tensor_bytes(&in.type); k++)
            src[k] = (uint8_t)((random >> (k % 50)) + k * k);
        assert_ok(dp_resample_plan(&r, &in, DP_LINEAR, from, to, &arena, &test_error));
        assert_true(r.rows);
        check_rows(&r, src, &out, &(dp_picture_part){0, 0, to[0], to[1]});
        check_rows(&r, src, &out, &(dp_picture_part){top, left, to[0] - top, to[1] - left});
        free(src);
        dp_arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cubic_in_integers),
        cmocka_unit_test(shorter_side),
        cmocka_unit_test(half_of_floats),
        cmocka_unit_test(rows_are_pixels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
