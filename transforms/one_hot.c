/* one_hot.c - a class number as a row of zeros with a one
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * docs/mindspore.md, without its two defects: every row of a vector keeps its hot cell, and a
 * number that is not a class cannot occur (the columns that are taken are known to be below
 * num_classes).
 */
#include "transforms/shared/transform.h"

#include <string.h>

typedef struct one_hot {
    const char *column;
    int64_t num_classes;
    double smoothing_rate;
} one_hot;

static const dp_param params[] = {
    DP_COLUMN(one_hot),
    DP_INT(one_hot, num_classes, NULL, 1, 16777216, "length of a row"),
    DP_NUMBER(one_hot, smoothing_rate, "0", 0, 1,
              "share that is spread over all classes; above 0 gives float64"),
    DP_PARAMS_END,
};

static dp_status plan(void *params_, const dp_column *in, dp_column *out, dp_arena *arena,
                      dp_error *err)
{
    const one_hot *p = params_;
    const int64_t m = (int64_t)dp_tensor_count(&in->type);

    (void)arena;
    if (!dp_dtype_is_integer(in->type.dtype) || in->type.rank > 1)
        return dp_fail(err, DP_ESPEC,
                       "takes one integer or a row of them: column %s is %s (column=label?)",
                       in->name, dp_tensor_type(&in->type).text);
    if (in->limit == 0 || in->limit > (uint64_t)p->num_classes)
        return dp_fail(err, DP_ESPEC, "column %s has %s%llu classes, num_classes is %lld", in->name,
                       in->limit ? "" : "an unknown number of classes: not ",
                       (unsigned long long)in->limit, (long long)p->num_classes);
    out->type = (dp_tensor){.dtype = p->smoothing_rate > 0 ? DP_F64 : in->type.dtype};
    if (m != 1)
        out->type.shape[out->type.rank++] = m;
    if (p->num_classes != 1)
        out->type.shape[out->type.rank++] = p->num_classes;
    out->limit = p->smoothing_rate > 0 ? 0 : 2;
    if (!dp_tensor_fits(&out->type) || dp_tensor_bytes(&out->type) > DP_MAX_SAMPLE_SIZE)
        return dp_fail(err, DP_ELIMIT, "a row would be more than %llu bytes",
                       (unsigned long long)DP_MAX_SAMPLE_SIZE);
    return DP_OK;
}

static void apply(const void *params_, const double *draws, const dp_tensor *in,
                  const dp_tensor *out)
{
    const one_hot *p = params_;
    const size_t m = (size_t)dp_tensor_count(in), classes = (size_t)p->num_classes,
                 size = dp_dtype_size(out->dtype);
    const double off = p->smoothing_rate / (double)p->num_classes,
                 on = (1.0 - p->smoothing_rate) + off;

    (void)draws;
    memset(out->data, 0, m * classes * size);
    for (size_t i = 0; i < m; i++) {
        const size_t hot = i * classes + (size_t)dp_load_int(in->data, in->dtype, i);
        if (out->dtype == DP_F64) {
            double *y = out->data;
            for (size_t c = 0; c < classes; c++)
                y[i * classes + c] = off;
            y[hot] = on;
            continue;
        }
        switch (size) {
        case 1: ((uint8_t *)out->data)[hot] = 1; break;
        case 2: ((uint16_t *)out->data)[hot] = 1; break;
        case 4: ((uint32_t *)out->data)[hot] = 1; break;
        case 8: ((uint64_t *)out->data)[hot] = 1; break;
        }
    }
}

const dp_transform dp_transform_one_hot = {
    .info = {"transform", "one_hot", "turn a class number into a row with a one", 1,
             sizeof(one_hot), params},
    .foreign = "OneHot num_classes smoothing_rate:double batches",
    .plan = plan,
    .apply = apply,
};
