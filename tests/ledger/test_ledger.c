/* test_ledger.c - ledgers as a C trainer writes them: lines, refusals, crashes
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "detpipe_ledger.h"
#include "tests/support/test.h"

int __real_fsync(int fd);
int __wrap_fsync(int fd);
static int sync_error; /* of the next fsync; 0: it is done */

int __wrap_fsync(int fd)
{
    errno = sync_error;
    return sync_error != 0 ? -1 : __real_fsync(fd);
}

typedef struct place {
    char folder[256], path[300];
} place;

static int make(void **state)
{
    place *p = calloc(1, sizeof *p);

    test_folder(p->folder, sizeof p->folder);
    snprintf(p->path, sizeof p->path, "%s/run.ledger", p->folder);
    *state = p;
    return 0;
}

static int drop(void **state)
{
    place *p = *state;
    test_folder_remove(p->folder);
    free(p);
    return 0;
}

static dp_ledger *open_at(const place *p)
{
    dp_ledger *l = NULL;
    assert_ok(dp_ledger_open(&l, p->path, "a run", NULL, &test_error));
    return l;
}

static void record(dp_ledger *l, uint64_t step)
{
    float x[3] = {1, 2, (float)step};
    const dp_tensor t = {x, DP_F32, 1, {3}};

    assert_ok(dp_ledger_tensor(l, "batch", &t, &test_error));
    assert_ok(dp_ledger_step(l, step, 0.1 * (double)step, &test_error));
}

/* The whole file, and a 0 behind it, in memory of the caller's. */
static char *read_at(const place *p, size_t *size)
{
    const test_bytes_of file = test_read_file(p->path);

    *size = file.size;
    return (char *)file.bytes;
}

static int lines_at(const place *p)
{
    size_t size;
    char *text = read_at(p, &size);
    int lines = 0;

    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    assert_true(text[size - 1] == '\n');
    free(text);
    return lines;
}

/* The digest of a tensor is that of its elements, whoever computes it; a new run appends. */
static void a_line_a_step(void **state)
{
    const place *p = *state;
    dp_ledger *l = open_at(p);
    size_t size;
    char *text;

    record(l, 1);
    record(l, 2);
    dp_ledger_close(l);
    l = open_at(p);
    record(l, 2);
    record(l, 3);
    dp_ledger_close(l);
    assert_int_equal(lines_at(p), 5);
    text = read_at(p, &size);
    assert_non_null(strstr(text, "{\"detpipe-ledger\":1,\"about\":\"a run\",\"xxh3_128\":\""));
    assert_non_null(
        strstr(text, "\n{\"step\":3,\"loss\":\"0.30000000000000004\",\"tensors\":{\"batch\":\""));
    free(text);
}

/* A digest that is kept is the one that the tensor itself has in a step. */
/* Tensors of ugly sizes, of which some are worth a thread: whoever digests them, the same. */
static void digests_by_threads(void **state)
{
    enum { N = 6 };
    const int64_t sizes[N] = {3, 700001, 0, 131073, 1, 400000};
    float *numbers = malloc(700001 * sizeof *numbers);
    dp_tensor tensors[N];
    uint8_t expected[N][16], seen[N][16];

    (void)state;
    assert_non_null(numbers);
    for (size_t i = 0; i < 700001; i++)
        numbers[i] = i == 500 ? NAN : (float)i * 0.25f;
    for (size_t i = 0; i < N; i++) {
        tensors[i] = (dp_tensor){numbers + i, DP_F32, 1, {sizes[i] - (i == 1)}};
        assert_ok(dp_tensor_digests(&tensors[i], 1, 1, &expected[i], &test_error));
    }
    for (uint32_t threads = 0; threads <= 8; threads++) {
        memset(seen, 0, sizeof seen);
        assert_ok(dp_tensor_digests(tensors, N, threads, seen, &test_error));
        assert_memory_equal(seen, expected, sizeof seen);
    }
    assert_ok(dp_tensor_digests(NULL, 0, 0, NULL, &test_error));
    free(numbers);
}

static void digests_of_tensors(void **state)
{
    const place *p = *state;
    const int32_t v[2] = {3, -4};
    const dp_tensor t = {.data = (void *)v, .dtype = DP_I32, .rank = 1, .shape = {2}};
    const dp_tensor other = {.data = (void *)v, .dtype = DP_I32, .rank = 2, .shape = {1, 2}};
    dp_ledger *l = open_at(p);
    uint8_t digest[16];
    char text[33], line[100];
    size_t size;
    char *all;

    assert_ok(dp_tensor_digests(&t, 1, 1, &digest, &test_error));
    assert_ok(dp_ledger_tensor(l, "t", &t, &test_error));
    assert_ok(dp_ledger_tensor(l, "other", &other, &test_error));
    assert_ok(dp_ledger_digest(l, "kept", digest, &test_error));
    assert_ok(dp_ledger_step(l, 1, NAN, &test_error));
    dp_ledger_close(l);
    dp_digest_text(digest, text);
    all = read_at(p, &size);
    snprintf(line, sizeof line, "\"t\":\"%s\",\"other\":\"", text);
    assert_non_null(strstr(all, line));
    snprintf(line, sizeof line, "\"kept\":\"%s\"", text);
    assert_non_null(strstr(all, line));
    snprintf(line, sizeof line, "\"other\":\"%s\"", text);
    assert_null(strstr(all, line));
    free(all);
}

static void losses_that_are_no_numbers(void **state)
{
    const place *p = *state;
    dp_ledger *l = open_at(p);
    size_t size;
    char *text;

    assert_ok(dp_ledger_step(l, 1, NAN, &test_error));
    assert_ok(dp_ledger_step(l, 2, -INFINITY, &test_error));
    dp_ledger_close(l);
    text = read_at(p, &size);
    assert_non_null(strstr(text, "\"loss\":\"nan\""));
    assert_non_null(strstr(text, "\"loss\":\"-inf\""));
    free(text);
}

