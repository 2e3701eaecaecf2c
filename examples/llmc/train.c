/* train.c - a language model in one file of plain C, whose loader is a header of its own or detpipe
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 *     train FILE.bin [STEPS]
 *
 * Built with -DDETPIPE, detpipe_loader.h stands in the place of loader.h; nothing else changes. The
 * model predicts a token from the one before it: two tables of VOCAB x WIDTH, trained by gradient
 * descent.  It has the shape of llm.c's trainers: loader_next, forward, backward, update.
 */
#include <math.h>
#ifdef DETPIPE
#include "detpipe_loader.h"
#else
#include "loader.h"
#endif

enum { VOCAB = 50257, WIDTH = 4, B = 2, T = 4 };

static float in[VOCAB][WIDTH], out[VOCAB][WIDTH]; /* weights */
static float d_in[VOCAB][WIDTH], d_out[VOCAB][WIDTH];

static void initialize(float *weights, unsigned seed)
{
    for (int i = 0; i < VOCAB * WIDTH; i++) {
        seed = seed * 1664525u + 1013904223u;
        weights[i] = (float)(seed >> 8) / 16777216.0f - 0.5f;
    }
}

static float dot(const float *a, const float *b)
{
    float sum = 0;

    for (int j = 0; j < WIDTH; j++)
        sum += a[j] * b[j];
    return sum;
}

/* The loss of a place, and what it adds to the gradients. */
static double add_place(int input, int target)
{
    static float p[VOCAB];
    float most = -INFINITY;
    double all = 0;

    for (int v = 0; v < VOCAB; v++) {
        p[v] = dot(in[input], out[v]);
        most = p[v] > most ? p[v] : most;
    }
    for (int v = 0; v < VOCAB; v++)
        all += exp((double)(p[v] - most));
    for (int v = 0; v < VOCAB; v++) {
        const float d = (float)(exp((double)(p[v] - most)) / all - (v == target)) / (B * T);
        for (int j = 0; j < WIDTH; j++) {
            d_in[input][j] += d * out[v][j];
            d_out[v][j] += d * in[input][j];
        }
    }
    return log(all) - (double)(p[target] - most);
}

static void update(float *weights, float *gradient)
{
    for (int i = 0; i < VOCAB * WIDTH; i++) {
        weights[i] -= gradient[i];
        gradient[i] = 0;
    }
}

int main(int argc, char **argv)
{
    const int steps = argc > 2 ? atoi(argv[2]) : 12;
    DataLoader loader;

    if (argc < 2)
        return fprintf(stderr, "usage: train FILE.bin [STEPS]\n"), 2;
    initialize(in[0], 1);
    initialize(out[0], 2);
    loader_open(&loader, argv[1], B, T);
    for (int step = 1; step <= steps; step++) {
        double loss = 0;
        loader_next(&loader);
        for (int i = 0; i < B * T; i++)
            loss += add_place(loader.inputs[i], loader.targets[i]) / (B * T);
        update(in[0], d_in[0]);
        update(out[0], d_out[0]);
        printf("step %d loss: %.17g\n", step, loss);
    }
    loader_close(&loader);
    return 0;
}
