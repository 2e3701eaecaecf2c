/* test_progress.c - calls that may take long say how far they are, and end when they are told to
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <unistd.h>

#include "detpipe_snapshot.h"
#include "tests/support/test.h"

/* What the hook saw; it cancels at call number `cancel`. */
typedef struct seen {
    char what[32];
    uint64_t calls, last, total, cancel;
} seen;

static int watch(void *ctx, const char *what, uint64_t done, uint64_t total)
{
    seen *s = ctx;

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

static char *bytes_of(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    char *bytes = malloc(1 << 20);

    assert_non_null(f);
    assert_non_null(bytes);
    *size = fread(bytes, 1, 1 << 20, f);
    fclose(f);
    return bytes;
}

/* Written whole; cancelled, and gone on with: the same bytes. */
static void snapshots(void **state)
{
    dp_snapshot_options o = {.size = sizeof o, .block_size = 512};
    const dp_options options = watched();
    char folder[256], whole[300], parts[300], *a, *b;
    dp_pipeline *p = open_stream();
    dp_snapshot_damage damage;
    dp_snapshot *snapshot = NULL;
    size_t n, m;

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
    a = bytes_of(whole, &n);
    b = bytes_of(parts, &m);
    assert_int_equal(n, m);
    assert_memory_equal(a, b, n);
    free(a);
    free(b);
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
        cmocka_unit_test(labels),
        cmocka_unit_test(snapshots),
        cmocka_unit_test(cpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
