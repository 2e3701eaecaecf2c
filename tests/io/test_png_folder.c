/* test_png_folder.c - PNG files of every kind against the pixels that they stand for, and damage
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <zlib.h>

#include "tests/support/png.h"

#define H 5
#define W 7
#define N 14

static dp_status open_in(const char *root, const char *spec, dp_pipeline **p)
{
    const dp_options options = {.size = sizeof options, .root = root, .threads = 2, .prefetch = 1};

    *p = NULL;
    return dp_open(p, spec, 1, &options, &test_error);
}

typedef uint8_t pixels[N][H * W * 3];

static void read_expected(pixels out)
{
    const test_bytes_of file = test_read_file(TEST_GOLDEN "/png/expected.bin");

    assert_int_equal(file.size, sizeof(pixels));
    memcpy(out, file.bytes, file.size);
    free(file.bytes);
}

static void every_kind(void **state)
{
    static const uint32_t labels[N] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2};
    pixels expected;
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    read_expected(expected);
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
    pixels expected;
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    read_expected(expected);
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
    static const char list[] = "\xEF\xBB\xBF"
                               "c/palette8.png,7\r\na/rgb8.png,0\n\nb/gray1.png,3";
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
        {"a/rgb8.png", "line 1 of the list is not of the form path,label"},
        {"a/rgb8.png,x", "line 1 of the list is not of the form path,label"},
        {"a/rgb8.png,-1", "line 1 of the list is not of the form path,label"},
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
    const size_t n = test_read(TEST_GOLDEN "/png/a/rgb8.png", bytes, sizeof bytes);

    (void)state;
    assert_true(n > 60);
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

/* ---- pictures that the test writes ---- */

/* One row of W pixels, by the PNG specification; `extra` is chunks of 4 letters and a text each. */
typedef struct picture {
    uint8_t color, depth;
    const uint8_t *row;
    size_t row_size;
    const char *extra[3][2];
    size_t extra_size[3];
} picture;

/* The pixels of a row that a pass of Adam7 has, packed; returns their bytes. */
static size_t take_pixels(const picture *p, int from, int step, uint8_t *out)
{
    static const int channels[] = {1, 0, 3, 1, 2, 0, 4};
    const int bits = p->depth * channels[p->color];
    int to = 0;

    for (int x = from; x < W; x += step) {
        for (int bit = x * bits; bit < (x + 1) * bits; bit++, to++)
            out[to / 8] |= (uint8_t)((p->row[bit / 8] >> (7 - bit % 8) & 1) << (7 - to % 8));
    }
    return (size_t)(to + 7) / 8;
}

/* Scanlines with filter 0; returns their bytes. */
static size_t put_lines(const picture *p, bool interlaced, uint8_t *out)
{
    static const int passes[][2] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}}; /* those that one row has */
    size_t n = 0;

    for (int i = 0; i < (interlaced ? 4 : 1); i++, n++)
        n += take_pixels(p, passes[i][0], interlaced ? passes[i][1] : 1, out + n + 1);
    return n;
}

static void write_picture_as(const char *folder, const char *name, const picture *p,
                             bool interlaced)
{
    const uint8_t header[13] = {0, 0, 0, W, 0, 0, 0, 1, p->depth, p->color, 0, 0, interlaced};
    uint8_t out[4096] = "\x89PNG\r\n\x1a\n", raw[512] = {0}, packed[512];
    uLongf size = sizeof packed;
    size_t n = 8;

    assert_int_equal(compress(packed, &size, raw, put_lines(p, interlaced, raw)), Z_OK);
    n += test_png_chunk(out + n, "IHDR", header, sizeof header);
    for (int i = 0; i < 3 && p->extra[i][0] != NULL; i++)
        n += test_png_chunk(out + n, p->extra[i][0], p->extra[i][1], p->extra_size[i]);
    n += test_png_chunk(out + n, "IDAT", packed, size);
    n += test_png_chunk(out + n, "IEND", "", 0);
    test_write(folder, name, out, n);
}

static void write_picture(const char *folder, const char *name, const picture *p)
{
    write_picture_as(folder, name, p, false);
}

static void make_class(char *folder, size_t size, const char *class)
{
    if (folder[0] == '\0')
        test_folder(folder, size);
    test_png_class(folder, class);
}