static void refused(dp_status expected, dp_status seen, const char *words)
{
    assert_int_equal(seen, expected);
    if (strstr(test_error.message, words) == NULL)
        fail_msg("'%s' lacks '%s'", test_error.message, words);
}

static void refusals(void **state)
{
    const place *p = *state;
    const uint8_t digest[16] = {0};
    char name[200];
    dp_ledger *l = open_at(p), *other = NULL;

    memset(name, 'x', sizeof name);
    name[128] = '\0';
    refused(DP_EINVAL, dp_ledger_digest(l, "a\"b", digest, &test_error), "printable");
    refused(DP_EINVAL, dp_ledger_digest(l, "", digest, &test_error), "printable");
    refused(DP_EINVAL, dp_ledger_digest(l, name, digest, &test_error), "printable");
    assert_ok(dp_ledger_digest(l, "a", digest, &test_error));
    refused(DP_EINVAL, dp_ledger_digest(l, "a", digest, &test_error), "two things named a");
    refused(DP_EIO, dp_ledger_open(&other, p->path, "a run", NULL, &test_error), "another run");
    dp_ledger_close(l);
    assert_int_equal(lines_at(p), 1); /* what had no step is dropped */
    refused(DP_ESTATE, dp_ledger_open(&other, p->path, "b run", NULL, &test_error),
            "not this run's ledger");
    refused(DP_EINVAL, dp_ledger_open(&other, p->path, "", NULL, &test_error), "about");
    refused(DP_EIO, dp_ledger_open(&other, p->folder, "a run", NULL, &test_error),
            "it is a folder");
    refused(DP_EIO, dp_ledger_open(&other, "/dev/null", "a run", NULL, &test_error),
            "it is a device");
    snprintf(name, sizeof name, "%.150s/fifo", p->folder);
    assert_int_equal(mkfifo(name, 0666), 0);
    refused(DP_EIO, dp_ledger_open(&other, name, "a run", NULL, &test_error), "it is a FIFO");
    assert_null(other);
}

static void too_much(void **state)
{
    const uint8_t digest[16] = {0};
    dp_ledger *l = open_at(*state);
    dp_status status = DP_OK;
    char name[128];
    int n = 0;

    for (; n < 20000 && status == DP_OK; n++) {
        snprintf(name, sizeof name, "%0120d", n);
        status = dp_ledger_digest(l, name, digest, &test_error);
    }
    assert_int_equal(status, DP_ELIMIT);
    assert_true(n > 5000);
    for (int i = 0; i < n - 1; i += 7) { /* each is known, and another is not one of them */
        snprintf(name, sizeof name, "%0120d", i);
        refused(DP_EINVAL, dp_ledger_digest(l, name, digest, &test_error), "two things named");
    }
    assert_ok(dp_ledger_step(l, 1, 1, &test_error));
    snprintf(name, sizeof name, "%0120d", 0);
    assert_ok(dp_ledger_digest(l, name, digest, &test_error)); /* in the next step it is new */
    assert_ok(dp_ledger_digest(l, "1", digest, &test_error));
    assert_ok(dp_ledger_digest(l, "10", digest, &test_error)); /* a part of a name is another one */
    assert_ok(dp_ledger_digest(l, "100", digest, &test_error));
    dp_ledger_close(l);
}

/* Cut anywhere in its last line, it goes on after the last whole one. */
static void torn(void **state)
{
    const place *p = *state;
    dp_ledger *l = open_at(p);
    size_t size, whole;
    char *text;

    record(l, 1);
    dp_ledger_close(l);
    free(read_at(p, &whole));
    l = open_at(p);
    record(l, 2);
    dp_ledger_close(l);
    text = read_at(p, &size);
    for (size_t cut = whole + 1; cut < size; cut += 7) {
        assert_int_equal(truncate(p->path, (off_t)cut), 0);
        l = open_at(p);
        record(l, 2);
        dp_ledger_close(l);
        size_t again;
        char *seen = read_at(p, &again);
        assert_int_equal(again, size);
        assert_memory_equal(seen, text, size);
        free(seen);
    }
    free(text);
}

/* kill -9 between two steps: all that were ended are there, and nothing else. */
static void killed(void **state)
{
    const place *p = *state;
    int status;
    const pid_t child = fork();

    if (child == 0) {
        dp_ledger *l = open_at(p);
        for (uint64_t step = 1; step <= 5; step++)
            record(l, step);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_int_equal(lines_at(p), 6);
    dp_ledger *l = open_at(p);
    record(l, 6);
    dp_ledger_close(l);
    assert_int_equal(lines_at(p), 7);
}

/* What the disk did not take is not a success; the lines are in the file, which is free again. */
static void not_on_the_disk(void **state)
{
    const place *p = *state;
    dp_ledger *l = open_at(p);

    record(l, 1);
    sync_error = EIO;
    errno = 0;
    assert_int_equal(dp_ledger_close(l), DP_EIO);
    assert_int_equal(errno, EIO);
    sync_error = 0;
    assert_int_equal(lines_at(p), 2);
    assert_ok(dp_ledger_close(open_at(p)));
    assert_ok(dp_ledger_close(NULL));
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, make, drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(a_line_a_step),
        cmocka_unit_test(digests_by_threads),
        PLACED(digests_of_tensors),
        PLACED(losses_that_are_no_numbers),
        PLACED(refusals),
        PLACED(too_much),
        PLACED(torn),
        PLACED(killed),
        PLACED(not_on_the_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
