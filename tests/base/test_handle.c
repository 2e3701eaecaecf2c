/* test_handle.c - a handle opened, entered, left and closed: what is taken is given back
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fenv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/handle.h"
#include "base/status.h"
#include "detpipe_ledger.h"
#include "detpipe_ops.h"
#include "detpipe_snapshot.h"
#include "tests/support/test.h"

typedef struct own {
    dp_handle handle;
    uint8_t rest[1000];
} own;

/* An allocator that counts, and fails from the call `fails` on. */
typedef struct counter {
    size_t calls, fails, bytes;
} counter;

static void *take(void *ctx, size_t size, size_t align)
{
    counter *c = ctx;

    if (c->calls++ >= c->fails)
        return NULL;
    c->bytes += size;
    return aligned_alloc(align, (size + align - 1) / align * align);
}

static void give(void *ctx, void *ptr, size_t size)
{
    counter *c = ctx;

    c->bytes -= size;
    free(ptr);
}

static dp_status open_own(dp_handle **out, const dp_options *options)
{
    return dp_handle_open(out, sizeof(own), "an example", options, &test_error);
}

static void memory(void **state)
{
    counter c = {0, 1, 0};
    const dp_allocator alloc = {&c, take, give};
    const dp_options options = {.size = sizeof options, .alloc = &alloc, .memory = 100000};
    static const uint8_t zeros[sizeof((own *)0)->rest];
    dp_handle *h = NULL;

    (void)state;
    assert_ok(open_own(&h, &options));
    dp_handle_leave(h, DP_OK);
    assert_int_equal(c.bytes, sizeof(own));
    assert_memory_equal(((own *)h)->rest, zeros, sizeof zeros);
    assert_null(dp_arena_alloc(&h->arena, 100000 - sizeof(own), 1)); /* its own bytes count */
    assert_int_equal(dp_arena_fail(&h->arena, NULL, "more"), DP_ELIMIT);
    assert_null(dp_arena_alloc(&h->arena, 100, 1));
    assert_int_equal(dp_arena_fail(&h->arena, NULL, "more"), DP_ENOMEM);
    c.fails = SIZE_MAX;
    assert_non_null(dp_arena_alloc(&h->arena, 100, 1));
    dp_handle_close(h);
    assert_int_equal(c.bytes, 0);
    c.fails = 0;
    assert_int_equal(open_own(&h, &options), DP_ENOMEM);
    assert_string_equal(test_error.message, "out of memory for an example");
}

static void log_line(void *ctx, const char *line)
{
    (void)line;
    ++*(int *)ctx;
}

static bool is_default(void) { return dp_numeric_check(NULL, NULL) == DP_OK; }

/* Rounding is the caller's again after each call, and the default one in it. */
static void environment(void **state)
{
    int lines = 0;
    const dp_options options = {.size = sizeof options, .log = log_line, .log_ctx = &lines};
    dp_handle *h = NULL;

    (void)state;
    assert_int_equal(fesetround(FE_UPWARD), 0);
    assert_ok(open_own(&h, &options));
    assert_true(is_default());
    assert_int_equal(dp_handle_leave(h, DP_EIO), DP_EIO);
    assert_false(is_default());
    assert_int_equal(lines, 1); /* the caller is told */
    assert_ok(dp_handle_enter(h, &test_error));
    assert_true(is_default());
    assert_ok(dp_handle_leave(h, DP_OK));
    assert_false(is_default());
    assert_int_equal(fesetround(FE_TONEAREST), 0);
    dp_handle_close(h);
}

static void failure(void **state)
{
    dp_handle *h = NULL;
    dp_error why, seen;

    (void)state;
    assert_ok(open_own(&h, NULL));
    dp_handle_leave(h, DP_OK);
    assert_ok(dp_handle_repeat(h, &seen));
    dp_fail_record(&why, DP_EIO, 5, "first");
    assert_int_equal(dp_handle_keep(h, DP_ECORRUPT, &why, NULL), DP_ECORRUPT);
    assert_int_equal(dp_handle_repeat(h, &seen), DP_ECORRUPT);
    assert_int_equal(seen.record, 5);
    assert_string_equal(seen.message, "first");
    dp_handle_close(h);
}

