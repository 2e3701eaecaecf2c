/* test_snapshot.c - snapshots: the same stream, every flipped byte found, repaired, resumed
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "tests/support/png.h"
#include "tests/support/snapshot.h"

#define ROWS    SMALL_CIFAR " usage=test | take count=11 | resize size=4"
#define FLOATS  ROWS " | rescale rescale=1/255 | hwc2chw"
#define VARIES  "snapshot file=../snapshot/varies.dps" /* pictures of various sizes */
#define BATCHES FLOATS " | shuffle | batch batch_size=4 | repeat count=3"

static const char *const folder = test_work, *const path = test_snapshot_path;

static test_hex digest_of(const char *spec, uint32_t threads)
{
    dp_pipeline *p = test_open(spec, threads, threads);
    const test_hex h = test_stream_digest(p, UINT64_MAX);
    dp_close(p);
    return h;
}

/* ---- the same stream ---- */

typedef struct form {
    const char *spec, *compression;
    uint64_t block_size, shard_size;
    bool batched;
} form;

static const form forms[] = {
    {ROWS, "none", 0, 0, false},
    {ROWS, "none", 1, 0, false},
    {ROWS, "none", 200, 400, false},
    {ROWS, "lz4", 0, 0, false},
    {ROWS, "lz4hc", 200, 0, false},
    {ROWS " | shuffle | repeat count=2", "lz4", 150, 300, false},
    {BATCHES, "none", 0, 0, true},
    {BATCHES, "lz4", 0, 0, true},
    {BATCHES, "lz4hc", 1000, 2000, true},
    {FLOATS " | batch batch_size=4 | shuffle | skip count=1", "lz4", 0, 0, true},
    {FLOATS " | batch batch_size=5 | shard num_shards=3 shard_id=2", "none", 0, 0, true},
    {ROWS " | batch batch_size=1 | shard num_shards=2 shard_id=0", "none", 0, 0, true},
    {ROWS " | type_cast data_type=float64 | project columns=image | batch batch_size=100", "lz4", 0,
     0, true},
    {FLOATS " | type_cast data_type=float16 | type_cast column=label data_type=int16", "lz4", 0, 0,
     false},
    {SMALL_CIFAR " | take count=7 | one_hot column=label num_classes=10", "lz4", 0, 0, false},
    {"range count=300 num_classes=7", "lz4", 512, 2048, false},
    {"synthetic num_records=300 | skip count=280 | resize size=4 | rescale rescale=1/255", "lz4", 0,
     0, false}, /* ids of two bytes */
    {"range count=0", "none", 0, 0, false},
    {"range count=0 | batch batch_size=3", "lz4", 0, 0, true},
    {"range count=9 | batch batch_size=3 | skip count=3", "none", 0, 64, true},
    {VARIES, "none", 0, 0, false},
    {VARIES, "none", 1, 0, false},
    {VARIES " | shuffle | repeat count=3", "none", 200, 400, false},
    {VARIES " | pad padding=1 | to_tensor", "lz4", 0, 0, false},
    {VARIES " | take count=1", "lz4", 0, 0, false}, /* fewer than the bounds that are known */
    {VARIES " | project columns=image | hwc2chw", "lz4hc", 500, 1000, false},
    {VARIES " | skip count=6", "none", 0, 0, false},
};
#define N_FORMS (sizeof forms / sizeof forms[0])

static dp_snapshot_options options_of(const form *f, int resume)
{
    return (dp_snapshot_options){.size = sizeof(dp_snapshot_options),
                                 .compression = f->compression,
                                 .block_size = f->block_size,
                                 .shard_size = f->shard_size,
                                 .resume = resume};
}

static void write_form(const form *f, uint32_t threads)
{
    const dp_snapshot_options options = options_of(f, 0);

    assert_ok(test_snapshot_write(f->spec, threads, path, &options));
}

static void reading_gives_the_stream(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FORMS; i++) {
        char text[400];
        test_hex live = digest_of(forms[i].spec, 1);
        write_form(&forms[i], 1);
        snprintf(text, sizeof text, "snapshot file=%s%s", path,
                 forms[i].batched ? " batched=true" : "");
        for (uint32_t threads = 1; threads < 6; threads += 2)
            assert_string_equal(digest_of(text, threads).text, live.text);
        test_snapshot_check(path, false);
    }
}

