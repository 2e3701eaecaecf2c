/* rows.c - how losses cut a batch
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "compute/losses/rows.h"

#include "compute/sums/share.h"

dp_status dp_loss_check(const dp_loss_rows *r, int64_t n, dp_error *err)
{
    if ((r->leaf_size & (r->leaf_size - 1)) != 0)
        return dp_fail(err, DP_ESPEC, "leaf_size %lld is not a power of two",
                       (long long)r->leaf_size);
    if (n / r->leaf_size >= DP_MAX_LEAVES)
        return dp_fail(err, DP_ELIMIT, "a batch has at most %d leaves: raise leaf_size",
                       DP_MAX_LEAVES);
    return DP_OK;
}
