/* archive.h - any bytes as an archive of one format: refused, or the same tensors after writing
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive.h"
#include "base/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_equal(const dp_archive *a, const dp_archive *b)
{
    if (a->n != b->n)
        abort();
    for (size_t i = 0; i < a->n; i++) {
        const dp_named_tensor *x = &a->tensors[i], *y = dp_archive_find(b, x->name);
        if (y == NULL || x->size != y->size || strcmp(x->type, y->type) != 0 ||
            memcmp(x->shape, y->shape, sizeof x->shape) != 0 ||
            memcmp(x->data, y->data, (size_t)x->size) != 0)
            abort();
    }
}

static void round_trip(const dp_archive *a, const dp_options *options, const char *suffix)
{
    char path[64];
    dp_archive *again;

    snprintf(path, sizeof path, "/tmp/detpipe-fuzz-%d%s", (int)getpid(), suffix);
    if (dp_archive_save(a->tensors, a->n, path, NULL) != DP_OK)
        return; /* the format has no such type */
    if (dp_archive_open(&again, path, options, NULL) != DP_OK)
        abort();
    must_be_equal(a, again);
    dp_archive_close(again);
    unlink(path);
}

static int fuzz_archive(const dp_archive_format *format, const uint8_t *data, size_t size)
{
    dp_options options;
    dp_arena arena = {0};
    dp_archive a = {.arena = &arena, .path = "fuzz"};

    if (dp_options_get(NULL, &options, NULL) != DP_OK)
        abort();
    arena.alloc = options.alloc;
    if (format->is(data, size) && dp_archive_parse(&a, data, size) == DP_OK) {
        round_trip(&a, &options, ".safetensors");
        round_trip(&a, &options, ".npz");
    }
    dp_arena_free(&arena);
    return 0;
}
