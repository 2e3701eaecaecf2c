/* test_schedules.c - threads that are delayed at random at every lock: the same digests
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * The lock functions are linked to the ones here (see tests/CMakeLists.txt), which yield or pause
 * for some microseconds before and after, by a seeded generator of each thread.  DETPIPE_SCHEDULES
 * is how many schedules are tried; it is most telling under ThreadSanitizer.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "tests/support/snapshot.h"

int __real_pthread_mutex_lock(pthread_mutex_t *);
int __real_pthread_mutex_unlock(pthread_mutex_t *);
int __real_pthread_cond_wait(pthread_cond_t *, pthread_mutex_t *);
int __wrap_pthread_mutex_lock(pthread_mutex_t *);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *);
int __wrap_pthread_cond_wait(pthread_cond_t *, pthread_mutex_t *);

static _Atomic uint64_t schedule; /* 0 = undisturbed */
static _Atomic uint64_t n_threads, n_delays;
static _Thread_local uint64_t random_state;

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static void delay(void)
{
    const uint64_t now = atomic_load(&schedule);
    uint64_t draw;

    if (now == 0)
        return;
    if (random_state == 0)
        random_state = now ^ (atomic_fetch_add(&n_threads, 1) + 1) * 0x9E3779B97F4A7C15u;
    draw = next_random(&random_state) % 64;
    if (draw < 16)
        sched_yield();
    else if (draw < 20)
        nanosleep(&(struct timespec){0, (long)draw * 1000}, NULL);
    atomic_fetch_add(&n_delays, draw < 20);
}

int __wrap_pthread_mutex_lock(pthread_mutex_t *lock)
{
    delay();
    return __real_pthread_mutex_lock(lock);
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t *lock)
{
    const int result = __real_pthread_mutex_unlock(lock);
    delay();
    return result;
}

int __wrap_pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock)
{
    if (atomic_load(&schedule) % 5 == 1) { /* wake-ups for nothing are allowed */
        __real_pthread_mutex_unlock(lock);
        delay();
        return __real_pthread_mutex_lock(lock);
    }
    return __real_pthread_cond_wait(condition, lock);
}

/* ---- the streams ---- */

static char path[300], texts[4][400];
static test_hex expected[4];

#define TAIL " | shuffle | rescale rescale=1/255 | batch batch_size=5 | repeat count=2"

static test_hex read_all(const char *text, uint32_t threads, uint32_t prefetch, uint64_t *random)
{
    dp_pipeline *p = test_open(text, threads, prefetch);
    dp_batch *b = NULL;
    test_hex h;

    for (int i = 0; random != NULL && i < 3; i++) { /* moved about while threads are at work */
        assert_ok(dp_seek(p, next_random(random) % (dp_length(p) - 1), &test_error));
        assert_ok(dp_next(p, &b, &test_error));
    }
    assert_ok(dp_seek(p, 0, &test_error));
    h = test_stream_digest(p, UINT64_MAX);
    dp_close(p);
    return h;
}

static int set_up(void **state)
{
    const dp_snapshot_options options = {
        .size = sizeof options, .compression = "lz4", .block_size = 1000};

    (void)state;
    test_work_set_up(state);
    snprintf(path, sizeof path, "%s/s.dps", test_work);
    assert_ok(test_snapshot_write(SMALL_CIFAR " usage=test | resize size=6", 1, path, &options));
    snprintf(texts[0], sizeof texts[0], "snapshot file=%s" TAIL, path);
    snprintf(texts[1], sizeof texts[1],
             SMALL_CIFAR " usage=test | random_crop size=32 padding=4" TAIL);
    snprintf(texts[2], sizeof texts[2], "snapshot file=%s | batch batch_size=3", path);
    snprintf(texts[3], sizeof texts[3],
             "cifar10 dataset_dir=cifar-10-batches-py strict=false | take count=12" TAIL);
    for (int i = 0; i < 4; i++)
        expected[i] = read_all(texts[i], 1, 0, NULL);
    return 0;
}

static void every_schedule_gives_the_same(void **state)
{
    const char *given = getenv("DETPIPE_SCHEDULES");
    const int n = given != NULL ? atoi(given) : 1000;
    uint64_t random = test_seed();

    (void)state;
    for (int i = 0; i < n; i++) {
        const int t = i % 4;
        const uint32_t threads = 2 + (uint32_t)next_random(&random) % 4;
        const uint32_t prefetch = (uint32_t)next_random(&random) % 4;
        test_hex found;
        atomic_store(&schedule, next_random(&random) + 1);
        random_state = 0;
        found = read_all(texts[t], threads, prefetch, &random);
        atomic_store(&schedule, 0);
        assert_string_equal(found.text, expected[t].text);
    }
    assert_true(n_delays > (uint64_t)n);
    print_message("%d schedules, %llu delays\n", n, (unsigned long long)n_delays);
}

/* Many handles in many threads on one snapshot: nothing is shared but the file. */
typedef struct reader {
    pthread_t thread;
    const char *text;
    uint32_t threads;
    test_hex found;
} reader;

static void *read_thread(void *arg)
{
    reader *r = arg;
    const dp_options options = {
        .size = sizeof options, .root = FIXTURE, .threads = r->threads, .prefetch = 1};
    uint8_t both[32] = {0};
    dp_batch *b = NULL;
    dp_pipeline *p;

    if (dp_open(&p, r->text, 1, &options, NULL) != DP_OK)
        return NULL;
    while (dp_next(p, &b, NULL) == DP_OK) {
        dp_batch_digest(b, both + 16);
        dp_digest(both, sizeof both, both);
    }
    r->found = test_hex_of(both, 16);
    dp_close(p);
    return NULL;
}

static void many_handles_on_one_snapshot(void **state)
{
    enum { N = 8 };
    reader readers[N];

    (void)state;
    atomic_store(&schedule, test_seed() | 1);
    for (int i = 0; i < N; i++) {
        readers[i] = (reader){.text = texts[i % 2 * 2], .threads = 1 + (uint32_t)i % 3};
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_thread, &readers[i]), 0);
    }
    for (int i = 0; i < N; i++) {
        assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
        assert_string_equal(readers[i].found.text, expected[i % 2 * 2].text);
    }
    atomic_store(&schedule, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_schedule_gives_the_same),
        cmocka_unit_test(many_handles_on_one_snapshot),
    };
    return cmocka_run_group_tests(tests, set_up, test_work_tear_down);
}