/* An empty stream of batches has none, and is not a stream of rows for that. */
static void info_tells_rows_from_batches(void **state)
{
    int n_empty = 0;

    (void)state;
    for (size_t i = 0; i < N_FORMS; i++) {
        const dp_snapshot_info *info;
        dp_snapshot *s = NULL;
        write_form(&forms[i], 1);
        assert_ok(dp_snapshot_open(&s, path, NULL, &test_error));
        info = dp_snapshot_get_info(s);
        assert_int_equal(info->batch_size != 0, forms[i].batched);
        assert_true(forms[i].batched || info->n_batches == 0);
        if (forms[i].batched && info->n_batches == 0) { /* batches may hold no row of a shard */
            assert_int_equal(info->batch_size, 3);
            n_empty++;
        }
        dp_snapshot_close(s);
    }
    assert_int_equal(n_empty, 2);
}

/* The bytes are a function of the stream and the options. */
static void files_are_equal_for_every_thread_count(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FORMS; i++) {
        test_bytes_of one, seven;
        write_form(&forms[i], 1);
        one = test_read_all(folder);
        write_form(&forms[i], 7);
        seven = test_read_all(folder);
        assert_int_equal(one.size, seven.size);
        assert_memory_equal(one.bytes, seven.bytes, one.size);
        free(one.bytes);
        free(seven.bytes);
    }
}

static void the_golden_file_is_written_again(void **state)
{
    const dp_snapshot_options options = {.size = sizeof options, .block_size = 1024};
    test_bytes_of written, golden = test_read_file(TEST_GOLDEN "/snapshot/rows.dps");

    (void)state;
    assert_ok(test_snapshot_write(SMALL_CIFAR " usage=test | take count=6 | shuffle | resize size=8"
                                              " | repeat count=2",
                                  2, path, &options));
    written = test_read_file(path);
    assert_int_equal(written.size, golden.size);
    assert_memory_equal(written.bytes, golden.bytes, golden.size);
    free(written.bytes);
    free(golden.bytes);
}

/* The rows of batches, as a data set for another pipeline. */
/* Rows that differ in shape have a format of their own, which stays, too. */
static void the_golden_file_of_shapes_is_written_again(void **state)
{
    static const int sides[][2] = {{1, 1}, {3, 2}, {2, 5}, {1, 1}, {4, 1}, {2, 5}};
    const dp_snapshot_options how = {.size = sizeof how, .block_size = 100};
    const dp_options options = {.size = sizeof options, .threads = 1, .root = folder};
    test_bytes_of written, golden = test_read_file(TEST_GOLDEN "/snapshot/varies.dps");
    dp_pipeline *p;

    (void)state;
    test_png_class(folder, "pictures");
    test_png_class(folder, "pictures/c");
    for (int i = 0; i < 6; i++) {
        uint8_t pixels[3 * 10];
        char name[40];
        for (int k = 0; k < 30; k++)
            pixels[k] = (uint8_t)(i * 37 + k * k * 11);
        snprintf(name, sizeof name, "pictures/c/%d.png", i);
        test_png_write(folder, name, sides[i][0], sides[i][1], 3, pixels);
    }
    assert_ok(dp_open(&p, "png_folder dataset_dir=pictures classes=c", 1, &options, &test_error));
    assert_ok(dp_snapshot_write(p, path, &how, &test_error));
    dp_close(p);
    written = test_read_file(path);
    assert_int_equal(written.size, golden.size);
    assert_memory_equal(written.bytes, golden.bytes, golden.size);
    free(written.bytes);
    free(golden.bytes);
}

static void rows_of_batches(void **state)
{
    char text[500];

    (void)state;
    write_form(&forms[7], 2);
    snprintf(text, sizeof text, "snapshot file=%s | batch batch_size=4 | repeat", path);
    dp_pipeline *p = test_open(text, 2, 1);
    dp_pipeline *q = test_open(FLOATS " | shuffle | repeat count=3 | batch batch_size=4", 2, 1);
    assert_string_equal(test_stream_digest(p, 8).text, test_stream_digest(q, 8).text);
    dp_close(p);
    dp_close(q);
}

