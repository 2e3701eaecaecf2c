/* test_ledger.c - what the tool reads of ledgers: steps of 64 bits, the sign of zero
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tools/compare/ledger.h"

#include "tests/support/test.h"

static void steps_and_signs_are_whole(void **state)
{
    static const uint64_t steps[] = {UINT64_MAX, ((uint64_t)1 << 53) + 1, (uint64_t)1 << 53};
    static const double values[] = {0.5, -0.0, 0.0};
    char folder[256], path[300];
    dp_ledger *l;
    ledger read;

    (void)state;
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/l", folder);
    assert_ok(dp_ledger_open(&l, path, "a", NULL, &test_error));
    for (int i = 0; i < 3; i++)
        assert_ok(dp_ledger_step(l, steps[i], values[i], &test_error));
    dp_ledger_close(l);
    assert_int_equal(ledger_read(path, &read), 0);
    assert_int_equal(read.n, 3);
    for (int i = 0; i < 3; i++)
        assert_true(read.steps[i].step == steps[2 - i]);
    assert_string_equal(read.steps[0].loss, "0");
    assert_string_equal(read.steps[1].loss, "-0");
    ledger_free(&read);
    test_folder_remove(folder);
}

/* What detpipe train wrote; what another trainer says of its seed is not ours. */
static void seeds(void **state)
{
    static const struct {
        const char *about;
        bool given;
        uint64_t seed;
    } rows[] = {
        {"run 72756d67682fc64abc44465bc30d5833 seed 1", true, 1},
        {"run 72756d67682fc64abc44465bc30d5833 seed 18446744073709551615", true, UINT64_MAX},
        {"run 72756d67682fc64abc44465bc30d5833 seed 1 ", false, 0},
        {"run 72756d67682fc64abc44465bc30d5833 seed 01", false, 0},
        {"run 72756d67682fc64abc44465bc30d5833 seed -1", false, 0},
        {"run 72756d67682fc64abc44465bc30d5833 seed 18446744073709551616", false, 0},
        {"run 72756d67682fc64abc44465bc30d5833 seed ", false, 0},
        {"another run seed 7", false, 0},
    };
    char folder[256], path[300];

    (void)state;
    test_folder(folder, sizeof folder);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        dp_ledger *l = NULL;
        ledger read;
        snprintf(path, sizeof path, "%s/%zu", folder, i);
        assert_ok(dp_ledger_open(&l, path, rows[i].about, NULL, &test_error));
        assert_ok(dp_ledger_step(l, 1, 0.5, &test_error));
        dp_ledger_close(l);
        assert_int_equal(ledger_read(path, &read), 0);
        assert_string_equal(read.about, rows[i].about);
        assert_int_equal(read.seed.given, rows[i].given);
        assert_true(read.seed.value == rows[i].seed);
        ledger_free(&read);
    }
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(steps_and_signs_are_whole),
                                       cmocka_unit_test(seeds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
