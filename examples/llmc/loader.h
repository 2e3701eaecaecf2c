/* loader.h - the loader of a C trainer, as it was: windows of one file of llm.c in their order
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct DataLoader {
    int B, T;
    int *inputs, *targets; /* [B][T] */
    FILE *file;
    uint16_t *tokens;
} DataLoader;

static void loader_need(int fine, const char *what)
{
    if (fine)
        return;
    fprintf(stderr, "train: %s\n", what);
    exit(1);
}

static void loader_rewind(DataLoader *l)
{
    loader_need(fseek(l->file, 256 * (long)sizeof(int32_t), SEEK_SET) == 0, "cannot rewind");
}

static void loader_open(DataLoader *l, const char *path, int B, int T)
{
    const size_t n = (size_t)B * (size_t)T;
    int32_t header[256];

    *l = (DataLoader){.B = B, .T = T, .file = fopen(path, "rb")};
    loader_need(l->file != NULL, "cannot open the tokens");
    loader_need(fread(header, sizeof header, 1, l->file) == 1 && header[0] == 20240520,
                "the file holds no tokens");
    l->tokens = malloc((n + 1) * sizeof *l->tokens);
    l->inputs = malloc(n * sizeof *l->inputs);
    l->targets = malloc(n * sizeof *l->targets);
    loader_need(l->tokens && l->inputs && l->targets, "out of memory");
}

/* The next B * T tokens, from the first on again where there are too few. */
static void loader_next(DataLoader *l)
{
    const size_t n = (size_t)l->B * (size_t)l->T;

    if (fread(l->tokens, sizeof *l->tokens, n + 1, l->file) != n + 1) {
        loader_rewind(l);
        loader_need(fread(l->tokens, sizeof *l->tokens, n + 1, l->file) == n + 1, "too few tokens");
    }
    fseek(l->file, -(long)sizeof *l->tokens, SEEK_CUR);
    for (size_t i = 0; i < n; i++) {
        l->inputs[i] = l->tokens[i];
        l->targets[i] = l->tokens[i + 1];
    }
}

static void loader_close(DataLoader *l)
{
    fclose(l->file);
    free(l->tokens);
    free(l->inputs);
    free(l->targets);
}
