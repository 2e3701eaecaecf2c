/* element.c - the numbers of a tensor: how many, and one of them as text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/element.h"

#include <stdio.h>

size_t element_count(const dp_tensor *t)
{
    size_t n = 1;

    for (int32_t d = 0; d < t->rank; d++)
        n *= (size_t)t->shape[d];
    return n;
}

void element_print(const dp_tensor *t, size_t i)
{
    switch (t->dtype) {
    case DP_U8:
    case DP_BOOL: printf("%u", ((const uint8_t *)t->data)[i]); break;
    case DP_I8: printf("%d", ((const int8_t *)t->data)[i]); break;
    case DP_U16: printf("%u", ((const uint16_t *)t->data)[i]); break;
    case DP_F16: printf("0x%04x", ((const uint16_t *)t->data)[i]); break;
    case DP_I16: printf("%d", ((const int16_t *)t->data)[i]); break;
    case DP_I32: printf("%d", ((const int32_t *)t->data)[i]); break;
    case DP_U32: printf("%u", ((const uint32_t *)t->data)[i]); break;
    case DP_I64: printf("%lld", (long long)((const int64_t *)t->data)[i]); break;
    case DP_U64: printf("%llu", (unsigned long long)((const uint64_t *)t->data)[i]); break;
    case DP_F32: printf("%.9g", (double)((const float *)t->data)[i]); break;
    case DP_F64: printf("%.17g", ((const double *)t->data)[i]); break;
    }
}
