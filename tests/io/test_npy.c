/* test_npy.c - NumPy's own files (tests/golden/make_arrays.py): values, and files that are refused
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <unistd.h>

#include "base/tensor.h"
#include "tests/support/test.h"

#define ARRAYS TEST_GOLDEN "/arrays"

static dp_status open_at(dp_pipeline **p, const char *root, const char *spec)
{
    const dp_options options = {.size = sizeof options, .root = root, .threads = 2, .prefetch = 2};
    return dp_open(p, spec, 1, &options, &test_error);
}

static double counted(uint64_t k, uint64_t factor, uint64_t modulus, double start)
{
    return (double)(k * factor % modulus) + start;
}

/* All records of a column as one batch: its type, and element k, as make_arrays.py counts. */
static void check_column(const char *spec, const char *column, const char *type,
                         const double numbers[3])
{
    char text[256];
    dp_pipeline *p;
    dp_batch *b = NULL;
    const dp_tensor *t;

    snprintf(text, sizeof text, "%s | batch batch_size=6", spec);
    assert_ok(open_at(&p, ARRAYS, text));
    assert_ok(dp_next(p, &b, &test_error));
    t = dp_batch_get(b, column);
    assert_string_equal(dp_tensor_type(t).text, type);
    for (uint64_t k = 0; k < dp_tensor_count(t); k++)
        assert_true(dp_load_f64(t->data, t->dtype, k) ==
                    counted(k, (uint64_t)numbers[0], (uint64_t)numbers[1], numbers[2]));
    dp_close(p);
}

static void every_type_is_read(void **state)
{
    const double plain[] = {7, 251, 0}, halves[] = {7, 251, -0.5}, wide[] = {977, 30011, -15000},
                 bools[] = {1, 2, 0}, longs[] = {3, 1000, 0};

    (void)state;
    check_column("npy file=image.npy", "image", "uint8[6, 4, 5, 3]", plain);
    check_column("npy file=version2.npy columns=x", "x", "uint8[6, 4, 5, 3]", plain);
    check_column("npy file=version3.npy", "image", "uint8[6, 4, 5, 3]", plain);
    check_column("npy file=big_endian.npy", "image", "float32[6, 2, 3]", halves);
    check_column("npy file=int16.npy", "image", "int16[6, 2]", wide);
    check_column("npy file=bool.npy", "image", "bool[6, 3]", bools);
    check_column("npy file=half.npy", "image", "float16[6, 2]", plain);
    check_column("npy file=long.npy columns=label", "label", "uint64[6]", longs);
    check_column("npz file=stored.npz", "image", "uint8[6, 4, 5, 3]", plain);
    check_column("npz file=wide.npz", "image", "uint8[6, 4, 5, 3]", plain);
    check_column("npz file=deflated.npz", "image", "uint8[6, 4, 5, 3]", plain);
    check_column("npz file=deflated.npz columns=half", "half", "float16[6, 2]", plain);
}

static test_hex digest_of(const char *spec, const char *rest, uint32_t threads, uint64_t from)
{
    const dp_options options = {
        .size = sizeof options, .root = ARRAYS, .threads = threads, .prefetch = threads - 1};
    char text[256];
    test_hex digest;
    dp_pipeline *p;

    snprintf(text, sizeof text, "%s%s", spec, rest);
    assert_ok(dp_open(&p, text, 1, &options, &test_error));
    assert_ok(dp_seek(p, from, &test_error));
    digest = test_stream_digest(p, UINT64_MAX);
    dp_close(p);
    return digest;
}

/* The files side by side and the archives are one data set, for every number of threads. */
static void containers_are_equal(void **state)
{
    static const char *const specs[] = {
        "npy file=image.npy,label.npy columns=image,label", "npz file=stored.npz",
        "npz file=deflated.npz columns=image,label", "npz file=wide.npz columns=image,label"};
    static const char rest[] = " | shuffle | repeat count=5 | random_crop size=3 padding=1";
    const test_hex expected = digest_of(specs[0], rest, 1, 0),
                   later = digest_of(specs[0], rest, 1, 17);
    uint8_t identities[2][16];

    (void)state;
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        dp_pipeline *p;
        for (uint32_t threads = 1; threads <= 7; threads += threads == 2 ? 5 : 1) {
            assert_string_equal(digest_of(specs[i], rest, threads, 0).text, expected.text);
            assert_string_equal(digest_of(specs[i], rest, threads, 17).text, later.text);
        }
        assert_ok(open_at(&p, ARRAYS, specs[i]));
        assert_ok(dp_dataset_digest(p, identities[i > 0], &test_error));
        assert_memory_equal(identities[0], identities[i > 0], 16);
        dp_close(p);
    }
}

static void labels_are_counted(void **state)
{
    dp_pipeline *p;

    (void)state;
    assert_ok(open_at(&p, ARRAYS, "npy file=label.npy | one_hot column=image num_classes=10"));
    dp_close(p);
    assert_int_equal(open_at(&p, ARRAYS, "npy file=label.npy | one_hot column=image num_classes=9"),
                     DP_ESPEC);
    assert_int_equal(
        open_at(&p, ARRAYS, "npy file=negative.npy | one_hot column=image num_classes=9"),
        DP_ESPEC);
}

