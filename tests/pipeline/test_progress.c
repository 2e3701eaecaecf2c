/* test_progress.c - calls that may take long say how far they are, and end when they are told to
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "detpipe_snapshot.h"
#include "tests/support/test.h"

/* What the hook saw; it cancels at call number `cancel`. */
typedef struct seen {
    char what[32];
    const char *then; /* what it does next; NULL = nothing else */
    uint64_t calls, last, total, cancel;
} seen;

static int watch(void *ctx, const char *what, uint64_t done, uint64_t total)
{
    seen *s = ctx;

    if (s->then != NULL && strcmp(s->then, what) == 0) {
        assert_int_equal(s->last, s->total); /* the one before came to its end */
        *s = (seen){.calls = s->calls, .total = total, .cancel = s->cancel};
        snprintf(s->what, sizeof s->what, "%s", what);
    }
    if (s->calls == 0)
        snprintf(s->what, sizeof s->what, "%s", what);
    assert_string_equal(s->what, what);
    assert_true(done > s->last && done <= total);
    assert_true(s->calls == 0 || total == s->total);
    s->last = done;
    s->total = total;
    return ++s->calls == s->cancel;
}

static seen hook;

static void start(uint64_t cancel) { hook = (seen){.cancel = cancel}; }

static dp_options watched(void)
{
    return (dp_options){.size = sizeof(dp_options),
                        .root = FIXTURE,
                        .threads = 2,
                        .progress = watch,
                        .progress_ctx = &hook};
}

static void came_to_its_end(const char *what, uint64_t total)
{
    assert_string_equal(hook.what, what);
    assert_int_equal(hook.last, total);
    assert_int_equal(hook.total, total);
}

static void was_cancelled(dp_status status, const char *says)
{
    assert_int_equal(status, DP_ECANCEL);
    assert_int_equal(test_error.status, DP_ECANCEL);
    assert_string_equal(test_error.message, says);
    assert_string_equal(dp_status_name(status), "cancelled");
}

#define RECORDS 200
static const char stream[] = "memory | batch batch_size=8";
static uint8_t values[RECORDS][64];
static const dp_array arrays[] = {{"x", {values, DP_U8, 2, {RECORDS, 64}}},
                                  {NULL, {NULL, (dp_dtype)0, 0, {0}}}};

static dp_pipeline *open_stream(void)
{
    dp_options options = watched();
    dp_pipeline *p = NULL;

    options.arrays = arrays;
    assert_ok(dp_open(&p, stream, 1, &options, &test_error));
    return p;
}

static void identity(void **state)
{
    dp_pipeline *p = open_stream(), *other = open_stream();
    uint8_t digest[16], again[16];
    dp_state s;

    (void)state;
    start(0);
    assert_ok(dp_dataset_digest(p, digest, &test_error));
    came_to_its_end("identity", RECORDS);
    assert_true(hook.calls > 2);
    start(0);
    assert_ok(dp_get_state(p, &s, &test_error));
    assert_int_equal(hook.calls, 0); /* it is known */
    start(2);
    was_cancelled(dp_get_state(other, &s, &test_error),
                  "identity: cancelled by dp_options.progress after 128 of 200");
    assert_int_equal(hook.calls, 2); /* at once */
    start(0);
    assert_ok(dp_dataset_digest(other, again, &test_error)); /* and it can be asked again */
    assert_memory_equal(digest, again, 16);
    dp_close(other);
    dp_close(p);
}

/* A clock that goes on by so many seconds whenever it is looked at. */
static time_t fake_time, fake_step;
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock;
    *now = (struct timespec){fake_time += fake_step, 0};
    return 0;
}

static char heard[4096];

static void hear(void *ctx, const char *line)
{
    (void)ctx;
    snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "%s\n", line);
}

/* The identity of a data set says once that it takes over a second, and how far it is. */
static void identity_is_heard_of(void **state)
{
    static const char line[] =
        "the data set is read once for its identity: 64 of 200 records so far\n";

    (void)state;
    for (fake_step = 0; fake_step <= 2; fake_step += 2) {
        dp_options options = watched();
        dp_pipeline *p = NULL;
        uint8_t digest[16];
        options.log = hear;
        options.progress = NULL;
        options.arrays = arrays;
        assert_ok(dp_open(&p, stream, 1, &options, &test_error));
        heard[0] = '\0';
        assert_ok(dp_dataset_digest(p, digest, &test_error));
        assert_string_equal(heard, fake_step == 0 ? "" : line);
        dp_close(p);
    }
}

