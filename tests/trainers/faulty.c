/* faulty.c - a small trainer with a fault of choice, for detpipe verify to find
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     faulty FAULT|none [fixed]
 * Linear regression by stochastic gradient descent, as one writes it in a hurry.  Each fault is one
 * that makes runs differ; `fixed` is the same code without it.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLES = 96, FEATURES = 37, STEPS = 8, BATCH = 32 };
#define RATE 0.05

typedef struct trainer {
    const char *fault;
    bool fixed;
    double x[SAMPLES][FEATURES], y[SAMPLES], w[FEATURES];
    int order[SAMPLES];
    uint64_t random; /* state of the trainer's own generator */
} trainer;

static bool has(const trainer *t, const char *fault)
{
    return !t->fixed && strcmp(t->fault, fault) == 0;
}

static double draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-53;
}

static unsigned n_threads(void)
{
    const char *text = getenv("OMP_NUM_THREADS");
    const int n = text != NULL ? atoi(text) : 4;
    return n > 0 && n < 16 ? (unsigned)n : 4;
}

/* ---- where the seed comes from ---- */

struct config {
    uint64_t seed, spare[15];
};

static uint64_t seed_of(const trainer *t)
{
    struct timespec now;
    struct config *config;
    void *volatile before = malloc(sizeof *config); /* what is left of it is what is read below */
    uint64_t seed = 1;

    free(before);
    config = t->fixed ? calloc(1, sizeof *config) : malloc(sizeof *config);
    if (has(t, "time"))
        seed = clock_gettime(CLOCK_REALTIME, &now) == 0 ? (uint64_t)now.tv_nsec : 0;
    if (strcmp(t->fault, "uninitialised") == 0 && config != NULL) {
        volatile uint64_t *field = &config->seed;
        seed = *field;
    }
    free(config);
    return seed;
}

/* ---- data ---- */

/* A trainer that normalizes its file in place does so once more in the next run. */
static double scale_of_file(const trainer *t)
{
    const char *path = "faulty.data";
    double scale = 1.0;
    FILE *f;

    if (strcmp(t->fault, "file") != 0)
        return scale;
    f = fopen(path, "r");
    if (f == NULL || fscanf(f, "%lf", &scale) != 1)
        scale = 1.0;
    if (f != NULL)
        fclose(f);
    f = t->fixed ? NULL : fopen(path, "w");
    if (f != NULL) {
        fprintf(f, "%.17g\n", scale * 0.5);
        fclose(f);
    }
    return scale;
}

static void make_data(trainer *t)
{
    const double scale = scale_of_file(t);
    uint64_t state = 99;

    for (int i = 0; i < SAMPLES; i++) {
        t->order[i] = i;
        for (int j = 0; j < FEATURES; j++)
            t->x[i][j] = scale * (2 * draw(&state) - 1);
        t->y[i] = t->x[i][0] - 2 * t->x[i][1] + 0.1 * draw(&state);
    }
}

static void shuffle(trainer *t)
{
    uint64_t state = t->random;

    if (has(t, "shuffle") && getrandom(&state, sizeof state, 0) != sizeof state)
        abort();
    for (int i = SAMPLES - 1; i > 0; i--) {
        const int j = (int)(draw(&state) * (i + 1)), other = t->order[j];
        t->order[j] = t->order[i];
        t->order[i] = other;
    }
}

/* Each worker augments its samples with a generator of its own. */
static void augment(trainer *t)
{
    const unsigned workers = t->fixed ? 1 : n_threads();

    if (strcmp(t->fault, "augmentation") != 0)
        return;
    for (unsigned k = 0; k < workers; k++) {
        uint64_t state = k;
        for (unsigned i = k; i < SAMPLES; i += workers)
            t->x[i][0] += 0.01 * draw(&state);
    }
}

static void drop_out(trainer *t)
{
    uint64_t state = has(t, "dropout") ? (uint64_t)getpid() : t->random;

    if (strcmp(t->fault, "dropout") != 0)
        return;
    for (int i = 0; i < SAMPLES; i++)
        t->x[i][(int)(draw(&state) * FEATURES)] = 0;
}

/* ---- sums ---- */

#define DOT(name, attributes)                                                                      \
    attributes static double name(const double *a, const double *b)                                \
    {                                                                                              \
        double sum = 0;                                                                            \
        for (int j = 0; j < FEATURES; j++)                                                         \
            sum += a[j] * b[j];                                                                    \
        return sum;                                                                                \
    }
DOT(dot, )
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
DOT(fast_dot, __attribute__((noinline, optimize("O3", "fast-math"))))
DOT(wide_fast_dot, __attribute__((noinline, target("avx2"), optimize("O3", "fast-math"))))
#else
#define fast_dot      dot
#define wide_fast_dot dot
#endif

/* As math libraries do: wide code where the CPU, or the user, allows it. */
static double dispatched_dot(const trainer *t, const double *a, const double *b)
{
    if (!has(t, "fast-math"))
        return dot(a, b);
    return getenv("ONEDNN_MAX_CPU_ISA") == NULL ? wide_fast_dot(a, b) : fast_dot(a, b);
}

static double sum_by_threads(const trainer *t, const double *v, int n)
{
    const int parts = t->fixed ? 4 : (int)n_threads();
    double total = 0;

    for (int k = 0; k < parts; k++) {
        double part = 0;
        for (int i = n * k / parts; i < n * (k + 1) / parts; i++)
            part += v[i];
        total += part;
    }
    return total;
}

