/* check.c - checks and lists that order stages share
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/number/num.h"
#include "pipeline/order/order.h"

dp_status dp_check_claims(const dp_node *node, const dp_library *library, dp_error *err)
{
    if (dp_node_rows(node, library) != node->below)
        return dp_fail(err, DP_ESPEC,
                       "%s fails here: it counts %llu rows below where there are %llu",
                       library->name, (unsigned long long)node->claimed_below,
                       (unsigned long long)node->below);
    return DP_OK;
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

static uint32_t count_items(const char *text)
{
    uint32_t n = text[0] != '\0';

    for (; *text != '\0'; text++)
        n += *text == ',';
    return n;
}

dp_status dp_index_list(const char *text, uint64_t most, dp_arena *arena, uint64_t **out,
                        uint32_t *n, dp_error *err)
{
    *n = count_items(text);
    *out = dp_arena_alloc(arena, *n + 1, sizeof **out);
    if (*out == NULL)
        return dp_arena_fail(arena, err, "a list of rows");
    for (uint32_t i = 0; i < *n; i++, text++) {
        const size_t length = strcspn(text, ",");
        int64_t value;
        if (!dp_parse_int(text, length, &value))
            return dp_fail(err, DP_ESPEC, "'%.*s' is not a row number",
                           length > 20 ? 20 : (int)length, text);
        if (value < 0 || (uint64_t)value >= most)
            return dp_fail(err, DP_ESPEC, "row %lld is out of range: there are %llu",
                           (long long)value, (unsigned long long)most);
        (*out)[i] = (uint64_t)value;
        text += length;
    }
    return DP_OK;
}

dp_status dp_number_list(const char *text, dp_arena *arena, double **out, uint32_t *n,
                         dp_error *err)
{
    *n = count_items(text);
    *out = dp_arena_alloc(arena, *n + 1, sizeof **out);
    if (*out == NULL)
        return dp_arena_fail(arena, err, "a list of numbers");
    for (uint32_t i = 0; i < *n; i++, text++) {
        const size_t length = strcspn(text, ",");
        if (!dp_parse_number(text, length, &(*out)[i]))
            return dp_fail(err, DP_ESPEC, "'%.*s' is not a number", length > 20 ? 20 : (int)length,
                           text);
        text += length;
    }
    return DP_OK;
}
