/* test_fork.c - handles in a process that was forked: refused, not hung; a new one works
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/snapshot.h"

#define STREAM "synthetic num_records=40 | rescale rescale=1/255 | hwc2chw | batch batch_size=4"
#define NET                                                                                        \
    "flatten | dense out_channels=10 | softmax_cross_entropy | momentum learning_rate=0.01 "       \
    "momentum=0.9"

/* The allocators of sanitizers may be locked for ever in the child of a process with threads:
 * there, nothing is opened in it. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(SANITIZED) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool can_open = false;
#else
static const bool can_open = true;
#endif

/* Each is the number of what went wrong. */
enum { FINE, NEXT, SEEK, STATE, RECORDS, DRAWS, STEP, OWN };

static int use_in_child(dp_pipeline *p, dp_net *net, dp_batch *b)
{
    const dp_tensor *x = dp_batch_get(b, "image"), *y = dp_batch_get(b, "label");
    dp_batch *other = NULL;
    int64_t records[16];
    size_t rows, readers;
    char text[64];
    dp_net_result result;
    dp_state state;
    dp_pipeline *own;

    if (dp_next(p, &other, &test_error) != DP_EINVAL || strstr(test_error.message, "fork") == NULL)
        return NEXT;
    if (dp_seek(p, 0, &test_error) != DP_EINVAL || dp_skip(p, 1, &test_error) != DP_EINVAL)
        return SEEK;
    if (dp_get_state(p, &state, &test_error) != DP_EINVAL)
        return STATE;
    if (dp_records(p, 0, records, 16, &rows, &readers, &test_error) != DP_EINVAL)
        return RECORDS;
    if (dp_draws(p, 0, 0, text, sizeof text) != 0 || dp_fixed(p, 0, 0, text, sizeof text) != 0)
        return DRAWS;
    if (dp_net_step(net, x, y, &result, &test_error) != DP_EINVAL ||
        dp_net_eval(net, x, y, &result, &test_error) != DP_EINVAL)
        return STEP;
    dp_net_close(net);
    dp_close(p);
    if (!can_open)
        return FINE;
    own = test_open(STREAM, 2, 1);
    other = NULL;
    return dp_next(own, &other, &test_error) == DP_OK ? (dp_close(own), FINE) : OWN;
}

static void a_child_is_told(void **state)
{
    (void)state;
    for (uint32_t threads = 1; threads < 6; threads += 2) {
        const dp_options options = {.size = sizeof options, .threads = threads};
        dp_pipeline *p = test_open(STREAM, threads, threads - 1);
        dp_batch *b = NULL;
        dp_net *net;
        pid_t child;
        int status;
        assert_ok(dp_net_open(&net, NET, 1, dp_output(p, "image"), &options, &test_error));
        assert_ok(dp_next(p, &b, &test_error));
        child = fork();
        if (child == 0)
            _exit(use_in_child(p, net, b));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), FINE);
        assert_ok(dp_next(p, &b, &test_error)); /* the parent goes on */
        dp_net_close(net);
        dp_close(p);
    }
}

/* ---- many at once on one file ---- */

#define ROWS "synthetic num_records=300 | resize size=8 | rescale rescale=1/255"

static void processes_share_a_snapshot(void **state)
{
    const dp_snapshot_options options = {.size = sizeof options, .compression = "lz4"};
    char folder[256], path[300], text[400];
    test_hex expected;
    dp_pipeline *p;

    (void)state;
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/s.dps", folder);
    assert_ok(test_snapshot_write(ROWS, 2, path, &options));
    snprintf(text, sizeof text, "snapshot file=%s | shuffle | batch batch_size=7", path);
    p = test_open(text, 1, 0);
    expected = test_stream_digest(p, UINT64_MAX);
    dp_close(p);
    for (int i = 0; i < 6; i++) {
        if (fork() != 0)
            continue;
        p = test_open(text, 1 + (uint32_t)i % 3, (uint32_t)i);
        const test_hex found = test_stream_digest(p, UINT64_MAX);
        dp_close(p);
        _exit(strcmp(found.text, expected.text) != 0);
    }
    for (int i = 0; i < 6; i++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_is_told),
        cmocka_unit_test(processes_share_a_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
