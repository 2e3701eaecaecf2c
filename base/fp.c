/* fp.c - the floating-point environment, and the canary: does this machine and build compute
 * detpipe-fp/1 in it?
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/fp.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/hash.h"
#include "base/number/num.h"
#include "base/status.h"

/* ---- the environment ---- */

#if defined(__x86_64__)
#define STICKY 0x3Fu
static uint64_t control_get(void) { return _mm_getcsr(); }
static void control_set(uint64_t v) { _mm_setcsr((unsigned)v); }
static const uint64_t control_default = 0x1F80;
#elif defined(__aarch64__)
#define STICKY 0u
static uint64_t control_get(void)
{
    uint64_t v;
    __asm__ volatile("mrs %0, fpcr" : "=r"(v));
    return v;
}
static void control_set(uint64_t v) { __asm__ volatile("msr fpcr, %0" : : "r"(v) : "memory"); }
static const uint64_t control_default = 0;
#else /* the canary below is the guard here */
#define STICKY 0u
static uint64_t control_get(void) { return 0; }
static void control_set(uint64_t v) { (void)v; }
static const uint64_t control_default = 0;
#endif

int dp_fp_enter(dp_fp *fp)
{
    fp->saved = control_get();
    control_set(control_default);
    return (fp->saved & ~(uint64_t)STICKY) != control_default;
}

void dp_fp_leave(const dp_fp *fp) { control_set(fp->saved); }

/* ---- the canary ---- */

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
