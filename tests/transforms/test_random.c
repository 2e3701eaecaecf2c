/* test_random.c - random transforms against a naive model of their definition
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "base/random/rng.h"
#include "tests/support/test.h"

#define N 140

/* All images of a stream without batches, in order. */
static uint8_t *images_of(const char *spec, size_t size)
{
    dp_pipeline *p = test_open(spec, 1, 0);
    uint8_t *out = malloc(N * size);
    dp_batch *b = NULL;

    for (int i = 0; i < N; i++) {
        assert_ok(dp_next(p, &b, &test_error));
        assert_int_equal(test_bytes(dp_batch_get(b, "image")), size);
        memcpy(out + (size_t)i * size, dp_batch_get(b, "image")->data, size);
    }
    dp_close(p);
    return out;
}

/* place i of an axis of 32 with a border: index, or -1 for the fill */
static int naive(int i, const char *mode)
{
    if (i >= 0 && i < 32)
        return i;
    if (strcmp(mode, "constant") == 0)
        return -1;
    if (strcmp(mode, "edge") == 0)
        return i < 0 ? 0 : 31;
    while (i < 0 || i > 31)
        i = i < 0 ? -i - (strcmp(mode, "symmetric") == 0)
                  : 62 - i + (strcmp(mode, "symmetric") == 0);
    return i;
}

static void check_crop(const char *mode, int size, int pad)
{
    char spec[256];
    uint8_t *in = images_of(SMALL_CIFAR, 3072), *out;

    snprintf(spec, sizeof spec,
             SMALL_CIFAR " | random_crop size=%d padding=%d padding_mode=%s fill_value=%s", size,
             pad, mode, strcmp(mode, "constant") == 0 ? "1,2,3" : "0");
    out = images_of(spec, (size_t)size * (size_t)size * 3);
    for (int n = 0; n < N; n++) {
        dp_rng rng;
        int left, top;
        dp_rng_start(&rng, dp_rng_key(1, "random_crop", 0), 0, (uint64_t)n);
        left = (int)dp_rng_below(&rng, (uint32_t)(32 + 2 * pad - size + 1)) - pad;
        top = (int)dp_rng_below(&rng, (uint32_t)(32 + 2 * pad - size + 1)) - pad;
        for (int i = 0; i < size * size * 3; i++) {
            const int y = naive(top + i / 3 / size, mode), x = naive(left + i / 3 % size, mode),
                      c = i % 3;
            assert_int_equal(out[n * size * size * 3 + i],
                             y < 0 || x < 0 ? c + 1 : in[n * 3072 + (y * 32 + x) * 3 + c]);
        }
    }
    free(in);
    free(out);
}

static void random_crop(void **state)
{
    static const char *const modes[] = {"constant", "edge", "reflect", "symmetric"};

    (void)state;
    for (int m = 0; m < 4; m++) {
        check_crop(modes[m], 32, 4);
        check_crop(modes[m], 7, 0);
        check_crop(modes[m], 90, 40);
    }
}

static void random_flips(void **state)
{
    uint8_t *in = images_of(SMALL_CIFAR, 3072), *across, *down;
    int flipped = 0;

    (void)state;
    across = images_of(SMALL_CIFAR " | random_horizontal_flip prob=0.3", 3072);
    down = images_of(SMALL_CIFAR " | random_vertical_flip prob=0.7", 3072);
    for (int n = 0; n < N; n++) {
        dp_rng a, d;
        bool flip_across, flip_down;
        dp_rng_start(&a, dp_rng_key(1, "random_horizontal_flip", 0), 0, (uint64_t)n);
        dp_rng_start(&d, dp_rng_key(1, "random_vertical_flip", 0), 0, (uint64_t)n);
        flip_across = dp_rng_uniform(&a) < 0.3;
        flip_down = dp_rng_uniform(&d) < 0.7;
        flipped += flip_across;
        for (int i = 0; i < 3072; i++) {
            const int y = i / 96, x = i / 3 % 32, c = i % 3;
            assert_int_equal(across[n * 3072 + i],
                             in[n * 3072 + (y * 32 + (flip_across ? 31 - x : x)) * 3 + c]);
            assert_int_equal(down[n * 3072 + i],
                             in[n * 3072 + ((flip_down ? 31 - y : y) * 32 + x) * 3 + c]);
        }
    }
    assert_in_range(flipped, 20, 70);
    free(in);
    free(across);
    free(down);
}

static test_hex digest_of(const char *spec)
{
    dp_pipeline *p = test_open(spec, 1, 0);
    const test_hex h = test_stream_digest(p, UINT64_MAX);
    dp_close(p);
    return h;
}

/* The stage that does what trivial_augment_wide drew; "" = a translation or a shear. */
static void stage_of(uint32_t edit, uint32_t bin, bool back, char *text, size_t size)
{
    const float way = back ? -1 : 1, part = (float)bin / 30;
    const double factor = (double)(1 + way * 0.99f * part);

    text[0] = '\0';
    switch (edit) {
    case 0: snprintf(text, size, "auto_contrast"); break;
    case 1: snprintf(text, size, "adjust_brightness brightness_factor=%.6g", factor); break;
    case 2: snprintf(text, size, "adjust_saturation saturation_factor=%.6g", factor); break;
    case 3: snprintf(text, size, "adjust_contrast contrast_factor=%.6g", factor); break;
    case 4: snprintf(text, size, "equalize"); break;
    case 5: snprintf(text, size, "crop coordinates=0,0 size=32,32"); break;
    case 6: snprintf(text, size, "posterize bits=%d", 8 - (int)((6 * bin + 15) / 30)); break;
    case 7:
        snprintf(text, size, "rotate degree=%.6g fill_value=1,2,3", way * 135.0 * bin / 30);
        break;
    case 8: snprintf(text, size, "adjust_sharpness sharpness_factor=%.6g", factor); break;
    case 11: snprintf(text, size, "solarize threshold=%d", (int)ceil(255 - 8.5 * bin)); break;
    default: break;
    }
}

