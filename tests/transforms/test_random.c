/* test_random.c - random transforms against a naive model of their definition
 *
 * SPDX-License-Identifier: Apache-2.0
 */
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
        cmocka_unit_test(draws_belong_to_a_stage),
        cmocka_unit_test(crop_replaces_random_crop),
        cmocka_unit_test(epochs_draw_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
