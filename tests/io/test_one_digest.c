/* test_one_digest.c - the same pictures in a folder, an archive, a TFRecord file, a MindRecord file
 * and a snapshot
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The files are those of the libraries themselves: make_webdataset.py, make_tfrecord.py and
 * make_mindrecord.py of tests/golden.
 */
#include "detpipe_snapshot.h"
#include "tests/support/test.h"

static char folder[256];

static int begin(void **state)
{
    static const char *const names[] = {"420.jpg", "422b.jpg", "444e.jpg", "gray.jpg",
                                        "progressive.jpg"};
    char lines[200] = "";

    (void)state;
    test_folder(folder, sizeof folder);
    for (int i = 0; i < 5; i++)
        snprintf(lines + strlen(lines), sizeof lines - strlen(lines), "%s,%d\n", names[i], i);
    test_write(folder, "list", lines, strlen(lines));
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static dp_pipeline *open_it(const char *spec, uint32_t threads)
{
    const dp_options options = {
        .size = sizeof options, .root = TEST_GOLDEN, .threads = threads, .prefetch = threads - 1};
    dp_pipeline *p = NULL;

    if (dp_open(&p, spec, 1, &options, &test_error) != DP_OK)
        fail_msg("%s: %s", spec, test_error.message);
    return p;
}

/* Of the whole stream, or (threads = 0) the identity of its data set. */
static test_hex digest_of(const char *spec, uint32_t threads)
{
    dp_pipeline *p = open_it(spec, threads > 0 ? threads : 1);
    uint8_t identity[16];
    test_hex digest;

    if (threads > 0) {
        digest = test_stream_digest(p, UINT64_MAX);
    } else {
        assert_ok(dp_dataset_digest(p, identity, &test_error));
        digest = test_hex_of(identity, 16);
    }
    dp_close(p);
    return digest;
}

#define TAR      "webdataset file=shards/part-{000..002}.tar"
#define TFRECORD "tfrecord file=shards/same.tfrecord fields=image:jpg:picture,label:cls:uint32"

/* FOLDER stands for that of the test. */
static const char *const containers[] = {
    TAR, TFRECORD, "image_folder dataset_dir=jpeg list=FOLDER/list",
    "mindrecord file=mindrecord/same", "snapshot file=FOLDER/x.dps"};

static void write_spec(const char *container, const char *stages, char *out, size_t size)
{
    const char *at = strstr(container, "FOLDER");

    if (at == NULL)
        snprintf(out, size, "%s | %s", container, stages);
    else
        snprintf(out, size, "%.*s%s%s | %s", (int)(at - container), container, folder, at + 6,
                 stages);
}

/* MindRecord has no uint32. */
#define AS_THEY_ARE "type_cast column=label data_type=int64 | project columns=image,label"
#define TO_PIXELS                                                                                  \
    "shuffle | decode | random_resized_crop size=20 order=mindspore | type_cast column=label "     \
    "data_type=int64 | project columns=image,label | batch batch_size=2 | repeat count=2"

static void one_digest(void **state)
{
    static const char *const stages[] = {AS_THEY_ARE, TO_PIXELS};
    char text[600];
    dp_pipeline *p = open_it(TFRECORD, 1);

    (void)state;
    snprintf(text, sizeof text, "%s/x.dps", folder);
    assert_ok(dp_snapshot_write(p, text, NULL, &test_error));
    dp_close(p);
    for (size_t s = 0; s < 2; s++) {
        test_hex first = {""};
        for (size_t i = 0; i < sizeof containers / sizeof containers[0]; i++) {
            write_spec(containers[i], stages[s], text, sizeof text);
            for (uint32_t threads = 1; threads < 8; threads += threads == 1 ? 1 : 5) {
                const test_hex digest = digest_of(text, threads);
                if (first.text[0] == '\0')
                    first = digest;
                if (strcmp(digest.text, first.text) != 0)
                    fail_msg("%s, %u threads: another digest", text, threads);
            }
        }
    }
}

/* All columns: one data set. */
static void one_identity(void **state)
{
    (void)state;
    assert_string_equal(digest_of(TAR, 0).text, digest_of(TFRECORD, 0).text);
    assert_string_equal(digest_of(TAR " fields=image:jpg,label:cls:int32", 0).text,
                        digest_of("mindrecord file=mindrecord/same", 0).text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(one_digest, begin, end),
                                       cmocka_unit_test(one_identity)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
