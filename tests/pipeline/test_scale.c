/* test_scale.c - 10^12 rows in order, and 10^9 of a file that has none but those that are asked for
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is counted does not depend on the machine: memory, and that nothing is taken after open.
 * docs/scaling.md has the times.  DETPIPE_SPARSE=PATH leaves the file of 10^9 rows there.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/bytes.h"
#include "io/snapshot/file.h"
#include "tests/support/snapshot.h"

#define ORDERS    "range count=1000000000000 | %s | batch batch_size=1024 | repeat count=3"
#define MIB       ((uint64_t)1 << 20)
#define RECORDS   1000000000
#define SAMPLE    64
#define SPARSE    " | shuffle | take count=64 | batch batch_size=8"
#define IN_BLOCKS 512 /* records */

static dp_pipeline *open_counted(const char *spec, test_allocator *counting)
{
    dp_pipeline *p;
    dp_options options = {.size = sizeof options, .threads = 1, .alloc = &counting->hooks};

    test_allocator_init(counting);
    assert_ok(dp_open(&p, spec, 3, &options, &test_error));
    return p;
}

static void the_order_of_1e12_rows(void **state)
{
    static const char *const orders[] = {"shuffle", "random_sampler"};
    static int64_t rows[1024], again[1024];

    (void)state;
    for (int i = 0; i < 2; i++) {
        test_allocator counting;
        char spec[200];
        dp_pipeline *p, *back;
        dp_state s;
        size_t n, readers;
        unsigned long before;

        snprintf(spec, sizeof spec, ORDERS, orders[i]);
        p = open_counted(spec, &counting);
        assert_ok(dp_records(p, 0, rows, 1024, &n, &readers, &test_error)); /* takes room once */
        before = counting.n;
        for (uint64_t at = 0; at < dp_length(p); at += dp_length(p) / 50 + 1) {
            assert_ok(dp_seek(p, at, &test_error));
            assert_ok(dp_records(p, at, rows, 1024, &n, &readers, &test_error));
            assert_int_equal(n, 1024);
            for (size_t k = 0; k < n; k++)
                assert_in_range(rows[k], 0, 999999999999);
            assert_true(rows[0] != rows[1]);
        }
        assert_int_equal(counting.n, before); /* nothing is taken: there is no table */
        assert_ok(dp_get_state(p, &s, &test_error));
        back = open_counted(spec, &(test_allocator){.n = 0});
        assert_ok(dp_set_state(back, &s, &test_error));
        assert_int_equal(dp_tell(back), dp_tell(p));
        assert_ok(dp_records(p, dp_tell(p), rows, 1024, &n, &readers, &test_error));
        assert_ok(dp_records(back, dp_tell(p), again, 1024, &n, &readers, &test_error));
        assert_memory_equal(rows, again, sizeof rows);
        assert_true(counting.most < MIB);
        dp_close(back);
        dp_close(p);
    }
}

/* ---- a snapshot that is holes, but for some blocks ---- */

/* The header of a small one, with more rows. */
static void make_header(dp_snapshot_header *h, dp_arena *arena, uint8_t **bytes)
{
    const dp_snapshot_options options = {.size = sizeof options, .block_size = 12 * IN_BLOCKS};
    dp_opener opener = {.arena = arena};
    dp_snapshot_file small;

    assert_ok(test_snapshot_write("range count=100000", 1, test_snapshot_path, &options));
    assert_ok(dp_snapshot_file_open(&small, test_snapshot_path, &opener, &test_error));
    *h = small.header;
    dp_snapshot_file_close(&small);
    h->n_records = RECORDS;
    for (uint32_t c = 0; c < h->n_columns; c++)
        h->columns[c].limit = strcmp(h->columns[c].name, "id") == 0 ? RECORDS : 10;
    dp_snapshot_measure(h);
    assert_ok(dp_snapshot_settle(h, &test_error));
    assert_ok(dp_snapshot_print(h, arena, bytes, &test_error));
}

