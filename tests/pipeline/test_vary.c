/* test_vary.c - pictures of various sizes: the bytes of each are those that it gives in a folder of
 * its own, whatever else is there and whoever makes them
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The pictures are made here, of 1 to 4 channels and of sizes on both sides of all that stages make
 * of them.  What is expected of picture i comes from a list that names it alone, as often as there
 * are pictures: a column of one shape, which every test before this one holds.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/options.h"
#include "detpipe_snapshot.h"
#include "io/identity.h"
#include "tests/support/png.h"

#define SIDES 8
#define N     (SIDES * SIDES)
static const int heights[SIDES] = {1, 2, 3, 5, 8, 9, 16, 24},
                 widths[SIDES] = {1, 2, 3, 7, 11, 12, 22, 33};
#define LARGEST (24 * 33 * 4)

static char folder[256];

static int height_of(int i) { return heights[i / SIDES]; }
static int width_of(int i) { return widths[i % SIDES]; }

/* Noise. */
static void pixels_of(int i, uint8_t *out)
{
    uint32_t state = (uint32_t)i * 2654435761u + 1;

    for (int k = 0; k < height_of(i) * width_of(i) * 4; k++) {
        state = state * 1664525u + 1013904223u;
        out[k] = (uint8_t)(state >> 24);
    }
}

static int make_pictures(void **state)
{
    uint8_t pixels[LARGEST];
    char name[40], list[N * 20];

    (void)state;
    test_folder(folder, sizeof folder);
    test_png_class(folder, "c");
    for (int i = 0; i < N; i++) {
        size_t n = 0;
        pixels_of(i, pixels);
        snprintf(name, sizeof name, "c/%02d.png", i);
        test_png_write(folder, name, height_of(i), width_of(i), 1 + i % 4, pixels);
        for (int k = 0; k < N; k++)
            n += (size_t)snprintf(list + n, sizeof list - n, "c/%02d.png,0\n", i);
        snprintf(name, sizeof name, "%02d.csv", i);
        test_write(folder, name, list, n);
    }
    return 0;
}

