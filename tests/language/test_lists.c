/* test_lists.c - lists of numbers in files: what is read, what is refused, what is bound to them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tests/support/test.h"

#define INDICES "range count=10 | subset_sampler indices="
#define WEIGHTS "range count=10 | weighted_random_sampler num_samples=200 weights="

static dp_status open_in(dp_pipeline **p, const char *spec)
{
    const dp_options options = {.size = sizeof options, .root = test_work, .threads = 1};

    return dp_open(p, spec, 1, &options, &test_error);
}

static dp_pipeline *open_it(const char *spec)
{
    dp_pipeline *p;

    assert_ok(open_in(&p, spec));
    return p;
}

static test_hex digest_of(const char *spec)
{
    dp_pipeline *p = open_it(spec);
    const test_hex digest = test_stream_digest(p, UINT64_MAX);

    dp_close(p);
    return digest;
}

/* The same rows as of the list that is written out. */
static void assert_same(const char *head, const char *file, const char *list)
{
    char a[4096], b[4096];

    snprintf(a, sizeof a, "%s@%s", head, file);
    snprintf(b, sizeof b, "%s%s", head, list);
    if (strcmp(digest_of(a).text, digest_of(b).text) != 0)
        fail_msg("%s is not %s", a, b);
}

static void write_text(const char *name, const char *text)
{
    test_write(test_work, name, text, strlen(text));
}

static void read_texts(void **state)
{
    static const char *const ints[] = {
        "3,1,4",
        "3 1 4",
        "3\n1\n4\n",
        "3\r\n1\r\n4\r\n",
        ("\xef\xbb\xbf"
         "3\n1\n4"),
        " 3,\n1 ,\t4 \n\n",
        "# rows\n3 # the first\n1\n#\n4 # the last",
    };

    (void)state;
    for (size_t i = 0; i < sizeof ints / sizeof ints[0]; i++) {
        write_text("rows.txt", ints[i]);
        assert_same(INDICES, "rows.txt", "3,1,4");
    }
    write_text("twice", "3\n3\n1\n3\n");
    assert_same(INDICES, "twice", "3,3,1,3");
    write_text("weights.txt", "5.000000000000000000e-01\n0.25\n1/3\n0\n7\n");
    assert_same(WEIGHTS, "weights.txt", "0.5,0.25,1/3,0,7");
    write_text("two words # 1", "3 1 4");
    assert_same("range count=10 | subset_sampler indices=", "rows.txt", "3,1,4");
    dp_close(open_it("range count=10 | subset_sampler indices=\"@two words # 1\""));
}

/* Every list, short ones and those of a stage that is not of rows, comes from files, too. */
static void read_short(void **state)
{
    dp_pipeline *p;

    (void)state;
    write_text("three", "0.5\n0.25\n0.125\n");
    write_text("values", "1 2 3");
    assert_same("synthetic | normalize std=1,2,3 mean=", "three", "0.5,0.25,0.125");
    assert_same("range count=20 num_classes=5 | filter values=", "values", "1,2,3");
    p = open_it("synthetic | normalize std=1,2,3 mean=@three");
    assert_non_null(strstr(dp_spec(p), "mean=@three#"));
    dp_close(p);
}

/* ---- .npy ---- */

/* As numpy writes it; the elements are those of `values`, of a kind. */
static size_t put_npy(uint8_t *out, const char *type, const char *shape, const double *values,
                      size_t n)
{
    char head[128];
    const size_t size = (size_t)(type[2] - '0');
    const int length = snprintf(head, sizeof head,
                                "{'descr': '%s', 'fortran_order': False, "
                                "'shape': (%s), }",
                                type, shape);
    size_t at = 10 + 118;

    memset(out, ' ', at);
    memcpy(out, "\x93NUMPY\x01\x00\x76\x00", 10);
    memcpy(out + 10, head, (size_t)length);
    out[at - 1] = '\n';
    for (size_t i = 0; i < n; i++, at += size) {
        const float f = (float)values[i];
        const double d = values[i];
        uint64_t bits = type[1] == 'f' ? 0 : (uint64_t)(int64_t)d; /* NaN is no integer */
        uint32_t bits32;
        if (type[1] == 'f' && size == 8)
            memcpy(&bits, &d, 8);
        if (type[1] == 'f' && size == 4)
            memcpy(&bits32, &f, 4), bits = bits32;
        dp_store_le(out + at, size, bits);
        if (type[0] == '>')
            dp_turn(out + at, size, size);
    }
    return at;
}

