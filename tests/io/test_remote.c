/* test_remote.c - snapshots by address: the bits of the file at hand; what a server says, line by
 * line; a file that was forged
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/blake.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "io/remote/answer.h"
#include "io/remote/remote.h"
#include "io/snapshot/file.h"
#include "tests/support/snapshot.h"

#define ROWS    SMALL_CIFAR " usage=test | shuffle | resize size=16"
#define BATCHES ROWS " | random_horizontal_flip | batch batch_size=7 | repeat count=2"

static char name[512], address[128]; /* of the file; where the server has it */
static pid_t server;

/* The server of test_servers.sh, on the folder of the test; false = there is no python3. */
static bool start_server(void)
{
    char port[16] = "";
    int ends[2];
    bool got;
    FILE *said;

    assert_int_equal(pipe(ends), 0);
    server = fork();
    if (server == 0) {
        dup2(ends[1], 1);
        dup2(open("/dev/null", O_WRONLY), 2);
        execlp("python3", "python3", TEST_GOLDEN "/../io/hostile_server.py", test_work, NULL);
        _exit(127);
    }
    close(ends[1]);
    said = fdopen(ends[0], "r");
    got = fgets(port, sizeof port, said) != NULL;
    fclose(said);
    snprintf(address, sizeof address, "http://127.0.0.1:%.*s/good", (int)strcspn(port, "\n"), port);
    return got;
}

static int set_up(void **state)
{
    if (test_work_set_up(state) != 0)
        return -1;
    unsetenv("DETPIPE_REMOTE");
    setenv("no_proxy", "*", 1);
    snprintf(name, sizeof name, "%s/a.dps", test_work);
    return start_server() ? 0 : -1;
}

static int tear_down(void **state)
{
    if (server > 0)
        kill(server, SIGTERM);
    if (server > 0)
        waitpid(server, NULL, 0);
    return test_work_tear_down(state);
}

static dp_status open_at(dp_pipeline **p, const char *root, uint32_t threads, const char *rest,
                         const dp_allocator *alloc)
{
    char spec[512];
    const dp_options options = {.size = sizeof options,
                                .root = root,
                                .threads = threads,
                                .prefetch = threads - 1,
                                .alloc = alloc};

    snprintf(spec, sizeof spec, "snapshot file=a.dps%s", rest);
    return dp_open(p, spec, 1, &options, &test_error);
}

static bool has_no_libcurl(void)
{
    dp_pipeline *p = NULL;
    const dp_status status = open_at(&p, address, 1, "", NULL);

    dp_close(p);
    return status != DP_OK && strstr(test_error.message, "libcurl") != NULL;
}

static void write_it(const char *spec, const char *compression)
{
    const dp_snapshot_options options = {
        .size = sizeof options, .block_size = 6000, .compression = compression};

    assert_ok(test_snapshot_write(spec, 2, name, &options));
}

/* ---- the bits of the file ---- */

/* From the beginning, from any place, and from the state of the one in the other. */
static void compare(const char *rest, uint32_t threads)
{
    dp_pipeline *here, *there;
    dp_state state;

    assert_ok(open_at(&here, test_work, 1, rest, NULL));
    assert_ok(open_at(&there, address, threads, rest, NULL));
    assert_string_equal(test_stream_digest(there, UINT64_MAX).text,
                        test_stream_digest(here, UINT64_MAX).text);
    for (uint64_t at = dp_length(here); at-- > 0;) {
        assert_ok(dp_seek(here, at, &test_error));
        assert_ok(dp_seek(there, at, &test_error));
        assert_string_equal(test_stream_digest(there, 1).text, test_stream_digest(here, 1).text);
    }
    assert_ok(dp_seek(here, 2, &test_error));
    assert_ok(dp_get_state(here, &state, &test_error));
    assert_ok(dp_set_state(there, &state, &test_error));
    assert_string_equal(test_stream_digest(there, UINT64_MAX).text,
                        test_stream_digest(here, UINT64_MAX).text);
    assert_ok(dp_get_state(there, &state, &test_error));
    assert_ok(dp_set_state(here, &state, &test_error));
    dp_close(there);
    dp_close(here);
}

