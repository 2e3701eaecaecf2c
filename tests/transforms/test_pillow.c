/* test_pillow.c - what is antialiased has the bytes of Pillow's Image.resize
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The digests of tests/golden/pillow.txt are the real library's; the forms of every instruction set
 * are compared with the specification on images of memory of their own, which ASan guards.
 */
#include <math.h>

#include "base/number/num.h"
#include "base/options.h"
#include "base/random/rng.h"
#include "base/tensor.h"
#include "tests/support/test.h"
#include "transforms/rows.h"
#include "transforms/shared/pillow.h"
#include "transforms/shared/resample.h"

/* ---- the golden lines, through the stages ---- */

#define MOST (500 * 375 * 4)
static uint8_t noise[MOST];

static int make_noise(void **state)
{
    (void)state;
    test_noise(noise, MOST);
    return 0;
}

typedef struct golden {
    const char *line;
    int in[2], box[4], size[2]; /* height, width; top, left, height, width */
    char antialias[20], interpolation[20], sha256[80];
    bool two_tone;
} golden;

static golden parse(const char *line, size_t number)
{
    golden g = {.line = line, .two_tone = number / 6 % 2 == 1};
    char word[80];

    test_word(line, "in", word, sizeof word);
    assert_int_equal(sscanf(word, "%d,%d", &g.in[0], &g.in[1]), 2);
    test_word(line, "box", word, sizeof word);
    assert_int_equal(sscanf(word, "%d,%d,%d,%d", &g.box[0], &g.box[1], &g.box[2], &g.box[3]), 4);
    test_word(line, "size", word, sizeof word);
    assert_int_equal(sscanf(word, "%d,%d", &g.size[0], &g.size[1]), 2);
    test_word(line, "antialias", g.antialias, sizeof g.antialias);
    test_word(line, "interpolation", g.interpolation, sizeof g.interpolation);
    test_word(line, "sha256", g.sha256, sizeof g.sha256);
    return g;
}

static void *exact(const void *bytes, size_t n)
{
    void *copy = malloc(n);

    assert_non_null(copy);
    if (bytes != NULL)
        memcpy(copy, bytes, n);
    return copy;
}

/* A stage's output for an image; draws of a box, or NULL. */
static void apply(const dp_transform *t, const char *text, const dp_column *in, const double *draws,
                  dp_cpu_level cpu, test_sha256_state *sha)
{
    dp_column out = *in;
    dp_tensor image = in->type;
    dp_workspace space = {.cpu = cpu};
    dp_options options;
    dp_text parsed;
    dp_arena arena;
    void *params;

    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena = (dp_arena){.alloc = options.alloc};
    assert_ok(dp_text_parse(text, strlen(text), &arena, &parsed, &test_error));
    params = dp_arena_alloc(&arena, 1, t->info.size);
    assert_ok(dp_params_bind(&t->info, parsed.stages, NULL, &arena, params, &test_error));
    assert_ok(t->plan(params, in, &out, &arena, &test_error));
    assert_int_equal(posix_memalign(&space.bytes, 64, dp_transform_space(t, params)), 0);
    image.data = exact(in->type.data, dp_tensor_bytes(&in->type));
    out.type.data = exact(NULL, dp_tensor_bytes(&out.type));
    space.part = dp_part_whole(&out.type);
    dp_transform_apply(t, params, draws, &image, &out.type, &space);
    test_sha256_add(sha, out.type.data, dp_tensor_bytes(&out.type));
    free(image.data);
    free(out.type.data);
    free(space.bytes);
    dp_arena_free(&arena);
}

