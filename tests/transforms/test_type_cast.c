/* test_type_cast.c - where C leaves a conversion undefined, detpipe defines it
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "base/options.h"
#include "base/tensor.h"
#include "tests/support/test.h"
#include "transforms/rows.h"
#include "transforms/shared/transform.h"

static int64_t cast(double v, const char *type)
{
    char spec[64];
    dp_options options;
    dp_arena arena;
    dp_text text;
    dp_column in = {"image", {NULL, DP_F64, 1, {1}}, 0}, out = in;
    uint64_t bytes = 0;
    void *params;
    int64_t result;

    assert_ok(dp_options_get(NULL, &options, &test_error));
    arena = (dp_arena){.alloc = options.alloc};
    snprintf(spec, sizeof spec, "type_cast data_type=%s", type);
    assert_ok(dp_text_parse(spec, strlen(spec), &arena, &text, &test_error));
    params = dp_arena_alloc(&arena, 1, dp_transform_type_cast.info.size);
    assert_ok(dp_params_bind(&dp_transform_type_cast.info, text.stages, NULL, &arena, params,
                             &test_error));
    assert_ok(dp_transform_type_cast.plan(params, &in, &out, &arena, &test_error));
    in.type.data = &v;
    out.type.data = &bytes;
    dp_transform_type_cast.apply(params, NULL, &in.type, &out.type);
    result = out.type.dtype == DP_BOOL ? (int64_t)bytes : dp_load_int(&bytes, out.type.dtype, 0);
    dp_arena_free(&arena);
    return result;
}

static void saturates(void **state)
{
    (void)state;
    assert_int_equal(cast(300, "uint8"), 255);
    assert_int_equal(cast(-1, "uint8"), 0);
    assert_int_equal(cast(-200, "int8"), -128);
    assert_int_equal(cast(127.9, "int8"), 127);
    assert_int_equal(cast(-128.9, "int8"), -128);
    assert_int_equal(cast(1e10, "int32"), INT32_MAX);
    assert_int_equal(cast(-1e10, "int32"), INT32_MIN);
    assert_true(cast(1e30, "int64") == INT64_MAX);
    assert_true(cast(-1e30, "int64") == INT64_MIN);
    assert_true((uint64_t)cast(1e30, "uint64") == UINT64_MAX);
    assert_true((uint64_t)cast(0x1p63, "uint64") == (uint64_t)1 << 63);
    assert_int_equal(cast((double)NAN, "int32"), 0);
    assert_int_equal(cast((double)NAN, "uint64"), 0);
    assert_int_equal(cast((double)NAN, "bool"), 1);
    assert_int_equal(cast((double)INFINITY, "int16"), 32767);
    assert_int_equal(cast(-0.0, "bool"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(saturates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
