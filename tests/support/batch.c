/* batch.c - made numbers for a net to learn
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/support/batch.h"

#include "base/random/rng.h"
#include "tests/support/test.h"

void test_batch(const dp_tensor *input, uint64_t whole, int64_t places, float **x, int32_t **labels)
{
    const size_t n = test_bytes(input) / sizeof **x,
                 n_labels = (size_t)(input->shape[0] * (places > 0 ? places : 1));
    dp_rng rng;

    *x = malloc(sizeof **x * n);
    *labels = malloc(sizeof **labels * n_labels);
    assert_true(*x != NULL && *labels != NULL);
    dp_rng_start(&rng, 3, 0, 0);
    for (size_t i = 0; i < n; i++)
        (*x)[i] = whole != 0 ? (float)dp_rng_below(&rng, whole)
                             : (float)(dp_rng_uniform(&rng) - 0.5) * (i % 7 == 0 ? 100.0f : 1.0f);
    for (size_t i = 0; i < n_labels; i++)
        (*labels)[i] = (int32_t)dp_rng_below(&rng, 5);
}
