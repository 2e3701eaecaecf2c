/* pickle_array.c - numpy's arrays and numbers in a pickle
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * numpy.ndarray.__reduce__ (protocols 2 to 4), __reduce_ex__ (5) and numpy.dtype.__reduce__, of
 * numpy 1 and 2.
 */
#include <string.h>

#include "base/bytes.h"
#include "base/tensor.h"
#include "io/cifar/pickle_array.h"

static const char *const names[] = {
    "numpy dtype",
    "numpy ndarray",
    "numpy.core.multiarray _reconstruct",
    "numpy._core.multiarray _reconstruct",
    "numpy.core.multiarray scalar",
    "numpy._core.multiarray scalar",
    "numpy.core.numeric _frombuffer",
    "numpy._core.numeric _frombuffer",
    "_codecs encode",
    "__builtin__ bytes",
    NULL,
};
const dp_pickle_names dp_pickle_arrays = {names, "numpy's arrays"};

/* The call of any of two names with n arguments at least. */
static bool is_call(const dp_pickled *v, const char *name, const char *other, uint32_t n)
{
    return v->kind == DP_PICKLE_OBJECT && v->items[1]->n >= n &&
           (dp_pickle_is_name(v->items[0], name) || dp_pickle_is_name(v->items[0], other));
}

/* dtype's arguments: ("u1", ...), its state: (version, "<", ...); NULL, or what it is. */
static const char *take_dtype(const dp_pickled *v, dp_dtype *out, bool *big_endian)
{
    static const struct {
        const char *code;
        dp_dtype dtype;
    } types[] = {{"b1", DP_BOOL}, {"u1", DP_U8},  {"i1", DP_I8},  {"u2", DP_U16},
                 {"i2", DP_I16},  {"u4", DP_U32}, {"i4", DP_I32}, {"u8", DP_U64},
                 {"i8", DP_I64},  {"f2", DP_F16}, {"f4", DP_F32}, {"f8", DP_F64}};
    const dp_pickled *state;

    if (!is_call(v, "numpy dtype", "numpy dtype", 1))
        return "an array without a type";
    state = v->n > 2 ? v->items[2] : NULL;
    *big_endian = state != NULL && state->n > 1 && dp_pickle_is_text(state->items[1], ">", 1);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (dp_pickle_is_text(v->items[1]->items[0], types[i].code, 2)) {
            *out = types[i].dtype;
            return NULL;
        }
    }
    return dp_pickle_is_text(v->items[1]->items[0], "O8", 2) ? "an array of Python objects"
                                                             : "an array of texts or of records";
}

static bool take_shape(const dp_pickled *shape, dp_tensor *type)
{
    if (shape->kind != DP_PICKLE_LIST || shape->n > DP_MAX_RANK)
        return false;
    type->rank = (int32_t)shape->n;
    for (uint32_t d = 0; d < shape->n; d++) {
        if (shape->items[d]->kind != DP_PICKLE_INT || shape->items[d]->number < 0)
            return false;
        type->shape[d] = shape->items[d]->number;
    }
    return dp_tensor_fits(type);
}

const char *dp_pickle_array(const dp_pickled *v, dp_pickled_array *out)
{
    const dp_pickled *shape, *dtype, *order, *bytes;
    const char *why;
    bool is_c;

    *out = (dp_pickled_array){.bytes = NULL};
    if (is_call(v, "numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct",
                0) &&
        v->n == 3 && v->items[2]->kind == DP_PICKLE_LIST && v->items[2]->n == 5) {
        /* state: (version, shape, dtype, is Fortran's, bytes) */
        struct dp_pickled **state = v->items[2]->items;
        shape = state[1], dtype = state[2], order = state[3], bytes = state[4];
        is_c = order->kind == DP_PICKLE_INT && order->number == 0;
    } else if (is_call(v, "numpy.core.numeric _frombuffer", "numpy._core.numeric _frombuffer", 4)) {
        struct dp_pickled **arguments = v->items[1]->items;
        bytes = arguments[0], dtype = arguments[1], shape = arguments[2], order = arguments[3];
        is_c = dp_pickle_is_text(order, "C", 1);
    } else {
        return "not a numpy array";
    }
    why = take_dtype(dtype, &out->type.dtype, &out->big_endian);
    if (why != NULL)
        return why;
    if (!is_c)
        return "an array that is not in C order (numpy.ascontiguousarray makes one)";
    if (!take_shape(shape, &out->type) || bytes->kind != DP_PICKLE_BYTES ||
        dp_tensor_bytes(&out->type) != bytes->size)
        return "an array whose bytes are not what its shape says";
    out->bytes = bytes->bytes;
    return NULL;
}

int64_t dp_pickle_element(const dp_pickled_array *a, size_t i)
{
    const size_t size = dp_dtype_size(a->type.dtype);
    uint8_t bytes[8];

    for (size_t b = 0; b < size; b++)
        bytes[b] = a->bytes[i * size + (a->big_endian ? size - 1 - b : b)];
    switch (a->type.dtype) {
    case DP_I8: return (int8_t)bytes[0];
    case DP_I16: return (int16_t)dp_load_le(bytes, 2);
    case DP_I32: return (int32_t)dp_load_le(bytes, 4);
    default: return (int64_t)dp_load_le(bytes, (int)size);
    }
}

/* numpy's number: (dtype, bytes) */
bool dp_pickle_int(const dp_pickled *v, int64_t *out)
{
    dp_pickled_array one = {.bytes = NULL};
    struct dp_pickled **arguments;

    if (v->kind == DP_PICKLE_INT) {
        *out = v->number;
        return true;
    }
    if (!is_call(v, "numpy.core.multiarray scalar", "numpy._core.multiarray scalar", 2))
        return false;
    arguments = v->items[1]->items;
    if (take_dtype(arguments[0], &one.type.dtype, &one.big_endian) != NULL ||
        !dp_dtype_is_integer(one.type.dtype) || arguments[1]->kind != DP_PICKLE_BYTES ||
        arguments[1]->size != dp_dtype_size(one.type.dtype))
        return false;
    one.bytes = arguments[1]->bytes;
    *out = dp_pickle_element(&one, 0);
    return true;
}
