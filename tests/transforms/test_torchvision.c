/* test_torchvision.c - recipes of torchvision have the bytes that it gives PIL images, and resize
 * those of tensors
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * tests/golden/torchvision.txt holds the texts and the real library's digests.
 */
#include "tests/support/test.h"

#define MOST (500 * 375 * 3)
static uint8_t noise[MOST];

static int make_noise(void **state)
{
    (void)state;
    test_noise(noise, MOST);
    return 0;
}

static test_hex digest_of(const char *stages, const int64_t shape[3], const char *cpu)
{
    const dp_array arrays[] = {{"image", {noise, DP_U8, 4, {1, shape[0], shape[1], shape[2]}}},
                               {NULL, {0}}};
    const dp_options options = {.size = sizeof options, .threads = 1, .arrays = arrays, .cpu = cpu};
    test_sha256_state sha;
    dp_pipeline *p = NULL;
    dp_batch *b = NULL;
    char text[600];

    snprintf(text, sizeof text, "memory | %s", stages);
    assert_ok(dp_open(&p, text, 1, &options, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    test_sha256_init(&sha);
    test_sha256_add(&sha, dp_batch_get(b, "image")->data, test_bytes(dp_batch_get(b, "image")));
    dp_close(p);
    return test_sha256_final(&sha);
}

static void bytes_of_the_library(void **state)
{
    test_lines lines = test_lines_read("torchvision.txt");

    (void)state;
    assert_int_equal(lines.n, 75);
    for (size_t i = 0; i < lines.n; i++) {
        const char *stages = strstr(lines.line[i], " : ") + 3;
        char word[80], expected[80];
        int height, width, channels = 3;
        test_word(lines.line[i], "in", word, sizeof word);
        assert_int_equal(sscanf(word, "%d,%d", &height, &width), 2);
        if (test_word(lines.line[i], "channels", word, sizeof word) != NULL)
            channels = atoi(word);
        test_word(lines.line[i], "sha256", expected, sizeof expected);
        for (int fast = 0; fast < 2; fast++) {
            if (strcmp(digest_of(stages, (const int64_t[]){height, width, channels},
                                 fast ? NULL : "scalar")
                           .text,
                       expected) != 0)
                fail_msg("other bytes than torchvision's: %s", lines.line[i]);
        }
    }
    test_lines_free(&lines);
}

static int64_t width_of(const char *stages, int64_t height, int64_t width)
{
    const dp_array arrays[] = {{"image", {noise, DP_U8, 3, {1, height, width}}}, {NULL, {0}}};
    const dp_options options = {.size = sizeof options, .threads = 1, .arrays = arrays};
    dp_pipeline *p = NULL;
    int64_t made;

    assert_ok(dp_open(&p, stages, 1, &options, &test_error));
    made = dp_output(p, "image")->shape[1];
    dp_close(p);
    return made;
}

/* The longer side is cut, not a product of floats. */
static void the_longer_side(void **state)
{
    int differ = 0;

    (void)state;
    for (int64_t height = 1; height <= 300; height += 13) {
        for (int64_t width = height; width <= 900 && height * width <= MOST; width += 7) {
            const int64_t size = 17 * height % 1000 + 1;
            char text[80];
            int64_t floats;
            if (size * width / height > 1000 * width || size > 1000 * height)
                continue;
            snprintf(text, sizeof text, "memory | resize size=%d antialias=true", (int)size);
            assert_int_equal(width_of(text, height, width), size * width / height);
            snprintf(text, sizeof text, "memory | resize size=%d", (int)size);
            floats = width_of(text, height, width);
            differ += floats != size * width / height;
            assert_true(floats - size * width / height <= 1);
        }
    }
    print_message("%d of these differ in floats\n", differ);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_the_library),
        cmocka_unit_test(the_longer_side),
    };
    return cmocka_run_group_tests(tests, make_noise, NULL);
}