static void write_npy(const char *name, const char *type, const char *shape, const double *values,
                      size_t n)
{
    uint8_t bytes[1024];

    test_write(test_work, name, bytes, put_npy(bytes, type, shape, values, n));
}

static void read_arrays(void **state)
{
    static const char *const ints[] = {"<i8", "<i4", "<i2", "|i1", "<u8",
                                       "<u4", "<u2", "|u1", ">i8", ">i2"};
    static const char *const floats[] = {"<f8", "<f4", ">f8", ">f4"};
    const double rows[] = {3, 1, 4}, weights[] = {0.5, 0.25, 0, 7};

    (void)state;
    for (size_t i = 0; i < sizeof ints / sizeof ints[0]; i++) {
        write_npy("rows.npy", ints[i], "3,", rows, 3);
        assert_same(INDICES, "rows.npy", "3,1,4");
        assert_same(WEIGHTS, "rows.npy", "3,1,4");
    }
    for (size_t i = 0; i < sizeof floats / sizeof floats[0]; i++) {
        write_npy("weights.npy", floats[i], "4,", weights, 4);
        assert_same(WEIGHTS, "weights.npy", "0.5,0.25,0,7");
    }
}

/* ---- what is refused ---- */

static void refused(dp_status status, const char *spec, const char *why)
{
    dp_pipeline *p = NULL;
    const dp_status got = open_in(&p, spec);

    assert_null(p);
    if (got != status || strstr(test_error.message, why) == NULL)
        fail_msg("%s: %s: %s\nexpected %s", spec, dp_status_name(got), test_error.message, why);
    assert_int_equal(test_error.column, strcspn(spec, "@") + 1);
}