/* The pixels of the one picture of the folder. */
static void read_pixels(const char *folder, const char *spec, uint8_t *out, size_t n)
{
    dp_batch *b = NULL;
    dp_pipeline *p;

    assert_ok(open_in(folder, spec, &p));
    assert_int_equal(dp_length(p), 1);
    assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(test_bytes(dp_batch_get(b, "image")), n);
    memcpy(out, dp_batch_get(b, "image")->data, n);
    dp_close(p);
}

/* What a file says of its gamma, profile and transparency changes no pixel; colours are mixed to
 * gray by convert_color's numbers (docs/transforms.md). */
static void gray_of_colours_is_convert_colors(void **state)
{
    static const uint8_t rgb[W * 3] = {255, 0,  0, 0,   255, 0,   0,   0,  255, 10, 20,
                                       30,  77, 5, 200, 255, 255, 255, 90, 91,  93},
                                 gray[W] = {76, 150, 29, 18, 49, 255, 91};
    static const uint8_t index[W] = {0, 1, 2, 3, 4, 5, 6};
    uint8_t deep[W * 6], alpha[W * 4];
    const picture cases[] = {
        {2, 8, rgb, sizeof rgb, {{NULL}}, {0}},
        {2, 8, rgb, sizeof rgb, {{"gAMA", "\0\1\x86\xa0"}}, {4}},
        {2, 8, rgb, sizeof rgb, {{"gAMA", "\0\0\xb1\x8f"}, {"sRGB", "\0"}}, {4, 1}},
        {2, 8, rgb, sizeof rgb, {{"sRGB", "\3"}, {"tRNS", "\0\xff\0\0\0\0"}}, {1, 6}},
        {3, 8, index, W, {{"gAMA", "\0\0\xb1\x8f"}, {"PLTE", (const char *)rgb}}, {4, W * 3}},
        {2, 16, deep, sizeof deep, {{"gAMA", "\0\0\xb1\x8f"}}, {4}},
        {6, 8, alpha, sizeof alpha, {{"sRGB", "\0"}}, {1}},
    };
    char folder[256] = "";
    uint8_t got[W * 3], mixed[W];

    (void)state;
    for (size_t i = 0; i < sizeof rgb; i++)
        deep[2 * i] = rgb[i], deep[2 * i + 1] = (uint8_t)(0xFF - i);
    for (size_t i = 0; i < W; i++)
        memcpy(alpha + 4 * i, rgb + 3 * i, 3), alpha[4 * i + 3] = (uint8_t)(40 * i);
    make_class(folder, sizeof folder, "c");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_picture(folder, "c/x.png", &cases[i]);
        read_pixels(folder, "png_folder channels=3", got, sizeof got);
        assert_memory_equal(got, rgb, sizeof rgb);
        read_pixels(folder, "png_folder channels=1", got, W);
        assert_memory_equal(got, gray, W);
        read_pixels(folder, "png_folder channels=3 | convert_color convert_mode=rgb2gray", mixed,
                    W);
        assert_memory_equal(mixed, gray, W);
    }
    test_folder_remove(folder);
}

/* Of every kind and depth. */
static void interlaced_files_have_the_same_pixels(void **state)
{
    static const uint8_t kinds[][2] = {{0, 1}, {0, 2},  {0, 4},  {0, 8}, {0, 16},
                                       {2, 8}, {2, 16}, {3, 1},  {3, 2}, {3, 4},
                                       {3, 8}, {4, 8},  {4, 16}, {6, 8}, {6, 16}};
    uint8_t row[W * 8], palette[768], got[2][W * 3];
    char folder[256] = "";

    (void)state;
    for (size_t i = 0; i < sizeof palette; i++)
        palette[i] = (uint8_t)(i * 89 + i / 7);
    for (size_t i = 0; i < sizeof row; i++)
        row[i] = (uint8_t)(i * 101 + 27);
    make_class(folder, sizeof folder, "c");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const picture p = {kinds[i][0],
                           kinds[i][1],
                           row,
                           sizeof row,
                           {{kinds[i][0] == 3 ? "PLTE" : NULL, (const char *)palette}},
                           {kinds[i][1] == 8 ? 768 : (size_t)3 << kinds[i][1] % 8}};
        for (int k = 0; k < 2; k++) {
            write_picture_as(folder, "c/x.png", &p, k == 1);
            read_pixels(folder, "png_folder", got[k], sizeof got[k]);
        }
        assert_memory_equal(got[0], got[1], sizeof got[0]);
        assert_memory_not_equal(got[0], got[0] + 3, sizeof got[0] - 3); /* not all of one colour */
    }
    test_folder_remove(folder);
}

