/* test_mindrecord.c - MindRecord files by MindSpore itself (make_mindrecord.py), and damaged ones
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/tensor.h"
#include "detpipe_snapshot.h"
#include "tests/support/test.h"

#define FILES TEST_GOLDEN "/mindrecord"

static char folder[256]; /* all of them, unpacked; tests may change what is there */

static void command(const char *format, const char *a, const char *b)
{
    char text[1024];

    snprintf(text, sizeof text, format, a, b);
    assert_int_equal(system(text), 0);
}

static int unpack(void **state)
{
    (void)state;
    test_folder(folder, sizeof folder);
    command("tar xzf " FILES "/more.tar.gz -C %s && cp " FILES "/kinds* %s", folder, folder);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static dp_status open_with(dp_pipeline **p, const char *spec, uint32_t threads,
                           const char *identities)
{
    const dp_options options = {.size = sizeof options,
                                .root = folder,
                                .threads = threads,
                                .prefetch = threads - 1,
                                .identities = identities};
    return dp_open(p, spec, 1, &options, &test_error);
}

static void add_value(test_sha256_state *h, const dp_tensor *t)
{
    const uint64_t n = test_bytes(t);
    uint8_t length[8];

    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)(n >> 8 * i);
    test_sha256_add(h, length, 8);
    test_sha256_add(h, t->data, n);
}

/* Every value of every row, as MindSpore delivered it. */
static void check_line(const char *line)
{
    char file[64], expected[80], fields[400], spec[600];
    test_sha256_state h;
    dp_pipeline *p;
    dp_batch *b = NULL;
    uint64_t n, rows = 0;
    dp_status status;

    assert_int_equal(sscanf(line, "%63s %" SCNu64 " %79s : %399[^\n]", file, &n, expected, fields),
                     4);
    snprintf(spec, sizeof spec, "mindrecord file=%s fields=%s", file, fields);
    assert_ok(open_with(&p, spec, 2, NULL));
    test_sha256_init(&h);
    while ((status = dp_next(p, &b, &test_error)) == DP_OK) {
        for (size_t c = 0; dp_column_name(p, c + 1) != NULL; c++)
            add_value(&h, dp_batch_get(b, dp_column_name(p, c)));
        rows++;
    }
    assert_int_equal(status, DP_END);
    assert_int_equal(rows, n);
    if (strcmp(test_sha256_final(&h).text, expected) != 0)
        fail_msg("%s: other values than MindSpore's", spec);
    dp_close(p);
}

static void what_mindspore_delivers(void **state)
{
    test_lines lines = test_lines_read("mindrecord.txt");

    (void)state;
    assert_true(lines.n >= 10);
    for (size_t i = 0; i < lines.n; i++)
        check_line(lines.line[i]);
    test_lines_free(&lines);
}

static char *const *fresh; /* by tests/io/test_live_mindrecord.sh: a folder, and the lines of it */

static void fresh_files(void **state)
{
    FILE *f = fopen(fresh[1], "r");
    char line[700];

    (void)state;
    assert_non_null(f);
    snprintf(folder, sizeof folder, "%s", fresh[0]);
    while (fgets(line, sizeof line, f) != NULL)
        check_line(line);
    fclose(f);
}

static test_hex digest_of(const char *spec, uint32_t threads, uint64_t from, const char *identities)
{
    dp_pipeline *p;
    test_hex digest;

    assert_ok(open_with(&p, spec, threads, identities));
    assert_ok(dp_seek(p, from, &test_error));
    digest = test_stream_digest(p, UINT64_MAX);
    dp_close(p);
    return digest;
}

static const char varied[] = "mindrecord file=kinds.mindrecord | shuffle | decode column=data | "
                             "random_resized_crop column=data size=9 | repeat count=3";

static void threads_and_places_are_equal(void **state)
{
    const test_hex all = digest_of(varied, 1, 0, NULL), later = digest_of(varied, 1, 11, NULL);
    dp_state at;
    dp_pipeline *p;
    dp_batch *b = NULL;

    (void)state;
    for (uint32_t threads = 2; threads <= 7; threads += 5) {
        assert_string_equal(digest_of(varied, threads, 0, NULL).text, all.text);
        assert_string_equal(digest_of(varied, threads, 11, "kept").text, later.text);
    }
    assert_ok(open_with(&p, varied, 2, "kept"));
    for (int i = 0; i < 11; i++)
        assert_ok(dp_next(p, &b, &test_error));
    assert_ok(dp_get_state(p, &at, &test_error));
    dp_close(p);
    assert_ok(open_with(&p, varied, 1, NULL));
    assert_ok(dp_set_state(p, &at, &test_error));
    assert_string_equal(test_stream_digest(p, UINT64_MAX).text, later.text);
    dp_close(p);
}

