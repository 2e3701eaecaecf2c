/* element.c - the numbers of a tensor: how many, and one of them as text
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/cli/element.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/memory.h"

size_t element_count(const dp_tensor *t)
{
    size_t n = 1;

    for (int32_t d = 0; d < t->rank; d++)
        n *= (size_t)t->shape[d];
    return n;
}

element_text element_of(const dp_tensor *t, size_t i)
{
    element_text out;
    char *to = out.text;
    const size_t size = sizeof out.text;

    switch (t->dtype) {
    case DP_U8:
    case DP_BOOL: snprintf(to, size, "%u", ((const uint8_t *)t->data)[i]); break;
    case DP_I8: snprintf(to, size, "%d", ((const int8_t *)t->data)[i]); break;
    case DP_U16: snprintf(to, size, "%u", ((const uint16_t *)t->data)[i]); break;
    case DP_F16: snprintf(to, size, "0x%04x", ((const uint16_t *)t->data)[i]); break;
    case DP_I16: snprintf(to, size, "%d", ((const int16_t *)t->data)[i]); break;
    case DP_I32: snprintf(to, size, "%d", ((const int32_t *)t->data)[i]); break;
    case DP_U32: snprintf(to, size, "%u", ((const uint32_t *)t->data)[i]); break;
    case DP_I64: snprintf(to, size, "%lld", (long long)((const int64_t *)t->data)[i]); break;
    case DP_U64:
        snprintf(to, size, "%llu", (unsigned long long)((const uint64_t *)t->data)[i]);
        break;
    case DP_F32: snprintf(to, size, "%.9g", (double)((const float *)t->data)[i]); break;
    case DP_F64: snprintf(to, size, "%.17g", ((const double *)t->data)[i]); break;
    }
    return out;
}

cli_type_text element_type(const dp_tensor *t)
{
    return cli_type_of(dp_dtype_name(t->dtype), t->rank, t->shape);
}

element_types_text element_types(const dp_tensor *least, const dp_tensor *most)
{
    const cli_type_text from = element_type(least), to = element_type(most);
    const bool one = strcmp(from.text, to.text) == 0;
    element_types_text out;

    snprintf(out.text, sizeof out.text, "%s%s%s", one ? "" : from.text, one ? "" : " to ", to.text);
    return out;
}

static uint8_t *little_endian(const dp_tensor *t, size_t bytes)
{
    const uint16_t one = 1;
    const size_t size = dp_dtype_size(t->dtype);
    const uint8_t *from = t->data;
    uint8_t *out = xmalloc(bytes + 1);

    for (size_t i = 0; i < bytes; i++)
        out[i] =
            *(const uint8_t *)&one == 1 ? from[i] : from[i / size * size + size - 1 - i % size];
    return out;
}

dp_named_tensor element_copy(const char *name, const dp_tensor *t)
{
    dp_named_tensor n = {
        .name = name, .type = dp_dtype_name(t->dtype), .rank = t->rank, .count = element_count(t)};

    memcpy(n.shape, t->shape, sizeof n.shape);
    n.size = n.count * dp_dtype_size(t->dtype);
    n.data = little_endian(t, (size_t)n.size);
    return n;
}
