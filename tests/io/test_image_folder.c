/* test_image_folder.c - JPEG and PNG files of a folder: which are taken, what is delivered, damage
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The pixels themselves: tests/base/test_picture.c, test_png_folder.c.
 */
#include <unistd.h>

#include "base/picture/picture.h"
#include "detpipe_snapshot.h"
#include "tests/support/jpeg.h"
#include "tests/support/png.h"

typedef struct file {
    uint8_t bytes[1 << 16];
    size_t n;
} file;

static file read_golden(const char *name)
{
    char path[300];
    file out;

    snprintf(path, sizeof path, TEST_GOLDEN "/%s", name);
    out.n = test_read(path, out.bytes, sizeof out.bytes);
    return out;
}

static char notes[1000];

static void note(void *ctx, const char *line)
{
    (void)ctx;
    snprintf(notes + strlen(notes), sizeof notes - strlen(notes), "%s\n", line);
}

static dp_status open_with(const char *root, const char *spec, uint32_t threads, dp_pipeline **p)
{
    const dp_options options = {.size = sizeof options,
                                .root = root,
                                .threads = threads,
                                .prefetch = threads > 1,
                                .log = note};

    notes[0] = '\0';
    *p = NULL;
    return dp_open(p, spec, 1, &options, &test_error);
}

static void expect_failure(const char *root, const char *spec, dp_status wanted, const char *why)
{
    dp_pipeline *p;
    const dp_status status = open_with(root, spec, 1, &p);

    if (status != wanted || strstr(test_error.message, why) == NULL)
        fail_msg("%s: %d \"%s\", not \"%s\"", spec, status, test_error.message, why);
}

/* The whole picture by the decoder alone. */
static void decode(const file *f, uint8_t *out, size_t size)
{
    static const dp_picture_how how = {3, DP_AS_MINDSPORE, DP_TURN_IGNORE, true, DP_EDGES_EXACT};
    const dp_encoded from = {"it", f->bytes, f->n, NULL, 0, 0};
    const dp_arena like = {.alloc = &dp_libc_allocator};
    dp_picture_room room;
    dp_picture_head head;
    int64_t sides[2];

    assert_ok(dp_picture_room_open(&room, &like, 0, 0, &test_error));
    assert_ok(dp_picture_look(&from, &how, &room, &head, &test_error));
    dp_picture_size(&head, &how, sides);
    assert_int_equal(sides[0] * sides[1] * 3, size);
    assert_ok(dp_picture_decode(&from, &how, &head, &(dp_picture_part){0, 0, sides[0], sides[1]},
                                &room, out, &test_error));
    dp_picture_room_close(&room);
}

static void put(const char *folder, const char *name, const char *golden)
{
    const file f = read_golden(golden);

    test_write(folder, name, f.bytes, f.n);
}

/* ---- what is taken, and what comes out ---- */

/* By content, whatever a name says of it, in any case; all of one size. */
static void pixels(void **state)
{
    static const char *const files[][2] = {{"a/0.JPG", "jpeg/420.jpg"},
                                           {"a/1.jpeg", "jpeg/444.jpg"},
                                           {"a/2.png", "jpeg/gray.jpg"},
                                           {"b/0.Jpeg", "jpeg/progressive.jpg"}};
    char folder[256];
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    test_folder(folder, sizeof folder);
    test_png_class(folder, "a");
    test_png_class(folder, "b");
    for (int i = 0; i < 4; i++)
        put(folder, files[i][0], files[i][1]);
    test_write(folder, "a/x.txt", "x", 1);
    test_write(folder, "a/.0.jpg", "x", 1);
    test_write(folder, "readme.jpg", "x", 1);
    assert_ok(open_with(folder, "image_folder decode=true", 2, &p));
    assert_string_equal(
        notes, "image_folder: label 0 is a: 3 pictures\n"
               "warning: image_folder: 2 files and folders in a are hidden or not .jpeg .jpg .png: "
               "left out\n"
               "image_folder: label 1 is b: 1 pictures\n"
               "warning: image_folder: 1 files beside the class folders are left out\n");
    assert_int_equal(dp_length(p), 4);
    for (int i = 0; i < 4; i++) {
        const file f = read_golden(files[i][1]);
        uint8_t wanted[37 * 43 * 3];
        const dp_tensor *image;
        decode(&f, wanted, sizeof wanted);
        assert_ok(dp_next(p, &b, &test_error));
        image = dp_batch_get(b, "image");
        assert_int_equal(test_bytes(image), sizeof wanted);
        assert_memory_equal(image->data, wanted, sizeof wanted);
        assert_int_equal(*(const uint32_t *)dp_batch_get(b, "label")->data, i == 3);
    }
    dp_close(p);
    test_folder_remove(folder);
}