static void same_bits(void **state)
{
    (void)state;
    if (has_no_libcurl())
        skip();
    for (int packed = 0; packed < 2; packed++) {
        write_it(BATCHES, packed ? "lz4" : NULL);
        for (uint32_t threads = 1; threads <= 8; threads++) {
            compare(" batched=true", threads);
            compare(" | shuffle | batch batch_size=5", threads);
        }
    }
}

/* What is delivered takes no memory of dp_options.alloc. */
static void no_allocation(void **state)
{
    test_allocator a;
    dp_pipeline *p;
    unsigned long n;

    (void)state;
    write_it(ROWS, NULL);
    if (has_no_libcurl())
        skip();
    for (uint32_t threads = 1; threads <= 3; threads += 2) {
        test_allocator_init(&a);
        assert_ok(open_at(&p, address, threads, " | shuffle | batch batch_size=5", &a.hooks));
        n = a.n;
        test_stream_digest(p, UINT64_MAX);
        assert_int_equal(a.n, n);
        dp_close(p);
        assert_int_equal(a.live, 0);
    }
}

/* Each allocation of the open fails once: an error, nothing left behind. */
static void no_memory(void **state)
{
    test_allocator a;
    dp_pipeline *p;
    dp_status status = DP_ENOMEM;

    (void)state;
    write_it(ROWS, NULL);
    if (has_no_libcurl())
        skip();
    for (unsigned long at = 1; status != DP_OK; at++) {
        test_allocator_init(&a);
        a.fail_at = at;
        p = NULL;
        status = open_at(&p, address, 2, " | batch batch_size=5", &a.hooks);
        assert_true(status == DP_OK || status == DP_ENOMEM);
        dp_close(p);
        assert_int_equal(a.live, 0);
    }
}

/* What a child asks of what was opened before it is refused, and does not wait for a thread that it
 * has not; it closes what was open, and leaves the parent's connections alone. */
static bool refuses(dp_pipeline *p, const dp_file *file)
{
    dp_batch *batch = NULL;
    uint8_t byte;
    size_t got;
    const int error = dp_fetch_past(file, 0, &byte, 1, &got);
    const bool refused = error != 0 && strstr(dp_file_why(file, error), "before fork()") != NULL;

    return dp_next(p, &batch, &test_error) == DP_EINVAL && refused;
}

