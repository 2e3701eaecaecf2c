/* test_hash.c - digests that are the same on every machine
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <math.h>

#include "base/hash.h"
#include "base/number/num.h"
#include "base/xxh3.h"
#include "tests/support/test.h"

/* XXH3-128 of the empty input and of "a", as xxhsum -H2 prints them. */
static void known_answers(void **state)
{
    uint8_t digest[16];

    (void)state;
    dp_digest("", 0, digest);
    assert_string_equal(test_hex_of(digest, 16).text, "99aa06d3014798d86001c324468d497f");
    dp_digest("a", 1, digest);
    assert_string_equal(test_hex_of(digest, 16).text, "a96faf705af16834e6c632b61e964e1f");
}

static test_hex digest_of(const dp_tensor *t)
{
    uint8_t digest[16];
    dp_hash h;

    dp_hash_init(&h);
    dp_hash_tensor(&h, t);
    dp_hash_final(&h, digest);
    return test_hex_of(digest, 16);
}

static void nan_is_canonical_and_zero_is_not(void **state)
{
    float a[3] = {1, dp_f32_from(0x7FC00000), 0}, b[3] = {1, dp_f32_from(0xFFC12345), 0},
          c[3] = {1, dp_f32_from(0x7FC00000), -0.0f};
    dp_tensor t = {a, DP_F32, 1, {3}};
    const test_hex of_a = digest_of(&t);

    (void)state;
    t.data = b;
    assert_string_equal(digest_of(&t).text, of_a.text);
    t.data = c;
    assert_string_not_equal(digest_of(&t).text, of_a.text);
}

/* The bytes that are hashed, written out by hand: little-endian, whatever the machine. */
static void bytes_of_a_tensor(void **state)
{
    float v[2] = {1.5f, -2.0f};
    const dp_tensor t = {v, DP_F32, 1, {2}};
    const uint8_t bytes[] = {4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0,    0,    0, 0, 0, 0,
                             2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0};
    uint8_t digest[16];

    (void)state;
    dp_digest(bytes, sizeof bytes, digest);
    assert_string_equal(digest_of(&t).text, test_hex_of(digest, 16).text);
}

static void type_and_shape_count(void **state)
{
    int32_t v[6] = {1, 2, 3, 4, 5, 6};
    dp_tensor t = {v, DP_I32, 2, {2, 3}};
    const test_hex first = digest_of(&t);

    (void)state;
    t.shape[0] = 3, t.shape[1] = 2;
    assert_string_not_equal(digest_of(&t).text, first.text);
    t.shape[0] = 2, t.shape[1] = 3, t.dtype = DP_U32;
    assert_string_not_equal(digest_of(&t).text, first.text);
}

#if defined(__x86_64__)
static void expect_portable(const dp_xxh3 *other)
{
    enum { MOST = 5000 };
    static uint8_t bytes[MOST + 64];
    static _Alignas(64) uint8_t a[640], b[640];

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * i + i / 7);
    for (size_t n = 0; n <= MOST; n += 1 + n / 64) {
        const uint8_t *at = bytes + n % 64;
        assert_int_equal(dp_xxh3_portable.hash64(at, n, n), other->hash64(at, n, n));
        dp_hash64_init((dp_hash *)(void *)a);
        dp_hash64_init((dp_hash *)(void *)b);
        dp_xxh3_portable.update(a, at, n);
        other->update(b, at, n / 3);
        other->update(b, at + n / 3, n - n / 3);
        assert_int_equal(dp_hash64_final((dp_hash *)(void *)a),
                         dp_hash64_final((dp_hash *)(void *)b));
        assert_int_equal(dp_hash64_final((dp_hash *)(void *)a), dp_xxh3_portable.hash64(at, n, 0));
    }
}

/* A NaN at each place of blocks of each length, and none. */
static void expect_nan(const dp_xxh3 *one)
{
    float f32[70] = {0};
    double f64[70] = {0};

    for (size_t n = 1; n <= 70; n++) {
        assert_false(one->nan_f32(f32, n) || one->nan_f64(f64, n));
        for (size_t i = 0; i < n; i++) {
            f32[i] = NAN, f64[i] = NAN;
            assert_true(one->nan_f32(f32, n) && one->nan_f64(f64, n));
            f32[i] = 1, f64[i] = INFINITY;
        }
    }
}
#endif

/* Every instruction set, every length, every alignment: the same digest, at once and in pieces. */
static void instruction_sets_agree(void **state)
{
    (void)state;
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2")) {
        print_message("skipped: this machine has no AVX2\n");
        skip();
    }
    expect_nan(&dp_xxh3_portable);
    expect_portable(&dp_xxh3_avx2);
    expect_nan(&dp_xxh3_avx2);
    if (__builtin_cpu_supports("avx512f")) {
        expect_portable(&dp_xxh3_avx512);
        expect_nan(&dp_xxh3_avx512);
    }
#else
    print_message("skipped: one instruction set\n");
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(instruction_sets_agree),
        cmocka_unit_test(nan_is_canonical_and_zero_is_not),
        cmocka_unit_test(bytes_of_a_tensor),
        cmocka_unit_test(type_and_shape_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