static void the_digest_of_the_data_set_stays(void **state)
{
    uint8_t live[16], read[16];
    char text[400];

    (void)state;
    write_form(&(const form){SMALL_CIFAR, "lz4", 0, 0, false}, 2);
    dp_pipeline *p = test_open(SMALL_CIFAR, 1, 0);
    assert_ok(dp_dataset_digest(p, live, &test_error));
    dp_close(p);
    snprintf(text, sizeof text, "snapshot file=%s | shuffle", path);
    p = test_open(text, 1, 0);
    assert_ok(dp_dataset_digest(p, read, &test_error));
    dp_close(p);
    assert_memory_equal(live, read, 16);
}

/* ---- states ---- */

static void go_on(const char *from, const char *to, uint64_t at)
{
    dp_pipeline *p = test_open(from, 2, 1), *q = test_open(to, 1, 0);
    test_hex there, here;
    dp_state state;

    assert_ok(dp_seek(p, at, &test_error));
    assert_ok(dp_get_state(p, &state, &test_error));
    assert_ok(dp_set_state(q, &state, &test_error));
    assert_int_equal(dp_tell(q), at);
    there = test_stream_digest(p, UINT64_MAX);
    here = test_stream_digest(q, UINT64_MAX);
    assert_string_equal(there.text, here.text);
    dp_close(p);
    dp_close(q);
}

static void states_go_on_in_the_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_FORMS; i++) {
        dp_pipeline *p = test_open(forms[i].spec, 1, 0);
        const uint64_t length = dp_length(p);
        char text[400];
        dp_close(p);
        write_form(&forms[i], 2);
        snprintf(text, sizeof text, "snapshot file=%s%s", path,
                 forms[i].batched ? " batched=true" : "");
        for (uint64_t at = 0; at <= length; at += 1 + length / 7) {
            go_on(forms[i].spec, text, at);
            go_on(text, forms[i].spec, at);
        }
    }
}

/* What is more or less than the stream that was written is another stream. */
static void states_of_other_streams_are_refused(void **state)
{
    const char *others[] = {"", " | skip count=1", " batched=true | shuffle"};
    dp_pipeline *p = test_open(BATCHES, 1, 0), *q;
    dp_state live;
    char text[400];

    (void)state;
    write_form(&forms[7], 1);
    assert_ok(dp_get_state(p, &live, &test_error));
    dp_close(p);
    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "snapshot file=%s%s", path, others[i]);
        q = test_open(text, 1, 0);
        assert_int_equal(dp_set_state(q, &live, &test_error), DP_ESTATE);
        dp_close(q);
    }
}

/* ---- damage ---- */

/* Small: each byte of the files is flipped in turn. */
static const form small[] = {
    {SMALL_CIFAR " usage=test | take count=5 | resize size=2", "none", 50, 0, false},
    {SMALL_CIFAR " usage=test | take count=6 | crop coordinates=0,0 size=2,9 | to_tensor | batch "
                 "batch_size=4",
     "lz4", 500, 0, true},
    {"range count=40 num_classes=3", "lz4", 256, 0, false},
    {"range count=40 num_classes=3", "lz4", 128, 256, false},
    {VARIES, "none", 200, 0, false},
    {VARIES " | project columns=image | to_tensor", "lz4", 2000, 0, false},
    {VARIES " | project columns=image", "none", 200, 400, false},
};
#define N_SMALL (sizeof small / sizeof small[0])

/* The stream as it was, or an error that is DP_ECORRUPT. */
static bool reads_the_same(const form *f, const char *live)
{
    const dp_options options = {.size = sizeof options, .threads = 1};
    uint8_t both[32] = {0};
    dp_batch *b = NULL;
    dp_pipeline *p = NULL;
    char text[400];
    dp_status status;

    snprintf(text, sizeof text, "snapshot file=%s%s", path, f->batched ? " batched=true" : "");
    status = dp_open(&p, text, 1, &options, &test_error);
    while (status == DP_OK && (status = dp_next(p, &b, &test_error)) == DP_OK) {
        dp_batch_digest(b, both + 16);
        dp_digest(both, sizeof both, both);
    }
    dp_close(p);
    assert_true(status == DP_END || status == DP_ECORRUPT);
    if (status == DP_END)
        assert_string_equal(test_hex_of(both, 16).text, live);
    return status == DP_END;
}

