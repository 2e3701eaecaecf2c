/* test_allocations.c - each allocation of each feature fails once: DP_ENOMEM, or the same result
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The arenas of this program hold one allocation in each chunk (base/alloc.c is compiled in with
 * CHUNK_SIZE=1), so that every place that takes memory is once the one that gets none.  What the
 * library takes without the caller's allocator fails here as well.  The readers have
 * tests/io/test_faults.c.
 */
#include <stdlib.h>
#include <unistd.h>

#include "detpipe_ledger.h"
#include "detpipe_ops.h"
#include "tests/support/arrays.h"
#include "tests/support/png.h"
#include "tests/support/snapshot.h"

/* ---- the caller's allocator and the library's as one ---- */

static test_allocator now;

void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);

void *__wrap_aligned_alloc(size_t align, size_t size)
{
    return ++now.n == now.fail_at ? NULL : __real_aligned_alloc(align, size);
}

static dp_options options_of(void)
{
    return (dp_options){.size = sizeof(dp_options),
                        .root = FIXTURE,
                        .threads = 1,
                        .alloc = &now.hooks,
                        .arrays = test_arrays};
}

typedef dp_status task(const void *ctx, uint8_t digest[16], dp_error *err);

static dp_status try(task *run, const void *ctx, unsigned long fail_at, uint8_t digest[16])
{
    dp_error err = {0};
    dp_status status;

    test_allocator_init(&now);
    now.fail_at = fail_at;
    memset(digest, 0, 16);
    status = run(ctx, digest, &err);
    test_error = err;
    now.fail_at = 0;
    assert_int_equal(now.live, 0);
    assert_int_equal(now.beyond, 0);
    return status;
}

/* Until there is no allocation left that could fail. */
static void sweep(const char *what, task *run, const void *ctx)
{
    uint8_t whole[16], digest[16];
    unsigned long n;

    assert_ok(try(run, ctx, 0, whole));
    n = now.n;
    assert_true(n > 0);
    for (unsigned long i = 1; i <= n; i++) {
        const dp_status status = try(run, ctx, i, digest);
        if (status != DP_ENOMEM && (status != DP_OK || memcmp(digest, whole, 16) != 0))
            fail_msg("%s, allocation %lu of %lu: %s, %s", what, i, n, dp_status_name(status),
                     status == DP_OK ? "another result" : test_error.message);
        if (status == DP_ENOMEM && strstr(test_error.message, "out of memory") == NULL)
            fail_msg("%s, allocation %lu of %lu: '%s'", what, i, n, test_error.message);
    }
}

static void add(uint8_t digest[16], const void *bytes, size_t n)
{
    uint8_t both[32];

    memcpy(both, digest, 16);
    dp_digest(bytes, n, both + 16);
    dp_digest(both, sizeof both, digest);
}

static void add_file(uint8_t digest[16], const char *path)
{
    const test_bytes_of file = test_read_file(path);

    add(digest, file.bytes, file.size);
    free(file.bytes);
}

/* ---- streams ---- */

static dp_status use_stream(dp_pipeline *p, uint8_t digest[16], dp_error *err)
{
    int64_t records[200] = {0};
    size_t rows, readers;
    dp_batch *b = NULL;
    dp_state s;
    char text[400] = "";
    uint8_t own[16];
    /* dp_draws and dp_fixed look into files that are decoded, and say nothing where there is no
     * memory to do so */
    const bool says = strstr(dp_spec(p), "| decode ") == NULL;
    dp_status status = dp_next(p, &b, err);

    if (status == DP_OK) {
        dp_batch_digest(b, own);
        add(digest, own, 16);
    }
    if (status == DP_OK)
        status = dp_records(p, 0, records, 200, &rows, &readers, err);
    if (status == DP_OK && says && dp_draws(p, 0, 0, text, sizeof text) > 0)
        add(digest, text, strlen(text));
    if (status == DP_OK && says && dp_fixed(p, 0, 0, text, sizeof text) > 0)
        add(digest, text, strlen(text));
    if (status == DP_OK)
        status = dp_get_state(p, &s, err);
    if (status == DP_OK)
        status = dp_set_state(p, &s, err);
    add(digest, records, sizeof records);
    return status;
}

