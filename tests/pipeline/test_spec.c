/* test_spec.c - malformed texts: each is DP_ESPEC at the right column
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/options.h"
#include "lang/text.h"
#include "tests/support/test.h"

/* "^" in a text marks the column that the error must have, and is not part of it. */
static const char *const malformed[] = {
    "^",
    "   ^",
    "^|",
    "synthetic |^",
    "synthetic | ^| batch batch_size=2",
    "^Synthetic",
    "^1synthetic",
    "^=",
    "^\"synthetic\"",
    "^synthetik",
    "^nothing",
    "synthetic | ^shufle",
    "synthetic | ^conv2d size=10",
    "^shuffle",
    "^batch batch_size=4",
    "synthetic | ^synthetic",
    "synthetic | shuffle | ^cifar10",
    "synthetic num_records^",
    "synthetic num_records^ =5",
    "synthetic num_records=^",
    "synthetic num_records=^ 5",
    "synthetic num_records=^x",
    "synthetic num_records=^0",
    "synthetic num_records=^-5",
    "synthetic num_records=^1.5",
    "synthetic num_records=^1e3",
    "synthetic num_records=^99999999999999999999",
    "synthetic num_records=^2000000000000",
    "synthetic ^records=5",
    "synthetic num_records=5 ^num_records=5",
    "synthetic num_records=5^\x01",
    "synthetic num_records=5 ^\x7f",
    "synthetic^\xc3\xa9",
    "synthetic num_records=\"5^\n\"",
    "synthetic num_records=\"^\xff\"",
    "synthetic num_records=\"^\xc3(\"",
    "synthetic num_records=\"^\xed\xa0\x80\"",
    "synthetic num_records=\"^\xc0\xaf\"",
    "synthetic num_records=\"^\xf4\x90\x80\x80\"",
    "synthetic num_records=^\"5",
    "synthetic num_records=\"\\^n\"",
    "synthetic num_records=\"5\"^x",
    "synthetic num_records=5^\"",
    "synthetic num_records=^\"\"",
    "synthetic^:",
    "synthetic | ^crop",
    "synthetic | ^crop size=4",
    "synthetic | ^crop coordinates=0 size=4",
    "synthetic | ^crop coordinates=0,0 size=1,2,3",
    "synthetic | crop coordinates=0,^-1 size=4",
    "synthetic | crop coordinates=0,0 size=^0",
    "synthetic | ^crop coordinates=30,0 size=4",
    "synthetic | ^crop coordinates=0,30 size=4",
    "synthetic | crop coordinates=0,0 size=4,^,4",
    "synthetic | crop coordinates=0,0 size=4,^",
    "synthetic | ^crop coordinates=0,0 size=4 column=label",
    "synthetic | ^crop coordinates=0,0 size=4 column=nothing",
    "synthetic | ^center_crop size=128",
    "synthetic | pad padding=1 padding_mode=^mirror",
    "synthetic | pad padding=1 fill_value=^256",
    "synthetic | ^pad padding=1,2,3",
    "synthetic | ^pad padding=1 fill_value=1,2",
    "synthetic | hwc2chw | ^pad padding=1",
    "synthetic | ^random_crop size=40",
    "synthetic | ^random_crop size=32 padding=96",
    "synthetic | random_crop size=32 order=^torch",
    "synthetic | random_horizontal_flip prob=^1.5",
    "synthetic | random_horizontal_flip prob=^-0.1",
    "synthetic | random_horizontal_flip prob=^nan",
    "synthetic | random_horizontal_flip prob=^1/0",
    "synthetic | random_horizontal_flip prob=^0,5",
    "synthetic | ^horizontal_flip column=label",
    "synthetic | ^rescale",
    "synthetic | rescale rescale=^-1",
    "synthetic | rescale rescale=^1/0",
    "synthetic | rescale rescale=^1e999",
    "synthetic | ^rescale rescale=1 column=label",
    "synthetic | normalize mean=^300 std=1",
    "synthetic | normalize mean=1 std=^0",
    "synthetic | ^normalize mean=1,2 std=1",
    "synthetic | ^normalize mean=1,2 std=1,2",
    "synthetic | normalize mean=1,^x,3 std=1,2,3",
    "synthetic | normalize mean=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,^1 std=1",
    "synthetic | ^type_cast",
    "synthetic | type_cast data_type=^int",
    "synthetic | ^one_hot num_classes=10",
    "synthetic | ^one_hot column=label num_classes=9",
    "synthetic | one_hot column=label num_classes=^0",
    "synthetic | type_cast column=label data_type=float32 | ^one_hot column=label num_classes=10",
    "synthetic | take count=^-2",
    "synthetic | ^take count=0",
    "synthetic | ^repeat count=0",
    "synthetic | ^skip",
    "synthetic | skip count=^-1",
    "synthetic | skip count=^2147483648",
    "synthetic | ^batch",
    "synthetic | batch batch_size=^0",
    "synthetic | batch batch_size=4 drop_remainder=^yes",
    "synthetic | batch batch_size=4 | ^batch batch_size=4",
    "synthetic | batch batch_size=4 | ^hwc2chw",
    "synthetic | repeat | ^shuffle",
    "synthetic |^| shuffle",
    "synthetic | ^resize",
    "synthetic | resize size=^0",
    "synthetic | ^resize size=1,2,3",
    "synthetic | ^resize size=32001",
    "synthetic | resize size=4 interpolation=^lanczos",
    "synthetic | rescale rescale=1/255 | ^resize size=4 interpolation=pilcubic",
    "synthetic | type_cast data_type=int16 | ^resize size=4",
    "^range",
    "range count=5 | ^random_crop size=4",
    "range count=5 | ^sequential_sampler start_index=5",
    "range count=5 | ^random_sampler num_samples=6",
    "range count=0 | ^random_sampler",
    "range count=5 | repeat | ^random_sampler",
    "range count=5 | random_sampler order=^numpy",
    "range count=5 | ^random_sampler order=torch reshuffle_each_epoch=false",
    "range count=5 | ^subset_sampler",
    "range count=5 | ^subset_sampler indices=0,5",
    "range count=5 | ^subset_sampler indices=-1",
    "range count=5 | ^subset_sampler indices=1,,2",
    "range count=5 | ^subset_random_sampler indices=x",
    "range count=5 | ^weighted_random_sampler weights=1,2,3,4,5,6",
    "range count=5 | ^weighted_random_sampler weights=0,0",
    "range count=5 | ^weighted_random_sampler weights=1,-1",
    "range count=5 | ^weighted_random_sampler weights=1,nan",
    "range count=5 | ^weighted_random_sampler weights=1,0,1 num_samples=3 replacement=false",
    "range count=5 | ^distributed_sampler num_shards=2",
    "range count=5 | ^distributed_sampler num_shards=2 shard_id=2",
    "range count=5 | ^distributed_sampler num_shards=2 shard_id=0 offset=3",
    "range count=5 | ^distributed_sampler num_shards=2 shard_id=0 offset=1 order=torch",
    "range count=5 | distributed_sampler num_shards=2 shard_id=0 order=mindspore | "
    "^random_sampler order=mindspore",
    "range count=5 | pk_sampler num_val=^0",
    "range count=5 | ^pk_sampler num_val=2 class_column=nothing",
    "range count=5 | shuffle | ^pk_sampler num_val=2",
    "synthetic num_records=3 | ^pk_sampler num_val=2 class_column=image",
    "range count=5 | shuffle | ^filter values=1",
    "range count=5 | ^filter column=nothing values=1",
    "range count=5 | ^split sizes=3,3 part=0",
    "range count=5 | ^split sizes=3,2 part=2",
    "range count=5 | ^split sizes=0.95,0.05 part=0",
    "range count=5 | shuffle buffer_size=^-1",
    "range count=5 | ^shuffle buffer_size=1",
    "range count=5 | ^shuffle buffer_size=3 order=torch",
    "range count=5 | ^concat",
    "range count=5 | concat with=\"^rang\"",
    "range count=5 | concat with=\"range count=^x\"",
    "range count=5 | concat with=^rang",
    "range count=5 num_classes=3 | concat with=\"range count=5 num_classes=9\" | ^one_hot "
    "column=label num_classes=3",
    "range count=5 | ^concat with=\"range count=5 | project columns=id\"",
    "range count=5 | ^concat with=\"synthetic\"",
    "range count=5 | ^concat with=\"range count=5 | repeat\"",
    "range count=5 | ^concat with=\"range count=5 | batch batch_size=2\"",
    "range count=5 | ^zip with=\"range count=5 | batch batch_size=2\"",
    "range count=5 | batch batch_size=2 | ^concat with=\"range count=5 | batch batch_size=2\"",
    "range count=5 | batch batch_size=2 | zip with=\"range count=5 | batch batch_size=2 | rename "
    "input_columns=id,label output_columns=a,b\" | ^shard num_shards=2 shard_id=0",
    "range count=5 | ^zip with=\"range count=5\"",
    "range count=5 | batch batch_size=2 | ^zip with=\"range count=5\"",
    "range count=5 | ^project columns=image",
    "range count=5 | ^project columns=id,id",
    "range count=5 | ^rename input_columns=x output_columns=y",
    "range count=5 | ^rename input_columns=id output_columns=label",
    "range count=5 | ^rename input_columns=id,label output_columns=a",
    "range count=5 | ^shard num_shards=2 shard_id=0",
    "range count=5 | batch batch_size=2 | ^shard num_shards=2 shard_id=2",
    "range count=5 | batch batch_size=2 | shard num_shards=2 shard_id=0 | ^shard num_shards=2 "
    "shard_id=0",
    "synthetic | random_apply transforms=\"^shufle\"",
    "synthetic | random_apply transforms=\"^shuffle\"",
    "synthetic | random_apply transforms=\"^random_apply transforms=invert\"",
    "synthetic | ^random_apply transforms=\"resize size=9\"",
    "synthetic | ^random_apply transforms=\"random_invert\" order=mindspore",
    "synthetic | ^random_invert order=mindspore",
    "synthetic | rescale rescale=1 | ^invert",
    "synthetic | hwc2chw | ^adjust_hue hue_factor=0.1",
    "synthetic | adjust_hue hue_factor=^0.6",
    "synthetic | ^solarize threshold=9,3",
    "synthetic | posterize bits=^9",
    "synthetic | ^random_rotation degrees=9,3",
    "synthetic | ^rotate degree=3 fill_value=1,2",
    "synthetic | ^gaussian_blur kernel_size=4",
    "synthetic | ^cutout length=33",
    "synthetic | ^random_resized_crop size=1,2,3",
    "synthetic | ^random_resized_crop size=8 scale=0.5,0.1",
    "synthetic | ^random_color_adjust hue=0.2,0.1",
    "synthetic | convert_color convert_mode=^gray",
    "synthetic | ^mixup",
    "synthetic | batch batch_size=2 | ^mixup",
    "synthetic | rescale rescale=1 | batch batch_size=2 | ^mixup",
    "synthetic | batch batch_size=2 | mixup alpha=^0",
    "synthetic | batch batch_size=2 | ^cutmix label=nothing",
    "synthetic | random_apply transforms=\"^mixup\"",
    "synthetic | rescale rescale=1 | one_hot column=label num_classes=10 | type_cast column=label "
    "data_type=float32 | batch batch_size=2 | mixup | ^project columns=label",
    "synthetic | rescale rescale=1 | one_hot column=label num_classes=10 | type_cast column=label "
    "data_type=float32 | batch batch_size=2 | mixup | ^shard num_shards=2 shard_id=0",
};

