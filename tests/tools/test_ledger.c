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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(steps_and_signs_are_whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