/* The bytes of the file. */
static void encoded(void **state)
{
    const file f = read_golden("jpeg/422.jpg");
    char folder[256];
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    test_folder(folder, sizeof folder);
    test_write(folder, "x.jpg", f.bytes, f.n);
    test_write(folder, "list", "x.jpg,3\nx.jpg,0\n", 16);
    assert_ok(open_with(folder, "image_folder list=list | batch batch_size=2", 1, &p));
    assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(dp_batch_get(b, "image")->rank, 2);
    assert_int_equal(dp_batch_get(b, "image")->shape[1], f.n);
    for (int i = 0; i < 2; i++)
        assert_memory_equal((const uint8_t *)dp_batch_get(b, "image")->data + (size_t)i * f.n,
                            f.bytes, f.n);
    dp_close(p);
    test_folder_remove(folder);
}

/* Pictures of other sizes, behind a stage that makes one of them; decoder and orientation say what
 * is cropped. */
static void sizes_and_settings(void **state)
{
    static const char *const settings[] = {"", " orientation=apply", " decoder=opencv",
                                           " decoder=opencv orientation=ignore"};
    test_hex seen[4];
    dp_pipeline *p;

    (void)state;
    for (int i = 0; i < 4; i++) {
        char spec[300];
        snprintf(spec, sizeof spec,
                 "image_folder dataset_dir=jpeg list=jpeg/list.csv decode=true%s | center_crop "
                 "size=16",
                 settings[i]);
        assert_ok(open_with(TEST_GOLDEN, spec, 2, &p));
        seen[i] = test_stream_digest(p, UINT64_MAX);
        dp_close(p);
    }
    for (int i = 0; i < 4; i++) { /* opencv: four inks by another formula */
        for (int k = 0; k < i; k++)
            assert_string_not_equal(seen[i].text, seen[k].text);
    }
}

static test_hex digest_of(const char *spec, uint32_t threads, uint64_t from)
{
    dp_pipeline *p;
    test_hex digest;

    assert_ok(open_with(TEST_GOLDEN "/jpeg", spec, threads, &p));
    assert_ok(dp_seek(p, from, &test_error));
    digest = test_stream_digest(p, UINT64_MAX);
    dp_close(p);
    return digest;
}

/* The stage makes of files what the reader makes of them. */
static void the_stage(void **state)
{
    static const char *const settings[] = {"channels=3", "orientation=apply", "decoder=opencv",
                                           "decoder=pillow channels=1"};
    static const char behind[] = "random_resized_crop size=20,30 | random_horizontal_flip | batch "
                                 "batch_size=3";

    (void)state;
    for (int i = 0; i < 4; i++) {
        char reader[300], stage[300];
        snprintf(reader, sizeof reader, "image_folder list=list.csv decode=true %s | %s",
                 settings[i], behind);
        snprintf(stage, sizeof stage, "image_folder list=list.csv | decode %s | %s", settings[i],
                 behind);
        for (uint32_t threads = 1; threads <= 3; threads++) {
            for (uint64_t from = 0; from < 2; from++)
                assert_string_equal(digest_of(reader, 1, from).text,
                                    digest_of(stage, threads, from).text);
        }
    }
}

/* A state taken with some threads is gone on from with others. */
static void states(void **state)
{
    static const char spec[] =
        "image_folder list=list.csv | repeat count=4 | shuffle | decode "
        "decoder=opencv | random_resized_crop size=20,30 | batch batch_size=2";
    const test_hex rest = digest_of(spec, 1, 3);

    (void)state;
    for (uint32_t threads = 1; threads <= 7; threads += 3) {
        dp_batch *b = NULL;
        dp_pipeline *p;
        dp_state s;
        assert_ok(open_with(TEST_GOLDEN "/jpeg", spec, threads, &p));
        for (int i = 0; i < 3; i++)
            assert_ok(dp_next(p, &b, &test_error));
        assert_ok(dp_get_state(p, &s, &test_error));
        dp_close(p);
        assert_ok(open_with(TEST_GOLDEN "/jpeg", spec, 8 - threads, &p));
        assert_ok(dp_set_state(p, &s, &test_error));
        assert_string_equal(test_stream_digest(p, UINT64_MAX).text, rest.text);
        dp_close(p);
    }
}

