/* map_label.c - other class numbers, by a list
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Label i becomes number i of the list.  The list has a number for every label that there may be,
 * which is known at open.
 */
#include "transforms/shared/transform.h"

typedef struct map_label {
    const char *column;
    dp_list labels;
} map_label;

static const dp_param params[] = {
    DP_TEXT(map_label, column, "label", "the column that is changed"),
    DP_LONG_INTS(map_label, labels, NULL, 0, 4294967295.0, "the new label of label 0, 1, ..."),
    DP_PARAMS_END,
};

/* The largest value of an integer type, and of the labels. */
static uint64_t most_of(dp_dtype dtype)
{
    const uint64_t is_signed =
        dtype == DP_I8 || dtype == DP_I16 || dtype == DP_I32 || dtype == DP_I64;

    return UINT64_MAX >> (64 - 8 * dp_dtype_size(dtype) + is_signed);
}

static uint64_t largest(const dp_list *labels)
{
    uint64_t most = 0;

    for (size_t i = 0; i < labels->n; i++)
        most = (uint64_t)labels->ints[i] > most ? (uint64_t)labels->ints[i] : most;
    return most;
}

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    const map_label *p = params_;
    const uint64_t most = largest(&p->labels);

    (void)arena;
    if (!dp_dtype_is_integer(in->type.dtype))
        return dp_fail(err, DP_ESPEC, "takes integers: column %s is %s", in->name,
                       dp_tensor_type(&in->type).text);
    if (in->limit == 0)
        return dp_fail(err, DP_ESPEC, "it is not known which labels column %s may have", in->name);
    if (in->limit > p->labels.n)
        return dp_fail(err, DP_ESPEC, "column %s has labels 0 to %llu, and the list %zu numbers",
                       in->name, (unsigned long long)in->limit - 1, p->labels.n);
    if (most > most_of(in->type.dtype))
        return dp_fail(err, DP_ESPEC, "%llu does not fit %s: type_cast column=%s before it",
                       (unsigned long long)most, dp_dtype_name(in->type.dtype), in->name);
    out->limit = most + 1;
    return DP_OK;
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const map_label *p = params_;
    const size_t n = (size_t)dp_tensor_count(in);

    (void)draws;
    for (size_t i = 0; i < n; i++) {
        const int64_t label = p->labels.ints[dp_load_int(in->data, in->dtype, i)];
        switch (dp_dtype_size(out->dtype)) {
        case 1: ((uint8_t *)out->data)[i] = (uint8_t)label; break;
        case 2: ((uint16_t *)out->data)[i] = (uint16_t)label; break;
        case 4: ((uint32_t *)out->data)[i] = (uint32_t)label; break;
        case 8: ((uint64_t *)out->data)[i] = (uint64_t)label; break;
        }
    }
}

const dp_transform dp_transform_map_label = {
    .info = {"transform", "map_label", "give labels other numbers, by a list", 1, sizeof(map_label),
             params},
    .plan = plan,
    .apply = apply,
};
