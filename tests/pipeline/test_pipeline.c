/* test_pipeline.c - one stream, however it is made: threads, prefetch, seeking, states, held
 * batches
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <dirent.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/test.h"

#define AUGMENTED                                                                                  \
    " | shuffle | random_crop size=32 padding=4 | random_horizontal_flip | rescale rescale=1/255"  \
    " | normalize mean=0.4914,0.4822,0.4465 std=0.2023,0.1994,0.2010 | hwc2chw"
#define SMALL SMALL_CIFAR AUGMENTED " | batch batch_size=16 | repeat count=3"

static const uint32_t threads[] = {1, 2, 7}, prefetches[] = {0, 1, 5};

static void threads_and_prefetch(void **state)
{
    test_hex first = {""};

    (void)state;
    for (int t = 0; t < 3; t++) {
        for (int f = 0; f < 3; f++) {
            dp_pipeline *p = test_open(SMALL, threads[t], prefetches[f]);
            const test_hex h = test_stream_digest(p, UINT64_MAX);
            if (first.text[0] == '\0')
                first = h;
            assert_string_equal(h.text, first.text);
            dp_close(p);
        }
    }
}

static void seek_to_every_batch(void **state)
{
    (void)state;
    for (int t = 0; t < 3; t++) {
        dp_pipeline *straight = test_open(SMALL, 1, 0), *p = test_open(SMALL, threads[t], 3);
        for (uint64_t at = 0; at <= dp_length(p); at++) {
            assert_ok(dp_seek(straight, at, &test_error));
            assert_ok(dp_seek(p, at, &test_error));
            assert_int_equal(dp_tell(p), at);
            assert_string_equal(test_stream_digest(p, at % 3 + 1).text,
                                test_stream_digest(straight, at % 3 + 1).text);
        }
        dp_close(straight);
        dp_close(p);
    }
}

/* Seeking while every worker is in the middle of a batch: nobody writes into a batch that is given
 * out again. */
static void seek_while_busy(void **state)
{
    const char *spec = SMALL_CIFAR AUGMENTED " | batch batch_size=100 | repeat count=50";
    dp_pipeline *straight = test_open(spec, 1, 0), *p = test_open(spec, 7, 5);
    test_hex expected[4];

    (void)state;
    for (uint64_t i = 0; i < 4; i++) {
        assert_ok(dp_seek(straight, 17 * i, &test_error));
        expected[i] = test_stream_digest(straight, 1);
    }
    for (uint64_t i = 0; i < 200; i++) {
        assert_ok(dp_seek(p, 17 * (i % 4), &test_error));
        assert_string_equal(test_stream_digest(p, 1).text, expected[i % 4].text);
    }
    dp_close(straight);
    dp_close(p);
}

/* A batch is the caller's until it is passed again; as many may be kept as one likes. */
static void held_batches(void **state)
{
    (void)state;
    for (int t = 0; t < 3; t++) {
        dp_pipeline *p = test_open(SMALL, threads[t], 0), *again = test_open(SMALL, 1, 0);
        dp_batch *held[20] = {NULL}, *b = NULL;
        for (int i = 0; i < 20; i++)
            assert_ok(dp_next(p, &held[i], &test_error));
        for (int i = 0; i < 20; i++) {
            uint8_t x[16], y[16];
            assert_ok(dp_next(again, &b, &test_error));
            dp_batch_digest(held[i], x);
            dp_batch_digest(b, y);
            assert_memory_equal(x, y, 16);
        }
        for (int i = 0; i < 20; i++)
            assert_true(dp_next(p, &held[i], &test_error) >= DP_OK);
        dp_close(p);
        dp_close(again);
    }
}

static void batch_of_another_pipeline(void **state)
{
    dp_pipeline *p = test_open(SMALL, 1, 0), *other = test_open(SMALL, 1, 0);
    dp_batch *b = NULL, *kept;

    (void)state;
    assert_ok(dp_next(p, &b, &test_error));
    kept = b;
    assert_int_equal(dp_next(other, &b, &test_error), DP_EINVAL);
    assert_ptr_equal(b, kept);
    dp_close(p);
    dp_close(other);
}