static void a_fork(void **state)
{
    const dp_options options = {.size = sizeof options};
    dp_arena arena = {.alloc = &dp_libc_allocator};
    dp_opener opener = {.options = &options, .arena = &arena};
    char url[160];
    dp_file file;

    dp_pipeline *p;
    test_hex all, half;
    pid_t child;
    int status;

    (void)state;
    write_it(ROWS, NULL);
    if (has_no_libcurl())
        skip();
    assert_ok(open_at(&p, address, 2, " | batch batch_size=5", NULL));
    all = test_stream_digest(p, UINT64_MAX);
    assert_ok(dp_seek(p, 0, &test_error));
    half = test_stream_digest(p, 2);
    snprintf(url, sizeof url, "%s/a.dps", address);
    assert_ok(dp_opener_open(&opener, url, &file, &test_error));
    child = fork();
    if (child == 0) {
        const bool refused = refuses(p, &file);
        dp_opener_close(&opener);
        dp_close(p);
        _exit(refused ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_ok(dp_seek(p, 0, &test_error));
    assert_string_equal(test_stream_digest(p, 2).text, half.text);
    assert_ok(dp_seek(p, 0, &test_error));
    assert_string_equal(test_stream_digest(p, UINT64_MAX).text, all.text);
    dp_close(p);
    dp_opener_close(&opener);
    dp_arena_free(&arena);
}

/* ---- a digest that nobody can forge ---- */

/* Block 1 with another byte in its first record, all of whose own checks are right. */
static void forge(void)
{
    const test_bytes_of file = test_read_file(name);
    dp_arena arena = {.alloc = &dp_libc_allocator};
    dp_snapshot_header h;
    dp_block b;
    uint64_t at;
    size_t size;
    uint8_t *head;

    assert_ok(dp_snapshot_parse(file.bytes, dp_snapshot_header_size(file.bytes), name, &arena, &h,
                                &test_error));
    b = dp_block_of(&h, 1);
    at = h.size + dp_block_most(&h);
    head = file.bytes + at;
    size = b.head + b.raw;
    head[b.head + 5] ^= 1;
    dp_store_le(head + 16, 8, dp_hash64(head + b.head, b.raw));
    dp_store_le(head + 24, 8, dp_hash64(head + b.head, (size_t)h.record_size));
    dp_store_le(head + b.head - 8, 8, dp_hash64_seeded(head, b.head - 8, h.key));
    test_write_at(name, (size_t)at, head, size);
    dp_arena_free(&arena);
    free(file.bytes);
}

/* With the seal a check names the block; without it, that the whole is another at most. */
static void check_forged(void)
{
    char seal[520], kept[520];
    dp_snapshot_damage damage[2];

    snprintf(seal, sizeof seal, "%s.seal", name);
    snprintf(kept, sizeof kept, "%s.kept", name);
    for (int i = 0; i < 2; i++) {
        dp_snapshot *s;
        assert_ok(dp_snapshot_open(&s, name, NULL, &test_error));
        assert_ok(dp_snapshot_check(s, NULL, &damage[i], &test_error));
        dp_snapshot_close(s);
        assert_int_equal(rename(i == 0 ? seal : kept, i == 0 ? kept : seal), 0);
    }
    assert_int_equal(damage[0].blocks, 1);
    assert_int_equal(damage[0].records, 7);
    assert_int_equal(damage[1].blocks, 0);
    assert_int_equal(damage[1].footer, 1);
}

static void a_forged_block(void **state)
{
    char digest[65], rest[160];
    dp_snapshot *s;
    dp_pipeline *p;
    dp_batch *batch = NULL;
    dp_status status = DP_OK;
    test_hex before;

    (void)state;
    snprintf(name, sizeof name, "%s/a.dps", test_work);
    write_it(ROWS, NULL);
    assert_ok(dp_snapshot_open(&s, name, NULL, &test_error));
    assert_null(dp_snapshot_get_info(s)->digest);
    assert_ok(dp_snapshot_seal(s, digest, &test_error));
    dp_snapshot_close(s);
    snprintf(rest, sizeof rest, " digest=%s", digest);
    assert_ok(open_at(&p, test_work, 1, rest, NULL));
    before = test_stream_digest(p, UINT64_MAX);
    dp_close(p);
    forge();
    check_forged();
    assert_ok(open_at(&p, test_work, 1, "", NULL)); /* nothing else sees it */
    assert_string_not_equal(test_stream_digest(p, UINT64_MAX).text, before.text);
    dp_close(p);
    assert_ok(open_at(&p, test_work, 1, rest, NULL));
    while (status == DP_OK)
        status = dp_next(p, &batch, &test_error);
    assert_int_equal(status, DP_ECORRUPT);
    assert_non_null(strstr(test_error.message, "block 1 (records 7 to 13)"));
    assert_non_null(strstr(test_error.message, "another than digest= says"));
    assert_int_equal(test_error.record, 7);
    dp_close(p);
}

/* As `b2sum -l 256` prints them; in pieces of every size. */
static void blake(void **state)
{
    static const struct {
        size_t n;
        const char *digest;
    } known[] = {
        {0, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"},
        {3, "3d8c3d594928271f44aad7a04b177154806867bcf918e1549c0bc16f9da2b09b"},
        {128, "c3582f71ebb2be66fa5dd750f80baae97554f3b015663c8be377cfcb2488c1d1"},
        {129, "f7f3c46ba2564ff4c4c162da1f5b605f9f1c4aa6a20652a9f9a337c1a2f5b9c9"},
        {1000, "b372d0608f720c8c3dd41e9c8eecb10143b41abe520b616607e754bf79c08331"},
    };
    uint8_t bytes[1000], digest[DP_BLAKE];
    dp_blake b;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i % 251);
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        for (size_t piece = 1; piece <= known[k].n + 1; piece += 1 + piece / 3) {
            dp_blake_start(&b);
            for (size_t at = 0; at < known[k].n; at += piece)
                dp_blake_add(&b, bytes + at, piece < known[k].n - at ? piece : known[k].n - at);
            dp_blake_end(&b, digest);
            assert_string_equal(test_hex_of(digest, DP_BLAKE).text, known[k].digest);
        }
    }
}

/* Several at once are those of one after the other, whatever their number and sizes. */
static void many_blakes(void **state)
{
    uint8_t bytes[DP_BLAKE_LANES][2000], digests[DP_BLAKE_LANES][DP_BLAKE], digest[DP_BLAKE];
    const uint8_t *at[DP_BLAKE_LANES];
    size_t sizes[DP_BLAKE_LANES];

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i / sizeof bytes[0]][i % sizeof bytes[0]] = (uint8_t)(i * 2654435761U >> 13);
    for (size_t n = 0; n < 800; n++) {
        const uint32_t several = 1 + (uint32_t)n % DP_BLAKE_LANES;
        for (size_t i = 0; i < several; i++) {
            at[i] = bytes[i];
            sizes[i] = i == 0 ? n : (n * (i + 5) + 127 * i) % sizeof bytes[0];
        }
        dp_blake_many(several, at, sizes, digests);
        for (size_t i = 0; i < several; i++) {
            dp_blake_bytes(at[i], sizes[i], digest);
            assert_memory_equal(digests[i], digest, DP_BLAKE);
        }
    }
}

