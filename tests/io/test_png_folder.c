/* test_png_folder.c - PNG files of every kind against the pixels that they stand for, and damage
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/test.h"

#define H 5
#define W 7
#define N 14

static dp_status open_in(const char *root, const char *spec, dp_pipeline **p)
{
    const dp_options options = {.size = sizeof options, .root = root, .threads = 2, .prefetch = 1};

    *p = NULL;
    return dp_open(p, spec, 1, &options, &test_error);
}

static void read_file(const char *path, uint8_t *out, size_t n)
{
    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    assert_int_equal(fread(out, 1, n, f), n);
    fclose(f);
}

static void every_kind(void **state)
{
    static const uint32_t labels[N] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2};
    uint8_t expected[N][H * W * 3];
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    read_file(TEST_GOLDEN "/png/expected.bin", expected[0], sizeof expected);
    assert_ok(open_in(TEST_GOLDEN, "png_folder dataset_dir=png", &p));
    assert_int_equal(dp_length(p), N);
    for (int i = 0; i < N; i++) {
        assert_ok(dp_next(p, &b, &test_error));
        assert_int_equal(*(const uint32_t *)dp_batch_get(b, "label")->data, labels[i]);
        if (memcmp(dp_batch_get(b, "image")->data, expected[i], sizeof expected[i]) != 0)
            fail_msg("file %d has other pixels", i);
    }
    dp_close(p);
}

/* One channel: the gray files have their own values. */
static void gray(void **state)
{
    uint8_t expected[N][H * W * 3];
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    read_file(TEST_GOLDEN "/png/expected.bin", expected[0], sizeof expected);
    assert_ok(open_in(TEST_GOLDEN,
                      "png_folder dataset_dir=png channels=1 | skip count=5 | take count=6", &p));
    for (int i = 5; i < 11; i++) {
        const uint8_t *image;
        assert_ok(dp_next(p, &b, &test_error));
        image = dp_batch_get(b, "image")->data;
        for (int k = 0; k < H * W; k++)
            assert_int_equal(image[k], expected[i][3 * k]);
    }
    dp_close(p);
}

static void by_list(void **state)
{
    static const char list[] = "c/palette8.png,7\r\na/rgb8.png,0\n\nb/gray1.png,3";
    static const uint32_t labels[] = {7, 0, 3};
    char folder[256], spec[700];
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    test_folder(folder, sizeof folder);
    test_write(folder, "list.csv", list, sizeof list - 1);
    snprintf(spec, sizeof spec, "png_folder dataset_dir=png list=%s/list.csv", folder);
    assert_ok(open_in(TEST_GOLDEN, spec, &p));
    assert_int_equal(dp_length(p), 3);
    for (int i = 0; i < 3; i++) {
        assert_ok(dp_next(p, &b, &test_error));
        assert_int_equal(*(const uint32_t *)dp_batch_get(b, "label")->data, labels[i]);
    }
    dp_close(p);
    test_folder_remove(folder);
}

static void bad_lists(void **state)
{
    static const struct {
        const char *list, *message;
    } cases[] = {
        {"a/rgb8.png", "line 1 of the list is no path,label"},
        {"a/rgb8.png,x", "line 1 of the list is no path,label"},
        {"a/rgb8.png,-1", "line 1 of the list is no path,label"},
        {"a/rgb8.png,1\n../png/a/rgb8.png,1", "line 2 of the list leaves the folder"},
        {"/etc/passwd,1", "line 1 of the list leaves the folder"},
        {"a/../../x.png,1", "line 1 of the list leaves the folder"},
        {"a/rgb8.png,12", "has label 12: expected 0 to 9"},
        {"", "names no file"},
        {"a/nothing.png,1", "cannot open"},
    };
    char folder[256], spec[700];
    dp_pipeline *p;

    (void)state;
    test_folder(folder, sizeof folder);
    snprintf(spec, sizeof spec, "png_folder dataset_dir=png num_classes=10 list=%s/list.csv",
             folder);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_write(folder, "list.csv", cases[i].list, strlen(cases[i].list));
        assert_true(open_in(TEST_GOLDEN, spec, &p) < 0);
        if (strstr(test_error.message, cases[i].message) == NULL)
            fail_msg("'%s': %s", cases[i].list, test_error.message);
    }
    test_folder_remove(folder);
}

/* Cut anywhere, or with any byte turned: an error that names the file, or the same kind of image.
 */
static void damage(void **state)
{
    uint8_t bytes[512];
    char folder[256], path[512];
    size_t n;
    FILE *f = fopen(TEST_GOLDEN "/png/a/rgb8.png", "rb");

    (void)state;
    assert_non_null(f);
    n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    assert_true(n > 60 && n < sizeof bytes);
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "mkdir %s/a", folder);
    assert_int_equal(system(path), 0);
    for (size_t i = 0; i < 2 * n; i++) {
        dp_pipeline *p;
        dp_batch *b = NULL;
        dp_status status;
        const bool cut = i < n;
        if (!cut)
            bytes[i - n] ^= 0x40;
        test_write(folder, "a/x.png", bytes, cut ? i : n);
        if (!cut)
            bytes[i - n] ^= 0x40;
        status = open_in(folder, "png_folder", &p);
        if (status == DP_OK)
            status = dp_next(p, &b, &test_error);
        assert_true(status == DP_ECORRUPT || status == DP_OK);
        assert_true(!cut || i + 12 >= n || status == DP_ECORRUPT);
        if (status != DP_OK)
            assert_non_null(strstr(test_error.message, "x.png"));
        dp_close(p);
    }
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind), cmocka_unit_test(gray),   cmocka_unit_test(by_list),
        cmocka_unit_test(bad_lists),  cmocka_unit_test(damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