static void forked(void **state)
{
    dp_handle *h = NULL;
    int status = 0;

    (void)state;
    assert_ok(open_own(&h, NULL));
    dp_handle_leave(h, DP_OK);
    const pid_t child = fork();
    if (child == 0) {
        const bool right = !dp_handle_is_ours(h) && dp_handle_enter(h, NULL) == DP_EINVAL;
        dp_handle_close(h);
        _exit(right ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(dp_handle_is_ours(h));
    dp_handle_close(h);
}

/* ---- every open of the library is this one ---- */

static dp_archive *archive;
static dp_ledger *ledger;
static dp_net *net;
static dp_op *op;
static dp_pipeline *pipeline;
static dp_snapshot *snapshot;
static char folder[] = "/tmp/test_handle.XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[sizeof folder + 32];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static dp_status open_archive(const dp_options *o)
{
    return dp_archive_open(&archive, in_folder("a.npz"), o, &test_error);
}

static dp_status open_ledger(const dp_options *o)
{
    return dp_ledger_open(&ledger, in_folder("a.ledger"), "handles", o, &test_error);
}

static dp_status open_net(const dp_options *o)
{
    const dp_tensor input = {.dtype = DP_F32, .rank = 2, .shape = {2, 3}};
    return dp_net_open(&net, "dense out_channels=2", 1, &input, o, &test_error);
}

static dp_status open_op(const dp_options *o)
{
    const dp_tensor input = {.dtype = DP_F32, .rank = 1, .shape = {4}};
    return dp_op_open(&op, "square_sum", DP_FORWARD, &input, 1, o, &test_error);
}

static dp_status open_pipeline(const dp_options *o)
{
    return dp_open(&pipeline, "synthetic num_records=8", 1, o, &test_error);
}

static dp_status open_snapshot(const dp_options *o)
{
    return dp_snapshot_open(&snapshot, in_folder("a.snapshot"), o, &test_error);
}

static void close_all(void)
{
    dp_archive_close(archive);
    dp_ledger_close(ledger);
    dp_net_close(net);
    dp_op_close(op);
    dp_close(pipeline);
    dp_snapshot_close(snapshot);
    archive = NULL, ledger = NULL, net = NULL, op = NULL, pipeline = NULL, snapshot = NULL;
}

/* Each sets the environment and gives it back, says so, and frees what it took, on failure too. */
static void every_open(void **state)
{
    static dp_status (*const opens[])(const dp_options *) = {
        open_archive, open_ledger, open_net, open_op, open_pipeline, open_snapshot};
    counter c = {0, SIZE_MAX, 0};
    const dp_allocator alloc = {&c, take, give};
    int lines;
    const dp_options options = {
        .size = sizeof options, .threads = 1, .alloc = &alloc, .log = log_line, .log_ctx = &lines};

    (void)state;
    for (size_t i = 0; i < sizeof opens / sizeof opens[0]; i++) {
        dp_status status = DP_ENOMEM;
        for (c.fails = 0; status != DP_OK; c.fails++) {
            c.calls = 0;
            lines = 0;
            assert_int_equal(fesetround(FE_DOWNWARD), 0);
            status = opens[i](&options);
            assert_false(is_default());
            assert_int_equal(fesetround(FE_TONEAREST), 0);
            assert_true(status == DP_OK || status == DP_ENOMEM);
            assert_int_equal(lines, c.fails > 0); /* of the first that fails there is no handle */
            if (status != DP_OK)
                assert_int_equal(c.bytes, 0);
        }
        assert_true(c.bytes > 0);
        close_all();
        assert_int_equal(c.bytes, 0);
    }
}

static int make_files(void **state)
{
    float numbers[4] = {1, 2, 3, 4};
    const dp_named_tensor t = {"a", "float32", 1, {4}, (uint8_t *)numbers, 4, 16};

    (void)state;
    if (mkdtemp(folder) == NULL || open_pipeline(NULL) != DP_OK ||
        dp_snapshot_write(pipeline, in_folder("a.snapshot"), NULL, &test_error) != DP_OK)
        return 1;
    close_all();
    return dp_archive_save(&t, 1, in_folder("a.npz"), &test_error) != DP_OK;
}

static int remove_files(void **state)
{
    (void)state;
    unlink(in_folder("a.snapshot"));
    unlink(in_folder("a.npz"));
    unlink(in_folder("a.ledger"));
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory), cmocka_unit_test(environment), cmocka_unit_test(failure),
        cmocka_unit_test(forked), cmocka_unit_test(every_open),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
