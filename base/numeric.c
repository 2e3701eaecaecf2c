/* numeric.c - the canary: does this machine, build and environment compute detpipe-fp/1?
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/numeric.h"

#include "base/hash.h"
#include "base/number/num.h"
#include "base/status.h"

/* Volatile locals keep the compiler from answering for the machine (gcc drops it from parameters it
 * inlines). */
static float add(float a, float b)
{
    volatile float x = a, y = b;
    return x + y;
}

static float mul(float a, float b)
{
    volatile float x = a, y = b;
    return x * y;
}

static float mul_add(float a, float b, float c)
{
    volatile float x = a, y = b, z = c;
    return x * y + z;
}

static float fused(float a, float b, float c)
{
    volatile float x = a, y = b, z = c;
    return dp_fma32(x, y, z);
}

static uint64_t chain_bits(void)
{
    volatile float acc = 0.0f;
    for (int i = 0; i < 64; i++)
        acc = dp_fma32(1.0f / (float)(i + 1), 0x1.8p-3f - (float)i * 0x1p-7f, acc);
    return dp_f32_bits(acc);
}

static uint64_t lanes_bits(void)
{
    volatile double lane[16] = {0};
    for (int i = 0; i < 64; i++)
        lane[i % 16] += 1.0 / (double)(i + 1);
    for (int w = 8; w >= 1; w /= 2) {
        for (int j = 0; j < w; j++)
            lane[j] += lane[j + w];
    }
    return dp_f64_bits(lane[0]);
}

dp_status dp_numeric_check(uint8_t digest[16], dp_error *err)
{
    const float tiny = 0x1p-126f, a = 1.0f + 0x1p-12f;
    const struct {
        const char *name;
        uint64_t seen, expected;
    } checks[] = {
        {"1 + 2^-24 does not round to even", dp_f32_bits(add(1.0f, 0x1p-24f)), 0x3F800000},
        {"1 - 2^-25 does not round to even", dp_f32_bits(add(1.0f, -0x1p-25f)), 0x3F800000},
        {"subnormal results are flushed to zero", dp_f32_bits(mul(tiny, 0.5f)), 0x00400000},
        {"subnormal operands are taken as zero", dp_f32_bits(mul(dp_f32_from(1), 0x1p126f)),
         0x34000000},
        {"a * b + c is contracted", dp_f32_bits(mul_add(a, a, -1.0f - 0x1p-11f)), 0},
        {"fma rounds twice", dp_f32_bits(fused(a, a, -1.0f - 0x1p-11f)), 0x33800000},
        {"a chain of 64 fma differs", chain_bits(), 0x3EDA639D},
        {"a sum over 16 lanes differs", lanes_bits(), 0x4012F9BE897CD528},
        {"exp differs", dp_f64_bits(dp_exp_d(1.5)), 0x4011ED3FE64FC541},
        {"log differs", dp_f64_bits(dp_log_d(10.0)), 0x40026BB1BBB55515},
    };
    const size_t n = sizeof checks / sizeof checks[0];
    dp_status status = DP_OK;
    dp_hash h;

    dp_hash_init(&h);
    for (size_t i = n; i-- > 0;) {
        dp_hash_u64(&h, checks[i].seen);
        if (checks[i].seen != checks[i].expected)
            status = dp_fail(err, DP_ESTATE,
                             "this machine, build or environment does not compute detpipe-fp/1: %s",
                             checks[i].name);
    }
    if (digest != NULL)
        dp_hash_final(&h, digest);
    return status;
}

dp_status dp_numeric_enter(dp_fp *fp, const dp_options *options, dp_error *err)
{
    if (dp_fp_enter(fp) && options->log != NULL)
        options->log(options->log_ctx,
                     "the caller's floating-point environment is not the default; "
                     "detpipe sets its own and restores it");
    return dp_numeric_check(NULL, err);
}
