/* bench_snapshot.c - how fast snapshots are read, against LZ4 and the machine
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * bench_snapshot DATA FOLDER [ROUNDS]: DATA holds the real CIFAR-10, FOLDER gets the snapshots. One
 * thread; every round measures everything once, the medians of the rounds are printed.
 */
#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/options.h"
#include "detpipe_snapshot.h"
#include "io/snapshot/file.h"

#define MOST_ROUNDS 31

typedef struct subject {
    const char *name, *spec, *compression;
    char file[300];
} subject;

static subject subjects[] = {
    {"uint8 32x32, none", "cifar10 usage=train", "none", ""},
    {"uint8 32x32, lz4", "cifar10 usage=train", "lz4", ""},
    {"uint8 227x227, none", "cifar10 usage=train | take count=3200 | resize size=227", "none", ""},
    {"uint8 227x227, lz4", "cifar10 usage=train | take count=3200 | resize size=227", "lz4", ""},
    {"float32 32x32, none",
     "cifar10 usage=train | take count=20000 | rescale rescale=1/255 | "
     "normalize mean=0.4914,0.4822,0.4465 std=0.2023,0.1994,0.2010 | hwc2chw",
     "none", ""},
    {"float32 32x32, lz4",
     "cifar10 usage=train | take count=20000 | rescale rescale=1/255 | "
     "normalize mean=0.4914,0.4822,0.4465 std=0.2023,0.1994,0.2010 | hwc2chw",
     "lz4", ""},
    {"uint8 zeros and ones, lz4", "cifar10 usage=train | take count=20000 | posterize bits=1",
     "lz4", ""},
};
#define N_SUBJECTS (sizeof subjects / sizeof subjects[0])

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void need(dp_status status, const dp_error *err)
{
    if (status == DP_OK)
        return;
    fprintf(stderr, "%s\n", err->message);
    exit(3);
}

static dp_pipeline *open_text(const char *spec, const char *root)
{
    const dp_options options = {.size = sizeof options, .root = root, .threads = 1};
    dp_pipeline *p;
    dp_error err;

    need(dp_open(&p, spec, 1, &options, &err), &err);
    return p;
}

/* Batches to the end: the check of every row has looked at every byte. */
static double read_all(const char *spec, const char *root)
{
    dp_pipeline *p = open_text(spec, root);
    const double start = now();
    dp_batch *b = NULL;
    dp_error err;
    dp_status status;

    while ((status = dp_next(p, &b, &err)) == DP_OK)
        continue;
    if (status != DP_END)
        need(status, &err);
    const double seconds = now() - start;
    dp_close(p);
    return seconds;
}

/* LZ4 alone: every block of the file, from memory into one buffer. */
static double unpack_all(const char *path)
{
    dp_arena arena = {0};
    dp_options options;
    dp_snapshot_file f;
    dp_error err;
    double seconds = 0;

    need(dp_options_get(NULL, &options, &err), &err);
    arena.alloc = options.alloc;
    need(dp_snapshot_file_open(&f, path, &(dp_opener){.arena = &arena}, &err), &err);
    const dp_snapshot_header *h = &f.header;
    char *room = malloc(dp_block_room(h) + 1);
    uint8_t *all = malloc(f.main.size);
    size_t got;
    if (dp_file_read_at(&f.main, 0, all, f.main.size, &got) != 0)
        exit(3);
    for (uint64_t i = 0; i < h->n_blocks; i++) {
        const dp_block b = dp_block_of(h, i);
        uint64_t at;
        size_t size;
        need(dp_snapshot_place(&f, &b, &at, &size, &err), &err);
        const char *stored = (const char *)all + at + b.head;
        const double start = now();
        if (size - b.head == b.raw)
            memcpy(room, stored, b.raw);
        else if (LZ4_decompress_safe(stored, room, (int)(size - b.head), (int)b.raw) < 0)
            exit(3);
        seconds += now() - start;
    }
    free(all);
    free(room);
    dp_snapshot_file_close(&f);
    dp_arena_free(&arena);
    return seconds;
}

static double read_random(const char *file, uint64_t n)
{
    char text[400];
    dp_pipeline *p;
    dp_batch *b = NULL;
    dp_error err;
    uint64_t random = 1;

    snprintf(text, sizeof text, "snapshot file=%s", file);
    p = open_text(text, NULL);
    const uint64_t length = dp_length(p);
    const double start = now();
    for (uint64_t i = 0; i < n; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        need(dp_seek(p, (random >> 20) % length, &err), &err);
        need(dp_next(p, &b, &err), &err);
    }
    const double seconds = (now() - start) / (double)n;
    dp_close(p);
    return seconds;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, int n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    return v[n / 2];
}

int main(int argc, char **argv)
{
    static double verified[N_SUBJECTS][MOST_ROUNDS], alone[N_SUBJECTS][MOST_ROUNDS];
    static double random[N_SUBJECTS][MOST_ROUNDS], live[MOST_ROUNDS], kept[MOST_ROUNDS];
    static const char tail[] =
        " | rescale rescale=1/255 | normalize mean=0.4914,0.4822,0.4465 std=0.2023,0.1994,0.2010"
        " | hwc2chw | batch batch_size=32";
    const int rounds = argc > 3 ? atoi(argv[3]) : 5;
    char text[800];
    dp_error err;

    if (argc < 3 || rounds < 1 || rounds > MOST_ROUNDS)
        return fprintf(stderr, "usage: bench_snapshot DATA FOLDER [ROUNDS]\n"), 2;
    for (size_t i = 0; i < N_SUBJECTS; i++) {
        const dp_snapshot_options options = {.size = sizeof options,
                                             .compression = subjects[i].compression};
        dp_pipeline *p = open_text(subjects[i].spec, argv[1]);
        snprintf(subjects[i].file, sizeof subjects[i].file, "%s/%zu.dps", argv[2], i);
        need(dp_snapshot_write(p, subjects[i].file, &options, &err), &err);
        dp_close(p);
    }
    for (int round = 0; round < rounds; round++) {
        for (size_t i = 0; i < N_SUBJECTS; i++) {
            snprintf(text, sizeof text, "snapshot file=%s | batch batch_size=32", subjects[i].file);
            verified[i][round] = read_all(text, NULL);
            alone[i][round] = unpack_all(subjects[i].file);
            random[i][round] = read_random(subjects[i].file, 2000);
        }
        snprintf(text, sizeof text, "%s%s", subjects[2].spec, tail);
        live[round] = read_all(text, argv[1]);
        snprintf(text, sizeof text, "snapshot file=%s%s", subjects[2].file, tail);
        kept[round] = read_all(text, NULL);
    }
    for (size_t i = 0; i < N_SUBJECTS; i++) {
        dp_snapshot *s;
        need(dp_snapshot_open(&s, subjects[i].file, NULL, &err), &err);
        const double raw = (double)dp_snapshot_get_info(s)->raw_size / 1e9;
        const double size = (double)dp_snapshot_get_info(s)->file_size / 1e9;
        const double v = median(verified[i], rounds), a = median(alone[i], rounds);
        printf(
            "%-26s %5.1f %%  read %5.2f GB/s  unpack alone %6.2f GB/s  ratio %.2f  random %.1f us\n",
            subjects[i].name, 100 * size / raw, raw / v, raw / a, a / v,
            1e6 * median(random[i], rounds));
        dp_snapshot_close(s);
    }
    printf(
        "resize227: from photographs %.0f images/s, from the snapshot %.0f images/s (%.2f times)\n",
        3200 / median(live, rounds), 3200 / median(kept, rounds),
        median(live, rounds) / median(kept, rounds));
    return 0;
}