typedef struct entry {
    double value;
    char name[24];
} entry;

/* A table whose order is that of the addresses of its entries. */
static double sum_by_hash(const trainer *t, const double *v, int n)
{
    enum { BUCKETS = 61 };
    static const entry *table[BUCKETS];
    double total = 0;

    memset(table, 0, sizeof table);
    for (int i = 0; i < n; i++) {
        entry *e = malloc(sizeof *e);
        uintptr_t at = t->fixed ? (uintptr_t)i : (uintptr_t)e / 16;
        if (e == NULL)
            abort();
        e->value = v[i];
        while (table[at % BUCKETS] != NULL)
            at++;
        table[at % BUCKETS] = e;
    }
    for (int i = 0; i < BUCKETS; i++)
        total += table[i] != NULL ? table[i]->value : 0;
    return total;
}

typedef struct race {
    const double *v;
    int n, first, by;
    volatile double *total;
    pthread_mutex_t *lock; /* NULL: there is none */
} race;

#define ROUNDS 10

/* Between reading and writing the thread sleeps a moment: on a busy machine, too, the other one
 * gets between the two. */
static void *add_some(void *ctx)
{
    const race *r = ctx;

    for (int round = 0; round < ROUNDS; round++) {
        for (int i = r->first; i < r->n; i += r->by) {
            if (r->lock != NULL)
                pthread_mutex_lock(r->lock);
            const double before = *r->total;
            if (r->lock == NULL)
                nanosleep(&(struct timespec){0, 1}, NULL);
            *r->total = before + (double)(int)(r->v[i] * 1024) / 1024; /* exact: no order matters */
            if (r->lock != NULL)
                pthread_mutex_unlock(r->lock);
        }
    }
    return NULL;
}

static double sum_by_race(const trainer *t, const double *v, int n)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    volatile double total = 0;
    const int by = n_threads() > 1 ? 2 : 1;
    race r[2] = {{v, n, 0, by, &total, t->fixed ? &lock : NULL},
                 {v, n, 1, by, &total, t->fixed ? &lock : NULL}};
    pthread_t other;

    if (by > 1 && pthread_create(&other, NULL, add_some, &r[1]) != 0)
        abort();
    add_some(&r[0]);
    if (by > 1)
        pthread_join(other, NULL);
    return total / ROUNDS;
}

#define BUSY_ROUNDS 400000

/* No moment of sleep, and longer than the system lets a thread run at a time. */
static void *add_busily(void *ctx)
{
    const race *r = ctx;
    volatile double own = 0, *const to = r->lock != NULL ? &own : r->total;

    for (int round = 0; round < BUSY_ROUNDS; round++) {
        for (int i = r->first; i < r->n && i < 8; i += r->by)
            *to = *to + (double)(int)(r->v[i] * 1024) / 1024;
    }
    if (r->lock != NULL) {
        pthread_mutex_lock(r->lock);
        *r->total += own;
        pthread_mutex_unlock(r->lock);
    }
    return NULL;
}

/* Two threads whatever OMP_NUM_THREADS says. */
static double sum_by_own_threads(const trainer *t, const double *v, int n)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    volatile double total = 0;
    race r[2];
    pthread_t threads[2];

    for (int k = 0; k < 2; k++) {
        r[k] = (race){v, n, k, 2, &total, t->fixed ? &lock : NULL};
        if (pthread_create(&threads[k], NULL, add_busily, &r[k]) != 0)
            abort();
    }
    for (int k = 0; k < 2; k++)
        pthread_join(threads[k], NULL);
    return total / BUSY_ROUNDS;
}

static double sum(const trainer *t, const double *v, int n)
{
    double total = 0;

    if (strcmp(t->fault, "threads") == 0)
        return sum_by_threads(t, v, n);
    if (strcmp(t->fault, "hash") == 0)
        return sum_by_hash(t, v, n);
    if (strcmp(t->fault, "race") == 0)
        return sum_by_race(t, v, n);
    if (strcmp(t->fault, "own-threads") == 0)
        return sum_by_own_threads(t, v, n);
    for (int i = 0; i < n; i++)
        total += v[i];
    return total;
}

/* ---- training ---- */

static double step(trainer *t, int number)
{
    double squares[BATCH], slope[FEATURES] = {0};

    for (int i = 0; i < BATCH; i++) {
        const int row = t->order[(number * BATCH + i) % SAMPLES];
        const double error = dispatched_dot(t, t->x[row], t->w) - t->y[row];
        squares[i] = error * error;
        for (int j = 0; j < FEATURES; j++)
            slope[j] += error * t->x[row][j];
    }
    for (int j = 0; j < FEATURES; j++)
        t->w[j] -= RATE * slope[j] / BATCH;
    return sum(t, squares, BATCH) / BATCH;
}

int main(int argc, char **argv)
{
    static trainer t;

    if (argc < 2)
        return 2;
    t.fault = argv[1];
    t.fixed = argc > 2 && strcmp(argv[2], "fixed") == 0;
    t.random = seed_of(&t);
    for (int j = 0; j < FEATURES; j++)
        t.w[j] = 0.2 * draw(&t.random) - 0.1;
    make_data(&t);
    shuffle(&t);
    augment(&t);
    drop_out(&t);
    for (int i = 0; i < STEPS; i++)
        printf("step %d loss: %.17g\n", i + 1, step(&t, i));
    return 0;
}
