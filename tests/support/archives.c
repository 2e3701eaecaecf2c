/* archives.c - files of tensors that tests make in memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/archives.h"

#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/alloc.h"
#include "base/hash.h"
#include "base/options.h"
#include "tests/support/test.h"

static uint64_t digest_of(const dp_archive *a)
{
    uint64_t all = 0;

    for (size_t i = 0; i < a->n; i++) {
        const dp_named_tensor *t = &a->tensors[i];
        const uint64_t parts[] = {
            all, dp_hash64(t->name, strlen(t->name)), dp_hash64(t->type, strlen(t->type)),
            dp_hash64(t->shape, sizeof t->shape), dp_hash64(t->data, (size_t)t->size)};
        all = dp_hash64(parts, sizeof parts);
    }
    return all;
}

static dp_status parse(const void *data, size_t n, size_t *tensors, uint64_t *digest)
{
    dp_options options;
    dp_arena arena = {0};
    dp_archive a = {.arena = &arena, .path = "test", .err = &test_error};
    uint8_t *copy = malloc(n > 0 ? n : 1);
    dp_status status;

    memcpy(copy, data, n);
    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena.alloc = options.alloc;
    status = dp_archive_parse(&a, copy, n);
    if (tensors != NULL)
        *tensors = a.n;
    if (digest != NULL)
        *digest = digest_of(&a);
    dp_arena_free(&arena);
    free(copy);
    return status;
}

dp_status test_archive_parse(const void *data, size_t n, size_t *tensors)
{
    return parse(data, n, tensors, NULL);
}

dp_status test_archive_digest(const void *data, size_t n, uint64_t *digest)
{
    return parse(data, n, NULL, digest);
}