static void no_rows_are_no_error(void **state)
{
    dp_pipeline *p;
    dp_batch *b = NULL;

    (void)state;
    assert_ok(open_at(&p, ARRAYS, "npy file=no_rows.npy"));
    assert_int_equal(dp_next(p, &b, &test_error), DP_END);
    dp_close(p);
    assert_ok(open_at(&p, ARRAYS, "npy file=no_elements.npy | batch batch_size=2"));
    assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(dp_batch_get(b, "image")->shape[1], 0);
    dp_close(p);
}

static void refused(const char *root, const char *spec, dp_status status, const char *words)
{
    dp_pipeline *p = NULL;

    assert_int_equal(open_at(&p, root, spec), status);
    if (strstr(test_error.message, words) == NULL)
        fail_msg("%s: '%s' does not say '%s'", spec, test_error.message, words);
}

static void other_kinds_are_refused(void **state)
{
    (void)state;
    refused(ARRAYS, "npy file=fortran.npy", DP_ECORRUPT, "fortran.npy is in Fortran's order");
    refused(ARRAYS, "npy file=scalar.npy", DP_ECORRUPT, "scalar.npy is a single number");
    refused(ARRAYS, "npy file=objects.npy", DP_ECORRUPT, "objects.npy holds Python objects");
    refused(ARRAYS, "npy file=texts.npy", DP_ECORRUPT, "texts.npy holds texts");
    refused(ARRAYS, "npy file=complex.npy", DP_ECORRUPT, "complex.npy holds complex numbers");
    refused(ARRAYS, "npy file=fields.npy", DP_ECORRUPT,
            "fields.npy holds records of several fields");
    refused(ARRAYS, "npy file=two_arrays.npy", DP_ECORRUPT, "has 536 bytes of elements");
    refused(ARRAYS, "npy file=stored.npz", DP_ECORRUPT, "is not an .npy array (it is a numpy arch");
    refused(ARRAYS, "npy file=image.npy,no_rows.npy columns=a,b", DP_ECORRUPT,
            "no_rows.npy has 0 records");
    refused(ARRAYS, "npy file=image.npy,label.npy columns=a,a", DP_ESPEC, "two columns 'a'");
    refused(ARRAYS, "npy file=image.npy columns=id", DP_ESPEC, "two columns 'id'");
    refused(ARRAYS, "npy file=image.npy columns=a,b", DP_ESPEC, "1 files and 2 columns");
    refused(ARRAYS, "npy file=image.npy,label.npy columns=a,", DP_ESPEC, "is not a column's name");
    refused(ARRAYS, "npy file=none.npy", DP_EIO, "none.npy");
}

static void a_bool_is_0_or_1(void **state)
{
    dp_pipeline *p;
    dp_batch *b = NULL;

    (void)state;
    assert_ok(open_at(&p, ARRAYS, "npy file=bool_2.npy"));
    assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(dp_next(p, &b, &test_error), DP_ECORRUPT);
    assert_int_equal(test_error.record, 1);
    assert_non_null(strstr(test_error.message, "has a bool that is 2"));
    dp_close(p);
}

static uint8_t *contents(const char *name, size_t *n)
{
    static uint8_t bytes[4096];
    char path[512];

    snprintf(path, sizeof path, ARRAYS "/%s", name);
    *n = test_read(path, bytes, sizeof bytes);
    return bytes;
}

/* Every cut of a file, and one byte more, is seen when it is opened. */
static void a_cut_is_seen(void **state)
{
    size_t n;
    uint8_t *bytes = contents("image.npy", &n);
    char folder[256];

    (void)state;
    test_folder(folder, sizeof folder);
    for (size_t i = 0; i <= n + 1; i++) {
        dp_pipeline *p = NULL;
        test_write(folder, "a.npy", bytes, i);
        assert_int_equal(open_at(&p, folder, "npy file=a.npy"), i == n ? DP_OK : DP_ECORRUPT);
        assert_true(i == n || strstr(test_error.message, "a.npy") != NULL);
        dp_close(p);
    }
    test_folder_remove(folder);
}

/* A file that shrinks, or whose labels grow, while it is in use. */
static void a_change_is_seen(void **state)
{
    size_t n;
    uint8_t *bytes = contents("label.npy", &n);
    char folder[256], path[512];
    dp_pipeline *p;
    dp_batch *b = NULL;

    (void)state;
    test_folder(folder, sizeof folder);
    test_write(folder, "a.npy", bytes, n);
    assert_int_equal(
        dp_open(&p, "npy file=a.npy", 1,
                &(dp_options){.size = sizeof(dp_options), .root = folder, .threads = 1},
                &test_error),
        DP_OK);
    bytes[n - 48] = 77;
    test_write(folder, "a.npy", bytes, n);
    assert_int_equal(dp_next(p, &b, &test_error), DP_ESTATE);
    assert_non_null(strstr(test_error.message, "record 0"));
    snprintf(path, sizeof path, "%s/a.npy", folder);
    assert_int_equal(truncate(path, (off_t)n - 1), 0);
    assert_ok(dp_seek(p, 5, &test_error));
    assert_int_equal(dp_next(p, &b, &test_error), DP_ECORRUPT);
    assert_int_equal(test_error.record, 5);
    dp_close(p);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read),      cmocka_unit_test(containers_are_equal),
        cmocka_unit_test(labels_are_counted),      cmocka_unit_test(no_rows_are_no_error),
        cmocka_unit_test(other_kinds_are_refused), cmocka_unit_test(a_bool_is_0_or_1),
        cmocka_unit_test(a_cut_is_seen),           cmocka_unit_test(a_change_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
