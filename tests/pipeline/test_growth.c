/* test_growth.c - programs that were built with the structs of 0.1.0 run with this library
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The structs are those of 0.1.0's headers, word for word.  Each is given in memory of its own
 * size, with a fence behind it: the library reads and writes nothing past it.
 */
#include <stddef.h>

#include "detpipe_group.h"
#include "detpipe_ledger.h"
#include "detpipe_ops.h"
#include "detpipe_snapshot.h"
#include "tests/support/test.h"

typedef struct error_0_1 {
    dp_status status;
    uint32_t column;
    int64_t record;
    char message[240];
} error_0_1;

typedef struct tensor_0_1 {
    void *data;
    dp_dtype dtype;
    int32_t rank;
    int64_t shape[8];
} tensor_0_1;

typedef struct allocator_0_1 {
    void *ctx;
    void *(*alloc)(void *ctx, size_t size, size_t align);
    void (*free)(void *ctx, void *ptr, size_t size);
} allocator_0_1;

typedef struct array_0_1 {
    const char *name;
    tensor_0_1 tensor;
} array_0_1;

typedef struct options_0_1 {
    size_t size;
    const char *root;
    uint32_t threads;
    uint32_t prefetch;
    uint64_t memory;
    const allocator_0_1 *alloc;
    void (*log)(void *, const char *);
    void *log_ctx;
    const array_0_1 *arrays;
    const char *identities;
    uint32_t digests;
    const struct dp_group *group;
} options_0_1;

typedef struct net_result_0_1 {
    float loss;
    int64_t correct;
    tensor_0_1 output;
} net_result_0_1;

typedef struct snapshot_options_0_1 {
    size_t size;
    const char *compression;
    uint64_t block_size, shard_size, batches;
    int resume;
    void (*progress)(void *, uint64_t blocks, uint64_t of);
    void *progress_ctx;
} snapshot_options_0_1;

typedef struct snapshot_damage_0_1 {
    uint64_t blocks, records, repaired;
    int index, footer;
} snapshot_damage_0_1;

typedef struct named_tensor_0_1 {
    const char *name, *type;
    int32_t rank;
    int64_t shape[8];
    const uint8_t *data;
    uint64_t count, size;
} named_tensor_0_1;

typedef struct stage_info_0_1 {
    const char *kind, *name, *help;
    uint32_t revision;
    const dp_param *params;
} stage_info_0_1;

typedef struct op_info_0_1 {
    stage_info_0_1 stage;
    const char *listed, *order;
    dp_op_side side[2];
} op_info_0_1;

/* What comes in arrays, or is the caller's and says no size, is as it was; what says one may be
 * longer. */
static void layouts(void **state)
{
    (void)state;
#define SAME(now, then) assert_int_equal(sizeof(now), sizeof(then))
    SAME(dp_error, error_0_1);
    SAME(dp_tensor, tensor_0_1);
    SAME(dp_allocator, allocator_0_1);
    SAME(dp_array, array_0_1);
    SAME(dp_net_result, net_result_0_1);
    SAME(dp_snapshot_damage, snapshot_damage_0_1);
    SAME(dp_named_tensor, named_tensor_0_1);
    SAME(dp_stage_info, stage_info_0_1);
    SAME(dp_op_info, op_info_0_1);
    assert_int_equal(offsetof(dp_stage_info, params), offsetof(stage_info_0_1, params));
    assert_int_equal(offsetof(dp_op_info, order), offsetof(op_info_0_1, order));
    assert_int_equal(sizeof(dp_state), 64);
    assert_true(sizeof(dp_options) >= sizeof(options_0_1));
    assert_true(sizeof(dp_snapshot_options) >= sizeof(snapshot_options_0_1));
#define PLACE(field) assert_int_equal(offsetof(dp_options, field), offsetof(options_0_1, field))
    PLACE(root), PLACE(threads), PLACE(prefetch), PLACE(memory), PLACE(alloc), PLACE(log);
    PLACE(log_ctx), PLACE(arrays), PLACE(identities), PLACE(digests), PLACE(group);
#undef PLACE
#define PLACE(field)                                                                               \
    assert_int_equal(offsetof(dp_snapshot_options, field), offsetof(snapshot_options_0_1, field))
    PLACE(compression), PLACE(block_size), PLACE(shard_size), PLACE(batches), PLACE(resume);
    PLACE(progress), PLACE(progress_ctx);
}

/* A copy of an old struct with 4096 bytes behind it that must stay as they are. */
#define FENCE 4096

static void *fenced(const void *from, size_t size)
{
    uint8_t *out = malloc(size + FENCE);

    assert_non_null(out);
    memcpy(out, from, size);
    memset(out + size, 0xA5, FENCE);
    return out;
}

