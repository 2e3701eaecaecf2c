/* bench_roof.c - how fast this machine copies and fills memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "tools/commands/bench.h"
#include "tools/cli/cli.h"

#define SIZE   ((size_t)64 << 20) /* past the caches of most machines */
#define ROUNDS 5

static double gigabytes_per_second(void *(*run)(char *, size_t), char *memory)
{
    double best = 0;

    for (int i = 0; i < ROUNDS; i++) {
        const double start = cli_seconds();
        double rate;
        run(memory, SIZE);
        rate = (double)SIZE / (cli_seconds() - start) / 1e9;
        best = rate > best ? rate : best;
    }
    return best;
}

static void *copy(char *memory, size_t n) { return memcpy(memory, memory + n, n); }
static void *fill(char *memory, size_t n) { return memset(memory, 1, n); }

void bench_roof(double *copied, double *filled)
{
    char *memory = malloc(2 * SIZE);

    *copied = *filled = 0;
    if (memory == NULL)
        return;
    memset(memory, 1, 2 * SIZE);
    *copied = gigabytes_per_second(copy, memory);
    *filled = gigabytes_per_second(fill, memory);
    free(memory);
}