static void shapes(void **state)
{
    dp_pipeline *p = test_open(SMALL_CIFAR " usage=test | hwc2chw | batch batch_size=16", 2, 1);
    dp_batch *b = NULL;
    const dp_tensor *t = dp_output(p, "image");

    (void)state;
    assert_int_equal(t->rank, 4);
    assert_true(t->shape[0] == 16 && t->shape[1] == 3 && t->shape[2] == 32 && t->shape[3] == 32);
    assert_null(t->data);
    assert_null(dp_output(p, "nothing"));
    for (int i = 0; i < 3; i++) {
        assert_ok(dp_next(p, &b, &test_error));
        assert_int_equal(dp_batch_get(b, "image")->shape[0], i < 2 ? 16 : 8);
        assert_int_equal(dp_batch_get(b, "label")->rank, 1);
    }
    assert_null(dp_batch_get(b, "nothing"));
    assert_int_equal(dp_next(p, &b, &test_error), DP_END);
    assert_null(b);
    assert_int_equal(dp_next(p, &b, &test_error), DP_END);
    dp_close(p);
}

static void states(void **state)
{
    dp_pipeline *a = test_open(SMALL, 2, 2), *b = test_open(SMALL, 1, 0), *other;
    const dp_options options = {.size = sizeof options, .root = FIXTURE, .threads = 1};
    dp_state s, damaged;
    uint64_t tell;

    (void)state;
    test_stream_digest(a, 5);
    assert_ok(dp_get_state(a, &s, &test_error));
    assert_ok(dp_set_state(b, &s, &test_error));
    assert_int_equal(dp_tell(b), 5);
    assert_string_equal(test_stream_digest(a, UINT64_MAX).text,
                        test_stream_digest(b, UINT64_MAX).text);
    tell = dp_tell(b);
    for (int i = 0; i < DP_STATE_SIZE;
         i++) { /* a flipped bit anywhere is refused, and nothing moves */
        damaged = s;
        damaged.bytes[i] ^= 1;
        assert_int_equal(dp_set_state(b, &damaged, &test_error), DP_ESTATE);
        assert_int_equal(dp_tell(b), tell);
    }
    assert_ok(dp_open(&other, SMALL, 2, &options, &test_error));
    assert_int_equal(dp_set_state(other, &s, &test_error), DP_ESTATE);
    assert_non_null(strstr(test_error.message, "seed 1"));
    dp_close(other);
    other = test_open(SMALL_CIFAR " | batch batch_size=16", 1, 0);
    assert_int_equal(dp_set_state(other, &s, &test_error), DP_ESTATE);
    assert_non_null(strstr(test_error.message, "another text"));
    dp_close(other);
    dp_close(a);
    dp_close(b);
}

/* Same text and seed, other bytes. */
static void state_of_another_data_set(void **state)
{
    char folder[256];
    uint8_t *bytes = calloc(140, 3073);
    const dp_options options = {.size = sizeof options, .root = folder, .threads = 1};
    dp_pipeline *a, *b;
    dp_state s;

    (void)state;
    test_folder(folder, sizeof folder);
    test_write(folder, "data_batch_1.bin", bytes, 140 * 3073);
    assert_ok(dp_open(&a, SMALL, 1, &options, &test_error));
    assert_ok(dp_get_state(a, &s, &test_error));
    dp_close(a);
    bytes[139 * 3073 + 3072] = 1;
    test_write(folder, "data_batch_1.bin", bytes, 140 * 3073);
    assert_ok(dp_open(&b, SMALL, 1, &options, &test_error));
    assert_int_equal(dp_set_state(b, &s, &test_error), DP_ESTATE);
    assert_non_null(strstr(test_error.message, "another data set"));
    dp_close(b);
    test_folder_remove(folder);
    free(bytes);
}

static void closing_early(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++) {
        dp_pipeline *p = test_open(SMALL, 7, 5);
        dp_batch *b = NULL;
        for (int j = 0; j < i % 5; j++)
            assert_ok(dp_next(p, &b, &test_error));
        dp_close(p);
    }
}

static int open_files(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n;
}

/* Neither memory nor a file nor a thread is left of 10,000 handles, half of them read from. */
static void opened_and_closed_many_times(void **state)
{
    const int files = open_files();
    test_allocator a;
    dp_options options = {.size = sizeof options, .root = FIXTURE, .alloc = &a.hooks};

    (void)state;
    test_allocator_init(&a);
    for (int i = 0; i < 10000; i++) {
        dp_pipeline *p;
        dp_batch *b = NULL;
        options.threads = 1 + (uint32_t)(i % 100 == 0);
        options.prefetch = i % 100 == 0;
        assert_ok(dp_open(&p, SMALL, 1, &options, &test_error));
        if (i % 2 == 0)
            assert_ok(dp_next(p, &b, &test_error));
        dp_close(p);
    }
    assert_int_equal(a.live, 0);
    assert_int_equal(open_files(), files);
}

/* After the first batches nothing is allocated; with one thread and no prefetch no thread is made.
 */