static void check(const golden *g, dp_cpu_level cpu)
{
    const bool whole = g->box[2] == g->in[0] && g->box[3] == g->in[1];
    const double draws[] = {g->box[0], g->box[1], g->box[2], g->box[3]};
    uint8_t *pixels = malloc(MOST);
    test_sha256_state sha;
    char text[200];

    snprintf(text, sizeof text, "%s size=%d,%d interpolation=%s antialias=%s",
             whole ? "resize" : "random_resized_crop", g->size[0], g->size[1], g->interpolation,
             g->antialias);
    test_sha256_init(&sha);
    for (int c = 1; c <= 4; c++) {
        const dp_column in = {"image", {pixels, DP_U8, 3, {g->in[0], g->in[1], c}}, 0};
        for (int i = 0; i < g->in[0] * g->in[1] * c; i++)
            pixels[i] = g->two_tone ? (noise[i] > 127 ? 255 : 0) : noise[i];
        apply(whole ? &dp_transform_resize : &dp_transform_random_resized_crop, text, &in,
              whole ? NULL : draws, cpu, &sha);
    }
    if (strcmp(test_sha256_final(&sha).text, g->sha256) != 0)
        fail_msg("%s: other bytes than Pillow's: %s", dp_cpu_level_name(cpu), g->line);
    free(pixels);
}

static void bytes_of_the_library(void **state)
{
    test_lines lines = test_lines_read("pillow.txt");

    (void)state;
    assert_int_equal(lines.n, 312);
    for (size_t i = 0; i < lines.n; i++) {
        const golden g = parse(lines.line[i], i % 156);
        for (int cpu = DP_CPU_SCALAR; cpu <= DP_CPU_AVX512; cpu++) {
            if (dp_cpu_has((dp_cpu_level)cpu))
                check(&g, (dp_cpu_level)cpu);
        }
    }
    test_lines_free(&lines);
}

/* ---- instruction sets ---- */

typedef struct trial {
    dp_pillow_how how;
    int64_t channels, in[2], box[4], out[2];
} trial;

static int64_t side(dp_rng *rng, uint32_t most)
{
    return 1 + (int64_t)dp_rng_below(rng, dp_rng_below(rng, 3) == 0 ? 6 : most);
}

static trial draw_trial(dp_rng *rng)
{
    static const int32_t ways[] = {DP_LINEAR,  DP_NEAREST, DP_CUBIC,   DP_BOX,
                                   DP_HAMMING, DP_LANCZOS, DP_PILCUBIC};
    trial t;

    t.how = (dp_pillow_how){ways[dp_rng_below(rng, 7)], DP_PILLOW + (int32_t)dp_rng_below(rng, 3)};
    if (t.how.antialias == DP_TORCH)
        t.how.interpolation = dp_rng_below(rng, 2) == 0 ? DP_LINEAR : DP_CUBIC;
    t.channels = 1 + (int64_t)dp_rng_below(rng, 6);
    for (int d = 0; d < 2; d++) {
        t.in[d] = side(rng, 90);
        t.out[d] = side(rng, 70);
        t.box[d] = (int64_t)dp_rng_below(rng, (uint32_t)t.in[d]);
        t.box[2 + d] = 1 + (int64_t)dp_rng_below(rng, (uint32_t)(t.in[d] - t.box[d]));
    }
    return t;
}

static void run(const trial *t, const uint8_t *image, dp_cpu_level cpu, uint8_t *made)
{
    const size_t row = (size_t)(t->in[1] * t->channels);
    const dp_pillow_source source = {image + (size_t)t->box[0] * row +
                                         (size_t)(t->box[1] * t->channels),
                                     image + (size_t)t->in[0] * row, row};
    const dp_tensor out = {made, DP_U8, 3, {t->out[0], t->out[1], t->channels}};
    dp_pillow p = {0};
    void *tables, *space;

    assert_ok(dp_pillow_start(&p, t->how, t->channels, t->in, t->out, &test_error));
    assert_int_equal(posix_memalign(&tables, 64, dp_pillow_tables(&p)), 0);
    assert_int_equal(posix_memalign(&space, 64, dp_pillow_space(&p)), 0);
    memset(space, 0xa5, dp_pillow_space(&p));
    dp_pillow_plan(&p, t->box + 2, tables);
    dp_pillow_run(&p, &source, &out, &(dp_picture_part){0, 0, t->out[0], t->out[1]}, space, cpu);
    free(tables);
    free(space);
}