/* The pictures of a folder, in a MindRecord file and in a snapshot of that, are one stream. */
static void one_digest_of_three_containers(void **state)
{
    const char *rest = " | project columns=data | decode column=data | resize column=data size=8,8";
    char text[3][600], list[512];
    dp_pipeline *p;

    (void)state;
    snprintf(list, sizeof list,
             "420.jpg,0\n420b.jpg,0\n422c.jpg,0\n444d.jpg,0\nexif6.jpg,0\n"
             "420e.jpg,0\ngray.jpg,0\n");
    test_write(folder, "list.csv", list, strlen(list));
    snprintf(text[0], sizeof text[0], "mindrecord file=kinds.mindrecord%s", rest);
    snprintf(text[1], sizeof text[1],
             "image_folder dataset_dir=" TEST_GOLDEN "/jpeg list=list.csv | rename "
             "input_columns=image output_columns=data%s",
             rest);
    snprintf(text[2], sizeof text[2], "snapshot file=kinds.dps%s", rest);
    assert_ok(open_with(&p, "mindrecord file=kinds.mindrecord", 1, NULL));
    snprintf(list, sizeof list, "%s/kinds.dps", folder);
    assert_ok(dp_snapshot_write(p, list, NULL, &test_error));
    dp_close(p);
    for (int i = 1; i < 3; i++)
        assert_string_equal(digest_of(text[i], 1, 0, NULL).text,
                            digest_of(text[0], 1, 0, NULL).text);
}

/* MindSpore opens the file of the old name. */
static void a_renamed_copy_reads_itself(void **state)
{
    const char *spec = "mindrecord file=packed";

    (void)state;
    command("cd %s && cp kinds.mindrecord other && cp kinds.mindrecord.db other.db%s", folder, "");
    assert_string_equal(digest_of("mindrecord file=other", 1, 0, NULL).text,
                        digest_of("mindrecord file=kinds.mindrecord", 1, 0, NULL).text);
    command(
        "cd %s && cp packed old && cp packed.db old.db && cp reals packed && cp reals.db packed.db"
        "%s",
        folder, "");
    assert_string_equal(digest_of(spec, 1, 0, NULL).text,
                        digest_of("mindrecord file=reals", 1, 0, NULL).text);
    command("cd %s && mv old packed && mv old.db packed.db%s", folder, "");
}

static void refused(const char *spec, dp_status status, const char *words)
{
    dp_pipeline *p = NULL;
    dp_batch *b = NULL;
    dp_status got = open_with(&p, spec, 1, NULL);

    while (got == DP_OK)
        got = dp_next(p, &b, &test_error);
    dp_close(p);
    if (got != status || strstr(test_error.message, words) == NULL)
        fail_msg("%s: %d '%s' is not %d '%s'", spec, got, test_error.message, status, words);
}

static void sets_are_whole(void **state)
{
    (void)state;
    refused("mindrecord file=shards0", DP_ESPEC, "shards0 is one of 4 files that were written to");
    refused("mindrecord file=shards{0..2}", DP_ESPEC, "file= names 3 of them");
    refused("mindrecord file=shards{0,1,2,2}", DP_ESPEC, "are the same file of a set");
    refused("mindrecord file=kinds.mindrecord::reals", DP_ECORRUPT, "reals has other columns than");
    refused("mindrecord file=numbers", DP_ESPEC, "two columns 'id'");
    refused("mindrecord file=numbers fields=x:y", DP_ESPEC, "no column 'y'");
    refused("mindrecord file=numbers fields=x:v:float32", DP_ESPEC, "has a type of its own");
    refused("mindrecord file=" TEST_GOLDEN "/cifar10/test_batch.bin", DP_ECORRUPT,
            "is not a MindRecord file");
}

/* What a change of the index leads to: an error that names the record or the file. */
static void a_changed_index_is_refused(void **state)
{
    static const struct {
        const char *sql, *words;
    } changes[] = {
        {"UPDATE INDEXES SET PAGE_OFFSET_BLOB_END = 20000 WHERE ROW_ID = 2",
         "lies where no page has a row"},
        {"UPDATE INDEXES SET PAGE_OFFSET_BLOB_END = PAGE_OFFSET_BLOB_END - 1 WHERE ROW_ID = 2",
         "its length is not that of the index"},
        {"UPDATE INDEXES SET PAGE_OFFSET_BLOB = PAGE_OFFSET_BLOB + 1 WHERE ROW_ID = 2",
         "record 2 of "},
        {"UPDATE INDEXES SET PAGE_OFFSET_RAW = -1 WHERE ROW_ID = 1", "record 1 of "},
        {"UPDATE INDEXES SET PAGE_OFFSET_RAW = 'x' WHERE ROW_ID = 1", "record 1 of "},
        {"UPDATE INDEXES SET PAGE_ID_RAW = 0 WHERE ROW_ID = 3", "record 3 of "},
        {"UPDATE INDEXES SET PAGE_ID_BLOB = 7 WHERE ROW_ID = 3", "record 3 of "},
        {"UPDATE INDEXES SET ROW_GROUP_ID = 1 WHERE ROW_ID = 3", "record 3 of "},
        {"UPDATE INDEXES SET ROW_ID = 7 WHERE ROW_ID = 6", "a row that the file has not"},
        {"UPDATE INDEXES SET ROW_ID = 5, INC_0 = 9 WHERE ROW_ID = 6", "or one twice"},
        {"DELETE FROM INDEXES WHERE ROW_ID = 6", "has 6 rows: its file has 7"},
        {"UPDATE SHARD_NAME SET NAME = 'x'", "is the index of another file"},
        {"DELETE FROM SHARD_NAME", "is the index of another file"},
        {"DROP TABLE INDEXES", "no such table: INDEXES"},
        {"ALTER TABLE INDEXES RENAME TO OLD; CREATE VIEW INDEXES AS SELECT * FROM OLD",
         "is damaged"},
    };
    char path[512];

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        sqlite3 *db;
        command("cp " FILES "/kinds.mindrecord.db %s/%s", folder, "kinds.mindrecord.db");
        snprintf(path, sizeof path, "%s/kinds.mindrecord.db", folder);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, changes[i].sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
        refused("mindrecord file=kinds.mindrecord", DP_ECORRUPT, changes[i].words);
    }
    command("cp " FILES "/kinds.mindrecord.db %s/%s", folder, "kinds.mindrecord.db");
}

