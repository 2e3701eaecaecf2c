/* check.c - checks that order stages share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "pipeline/order/order.h"

dp_status dp_check_claims(const dp_node *node, const dp_library *library, dp_error *err)
{
    if (dp_node_rows(node, library) != node->below)
        return dp_fail(err, DP_ESPEC,
                       "%s counts %llu rows below where there are %llu, and fails when it comes "
                       "to one of the others",
                       library->name, (unsigned long long)node->claimed_below,
                       (unsigned long long)node->below);
    return DP_OK;
}

dp_status dp_check_reach(const dp_node *node, uint64_t start, uint64_t num_samples, dp_error *err)
{
    const uint64_t rows = node->claimed_below - start;
    const uint64_t wanted = num_samples != 0 && num_samples < rows ? num_samples : rows;

    if (node->below == DP_ENDLESS || start + wanted <= node->below)
        return DP_OK;
    return dp_fail(err, DP_ESPEC,
                   "the sampler below counts %llu rows where there are %llu, as its library does, "
                   "which fails here",
                   (unsigned long long)node->claimed_below, (unsigned long long)node->below);
}

dp_status dp_check_rows(uint64_t rows, dp_error *err)
{
    if (rows == DP_ENDLESS)
        return dp_fail(err, DP_ESPEC, "the stage needs an end: put it before the endless repeat");
    if (rows > DP_MAX_TABLE)
        return dp_fail(err, DP_ELIMIT, "takes at most %u rows, not %llu", DP_MAX_TABLE,
                       (unsigned long long)rows);
    return DP_OK;
}

dp_status dp_check_indices(const dp_list *list, uint64_t rows, dp_error *err)
{
    for (size_t i = 0; i < list->n; i++) {
        if ((uint64_t)list->ints[i] >= rows)
            return dp_fail(err, DP_ESPEC, "row %lld is out of range: there are %llu",
                           (long long)list->ints[i], (unsigned long long)rows);
    }
    return DP_OK;
}
