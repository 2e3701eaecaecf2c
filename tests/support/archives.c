/* archives.c - files of tensors that tests make in memory
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/archives.h"

#include <stdlib.h>
#include <string.h>

#include "archive/archive.h"
#include "base/alloc.h"
#include "base/options.h"
#include "tests/support/test.h"

dp_status test_archive_parse(const void *data, size_t n, size_t *tensors)
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
    dp_arena_free(&arena);
    free(copy);
    return status;
}