static void labels(void **state)
{
    const dp_options options = watched();
    dp_pipeline *p = NULL;

    (void)state;
    start(0);
    assert_ok(
        dp_open(&p, "range count=200 | filter column=label values=1,2", 1, &options, &test_error));
    came_to_its_end("labels", 200);
    dp_close(p);
    p = NULL;
    start(1);
    was_cancelled(
        dp_open(&p, "range count=200 | filter column=label values=1,2", 1, &options, &test_error),
        "filter: labels: cancelled by dp_options.progress after 64 of 200");
    assert_null(p);
}

/* Written whole; cancelled, and gone on with: the same bytes. */
static void snapshots(void **state)
{
    dp_snapshot_options o = {.size = sizeof o, .block_size = 512};
    const dp_options options = watched();
    char folder[256], whole[300], parts[300];
    dp_pipeline *p = open_stream();
    dp_snapshot_damage damage;
    dp_snapshot *snapshot = NULL;
    test_bytes_of a, b;

    (void)state;
    test_folder(folder, sizeof folder);
    snprintf(whole, sizeof whole, "%s/whole.dps", folder);
    snprintf(parts, sizeof parts, "%s/parts.dps", folder);
    start(0);
    assert_ok(dp_dataset_digest(p, (uint8_t[16]){0}, &test_error));
    start(0);
    assert_ok(dp_snapshot_write(p, whole, &o, &test_error));
    came_to_its_end("snapshot write", 29);
    start(5);
    was_cancelled(dp_snapshot_write(p, parts, &o, &test_error),
                  "snapshot write: cancelled by dp_options.progress after 5 of 29");
    assert_int_equal(access(parts, F_OK), -1);
    o.resume = 1;
    start(0);
    assert_ok(dp_snapshot_write(p, parts, &o, &test_error));
    assert_int_equal(hook.calls, 29 - 5);
    a = test_read_file(whole);
    b = test_read_file(parts);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.bytes, b.bytes, a.size);
    free(a.bytes);
    free(b.bytes);
    assert_ok(dp_snapshot_open(&snapshot, whole, &options, &test_error));
    start(0);
    assert_ok(dp_snapshot_check(snapshot, NULL, &damage, &test_error));
    came_to_its_end("snapshot check", 29);
    start(3);
    was_cancelled(dp_snapshot_check(snapshot, NULL, &damage, &test_error),
                  "snapshot check: cancelled by dp_options.progress after 3 of 29");
    dp_snapshot_close(snapshot);
    dp_close(p);
    test_folder_remove(folder);
}

/* ---- files that are read whole ---- */

/* Noise: what is packed of it is as large as it is. */
#define NOISE (3 << 20)
static uint8_t noise[NOISE];

static void make_noise(void)
{
    uint64_t x = 88172645463325252u;

    for (size_t i = 0; i < NOISE; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        noise[i] = (uint8_t)x;
    }
}

/* 3 MiB less their header: 3 images of 1024x1024. */
static void write_idx(const char *path, const char *mode)
{
    const uint8_t head[] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 4, 0, 0, 0, 4, 0};
    gzFile f = gzopen(path, mode);

    assert_non_null(f);
    assert_int_equal(gzwrite(f, head, sizeof head), sizeof head);
    assert_int_equal(gzwrite(f, noise, NOISE), NOISE);
    assert_int_equal(gzclose(f), Z_OK);
}

static dp_status open_file(const char *path, dp_pipeline **out)
{
    const dp_options options = watched();
    char text[400];

    snprintf(text, sizeof text, "idx images=%s labels=\"\"", path);
    return dp_open(out, text, 1, &options, &test_error);
}

static uint64_t size_of(const char *path)
{
    struct stat s;

    assert_int_equal(stat(path, &s), 0);
    return (uint64_t)s.st_size;
}

/* As it is and unpacked: done and total are the file's own bytes. */
static void files_of_records(void **state)
{
    static const char *const modes[] = {"wbT", "wb"};
    char folder[256], path[300], says[128];

    (void)state;
    make_noise();
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/images", folder);
    for (int i = 0; i < 2; i++) {
        dp_pipeline *p = NULL;
        write_idx(path, modes[i]);
        start(0);
        assert_ok(open_file(path, &p));
        came_to_its_end("file", size_of(path));
        assert_int_equal(hook.calls, 4); /* each MiB, and the end */
        dp_close(p);
        p = NULL;
        start(2);
        snprintf(says, sizeof says,
                 "idx: file: cancelled by dp_options.progress after 2097152 of %llu",
                 (unsigned long long)size_of(path));
        was_cancelled(open_file(path, &p), says);
        assert_null(p);
    }
    test_folder_remove(folder);
}

