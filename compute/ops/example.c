/* example.c - an operator run on numbers of its own, for its conformance hash
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "base/hash.h"
#include "base/options.h"
#include "base/random/rng.h"
#include "compute/ops/operator.h"

/* Exact numbers of 12 bits, now and then a corner that is far from the others. */
static float number(dp_rng *rng, bool positive)
{
    static const float corners[] = {0.0f, -0.0f, 0x1p-140f, -0x1p-130f, 0x1p20f, -0x1p20f};
    const int32_t n = (int32_t)dp_rng_below(rng, 4096);

    if (positive)
        return (float)(n + 1) * 0x1p-12f;
    return dp_rng_below(rng, 24) == 0 ? corners[dp_rng_below(rng, 6)]
                                      : (float)(n - 2048) * 0x1p-11f;
}

static void make_elements(const dp_op_sample *s, dp_rng *rng, dp_tensor *t)
{
    const size_t n = (size_t)dp_tensor_count(t), size = dp_dtype_size(t->dtype);

    for (size_t i = 0; i < n; i++) {
        void *at = (char *)t->data + i * size;
        const float f = t->dtype == DP_F32 ? number(rng, s->limit == 1) : 0.0f;
        const int32_t k = t->dtype == DP_F32 ? 0 : (int32_t)dp_rng_below(rng, (uint32_t)s->limit);
        switch (t->dtype) {
        case DP_F32: memcpy(at, &f, size); break;
        case DP_I32: memcpy(at, &k, size); break;
        default: *(uint8_t *)at = (uint8_t)k;
        }
    }
}

static dp_status make_inputs(const dp_operator *o, dp_direction direction, dp_tensor *in, size_t n,
                             dp_arena *arena, dp_error *err)
{
    const dp_op_sample *samples = o->part[direction].example;
    dp_rng rng;

    dp_rng_start(&rng, dp_rng_key(1, o->info.stage.name, (uint32_t)direction), 0, 0);
    for (size_t i = 0; i < n; i++) {
        in[i] = samples[i].type;
        in[i].data = dp_arena_alloc(arena, dp_tensor_bytes(&in[i]) + 1, 1);
        if (in[i].data == NULL)
            return dp_arena_fail(arena, err, "an example");
        if (samples[i].values != NULL)
            memcpy(in[i].data, samples[i].values, dp_tensor_bytes(&in[i]));
        else
            make_elements(&samples[i], &rng, &in[i]);
    }
    return DP_OK;
}

static void hash_outputs(const dp_op *op, const char *names, uint8_t digest[16])
{
    char name[DP_OP_NAME];
    dp_hash h;

    dp_hash_init(&h);
    for (size_t i = 0; dp_op_output(op, i) != NULL; i++) {
        dp_hash_text(&h, dp_op_name(names, i, name));
        dp_hash_tensor(&h, dp_op_output(op, i));
    }
    dp_hash_final(&h, digest);
}

/* Whether it is one of dp_ops, whose examples alone are known here. */
static bool has_side(const dp_op_info *info, dp_direction direction)
{
    size_t n, i = 0;
    const dp_op_info *const *all = dp_ops(&n);

    while (i < n && all[i] != info)
        i++;
    return i < n && (direction == DP_FORWARD || direction == DP_BACKWARD) &&
           info->side[direction].inputs != NULL;
}

dp_status dp_op_example(const dp_op_info *info, dp_direction direction, const dp_options *given,
                        uint8_t digest[16], dp_error *err)
{
    dp_tensor in[DP_OP_INPUTS];
    dp_arena arena = {0};
    dp_options options;
    const dp_operator *o;
    size_t n;
    dp_op *op = NULL;
    dp_status status = dp_options_get(given, &options, err);

    if (status == DP_OK && digest == NULL)
        status = dp_fail(err, DP_EINVAL, "dp_op_example: digest is NULL");
    if (status == DP_OK && !has_side(info, direction))
        status = dp_fail(err, DP_EINVAL, "dp_op_example: there is no such operator or direction");
    if (status != DP_OK)
        return status;
    o = (const dp_operator *)(const void *)info;
    n = dp_op_names(info->side[direction].inputs);
    arena.alloc = options.alloc;
    status = make_inputs(o, direction, in, n, &arena, err);
    if (status == DP_OK)
        status = dp_op_open(&op, o->part[direction].text, direction, in, n, given, err);
    if (status == DP_OK)
        status = dp_op_run(op, in, err);
    if (status == DP_OK)
        hash_outputs(op, info->side[direction].outputs, digest);
    dp_op_close(op);
    dp_arena_free(&arena);
    return status;
}