/* Gamma, profiles, significant bits, backgrounds, texts, frames of an APNG, an orientation: no
 * pixel is another one, transparency is dropped, 16 bits give their high byte. */
static void what_else_a_file_says_changes_no_pixel(void **state)
{
    static const char turned[] = "MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0";
    static const char frame[26] = "\0\0\0\0\0\0\0\7\0\0\0\1";
    static const uint8_t rgb[W * 3] = {255, 0,  0, 0,   255, 0,   0,   0,  255, 10, 20,
                                       30,  77, 5, 200, 255, 255, 255, 90, 91,  93};
    static const uint8_t gray[W] = {0, 1, 76, 128, 200, 254, 255}, index[W] = {0, 1, 2, 3, 4, 5, 6},
                         beyond[W] = {0, 1, 2, 3, 4, 5, 200};
    uint8_t deep[W * 4], grays[W * 3], got[W * 3], black[W * 3];
    const char *palette = (const char *)rgb;
    const struct {
        picture p;
        const uint8_t *wanted;
    } cases[] = {
        {{2, 8, rgb, sizeof rgb, {{"gAMA", "\0\0\x4e\x20"}}, {4}}, rgb},
        {{2, 8, rgb, sizeof rgb, {{"gAMA", "\0\1\x86\xa0"}}, {4}}, rgb},
        {{2, 8, rgb, sizeof rgb, {{"gAMA", "\0\3\x5b\x60"}}, {4}}, rgb},
        {{2, 8, rgb, sizeof rgb, {{"sRGB", "\1"}, {"sBIT", "\5\6\5"}}, {1, 3}}, rgb},
        {{2, 8, rgb, sizeof rgb, {{"bKGD", "\0\1\0\2\0\3"}}, {6}}, rgb},
        {{2, 8, rgb, sizeof rgb, {{"PLTE", palette}, {"tEXt", "a\0b"}}, {W * 3, 3}}, rgb},
        {{2, 8, rgb, sizeof rgb, {{"acTL", "\0\0\0\1\0\0\0\0"}, {"fcTL", frame}}, {8, 26}}, rgb},
        {{2, 8, rgb, sizeof rgb, {{"eXIf", turned}}, {sizeof turned}}, rgb},
        {{2, 8, rgb, sizeof rgb, {{"tRNS", "\0\xff\0\0\0\0"}}, {6}}, rgb},
        {{3, 8, index, W, {{"PLTE", palette}, {"tRNS", "\0\x80"}}, {W * 3, 2}}, rgb},
        {{3, 8, beyond, W, {{"PLTE", palette}}, {W * 3}}, black},
        {{0, 8, gray, W, {{"tRNS", "\0\x4c"}, {"gAMA", "\0\0\xb1\x8f"}}, {2, 4}}, grays},
        {{0, 16, deep, W * 2, {{"tRNS", "\0\1"}}, {2}}, grays},
        {{4, 16, deep, W * 4, {{"bKGD", "\0\1"}}, {2}}, NULL},
    };
    char folder[256] = "";

    (void)state;
    for (size_t i = 0; i < W; i++)
        memset(grays + 3 * i, gray[i], 3), deep[2 * i] = gray[i],
                                                    deep[2 * i + 1] = (uint8_t)(250 - i);
    for (size_t i = 0; i < W * 2; i++)
        deep[W * 2 + i] = (uint8_t)(i * 37);
    memcpy(black, rgb, sizeof black);
    memset(black + 18, 0, 3); /* a colour that the palette has not */
    make_class(folder, sizeof folder, "c");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_picture(folder, "c/x.png", &cases[i].p);
        read_pixels(folder, "png_folder", got, sizeof got);
        for (size_t k = 0; k < sizeof got; k++) {
            const uint8_t wanted = cases[i].wanted != NULL ? cases[i].wanted[k] : deep[k / 3 * 4];
            if (got[k] != wanted)
                fail_msg("case %zu, value %zu: %u, not %u", i, k, got[k], wanted);
        }
    }
    test_folder_remove(folder);
}