typedef void on_flip(const form *, const char *file, size_t at, const test_bytes_of *whole);

static void flip_each(const form *f, on_flip *look)
{
    test_names names;

    write_form(f, 1);
    names = test_names_of(folder);
    for (size_t n = 0; n < names.n; n++) {
        test_bytes_of whole = test_read_file(names.name[n]);
        for (size_t at = 0; at < whole.size; at++) {
            whole.bytes[at] ^= (uint8_t)(1 << at % 8);
            test_write_at(names.name[n], at, whole.bytes + at, 1);
            whole.bytes[at] ^= (uint8_t)(1 << at % 8);
            look(f, names.name[n], at, &whole);
            test_write_at(names.name[n], at, whole.bytes + at, 1);
        }
        free(whole.bytes);
    }
    test_names_free(&names);
}

static size_t n_harmless;

static void look_for_it(const form *f, const char *file, size_t at, const test_bytes_of *whole)
{
    if (!test_snapshot_check(path, true))
        fail_msg("byte %zu of %zu of %s: nothing is found", at, whole->size, file);
    n_harmless += reads_the_same(f, digest_of(f->spec, 1).text);
}

static void every_flipped_byte_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SMALL; i++) {
        n_harmless = 0;
        flip_each(&small[i], look_for_it);
        print_message("%s, %s: %zu flips change no delivered byte\n", small[i].spec,
                      small[i].compression, n_harmless);
    }
}

/* A damaged header is refused; all else is made again, byte for byte. */
static void repair_it(const form *f, const char *file, size_t at, const test_bytes_of *whole)
{
    test_bytes_of after;
    const dp_status status = test_snapshot_repair(path, f->spec);

    if (strcmp(file, path) == 0 && at < test_header_size(whole)) {
        assert_int_equal(status, DP_ECORRUPT);
        return;
    }
    if (status != DP_OK)
        fail_msg("byte %zu of %s: %s", at, file, test_error.message);
    after = test_read_file(file);
    assert_int_equal(after.size, whole->size);
    assert_memory_equal(after.bytes, whole->bytes, whole->size);
    free(after.bytes);
}

static void every_flipped_byte_is_repaired(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SMALL; i++)
        flip_each(&small[i], repair_it);
}

/* A file that was cut, or has bytes behind its end. */
static void other_sizes_are_repaired(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SMALL; i++) {
        test_names names;
        write_form(&small[i], 1);
        names = test_names_of(folder);
        for (size_t n = 0; n < names.n; n++) {
            test_bytes_of whole = test_read_file(names.name[n]), after;
            const size_t first = strcmp(names.name[n], path) == 0 ? test_header_size(&whole) : 0;
            for (size_t size = first; size < whole.size + 70; size += 7) {
                if (size == whole.size)
                    continue;
                assert_int_equal(truncate(names.name[n], (off_t)size), 0);
                assert_true(test_snapshot_check(path, true));
                if (test_snapshot_repair(path, small[i].spec) != DP_OK)
                    fail_msg("%s, %s: cut to %zu of %zu: %s", small[i].spec, names.name[n], size,
                             whole.size, test_error.message);
                after = test_read_file(names.name[n]);
                assert_int_equal(after.size, whole.size);
                assert_memory_equal(after.bytes, whole.bytes, whole.size);
                free(after.bytes);
            }
            free(whole.bytes);
        }
        test_names_free(&names);
    }
}