static dp_status stream(const void *text, uint8_t digest[16], dp_error *err)
{
    const dp_options options = options_of();
    dp_pipeline *p = NULL;
    dp_status status = dp_open(&p, text, 1, &options, err);

    if (status == DP_OK)
        status = use_stream(p, digest, err);
    dp_close(p);
    return status;
}

static void streams(void **state)
{
    test_lines lines = test_lines_read("stages.txt");

    (void)state;
    for (size_t i = 0; i < lines.n; i++)
        sweep(lines.line[i], stream, strstr(lines.line[i], " : ") + 3);
    test_lines_free(&lines);
}

/* Pixels that are moved and nothing else, of an image that is larger than a chunk: the table of
 * what each byte becomes is made from one. */
static void large_images(void **state)
{
    uint8_t *bytes = calloc(3, 200 * 200 * 3);
    dp_options options;
    dp_pipeline *p;

    (void)state;
    test_write(test_work, "images", bytes, (size_t)3 * 200 * 200 * 3);
    free(bytes);
    test_allocator_init(&now);
    options = options_of();
    options.root = test_work;
    assert_ok(dp_open(&p,
                      "records file=images fields=image:uint8:200:200:3 | crop coordinates=3,5 "
                      "size=100,110 | horizontal_flip",
                      1, &options, &test_error));
    dp_close(p);
    assert_int_equal(now.beyond, 0);
}

/* Pictures of various sizes: what the smallest and the largest rows take at open is enough for one
 * between them, also where it is as tight as here. */
static void pictures_of_various_sizes(void **state)
{
    static const uint8_t noise[300 * 300];
    static const char *const stages[] = {
        "center_crop size=300",
        "pad_to size=300",
        "resize size=250,200 interpolation=area",
        "resize size=290,7 interpolation=pilcubic",
        "random_resized_crop size=20",
        "pad padding=90 padding_mode=reflect | gaussian_blur kernel_size=5 | random_crop size=250",
        "resize size=9,40 interpolation=lanczos antialias=true",
        "random_resized_crop size=30 interpolation=cubic antialias=pillow13"};
    static const int sides[] = {100, 299, 300};
    char spec[500], name[40];

    (void)state;
    test_png_class(test_work, "pictures");
    test_png_class(test_work, "pictures/c");
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "pictures/c/%d.png", sides[i]);
        test_png_write(test_work, name, sides[i], sides[i], 1, noise);
    }
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        snprintf(spec, sizeof spec, "png_folder dataset_dir=%s/pictures | %s | batch batch_size=3",
                 test_work, stages[i]);
        sweep(stages[i], stream, spec);
    }
}

/* The sizes of all pictures, read when the stream is opened. */
static void sizes_of_pictures(void **state)
{
    (void)state;
    sweep("sizes of pictures", stream,
          "webdataset file=" TEST_GOLDEN
          "/shards/part-{000..002}.tar | decode | random_crop size=9 "
          "pad_if_needed=true order=mindspore | batch batch_size=3");
}

/* ---- nets and operators ---- */

static float pixels[8 * 3 * 32 * 32];
static int64_t labels[8] = {3, 1, 4, 1, 5, 9, 2, 6};
static const dp_tensor x = {pixels, DP_F32, 4, {8, 3, 32, 32}}, y = {labels, DP_I64, 1, {8}};

static dp_status use_net(dp_net *net, uint8_t digest[16], dp_error *err)
{
    char path[300];
    uint8_t own[16];
    dp_status status = dp_net_step(net, &x, &y, NULL, err);

    snprintf(path, sizeof path, "%s/net", test_work);
    if (status == DP_OK)
        status = dp_net_save(net, path, err);
    if (status == DP_OK)
        status = dp_net_load(net, path, err);
    dp_net_digest(net, own, NULL);
    add(digest, own, 16);
    return status;
}