static size_t unmark(const char *marked, char *text, uint32_t *column)
{
    const char *mark = strchr(marked, '^');
    const size_t head = (size_t)(mark - marked);

    memcpy(text, marked, head);
    strcpy(text + head, mark + 1);
    *column = (uint32_t)head + 1;
    return strlen(text);
}

static void every_malformed_text(void **state)
{
    const dp_options options = {.size = sizeof options, .threads = 1};
    const size_t n = sizeof malformed / sizeof malformed[0];
    char text[1024];
    int wrong = 0;

    (void)state;
    assert_true(n >= 60);
    for (size_t i = 0; i < n; i++) {
        dp_pipeline *p = NULL;
        dp_status status;
        uint32_t column;
        unmark(malformed[i], text, &column);
        memset(&test_error, 0, sizeof test_error);
        status = dp_open(&p, text, 1, &options, &test_error);
        if (status != DP_ESPEC || test_error.column != column || p != NULL ||
            test_error.message[0] == '\0')
            print_error("'%s': %s at column %u, not %u: %s\n", text, dp_status_name(status),
                        test_error.column, column, test_error.message),
                wrong++;
    }
    assert_int_equal(wrong, 0);
}

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

/* The canonical text says everything and means the same. */
static void canonical(void **state)
{
    static const char *const texts[][2] = {
        {"synthetic", "synthetic num_records=10000 seed=1"},
        {"\tsynthetic\nnum_records=007|batch  drop_remainder=true batch_size=2 |repeat",
         "synthetic num_records=7 seed=1 | batch batch_size=2 drop_remainder=true | repeat count=-1"},
        {"synthetic | rescale rescale=1/255",
         "synthetic num_records=10000 seed=1 | rescale column=image rescale=0.00392156862745098 shift=0"},
        {"cifar10 strict=false dataset_dir=\"../cifar10\"",
         "cifar10 dataset_dir=../cifar10 usage=all strict=false"},
        {"cifar10 strict=false dataset_dir=\"../cifar10/./\"",
         "cifar10 dataset_dir=../cifar10/./ usage=all strict=false"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        dp_pipeline *a = test_open(texts[i][0], 1, 0), *b;
        uint8_t fa[16], fb[16];
        char text[4096];
        size_t length;
        assert_string_equal(dp_spec(a), texts[i][1]);
        b = test_open(dp_spec(a), 1, 0);
        assert_string_equal(dp_spec(b), texts[i][1]);
        assert_ok(dp_canonical(texts[i][0], text, sizeof text, &length, &test_error));
        assert_string_equal(text, texts[i][1]);
        assert_int_equal(length, strlen(text));
        dp_fingerprint(a, fa);
        dp_fingerprint(b, fb);
        assert_memory_equal(fa, fb, 16);
        dp_close(a);
        dp_close(b);
    }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_malformed_text),   cmocka_unit_test(limits),
        cmocka_unit_test(calls_that_are_wrong),   cmocka_unit_test(canonical),
        cmocka_unit_test(canonical_without_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