/* A header that promises 2^40 blocks and nothing behind it: said in a line, not block by block. */
static void a_promise_is_not_looked_for(void **state)
{
    test_bytes_of file;
    dp_snapshot_damage damage;
    dp_snapshot *s;
    uint32_t header;

    (void)state;
    write_form(&(const form){"range count=40", "none", 1, 0, false}, 1);
    file = test_read_file(path);
    header = (uint32_t)test_header_size(&file);
    memcpy(file.bytes + 56, &(const uint64_t){(uint64_t)1 << 40}, 8);
    memcpy(file.bytes + header - 8, &(const uint64_t){dp_hash64(file.bytes, header - 8)}, 8);
    assert_int_equal(truncate(path, header), 0);
    test_write_at(path, 0, file.bytes, header);
    free(file.bytes);
    assert_ok(dp_snapshot_open(&s, path, NULL, &test_error));
    assert_ok(dp_snapshot_check(s, NULL, &damage, &test_error));
    assert_int_equal(damage.blocks, (uint64_t)1 << 40);
    dp_snapshot_close(s);
}

/* ---- what a file may say, with all checks right ---- */

static void put(test_bytes_of *f, size_t at, uint64_t value, size_t n)
{
    dp_store_le(f->bytes + at, n, value);
}

/* The header's check is the key of every block and of the footer: a file of no blocks. */
static void seal(test_bytes_of *f)
{
    const size_t header = test_header_size(f);
    uint8_t *footer = f->bytes + f->size - 64;

    put(f, header - 8, dp_hash64(f->bytes, header - 8), 8);
    memcpy(footer + 40, f->bytes + header - 8, 8);
    put(f, f->size - 8, dp_hash64(footer, 56), 8);
    assert_int_equal(truncate(path, 0), 0);
    test_write_at(path, 0, f->bytes, f->size);
}

/* Columns that contradict themselves: of the golden file without its rows, in which image begins
 * at byte 104: type, rank, name, flags, limit, the most of 3 sizes at 116, the least at 140. */
static void shapes_that_cannot_be(void **state)
{
    static const struct {
        size_t at, n;
        uint64_t value;
    } cases[] = {
        {8, 4, 1},                   /* version 1 has no flags */
        {8, 4, 3},                   /* a later one */
        {107, 1, 0},                 /* no flags: the least sizes are read as something else */
        {107, 1, 4},                 /* a flag that is not known */
        {107, 1, 3},                 /* pictures, of three dimensions */
        {140, 8, 5},                 /* a least size above the most */
        {140, 8, (uint64_t)-1},      /* below 0 */
        {116, 8, (uint64_t)1 << 32}, /* more than 4 bytes hold */
        {116, 8, (uint64_t)1 << 62}, /* more than memory holds */
        {116, 8, (uint64_t)-4},
        {72, 8, 2}, /* in batches */
    };
    dp_pipeline *p = NULL;
    char text[400];
    test_bytes_of file;

    (void)state;
    snprintf(text, sizeof text, "snapshot file=%s", path);
    write_form(&(const form){VARIES " | skip count=6", "none", 0, 0, false}, 1);
    file = test_read_file(path);
    seal(&file); /* it is sound */
    p = test_open(text, 1, 0);
    dp_close(p);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const dp_options options = {.size = sizeof options, .threads = 1};
        test_bytes_of f = {malloc(file.size), file.size};
        memcpy(f.bytes, file.bytes, file.size);
        put(&f, cases[i].at, cases[i].value, cases[i].n);
        seal(&f);
        free(f.bytes);
        if (dp_open(&p, text, 1, &options, &test_error) != DP_ECORRUPT)
            fail_msg("case %zu: %s", i, test_error.message);
    }
    free(file.bytes);
}

