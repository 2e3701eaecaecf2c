/* test_spec.c - limits of texts, wrong calls, texts without their data; tests/language has more
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/options.h"
#include "lang/text.h"
#include "tests/support/test.h"

static dp_status parse(const char *text, size_t length)
{
    dp_options options;
    dp_arena arena;
    dp_text out;
    dp_status status;

    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena = (dp_arena){.alloc = options.alloc};
    status = dp_text_parse(text, length, &arena, &out, &test_error);
    dp_arena_free(&arena);
    return status;
}

static void limits(void **state)
{
    const size_t size = DP_MAX_TEXT + 2;
    char *text = malloc(size + 1);
    const dp_options options = {.size = sizeof options, .threads = 1};
    dp_pipeline *p = NULL;

    (void)state;
    assert_int_equal(parse("synthetic\0seed=1", 16), DP_ESPEC); /* NUL */
    assert_int_equal(test_error.column, 10);
    memset(text, ' ', size);
    text[size] = '\0';
    memcpy(text, "synthetic", 9);
    assert_int_equal(dp_open(&p, text, 1, &options, &test_error), DP_ESPEC); /* too long */
    assert_int_equal(test_error.column, DP_MAX_TEXT + 1);
    text[DP_MAX_TEXT] = '\0';
    assert_ok(dp_open(&p, text, 1, &options, &test_error)); /* just not */
    dp_close(p);
    for (int i = 0; i < 257; i++)
        memcpy(text + 4 * i, "a | ", 5);
    assert_int_equal(parse(text, strlen(text)), DP_ESPEC);
    assert_non_null(strstr(test_error.message, "at most 256 stages"));
    memset(text, 'a', 64);
    assert_int_equal(parse(text, 64), DP_ESPEC);
    assert_int_equal(test_error.column, 1);
    assert_int_equal(parse(text, 63), DP_OK);
    free(text);
}

static void calls_that_are_wrong(void **state)
{
    dp_options options = {.size = 8};
    dp_pipeline *p = NULL;
    dp_state s;
    dp_batch *b = NULL;

    (void)state;
    assert_int_equal(dp_open(NULL, "synthetic", 1, NULL, &test_error), DP_EINVAL);
    assert_int_equal(dp_open(&p, NULL, 1, NULL, &test_error), DP_EINVAL);
    assert_int_equal(dp_open(&p, "synthetic", 1, &options, &test_error), DP_EINVAL);
    assert_int_equal(dp_open(&p, "nothing", 1, NULL, NULL), DP_ESPEC); /* err may be NULL */
    assert_null(p);
    assert_int_equal(dp_next(NULL, &b, &test_error), DP_EINVAL);
    assert_int_equal(dp_seek(NULL, 0, &test_error), DP_EINVAL);
    assert_int_equal(dp_get_state(NULL, &s, &test_error), DP_EINVAL);
    dp_close(NULL);
    options = (dp_options){.size = sizeof options, .threads = 5000};
    assert_int_equal(dp_open(&p, "synthetic", 1, &options, &test_error), DP_ELIMIT);
    options = (dp_options){.size = sizeof options, .memory = 100000};
    assert_int_equal(dp_open(&p, "synthetic | batch batch_size=64", 1, &options, &test_error),
                     DP_ELIMIT);
}

/* Nothing is opened: no such folder is needed, and what is wrong with the text itself is found. */
static void canonical_without_data(void **state)
{
    static const char spec[] = "png_folder dataset_dir=/nonexistent | shuffle";
    char text[256] = "x";
    size_t length = 0, asked = 0;

    (void)state;
    assert_ok(dp_canonical(spec, text, sizeof text, &length, &test_error));
    assert_non_null(strstr(text, "png_folder dataset_dir=/nonexistent "));
    assert_non_null(strstr(text, " | shuffle buffer_size=0 order=native"));
    assert_int_equal(length, strlen(text));
    assert_ok(dp_canonical(spec, NULL, 0, &asked, &test_error));
    assert_int_equal(asked, length);
    asked = 0;
    assert_int_equal(dp_canonical(spec, text, length, &asked, &test_error), DP_ELIMIT);
    assert_int_equal(asked, length);
    assert_ok(dp_canonical(spec, text, length + 1, &asked, &test_error));
    assert_int_equal(dp_canonical("cifar10 | shufle", NULL, 0, &asked, &test_error), DP_ESPEC);
    assert_int_equal(test_error.column, 11);
}

/* Parameters that came later than a text are in its canonical text only where they say something.
 */
static void canonical_of_later_parameters(void **state)
{
    static const char *const texts[][2] = {
        {"range count=5 | shuffle", "shuffle buffer_size=0 order=native"},
        {"range count=5 | shuffle reshuffle_each_epoch=true rule=\"\"",
         "shuffle buffer_size=0 order=native"},
        {"range count=5 | shuffle reshuffle_each_epoch=false",
         "shuffle buffer_size=0 order=native reshuffle_each_epoch=false"},
        {"range count=5 | shuffle block=2 window=16", "shuffle buffer_size=0 order=native block=2"},
        {"range count=5 | shuffle order=torch_dataloader rule=between:2",
         "shuffle buffer_size=0 order=torch_dataloader rule=between:2"},
    };
    char text[256];
    size_t length;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_ok(dp_canonical(texts[i][0], text, sizeof text, &length, &test_error));
        assert_string_equal(strstr(text, "shuffle"), texts[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits),
        cmocka_unit_test(calls_that_are_wrong),
        cmocka_unit_test(canonical_without_data),
        cmocka_unit_test(canonical_of_later_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