/* The files as they are, in one: a decoder there knows as much of the pictures as here. */
static void out_of_a_snapshot(void **state)
{
    static const char *const stages[] = {
        "",
        " | decode",
        " | shuffle | decode | random_resized_crop size=20,30 | batch batch_size=3",
        " | decode | pad padding=3 | random_rotation degrees=20 | resize size=9,9",
    };
    char folder[256], path[300], spec[600];
    dp_pipeline *p;

    (void)state;
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/files.dps", folder);
    assert_ok(open_with(TEST_GOLDEN "/jpeg", "image_folder list=list.csv", 1, &p));
    assert_ok(dp_snapshot_write(p, path, NULL, &test_error));
    dp_close(p);
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        test_hex live;
        snprintf(spec, sizeof spec, "image_folder list=list.csv%s", stages[i]);
        live = digest_of(spec, 1, 0);
        snprintf(spec, sizeof spec, "snapshot file=%s%s", path, stages[i]);
        for (uint32_t threads = 1; threads <= 7; threads += 3)
            assert_string_equal(digest_of(spec, threads, 0).text, live.text);
    }
    /* joined with others before they are decoded */
    snprintf(spec, sizeof spec,
             "snapshot file=%s | take count=2 | concat with=\"image_folder list=list.csv | skip "
             "count=2\" | decode",
             path);
    assert_string_equal(digest_of(spec, 2, 0).text,
                        digest_of("image_folder list=list.csv | decode", 1, 0).text);
    test_folder_remove(folder);
}

/* Every file that MindSpore decodes, and that is not small; or those of 37x43 alone. */
static void list_all(const char *name, bool one_size)
{
    test_lines golden = test_lines_read("pictures.txt");
    char list[6000] = "";
    size_t n = 0;

    for (size_t i = 0; i < golden.n; i++) {
        char name_of[80], decoder[20];
        int height = 0, width;
        if (sscanf(golden.line[i], "%79s %19s 3 %dx%d", name_of, decoder, &height, &width) < 4)
            continue; /* refused, or gray */
        if (strstr(name_of, ".jpg") != NULL && strcmp(decoder, "mindspore") == 0 &&
            height >= (one_size ? 37 : 16))
            n += (size_t)snprintf(list + n, sizeof list - n, "%s,0\n", name_of);
    }
    assert_true(n > 300);
    test_write("", name, list, n);
    test_lines_free(&golden);
}

/* What pictures are decoded to, where parts of them are compared with the whole. */
static const char *const settings[] = {"", "orientation=apply decoder=pillow",
                                       "decoder=pillow channels=1", "decoder=opencv"};

/* Only what a stage reads is decoded, and it is what all of it would be. */
static void parts(void **state)
{
    static const char *const stages[] = {
        "crop coordinates=5,7 size=9,6",
        "center_crop size=11,10",
        "center_crop size=40,40",
        "random_crop size=14,13 padding=3 padding_mode=reflect",
        "random_crop size=40 pad_if_needed=true padding_mode=symmetric",
        "random_resized_crop size=20,30 scale=0.01,1 ratio=1/8,8",
        "random_resized_crop size=7 interpolation=cubic",
        "random_crop size=15 | horizontal_flip | rescale rescale=1/255 | hwc2chw",
    };
    char folder[256], list[300];

    (void)state;
    test_folder(folder, sizeof folder);
    snprintf(list, sizeof list, "%s/list", folder);
    for (size_t i = 0; i < 2 * (sizeof stages / sizeof stages[0]); i++) {
        const char *behind = stages[i / 2];
        list_all(list, i % 2 == 1); /* the stages are planned once then, and are one pass */
        for (int k = 0; k < 4; k++) {
            char reader[700], stage[700];
            snprintf(reader, sizeof reader,
                     "image_folder list=%s decode=true %s | repeat count=5 | %s", list, settings[k],
                     behind);
            snprintf(stage, sizeof stage, "image_folder list=%s | decode %s | repeat count=5 | %s",
                     list, settings[k], behind);
            assert_string_equal(digest_of(reader, 2, 0).text, digest_of(stage, 2, 0).text);
        }
    }
    test_folder_remove(folder);
}