static int remove_pictures(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static dp_status open_with(const char *spec, dp_options options, dp_pipeline **p)
{
    options.size = sizeof options;
    options.root = folder;
    *p = NULL;
    return dp_open(p, spec, 1, &options, &test_error);
}

static dp_pipeline *open_it(const char *spec)
{
    dp_pipeline *p;

    assert_ok(open_with(spec, (dp_options){.threads = 1}, &p));
    return p;
}

/* ---- each picture by itself ---- */

/* Row i of `stages` on picture i alone, which has the same type as t. */
static void alone(const char *stages, int channels, int i, uint8_t *out, const dp_tensor *t)
{
    const dp_tensor *image;
    char spec[400];
    dp_batch *b = NULL;
    dp_pipeline *p;

    snprintf(spec, sizeof spec, "png_folder list=%02d.csv channels=%d%s%s", i, channels,
             stages[0] != '\0' ? " | " : "", stages);
    p = open_it(spec);
    assert_ok(dp_seek(p, (uint64_t)i, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    image = dp_batch_get(b, "image");
    assert_int_equal(image->dtype, t->dtype);
    assert_int_equal(image->rank, t->rank);
    assert_memory_equal(image->shape, t->shape, (size_t)t->rank * sizeof t->shape[0]);
    memcpy(out, image->data, test_bytes(image));
    dp_close(p);
}

static void compare(const char *stages, int channels)
{
    char spec[400];
    uint8_t *expected;
    dp_batch *b = NULL;
    dp_pipeline *p;

    snprintf(spec, sizeof spec, "png_folder channels=%d%s%s", channels,
             stages[0] != '\0' ? " | " : "", stages);
    p = open_it(spec);
    assert_int_equal(dp_length(p), N);
    for (int i = 0; i < N; i++) {
        const dp_tensor *image;
        assert_ok(dp_next(p, &b, &test_error));
        image = dp_batch_get(b, "image");
        expected = malloc(test_bytes(image));
        assert_non_null(expected);
        alone(stages, channels, i, expected, image);
        if (memcmp(image->data, expected, test_bytes(image)) != 0)
            fail_msg("%s: picture %d of %dx%d has other pixels than alone", spec, i, height_of(i),
                     width_of(i));
        free(expected);
    }
    dp_close(p);
}

static void equal_to_folders_of_one_size(void **state)
{
    static const char *const stages[] = {
        "resize size=8,11",
        "resize size=8,11 interpolation=nearest",
        "resize size=8,11 interpolation=cubic",
        "resize size=8,11 interpolation=area",
        "resize size=8,11 interpolation=pilcubic",
        "resize size=40,3 interpolation=area",
        "resize size=8,11 antialias=true",
        "resize size=7,12 interpolation=lanczos antialias=pillow13",
        "random_resized_crop size=8,11 interpolation=cubic antialias=true",
        "resize size=1,50",
        "random_resized_crop size=8,11",
        "random_resized_crop size=9 interpolation=cubic scale=0.3,1 ratio=1/10,10",
        "center_crop size=3,2",
        "pad_to size=24,33",
        "pad_to size=30,34 offset=6,1 fill_value=1,20,255",
        "pad_to size=25,47 padding_mode=reflect",
        ("resize size=9,10 | random_horizontal_flip | random_crop size=8 padding=2 | rescale "
         "rescale=1/255 | normalize mean=0.5 std=0.25 | hwc2chw"),
        /* rows that differ in shape, from stage to stage and to the caller */
        "",
        "random_horizontal_flip | random_vertical_flip",
        "pad padding=1,2,3,4 | horizontal_flip",
        "rescale rescale=1/255 | normalize mean=0.5 std=0.25 | hwc2chw",
        "to_tensor | type_cast data_type=float16",
        "random_affine degrees=30 translate=0.2,0.2 scale=0.8,1.2 | random_erasing prob=1",
        "random_apply transforms=\"invert | random_rotation degrees=30\" | pad_to size=40",
        "random_choice transforms=\"invert | gaussian_blur kernel_size=3 | equalize\"",
        "uniform_augment transforms=\"invert | random_rotation degrees=30 | equalize\"",
        "auto_augment | rand_augment num_ops=3 fill_value=9 | trivial_augment_wide",
        "random_crop size=20 padding=2 pad_if_needed=true | vertical_flip",
        "random_color_adjust brightness=0.5,1.5 saturation=0.2,2 | random_sharpness",
        "pad padding=9 | resize size=16 | random_resized_crop size=9",
        "resize size=5 interpolation=lanczos antialias=true",
        "resize size=30 antialias=pillow13 | center_crop size=30",
        "center_crop size=3,2 rule=torchvision",
    };

    (void)state;
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        compare(stages[i], 3);
        if (i % 3 == 0)
            compare(stages[i], 1);
    }
}

/* ---- threads, places, states, instructions ---- */

static const char training[] =
    "png_folder | shuffle | random_resized_crop size=8,11 | random_horizontal_flip | rescale "
    "rescale=1/255 | hwc2chw | batch batch_size=5 | repeat count=2";

static test_hex digest_of(const char *spec, dp_options options)
{
    dp_pipeline *p;
    test_hex digest;

    assert_ok(open_with(spec, options, &p));
    digest = test_stream_digest(p, UINT64_MAX);
    dp_close(p);
    return digest;
}

static void equal_whoever_makes_it(void **state)
{
    static const char *const specs[] = {
        training,
        "png_folder channels=1 | center_crop size=3 | vertical_flip | batch batch_size=64",
        "png_folder | pad_to size=40 | random_crop size=32 | batch batch_size=7",
        "png_folder | shuffle",
        "png_folder | resize size=6 interpolation=cubic antialias=true | center_crop size=6 | batch batch_size=9",
        "png_folder | random_resized_crop size=6 antialias=pillow13 | batch batch_size=9",
        "png_folder | shuffle | random_vertical_flip | pad padding=3 | random_rotation degrees=9",
        "png_folder | zip with=\"png_folder channels=1 | invert | project columns=image | rename "
        "input_columns=image output_columns=gray\" | hwc2chw",
    };
    static const dp_options options[] = {
        {.threads = 2},
        {.threads = 7, .prefetch = 3},
        {.threads = 1, .cpu = "scalar"},
        {.threads = 3, .prefetch = 1, .cpu = "scalar", .digests = 1},
    };

    (void)state;
    for (size_t s = 0; s < sizeof specs / sizeof specs[0]; s++) {
        const test_hex one = digest_of(specs[s], (dp_options){.threads = 1});
        for (size_t o = 0; o < sizeof options / sizeof options[0]; o++)
            assert_string_equal(digest_of(specs[s], options[o]).text, one.text);
    }
}

static void equal_from_any_place(void **state)
{
    dp_pipeline *p = open_it(training), *other;
    const uint64_t n = dp_length(p);

    (void)state;
    for (uint64_t at = 0; at <= n; at += 3) {
        dp_state s;
        test_hex rest;
        assert_ok(dp_seek(p, at, &test_error));
        assert_ok(dp_get_state(p, &s, &test_error));
        rest = test_stream_digest(p, UINT64_MAX);
        assert_ok(open_with(training, (dp_options){.threads = 2, .prefetch = 2}, &other));
        assert_ok(dp_set_state(other, &s, &test_error));
        assert_int_equal(dp_tell(other), at);
        assert_string_equal(test_stream_digest(other, UINT64_MAX).text, rest.text);
        dp_close(other);
    }
    dp_close(p);
}

/* The numbers that are printed are those that are used: they fit the picture of the row. */
static void draws_are_of_the_row(void **state)
{
    dp_pipeline *p = open_it("png_folder | random_resized_crop size=8 scale=0.5,1");
    int largest = 0;

    (void)state;
    for (int i = 0; i < N; i++) {
        int top, left, height, width;
        char text[200];
        assert_true(dp_draws(p, (uint64_t)i, 0, text, sizeof text) > 0);
        assert_int_equal(sscanf(text, "random_resized_crop top=%d left=%d height=%d width=%d", &top,
                                &left, &height, &width),
                         4);
        assert_true(top >= 0 && left >= 0 && height >= 1 && width >= 1);
        assert_true(top + height <= height_of(i) && left + width <= width_of(i));
        largest = height * width > largest ? height * width : largest;
    }
    assert_true(largest > 24 * 33 / 3);
    dp_close(p);
}

/* The text that makes the same row without drawing, out of its record alone. */
static void fixed_texts(void **state)
{
    static const char *const stages[] = {
        "random_resized_crop size=8 scale=0.5,1 | random_vertical_flip",
        "pad padding=4 | random_crop size=5 | random_horizontal_flip prob=0.5",
        "shuffle | random_horizontal_flip | random_invert | hwc2chw",
        "random_apply transforms=\"invert | random_vertical_flip\" | resize size=9",
    };

    (void)state;
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        dp_batch *b = NULL;
        char spec[300], text[600];
        dp_pipeline *p;
        snprintf(spec, sizeof spec, "png_folder | %s", stages[i]);
        p = open_it(spec);
        for (uint64_t row = 0; row < N; row++) {
            const dp_tensor *image, *other;
            dp_batch *c = NULL;
            dp_pipeline *q;
            assert_ok(dp_next(p, &b, &test_error));
            assert_true(dp_fixed(p, row, 0, text, sizeof text) > 0);
            assert_null(strstr(text, "random"));
            q = open_it(text);
            assert_ok(dp_next(q, &c, &test_error));
            image = dp_batch_get(b, "image");
            other = dp_batch_get(c, "image");
            assert_memory_equal(image->shape, other->shape, 3 * sizeof image->shape[0]);
            assert_memory_equal(image->data, other->data, test_bytes(image));
            dp_close(q);
        }
        dp_close(p);
    }
}

/* Of the records that stages choose for good, the sizes are those of these: at(3,7) is 5x33. */
static void chosen_records(void **state)
{
    static const struct {
        const char *stages;
        int least[2], most[2];
    } cases[] = {
        {"subset_sampler indices=31 | batch batch_size=1", {5, 33}, {5, 33}},
        {"subset_sampler indices=31,31,31 | take count=2 | batch batch_size=2", {5, 33}, {5, 33}},
        {"take count=12 | skip count=3", {1, 1}, {2, 33}},
        {"subset_sampler indices=62,1,31 | skip count=1", {1, 2}, {5, 33}},
        {"subset_sampler indices=62,1,31 | shuffle | take count=1", {1, 2}, {24, 33}},
        {"shuffle | take count=1", {1, 1}, {24, 33}},       /* another in each epoch */
        {"pad padding=1 | take count=1", {3, 3}, {26, 35}}, /* planned before */
        {"take count=2 | zip with=\"png_folder | project columns=image | rename input_columns=image "
         "output_columns=other\"",
         {1, 1},
         {1, 2}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char spec[300];
        dp_pipeline *p;
        int batched;
        snprintf(spec, sizeof spec, "png_folder | %s", cases[i].stages);
        p = open_it(spec);
        batched = strstr(spec, "batch") != NULL;
        for (int d = 0; d < 2; d++) {
            assert_int_equal(dp_output_least(p, "image")->shape[batched + d], cases[i].least[d]);
            assert_int_equal(dp_output(p, "image")->shape[batched + d], cases[i].most[d]);
        }
        assert_int_equal(strlen(test_stream_digest(p, UINT64_MAX).text), 32);
        dp_close(p);
    }
}

/* Rows of two streams, of which one or both vary. */
static void joined_streams(void **state)
{
    static const char *const specs[] = {
        "png_folder | concat with=\"png_folder | resize size=40,9\"",
        "png_folder | resize size=40,9 | concat with=\"png_folder | pad padding=2\"",
        "png_folder list=20.csv | crop coordinates=0,0 size=2 | concat with=\"png_folder\"",
    };
    static const int most[][2] = {{40, 33}, {40, 37}, {24, 33}},
                     least[][2] = {{1, 1}, {5, 5}, {1, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        char spec[300], text[200];
        dp_batch *b = NULL;
        dp_pipeline *p = open_it(specs[i]), *q;
        test_hex one;
        snprintf(spec, sizeof spec, "%s | random_resized_crop size=8 scale=0.5,1", specs[i]);
        q = open_it(spec);
        for (int d = 0; d < 2; d++) {
            assert_int_equal(dp_output(p, "image")->shape[d], most[i][d]);
            assert_int_equal(dp_output_least(p, "image")->shape[d], least[i][d]);
        }
        for (uint64_t row = 0; row < dp_length(p); row++) { /* drawn within the row's own shape */
            int top, left, height, width;
            assert_ok(dp_next(p, &b, &test_error));
            assert_true(dp_draws(q, row, 0, text, sizeof text) > 0);
            assert_int_equal(sscanf(strstr(text, "random_resized_crop"),
                                    "random_resized_crop top=%d left=%d height=%d width=%d", &top,
                                    &left, &height, &width),
                             4);
            assert_true(top + height <= dp_batch_get(b, "image")->shape[0]);
            assert_true(left + width <= dp_batch_get(b, "image")->shape[1]);
        }
        dp_close(q);
        dp_close(p);
        one = digest_of(spec, (dp_options){.threads = 1});
        assert_string_equal(digest_of(spec, (dp_options){.threads = 7}).text, one.text);
        one = digest_of(specs[i], (dp_options){.threads = 1});
        assert_string_equal(digest_of(specs[i], (dp_options){.threads = 2}).text, one.text);
    }
}

/* Behind one another they are what each is alone. */
static void joined_rows(void **state)
{
    static const char *const parts[] = {"png_folder", "png_folder | resize size=40,9"};
    dp_pipeline *p = open_it("png_folder | concat with=\"png_folder | resize size=40,9\"");
    dp_batch *b = NULL;

    (void)state;
    for (int i = 0; i < 2; i++) {
        dp_pipeline *q = open_it(parts[i]);
        dp_batch *c = NULL;
        for (int row = 0; row < N; row++) {
            const dp_tensor *x, *y;
            assert_ok(dp_next(p, &b, &test_error));
            assert_ok(dp_next(q, &c, &test_error));
            x = dp_batch_get(b, "image");
            y = dp_batch_get(c, "image");
            assert_memory_equal(x->shape, y->shape, 3 * sizeof x->shape[0]);
            assert_memory_equal(x->data, y->data, test_bytes(x));
        }
        dp_close(q);
    }
    dp_close(p);
}

/* Those of MindSpore that draw the same numbers whatever the shape. */
static void replayed_draws(void **state)
{
    static const char *const stages[] = {
        "random_horizontal_flip order=mindspore",
        "random_apply transforms=\"invert | random_vertical_flip order=mindspore\" order=mindspore "
        "workers=2",
        "trivial_augment_wide order=mindspore",
        "uniform_augment transforms=\"invert | random_invert order=mindspore | equalize\" "
        "order=mindspore workers=2"};

    (void)state;
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        char one[200], other[200], spec[300];
        dp_pipeline *p, *q;
        snprintf(spec, sizeof spec, "png_folder | %s", stages[i]);
        p = open_it(spec);
        snprintf(spec, sizeof spec, "png_folder | resize size=8,11 | %s", stages[i]);
        q = open_it(spec);
        for (uint64_t row = 0; row < N; row++) {
            assert_true(dp_draws(p, row, 0, one, sizeof one) > 0);
            assert_true(dp_draws(q, row, 0, other, sizeof other) > 0);
            assert_string_equal(one, other);
        }
        dp_close(q);
        dp_close(p);
        compare(stages[i], 3);
    }
}

/* ---- what is refused ---- */

static void refused(const char *spec, dp_options options, dp_status status, const char *why)
{
    dp_pipeline *p;

    options.threads = 1;
    if (open_with(spec, options, &p) != status || strstr(test_error.message, why) == NULL)
        fail_msg("%s: \"%s\" is not \"%s\"", spec, test_error.message, why);
}

static void refused_at_open(void **state)
{
    static const char *const cases[][2] = {
        {"png_folder | batch batch_size=2",
         "batch: column image has rows of uint8[1, 1, 3] to uint8[24, 33, 3]: put center_crop, "
         "pad_to, random_resized_crop or resize size=height,width before it"},
        {"png_folder | random_horizontal_flip | batch batch_size=2",
         "batch: column image has rows of uint8[1, 1, 3] to uint8[24, 33, 3]"},
        {"png_folder | rename input_columns=image output_columns=x | pad column=x padding=1 | "
         "hwc2chw column=x | batch batch_size=2",
         "batch: column x has rows of uint8[3, 3, 3] to uint8[3, 26, 35]"},
        {"png_folder | pad padding=9 | resize size=8 | batch batch_size=2",
         "batch: column image has rows of uint8[8, 8, 3] to uint8[17, 21, 3]"},
        {"png_folder | random_apply transforms=\"resize size=24,33\"",
         "resize: it makes uint8[24, 33, 3] of smaller rows, too: what may be left out keeps"},
        {"png_folder | random_apply transforms=\"pad padding=1\"",
         "pad: it makes uint8[26, 35, 3] of uint8[24, 33, 3]: what may be left out keeps"},
        {"png_folder | crop coordinates=0,0 size=2 | resize size=8", "crop"},
        {"png_folder | concat with=\"png_folder channels=1 | to_tensor\"",
         "concat: column 'image' is uint8[24, 33, 3] here and float32[1, 24, 33] there"},
        {"png_folder | resize size=8,8 | concat with=\"png_folder | resize size=8,9\"",
         "concat: column 'image' is uint8[8, 8, 3] here and uint8[8, 9, 3] there"},
        {"png_folder | resize size=8,8 | concat with=\"png_folder\" | batch batch_size=2",
         "batch: column image has rows of uint8[1, 1, 3] to uint8[24, 33, 3]"},
        {"png_folder | resize size=2000,5", "2000 from 1 is out of range"},
        {"png_folder | center_crop size=5", "adds 3 times the 1 of the image or more"},
        {"png_folder | pad_to size=23,33", "height of 24 and the offset of 0 are more than 23"},
        {"png_folder | pad_to size=40 offset=3,8", "width of 33 and the offset of 8 are more"},
        {"png_folder | concat with=png_folder | random_resized_crop size=8 order=mindspore",
         "MindSpore's draws follow from the shapes of all rows before, which are not known here"},
    };
    dp_pipeline *p;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refused(cases[i][0], (dp_options){0}, DP_ESPEC, cases[i][1]);
    p = open_it("png_folder | project columns=label | batch batch_size=64"); /* it is gone */
    dp_close(p);
}

/* ---- in a snapshot ---- */

/* The pictures as they are, in one file: what comes behind is the same. */
static void equal_out_of_a_snapshot(void **state)
{
    static const char *const stages[] = {
        "",
        " | shuffle | random_resized_crop size=8,11 | random_horizontal_flip | batch batch_size=5",
        (" | resize size=16 | center_crop size=9 | rescale rescale=1/255 | hwc2chw | batch "
         "batch_size=64"),
        " | pad padding=1 | random_rotation degrees=20",
    };
    dp_pipeline *p = open_it("png_folder");
    uint8_t of_folder[16], of_file[16];
    char path[300], spec[300];

    (void)state;
    snprintf(path, sizeof path, "%s/pictures.dps", folder);
    assert_ok(dp_snapshot_write(p, path, NULL, &test_error));
    assert_ok(dp_dataset_digest(p, of_folder, &test_error));
    dp_close(p);
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        test_hex live;
        snprintf(spec, sizeof spec, "png_folder%s", stages[i]);
        live = digest_of(spec, (dp_options){.threads = 1});
        snprintf(spec, sizeof spec, "snapshot file=pictures.dps%s", stages[i]);
        for (uint32_t threads = 1; threads <= 7; threads += 3)
            assert_string_equal(digest_of(spec, (dp_options){.threads = threads}).text, live.text);
    }
    p = open_it("snapshot file=pictures.dps | resize size=4,4"); /* labels have no names there */
    assert_ok(dp_dataset_digest(p, of_file, &test_error));
    assert_memory_not_equal(of_file, of_folder, 16);
    dp_close(p);
    assert_int_equal(unlink(path), 0);
}

/* ---- identity ---- */

/* The records, each with its own shape, as docs/state.md says. */
static void identity_has_each_shape(void **state)
{
    const dp_column columns[] = {{"image", {0}, 0}, {"label", {0}, 0}, {"id", {0}, 0}};
    dp_pipeline *p = open_it("png_folder classes=c channels=1 | project columns=label");
    uint8_t digest[16], expected[16], again[16], pixel[LARGEST];
    dp_hash h, names;

    (void)state;
    dp_hash64_init(&names);
    dp_hash_text(&names, "c");
    dp_identity_start(&h, N, columns, 3, dp_hash64_final(&names));
    for (int i = 0; i < N; i++) {
        uint32_t label = 0;
        int64_t id = i;
        const dp_tensor image = {pixel, DP_U8, 3, {height_of(i), width_of(i), 1}},
                        l = {&label, DP_U32, 0, {0}}, r = {&id, DP_I64, 0, {0}};
        char stages[80];
        snprintf(stages, sizeof stages, "center_crop size=%d,%d", height_of(i), width_of(i));
        alone(stages, 1, i, pixel, &image);
        dp_hash_tensor(&h, &image);
        dp_hash_tensor(&h, &l);
        dp_hash_tensor(&h, &r);
    }
    dp_hash_final(&h, expected);
    assert_ok(dp_dataset_digest(p, digest, &test_error));
    assert_memory_equal(digest, expected, 16);
    dp_close(p);
    p = open_it("png_folder channels=3 | resize size=8,8");
    assert_ok(dp_dataset_digest(p, again, &test_error));
    assert_memory_not_equal(digest, again, 16);
    dp_close(p);
}

/* ---- files that change, limits ---- */

static void a_picture_of_another_size(void **state)
{
    static const uint8_t pixels[200];
    dp_pipeline *p = open_it("png_folder | resize size=8,11");
    uint8_t was[LARGEST];
    dp_batch *b = NULL;

    (void)state;
    pixels_of(5, was);
    for (int more = 0; more < 2; more++) { /* within the largest and beyond it */
        test_png_write(folder, "c/05.png", 2 - more, more ? 50 : 6, 2, pixels);
        assert_ok(dp_seek(p, 5, &test_error));
        assert_int_equal(dp_next(p, &b, &test_error), DP_ESTATE);
        assert_int_equal(test_error.record, 5);
        assert_non_null(strstr(test_error.message, "c/05.png changed since it was opened: it "));
    }
    test_png_write(folder, "c/05.png", height_of(5), width_of(5), 2, was);
    assert_ok(dp_seek(p, 5, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    dp_close(p);
}

static void limits(void **state)
{
    static const char stage[] = "png_folder | resize size=8,11 | batch batch_size=2";
    char path[300];
    dp_pipeline *p;

    (void)state;
    snprintf(path, sizeof path, "%s/c/zz.png", folder);
    test_png_header(folder, "c/zz.png", 3, 16385);
    refused(stage, (dp_options){0}, DP_ELIMIT, "zz.png is 3x16385 (height x width): a side has at");
    assert_int_equal(test_error.record, N);
    test_png_header(folder, "c/zz.png", 0, 5);
    refused(stage, (dp_options){0}, DP_ECORRUPT, "zz.png: its header is damaged");
    test_png_header(folder, "c/zz.png", 16384, 3000); /* 141 MiB */
    refused(stage, (dp_options){.memory = 100 << 20}, DP_ELIMIT, "dp_options.memory");
    assert_int_equal(unlink(path), 0);
    assert_ok(open_with(stage, (dp_options){.threads = 1, .memory = 1 << 20}, &p));
    dp_close(p);
}

/* What is taken at open is all there is, but for the file that is decoded. */
static void check_memory(const char *spec)
{
    test_allocator a;
    dp_options options = {.threads = 1};
    dp_batch *b = NULL;
    dp_pipeline *p;
    long live = 0;

    test_allocator_init(&a);
    options.alloc = &a.hooks;
    assert_ok(open_with(spec, options, &p));
    for (uint64_t i = 0; i < dp_length(p); i++) {
        assert_ok(dp_next(p, &b, &test_error));
        assert_true(i == 0 || a.live == live);
        live = a.live;
    }
    assert_int_equal(a.beyond, 0);
    dp_close(p);
    assert_int_equal(a.live, 0);
}

static void memory_is_that_of_open(void **state)
{
    (void)state;
    check_memory(training);
    check_memory("png_folder | shuffle | pad padding=5 | random_crop size=9 | resize size=20");
    check_memory("png_folder | random_horizontal_flip | random_affine degrees=5 | hwc2chw");
}

/* One size is a column as before: read into the batch, and taken by every stage. */
static void one_size_is_fixed(void **state)
{
    dp_pipeline *p = open_it("png_folder list=20.csv | horizontal_flip | batch batch_size=4");

    (void)state;
    assert_int_equal(dp_output(p, "image")->shape[1], height_of(20));
    assert_int_equal(dp_output(p, "image")->shape[2], width_of(20));
    dp_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_folders_of_one_size),
        cmocka_unit_test(equal_whoever_makes_it),
        cmocka_unit_test(equal_from_any_place),
        cmocka_unit_test(draws_are_of_the_row),
        cmocka_unit_test(fixed_texts),
        cmocka_unit_test(chosen_records),
        cmocka_unit_test(joined_streams),
        cmocka_unit_test(joined_rows),
        cmocka_unit_test(replayed_draws),
        cmocka_unit_test(refused_at_open),
        cmocka_unit_test(equal_out_of_a_snapshot),
        cmocka_unit_test(identity_has_each_shape),
        cmocka_unit_test(a_picture_of_another_size),
        cmocka_unit_test(limits),
        cmocka_unit_test(memory_is_that_of_open),
        cmocka_unit_test(one_size_is_fixed),
    };
    return cmocka_run_group_tests(tests, make_pictures, remove_pictures);
}
