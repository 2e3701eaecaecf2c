/* table.c - the list of transforms
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "transforms/rows.h"

#define DP_TRANSFORM(name) &dp_transform_##name,
const dp_transform *const dp_transforms[] = {
#include "transforms/list.def"
    NULL};
#undef DP_TRANSFORM

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