/* What is no address that is read is the name of a file, and in the message; not what may be
 * secret, also where the message ends in it. */
static void no_secrets(void **state)
{
    static const char *const names[] = {
        "s3://me:hush@bucket/a.dps", "ftp://hush@host/a", "s3://bucket/a.dps?key=hush&b=hush",
        "HTTP://me:hush@[::1]:80/a", "gs://a@b:hush@c/d",
    };
    char spec[512], name_[400];
    dp_pipeline *p;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(spec, sizeof spec, "snapshot file=\"%s\"", names[i]);
        assert_int_equal(dp_open(&p, spec, 1, NULL, &test_error), DP_EIO);
        assert_non_null(strstr(test_error.message, "://"));
        assert_null(strstr(test_error.message, "hush"));
    }
    for (size_t n = 0; n < 130; n++) { /* a name is cut at 120 bytes */
        snprintf(
            name_, sizeof name_, "s3://me:%.*shush@bucket/a", (int)n,
            "ooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo"
            "ooooooooooooooooooooooooooooooooooooooooooooooooo");
        snprintf(spec, sizeof spec, "snapshot file=%s", name_);
        assert_int_equal(dp_open(&p, spec, 1, NULL, &test_error), DP_EIO);
        assert_null(strstr(test_error.message, "hu"));
    }
    assert_int_equal(dp_open(&p, "snapshot file=s3://bucket:80/a", 1, NULL, &test_error), DP_EIO);
    assert_non_null(strstr(test_error.message, "s3://bucket:80/a: "));
}

/* ---- what a server says ---- */

static dp_answer answer_of(const char *const *lines)
{
    dp_answer a = {.status = 0};

    for (; *lines != NULL; lines++)
        dp_answer_line(&a, *lines, strlen(*lines));
    return a;
}

static int check(const char *status, const char *range, const char *other)
{
    const char *const lines[] = {status, range, "ETag: \"x\"\r\n", other, "\r\n", NULL};
    const dp_answer a = answer_of(lines);
    const dp_asked q = {.first = 10, .last = 19, .size = 100};

    return dp_answer_check(&a, &q);
}

