/* test_threefry.c - threefry2x32 against the vectors of its authors (Random123, kat_vectors), and
 * its lines against the specification
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/cpu.h"
#include "libraries/threefry.h"
#include "tests/support/test.h"

static void known_answers(void **state)
{
    static const struct {
        dp_threefry key, counter, out;
    } cases[] = {
        {{0, 0}, {0, 0}, {0x6B200159, 0x99BA4EFE}},
        {{0xFFFFFFFF, 0xFFFFFFFF}, {0xFFFFFFFF, 0xFFFFFFFF}, {0x1CB996FC, 0xBB002BE7}},
        {{0x13198A2E, 0x03707344}, {0x243F6A88, 0x85A308D3}, {0xC4923A9C, 0x483DF7A0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const dp_threefry out = dp_threefry2x32(cases[i].key, cases[i].counter);
        assert_int_equal(out.high, cases[i].out.high);
        assert_int_equal(out.low, cases[i].out.low);
    }
}

/* Every length up to some blocks; nothing behind it is written. */
static void check_words_of(dp_threefry_line *words, dp_threefry step, dp_threefry take)
{
    const dp_threefry key = {0x13198A2E, 0x03707344}, first = {7, 4294967290u};
    uint32_t expected[100], made[100];

    for (uint32_t i = 0; i < 100; i++) {
        const dp_threefry counter = {first.high + i * step.high, first.low + i * step.low};
        const dp_threefry word = dp_threefry2x32(key, counter);
        expected[i] = (word.high & take.high) ^ (word.low & take.low);
    }
    for (uint32_t n = 0; n < 100; n++) {
        memset(made, 0xEE, sizeof made);
        words(key, first, step, take, n, made);
        assert_memory_equal(made, expected, n * sizeof *made);
        assert_int_equal(made[n], 0xEEEEEEEE);
    }
}

static void check_words(dp_threefry_line *words)
{
    const uint32_t all = UINT32_MAX;

    check_words_of(words, (dp_threefry){0, 1}, (dp_threefry){all, all});
    check_words_of(words, (dp_threefry){1, 1}, (dp_threefry){all, 0});
    check_words_of(words, (dp_threefry){1, 1}, (dp_threefry){0, all});
}

static void lines(void **state)
{
    (void)state;
    check_words(dp_threefry_words);
}

static void lines_in_avx512(void **state)
{
    (void)state;
#if defined(__x86_64__)
    if (dp_cpu_best() >= DP_CPU_AVX512) {
        check_words(dp_threefry_words_avx512);
        return;
    }
#endif
    print_message("skipped: this machine has no AVX-512\n");
    skip();
}

static void lines_in_avx2(void **state)
{
    (void)state;
#if defined(__x86_64__)
    if (dp_cpu_best() >= DP_CPU_AVX2) {
        check_words(dp_threefry_words_avx2);
        return;
    }
#endif
    print_message("skipped: this machine has no AVX2\n");
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(lines),
        cmocka_unit_test(lines_in_avx2),
        cmocka_unit_test(lines_in_avx512),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