/* A stage that says not what it reads, and changes nothing, in the place of each bar: all that
 * stands before it is made whole. */
static void part_with(const char *stages, const char *between, char *out, size_t size)
{
    size_t n = 0;

    for (; *stages != '\0'; stages++)
        n += (size_t)(*stages == '|' ? snprintf(out + n, size - n, "| %s |", between)
                                     : snprintf(out + n, size - n, "%c", *stages));
    assert_true(n < size);
}

/* Stages that say what they read, one after another: no more is resampled, either, and it is what
 * all of it would be. */
static void parts_of_parts(void **state)
{
    static const char *const stages[] = {
        "resize size=30 | center_crop size=24",
        "resize size=19 antialias=true | center_crop size=16",
        "resize size=25,30 interpolation=lanczos antialias=pillow13 | random_crop size=9",
        ("resize size=50 interpolation=cubic antialias=torch | random_crop size=20 padding=9 "
         "padding_mode=reflect"),
        "resize size=40,30 interpolation=area | vertical_flip | crop coordinates=1,2 size=7,9",
        "center_crop size=40 | resize size=31 interpolation=cubic | crop coordinates=3,4 size=20",
        "pad padding=3 | resize size=21 | random_horizontal_flip | crop coordinates=0,0 size=9",
        "crop coordinates=1,1 size=12 | random_resized_crop size=30 | center_crop size=7",
        "resize size=40 | resize size=30 | resize size=20 | center_crop size=10",
        "resize size=20,30 | crop coordinates=2,0 size=18,12",
    };
    char folder[256], list[300];

    (void)state;
    test_folder(folder, sizeof folder);
    snprintf(list, sizeof list, "%s/list", folder);
    for (size_t i = 0; i < 2 * (sizeof stages / sizeof stages[0]); i++) {
        const char *behind = i % 2 == 1 ? " | rescale rescale=1/255 | hwc2chw" : "";
        char whole[700], text[1200], parts[1200];
        part_with(stages[i / 2], "random_invert prob=0", whole, sizeof whole);
        list_all(list, i % 2 == 1);
        for (int k = 0; k < 4; k++) {
            snprintf(text, sizeof text, "image_folder list=%s decode=true %s | %s%s", list,
                     settings[k], whole, behind);
            snprintf(parts, sizeof parts, "image_folder list=%s | decode %s | %s%s", list,
                     settings[k], stages[i / 2], behind);
            assert_string_equal(digest_of(text, 2, 0).text, digest_of(parts, 2, 0).text);
            snprintf(parts, sizeof parts, "image_folder list=%s decode=true %s | %s%s", list,
                     settings[k], stages[i / 2], behind);
            assert_string_equal(digest_of(text, 2, 0).text, digest_of(parts, 1, 0).text);
        }
    }
    test_folder_remove(folder);
}

/* No more than that: damage below it is not seen. */
static void no_more_than_a_part(void **state)
{
    char folder[256];
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    test_folder(folder, sizeof folder);
    test_png_class(folder, "a");
    put(folder, "a/0.jpg", "jpeg/cut.jpg");
    for (int i = 0; i < 4; i++) {
        static const char *const texts[] = {
            "image_folder | decode | crop coordinates=0,0 size=8,43",
            ("image_folder | decode | resize size=18,20 | center_crop size=10 | crop "
             "coordinates=0,0 size=1"),
            "image_folder | decode | crop coordinates=29,0 size=8,1",
            "image_folder | decode | resize size=18,20 | crop coordinates=17,0 size=1"};
        assert_ok(open_with(folder, texts[i], 1, &p));
        assert_int_equal(dp_next(p, &b, &test_error), i < 2 ? DP_OK : DP_ECORRUPT);
        dp_close(p);
        b = NULL;
    }
    test_folder_remove(folder);
}

static void make_photographs(char *folder, size_t size)
{
    test_folder(folder, size);
    test_png_class(folder, "a");
    for (int i = 0; i < 12; i++) {
        uint8_t *bytes;
        const size_t n = test_jpeg(375 - i, 500 - i, 3, i % 4 == 0, &bytes);
        char name[20];
        snprintf(name, sizeof name, "a/%d.jpg", i);
        test_write(folder, name, bytes, n);
        free(bytes);
    }
}