/* With an index of ours that is kept, too: another .db is another data set. */
static void a_kept_index_knows_the_db(void **state)
{
    dp_pipeline *p = NULL;

    (void)state;
    (void)digest_of("mindrecord file=reals", 1, 0, "kept");
    command("cp %s/packed.db %s/reals.db", folder, folder);
    assert_int_equal(open_with(&p, "mindrecord file=reals", 1, "kept"), DP_ECORRUPT);
    command("tar xzf " FILES "/more.tar.gz -C %s reals.db%s", folder, "");
}

/* No cut is a silent end, no other byte a fault; a byte of a part's length is seen. */
static void a_cut_is_seen(void **state)
{
    struct stat st;
    char path[512];

    (void)state;
    snprintf(path, sizeof path, "%s/kinds.mindrecord", folder);
    assert_int_equal(stat(path, &st), 0);
    for (long size = st.st_size - 1; size >= 0; size -= 1 + size / 40) {
        assert_int_equal(truncate(path, size), 0);
        refused("mindrecord file=kinds.mindrecord", DP_ECORRUPT,
                size > 4096 ? "kinds.mindrecord is cut: it has " : "kinds.mindrecord");
    }
    command("cp " FILES "/kinds.mindrecord %s/%s", folder, "kinds.mindrecord");
    snprintf(path, sizeof path, "%s/kinds.mindrecord.db", folder);
    for (long size = 16383; size >= 0; size -= 1 + size / 20) {
        assert_int_equal(truncate(path, size), 0);
        refused("mindrecord file=kinds.mindrecord", DP_ECORRUPT, "kinds.mindrecord.db");
    }
    assert_int_equal(unlink(path), 0);
    refused("mindrecord file=kinds.mindrecord", DP_EIO, "kinds.mindrecord.db");
    command("cp " FILES "/kinds.mindrecord.db %s/%s", folder, "kinds.mindrecord.db");
}

/* A file that is swapped under an open stream: a record that was read is another one then. */
static void a_change_is_seen(void **state)
{
    dp_pipeline *p;
    dp_batch *b = NULL;
    char path[512];
    FILE *f;

    (void)state;
    assert_ok(open_with(&p, "mindrecord file=kinds.mindrecord", 1, NULL));
    assert_ok(dp_seek(p, 6, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    snprintf(path, sizeof path, "%s/kinds.mindrecord", folder);
    f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, -3, SEEK_END), 0); /* of the last row's real */
    fputc(0x55, f);
    fclose(f);
    assert_ok(dp_seek(p, 6, &test_error));
    assert_int_equal(dp_next(p, &b, &test_error), DP_ESTATE);
    assert_non_null(strstr(test_error.message, "record 6 of "));
    assert_non_null(strstr(test_error.message, "changed"));
    dp_close(p);
    command("cp " FILES "/kinds.mindrecord %s/%s", folder, "kinds.mindrecord");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest live[] = {cmocka_unit_test(fresh_files)};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_mindspore_delivers),
        cmocka_unit_test(threads_and_places_are_equal),
        cmocka_unit_test(one_digest_of_three_containers),
        cmocka_unit_test(a_renamed_copy_reads_itself),
        cmocka_unit_test(sets_are_whole),
        cmocka_unit_test(a_changed_index_is_refused),
        cmocka_unit_test(a_kept_index_knows_the_db),
        cmocka_unit_test(a_cut_is_seen),
        cmocka_unit_test(a_change_is_seen),
    };

    fresh = argv + 1;
    return argc == 3 ? cmocka_run_group_tests(live, NULL, NULL)
                     : cmocka_run_group_tests(tests, unpack, clean);
}