static void archives_of_records(void **state)
{
    dp_options options = watched();
    char folder[256], path[300], command[900];
    dp_pipeline *p = NULL;

    (void)state;
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/a.tar.gz", folder);
    snprintf(command, sizeof command, "tar czf %s -C %s data_batch_1.bin test_batch.bin", path,
             FIXTURE);
    assert_int_equal(system(command), 0);
    options.root = folder;
    start(0);
    assert_ok(dp_open(&p, "cifar10 strict=false dataset_dir=a.tar.gz", 1, &options, &test_error));
    came_to_its_end("file", size_of(path));
    dp_close(p);
    test_folder_remove(folder);
}

static void archives_of_tensors(void **state)
{
    const dp_named_tensor tensor = {"x", "uint8", 1, {NOISE}, noise, NOISE, NOISE};
    const dp_options options = watched();
    char folder[256], path[300];
    dp_archive *a = NULL;

    (void)state;
    make_noise();
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/x.npz", folder);
    assert_ok(dp_archive_save(&tensor, 1, path, &test_error));
    start(0);
    hook.then = "tensors";
    assert_ok(dp_archive_open(&a, path, &options, &test_error));
    came_to_its_end("tensors", 1);
    assert_int_equal(hook.calls, 4 + 1);
    dp_archive_close(a);
    a = NULL;
    start(3);
    assert_int_equal(dp_archive_open(&a, path, &options, &test_error), DP_ECANCEL);
    assert_null(a);
    start(5);
    hook.then = "tensors";
    was_cancelled(dp_archive_open(&a, path, &options, &test_error),
                  "tensors: cancelled by dp_options.progress after 1 of 1");
    assert_null(a);
    test_folder_remove(folder);
}

#define WEIGHTS (4 * (1024 * 512 + 512)) /* bytes of the net's */

static void nets(void **state)
{
    const dp_tensor input = {NULL, DP_F32, 2, {4, 1024}};
    const dp_options options = watched();
    char folder[256], path[300], says[128];
    uint8_t before[16], after[16];
    dp_net *net = NULL;

    (void)state;
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/net.safetensors", folder);
    assert_ok(dp_net_open(&net,
                          "dense out_channels=512 | softmax_cross_entropy | sgd learning_rate=1", 1,
                          &input, &options, &test_error));
    start(1);
    snprintf(says, sizeof says, "file: cancelled by dp_options.progress after 1048576 of %d",
             WEIGHTS);
    was_cancelled(dp_net_save(net, path, &test_error), says);
    assert_int_equal(access(path, F_OK), -1);
    start(0);
    assert_ok(dp_net_save(net, path, &test_error));
    came_to_its_end("file", WEIGHTS);
    dp_net_digest(net, before, NULL);
    start(2);
    assert_int_equal(dp_net_load(net, path, &test_error), DP_ECANCEL);
    dp_net_digest(net, after, NULL);
    assert_memory_equal(before, after, 16);
    start(0);
    assert_ok(dp_net_load(net, path, &test_error));
    came_to_its_end("file", size_of(path));
    dp_net_close(net);
    test_folder_remove(folder);
}

/* Same bits for every instruction set that there is, chosen by the option. */
static void cpu(void **state)
{
    static const char *const names[] = {"scalar", "neon", "sse2", "avx2", "avx512"};
    static const char text[] = "cifar10 strict=false | random_crop size=32 padding=4 "
                               "| rescale rescale=1/255 | hwc2chw | batch batch_size=16";
    test_hex first = {""};
    size_t n = 0;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        dp_options options = {.size = sizeof options, .root = FIXTURE, .cpu = names[i]};
        dp_pipeline *p = NULL;
        test_hex digest;

        if (dp_open(&p, text, 1, &options, &test_error) != DP_OK) {
            assert_int_equal(test_error.status, DP_EINVAL);
            assert_non_null(strstr(test_error.message, "dp_options.cpu"));
            continue;
        }
        digest = test_stream_digest(p, UINT64_MAX);
        first = n++ == 0 ? digest : first;
        assert_string_equal(digest.text, first.text);
        dp_close(p);
    }
    assert_true(n >= 1); /* scalar */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity),
        cmocka_unit_test(identity_is_heard_of),
        cmocka_unit_test(labels),
        cmocka_unit_test(snapshots),
        cmocka_unit_test(files_of_records),
        cmocka_unit_test(archives_of_records),
        cmocka_unit_test(archives_of_tensors),
        cmocka_unit_test(nets),
        cmocka_unit_test(cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
