/* batches.c - a file of CIFAR's python version: a dictionary of an array of planes and of
 * lists or arrays of labels
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>
#include <string.h>

#include "base/tensor.h"
#include "io/cifar/batches.h"
#include "io/cifar/pickle_array.h"

static dp_status bad_value(const dp_cifar_opening *o, const dp_cifar_part *p, const char *key,
                           const char *what)
{
    return dp_fail(o->err, DP_ECORRUPT, "%.80s: '%s' is %s", p->name, key, what);
}

static dp_status bad_shape(const dp_cifar_opening *o, const dp_cifar_part *p, const char *key,
                           const dp_tensor *type, const char *expected)
{
    char what[200];

    snprintf(what, sizeof what, "%s: expected %s", dp_tensor_type(type).text, expected);
    return bad_value(o, p, key, what);
}

/* <N,3072> or <N,3,32,32> */
static bool is_planes(const dp_tensor *t)
{
    return (t->rank == 2 && t->shape[1] == 3 * DP_CIFAR_PLANE) ||
           (t->rank == 4 && t->shape[1] == 3 && t->shape[2] == DP_CIFAR_SIDE &&
            t->shape[3] == DP_CIFAR_SIDE);
}

/* A value of the dictionary. */
static dp_status find_value(const dp_cifar_opening *o, const dp_cifar_part *p,
                            const dp_pickled *dict, const char *key, const dp_pickled **out)
{
    *out = dp_pickle_get(dict, key);
    if (*out != NULL)
        return DP_OK;
    return dp_fail(o->err, DP_ECORRUPT,
                   dict->kind == DP_PICKLE_DICT
                       ? "%s: %.80s: the dictionary has no '%s'"
                       : "%s: %.80s: the pickle is not a dictionary with '%s'",
                   o->layout->name, p->name, key);
}

/* A list, or an array, of whole numbers. */
typedef struct numbers {
    const dp_pickled *list; /* NULL: the array */
    dp_pickled_array array;
    uint64_t n;
} numbers;

static dp_status find_numbers(const dp_cifar_opening *o, const dp_cifar_part *p,
                              const dp_pickled *dict, const char *key, numbers *out)
{
    const dp_pickled *v;
    const char *why;
    const dp_status status = find_value(o, p, dict, key, &v);

    if (status != DP_OK)
        return status;
    *out = (numbers){.list = v->kind == DP_PICKLE_LIST ? v : NULL, .n = v->n};
    if (out->list != NULL)
        return DP_OK;
    why = dp_pickle_array(v, &out->array);
    if (why != NULL)
        return bad_value(o, p, key, why);
    if (!dp_dtype_is_integer(out->array.type.dtype))
        return bad_shape(o, p, key, &out->array.type, "whole numbers");
    out->n = dp_tensor_count(&out->array.type);
    return DP_OK;
}

/* The label of each record, one of 0 to 255. */
static dp_status take_label(const dp_cifar_opening *o, const dp_pickled *dict, dp_cifar_part *p,
                            size_t l)
{
    const dp_cifar_layout *layout = o->layout;
    const char *key = layout->labels[l].key;
    numbers from;
    const dp_status status = find_numbers(o, p, dict, key, &from);

    if (status != DP_OK)
        return status;
    if (from.n != p->n_records)
        return dp_fail(o->err, DP_ECORRUPT, "%.80s: '%s' has %llu numbers: expected %llu", p->name,
                       key, (unsigned long long)from.n, (unsigned long long)p->n_records);
    for (size_t i = 0; i < from.n; i++) {
        int64_t label = -1;
        if (from.list == NULL)
            label = dp_pickle_element(&from.array, i);
        else if (!dp_pickle_int(from.list->items[i], &label))
            label = -1;
        if (label < 0 || label > 255)
            return dp_fail_record(o->err, DP_ECORRUPT, i, "record %zu of %.80s has no %s", i,
                                  p->name, layout->labels[l].column);
        p->labels[i * (size_t)layout->n_labels + l] = (uint8_t)label;
    }
    return DP_OK;
}

static dp_status take_labels(const dp_cifar_opening *o, const dp_pickled *dict, dp_cifar_part *p)
{
    const size_t n = (size_t)o->layout->n_labels;
    dp_status status = DP_OK;

    p->labels = dp_arena_alloc(o->arena, (size_t)p->n_records + 1, n);
    if (p->labels == NULL)
        return dp_arena_fail(o->arena, o->err, o->layout->name);
    for (size_t l = 0; l < n && status == DP_OK; l++)
        status = take_label(o, dict, p, l);
    return status;
}

/* Rows of 3072 bytes, however they are called.  They are read where they lie when that is as they
 * are in a file that stays, else kept. */
static dp_status take_planes(const dp_cifar_opening *o, const dp_pickled *dict, dp_blob blob,
                             bool stays, dp_cifar_part *p)
{
    const dp_pickled *v;
    dp_pickled_array a;
    const char *why;
    uint8_t *copy;
    size_t size;
    dp_status status = find_value(o, p, dict, "data", &v);

    if (status != DP_OK)
        return status;
    why = dp_pickle_array(v, &a);
    if (why != NULL)
        return bad_value(o, p, "data", why);
    if (a.type.dtype != DP_U8 || !is_planes(&a.type))
        return bad_shape(o, p, "data", &a.type, "uint8[N, 3072] or uint8[N, 3, 32, 32]");
    p->n_records = (uint64_t)a.type.shape[0];
    size = dp_tensor_bytes(&a.type);
    if (stays && a.bytes >= blob.bytes && a.bytes <= blob.bytes + blob.size) {
        p->planes = (size_t)(a.bytes - blob.bytes);
        return DP_OK;
    }
    copy = dp_arena_alloc_raw(o->arena, size + 1, 1);
    if (copy == NULL)
        return dp_arena_fail(o->arena, o->err, p->name);
    memcpy(copy, a.bytes, size);
    p->blob = (dp_blob){copy, size, blob.stamp};
    return DP_OK;
}

dp_status dp_cifar_open_pickle(const dp_cifar_opening *o, dp_cifar_part *p, dp_blob blob,
                               bool stays)
{
    dp_arena parsed = dp_arena_within(o->arena);
    dp_pickled *dict;
    size_t at = 0;
    dp_status status =
        dp_pickle_parse(blob, &at, p->name, &dp_pickle_arrays, &parsed, &dict, o->err);

    p->stride = 3 * DP_CIFAR_PLANE;
    if (status == DP_OK)
        status = take_planes(o, dict, blob, stays, p);
    if (status == DP_OK)
        status = take_labels(o, dict, p);
    dp_arena_free(&parsed);
    return status;
}