static void no_allocation_in_the_loop(void **state)
{
    (void)state;
    for (int t = 0; t < 3; t++) {
        test_allocator a;
        dp_options options = {.size = sizeof options,
                              .root = FIXTURE,
                              .threads = threads[t],
                              .prefetch = 2,
                              .alloc = &a.hooks};
        dp_pipeline *p;
        dp_batch *b = NULL;
        unsigned long before;
        test_allocator_init(&a);
        assert_ok(dp_open(&p, SMALL, 1, &options, &test_error));
        for (int i = 0; i < 3; i++)
            assert_ok(dp_next(p, &b, &test_error));
        before = a.n;
        while (dp_next(p, &b, &test_error) == DP_OK) {}
        assert_ok(dp_seek(p, 0, &test_error));
        assert_ok(dp_next(p, &b, &test_error));
        assert_int_equal(a.n, before);
        dp_close(p);
        assert_int_equal(a.live, 0);
    }
}

int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

static int n_created;

/* Linked in the place of pthread_create (see tests/CMakeLists.txt); called on the test's thread. */
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *),
                          void *arg)
{
    n_created++;
    return __real_pthread_create(thread, attr, run, arg);
}

static void alone_makes_no_thread(void **state)
{
    dp_pipeline *p;

    (void)state;
    n_created = 0;
    p = test_open(SMALL, 1, 0);
    test_stream_digest(p, 5);
    dp_close(p);
    assert_int_equal(n_created, 0);
    p = test_open(SMALL, 3, 0);
    dp_close(p);
    assert_int_equal(n_created, 3);
}

/* Failing every allocation in turn: an error, no leak, no hang, and out stays as it was. */
static void every_allocation_fails(void **state)
{
    (void)state;
    for (int t = 0; t < 2; t++) {
        test_allocator a;
        dp_options options = {.size = sizeof options,
                              .root = FIXTURE,
                              .threads = threads[t],
                              .prefetch = (uint32_t)t,
                              .alloc = &a.hooks};
        unsigned long fail_at = 0;
        dp_status status;
        do {
            dp_pipeline *p = NULL;
            dp_batch *held[3] = {NULL};
            dp_state s;
            test_allocator_init(&a);
            a.fail_at = ++fail_at;
            status = dp_open(&p, SMALL, 1, &options, &test_error);
            assert_true((status == DP_OK) == (p != NULL));
            for (int i = 0; i < 3 && status == DP_OK;
                 i++) { /* held: the third needs another batch */
                status = dp_next(p, &held[i], &test_error);
                if (status != DP_OK)
                    assert_int_equal(dp_next(p, &held[i], &test_error), status);
            }
            if (status == DP_OK)
                status = dp_seek(p, 3, &test_error);
            if (status == DP_OK)
                status = dp_get_state(p, &s, &test_error);
            assert_true(status == DP_OK || status == DP_ENOMEM);
            dp_close(p);
            assert_int_equal(a.live, 0);
        } while (status != DP_OK);
        assert_true(fail_at > 5);
    }
}

/* ---- the real CIFAR-10 ---- */

static const char *real_root(void)
{
    const char *root = getenv("DETPIPE_CIFAR10");
    if (root == NULL) {
        print_message("skipped: DETPIPE_CIFAR10 does not name the real CIFAR-10\n");
        skip();
    }
    return root;
}

static dp_pipeline *open_real(const char *spec, uint32_t n_threads)
{
    const dp_options options = {
        .size = sizeof options, .root = real_root(), .threads = n_threads, .prefetch = 3};
    dp_pipeline *p;
    assert_ok(dp_open(&p, spec, 1, &options, &test_error));
    return p;
}

/* A state made in another process: the child writes it to a pipe. */
static void state_from_a_child(const char *spec, uint64_t at, dp_state *s)
{
    int ends[2], status;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        dp_pipeline *p = open_real(spec, 2);
        if (dp_seek(p, at - 1, NULL) != DP_OK)
            _exit(1);
        test_stream_digest(p, 1);
        if (dp_get_state(p, s, NULL) != DP_OK || write(ends[1], s, sizeof *s) != sizeof *s)
            _exit(1);
        _exit(0);
    }
    assert_int_equal(read(ends[0], s, sizeof *s), sizeof *s);
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    close(ends[0]);
    close(ends[1]);
}

