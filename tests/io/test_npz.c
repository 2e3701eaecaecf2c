/* test_npz.c - NumPy's archives as data: which arrays are columns, and damage that is refused
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Their values are compared in test_npy.c.
 */
#include "tests/support/test.h"

#define ARRAYS TEST_GOLDEN "/arrays"

static dp_status open_at(dp_pipeline **p, const char *root, const char *spec, uint64_t memory)
{
    const dp_options options = {
        .size = sizeof options, .root = root, .threads = 1, .memory = memory};
    return dp_open(p, spec, 1, &options, &test_error);
}

static void refused(const char *root, const char *spec, dp_status status, const char *words)
{
    dp_pipeline *p = NULL;

    assert_int_equal(open_at(&p, root, spec, 0), status);
    if (strstr(test_error.message, words) == NULL)
        fail_msg("%s: '%s' does not say '%s'", spec, test_error.message, words);
}

static void columns_are_chosen(void **state)
{
    dp_pipeline *p;

    (void)state;
    assert_ok(open_at(&p, ARRAYS, "npz file=two_sets.npz columns=y_train,x_train", 0));
    assert_string_equal(dp_column_name(p, 0), "y_train");
    assert_string_equal(dp_column_name(p, 1), "x_train");
    assert_int_equal(dp_length(p), 6);
    dp_close(p);
    refused(ARRAYS, "npz file=two_sets.npz", DP_ECORRUPT, "x_test.npy has 2 records");
    refused(ARRAYS, "npz file=two_sets.npz columns=z", DP_ESPEC,
            "has no array 'z', but x_train y_train x_test");
    refused(ARRAYS, "npz file=image.npy", DP_ECORRUPT, "that does not end as one");
}

static uint8_t bytes[4096];
static size_t n;

static void take(const char *name)
{
    char path[512];

    snprintf(path, sizeof path, ARRAYS "/%s", name);
    n = test_read(path, bytes, sizeof bytes);
}

/* No cut and no byte that is another one gives other values: refused, or the same. */
static void damage_is_seen(void **state)
{
    static const char *const names[] = {"stored.npz", "deflated.npz", "wide.npz"};
    static const char spec[] = "npz file=a.npz columns=image,label";
    char folder[256];
    dp_pipeline *p = NULL;
    test_hex expected;

    (void)state;
    test_folder(folder, sizeof folder);
    for (size_t f = 0; f < 3; f++) {
        take(names[f]);
        test_write(folder, "a.npz", bytes, n);
        assert_ok(open_at(&p, folder, spec, 0));
        expected = test_stream_digest(p, UINT64_MAX);
        dp_close(p);
        for (size_t i = 0; i < 2 * n; i += 1 + i % 3) {
            const bool cut = i < n;
            bytes[i % n] ^= cut ? 0 : 0x21;
            test_write(folder, "a.npz", bytes, cut ? i : n);
            bytes[i % n] ^= cut ? 0 : 0x21;
            if (open_at(&p, folder, spec, 1 << 24) != DP_OK)
                continue;
            assert_false(cut);
            assert_string_equal(test_stream_digest(p, UINT64_MAX).text, expected.text);
            dp_close(p);
        }
    }
    test_folder_remove(folder);
}

/* An array is unpacked within dp_options.memory: what its head claims is asked first. */
static void memory_is_a_limit(void **state)
{
    char folder[256];
    dp_pipeline *p = NULL;
    uint8_t *row;

    (void)state;
    take("deflated.npz");
    for (row = bytes; memcmp(row, "PK\1\2", 4) != 0; row++)
        ;
    memcpy(row + 24, "\x00\x70\x01\x00", 4); /* half.npy: 94,208 bytes, of 94 */
    test_folder(folder, sizeof folder);
    test_write(folder, "a.npz", bytes, n);
    assert_int_equal(open_at(&p, folder, "npz file=a.npz", 1 << 17), DP_ELIMIT);
    assert_non_null(strstr(test_error.message, "half.npy"));
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_chosen),
        cmocka_unit_test(damage_is_seen),
        cmocka_unit_test(memory_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