static void answers(void **state)
{
    static const char *const wrong[] = {
        "Content-Range: bytes 10-19\r\n",
        "Content-Range: bytes 10-19/*\r\n",
        "Content-Range: bytes */100\r\n",
        "Content-Range: 10-19/100\r\n",
        "Content-Range: bytes 10-19/100x\r\n",
        "Content-Range: bytes 10--19/100\r\n",
        "Content-Range: bytes -/100\r\n",
        "Content-Range:\r\n",
        "Content-Range: bytes 10-19/18446744073709551716\r\n",
    };

    (void)state;
    assert_int_equal(check("HTTP/1.1 206 Partial\r\n", "content-range:  bytes 10-19/100\r\n", ""),
                     0);
    assert_int_equal(check("HTTP/2 206\r\n", "Content-Range: BYTES 10-19/100\r\n", ":x"), 0);
    assert_int_equal(check("HTTP/2 206\r\n", "Content-Range: bytes 10-18/100\r\n", ""),
                     DP_FAR_OTHER_RANGE);
    assert_int_equal(check("HTTP/2 206\r\n", "Content-Range: bytes 10-19/99\r\n", ""),
                     DP_FAR_OTHER_SIZE);
    assert_int_equal(
        check("HTTP/2 206\r\n", "Content-Range: bytes 10-19/100\r\n", "Content-Encoding: gzip\r\n"),
        DP_FAR_ENCODED);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(check("HTTP/1.1 206\r\n", wrong[i], ""), DP_FAR_NO_SIZE);
    assert_int_equal(check("HTTP/1.1 200 OK\r\n", "", ""), DP_FAR_NO_RANGES);
    assert_int_equal(check("HTTP/1.1 999999 OK\r\n", "", ""), DP_FAR_HTTP);
    assert_int_equal(check("HTTP/1.1\r\n", "", ""), DP_FAR_HTTP);
    for (int status = 0; status < 1000; status++)
        assert_non_null(dp_far_words(DP_FAR_HTTP + status));
    for (int own = DP_FAR_OWN; own < DP_FAR_N; own++)
        assert_non_null(dp_far_words(own));
}

/* Why a store refuses; what it says of anything else, or in another answer, is nothing. */
static void reasons(void **state)
{
    static const struct {
        const char *body;
        int error;
    } cases[] = {
        {"<Error><Code>AccessDenied</Code><Message>Request has expired</Message>", DP_FAR_EXPIRED},
        {"<Code>ExpiredToken</Code>", DP_FAR_EXPIRED},
        {"<Code>SignatureDoesNotMatch</Code>", DP_FAR_SIGNATURE},
        {"<Code>RequestTimeTooSkewed</Code>", DP_FAR_CLOCK},
        {"<Code>AccessDenied</Code><Message>Access Denied</Message>", DP_FAR_HTTP + 403},
        {"", DP_FAR_HTTP + 403},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *body = cases[i].body;
        assert_int_equal(dp_answer_reason(DP_FAR_HTTP + 403, body, strlen(body)), cases[i].error);
        assert_int_equal(dp_answer_reason(0, body, strlen(body)), 0);
        assert_int_equal(dp_answer_reason(DP_FAR_HTTP + 404, body, strlen(body)),
                         DP_FAR_HTTP + 404);
        assert_false(dp_far_passes(cases[i].error));
        assert_true(strlen(dp_far_words(cases[i].error)) > 20);
    }
}

static void versions_and_seconds(void **state)
{
    static const char *const tagged[] = {"HTTP/1.1 206\r\n", "Last-Modified: a\r\n",
                                         "ETag: \"x\"\r\n", NULL},
                             *const dated[] = {"HTTP/1.1 206\r\n", "Last-Modified: a\r\n", NULL},
                             *const later[] = {"HTTP/1.1 503\r\n", "Retry-After: 7\r\n", NULL},
                             *const never[] = {"HTTP/1.1 503\r\n", "Retry-After: 99999999\r\n",
                                               NULL},
                             *const date[] = {"HTTP/1.1 503\r\n", "Retry-After: Mon, 1 Jan\r\n",
                                              NULL},
                             *const anew[] = {"HTTP/1.1 302\r\n", "ETag: \"x\"\r\n",
                                              "HTTP/1.1 206\r\n", NULL};
    const dp_answer a = answer_of(tagged), b = answer_of(dated);

    (void)state;
    assert_true(dp_answer_version(&a) != 0 && dp_answer_version(&b) != 0);
    assert_true(dp_answer_version(&a) != dp_answer_version(&b));
    assert_int_equal(answer_of(later).retry_after, 7);
    assert_int_equal(answer_of(never).retry_after, 86400);
    assert_int_equal(answer_of(date).retry_after, 0);
    assert_int_equal(answer_of(anew).etag, 0); /* the redirect's is not the file's */
    assert_int_equal(answer_of(anew).status, 206);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blake),
        cmocka_unit_test(many_blakes),
        cmocka_unit_test(no_secrets),
        cmocka_unit_test(answers),
        cmocka_unit_test(reasons),
        cmocka_unit_test(versions_and_seconds),
        cmocka_unit_test_setup_teardown(same_bits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_allocation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fork, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_forged_block, test_work_set_up, test_work_tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