/* All memory is taken at open, and it is at most 64 MiB above the batches. */
static void memory(void **state)
{
    static const char *const readers[] = {"image_folder | decode", "image_folder decode=true"};
    const uint64_t batch = 4ull * 3 * 224 * 224 * 4;
    char folder[256], spec[300];

    (void)state;
    make_photographs(folder, sizeof folder);
    for (int i = 0; i < 2; i++) {
        test_allocator counter;
        dp_options options = {.size = sizeof options, .root = folder, .threads = 2, .prefetch = 2};
        dp_batch *b = NULL;
        dp_pipeline *p = NULL;
        unsigned long taken;
        dp_status status = DP_OK;
        test_allocator_init(&counter);
        options.alloc = &counter.hooks;
        snprintf(spec, sizeof spec,
                 "%s | random_resized_crop size=224 | random_horizontal_flip | rescale "
                 "rescale=1/255 | hwc2chw | batch batch_size=4 | repeat count=3",
                 readers[i]);
        assert_ok(dp_open(&p, spec, 1, &options, &test_error));
        taken = counter.n;
        assert_true(counter.most < 5 * batch + (64 << 20));
        while (status == DP_OK)
            status = dp_next(p, &b, &test_error);
        assert_int_equal(status, DP_END);
        assert_int_equal(counter.n, taken);
        dp_close(p);
        assert_int_equal(counter.live, 0);
        /* so little is enough */
        options.memory = 5 * batch + (64 << 20);
        assert_ok(dp_open(&p, spec, 1, &options, &test_error));
        dp_close(p);
    }
    test_folder_remove(folder);
}

/* What MindSpore 2.10.0 delivered: ImageFolderDataset, Decode, Resize, HorizontalFlip, batch(2), of
 * the files in their order (tests/golden/serialized/image_folder.json). */
static void as_mindspore(void **state)
{
    static const char list[] = "420.jpg,0\n422.jpg,0\nexif6.jpg,0\n444e.jpg,1\ngray.jpg,1\n"
                               "progressive.jpg,1\n";
    static const char *const wanted[] = {
        "b107cb65556bd147d690fa740eb634a79193f510a12d8e4f09907909d87697c5",
        "95af67bcc498523136ca93fb6ea83d933ae40ca391091662a392995228de6038",
        "4756a56e68e192b64c61e338ca43a2118c8a01796ca8cf6debd06565130e7fd7"};
    char folder[256], spec[600];
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    test_folder(folder, sizeof folder);
    test_write(folder, "list", list, sizeof list - 1);
    snprintf(spec, sizeof spec,
             "image_folder list=%s/list | decode | resize size=20,24 | horizontal_flip | batch "
             "batch_size=2",
             folder);
    assert_ok(open_with(TEST_GOLDEN "/jpeg", spec, 1, &p));
    for (int i = 0; i < 3; i++) {
        const dp_tensor *image;
        assert_ok(dp_next(p, &b, &test_error));
        image = dp_batch_get(b, "image");
        assert_string_equal(test_sha256(image->data, test_bytes(image)).text, wanted[i]);
    }
    dp_close(p);
    test_folder_remove(folder);
}

/* What MindSpore 2.10.0 delivered of a folder for each class: some of them, with numbers of their
 * own, and JPEG of which a part is decoded (tests/golden/serialized/image_folder_classes.json). */