static void check_translated(const uint8_t *in, const uint8_t *out, int right, int down)
{
    for (int i = 0; i < 3072; i++) {
        const int y = i / 96 - down, x = i / 3 % 32 - right;
        const bool inside = y >= 0 && y < 32 && x >= 0 && x < 32;
        assert_int_equal(out[i], inside ? in[(y * 32 + x) * 3 + i % 3] : i % 3 + 1);
    }
}

/* Each of its operations but shears: single stages, and translations by whole pixels.  A value that
 * a factor puts at the middle of two may be rounded otherwise. */
static void trivial_augment_wide(void **state)
{
    uint8_t *in = images_of(SMALL_CIFAR, 3072);
    uint8_t *out = images_of(SMALL_CIFAR " | trivial_augment_wide fill_value=1,2,3", 3072);
    uint32_t seen = 0;

    (void)state;
    for (int n = 0; n < N; n++) {
        uint32_t edit, bin;
        char stage[80], spec[200];
        bool back;
        dp_rng rng;
        dp_rng_start(&rng, dp_rng_key(1, "trivial_augment_wide", 0), 0, (uint64_t)n);
        edit = dp_rng_below(&rng, 14);
        bin = dp_rng_below(&rng, 31);
        back = dp_rng_below(&rng, 2) != 0;
        seen |= 1u << edit;
        stage_of(edit, bin, back, stage, sizeof stage);
        if (edit >= 12) {
            const int pixels = (back ? -1 : 1) * (int)((float)bin * (32.0f / 30));
            check_translated(in + n * 3072, out + n * 3072, edit == 12 ? pixels : 0,
                             edit == 13 ? pixels : 0);
        }
        if (stage[0] != '\0') {
            uint8_t *one;
            snprintf(spec, sizeof spec, SMALL_CIFAR " | %s", stage);
            one = images_of(spec, 3072);
            for (int i = 0; i < 3072; i++)
                assert_in_range(one[n * 3072 + i] + 1 - out[n * 3072 + i], 0, 2);
            free(one);
        }
    }
    assert_int_equal(seen, (1u << 14) - 1);
    free(in);
    free(out);
}

/* Of two one is chosen, each as likely, and applied or not. */
static void uniform_augment(void **state)
{
    uint8_t *in = images_of(SMALL_CIFAR, 3072);
    uint8_t *out = images_of(
        SMALL_CIFAR " | uniform_augment transforms=\"invert | horizontal_flip\" num_ops=1", 3072);
    uint32_t seen = 0;

    (void)state;
    for (int n = 0; n < N; n++) {
        bool flipped, applied;
        dp_rng rng;
        dp_rng_start(&rng, dp_rng_key(1, "uniform_augment", 0), 0, (uint64_t)n);
        flipped = dp_rng_below(&rng, 2) != 0;
        if (flipped)
            dp_rng_below(&rng, 1); /* the only one that is left */
        applied = dp_rng_below(&rng, 2) != 0;
        seen |= 1u << (2 * flipped + applied);
        for (int i = 0; i < 3072; i++) {
            const int x = i / 3 % 32, mirror = i + 3 * (31 - 2 * x);
            const int old = in[n * 3072 + (applied && flipped ? mirror : i)];
            assert_int_equal(out[n * 3072 + i], applied && !flipped ? 255 - old : old);
        }
    }
    assert_int_equal(seen, 15);
    free(in);
    free(out);
}

/* docs/design.md: another stage leaves a stage's draws as they were; the same stage twice draws
 * twice. */
static void draws_belong_to_a_stage(void **state)
{
    (void)state;
    assert_string_equal(
        digest_of(SMALL_CIFAR " | random_horizontal_flip prob=0 | random_crop size=20").text,
        digest_of(SMALL_CIFAR " | random_crop size=20").text);
    assert_string_not_equal(
        digest_of(SMALL_CIFAR " | random_horizontal_flip | random_horizontal_flip").text,
        digest_of(SMALL_CIFAR).text);
    /* skipping leaves the augmentation of the rows that stay */
    assert_string_equal(digest_of(SMALL_CIFAR " | random_crop size=20 | skip count=40").text,
                        digest_of(SMALL_CIFAR " | skip count=40 | random_crop size=20").text);
}

/* crop is the deterministic replacement: random_crop with one place left is a crop. */
static void crop_replaces_random_crop(void **state)
{
    (void)state;
    assert_string_equal(digest_of(SMALL_CIFAR " | random_crop size=32").text,
                        digest_of(SMALL_CIFAR " | crop coordinates=0,0 size=32").text);
}

static void epochs_draw_anew(void **state)
{
    dp_pipeline *p = test_open(
        SMALL_CIFAR " | random_crop size=20 | batch batch_size=140 | repeat count=2", 1, 0);
    dp_batch *a = NULL, *b = NULL;

    (void)state;
    assert_ok(dp_next(p, &a, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    assert_memory_not_equal(dp_batch_get(a, "image")->data, dp_batch_get(b, "image")->data,
                            140 * 1200);
    dp_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_crop),
        cmocka_unit_test(random_flips),
        cmocka_unit_test(trivial_augment_wide),
        cmocka_unit_test(uniform_augment),
        cmocka_unit_test(draws_belong_to_a_stage),
        cmocka_unit_test(crop_replaces_random_crop),
        cmocka_unit_test(epochs_draw_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