static void fill_block(const dp_snapshot_header *h, const dp_block *b, uint8_t *records)
{
    for (uint32_t i = 0; i < b->n; i++) {
        for (uint32_t c = 0; c < h->n_columns; c++) {
            const uint64_t record = b->first + i;
            const bool is_id = strcmp(h->columns[c].name, "id") == 0;
            dp_store_le(records + i * h->layout.size + h->layout.offset[c], h->layout.bytes[c],
                        is_id ? record : record % 10);
        }
    }
}

static void put(int fd, uint64_t at, const void *bytes, size_t n)
{
    assert_int_equal(pwrite(fd, bytes, n, (off_t)at), n);
}

static void make_sparse(const char *path, const int64_t rows[SAMPLE])
{
    test_allocator counting;
    dp_arena arena = {.alloc = &counting.hooks};
    dp_snapshot_header h;
    dp_packer packer;
    dp_block_buffers buffers;
    uint8_t *header, tail[DP_SNAPSHOT_FOOTER];
    dp_snapshot_footer footer = {.index_check = 0};
    const int fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0600);

    test_allocator_init(&counting);
    assert_true(fd >= 0);
    make_header(&h, &arena, &header);
    assert_ok(dp_packer_open(&packer, &h, &arena, &test_error));
    assert_ok(dp_block_buffers_open(&buffers, &h, &arena, &test_error));
    for (int i = 0; i < SAMPLE; i++) {
        const dp_block b = dp_block_of(&h, (uint64_t)rows[i] / h.block_records);
        fill_block(&h, &b, buffers.rows.records);
        put(fd, h.size + b.number * dp_block_most(&h), packer.out,
            dp_block_pack(&packer, &b, &buffers.rows));
    }
    const dp_block last = dp_block_of(&h, h.n_blocks - 1);
    footer.index = h.size + last.number * dp_block_most(&h) + last.head + last.raw;
    dp_snapshot_print_footer(&h, &footer, tail);
    put(fd, 0, header, h.size);
    put(fd, footer.index + dp_snapshot_index_size(&h), tail, sizeof tail);
    assert_int_equal(close(fd), 0);
    dp_arena_free(&arena);
}

static void sampled_rows_of_1e9(void **state)
{
    const char *left = getenv("DETPIPE_SPARSE");
    int64_t rows[SAMPLE];
    test_allocator counting;
    char path[400], spec[600];
    dp_pipeline *p;
    dp_batch *batch = NULL;
    size_t n, readers, seen = 0;

    (void)state;
    snprintf(path, sizeof path, "%s/sparse.dps", test_work);
    p = open_counted("range count=1000000000" SPARSE, &counting);
    for (uint64_t i = 0; i < dp_length(p); i++)
        assert_ok(dp_records(p, i, rows + 8 * i, 8, &n, &readers, &test_error));
    dp_close(p);
    make_sparse(left != NULL ? left : path, rows);
    snprintf(spec, sizeof spec, "snapshot file=%s%s", left != NULL ? left : path, SPARSE);
    p = open_counted(spec, &counting);
    while (dp_next(p, &batch, &test_error) == DP_OK) {
        const int64_t *id = dp_batch_get(batch, "id")->data;
        for (int i = 0; i < 8; i++)
            assert_int_equal(id[i], rows[seen++]);
    }
    if (seen != SAMPLE)
        fail_msg("%s", test_error.message);
    assert_true(counting.most < MIB); /* no index, and a block a thread */
    dp_close(p);
    snprintf(spec, sizeof spec, "snapshot file=%s | skip count=5 | batch batch_size=1",
             left != NULL ? left : path);
    p = open_counted(spec, &counting);
    assert_int_equal(dp_next(p, &batch, &test_error), DP_ECORRUPT); /* a hole is not a row */
    dp_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_1e12_rows),
        cmocka_unit_test_setup_teardown(sampled_rows_of_1e9, test_snapshot_set_up,
                                        test_work_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