static void as_mindspore_by_class(void **state)
{
    static const char spec[] =
        "image_folder classes=bird,dog unlisted=skip extensions=.jpg | "
        "type_cast column=label data_type=int32 | map_label labels=4,7 | "
        "decode edges=library | random_resized_crop size=20,24 scale=1,1 ratio=0.5,0.5 | "
        "batch batch_size=3";
    static const char wanted[] = "be4438244d1244bad5b0f1832febcef0a764fe69b5cc9c9818c34d6094ab2a31";
    const dp_tensor *image;
    char folder[256];
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    test_folder(folder, sizeof folder);
    test_png_class(folder, "cat");
    test_png_class(folder, "dog");
    put(folder, "cat/0.jpg", "jpeg/420.jpg");
    put(folder, "dog/444e.jpg", "jpeg/444e.jpg");
    put(folder, "dog/gray.jpg", "jpeg/gray.jpg");
    put(folder, "dog/progressive.jpg", "jpeg/progressive.jpg");
    put(folder, "dog/x.JPG", "jpeg/420.jpg"); /* another extension */
    assert_ok(open_with(folder, spec, 1, &p));
    assert_non_null(strstr(notes, "the folder cat is not one of classes: left out"));
    assert_int_equal(dp_length(p), 1);
    assert_ok(dp_next(p, &b, &test_error));
    for (int i = 0; i < 3; i++)
        assert_int_equal(((const int32_t *)dp_batch_get(b, "label")->data)[i], 7);
    image = dp_batch_get(b, "image");
    assert_string_equal(test_sha256(image->data, test_bytes(image)).text, wanted);
    dp_close(p);
    expect_failure(folder, "image_folder classes=dog", DP_ECORRUPT,
                   "the folder cat is not one of classes=dog");
    expect_failure(folder, "image_folder unlisted=skip", DP_ESPEC, "unlisted=skip needs classes");
    expect_failure(folder, "image_folder extensions=jpg", DP_ESPEC,
                   "extensions begin with a dot: .jpg,.png");
    expect_failure(folder, "image_folder extensions=.bmp", DP_EIO, "has no folder with .bmp files");
    test_folder_remove(folder);
}

/* Only where it is asked for. */
static void edges(void **state)
{
    static const char *const stages[] = {"decode", "decode edges=exact", "decode edges=library"};
    test_hex seen[3];

    (void)state;
    for (int i = 0; i < 3; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "image_folder list=list.csv | %s | crop coordinates=0,8 size=9,8", stages[i]);
        seen[i] = digest_of(text, 1, 0);
    }
    assert_string_equal(seen[0].text, seen[1].text);
    assert_string_not_equal(seen[0].text, seen[2].text);
}

/* ---- damage ---- */

static void make_damaged(char *folder, size_t size)
{
    test_folder(folder, size);
    test_png_class(folder, "a");
    put(folder, "a/0.jpg", "jpeg/420.jpg");
    put(folder, "a/1.jpg", "jpeg/cut.jpg");
    put(folder, "a/2.jpg", "jpeg/444.jpg");
    put(folder, "a/3.jpg", "jpeg/bits12.jpg");
    test_write(folder, "a/4.jpg", "", 0);
    put(folder, "a/5.jpg", "jpeg/440.jpg");
}

static void damaged_are_named(void **state)
{
    char folder[256];
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    make_damaged(folder, sizeof folder);
    expect_failure(folder, "image_folder decode=true", DP_ECORRUPT, "a/3.jpg: ");
    assert_int_equal(test_error.record, 3);
    put(folder, "a/3.jpg", "jpeg/lossless.jpg");
    expect_failure(folder, "image_folder decode=true", DP_ECORRUPT, "a/3.jpg: ");
    put(folder, "a/3.jpg", "jpeg/420.jpg");
    expect_failure(folder, "image_folder decode=true", DP_ECORRUPT,
                   "a/4.jpg is not a JPEG or PNG picture");
    put(folder, "a/4.jpg", "jpeg/420.jpg");
    assert_ok(open_with(folder, "image_folder decode=true", 1, &p));
    assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(dp_next(p, &b, &test_error), DP_ECORRUPT);
    assert_non_null(strstr(test_error.message, "a/1.jpg: the file ends early"));
    assert_int_equal(test_error.record, 1);
    dp_close(p);
    b = NULL;
    assert_ok(open_with(folder, "image_folder | decode", 1, &p));
    assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(dp_next(p, &b, &test_error), DP_ECORRUPT);
    assert_non_null(
        strstr(test_error.message, "a/1.jpg: decode: the picture: the file ends early"));
    assert_int_equal(test_error.record, 1);
    dp_close(p);
    expect_failure(folder, "image_folder decoder=opencv", DP_ESPEC,
                   "channels, decoder and orientation are of decode=true");
    expect_failure(folder, "image_folder decode=true | decode", DP_ESPEC,
                   "column image holds no files of pictures");
    expect_failure(folder, "image_folder | decode channels=2", DP_ESPEC, "channels is 1 or 3");
    test_folder_remove(folder);
}

