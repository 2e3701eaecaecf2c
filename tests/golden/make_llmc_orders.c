/* make_llmc_orders.c - lines for library_orders.txt: what llm.c's own DataLoader delivers
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     cc -I LLM.C make_llmc_orders.c -lm && ./a.out       (in an empty folder; LLM.C: a checkout)
 *
 * The two tokens of a window are its number among all shards, the lower half first.
 * The loaders of all ranks run side by side, so a line is the windows of whole steps.
 */
#include "llmc/rand.h"
static unsigned int seed; /* in the place of its 42 */
static void seed_rank(mt19937_state *state, unsigned int value)
{
    manual_seed(state, value - 42 + seed);
}
#define manual_seed seed_rank
#include "llmc/dataloader.h"

enum { T = 2, EPOCHS = 3 };

/* A file of so many windows, from number `first` on, and a few tokens more. */
static void write_shard(int number, int first, int windows)
{
    const int n = windows * T + 1 + number % T;
    int header[HEADER_SIZE] = {20240520, 1, n};
    char name[40];
    FILE *f;

    snprintf(name, sizeof name, "shard_%05d.bin", number);
    f = fopenCheck(name, "wb");
    fwrite(header, sizeof header, 1, f);
    for (int p = 0; p < n; p++) {
        const int window = first + p / T;
        const uint16_t token = (uint16_t)(p % T == 0 ? window : window >> 16);
        fwrite(&token, sizeof token, 1, f);
    }
    fcloseCheck(f);
}

/* Steps of an epoch. */
static int write_shards(int n, int size, int sample)
{
    int steps = 0;

    if (system("rm -f shard_*.bin") != 0)
        exit(1);
    for (int first = 0, number = 0; first < n; first += size, number++) {
        const int windows = n - first < size ? n - first : size;
        write_shard(number, first, windows);
        steps += windows / sample;
    }
    return steps;
}

static void print_epoch(DataLoader *loaders, int ranks, int batch, int steps)
{
    const int n = steps * ranks * batch;
    long long sum = 0, place = 0;

    for (int s = 0; s < steps; s++) {
        for (int r = 0; r < ranks; r++) {
            dataloader_next_batch(&loaders[r]);
            for (int b = 0; b < batch; b++) {
                const int *window = &loaders[r].inputs[b * T];
                const int row = window[0] | window[1] << 16;
                sum += ++place * row;
                if (n <= 100)
                    printf("%s%d", place > 1 ? " " : "", row);
            }
        }
    }
    if (n > 100)
        printf("sum=%lld", sum);
}

static void print_line(int n, int size, int batch, int ranks)
{
    const int steps = write_shards(n, size, batch * ranks);
    DataLoader *loaders = calloc((size_t)ranks, sizeof *loaders);

    printf("seed=%u epochs=%d : range count=%d | shuffle order=llmc rule=batch_size:%d,ranks:%d",
           seed, EPOCHS, n, batch, ranks);
    if (size < n)
        printf(",shard_size:%d", size);
    for (int r = 0; r < ranks; r++)
        dataloader_init(&loaders[r], "shard_*.bin", (size_t)batch, T, r, ranks, 1);
    for (int e = 0; e < EPOCHS; e++) {
        printf(e == 0 ? " : " : " | ");
        print_epoch(loaders, ranks, batch, steps);
    }
    puts("");
    for (int r = 0; r < ranks; r++)
        dataloader_free(&loaders[r]);
    free(loaders);
}

int main(void)
{
    static const int cases[][4] = {{1, 1, 1, 1},        {2, 2, 1, 1},         {3, 3, 1, 1},
                                   {7, 7, 2, 1},        {8, 4, 2, 2},         {31, 31, 4, 1},
                                   {31, 10, 1, 1},      {37, 10, 3, 2},       {64, 16, 4, 4},
                                   {100, 23, 2, 3},     {5003, 1000, 1, 1},   {5003, 5003, 8, 1},
                                   {20030, 1999, 4, 8}, {2, 1, 1, 1},         {50000, 50000, 4, 2},
                                   {50000, 9973, 3, 1}, {65537, 65537, 1, 1}, {65537, 30011, 8, 4}};

    puts("# llm.c f1e2ace: make_llmc_orders.c");
    for (unsigned int s = 0; s < 3; s++) {
        seed = (unsigned int[]){42, 1234, 4294967290u}[s];
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
            print_line(cases[i][0], cases[i][1], cases[i][2], cases[i][3]);
    }
    return 0;
}