static void free_fenced(void *given, size_t size)
{
    for (size_t i = 0; i < FENCE; i++)
        assert_int_equal(((uint8_t *)given)[size + i], 0xA5);
    free(given);
}

static void count_line(void *ctx, uint64_t blocks, uint64_t of)
{
    assert_true(blocks <= of);
    ++*(int *)ctx;
}

/* What a program of 0.1.0 does: a stream of an array, a net, a snapshot, a ledger. */
static void a_program(void **state)
{
    static float x[8 * 3];
    static int64_t y[8];
    const array_0_1 arrays[] = {{"image", {x, DP_F32, 2, {8, 3}}},
                                {"label", {y, DP_I64, 1, {8}}},
                                {NULL, {NULL, (dp_dtype)0, 0, {0}}}};
    const options_0_1 old = {.size = sizeof old, .threads = 2, .prefetch = 2, .arrays = arrays};
    const net_result_0_1 none = {0};
    const snapshot_damage_0_1 whole = {0};
    int blocks = 0;
    const snapshot_options_0_1 writes = {
        .size = sizeof writes, .progress = count_line, .progress_ctx = &blocks};
    void *options = fenced(&old, sizeof old), *result = fenced(&none, sizeof none);
    void *damage = fenced(&whole, sizeof whole), *how = fenced(&writes, sizeof writes);
    char folder[256], path[300];
    dp_pipeline *p = NULL;
    dp_batch *batch = NULL;
    dp_net *net = NULL;
    dp_snapshot *snapshot = NULL;
    dp_ledger *ledger = NULL;

    (void)state;
    test_folder(folder, sizeof folder);
    assert_ok(dp_open(&p, "memory | batch batch_size=4", 1, options, &test_error));
    assert_ok(dp_next(p, &batch, &test_error));
    assert_ok(dp_net_open(&net, "dense out_channels=2 | softmax_cross_entropy", 1,
                          dp_batch_get(batch, "image"), options, &test_error));
    assert_ok(dp_net_eval(net, dp_batch_get(batch, "image"), dp_batch_get(batch, "label"), result,
                          &test_error));
    assert_true(((net_result_0_1 *)result)->loss > 0.5f);
    snprintf(path, sizeof path, "%s/a.dps", folder);
    assert_ok(dp_snapshot_write(p, path, how, &test_error));
    assert_true(blocks > 0);
    assert_ok(dp_snapshot_open(&snapshot, path, options, &test_error));
    assert_ok(dp_snapshot_check(snapshot, NULL, damage, &test_error));
    assert_int_equal(((snapshot_damage_0_1 *)damage)->blocks, 0);
    snprintf(path, sizeof path, "%s/a.ledger", folder);
    assert_ok(dp_ledger_open(&ledger, path, "old", options, &test_error));
    dp_ledger_close(ledger);
    dp_snapshot_close(snapshot);
    dp_net_close(net);
    dp_close(p);
    free_fenced(options, sizeof old);
    free_fenced(result, sizeof none);
    free_fenced(damage, sizeof whole);
    free_fenced(how, sizeof writes);
    test_folder_remove(folder);
}

/* A struct of every size that there may have been, and of those to come while the rest is zero. */
static void every_size(void **state)
{
    const size_t longest = sizeof(dp_options) + 256;

    (void)state;
    for (size_t size = 2 * sizeof(size_t); size <= longest; size += sizeof(size_t)) {
        uint8_t *options = calloc(1, size), *info = calloc(1, size);
        dp_pipeline *p = NULL;
        dp_info all = {.size = sizeof all};

        memcpy(options, &size, sizeof size);
        memcpy(info, &size, sizeof size);
        assert_ok(
            dp_open(&p, "range count=6 | repeat count=3", 1, (dp_options *)options, &test_error));
        assert_ok(dp_get_info(p, &all, &test_error));
        assert_ok(dp_get_info(p, (dp_info *)info, &test_error));
        all.size = size;
        assert_memory_equal(info, &all, size < sizeof all ? size : sizeof all);
        dp_close(p);
        if (size > sizeof(dp_options)) {
            options[size - 1] = 1;
            assert_int_equal(dp_open(&p, "range count=6", 1, (dp_options *)options, &test_error),
                             DP_EINVAL);
            assert_non_null(strstr(test_error.message, "dp_options.size"));
        }
        free(info);
        free(options);
    }
}

static void versions(void **state)
{
    char text[32];

    (void)state;
    snprintf(text, sizeof text, "%d.%d.%d", DP_VERSION_MAJOR, DP_VERSION_MINOR, DP_VERSION_PATCH);
    assert_string_equal(text, DETPIPE_VERSION);
    assert_string_equal(text, dp_version());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts),
        cmocka_unit_test(a_program),
        cmocka_unit_test(every_size),
        cmocka_unit_test(versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