static void one_answer(void **state)
{
    dp_rng rng;

    (void)state;
    dp_rng_start(&rng, test_seed(), 0, 0);
    for (int i = 0; i < 3000; i++) {
        const trial t = draw_trial(&rng);
        const size_t n = (size_t)(t.out[0] * t.out[1] * t.channels);
        uint8_t *image =
            exact(noise + dp_rng_below(&rng, 1000), (size_t)(t.in[0] * t.in[1] * t.channels));
        uint8_t *expected = exact(NULL, n), *made = exact(NULL, n);
        run(&t, image, DP_CPU_SCALAR, expected);
        for (int cpu = DP_CPU_SCALAR + 1; cpu <= DP_CPU_AVX512; cpu++) {
            if (!dp_cpu_has((dp_cpu_level)cpu))
                continue;
            run(&t, image, (dp_cpu_level)cpu, made);
            assert_memory_equal(made, expected, n);
        }
        free(image);
        free(expected);
        free(made);
    }
}

/* ---- no libm in a byte ---- */

/* The library's sine is libm's, which may differ from machine to machine; ours does not.  Both give
 * one weight, because no weight is as near to a rounding as sines differ. */
typedef struct nearness {
    double least, most; /* distance of a weight from a rounding; of two sines' weights */
    long weights;
} nearness;

static double filter(bool hamming, double x, double (*sine)(double), double (*cosine)(double))
{
    const double pi = 0x1.921fb54442d18p1, y = x * pi, z = x / 3 * pi;

    if (x == 0)
        return 1;
    if (hamming)
        return fabs(x) < 1 ? sine(fabs(y)) / fabs(y) * (0.54f + 0.46f * cosine(fabs(y))) : 0;
    return x >= -3 && x < 3 ? sine(y) / y * (sine(z) / z) : 0;
}

static void look_at(bool hamming, int src, int dst, const dp_pillow_axis *axis, nearness *near)
{
    const double scale = (double)src / dst, wide = scale < 1 ? 1 : scale;

    for (int d = 0; d < dst; d++) {
        const dp_pillow_taps t = dp_pillow_at(axis, d);
        double ours = 0, theirs = 0;
        for (int pass = 0; pass < 2; pass++) {
            const double sums[2] = {ours, theirs};
            for (int i = 0; i < t.count; i++) {
                const double x = (t.first + i - (d + 0.5) * scale + 0.5) * (1 / wide);
                const double a = filter(hamming, x, dp_sin_d, dp_cos_d);
                const double b = filter(hamming, x, sin, cos);
                const double w = a / sums[0] * (1 << DP_PILLOW_BITS);
                const double v = b / sums[1] * (1 << DP_PILLOW_BITS);
                if (pass == 0) {
                    ours += a;
                    theirs += b;
                    continue;
                }
                assert_int_equal(t.weights[i], lround(v));
                near->least = fmin(near->least, fabs(fabs(w - floor(w)) - 0.5));
                near->most = fmax(near->most, fabs(w - v));
                near->weights++;
            }
        }
    }
}

static void weights_do_not_hang_on_a_sine(void **state)
{
    static const int sizes[] = {224, 256, 32};
    nearness near = {1, 0, 0};

    (void)state;
    for (int i = 0; i < 3 * 600 * 2; i++) {
        const int64_t src[2] = {1 + i / 3 % 600, 1}, dst[2] = {sizes[i % 3], 1};
        const bool hamming = i / 1800 == 1;
        const dp_pillow_how how = {hamming ? DP_HAMMING : DP_LANCZOS, DP_PILLOW};
        dp_pillow p = {0};
        void *tables;
        assert_ok(dp_pillow_start(&p, how, 1, src, dst, &test_error));
        assert_int_equal(posix_memalign(&tables, 64, dp_pillow_tables(&p)), 0);
        dp_pillow_plan(&p, src, tables);
        look_at(hamming, (int)src[0], (int)dst[0], &p.axis[0], &near);
        free(tables);
    }
    print_message("%ld weights: %g or more from a rounding, sines apart by %g\n", near.weights,
                  near.least, near.most);
    assert_int_equal(near.weights, 4694367);
    assert_true(near.least > 1e-6);
    assert_true(near.most < 1e-8);
}