/* The index may say other shapes than the blocks have, within those of the header and not. */
static void shapes_of_the_index(void **state)
{
    const form f = {VARIES " | project columns=image", "none", 1, 0, false};
    const dp_options options = {.size = sizeof options, .threads = 1};
    static const int heights[] = {2, 9};
    char text[400];

    (void)state;
    snprintf(text, sizeof text, "snapshot file=%s", path);
    for (int i = 0; i < 2; i++) {
        test_bytes_of file;
        dp_pipeline *p = NULL;
        dp_batch *b = NULL;
        size_t index;
        write_form(&f, 1);
        file = test_read_file(path);
        index = file.size - 64 - (size_t)6 * (8 + 12);
        put(&file, index + 20 + 8, (uint64_t)heights[i], 4); /* of record 1, which has 3 */
        put(&file, file.size - 16, dp_hash64(file.bytes + index, (size_t)6 * 20), 8);
        seal(&file);
        free(file.bytes);
        if (i == 0) {
            assert_ok(dp_open(&p, text, 1, &options, &test_error));
            assert_ok(dp_next(p, &b, &test_error));
            assert_int_equal(dp_next(p, &b, &test_error), DP_ECORRUPT);
            assert_non_null(strstr(test_error.message, "another shape than the index says"));
            dp_close(p);
        } else {
            assert_int_equal(dp_open(&p, text, 1, &options, &test_error), DP_ECORRUPT);
            assert_non_null(strstr(test_error.message, "a shape of record 1 that is beyond"));
        }
        assert_true(test_snapshot_check(path, true));
        assert_ok(test_snapshot_repair(path, f.spec));
        test_snapshot_check(path, false);
    }
}

static void other_streams_repair_nothing(void **state)
{
    (void)state;
    write_form(&small[0], 1);
    assert_int_equal(test_snapshot_repair(path, SMALL_CIFAR), DP_ESTATE);
    assert_non_null(strstr(test_error.message, "another text"));
}

static void damaged_rows_are_left_out(void **state)
{
    char text[400];
    dp_pipeline *p;
    uint8_t identity[16], whole[16];

    (void)state;
    write_form(&(const form){"range count=100 num_classes=3", "none", 120, 0, false}, 1);
    snprintf(text, sizeof text, "snapshot file=%s on_error=skip", path);
    p = test_open(text, 1, 0);
    assert_int_equal(dp_length(p), 100);
    assert_ok(dp_dataset_digest(p, whole, &test_error));
    dp_close(p);
    test_snapshot_damage(path, "range count=100 num_classes=3", 33); /* a record */
    test_snapshot_damage(path, "range count=100 num_classes=3", 99);
    for (uint32_t threads = 1; threads < 4; threads++) {
        dp_batch *b = NULL;
        p = test_open(text, threads, 1);
        assert_int_equal(dp_length(p), 98);
        for (int64_t i = 0; i < 99; i++) {
            if (i == 33)
                continue;
            assert_ok(dp_next(p, &b, &test_error));
            assert_int_equal(*(const int64_t *)dp_batch_get(b, "id")->data, i);
        }
        assert_int_equal(dp_next(p, &b, &test_error), DP_END);
        assert_ok(dp_dataset_digest(p, identity, &test_error));
        assert_memory_not_equal(identity, whole, 16);
        dp_close(p);
    }
}

static void a_damaged_record_is_named(void **state)
{
    char text[400];
    dp_batch *b = NULL;
    dp_pipeline *p;

    (void)state;
    write_form(&(const form){"range count=100 num_classes=3", "none", 120, 0, false}, 1);
    test_snapshot_damage(path, "range count=100 num_classes=3", 33);
    snprintf(text, sizeof text, "snapshot file=%s | skip count=30", path);
    p = test_open(text, 2, 2);
    for (int i = 0; i < 3; i++)
        assert_ok(dp_next(p, &b, &test_error));
    assert_int_equal(dp_next(p, &b, &test_error), DP_ECORRUPT);
    assert_int_equal(test_error.record, 33);
    assert_non_null(
        strstr(test_error.message, "s.dps: record 33 (number 3 of block 3) is damaged"));
    assert_ok(dp_seek(p, 4, &test_error));
    assert_ok(dp_next(p, &b, &test_error));
    dp_close(p);
}

/* ---- resuming ---- */

/* What was written is cut at every place, as a process that was killed leaves it. */
static void resuming_gives_the_same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SMALL; i++) {
        const dp_snapshot_options options = options_of(&small[i], 1);
        test_bytes_of main_file, whole;
        char temporary[320];
        write_form(&small[i], 1);
        whole = test_read_all(folder);
        main_file = test_read_file(path);
        snprintf(temporary, sizeof temporary, "%s.tmp", path);
        for (size_t size = 0; size <= main_file.size; size += 3) {
            assert_int_equal(rename(path, temporary), 0);
            assert_int_equal(truncate(temporary, (off_t)size), 0);
            assert_ok(test_snapshot_write(small[i].spec, 1, path, &options));
            test_assert_all(&whole);
        }
        free(main_file.bytes);
        free(whole.bytes);
    }
}