static void refuse_texts(void **state)
{
    static const struct {
        const char *text, *indices, *weights; /* what is wrong; NULL = nothing */
    } cases[] = {
        {"", "it is an empty file", "it is an empty file"},
        {" \r\n# none\n", "f holds no number", "f holds no number"},
        {"1\n2\nx3\n", "f, line 3: 'x3' is not an integer", "f, line 3: 'x3' is not a number"},
        {"1.5", "line 1: '1.5' is not an integer", NULL},
        {"1\n\n\n1e3", "line 4: '1e3' is not an integer", NULL},
        {"1,,2", "line 1: '' is not", "line 1: '' is not"},
        {",1", "line 1: '' is not", "line 1: '' is not"},
        {"1,\n2,\n", "line 3: '' is not", "line 3: '' is not"},
        {"1\nnan\n", "line 2: 'nan' is not", "line 2: 'nan' is not"},
        {"inf", "line 1: 'inf' is not", "line 1: 'inf' is not"},
        {"1 -1", "line 1: '-1' is out of range: 0 to 9000000000000000",
         "'-1' is out of range: 0 to 1e308"},
        {"99999999999999999999", "is not an integer", NULL},
        {"9", NULL, NULL},
        {"10", "row 10 is out of range: there are 10", NULL},
        {"index\n1\n2\n", "line 1: 'index' is not an integer", "line 1: 'index' is not a number"},
        {"1;2", "line 1: '1;2' is not", "line 1: '1;2' is not"},
        {"1 1 1 1 1 1 1 1 1 1 1", NULL, "11 weights for 10 rows"},
        {"0 0 0", NULL, "no row has a weight above 0"},
        {"\xff\xfe"
         "1\n",
         "is not an integer", "is not a number"},
        {"\x89PNG\r\n\x1a\n", "a PNG picture", "a PNG picture"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const why[] = {cases[i].indices, cases[i].weights};
        const char *const specs[] = {INDICES "@f", WEIGHTS "@f"};
        write_text("f", cases[i].text);
        for (int k = 0; k < 2; k++) {
            dp_pipeline *p;
            const dp_status status = open_in(&p, specs[k]);
            if (status == DP_OK)
                dp_close(p);
            if ((status == DP_OK) != (why[k] == NULL) ||
                (why[k] != NULL && strstr(test_error.message, why[k]) == NULL))
                fail_msg("%s of '%s': %s %s", specs[k], cases[i].text, dp_status_name(status),
                         status != DP_OK ? test_error.message : "");
        }
    }
    write_text("f", "1\nx\n");
    refused(DP_ECORRUPT, INDICES "@f", "subset_sampler: indices: f, line 2: 'x' is not an integer");
    write_text("f", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17");
    refused(DP_ELIMIT, "synthetic | normalize std=1 mean=@f", "f holds more than 16 numbers");
}

static void refuse_arrays(void **state)
{
    const double bad[] = {1, 2, -1}, one[] = {1, 0}, large[] = {-1};
    const double nan[] = {1, (double)NAN}, inf[] = {(double)INFINITY};
    uint8_t bytes[1024];
    size_t n;

    (void)state;
    write_npy("a", "<f8", "3,", bad, 3);
    refused(DP_ECORRUPT, WEIGHTS "@a", "weights: a, number 2: '-1' is out of range: 0 to 1e308");
    refused(DP_ECORRUPT, INDICES "@a", "indices: a holds no integers: a.astype('int64')");
    write_npy("a", "<f8", "0,", bad, 0);
    refused(DP_ECORRUPT, INDICES "@a", "indices: a holds no number");
    write_npy("a", "<f8", "2,", nan, 2);
    refused(DP_ECORRUPT, WEIGHTS "@a", "number 1: 'nan' is out of range");
    write_npy("a", "<f4", "1,", inf, 1);
    refused(DP_ECORRUPT, WEIGHTS "@a", "number 0: 'inf' is out of range");
    write_npy("a", "<u8", "1,", large, 1);
    refused(DP_ECORRUPT, INDICES "@a", "number 0: '18446744073709551615' is out of range");
    write_npy("a", "|b1", "2,", one, 2);
    refused(DP_ECORRUPT, INDICES "@a", "numpy.flatnonzero");
    refused(DP_ECORRUPT, WEIGHTS "@a", "a.astype('float64')");
    write_npy("a", "<c8", "1,", one, 1);
    refused(DP_ECORRUPT, WEIGHTS "@a", "a holds complex numbers");
    write_npy("a", "|O8", "1,", one, 1);
    refused(DP_ECORRUPT, WEIGHTS "@a", "a holds Python objects");
    write_npy("a", "<i8", "1, 2", one, 2);
    refused(DP_ECORRUPT, INDICES "@a", "another number of axes");
    write_npy("a", "<i8", "", one, 1);
    refused(DP_ECORRUPT, INDICES "@a", "another number of axes");
    write_npy("a", "<i8", "0,", one, 0);
    refused(DP_ECORRUPT, INDICES "@a", "a holds no number");
    write_npy("a", "<i8", "3,", one, 2);
    refused(DP_ECORRUPT, INDICES "@a", "cut or damaged");
    write_npy("a", "<i8", "1,", one, 2);
    refused(DP_ECORRUPT, INDICES "@a", "cut or damaged");
    write_npy("a", "<i8", "2305843009213693952,", one, 1);
    refused(DP_ECORRUPT, INDICES "@a", "cut or damaged");
    write_npy("a", "|i1", "100000001,", one, 1);
    refused(DP_ECORRUPT, INDICES "@a", "cut or damaged");
    n = put_npy(bytes, "<i8", "2,", one, 2);
    for (size_t cut = 6; cut < n; cut++) {
        dp_pipeline *p = NULL;
        test_write(test_work, "a", bytes, cut);
        assert_int_equal(open_in(&p, INDICES "@a"), DP_ECORRUPT);
    }
}

static void refuse_files(void **state)
{
    char path[300];

    (void)state;
    refused(DP_EIO, INDICES "@none.txt", "none.txt: No such file");
    refused(DP_ESPEC, INDICES "@", "no file is named behind the @");
    refused(DP_EIO, INDICES "@.", "is not a regular file");
    refused(DP_EIO, INDICES "@/dev/null", "is not a regular file");
    snprintf(path, sizeof path, "%s/fifo", test_work);
    assert_int_equal(mkfifo(path, 0666), 0);
    refused(DP_EIO, INDICES "@fifo", "is not a regular file");
    snprintf(path, sizeof path, "%s/sparse", test_work);
    write_text("sparse", "1\n");
    assert_int_equal(truncate(path, 3000000001), 0);
    refused(DP_ELIMIT, INDICES "@sparse", "sparse is too large");
    assert_int_equal(truncate(path, 3), 0); /* "1\n\0" */
    refused(DP_ECORRUPT, INDICES "@sparse", "sparse is not a text: line 2 has a zero byte");
}

/* More numbers than dp_options.memory allows: told, and nothing is left. */
static void refuse_memory(void **state)
{
    const dp_options options = {
        .size = sizeof options, .root = test_work, .threads = 1, .memory = 1 << 20};
    dp_pipeline *p = NULL;
    char *text = malloc(400001);

    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < 200000; i++)
        memcpy(text + 2 * i, "1\n", 3);
    write_text("many", text);
    free(text);
    assert_int_equal(dp_open(&p, INDICES "@many", 1, &options, &test_error), DP_ELIMIT);
    assert_null(p);
}

/* ---- what is bound to the numbers ---- */

static void fingerprint(const char *spec, uint8_t digest[16])
{
    dp_pipeline *p = open_it(spec);

    dp_fingerprint(p, digest);
    dp_close(p);
}

/* The canonical text has the digest: it opens the same numbers, and no others. */
static void pinned(void **state)
{
    char spec[2][300];
    uint8_t digest[2][16];
    size_t length;
    dp_pipeline *p, *q;

    (void)state;
    write_text("w", "1\n2\n3\n");
    p = open_it(WEIGHTS "@w");
    snprintf(spec[0], sizeof spec[0], "%s", dp_spec(p));
    assert_non_null(strstr(spec[0], "weights=@w#"));
    q = open_it(spec[0]);
    assert_string_equal(dp_spec(q), spec[0]);
    dp_fingerprint(p, digest[0]);
    dp_fingerprint(q, digest[1]);
    assert_memory_equal(digest[0], digest[1], 16);
    dp_close(q);
    assert_ok(dp_canonical(spec[0], spec[1], sizeof spec[1], &length, &test_error));
    assert_string_equal(spec[0], spec[1]);
    assert_ok(dp_canonical(WEIGHTS "@w", spec[1], sizeof spec[1], &length, &test_error));
    assert_non_null(strstr(spec[1], "weights=@w "));

    write_text("w", "1,2,3 # the same numbers, another file\r\n");
    fingerprint(spec[0], digest[1]);
    assert_memory_equal(digest[0], digest[1], 16);
    write_text("w", "1\n2\n4\n");
    assert_int_equal(open_in(&q, spec[0]), DP_ESTATE);
    assert_non_null(strstr(test_error.message, "weights: w holds other numbers"));
    fingerprint(WEIGHTS "@w", digest[1]);
    assert_memory_not_equal(digest[0], digest[1], 16);
    assert_int_equal(dp_length(p), 200); /* read at open: the file is not asked again */
    assert_string_equal(test_stream_digest(p, UINT64_MAX).text, digest_of(WEIGHTS "1,2,3").text);
    dp_close(p);
}

static void states(void **state)
{
    dp_pipeline *p, *q;
    dp_state position;

    (void)state;
    write_text("w", "1\n2\n3\n");
    p = open_it(WEIGHTS "@w | batch batch_size=7");
    assert_ok(dp_seek(p, 5, &test_error));
    assert_ok(dp_get_state(p, &position, &test_error));
    q = open_it(WEIGHTS "@w | batch batch_size=7");
    assert_ok(dp_set_state(q, &position, &test_error));
    assert_int_equal(dp_tell(q), 5);
    dp_close(q);
    write_text("w", "1\n2\n3.0000001\n");
    q = open_it(WEIGHTS "@w | batch batch_size=7");
    assert_int_equal(dp_set_state(q, &position, &test_error), DP_ESTATE);
    assert_non_null(strstr(test_error.message, "a list in a file"));
    assert_ok(dp_get_state(p, &position, &test_error)); /* p has the numbers that it read */
    dp_close(p);
    dp_close(q);
}

/* As many weights as no text could hold: row 49,999 comes most. */
static void many(void **state)
{
    char *text = malloc(50000 * 12 + 1);
    size_t n = 0, last = 0;
    int64_t record;
    dp_pipeline *p;

    (void)state;
    assert_non_null(text);
    for (int i = 0; i < 49999; i++)
        n += (size_t)sprintf(text + n, "0.%06d\n", i + 1);
    sprintf(text + n, "1e6\n");
    write_text("many", text);
    free(text);
    p = open_it("range count=50000 | weighted_random_sampler weights=@many");
    assert_int_equal(dp_length(p), 50000);
    assert_true(strlen(dp_spec(p)) < 300);
    for (uint64_t i = 0; i < 50000; i++) {
        size_t rows, readers;
        assert_ok(dp_records(p, i, &record, 1, &rows, &readers, &test_error));
        last += record == 49999;
    }
    assert_in_range(last, 49880, 49990); /* expected: 50000 * 1e6 / 1,001,250 */
    dp_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_texts),    cmocka_unit_test(read_short),
        cmocka_unit_test(read_arrays),   cmocka_unit_test(refuse_texts),
        cmocka_unit_test(refuse_arrays), cmocka_unit_test(refuse_files),
        cmocka_unit_test(refuse_memory), cmocka_unit_test(pinned),
        cmocka_unit_test(states),        cmocka_unit_test(many),
    };
    return cmocka_run_group_tests(tests, test_work_set_up, test_work_tear_down);
}