/* The halves of a weight fit 16 bits, whatever the sizes. */
static void halves_fit(void **state)
{
    static const int32_t ways[] = {DP_LINEAR, DP_CUBIC, DP_BOX, DP_HAMMING, DP_LANCZOS};

    (void)state;
    for (int i = 0; i < 70 * 70 * 5; i++) {
        const int64_t src[2] = {1 + i / 5 % 70, 1}, dst[2] = {1 + i / 350, 1};
        dp_pillow p = {0};
        void *tables;
        assert_ok(
            dp_pillow_start(&p, (dp_pillow_how){ways[i % 5], DP_PILLOW}, 1, src, dst, &test_error));
        assert_int_equal(posix_memalign(&tables, 64, dp_pillow_tables(&p)), 0);
        dp_pillow_plan(&p, src, tables);
        for (int64_t d = 0; d < dst[0]; d++) {
            const dp_pillow_taps t = dp_pillow_at(&p.axis[0], d);
            for (int k = 0; k < t.count; k++)
                assert_int_equal(t.weights[k], t.high[k] * (1 << DP_PILLOW_LOW) + t.low[k]);
        }
        free(tables);
    }
}

/* ---- memory ---- */

/* For an image of h x w of which the shorter side is brought to `size`. */
static void memory_of(dp_pillow_how how, int64_t channels, int64_t h, int64_t w, int64_t size,
                      size_t out[3])
{
    const int64_t src[2] = {h, w};
    const int64_t dst[2] = {h < w ? size : h * size / w, h < w ? w * size / h : size};
    dp_pillow p = {0};

    assert_ok(dp_pillow_start(&p, how, channels, src, dst, &test_error));
    out[0] = dp_pillow_tables(&p);
    out[1] = dp_pillow_space(&p);
    out[2] = dp_pillow_used(&p);
    assert_true(out[2] <= out[1]);
}

/* A worker's memory is what the largest and the smallest pictures take (pipeline/vary.h): the
 * others take no more, but for the end of a line. */
static void between_takes_no_more(void **state)
{
    static const int64_t cases[][3] = {
        {511, 700, 256}, {3, 90, 7}, {100, 140, 300}, {597, 640, 256}, {1, 40, 40}};
    size_t most[2], own[3];

    (void)state;
    for (int i = 0; i < 5 * 5 * 4; i++) {
        const int64_t low = cases[i % 5][0], high = cases[i % 5][1], size = cases[i % 5][2];
        const dp_pillow_how how = {
            (const int32_t[]){DP_LINEAR, DP_NEAREST, DP_CUBIC, DP_BOX, DP_LANCZOS}[i / 5 % 5],
            DP_PILLOW_13};
        most[0] = most[1] = 0;
        for (int corner = 0; corner < 4; corner++) {
            memory_of(how, 1 + i / 25, corner & 1 ? low : high, corner & 2 ? low : high, size, own);
            most[0] = own[0] > most[0] ? own[0] : most[0];
            most[1] = own[1] > most[1] ? own[1] : most[1];
        }
        for (int64_t h = low; h <= high; h++) {
            for (int64_t w = low; w <= high; w++) {
                memory_of(how, 1 + i / 25, h, w, size, own);
                assert_true(own[0] <= most[0] + 64 && own[2] <= most[1]);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_the_library),          cmocka_unit_test(one_answer),
        cmocka_unit_test(weights_do_not_hang_on_a_sine), cmocka_unit_test(halves_fit),
        cmocka_unit_test(between_takes_no_more),
    };
    return cmocka_run_group_tests(tests, make_noise, NULL);
}
