/* losses.h - what is found of a text that a test has
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_SUPPORT_LOSSES_H
#define TESTS_SUPPORT_LOSSES_H

#include "tests/support/test.h"
#include "tools/losses/losses.h"

/* Of the first n bytes, which are copied, as losses_find writes into them. */
static inline losses test_losses_of(const char *text, size_t n, const char *regex)
{
    losses l = {0};
    char *copy = malloc(n + 1);

    assert_non_null(copy);
    memcpy(copy, text, n);
    assert_int_equal(losses_find(copy, n, 0, regex, &l), 0);
    free(copy);
    losses_finish(&l);
    return l;
}

#endif
