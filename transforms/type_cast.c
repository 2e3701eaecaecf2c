/* type_cast.c - another element type
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/mindspore.md.  Integers wrap; floats go to integers toward zero; to bool is != 0; to
 * float16 rounds half to even, through float32.  Where C leaves float to integer undefined, detpipe
 * saturates, and NaN is 0.
 */
#include "transforms/shared/transform.h"

#include "base/number/num.h"

typedef struct type_cast {
    const char *column;
    int32_t data_type;
} type_cast;

#define TYPES "bool,int8,int16,int32,int64,uint8,uint16,uint32,uint64,float16,float32,float64"
static const dp_dtype types[] = {DP_BOOL, DP_I8,  DP_I16, DP_I32, DP_I64, DP_U8,
                                 DP_U16,  DP_U32, DP_U64, DP_F16, DP_F32, DP_F64};

static const dp_param params[] = {
    DP_COLUMN(type_cast),
    DP_CHOICE(type_cast, data_type, NULL, TYPES, "the new type"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    const type_cast *p = params_;

    (void)arena, (void)err;
    out->type.dtype = types[p->data_type];
    if (!dp_dtype_is_integer(out->type.dtype) || in->limit > 128)
        out->limit = 0; /* up to 128 fits every integer type */
    return DP_OK;
}

/* Into [least, most]; past is most + 1 as a double. */
static int64_t saturate(double v, int64_t least, int64_t most, double past)
{
    if (v != v)
        return 0;
    return v <= (double)least ? least : v >= past ? most : (int64_t)v;
}

static uint64_t saturate_u64(double v)
{
    return !(v > 0) ? 0 : v >= 0x1p64 ? UINT64_MAX : (uint64_t)v;
}

/* Element i as the integer bits of an integer type. */
static uint64_t to_integer(const dp_tensor *in, size_t i, dp_dtype to)
{
    double v;

    if (!dp_dtype_is_float(in->dtype))
        return (uint64_t)dp_load_int(in->data, in->dtype, i);
    v = dp_load_f64(in->data, in->dtype, i);
    switch (to) {
    case DP_I8: return (uint64_t)saturate(v, INT8_MIN, INT8_MAX, 0x1p7);
    case DP_I16: return (uint64_t)saturate(v, INT16_MIN, INT16_MAX, 0x1p15);
    case DP_I32: return (uint64_t)saturate(v, INT32_MIN, INT32_MAX, 0x1p31);
    case DP_I64: return (uint64_t)saturate(v, INT64_MIN, INT64_MAX, 0x1p63);
    case DP_U8: return (uint64_t)saturate(v, 0, UINT8_MAX, 0x1p8);
    case DP_U16: return (uint64_t)saturate(v, 0, UINT16_MAX, 0x1p16);
    case DP_U32: return (uint64_t)saturate(v, 0, UINT32_MAX, 0x1p32);
    default: return saturate_u64(v);
    }
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const size_t n = (size_t)dp_tensor_count(in);
    void *y = out->data;

    (void)params_, (void)draws;
    for (size_t i = 0; i < n; i++) {
        switch (out->dtype) {
        case DP_BOOL: ((uint8_t *)y)[i] = dp_load_f64(in->data, in->dtype, i) != 0; break;
        case DP_F16: ((uint16_t *)y)[i] = dp_f32_to_f16(dp_load_f32(in->data, in->dtype, i)); break;
        case DP_F32: ((float *)y)[i] = dp_load_f32(in->data, in->dtype, i); break;
        case DP_F64: ((double *)y)[i] = dp_load_f64(in->data, in->dtype, i); break;
        case DP_I8:
        case DP_U8: ((uint8_t *)y)[i] = (uint8_t)to_integer(in, i, out->dtype); break;
        case DP_I16:
        case DP_U16: ((uint16_t *)y)[i] = (uint16_t)to_integer(in, i, out->dtype); break;
        case DP_I32:
        case DP_U32: ((uint32_t *)y)[i] = (uint32_t)to_integer(in, i, out->dtype); break;
        case DP_I64:
        case DP_U64: ((uint64_t *)y)[i] = to_integer(in, i, out->dtype); break;
        }
    }
}

const dp_transform dp_transform_type_cast = {
    .info = {"transform", "type_cast", "convert to another element type", 1, sizeof(type_cast),
             params},
    .foreign = "TypeCast data_type batches",
    .plan = plan,
    .apply = apply,
    .pointwise = dp_always,
};
