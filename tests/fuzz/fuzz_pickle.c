/* fuzz_pickle.c - any bytes as a pickle of CIFAR's python version: refused, or arrays inside it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>

#include "base/options.h"
#include "base/tensor.h"
#include "io/cifar/pickle_array.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every element is inside what the parser made, and a sanitizer sees one that is not. */
static int64_t sum_of(const dp_pickled *v)
{
    dp_pickled_array a;
    int64_t number, sum = 0;

    if (dp_pickle_int(v, &number))
        return number & 0xFF;
    if (dp_pickle_array(v, &a) != NULL)
        return 0;
    for (uint64_t i = 0; dp_dtype_is_integer(a.type.dtype) && i < dp_tensor_count(&a.type); i++)
        sum += dp_pickle_element(&a, (size_t)i) & 0xFF;
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {"data", "labels"};
    const dp_blob blob = {.bytes = data, .size = size};
    dp_options options;
    dp_arena arena = {0};
    dp_pickled *root;
    size_t at = 0;

    if (dp_options_get(NULL, &options, NULL) != DP_OK)
        abort();
    arena.alloc = options.alloc;
    if (dp_pickle_parse(blob, &at, "fuzz", &dp_pickle_arrays, &arena, &root, NULL) == DP_OK) {
        for (int k = 0; k < 2; k++) {
            const dp_pickled *v = dp_pickle_get(root, keys[k]);
            if (v != NULL && sum_of(v) < 0)
                abort();
            for (uint32_t i = 0; v != NULL && i < v->n && v->kind == DP_PICKLE_LIST; i++) {
                if (sum_of(v->items[i]) < 0)
                    abort();
            }
        }
    }
    dp_arena_free(&arena);
    return 0;
}
