/* fuzz_pickle.c - any bytes as a pickle of CIFAR's python version: refused, or arrays inside it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "io/pickle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COLUMNS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const dp_blob blob = {.bytes = data, .size = size};
    const dp_pickled *array;
    dp_options options;
    dp_arena arena = {0};
    dp_pickled *root;
    uint64_t rows;
    size_t at;

    if (dp_options_get(NULL, &options, NULL) != DP_OK)
        abort();
    arena.alloc = options.alloc;
    if (dp_pickle_parse(blob, "fuzz", &arena, &root, NULL) == DP_OK &&
        (array = dp_pickle_get(root, blob, "data")) != NULL &&
        dp_pickle_array(array, blob, COLUMNS, &rows, &at) &&
        (at > size || rows > (size - at) / COLUMNS))
        abort();
    dp_arena_free(&arena);
    return 0;
}