static void whole_epoch(void **state)
{
    const char *spec = "cifar10 usage=train" AUGMENTED " | batch batch_size=128";
    test_hex whole = {""}, tail;
    dp_state s;
    dp_pipeline *p;

    (void)state;
    for (int t = 0; t < 3; t++) {
        test_hex h;
        p = open_real(spec, threads[t]);
        assert_int_equal(dp_length(p), 391);
        h = test_stream_digest(p, UINT64_MAX);
        whole = t == 0 ? h : whole;
        assert_string_equal(h.text, whole.text);
        dp_close(p);
    }
    state_from_a_child(spec, 300, &s);
    p = open_real(spec, 1);
    assert_ok(dp_seek(p, 300, &test_error));
    tail = test_stream_digest(p, UINT64_MAX);
    dp_close(p);
    p = open_real(spec, 7);
    assert_ok(dp_set_state(p, &s, &test_error));
    assert_int_equal(dp_tell(p), 300);
    assert_string_equal(test_stream_digest(p, UINT64_MAX).text, tail.text);
    for (uint64_t at = 390; at < 391; at -= 97) {
        dp_pipeline *other = open_real(spec, 2);
        assert_ok(dp_seek(p, at, &test_error));
        assert_ok(dp_seek(other, at, &test_error));
        assert_string_equal(test_stream_digest(p, 3).text, test_stream_digest(other, 3).text);
        dp_close(other);
    }
    dp_close(p);
}

/* ---- tests/golden/mindspore_epochs.txt ---- */

static dp_pipeline *open_reference(bool resized)
{
    char spec[512];

    snprintf(
        spec, sizeof spec,
        "cifar10 usage=train | type_cast column=label data_type=int32%s"
        " | rescale rescale=1/255 | normalize mean=0.4914,0.4822,0.4465 std=0.2023,0.1994,0.2010"
        " | hwc2chw | batch batch_size=32 drop_remainder=true",
        resized ? " | resize size=227,227" : "");
    return open_real(spec, 2);
}

static void check_batch(dp_pipeline *p, dp_batch **b, const char *line)
{
    const dp_tensor *x, *y;
    char word[80];

    assert_ok(
        dp_seek(p, strtoull(test_word(line, "batch", word, sizeof word), NULL, 10), &test_error));
    assert_ok(dp_next(p, b, &test_error));
    x = dp_batch_get(*b, "image");
    y = dp_batch_get(*b, "label");
    assert_string_equal(test_sha256(x->data, test_bytes(x)).text,
                        test_word(line, "image", word, sizeof word));
    assert_string_equal(test_sha256(y->data, test_bytes(y)).text,
                        test_word(line, "label", word, sizeof word));
}

static void check_epoch(dp_pipeline *p, dp_batch **b, const char *line)
{
    test_sha256_state image, label;
    char word[80];

    test_sha256_init(&image);
    test_sha256_init(&label);
    assert_ok(dp_seek(p, 0, &test_error));
    while (dp_next(p, b, &test_error) == DP_OK) {
        const dp_tensor *x = dp_batch_get(*b, "image"), *y = dp_batch_get(*b, "label");
        test_sha256_add(&image, x->data, test_bytes(x));
        test_sha256_add(&label, y->data, test_bytes(y));
    }
    assert_string_equal(test_sha256_final(&image).text,
                        test_word(line, "image", word, sizeof word));
    assert_string_equal(test_sha256_final(&label).text,
                        test_word(line, "label", word, sizeof word));
}

static void mindspore_epoch(void **state)
{
    dp_pipeline *plain = open_reference(false), *resized = open_reference(true); /* or skips */
    test_lines lines = test_lines_read("mindspore_epochs.txt");
    dp_batch *of_plain = NULL, *of_resized = NULL;
    size_t n_epochs = 0;

    (void)state;
    assert_true(lines.n >= 20);
    for (size_t i = 0; i < lines.n; i++) {
        const bool large = strncmp(lines.line[i], "resize=227", 10) == 0;
        if (strstr(lines.line[i], "batch=") != NULL) {
            check_batch(large ? resized : plain, large ? &of_resized : &of_plain, lines.line[i]);
        } else {
            check_epoch(large ? resized : plain, large ? &of_resized : &of_plain, lines.line[i]);
            n_epochs++;
        }
    }
    assert_int_equal(n_epochs, 1);
    test_lines_free(&lines);
    dp_close(plain);
    dp_close(resized);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_prefetch),
        cmocka_unit_test(seek_to_every_batch),
        cmocka_unit_test(seek_while_busy),
        cmocka_unit_test(held_batches),
        cmocka_unit_test(batch_of_another_pipeline),
        cmocka_unit_test(shapes),
        cmocka_unit_test(states),
        cmocka_unit_test(state_of_another_data_set),
        cmocka_unit_test(closing_early),
        cmocka_unit_test(opened_and_closed_many_times),
        cmocka_unit_test(no_allocation_in_the_loop),
        cmocka_unit_test(alone_makes_no_thread),
        cmocka_unit_test(every_allocation_fails),
        cmocka_unit_test(whole_epoch),
        cmocka_unit_test(mindspore_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