/* A shard that is missing or damaged is written again, the others are not. */
static void resuming_completes_shards(void **state)
{
    const form *f = &small[3];
    const dp_snapshot_options options = options_of(f, 1);
    test_names names;
    test_bytes_of whole;

    (void)state;
    write_form(f, 1);
    names = test_names_of(folder);
    whole = test_read_all(folder);
    assert_true(names.n > 2);
    for (size_t n = 0; n < names.n; n++) {
        assert_int_equal(truncate(names.name[n], 100), 0);
        assert_ok(test_snapshot_write(f->spec, 1, path, &options));
        test_assert_all(&whole);
    }
    free(whole.bytes);
    test_names_free(&names);
}

static void another_stream_is_not_resumed(void **state)
{
    const dp_snapshot_options options = {.size = sizeof options, .resume = 1};
    char temporary[320];

    (void)state;
    write_form(&small[0], 1);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    assert_int_equal(rename(path, temporary), 0);
    assert_int_equal(test_snapshot_write(ROWS, 1, path, &options), DP_ESTATE);
    assert_non_null(strstr(test_error.message, "another stream"));
    assert_int_equal(access(path, F_OK), -1);
}

/* The shards of the snapshot that stood there go when the new one stands. */
static void old_shards_are_removed(void **state)
{
    test_names names;

    (void)state;
    write_form(&small[3], 1);
    write_form(&small[0], 1);
    names = test_names_of(folder);
    assert_int_equal(names.n, 1);
    test_names_free(&names);
}

/* ---- calls that cannot be ---- */

static void calls_that_cannot_be(void **state)
{
    static const struct {
        const char *spec, *compression;
        uint64_t shard_size;
        dp_status status;
        const char *says;
    } calls[] = {
        {"synthetic | repeat", NULL, 0, DP_EINVAL, "endless"},
        {"range count=3", "zip", 0, DP_EINVAL, "no compression 'zip'"},
        {"range count=600", NULL, 1, DP_ELIMIT, "at most 512 shards"},
        {"range count=3 | batch batch_size=2 | zip with=\"range count=3 | rename input_columns=id,"
         "label output_columns=a,b | batch batch_size=3\"",
         NULL, 0, DP_ESPEC, "zipped"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        const dp_snapshot_options options = {.size = sizeof options,
                                             .compression = calls[i].compression,
                                             .block_size = 1,
                                             .shard_size = calls[i].shard_size};
        assert_int_equal(test_snapshot_write(calls[i].spec, 1, path, &options), calls[i].status);
        if (strstr(test_error.message, calls[i].says) == NULL)
            fail_msg("%s: %s", calls[i].spec, test_error.message);
        assert_int_equal(access(path, F_OK), -1);
    }
    assert_int_equal(test_snapshot_write("range count=3", 1, folder, NULL), DP_EIO);
}

static void two_writers_are_refused(void **state)
{
    test_lock lock;
    char temporary[320];

    (void)state;
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    test_lock_take(&lock, temporary);
    assert_int_equal(test_snapshot_write("range count=3", 1, path, NULL), DP_EIO);
    assert_non_null(strstr(test_error.message, "another process"));
    test_lock_give(&lock);
    assert_ok(test_snapshot_write("range count=3", 1, path, NULL));
}

static void texts_that_cannot_be(void **state)
{
    static const struct {
        const char *rest, *says;
    } texts[] = {
        {" batched=true", "holds rows, not batches"},
        {" | batch batch_size=2 | batch batch_size=2", "there is a batch already"},
        {" batched=true | random_crop size=2 order=mindspore", "is not replayed behind batch"},
        {" batched=true on_error=skip", "leaves out rows, not batches"},
    };
    char text[400];
    dp_pipeline *p;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        write_form(&forms[i < 2 ? 0 : 7], 1);
        snprintf(text, sizeof text, "snapshot file=%s%s", path, texts[i].rest);
        assert_int_equal(dp_open(&p, text, 1, NULL, &test_error), DP_ESPEC);
        if (strstr(test_error.message, texts[i].says) == NULL)
            fail_msg("%s: %s", text, test_error.message);
    }
}

