/* test_crc32.c - the fast CRC-32 beside zlib's
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <zlib.h>

#include "base/pack/crc32.h"
#include "tests/support/test.h"

/* All lengths around the lines, at all places, after any bytes. */
static void equals_zlibs(void **state)
{
    static uint8_t bytes[4096];
    uint32_t seed = 1;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    for (size_t n = 0; n < 1400; n++) {
        for (size_t at = 0; at < 17; at++)
            assert_int_equal(dp_crc32((uint32_t)(n * 2654435761u), bytes + at, n),
                             n == 0 ? 0 : crc32_z(n * 2654435761u & UINT32_MAX, bytes + at, n));
    }
    assert_int_equal(dp_crc32(0, bytes, sizeof bytes), crc32_z(0, bytes, sizeof bytes));
    assert_int_equal(dp_crc32(0, (const uint8_t *)"123456789", 9), 0xCBF43926);
}

/* In parts as whole; zeros and ones alone. */
static void goes_on(void **state)
{
    static uint8_t bytes[2000];

    (void)state;
    for (int value = 0; value < 256; value += 255) {
        memset(bytes, value, sizeof bytes);
        for (size_t cut = 0; cut <= sizeof bytes; cut += 37) {
            const uint32_t crc = dp_crc32(0, bytes, cut);
            assert_int_equal(dp_crc32(crc, bytes + cut, sizeof bytes - cut),
                             crc32_z(0, bytes, sizeof bytes));
        }
    }
    assert_int_equal(dp_crc32(7, NULL, 0), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_zlibs),
        cmocka_unit_test(goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