/* Where the letters of a chunk are. */
static size_t find_chunk(const uint8_t *bytes, size_t n, const char *kind)
{
    size_t at = 0;

    while (at + 4 < n && memcmp(bytes + at, kind, 4) != 0)
        at++;
    return at;
}

enum { TEXT_SUM, TRAILING, PIXELS_SUM, NO_END, CUT, N_DAMAGES };

/* Returns the bytes of the file. */
static size_t hurt(int how, uint8_t *bytes, size_t n)
{
    const size_t text = find_chunk(bytes, n, "tEXt"), end = find_chunk(bytes, n, "IEND");

    if (how == TEXT_SUM)
        bytes[text + 4 + 3] ^= 1;
    if (how == PIXELS_SUM)
        bytes[end - 5] ^= 1;
    return how == TRAILING ? n + 20 : how == NO_END ? end - 4 : how == CUT ? end - 12 : n;
}

/* A sum of no pixels, and what stands behind the end, do not count; all else does. */
static void damaged_pictures(void **state)
{
    static const uint8_t rgb[W * 3] = {255, 0, 9, 0, 255, 0, 17};
    const picture p = {2, 8, rgb, sizeof rgb, {{"tEXt", "a\0b"}}, {3}};
    char folder[256] = "", path[300];
    uint8_t got[sizeof rgb];

    (void)state;
    make_class(folder, sizeof folder, "c");
    snprintf(path, sizeof path, "%s/c/x.png", folder);
    for (int how = 0; how < N_DAMAGES; how++) {
        uint8_t bytes[4096] = {0};
        dp_pipeline *pipeline;
        dp_batch *b = NULL;
        dp_status status;
        write_picture(folder, "c/x.png", &p);
        test_write(folder, "c/x.png", bytes, hurt(how, bytes, test_read(path, bytes, 4000)));
        if (how <= TRAILING) {
            read_pixels(folder, "png_folder", got, sizeof got);
            assert_memory_equal(got, rgb, sizeof rgb);
            continue;
        }
        status = open_in(folder, "png_folder", &pipeline);
        if (status == DP_OK)
            status = dp_next(pipeline, &b, &test_error);
        assert_int_equal(status, DP_ECORRUPT);
        assert_non_null(strstr(test_error.message, "x.png"));
        dp_close(pipeline);
    }
    test_folder_remove(folder);
}

/* Any picture will do. */
static const uint8_t a_row[W] = {1, 2, 3, 4, 5, 6, 7};
static const picture a_picture = {0, 8, a_row, W, {{NULL}}, {0}};

/* What a leading dot hides is not a picture, a capital is as good as a small letter. */
static void hidden_files_and_capitals(void **state)
{
    char folder[256] = "";
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    make_class(folder, sizeof folder, "a");
    make_class(folder, sizeof folder, ".hidden");
    make_class(folder, sizeof folder, "b");
    write_picture(folder, "a/.tmp123.png", &a_picture);
    test_write(folder, "a/._0.png", "Mac OS X", 8);
    write_picture(folder, "a/0.png", &a_picture);
    write_picture(folder, "a/1.PNG", &a_picture);
    write_picture(folder, "b/2.Png", &a_picture);
    write_picture(folder, ".hidden/3.png", &a_picture);
    assert_ok(open_in(folder, "png_folder | batch batch_size=3", &p));
    assert_int_equal(dp_length(p), 1);
    assert_ok(dp_next(p, &b, &test_error));
    assert_memory_equal(dp_batch_get(b, "label")->data, ((const uint32_t[]){0, 0, 1}), 12);
    dp_close(p);
    test_folder_remove(folder);
}

static void expect_failure(const char *folder, const char *spec, const char *why)
{
    dp_pipeline *p;

    assert_true(open_in(folder, spec, &p) < 0);
    if (strstr(test_error.message, why) == NULL)
        fail_msg("%s: \"%s\" does not say \"%s\"", spec, test_error.message, why);
}

/* Folders cat and zebra of the classes cat, dog and zebra: zebra is 2, as where dog is there, too.
 */
