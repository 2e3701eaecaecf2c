/* transform.c - what is asked of every transform
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/shared/transform.h"

uint32_t dp_n_draws(const dp_transform *t)
{
    uint32_t n = t->draw != NULL;

    for (const char *c = n != 0 ? t->drawn : ""; *c != '\0'; c++)
        n += *c == ',';
    return n;
}

bool dp_always(const void *params)
{
    (void)params;
    return true;
}