static void the_position_stays(void **state)
{
    dp_pipeline *p = test_open(BATCHES, 2, 1);
    dp_batch *b = NULL;

    (void)state;
    assert_ok(dp_seek(p, 3, &test_error));
    assert_ok(dp_snapshot_write(p, path, NULL, &test_error));
    assert_int_equal(dp_tell(p), 3);
    assert_ok(dp_next(p, &b, &test_error));
    dp_close(p);
}

/* ---- memory ---- */

static dp_status write_and_check(const char *spec, const dp_allocator *alloc, uint64_t memory)
{
    const dp_snapshot_options how = {
        .size = sizeof how, .compression = "lz4", .block_size = 500, .shard_size = 2000};
    const dp_options options = {
        .size = sizeof options, .root = FIXTURE, .threads = 1, .memory = memory, .alloc = alloc};
    dp_snapshot_damage damage;
    dp_snapshot *s = NULL;
    dp_pipeline *p = NULL;
    dp_status status = dp_open(&p, spec, 1, &options, &test_error);

    if (status == DP_OK)
        status = dp_snapshot_write(p, path, &how, &test_error);
    if (status == DP_OK)
        status = dp_snapshot_open(&s, path, &options, &test_error);
    if (status == DP_OK)
        status = dp_snapshot_check(s, p, &damage, &test_error);
    dp_snapshot_close(s);
    dp_close(p);
    return status;
}

static const char *const streams[] = {BATCHES, VARIES " | shuffle | to_tensor | repeat count=9"};

static void every_allocation_fails(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        unsigned long fail_at = 0;
        dp_status status;
        do {
            test_allocator a;
            test_allocator_init(&a);
            a.fail_at = ++fail_at;
            status = write_and_check(streams[i], &a.hooks, 0);
            assert_true(status == DP_OK || status == DP_ENOMEM);
            assert_int_equal(a.live, 0);
        } while (status != DP_OK);
        assert_true(fail_at > 10);
    }
}

static void memory_is_kept_to(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        uint64_t memory = 4096;
        dp_status status;
        do {
            test_allocator a;
            test_allocator_init(&a);
            memory += memory / 4;
            status = write_and_check(streams[i], &a.hooks, memory);
            assert_true(status == DP_OK || status == DP_ELIMIT);
            assert_int_equal(a.live, 0);
            assert_true(a.most <= 2 * memory); /* the pipeline and the snapshot each have a limit */
        } while (status != DP_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reading_gives_the_stream, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(info_tells_rows_from_batches, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(files_are_equal_for_every_thread_count,
                                        test_snapshot_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(the_golden_file_is_written_again, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(the_golden_file_of_shapes_is_written_again,
                                        test_snapshot_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(rows_of_batches, test_snapshot_set_up, test_work_tear_down),
        cmocka_unit_test_setup_teardown(the_digest_of_the_data_set_stays, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(states_go_on_in_the_other, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(states_of_other_streams_are_refused, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(every_flipped_byte_is_found, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(every_flipped_byte_is_repaired, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(other_sizes_are_repaired, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(a_promise_is_not_looked_for, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(shapes_that_cannot_be, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(shapes_of_the_index, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(other_streams_repair_nothing, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(damaged_rows_are_left_out, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_record_is_named, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(resuming_gives_the_same_bytes, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(resuming_completes_shards, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(another_stream_is_not_resumed, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(old_shards_are_removed, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(calls_that_cannot_be, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(two_writers_are_refused, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(texts_that_cannot_be, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(the_position_stays, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(every_allocation_fails, test_snapshot_set_up,
                                        test_work_tear_down),
        cmocka_unit_test_setup_teardown(memory_is_kept_to, test_snapshot_set_up,
                                        test_work_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