/* The stream of the three that are sound, for every number of threads and from every place. */
static void damaged_are_skipped(void **state)
{
    static const char spec[] = "image_folder decode=true on_error=skip | repeat count=3";
    char folder[256], whole[80];
    dp_pipeline *p;
    test_hex digest;

    (void)state;
    make_damaged(folder, sizeof folder);
    for (uint32_t threads = 1; threads <= 3; threads++) {
        assert_ok(open_with(folder, spec, threads, &p));
        assert_int_equal(dp_length(p), 9);
        assert_non_null(strstr(notes, "left out: "));
        assert_non_null(strstr(notes, "a/1.jpg: the file ends early\n"));
        assert_non_null(strstr(notes, "a/3.jpg: "));
        assert_non_null(strstr(notes, "a/4.jpg is not a JPEG or PNG picture"));
        assert_non_null(
            strstr(notes, "warning: image_folder: 3 damaged pictures of 6 are left out"));
        digest = test_stream_digest(p, UINT64_MAX);
        if (threads == 1)
            snprintf(whole, sizeof whole, "%s", digest.text);
        assert_string_equal(digest.text, whole);
        dp_close(p);
    }
    test_folder_remove(folder);
    test_folder(folder, sizeof folder);
    test_png_class(folder, "a");
    put(folder, "a/0.jpg", "jpeg/cut.jpg");
    expect_failure(folder, "image_folder on_error=skip", DP_ECORRUPT, "all pictures are damaged");
    test_folder_remove(folder);
}

/* What is read is what was opened, or an error names it; encoded and decoded. */
static void changed_files(void **state)
{
    static const char *const specs[] = {"image_folder list=list | repeat",
                                        "image_folder list=list decode=true | repeat"};
    const file f = read_golden("jpeg/420.jpg"), other = read_golden("jpeg/422.jpg");

    (void)state;
    for (int i = 0; i < 2; i++) {
        char folder[256], path[300];
        dp_batch *b = NULL;
        dp_pipeline *p;
        file turned = f;
        turned.bytes[f.n - 40] ^= 1;
        test_folder(folder, sizeof folder);
        snprintf(path, sizeof path, "%s/x.jpg", folder);
        test_write(folder, "list", "x.jpg,0", 7);
        test_write(folder, "x.jpg", f.bytes, f.n);
        assert_ok(open_with(folder, specs[i], 1, &p));
        assert_ok(dp_next(p, &b, &test_error));
        test_write(folder, "x.jpg", turned.bytes, f.n);
        assert_int_equal(dp_next(p, &b, &test_error), DP_ESTATE);
        assert_non_null(strstr(test_error.message, "x.jpg changed since it was first read"));
        test_write(folder, "x.jpg", f.bytes, f.n - 9);
        assert_ok(dp_seek(p, 0, &test_error));
        assert_int_equal(dp_next(p, &b, &test_error), i == 0 ? DP_ESTATE : DP_ECORRUPT);
        assert_non_null(
            strstr(test_error.message, i == 0 ? "x.jpg changed since it was opened: it has "
                                              : "x.jpg: the file ends early"));
        test_write(folder, "x.jpg", other.bytes, other.n);
        assert_ok(dp_seek(p, 0, &test_error));
        assert_int_equal(dp_next(p, &b, &test_error), DP_ESTATE);
        unlink(path);
        assert_ok(dp_seek(p, 0, &test_error));
        assert_int_equal(dp_next(p, &b, &test_error), DP_EIO);
        assert_non_null(strstr(test_error.message, "x.jpg"));
        dp_close(p);
        test_folder_remove(folder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels),
        cmocka_unit_test(encoded),
        cmocka_unit_test(sizes_and_settings),
        cmocka_unit_test(the_stage),
        cmocka_unit_test(states),
        cmocka_unit_test(out_of_a_snapshot),
        cmocka_unit_test(parts),
        cmocka_unit_test(parts_of_parts),
        cmocka_unit_test(memory),
        cmocka_unit_test(as_mindspore),
        cmocka_unit_test(as_mindspore_by_class),
        cmocka_unit_test(edges),
        cmocka_unit_test(no_more_than_a_part),
        cmocka_unit_test(damaged_are_named),
        cmocka_unit_test(damaged_are_skipped),
        cmocka_unit_test(changed_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
