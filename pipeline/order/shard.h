/* shard.h - which rows of a batch a rank gets
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIPELINE_ORDER_SHARD_H
#define PIPELINE_ORDER_SHARD_H

#include "pipeline/order/order.h"

typedef struct dp_shard {
    int64_t num_shards, shard_id;
} dp_shard;

/* The first row of rank r among n. */
static inline uint64_t dp_shard_first(const dp_shard *s, uint64_t n, uint64_t r)
{
    const uint64_t shards = (uint64_t)s->num_shards;
    return n / shards * r + n % shards * r / shards;
}

#endif