static dp_status train(const void *text, uint8_t digest[16], dp_error *err)
{
    const dp_options options = options_of();
    dp_net *net = NULL;
    dp_status status = dp_net_open(&net, text, 1, &x, &options, err);

    if (status == DP_OK)
        status = use_net(net, digest, err);
    dp_net_close(net);
    return status;
}

static void nets(void **state)
{
    test_lines lines = test_lines_read("nets.txt");

    (void)state;
    for (size_t i = 0; i < sizeof pixels / sizeof pixels[0]; i++)
        pixels[i] = (float)(i % 256);
    for (size_t i = 0; i < lines.n; i++)
        sweep(lines.line[i], train, strstr(lines.line[i], " : ") + 3);
    test_lines_free(&lines);
}

/* Another program's weights: the parameters alone, as .npz. */
static dp_status take_weights(const void *path, uint8_t digest[16], dp_error *err)
{
    const dp_options options = options_of();
    dp_net *net = NULL;
    uint8_t own[16];
    dp_status status = dp_net_open(&net, "flatten | dense out_channels=3", 2, &x, &options, err);

    if (status == DP_OK)
        status = dp_net_load(net, path, err);
    dp_net_digest(net, own, NULL);
    add(digest, own, 16);
    dp_net_close(net);
    return status;
}

static void weights(void **state)
{
    dp_named_tensor t[2] = {{.type = "float32"}, {.type = "float32"}};
    char path[300];
    dp_net *net;

    (void)state;
    snprintf(path, sizeof path, "%s/w.npz", test_work);
    assert_ok(dp_net_open(&net, "flatten | dense out_channels=3", 1, &x, NULL, &test_error));
    for (size_t i = 0; i < 2; i++) {
        const dp_tensor *p = dp_net_parameter(net, i, &t[i].name);
        t[i].rank = p->rank;
        memcpy(t[i].shape, p->shape, sizeof p->shape);
        t[i].data = p->data;
        t[i].size = test_bytes(p);
        t[i].count = t[i].size / 4;
    }
    assert_ok(dp_archive_save(t, 2, path, &test_error));
    dp_net_close(net);
    sweep(path, take_weights, path);
}

typedef struct example {
    const dp_op_info *info;
    dp_direction direction;
} example;

static dp_status run_example(const void *ctx, uint8_t digest[16], dp_error *err)
{
    const dp_options options = options_of();
    const example *e = ctx;

    return dp_op_example(e->info, e->direction, &options, digest, err);
}

static void operators(void **state)
{
    size_t n;
    const dp_op_info *const *ops = dp_ops(&n);

    (void)state;
    for (size_t i = 0; i < 2 * n; i++) {
        const example e = {ops[i / 2], i % 2 == 0 ? DP_FORWARD : DP_BACKWARD};
        if (e.info->side[e.direction].inputs != NULL)
            sweep(e.info->stage.name, run_example, &e);
    }
}

/* ---- files ---- */

static dp_status read_archive(const void *path, uint8_t digest[16], dp_error *err)
{
    const dp_options options = options_of();
    dp_archive *a = NULL;
    const dp_named_tensor *t;
    const dp_status status = dp_archive_open(&a, path, &options, err);

    for (size_t i = 0; status == DP_OK && (t = dp_archive_get(a, i)) != NULL; i++) {
        add(digest, t->name, strlen(t->name));
        add(digest, t->data, (size_t)t->size);
    }
    dp_archive_close(a);
    return status;
}

static dp_status save_archive(const void *path, uint8_t digest[16], dp_error *err)
{
    const dp_named_tensor t[] = {
        {"a", "float32", 1, {4}, (const uint8_t *)pixels, 4, 16},
        {"b", "float32", 2, {2, 2}, (const uint8_t *)pixels, 4, 16},
    };
    dp_status status;

    unlink(path);
    status = dp_archive_save(t, 2, path, err);
    assert_int_equal(access(path, F_OK) == 0, status == DP_OK);
    if (status == DP_OK)
        add_file(digest, path);
    return status;
}