static void classes_fix_labels(void **state)
{
    char folder[256] = "";
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    make_class(folder, sizeof folder, "zebra");
    make_class(folder, sizeof folder, "cat");
    write_picture(folder, "cat/0.png", &a_picture);
    write_picture(folder, "zebra/0.png", &a_picture);
    assert_ok(open_in(folder, "png_folder classes=cat,dog,zebra | batch batch_size=2", &p));
    assert_ok(dp_next(p, &b, &test_error));
    assert_memory_equal(dp_batch_get(b, "label")->data, ((const uint32_t[]){0, 2}), 8);
    dp_close(p);
    assert_ok(open_in(folder, "png_folder num_classes=3 classes=cat,dog,zebra", &p));
    dp_close(p);
    expect_failure(folder, "png_folder num_classes=3", "but there are 2 class folders");
    expect_failure(folder, "png_folder num_classes=4 classes=cat,dog,zebra", "classes has 3 names");
    expect_failure(folder, "png_folder classes=cat,dog",
                   "folder zebra is not one of classes=cat,dog");
    expect_failure(folder, "png_folder classes=cat,zeb,zebr", "folder zebra is not one of");
    expect_failure(folder, "png_folder classes=cat,zebra,cat", "empty or appears twice");
    expect_failure(folder, "png_folder classes=\"cat,,zebra\"", "empty or appears twice");
    test_write(folder, "cat/0.png", "\xff\xd8\xff\xe0 a photograph", 18);
    expect_failure(folder, "png_folder", "is not a PNG picture (it is a JPEG picture)");
    test_folder_remove(folder);
}

static void identify(const char *folder, const char *spec, const char *kept, uint8_t digest[16],
                     dp_state *state)
{
    const dp_options options = {
        .size = sizeof options, .root = folder, .threads = 1, .identities = kept};
    dp_pipeline *p;

    assert_ok(dp_open(&p, spec, 1, &options, &test_error));
    assert_ok(dp_dataset_digest(p, digest, &test_error));
    assert_ok(dp_get_state(p, state, &test_error));
    dp_close(p);
}

static void rename_class(const char *folder, const char *from, const char *to)
{
    char before[400], after[400];

    snprintf(before, sizeof before, "%s/%s", folder, from);
    snprintf(after, sizeof after, "%s/%s", folder, to);
    assert_int_equal(rename(before, after), 0);
}

/* The same pictures with the same labels under other names are another data set, for states and for
 * digests that are kept; the same names are the same, given or found. */
static void names_are_of_the_identity(void **state)
{
    uint8_t found[16], other[16];
    char folder[256] = "";
    dp_state first, now;
    dp_pipeline *p;

    (void)state;
    make_class(folder, sizeof folder, "cat");
    make_class(folder, sizeof folder, "zebra");
    write_picture(folder, "cat/0.png", &a_picture);
    write_picture(folder, "zebra/0.png", &a_picture);
    for (int keeps = 0; keeps < 2; keeps++) {
        const char *kept = keeps ? "kept" : NULL;
        identify(folder, "png_folder", kept, found, &first);
        identify(folder, "png_folder classes=cat,zebra", kept, other, &now);
        assert_memory_equal(found, other, 16);
        identify(folder, "png_folder classes=cat,zebra,zulu", kept, other, &now);
        assert_memory_not_equal(found, other, 16);
        rename_class(folder, "zebra", "zoo");
        identify(folder, "png_folder", kept, other, &now);
        assert_memory_not_equal(found, other, 16);
        assert_ok(open_in(folder, "png_folder", &p));
        assert_int_equal(dp_set_state(p, &first, &test_error), DP_ESTATE);
        assert_non_null(strstr(test_error.message, "the names of its classes"));
        dp_close(p);
        rename_class(folder, "zoo", "zebra");
    }
    make_class(folder, sizeof folder, "zulu"); /* without a picture */
    identify(folder, "png_folder", NULL, other, &now);
    assert_memory_not_equal(found, other, 16);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind),
        cmocka_unit_test(gray),
        cmocka_unit_test(by_list),
        cmocka_unit_test(bad_lists),
        cmocka_unit_test(damage),
        cmocka_unit_test(gray_of_colours_is_convert_colors),
        cmocka_unit_test(interlaced_files_have_the_same_pixels),
        cmocka_unit_test(what_else_a_file_says_changes_no_pixel),
        cmocka_unit_test(damaged_pictures),
        cmocka_unit_test(hidden_files_and_capitals),
        cmocka_unit_test(classes_fix_labels),
        cmocka_unit_test(names_are_of_the_identity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
