/* tensor.c - sizes, types and elements of a dp_tensor
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/tensor.h"

#include <stdio.h>
#include <string.h>

#include "base/number/num.h"
#include "base/status.h"

typedef enum family { UNSIGNED, SIGNED, FLOATING, BOOLEAN } family;

static const struct {
    const char *name;
    size_t size;
    family family;
} types[] = {
    [DP_U8] = {"uint8", 1, UNSIGNED},    [DP_U16] = {"uint16", 2, UNSIGNED},
    [DP_U32] = {"uint32", 4, UNSIGNED},  [DP_U64] = {"uint64", 8, UNSIGNED},
    [DP_I8] = {"int8", 1, SIGNED},       [DP_I16] = {"int16", 2, SIGNED},
    [DP_I32] = {"int32", 4, SIGNED},     [DP_I64] = {"int64", 8, SIGNED},
    [DP_F16] = {"float16", 2, FLOATING}, [DP_F32] = {"float32", 4, FLOATING},
    [DP_F64] = {"float64", 8, FLOATING}, [DP_BOOL] = {"bool", 1, BOOLEAN},
};
#define N_TYPES (sizeof types / sizeof types[0])

static bool known(dp_dtype t) { return (unsigned)t < N_TYPES && types[t].name != NULL; }

const char *dp_dtype_name(dp_dtype t) { return known(t) ? types[t].name : "?"; }
size_t dp_dtype_size(dp_dtype t) { return known(t) ? types[t].size : 0; }
bool dp_dtype_is_float(dp_dtype t) { return known(t) && types[t].family == FLOATING; }
bool dp_dtype_is_integer(dp_dtype t)
{
    return known(t) && (types[t].family == SIGNED || types[t].family == UNSIGNED);
}

bool dp_tensor_fits(const dp_tensor *t)
{
    int64_t bytes = (int64_t)dp_dtype_size(t->dtype);

    if (bytes == 0 || t->rank < 0 || t->rank > DP_MAX_RANK)
        return false;
    for (int32_t d = 0; d < t->rank; d++) {
        if (t->shape[d] < 0 || __builtin_mul_overflow(bytes, t->shape[d], &bytes))
            return false;
    }
    return (uint64_t)bytes <= SIZE_MAX / 2;
}

uint64_t dp_tensor_count(const dp_tensor *t)
{
    uint64_t n = 1;
    for (int32_t d = 0; d < t->rank; d++)
        n *= (uint64_t)t->shape[d];
    return n;
}

size_t dp_tensor_bytes(const dp_tensor *t)
{
    return (size_t)dp_tensor_count(t) * dp_dtype_size(t->dtype);
}

bool dp_tensor_same_type(const dp_tensor *a, const dp_tensor *b)
{
    return a->dtype == b->dtype && a->rank == b->rank &&
           memcmp(a->shape, b->shape, sizeof a->shape[0] * (size_t)a->rank) == 0;
}

dp_status dp_tensor_check(const dp_tensor *t, const char *what, dp_error *err)
{
    if (t == NULL)
        return dp_fail(err, DP_EINVAL, "%.60s is NULL", what);
    if (!known(t->dtype))
        return dp_fail(err, DP_EINVAL, "%.60s has dtype %d: there is no such dp_dtype", what,
                       (int)t->dtype);
    if (t->rank < 0 || t->rank > DP_MAX_RANK)
        return dp_fail(err, DP_EINVAL, "%.60s has rank %d: 0 to %d are allowed", what, (int)t->rank,
                       DP_MAX_RANK);
    if (!dp_tensor_fits(t))
        return dp_fail(err, DP_EINVAL,
                       "%.60s is %s: a size is negative, or all are more than fits memory", what,
                       dp_tensor_type(t).text);
    return DP_OK;
}

dp_status dp_tensor_check_data(const dp_tensor *t, const char *what, dp_error *err)
{
    const dp_status status = dp_tensor_check(t, what, err);

    if (status == DP_OK && t->data == NULL && dp_tensor_count(t) > 0)
        return dp_fail(err, DP_EINVAL, "%.60s is %s and its data is NULL", what,
                       dp_tensor_type(t).text);
    return status;
}

dp_type_text dp_tensor_type(const dp_tensor *t)
{
    dp_type_text out;
    size_t n = (size_t)snprintf(out.text, sizeof out.text, "%s[", dp_dtype_name(t->dtype));

    if (t->rank < 0 || t->rank > DP_MAX_RANK) {
        snprintf(out.text, sizeof out.text, "%s of rank %d", dp_dtype_name(t->dtype), (int)t->rank);
        return out;
    }
    for (int32_t d = 0; d < t->rank && n < sizeof out.text; d++)
        n += (size_t)snprintf(out.text + n, sizeof out.text - n, d ? ", %lld" : "%lld",
                              (long long)t->shape[d]);
    if (n < sizeof out.text)
        snprintf(out.text + n, sizeof out.text - n, "]");
    return out;
}

int64_t dp_load_int(const void *data, dp_dtype t, size_t i)
{
    switch (t) {
    case DP_U8:
    case DP_BOOL: return ((const uint8_t *)data)[i];
    case DP_U16: return ((const uint16_t *)data)[i];
    case DP_U32: return ((const uint32_t *)data)[i];
    case DP_U64: return (int64_t)((const uint64_t *)data)[i];
    case DP_I8: return ((const int8_t *)data)[i];
    case DP_I16: return ((const int16_t *)data)[i];
    case DP_I32: return ((const int32_t *)data)[i];
    case DP_I64: return ((const int64_t *)data)[i];
    default: return 0;
    }
}

dp_integer dp_print_int(const void *data, dp_dtype t, size_t i)
{
    const int64_t value = dp_load_int(data, t, i);
    dp_integer out;

    snprintf(out.text, sizeof out.text, t == DP_U64 ? "%llu" : "%lld", (long long)value);
    return out;
}

double dp_load_f64(const void *data, dp_dtype t, size_t i)
{
    switch (t) {
    case DP_F16: return dp_f16_to_f32(((const uint16_t *)data)[i]);
    case DP_F32: return ((const float *)data)[i];
    case DP_F64: return ((const double *)data)[i];
    case DP_U64: return (double)((const uint64_t *)data)[i];
    default: return (double)dp_load_int(data, t, i);
    }
}

float dp_load_f32(const void *data, dp_dtype t, size_t i)
{
    switch (t) {
    case DP_U64: return (float)((const uint64_t *)data)[i];
    case DP_I64: return (float)((const int64_t *)data)[i];
    default: return (float)dp_load_f64(data, t, i); /* the others are exact in double */
    }
}