static void archives(void **state)
{
    static const char *const files[] = {
        "ckpt/plain.ckpt",  "ckpt/sliced_1k_crc.ckpt", "ckpt/plain.safetensors",
        "ckpt/content.npz", "ckpt/crc.safetensors",    "ckpt/crc.ckpt",
        "pt/parameters.pt", "pt/repacked.pt",          "pt/views_legacy.pt"};
    char path[600];

    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, TEST_GOLDEN "/%s", files[i]);
        sweep(files[i], read_archive, path);
    }
    snprintf(path, sizeof path, "%s/a.safetensors", test_work);
    sweep(path, save_archive, path);
    snprintf(path, sizeof path, "%s/a.npz", test_work);
    sweep(path, save_archive, path);
}

static dp_status keep_ledger(const void *path, uint8_t digest[16], dp_error *err)
{
    const dp_options options = options_of();
    dp_ledger *l = NULL;
    dp_status status;

    unlink(path);
    status = dp_ledger_open(&l, path, "a", &options, err);
    if (status == DP_OK)
        status = dp_ledger_tensor(l, "y", &y, err);
    if (status == DP_OK)
        status = dp_ledger_step(l, 1, 0.5, err);
    dp_ledger_close(l);
    if (status == DP_OK)
        add_file(digest, path);
    return status;
}

static void ledgers(void **state)
{
    char path[300];

    (void)state;
    snprintf(path, sizeof path, "%s/ledger", test_work);
    sweep("a ledger", keep_ledger, path);
}

#define STREAM                                                                                     \
    "range count=40 | shuffle | batch batch_size=3 | zip with=\"range count=40 | rename "          \
    "input_columns=id,label output_columns=a,b | batch batch_size=3\" | project columns=id,label"

static dp_status repair(dp_pipeline *p, const char *path, uint8_t digest[16], dp_error *err)
{
    const dp_options options = options_of();
    const uint8_t wrong[8] = {0};
    dp_snapshot_damage damage = {0};
    dp_snapshot *s = NULL;
    const test_bytes_of file = test_read_file(path);
    dp_status status;

    test_write_at(path, file.size - 8, wrong, 8);
    free(file.bytes);
    status = dp_snapshot_open(&s, path, &options, err);
    if (status == DP_OK)
        status = dp_snapshot_check(s, p, &damage, err);
    if (status == DP_OK)
        add(digest, &damage.blocks, sizeof damage.blocks);
    dp_snapshot_close(s);
    return status;
}

static dp_status keep_snapshot(const void *compression, uint8_t digest[16], dp_error *err)
{
    const dp_snapshot_options o = {
        .size = sizeof o, .compression = compression, .block_size = 64, .shard_size = 100};
    const dp_options options = options_of();
    char path[300], other[310];
    dp_pipeline *p = NULL;
    dp_status status = dp_open(&p, STREAM, 1, &options, err);

    snprintf(path, sizeof path, "%s/s.dps", test_work);
    snprintf(other, sizeof other, "%s.tmp", path);
    unlink(path);
    unlink(other);
    if (status == DP_OK)
        status = dp_snapshot_write(p, path, &o, err);
    if (status == DP_OK)
        add_file(digest, path);
    if (status == DP_OK)
        status = repair(p, path, digest, err);
    if (status == DP_OK)
        add_file(digest, path);
    dp_close(p);
    return status;
}

static void snapshots(void **state)
{
    (void)state;
    sweep("a snapshot", keep_snapshot, "none");
    sweep("a snapshot of lz4", keep_snapshot, "lz4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams),
        cmocka_unit_test(large_images),
        cmocka_unit_test(nets),
        cmocka_unit_test(weights),
        cmocka_unit_test(operators),
        cmocka_unit_test(archives),
        cmocka_unit_test(ledgers),
        cmocka_unit_test(snapshots),
        cmocka_unit_test(pictures_of_various_sizes),
        cmocka_unit_test(sizes_of_pictures),
    };
    return cmocka_run_group_tests(tests, test_work_set_up, test_work_tear_down);
}
